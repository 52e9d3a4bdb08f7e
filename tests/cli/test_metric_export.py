"""Points are exported as JSON like all other objects, although their texts are put together."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest

from launchpad_tui.aiapi.metrics import extended_metric
from launchpad_tui.cli.metric_export import json_parts, write_csv
from launchpad_tui.cli.output import json_text, stream_json, write_json_parts
from launchpad_tui.domain.metric import Metric, SeriesSummary, series_key
from launchpad_tui.domain.timestamps import EPOCH, from_micros

ROWS = (
    (0, 0, 0.5),
    (1, 1_769_860_800_000_000, math.nan),
    (2, 1_769_860_800_000_001, -math.inf),
    (2**62, 1_769_860_800_000_001, 1e300),
    (4, 5, -0.0),
    (5, 5, 123456789.0),
)
Labels = tuple[tuple[str, str], ...]
SERIES: tuple[tuple[str, Labels], ...] = (
    ("loss", ()),
    ("layer.0/grad norm:max-1@x", ()),
    ("größe", ()),
    ('quo"te,d', ()),
    ("back\\slash", ()),
    ("bell\x07 and \x1b[31m", ()),
    ("\u202eright to left", ()),
    ("password", ()),
    ("api_key=sk-live-0123456789abcdef0123456789abcdef", ()),
    ("https://user:secret@host/x", ()),
    ("loss", (("phase", "validation"),)),
    ("loss", (("token", "Bearer abcdefghijklmnopqrstuvwxyz0123456789"), ("a", 'b"c'))),
)


def summary(name: str, labels: Labels) -> SeriesSummary:
    key = series_key(name, labels)
    bounds = (None, None, None, None, 0, 0, EPOCH, EPOCH)
    return SeriesSummary(1, "e", name, labels, key, "", len(ROWS), 0, 0.0, 0.0, *bounds)


BATCHES = [(summary(*one), rows) for one in SERIES for rows in (ROWS, (), ROWS[:1])]


def test_points_have_the_text_of_other_json_objects(capsys: pytest.CaptureFixture[str]) -> None:
    metrics = [
        Metric(one.name, value, from_micros(at), step, one.labels)
        for one, rows in BATCHES
        for step, at, value in rows
    ]
    parts = [text for part in json_parts(BATCHES) for text in part]
    assert parts == [json_text(extended_metric(metric)) for metric in metrics]
    write_json_parts(json_parts(BATCHES))
    written = capsys.readouterr().out
    stream_json(map(extended_metric, metrics))
    assert written == capsys.readouterr().out
    assert json.loads(written)["count"] == len(metrics)


def test_no_points_are_a_valid_document(capsys: pytest.CaptureFixture[str]) -> None:
    write_json_parts(json_parts([]))
    assert json.loads(capsys.readouterr().out) == {"resources": [], "count": 0}
    write_json_parts(json_parts([(BATCHES[0][0], ())]))
    assert json.loads(capsys.readouterr().out) == {"resources": [], "count": 0}


def test_points_are_read_back_from_csv(capsys: pytest.CaptureFixture[str]) -> None:
    write_csv(BATCHES)
    lines = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert len(lines) == 1 + len(SERIES) * (len(ROWS) + 1)
    assert [line[2] for line in lines[1:7]] == [str(step) for step, _, _ in ROWS]
    assert lines[-1][1].startswith("token=Bearer")
