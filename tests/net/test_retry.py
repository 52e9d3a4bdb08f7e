"""Which errors are worth another attempt, and after which pause."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from launchpad_tui.errors import Conflict, LaunchpadError, RateLimited, Unreachable
from launchpad_tui.net import retry
from launchpad_tui.net.retry import RetryPolicy, retry_after


def caused(error: LaunchpadError, cause: BaseException) -> LaunchpadError:
    error.__cause__ = cause
    return error


def test_pauses_grow_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "MAX_PAUSE", 3.0)
    policy = RetryPolicy(attempts=5, pause=1.0)
    for attempt, longest in ((1, 1), (2, 2), (3, 3), (4, 3)):
        delay = policy.delay(attempt, Unreachable("x"))
        assert delay is not None
        assert longest / 2 <= delay <= longest
    assert policy.delay(5, Unreachable("x")) is None


def test_a_server_may_ask_for_a_longer_pause_within_a_limit() -> None:
    policy, error = RetryPolicy(pause=0.1), RateLimited("x")
    error.retry_after = 7.0
    assert policy.delay(1, error) == 7.0
    error.retry_after = 0.0
    assert 0.05 <= (policy.delay(1, error) or 0) <= 0.1
    error.retry_after = retry.MAX_RETRY_AFTER + 1
    assert policy.delay(1, error) is None


@pytest.mark.parametrize(
    ("error", "repeated"),
    [
        (Unreachable("x"), True),
        (RateLimited("x"), True),
        (Conflict("x"), False),
        (caused(Unreachable("x"), ConnectionResetError()), True),
        (caused(Unreachable("x"), TimeoutError()), False),
        (caused(Unreachable("x"), ssl.SSLCertVerificationError()), False),
        (caused(Unreachable("x"), ssl.SSLError()), False),
        (caused(Unreachable("x"), ssl.SSLEOFError()), True),
    ],
)
def test_only_errors_that_may_pass_are_repeated(error: LaunchpadError, repeated: bool) -> None:
    assert (RetryPolicy().delay(1, error) is not None) is repeated


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("", None), ("12", 12.0), ("-3", None), ("soon", None), ("9" * 12, None), ("0", 0.0)],
)
def test_retry_after_as_a_number(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}) == seconds


def test_retry_after_as_a_date() -> None:
    at = datetime.now(UTC) + timedelta(seconds=20)
    found = retry_after({"retry-after": format_datetime(at, usegmt=True)})
    assert found is not None
    assert 15 < found <= 20
    assert retry_after({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}) == 0.0
    assert retry_after({}) is None
