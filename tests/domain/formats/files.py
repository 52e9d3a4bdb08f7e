"""Model files for tests, written by Python's libraries or byte by byte from published formats.

The modules that read the files name the descriptions of the formats.
"""

from __future__ import annotations

import gzip
import io
import json
import math
import pickle
import struct
import tarfile
import zipfile
from collections import OrderedDict

import numpy as np


def safetensors(
    tensors: dict[str, tuple[str, list[int], int]], metadata: dict[str, str] | None = None
) -> bytes:
    """Return a file with tensors, given type, shape and bytes of an element by name."""
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    at = 0
    for name, (kind, shape, size) in tensors.items():
        count = math.prod(shape) * size
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [at, at + count]}
        at += count
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


WEIGHTS = {"a.weight": ("F16", [4, 3], 2), "a.bias": ("F32", [4], 4)}


def gguf(order: str = "<") -> bytes:
    def text(value: str) -> bytes:
        return struct.pack(f"{order}Q", len(value.encode())) + value.encode()

    pairs = [
        text("general.architecture") + struct.pack(f"{order}I", 8) + text("llama"),
        text("llama.context_length") + struct.pack(f"{order}II", 4, 4096),
        text("tokens") + struct.pack(f"{order}IIQ", 9, 8, 2) + text("<s>") + text("</s>"),
        text("scores") + struct.pack(f"{order}IIQ3f", 9, 6, 3, 0.5, 1.5, 2.5),
    ]
    tensors = [text("blk.0.attn") + struct.pack(f"{order}IQQIQ", 2, 32, 1, 2, 0)]
    return (
        b"GGUF"
        + struct.pack(f"{order}IQQ", 3, len(tensors), len(pairs))
        + b"".join(pairs + tensors)
        + bytes(64)
    )


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: int | str | bytes) -> bytes:
    """Return a field of a protocol buffer."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def onnx(weights: int = 100_000) -> bytes:
    def slot(name: str, *shape: int | str) -> bytes:
        sizes = b"".join(
            field(1, field(1, each) if isinstance(each, int) else field(2, each)) for each in shape
        )
        return field(1, name) + field(2, field(1, field(1, 1) + field(2, sizes)))

    graph = (
        field(1, field(4, "MatMul"))
        + field(1, field(4, "Relu"))
        + field(2, "net")
        + field(5, field(2, 1) + field(8, "w") + field(9, bytes(weights)))
        + field(11, slot("pixels", "batch", 3, 224, 224))
        + field(12, slot("classes", "batch", 1000))
    )
    return (
        field(1, 8)
        + field(2, "pytorch")
        + field(3, "2.1")
        + field(7, graph)
        + field(8, field(1, "") + field(2, 17))
        + field(14, field(1, "author") + field(2, "me"))
    )


class Evil:
    """An object whose pickle runs a command when it is loaded."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, ("touch /tmp/launchpad-loaded-a-pickle",)


def pickled(value: object = None, protocol: int = 4) -> bytes:
    return pickle.dumps(OrderedDict(a=1) if value is None else value, protocol)


def torch() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("net/data.pkl", pickled(OrderedDict(weight=[1.0])))
        archive.writestr("net/data/0", bytes(4000))
        archive.writestr("net/version", b"3\n")
    return out.getvalue()


def npy(array: np.ndarray | None = None) -> bytes:
    out = io.BytesIO()
    np.save(out, np.zeros((3, 4), "<f4") if array is None else array)
    return out.getvalue()


def npz() -> bytes:
    out = io.BytesIO()
    np.savez(out, weights=np.zeros((128, 10)), bias=np.zeros(10, "<f4"))
    return out.getvalue()


def tar(names: tuple[str, ...] = ("model/weights.bin", "model/card.md")) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 5
            archive.addfile(info, io.BytesIO(b"12345"))
    return out.getvalue()


ALL: dict[str, bytes] = {
    "m.safetensors": safetensors(WEIGHTS, {"format": "pt"}),
    "m.gguf": gguf(),
    "m.onnx": onnx(3000),
    "m.pkl": pickled(),
    "old.pkl": pickled(protocol=0),
    "m.pt": torch(),
    "m.npy": npy(),
    "m.npz": npz(),
    "m.tar": tar(),
    "m.tgz": gzip.compress(tar()),
    "m.txt.gz": gzip.compress(b"one\ntwo\n"),
    "m.h5": b"\x89HDF\r\n\x1a\n\x02" + bytes(100),
    "m.parquet": b"PAR1" + bytes(20) + struct.pack("<I", 12) + b"PAR1",
    "m.json": b'{"a": [1, {"b": 2}]}',
    "m.jsonl": b'{"a": 1}\n{"a": 2}\n',
    "m.csv": b"a;b\n1;2\n3;4\n",
    "m.yaml": b"a: 1\nb:\n  - 2\n",
    "m.ipynb": json.dumps(
        {"cells": [{"cell_type": "code", "source": ["x = 1\n", "y = 2"]}]}
    ).encode(),
    "m.txt": "grüße\n".encode(),
    "m.bin": bytes(range(256)),
}
