"""Every use of Textual's private API, each with its reason.

Nothing else in the package names a private attribute, method or module of Textual. When Textual is
updated, this is the module to check. Written for Textual 8.2.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from itertools import chain
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from rich.color import ColorSystem
from textual import constants
from textual._callback import invoke
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual._context import NoActiveAppError, active_message_pump
from textual._styles_cache import StylesCache
from textual._xterm_parser import XTermParser
from textual.app import App, ScreenError
from textual.color import Color
from textual.css.query import QueryError
from textual.dom import NoScreen
from textual.keys import (
    KEY_ALIASES,
    REPLACED_KEYS,
    Keys,
    _character_to_key,
    key_to_character,
)
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.style import Style
from textual.widget import MountError

from launchpad_tui.ui.frame_writer import FrameWriter, Row

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.driver import Driver
    from textual.events import Event, Key
    from textual.geometry import Size
    from textual.widget import Widget
    from textual.worker import Worker

    from launchpad_tui.ui.terminal_background import ReportFilter

#: errors of code that expects a widget or screen that has been removed
_MISSING_NODE = (QueryError, NoScreen, MountError, ScreenError, NoActiveAppError)

#: seconds in which widgets adapt to another size of the terminal
PAINTED_SECONDS = 2.0

T = TypeVar("T")


class KeyBinding(NamedTuple):
    """A key of a node: what Textual needs to know to dispatch it."""

    #: as Textual names it
    key: str
    action: str
    description: str
    priority: bool


def key_of_character(character: str) -> str:
    """Return Textual's name of the key that types a character: ``slash`` for ``/``.

    Textual translates characters in class-level bindings only; the keymap creates bindings at run
    time.
    """
    return _character_to_key(character)


def is_key_name(name: str) -> bool:
    """Return whether Textual has a key of this name, or a character is meant: ``ctrl+n``, ``/``."""
    *modifiers, key = name.rsplit("+", name.count("+")) if len(name) > 1 else [name]
    if not set(modifiers) <= {"ctrl", "shift", "alt", "super", "meta", "hyper"}:
        return False
    named = {*Keys, *REPLACED_KEYS, *chain.from_iterable(KEY_ALIASES.values())}
    return len(key) == 1 or key in named or key_to_character(key) is not None


def adapt_textual() -> None:
    """Change what Textual has no settings for, in this process.

    A lone escape acts after 25 ms, in which a terminal sends the rest of a sequence. Textual waits
    100 ms, which swallows fast keys after an escape. Its constant has no setter; the environment
    variable ESCDELAY is respected.

    The lines of widgets are freed with them. Textual caches a method of `StylesCache` by its object
    as well, on which the result does not depend, and so keeps the lines of up to 1,024 widgets.
    """
    if "ESCDELAY" not in os.environ:
        setattr(constants, "ESCAPE_DELAY", 0.025)  # noqa: B010  declared as final
    setattr(StylesCache, "get_inner_outer", staticmethod(_backgrounds))  # noqa: B010  a method


@lru_cache(1024)
def _backgrounds(base: Color, background: Color) -> tuple[Style, Style]:
    """Return the styles inside and outside of a widget."""
    return Style(background=base + background), Style(background=base)


def replace_bindings(node: DOMNode, former: Iterable[str], bindings: Iterable[KeyBinding]) -> None:
    """Replace the bindings of some keys of a node.

    Textual has no public way to bind keys of one object at run time: `App.bind` exists for apps
    only, and the class attribute ``BINDINGS`` is shared by all objects of a class.

    Args:
        node: the app, screen or widget.
        former: keys whose bindings are removed.
        bindings: what is bound; a binding that Textual itself has for the same key is removed.
    """
    keys = node._bindings.key_to_bindings
    for key in former:
        keys.pop(key, None)
    for key, action, description, priority in bindings:
        keys.pop(key, None)
        node._bindings.bind(key, action, description, priority=priority, show=False)


def accept_result(screen: Screen[Any], app: App[Any]) -> None:
    """Prepare a default screen for being replaced.

    Textual expects a result callback on every screen that `App.switch_screen` removes, but does not
    add one to the screen that `App.get_default_screen` returns.
    """
    screen._push_result_callback(app, None)


def is_removed(node: MessagePump) -> bool:
    """Return whether a node or one of its ancestors is being removed or has been removed.

    `MessagePump.is_attached` is still true while the children of a node are being removed.
    """
    current: MessagePump | None = node
    while current is not None:
        if current._closing or current._closed or getattr(current, "_pruning", False):
            return True
        if isinstance(current, App):
            return False
        current = current._parent
    return True


def is_left(node: MessagePump) -> bool:
    """Return whether the screen of a node has been left: removed, or taken off the stack."""
    if isinstance(node, App):
        return node._exit
    screen: MessagePump | None = node
    while screen is not None and not isinstance(screen, Screen):
        screen = screen._parent
    if screen is None or is_removed(node):
        return True
    return all(screen not in stack for stack in screen.app._screen_stacks.values())


def is_consequence_of_leaving(error: BaseException, node: MessagePump) -> bool:
    """Return whether an error occurred only because the screen of a node has been left.

    Textual removes the widgets of a screen before it cancels the workers and stops the message
    handlers of the screen, so code that awaited a result may look for widgets that are removed.
    """
    return isinstance(error, _MISSING_NODE) and is_left(node)


def when_finished(worker: Worker[Any], callback: Callable[[], None]) -> None:
    """Call a function when a worker has ended, also if it was cancelled before its first step.

    Textual reports the latter to nobody: the function that the worker runs is never called.
    """
    if worker._task is None:
        callback()
    else:
        worker._task.add_done_callback(lambda _task: callback())


class GuardedMessages(MessagePump):
    """Mixin of objects whose message handlers may fail.

    An error in a handler ends the message loop of its widget and with it the app. Textual has no
    hook between a handler and the loop, so the dispatch itself is overridden.
    """

    def handler_failed(self, error: Exception) -> None:
        """Handle the error of a message handler; subclasses show it."""
        raise error

    def call_after_refresh(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
        """Call a function after the next refresh, unless the screen has been left until then.

        Textual passes the call to the screen that is then on top, which calls it in any case.
        """

        async def call() -> None:
            if not is_left(self):
                await invoke(partial(callback, *args, **kwargs))

        return super().call_after_refresh(call)

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:  # noqa: BLE001  the subclass shows it, and the app continues
            if not is_consequence_of_leaving(error, self):
                self.handler_failed(error)


class ScreenWithoutOverlays(Screen[T]):
    """A screen without Textual's toasts and tooltips.

    Both cover content, and each costs a layout when a screen opens. Textual adds them to every
    screen, and its switches for them are private attributes of the app as well.
    """

    #: until when the screen is painted also below a dialog, because its size has changed
    painted_until = 0.0

    def _extend_compose(self, widgets: list[Widget]) -> None:
        """Add nothing."""

    def _screen_resized(self, size: Size) -> None:
        # Textual calls this for the screen below a dialog as well.
        self.painted_until = monotonic() + PAINTED_SECONDS
        super()._screen_resized(size)


class ContinuingApp(App[None]):
    """An app that continues after an unexpected error.

    Textual ends the app with a traceback; there is no public hook to replace that.
    """

    def unexpected_error(self, error: Exception) -> None:
        """Handle an error that no handler caught; subclasses show it."""
        raise error

    def unbound_key(self, key: str) -> None:
        """Handle a key that nothing is bound to: its character, or Textual's name of it."""

    def is_bound(self, key: str) -> bool:
        """Return whether a key has a binding on the current screen."""
        chain = self.screen._modal_binding_chain
        return any(key in bindings.key_to_bindings for _, bindings in chain)

    async def _on_key(self, event: Key) -> None:
        # Textual ignores keys without a binding, and no public hook comes after its bindings. It
        # calls the handlers of all base classes, so its own one is prevented.
        event.prevent_default()
        if not await self._check_bindings(event.key):
            printable = event.is_printable and event.character
            self.unbound_key(event.character if printable else event.key)  # type: ignore[arg-type]

    def _handle_exception(self, error: Exception) -> None:
        if is_consequence_of_leaving(error, active_message_pump.get(self)):
            return
        # Textual's test pilot raises the first error at the end of a test.
        self._exception = self._exception or error
        self.unexpected_error(error)


class ChangedCellsOutput(App[None]):
    """Mixin of an app that writes to the terminal only the cells that changed.

    Textual writes whole stretches of lines with a reset and all colors for each segment, which is
    ten times as much over a slow line. All frames pass `App._display`; there is no public hook.

    ``changed_cells_only`` is False where Textual's own output is wanted.
    """

    changed_cells_only = True
    #: called just before Textual changes the attributes of the terminal
    before_start: Callable[[], None] | None = None
    #: what is removed from the input of the terminal
    input_filter: ReportFilter | None = None
    _frames: FrameWriter | None = None
    _frames_thread: object = None

    def repaint_terminal(self) -> None:
        """Write the whole screen again, as after another program wrote to the terminal."""
        if self._frames is not None:
            self._frames.forget()
        self._write_all()

    def write_terminal(self, text: str) -> None:
        """Write a control sequence that changes no cell, as a bell, after what was written."""
        if self._driver is not None:
            self._driver.write(text)
            self._driver.flush()

    def _write_all(self) -> None:
        if self._screen_stack:
            screen = self.screen
            self._display(
                screen,
                screen._compositor.render_update(full=True, screen_stack=self._background_screens),
            )

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        driver = self._driver
        if (
            not self.changed_cells_only
            or renderable is None
            or self._batch_count
            or not self._running
            or self._closed
            or self.is_headless
            or driver is None
            or driver.is_inline
        ):
            super()._display(screen, renderable)
            return
        if not isinstance(renderable, LayoutUpdate | ChopsUpdate):
            # Textual expects that no color is selected.
            driver.write("\x1b[m")
            if self._frames is not None:
                self._frames.forget()
            super()._display(screen, renderable)
            return
        try:
            text = self._changed_cells(driver, screen, renderable)
        except Exception as error:  # noqa: BLE001  as Textual does
            if self._frames is not None:
                self._frames.forget()
            self._handle_exception(error)
        else:
            if text:
                self._begin_update()
                driver.write(text)
                self._end_update()
                driver.flush()
        finally:
            self.post_display_hook()

    def _changed_cells(
        self, driver: Driver, screen: Screen[Any], update: LayoutUpdate | ChopsUpdate
    ) -> str:
        frames = self._frames
        if frames is None:
            colors = _COLOR_SYSTEMS.get(self.console.color_system or "", ColorSystem.TRUECOLOR)
            frames = self._frames = FrameWriter(colors, erase=erases_with_background(os.environ))
        # After a suspension the driver has a new thread: the terminal shows something else.
        thread = getattr(driver, "_writer_thread", None)
        if self._frames_thread is not thread:
            self._frames_thread = thread
            frames.forget()
        size = screen._compositor.size
        prefix = ""
        if frames.size != (size.width, size.height):
            if not isinstance(update, LayoutUpdate):
                whole = screen._compositor.render_update(
                    full=True, screen_stack=self._background_screens
                )
                assert isinstance(whole, LayoutUpdate)
                update = whole
            prefix = frames.clear(size.width, size.height)
        # Input methods show their composition at the cursor.
        cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
        self._previous_cursor_position = cursor
        rows = updated_rows(frames, update)
        return prefix + frames.write(rows, (cursor.x, cursor.y))

    def _build_driver(
        self, headless: bool, inline: bool, mouse: bool, size: tuple[int, int] | None
    ) -> Driver:
        driver = super()._build_driver(headless, inline, mouse, size)
        if self.input_filter is not None:
            _filter_input(driver, self.input_filter)
        start, stop = driver.start_application_mode, driver.stop_application_mode

        def prepare_and_start() -> None:
            if self.before_start is not None:
                self.before_start()
            start()

        driver.start_application_mode = prepare_and_start  # type: ignore[method-assign]

        def reset_style_and_stop() -> None:
            # Textual leaves no style selected after a frame; here the last one stays selected.
            if getattr(driver, "_writer_thread", None) is not None:
                driver.write("\x1b[m")
            stop()

        driver.stop_application_mode = reset_style_and_stop  # type: ignore[method-assign]
        return driver

    async def _on_resize(self, _event: Event) -> None:
        # Terminals rearrange their content, and the former size may be back before a frame was
        # written for the other one; Textual writes nothing then. Textual calls the handlers of
        # all base classes itself.
        self._repaint_soon()

    def _on_driver_signal_resume(self, _event: Event) -> None:
        # Textual writes nothing when the process continues after SIGTSTP.
        self._repaint_soon()

    def _repaint_soon(self) -> None:
        if self._frames is not None:
            self._frames.forget()
            self.set_timer(0.1, self._repaint_if_unknown)

    def _repaint_if_unknown(self) -> None:
        if self._frames is not None and self._frames.size == (0, 0):
            self._write_all()


def _filter_input(driver: Driver, reports: ReportFilter) -> None:
    """Let a driver parse only what a filter leaves of its input.

    Textual has no hook before its parser, which turns reports that it does not know into keys. The
    driver creates a parser in its thread by the name that its module imports.
    """

    class FilteredParser(XTermParser):
        def feed(self, data: str) -> Iterable[Message]:
            rest = reports.feed(data, monotonic()) if data else ""
            # An empty text is the end of the input.
            return super().feed(rest) if rest or not data else ()

        def tick(self) -> Iterable[Message]:
            rest = reports.tick(monotonic())
            return chain(super().feed(rest) if rest else (), super().tick())

    module = sys.modules[type(driver).__module__]
    if hasattr(module, "XTermParser"):
        setattr(module, "XTermParser", FilteredParser)  # noqa: B010  unknown to type checkers


_COLOR_SYSTEMS = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
    "windows": ColorSystem.WINDOWS,
}


def erases_with_background(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal erases with the selected background: GNU screen does not."""
    in_screen = environ.get("TERM", "").startswith("screen") and "TMUX" not in environ
    return "STY" not in environ and not in_screen


def updated_rows(frames: FrameWriter, update: LayoutUpdate | ChopsUpdate) -> dict[int, Row]:
    """Return the rows of a terminal after one of Textual's updates, by their number.

    Args:
        frames: the model of what the terminal shows now.
        update: what Textual's compositor changes.
    """
    width, height = frames.size
    cells = frames.styles.cells
    rows: dict[int, Row] = {}
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            row, x = frames.row(y), update.region.x
            for strip in strips:
                part = cells(list(strip))
                row[x : x + len(part)] = part
                x += len(part)
            rows[y] = row[:width]
        return rows
    for y, first, stop in update.spans:
        if y >= height:
            continue
        if y not in rows:
            rows[y] = frames.row(y)
        row = rows[y]
        # A chop is the part of a row that one widget shows. Chops beside the span may be older
        # than what the terminal shows.
        for end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if chop is not None and x < stop and end > first:
                part = cells(list(chop))
                row[x : x + len(part)] = part
        del row[width:]
    return rows
