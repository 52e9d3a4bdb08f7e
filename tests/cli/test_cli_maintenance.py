"""The commands doctor, backup and restore."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.cli_support import Cli


def damage(home: Path) -> None:
    """Replace the registry, including the pages that are still in its write-ahead log."""
    for ending in ("-wal", "-shm"):
        (home / f"registry.db{ending}").unlink(missing_ok=True)
    # A connection that is still open may write to the former file.
    (home / "registry.db").unlink()
    (home / "registry.db").write_bytes(b"not a database at all" * 1000)


def test_doctor_reports_problems_by_its_exit_code(cli: Cli, home: Path) -> None:
    assert cli("executions", "list").code == 0
    found = cli("doctor", "--json")
    assert found.code == 0
    assert json.loads(found.out)["errors"] == 0
    assert "0 errors" in cli("doctor").out
    damage(home)
    broken = cli("doctor")
    assert broken.code == 1
    assert "The registry is damaged" in broken.out
    assert "launchpad restore FILE" in broken.out
    quiet = cli("doctor", "--quiet")
    assert quiet.code == 1
    assert "ok " not in quiet.out
    listed = cli("executions", "list")
    assert listed.code == 2
    assert "The registry is damaged" in listed.err
    assert "launchpad doctor" in listed.err


def test_a_backup_is_written_and_restored(cli: Cli, home: Path, tmp_path: Path) -> None:
    cli("groups", "add", "team-a")
    target = tmp_path / "backup.db"
    assert cli("backup", str(target)).code == 0
    assert cli("backup", str(target)).code == 2
    assert cli("backup", str(target), "--overwrite").code == 0
    cli("groups", "add", "team-b")
    refused = cli("restore", str(target))
    assert refused.code == 2
    assert "--yes" in refused.err
    restored = cli("restore", str(target), "--yes")
    assert restored.code == 0
    assert "registry-before-restore.db" in restored.out
    names = cli("groups", "list", "--quiet").out.split()
    assert names == ["default", "team-a"]
    damage(home)
    assert cli("restore", str(target), "--yes").code == 0
    assert cli("groups", "list", "--quiet").out.split() == ["default", "team-a"]
