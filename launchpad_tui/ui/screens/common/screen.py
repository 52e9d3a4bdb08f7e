"""The base of all screens: frame, loading, reloading after changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

from textual.app import ComposeResult
from textual.message import Message
from textual.screen import ModalScreen

from launchpad_tui.domain.connection import Scope
from launchpad_tui.ui.actions import ActionOwner
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.list_states import ListState, TableState
from launchpad_tui.ui.textual_compat import ScreenWithoutOverlays, is_left
from launchpad_tui.ui.widgets.bars import FooterLine, HeaderLine, StatusLine
from launchpad_tui.ui.widgets.painted import Painted
from launchpad_tui.ui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from launchpad_tui.services.desk import Desk

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("launchpad_tui.ui")


class RegistryChanged(Message):
    """A process wrote to the registry. ``topics`` are those of `ChangeWatch.poll`."""

    def __init__(self, topics: frozenset[str]) -> None:
        super().__init__()
        self.topics = topics


class LaunchpadScreen(ActionOwner, ScreenWithoutOverlays[object]):
    """The base of a screen: header, body, message line and footer.

    Subclasses override `body`, `load` and `title_text`, and set ``ACTIONS`` and ``TOPICS``.

    `load` is called when the desk is open, after `RegistryChanged` with one of ``TOPICS``, when the
    screen is on top again after such a change, and by the action ``app.refresh``. It never runs
    twice at the same time.
    """

    #: topics of changes that require a new `load`
    TOPICS: ClassVar[frozenset[str]] = frozenset()
    TITLE_TEXT: ClassVar[str] = ""
    BINDINGS: ClassVar[list[object]] = []  # type: ignore[assignment]

    # Textual's CSS rules for screens do not apply to classes whose first base is not a screen.
    DEFAULT_CSS = """
    LaunchpadScreen {
        layout: vertical; overflow: hidden; background: $background; color: $foreground;
    }
    """
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("app.refresh", "r", "refresh", "Refresh the data on this screen", "Everywhere"),
        Action(
            "app.back",
            "escape",
            "back",
            "Go back to the previous screen",
            "Everywhere",
            90,
            hidden=True,
        ),
    )

    def __init__(self) -> None:
        super().__init__()
        self._loading = False
        self._load_again = False
        self._refreshing = False
        self._missed_change = False
        #: the route under which the state of the list ``#list`` is kept; empty if it is not kept
        self.kept_as = ""
        self._kept_scope: Scope | None = None

    # For subclasses to override -------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """Yield the widgets between header and footer."""
        yield from ()

    async def load(self) -> None:
        """Read the data with `read` and pass them to the widgets. The desk is open."""

    def title_text(self) -> str:
        """Return the title for the breadcrumb."""
        return self.TITLE_TEXT

    def state_scope(self) -> Scope:
        """Return the scope that the state of the list belongs to."""
        return self.scope

    def filters(self) -> object:
        """Return the filters of the list, which are kept when the screen is left."""
        return None

    async def restore_filters(self, filters: object) -> None:
        """Apply filters that `filters` returned; None if the list is shown for the first time."""

    # For subclasses to use ------------------------------------------------------------------------

    @property
    def is_current(self) -> bool:
        """Whether the screen is on top.

        Textual's own property is also true for the screen below a dialog, which would then be
        painted again with every change below the dialog. It is painted after a resize only.
        """
        stack = self.app.screen_stack
        if not stack or stack[-1] is self:
            return bool(stack)
        below_a_dialog = self in stack and all(
            isinstance(each, ModalScreen) for each in stack[stack.index(self) + 1 :]
        )
        return below_a_dialog and monotonic() < self.painted_until

    @property
    def desk(self) -> Desk:
        """The services. They are open when `load` is called."""
        return self.launchpad.desk

    @property
    def scope(self) -> Scope:
        """The current connection and resource group."""
        return self.launchpad.scope

    async def read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a service on the registry's lane."""
        return await self.launchpad.read(function, *args, **kwargs)

    def reload(self) -> None:
        """Call `load` again; if it is running, once it has ended. Do nothing on a left screen."""
        if is_left(self):
            return
        if self._loading:
            self._load_again = True
            return
        self._loading = True
        self.run_worker(self._load, group="load", exit_on_error=False)

    def refresh_footer(self) -> None:
        """Paint the footer again, since other actions may be available."""
        for footer in self.query(FooterLine):
            footer.repaint()

    def keep_state(self) -> None:
        """Keep the state of the list for the next time it is shown."""
        table = self._kept_table()
        if self._kept_scope is not None and table is not None:
            state = ListState(table.state(), self.filters())
            self.launchpad.list_states.put(self.kept_as, self._kept_scope, state)

    def point_at(self, row_id: str) -> None:
        """Put the cursor on a row that was added to the list, and read the list again."""
        table = self._kept_table()
        if table is not None:
            table.restore(TableState(row_id, selected=table.selection.ids))
            self.reload()

    # Internals ------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Yield header, body, message line and footer."""
        yield HeaderLine()
        yield from self.body()
        yield StatusLine()
        yield FooterLine()

    def on_mount(self) -> Any:
        """Load the data."""
        self.reload()

    def _kept_table(self) -> VirtualTable[Any] | None:
        return next(iter(self.query("#list").results(VirtualTable)), None)

    async def _restore_state(self) -> None:
        if not self.kept_as or self._kept_scope is not None:
            return
        self._kept_scope = self.state_scope()
        table = self._kept_table()
        state = self.launchpad.list_states.get(self.kept_as, self._kept_scope)
        if table is not None and state is not None:
            table.restore(state.table)
        await self.restore_filters(None if state is None else state.filters)

    async def _load(self) -> None:
        await self.launchpad.desk_opened.wait()
        await self._restore_state()
        while True:
            self._load_again = self._missed_change = False
            try:
                await self.load()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                if is_left(self):
                    log.info("loading a screen failed after it was left", exc_info=error)
                    return
                self.show_load_error(error)
            else:
                self.launchpad.mark_current()
                if self._refreshing and not is_left(self) and self.is_current:
                    # Otherwise, data that have not changed would look as if the key did nothing.
                    self.launchpad.say("Refreshed")
            self._refreshing = False
            if not self._load_again:
                break
        self._loading = False
        self.launchpad.first_loaded.set()
        self.refresh_footer()

    def show_load_error(self, error: Exception) -> None:
        """Show an error of `load`; override to show it in place of the content."""
        self.launchpad.show_error(error)

    def on_registry_changed(self, message: RegistryChanged) -> None:
        """Load again if the change concerns this screen."""
        if message.topics & self.TOPICS:
            self.reload()

    def missed(self, topics: frozenset[str]) -> None:
        """Remember a change that happens while another screen is on top.

        The screen loads its data again when it is back on top.
        """
        self._missed_change = self._missed_change or bool(topics & self.TOPICS)

    def on_screen_resume(self) -> None:
        """Paint the frame again, and load if data changed while another screen was on top."""
        self.launchpad.screen_shown(self)
        self.repaint_frame()
        if self._missed_change:
            self.reload()

    def repaint_frame(self) -> None:
        """Paint header, message line and footer again where they changed."""
        for widget in self.query(Painted):
            if isinstance(widget, HeaderLine | FooterLine | StatusLine):
                widget.repaint()

    def on_descendant_focus(self) -> None:
        """Update the footer, which shows the actions of the focused widget."""
        self.refresh_footer()

    def on_virtual_table_cursor_moved(self) -> None:
        """Update the frame: another row may allow other actions, and have texts that are cut."""
        self.refresh_footer()
        for line in self.query(StatusLine):
            line.repaint()

    def cut_text(self) -> str:
        """Return the whole texts that are cut in the current row of the list."""
        table = self._kept_table()
        return "" if table is None else table.cut_text()

    def do_refresh(self) -> None:
        """Load the data again, and request a sync if the runtime is remote."""
        sync_status = self.launchpad.sync_status
        # The message about the requested sync is not to be replaced once the data are loaded.
        self._refreshing = not sync_status.remote
        self.reload()
        self.run_task(sync_status.request_sync(), "ask")

    def do_back(self) -> None:
        """Close the screen."""
        self.launchpad.back()


def keep_list_state(screen: object, route_id: str) -> None:
    """Let a screen keep the state of its list under a route, unless the ID is empty."""
    if isinstance(screen, LaunchpadScreen) and route_id:
        screen.kept_as = route_id
