"""The base of all screens: frame, loading, following changes, actions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

from textual.app import ComposeResult
from textual.message import Message

from launchpad_tui.domain.connection import Scope
from launchpad_tui.ui.actions import ActionOwner
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.textual_compat import ScreenWithoutOverlays
from launchpad_tui.ui.widgets.bars import FooterLine, HeaderLine, StatusLine
from launchpad_tui.ui.widgets.painted import Painted

if TYPE_CHECKING:
    from launchpad_tui.services.desk import Desk

P = ParamSpec("P")
T = TypeVar("T")


class RegistryChanged(Message):
    """Some process wrote to the registry. ``topics`` are those of `ChangeWatch.poll`."""

    def __init__(self, topics: frozenset[str]) -> None:
        super().__init__()
        self.topics = topics


class LaunchpadScreen(ActionOwner, ScreenWithoutOverlays[object]):
    """A screen: override `body` (its widgets), `load` (reads, then shows), ``ACTIONS``, ``TOPICS`` and `title_text`.

    `load` is called when the desk is open, again after `RegistryChanged` with one of ``TOPICS``, when the screen comes
    back after it missed such a change, and by the key ``r``. It never runs twice at once.
    """

    #: topics of changes that call for a new `load`
    TOPICS: ClassVar[frozenset[str]] = frozenset()
    TITLE_TEXT: ClassVar[str] = ""
    BINDINGS: ClassVar[list[object]] = []  # type: ignore[assignment]

    # Textual's own rules for screens do not reach classes whose first base is another.
    DEFAULT_CSS = """
    LaunchpadScreen { layout: vertical; overflow: hidden; background: $background; color: $foreground; }
    """
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "app.refresh", "r", "refresh", "Read everything on this screen again.", "Everywhere"
        ),
        Action(
            "app.back", "escape", "back", "Go back to the screen before.", "Everywhere", hidden=True
        ),
    )

    def __init__(self) -> None:
        super().__init__()
        self._loading = False
        self._again = False
        self._missed = False

    # What subclasses write ------------------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """The widgets between header and footer."""
        yield from ()

    async def load(self) -> None:
        """Read through `read` and give the widgets what they show. The desk is open."""

    def title_text(self) -> str:
        """What the breadcrumb says."""
        return self.TITLE_TEXT

    # What they use --------------------------------------------------------------------------------------------------

    @property
    def is_current(self) -> bool:
        """Whether it is on top. Textual says so of the screen below, too, and paints everything again whenever that one
        changes, for ever: what is covered waits until it comes back."""
        stack = self.app.screen_stack
        return bool(stack) and stack[-1] is self

    @property
    def desk(self) -> Desk:
        """The services; open once `load` is called."""
        return self.launchpad.desk

    @property
    def scope(self) -> Scope:
        """The connection and resource group chosen."""
        return self.launchpad.scope

    async def read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a service on the registry's lane."""
        return await self.launchpad.read(function, *args, **kwargs)

    def reload(self) -> None:
        """Have `load` called again, after the one under way where there is one."""
        if self._loading:
            self._again = True
            return
        self._loading = True
        self.run_worker(self._load(), group="load", exit_on_error=False)

    def refresh_footer(self) -> None:
        """Have the footer look again at which actions can be used."""
        for footer in self.query(FooterLine):
            footer.repaint()

    # How it works ---------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Header, body, message line, footer."""
        yield HeaderLine()
        yield from self.body()
        yield StatusLine()
        yield FooterLine()

    def on_mount(self) -> Any:
        """Load the content."""
        self.reload()

    async def _load(self) -> None:
        await self.launchpad.desk_opened.wait()
        while True:
            self._again = self._missed = False
            try:
                await self.load()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001  shown, not swallowed
                self.show_load_error(error)
            else:
                self.launchpad.mark_current()
            if not self._again:
                break
        self._loading = False
        self.refresh_footer()

    def show_load_error(self, error: Exception) -> None:
        """Where an error of `load` shows; override to put it in place of the content."""
        self.launchpad.show_error(error)

    def on_registry_changed(self, message: RegistryChanged) -> None:
        """Load again where it concerns this screen."""
        if message.topics & self.TOPICS:
            self.reload()

    def missed(self, topics: frozenset[str]) -> None:
        """Remember, while another screen covers this one, that it has to load when it comes back."""
        self._missed = self._missed or bool(topics & self.TOPICS)

    def on_screen_resume(self) -> None:
        """Paint the frame again, and load what changed while another screen was on top."""
        self.repaint_frame()
        if self._missed:
            self.reload()

    def repaint_frame(self) -> None:
        """Paint header, messages and footer where they changed."""
        for widget in self.query(Painted):
            if isinstance(widget, HeaderLine | FooterLine | StatusLine):
                widget.repaint()

    def on_descendant_focus(self) -> None:
        """The footer shows what the focused widget can do."""
        self.refresh_footer()

    def on_virtual_table_cursor_moved(self) -> None:
        """Another row may allow other actions."""
        self.refresh_footer()

    def do_refresh(self) -> None:
        """Key ``r``."""
        self.reload()
        self.run_task(self.launchpad.sync_status.request_sync(), "ask")

    def do_back(self) -> None:
        """Key ``esc``."""
        self.launchpad.back()
