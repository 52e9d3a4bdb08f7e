"""Search for pickles in a file: in archives, in compressed files and in arrays of objects.

Libraries load pickles from many kinds of files: ``torch.load`` from zip and tar archives,
``joblib.load`` from compressed streams, ``numpy.load`` from arrays with the type object. Nothing is
loaded here; data are unpacked into bounded memory, and what was not analyzed is listed.
"""

from __future__ import annotations

import bz2
import io
import lzma
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from launchpad_tui.domain.formats.base import Malformed, Source, SourceReader, short
from launchpad_tui.domain.formats.pickle_analysis import PickleReport, analyze
from launchpad_tui.domain.formats.pickle_names import Risk

#: the largest numbers of bytes that are unpacked of a part and of all parts, of entries of an
#: archive, and of archives inside archives
_PART, _TOTAL, _ENTRIES, _DEPTH = 8 << 20, 48 << 20, 2_000, 4
#: the largest number of places that a note names
_SHOWN = 3
_PICKLE_NAMES = (".pkl", ".pickle", ".joblib", ".pk", ".p", ".dill", ".cloudpickle")
#: first bytes of pickles without a header (protocols 0 and 1)
_OLD_STARTS = frozenset(b"(]})lcdIVSKJMGNUXT")


class _Decompressor(Protocol):
    """The common interface of the decompressors of bz2 and lzma."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


@dataclass(slots=True)
class PickleSearch:
    """The pickles of a file.

    Attributes:
        reports: the analysis of each pickle with its place in the file, such as
            ``archive/data.pkl``; an empty place is the file itself.
        skipped: parts that were not analyzed, with the reason.
    """

    reports: list[tuple[str, PickleReport]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    unpacked: int = 0

    @property
    def total(self) -> PickleReport:
        """All reports in one."""
        whole = PickleReport()
        for _, report in self.reports:
            whole.merge(report)
        return whole

    def facts(self) -> list[tuple[str, str]]:
        """Return the facts for a preview; none if there is no pickle."""
        if not self.reports:
            return []
        whole = self.total
        found = [("Pickles", f"{len(self.reports):,}"), ("Would call", f"{len(whole.names):,}")]
        dangerous = [
            f"{short(name, 80)}{f' in {short(place, 80)}' if place else ''}"
            for place, report in self.reports
            for name, risk in report.names.items()
            if risk is Risk.DANGEROUS
        ]
        if dangerous:
            more = f" and {len(dangerous) - _SHOWN:,} more" if len(dangerous) > _SHOWN else ""
            found.append(("Dangerous", ", ".join(dangerous[:_SHOWN]) + more))
        return found

    def remarks(self) -> list[str]:
        """Return what was not analyzed, as sentences."""
        found = [
            f"{short(place, 80)}: {report.problem}" if place else report.problem
            for place, report in self.reports
            if report.problem
        ]
        found += [f"Not analyzed: {each}." for each in self.skipped]
        more = len(found) - _SHOWN
        return [*found[:_SHOWN], *([f"{more:,} more parts were not analyzed."] if more > 0 else [])]


def search_pickles(source: Source) -> PickleSearch:
    """Search a file, including archives and compressed data in it.

    Errors of reading the source are passed on.
    """
    found = PickleSearch()
    file = io.BufferedReader(SourceReader(source), 1 << 16)
    try:
        _search(found, "", source.name, file, source.size, 0)
    except Malformed as error:
        found.skipped.append(f"the rest of the file ({error})")
    return found


def _search(
    found: PickleSearch, place: str, name: str, file: BinaryIO, size: int, depth: int
) -> None:
    head = file.read(512)
    file.seek(0)
    if depth > _DEPTH:
        found.skipped.append(f"{place or name} (archives are nested too deeply)")
    elif head.startswith(b"PK"):
        _search_zip(found, place, file, depth)
    elif head[257:262] == b"ustar":
        _search_tar(found, place, file, depth)
    elif (unpacked := _unpacked(head, file)) is not None:
        data, problem = unpacked
        if problem:
            found.skipped.append(f"{place or 'the compressed content'} ({problem})")
        _search_bytes(found, place, name.rpartition(".")[0] or name, data, depth)
    elif head.startswith(b"\x93NUMPY"):
        _search_array(found, place, file, size)
    else:
        _search_pickle(found, place, name, head, file, size)


def _search_bytes(found: PickleSearch, place: str, name: str, data: bytes, depth: int) -> None:
    found.unpacked += len(data)
    _search(found, place, name, io.BytesIO(data), len(data), depth + 1)


def _search_pickle(
    found: PickleSearch, place: str, name: str, head: bytes, file: BinaryIO, size: int
) -> None:
    named = name.lower().endswith(_PICKLE_NAMES)
    modern = len(head) > 2 and head[0] == 0x80 and head[1] <= 5
    if not modern and not (head and (named or head[0] in _OLD_STARTS)):
        return
    report = analyze(file, size)
    # Text that happens to begin like an old pickle does not end like one.
    if modern or (report.names and (named or report.pickles)):
        found.reports.append((place, report))


def _search_zip(found: PickleSearch, place: str, file: BinaryIO, depth: int) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [each for each in archive.infolist() if not each.is_dir()]
            for number, entry in enumerate(entries):
                where = f"{place}/{entry.filename}" if place else entry.filename
                if number >= _ENTRIES or found.unpacked >= _TOTAL:
                    rest = len(entries) - number
                    found.skipped.append(f"{rest:,} more entries (the archive is too large)")
                    return
                try:
                    with archive.open(entry) as member:
                        head = member.read(512)
                        if not _may_contain(entry.filename, head):
                            continue
                        data = head + member.read(_PART - len(head))
                except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
                    found.skipped.append(f"{where} ({short(str(error), 80)})")
                    continue
                if entry.file_size > len(data):
                    found.skipped.append(f"{where} after byte {len(data):,}")
                _search_bytes(found, where, entry.filename, data, depth)
    except (zipfile.BadZipFile, RuntimeError, ValueError, OSError) as error:
        found.skipped.append(f"{place or 'the archive'} ({short(str(error), 80)})")


def _search_tar(found: PickleSearch, place: str, file: BinaryIO, depth: int) -> None:
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            for number, member in enumerate(archive):
                where = f"{place}/{member.name}" if place else member.name
                if number >= _ENTRIES or found.unpacked >= _TOTAL:
                    found.skipped.append(f"the archive from {where} on (it is too large)")
                    return
                content = archive.extractfile(member) if member.isfile() else None
                if content is None:
                    continue
                head = content.read(512)
                if not _may_contain(member.name, head):
                    continue
                data = head + content.read(_PART - len(head))
                if member.size > len(data):
                    found.skipped.append(f"{where} after byte {len(data):,}")
                _search_bytes(found, where, member.name, data, depth)
    except (tarfile.TarError, EOFError, OSError, ValueError, RecursionError) as error:
        found.skipped.append(f"{place or 'the archive'} ({short(str(error), 80)})")


def _may_contain(name: str, head: bytes) -> bool:
    """Return whether an entry of an archive may be or contain a pickle, by its name and start."""
    return bool(head) and (
        name.lower().endswith(_PICKLE_NAMES)
        or head[0] == 0x80
        or head[0] in _OLD_STARTS
        or head[257:262] == b"ustar"
        or head.startswith((b"PK", b"\x93NUMPY", *_MAGIC))
    )


def _search_array(found: PickleSearch, place: str, file: BinaryIO, size: int) -> None:
    """Analyze the pickle in an array of objects in NumPy's format."""
    head = file.read(12)
    if len(head) < 12:
        return
    wide = head[6] >= 2
    length = int.from_bytes(head[8 : 12 if wide else 10], "little")
    start = 12 if wide else 10
    file.seek(start)
    if length > min(size, 1 << 20):
        found.skipped.append(f"{place or 'the array'} (its header is too long)")
        return
    header = file.read(length).decode("latin-1")
    if "O" not in header.partition("'descr'")[2].partition("fortran_order")[0]:
        return
    file.seek(start + length)
    found.reports.append((place, analyze(file, size)))


#: first bytes of compressed streams that joblib and others write
_MAGIC = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d\x00\x00", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")
_LZ4 = b"\x04\x22\x4d\x18"


def _unpacked(head: bytes, file: BinaryIO) -> tuple[bytes, str] | None:
    """Return the first bytes of a compressed stream, and the reason why the rest is missing.

    None is returned if the data are not compressed by a known method.
    """
    if head.startswith(_LZ4):
        return b"", "LZ4 is not supported"
    if not head.startswith(_MAGIC):
        return None
    data = file.read(_PART)
    more = bool(file.read(1))
    try:
        if head[:2] == b"\x1f\x8b" or head[:1] == b"x":
            unpack = zlib.decompressobj(wbits=47)
            found = unpack.decompress(data, _PART)
            rest = bool(unpack.unconsumed_tail)
        else:
            other: _Decompressor = (
                bz2.BZ2Decompressor() if head[:3] == b"BZh" else lzma.LZMADecompressor()
            )
            found = other.decompress(data, _PART)
            rest = len(found) >= _PART
    except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError) as error:
        return (b"", short(str(error), 80)) if head[:1] != b"x" else None
    return found, f"only the first {len(found):,} bytes" if more or rest else ""
