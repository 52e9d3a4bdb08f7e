"""Commands on object stores and on the files of artifacts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.cli_support import Cli


@pytest.fixture
def tiny(template: Path, cli: Cli) -> str:
    """Add the template and return the ID of its scenario."""
    assert cli("executables", "add", str(template)).code == 0
    return "tiny"


@pytest.fixture
def lake(tmp_path: Path, cli: Cli) -> Path:
    """Add the object store ``lake`` and return its folder."""
    folder = tmp_path / "lake"
    for path in (
        "models/a/weights.bin",
        "models/a/config.json",
        "models/b/weights.bin",
        "readme.txt",
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"content of {path}")
    assert cli("stores", "add", "lake", "--type", "file", "--set", f"root={folder}").code == 0
    return folder


@pytest.fixture
def models(lake: Path, tiny: str, cli: Cli) -> list[str]:
    """Import two models from the store and return their IDs."""
    imported = cli("models", "import", "lake", "models", "--scenario", "tiny", "--json")
    assert imported.code == 0, imported.err
    return [each["id"] for each in imported.json["resources"]]


def test_a_store_test_prints_its_steps(lake: Path, cli: Cli) -> None:
    tested = cli("stores", "test", "lake")
    assert tested.code == 0
    assert [line.split()[:2] for line in tested.lines] == [
        ["ok", name] for name in ("settings", "permission", "bucket", "prefix", "write")
    ]
    cli("stores", "add", "far", "--type", "file", "--set", "root=/no/such/place")
    wrong = cli("stores", "test", "far")
    assert wrong.code == 1
    assert "FAILED" in wrong.out
    assert "Create or mount it" in wrong.out
    found = cli("stores", "test", "far", "--json").json
    assert found["reachable"] is False
    assert found["steps"][-1]["ok"] is False
    assert cli("stores", "test", "nowhere").code == 2


def test_the_folder_of_a_store_is_shown(lake: Path, home: Path, cli: Cli) -> None:
    shown = cli("stores", "show", "default")
    assert f"{home / 'files'}" in shown.out
    assert cli("stores", "show", "default", "--json").json["folder"] == str(home / "files")
    assert cli("stores", "show", "lake").out.count(str(lake)) == 1
    assert cli("stores", "show", "lake", "--json").json["folder"] == str(lake)


def test_a_store_is_browsed(lake: Path, cli: Cli) -> None:
    assert [line.split()[0] for line in cli("stores", "browse", "lake").lines] == [
        "PATH",
        "models/",
        "readme.txt",
    ]
    assert cli("stores", "browse", "lake", "models/a", "--quiet").lines == [
        "models/a/config.json",
        "models/a/weights.bin",
    ]
    everything = cli("stores", "browse", "lake", "-r", "--json").json["resources"]
    assert [each["path"] for each in everything][-1] == "readme.txt"
    assert len(everything) == 4
    assert cli("stores", "browse", "lake", "-r", "--limit", "2", "--quiet").lines == [
        "models/a/config.json",
        "models/a/weights.bin",
    ]
    assert cli("stores", "browse", "lake", "..").code == 2
    assert cli("stores", "browse", "lake", "nothing").code == 0
    assert cli("stores", "browse", "lake", "--limit", "-1").code == 2


@pytest.mark.parametrize("options", [(), ("--recursive",), ("--json",), ("--quiet",)])
def test_a_limited_list_of_files_is_announced(
    lake: Path, cli: Cli, options: tuple[str, ...]
) -> None:
    many = lake / "many"
    many.mkdir()
    for number in range(1002):
        (many / f"{number:04}").touch()
    browse = ("stores", "browse", "lake", "many", *options)
    assert "Only the first 1,000 entries are listed, there are more" in cli(*browse).err
    assert "--limit 0" in cli(*browse, "--limit", "1001").err
    assert cli(*browse, "--limit", "1002").err == ""
    assert cli(*browse, "--limit", "0").err == ""


def test_missing_record_of_files_is_announced(lake: Path, tiny: str, cli: Cli) -> None:
    cli("models", "add", "a", "ai://lake/models/a", "--scenario", tiny)
    listed = cli("models", "files", "a")
    assert listed.lines == ["PATH  SIZE  SHA-256"]
    assert "No files are recorded for model a." in listed.err
    assert "stores browse lake models/a --recursive" in listed.err
    assert cli("models", "verify", "a", "--record").code == 0
    assert cli("models", "files", "a").err == ""


def test_lines_of_a_warning_are_printed_as_lines(lake: Path, tiny: str, cli: Cli) -> None:
    added = cli("models", "add", "a", "ai://lake/a//b", "--scenario", tiny)
    assert added.err.splitlines()[:2] == [
        "warning: Not checked: The path 'a//b' is not allowed",
        "  It is empty or absolute, or contains //, . or .. as a part.",
    ]


def test_files_of_a_store_are_downloaded(lake: Path, tmp_path: Path, cli: Cli) -> None:
    assert cli("stores", "download", "lake", "models/a", str(tmp_path / "t")).code == 0
    assert (tmp_path / "t" / "weights.bin").read_text() == "content of models/a/weights.bin"
    again = cli("stores", "download", "lake", "models/a", str(tmp_path / "t"))
    assert (again.code, again.out) == (
        0,
        f"Nothing to download: 2 files are complete in {tmp_path / 't'}.\n",
    )
    (tmp_path / "t" / "weights.bin").write_text("Content of models/a/weights.bin")
    again = cli("stores", "download", "lake", "models/a", str(tmp_path / "t"))
    assert again.code == 2
    assert "already" in again.err
    assert cli("stores", "download", "lake", "readme.txt", str(tmp_path / "t"), "--json").json[
        "files"
    ] == [str(tmp_path / "t" / "readme.txt")]


def test_files_of_a_store_are_deleted(lake: Path, cli: Cli) -> None:
    planned = cli("stores", "delete", "lake", "models", "readme.txt", "--dry-run", "--quiet")
    assert planned.code == 0
    assert len(planned.lines) == 4
    unconfirmed = cli("stores", "delete", "lake", "models/a")
    assert unconfirmed.code == 2
    assert "Delete 2 files" in unconfirmed.err
    assert "pass --yes" in unconfirmed.err
    assert (lake / "models" / "a" / "weights.bin").exists()
    deleted = cli("stores", "delete", "lake", "models/a/", "readme.txt", "--yes", "--json")
    assert deleted.json == {
        "objectStore": "lake",
        "paths": ["models/a", "readme.txt"],
        "files": 3,
        "artifactCount": 0,
        "artifacts": [],
    }
    left = [path for path in lake.rglob("*") if path.is_file()]
    assert left == [lake / "models" / "b" / "weights.bin"]
    for path in ("", "/", "nothing", "../x"):
        assert cli("stores", "delete", "lake", path, "--yes").code == 2
    assert left[0].exists()
    assert cli("stores", "delete", "lake").code == 2
    assert "lake" in cli("stores", "list", "--quiet").lines


def test_artifacts_of_deleted_files_are_listed(
    lake: Path, models: list[str], tmp_path: Path, cli: Cli
) -> None:
    # The same files in a store of another resource group, below another path.
    assert cli("groups", "add", "team").code == 0
    root = f"root={lake / 'models'}"
    added = cli("stores", "add", "inner", "--type", "file", "--set", root, "--group", "team")
    assert added.code == 0, added.err
    url = "ai://inner/A/weights.bin"
    copy = cli("models", "add", "copy", url, "--scenario", "tiny", "--group", "team", "--quiet")
    assert copy.code == 0, copy.err
    asked = cli("stores", "delete", "lake", "models/a")
    assert asked.code == 2
    assert "2 artifacts refer to these files:" in asked.err
    assert "ai://lake/models/a" in asked.err
    assert f"({copy.out.strip()}, local/team) ai://inner/A/weights.bin" in asked.err
    assert "ai://lake/models/b" not in asked.err
    # A file belongs to the artifact of its folder.
    planned = cli(
        "stores", "delete", "lake", "models/a/config.json", "models/b", "--dry-run", "--json"
    )
    first, second = models
    if "models/a" not in cli("models", "show", first, "--json").json["url"]:
        first, second = second, first
    assert {each["path"]: each["artifacts"] for each in planned.json["resources"]} == {
        "models/a/config.json": [first],
        "models/b/weights.bin": [second],
    }
    deleted = cli("stores", "delete", "lake", "models", "--yes", "--json").json
    assert deleted["artifactCount"] == 3
    assert {each["id"] for each in deleted["artifacts"]} == {first, second, copy.out.strip()}
    assert {each["resourceGroup"] for each in deleted["artifacts"]} == {"default", "team"}
    assert cli("stores", "delete", "lake", "models/c").err.count("artifact") == 0


def test_nothing_is_added_if_the_files_cannot_be_recorded(lake: Path, tiny: str, cli: Cli) -> None:
    options = ("--scenario", tiny, "--record")
    for url in ("ai://lake/nothing", "ai://far/x"):
        cli("stores", "add", "far", "--type", "file", "--set", "root=/no/such/place")
        failed = cli("models", "add", "m", url, *options)
        assert failed.code == 2
        assert failed.err.startswith("launchpad: ")
    assert cli("models", "list", "--quiet").lines == []
    added = cli("models", "add", "m", "ai://lake/models/a", *options, "--json")
    assert added.code == 0, added.err
    assert len(cli("models", "files", added.json["id"], "--quiet").lines) == 2


def test_a_missing_recorded_file_is_reported(
    lake: Path, tiny: str, cli: Cli, tmp_path: Path
) -> None:
    added = cli("models", "add", "m", "ai://lake/models/a", "--scenario", tiny, "--record", "-q")
    (lake / "models" / "a" / "config.json").unlink()
    download = ("models", "download", added.lines[0], str(tmp_path / "target"))
    incomplete = cli(*download)
    assert incomplete.code == 1
    assert "1 recorded file of the artifact is missing" in incomplete.err
    assert "config.json" in incomplete.err
    assert (tmp_path / "target" / "weights.bin").exists()


def test_a_store_for_outputs_requires_an_existing_folder(cli: Cli, tmp_path: Path) -> None:
    replace = ("stores", "replace", "default", "--keep-as", "files", "--type", "file", "--set")
    refused = cli(*replace, f"root={tmp_path}/nothing")
    assert refused.code == 2
    assert "does not exist" in refused.err
    assert "mkdir -p" in refused.err
    assert cli("stores", "edit", "default", "--set", f"root={tmp_path}/nothing").code == 2
    assert cli("stores", "list", "--quiet").lines == ["default"]
    (tmp_path / "nothing").mkdir()
    assert cli(*replace, f"root={tmp_path}/nothing").code == 0


def test_files_are_previewed(lake: Path, models: list[str], cli: Cli) -> None:
    assert "content of readme.txt" in cli("stores", "preview", "lake", "readme.txt").out
    which = cli("models", "preview", models[0])
    assert which.code == 2
    assert "config.json" in which.err
    assert (
        "content of models/a/weights.bin" in cli("models", "preview", models[0], "weights.bin").out
    )
    assert cli("models", "preview", models[1], "--json").json["lines"] == [
        "content of models/b/weights.bin"
    ]
    assert cli("stores", "preview", "lake", "nothing").code == 2


def test_models_are_imported_once(lake: Path, tiny: str, cli: Cli) -> None:
    words = ("models", "import", "lake", "models", "--scenario", "tiny")
    proposed = cli(*words, "--dry-run", "--json").json["resources"]
    assert [(each["name"], each["files"], each["known"]) for each in proposed] == [
        ("a", 2, False),
        ("b", 1, False),
    ]
    assert cli("models", "list", "--quiet").lines == []
    assert "Added 2. 0 had already been added." in cli(*words).err
    assert "Added 0. 2 had already been added." in cli(*words).err
    assert len(cli("models", "list", "--quiet").lines) == 2
    assert cli("models", "import", "lake", "--pattern", "", "--scenario", "tiny").code == 2
    assert cli("models", "import", "lake", "--scenario", "nix").code == 2


def test_all_models_are_verified(lake: Path, models: list[str], cli: Cli) -> None:
    fine = cli("models", "verify", "--all")
    assert fine.code == 0
    assert "2 intact" in fine.err
    (lake / "models/b/weights.bin").write_text("something else")
    found = cli("models", "verify", "--all", "--json")
    assert found.code == 1
    assert {each["id"]: each["filesState"] for each in found.json["resources"]} == {
        models[0]: "intact",
        models[1]: "changed",
    }
    assert cli("models", "show", models[1], "--json").json["filesState"] == "changed"
    assert cli("models", "list", "--where", "files_state = changed", "--quiet").lines == [models[1]]
    assert "changed" in cli("models", "list", "--wide").out
    assert cli("models", "verify").code == 2
    assert cli("models", "verify", models[0], "--all").code == 2


def test_a_folder_is_uploaded(lake: Path, tiny: str, tmp_path: Path, cli: Cli) -> None:
    one = cli(
        "models",
        "upload",
        "mine",
        str(lake / "models/a"),
        "--scenario",
        "tiny",
        "--label",
        "stage=x",
        "--json",
    )
    assert one.code == 0, one.err
    assert (one.json["url"], one.json["filesState"]) == ("ai://default/mine", "intact")
    assert len(cli("models", "files", one.json["id"], "--quiet").lines) == 2
    assert cli("models", "verify", one.json["id"]).code == 0
    taken = cli("models", "upload", "mine", str(lake / "readme.txt"), "--scenario", "tiny")
    assert taken.code == 2
    to_lake = cli(
        "datasets",
        "upload",
        "d",
        str(lake / "readme.txt"),
        "--scenario",
        "tiny",
        "--url",
        "ai://lake/d.txt",
    )
    assert to_lake.code == 0
    assert (lake / "d.txt").read_text() == "content of readme.txt"
    nothing = cli("models", "upload", "none", str(tmp_path / "nothing"), "--scenario", "tiny")
    assert nothing.code == 2
    assert len(cli("models", "list", "--quiet").lines) == 1


def test_stores_are_renamed_and_replaced(
    lake: Path, models: list[str], tmp_path: Path, cli: Cli
) -> None:
    renamed = cli("stores", "rename", "lake", "pond")
    assert "Updated the URLs of 2 artifacts." in renamed.out
    assert cli("models", "show", models[0], "--json").json["url"] == "ai://pond/models/a"
    assert cli("models", "verify", "--all").code == 0
    assert cli("stores", "rename", "default", "x").code == 2
    words = (
        "stores",
        "replace",
        "default",
        "--keep-as",
        "files",
        "--type",
        "file",
        "--set",
        f"root={tmp_path}/new",
    )
    (tmp_path / "new").mkdir()
    assert cli(*words, "--json").json["keptAs"] == "files"
    assert cli("stores", "list", "--quiet").lines == ["default", "files", "pond"]
    assert cli(*words).code == 2
    assert cli("stores", "rename", "pond", "files").code == 2


def test_storing_outputs_of_an_unknown_execution_is_rejected(tiny: str, cli: Cli) -> None:
    assert cli("executions", "store-outputs", "e-nothing").code == 2
