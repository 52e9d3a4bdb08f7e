"""Entry point of ``launchpad`` and ``python -m launchpad_tui``."""

from __future__ import annotations

import gc
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

#: The number of new objects after which a process collects cyclic garbage, instead of 700. Modules
#: and records that a command loads are kept until it ends, so that most collections find nothing.
_GARBAGE_THRESHOLD = 20_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code. Heavy modules are imported only when needed.

    Args:
        arguments: The command line; None for that of this process, which ends afterwards.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] == ["log"]:
            from launchpad_tui.quick_log import log

            if log(given[1:]):
                return 0
        from launchpad_tui.cli.run import run

        if arguments is None:
            gc.set_threshold(_GARBAGE_THRESHOLD)
        return run(given)
    except KeyboardInterrupt:
        return 130
    finally:
        # An interrupt that passed through code that was compiled from a text, such as the methods
        # of records, lets CPython end the process by SIGINT instead of with the exit code. It
        # forgets that when such code is run.
        exec("")
        if arguments is None:
            # Otherwise the interpreter would examine all objects once more before it exits.
            gc.freeze()


if __name__ == "__main__":
    sys.exit(main())
