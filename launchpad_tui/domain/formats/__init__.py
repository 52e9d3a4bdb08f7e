"""Previews of files from a few of their parts. Nothing in a file is ever executed."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace

from launchpad_tui.domain.formats.archives import gzip_preview, tar_preview, zip_preview
from launchpad_tui.domain.formats.base import (
    Malformed,
    Preview,
    Read,
    Source,
    hex_lines,
    size_words,
)
from launchpad_tui.domain.formats.onnx import onnx_preview
from launchpad_tui.domain.formats.pickle_search import search_pickles
from launchpad_tui.domain.formats.pickles import pickle_note, pickle_preview
from launchpad_tui.domain.formats.tensors import gguf_preview, npy_preview, safetensors_preview
from launchpad_tui.domain.formats.text import text_preview

__all__ = ["Preview", "Read", "preview"]


def _hdf5(source: Source) -> Preview | None:
    """Recognize HDF5, which older versions of Keras write.

    https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
    """
    if not source.head.startswith(b"\x89HDF\r\n\x1a\n"):
        return None
    version = str(source.head[8]) if len(source.head) > 8 else "?"
    facts = (("Size", size_words(source.size)), ("Superblock", f"version {version}"))
    return Preview("hdf5", "HDF5", facts, note="The content is not analyzed.")


def _parquet(source: Source) -> Preview | None:
    """Recognize Parquet by its first and last bytes.

    https://parquet.apache.org/docs/file-format/
    """
    if not source.head.startswith(b"PAR1") or source.size < 12:
        return None
    (length,) = struct.unpack("<I", source.exactly(source.size - 8, 4))
    facts = (("Size", size_words(source.size)), ("Footer", size_words(length)))
    whole = source.exactly(source.size - 4, 4) == b"PAR1" and length < source.size
    return Preview(
        "parquet",
        "Parquet",
        facts,
        note="" if whole else "The end of the file is missing: it is truncated.",
    )


#: formats in the order in which they are tried: those with distinct first bytes, others, text
_FORMATS: tuple[tuple[str, str, Callable[[Source], Preview | None]], ...] = (
    ("gguf", "GGUF", gguf_preview),
    ("npy", "NumPy array", npy_preview),
    ("zip", "Zip archive", zip_preview),
    ("gzip", "gzip file", gzip_preview),
    ("hdf5", "HDF5", _hdf5),
    ("parquet", "Parquet", _parquet),
    ("tar", "Tar archive", tar_preview),
    ("safetensors", "Safetensors", safetensors_preview),
    ("pickle", "Pickle", pickle_preview),
    ("onnx", "ONNX model", onnx_preview),
    ("text", "Text", text_preview),
)


def preview(name: str, size: int, read: Read) -> Preview:
    """Return the preview of a file. Its format is recognized by its first bytes, or by its name.

    Args:
        name: its file name.
        size: its size in bytes.
        read: reads bytes at an offset; at most some megabytes are read. Its errors are passed on.
    """
    source = Source(name, size, read)
    if not size:
        return Preview("empty", "Empty file", (("Size", size_words(0)),))
    for kind, title, look in _FORMATS:
        try:
            found = look(source)
        except Malformed as error:
            facts = (("Size", size_words(size)),)
            found = Preview(kind, title, facts, lines=hex_lines(source.head), note=str(error))
        if found is not None:
            return _with_pickles(source, found)
    unknown = Preview(
        "binary", "Binary file", (("Size", size_words(size)),), lines=hex_lines(source.head)
    )
    return _with_pickles(source, unknown)


#: kinds of files in which a pickle can be packed
_CONTAINERS = frozenset({"zip", "keras", "npz", "npy", "gzip", "tgz", "tar", "binary"})


def _with_pickles(source: Source, found: Preview) -> Preview:
    """Add the pickles in a file to its preview, and what of it was not analyzed."""
    if found.kind not in _CONTAINERS:
        return found
    search = search_pickles(Source(source.name, source.size, source.read))
    note = " ".join(part for part in (found.note, pickle_note(search)) if part)
    return replace(found, facts=(*found.facts, *search.facts()), note=note)
