"""Search for pickles in a file: in archives, in compressed files and in arrays of objects.

Libraries load pickles from many kinds of files: ``torch.load`` from zip and tar archives,
``joblib.load`` from compressed streams, ``numpy.load`` from arrays with the type object. Nothing is
loaded here; data are unpacked into bounded memory, and what was not analyzed is listed.
"""

from __future__ import annotations

import bz2
import io
import lzma
import pickletools
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from launchpad_tui.domain.formats.base import Malformed, Source, SourceReader, short
from launchpad_tui.domain.formats.pickle_analysis import PickleReport, analyze
from launchpad_tui.domain.formats.pickle_names import Risk
from launchpad_tui.domain.formats.tensors import data_start, npy_facts

#: the largest numbers of bytes that are unpacked of a part and of all parts, of entries of an
#: archive, and of archives inside archives
_PART, _TOTAL, _ENTRIES, _DEPTH = 8 << 20, 48 << 20, 2_000, 4
#: the bytes of an array in NumPy's format that are read for its header
_HEADER = 70_000
#: errors of the standard library if a tar archive is malformed
TAR_ERRORS = (tarfile.TarError, EOFError, OSError, ValueError, OverflowError, RecursionError)
#: the largest number of places that a note names
_SHOWN = 3
_PICKLE_NAMES = (".pkl", ".pickle", ".joblib", ".pk", ".p", ".dill", ".cloudpickle")
#: the bytes with which a pickle can begin
_STARTS = frozenset(ord(each.code) for each in pickletools.opcodes)
#: the largest number of compressed streams that follow each other, and of bytes of memory that
#: unpacking one may take
_STREAMS, _MEMORY = 1000, 128 << 20


class _Decompressor(Protocol):
    """The common interface of the decompressors of zlib, bz2 and lzma."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes: ...


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
        # The first bytes of such an archive are free: they may be a pickle.
        file.seek(0)
        _search_pickle(found, place, name, head, file, size)
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
    if not modern and not (head and (named or head[0] in _STARTS)):
        return
    report = analyze(file, size)
    # Text that happens to begin like an old pickle neither calls a function nor ends like one.
    if modern or (report.names and (named or report.pickles or report.calls)):
        found.reports.append((place, report))


def _search_zip(found: PickleSearch, place: str, file: BinaryIO, depth: int) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            if not _is_unambiguous(file, archive.start_dir):
                found.skipped.append(f"{place or 'the archive'} (it may have another directory)")
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
    except TAR_ERRORS as error:
        found.skipped.append(f"{place or 'the archive'} ({short(str(error), 80)})")


def _may_contain(name: str, head: bytes) -> bool:
    """Return whether an entry of an archive may be or contain a pickle, by its name and start."""
    return bool(head) and (
        name.lower().endswith(_PICKLE_NAMES)
        or _may_be_pickle(head)
        or head[257:262] == b"ustar"
        or head.startswith((b"PK", b"\x93NUMPY", *_MAGIC))
    )


def _may_be_pickle(head: bytes) -> bool:
    """Return whether data with these first bytes may be a pickle that calls functions."""
    if head[0] == 0x80 or head[0] not in _STARTS:
        return head[0] == 0x80
    report = analyze(io.BytesIO(head), len(head))
    return bool(report.names) or report.unfinished


def _is_unambiguous(file: BinaryIO, directory: int) -> bool:
    """Return whether all programs find the directory of a zip archive at the same position.

    Some take the position that the end of the archive names, others the one before that end.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - (1 << 16) - 22))
    tail = file.read()
    end = tail[tail.rfind(b"PK\5\6") :][16:20]
    named = int.from_bytes(end, "little")
    # Archives of 4 GB and more name the position elsewhere.
    return len(end) == 4 and (named in {directory, 0xFFFFFFFF})


def _search_array(found: PickleSearch, place: str, file: BinaryIO, size: int) -> None:
    """Analyze the pickle in an array of objects in NumPy's format."""
    head = file.read(min(size, _HEADER))
    try:
        facts = dict(npy_facts(head) or ())
    except Malformed as error:
        found.skipped.append(f"{place or 'the array'} ({error})")
        return
    if "Objects" in facts:
        file.seek(data_start(head))
        found.reports.append((place, analyze(file, size)))


#: first bytes of compressed streams that joblib and others write
_MAGIC = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d\x00", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")
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
    problem = f"only the first {len(data):,} bytes" if file.read(1) else ""
    found = b""
    for _ in range(_STREAMS):
        try:
            stream = _decompressor(data)
            found += stream.decompress(data, _PART - len(found))
        except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError, MemoryError) as error:
            # These first bytes also occur in other files, such as the length in a safetensors file.
            foreign = head[:1] == b"x" or "format not supported" in str(error)
            if foreign and not found:
                return None
            return found, short(str(error), 80) or "it cannot be unpacked"
        data = stream.unused_data
        if not stream.eof and len(found) < _PART:
            problem = problem or "it is truncated"
        if not stream.eof or not data or len(found) >= _PART:
            break
    if len(found) >= _PART or data:
        problem = problem or f"only the first {len(found):,} bytes"
    return found, problem


def _decompressor(data: bytes) -> _Decompressor:
    """Return what unpacks the next stream; streams can follow each other."""
    if data[:3] == b"BZh":
        return bz2.BZ2Decompressor()
    if data[:2] in {b"\xfd7", b"\x5d\x00"}:
        return lzma.LZMADecompressor(memlimit=_MEMORY)
    return zlib.decompressobj(wbits=47)
