"""Run a command line and return its exit code. Errors are reported without a traceback."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

from launchpad_tui.cli.formats import JSON, YAML, requested_format
from launchpad_tui.cli.signals import raise_terminated
from launchpad_tui.errors import FilesMissing, FilesSkipped, InvalidInput, LaunchpadError, NotFound

if TYPE_CHECKING:
    from pathlib import Path

INCOMPLETE, ERROR, INTERRUPTED, PIPE_CLOSED = 1, 2, 130, 141
#: Internal command: supervise one execution. It is handled before the parser is loaded.
SUPERVISE = "_supervise"
#: Internal command: run the background sync of remote runtimes.
SYNC_DAEMON = "_sync_daemon"
#: Errors of the operating system that are caused by a path, for example in an argument.
_PATH_ERRORS = {
    errno.EACCES,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}


def run(arguments: list[str]) -> int:
    """Run a command line.

    Returns:
        0 after success; 1 if the operation ran and failed; 2 after invalid usage or an error;
        130 if interrupted; 141 if the reader of the output has closed the pipe; 128 and the number
        of the signal after SIGTERM or SIGHUP.
    """
    if arguments[:1] == [SUPERVISE]:
        if len(arguments) != 4:
            print(
                f"launchpad: {SUPERVISE} is an internal command of launchpad\n"
                "  It requires a home folder, settings and the ID of an execution.",
                file=sys.stderr,
            )
            return ERROR
        from launchpad_tui.bootstrap import run_supervisor

        return run_supervisor(arguments[1:])
    if arguments[:1] == [SYNC_DAEMON] and len(arguments) == 3:
        from launchpad_tui.bootstrap import run_sync_daemon

        return run_sync_daemon(arguments[1:])
    _open_streams()
    with raise_terminated() as received:
        try:
            code = _command(arguments)
        except KeyboardInterrupt:
            _silence()
            code = INTERRUPTED
        except BrokenPipeError:
            _silence()
            code = PIPE_CLOSED
        except OSError:
            # After SIGHUP, the terminal may be closed before the command has printed its last line.
            if not received:
                raise
            _silence()
        return 128 + received[0] if received else code


def _command(arguments: list[str]) -> int:
    home: Path | None = None
    try:
        if not arguments:
            # Building a parser would take a tenth of the time to the first paint.
            from launchpad_tui.cli.terminal_ui import open_ui

            return open_ui(None)
        _check_text(arguments)
        from launchpad_tui.cli.parser import parse

        options = parse(arguments)
        if options.home:
            from pathlib import Path

            home = Path(options.home).expanduser().absolute()
        if options.command is None:
            if options.branch is not None:
                options.branch.print_help(sys.stderr)
                return ERROR
            from launchpad_tui.cli.terminal_ui import open_ui

            return open_ui(home)
        from launchpad_tui.cli.context import CommandContext

        context = CommandContext(home, options)
        if getattr(options, "watch", False):
            from launchpad_tui.cli.watch import watch

            watch(context, options)
        try:
            code = options.command.run(context, options) or 0
        except (NotFound, InvalidInput) as error:
            from launchpad_tui.cli.object_suggestions import add_suggestion

            add_suggestion(context, options, error)
            raise
        sys.stdout.flush()
        return code
    except LaunchpadError as error:
        return _report(error, arguments)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the outermost handler: reported here, logged with its traceback
        if isinstance(error, OSError) and (known := _os_error(error)) is not None:
            return _report(known, arguments)
        return _unexpected(error, home, requested_format(arguments))


def _os_error(error: OSError) -> LaunchpadError | None:
    """Return the error that describes an error of the operating system; None if it is unknown."""
    if error.filename is not None and error.errno in _PATH_ERRORS:
        return LaunchpadError(
            "A file or folder cannot be used",
            f"{error.filename}: {error.strerror}",
            "Check the path and its permissions.",
        )
    if error.errno in {errno.ENOSPC, errno.EIO, errno.EDQUOT}:
        _silence()
        return LaunchpadError(
            "Writing the output failed",
            error.strerror or str(error),
            "Free space on the device, or write to another one.",
        )
    return None


def _open_streams() -> None:
    """Prepare the standard streams, so that printing does not fail.

    Characters that the terminal's encoding does not contain are escaped, and a closed standard
    stream is replaced by the null device.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  open until the process exits
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _silence() -> None:
    """Discard buffered output, because its reader has exited or its disk is full."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        # A stream without a file descriptor, as in tests, is not flushed at exit.
        return


def _check_text(arguments: list[str]) -> None:
    for each in arguments:
        try:
            each.encode()
        except UnicodeEncodeError as error:
            raise InvalidInput(
                "An argument is not valid UTF-8",
                ascii(each)[:80],
                "Use a UTF-8 locale, such as LANG=C.UTF-8.",
            ) from error


def _report(error: LaunchpadError, arguments: list[str]) -> int:
    from launchpad_tui.cli.error_report import print_error

    _flush()
    code = INCOMPLETE if isinstance(error, FilesMissing | FilesSkipped) else ERROR
    print_error(error, requested_format(arguments), code)
    return code


def _unexpected(error: Exception, home: Path | None, output_format: str) -> int:
    from launchpad_tui.config.logfile import logger, setup
    from launchpad_tui.config.paths import Home
    from launchpad_tui.domain.credential_text import masked_message
    from launchpad_tui.domain.text import safe_text

    _flush()
    text = masked_message(f"{type(error).__name__}: {error}")
    log = ""
    try:
        place = (Home.at(home) if home else Home.find()).ensure()
    except LaunchpadError:
        # Without a home folder there is no log to write the details to.
        pass
    else:
        setup(place)
        logger.error("unexpected error in a command", exc_info=error)
        log = f"Details were written to {place.log_path}"
    if output_format in {JSON, YAML}:
        from launchpad_tui.cli.error_report import UNEXPECTED, print_error_data

        data = {
            "code": UNEXPECTED,
            "title": "Unexpected error",
            "detail": text,
            "hint": log or None,
            "retryable": False,
            "exitCode": ERROR,
        }
        print_error_data(data, output_format)
        return ERROR
    print(f"launchpad: unexpected error: {safe_text(text, 300)}", file=sys.stderr)
    if log:
        print(f"  {safe_text(log)}", file=sys.stderr)
    return ERROR


def _flush() -> None:
    """Flush standard output, so that it precedes the error message."""
    try:
        sys.stdout.flush()
    except OSError:
        _silence()
