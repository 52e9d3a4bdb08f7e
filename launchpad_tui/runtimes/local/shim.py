"""Starts a command that dies with its parent: ``python shim.py PARENT COMMAND ARGUMENT…``.

Stands alone: it is run as a file, without launchpad's packages on the path.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

#: prctl(2)
PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel for SIGKILL when the parent dies, then become the command."""
    parent, *command = sys.argv[1:]
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != int(parent):
            # It died before the kernel was asked.
            os.kill(os.getpid(), signal.SIGKILL)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        os._exit(127)


if __name__ == "__main__":
    main()
