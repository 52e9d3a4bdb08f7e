"""From a command line to an exit code: every error told, no traceback shown."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from launchpad_tui.errors import LaunchpadError

FAILED, WRONG, INTERRUPTED = 1, 2, 130
#: the word that makes this process the supervisor of one execution: it needs no parser
SUPERVISE = "_supervise"


def run(arguments: list[str]) -> int:
    """Run a command line.

    Returns:
        0 done; 1 what was asked for failed; 2 wrong use or an error; 130 interrupted.
    """
    if arguments[:1] == [SUPERVISE]:
        from launchpad_tui.bootstrap import run_supervisor

        return run_supervisor(arguments[1:])
    try:
        return _command(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output went away; what Python flushes at exit must not complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


def _command(arguments: list[str]) -> int:
    from launchpad_tui.cli.parser import build

    parser = build()
    options = parser.parse_args(arguments)
    home = Path(options.home).expanduser() if getattr(options, "home", None) else None
    try:
        if options.command is None:
            if hasattr(options, "branch"):
                options.branch.print_help(sys.stderr)
                return WRONG
            from launchpad_tui.cli.tools import open_ui

            return open_ui(home)
        from launchpad_tui.cli.context import Context

        code = options.command.run(Context(home, options), options) or 0
        sys.stdout.flush()
        return code
    except LaunchpadError as error:
        return _tell(error)
    except (KeyboardInterrupt, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001 - the last place before the user: told in words, kept whole in the log
        return _unexpected(error, home)


def _tell(error: LaunchpadError) -> int:
    from launchpad_tui.domain.text import safe_lines

    sys.stdout.flush()
    first, *rest = safe_lines(str(error))
    print(f"launchpad: {first}", *rest, sep="\n  ", file=sys.stderr)
    return WRONG


def _unexpected(error: Exception, home: Path | None) -> int:
    from launchpad_tui.config.logfile import logger, setup
    from launchpad_tui.config.paths import Home
    from launchpad_tui.domain.text import safe_text

    place = Home.at(home) if home else Home.find()
    setup(place)
    logger.error("unexpected error on the command line", exc_info=error)
    print(
        f"launchpad: something unexpected happened: {safe_text(f'{type(error).__name__}: {error}', 300)}",
        f"  The details are in {place.log_path}",
        sep="\n",
        file=sys.stderr,
    )
    return WRONG
