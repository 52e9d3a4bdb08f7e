"""Previews of files, for which only a few parts are read. Nothing in a file is ever executed."""

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
    bytes_text,
    hex_lines,
)
from launchpad_tui.domain.formats.images import image_preview
from launchpad_tui.domain.formats.onnx import onnx_preview
from launchpad_tui.domain.formats.pickle_search import search_pickles
from launchpad_tui.domain.formats.pickles import pickle_note, pickle_preview
from launchpad_tui.domain.formats.saved_model import saved_model_preview
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
    facts = (("Size", bytes_text(source.size)), ("Superblock", f"version {version}"))
    return Preview("hdf5", "HDF5", facts, note="The content is not analyzed.")


def _parquet(source: Source) -> Preview | None:
    """Recognize Parquet by its first and last bytes.

    https://parquet.apache.org/docs/file-format/
    """
    # PARE marks files with an encrypted footer.
    if source.head[:4] not in {b"PAR1", b"PARE"} or source.size < 12:
        return None
    (length,) = struct.unpack("<I", source.exactly(source.size - 8, 4))
    facts = (("Size", bytes_text(source.size)), ("Footer", bytes_text(length)))
    whole = source.exactly(source.size - 4, 4) == source.head[:4] and length <= source.size - 12
    return Preview(
        "parquet",
        "Parquet",
        facts,
        note="The columns are not analyzed."
        if whole
        else "The end of the file is missing: it is truncated.",
    )


#: the formats in the order in which they are tried: first those with distinct first bytes, last
#: text
_FORMATS: tuple[tuple[str, str, Callable[[Source], Preview | None]], ...] = (
    ("gguf", "GGUF", gguf_preview),
    ("npy", "NumPy array", npy_preview),
    ("image", "Image", image_preview),
    ("zip", "Zip archive", zip_preview),
    ("gzip", "gzip file", gzip_preview),
    ("hdf5", "HDF5", _hdf5),
    ("parquet", "Parquet", _parquet),
    ("tar", "Tar archive", tar_preview),
    ("safetensors", "Safetensors", safetensors_preview),
    ("pickle", "Pickle", pickle_preview),
    ("savedmodel", "TensorFlow SavedModel", saved_model_preview),
    ("onnx", "ONNX model", onnx_preview),
    ("text", "Text", text_preview),
)


#: formats by the endings of names; a pickle or TensorFlow model is recognized anywhere in a file
_ENDINGS = {
    ".gguf": "GGUF",
    ".npy": "NumPy",
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".gif": "GIF",
    ".webp": "WebP",
    ".zip": "zip",
    ".npz": "zip",
    ".keras": "zip",
    ".gz": "gzip",
    ".tgz": "gzip",
    ".h5": "HDF5",
    ".hdf5": "HDF5",
    ".parquet": "Parquet",
    ".tar": "tar",
    ".safetensors": "safetensors",
}


def _with_expected(source: Source, found: Preview) -> Preview:
    """Return the preview of a file; state if its name promises a format that it does not have."""
    if found.kind not in {"binary", "text"}:
        return found
    title = next((title for ending, title in _ENDINGS.items() if source.ending((ending,))), "")
    if not title:
        return found
    expected = (
        f"The file does not begin with a valid {title} header: it is damaged, or its name has the "
        "ending of another format."
    )
    return replace(found, note=" ".join(part for part in (expected, found.note) if part))


def preview(name: str, size: int, read: Read) -> Preview:
    """Return the preview of a file, whose format is recognized by its first bytes or by its name.

    Args:
        name: the name of the file.
        size: the size of the file in bytes.
        read: reads bytes at an offset. At most 12 MiB are read; errors are passed on.
    """
    source = Source(name, size, read)
    if not size:
        return Preview("empty", "Empty file", (("Size", bytes_text(0)),))
    for kind, title, create in _FORMATS:
        try:
            found = create(source)
        except Malformed as error:
            facts = (("Size", bytes_text(size)),)
            found = Preview(kind, title, facts, lines=hex_lines(source.head), note=str(error))
        if found is not None:
            return _with_pickles(source, _with_expected(source, found))
    unknown = Preview(
        "binary", "Binary file", (("Size", bytes_text(size)),), lines=hex_lines(source.head)
    )
    return _with_pickles(source, _with_expected(source, unknown))


#: kinds of files that were searched for pickles when they were recognized
_SEARCHED = frozenset({"pickle", "torch"})


def _with_pickles(source: Source, found: Preview) -> Preview:
    """Return the preview with the pickles in the file, and with what was not analyzed."""
    if found.kind in _SEARCHED:
        return found
    search = search_pickles(Source(source.name, source.size, source.read))
    note = " ".join(part for part in (found.note, pickle_note(search)) if part)
    return replace(found, facts=(*found.facts, *search.facts()), note=note)
