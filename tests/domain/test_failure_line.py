"""Tests of finding the line of a log that names the reason of a failure."""

from __future__ import annotations

import pytest

from launchpad_tui.domain.execution import LogLine
from launchpad_tui.domain.failure_line import failure_line
from launchpad_tui.domain.timestamps import now


def lines(text: str, stream: str = "stderr", start: int = 0, step: str = "train") -> list[LogLine]:
    """Return lines of a log; a line that begins with ``> `` is of standard output."""
    return [
        LogLine(
            start + number,
            now(),
            "stdout" if line.startswith("> ") else stream,
            step,
            line.removeprefix("> "),
        )
        for number, line in enumerate(text.splitlines())
    ]


TRACE = """\
Traceback (most recent call last):
  File "main.py", line 3, in <module>
    train()
    ~~~~~^^
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TRACE + "ValueError: no rows", "ValueError: no rows"),
        (TRACE + "mine.TooFewRows: 3\nexit: cleaned up", "mine.TooFewRows: 3"),
        (TRACE + "KeyboardInterrupt", "KeyboardInterrupt"),
        (
            TRACE + "KeyError: 'a'\nDuring handling of the above exception, another one occurred:\n"
            f"{TRACE}RuntimeError: b\nsrun: error: task 0 exited with exit code 1",
            "RuntimeError: b",
        ),
        (
            TRACE.replace("  File", "> epoch 3\n  File") + "> epoch 4\nOSError: disk\n> epoch 5",
            "OSError: disk",
        ),
        (
            "".join(f"[rank0]: {line}\n" for line in [*TRACE.splitlines(), "ValueError: r"]),
            "[rank0]: ValueError: r",
        ),
        (
            "  + Exception Group Traceback (most recent call last):\n  |   File 'x'\n"
            "  | ExceptionGroup: many (1 sub-exception)\n  +-+------- 1 -------\n"
            "    | Traceback (most recent call last):\n    |   File 'y'\n    | ValueError: inner\n"
            "    +------------------------------------",
            "    | ValueError: inner",
        ),
        ('  File "main.py", line 1\n    x =\n       ^\nSyntaxError: invalid syntax', "SyntaxError"),
        ("> start\nsh: 3: tarin: not found\nbye", "sh: 3: tarin: not found"),
        ("thread 'main' panicked at src/main.rs:2:5:\nindex 3 is out", "thread 'main' panicked"),
        ("> step 1\nSegmentation fault (core dumped)\n> 0 errors", "Segmentation fault"),
        ("\x1b[31mERROR\x1b[0m: bad rows\n> error=0.31 step=4\n> ::metric error=1", "\x1b[31mERR"),
        ("> loading\nToo few rows\n> leaving", "Too few rows"),
        ("> loading\n> stopped here\n> ", "stopped here"),
    ],
)
def test_the_reason_of_a_failure_is_found(text: str, expected: str) -> None:
    end = lines("Step train failed: exit code 1", "launchpad", start=500)
    found = failure_line([*lines(text), *end])
    assert found is not None
    assert found.message.startswith(expected)


def test_a_traceback_that_was_handled_long_before_the_end_is_not_the_reason() -> None:
    handled = lines(TRACE + "ValueError: retried")
    later = lines("\n".join(["fine"] * 300) + "\nfatal: disk full", start=5)
    found = failure_line([*handled, *later])
    assert found is not None
    assert found.message == "fatal: disk full"
    assert failure_line(handled) == handled[-1]


def test_messages_of_the_runtime_are_the_reason_if_nothing_else_was_written() -> None:
    found = failure_line(lines("Step a failed: no code\nStep ended", "launchpad"))
    assert found is not None
    assert found.message == "Step a failed: no code"
    assert failure_line([]) is None
    assert failure_line(lines("\n \n")) is None


def test_a_failure_that_only_the_runtime_noticed_is_its_last_message() -> None:
    own = lines(TRACE + "ValueError: handled")
    runtime = lines("Step a ended: exit code 0\nDEAD: no output\nA hint", "launchpad", start=9)
    found = failure_line([*own, *runtime], by_runtime=True)
    assert found is not None
    assert found.message == "DEAD: no output"
