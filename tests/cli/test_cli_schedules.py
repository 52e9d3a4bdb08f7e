"""Commands on execution schedules."""

from __future__ import annotations

from pathlib import Path

from tests.cli.cli_support import Cli


def test_a_schedule_is_created_changed_paused_and_deleted(cli: Cli, home: Path) -> None:
    from launchpad_tui.bootstrap import open_desk
    from launchpad_tui.config.paths import Home
    from launchpad_tui.domain.connection import DEFAULT_SCOPE
    from launchpad_tui.domain.execution import Configuration
    from launchpad_tui.domain.timestamps import now
    from launchpad_tui.registry import configurations

    desk = open_desk(Home.at(home))
    new = Configuration("c0ffee00-0000-4000-8000-000000000001", "fast", "s", "x", {}, {}, now())
    configurations.add(desk.registry, DEFAULT_SCOPE, new)
    desk.close()
    created = cli(
        "schedules", "create", "fast", "--cron", "0 3 * * *", "--name", "nightly", "--json"
    ).json
    assert (created["cron"], created["status"], created["configurationId"]) == (
        "0 3 * * *",
        "ACTIVE",
        new.id,
    )
    assert created["nextAt"].endswith("T03:00:00Z")
    assert cli("schedules", "pause", "nightly", "--json").json["status"] == "INACTIVE"
    assert cli("schedules", "resume", "nightly", "--json").json["status"] == "ACTIVE"
    edited = cli(
        "schedules",
        "edit",
        "nightly",
        "--cron",
        "15 4 * * 1",
        "--end",
        "2099-01-01T00:00:00Z",
        "--json",
    ).json
    assert (edited["cron"], edited["end"]) == ("15 4 * * 1", "2099-01-01T00:00:00Z")
    assert cli("schedules", "list", "--json").json["count"] == 1
    assert cli("schedules", "show", "nightly").code == 0
    assert cli("schedules", "run", "--once").code == 0
    wrong = cli("schedules", "create", "fast", "--cron", "often")
    assert wrong.code == 2
    assert "not a valid cron expression" in wrong.err
    assert cli("schedules", "delete", "nightly", "--quiet").out.strip() == created["id"]
    assert cli("schedules", "list", "--json").json["count"] == 0
