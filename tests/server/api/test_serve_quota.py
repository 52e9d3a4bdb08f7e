"""Bounds of what clients store on this machine: each client, all of them, and free space."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.config.settings import ServeSettings
from launchpad_tui.domain.api_client import ApiClient
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import StorageFull, StorageQuotaExceeded
from launchpad_tui.services.clients import service_key
from launchpad_tui.services.served_files import ServedFiles
from launchpad_tui.services.storage_quota import StorageQuota
from launchpad_tui.stores.base import SourceFile
from tests.server.api.served import Server, add_client, serving
from tests.services.execution_support import Bench
from tests.small_disk import small_disk

FILES = "/lm/dataset/files"
QUOTA = (413, "StorageQuotaExceeded")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server that gives 1 MB to each client and 2 MB to all."""
    bench = Bench(tmp_path_factory.mktemp("quota"))
    bench.desk.home.settings_path.write_text(
        "[serve]\nclient_storage_mb = 1\ntotal_storage_mb = 2\nfree_space_mb = 0\n"
    )
    with serving(bench.desk.home.root) as found:
        yield found
    bench.close()


def _answer(server: Server, method: str, path: str, **more: object) -> tuple[int, str]:
    answer = server.call(method, f"{FILES}/{path}", **more)  # type: ignore[arg-type]
    error = answer.json().get("error", {}) if answer.content else {}
    return answer.status_code, str(error.get("code", ""))


def test_a_client_stores_as_much_as_its_share_and_again_after_deleting(server: Server) -> None:
    big, small = bytes(500_000), bytes(150_000)
    assert _answer(server, "PUT", "a", data=big)[0] == 201
    assert _answer(server, "PUT", "b", data=bytes(600_000)) == QUOTA
    # Without a length, the body itself is measured.
    assert _answer(server, "PUT", "b", data=iter([big[:1000]] * 600)) == QUOTA
    assert _answer(server, "PUT", "b", data=small)[0] == 201
    assert _answer(server, "PUT", "a", data=small, params={"overwrite": "true"})[0] == 201
    assert _answer(server, "PUT", "c", data=big)[0] == 201
    assert _answer(server, "PUT", "d", data=big) == QUOTA
    assert _answer(server, "DELETE", "c")[0] == 204
    assert _answer(server, "PUT", "d", data=big)[0] == 201
    # Files that were deleted on the machine itself are noticed.
    (server.home / "files" / "d").unlink()
    assert _answer(server, "PUT", "e", data=big)[0] == 201
    for name in "abe":
        assert _answer(server, "DELETE", name)[0] == 204


def test_staged_uploads_and_empty_files_count(server: Server) -> None:
    upload = "a" * 32
    query = {"path": "x", "upload": upload}
    assert server.call("PUT", FILES, params=query, data=bytes(900_000)).status_code == 201
    assert _answer(server, "PUT", "f", data=bytes(200_000)) == QUOTA
    assert server.call("DELETE", FILES, params=query).status_code == 200
    statuses = [
        server.call(
            "PUT", FILES, params={"path": f"{number}", "upload": upload}, data=b""
        ).status_code
        for number in range(245)
    ]
    assert statuses[0] == 201
    assert statuses[-1] == 413
    assert server.call("DELETE", FILES, params=query).status_code == 200
    assert _answer(server, "PUT", "f", data=bytes(200_000))[0] == 201
    assert _answer(server, "DELETE", "f")[0] == 204


def test_all_clients_together_are_bounded(server: Server) -> None:
    keys = [add_client(server.home, f"client-{number}") for number in range(3)]
    statuses = [
        _answer(server, "PUT", f"shared-{number}", key=key, data=bytes(900_000))
        for number, key in enumerate(keys)
    ]
    assert statuses == [(201, ""), (201, ""), QUOTA]
    for number in range(2):
        assert _answer(server, "DELETE", f"shared-{number}")[0] == 204


def test_another_launchpad_reports_that_no_space_is_left(server: Server, tmp_path: Path) -> None:
    client = ApiClient("tests", server.key.client_id, "", now())
    key = json.dumps(service_key(client, server.key.secret, server.url))
    desk = open_desk(Home.at(tmp_path / "laptop"))
    desk.connections.add("gpu", "sap-ai-core", desk.connections.service_key(key))
    scope = Scope("gpu", "default")
    desk.sync.sync(scope)
    source = tmp_path / "model.bin"
    source.write_bytes(bytes(3_000_000))
    with pytest.raises(StorageFull) as failed:
        desk.files.store(scope, "default").publish("m", [SourceFile(".", source)])
    assert "serve.client_storage_mb" in failed.value.detail
    desk.runtimes.close()
    desk.close()


def test_free_space_of_the_disk_is_left(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free // 1_000_000
    quota = StorageQuota(Home.at(tmp_path), ServeSettings(free_space_mb=free * 2))
    with pytest.raises(StorageQuotaExceeded), quota.receiving("client"):
        pass


def test_free_space_of_the_disk_of_a_store_is_left(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 5) as disk:
        home = Home.at(tmp_path / "home")
        settings = ServeSettings(free_space_mb=4)
        desk = open_desk(home)
        desk.stores.add(DEFAULT_SCOPE, "small", "file", {"root": str(disk)}, here=True)
        served = ServedFiles(home, desk.files, StorageQuota(home, settings))
        source = tmp_path / "source"
        source.write_bytes(bytes(1_000_000))
        served.put(DEFAULT_SCOPE, "small", "a", source, "client")
        with pytest.raises(StorageQuotaExceeded):
            served.put(DEFAULT_SCOPE, "small", "b", source, "client")
        desk.close()


def test_a_damaged_count_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "served.db").write_bytes(b"damaged" * 1000)
    quota = StorageQuota(Home.at(tmp_path), ServeSettings(free_space_mb=0))
    with quota.receiving("client") as reservation:
        reservation.grow(10)
