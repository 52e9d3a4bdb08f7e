"""What screens, widgets and dialogs may ask of the application.

The application (`launchpad_tui.ui.app`) implements `Shell`. Screens and widgets are typed against
this protocol, so that none of them imports the application.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.timer import Timer
    from textual.worker import Worker

    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.domain.query import Overview
    from launchpad_tui.services.desk import Desk
    from launchpad_tui.services.transfers import Job, Work
    from launchpad_tui.ui.keymap import Keymap
    from launchpad_tui.ui.list_states import ListStates
    from launchpad_tui.ui.theme import Look

#: the exit code with which the app asks for the demo to be started
START_DEMO = 100
P = ParamSpec("P")
T = TypeVar("T")


class Transfers(Protocol):
    """The transfers started in this app; their progress is in the header."""

    @property
    def text(self) -> str:
        """The header's text; empty if no transfer is waiting or running."""

    def start(
        self,
        title: str,
        work: Work,
        unit: str = "B",
        then: Callable[[Job], None] | None = None,
        quiet: bool = False,
    ) -> int:
        """Start a transfer in the background and return its number.

        Args:
            title: the name of the transfer, such as ``Download churn``.
            work: see `services.transfers.Work`.
            unit: the unit of the progress.
            then: called at the end, instead of the message that reports the result.
            quiet: do not show a message now.
        """

    def retry(self, number: int) -> None:
        """Restart a failed or cancelled transfer."""

    def follow(self) -> None:
        """Update the header now and until no transfer is waiting or running."""

    def report(self, job: Job) -> None:
        """Show a message with the result of a transfer."""


class SyncInfo(Protocol):
    """The age of the data of the current scope, and what its runtime supports."""

    @property
    def text(self) -> str:
        """The header's text; empty if the data belong to this machine."""

    @property
    def role(self) -> str:
        """The color role of ``text``."""

    @property
    def remote(self) -> bool:
        """Whether the data shown belong to a remote runtime, as far as is known yet."""

    def missing_reason(self, capability: str) -> str:
        """Return why the runtime does not offer a capability, empty if it does.

        Args:
            capability: an attribute of `domain.connection.Capabilities`.
        """

    async def request_sync(self) -> None:
        """Ask the sync daemon to sync the current scope now, if it is remote."""

    async def read_metrics(self, execution_ids: Sequence[str]) -> None:
        """Read the metrics of remote executions that have not been read yet."""


class Shell(Protocol):
    """The application as screens and widgets see it. Call it on the UI's thread only."""

    #: set once `desk` can be used
    desk_opened: asyncio.Event
    #: set once a screen has loaded its data, or has failed to
    first_loaded: asyncio.Event
    keymap: Keymap
    #: the states of lists that were left
    list_states: ListStates
    #: styles and glyphs of the current theme
    look: Look
    #: the number of running executions in the current scope
    running: int
    #: numbers of objects in the current scope; None before they are counted
    overview: Overview | None
    #: the title of the last retryable error; empty if the data shown are current
    stale: str
    #: text and color role of the message line
    message: tuple[str, str]

    # Services -------------------------------------------------------------------------------------

    @property
    def desk(self) -> Desk:
        """The services. Wait for `desk_opened` first."""

    @property
    def desk_is_open(self) -> bool:
        """Whether `desk` can be used."""

    @property
    def scope(self) -> Scope:
        """The current connection and resource group."""

    @property
    def scope_text(self) -> str:
        """The current scope as the header shows it."""

    @property
    def inputs(self) -> int:
        """The number of keys and clicks so far."""

    @property
    def transfers(self) -> Transfers:
        """The transfers started in this app."""

    @property
    def sync_status(self) -> SyncInfo:
        """The age of the data of the current scope, and what its runtime supports."""

    async def read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a service on the registry's lane and return its result."""

    async def read_list(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that reads rows of a list, on the lane for lists."""

    async def count(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that counts rows of a list, on the lane for counts."""

    async def files(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that reads or writes objects or files, on the lane for files."""

    async def chart(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that draws, on the lane for charts."""

    async def network(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that may wait for another machine, on the lane for the network."""

    async def act(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that changes something, on the lane for changes."""

    async def probe(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that tests a connection or an object store, on the lane for tests."""

    async def preview(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that reads what a preview shows, on the lane for previews."""

    async def choose_scope(self, scope: Scope, then: str = "models") -> None:
        """Switch to another connection and resource group.

        Args:
            scope: the new scope.
            then: the route of the top screen that is opened; empty keeps the open screens.
        """

    # Screens --------------------------------------------------------------------------------------

    def open(self, route_id: str, **params: Any) -> None:
        """Open a screen: a top screen replaces the open ones, any other is put on top of them.

        Args:
            route_id: see `routes.ROUTES`.
            params: arguments of the screen's constructor.
        """

    def point_at(self, route_id: str, row_id: str) -> None:
        """Put the cursor of a list of the current scope on a row that was created or added.

        Args:
            route_id: the route of the list.
            row_id: the ID of the row in its table.
        """

    def back(self) -> None:
        """Close the top screen, unless it is the only one."""

    async def ask(self, dialog: Screen[T]) -> T | None:
        """Show a dialog and return its result, None if it was cancelled.

        For coroutines that run as workers.
        """

    def trail(self) -> list[str]:
        """Return the titles of the open screens, the first one first."""

    def push_screen(
        self, screen: Screen[Any], callback: Callable[[Any], None] | None = None
    ) -> Any:
        """Show a screen on top; the callback gets its result."""

    def edit_text(self, text: str) -> str | None:
        """Edit a text in the user's editor, which takes over the terminal; return the new text,
        None if that is not possible in this terminal."""

    def use_theme(self, name: str) -> None:
        """Change the palette at once; ``name`` is a key of `theme.BY_NAME`."""

    def exit(self, *, return_code: int = 0) -> None:
        """Quit the app with an exit code."""

    # Actions and tasks ----------------------------------------------------------------------------

    def perform_anywhere(self, action_id: str) -> None:
        """Perform an action of the focused widget, the screen or the app."""

    def action_started(self, worker: Worker[Any]) -> None:
        """Note that an action continues in a worker: the next key waits for its dialog."""

    def run_task(
        self, work: Awaitable[Any], group: str = "task", *, exclusive: bool = True
    ) -> Worker[Any]:
        """Run a coroutine in the background and show its errors."""

    def call_later(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
        """Call a function once the messages that are waiting have been processed."""

    def set_interval(self, interval: float, callback: Callable[[], Any]) -> Timer:
        """Call a function at regular intervals, in seconds, until the timer is stopped."""

    # Messages -------------------------------------------------------------------------------------

    def say(
        self, text: str, role: str = "text", seconds: float = 0, *, anywhere: bool = False
    ) -> None:
        """Show a message above the footer.

        Args:
            text: the message; empty clears the line.
            role: text, good, warn or bad.
            seconds: how long it stays; 0 stands for 4 s, for 12 s if the role is bad.
            anywhere: whether it stays when another screen is shown, as the result of a transfer.
        """

    def screen_shown(self, screen: Screen[Any]) -> None:
        """Remove the message of the screen that has been left for another one."""

    def copy(self, text: str, what: str = "") -> None:
        """Copy text to the terminal's clipboard and show a message about ``what``."""

    def show_error(self, error: BaseException) -> None:
        """Show an error where it belongs: in the header, in the message line or in a dialog."""

    def mark_current(self) -> None:
        """Note that the screen shows what the registry holds, which clears `stale`."""

    def repaint_header(self) -> None:
        """Paint the header again where it changed."""

    def repaint_footer(self) -> None:
        """Paint the footer again where it changed."""
