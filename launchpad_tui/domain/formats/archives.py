"""Previews of archives: zip (including those of PyTorch, NumPy and Keras), tar and gzip.

A preview lists the entries. Only the first bytes of compressed entries are unpacked.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib

from launchpad_tui.domain.formats.base import (
    ROWS,
    Malformed,
    Preview,
    Source,
    SourceReader,
    bytes_text,
    short,
    shown_note,
)
from launchpad_tui.domain.formats.pickle_search import TAR_ERRORS, search_pickles
from launchpad_tui.domain.formats.pickles import COLUMNS, pickle_note, pickle_rows
from launchpad_tui.domain.formats.tensors import npy_facts

#: the largest number of bytes of an entry that are unpacked, and of entries that are read
_MEMBER, _ENTRIES = 1 << 20, 100_000


def zip_preview(source: Source) -> Preview | None:
    """Preview a zip archive from the directory at its end."""
    if source.head[:4] not in {b"PK\x03\x04", b"PK\x05\x06"}:
        return None
    window = io.BufferedReader(SourceReader(source), 1 << 16)
    try:
        with zipfile.ZipFile(window) as archive:
            entries = archive.infolist()
            if len(entries) > _ENTRIES:
                raise Malformed(f"It has {len(entries):,} entries, too many to list.")
            return _zip(source, archive, entries)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise Malformed(
            f"The directory of the archive cannot be read: {short(str(error), 120)}."
        ) from error


def _zip(source: Source, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Preview:
    whole = sum(each.file_size for each in entries)
    facts = [
        ("Size", bytes_text(source.size)),
        ("Entries", f"{len(entries):,}"),
        ("Unpacked", bytes_text(whole)),
    ]
    pickles = [
        each
        for each in entries
        if each.filename.endswith("/data.pkl") or each.filename == "data.pkl"
    ]
    arrays = [each for each in entries if each.filename.endswith(".npy")]
    if pickles:
        return _torch(source, entries, facts)
    if (arrays and len(arrays) == len(entries)) or source.ending((".npz",)):
        rows = [
            (short(each.filename.removesuffix(".npy")), *_array(archive, each))
            if each in arrays
            else (short(each.filename), "not an array", "", "")
            for each in entries[:ROWS]
        ]
        note = shown_note(ROWS, len(entries), "arrays")
        return Preview(
            "npz",
            "NumPy arrays",
            tuple(facts),
            ("Array", "Type", "Shape", "Elements"),
            tuple(rows),
            note=note,
        )
    keras = any(each.filename == "metadata.json" for each in entries) and source.ending((".keras",))
    listed = [
        (short(each.filename), f"{each.file_size:,}", f"{each.compress_size:,}")
        for each in entries[:ROWS]
    ]
    return Preview(
        "keras" if keras else "zip",
        "Keras model" if keras else "Zip archive",
        tuple(facts),
        ("Entry", "Bytes", "Compressed"),
        tuple(listed),
        note=shown_note(ROWS, len(entries), "entries"),
    )


def _torch(source: Source, entries: list[zipfile.ZipInfo], facts: list[tuple[str, str]]) -> Preview:
    """Preview a file of torch.save: a pickle, and one entry with the numbers of each tensor."""
    search = search_pickles(Source(source.name, source.size, source.read))
    data = [each for each in entries if "/data/" in each.filename and not each.is_dir()]
    code = sum("/code/" in each.filename for each in entries)
    size = bytes_text(sum(each.file_size for each in data))
    facts += [("Tensor storages", f"{len(data):,}, {size}")]
    facts += [("TorchScript", f"{code:,} code files")] if code else []
    facts += search.facts()
    rows = pickle_rows(search.total)
    columns = COLUMNS if rows else ()
    note = pickle_note(search)
    return Preview("torch", "PyTorch archive", tuple(facts), columns, rows, note=note)


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[str, str, str]:
    try:
        facts = dict(npy_facts(_member(archive, entry, 70_000), entry.file_size) or ())
    except Malformed as error:
        return str(error), "", ""
    return facts.get("Type", "?"), facts.get("Shape", "?"), facts.get("Elements", "?")


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int = _MEMBER) -> bytes:
    with archive.open(entry) as member:
        return member.read(most)


def gzip_preview(source: Source) -> Preview | None:
    """Preview a gzip file: the tar archive in it, or its first lines."""
    if source.head[:3] != b"\x1f\x8b\x08":
        return None
    data, problem = _unzipped(source)
    facts = [("Size", bytes_text(source.size))]
    if data[257:262] == b"ustar" or source.ending((".tgz", ".tar.gz")):
        return _tar(data, facts, problem, "tgz", "Compressed tar archive", cut=True)
    from launchpad_tui.domain.formats.text import decoded

    text = decoded(data, whole=False)
    lines = tuple(short(line) for line in text[0].splitlines()[:ROWS]) if text else ()
    return Preview(
        "gzip",
        "gzip file",
        tuple(facts),
        lines=lines,
        note=problem or "Only the beginning is shown.",
    )


def _unzipped(source: Source) -> tuple[bytes, str]:
    """Return the first megabyte of the content, and a problem with the data, empty if none."""
    unpack = zlib.decompressobj(wbits=31)
    try:
        return unpack.decompress(source.at(0, min(source.size, _MEMBER)), _MEMBER), ""
    except zlib.error as error:
        return b"", f"The file cannot be decompressed: {short(str(error), 120)}."


def tar_preview(source: Source) -> Preview | None:
    """Preview a tar archive from its first megabyte."""
    if source.head[257:262] != b"ustar":
        return None
    facts = [("Size", bytes_text(source.size))]
    data = source.at(0, min(source.size, _MEMBER))
    return _tar(data, facts, "", "tar", "Tar archive", cut=len(data) < source.size)


def _tar(
    data: bytes, facts: list[tuple[str, str]], problem: str, kind: str, title: str, *, cut: bool
) -> Preview:
    rows: list[tuple[str, str]] = []
    ended = False
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            while len(rows) <= ROWS:
                member = archive.next()
                if member is None:
                    ended = True
                    break
                shown = short(member.name) + ("/" if member.isdir() else "")
                rows.append((shown, f"{member.size:,}" if member.isfile() else ""))
    except TAR_ERRORS as error:
        problem = problem or (
            "" if cut and rows else f"The archive cannot be read: {short(str(error), 120)}."
        )
    # If the data end with a member, the archive may continue.
    if ended and not problem and len(data) < _MEMBER:
        facts.append(("Entries", f"{len(rows):,}"))
    elif not problem:
        problem = "Only the first entries are shown."
    return Preview(kind, title, tuple(facts), ("Entry", "Bytes"), tuple(rows[:ROWS]), note=problem)
