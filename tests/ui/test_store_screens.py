"""The screens that list, test, add, edit and remove object stores; secrets are never shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.ui.screens.stores.store import StoreScreen
from launchpad_tui.ui.screens.stores.stores import StoresScreen
from launchpad_tui.ui.widgets.form import Form
from tests.scenes.harness import paste, press, running, screen_text, settled
from tests.scenes.screen_seeds import MODEL, RUNNING, SECRET


def stores(pilot: Any) -> dict[str, dict[str, str]]:
    return {one.name: dict(one.settings) for one in pilot.app.desk.stores.list(DEFAULT_SCOPE)}


def secrets(home: Home) -> str:
    """Return the stored credentials as they are on disk."""
    return home.credentials_path.read_text()


async def test_store_is_added_and_its_access_checked(workshop_home: Home, tmp_path: Path) -> None:
    place = tmp_path / "shelf"
    place.mkdir()
    async with running(workshop_home, "stores") as pilot:
        await press(pilot, "a")
        assert "A folder on this machine" in screen_text(pilot)
        await press(pilot, "enter", *"shelf", "enter")
        await paste(pilot, str(place))
        await press(pilot, "enter")
        assert "● Review" in screen_text(pilot)
        assert "shelf" not in stores(pilot)
        await press(pilot, "enter")
        assert stores(pilot)["shelf"] == {"root": str(place)}
        assert isinstance(pilot.app.screen, StoresScreen)
        text = screen_text(pilot)
        assert "Object store shelf added: " in text
        await press(pilot, "r")
        assert "1–3 of 3" in screen_text(pilot)


async def test_invalid_values_are_reported_below_their_fields(workshop_home: Home) -> None:
    async with running(workshop_home, "stores") as pilot:
        await press(pilot, "a", "right", "ctrl+n", *"Big", "ctrl+n")
        lines = screen_text(pilot).split("\n")
        bucket = next(i for i, line in enumerate(lines) if line.startswith(" Bucket *"))
        assert "✗ This field is required" in lines[bucket + 1]
        # All invalid fields are reported at once.
        assert "✗ This value is invalid. Use at most 63" in "\n".join(lines)
        await press(pilot, "down", *"b", *["down"] * 5, *"id", "down", *"hush", "ctrl+n")
        text = screen_text(pilot)
        assert "● Settings" in text
        assert "✗ This value is invalid. Use at most 63" in text
        assert pilot.app.screen.query_one(Form).values()["secret_access_key"] == "hush"
        assert "hush" not in text
        await press(pilot, *["backspace"] * 3, *"archive", "ctrl+n")
        assert "The name archive is already used" in screen_text(pilot)


async def test_editing_keeps_secrets_without_showing_them(workshop_home: Home) -> None:
    assert SECRET in secrets(workshop_home)
    async with running(workshop_home, "stores") as pilot:
        await press(pilot, "down", "enter")
        assert isinstance(pilot.app.screen, StoreScreen)
        seen = [screen_text(pilot)]
        await press(pilot, "e")
        seen.append(screen_text(pilot))
        assert "Leave empty to keep the stored value." in seen[-1]
        await press(pilot, *"-2026", "ctrl+n")
        seen.append(screen_text(pilot))
        assert "● Review" in seen[-1]
        assert "unchanged" in seen[-1]
        await press(pilot, "enter")
        seen.append(screen_text(pilot))
        assert stores(pilot)["archive"]["bucket"] == "models-2026"
        assert not any(SECRET in text for text in seen)
    assert SECRET in secrets(workshop_home)


async def test_new_secret_replaces_the_old_one(workshop_home: Home) -> None:
    async with running(workshop_home, "stores") as pilot:
        await press(pilot, "down", "e", *["down"] * 6, *"other", "ctrl+n")
        assert "other" not in screen_text(pilot)
        await press(pilot, "enter")
    assert SECRET not in secrets(workshop_home)
    assert "other" in secrets(workshop_home)


async def test_only_stores_without_outputs_can_be_removed(workshop_home: Home) -> None:
    async with running(workshop_home, "stores") as pilot:
        await press(pilot, "D")
        assert "so it cannot be removed" in screen_text(pilot)
        await press(pilot, "down", "D", "enter", "n")
        assert "archive" in stores(pilot)
        await press(pilot, "D", "y")
        assert "archive" not in stores(pilot)
        assert "Object store archive removed" in screen_text(pilot)
    assert SECRET not in secrets(workshop_home)


async def test_test_of_a_store_shows_its_steps(workshop_home: Home) -> None:
    async with running(workshop_home, "stores") as pilot:
        assert "not tested" in screen_text(pilot)
        await press(pilot, "V")
        text = screen_text(pilot)
        assert "✓ settings     complete" in text
        assert "✓ All steps succeeded" in text
        await press(pilot, "escape")
        assert "✓ accessible" in screen_text(pilot)


async def test_failed_test_of_a_store_shows_the_error(workshop_home: Home, tmp_path: Path) -> None:
    root = tmp_path / "broken"
    async with running(workshop_home, "stores") as pilot:
        pilot.app.desk.stores.add(DEFAULT_SCOPE, "broken", "file", {"root": str(root)})
        await press(pilot, "r", "end")
        root.write_text("a file in place of the folder")
        await press(pilot, "enter", "V")
        assert "✗" in screen_text(pilot)
        assert "unexpected error" not in screen_text(pilot)


async def test_form_shows_the_fields_of_the_selected_credentials(workshop_home: Home) -> None:
    async with running(workshop_home, "stores", (120, 44)) as pilot:
        await press(pilot, "a", "right", "ctrl+n")
        assert "Access key ID" in screen_text(pilot)
        assert "Profile" not in screen_text(pilot)
        form = pilot.app.screen.query_one(Form)
        form.set_value("credentials", "profile")
        await settled(pilot)
        text = screen_text(pilot)
        assert "Profile" in text
        assert "Access key ID" not in text
        form.set_value("new name", "lake")
        form.set_value("bucket", "b")
        form.set_value("endpoint", "http://127.0.0.1:9")
        await press(pilot, "ctrl+n")
        text = screen_text(pilot)
        assert "● Review" in text
        assert "Access key ID" not in text
        await press(pilot, "enter")
        assert stores(pilot)["lake"]["credentials"] == "profile"


async def test_certificate_is_pasted_or_read_from_a_file(
    workshop_home: Home, tmp_path: Path
) -> None:
    certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    (tmp_path / "key.pem").write_text("-----BEGIN KEY-----\nhush\n-----END KEY-----\n")
    async with running(workshop_home, "stores", (120, 60)) as pilot:
        await press(pilot, "a", "right", "right", "right", "ctrl+n")
        form = pilot.app.screen.query_one(Form)
        form.set_value("new name", "hdfs")
        form.set_value("namenode", "http://127.0.0.1:9")
        editor = form._editors["client_cert"]
        editor.focus()
        await pilot.pause()
        await paste(pilot, certificate)
        assert form.values()["client_cert"] == certificate
        assert "MIIB" not in screen_text(pilot)
        form.set_value("client_key", f"@{tmp_path / 'nowhere'}")
        await press(pilot, "ctrl+n")
        assert "cannot be read" in screen_text(pilot)
        form.set_value("client_key", f"@{tmp_path / 'key.pem'}")
        await press(pilot, "ctrl+n", "enter")
        assert "hdfs" in stores(pilot)
    kept = json.loads(secrets(workshop_home))["store"]["local/default/hdfs"]
    assert kept == {
        "client_cert": certificate,
        "client_key": (tmp_path / "key.pem").read_text().rstrip(),
    }


async def test_store_that_holds_outputs_is_replaced(workshop_home: Home, tmp_path: Path) -> None:
    (tmp_path / "shelf").mkdir()
    async with running(workshop_home, "stores") as pilot:
        await press(pilot, "M")
        assert "press R to replace it" in screen_text(pilot)
        await press(pilot, "R", "ctrl+n")
        pilot.app.screen.query_one(Form).set_value("root", str(tmp_path / "shelf"))
        await press(pilot, "ctrl+n", "enter")
        # The store cannot be replaced while an execution runs, which may store outputs in it.
        assert "have not ended" in screen_text(pilot)
        await press(pilot, "escape")
        pilot.app.desk.executions.stop(DEFAULT_SCOPE, [RUNNING])
        with pilot.app.desk.registry.write("executions") as db:
            db.execute(
                "UPDATE executions SET status = 'STOPPED' WHERE status IN ('RUNNING', 'STOPPING')"
            )
        await press(pilot, "enter")
        assert "Object store default replaced; 4 artifacts now in default-before" in screen_text(
            pilot
        )
        found = stores(pilot)
        assert found["default"] == {"root": str(tmp_path / "shelf")}
        assert found["default-before"] == {}
        assert (
            pilot.app.desk.artifacts.get(DEFAULT_SCOPE, MODEL).url
            == "ai://default-before/models/churn"
        )


async def test_store_is_renamed(workshop_home: Home) -> None:
    async with running(workshop_home, "stores") as pilot:
        with pilot.app.desk.registry.write("executions") as db:
            db.execute("UPDATE executions SET status = 'STOPPED' WHERE status = 'RUNNING'")
        await press(pilot, "down", "M", *"archive-2", "enter")
        assert "Object store archive renamed to archive-2" in screen_text(pilot)
        assert set(stores(pilot)) == {"default", "archive-2"}
    assert SECRET in secrets(workshop_home)


async def test_stores_are_imported_from_a_file_of_secrets(
    workshop_home: Home, tmp_path: Path
) -> None:
    secret = {
        "name": "lake",
        "type": "S3",
        "bucket": "b",
        "endpoint": "s3.example.com",
        "pathPrefix": "models",
        "data": {"AWS_ACCESS_KEY_ID": "AKIALAKE", "AWS_SECRET_ACCESS_KEY": "hush-hush"},
    }
    (tmp_path / "secret.json").write_text(json.dumps(secret))
    async with running(workshop_home, "stores") as pilot:
        await press(pilot, "i")
        await paste(pilot, str(tmp_path / "nowhere"))
        await press(pilot, "enter")
        assert "cannot be read" in screen_text(pilot)
        await press(pilot, "escape", "i")
        await paste(pilot, str(tmp_path / "secret.json"))
        await press(pilot, "enter")
        assert "Object store lake added" in screen_text(pilot)
        assert stores(pilot)["lake"]["bucket"] == "b"
        assert "hush-hush" not in screen_text(pilot)
    assert "hush-hush" in secrets(workshop_home)


async def test_the_folder_of_the_default_store_is_shown(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        pilot.app.open("store", item_id="default")
        await settled(pilot)
        text = screen_text(pilot)
        (line,) = [each for each in text.split("\n") if each.lstrip().startswith("Folder")]
        assert str(workshop_home.files)[:20] in line
