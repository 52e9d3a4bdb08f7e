"""The HTTP client: time limits, retries, redaction, what is never followed or kept."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from launchpad_tui.errors import ConfigError, LaunchpadError, RuntimeRejected, Unreachable
from launchpad_tui.net import client as net_client
from launchpad_tui.net.client import HttpClient, encode_query
from launchpad_tui.net.retry import RetryPolicy
from launchpad_tui.net.tls import create_context
from tests.stores.cloud_helpers import error_text, responding
from tests.stores.http_server import Handler

SECRET = "very-hidden-token"


@contextmanager
def connected(policy: RetryPolicy = RetryPolicy(3, 0.01)) -> Iterator[HttpClient]:
    with HttpClient("the test server", create_context, retry=policy, proxies=False) as client:
        yield client


def test_cookies_are_not_kept_and_redirects_not_followed() -> None:
    headers = {"Set-Cookie": "session=1; Path=/", "Location": "http://localhost:1/"}
    with (
        responding(lambda handler: handler.reply(307, b"", headers)) as (port, seen),
        connected() as client,
    ):
        for _ in range(2):
            response = client.send("GET", f"http://localhost:{port}/", secrets=(SECRET,))
            assert response.status == 307
    assert len(seen) == 2
    assert "Cookie" not in seen[1]
    assert "User-Agent: launchpad_tui\n" in seen[0]


def test_attempts_are_counted_and_end() -> None:
    numbers: list[int] = []

    def attempt(number: int) -> str:
        numbers.append(number)
        if number < 3:
            raise Unreachable("x")
        return "done"

    with connected() as client:
        assert client.repeat(attempt) == "done"
        assert numbers == [1, 2, 3]
        with pytest.raises(Unreachable):
            client.repeat(attempt, retry=False)
    assert numbers == [1, 2, 3, 1]


def test_a_closed_client_makes_no_further_attempt() -> None:
    with connected(RetryPolicy(3, 60.0)) as client:
        pass
    began = time.monotonic()
    with pytest.raises(Unreachable):
        client.repeat(lambda _: client.send("GET", "http://127.0.0.1:1/"))
    assert time.monotonic() - began < 30


def test_a_silent_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net_client, "READ_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, connected() as client:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/?sig={SECRET}"
        attempts: list[int] = []
        with pytest.raises(Unreachable) as caught:
            client.repeat(lambda number: attempts.append(number) or client.send("GET", url))  # type: ignore[func-returns-value]
    assert attempts == [1]
    assert caught.value.title == "No response from the test server"
    assert "127.0.0.1" in caught.value.detail
    assert SECRET not in error_text(caught.value)


def test_a_response_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net_client, "MAX_RESPONSE_BYTES", 1000)
    with (
        responding(lambda handler: handler.reply(200, b"x" * 2000)) as (port, _),
        connected() as client,
        pytest.raises(RuntimeRejected, match="too large"),
    ):
        client.send("GET", f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    "url", [f"http://[{SECRET}", f"nothing://{SECRET}/", f"http://{'x' * 80}.invalid/{SECRET}"]
)
def test_addresses_that_cannot_be_used(url: str) -> None:
    with connected() as client, pytest.raises(LaunchpadError) as caught:
        client.send("GET", url, secrets=(SECRET,))
    assert isinstance(caught.value, ConfigError | Unreachable)
    assert SECRET not in error_text(caught.value)


def test_a_proxy_that_is_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"nonsense://user:{SECRET}@127.0.0.1:1")
    client = HttpClient("the test server", create_context)
    with pytest.raises(ConfigError, match="proxy") as caught:
        client.send("GET", "http://127.0.0.1:1/")
    assert SECRET not in error_text(caught.value)


def test_addresses_and_headers_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def answer(handler: Handler) -> None:
        handler.reply(200, b"{}")

    with responding(answer) as (port, seen), connected() as client:
        url = f"http://127.0.0.1:{port}/?sig={SECRET}"
        client.send("GET", url, {"Authorization": f"Bearer {SECRET}"})
    assert SECRET in seen[0]
    assert SECRET not in caplog.text


def test_queries_are_percent_encoded() -> None:
    assert encode_query({"a b": "c+d/$,"}) == "a%20b=c%2Bd%2F%24%2C"
    assert encode_query({"$top": "1,2"}, safe="$,") == "$top=1,2"
