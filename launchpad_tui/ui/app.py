"""The application. It opens the desk, switches screens, follows the registry and shows errors."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

from rich.text import Text
from textual.await_complete import AwaitComplete
from textual.screen import Screen
from textual.worker import NoActiveWorker, Worker, WorkerError, get_current_worker

from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.domain.text import safe_lines
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.services.lanes import Lane
from launchpad_tui.ui import routes
from launchpad_tui.ui.actions import ActionOwner, reachable_actions
from launchpad_tui.ui.app_operations import AppActions
from launchpad_tui.ui.execution_watch import ExecutionWatch
from launchpad_tui.ui.key_reference import places
from launchpad_tui.ui.keymap import Keymap
from launchpad_tui.ui.list_states import ListStates
from launchpad_tui.ui.messages import MessageLine
from launchpad_tui.ui.registry_watch import RegistryWatch
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen, keep_list_state
from launchpad_tui.ui.sync_status import SyncStatus
from launchpad_tui.ui.textual_compat import ChangedCellsOutput, accept_result, adapt_textual
from launchpad_tui.ui.theme import find_look, palette_for, textual_theme
from launchpad_tui.ui.transfer_watch import TransferWatch
from launchpad_tui.ui.widgets.bars import FooterLine, HeaderLine
from launchpad_tui.ui.widgets.painted import Painted

if TYPE_CHECKING:
    from launchpad_tui.domain.query import Overview
    from launchpad_tui.services.desk import Desk

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("launchpad_tui.ui")
#: seconds after which the other tasks start even if the first screen is still being loaded
_FIRST_SECONDS = 1.0
_LANES = ("lists", "counts", "files", "charts", "network", "acts", "probes", "previews")


class LaunchpadApp(AppActions, ChangedCellsOutput, MessageLine):
    """The app. It implements `shell.Shell`.

    Args:
        opening: the future of the desk, which is being opened on the registry's lane.
        registry: the lane that owns the registry's connection.
        start: the route of the first screen.
        params: arguments of the first screen's constructor.
        light: whether the terminal reported a light background.
    """

    TITLE = "launchpad"
    ENABLE_COMMAND_PALETTE = False
    # Terminals select text themselves. Textual's selection requires component styles, which screens
    # do not inherit from a first base class that is not a screen.
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[Any]] = []
    CSS = """
    Screen { background: $background; color: $foreground; }
    #search, #where { padding: 0 1; }
    """

    def __init__(
        self,
        opening: Future[Desk],
        registry: Lane,
        start: str = "models",
        params: Mapping[str, Any] | None = None,
        *,
        light: bool = False,
    ) -> None:
        # With NO_COLOR set, Textual shows colors as grays; the palette ``plain`` uses bold and
        # reverse instead.
        self._environ = dict(os.environ)
        os.environ.pop("NO_COLOR", None)
        super().__init__()
        adapt_textual()
        if "NO_COLOR" in self._environ:
            os.environ["NO_COLOR"] = self._environ["NO_COLOR"]
        self.lanes = {"registry": registry} | {name: Lane(name) for name in _LANES}
        self.desk_opened, self.first_loaded = asyncio.Event(), asyncio.Event()
        self.keymap = Keymap()
        self.list_states = ListStates()
        self._find_look = partial(find_look, light=light, environ=self._environ)
        self._palette_for = partial(palette_for, light=light)
        self.look = self._find_look()
        self.transfers = TransferWatch(self)
        self.sync_status = SyncStatus(self)
        self.execution_watch = ExecutionWatch(self)
        self.registry_watch = RegistryWatch(self)
        self.running, self.stale = 0, ""
        self.overview: Overview | None = None
        self._opening = opening
        self._desk: Desk | None = None
        self._scope: Scope = DEFAULT_SCOPE
        self._start, self._last_error = start, ""
        self._start_params = dict(params or {})
        #: whether a home without any object is shown the welcome screen first
        self.welcomes = False
        self._first_screen: Screen[Any] | None = None
        self._unbound: set[tuple[str, str]] = set()
        if opening.done() and opening.exception() is None:
            self._apply_settings(opening.result())
        self._apply_theme()

    # The desk -------------------------------------------------------------------------------------

    @property
    def desk(self) -> Desk:
        """The services. Wait for `desk_opened` first."""
        assert self._desk is not None, "the desk is not open yet"
        return self._desk

    @property
    def desk_is_open(self) -> bool:
        """Whether `desk` can be used."""
        return self._desk is not None

    @property
    def scope(self) -> Scope:
        """The current connection and resource group."""
        return self._scope

    @property
    def scope_text(self) -> str:
        """The current scope as the header shows it."""
        return str(self._scope)

    async def read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a service on the registry's lane and return its result."""
        return await self.lanes["registry"].run(function, *args, **kwargs)

    async def read_list(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that reads rows of a list, on the lane for lists."""
        return await self.lanes["lists"].run(function, *args, **kwargs)

    async def count(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that counts rows of a list, on the lane for counts."""
        return await self.lanes["counts"].run(function, *args, **kwargs)

    async def files(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that reads or writes objects or files, on the lane for files."""
        return await self.lanes["files"].run(function, *args, **kwargs)

    async def chart(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that draws, on the lane for charts."""
        return await self.lanes["charts"].run(function, *args, **kwargs)

    async def network(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that may wait for another machine, on the lane for the network."""
        with self.waiting("Waiting for an answer"):
            return await self.lanes["network"].run(function, *args, **kwargs)

    async def act(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that changes something, on the lane for changes.

        If the screen that called it is left meanwhile, the function is called nevertheless, and the
        app shows its error.
        """
        change = asyncio.ensure_future(self.lanes["acts"].run(function, *args, **kwargs))
        try:
            with self.waiting("The operation is in progress"):
                return await asyncio.shield(change)
        except asyncio.CancelledError:
            change.add_done_callback(self._change_finished)
            raise

    def _change_finished(self, change: asyncio.Future[Any]) -> None:
        if not change.cancelled() and (error := change.exception()) is not None:
            self.show_error(error)

    async def probe(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that tests a connection or an object store, on the lane for tests."""
        return await self.lanes["probes"].run(function, *args, **kwargs)

    async def preview(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that reads what a preview shows, on the lane for previews."""
        return await self.lanes["previews"].run(function, *args, **kwargs)

    async def choose_scope(self, scope: Scope, then: str = "models") -> None:
        """Switch to another connection and resource group.

        Args:
            scope: the new scope.
            then: the route of the top screen that is opened; empty keeps the open screens.
        """
        await self.read(self.desk.connections.choose, scope)
        self._scope = scope
        await self.count_objects()
        await self.execution_watch.update()
        await self.sync_status.update()
        self._repaint(HeaderLine)
        if then:
            self.open(then)

    # Screens --------------------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[Any]:
        """Return the first screen, so that it is in the first frame."""
        route = routes.BY_ID[self._start]
        screen: Screen[Any] = route.load()(**route.params, **self._start_params)
        keep_list_state(screen, route.id if route.top else "")
        accept_result(screen, self)
        self._first_screen = screen
        return screen

    def open(self, route_id: str, **params: Any) -> None:
        """Open a screen: a top screen replaces the open ones, any other is put on top of them.

        Args:
            route_id: see `routes.ROUTES`.
            params: arguments of the screen's constructor.
        """
        route = routes.BY_ID[route_id]
        try:
            screen = route.load()(**{**route.params, **params})
        except Exception as error:  # noqa: BLE001  shown
            self.show_error(error)
            return
        if not route.top:
            self.push_screen(screen)
            return
        while len(self.screen_stack) > 1:
            self.pop_screen()
        keep_list_state(screen, route.id if route.top else "")
        self.switch_screen(screen)

    def point_at(self, route_id: str, row_id: str) -> None:
        """Put the cursor of a list of the current scope on a row that was created or added."""
        for screen in self.screen_stack:
            if isinstance(screen, LaunchpadScreen) and screen.kept_as == route_id:
                screen.point_at(row_id)
                return
        self.list_states.point_at(route_id, self._scope, row_id)

    def back(self) -> None:
        """Close the top screen, unless it is the only one."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        else:
            self.say("This is the first screen; press q to quit")

    def pop_screen(self) -> AwaitComplete:
        """Remove the top screen and cancel its tasks: their results are no longer of use."""
        screen = self.screen
        if isinstance(screen, LaunchpadScreen):
            screen.keep_state()
        popped = super().pop_screen()
        self._cancel_tasks(screen)
        return popped

    def switch_screen(self, screen: Screen[Any] | str) -> AwaitComplete:
        """Replace the top screen by another one and cancel the tasks of the former."""
        former = self.screen
        if isinstance(former, LaunchpadScreen):
            former.keep_state()
        switched = super().switch_screen(screen)
        self._cancel_tasks(former)
        return switched

    def _cancel_tasks(self, screen: Screen[Any]) -> None:
        try:
            current: Worker[Any] | None = get_current_worker()
        except NoActiveWorker:
            current = None
        for worker in self.workers:
            # A task that leaves its own screen goes on, for example to open another screen.
            if worker is not current and screen in worker.node.ancestors_with_self:
                worker.cancel()

    async def ask(self, dialog: Screen[T]) -> T | None:
        """Show a dialog and return its result, None if it was cancelled.

        For coroutines that run as workers.
        """
        answer: asyncio.Future[T | None] = asyncio.get_running_loop().create_future()

        def answered(result: T | None) -> None:
            if not answer.done():
                answer.set_result(result)

        await self.push_screen(dialog, answered)
        return await answer

    def trail(self) -> list[str]:
        """Return the titles of the open screens, the first one first."""
        return [
            screen.title_text()
            for screen in self.screen_stack
            if isinstance(screen, LaunchpadScreen)
        ]

    def perform_anywhere(self, action_id: str) -> None:
        """Perform an action of the focused widget, the screen or the app."""
        screen = self.screen
        if isinstance(screen, LaunchpadScreen):
            for action, owner in reachable_actions(screen):
                if action.id == action_id:
                    owner.perform(action_id)
                    return
        self.perform(action_id)

    def perform(self, action_id: str) -> bool:
        """Perform an action of the app; ``go.<route>`` opens a screen."""
        if action_id.startswith("go."):
            self.open(action_id.removeprefix("go."))
            return True
        return super().perform(action_id)

    # Messages -------------------------------------------------------------------------------------

    def copy(self, text: str, what: str = "") -> None:
        """Copy text to the terminal's clipboard (OSC 52) and show a message about ``what``."""
        self.copy_to_clipboard(text)
        self.say(f"Copied {what or text}", "good")

    def show_error(self, error: BaseException) -> None:
        """Show an error where it belongs.

        A retryable error is shown in the header and once in the message line, a short error without
        a detail in the message line, any other in a dialog. An error that is not a `LaunchpadError`
        is also logged with its traceback.
        """
        if not isinstance(error, LaunchpadError):
            error = self._unexpected(error)
        elif error.retryable:
            self.stale = error.title
            self._repaint(HeaderLine)
            if error.title != self._last_error:
                self.say(f"{error.title}. {error.hint or error.detail}", "bad")
            self._last_error = error.title
            return
        elif not error.detail and len(error.title) + len(error.hint) < 110:
            self.say(f"{error.title}. {error.hint}" if error.hint else error.title, "bad")
            return
        from launchpad_tui.ui.widgets.dialogs import ErrorDialog

        if not any(isinstance(screen, ErrorDialog) for screen in self.screen_stack):
            self.push_screen(ErrorDialog(error))

    def mark_current(self) -> None:
        """Note that the screen shows what the registry holds, which clears `stale`."""
        self._last_error = ""
        if self.stale:
            self.stale = ""
            self._repaint(HeaderLine)

    def use_theme(self, name: str) -> None:
        """Change the palette at once; ``name`` is a key of `theme.BY_NAME`."""
        self.look = type(self.look)(self._palette_for(name, self._environ), self.look.glyphs)
        self._apply_theme()
        for screen in self.screen_stack:
            for widget in screen.query(Painted):
                widget.invalidate()

    async def on_mount(self) -> None:
        """Wait for the desk, then follow the changes of the registry."""
        self.run_worker(self._follow(), group="follow", exit_on_error=False)

    def on_unmount(self) -> None:
        """Close the lanes without waiting for calls that are running."""
        self.sync_status.close()
        for lane in self.lanes.values():
            lane.close()

    async def _follow(self) -> None:
        try:
            desk = await asyncio.wrap_future(self._opening)
            if self._desk is None:
                self._apply_settings(desk)
                self._apply_theme()
                self._rebind()
            self._scope = await self.read(desk.connections.current)
            # The first poll only records the current state, so it has to come before the first
            # screen reads.
            await self.read(desk.changes.poll)
            empty = self.welcomes and await self.read(desk.overview.is_empty)
            # A key may have opened another screen meanwhile.
            if empty and self.screen_stack[-1] is self._first_screen:
                self.open("welcome", automatic=True)
        except Exception as error:  # noqa: BLE001  without a desk the app cannot continue
            self._fail(error)
            return
        self.desk_opened.set()
        self._repaint(HeaderLine)
        self.set_timer(1.0, _resume_collecting)
        await self.count_objects()
        # The other tasks import runtimes and the sync service, which the first screen does not use.
        with suppress(TimeoutError):
            await asyncio.wait_for(self._first_content(), _FIRST_SECONDS)
        self.run_task(self.registry_watch.reconcile(), "reconcile")
        self.run_task(self.sync_status.follow(), "sync status")
        await self.execution_watch.update()
        await self.registry_watch.follow()

    async def _first_content(self) -> None:
        """Wait until the first screen has loaded its data and has shown the rows of its lists."""
        await self.first_loaded.wait()
        reading = [worker for worker in self.workers if worker.group == "rows"]
        with suppress(WorkerError):
            await self.workers.wait_for_complete(reading)
        shown = asyncio.Event()
        self.call_after_refresh(shown.set)
        await shown.wait()

    async def count_objects(self) -> None:
        """Read the numbers of the tab bar."""
        overview = await self.read(self.desk.overview.counts, self._scope)
        if overview != self.overview:
            self.overview, self.running = overview, overview.running
            self._repaint(HeaderLine)

    def _apply_settings(self, desk: Desk) -> None:
        self._desk = desk
        ui = desk.settings.ui
        self.changed_cells_only = ui.changed_cells_only
        self.keymap = Keymap(desk.settings.keys)
        self.look = self._find_look(ui.theme, ascii_only=ui.ascii, colors=ui.colors)

    def _rebind(self) -> None:
        """Bind all actions again with the keys of the settings, and show problems with them."""
        if not self.desk.settings.keys:
            return
        self.bind_actions()
        for screen in self.screen_stack:
            for node in screen.walk_children(with_self=True):
                if isinstance(node, ActionOwner):
                    node.bind_actions()
            if isinstance(screen, LaunchpadScreen):
                screen.refresh_footer()
        problems = self.keymap.problems(places())
        if problems:
            self.say(f"Settings, keys: {'; '.join(problems)}", "warn", 12)

    def _apply_theme(self) -> None:
        theme = textual_theme(self.look.palette)
        if self.theme != theme.name:
            self.register_theme(theme)
            self.theme = theme.name

    def _repaint(self, kind: type[Painted]) -> None:
        if self.screen_stack:
            for widget in self.screen_stack[-1].query(kind):
                widget.repaint()

    def _fail(self, error: BaseException) -> None:
        known = error if isinstance(error, LaunchpadError) else None
        if known is None:
            log.error("unexpected error", exc_info=error)
        message = str(known) if known else f"launchpad cannot start: {error}"
        # Textual prints a string with its markup interpreted.
        self.exit(return_code=2, message=Text("\n".join(safe_lines(message))))

    def _unexpected(self, error: BaseException) -> LaunchpadError:
        """Log an error that is not a `LaunchpadError`, and return one that can be shown."""
        log.error("unexpected error", exc_info=error)
        detail = f"{type(error).__name__}: {error}"[:2000]
        where = str(self._desk.home.log_path) if self._desk else "the log"
        return LaunchpadError("An unexpected error occurred", detail, f"Details are in {where}")

    def unexpected_error(self, error: Exception) -> None:
        """Show an error that no handler caught."""
        self.show_error(error)

    def repaint_header(self) -> None:
        """Paint the header again where it changed."""
        self._repaint(HeaderLine)

    def repaint_footer(self) -> None:
        """Paint the footer again where it changed."""
        self._repaint(FooterLine)


def _resume_collecting() -> None:
    """Collect garbage from now on, but never the objects that the start created."""
    gc.freeze()
    gc.enable()
