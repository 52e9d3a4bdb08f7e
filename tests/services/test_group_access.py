"""Object stores that clients of one resource group add: their locations, servers and headers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.domain.scenario import Scenario
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput, PermissionDenied
from launchpad_tui.net.address_policy import AddressRefused
from launchpad_tui.registry import artifacts, connections, preferences, scenarios
from launchpad_tui.services.desk import Desk
from launchpad_tui.stores.catalog import KINDS
from launchpad_tui.stores.locations import store_location

OTHER = Scope("local", "other")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return the desk of a home with a second resource group."""
    settings = tmp_path / "settings.toml"
    settings.write_text('[serve]\nallowed_addresses = "10.1.0.0/16, localhost"\n')
    found = open_desk(Home(tmp_path, settings))
    found.connections.add_group("local", "other")
    return found


@pytest.mark.parametrize(
    ("kind", "values", "other_kind", "other"),
    [
        ("s3", {"bucket": "b"}, "s3", {"bucket": "b", "endpoint": "https://s3.example.com"}),
        ("s3", {"bucket": "b"}, "gcs", {"bucket": "B"}),
        ("s3", {"bucket": "b", "path_prefix": "a"}, "oss", {"bucket": "b", "path_prefix": "a/c"}),
        ("s3", {"bucket": "b", "path_prefix": "/a//c/"}, "s3", {"bucket": "b", "path_prefix": "a"}),
        ("s3", {"bucket": "b", "path_prefix": "x/../a"}, "s3", {"bucket": "b", "path_prefix": "a"}),
        ("s3", {"bucket": "b", "path_prefix": "%61"}, "s3", {"bucket": "b", "path_prefix": "A"}),
        (
            "s3",
            {"bucket": "b", "path_prefix": "\u00e9"},
            "s3",
            {"bucket": "b", "path_prefix": "e\u0301"},
        ),
        ("webhdfs", {"namenode": "http://one:9870"}, "webhdfs", {"namenode": "http://two:9870/"}),
        (
            "azure",
            {"container_uri": "https://account.blob.core.windows.net/c"},
            "azure",
            {"container_uri": "http://8.8.8.8/account/C/?sig=x"},
        ),
        ("file", {"root": "/tmp"}, "file", {"root": "/"}),
        ("file", {}, "file", {"root": "/home/../home"}),
        ("launchpad", {"object_store": "a"}, "launchpad", {"object_store": "a", "base_url": "x"}),
    ],
)
def test_locations_overlap_in_every_spelling(
    kind: str, values: Mapping[str, str], other_kind: str, other: Mapping[str, str]
) -> None:
    first = store_location(KINDS[kind], values, "/home/files")
    second = store_location(KINDS[other_kind], other, "/home/files")
    assert first.overlaps(second)
    assert second.overlaps(first)


@pytest.mark.parametrize(
    ("values", "other"),
    [
        ({"bucket": "b"}, {"bucket": "c"}),
        ({"bucket": "b", "path_prefix": "a"}, {"bucket": "b", "path_prefix": "ab"}),
        ({"bucket": "b", "path_prefix": "a/x"}, {"bucket": "b", "path_prefix": "a/y"}),
    ],
)
def test_other_locations_do_not_overlap(
    values: Mapping[str, str], other: Mapping[str, str]
) -> None:
    first, second = (store_location(KINDS["s3"], each, "") for each in (values, other))
    assert not first.overlaps(second)


def test_a_new_store_uses_nothing_of_this_machine(desk: Desk) -> None:
    access = desk.files.access
    for kind, values in (
        ("file", {"root": "/etc"}),
        ("launchpad", {"base_url": "https://8.8.8.8/v2"}),
        ("s3", {"bucket": "b", "credentials": "environment"}),
        ("s3", {"bucket": "b", "credentials": "profile"}),
        ("gcs", {"bucket": "b", "credentials": "environment"}),
        ("s3", {"bucket": "b", "credentials_file": "/home/me/.aws/credentials"}),
        ("s3", {"bucket": "b", "ca_file": "/etc/passwd"}),
        ("webhdfs", {"namenode": "http://8.8.8.8", "authentication": "ticket"}),
        ("webhdfs", {"namenode": "http://8.8.8.8", "user": "hdfs"}),
        ("webhdfs", {"namenode": "http://8.8.8.8", "headers": '{"Authorization": "x"}'}),
        ("webhdfs", {"namenode": "http://8.8.8.8", "headers": '{"Host": "x"}'}),
    ):
        with pytest.raises(InvalidInput):
            access.require_location(OTHER, kind, values)
    container = json.dumps({"X-SAP-FileContainer": "c"})
    access.require_location(OTHER, "webhdfs", {"namenode": "8.8.8.8", "headers": container})


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "2130706433", "[::1]:80", "http://10.2.0.1:9870/x", "nobody.invalid"]
)
def test_a_new_store_has_an_allowed_server(desk: Desk, address: str) -> None:
    for kind, name in (("s3", "endpoint"), ("webhdfs", "namenode"), ("azure", "container_uri")):
        values = {name: address, **({"bucket": "b"} if kind == "s3" else {})}
        with pytest.raises(AddressRefused):
            desk.files.access.require_location(OTHER, kind, values)
    for allowed in ("10.1.2.3:9000", "http://localhost:9000"):
        desk.files.access.require_location(OTHER, "s3", {"bucket": "b", "endpoint": allowed})


def test_a_restricted_store_reaches_allowed_servers_only(desk: Desk) -> None:
    keys = {"access_key_id": "an-id", "secret_access_key": "a-secret"}
    values = {"bucket": "b", "endpoint": "http://127.0.0.1:1", **keys}
    added = desk.stores.add(OTHER, "lake", "s3", values, restricted=True)
    assert added.restricted
    with pytest.raises(AddressRefused):
        desk.stores.check(OTHER, "lake")
    # A store that is changed on this machine is its user's.
    assert not desk.stores.edit(OTHER, "lake", values).restricted
    changed = desk.stores.edit(OTHER, "lake", values, keep_secrets=False, restricted=True)
    assert changed.restricted


def test_a_replaced_secret_does_not_keep_stored_credentials(desk: Desk) -> None:
    values = {"namenode": "http://8.8.8.8", "delegation_token": "a-token"}
    desk.stores.add(OTHER, "hdfs", "webhdfs", values)
    desk.stores.edit(OTHER, "hdfs", {"namenode": "http://9.9.9.9"}, keep_secrets=False)
    assert desk.stores.kept(OTHER, "hdfs") == frozenset()


def test_stores_of_all_groups_are_compared(desk: Desk) -> None:
    keys = {"access_key_id": "an-id", "secret_access_key": "a-secret"}
    desk.stores.add(DEFAULT_SCOPE, "lake", "s3", {"bucket": "b", "path_prefix": "a", **keys})
    with pytest.raises(PermissionDenied):
        desk.files.access.require_location(OTHER, "s3", {"bucket": "b"})
    desk.files.access.require_location(DEFAULT_SCOPE, "s3", {"bucket": "b"})
    with pytest.raises(PermissionDenied):
        desk.files.access.require_store(OTHER, "default")


def test_stores_of_unknown_kinds_do_not_open_others(desk: Desk) -> None:
    connections.add_store(desk.registry, DEFAULT_SCOPE, "future", "no-kind", {})
    with pytest.raises(PermissionDenied):
        desk.files.access.require_path(OTHER, "default", "a/b")
    connections.delete_store(desk.registry, OTHER, "default")
    connections.add_store(desk.registry, OTHER, "shared", "file", {})
    with pytest.raises(PermissionDenied):
        desk.files.access.require_path(OTHER, "shared", "a/b")


def test_artifacts_of_former_versions_are_restricted_once(tmp_path: Path) -> None:
    home = Home(tmp_path, tmp_path / "settings.toml")
    desk = open_desk(home)
    desk.connections.add_group("local", "other")
    with desk.registry.write():
        scenario = Scenario("houses", "h", "", {}, now(), now())
        scenarios.put_scenario(desk.registry, DEFAULT_SCOPE, scenario)
    desk.clients.add("bound", "other")
    desk.clients.add("everywhere")
    add = desk.artifacts.add
    url = "ai://default/victim/data"
    registered = add(OTHER, ArtifactKind.DATASET, "a", url, "houses").id
    own = add(DEFAULT_SCOPE, ArtifactKind.DATASET, "b", url, "houses").id
    created = desk.artifacts.new(OTHER, ArtifactKind.MODEL, "c", url, "houses")
    artifacts.add(desk.registry, OTHER, replace(created, execution_id="an-execution"))
    preferences.put(desk.registry, preferences.CREDENTIALS_MOVED, None)
    desk.close()

    desk = open_desk(home)
    ids = [registered, own, created.id]
    assert artifacts.restricted(desk.registry, OTHER, ids) == {registered}
    assert artifacts.restricted(desk.registry, DEFAULT_SCOPE, ids) == frozenset()
    with pytest.raises(PermissionDenied, match="may not use files"):
        desk.files.stage(OTHER, url, tmp_path / "target", restricted=True)
    # What is registered from now on is known.
    later = add(OTHER, ArtifactKind.DATASET, "d", url, "houses").id
    desk.close()
    desk = open_desk(home)
    assert artifacts.restricted(desk.registry, OTHER, [later]) == frozenset()
    desk.close()
