"""Records the metrics of an execution: calls of its endpoint, and lines of its standard output."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import CustomInfo, Metric, MetricResource, MetricSink, Tag
from launchpad_tui.domain.metric_lines import MetricLineError, parse_metric_line
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import LaunchpadError, NotFound
from launchpad_tui.runtimes.host import Records
from launchpad_tui.runtimes.log_files import LogWriter

#: the maximum number of problems that are written to the log of an execution
_REPORTED_PROBLEMS = 5
#: the largest number of entries, and of characters of their texts, that wait for space on the disk
_WAITING_ENTRIES, _WAITING_CHARACTERS = 200_000, 20_000_000
#: the least seconds between two updates of the series of an execution
_SETTLE_SECONDS = 0.25
#: the same if updates take long; readers of the execution do not wait for it
_MOST_SECONDS = 2.0


class ExecutionMetrics:
    """The metrics of one execution. Thread-safe.

    What is recorded is committed at once. Points that are recorded shortly after others become part
    of their series when more points are recorded a quarter of a second later, or by `settle`.
    """

    def __init__(self, records: Records, scope: Scope, execution_id: str) -> None:
        self._records = records
        self._scope = scope
        self._execution_id = execution_id
        self._settle_at = 0.0
        self._staged = threading.Event()

    def record(
        self, metrics: Sequence[Metric], tags: Sequence[Tag], custom_info: Sequence[CustomInfo]
    ) -> None:
        """Commit what was logged."""
        arguments = (self._scope, self._execution_id, metrics, tags, custom_info)
        if self._is_due():
            start = time.monotonic()
            self._staged.clear()
            self._records.record_metrics(*arguments)
            self._set_next(start)
            return
        self._records.stage_metrics(*arguments)
        if not self._staged.is_set():
            self._staged.set()

    def positions(self) -> dict[str, int]:
        """Return up to which position in bytes each file of the execution was recorded."""
        return dict(self._records.read_positions(self._scope, self._execution_id))

    def record_at(
        self,
        source: str,
        position: int,
        metrics: Sequence[Metric],
        tags: Sequence[Tag],
        custom_info: Sequence[CustomInfo],
        *,
        clear: bool = False,
    ) -> None:
        """Commit what a file contains, together with the position up to which it was read.

        Args:
            source: names the file within the execution.
            position: the position in bytes.
            clear: whether everything that was logged before is deleted.
        """
        with self._records.transaction():
            if clear:
                with contextlib.suppress(NotFound):
                    self.delete()
            if metrics or tags or custom_info:
                self.record(metrics, tags, custom_info)
            self._records.set_read_position(self._scope, self._execution_id, source, position)

    def settle(self) -> None:
        """Make committed points part of their series, if they wait and it is time."""
        if not self._staged.is_set() or not self._is_due():
            return
        start = time.monotonic()
        self._staged.clear()
        try:
            self._records.settle_metrics(self._scope, self._execution_id)
        except BaseException:
            self._staged.set()
            raise
        self._set_next(start)

    def resource(self) -> MetricResource:
        """Return everything that the execution logged."""
        return self._records.metric_resource(self._scope, self._execution_id)

    def delete(self) -> None:
        """Delete everything that the execution logged."""
        self._records.delete_metrics(self._scope, self._execution_id)

    def _is_due(self) -> bool:
        return time.monotonic() >= self._settle_at

    def _set_next(self, start: float) -> None:
        """Set when to settle next: the more series there are, the less often."""
        end = time.monotonic()
        self._settle_at = end + max(_SETTLE_SECONDS, min(4 * (end - start), _MOST_SECONDS))


class MetricLineRecorder:
    """Parses lines that begin with ``::`` and records their metrics. The log reports problems.

    Entries that cannot be recorded because the disk is full or the registry is busy wait in memory
    and are recorded together with later ones. Safe for threads.
    """

    def __init__(self, sink: MetricSink, log: LogWriter) -> None:
        self._sink = sink
        self._log = log
        self._problems = 0
        self._lock = threading.Lock()
        self._metrics: list[Metric] = []
        self._tags: list[Tag] = []
        self._infos: list[CustomInfo] = []

    def record(self, lines: list[bytes]) -> None:
        """Record the metrics, tags and custom info of several lines together."""
        metrics: list[Metric] = []
        tags: list[Tag] = []
        infos: list[CustomInfo] = []
        at = now()
        for line in lines:
            try:
                found = parse_metric_line(line.decode("utf-8", "replace"), at)
            except MetricLineError as error:
                self._report_problem(f"Invalid metric line ignored: {error.title}")
                continue
            if found is not None:
                metrics += found.metrics
                tags += found.tags
                infos += found.custom_info
        with self._lock:
            self._metrics += metrics
            self._tags += tags
            self._infos += infos
            self._record_waiting()

    def flush(self) -> None:
        """Record the waiting entries. The log reports those that are lost."""
        with self._lock:
            self._record_waiting()
            if count := self._waiting():
                self._log.report(f"{count:,} metrics, tags and infos are lost: the disk is full")
            self._clear()

    def _record_waiting(self) -> None:
        if not self._waiting():
            return
        try:
            self._sink.record(self._metrics, self._tags, self._infos)
        except LaunchpadError as error:
            if error.retryable and self._may_wait():
                self._report_problem(f"Metrics are recorded later: {error.title}")
                return
            self._report_problem(
                f"{self._waiting():,} metrics, tags and infos are lost: {error.title}"
            )
        self._clear()

    def _waiting(self) -> int:
        return len(self._metrics) + len(self._tags) + len(self._infos)

    def _may_wait(self) -> bool:
        texts = sum(len(each.value) for each in self._tags)
        texts += sum(len(each.value) for each in self._infos)
        return self._waiting() <= _WAITING_ENTRIES and texts <= _WAITING_CHARACTERS

    def _clear(self) -> None:
        self._metrics, self._tags, self._infos = [], [], []

    def _report_problem(self, text: str) -> None:
        self._problems += 1
        if self._problems <= _REPORTED_PROBLEMS:
            self._log.report(text)
        elif self._problems == _REPORTED_PROBLEMS + 1:
            self._log.report("Further problems with metric lines are not reported")
