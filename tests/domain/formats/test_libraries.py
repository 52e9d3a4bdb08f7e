"""Previews compared with the libraries of the formats: what they accept and what they refuse."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchpad_tui.domain.formats import Preview, preview


def preview_of(name: str, content: bytes) -> Preview:
    return preview(name, len(content), lambda at, length: content[at : at + length])


def _accepts(read: Callable[[], object]) -> bool:
    try:
        read()
    except BaseException:  # noqa: BLE001  the libraries raise errors of many classes
        return False
    return True


def _safetensors(header: object, data: bytes) -> bytes:
    text = json.dumps(header).encode() if not isinstance(header, bytes) else header
    return struct.pack("<Q", len(text)) + text + data


#: entries of a header of 8 bytes of data
ENTRIES: list[Any] = [
    {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
    {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]},
    {"dtype": "F32", "shape": [0], "data_offsets": [4, 4]},
    {"dtype": "F32", "shape": [], "data_offsets": [0, 4]},
    {"dtype": "F4", "shape": [16], "data_offsets": [0, 8]},
    {"dtype": "F4", "shape": [15], "data_offsets": [0, 8]},
    {"dtype": "X9", "shape": [2], "data_offsets": [0, 8]},
    {"dtype": "U8", "shape": [8.0], "data_offsets": [0, 8]},
    {"dtype": "U8", "shape": [-8], "data_offsets": [0, 8]},
    {"dtype": "U8", "shape": [8], "data_offsets": [8, 0]},
    {"dtype": "U8", "shape": ["8"], "data_offsets": [0, 8]},
    {"dtype": "U8", "shape": [8], "data_offsets": [0, 8], "other": 1},
    {"dtype": "U8", "shape": [8]},
    7,
]
METADATA: list[Any] = [None, {}, {"format": "pt"}, {"steps": 3}, [1], "text"]


@settings(max_examples=300, deadline=None)
@given(
    entries=st.lists(st.sampled_from(ENTRIES), max_size=3),
    metadata=st.sampled_from(METADATA),
    size=st.sampled_from([0, 4, 8, 9]),
    spaces=st.integers(0, 3),
)
def test_safetensors(entries: list[Any], metadata: Any, size: int, spaces: int) -> None:
    library = pytest.importorskip("safetensors")
    header = {f"t{number}": entry for number, entry in enumerate(entries)}
    if metadata is not None:
        header["__metadata__"] = metadata
    content = _safetensors(json.dumps(header).encode() + b" " * spaces, bytes(size))
    accepted = _accepts(lambda: library.deserialize(content))
    found = preview_of("m.safetensors", content)
    assert found.kind == "safetensors"
    assert (found.note == "") is accepted, found.note


def test_gguf_types_are_those_of_the_library(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf")
    for kind, (block, size) in gguf.GGML_QUANT_SIZES.items():
        path = tmp_path / f"{kind.name}.gguf"
        writer = gguf.GGUFWriter(path, "llama")
        writer.add_tensor("w", np.zeros((2, 3 * size), np.uint8), raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        (tensor,) = gguf.GGUFReader(path).tensors
        found = preview_of(path.name, path.read_bytes())
        shape = f"[{3 * block}, 2]"
        assert found.rows == (("w", kind.name, shape, f"{tensor.n_bytes:,}"),)
        assert found.note == ""
        cut = path.read_bytes()[: -(tensor.n_bytes + 31) // 32 * 32 or None]
        path.write_bytes(cut)
        assert not _accepts(lambda path=path: gguf.GGUFReader(path))  # type: ignore[misc]
        assert "truncated" in preview_of(path.name, cut).note


@pytest.mark.parametrize(
    ("location", "inside"),
    [
        ("weights.bin", True),
        ("data/weights.bin", True),
        ("../weights.bin", False),
        ("data/../../weights.bin", False),
        ("/etc/passwd", False),
    ],
)
def test_onnx_names_the_files_of_external_data(tmp_path: Path, location: str, inside: bool) -> None:
    onnx = pytest.importorskip("onnx")
    folder = tmp_path / "model"
    folder.mkdir()
    tensor = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [2, 3], bytes(24), raw=True)
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "4096"), ("length", "24")):
        tensor.external_data.add(key=key, value=value)
    inner = onnx.helper.make_node("Constant", [], ["c"], value=tensor)
    graph = onnx.helper.make_graph([inner], "g", [], [], [tensor])
    model = onnx.helper.make_model(graph)
    found = preview_of("m.onnx", model.SerializeToString())
    assert found.columns[-1] == "File"
    weight = ("weight", "w", "float32", "[2, 3]", f"{location} at 4096, 24 bytes")
    assert found.rows == (weight, weight)
    mark = "" if inside else ", OUTSIDE of the folder of the model"
    assert ("External file", f"{location}, 2 tensors{mark}") in found.facts
    assert ("outside of the folder" in found.note) is not inside
    if inside:
        (folder / location).parent.mkdir(exist_ok=True)
        (folder / location).write_bytes(bytes(4096 + 24))
    onnx.save_model(model, folder / "m.onnx")
    assert _accepts(lambda: onnx.load(folder / "m.onnx")) is inside


def test_onnx_types_are_those_of_the_library() -> None:
    onnx = pytest.importorskip("onnx")
    names = {"FLOAT": "float32", "DOUBLE": "float64", "STRING": "text"}
    for value in onnx.TensorProto.DataType.DESCRIPTOR.values:
        tensor = onnx.TensorProto(name="w", data_type=value.number, dims=[300, 2])
        graph = onnx.GraphProto(name="g", initializer=[tensor])
        model = onnx.helper.make_model(graph)
        (row,) = preview_of("m.onnx", model.SerializeToString()).rows
        assert row[1:] == ("w", names.get(value.name, value.name.lower()), "[300, 2]")


DTYPES = ["<f4", ">i8", "|b1", "<U5", "|S3", "<M8[ns]", "<c16", [("a", "<i2"), ("b", "<f8", (2,))]]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("cut", [0, 1, 100])
@pytest.mark.parametrize("name", ["m.npy", "m.npz"])
def test_numpy_arrays(dtype: Any, cut: int, name: str) -> None:
    out = BytesIO()
    array = np.zeros((3, 2), np.dtype(dtype))
    if name == "m.npy":
        np.save(out, array)
    else:
        np.savez(out, w=array)
    content = out.getvalue()[: len(out.getvalue()) - cut]
    found = preview_of(name, content)
    if _accepts(lambda: np.load(BytesIO(content)) if name == "m.npy" else _all_arrays(content)):
        assert "[3, 2]" in str(found.facts + found.rows)
        assert "truncated" not in found.note
    else:
        assert "truncated" in found.note or "cannot be read" in found.note or found.kind != "npz"
        assert found.note


def _all_arrays(content: bytes) -> None:
    with np.load(BytesIO(content)) as arrays:
        for name in arrays:
            arrays[name]


def test_tables_of_pandas_rules() -> None:
    found = preview_of("m.csv", b"a,b\n1,2\n\n3\n4,5,6\n")
    assert found.rows == (("1", "2"), ("3",), ("4", "5", "6"))
    assert ("Rows", "3") in found.facts
    assert "not closed" in preview_of("m.csv", b'a,b\n"open,3\n').note
    assert preview_of("m.csv", b'a,b\n"x\ny",3\n').note == ""
