"""Reads what a job writes on the shared folder while it runs, and records it exactly once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from launchpad_tui.aiapi.metrics import parse_metric_request
from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
from launchpad_tui.domain.metric_lines import MetricLineError, parse_metric_line
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.metric_recording import ExecutionMetrics
from launchpad_tui.runtimes.log_files import LineBreaker, LogWriter

#: bytes that are read at once, and the longest line that is waited for
_BLOCK, _LONGEST = 1 << 20, 64 << 20
#: the number of problems of an execution that are written to its log
_REPORTED = 5


@record
class Entries:
    """Metrics, tags and custom info that are recorded together."""

    metrics: Sequence[Metric] = ()
    tags: Sequence[Tag] = ()
    infos: Sequence[CustomInfo] = ()


class SpoolReader:
    """Reads the files of one attempt of a job.

    The position up to which a file was recorded is committed together with its metrics, and the log
    notes the position of its lines, so that a supervisor that dies at any time neither loses nor
    repeats a point or a line.

    Args:
        folder: the folder of the job.
        attempt: the number of the attempt.
        prefix: names the job within the execution.
        metrics: records the positions and the metrics.
        log: the log of the execution.
        step: the name of the step, for the log.
        observe: receives ``stdout`` or ``stderr``, and all lines, also those recorded before.
    """

    def __init__(
        self,
        folder: Path,
        attempt: int,
        prefix: str,
        metrics: ExecutionMetrics,
        log: LogWriter,
        step: str,
        observe: Callable[[str, list[bytes]], None],
    ) -> None:
        self._metrics = metrics
        self._log = log
        self._step = step
        self._observe = observe
        self._problems = 0
        known, logged = metrics.positions(), log.positions()
        self._files = [
            _File(folder / f"{name}-{attempt}", f"{prefix}/{name}-{attempt}", known, logged)
            for name in ("metrics", "out", "err")
        ]

    def poll(self, *, final: bool = False) -> bool:
        """Record what was written since the last call; return whether everything is recorded.

        Args:
            final: the job has ended, so that a last line without a line break is complete.
        """
        try:
            done = [self._poll(file, final=final) for file in self._files]
        except LaunchpadError as error:
            if not error.retryable:
                raise
            self._report(f"Output is recorded later: {error.title}")
            return False
        return all(done)

    def _poll(self, file: _File, *, final: bool) -> bool:
        while True:
            if file.pending is not None:
                file.pending()
                file.pending = None
            data = file.read(final=final)
            if not data:
                return not final or file.at_end()
            end = file.position + len(data)
            known = end <= file.recorded
            if file.name == "metrics":
                if not known:
                    self._record_requests(file, data, end)
            else:
                self._record_output(file, data, end, known=known)
            file.position = end

    def _record_output(self, file: _File, data: bytes, end: int, *, known: bool) -> None:
        breaker = LineBreaker()
        lines = [*breaker.feed(data), *breaker.rest()]
        stream = {"out": "stdout", "err": "stderr"}[file.name]
        self._observe(stream, lines)
        if end > file.logged:
            self._log.write(stream, self._step, lines, source=file.source, position=end)
        if known:
            return
        entries = self._line_entries(lines) if stream == "stdout" else Entries()
        file.pending = lambda: self._metrics.record_at(
            file.source, end, entries.metrics, entries.tags, entries.infos
        )

    def _line_entries(self, lines: list[bytes]) -> Entries:
        metrics: list[Metric] = []
        tags: list[Tag] = []
        infos: list[CustomInfo] = []
        at = now()
        for line in lines:
            if not line.startswith(b"::"):
                continue
            try:
                found = parse_metric_line(line.decode("utf-8", "replace"), at)
            except MetricLineError as error:
                self._report(f"Invalid metric line ignored: {error.title}")
                continue
            if found is not None:
                metrics += found.metrics
                tags += found.tags
                infos += found.custom_info
        return Entries(metrics, tags, infos)

    def _record_requests(self, file: _File, data: bytes, end: int) -> None:
        """Record the requests that the endpoint on the node acknowledged."""
        metrics: list[Metric] = []
        tags: list[Tag] = []
        infos: list[CustomInfo] = []
        cleared = False
        for line in data.splitlines():
            try:
                entry = json.loads(line)
                if entry.get("delete"):
                    metrics, tags, infos, cleared = [], [], [], True
                    continue
                at = datetime.fromtimestamp(entry["at"], UTC)
                _, request = parse_metric_request(json.dumps(entry["body"]).encode(), at)
            except LaunchpadError as error:
                self._report(f"Metrics were not recorded: {error.title}")
                continue
            except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
                # The node failed while it wrote the line, which was never acknowledged.
                continue
            metrics += request.metrics
            tags += request.tags
            infos += request.custom_info
        file.pending = lambda: self._metrics.record_at(
            file.source, end, metrics, tags, infos, clear=cleared
        )

    def _report(self, text: str) -> None:
        self._problems += 1
        if self._problems <= _REPORTED:
            self._log.report(text, self._step)


class _File:
    """A file that grows, possibly on another machine.

    Args:
        source: names the file within the execution.
        known: up to which position each source was recorded.
        logged: up to which position the lines of each source are in the log.
    """

    def __init__(
        self, path: Path, source: str, known: Mapping[str, int], logged: Mapping[str, int]
    ) -> None:
        self._path = path
        self.name = path.name.partition("-")[0]
        self.source = source
        self.position = 0
        self.recorded = known.get(source, 0)
        self.logged = logged.get(source, self.recorded)
        #: records what was read last; None if that is done
        self.pending: Callable[[], None] | None = None

    def read(self, *, final: bool) -> bytes:
        """Return complete lines after the position; empty if there are none yet."""
        # What an earlier supervisor recorded and what it did not are read separately.
        ends = [end for end in (self.recorded, self.logged) if end > self.position]
        limit = min(ends) - self.position if ends else _LONGEST + 1
        size = _BLOCK
        while True:
            size = min(size, limit)
            data = self._bytes(size)
            if len(data) == size == limit:
                return data
            # A client of NFS may see the size of a file before its content.
            data = data.partition(b"\0")[0] if self.name == "metrics" else data
            whole = data.rpartition(b"\n")
            if whole[1]:
                return whole[0] + whole[1]
            if len(data) < size or size >= _LONGEST:
                return data if final or size >= _LONGEST else b""
            size *= 2

    def _bytes(self, size: int) -> bytes:
        # Opened again each time, so that a client of NFS asks the server for its current content.
        try:
            with open(self._path, "rb", buffering=0) as file:
                file.seek(self.position)
                parts = []
                while size > 0 and (data := file.read(size)):
                    parts.append(data)
                    size -= len(data)
                return b"".join(parts)
        except FileNotFoundError:
            return b""

    def at_end(self) -> bool:
        """Return whether the whole file was read."""
        try:
            return self.position >= os.stat(self._path).st_size
        except OSError:
            return True
