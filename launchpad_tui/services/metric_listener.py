"""Metric lines on a training's standard output, into the registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
from launchpad_tui.domain.metric_lines import MetricLineError, parse_metric_line
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.runtimes.embedded.logs import LogWriter

#: malformed lines that are told of; of the rest there is one word
_TOLD = 5


class MetricListener:
    """Parses the lines that begin with ``::`` and records what they log. A malformed one is told of in the log."""

    def __init__(
        self,
        record: Callable[[Sequence[Metric], Sequence[Tag], Sequence[CustomInfo]], None],
        log: LogWriter,
    ) -> None:
        self._record = record
        self._log = log
        self._wrong = 0

    def listen(self, lines: list[bytes]) -> None:
        """Record what these lines log, together."""
        metrics: list[Metric] = []
        tags: list[Tag] = []
        infos: list[CustomInfo] = []
        at = now()
        for line in lines:
            try:
                found = parse_metric_line(line.decode("utf-8", "replace"), at)
            except MetricLineError as error:
                self._complain(f"a metric line was passed over: {error.title}")
                continue
            if found is not None:
                metrics += found.metrics
                tags += found.tags
                infos += found.custom_info
        if metrics or tags or infos:
            try:
                self._record(metrics, tags, infos)
            except LaunchpadError as error:
                self._complain(f"metrics were not kept: {error.title}")

    def _complain(self, text: str) -> None:
        self._wrong += 1
        if self._wrong <= _TOLD:
            self._log.report(text)
        elif self._wrong == _TOLD + 1:
            self._log.report("further problems with metric lines are not told of")
