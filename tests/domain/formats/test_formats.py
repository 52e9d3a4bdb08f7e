"""Previews of files: content, bounded reading, and damaged or malicious files."""

from __future__ import annotations

import gzip
import json
import struct
import time
import tracemalloc
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchpad_tui.domain.formats import Preview, preview
from launchpad_tui.domain.formats.base import BUDGET, ROWS
from launchpad_tui.errors import Unreachable
from tests.domain.formats import files

MB = 1 << 20


class Counted:
    """A file that counts the bytes that are read."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.count = 0

    def __call__(self, offset: int, length: int) -> bytes:
        found = self.content[offset : offset + length]
        self.count += len(found)
        return found


def preview_of(name: str, content: bytes) -> Preview:
    return preview(name, len(content), Counted(content))


def facts(found: Preview) -> dict[str, str]:
    return dict(found.facts)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("m.safetensors", "safetensors"),
        ("m.gguf", "gguf"),
        ("m.onnx", "onnx"),
        ("m.pkl", "pickle"),
        ("old.pkl", "pickle"),
        ("m.pt", "torch"),
        ("m.npy", "npy"),
        ("m.npz", "npz"),
        ("m.tar", "tar"),
        ("m.tgz", "tgz"),
        ("m.txt.gz", "gzip"),
        ("m.h5", "hdf5"),
        ("m.parquet", "parquet"),
        ("m.json", "json"),
        ("m.jsonl", "jsonl"),
        ("m.csv", "table"),
        ("m.yaml", "yaml"),
        ("m.ipynb", "notebook"),
        ("m.txt", "text"),
        ("m.bin", "binary"),
    ],
)
def test_file_types_are_detected(name: str, kind: str) -> None:
    found = preview_of(name, files.ALL[name])
    assert found.kind == kind
    assert facts(found)["Size"] == f"{len(files.ALL[name]):,} bytes"


@pytest.mark.parametrize(
    "name",
    ["m.gguf", "m.npy", "m.pt", "m.tgz", "m.h5", "m.parquet", "m.safetensors", "m.pkl", "m.onnx"],
)
def test_file_types_are_detected_by_content(name: str) -> None:
    assert preview_of("blob", files.ALL[name]).kind == preview_of(name, files.ALL[name]).kind


def test_safetensors() -> None:
    found = preview_of("m.safetensors", files.ALL["m.safetensors"])
    assert found.rows == (("a.weight", "F16", "[4, 3]", "24"), ("a.bias", "F32", "[4]", "16"))
    values = facts(found)
    assert (values["Tensors"], values["Parameters"], values["Types"]) == (
        "2",
        "16",
        "F16 12, F32 4",
    )
    assert values["format"] == "pt"
    assert found.note == ""
    cut = preview_of("m.safetensors", files.ALL["m.safetensors"][:-1])
    assert cut.note == "The data should have 40 bytes, but have 39."
    many = preview_of(
        "m.safetensors", files.safetensors({f"t{n}": ("F32", [2], 4) for n in range(1000)})
    )
    assert (len(many.rows), facts(many)["Tensors"]) == (ROWS, "1,000")
    assert many.note == "The first 200 of 1,000 tensors are shown."
    text = json.dumps({"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}}).encode()
    wrong = preview_of("m.safetensors", struct.pack("<Q", len(text)) + text + bytes(8))
    assert "does not match its shape" in wrong.note


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<Q", 1 << 63) + b'{"a"',
        struct.pack("<Q", 20) + b"{" + b"x" * 40,
        struct.pack("<Q", 2) + b"{}" + b"{" * 10,
        struct.pack("<Q", 200_000) + b'{"a":' * 40_000 + b"1",
    ],
)
def test_invalid_safetensors(content: bytes) -> None:
    found = preview_of("m.safetensors", content)
    assert found.kind == "safetensors"
    assert found.note


def test_gguf() -> None:
    found = preview_of("m.gguf", files.ALL["m.gguf"])
    values = facts(found)
    assert values["general.architecture"] == "llama"
    assert values["llama.context_length"] == "4096"
    assert values["tokens"] == "[<s>, </s>] (2)"
    assert values["scores"] == "[0.5, 1.5, 2.5] (3)"
    assert values["Parameters"] == "32"
    assert found.rows == (("blk.0.attn", "Q4_0", "[32, 1]", "18"),)
    assert "truncated" in preview_of("m.gguf", files.ALL["m.gguf"][:100]).note
    assert preview_of("m.gguf", files.gguf(">")).rows == found.rows


def test_onnx_reads_no_weights() -> None:
    content = files.onnx(20 * MB)
    source = Counted(content)
    found = preview("net.onnx", len(content), source)
    assert source.count < MB
    values = facts(found)
    assert (values["IR version"], values["Producer"], values["Operators"]) == (
        "8",
        "pytorch",
        "ai.onnx 17",
    )
    assert (values["Nodes"], values["Weights"], values["author"], values["Graph"]) == (
        "2",
        "1",
        "me",
        "net",
    )
    assert found.rows == (
        ("input", "pixels", "float32", "[batch, 3, 224, 224]"),
        ("output", "classes", "float32", "[batch, 1000]"),
        ("weight", "w", "float32", "[]"),
    )
    assert "longer than the message" in preview_of("net.onnx", content[: 10 * MB]).note


def test_a_saved_model_of_tensorflow_is_not_called_onnx() -> None:
    meta_graph = b"\x0a\x20" + b"\x0a\x00\x12\x05serve" + bytes(23)
    saved_model = b"\x08\x01\x12" + bytes([len(meta_graph)]) + meta_graph
    found = preview_of("saved_model.pb", saved_model)
    assert (found.kind, found.title) == ("savedmodel", "TensorFlow SavedModel")
    assert "not analyzed" in found.note


def test_a_pickle_is_never_loaded() -> None:
    trace = Path("/tmp/launchpad-loaded-a-pickle")
    trace.unlink(missing_ok=True)
    for protocol in range(6):
        found = preview_of("m.pkl", files.pickled([1, files.Evil()], protocol))
        assert found.kind == "pickle"
        assert ("posix.system", "DANGEROUS") in found.rows
        assert facts(found)["Dangerous"] == "posix.system"
        assert "runs code" in found.note
    assert not trace.exists()


def test_calls_of_a_harmless_pickle() -> None:
    found = preview_of("m.pkl", files.pickled())
    assert found.rows == (("collections.OrderedDict", "common"),)
    assert "Dangerous" not in facts(found)
    cut = preview_of("m.pkl", files.pickled()[:-5])
    assert "Not analyzed after byte" in cut.note


def test_a_torch_archive() -> None:
    found = preview_of("m.pt", files.ALL["m.pt"])
    assert facts(found)["Tensor storages"] == "1, 4,000 bytes"
    assert ("collections.OrderedDict", "common") in found.rows


def test_arrays_of_numpy() -> None:
    values = facts(preview_of("m.npy", files.ALL["m.npy"]))
    assert (values["Type"], values["Shape"], values["Elements"]) == ("<f4", "[3, 4]", "12")
    assert "any code" in facts(preview_of("m.npy", files.npy(np.array([{}], object))))["Objects"]
    assert preview_of("m.npz", files.ALL["m.npz"]).rows == (
        ("weights", "<f8", "[128, 10]", "1,280"),
        ("bias", "<f4", "[10]", "10"),
    )


def test_archives_list_their_entries() -> None:
    for name in ("m.tar", "m.tgz"):
        assert preview_of(name, files.ALL[name]).rows == (
            ("model/weights.bin", "5"),
            ("model/card.md", "5"),
        )
    assert preview_of("m.txt.gz", files.ALL["m.txt.gz"]).lines == ("one", "two")
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(300):
            archive.writestr(f"part-{number}", b"x" * 1000)
    found = preview_of("a.zip", out.getvalue())
    assert (found.kind, facts(found)["Entries"], facts(found)["Unpacked"]) == (
        "zip",
        "300",
        "300,000 bytes",
    )
    assert len(found.rows) == ROWS
    broken = preview_of("a.zip", out.getvalue()[:-100])
    assert "cannot be read" in broken.note


def test_an_archive_of_gigabytes_is_not_read() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("big", bytes(30 * MB))
    source = Counted(out.getvalue())
    assert preview("a.zip", len(source.content), source).rows == (
        ("big", f"{30 * MB:,}", f"{30 * MB:,}"),
    )
    assert source.count < MB


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(300 * MB), 9)
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", bytes(300 * MB))
    tracemalloc.start()
    try:
        assert preview_of("a.tar.gz", bomb).kind == "tgz"
        assert preview_of("m.pt", out.getvalue()).kind == "torch"
        assert tracemalloc.get_traced_memory()[1] < 100 * MB
    finally:
        tracemalloc.stop()


def test_json_is_formatted() -> None:
    assert preview_of("m.json", files.ALL["m.json"]).lines[:3] == ("{", '  "a": [', "    1,")
    assert "not valid JSON" in preview_of("m.json", b'{"a": ').note
    assert preview_of("m.json", b"[" * 50_000).note
    assert preview_of("m.json", b"[" * 500 + b"]" * 500).kind == "json"
    large = preview_of("m.json", b'{"a": "' + b"x" * MB + b'"}')
    assert large.note == "Only the beginning was read."
    assert max(len(line) for line in large.lines) <= 160
    assert preview_of("notes.txt", b"{not json").kind == "text"


def test_tables_have_columns_and_rows() -> None:
    found = preview_of("m.csv", files.ALL["m.csv"])
    assert (found.columns, found.rows) == (("a", "b"), (("1", "2"), ("3", "4")))
    assert facts(found)["Rows"] == "2"
    long = preview_of("m.csv", b"a,b\n" + b"1,2\n" * 100_000)
    assert len(long.rows) == ROWS
    assert "Rows" not in facts(long)
    quoted = preview_of("m.tsv", b'a\tb\n"x\ty"\t2\n')
    assert quoted.rows == (("x\ty", "2"),)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("grüße".encode(), "UTF-8"),
        (b"\xef\xbb\xbfhello", "UTF-8"),
        ("grüße".encode("utf-16"), "UTF-16"),
        ("gr\xfc\xdfe aus Bonn".encode("latin-1"), "Latin-1"),
    ],
)
def test_encodings_are_detected(content: bytes, encoding: str) -> None:
    found = preview_of("a.txt", content)
    assert facts(found)["Encoding"] == encoding
    assert found.lines[0] in {"grüße", "hello", "grüße aus Bonn"}


def test_a_character_may_be_cut_at_the_end_of_the_part_that_was_read() -> None:
    found = preview_of("a.txt", ("ü" * 70_000).encode())
    assert facts(found)["Encoding"] == "UTF-8"


def test_an_empty_file() -> None:
    assert preview_of("a.bin", b"").kind == "empty"


def test_errors_of_the_store_are_passed_on() -> None:
    def read(offset: int, length: int) -> bytes:
        raise Unreachable("The store does not respond")

    with pytest.raises(Unreachable):
        preview("m.zip", 100, read)
    content = files.ALL["m.npz"] + bytes(200_000)

    def interrupted_read(offset: int, length: int) -> bytes:
        if offset:
            raise Unreachable("The store does not respond")
        return content[:length]

    with pytest.raises(Unreachable):
        preview("m.zip", len(content), interrupted_read)


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(sorted(files.ALL)), data=st.data())
def test_truncated_or_damaged_files_do_not_raise(name: str, data: st.DataObject) -> None:
    content = bytearray(files.ALL[name])
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    check(name, bytes(content))


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from([*sorted(files.ALL), "blob"]),
    begin=st.sampled_from(
        [
            b"",
            b"GGUF\x03\0\0\0",
            b"\x93NUMPY\1\0",
            b"PK\3\4",
            b"\x80\4",
            b"\x08\7\x12",
            b"\x1f\x8b\x08",
        ]
    ),
    content=st.binary(max_size=3000),
)
def test_random_bytes_do_not_raise(name: str, begin: bytes, content: bytes) -> None:
    check(name, begin + content)


def check(name: str, content: bytes) -> None:
    source = Counted(content)
    found = preview(name, len(content), source)
    assert found.title
    assert source.count <= BUDGET
    assert len(found.rows) <= ROWS
    assert len(found.lines) <= ROWS
    for row in found.rows:
        assert all(isinstance(cell, str) for cell in row)


@pytest.mark.parametrize(
    "begin",
    [
        b"",
        b"\x80\x04",
        b"\x80\x04(",
        b"GGUF\x03\0\0\0" + b"\xff" * 16,
        b"[",
        b'"a,',
        b"\x08\x07\x12\x01",
        b"PK\x05\x06",
    ],
)
def test_a_malicious_megabyte_is_handled_quickly(begin: bytes) -> None:
    for filler in (b"(", b"\x00", b"[", b"\n", b',"', b"\xff", b"\x08\x01"):
        content = (begin + filler * MB)[:MB]
        started = time.perf_counter()
        for name in ("m.pkl", "m.onnx", "m.json", "m.csv", "m.txt"):
            preview(name, MB, Counted(content))
        assert time.perf_counter() - started < 60


@pytest.mark.parametrize(
    ("name", "content", "title"),
    [
        ("model.safetensors", b"\x40\0\0\0\0\0\0\0\xff" + bytes(64), "safetensors"),
        ("model.safetensors", b"\x40\0\0", "safetensors"),
        ("model.safetensors", b"version https://git-lfs.github.com/spec/v1\n", "safetensors"),
        ("model.gguf", b"GGUX" + bytes(64), "GGUF"),
        ("weights.npy", b"\x93NUMPX" + bytes(64), "NumPy"),
        ("image.PNG", bytes(64), "PNG"),
        ("data.parquet", b"\xff" * 64, "Parquet"),
    ],
)
def test_a_damaged_header_is_stated_with_the_format_of_the_name(
    name: str, content: bytes, title: str
) -> None:
    def read(offset: int, length: int) -> bytes:
        return content[offset : offset + length]

    note = preview(name, len(content), read).note
    assert f"does not begin with a valid {title} header" in note
    assert "does not begin" not in preview("model.bin", len(content), read).note
