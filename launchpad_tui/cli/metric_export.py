"""The points of metrics as CSV and JSON.

What all points of a series have in common is formatted once, because an execution may have
thousands of series.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from launchpad_tui.aiapi.metrics import extended_metric
from launchpad_tui.aiapi.values import json_number, serialize_labels
from launchpad_tui.cli.output import json_text
from launchpad_tui.domain.metric import Metric, SeriesSummary
from launchpad_tui.domain.shown_credentials import may_contain_credentials
from launchpad_tui.domain.text import safe_text
from launchpad_tui.domain.timestamps import from_micros, to_rfc3339

#: series with steps, microseconds since 1970 and values of some of their points
Batches = Iterable[tuple[SeriesSummary, Sequence[tuple[int, int, float]]]]
#: matches names that need no quotes in CSV and no escapes in JSON
_PLAIN = re.compile(r"[\w./:@ -]+\Z", re.ASCII).match
#: the number of timestamps whose text is kept
_KEPT = 20_000


def write_csv(batches: Batches) -> None:
    """Write points as CSV to the standard output."""
    write = sys.stdout.write
    write("name,labels,step,timestamp,value\n")
    time_text = _time_texts()
    for one, rows in batches:
        if not rows:
            continue
        name = safe_text(one.name)
        if not one.labels and _PLAIN(name):
            start = f"{name},"
        else:
            labels = ",".join(f"{name}={value}" for name, value in one.labels)
            buffer = io.StringIO()
            csv.writer(buffer, lineterminator="").writerow((name, safe_text(labels)))
            start = buffer.getvalue()
        write("".join([f"{start},{step},{time_text(at)},{value!r}\n" for step, at, value in rows]))


def json_parts(batches: Batches) -> Iterator[list[str]]:
    """Yield the points as texts of JSON objects, like `json_text` of `extended_metric`."""
    time_text = _time_texts()
    for one, rows in batches:
        if not rows:
            continue
        around = _around(one)
        if around is None:
            yield [_complete(one, step, at, value) for step, at, value in rows]
        else:
            start, end = around
            yield [
                f"{start}{value if math.isfinite(value) else json.dumps(json_number(value))}, "
                f'"timestamp": "{time_text(at)}", "step": {step}{end}'
                for step, at, value in rows
            ]


def _around(one: SeriesSummary) -> tuple[str, str] | None:
    """Return the text before the value and that after the step of all points of a series.

    None is returned if parts of the name or of the labels are escaped or hidden.
    """
    if not one.labels and _PLAIN(one.name):
        start, end = f'{{"name": "{one.name}", "value": ', ', "labels": []}'
        if not may_contain_credentials(f'{start}0.5, "timestamp": "", "step": 0{end}'):
            return start, end
    start = f'{{"name": {json.dumps(one.name, ensure_ascii=False)}, "value": '
    labels = json.dumps(serialize_labels(one.labels, "name"), ensure_ascii=False)
    end = f', "labels": {labels}}}'
    time = to_rfc3339(from_micros(0))
    sample = f'{start}0.5, "timestamp": "{time}", "step": 0{end}'
    return (start, end) if sample == _complete(one, 0, 0, 0.5) else None


def _complete(one: SeriesSummary, step: int, at: int, value: float) -> str:
    return json_text(extended_metric(Metric(one.name, value, from_micros(at), step, one.labels)))


def _time_texts() -> Callable[[int], str]:
    """Return a function that formats microseconds since 1970; many points have the same ones."""

    @lru_cache(maxsize=_KEPT)
    def time_text(at: int) -> str:
        return to_rfc3339(from_micros(at))

    return time_text
