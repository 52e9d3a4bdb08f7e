"""Finds the line of a log that names the reason of a failure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from launchpad_tui.domain.execution import LogLine

#: lines after a traceback from which on it is no longer taken as the reason: it was handled
_HANDLED_AFTER = 200
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_TRACEBACK = re.compile(r"(?P<before>.*?)Traceback \(most recent call last\):?$")
#: a qualified name, alone or before a colon: ``KeyError: 'a'``, ``torch.cuda.OutOfMemoryError``
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(?::.*|$)")
#: words with which programs report a failure, also as the end of a name (``SyntaxError``)
_ERROR = re.compile(
    r"error\b|exception\b|\b(?:fatal|critical|panic|panicked|aborted|abort|killed|failed|failure"
    r"|denied|out of memory|segmentation fault|core dumped|no such file|not found)\b",
    re.IGNORECASE,
)
#: counts and names that contain such a word without a failure: ``0 errors``, ``error=0.31``
_NO_ERROR = re.compile(
    r"\b(?:0|no|without) (?:\w+ )?(?:errors?|failures?|failed)\b"
    r"|\b\w*(?:error|failed|failures?)\w*\s*[=:]\s*[-+]?\d|^::",
    re.IGNORECASE,
)


def failure_line(lines: Sequence[LogLine], *, by_runtime: bool = False) -> LogLine | None:
    """Return the line that names the reason of a failure, None if there is no text at all.

    This is the last line of the last traceback of Python; without one, the last line that reports
    an error; without one, the last line of standard error, or else of the log. Messages of the
    runtime itself are considered only if the program wrote nothing.

    Args:
        lines: the lines at the end of the log of an execution that failed.
        by_runtime: whether the runtime reported the failure although no process failed, for example
            because an output is missing; its last message with the status is the line then.
    """
    if by_runtime:
        for one in reversed(lines):
            if one.stream == "launchpad" and one.message.startswith("DEAD:"):
                return one
    written = [one for one in lines if _plain(one).strip()]
    own = [one for one in written if one.stream != "launchpad"]
    if not own:
        return _last_error(written) or (written[-1] if written else None)
    traced = _last_exception(own)
    if traced is not None and sum(one.number > traced.number for one in own) <= _HANDLED_AFTER:
        return traced
    errors = [one for one in own if one.stream == "stderr"]
    return _last_error(own) or traced or (errors or own)[-1]


def _plain(line: LogLine) -> str:
    """Return the text that a terminal shows: without colors, and after the last carriage return."""
    return _ESCAPES.sub("", line.message).rstrip().rpartition("\r")[2]


def _last_error(lines: Sequence[LogLine]) -> LogLine | None:
    for one in reversed(lines):
        text = _plain(one)
        if _ERROR.search(text) and not _NO_ERROR.search(text):
            return one
    return None


def _last_exception(lines: Sequence[LogLine]) -> LogLine | None:
    """Return the line with the exception of the last traceback.

    The lines of a traceback are indented more than its first line and the exception. Other steps
    and the other stream may write between them.
    """
    found: LogLine | None = None
    #: the text before the word "Traceback" by step and stream, while a traceback is read
    open_ones: dict[tuple[str, str], str] = {}
    for one in lines:
        key, text = (one.step, one.stream), _plain(one)
        if match := _TRACEBACK.match(text):
            # Loggers and launchers may write the same prefix before each line of a traceback;
            # that of a group of exceptions is drawn as a tree.
            open_ones[key] = match["before"].replace("+ Exception Group ", "| ")
        elif key in open_ones:
            text = text.removeprefix(open_ones[key])
            if not text.startswith((" ", "\t")) and _EXCEPTION.match(text):
                found = one
                del open_ones[key]
    return found
