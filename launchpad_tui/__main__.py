"""Entry point of ``launchpad`` and ``python -m launchpad_tui``."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code. Heavy modules are imported only when needed."""
    try:
        from launchpad_tui.cli.run import run
    except KeyboardInterrupt:
        return 130
    return run(list(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
