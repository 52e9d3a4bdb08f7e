"""Lists as files in the formats CSV, JSON and Markdown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from launchpad_tui.aiapi.artifacts import extended_artifact
from launchpad_tui.aiapi.configurations import serialize_configuration
from launchpad_tui.aiapi.executions import extended_execution
from launchpad_tui.aiapi.schedules import extended_schedule
from launchpad_tui.aiapi.values import json_number
from launchpad_tui.domain.execution import Configuration
from launchpad_tui.domain.query import ArtifactRow, ExecutionRow, Query
from launchpad_tui.domain.schedule import Schedule
from launchpad_tui.domain.text import safe_text
from launchpad_tui.errors import InvalidInput
from launchpad_tui.services.boards import write_text

_FORMATS = (".csv", ".json", ".md", ".markdown")
Rows = Callable[[], Iterable[Any]]


class ListFileService:
    """Writes the rows of lists to files. Blocking and thread-safe."""

    def write(self, path: Path, rows: Rows, query: Query) -> int:
        """Write the rows of a list to a new file and return their number.

        The ending of the name selects the format. The columns are the fields of the AI API, and the
        metrics, parameters, labels and tags that are columns of the query.

        Raises:
            InvalidInput: The format is unknown, or the file cannot be written.
            Conflict: The file exists.
            StorageFull: The disk is full.
        """
        return self._write(path, rows, query, overwrite=False)

    def replace(self, path: Path, rows: Rows, query: Query) -> int:
        """Do as `write`, but replace a file that exists."""
        return self._write(path, rows, query, overwrite=True)

    def _write(self, path: Path, rows: Rows, query: Query, *, overwrite: bool) -> int:
        suffix = path.suffix.lower()
        if suffix not in _FORMATS:
            raise InvalidInput(
                f"Unsupported file format: {suffix or 'a file without an extension'}",
                "Lists are exported as CSV, JSON or Markdown.",
                "Use a file name that ends with .csv, .json or .md.",
            )
        if not overwrite and path.exists():
            # Known before all rows are read.
            write_text(path, "", overwrite=False)
        fields = [_fields(row, query) for row in rows()]
        if suffix == ".json":
            text = json.dumps(fields, indent=2, ensure_ascii=False) + "\n"
        else:
            text = _table(fields, markdown=suffix != ".csv")
        write_text(path, text, overwrite=overwrite)
        return len(fields)


def _fields(row: Any, query: Query) -> dict[str, Any]:
    """Return the fields of a row by name."""
    if isinstance(row, Configuration):
        return dict(serialize_configuration(row))
    if isinstance(row, Schedule):
        return dict(extended_schedule(row))
    if isinstance(row, ArtifactRow):
        found: dict[str, Any] = dict(extended_artifact(row.artifact))
        found["configurationName"] = row.configuration_name or None
        found["duration"] = row.duration
    else:
        assert isinstance(row, ExecutionRow)
        found = dict(extended_execution(row.execution))
    for metric in query.metrics:
        found[str(metric)] = json_number(row.metrics[metric]) if metric in row.metrics else None
    for value in query.values:
        found[str(value)] = row.values.get(value)
    return found


def _table(rows: list[dict[str, Any]], *, markdown: bool) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [columns, *([_cell(row.get(name)) for name in columns] for row in rows)]
    if not markdown:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(lines)
        return buffer.getvalue()
    escaped = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    escaped.insert(1, ["---"] * len(columns))
    return "".join(f"| {' | '.join(line)} |\n" for line in escaped)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping | list):
        return safe_text(json.dumps(value, ensure_ascii=False))
    return safe_text(str(value))
