"""Pickles in places, or behind data, where only the library that loads them would find them.

Every file calls ``os.getcwd`` when its library loads it, which each test proves first.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from launchpad_tui.domain.formats import Preview, preview

numpy = pytest.importorskip("numpy")
joblib = pytest.importorskip("joblib")

CALL = b"\x8c\x02os\x8c\x06getcwd\x93)R"
PICKLE = b"\x80\x04" + CALL + b"."
WRAPPER = b"\x8c\x13joblib.numpy_pickle\x8c\x11NumpyArrayWrapper\x93"


def _text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def _dtype(code: str, state: bytes = b"") -> bytes:
    made = b"\x8c\x05numpy\x8c\x05dtype\x93" + _text(code) + b"\x85R"
    return made + (state + b"b" if state else b"")


def _items(shape: bytes, dtype: bytes) -> bytes:
    subclass = b"\x8c\x05numpy\x8c\x07ndarray\x93"
    return b"".join(
        (
            _text("subclass") + subclass,
            _text("shape") + shape,
            _text("order") + _text("C"),
            _text("dtype") + dtype,
            _text("allow_mmap") + b"\x89",
            _text("numpy_array_alignment_bytes") + b"N",
        )
    )


def _array(wrapper: bytes, items: bytes, more: bytes = b"") -> bytes:
    return b"\x80\x04" + wrapper + b"}(" + items + b"u" + more + b"b"


def _hidden(size: int) -> bytes:
    """Return data of an array and opcodes that call: opcodes that skip the call follow it.

    Who does not read an array of ``size`` bytes here sees the bytes as a value that is dropped.
    """
    call = b"0" + CALL + b"."
    swallowed = b"C" + bytes([size - 2 + len(call)]) + bytes(size - 2)
    return swallowed + call + b"0N."


def _load(content: bytes, _path: Path) -> object:
    return pickle.loads(content)


def _joblib(content: bytes, path: Path) -> object:
    path.write_bytes(content)
    return joblib.load(path)


def _gzip(content: bytes, _path: Path) -> object:
    return pickle.loads(gzip.decompress(content))


def _numpy(content: bytes, path: Path) -> object:
    path.write_bytes(content)
    loaded = numpy.load(path, allow_pickle=True)
    return loaded.item() if isinstance(loaded, numpy.ndarray) else loaded


def _npy(header: str) -> bytes:
    text = header.encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + PICKLE


def _tar_end(content: bytes) -> bytes:
    return content.ljust(257, b"\0") + b"ustar" + bytes(600)


def _lzma_alone(content: bytes) -> bytes:
    data = bytearray(lzma.compress(content, format=lzma.FORMAT_ALONE))
    data[1:5] = struct.pack("<I", 1 << 12)
    return bytes(data)


def _preview(name: str, content: bytes) -> Preview:
    return preview(name, len(content), lambda at, length: content[at : at + length])


#: item size in the state of a type, which is what NumPy uses for texts
_STATE = b"(K\x03" + _text("|") + b"NNNK\x20K\x01K\x00t"
_SMALL, _LARGE = b"K\x01\x85", b"K\x20\x85"
_BYTE = _dtype("u1")
_MANY = b"".join(_text(f"k{number}") + b"N" for number in range(80))

FILES: dict[str, tuple[str, bytes, Callable[[bytes, Path], object]]] = {
    "no header": ("weights.bin", CALL + b".", _load),
    "no end": ("weights.bin", CALL + b"\xff", _load),
    "text": ("notes.txt", b"cos\ngetcwd\n)R.", _load),
    "a tar archive behind the pickle": ("m.bin", _tar_end(PICKLE), _load),
    "the first bytes of GGUF": ("m.bin", b"GGUF\x03\0\0\0\0" + b"0" + CALL + b".", _load),
    "an array without the magic bytes": ("a.npy", CALL + b".", _numpy),
    "double quotes": (
        "a.npy",
        _npy("{\"descr\":\"|O\",'fortran_order':False,'shape':()}"),
        _numpy,
    ),
    "a key that occurs twice": (
        "a.npy",
        _npy("{'descr':'<f4','fortran_order':False,'shape':(),'descr':'|O'}"),
        _numpy,
    ),
    "an escaped type": (
        "a.npy",
        _npy("{'descr':'|\\x4f','fortran_order':False,'shape':()}"),
        _numpy,
    ),
    "the second member of gzip": (
        "m.gz",
        gzip.compress(PICKLE[:2]) + gzip.compress(PICKLE[2:]),
        _gzip,
    ),
    "the second stream of bzip2": ("m.bz2", bz2.compress(b"") + bz2.compress(PICKLE), _joblib),
    "the second stream of xz": ("m.xz", lzma.compress(b"") + lzma.compress(PICKLE), _joblib),
    "LZMA with another dictionary": ("m.bin", _lzma_alone(PICKLE), _joblib),
    "data of an array, loaded with pickle": (
        "m.joblib",
        _array(WRAPPER + b")\x81", _items(b"K\x20\x85", _BYTE))
        + (b"0" + CALL + b".").ljust(32, b".")
        + b"N.",
        _load,
    ),
    "a reconstructed wrapper": (
        "m.joblib",
        _array(
            b"\x8c\x07copyreg\x8c\x0e_reconstructor\x93"
            + WRAPPER
            + b"\x8c\x08builtins\x8c\x06object\x93N\x87R",
            _items(_LARGE, _BYTE),
        )
        + _hidden(32),
        _joblib,
    ),
    "a state of two parts": (
        "m.joblib",
        _array(WRAPPER + b")\x81", _items(_LARGE, _BYTE), b"}\x86") + _hidden(32),
        _joblib,
    ),
    "a shape behind many keys": (
        "m.joblib",
        _array(
            WRAPPER + b")\x81",
            _items(b"K\x00\x85", _BYTE) + _MANY + _text("shape") + _LARGE,
        )
        + _hidden(32),
        _joblib,
    ),
    "an item size in the state of the type": (
        "m.joblib",
        _array(WRAPPER + b")\x81", _items(_SMALL, _dtype("S1", _STATE))) + _hidden(32),
        _joblib,
    ),
    "a second state of an array": (
        "m.joblib",
        _array(WRAPPER + b")\x81", _items(_SMALL, _BYTE))
        + b"x"
        + b"(K\x01K\x01\x85"
        + _BYTE
        + b"\x89C\x01xtb"
        + b"0"
        + CALL
        + b".",
        _joblib,
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_hidden_call_is_found(case: str, tmp_path: Path) -> None:
    name, content, load = FILES[case]
    try:
        loaded = load(content, tmp_path / name)
    except pickle.UnpicklingError:
        # The call was made before the error.
        assert case == "no end"
    else:
        assert loaded == os.getcwd()
    found = _preview(name, content)
    assert ("Dangerous", "os.getcwd") in found.facts or "Not analyzed" in found.note, found


def test_what_only_resembles_a_pickle_is_not_one() -> None:
    for name, content in (
        ("notes.txt", b"cat\ndog\nmouse\n"),
        ("a.py", b"class A:\n    pass\n"),
        ("a.csv", b"id,name\n1,a\n"),
        ("a.md", b"(see below)\nIt is.\n"),
        ("b.bin", bytes(range(256)) * 10),
        ("a.npy", _npy("{'descr':'<f4','fortran_order':False,'shape':(1,)}")[:70] + bytes(60)),
    ):
        found = _preview(name, content)
        assert not any(fact in {"Pickles", "Dangerous"} for fact, _ in found.facts), found


def test_a_joblib_file_has_no_other_names(tmp_path: Path) -> None:
    path = tmp_path / "m.joblib"
    joblib.dump([numpy.arange(1000), {"a": numpy.random.default_rng(1).random(500)}], path)
    content = path.read_bytes()
    found = _preview(path.name, content)
    assert {row[1] for row in found.rows} == {"common"}
    assert "Not analyzed" not in found.note


def test_memory_is_bounded_whatever_a_value_claims() -> None:
    import tracemalloc

    buffer = io.BytesIO(
        lzma.compress(b"abc", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1536 << 20}])
    )
    for name, content in (
        ("a.pkl", b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"x"),
        ("a.xz", buffer.getvalue()),
    ):
        tracemalloc.start()
        _preview(name, content)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 200 << 20, name


@pytest.mark.parametrize(
    "header",
    [
        "{'descr':[('a','<f4','xy')],'fortran_order':False,'shape':()}",
        "{'descr':[('a','<f4',None)],'fortran_order':False,'shape':()}",
        "{'descr':[('a','<f4',1.5)],'fortran_order':False,'shape':()}",
        "{'descr':'<f4','fortran_order':False,'shape':(True,1.5,'3')}",
        f"{{'descr':'<f4','fortran_order':False,'shape':({'9' * 4000},)}}",
        f"{{'descr':'<U{'9' * 4000}','fortran_order':False,'shape':(1,)}}",
    ],
)
def test_an_invalid_header_of_an_array_is_reported_briefly(header: str) -> None:
    found = _preview("a.npy", _npy(header))
    assert "not valid" in found.note
    assert len(found.note) < 1000


def test_a_tar_archive_with_an_impossible_size_is_reported() -> None:
    header = bytearray(b"a".ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2)
    header += b"\x80" + b"\x7f" * 11 + b"00000000000\0" + b" " * 8 + b"0"
    header = header.ljust(257, b"\0") + b"ustar\00000".ljust(255, b"\0")
    header[148:156] = b"%06o\0 " % sum(header)
    for content in (bytes(header) + bytes(1024), gzip.compress(bytes(header) + bytes(1024))):
        found = _preview("a.tgz", content)
        assert "Not analyzed" in found.note


def test_a_length_that_looks_like_a_compressed_stream_is_no_stream() -> None:
    header = b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'.ljust(0x5D)
    content = struct.pack("<Q", len(header)) + header + b"x"
    assert content.startswith(b"\x5d\x00")
    found = preview("m.safetensors", len(content), lambda at, size: content[at : at + size])
    assert "Not analyzed" not in found.note
