"""The wizards that add and change connections, and add resource groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from launchpad_tui.domain.artifact import parse_labels
from launchpad_tui.domain.connection import (
    CONNECTION_NAME,
    LOCAL,
    RESOURCE_GROUP_NAME,
    ConnectionKind,
    Field,
    FieldKind,
    StoreKind,
    check_name,
)
from launchpad_tui.errors import InvalidInput
from launchpad_tui.runtimes.catalog import AICORE, KEYS
from launchpad_tui.services.connections import GROUP_RULE
from launchpad_tui.services.input_files import is_path, read_secret
from launchpad_tui.services.store_keeping import NAME_RULE
from launchpad_tui.ui.screens.common.catalog_wizard import KIND, NAME, CatalogWizard
from launchpad_tui.ui.screens.common.wizard import Step, WizardScreen
from launchpad_tui.ui.widgets.details import Item, heading
from launchpad_tui.ui.widgets.dialogs import Choice

#: the name of the field that a service key is pasted into; no field of a catalog can have it
SERVICE_KEY = "service key"
#: the setting that names a profile
_PROFILE = "profile"


class _ConnectionWizard(CatalogWizard):
    WHAT = "a connection"
    NAMES = CONNECTION_NAME
    NAME_RULE = NAME_RULE

    def __init__(self, item_id: str = "") -> None:
        super().__init__(item_id)
        self._profiles: Sequence[str] = ()

    async def kinds(self) -> Sequence[ConnectionKind | StoreKind]:
        """The kinds of runtimes."""
        return self.desk.connections.kinds()

    def kind_choice(self, kind: ConnectionKind | StoreKind) -> Choice:
        """This machine is there already; of what this version cannot connect to only the settings are kept."""
        if kind.id == LOCAL:
            return Choice(
                kind.id, kind.title, reason="There is a connection to this machine already: local"
            )
        if isinstance(kind, ConnectionKind) and kind.reason:
            return Choice(kind.id, kind.title, f"{kind.description} {kind.reason}")
        return super().kind_choice(kind)

    def remark(self) -> str:
        """Say in time that it will not answer, or not all."""
        kind = self.kind
        if isinstance(kind, ConnectionKind) and not kind.connectable:
            return f"{kind.title}: its settings are kept, but it is not called. {kind.reason}"
        if isinstance(kind, ConnectionKind) and kind.reason:
            return f"{kind.title}: {kind.reason}"
        return ""

    def steps(self) -> Sequence[Step]:
        """Where a connection is added, a service key may fill the settings."""
        steps = tuple(super().steps())
        if self.item_id:
            return steps
        key = Field(
            SERVICE_KEY,
            "Service key",
            FieldKind.SECRET,
            help="Fills the settings: paste its JSON, or type a file's path. Empty: type them, or take them from the "
            "environment.",
            when=(KIND, (AICORE,)),
            lines=True,
        )
        return (replace(steps[0], fields=(*steps[0].fields, key)), *steps[1:])

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """Where this machine has profiles, one of them is chosen."""
        fields = await super().fields(step)
        if step.id != "settings" or self.kind.id != AICORE:
            return fields
        self._profiles = await self.launchpad.files(self.desk.connections.profiles)
        if not self._profiles:
            return fields
        if not self.values.get(_PROFILE):
            self.values[_PROFILE] = self._profiles[0]
        return tuple(
            replace(field, kind=FieldKind.CHOICE, help="") if field.name == _PROFILE else field
            for field in fields
        )

    async def choices(self, step: Step, field: Field) -> Sequence[Choice] | None:
        """The profiles; one that has no file any more stays as it is."""
        if field.name != _PROFILE or not self._profiles:
            return await super().choices(step, field)
        mine = self.values[_PROFILE]
        there = [
            Choice(name, name, "Its file is under ~/.aicore, or AICORE_HOME.")
            for name in self._profiles
        ]
        gone = [] if mine in self._profiles else [Choice(mine, mine, "There is no file of it.")]
        return [*gone, *there]

    async def check(self, step: Step) -> str:
        """A service key is read, and then forgotten."""
        warning = await super().check(step)
        text = self.values.get(SERVICE_KEY, "").strip()
        if step.id == "kind" and text and self.kind.id == AICORE:
            try:
                if text.startswith("@") or is_path(text):
                    text = await self.launchpad.files(
                        read_secret, SERVICE_KEY, text.removeprefix("@").strip()
                    )
                self.values |= await self.read(self.desk.connections.service_key, text)
            except InvalidInput as error:
                # Beside a field there is room for title and hint; which part is missing is told by the detail.
                said = " ".join(filter(None, (error.detail, error.hint)))
                raise InvalidInput(error.title, error.detail, said, field=SERVICE_KEY) from error
            self.values[SERVICE_KEY] = ""
            return "The settings are filled from the service key; what is secret is not shown"
        if step.id == "settings" and self.kind.id == AICORE:
            await self.read(self.desk.connections.check, self.kind.id, self.settings(), self._kept)
            if self._kept and self.settings()["credentials"] != KEYS:
                return "What is kept here of its credentials will be forgotten"
        return warning

    async def names(self) -> Collection[str]:
        """Those of all connections."""
        return [one.name for one in await self.read(self.desk.connections.list)]

    async def known(self) -> tuple[str, Mapping[str, str], Collection[str]]:
        """The connection."""
        one = await self.read(self.desk.connections.get, self.item_id)
        return one.kind, one.settings, await self.read(self.desk.connections.kept, self.item_id)


class ConnectionAddScreen(_ConnectionWizard):
    """Adds a connection."""

    async def finish(self) -> None:
        """Add it."""
        name = self.values[NAME]
        await self.read(self.desk.connections.add, name, self.kind.id, self.settings())
        self.launchpad.say(f"Added the connection {name}", "good")
        self.leave("connection", item_id=name, then="test" if self.kind.id == AICORE else "")


class ConnectionEditScreen(_ConnectionWizard):
    """Changes a connection's settings.

    Args:
        item_id: its name.
    """

    FINISH = "save"

    async def finish(self) -> None:
        """Save them."""
        await self.read(self.desk.connections.edit, self.item_id, self.settings())
        self.launchpad.say(f"Saved the connection {self.item_id}", "good")


class GroupAddScreen(WizardScreen):
    """Adds a resource group, with a file store of its own, to a connection.

    Args:
        item_id: the connection's name.
    """

    def __init__(self, item_id: str) -> None:
        super().__init__()
        self.item_id = item_id
        self._remote = False

    def title_text(self) -> str:
        """Where it is added."""
        return f"Add a resource group to {self.item_id}"

    def steps(self) -> Sequence[Step]:
        """A single one."""
        fields = (
            Field("name", "Name", required=True, help=GROUP_RULE),
            Field(
                "labels",
                "Labels",
                help="key=value, several separated by spaces; may be left empty.",
            ),
        )
        note = "A space of its own for configurations, executions and artifacts."
        return (Step("group", "Resource group", note, fields),)

    async def check(self, step: Step) -> str:  # noqa: ARG002
        """The name has to be new."""
        name = check_name(self.values["name"], RESOURCE_GROUP_NAME, "The name", GROUP_RULE)
        groups = await self.read(self.desk.connections.groups, self.item_id)
        self._remote = (await self.read(self.desk.connections.get, self.item_id)).kind != LOCAL
        if any(group.name == name for group in groups):
            raise InvalidInput(f"{self.item_id} has a resource group {name} already", field="name")
        parse_labels(self.values.get("labels", ""))
        return ""

    async def review(self) -> list[Item]:
        """Name, labels, and what comes with it."""
        return [
            heading(self.title_text()),
            Item("Name", self.values["name"]),
            *(
                Item(f"Label {key}", value)
                for key, value in parse_labels(self.values.get("labels", ""))
            ),
            *(
                []
                if self._remote
                else [Item("Object store", "default: files, in launchpad's home", "dim")]
            ),
        ]

    async def finish(self) -> None:
        """Add it."""
        name, labels = self.values["name"], dict(parse_labels(self.values.get("labels", "")))
        await self.launchpad.act(self.desk.connections.add_group, self.item_id, name, labels)
        made = (
            "Its runtime makes the resource group" if self._remote else "Added the resource group"
        )
        self.launchpad.say(f"{made} {name}; enter on it chooses it", "good", 8)
