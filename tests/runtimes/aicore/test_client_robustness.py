"""The client against servers that are slow, broken, strict or hostile."""

from __future__ import annotations

import gzip
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.execution import Status, TargetStatus
from launchpad_tui.domain.metric import Metric
from launchpad_tui.domain.timestamps import EPOCH
from launchpad_tui.errors import (
    AuthenticationFailed,
    CapabilityMissing,
    ConfigError,
    Conflict,
    InvalidInput,
    LaunchpadError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RuntimeRejected,
    Unreachable,
)
from launchpad_tui.net import client as net_client
from launchpad_tui.runtimes.aicore import http
from launchpad_tui.runtimes.aicore.client import AICoreClient
from launchpad_tui.runtimes.aicore.credentials import ServiceKey
from launchpad_tui.runtimes.aicore.logs import LogPages
from tests.runtimes.aicore import fake_core
from tests.runtimes.aicore.fake_core import SECRET, Core, Reply, Request, refused, reply
from tests.stores import faulty_relay

EMPTY_LIST = reply({"count": 0, "resources": []})


@pytest.fixture
def client(core: Core) -> Iterator[AICoreClient]:
    made = AICoreClient(core.key(), "vision", pause=0.01)
    yield made
    made.close()


def reply_with(core: Core, *replies: Reply, then: Reply = EMPTY_LIST) -> None:
    """Respond with the replies, one after the other, and then always with ``then``."""
    left = list(replies)
    core.answer = lambda _: left.pop(0) if left else then


def error_text(error: BaseException) -> str:
    """Return all texts of an error and its causes that could be logged."""
    said = ""
    at: BaseException | None = error
    while at is not None:
        said += f"{at!r} {at} {vars(at)}"
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return said


def raised_error(call: object) -> LaunchpadError:
    with pytest.raises(LaunchpadError) as caught:
        call()  # type: ignore[operator]
    assert SECRET not in error_text(caught.value)
    assert "of-the-tests" not in error_text(caught.value)
    return caught.value


def artifact(number: int) -> dict[str, object]:
    return {
        "id": f"artifact-{number}",
        "name": f"model {number}",
        "kind": "model",
        "url": f"ai://default/{number}",
        "scenarioId": "churn",
        "createdAt": "2026-01-31T12:00:00Z",
        "modifiedAt": "2026-01-31T12:00:00.123456789Z",
    }


def pages(total: int, most: int = 100_000) -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        skip, top = int(request.query["$skip"]), min(int(request.query["$top"]), most)
        found = [artifact(number) for number in range(skip, min(skip + top, total))]
        return reply({"count": len(found), "resources": found})

    return answer


# Tokens ------------------------------------------------------------------------------------------


def test_many_threads_share_one_token(core: Core, client: AICoreClient) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: list(client.scenarios()), range(64)))
    assert len(core.tokens) == 1
    assert len(core.requests) == 64
    sent = core.requests[0].headers
    assert (sent["ai-resource-group"], sent["authorization"]) == (
        "vision",
        f"Bearer {core.tokens[0]}",
    )
    assert core.token_requests[0].headers["content-type"] == "application/x-www-form-urlencoded"


def test_a_token_is_renewed_before_it_expires(core: Core) -> None:
    now = [0.0]
    core.life = "1000"
    tokens = http.KeyTokens(core.key(), clock=lambda: now[0])
    assert tokens.get() == tokens.get()
    now[0] = 699.0
    assert tokens.get() == core.tokens[0]
    now[0] = 701.0
    assert tokens.get() == core.tokens[1]
    core.life = 10
    now[0] = 5000.0
    tokens.get()
    now[0] = 5004.0
    assert tokens.get() == core.tokens[2]
    now[0] = 5005.1
    assert tokens.get() == core.tokens[3]
    tokens.close()


@pytest.mark.parametrize("life", [None, "soon", -1, 0, float("inf"), [1]])
def test_an_invalid_token_lifetime(core: Core, life: object) -> None:
    core.life = life
    tokens = http.KeyTokens(core.key())
    assert tokens.get() == tokens.get() == core.tokens[0]
    tokens.close()


def test_a_token_that_expires_between_two_pages(core: Core) -> None:
    client = AICoreClient(core.key(), page=1000, pause=0.01)
    found = []
    core.answer = pages(2500)
    for one in client.artifacts():
        found.append(one.id)
        if len(found) == 1000:
            core.valid.clear()
    assert len(set(found)) == 2500
    assert len(core.tokens) == 2
    client.close()


def test_many_threads_renew_a_rejected_token_once(core: Core, client: AICoreClient) -> None:
    list(client.scenarios())
    core.valid.clear()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: list(client.scenarios()), range(16)))
    assert len(core.tokens) == 2


def test_a_post_is_repeated_if_only_its_token_was_rejected(
    core: Core, client: AICoreClient
) -> None:
    list(client.scenarios())
    core.valid.clear()
    reply_with(core, then=reply({"id": "e1", "message": "", "status": "UNKNOWN"}, 202))
    assert client.create_execution("configuration") == "e1"
    assert [each.method for each in core.requests] == ["GET", "POST", "POST"]


def test_a_token_that_is_always_rejected(core: Core, client: AICoreClient) -> None:
    reply_with(core, then=refused(401, "01010101", "No"))
    error = raised_error(lambda: list(client.scenarios()))
    assert isinstance(error, AuthenticationFailed)
    assert "01010101: No" in error.detail
    assert "req-1" in error.detail
    assert len(core.tokens) == 2
    assert len(core.requests) == 2


def test_a_wrong_client_secret(core: Core) -> None:
    client = AICoreClient(core.key(client_secret="wrong & secret/1"), pause=0.01)
    error = raised_error(client.meta)
    assert isinstance(error, AuthenticationFailed)
    assert "Bad credentials" in error.detail
    assert "wrong" not in error_text(error)
    assert len(core.token_requests) == 1
    assert core.requests == []
    client.close()


def test_a_token_server_that_fails_at_first(core: Core, client: AICoreClient) -> None:
    core.token_answers += [reply({}, 503), reply({}, 429, Retry_After="0"), reply({}, 408)]
    assert list(client.scenarios()) == []
    core.valid.clear()
    core.token_answers += [reply({"error": "forbidden"}, 403)]
    assert isinstance(raised_error(lambda: list(client.scenarios())), PermissionDenied)
    assert len(core.token_requests) == 5


@pytest.mark.parametrize(
    "answer",
    [
        reply({}),
        reply([]),
        reply({"access_token": "bad\r\nthing"}),
        Reply(200, b"<html>log in</html>"),
    ],
)
def test_a_token_server_without_a_token(core: Core, client: AICoreClient, answer: Reply) -> None:
    core.token_answers.append(answer)
    assert isinstance(raised_error(client.meta), RuntimeRejected)
    assert core.requests == []


# Retries -----------------------------------------------------------------------------------------


def test_too_many_requests(core: Core, client: AICoreClient) -> None:
    reply_with(core, refused(429, "x", "slow down", Retry_After="1"), refused(503, "y", "busy"))
    began = time.monotonic()
    assert list(client.scenarios()) == []
    assert time.monotonic() - began >= 1
    assert len(core.requests) == 3


def test_retry_after_with_a_date(core: Core, client: AICoreClient) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    reply_with(core, refused(429, "x", "slow down", Retry_After=soon))
    began = time.monotonic()
    list(client.scenarios())
    assert time.monotonic() - began > 0.5


def test_retry_after_that_is_too_long(core: Core, client: AICoreClient) -> None:
    reply_with(core, then=refused(429, "x", "slow down", Retry_After="3600"))
    error = raised_error(lambda: list(client.scenarios()))
    assert isinstance(error, RateLimited)
    assert "3600 seconds" in error.hint
    assert len(core.requests) == 1


@pytest.mark.parametrize("nonsense", ["", "soon", "-3", "9" * 40, "Thu, 99 Foo 2026"])
def test_invalid_retry_after(core: Core, client: AICoreClient, nonsense: str) -> None:
    reply_with(core, refused(429, "x", "slow down", Retry_After=nonsense))
    assert list(client.scenarios()) == []


def test_a_server_that_always_fails(core: Core, client: AICoreClient) -> None:
    reply_with(core, then=Reply(502, b"<html>Bad gateway</html>", {"Content-Type": "text/html"}))
    error = raised_error(lambda: list(client.scenarios()))
    assert isinstance(error, Unreachable)
    assert "text/html" in error.detail
    assert len(core.requests) == http.ATTEMPTS


def test_post_is_never_repeated(core: Core, client: AICoreClient) -> None:
    reply_with(core, then=refused(503, "x", "busy"))
    assert isinstance(raised_error(lambda: client.create_execution("configuration")), Unreachable)
    assert isinstance(raised_error(lambda: client.create_resource_group("group")), Unreachable)
    assert isinstance(
        raised_error(lambda: client.patch_metrics("execution", [Metric("loss", 1, EPOCH)])),
        Unreachable,
    )
    reply_with(core, then=Reply(202, b'{"id": "e1"', {}, length=1000))
    assert isinstance(raised_error(lambda: client.create_execution("configuration")), Unreachable)
    assert len(core.requests) == 4


def test_a_change_whose_response_was_lost(core: Core, client: AICoreClient) -> None:
    reply_with(core, refused(503, "x", "busy"), then=refused(404, "y", "gone"))
    client.delete("execution")
    reply_with(core, refused(503, "x", "busy"), then=refused(412, "y", "it is STOPPING"))
    client.stop("execution")
    assert isinstance(raised_error(lambda: client.delete("execution")), Conflict)
    reply_with(core, then=refused(404, "y", "gone"))
    assert isinstance(raised_error(lambda: client.delete("execution")), NotFound)


def test_closing_ends_pending_retries(core: Core) -> None:
    client = AICoreClient(core.key(), pause=20)
    requested = threading.Event()

    def answer(_: Request) -> Reply:
        requested.set()
        return refused(503, "x", "busy")

    core.answer = answer
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: list(client.scenarios()))
        assert requested.wait(10)
        client.close()
        with pytest.raises(LaunchpadError):
            waiting.result(10)


# Invalid responses -------------------------------------------------------------------------------


def test_an_incomplete_response_is_requested_again(core: Core, client: AICoreClient) -> None:
    reply_with(
        core,
        Reply(200, b'{"resources": [', {}, length=5000),
        Reply(200, b'{"count": 1, "resour', {}),
    )
    assert list(client.scenarios()) == []
    assert len(core.requests) == 3
    reply_with(core, then=Reply(200, b'{"count": 1, "resour', {}))
    error = raised_error(lambda: list(client.scenarios()))
    assert isinstance(error, Unreachable)
    assert "Incomplete JSON" in error.title


@pytest.mark.parametrize(
    "answer",
    [
        Reply(
            200,
            b"<!doctype html><title>Log in</title>",
            {"Content-Type": "text/html; charset=utf-8"},
        ),
        Reply(200, b"", {}),
        Reply(204, b"", {}),
        Reply(200, b"\xff\xfe\x00", {"Content-Type": "application/json"}),
    ],
)
def test_responses_that_are_not_json(core: Core, client: AICoreClient, answer: Reply) -> None:
    reply_with(core, then=answer)
    error = raised_error(lambda: client.execution("e123"))
    assert isinstance(error, RuntimeRejected)
    assert "not JSON" in error.title
    assert len(core.requests) == 1


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"resources": {}}', b'"text"', b"null", b"7"])
def test_invalid_lists(core: Core, client: AICoreClient, body: bytes) -> None:
    reply_with(core, then=Reply(200, body, {"Content-Type": "application/json"}))
    assert isinstance(raised_error(lambda: list(client.artifacts())), RuntimeRejected)
    assert isinstance(raised_error(lambda: client.execution("e123")), RuntimeRejected)
    assert list(client.scenarios()) == []
    assert list(client.logs("e123")) == []
    client.capabilities() if body == b"{}" else None


def test_json_that_is_nested_too_deeply(core: Core, client: AICoreClient) -> None:
    reply_with(core, then=Reply(200, b"[" * 200_000, {"Content-Type": "application/json"}))
    assert isinstance(raised_error(lambda: client.execution("e123")), Unreachable)


def test_responses_that_are_too_large_or_too_slow(
    core: Core, client: AICoreClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply_with(core, then=Reply(200, b" " * 100_000, {"Content-Type": "application/json"}))
    monkeypatch.setattr(net_client, "MAX_RESPONSE_BYTES", 50_000)
    error = raised_error(lambda: client.execution("e123"))
    assert isinstance(error, RuntimeRejected)
    assert "too large" in error.title
    monkeypatch.setattr(net_client, "RESPONSE_TIMEOUT", 0.2)
    with faulty_relay.relaying(core.port) as relay:
        relay.trickle = 1000
        key = core.key()
        slow = AICoreClient(
            ServiceKey(f"http://127.0.0.1:{relay.port}/v2", key.auth_url, "me", SECRET), pause=0.01
        )
        error = raised_error(lambda: slow.stop("e123"))
        slow.close()
    assert isinstance(error, Unreachable)
    assert "too slow" in error.title
    assert len(core.requests) == 2


def test_a_compressed_response(core: Core, client: AICoreClient) -> None:
    body = gzip.compress(json.dumps({"resources": [{"id": "churn", "name": "Churn"}]}).encode())
    reply_with(core, then=Reply(200, body, {"Content-Encoding": "gzip"}))
    assert [each.name for each in client.scenarios()] == ["Churn"]
    reply_with(core, then=Reply(200, body[:-20], {"Content-Encoding": "gzip"}))
    assert isinstance(raised_error(lambda: list(client.scenarios())), Unreachable)


def test_a_newer_server(core: Core, client: AICoreClient) -> None:
    new = {
        "id": "e1",
        "status": "DREAMING",
        "targetStatus": "ENLIGHTENED",
        "createdAt": "yesterday",
        "aura": {"x": 1},
        "statusDetails": {"workflow": {"phase": "x"}, "code": 7, "text": "t"},
        "statusMessage": None,
        "startTime": 12,
    }
    odd = [
        {
            **artifact(1),
            "kind": "poem",
            "labels": [{"key": "a", "value": 1}, {}, 3],
            "executionId": None,
        }
    ]
    reply_with(
        core, then=reply({"resources": [new, {"status": "no ID"}, 3, None], "count": "many"})
    )
    (execution,) = client.executions()
    assert (execution.status, execution.target_status) == (Status.UNKNOWN, TargetStatus.COMPLETED)
    assert execution.created_at == EPOCH
    assert execution.status_details == {"workflow": '{"phase": "x"}', "code": "7", "text": "t"}
    assert execution.started_at is None
    reply_with(core, then=reply({"resources": odd}))
    (found,) = client.artifacts()
    assert (found.kind, found.labels, found.execution_id) == (ArtifactKind.OTHER, (("a", "1"),), "")
    assert found.modified_at.microsecond == 123456


def test_invalid_metrics_are_skipped(core: Core, client: AICoreClient) -> None:
    point = {"name": "loss", "value": 0.5, "timestamp": "2026-01-31T12:00:00.5+01:00", "step": 3}
    points = [
        point,
        {"name": "no value"},
        {"name": "big", "value": "1e400"},
        {"name": "n", "value": None},
    ]
    reply_with(
        core, then=reply({"resources": [{"executionId": "e1", "metrics": points}, {"metrics": []}]})
    )
    (resource,) = client.metrics(["e1"])
    assert [(each.name, each.step) for each in resource.metrics] == [("loss", 3), ("big", 0)]
    assert resource.metrics[0].timestamp == datetime(2026, 1, 31, 11, 0, 0, 500_000, tzinfo=UTC)
    list(client.metrics([f"e{number}" for number in range(25)]))
    assert [len(each.query["executionIds"].split(",")) for each in core.requests[1:]] == [10, 10, 5]
    error = raised_error(
        lambda: client.patch_metrics("e1", [Metric("loss", float("nan"), EPOCH, 7)])
    )
    assert isinstance(error, InvalidInput)
    reply_with(core, then=refused(501, "x", "no metrics here"))
    assert isinstance(raised_error(lambda: list(client.metrics(["e1"]))), CapabilityMissing)


# Paging ------------------------------------------------------------------------------------------


def test_a_hundred_thousand_artifacts(core: Core, client: AICoreClient) -> None:
    core.answer = pages(100_000)
    assert sum(1 for _ in client.artifacts()) == 100_000
    assert [int(each.query["$skip"]) for each in core.requests] == list(range(0, 110_000, 10_000))


@pytest.mark.parametrize(
    ("total", "most"), [(0, 1000), (999, 1000), (1000, 1000), (2350, 1000), (250, 100)]
)
def test_a_server_with_smaller_pages(
    core: Core, client: AICoreClient, total: int, most: int
) -> None:
    core.answer = pages(total, most)
    assert len({each.id for each in client.artifacts()}) == total


def test_a_server_that_ignores_skip(core: Core, client: AICoreClient) -> None:
    reply_with(
        core, then=reply({"count": 100, "resources": [artifact(number) for number in range(100)]})
    )
    assert sum(1 for _ in client.artifacts()) == 100
    assert len(core.requests) == 2


def test_a_list_that_grows_while_it_is_read(core: Core) -> None:
    client = AICoreClient(core.key(), page=10)

    def answer(request: Request) -> Reply:
        # Each request finds one more entry at the start, so pages overlap by one entry.
        skip, shift = int(request.query["$skip"]), len(core.requests) - 1
        found = [artifact(number) for number in range(-shift, 45)][skip : skip + 10]
        return reply({"count": len(found), "resources": found})

    core.answer = answer
    ids = [each.id for each in client.artifacts()]
    assert len(ids) == len(set(ids)) == 45
    client.close()


def test_bulk_changes(core: Core, client: AICoreClient) -> None:
    def answer(request: Request) -> Reply:
        requested = [each["id"] for each in request.json["executions"]]
        said = [
            {"id": one, "message": "ok"}
            if one != "e7"
            else {"id": one, "error": {"code": "c", "message": "no"}}
            for one in requested
            if one != "e9"
        ]
        return reply({"executions": said}, 202)

    core.answer = answer
    outcomes = list(
        client.change_many([f"e{number}" for number in range(230)] + ["e1"], TargetStatus.STOPPED)
    )
    assert [len(each.json["executions"]) for each in core.requests] == [100, 100, 30]
    assert len(outcomes) == 230
    assert [(each.id, each.error.detail) for each in outcomes if each.error] == [
        ("e7", "c: no"),
        ("e9", "The runtime did not report an outcome."),
    ]
    assert core.requests[0].headers["content-type"] == "application/merge-patch+json"


def test_counts(core: Core, client: AICoreClient) -> None:
    reply_with(
        core, Reply(200, b"12\n", {"Content-Type": "text/plain"}), then=Reply(200, b"a dozen", {})
    )
    assert client.count_artifacts(ArtifactKind.MODEL) == 12
    assert isinstance(raised_error(client.count_artifacts), RuntimeRejected)


# Logs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("inclusive", [False, True])
def test_logs_page_by_page(newest_first: bool, inclusive: bool) -> None:
    # Three lines share each timestamp, some of them with the same text.
    lines = [
        {
            "timestamp": f"2026-01-31T12:00:{at // 3:02d}.000000{at % 3}00Z",
            "msg": f"line {at // 2}",
            "pod": "p",
        }
        for at in range(150)
    ]
    requested = 0

    def fetch(query: object) -> object:
        nonlocal requested
        requested += 1
        assert isinstance(query, dict)
        start, end = query.get("start", ""), query.get("end", "9")
        found = [
            each
            for each in lines
            if nanoseconds(start) <= nanoseconds(each["timestamp"])
            and (
                nanoseconds(each["timestamp"]) <= nanoseconds(end)
                if inclusive
                else nanoseconds(each["timestamp"]) < nanoseconds(end)
            )
        ]
        found = found[::-1] if query["$order"] == "desc" else found
        return {"data": {"result": found[: query["$top"]]}}

    def nanoseconds(text: str) -> str:
        head, _, tail = text.removesuffix("Z").partition(".")
        return f"{head}.{tail:0<9}"

    found = [each.message for each in LogPages(fetch, None, None, newest_first, page=10).lines()]
    expected = [each["msg"] for each in lines]
    assert found == (expected[::-1] if newest_first else expected)
    assert requested < 60
    assert len(list(LogPages(fetch, None, None, newest_first, page=10).lines(25))) == 25


def test_a_log_with_more_lines_of_one_time_than_a_page() -> None:
    lines = [{"timestamp": "2026-01-31T12:00:00Z", "msg": str(number)} for number in range(30)]
    later = [{"timestamp": "2026-01-31T12:00:01Z", "msg": "end"}]

    def fetch(query: object) -> object:
        assert isinstance(query, dict)
        found = [
            each
            for each in lines + later
            if each["timestamp"][:19] >= str(query.get("start", ""))[:19]
        ]
        if "." in str(query.get("start", "")):
            found = later
        return {"data": {"result": found[:10]}}

    found = [each.message for each in LogPages(fetch, None, None, False, page=10).lines()]
    assert found == [*map(str, range(10)), "end"]


# Errors and secrets ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RuntimeRejected),
        (403, PermissionDenied),
        (404, NotFound),
        (409, Conflict),
        (412, Conflict),
        (413, RuntimeRejected),
        (418, RuntimeRejected),
        (501, CapabilityMissing),
    ],
)
def test_errors_have_all_details(
    core: Core, client: AICoreClient, status: int, kind: type[LaunchpadError]
) -> None:
    details = [{"code": "02000005", "message": "too many"}, {"code": "x"}, "plain"]
    body = {
        "code": "01",
        "message": "no\x1b[31m way",
        "requestId": "r-7",
        "target": "/t",
        "details": details,
    }
    reply_with(core, then=reply({"error": body, "more": 1}, status))
    error = raised_error(lambda: client.create_execution("configuration"))
    assert type(error) is kind
    for word in (
        "01: no",
        "Target: /t",
        "02000005: too many",
        "plain",
        f"HTTP {status}, request ID r-7",
        "POST /lm/e",
    ):
        assert word in error.detail
    if isinstance(error, RuntimeRejected):
        assert (error.status, error.code, error.request_id) == (status, "01", "r-7")
    reply_with(
        core,
        then=reply({"error": {**body, "details": {"field": {"deep": [1]}}, "code": 7}}, status),
    )
    assert (
        'field: {"deep": [1]}'
        in raised_error(lambda: client.create_execution("configuration")).detail
    )


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"error": []}', b'{"error": null}', b"{", b"\xff", b'"x"']
)
def test_errors_of_unknown_form(core: Core, client: AICoreClient, body: bytes) -> None:
    reply_with(core, then=Reply(400, body, {"Content-Type": "application/json"}))
    assert isinstance(raised_error(lambda: list(client.scenarios())), RuntimeRejected)


def test_secrets_in_error_responses_are_removed(
    core: Core, client: AICoreClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def answer(request: Request) -> Reply:
        said = request.headers["authorization"] + SECRET + request.body.decode()
        return refused(400, said, f"you sent {said}")

    core.answer = answer
    secret = {
        "name": "lake",
        "type": "S3",
        "data": {"AWS_SECRET_ACCESS_KEY": 'very"hidden+key of-the-tests'},
    }
    for call in (
        lambda: client.create_object_store_secret(secret),
        lambda: list(client.scenarios()),
    ):
        error = raised_error(call)
        assert "hidden" not in error_text(error)
        assert "…" in error.detail
    assert SECRET not in caplog.text
    assert "of-the-tests" not in caplog.text
    assert SECRET not in repr(client.key) + repr(client.http.tokens)


def test_secrets_in_bulk_responses_are_removed(core: Core, client: AICoreClient) -> None:
    error = {"code": SECRET, "message": f"you are {SECRET}", "requestId": "r-1"}
    reply_with(core, then=reply({"executions": [{"id": "e1", "error": error}]}, 202))
    (outcomes,) = client.change_many(["e1"], TargetStatus.STOPPED)
    assert outcomes.error is not None
    assert outcomes.error.detail == "…: you are … (request ID r-1)"


def test_redirects_do_not_receive_the_token(core: Core, client: AICoreClient) -> None:
    with fake_core.serve() as other_server:
        reply_with(core, then=Reply(307, b"", {"Location": f"{other_server.url}/v2/lm/scenarios"}))
        error = raised_error(lambda: list(client.scenarios()))
        assert isinstance(error, ConfigError)
        assert "redirect" in error.title
        core.token_answers.append(Reply(308, b"", {"Location": f"{other_server.url}/oauth/token"}))
        core.valid.clear()
        assert isinstance(raised_error(lambda: list(client.scenarios())), ConfigError)
        assert other_server.requests == []
        assert other_server.token_requests == []


def test_no_server(core: Core) -> None:
    key = core.key()
    gone = ServiceKey("http://127.0.0.1:1/v2", key.auth_url, key.client_id, key.client_secret)
    client = AICoreClient(gone, pause=0.01)
    error = raised_error(client.meta)
    assert isinstance(error, Unreachable)
    assert "127.0.0.1:1" in error.detail
    client.close()
    unknown = ServiceKey("http://nobody.invalid/v2", key.auth_url, key.client_id, key.client_secret)
    client = AICoreClient(unknown, pause=0.01)
    error = raised_error(client.meta)
    assert isinstance(error, Unreachable)
    assert "nobody.invalid" in error.detail
    client.close()


def test_a_proxy_from_the_environment(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://user:hidden-password@127.0.0.1:1")
    client = AICoreClient(core.key(), pause=0.01)
    error = raised_error(client.meta)
    assert isinstance(error, Unreachable)
    assert "hidden-password" not in error_text(error)
    monkeypatch.setenv("NO_PROXY", "localhost")
    client.close()
    client = AICoreClient(core.key(), pause=0.01)
    assert list(client.scenarios()) == []
    client.close()
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTP_PROXY", "nonsense://user:hidden-password@127.0.0.1:1")
    error = raised_error(AICoreClient(core.key(), pause=0.01).meta)
    assert isinstance(error, ConfigError)
    assert "hidden-password" not in error_text(error)


@pytest.mark.parametrize("name", ["", "a", "no space", "x\ny", "-a-", "a" * 254])
def test_invalid_resource_groups(core: Core, name: str) -> None:
    if name:
        with pytest.raises(InvalidInput):
            AICoreClient(core.key(), name)
    else:
        assert AICoreClient(core.key(), name).resource_group == "default"


@pytest.mark.parametrize("one", ["", ".", ".."])
def test_ids_that_change_the_path(core: Core, client: AICoreClient, one: str) -> None:
    assert isinstance(raised_error(lambda: client.execution(one)), InvalidInput)
    assert core.requests == []
    reply_with(core, then=reply({"id": "x"}))
    client.execution("../../admin?x=1#y")
    assert core.requests[0].path == "/v2/lm/executions/..%2F..%2Fadmin%3Fx%3D1%23y"


def test_missing_capabilities_have_reasons(core: Core, client: AICoreClient) -> None:
    able = {
        "userExecutions": False,
        "logs": {"executions": False},
        "bulkUpdates": {"executions": "yes"},
    }
    reply_with(
        core, then=reply({"aiApi": {"version": "2.0.0", "capabilities": able}, "extensions": {}})
    )
    meta = client.meta()
    assert (meta.bulk, meta.schedules, meta.metrics, meta.api_version) == (
        False,
        False,
        False,
        "2.0.0",
    )
    found = client.capabilities()
    assert not any((found.executions, found.stop, found.delete, found.logs, found.add_executable))
    missing = {
        "executions",
        "stop",
        "delete",
        "logs",
        "add_executable",
        "schedules",
        "bulk",
        "groups",
        "metrics",
        "files",
        "store_outputs",
    }
    assert set(found.reasons) == missing
    assert not any(getattr(found, name) for name in missing)
    reply_with(core, refused(404, "x", "no meta"))
    assert client.capabilities().logs
    reply_with(core, then=refused(404, "x", "nothing at all"))
    assert isinstance(raised_error(client.capabilities), NotFound)


def test_another_group_over_the_same_connections(core: Core, client: AICoreClient) -> None:
    list(client.scenarios())
    list(client.in_group("speech").scenarios())
    assert [each.headers["ai-resource-group"] for each in core.requests] == ["vision", "speech"]
    assert len(core.tokens) == 1
