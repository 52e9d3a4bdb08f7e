"""Credentials that are typed inside of settings are stored with the secrets and shown nowhere."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from launchpad_tui.aiapi.connections import serialize_connection, serialize_object_store
from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.credentials import CONNECTION, STORE, Credentials, store_owner
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.credential_text import MASK
from launchpad_tui.errors import InvalidInput
from launchpad_tui.registry import connections, preferences
from launchpad_tui.runtimes.catalog import KINDS as RUNTIMES
from launchpad_tui.services.desk import Desk
from launchpad_tui.stores.catalog import KINDS
from tests.services.execution_support import Bench, shell_template

SECRET = "hidden-value-1234"
SAS = f"sv=2024-01-01&sp=rwdl&sig={SECRET}"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("LAUNCHPAD_CREDENTIALS", "file")
    return Home(tmp_path, tmp_path / "settings.toml").ensure()


@pytest.fixture
def desk(home: Home) -> Desk:
    return open_desk(home)


def _on_disk(home: Home) -> bytes:
    """Return everything in the home but the file of secrets."""
    kept = {home.credentials_path}
    return b"".join(
        each.read_bytes()
        for each in home.root.rglob("*")
        if each.is_file() and each not in kept and home.secrets not in each.parents
    )


def _stored(home: Home, name: str) -> Mapping[str, str]:
    credentials = Credentials(home.credentials_path, "file")
    return credentials.get(STORE, store_owner(DEFAULT_SCOPE, name))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("azure", {"container_uri": f"https://a.blob.core.windows.net/c?{SAS}"}),
        ("azure", {"container_uri": f"https://a.blob.core.windows.net/c?{SAS}", "sas_token": SAS}),
        ("webhdfs", {"namenode": "http://n:9870", "headers": f'{{"X-Any": "{SECRET}"}}'}),
        ("webhdfs", {"namenode": f"http://me:{SECRET}@n:9870"}),
        ("webhdfs", {"namenode": f"http://n:9870/?delegation={SECRET}"}),
        ("s3", {"bucket": "b", "endpoint": f"https://me:{SECRET}@s3.example.com"}),
        ("s3", {"bucket": "b", "path_prefix": f"a?X-Amz-Signature={SECRET}"}),
        ("launchpad", {"base_url": f"https://{SECRET}@host/v2"}),
    ],
)
def test_credentials_in_settings_of_stores(
    home: Home, desk: Desk, kind: str, values: dict[str, str]
) -> None:
    keys = {"access_key_id": "an-id", "secret_access_key": "a-secret"} if kind == "s3" else {}
    added = desk.stores.add(DEFAULT_SCOPE, "lake", kind, {**values, **keys})
    shown = json.dumps(serialize_object_store(added), ensure_ascii=False)
    assert SECRET not in shown
    assert SECRET not in repr(added)
    assert SECRET.encode() not in _on_disk(home)
    stored = _stored(home, "lake")
    assert SECRET in json.dumps(dict(stored))
    # The store is opened with what was typed.
    field = next(name for name, value in values.items() if SECRET in value)
    assert (stored.get(field) or f"{added.settings[field]}?{stored['sas_token']}") == values[field]
    # A change of another field keeps the credential; a new value without one removes it.
    kept = desk.stores.edit(DEFAULT_SCOPE, "lake", dict(added.settings))
    assert kept.settings == added.settings
    assert _stored(home, "lake") == stored
    if field in stored:
        plain = {**added.settings, field: "https://host/a" if "://" in values[field] else "{}"}
        desk.stores.edit(DEFAULT_SCOPE, "lake", plain)
        assert field not in _stored(home, "lake")
        assert desk.stores.list(DEFAULT_SCOPE)[1].settings[field] == plain[field]


def test_a_signature_in_a_container_uri_is_used(desk: Desk) -> None:
    uri = f"https://a.blob.core.windows.net/c?{SAS}"
    values = {"container_uri": uri, "credentials": "environment"}
    added = desk.stores.add(DEFAULT_SCOPE, "lake", "azure", values)
    assert added.settings["container_uri"] == "https://a.blob.core.windows.net/c"
    assert added.settings["credentials"] == "sas"
    assert desk.files.store(DEFAULT_SCOPE, "lake")


def test_known_headers_are_shown(desk: Desk) -> None:
    headers = '{"x-sap-filecontainer": "c"}'
    values = {"namenode": "http://n:9870", "headers": headers}
    assert desk.stores.add(DEFAULT_SCOPE, "l", "webhdfs", values).settings["headers"] == headers


def test_credentials_in_settings_of_connections(home: Home, desk: Desk) -> None:
    values = {
        "base_url": "https://api.example.com",
        "auth_url": "https://auth.example.com",
        "client_id": "me",
        "client_secret": "a-client-secret",
    }
    typed = {**values, "auth_url": f"https://auth.example.com/?token={SECRET}"}
    added = desk.connections.add("core", "sap-ai-core", typed)
    assert SECRET not in json.dumps(serialize_connection(added))
    assert SECRET.encode() not in _on_disk(home)
    credentials = Credentials(home.credentials_path, "file")
    assert credentials.get(CONNECTION, "core")["auth_url"] == typed["auth_url"]
    desk.connections.edit("core", {**added.settings, "client_secret": "another"})
    assert credentials.get(CONNECTION, "core")["auth_url"] == typed["auth_url"]
    desk.connections.edit("core", {**values, "client_secret": ""})
    assert dict(credentials.get(CONNECTION, "core")) == {"client_secret": "another"}


def test_every_text_field_of_every_kind_is_covered(home: Home, desk: Desk) -> None:
    from launchpad_tui.domain.connection import FieldKind
    from launchpad_tui.domain.fields import separated

    forms = [each.fields for each in KINDS.values()]
    forms += [each.fields for each in RUNTIMES.values()]
    for fields in forms:
        for field in fields:
            if field.kind in {FieldKind.TEXT, FieldKind.PATH}:
                value = f"https://me:{SECRET}@host/?sig={SECRET}"
                settings, secrets = separated(fields, {field.name: value})
                assert SECRET not in json.dumps(settings)
                assert SECRET in json.dumps(secrets)


def test_messages_do_not_repeat_credentials(desk: Desk) -> None:
    for values in (
        {"bucket": "b", "endpoint": f"ftp://me:{SECRET}@host"},
        {"bucket": "b", "verify_tls": f"token={SECRET}"},
        {f"password={SECRET}": "x"},
    ):
        with pytest.raises(InvalidInput) as caught:
            desk.stores.add(DEFAULT_SCOPE, "lake", "s3", values)
        assert SECRET not in f"{caught.value!r} {caught.value} {caught.value.field}".replace(
            f"password={SECRET}", "", 1
        )


def test_credentials_of_former_versions_are_moved(home: Home) -> None:
    desk = open_desk(home)
    uri = f"https://a.blob.core.windows.net/c?{SAS}"
    headers = json.dumps({"Authorization": SECRET, "x-sap-filecontainer": "c"})
    with desk.registry.write():
        connections.add_store(desk.registry, DEFAULT_SCOPE, "az", "azure", {"container_uri": uri})
        connections.add_store(desk.registry, DEFAULT_SCOPE, "hdfs", "webhdfs", {"headers": headers})
        connections.add_store(
            desk.registry, DEFAULT_SCOPE, "odd", "no-kind", {"x": f"pwd={SECRET}"}
        )
        connections.add_connection(
            desk.registry, "core", "sap-ai-core", {"base_url": f"https://me:{SECRET}@host"}
        )
        # What was replaced before stays in the free space of the file.
        former = {f"x{number}": f"former-{SECRET}" for number in range(400)}
        connections.add_store(desk.registry, DEFAULT_SCOPE, "former", "no-kind", former)
    with desk.registry.write() as db:
        # Some builds of SQLite overwrite deleted content by default.
        db.execute("PRAGMA secure_delete = OFF")
        connections.delete_store(desk.registry, DEFAULT_SCOPE, "former")
        preferences.put(desk.registry, preferences.CREDENTIALS_MOVED, None)
    desk.close()
    assert b"former-" + SECRET.encode() in _on_disk(home)

    desk = open_desk(home)
    stores = {each.name: each.settings for each in desk.stores.list(DEFAULT_SCOPE)}
    assert stores["az"]["container_uri"] == "https://a.blob.core.windows.net/c"
    assert json.loads(stores["hdfs"]["headers"]) == {
        "Authorization": MASK,
        "x-sap-filecontainer": "c",
    }
    assert _stored(home, "az")["sas_token"] == SAS
    assert _stored(home, "hdfs")["headers"] == headers
    assert _stored(home, "odd")["x"] == f"pwd={SECRET}"
    assert desk.connections.get("core").settings["base_url"] == f"https://{MASK}@host"
    desk.close()
    assert SECRET.encode() not in _on_disk(home)
    with closing(sqlite3.connect(home.registry_path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_credentials_that_cannot_be_moved_stay_until_the_next_start(home: Home) -> None:
    desk = open_desk(home)
    with desk.registry.write():
        connections.add_store(desk.registry, DEFAULT_SCOPE, "s", "s3", {"region": f"pwd={SECRET}"})
        preferences.put(desk.registry, preferences.CREDENTIALS_MOVED, None)
    desk.close()
    home.credentials_path.write_text("{}")
    home.credentials_path.chmod(0o644)
    desk = open_desk(home)
    assert desk.stores.list(DEFAULT_SCOPE)[1].settings == {"region": f"pwd={SECRET}"}
    desk.close()
    home.credentials_path.chmod(0o600)
    desk = open_desk(home)
    assert desk.stores.list(DEFAULT_SCOPE)[1].settings == {"region": f"pwd={MASK}"}
    assert _stored(home, "s")["region"] == f"pwd={SECRET}"


def test_credentials_in_the_environment_of_an_executable(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home")
    try:
        bench.add(shell_template("shell", "echo $API_TOKEN > /app/model/m; echo $SEED"), "s.yaml")
        desk = bench.desk
        text = f"API_TOKEN={SECRET} SEED=1"
        changed = desk.scenarios.set_executable(DEFAULT_SCOPE, "shell", {"environment": text})
        assert changed.settings["environment"] == f"API_TOKEN={MASK} SEED=1"
        again = desk.scenarios.set_executable(DEFAULT_SCOPE, "shell", dict(changed.settings))
        assert again.settings == changed.settings
        bound = desk.configurations.create(DEFAULT_SCOPE, "c", "shell", {}, {})
        execution = desk.executions.create(DEFAULT_SCOPE, bound.id)
        from launchpad_tui.domain.execution import Status

        bench.wait(execution.id, Status.COMPLETED)
        (model,) = desk.serving.execution(DEFAULT_SCOPE, execution.id).outputs
        stored = desk.home.files / model.url.removeprefix("ai://default/")
        assert (stored / "m").read_text().strip() == SECRET
        assert SECRET.encode() not in desk.home.registry_path.read_bytes()
        plain = desk.scenarios.set_executable(DEFAULT_SCOPE, "shell", {"environment": "SEED=2"})
        assert plain.settings["environment"] == "SEED=2"
        assert not list(desk.home.secrets.glob("executable-*"))
    finally:
        bench.close()
