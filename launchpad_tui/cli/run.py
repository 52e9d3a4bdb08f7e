"""From a command line to an exit code: every error told, no traceback shown."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

from launchpad_tui.errors import InvalidInput, LaunchpadError

if TYPE_CHECKING:
    from pathlib import Path

FAILED, WRONG, INTERRUPTED, PIPE_CLOSED = 1, 2, 130, 141
#: the word that makes this process the supervisor of one execution: it needs no parser
SUPERVISE = "_supervise"
#: the word that makes this process keep what is known of runtimes elsewhere fresh
KEEP = "_keep"


def run(arguments: list[str]) -> int:
    """Run a command line.

    Returns:
        0 done; 1 what was asked for failed; 2 wrong use or an error; 130 interrupted; 141 nobody reads the output.
    """
    if arguments[:1] == [SUPERVISE]:
        if len(arguments) != 4:
            print(
                f"launchpad: {SUPERVISE} is for launchpad itself: it takes home, settings and ID",
                file=sys.stderr,
            )
            return WRONG
        from launchpad_tui.bootstrap import run_supervisor

        return run_supervisor(arguments[1:])
    if arguments[:1] == [KEEP] and len(arguments) == 3:
        from launchpad_tui.bootstrap import run_sync_daemon

        return run_sync_daemon(arguments[1:])
    _open_streams()
    try:
        return _command(arguments)
    except KeyboardInterrupt:
        _silence()
        return INTERRUPTED
    except BrokenPipeError:
        _silence()
        return PIPE_CLOSED


def _command(arguments: list[str]) -> int:
    home: Path | None = None
    try:
        if not arguments:
            # Making a parser takes a tenth of the time to the first picture.
            from launchpad_tui.cli.screens import open_ui

            return open_ui(None)
        _check_text(arguments)
        from launchpad_tui.cli.parser import build

        options = build(arguments).parse_args(arguments)
        if options.home:
            from pathlib import Path

            home = Path(options.home).expanduser().absolute()
        if options.command is None:
            if options.branch is not None:
                options.branch.print_help(sys.stderr)
                return WRONG
            from launchpad_tui.cli.screens import open_ui

            return open_ui(home)
        from launchpad_tui.cli.context import Context

        code = options.command.run(Context(home, options), options) or 0
        sys.stdout.flush()
        return code
    except LaunchpadError as error:
        return _tell(error)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the last place before the user: told in words, kept whole in the log
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EIO, errno.EDQUOT}:
            _silence()
            return _tell(
                LaunchpadError("The output cannot be written", error.strerror or str(error))
            )
        return _unexpected(error, home)


def _open_streams() -> None:
    """Let nothing that is printed fail: a character that the terminal's encoding lacks is escaped, a closed standard
    stream is nowhere."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  it stays open to the end
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _silence() -> None:
    """Send what is still to be flushed nowhere: whoever read the output went away, or its disk is full."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        # A stream without a descriptor, as in tests, has nothing that Python flushes at exit.
        return


def _check_text(arguments: list[str]) -> None:
    for each in arguments:
        try:
            each.encode()
        except UnicodeEncodeError as error:
            raise InvalidInput("An argument is no valid UTF-8 text", ascii(each)[:80]) from error


def _tell(error: LaunchpadError) -> int:
    from launchpad_tui.domain.text import safe_lines

    _flush()
    first, *rest = safe_lines(str(error))
    print(f"launchpad: {first}", *rest, sep="\n  ", file=sys.stderr)
    return WRONG


def _unexpected(error: Exception, home: Path | None) -> int:
    from launchpad_tui.config.logfile import logger, setup
    from launchpad_tui.config.paths import Home
    from launchpad_tui.domain.text import safe_text

    _flush()
    print(
        f"launchpad: something unexpected happened: {safe_text(f'{type(error).__name__}: {error}', 300)}",
        file=sys.stderr,
    )
    try:
        place = (Home.at(home) if home else Home.find()).ensure()
    except LaunchpadError:
        # Nowhere to keep the details: the message stands alone.
        return WRONG
    setup(place)
    logger.error("unexpected error on the command line", exc_info=error)
    print(f"  The details are in {safe_text(str(place.log_path))}", file=sys.stderr)
    return WRONG


def _flush() -> None:
    """What was printed comes before the message."""
    try:
        sys.stdout.flush()
    except OSError:
        _silence()
