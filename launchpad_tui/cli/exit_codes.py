"""The exit codes of commands, besides 0 and those of signals."""

from __future__ import annotations

#: The operation ran and failed; invalid usage or an error; interrupted; the reader of the output
#: has closed the pipe.
INCOMPLETE, ERROR, INTERRUPTED, PIPE_CLOSED = 1, 2, 130, 141
