"""Outputs of executions: stored in every kind of object store, with retries, and later from files
that were kept."""

from __future__ import annotations

import os
import shutil
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.domain.artifact import ArtifactKind, FilesState
from launchpad_tui.domain.connection import DEFAULT_SCOPE, DEFAULT_STORE
from launchpad_tui.domain.execution import OUTPUTS, OUTPUTS_KEPT, Status
from launchpad_tui.domain.query import Query
from launchpad_tui.errors import AuthenticationFailed, Conflict, NotFound, Unreachable
from tests.services.execution_support import Bench, until
from tests.stores import azurite, fake_gcs, hadoop, oss_server, seaweed

#: The module that starts the server of each kind.
SERVERS = {"s3": seaweed, "oss": oss_server, "webhdfs": hadoop, "azure": azurite, "gcs": fake_gcs}
TRAIN = (
    "echo weights > /app/model/model.bin; mkdir /app/model/sub; echo more > /app/model/sub/x; "
    "echo trained"
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    created = Bench(tmp_path)
    yield created
    created.close()


def into_s3(bench: Bench, **others: str) -> None:
    values = seaweed.shared().values(f"outputs/{uuid.uuid4()}") | others
    bench.desk.stores.replace(DEFAULT_SCOPE, DEFAULT_STORE, "s3", values, "files")


@pytest.mark.parametrize("kind", SERVERS)
def test_outputs_are_stored_in_every_kind_of_store(bench: Bench, kind: str, tmp_path: Path) -> None:
    first = bench.wait(bench.shell(TRAIN, name="first"))
    assert first.status is Status.COMPLETED
    (old,) = bench.desk.artifacts.listing(DEFAULT_SCOPE, ArtifactKind.MODEL, Query()).slice(0, 9)
    values = SERVERS[kind].shared().values(f"outputs/{uuid.uuid4()}")
    bench.desk.stores.replace(DEFAULT_SCOPE, DEFAULT_STORE, kind, values, "files")
    followed = bench.desk.artifacts.get(DEFAULT_SCOPE, old.artifact.id)
    assert followed.url == f"ai://files/{first.id}/housemodel"
    assert bench.desk.verification.verify(DEFAULT_SCOPE, followed.id)
    assert bench.desk.artifacts.get(DEFAULT_SCOPE, followed.id).files_state is FilesState.INTACT
    second = bench.wait(bench.shell(TRAIN, name="second"))
    assert second.status is Status.COMPLETED, bench.log(second.id)
    store = bench.desk.files.store(DEFAULT_SCOPE, DEFAULT_STORE)
    assert [each.path for each in store.list(second.id)] == [
        f"{second.id}/housemodel/model.bin",
        f"{second.id}/housemodel/sub/x",
    ]
    assert len(bench.models()) == 2
    (new, _) = bench.desk.artifacts.listing(DEFAULT_SCOPE, ArtifactKind.MODEL, Query()).slice(0, 9)
    assert new.artifact.files_state is FilesState.INTACT
    assert [
        each.state for each in bench.desk.verification.verify(DEFAULT_SCOPE, new.artifact.id)
    ] == ["intact"] * 2
    bench.desk.files.stage(DEFAULT_SCOPE, new.artifact.url, tmp_path / "staged")
    assert (tmp_path / "staged" / "model.bin").read_text() == "weights\n"
    store.delete(f"{second.id}/housemodel/sub/x")
    states = {
        each.file.path: each.state
        for each in bench.desk.verification.verify(DEFAULT_SCOPE, new.artifact.id)
    }
    assert states == {"model.bin": "intact", "sub/x": "missing"}


def test_outputs_are_kept_when_the_credentials_are_wrong(bench: Bench, tmp_path: Path) -> None:
    into_s3(bench, secret_access_key="wrong")
    one = bench.shell(TRAIN)
    dead = bench.wait(one)
    assert dead.status is Status.DEAD
    assert dead.status_message.startswith("The outputs could not be stored and are kept:")
    assert dead.status_details == {"reason": "AuthenticationFailed", OUTPUTS: OUTPUTS_KEPT}
    assert f"launchpad executions store-outputs {one}" in bench.log(one)
    assert bench.models() == []
    with pytest.raises(AuthenticationFailed):
        bench.desk.executions.store_outputs(DEFAULT_SCOPE, one)
    assert bench.execution(one).status is Status.DEAD
    bench.desk.stores.edit(
        DEFAULT_SCOPE, DEFAULT_STORE, {**_settings(bench), "secret_access_key": seaweed.ADMIN[1]}
    )
    (created,) = bench.desk.executions.store_outputs(DEFAULT_SCOPE, one)
    done = bench.execution(one)
    assert done.status is Status.COMPLETED
    assert done.completed_at == dead.completed_at, "the execution ended when its steps ended"
    assert done.status_details == {}
    assert (created.execution_id, created.url) == (one, f"ai://default/{one}/housemodel")
    assert dict(created.labels) == {"ext.ai.sap.com/step": "train"}
    bench.desk.files.download(DEFAULT_SCOPE, created.id, tmp_path / "back")
    assert (tmp_path / "back" / "sub" / "x").read_text() == "more\n"
    assert not (bench.desk.home.executions / one / "work").exists()
    assert seaweed.ADMIN[1] not in bench.log(one)
    with pytest.raises(Conflict):
        bench.desk.executions.store_outputs(DEFAULT_SCOPE, one)


def _settings(bench: Bench) -> dict[str, str]:
    (store,) = (
        each for each in bench.desk.stores.list(DEFAULT_SCOPE) if each.name == DEFAULT_STORE
    )
    return dict(store.settings)


def test_storing_is_retried_while_the_store_is_unreachable(bench: Bench) -> None:
    shutil.rmtree(bench.desk.home.files, ignore_errors=True)
    bench.desk.home.files.write_text("in the way")
    one = bench.shell(TRAIN)
    bench.wait_for_log(one, "Retrying in 2 s")
    assert bench.execution(one).status is Status.RUNNING
    bench.desk.home.files.unlink()
    bench.desk.home.files.mkdir()
    assert bench.wait(one).status is Status.COMPLETED
    assert bench.models() == [one]


def test_stop_while_waiting_for_the_store(bench: Bench) -> None:
    shutil.rmtree(bench.desk.home.files, ignore_errors=True)
    bench.desk.home.files.write_text("in the way")
    one = bench.shell(TRAIN)
    bench.wait_for_log(one, "Retrying in 2 s")
    bench.desk.executions.stop(DEFAULT_SCOPE, [one])
    assert bench.wait(one).status is Status.STOPPED
    with pytest.raises(Conflict):
        bench.desk.executions.store_outputs(DEFAULT_SCOPE, one)


def test_outputs_are_kept_when_the_supervisor_is_killed_while_storing(bench: Bench) -> None:
    shutil.rmtree(bench.desk.home.files, ignore_errors=True)
    bench.desk.home.files.write_text("in the way")
    one = bench.shell(TRAIN)
    bench.wait_for_log(one, "Retrying in 2 s")
    os.kill(bench.supervisor(one), signal.SIGKILL)
    dead = bench.reconcile(one)
    assert dead.status is Status.DEAD
    assert dead.status_details[OUTPUTS] == OUTPUTS_KEPT
    assert "Its outputs are kept" in dead.status_message
    with pytest.raises(Unreachable):
        bench.desk.executions.store_outputs(DEFAULT_SCOPE, one)
    bench.desk.home.files.unlink()
    bench.desk.home.files.mkdir()
    bench.desk.executions.store_outputs(DEFAULT_SCOPE, one)
    assert bench.execution(one).status is Status.COMPLETED
    assert bench.models() == [one]


def test_kept_outputs_that_were_deleted(bench: Bench) -> None:
    into_s3(bench, secret_access_key="wrong")
    one = bench.shell(TRAIN)
    bench.wait(one)
    shutil.rmtree(bench.desk.home.executions / one / "work")
    with pytest.raises(NotFound, match="missing"):
        bench.desk.executions.store_outputs(DEFAULT_SCOPE, one)


def test_a_failed_execution_has_no_outputs_to_store(bench: Bench) -> None:
    failed = bench.shell("exit 3")
    assert bench.wait(failed).status is Status.DEAD
    with pytest.raises(Conflict, match="cannot be stored"):
        bench.desk.executions.store_outputs(DEFAULT_SCOPE, failed)


def test_the_default_store_cannot_be_replaced_while_an_execution_runs(bench: Bench) -> None:
    one = bench.shell("echo here; sleep 300")
    bench.wait_for_log(one, "here")
    with pytest.raises(Conflict, match="renamed now"):
        into_s3(bench)
    assert [each.kind for each in bench.desk.stores.list(DEFAULT_SCOPE)] == ["file"]
    bench.desk.executions.stop(DEFAULT_SCOPE, [one])
    until(lambda: bench.reconcile(one).status.final)
    into_s3(bench)
    assert [(each.name, each.kind) for each in bench.desk.stores.list(DEFAULT_SCOPE)] == [
        ("default", "s3"),
        ("files", "file"),
    ]
