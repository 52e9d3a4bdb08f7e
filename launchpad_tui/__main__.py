"""Entry point of ``launchpad`` and ``python -m launchpad_tui``."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code. Heavy modules are imported only when needed."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] == ["log"]:
            from launchpad_tui.quick_log import log

            if log(given[1:]):
                return 0
        from launchpad_tui.cli.run import run
    except KeyboardInterrupt:
        return 130
    return run(given)


if __name__ == "__main__":
    sys.exit(main())
