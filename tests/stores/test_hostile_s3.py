"""An S3 server that breaks its own protocol: every operation ends with a clear error or the right
result, and with little memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE as SCOPE
from launchpad_tui.domain.scenario import Scenario
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.registry import scenarios
from launchpad_tui.services import browsing, stored_files
from launchpad_tui.services.desk import Desk
from launchpad_tui.stores import bucket, s3_responses
from launchpad_tui.stores.object_keys import ListingCheck
from tests.stores import scripted_s3
from tests.stores.scripted_s3 import Reply, Server

LIMIT = 200
MODEL = "5b4d8bb0-0000-4000-8000-000000000001"
#: what is done with the files at ``p``, of which a test server lists two
OPERATIONS: dict[str, Callable[[Desk, Path], object]] = {
    "list": lambda desk, _: list(desk.browsing.files(SCOPE, "lake", "p")),
    "browse": lambda desk, _: list(desk.browsing.pages(SCOPE, "lake", "p")),
    "measure": lambda desk, _: desk.browsing.measure(SCOPE, "lake", "p"),
    "download": lambda desk, target: desk.files.stage(SCOPE, "ai://lake/p", target),
    "verify": lambda desk, _: desk.verification.verify(SCOPE, MODEL, content=True),
    "import": lambda desk, _: desk.importing.propose(SCOPE, "lake", "p"),
    "delete": lambda desk, _: desk.browsing.delete(SCOPE, "lake", "p"),
}
CONTENT = {"p/a.bin": b"a" * 100, "p/b.bin": b"b" * 200, "q/other.bin": b"other"}
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(
        b'<!ENTITY %c "%s">' % (letter, b"&%c;" % (letter - 1) * 10) for letter in b"bcdefghij"
    )
    + b"]><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>p/&j;</Key>"
    b"</Contents></ListBucketResult>"
)
ERROR = b"<Error><Code>InternalError</Code><Message>Try again</Message></Error>"


def _contents(*keys: str, size: str = "100", more: str = "") -> bytes:
    entries = "".join(
        f"<Contents><Key>{key}</Key><Size>{size}</Size>"
        "<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>v</ETag></Contents>"
        for key in keys
    )
    end = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{more}</NextContinuationToken>"
    end = end if more else "<IsTruncated>false</IsTruncated>"
    return f"<ListBucketResult>{end}{entries}</ListBucketResult>".encode()


def _number(query: dict[str, str]) -> int:
    return int(query.get("continuation-token") or "0")


def _overlapping(query: dict[str, str]) -> bytes:
    number = _number(query)
    keys = [f"p/{each:04}" for each in range(number * 5, number * 5 + 10)]
    return _contents(*keys, more=str(number + 1) if number < 3 else "")


def _endless(query: dict[str, str]) -> bytes:
    number = _number(query)
    keys = [f"p/{each:09}" for each in range(number * 50, number * 50 + 50)]
    return _contents(*keys, more=str(number + 1))


#: bodies of listings by fault
LISTINGS: dict[str, Callable[[dict[str, str]], bytes]] = {
    "overlap": _overlapping,
    "endless": _endless,
    "loop": lambda query: _contents(f"p/{_number(query)}", more=str((_number(query) + 1) % 4)),
    "empty pages": lambda query: _contents(more=str(_number(query) + 1)),
    "truncated": lambda _: _contents("p/a", "p/b")[:-60],
    "laughs": lambda _: LAUGHS,
    "laughs in UTF-16": lambda _: LAUGHS.decode().encode("utf-16"),
    "error": lambda _: ERROR,
    "nothing": lambda _: b"",
    "login page": lambda _: b"<!DOCTYPE html><html><body>Log in</body></html>",
    "large": lambda _: b"<ListBucketResult>" + b" " * 3_000_000,
    "negative size": lambda _: _contents("p/a", size="-5"),
    "another folder": lambda _: _contents("q/a"),
}


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with scripted_s3.serve(CONTENT) as server:
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    running.objects = dict(CONTENT)
    running.answer = lambda *_: None
    return running


@pytest.fixture(scope="module")
def opened(running: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = open_desk(Home.at(tmp_path_factory.mktemp("home")))
    desk.stores.add(SCOPE, "lake", "s3", running.values())
    scenarios.put_scenario(desk.registry, SCOPE, Scenario("s", "s", "", {}, now(), now()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("launchpad_tui.runtimes.embedded.runtime.new_artifact_id", lambda: MODEL)
        desk.artifacts.add(SCOPE, ArtifactKind.MODEL, "m", "ai://lake/p", "s")
    yield desk
    desk.close()


@pytest.fixture
def desk(opened: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk with a store of the server and a model at ``p``; limits are small."""
    monkeypatch.setattr(stored_files, "FILE_LIMIT", LIMIT)
    monkeypatch.setattr(bucket, "DELETE_LIMIT", LIMIT)
    monkeypatch.setattr(browsing, "_EMPTY_PAGES", 10)
    monkeypatch.setattr(ListingCheck, "EMPTY_PAGES", 10)
    monkeypatch.setattr(s3_responses, "RESPONSE_LIMIT", 1_000_000)
    monkeypatch.setattr("launchpad_tui.stores.outages.OUTAGE_SECONDS", 0)
    return opened


def _listing_fault(fault: str, requests: list[str]) -> Callable[..., Reply | None]:
    def answer(_method: str, key: str, query: dict[str, str], _headers: Any) -> Reply | None:
        requests.append(key)
        if "list-type" not in query or not query["prefix"].startswith("p"):
            return None
        return Reply(200, LISTINGS[fault](query), {"Content-Type": "application/xml"})

    return answer


def _error_of(desk: Desk, operation: str, target: Path) -> LaunchpadError | None:
    """Return the error of an operation, which says what failed and why, in few words."""
    try:
        OPERATIONS[operation](desk, target)
    except LaunchpadError as error:
        found = error
    else:
        return None
    assert found.title
    assert found.detail or found.hint
    assert len(str(found)) < 2000
    assert "ha" * 50 not in str(found)
    return found


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("fault", LISTINGS)
def test_an_invalid_listing(
    desk: Desk, server: Server, fault: str, operation: str, tmp_path: Path
) -> None:
    requests: list[str] = []
    server.answer = _listing_fault(fault, requests)
    before = dict(server.objects)
    overlapping_deletion = fault == "overlap" and operation == "delete"
    if overlapping_deletion:
        # Each object is deleted once.
        assert OPERATIONS[operation](desk, tmp_path / "target") == 25
    else:
        error = _error_of(desk, operation, tmp_path / "target")
        assert error is not None
        assert error.hint
    assert len(requests) < 2 * LIMIT + 50
    assert server.objects == before
    assert not list((tmp_path / "target").rglob("*"))


@pytest.mark.parametrize(
    "size", ["101", "99", "0", "9223372036854775807", "99999999999999999999999999"]
)
@pytest.mark.parametrize("operation", ["download", "verify"])
def test_a_wrong_size_in_a_listing(
    desk: Desk, server: Server, size: str, operation: str, tmp_path: Path
) -> None:
    def answer(_method: str, _key: str, query: dict[str, str], _headers: Any) -> Reply | None:
        if "list-type" not in query or not query["prefix"].startswith("p/"):
            return None
        return Reply(200, _contents("p/a.bin", size=size).replace(b"<ETag>v</ETag>", b""))

    server.answer = answer
    if _error_of(desk, operation, tmp_path / "target"):
        return
    # Without an error, the content is that of the object, or as long as the server announced.
    content = (tmp_path / "target" / "a.bin").read_bytes() if operation == "download" else b""
    assert content == (CONTENT["p/a.bin"][: int(size)] if operation == "download" else b"")


@pytest.mark.parametrize("operation", ["download", "verify"])
@pytest.mark.parametrize("length", [50, 150, 10**15])
def test_a_wrong_content_length(
    desk: Desk, server: Server, length: int, operation: str, tmp_path: Path
) -> None:
    """The body of an object is longer or shorter than its header says."""

    def answer(method: str, key: str, _query: Any, _headers: Any) -> Reply | None:
        if method != "GET" or key != "p/a.bin":
            return None
        return Reply(
            200,
            CONTENT[key],
            {"ETag": '"v"', "X-Length": str(length), "Connection": "close"},
        )

    server.answer = answer
    target = tmp_path / "target" / "a.bin"
    if _error_of(desk, operation, tmp_path / "target"):
        assert not target.exists()
    elif operation == "download":
        assert target.read_bytes() == CONTENT["p/a.bin"]


@pytest.mark.parametrize("operation", ["download", "verify"])
def test_an_endless_body_of_an_object_is_not_read_to_its_end(
    desk: Desk, server: Server, operation: str, tmp_path: Path
) -> None:
    server.answer = lambda method, key, *_: (
        Reply(200, b"x" * 80_000_000, {"ETag": '"v"'})
        if method == "GET" and key == "p/a.bin"
        else None
    )
    _error_of(desk, operation, tmp_path / "target")
    target = tmp_path / "target" / "a.bin"
    assert not target.exists() or target.stat().st_size == 100


@pytest.mark.parametrize("operation", ["download", "verify", "delete"])
@pytest.mark.parametrize(
    "body", [ERROR, LAUGHS, b"<html>", b""], ids=["error", "laughs", "html", "nothing"]
)
@pytest.mark.parametrize("status", [200, 403, 404, 409, 503])
def test_an_error_body_for_every_request_of_objects(
    desk: Desk, server: Server, operation: str, body: bytes, status: int, tmp_path: Path
) -> None:
    def answer(method: str, key: str, query: dict[str, str], _headers: Any) -> Reply | None:
        if "list-type" in query or (method == "HEAD" and status == 200):
            return None
        return Reply(status, body) if key or "delete" in query else None

    server.answer = answer
    if _error_of(desk, operation, tmp_path / "target") is None:
        # Objects that are missing are reported by the states of a verification.
        assert operation == "verify" or (operation, status) == ("delete", 200)
    assert not [path for path in (tmp_path / "target").rglob("*") if path.suffix == ".bin"]


def test_a_large_error_body_is_not_kept(desk: Desk, server: Server, tmp_path: Path) -> None:
    server.answer = lambda _method, _key, _query, _headers: Reply(
        400, b"<Error><Message>" + b"x" * 3_000_000
    )
    for operation in OPERATIONS:
        assert _error_of(desk, operation, tmp_path / "target") is not None
