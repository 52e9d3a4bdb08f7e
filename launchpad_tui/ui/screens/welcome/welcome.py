"""The welcome screen: what the app is, and the ways to get something to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult

from launchpad_tui.domain.text import pad, wrap
from launchpad_tui.ui.keymap import Action, shown_key
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.shell import START_DEMO
from launchpad_tui.ui.widgets.lines import Lines, Parts

_ABOUT = (
    "launchpad trains models, records where each came from, and shows which one is best.",
    "It runs executions on this machine or a Slurm cluster, and connects to SAP AI Core and "
    "launchpad serve.",
)
#: the widest text, and the cells left of it
_WIDTH, _MARGIN = 92, 3


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to begin: the ID of its action, what it does, and what follows."""

    action: str
    title: str
    detail: str


_WAYS = (
    _Way("welcome.demo", "Run the demo", "trains six small models here in a minute"),
    _Way("welcome.template", "Add a template", "of your Python script, or a YAML file"),
    _Way("welcome.connect", "Connect to SAP AI Core", "or to launchpad serve on another machine"),
    _Way("welcome.model", "Add a model that exists", "by its URL in an object store"),
    _Way("welcome.import", "Import from a bucket", "or a folder: finds all models in it"),
    _Way("welcome.manual", "Open the manual", "getting started, screens and commands"),
)


class WelcomeLines(Lines):
    """The text and the ways to begin. Enter starts the one under the cursor."""

    with_cursor = True
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("welcome.open", "enter", "open", "Start what the line describes", "List", 1),
    )

    def __init__(self) -> None:
        super().__init__(id="welcome")
        self._actions: list[str] = []

    def on_mount(self) -> None:
        """Build the lines."""
        self._build()

    def on_resize(self, _event: object) -> None:
        """Build the lines for the new width."""
        self._build()

    def _build(self) -> None:
        if not self.size.width:
            # The lines are built when the size is known.
            return
        width = max(10, min(_WIDTH, self.size.width - 2 * _MARGIN))
        margin = (" " * _MARGIN, "text")
        lines: list[Parts] = [(), (margin, ("Welcome to launchpad", "title")), ()]
        for text in _ABOUT:
            lines += [(margin, (line, "text")) for line in wrap(text, width)]
        lines.append(())
        self._actions = [""] * len(lines)
        keymap = self.launchpad.keymap
        keys = {action.id: keymap.first(action) for action in WelcomeScreen.ACTIONS}
        longest = max(len(way.title) for way in _WAYS)
        # A narrow terminal shows what can be done, a wide one also what that does.
        detailed = width >= longest + max(len(way.detail) for way in _WAYS) + 7
        for way in _WAYS:
            key = shown_key(keys[way.action], ascii_only=self.look.glyphs.ascii)
            detail = way.detail if detailed else ""
            title = pad(way.title, longest) if detail else way.title
            lines.append((margin, (pad(key, 3), "key"), (title, "strong"), (f"   {detail}", "dim")))
            self._actions.append(way.action)
        if not self.cursor:
            self.cursor = self._actions.index(_WAYS[0].action)
        self.set_lines(lines)

    def why_not_open(self) -> str | None:
        """Return why the line starts nothing."""
        at = self._actions[self.cursor] if self.cursor < len(self._actions) else ""
        return None if at else "This line starts nothing"

    def do_open(self) -> None:
        """Start what the line under the cursor describes."""
        self.launchpad.perform_anywhere(self._actions[self.cursor])


class WelcomeScreen(LaunchpadScreen):
    """The first screen of a home without any object.

    Args:
        automatic: whether the app opened it because there is nothing to show. Then the models are
            shown as soon as there is something.
    """

    TITLE_TEXT = "Welcome"
    TOPICS = frozenset({"artifacts", "executions", "configurations", "connections", "scenarios"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("welcome.demo", "x", "run the demo", "Train the six models of the demo", footer=2),
        Action("welcome.template", "a", "add a template", "Add a workflow template", footer=3),
        Action("welcome.connect", "C", "connect", "Add a connection to an AI runtime", footer=4),
        Action("welcome.model", "M", "add a model", "Add a model by its URL", footer=5),
        Action("welcome.import", "i", "import", "Find models in an object store", footer=6),
        Action("welcome.manual", "H", "manual", "Open the manual", footer=7),
    )

    def __init__(self, *, automatic: bool = False) -> None:
        super().__init__()
        self._automatic = automatic

    def body(self) -> ComposeResult:
        """Yield the text and the ways to begin."""
        yield WelcomeLines()

    async def load(self) -> None:
        """Show the models if there is something now."""
        if self._automatic and not await self.read(self.desk.overview.is_empty):
            self.launchpad.open("models")

    def do_demo(self) -> None:
        """Leave this home for the one of the demo, and train its models."""
        self.launchpad.exit(return_code=START_DEMO)

    def do_template(self) -> None:
        """Open the executables and ask for a template."""
        self.launchpad.open("scenarios", add=True)

    def do_connect(self) -> None:
        """Open the wizard that adds a connection."""
        self.launchpad.open("connection.add")

    def do_model(self) -> None:
        """Open the wizard that adds a model by its URL."""
        self.launchpad.open("artifact.add")

    def do_import(self) -> None:
        """Open the object stores, from which models are imported."""
        self.launchpad.open("stores")
        self.launchpad.say("Press b to browse an object store, then i to find models in a folder")

    def do_manual(self) -> None:
        """Open the manual."""
        self.launchpad.open("manual")
