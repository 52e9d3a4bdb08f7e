"""A metric sink for tests of the tracking endpoint."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from launchpad_tui.domain.metric import CustomInfo, Metric, MetricResource, Tag
from launchpad_tui.domain.timestamps import from_micros, now, to_micros
from launchpad_tui.errors import InvalidInput, RegistryBusy

EXECUTION = "e0123456789abcde"


class FileSink:
    """A sink over one SQLite file, as durable as the registry."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writes = 0
        self.delay = 0.0
        with closing(self.connect()) as db, db:
            db.execute("create table metrics (name, value, at, step, labels)")
            db.execute("create table texts (kind, name, value, primary key (kind, name))")

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=10)

    def record(
        self, metrics: Sequence[Metric], tags: Sequence[Tag], custom_info: Sequence[CustomInfo]
    ) -> None:
        self.writes += 1
        time.sleep(self.delay)
        if any(metric.name == "refused" for metric in metrics):
            raise InvalidInput("Refused", field="metrics")
        if any(metric.name == "busy" for metric in metrics):
            raise RegistryBusy("The registry is busy")
        if any(metric.name == "broken" for metric in metrics):
            raise OSError("a secret path")
        rows = [
            (m.name, str(m.value), to_micros(m.timestamp), m.step, json.dumps(m.labels))
            for m in metrics
        ]
        with closing(self.connect()) as db, db:
            db.executemany("insert into metrics values (?, ?, ?, ?, ?)", rows)
            db.executemany(
                "replace into texts values ('tag', ?, ?)", [(t.name, t.value) for t in tags]
            )
            db.executemany(
                "replace into texts values ('info', ?, ?)", [(i.name, i.value) for i in custom_info]
            )

    def resource(self) -> MetricResource:
        with closing(self.connect()) as db:
            metrics = [
                Metric(
                    name,
                    float(value),
                    from_micros(at),
                    step,
                    tuple((a, b) for a, b in json.loads(labels)),
                )
                for name, value, at, step, labels in db.execute(
                    "select * from metrics order by rowid"
                )
            ]
            tags = [
                Tag(*row) for row in db.execute("select name, value from texts where kind = 'tag'")
            ]
            infos = [
                CustomInfo(*row)
                for row in db.execute("select name, value from texts where kind = 'info'")
            ]
        return MetricResource(EXECUTION, metrics, tags, infos, now(), now())

    def delete(self) -> None:
        with closing(self.connect()) as db, db:
            db.execute("delete from metrics")
            db.execute("delete from texts")
