"""Print lists of any length as JSON, YAML or CSV, one item at a time."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from launchpad_tui.cli import output
from launchpad_tui.cli.formats import CSV, NAME
from launchpad_tui.cli.table import markdown_lines
from launchpad_tui.cli.yaml_text import item_lines, yaml_lines
from launchpad_tui.domain.text import safe_text

#: The fields that identify an object, the first one that it has.
_IDENTITIES = ("id", "executionId", "name", "path", "file", "step", "message")
#: The number of first items whose fields are the columns of CSV.
_MEASURED = 500


def stream_yaml(items: Iterable[Mapping[str, Any]]) -> None:
    """Print ``resources`` and ``count``, as `launchpad_tui.cli.output.stream_json` does in JSON."""

    def texts() -> Iterator[str]:
        for item in items:
            yield "".join(f"{line}\n" for line in item_lines(output.without_credentials(item)))

    count = 0
    source = texts()
    text = next(source, None)
    sys.stdout.write("resources:\n" if text is not None else "resources: []\n")
    while text is not None:
        sys.stdout.write(text)
        count += 1
        try:
            text = next(source, None)
        except (Exception, KeyboardInterrupt):
            sys.stdout.write(f"count: {count}\nincomplete: true\n")
            raise
    sys.stdout.write(f"count: {count}\n")


def print_yaml(data: Any) -> None:
    """Print a value as a YAML document."""
    sys.stdout.write("".join(f"{line}\n" for line in yaml_lines(output.without_credentials(data))))


def stream_csv(
    items: Iterable[Mapping[str, Any]],
    metrics: Sequence[str] = (),
    parameters: Sequence[str] = (),
) -> None:
    """Print items as CSV (RFC 4180, with LF), with their fields as columns.

    Fields that are lists or objects are JSON in their cell. The columns are the fields of the
    first 500 items.
    """
    write = csv_writer()
    source = (
        _with_columns(output.without_credentials(item), metrics, parameters) for item in items
    )
    first = list(islice(source, _MEASURED))
    columns = list(dict.fromkeys(key for item in first for key in item))
    if not columns:
        return
    write(columns)
    for item in chain(first, source):
        write([item.get(column) for column in columns])


def print_rows(items: Sequence[Mapping[str, Any]], output_format: str) -> None:
    """Print objects as CSV, as a table in Markdown, or as their IDs or names."""
    if output_format == CSV:
        stream_csv(items)
    elif output_format == NAME:
        for item in items:
            for name in _names(item):
                print(safe_text(name))
    else:
        found = [output.without_credentials(item) for item in items]
        columns = list(dict.fromkeys(key for item in found for key in item))
        rows = ([_cell(item.get(column)) for column in columns] for item in found)
        print(*markdown_lines(columns, rows), sep="\n")


def _names(item: Mapping[str, Any]) -> Iterable[str]:
    """Return the ID of an object, or its name, or the names of its fields."""
    for key in _IDENTITIES:
        if item.get(key):
            return (str(item[key]),)
    return item


def row_printer(output_format: str) -> Callable[[Sequence[Any]], None]:
    """Return a function that prints a row, in which no text controls the terminal.

    The first row that it prints is the head.

    Args:
        output_format: ``csv`` or ``markdown``.
    """
    if output_format == CSV:
        return csv_writer()
    printed = False

    def write(row: Sequence[Any]) -> None:
        nonlocal printed
        head, rule = markdown_lines([_cell(value) for value in row], ())
        sys.stdout.write(f"{head}\n" if printed else f"{head}\n{rule}\n")
        printed = True

    return write


def csv_writer() -> Callable[[Sequence[Any]], None]:
    """Return a function that prints a row of CSV, in which no text controls the terminal."""
    import csv

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")

    def write(row: Sequence[Any]) -> None:
        writer.writerow([_cell(value) for value in row])
        sys.stdout.write(buffer.getvalue())
        buffer.seek(0)
        buffer.truncate()

    return write


def _with_columns(
    item: Mapping[str, Any], metrics: Sequence[str], parameters: Sequence[str]
) -> Mapping[str, Any]:
    """Return an item with a field for each metric and parameter instead of one for all of them."""
    values = item.get("metrics")
    if not isinstance(values, Mapping):
        return item
    found = {key: value for key, value in item.items() if key not in {"metrics", "parameters"}}
    found |= {name: values.get(name) for name in metrics}
    of_configuration = item.get("parameters") or {}
    # A parameter may have the name of a field or of a metric.
    columns = {name: f"parameter.{name}" if name in found else name for name in parameters}
    return {**found, **{columns[name]: of_configuration.get(name) for name in parameters}}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | list | tuple):
        return output.json_text(value)
    return safe_text(str(value))
