"""Files of a remote model, read from a real S3 server with keys that the user has entered."""

from __future__ import annotations

from pathlib import Path

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import FileState
from launchpad_tui.domain.connection import Scope
from launchpad_tui.stores.base import open_store
from launchpad_tui.stores.catalog import KINDS
from tests.services import tenant_server
from tests.stores import seaweed

CORE = Scope("core", "default")


def test_a_remote_store_is_read_with_keys_of_the_user(tmp_path: Path) -> None:
    server = seaweed.shared()
    values = server.values("tenant/vision")
    weights = tmp_path / "weights"
    weights.write_bytes(b"w" * 100_000)
    with tenant_server.serve() as tenant:
        group = tenant.groups["default"]
        execution = group.train(1)
        group.artifacts[0]["url"] = f"ai://default/{execution}/model"
        open_store(KINDS["s3"], values).put(f"{execution}/model/weights.bin", weights)
        metadata = {
            "type": "S3",
            "bucket": values["bucket"],
            "endpoint": values["endpoint"],
            "region": "us-east-1",
            "pathPrefix": "tenant/vision",
        }
        stored_metadata = {f"storage.ai.sap.com/{name}": value for name, value in metadata.items()}
        group.stores.append({"name": "default-object-store-secret", "metadata": stored_metadata})
        desk = open_desk(Home.at(tmp_path / "home"))
        desk.connections.add(
            "core", "sap-ai-core", desk.connections.service_key(tenant.service_key)
        )
        desk.sync.sync(CORE)
        (store,) = desk.stores.list(CORE)
        keys = {name: values[name] for name in ("access_key_id", "secret_access_key", "addressing")}
        desk.stores.edit(CORE, "default", {**store.settings, "credentials": "keys", **keys})
        desk.sync.sync(CORE)
        model = group.artifacts[0]["id"]
        (check,) = desk.verification.verify(CORE, model)
        assert (check.file.path, check.size, check.state) == (
            "weights.bin",
            100_000,
            FileState.UNRECORDED,
        )
        desk.verification.record(CORE, model)
        (check,) = desk.verification.verify(CORE, model)
        assert check.state is FileState.INTACT
        page = desk.browsing.page(CORE, "default", f"{execution}/model")
        assert [one.path.rpartition("/")[2] for one in page.objects] == ["weights.bin"]
        desk.sync.sync(CORE)
        assert desk.artifacts.get(CORE, model).size == 100_000
        desk.runtimes.close()
        desk.close()
