"""Damaged registries: whatever is damaged, the error says so and what to do."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import first_start
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
from launchpad_tui.domain.query import MetricColumn, Query
from launchpad_tui.errors import LaunchpadError, RegistryCorrupt
from launchpad_tui.registry import (
    artifacts,
    configurations,
    connections,
    executions,
    global_search,
    lineage,
    logged_metrics,
    preferences,
    scenarios,
    schedules,
    series,
)
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.pages import artifact_lister, execution_lister
from launchpad_tui.registry.window import window
from tests.registry.registry_data import START, add_artifact, add_execution

IDS = [f"e{number:015x}" for number in range(12)]


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The content of a registry with entries in most tables."""
    path = tmp_path_factory.mktemp("damage") / "registry.db"
    registry = Registry(path)
    first_start(registry)
    for number, execution_id in enumerate(IDS):
        add_execution(registry, execution_id, {"lr": "0.1"}, {"in": "m0"}, seconds=number)
        add_artifact(
            registry,
            f"m{number}",
            "größe",
            execution_id=execution_id,
            description="x" * 900,
            labels={"stage": "test"},
        )
        metrics = [Metric("loss", 1.0 / (step + 1), START, step) for step in range(200)]
        series.append(registry, execution_id, metrics)
        logged_metrics.put(registry, execution_id, [Tag("a", "ä")], [CustomInfo("i", "{}" * 300)])
    series.append_bulk(registry, IDS[0], "acc", (), range(9000), range(9000), [0.5] * 9000)
    preferences.put(registry, "a", {"b": "é"})
    registry.connect().execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    registry.close()
    return path.read_bytes()


def read_everything(path: Path) -> None:
    """Read all kinds of entries; each of the reads may fail."""
    registry = Registry(path)
    try:
        reads: list[Callable[[], object]] = [
            lambda: first_start(registry),
            lambda: connections.connections(registry),
            lambda: connections.groups(registry, "local"),
            lambda: connections.stores(registry, DEFAULT_SCOPE),
            lambda: connections.capabilities(registry, "local"),
            lambda: scenarios.executables(registry, DEFAULT_SCOPE),
            lambda: configurations.configurations(registry, DEFAULT_SCOPE, search="lr"),
            lambda: artifacts.by_id(registry, DEFAULT_SCOPE, ["m1", "m2"]),
            lambda: artifacts.files(registry, DEFAULT_SCOPE, "m1"),
            lambda: executions.by_id(registry, DEFAULT_SCOPE, IDS),
            lambda: executions.unfinished(registry),
            lambda: schedules.due(registry, START),
            lambda: lineage.inputs_of(registry, DEFAULT_SCOPE, IDS),
            lambda: global_search.search(registry, "größe", 100),
            lambda: preferences.get(registry, "a"),
            lambda: logged_metrics.tags(registry, DEFAULT_SCOPE, IDS),
            lambda: logged_metrics.custom_info(registry, DEFAULT_SCOPE, IDS),
            lambda: [
                (window(registry, one.id, points=50), logged_metrics.points(registry, [one]))
                for found in series.summaries(registry, DEFAULT_SCOPE, IDS[:3]).values()
                for one in found
            ],
            lambda: artifact_lister(
                registry,
                DEFAULT_SCOPE,
                ArtifactKind.MODEL,
                Query("größe", metrics=(MetricColumn("loss"),), curves=("loss",)),
            ).page(None, 100),
            lambda: execution_lister(registry, DEFAULT_SCOPE, Query()).page(None, 100),
            lambda: series.append(registry, IDS[1], [Metric("loss", 1.0, START, 500)]),
            lambda: add_artifact(registry, "new", execution_id=IDS[2]),
        ]
        for read in reads:
            with suppress(LaunchpadError):
                read()
    finally:
        registry.close()


def damages(content: bytes, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield descriptions of damages and the damaged content."""
    rng = random.Random(seed)
    pages = len(content) // 4096
    data = bytearray(content)
    page = rng.randrange(pages) * 4096
    kind = rng.choice(["zero", "random", "swap", "bytes", "text", "truncate", "header", "shift"])
    if kind == "zero":
        data[page : page + 4096] = bytes(4096)
    elif kind == "random":
        data[page : page + 4096] = rng.randbytes(4096)
    elif kind == "swap":
        other = rng.randrange(pages) * 4096
        data[page : page + 4096] = content[other : other + 4096]
    elif kind == "bytes":
        for _ in range(rng.randrange(1, 40)):
            data[rng.randrange(len(data))] = rng.randrange(256)
    elif kind == "text":
        # Bytes of texts that are not UTF-8, which leaves the structure of the file intact.
        for word in (
            b"COMPLETED",
            b"RUNNING",
            b"model",
            b"default",
            b"local",
            b"intact",
            "ö".encode(),
        ):
            if rng.random() < 0.5:
                data = data.replace(word, bytes([rng.randrange(128, 256)]) + word[1:])
    elif kind == "truncate":
        data = data[: rng.randrange(1, len(data))]
    elif kind == "header":
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(100)] = rng.randrange(256)
    else:
        data = data[:page] + data[page + rng.randrange(1, 4096) :]
    yield f"{kind} {seed}", bytes(data)


@pytest.mark.parametrize("seed", range(160))
def test_any_damage_is_reported_as_an_error_of_launchpad(
    intact: bytes, tmp_path: Path, seed: int
) -> None:
    for name, content in damages(intact, seed):
        path = tmp_path / "registry.db"
        path.write_bytes(content)
        with suppress(LaunchpadError):
            read_everything(path)
        assert name


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"not a database at all" * 1000,
        lambda data: data[:5000],
        lambda data: data[:100] + bytes(len(data) - 100),
        lambda data: data[:56] + b"\0\0\0\2" + data[60:],
        lambda data: data[:56] + b"\0\0\0\3" + data[60:],
        lambda data: data.replace(b"CREATE TABLE artifacts", b"CREATE TABLE \xff\xfetifacts"),
        lambda data: data.replace(b"CREATE TABLE connections", b"CREATE TABLE connectiox\xe4"),
    ],
    ids=["text", "truncated", "zeros", "UTF-16le", "UTF-16be", "schema", "missing table"],
)
def test_a_damaged_registry_names_file_and_remedy(
    intact: bytes, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "registry.db"
    content = damage(intact)
    path.write_bytes(content)
    with pytest.raises(RegistryCorrupt) as caught:
        connections.connections(Registry(path))
    assert caught.value.title == "The registry is damaged"
    assert str(path) in caught.value.detail
    assert "launchpad doctor" in caught.value.hint
    assert "launchpad restore" in caught.value.hint
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("statement", "read"),
    [
        (
            "UPDATE executions SET status = 'NONSENSE'",
            lambda registry: executions.by_id(registry, DEFAULT_SCOPE, IDS),
        ),
        (
            "UPDATE artifacts SET labels = '[[1', created_at = 9223372036854775807",
            lambda registry: artifacts.by_id(registry, DEFAULT_SCOPE, ["m1"]),
        ),
        (
            "UPDATE artifacts SET name = CAST(x'ff41' AS TEXT)",
            lambda registry: artifacts.by_id(registry, DEFAULT_SCOPE, ["m1"]),
        ),
        (
            "UPDATE preferences SET value = '{'",
            lambda registry: preferences.get(registry, "a"),
        ),
        (
            "UPDATE chunks SET points = x'00', overview = x'00'",
            lambda registry: logged_metrics.points(
                registry, series.summaries(registry, DEFAULT_SCOPE, IDS)[IDS[0]]
            ),
        ),
        (
            "UPDATE connections SET settings = 'x'",
            connections.connections,
        ),
    ],
    ids=["status", "labels", "text", "preference", "chunk", "settings"],
)
def test_invalid_values_are_reported_as_damage(
    intact: bytes, tmp_path: Path, statement: str, read: Callable[[Registry], object]
) -> None:
    path = tmp_path / "registry.db"
    path.write_bytes(intact)
    with sqlite3.connect(path) as db:
        for name in ("artifacts_labels_update", "artifacts_search_update"):
            db.execute(f"DROP TRIGGER {name}")
        db.execute(statement)
    with pytest.raises(RegistryCorrupt):
        read(Registry(path))
