"""Print charts of metrics, drawn as in the terminal interface."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.cli.arguments import CHART_HEIGHT, SIZE_OPTIONS, named_metrics
from launchpad_tui.cli.command import Argument, argument
from launchpad_tui.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from launchpad_tui.charts.model import Drawing
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.board import ChartDefinition
    from launchpad_tui.domain.comparison import ComparedItem
    from launchpad_tui.domain.query import ArtifactRow, MetricColumn

X_AXES = ("step", "relative", "time", "parameters", "source")
#: Width of a chart in cells if the size of the terminal is unknown.
_WIDTH = 80
#: Colors of the background, the text and the grid of SVG files.
_PAPER, _INK, _FAINT = "#14171c", "#d3d8e0", "#8f98a7"
#: The maximum width and height of a chart in cells.
_MAXIMUM = 1000

CHART_OPTIONS: tuple[Argument, ...] = (
    argument(
        "--x-axis",
        choices=X_AXES,
        default="step",
        help="X axis: step (default), relative (time since the start), time (wall time), "
        "parameters, or source (one bar for each model or execution)",
    ),
    argument(
        "--kind",
        metavar="KIND",
        help="Kind of chart (default: the first one that fits the x axis)",
    ),
    argument(
        "--parameter",
        action="append",
        metavar="NAME",
        help="With --x-axis parameters: a parameter; two of them give a heat map",
    ),
    argument(
        "--smooth",
        type=float,
        default=0.0,
        metavar="WEIGHT",
        help="Exponential smoothing as in TensorBoard, from 0 to less than 1; the original curve "
        "is drawn faintly",
    ),
    argument("--log-y", action="store_true", help="Use a logarithmic y axis"),
    argument(
        "--svg",
        metavar="FILE",
        help="Write the chart of one metric to an SVG file instead of printing it",
    ),
    *SIZE_OPTIONS,
)


def print_charts(
    context: CommandContext, subjects: Sequence[ComparedItem], options: argparse.Namespace
) -> None:
    """Print one chart for each metric that the options name, or for each metric that was logged.

    Raises:
        NotFound: No model or execution has the metric.
        InvalidInput: An option is invalid, or the data cannot be drawn in this kind of chart.
    """
    from launchpad_tui.domain.metric import normal_name
    from launchpad_tui.services.charting import metric_keys

    known = metric_keys(subjects)
    if not known:
        raise NotFound(
            "No metrics to draw",
            "No metrics were logged by these executions, or by those that created these models.",
            "To list executions with their metrics: launchpad executions list --metric NAME",
        )
    if wanted := named_metrics(options.metric):
        names = list(dict.fromkeys(map(normal_name, wanted)))
        unknown = [name for name in names if name not in set(map(normal_name, known))]
        if unknown:
            from launchpad_tui.domain.suggestions import did_you_mean, nearest

            suggestion = did_you_mean(nearest(unknown[0], known))
            raise NotFound(
                f"Metric {unknown[0][:80]!r} not found",
                f"It was not logged for these models or executions. {suggestion}".rstrip(),
                f"Metrics: {', '.join(known[:20])}.",
            )
    else:
        names = list(dict.fromkeys(one.key for subject in subjects for one in subject.series))
    if options.svg and len(names) > 1:
        raise InvalidInput(
            "An SVG file can contain the chart of only one metric",
            f"{len(names)} metrics would be drawn: {', '.join(names[:20])}.",
            "Select one with --metric.",
            field="metric",
        )
    for number, name in enumerate(names):
        if number:
            context.line("")
        draw_chart(context, subjects, definition(name, options), options, options.svg)


def definition(metric: str, options: argparse.Namespace) -> ChartDefinition:
    """Return the chart of a metric that the options describe. Raises InvalidInput."""
    from launchpad_tui.charts.catalog import AGAINST, KINDS, SOURCE
    from launchpad_tui.charts.catalog import OVER as OVER_KIND
    from launchpad_tui.domain.board import Against, ChartDefinition

    against = Against(options.x_axis)
    if not 0 <= options.smooth < 1:
        raise InvalidInput(
            f"Invalid smoothing {options.smooth:g}",
            "The weight of previous values is out of range.",
            "Use a number from 0 to less than 1, such as 0.9.",
            field="smooth",
        )
    compares = OVER_KIND if against.over else AGAINST if against is Against.PARAMETERS else SOURCE
    suitable = [kind.id for kind in KINDS.values() if compares in kind.compares]
    kind = options.kind or (suitable[0] if suitable else "line")
    if kind not in suitable:
        raise InvalidInput(
            f"Invalid kind of chart {kind[:40]!r}",
            f"It cannot be drawn with the x axis {options.x_axis}.",
            f"Kinds for this x axis: {', '.join(suitable)}.",
            field="kind",
        )
    parameters = tuple(options.parameter or ())
    return ChartDefinition(
        (metric,),
        against=against,
        kind=kind,
        parameters=parameters,
        smoothing=options.smooth,
        y_log=options.log_y,
    )


def draw_chart(
    context: CommandContext,
    subjects: Sequence[ComparedItem],
    chart: ChartDefinition,
    options: argparse.Namespace,
    svg: str | None = None,
) -> None:
    """Print one chart, or write it to an SVG file.

    Args:
        context: The context of the command.
        subjects: The models or executions.
        chart: The chart.
        options: Options with ``width`` and ``height``.
        svg: The path of the SVG file; None prints the chart.

    Raises:
        InvalidInput: The size is invalid, or the data cannot be drawn in this kind of chart.
    """
    from launchpad_tui.charts.catalog import KINDS
    from launchpad_tui.charts.curve import CurveView
    from launchpad_tui.charts.legend import with_legend
    from launchpad_tui.records import replace

    width, height = _size(options)
    desk = context.desk
    slots = desk.boards.slots([one.id for one in subjects])
    data = desk.charts.data(subjects, chart, slots, desk.boards.directions(), max(64, width * 2))
    kind = KINDS[chart.kind]
    if reason := kind.why_not(data):
        raise InvalidInput(
            f"{chart.title} cannot be drawn as {kind.title.lower()}",
            reason,
            "Select another kind of chart with --kind.",
            field="kind",
        )
    ascii_only = not _supports_braille()
    x_kind = str(chart.against) if chart.against.over else "step"
    view = CurveView(x_kind=x_kind, y_log=chart.y_log, smoothing=chart.smoothing)
    spec = replace(
        view.spec(width, height, chart.title, ascii_only=ascii_only),
        colorless=not (context.colour or svg),
    )
    drawing = with_legend(kind.draw(spec, data), data, kind.id, width, ascii_only=ascii_only)
    print_drawing(context, drawing, chart.title, svg)


def draw_versions(
    context: CommandContext,
    rows: Sequence[ArtifactRow],
    column: MetricColumn,
    options: argparse.Namespace,
) -> None:
    """Print a chart of a metric over the versions of a model, or write it to an SVG file.

    Args:
        context: The context of the command.
        rows: The versions, with the metric column.
        column: The metric column.
        options: Options with ``width``, ``height`` and ``svg``.

    Raises:
        NotFound: No version has a value of the metric.
        InvalidInput: The size is invalid.
    """
    from launchpad_tui.charts.catalog import KINDS
    from launchpad_tui.charts.legend import with_legend
    from launchpad_tui.charts.model import ChartSpec
    from launchpad_tui.domain.metric import guess_direction
    from launchpad_tui.services.version_chart import X_KIND, version_data

    width, height = _size(options)
    known = context.desk.boards.directions()
    data = version_data(rows, column, known.get(column.key) or guess_direction(column.key))
    if not data.series:
        raise NotFound(
            f"No version has a value of {str(column)[:80]}",
            f"{len(rows):,} versions were found.",
            "List the metrics with: launchpad metrics keys",
        )
    ascii_only = not _supports_braille()
    title = f"{column} of the versions"
    spec = ChartSpec(
        width,
        height,
        title,
        X_KIND,
        ascii=ascii_only,
        colorless=not (context.colour or options.svg),
        room=True,
    )
    drawing = KINDS["line"].draw(spec, data)
    drawing = with_legend(drawing, data, "line", width, ascii_only=ascii_only)
    print_drawing(context, drawing, title, options.svg)


def print_drawing(
    context: CommandContext, drawing: Drawing, title: str, svg: str | None = None
) -> None:
    """Print a drawing with its notes, or write it to an SVG file."""
    from launchpad_tui.charts.ansi import to_ansi

    if svg:
        _write_svg(context, Path(svg), drawing, title)
        return
    palette = "256" if "256" in os.environ.get("TERM", "") or os.environ.get("COLORTERM") else "16"
    sys.stdout.write(to_ansi(drawing, palette if context.colour else "none"))
    for note in drawing.notes:
        context.note(note)


def _write_svg(context: CommandContext, path: Path, drawing: Drawing, title: str) -> None:
    from launchpad_tui.charts.palette import RGB
    from launchpad_tui.charts.svg import to_svg
    from launchpad_tui.services.boards import write_text

    path = path.expanduser().absolute()
    write_text(path, to_svg(drawing, RGB, _PAPER, _INK, _FAINT, title), overwrite=True)
    context.done(f"Wrote the chart to {path}.", {"path": str(path)})


def _size(options: argparse.Namespace) -> tuple[int, int]:
    import shutil

    terminal = shutil.get_terminal_size((_WIDTH, CHART_HEIGHT + 4))
    minimum_width, minimum_height = 20, 5
    width = options.width or min(_MAXIMUM, max(minimum_width, terminal.columns))
    height = options.height or CHART_HEIGHT
    for name, value, minimum in (
        ("width", width, minimum_width),
        ("height", height, minimum_height),
    ):
        if not minimum <= value <= _MAXIMUM:
            raise InvalidInput(
                f"Invalid {name} {value}",
                "A chart of this size cannot be drawn.",
                f"Use a {name} from {minimum} to {_MAXIMUM} cells.",
                field=name,
            )
    return width, height


def _supports_braille() -> bool:
    try:
        "⣿".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
