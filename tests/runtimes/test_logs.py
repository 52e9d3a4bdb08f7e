"""Logs: complete lines with time, stream and step, even if they grow or the writer was killed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchpad_tui.runtimes.log_files import EVERY, LINE_LIMIT, LineBreaker, LogFile, LogWriter


def messages(log: LogFile) -> list[str]:
    return [line.message for line in log.slice(0, log.count())]


def test_lines_keep_stream_step_and_order(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path)
    writer.write("stdout", "train", [b"one", b"two"])
    writer.write("stderr", "train", [b"warned\tme"])
    writer.report("ended", "train")
    log = LogFile(tmp_path)
    assert not log.finished
    writer.close()
    lines = log.slice(0, 10)
    assert [(line.message, line.stream, line.step) for line in lines[:3]] == [
        ("one", "stdout", "train"),
        ("two", "stdout", "train"),
        ("warned\tme", "stderr", "train"),
    ]
    assert LogFile(tmp_path).finished
    assert [line.timestamp for line in lines] == sorted(line.timestamp for line in lines)


def test_slices_of_a_long_log(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path)
    count = 3 * EVERY + 17
    for start in range(0, count, 250):
        writer.write(
            "stdout", "s", [f"line {n}".encode() for n in range(start, min(count, start + 250))]
        )
    log = LogFile(tmp_path)
    assert log.count() == count
    for start, stop in (
        (0, 3),
        (EVERY - 1, EVERY + 2),
        (2 * EVERY, 2 * EVERY + 1),
        (count - 2, count + 50),
    ):
        assert [line.message for line in log.slice(start, stop)] == [
            f"line {n}" for n in range(start, min(stop, count))
        ]
    assert log.slice(count, count + 5) == []
    assert log.matching("line 3016") == [3016]
    first = log.slice(0, 1)[0].timestamp
    assert len(log.matching(until=first - timedelta(seconds=1))) == 0
    target = tmp_path / "saved.txt"
    log.save(target, [1, EVERY + 1])
    saved = target.read_text().splitlines()
    assert len(saved) == 2
    assert saved[1].endswith(f"line {EVERY + 1}")
    writer.close()


def test_an_incomplete_line_of_a_killed_writer_is_removed(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path)
    writer.write("stdout", "s", [b"whole"])
    with open(tmp_path / "log" / "lines", "ab") as file:
        file.write(b"1234\tstdout\ts\thalf")
    # Readers get complete lines only, even before the log is repaired.
    assert messages(LogFile(tmp_path)) == ["whole"]
    again = LogWriter(tmp_path)
    again.write("stdout", "s", [b"next"])
    assert messages(LogFile(tmp_path)) == ["whole", "next"]


def test_the_index_is_written_again(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path)
    writer.write("stdout", "s", [str(n).encode() for n in range(2 * EVERY + 5)])
    writer.close(finished=False)
    (tmp_path / "log" / "index").write_bytes(b"garbage!" * 5)
    LogWriter(tmp_path).close()
    assert [line.message for line in LogFile(tmp_path).slice(2 * EVERY, 2 * EVERY + 2)] == [
        "2000",
        "2001",
    ]


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_splitting_keeps_every_byte(portions: list[bytes]) -> None:
    data = b"".join(portions).replace(b"\r", b"")
    breaker = LineBreaker()
    found: list[bytes] = []
    place = 0
    for portion in portions:
        size = len(portion)
        found += breaker.feed(data[place : place + size])
        place += size
    found += breaker.feed(data[place:]) + breaker.rest()
    assert b"\n".join(found) == data.removesuffix(b"\n") if data else found == []


def test_long_lines_are_split() -> None:
    breaker = LineBreaker()
    found = breaker.feed(b"x" * (3 * LINE_LIMIT))
    found += breaker.rest()
    assert b"".join(found) == b"x" * (3 * LINE_LIMIT)


def test_progress_bars_keep_some_states() -> None:
    at = 0.0
    breaker = LineBreaker(lambda: at)
    kept: list[bytes] = []
    for percent in range(100):
        at += 0.2
        kept += breaker.feed(f"\r{percent} %".encode())
    kept += breaker.feed(b"\rdone\n")
    assert kept[-1] == b"done"
    assert 3 <= len(kept) <= 6


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"\x1b[31m", "漢字".encode(), b"\x00"])
def test_invalid_utf8_is_replaced(tmp_path: Path, raw: bytes) -> None:
    writer = LogWriter(tmp_path)
    writer.write("stdout", "s", [raw])
    writer.close()
    (line,) = LogFile(tmp_path).slice(0, 5)
    line.message.encode()


@pytest.mark.parametrize("written", [0, 1, 20, -1])
def test_lines_that_a_killed_writer_did_not_complete_are_written_again(
    tmp_path: Path, written: int
) -> None:
    """A writer is killed after it wrote some bytes of several lines."""
    first = LogWriter(tmp_path)
    first.write("stdout", "train", [b"zero"], source="out", position=5)
    file = tmp_path / "log" / "lines"
    size = file.stat().st_size
    first.write("stdout", "train", [b"one", b"two"], source="out", position=13)
    with open(file, "r+b") as lines:
        lines.truncate(file.stat().st_size - 1 if written < 0 else size + written)
    second = LogWriter(tmp_path)
    assert second.positions() == {"out": 5}
    second.write("stdout", "train", [b"one", b"two"], source="out", position=13)
    assert LogWriter(tmp_path).positions() == {"out": 13}
    log = LogFile(tmp_path)
    assert [line.message for line in log.slice(0, log.count())] == ["zero", "one", "two"]
