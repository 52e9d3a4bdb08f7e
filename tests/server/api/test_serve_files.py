"""Files over the API: the extension ``dataset`` and launchpad's access to any object store."""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.api_client import ApiClient
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import ConfigError
from launchpad_tui.services.clients import service_key
from launchpad_tui.services.desk import Desk
from launchpad_tui.services.served_files import ABANDONED_SECONDS
from tests.server.api.served import SharedServer, add_client, serving
from tests.services.execution_support import Bench

FILES = "/lm/dataset/files"
GPU = Scope("gpu", "default")


@pytest.fixture
def laptop(shared: SharedServer, tmp_path: Path) -> Iterator[Desk]:
    """Return the desk of another launchpad, connected and synchronized."""
    client = ApiClient("tests", shared.server.key.client_id, "", now())
    key = json.dumps(service_key(client, shared.server.key.secret, shared.server.url))
    desk = open_desk(Home.at(tmp_path / "laptop"))
    desk.connections.add("gpu", "sap-ai-core", desk.connections.service_key(key))
    desk.sync.sync(GPU)
    yield desk
    desk.runtimes.close()
    desk.close()


def name() -> str:
    return f"tests/{uuid.uuid4()}"


def test_upload_download_and_delete_a_file(shared: SharedServer) -> None:
    path = f"{FILES}/{name()}.csv"
    sent = shared.server.call("PUT", path, data=b"a,b\n1,2\n")
    assert sent.status_code == 201
    url = f"ai://default/{path.removeprefix(FILES + '/')}"
    assert (sent.json()["url"], sent.headers["Location"]) == (url, url)
    got = shared.server.call("GET", path)
    assert got.content == b"a,b\n1,2\n"
    assert got.headers["Content-Type"] == "application/octet-stream"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Disposition"] == "attachment"
    assert shared.server.call("PUT", path, data=b"other").status_code == 409
    assert shared.server.call("GET", path).content == b"a,b\n1,2\n"
    assert (
        shared.server.call("PUT", path, data=b"other", params={"overwrite": "true"}).status_code
        == 201
    )
    assert shared.server.call("GET", path).content == b"other"
    assert shared.server.call("DELETE", path).status_code == 204
    assert shared.server.call("GET", path).status_code == 404
    assert shared.server.call("DELETE", path).status_code == 404
    assert shared.server.call("PUT", f"{FILES}/a/../../b", data=b"x").status_code in {400, 404}
    assert shared.server.call("PUT", f"{FILES}/two%20words", data=b"x").status_code == 400
    assert shared.server.call("PUT", f"{FILES}/.launchpad-staging/x", data=b"x").status_code == 400


def test_ranges_and_versions(shared: SharedServer) -> None:
    path = name()
    query = {"path": path}
    stored = shared.server.call("PUT", FILES, params=query, data=b"0123456789").json()
    assert stored["sha256"] == hashlib.sha256(b"0123456789").hexdigest()

    def asked(**headers: str) -> tuple[int, bytes, str | None]:
        answer = shared.server.call("GET", FILES, params=query, headers=headers)
        return answer.status_code, answer.content, answer.headers.get("Content-Range")

    assert asked(Range="bytes=2-4") == (206, b"234", "bytes 2-4/10")
    assert asked(Range="bytes=8-") == (206, b"89", "bytes 8-9/10")
    assert asked(Range="bytes=8-99") == (206, b"89", "bytes 8-9/10")
    assert asked(Range="lines=1-2")[:2] == (200, b"0123456789")
    assert asked(Range="bytes=10-")[::2] == (416, "bytes */10")
    version = shared.server.call("GET", FILES, params={**query, "view": "file"}).json()["version"]
    headers = {"If-Match": f'"{version}"'}
    assert shared.server.call("GET", FILES, params=query, headers=headers).status_code == 200
    shared.server.call("PUT", FILES, params={**query, "overwrite": "true"}, data=b"another")
    assert shared.server.call("GET", FILES, params=query, headers=headers).status_code == 412
    assert (
        shared.server.call(
            "PUT", FILES, params={**query, "sha256": "0" * 64}, data=b"x"
        ).status_code
        == 409
    )
    assert shared.server.call("GET", FILES, params=query).content == b"another"


def test_access_to_files_of_other_groups_is_denied(shared: SharedServer) -> None:
    assert (
        shared.server.call(
            "PUT", FILES, headers={"Authorization": "Bearer none"}, data=b"x"
        ).status_code
        == 401
    )
    shared.bench.desk.connections.add_group("local", "file-readers")
    bound = add_client(shared.server.home, "bound-files", "--group", "file-readers")
    assert shared.server.call("GET", FILES, key=bound, params={"view": "folder"}).status_code == 403
    # By default the stores of all groups are one folder: that of another group, for this client.
    for method, path in (
        ("GET", FILES),
        ("PUT", FILES),
        ("DELETE", FILES),
        ("GET", f"{FILES}/x"),
        ("PUT", f"{FILES}/x"),
    ):
        query = {"path": "x"}
        assert (
            shared.server.call(method, path, key=bound, group=None, params=query).status_code == 403
        )
    own = shared.server.home / "own"
    own.mkdir()
    scope = Scope("local", "file-readers")
    shared.bench.desk.stores.edit(scope, "default", {"root": str(own)})
    seen = shared.server.call("PUT", f"{FILES}/x", key=bound, group=None, data=b"x")
    assert (seen.status_code, (own / "x").read_bytes()) == (201, b"x")
    shared.bench.desk.stores.edit(scope, "default", {"root": str(shared.server.home)})
    assert shared.server.call("GET", f"{FILES}/x", key=bound, group=None).status_code == 403
    missing = shared.server.call("GET", FILES, params={"objectStore": "nowhere", "view": "folder"})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "ObjectStoreNotFound")
    assert (
        shared.server.call("POST", FILES, params={"path": name(), "upload": "../x"}).status_code
        == 400
    )
    assert (
        shared.server.call(
            "POST", FILES, params={"path": name(), "upload": uuid.uuid4().hex}
        ).status_code
        == 400
    )


def test_failed_uploads_leave_no_files(shared: SharedServer) -> None:
    folder = shared.server.home / "uploads"
    told_path = name()
    shared.server.call("PUT", FILES, params={"path": told_path}, data=b"x")
    shared.server.call("PUT", FILES, params={"path": told_path}, data=b"x")
    shared.server.call("PUT", FILES, params={"path": "../a"}, data=b"x")
    assert list(folder.iterdir()) == []
    upload = uuid.uuid4().hex
    assert (
        shared.server.call(
            "PUT", FILES, params={"path": "a/b", "upload": upload}, data=b"x"
        ).status_code
        == 201
    )
    assert (
        shared.server.call(
            "PUT", FILES, params={"path": "a", "upload": upload}, data=b"x"
        ).status_code
        == 400
    )
    old = time.time() - ABANDONED_SECONDS - 60
    (staged,) = folder.iterdir()
    os.utime(staged, (old, old))
    shared.server.call("PUT", FILES, params={"path": name()}, data=b"x")
    assert list(folder.iterdir()) == []


def test_models_of_another_machine_are_browsed_downloaded_and_uploaded(
    shared: SharedServer, laptop: Desk, tmp_path: Path
) -> None:
    (store,) = laptop.stores.list(GPU)
    assert (store.name, store.kind, store.remote) == ("default", "launchpad", True)
    assert laptop.files.store(GPU, "default").check().endswith("object store default of default")
    page = laptop.browsing.page(GPU, "default", "")
    assert page.folders or page.objects
    source = tmp_path / "model"
    (source / "sub").mkdir(parents=True)
    (source / "weights.bin").write_bytes(b"w" * 3_000_000)
    (source / "sub" / "é.json").write_text("{}")
    url = f"ai://default/{name()}"
    stored = laptop.files.store_output(GPU, url, source)
    assert [each.path for each in stored] == ["sub/é.json", "weights.bin"]
    there = shared.bench.desk.files.stage(DEFAULT_SCOPE, url, tmp_path / "there")
    assert sorted(path.name for path in there) == ["weights.bin", "é.json"]
    back = laptop.files.stage(GPU, url, tmp_path / "back")
    assert {path.name: path.read_bytes() for path in back} == {
        "weights.bin": b"w" * 3_000_000,
        "é.json": b"{}",
    }
    assert laptop.files.delete_output(GPU, url) == 2


def test_an_object_store_of_this_machine_survives_sync(
    shared: SharedServer, tmp_path: Path
) -> None:
    client = ApiClient("tests", shared.server.key.client_id, "", now())
    key = json.dumps(service_key(client, shared.server.key.secret, shared.server.url))
    desk = open_desk(Home.at(tmp_path / "laptop"))
    desk.connections.add("gpu", "sap-ai-core", desk.connections.service_key(key))
    desk.stores.add(GPU, "default", "file", {"root": str(tmp_path)}, here=True)
    desk.sync.sync(GPU)
    (store,) = desk.stores.list(GPU)
    assert (store.kind, store.remote) == ("file", False)
    desk.runtimes.close()
    desk.close()


def test_a_restarted_server_is_asked_for_a_new_token(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "there")
    try:
        with serving(bench.desk.home.root) as server:
            port = server.url.rpartition(":")[2]
            client = ApiClient("tests", server.key.client_id, "", now())
            key = json.dumps(service_key(client, server.key.secret, server.url))
            desk = open_desk(Home.at(tmp_path / "laptop"))
            desk.connections.add("gpu", "sap-ai-core", desk.connections.service_key(key))
            desk.sync.sync(GPU)
            store = desk.files.store(GPU, "default")
            (tmp_path / "x").write_bytes(b"x")
            store.put("x", tmp_path / "x")
            secret = server.key
        with serving(bench.desk.home.root, "--port", port, key=secret):
            assert store.stat("x").size == 1
            assert [each.path for each in store.list()] == ["x"]
            assert b"".join(store.read("x")) == b"x"
            store.put("x", tmp_path / "x")
        desk.runtimes.close()
        desk.close()
    finally:
        bench.close()


def test_a_store_without_a_connection_requires_an_address(tmp_path: Path) -> None:
    desk = open_desk(Home.at(tmp_path / "home"))
    desk.stores.add(DEFAULT_SCOPE, "far", "launchpad", {"object_store": "default"})
    with pytest.raises(ConfigError, match="no address"):
        desk.files.store(DEFAULT_SCOPE, "far")
    desk.close()
