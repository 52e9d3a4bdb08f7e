"""The columns of the list of connections, and the items of a connection's details."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from launchpad_tui.domain.cluster import Cluster
from launchpad_tui.domain.connection import (
    Capabilities,
    Connection,
    ConnectionKind,
    ObjectStoreRecord,
    ResourceGroup,
    Scope,
)
from launchpad_tui.records import record
from launchpad_tui.ui.screens.common.cells import pairs_text
from launchpad_tui.ui.screens.common.columns import text_column, timestamp_column
from launchpad_tui.ui.screens.common.detail_items import field_items, timestamp_item
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.details import NONE, Item, heading

_CAPABILITIES = (
    ("executions", "Create executions"),
    ("stop", "Stop executions"),
    ("delete", "Delete executions"),
    ("logs", "Show logs"),
    ("create_configuration", "Create configurations"),
    ("create_artifact", "Add artifacts"),
    ("add_executable", "Add executables"),
    ("schedules", "Schedule executions"),
    ("bulk", "Stop and delete in bulk"),
    ("groups", "Add and delete resource groups"),
    ("metrics", "Show metrics"),
)


@record
class ScopeLine:
    """A line of the list of connections: a connection, or a resource group below it.

    Args:
        connection: the connection.
        kind: its kind; None if this version does not support it.
        group: the resource group; None on the line of the connection itself.
        stores: the object stores of the resource group.
        last: whether the resource group is the last one of its connection.
        current: whether the resource group is the current one.
    """

    connection: Connection
    kind: ConnectionKind | None
    group: ResourceGroup | None = None
    stores: tuple[ObjectStoreRecord, ...] = ()
    last: bool = False
    current: bool = False

    @property
    def scope(self) -> Scope | None:
        """The resource group with its connection; None on the line of a connection."""
        return Scope(self.connection.name, self.group.name) if self.group else None

    @property
    def key(self) -> str:
        """The name of the connection, or ``connection/group``; names never contain slashes."""
        return str(self.scope) if self.group else self.connection.name


def connection_state(
    connection: Connection, kind: ConnectionKind | None, look: Look
) -> tuple[str, str]:
    """Return the state of a connection as a text with a glyph, and the role of its color."""
    glyphs = look.glyphs
    if kind is None:
        return f"{glyphs.stopped} unsupported type", "warn"
    if not kind.remote:
        return f"{glyphs.done} ready", "good"
    if connection.last_error:
        return f"{glyphs.error} {connection.last_error}", "bad"
    if connection.synced_at is None:
        return f"{glyphs.pending} never refreshed", "dim"
    return f"{glyphs.done} reachable", "good"


def scope_columns(look: Look) -> tuple[Column[ScopeLine], ...]:
    """Return the columns of the list of connections."""
    glyphs = look.glyphs

    def name(line: ScopeLine) -> Cell:
        if line.group is None:
            return Cell(line.connection.name, "strong")
        branch = glyphs.last if line.last else glyphs.branch
        return Cell(f"{branch} {line.group.name}", "accent" if line.current else "text")

    def state(line: ScopeLine) -> Cell:
        if line.group is None:
            return Cell(*connection_state(line.connection, line.kind, look))
        if line.group.deleted_at is not None:
            return Cell(f"{glyphs.error} deleted", "warn")
        if line.current:
            return Cell(f"{glyphs.selected} current", "accent")
        return Cell(
            f"  {line.group.status.lower()}" if line.group.status != "PROVISIONED" else "", "dim"
        )

    def kind(line: ScopeLine) -> Cell:
        if line.group is not None:
            return Cell("resource group", "faint")
        return Cell(line.kind.title if line.kind else line.connection.kind, "dim")

    def refreshed(line: ScopeLine) -> datetime | None:
        return line.connection.synced_at if line.group is None else None

    def about(line: ScopeLine) -> str:
        return pairs_text(line.connection.settings if line.group is None else line.group.labels)

    return (
        Column[ScopeLine]("name", "Connections and groups", name, 24, 44, 3, priority=0),
        Column[ScopeLine]("state", "State", state, 21, 40, 2, priority=1),
        Column[ScopeLine]("kind", "Type", kind, 14, 20, 0, priority=2),
        text_column(
            "stores",
            "Object stores",
            lambda line: " ".join(store.name for store in line.stores),
            (13, 40),
            2,
            priority=3,
        ),
        timestamp_column(
            "created",
            "Created",
            lambda line: (line.group or line.connection).created_at,
            priority=5,
        ),
        timestamp_column("refreshed", "Refreshed", refreshed, priority=6),
        text_column("about", "Settings, labels", about, (18, 80), 4, priority=4),
    )


def _group_text(group: ResourceGroup) -> str:
    """Return the status and labels of a group: ``provisioned  team=vision``."""
    state = "deleted in the runtime" if group.deleted_at is not None else group.status.lower()
    return f"{state}  {pairs_text(group.labels)}".rstrip()


def cluster_items(cluster: Cluster, *, linked: bool) -> list[Item]:
    """Return the details of a cluster: partitions, nodes and the jobs of the user.

    Args:
        linked: whether jobs open their executions.
    """
    items = [heading("Partitions")]
    items += [
        Item(each.name, ", ".join(each.columns), "text", columns=each.columns)
        for each in cluster.partitions
    ] or [NONE]
    items.append(heading("Nodes"))
    items += [
        Item(each.partition, ", ".join(each.columns), "dim", columns=each.columns)
        for each in cluster.nodes
    ] or [NONE]
    items.append(heading("Your jobs"))
    items += [
        Item(
            each.id,
            ", ".join(each.columns),
            link="execution" if linked and each.execution_id else "",
            link_id=each.execution_id,
            columns=each.columns,
        )
        for each in cluster.jobs
    ] or [NONE]
    return items


def connection_items(
    connection: Connection,
    kind: ConnectionKind | None,
    groups: Sequence[ResourceGroup],
    capabilities: Capabilities,
    secrets: Collection[str],
    look: Look,
) -> list[Item]:
    """Return the details of a connection: state, settings, resource groups and capabilities.

    Args:
        connection: the connection.
        kind: its kind; None if this version does not support it.
        groups: its resource groups.
        capabilities: the capabilities of its runtime.
        secrets: the names of the fields whose secrets are stored.
        look: colors and glyphs.
    """
    state, role = connection_state(connection, kind, look)
    items = [
        heading(connection.name),
        Item("Type", kind.title if kind else connection.kind),
        Item("", kind.description if kind else "", "dim"),
        Item("State", state, role),
    ]
    if kind is None or kind.remote:
        never = Item("Refreshed", "never", "faint")
        at = connection.synced_at
        items.append(timestamp_item("Refreshed", at) if at is not None else never)
    items += [
        timestamp_item("Created", connection.created_at),
        timestamp_item("Changed", connection.modified_at),
    ]
    fields = kind.fields if kind else ()
    if fields or connection.settings:
        items += [heading("Settings"), *field_items(fields, connection.settings, secrets)]
    items.append(heading("Resource groups"))
    items += [
        Item(group.name, _group_text(group), "warn" if group.deleted_at else "dim")
        for group in groups
    ]
    items.append(heading("Capabilities"))
    reasons = {capabilities.reasons.get(name, "") for name, _ in _CAPABILITIES}
    if len(reasons) == 1 and not any(getattr(capabilities, name) for name, _ in _CAPABILITIES):
        return [*items, Item("", reasons.pop() or "none", "dim")]
    for name, title in _CAPABILITIES:
        if getattr(capabilities, name):
            items.append(Item(title, f"{look.glyphs.done} yes", "good"))
        else:
            reason = capabilities.reasons.get(name, "")
            items.append(
                Item(title, f"{look.glyphs.error} no{': ' + reason if reason else ''}", "dim")
            )
    return items
