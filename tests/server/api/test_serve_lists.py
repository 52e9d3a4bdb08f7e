"""Long lists, pages, resource groups and malformed requests."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Configuration, Execution, Status, TargetStatus
from launchpad_tui.domain.metric import Metric
from launchpad_tui.domain.scenario import Scenario
from launchpad_tui.domain.timestamps import from_micros, now
from launchpad_tui.registry import artifacts, configurations, executions, scenarios
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.server.api.endpoint import BODY_LIMIT
from launchpad_tui.services.desk import Desk
from tests.server.api.served import SECONDS, Server, SharedServer, add_client, error_of, serving

MANY, EXECUTIONS = 100_000, 2000
TEN = "ext.ai.sap.com/ten"
BEGIN = from_micros(1_700_000_000_000_000)


@pytest.fixture(scope="module")
def crowded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Desk]]:
    """Return a server with 100,000 artifacts and 2,000 executions."""
    desk = open_desk(Home.at(tmp_path_factory.mktemp("crowd") / "home"))
    with desk.registry.write() as db:
        group = group_pk(db, DEFAULT_SCOPE)
        scenarios.put_scenario(
            desk.registry, DEFAULT_SCOPE, Scenario("many", "Many", "", {}, BEGIN, BEGIN)
        )
        bound = Configuration(
            "the-configuration", "c", "many", "the-executable", {"a": "1"}, {}, BEGIN
        )
        configurations.insert(db, group, bound)
        made = Execution(
            "",
            bound.id,
            "c",
            "many",
            "the-executable",
            "1",
            Status.COMPLETED,
            TargetStatus.COMPLETED,
            "",
            BEGIN,
            BEGIN,
        )
        for number in range(EXECUTIONS):
            executions.insert(db, group, replace(made, id=f"e{number:015x}"))
        kinds = list(ArtifactKind)
        for number in range(MANY):
            label = ((TEN, str(number % 10)),) if number % 100 == 0 else ()
            at = BEGIN + timedelta(seconds=number)
            execution = f"e{number // 50:015x}" if number < EXECUTIONS * 50 else ""
            artifacts.insert(
                db,
                group,
                Artifact(
                    f"id-{number:06d}",
                    f"Model {number % 7}",
                    kinds[number % 4],
                    f"ai://default/{number}",
                    "",
                    "many",
                    execution,
                    label,
                    None,
                    at,
                    at,
                ),
            )
    with serving(desk.home.root) as server:
        yield server, desk
    desk.close()


def test_pages_have_no_gaps(crowded_server: tuple[Server, Desk]) -> None:
    server, desk = crowded_server
    seen: list[str] = []
    for skip in range(0, MANY + 1, 10_000):
        if skip == 50_000:
            # What is added while somebody reads comes last.
            desk.artifacts.add(
                DEFAULT_SCOPE, ArtifactKind.OTHER, "late", "ai://default/late", "many"
            )
        page = server.call("GET", "/lm/artifacts", params={"$top": 10_000, "$skip": skip}).json()
        assert page["count"] == len(page["resources"])
        seen += [each["id"] for each in page["resources"]]
    assert len(seen) == MANY + 1
    assert seen[:MANY] == [f"id-{number:06d}" for number in range(MANY)]
    assert int(server.call("GET", "/lm/artifacts/$count").text) == MANY + 1
    whole = server.call("GET", "/lm/artifacts", params={"top": 100_000}).json()
    assert whole["count"] == 100_000
    assert len(server.call("GET", "/lm/artifacts").json()["resources"]) == 10_000


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"kind": "model"}, MANY // 4),
        ({"name": "Model 0"}, len(range(0, MANY, 7))),
        ({"$search": "odel 0"}, len(range(0, MANY, 7))),
        ({"$search": "ODEL 0"}, 0),
        ({"search": "ODEL 0", "searchCaseInsensitive": "True"}, len(range(0, MANY, 7))),
        ({"artifactLabelSelector": f"{TEN}=0"}, MANY // 100),
        ({"artifactLabelSelector": f"{TEN}!=0,{TEN}!=1", "kind": "model"}, MANY // 4 - MANY // 100),
        ({"executionId": "e000000000000001"}, 50),
        ({"scenarioId": "none"}, 0),
    ],
)
def test_filters_count_what_they_list(
    crowded_server: tuple[Server, Desk], query: dict[str, str], count: int
) -> None:
    server, _ = crowded_server
    assert int(server.call("GET", "/lm/artifacts/$count", params=query).text) == count
    listed = server.call("GET", "/lm/artifacts", params=query | {"$top": "100000"}).json()
    assert listed["count"] == len({each["id"] for each in listed["resources"]}) == count
    last = server.call(
        "GET", "/lm/artifacts", params=query | {"$skip": str(max(0, count - 1))}
    ).json()["resources"]
    assert last == listed["resources"][-1:]


def test_executions_with_their_outputs(crowded_server: tuple[Server, Desk]) -> None:
    server, _ = crowded_server
    listed = server.call("GET", "/lm/executions", params={"$top": EXECUTIONS}).json()["resources"]
    assert len(listed) == EXECUTIONS
    assert all(len(each["outputArtifacts"]) == 50 for each in listed)
    many = ",".join(["the-executable", *(f"{number:064d}" for number in range(999))])
    assert server.call("GET", "/lm/executions/$count", params={"executableIds": many}).text == str(
        EXECUTIONS
    )
    error_of(
        server.call("GET", "/lm/executions/$count", params={"executableIds": f"{many},another"}),
        400,
    )
    assert (
        server.call("GET", "/lm/configurations", params={"executableIds": many}).json()["count"]
        == 1
    )


def test_requests_are_handled_concurrently(crowded_server: tuple[Server, Desk]) -> None:
    server, _ = crowded_server
    done = threading.Event()

    def small() -> int:
        count = 0
        while not done.is_set():
            assert server.call("GET", "/lm/meta").status_code == 200
            count += 1
        return count

    server.token()
    with ThreadPoolExecutor(5) as pool:
        counted = pool.submit(small)
        large = list(
            pool.map(
                lambda _: server.call("GET", "/lm/artifacts", params={"$top": "20000"}), range(4)
            )
        )
        done.set()
        assert counted.result() > 1
    assert all(answer.json()["count"] == 20_000 for answer in large)


def test_metrics_of_many_points(crowded_server: tuple[Server, Desk]) -> None:
    server, desk = crowded_server
    execution = f"e{1:015x}"
    at = now()
    for name in ("loss", "accuracy"):
        desk.metrics.record(
            execution,
            [Metric(name, step / 7, at, step) for step in range(25_000)],
            scope=DEFAULT_SCOPE,
        )
    desk.metrics.record(execution, [Metric("gone", float("nan"), at)], scope=DEFAULT_SCOPE)
    answer = server.call(
        "GET", "/lm/metrics", params={"executionIds": f"{execution},e{2:015x}"}
    ).json()
    (resource,) = answer["resources"]
    assert answer["count"] == 1
    for name in ("loss", "accuracy"):
        assert [each["step"] for each in resource["metrics"] if each["name"] == name] == list(
            range(25_000)
        )
    assert len(resource["metrics"]) == 50_001


def test_resource_groups(shared: SharedServer) -> None:
    server = shared.server
    names = [f"team-{number}" for number in range(7)]
    for name in names:
        labels = [{"key": "ext.ai.sap.com/size", "value": "small" if name < "team-3" else "large"}]
        made = server.call(
            "POST", "/admin/resourceGroups", json={"resourceGroupId": name, "labels": labels}
        )
        assert (made.status_code, made.json()["resourceGroupId"]) == (202, name)
    large = {"labelSelector": "ext.ai.sap.com/size=large"}
    found = server.call(
        "GET", "/admin/resourceGroups", params={**large, "$top": 2, "$skip": 1, "$count": "true"}
    ).json()
    assert found["count"] == 4
    assert [each["resourceGroupId"] for each in found["resources"]] == ["team-4", "team-5"]
    seen: list[str] = []
    url = "/v2/admin/resourceGroups"
    while url:
        page = server.call("GET", url.removeprefix("/v2"), headers={"Prefer": "maxpagesize=3"})
        assert len(page.json()["resources"]) <= 3
        seen += [each["resourceGroupId"] for each in page.json()["resources"]]
        url = page.links["next"]["url"] if "next" in page.links else ""
    assert set(names) < set(seen)
    assert (
        len(seen) == len(set(seen)) == server.call("GET", "/admin/resourceGroups").json()["count"]
    )
    error_of(server.call("GET", "/admin/resourceGroups", params={"continueToken": "?"}), 410)
    error_of(server.call("POST", "/admin/resourceGroups", json={"resourceGroupId": "team-0"}), 409)
    error_of(server.call("POST", "/admin/resourceGroups", json={"resourceGroupId": "-"}), 400)
    error_of(server.call("DELETE", "/admin/resourceGroups/default"), 409)
    for name in names:
        assert server.call("DELETE", f"/admin/resourceGroups/{name}").status_code == 202
        error_of(server.call("GET", f"/admin/resourceGroups/{name}"), 404)


def test_malformed_requests_are_rejected(shared: SharedServer) -> None:
    server = shared.server
    for path in (
        "/nothing",
        "/lm",
        "/lm/artifacts/",
        "/lm/artifacts/a/b",
        "/lm/deployments",
        "/lm/artifacts/%2e%2e/x",
    ):
        error_of(server.call("GET", path), 404, "NotFound")
    for path in ("/lm/artifacts/x", "/lm/executions/%00%00%00%00", "/lm/executions/" + "x" * 65):
        error_of(server.call("GET", path), 400, "InvalidRequest")
    for method, path in (
        ("PUT", "/lm/artifacts"),
        ("DELETE", "/lm/artifacts/abcd"),
        ("POST", "/lm/meta"),
    ):
        assert error_of(server.call(method, path), 405)
        assert "GET" in server.call(method, path).headers["Allow"]
    for body in (
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff",
        b"[" * 100_000,
        b'{"name": "\\ud800"}',
        b"1" * 5000,
        b'{"name": 1, "kind": [], "url": {}, "scenarioId": null}',
    ):
        for path in (
            "/lm/artifacts",
            "/lm/configurations",
            "/lm/executions",
            "/lm/executionSchedules",
            "/admin/resourceGroups",
            "/admin/objectStoreSecrets",
        ):
            if path == "/admin/resourceGroups" and body[-1:] == b"}":
                # One without an ID is given one.
                continue
            answer = server.call(
                "POST", path, data=body, headers={"Content-Type": "application/json"}
            )
            error_of(answer, 400)
        error_of(server.call("PATCH", "/lm/metrics", data=body), 400)
    error_of(
        server.call("POST", "/lm/artifacts", data=b"{}", headers={"Content-Type": "text/csv"}), 400
    )
    error_of(
        server.call("POST", "/lm/artifacts", data=b"x", headers={"Content-Encoding": "gzip"}), 400
    )
    error_of(server.call("POST", "/lm/artifacts", data=b" " * (BODY_LIMIT + 1)), 413, "02000005")
    pieces = (b" " * 1_000_000 for _ in range(BODY_LIMIT // 1_000_000 + 2))
    error_of(server.call("POST", "/lm/artifacts", data=pieces), 413)
    for query in (
        {"$top": "x"},
        {"$top": "100001"},
        {"$skip": "-1"},
        {"kind": "car"},
        {"$search": "~"},
        {"$search": "x" * 81},
        {"searchCaseInsensitive": "perhaps"},
        {"$expand": "all"},
        {"artifactLabelSelector": "x"},
        {"artifactLabelSelector": ",".join(["a=b"] * 11)},
        {"executionId": "x"},
    ):
        error_of(server.call("GET", "/lm/artifacts", params=query), 400)
    for query in ({"status": "BUSY"}, {"$select": "all"}, {"configurationId": "?"}):
        error_of(server.call("GET", "/lm/executions", params=query), 400)
    for query in (
        {"$top": "0"},
        {"$top": "5001"},
        {"$order": "up"},
        {"start": "yesterday"},
        {"end": "9999-12-31T23:59:59-23:00"},
    ):
        error_of(server.call("GET", "/lm/executions/e0123456789abcde/logs", params=query), 400)
    for query in (
        {},
        {"executionIds": ",".join(f"e{number:015x}" for number in range(11))},
        {"$filter": "x"},
        {"executionIds": "abcd", "$select": "all"},
    ):
        answer = server.call("GET", "/lm/metrics", params=query)
        assert isinstance(error_of(answer, 400)["details"], list)
    error_of(server.call("GET", "/lm/artifacts", group="nowhere"), 404, "ResourceGroupNotFound")
    assert server.call("GET", "/lm/artifacts", group=None).status_code == 200
    assert server.call("HEAD", "/lm/artifacts").content == b""
    bare = requests.get(
        f"{server.url}/lm/meta",
        headers={"Authorization": f"Bearer {server.token()}"},
        timeout=SECONDS,
    )
    assert bare.json()["runtimeIdentifier"] == "launchpad"


def test_invalid_http_ends_only_its_connection(shared: SharedServer) -> None:
    server = shared.server
    place = urlsplit(server.url)
    head = (
        f"POST /v2/lm/artifacts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token()}\r\n"
    )
    half = f"{head}Content-Length: 100\r\n\r\nshort".encode()
    odd = f"{head}Content-Length: x\r\n\r\n".encode()
    for sent in (
        b"\x16\x03\x01",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 400_000,
        odd,
        half,
    ):
        with socket.create_connection((place.hostname, place.port), SECONDS) as connection:
            connection.sendall(sent)
    assert server.call("GET", "/lm/meta").status_code == 200
    assert "Traceback" not in server.log()


def test_a_damaged_file_of_clients_denies_access(tmp_path: Path) -> None:
    home = tmp_path / "home"
    key = add_client(home, "one")
    with serving(home, key=key) as server:
        assert server.call("GET", "/lm/meta").status_code == 200
        for damaged in ("{", '{"clients": ' + "[" * 9999):
            (home / "clients.json").write_text(damaged)
            answer = server.call("GET", "/lm/meta")
            error_of(answer, 500)
            assert "unexpected" not in json.dumps(answer.json())
            assert "clients.json" not in json.dumps(answer.json())


def test_artifacts_are_created_while_the_store_does_not_respond(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launchpad_tui.services.runtime_host._MEASURE_SECONDS", 0.2)
    desk = open_desk(Home.at(tmp_path / "home"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        values = {
            "bucket": "b",
            "endpoint": endpoint,
            "access_key_id": "k",
            "secret_access_key": "s",
        }
        desk.stores.add(DEFAULT_SCOPE, "silent", "s3", values)
        scenarios.put_scenario(
            desk.registry, DEFAULT_SCOPE, Scenario("many", "Many", "", {}, BEGIN, BEGIN)
        )
        made = desk.artifacts.add(DEFAULT_SCOPE, ArtifactKind.MODEL, "m", "ai://silent/m", "many")
    assert made.size is None
    assert desk.artifacts.get(DEFAULT_SCOPE, made.id) == made
