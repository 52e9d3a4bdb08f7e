"""Records the metric lines that a training writes to its standard output."""

from __future__ import annotations

from launchpad_tui.domain.metric import CustomInfo, Metric, MetricSink, Tag
from launchpad_tui.domain.metric_lines import MetricLineError, parse_metric_line
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.runtimes.log_files import LogWriter

#: the maximum number of problems that are written to the log of an execution
_REPORTED_PROBLEMS = 5


class MetricLineRecorder:
    """Parses lines that begin with ``::`` and records their metrics. The log reports problems."""

    def __init__(self, sink: MetricSink, log: LogWriter) -> None:
        self._sink = sink
        self._log = log
        self._problems = 0

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
        if metrics or tags or infos:
            try:
                self._sink.record(metrics, tags, infos)
            except LaunchpadError as error:
                self._report_problem(f"Metrics could not be recorded: {error.title}")

    def _report_problem(self, text: str) -> None:
        self._problems += 1
        if self._problems <= _REPORTED_PROBLEMS:
            self._log.report(text)
        elif self._problems == _REPORTED_PROBLEMS + 1:
            self._log.report("Further problems with metric lines are not reported")
