"""Scenes of a remote runtime, of the search over all connections, and of schedules."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from textual.pilot import Pilot

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Capabilities, Scope
from launchpad_tui.domain.execution import Configuration, Execution, Status, TargetStatus
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.domain.timestamps import now
from launchpad_tui.registry import connections, mirror, mirror_tenant, schedules
from tests.scenes.harness import Scene, press, screen_text, settled
from tests.scenes.screen_seeds import workshop

CORE = Scope("core", "vision")
_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def remote(home: Home) -> None:
    """Fill a home with items of every kind and a remote runtime that was read 3 minutes ago."""
    workshop(home)
    desk = open_desk(home)
    values = {
        "base_url": "https://api.example.com/v2",
        "auth_url": "https://auth.example.com/oauth/token",
        "client_id": "sb-vision",
        "client_secret": "not-a-secret",
        "credentials": "keys",
    }
    desk.connections.add("core", "sap-ai-core", values)
    registry = desk.registry
    connections.add_group(registry, CORE, {"ext.ai.sap.com/team": "vision"})
    connections.set_capabilities(registry, "core", Capabilities(add_executable=False))
    created, models = [], []
    for number, (name, status) in enumerate(
        [
            ("resnet 50", Status.COMPLETED),
            ("resnet 101", Status.COMPLETED),
            ("vit small", Status.COMPLETED),
            ("vit base", Status.RUNNING),
            ("convnext", Status.DEAD),
            ("resnet 18", Status.COMPLETED),
        ]
    ):
        at = _AT + timedelta(hours=number)
        execution_id = f"e{number:015x}"
        configuration = Configuration(
            f"c0{number:034}", name, "defects", "train", {"depth": str(number)}, {}, at
        )
        mirror.put_configurations(registry, CORE, [configuration])
        end = at + timedelta(minutes=30 + number) if status.final else None
        created.append(
            Execution(
                execution_id,
                configuration.id,
                name,
                "defects",
                "train",
                "",
                status,
                TargetStatus.COMPLETED,
                "",
                at,
                at,
                at,
                at,
                end,
            )
        )
        if status is Status.COMPLETED:
            url = f"ai://default/{execution_id}/model"
            labels = (("ext.ai.sap.com/stage", "production" if number == 1 else "test"),)
            models.append(
                Artifact(
                    f"a0{number:034}",
                    f"defects-{name.replace(' ', '-')}",
                    ArtifactKind.MODEL,
                    url,
                    "Defects",
                    "defects",
                    execution_id,
                    labels,
                    None,
                    end or at,
                    end or at,
                )
            )
    mirror.put_executions(registry, CORE, created)
    mirror.put_artifacts(registry, CORE, models)
    mirror.mark_deleted(registry, CORE, mirror.EXECUTIONS, [created[-1].id])
    mirror.mark_deleted(registry, CORE, mirror.ARTIFACTS, [models[-1].id])
    read_at = now() - timedelta(minutes=3, seconds=20)
    mirror_tenant.set_state(
        registry, CORE, mirror_tenant.GROUP, mirror_tenant.ReadingState(done_at=read_at)
    )
    connections.set_sync(registry, "core", _AT, "")
    desk.connections.choose(CORE)
    desk.close()


def scheduled(home: Home) -> None:
    """Fill a home with items of every kind and three schedules."""
    workshop(home)
    desk = open_desk(home)
    (configuration, *_) = desk.configurations.list(DEFAULT_SCOPE)
    one = Schedule(
        "5c4ed01e-0000-4000-8000-000000000001",
        "nightly",
        "0 3 * * *",
        configuration.id,
        ScheduleStatus.ACTIVE,
        None,
        None,
        _AT,
        _AT,
        datetime(2099, 3, 3, 3, 0, tzinfo=UTC),
    )
    start = datetime(2099, 4, 1, tzinfo=UTC)
    others = (
        replace(
            one,
            id=one.id[:-1] + "2",
            name="each half hour of April",
            cron="*/30 * * * *",
            start=start,
            end=start + timedelta(days=30),
            next_at=start,
            created_at=_AT + timedelta(hours=1),
        ),
        replace(
            one,
            id=one.id[:-1] + "3",
            name="Mondays",
            cron="0 8 * * 1",
            status=ScheduleStatus.INACTIVE,
            next_at=None,
            created_at=_AT + timedelta(hours=2),
        ),
    )
    for each in (one, *others):
        schedules.put(desk.registry, DEFAULT_SCOPE, each)
    desk.close()


async def _wait_for_age(pilot: Pilot[Any]) -> None:
    """Wait until the header shows how old the data are."""
    deadline = time.monotonic() + 10
    while "synced 3 min ago" not in screen_text(pilot) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)


async def _executions(pilot: Pilot[Any]) -> None:
    await press(pilot, "3")
    await _wait_for_age(pilot)


async def _everywhere(pilot: Pilot[Any]) -> None:
    await press(pilot, "ctrl+g", *"resnet")
    await _wait_for_age(pilot)


async def _connections(pilot: Pilot[Any]) -> None:
    await press(pilot, "0")
    await _wait_for_age(pilot)


async def _edit(pilot: Pilot[Any]) -> None:
    await _connections(pilot)
    pilot.app.open("connection.edit", item_id="core")  # type: ignore[attr-defined]
    await settled(pilot)


async def _schedule(pilot: Pilot[Any]) -> None:
    await press(pilot, "ctrl+e", "a")


async def _open_schedule(pilot: Pilot[Any]) -> None:
    await press(pilot, "ctrl+e", "end", "enter")


async def _schedules(pilot: Pilot[Any]) -> None:
    await press(pilot, "ctrl+e")


SCENES = [
    Scene(
        "remote",
        remote,
        _wait_for_age,
        expect=("core/vision", "synced 3 min ago", "✗ defects-resnet-18"),
        shown=True,
    ),
    Scene("remote-executions", remote, _executions, (100, 24), expect=("✗ deleted", "● RUNNING")),
    Scene("remote-connections", remote, _connections, (100, 24), expect=("vision", "✓ reachable")),
    Scene(
        "everywhere",
        remote,
        _everywhere,
        (120, 24),
        expect=("core/vision", "✗ deleted"),
        shown=True,
    ),
    Scene(
        "schedules",
        scheduled,
        _schedules,
        (120, 18),
        expect=("nightly", "paused", "0 8 * * 1"),
        shown=True,
    ),
    Scene(
        "schedule-create", workshop, _schedule, (80, 24), expect=("Schedules", "● Configuration")
    ),
    Scene("connection-edit", remote, _edit, (100, 40), expect=("Edit core", "sb-vision")),
    Scene("schedule", scheduled, _open_schedule, (120, 36), expect=("Next executions", "nightly")),
    Scene("schedules-narrow", scheduled, _schedules, (80, 24), expect=("nightly",)),
]
