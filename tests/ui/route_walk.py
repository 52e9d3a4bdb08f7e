"""Arguments with which every route can be opened over the home of `swept`."""

from __future__ import annotations

from typing import Any

from launchpad_tui.domain.board import ChartDefinition
from launchpad_tui.ui.routes import ROUTES
from tests.scenes.screen_seeds import (
    COMPLETED,
    CONFIGURATION,
    DEAD,
    MODEL,
    SECOND,
    SWEEP,
    TRAIN,
)

_PAIR = (MODEL, SECOND)
_CHART = ChartDefinition(("loss",))
#: constructor arguments of the routes that need or accept some
ARGUMENTS: dict[str, dict[str, Any]] = {
    "schedule.create": {"configuration": CONFIGURATION},
    "connection": {"item_id": "local"},
    "connection.edit": {"item_id": "local"},
    "group.add": {"item_id": "local"},
    "store": {"item_id": "default"},
    "store.edit": {"item_id": "default"},
    "store.replace": {"item_id": "default"},
    "browse": {"store": "default", "path": "incoming"},
    "preview": {"store": "default", "path": "incoming/notes.txt"},
    "import": {"store": "default", "path": "incoming"},
    "manual.topic": {"name": "screens"},
    "artifact": {"item_id": MODEL},
    "versions": {"item_id": MODEL},
    "sweep": {"item_id": SWEEP},
    "execution": {"item_id": COMPLETED},
    "execution.rerun": {"item_id": COMPLETED},
    "configuration": {"item_id": CONFIGURATION},
    "configuration.create": {"executable_id": TRAIN},
    "executable": {"item_id": TRAIN},
    "lineage": {"item_id": MODEL},
    "metrics": {"item_ids": _PAIR},
    "chart": {"item_ids": _PAIR, "charts": (_CHART,)},
    "chart.edit": {"item_ids": _PAIR, "chart": _CHART, "done": lambda _chart: None},
    "compare": {"item_ids": _PAIR},
    "difference": {"item_ids": _PAIR},
}
#: further arguments of routes, which show other parts of their screens
VARIANTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("execution", {"item_id": DEAD, "tab": "logs"}),
    ("artifact", {"item_id": MODEL, "then": "verify"}),
    ("compare", {"item_ids": (COMPLETED, DEAD)}),
)


def visits() -> list[tuple[str, dict[str, Any]]]:
    """Return every route with arguments with which it opens, and the variants."""
    # The home has no schedules, so that the page of one cannot be opened.
    shown = [route.id for route in ROUTES if route.id != "schedule"]
    return [(route, ARGUMENTS.get(route, {})) for route in shown] + list(VARIANTS)
