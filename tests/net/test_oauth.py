"""Access tokens: cached, replaced in time, requested again after errors that may pass."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    LaunchpadError,
    RuntimeRejected,
    Unreachable,
)
from launchpad_tui.net import retry
from launchpad_tui.net.client import HttpResponse
from launchpad_tui.net.oauth import (
    AccessToken,
    TokenCache,
    parse_token,
    request_instance_token,
    request_token_once,
)
from tests.stores.cloud_helpers import responding
from tests.stores.http_server import Handler

FORM = {"grant_type": "client_credentials", "client_secret": "very hidden+secret"}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "MAX_PAUSE", 0.01)


class Clock:
    """A clock that stands still, and a source of tokens that counts them."""

    def __init__(self, lifetime: float) -> None:
        self.now, self.lifetime, self.count = 0.0, lifetime, 0

    def fetch(self) -> AccessToken:
        self.count += 1
        return AccessToken(f"token-{self.count}", self.lifetime)


@pytest.mark.parametrize(("lifetime", "kept"), [(3600.0, 3300.0), (1000.0, 700.0), (10.0, 5.0)])
def test_a_token_is_replaced_before_it_expires(lifetime: float, kept: float) -> None:
    clock = Clock(lifetime)
    cache = TokenCache(clock.fetch, lambda: clock.now)
    assert cache.current == ""
    assert cache.get() == "token-1"
    clock.now = kept - 0.1
    assert cache.get() == cache.current == "token-1"
    clock.now = kept
    assert cache.get() == "token-2"


def test_a_refused_token_is_replaced_once() -> None:
    clock = Clock(3600.0)
    cache = TokenCache(clock.fetch, lambda: clock.now)
    first = cache.get()
    assert cache.get(refused=first) == "token-2"
    assert cache.get(refused=first) == "token-2"
    assert clock.count == 2


def test_one_thread_fetches_while_others_wait() -> None:
    clock, began = Clock(3600.0), threading.Event()

    def slow() -> AccessToken:
        began.wait(0.1)
        return clock.fetch()

    cache = TokenCache(slow)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: cache.get(), range(32))) == {"token-1"}
    assert clock.count == 1


@pytest.mark.parametrize(
    ("stated", "lifetime"),
    [(60, 60.0), ("1000", 1000.0), (None, 3600.0), ("soon", 3600.0), (-1, 3600.0), ([1], 3600.0)],
)
def test_the_lifetime_of_a_token(stated: object, lifetime: float) -> None:
    body = json.dumps({"access_token": "t", "expires_in": stated}).encode()
    assert parse_token(HttpResponse(200, {}, body), "x") == AccessToken("t", lifetime)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"<html>", b'{"access_token": "a\\nb"}', b'{"access_token": 7}']
)
def test_responses_without_a_token(body: bytes) -> None:
    with pytest.raises(RuntimeRejected, match="contains no token"):
        parse_token(HttpResponse(200, {"content-type": "text/html"}, body), "the token server")


def test_a_token_server_that_fails_at_first() -> None:
    statuses = [503, 429, 200]

    def answer(handler: Handler) -> None:
        handler.reply(statuses.pop(0), b'{"access_token": "t", "expires_in": 60}')

    with responding(answer) as (port, seen):
        url = f"http://127.0.0.1:{port}/token"
        assert request_token_once(url, FORM, "", (), "the token server").text == "t"
    assert len(seen) == 3
    assert "client_secret=very%20hidden%2Bsecret" in seen[0]


def refused(status: int, body: object) -> LaunchpadError:
    secrets = (FORM["client_secret"],)
    with responding(lambda handler: handler.reply(status, json.dumps(body).encode())) as (port, _):
        url = f"http://127.0.0.1:{port}/token"
        with pytest.raises(LaunchpadError) as caught:
            request_token_once(url, FORM, "", secrets, "the token server")
    return caught.value


def test_refusals_contain_the_reason_but_no_secret() -> None:
    description = f"{FORM['client_secret']} is wrong\nsecond line"
    error = refused(401, {"error": "invalid_client", "error_description": description})
    assert isinstance(error, AuthenticationFailed)
    assert error.detail == "invalid_client (401): … is wrong"
    assert isinstance(refused(500, {}), Unreachable)


def test_credentials_are_not_sent_without_tls() -> None:
    with pytest.raises(ConfigError, match="must use HTTPS"):
        request_token_once("http://login.example.com/token", FORM, "", (), "the token server")


def test_a_machine_without_an_identity() -> None:
    with pytest.raises(AuthenticationFailed, match="No credentials found for bucket 'models'"):
        request_instance_token(
            "http://127.0.0.1:1/token", {}, {}, "the metadata service", "bucket 'models'"
        )
