"""Import of object store secrets into a resource group of this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.scenario import Scenario
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import Conflict, InvalidInput
from launchpad_tui.registry import scenarios
from launchpad_tui.services.desk import Desk

SCOPE = Scope("local", "default")
#: the example of SAP's documentation
SECRET = {
    "name": "default",
    "type": "S3",
    "pathPrefix": "prod",
    "data": {"AWS_ACCESS_KEY_ID": "an-id", "AWS_SECRET_ACCESS_KEY": "a-secret"},
    "bucket": "models",
    "region": "eu-central-1",
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return the desk of a home with an artifact in the store ``default``."""
    found = open_desk(Home(tmp_path, tmp_path / "settings.toml"))
    at = now()
    scenarios.put_scenario(found.registry, SCOPE, Scenario("churn", "Churn", "", {}, at, at))
    found.artifacts.add(SCOPE, ArtifactKind.DATASET, "rows", "ai://default/rows", "churn")
    return found


def test_a_secret_named_default_replaces_the_initial_folder(desk: Desk) -> None:
    (added,) = desk.stores.import_secrets(SCOPE, json.dumps(SECRET))
    assert (added.name, added.kind, added.settings["bucket"]) == ("default", "s3", "models")
    assert [(each.name, each.kind) for each in desk.stores.list(SCOPE)] == [
        ("default", "s3"),
        ("files", "file"),
    ]
    assert desk.artifacts.resolve(SCOPE, "rows").url == "ai://files/rows"
    assert desk.stores.kept(SCOPE, "default") == {"access_key_id", "secret_access_key"}


def test_the_name_of_the_folder_is_free(desk: Desk) -> None:
    desk.stores.add(SCOPE, "files", "file", {"root": str(desk.home.root)})
    desk.stores.import_secrets(SCOPE, json.dumps(SECRET))
    assert {each.name for each in desk.stores.list(SCOPE)} == {"default", "files", "files-2"}


def test_a_chosen_store_default_is_not_replaced(desk: Desk) -> None:
    desk.stores.edit(SCOPE, "default", {"root": str(desk.home.root)})
    with pytest.raises(Conflict):
        desk.stores.import_secrets(SCOPE, json.dumps(SECRET))
    assert [each.kind for each in desk.stores.list(SCOPE)] == ["file"]


def test_an_import_that_fails_replaces_nothing(desk: Desk) -> None:
    invalid = {**SECRET, "name": "other", "type": "oss", "bucket": ""}
    with pytest.raises(InvalidInput):
        desk.stores.import_secrets(SCOPE, json.dumps([SECRET, invalid]))
    twice = {**SECRET, "name": "lake"}
    desk.stores.import_secrets(SCOPE, json.dumps(twice))
    with pytest.raises(Conflict):
        desk.stores.import_secrets(SCOPE, json.dumps([SECRET, twice]))
    assert {each.name: each.kind for each in desk.stores.list(SCOPE)} == {
        "default": "file",
        "lake": "s3",
    }
    assert desk.artifacts.resolve(SCOPE, "rows").url == "ai://default/rows"
    assert desk.stores.kept(SCOPE, "default") == frozenset()
