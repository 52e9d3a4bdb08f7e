"""Charts on the command line: the same that the screens draw."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.cli.command import Arg, arg
from launchpad_tui.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from launchpad_tui.charts.model import Drawing
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.board import ChartDefinition
    from launchpad_tui.domain.comparison import ComparedItem

OVER = ("step", "relative", "time", "parameters", "source")
#: cells of a chart where the terminal does not say
_WIDTH, _HEIGHT = 80, 20
#: colours of pictures beside those of series
_PAPER, _INK, _FAINT = "#14171c", "#d3d8e0", "#8f98a7"
#: bounds of what is drawn
_MOST = 1000

SIZE_ARGS: tuple[Arg, ...] = (
    arg("--width", type=int, metavar="CELLS", help="the chart's width (default: the terminal's)"),
    arg("--height", type=int, metavar="LINES", help=f"the chart's height (default: {_HEIGHT})"),
)
CHART_ARGS: tuple[Arg, ...] = (
    arg(
        "--over",
        choices=OVER,
        default="step",
        help="what the metric is drawn over: step (default), relative or wall time, parameters, or the source itself",
    ),
    arg(
        "--kind",
        metavar="KIND",
        help="the kind of chart, where several suit; a wrong one lists them",
    ),
    arg(
        "--parameter",
        action="append",
        metavar="NAME",
        help="with --over parameters: which; two for a heat map",
    ),
    arg(
        "--smooth",
        type=float,
        default=0.0,
        metavar="WEIGHT",
        help="exponential smoothing as TensorBoard's, from 0 to below 1; the raw curve stays, faint",
    ),
    arg("--log", action="store_true", help="a logarithmic y axis"),
    arg(
        "--svg",
        metavar="FILE",
        help="write a picture (SVG) instead of printing; only one metric then",
    ),
    *SIZE_ARGS,
)


def print_charts(
    context: Context, subjects: Sequence[ComparedItem], options: argparse.Namespace
) -> None:
    """Draw one chart for each metric that the options name, or for each that was logged.

    Raises:
        NotFound: none of them logged it.
        InvalidInput: an option has a wrong value, or these data cannot be drawn so.
    """
    from launchpad_tui.services.charting import metric_keys

    known = metric_keys(subjects)
    if not known:
        raise NotFound(
            "No metrics were logged",
            "Neither by these executions nor by those that made these models.",
        )
    if options.metric:
        unknown = [name for name in options.metric if name not in known]
        if unknown:
            raise NotFound(
                f"There is no metric {unknown[0][:80]!r}", hint=f"Metrics: {', '.join(known[:20])}."
            )
        wanted = list(dict.fromkeys(options.metric))
    else:
        wanted = list(dict.fromkeys(one.key for subject in subjects for one in subject.series))
    if options.svg and len(wanted) > 1:
        raise InvalidInput(
            "A picture holds one metric",
            f"Logged: {', '.join(wanted[:20])}.",
            "Say which: --metric.",
        )
    for number, name in enumerate(wanted):
        if number:
            context.line("")
        draw_chart(context, subjects, definition(name, options), options, options.svg)


def definition(metric: str, options: argparse.Namespace) -> ChartDefinition:
    """The chart that the options describe. Raises InvalidInput."""
    from launchpad_tui.charts.catalog import AGAINST, KINDS, SOURCE
    from launchpad_tui.charts.catalog import OVER as OVER_KIND
    from launchpad_tui.domain.board import Against, ChartDefinition

    against = Against(options.over)
    if not 0 <= options.smooth < 1:
        raise InvalidInput(
            f"{options.smooth:g} is no smoothing", hint="From 0 to below 1.", field="smooth"
        )
    compares = OVER_KIND if against.over else AGAINST if against is Against.PARAMETERS else SOURCE
    suited = [kind.id for kind in KINDS.values() if compares in kind.compares]
    kind = options.kind or (suited[0] if suited else "line")
    if kind not in suited:
        raise InvalidInput(
            f"A {kind[:40]!r} chart cannot be drawn over {options.over}",
            hint=f"Kinds: {', '.join(suited)}.",
            field="kind",
        )
    parameters = tuple(options.parameter or ())
    return ChartDefinition(
        (metric,),
        against=against,
        kind=kind,
        parameters=parameters,
        smoothing=options.smooth,
        y_log=options.log,
    )


def draw_chart(
    context: Context,
    subjects: Sequence[ComparedItem],
    chart: ChartDefinition,
    options: argparse.Namespace,
    svg: str | None = None,
) -> None:
    """Draw one chart, or write it as a picture.

    Args:
        options: ``width`` and ``height``.
        svg: the file of the picture.

    Raises:
        InvalidInput: the size is wrong, or these data cannot be drawn so.
    """
    from dataclasses import replace

    from launchpad_tui.charts.ansi import to_ansi
    from launchpad_tui.charts.catalog import KINDS
    from launchpad_tui.charts.curve import CurveView
    from launchpad_tui.charts.legend import with_legend

    width, height = _size(options)
    desk = context.desk
    slots = desk.boards.slots([one.id for one in subjects])
    data = desk.charts.data(subjects, chart, slots, desk.boards.directions(), max(64, width * 2))
    kind = KINDS[chart.kind]
    if reason := kind.why_not(data):
        raise InvalidInput(
            f"{chart.title} cannot be drawn as {kind.title.lower()}", reason, field="kind"
        )
    plain = not _unicode()
    x_kind = str(chart.against) if chart.against.over else "step"
    view = CurveView(x_kind=x_kind, y_log=chart.y_log, smoothing=chart.smoothing)
    # Without colour nothing can be faint, and two curves of one model would be taken for two models.
    spec = replace(
        view.spec(width, height, chart.title, ascii_only=plain), raw=context.colour or bool(svg)
    )
    drawing = with_legend(kind.draw(spec, data), data, kind.id, width, ascii_only=plain)
    if svg:
        _write_svg(context, Path(svg), drawing, chart.title)
        return
    colours = "256" if "256" in os.environ.get("TERM", "") or os.environ.get("COLORTERM") else "16"
    sys.stdout.write(to_ansi(drawing, colours if context.colour else "none"))
    for note in drawing.notes:
        context.note(note)


def _write_svg(context: Context, path: Path, drawing: Drawing, title: str) -> None:
    from launchpad_tui.charts.palette import RGB
    from launchpad_tui.charts.svg import to_svg
    from launchpad_tui.services.boards import write_text

    path = path.expanduser().absolute()
    write_text(path, to_svg(drawing, RGB, _PAPER, _INK, _FAINT, title), overwrite=True)
    context.done(f"Written to {path}", {"path": str(path)})


def _size(options: argparse.Namespace) -> tuple[int, int]:
    terminal = shutil.get_terminal_size((_WIDTH, _HEIGHT + 4))
    width = options.width or terminal.columns
    height = options.height or _HEIGHT
    for name, value, least in (("width", width, 20), ("height", height, 5)):
        if not least <= value <= _MOST:
            raise InvalidInput(
                f"A chart cannot have a {name} of {value}", hint=f"{least} to {_MOST}.", field=name
            )
    return width, height


def _unicode() -> bool:
    try:
        "⣿".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
