"""The wizards that add and change connections, and add resource groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from launchpad_tui.domain.artifact import parse_labels
from launchpad_tui.domain.connection import (
    CONNECTION_NAME,
    NAME_RULE,
    RESOURCE_GROUP_NAME,
    RESOURCE_GROUP_RULE,
    ConnectionKind,
    Field,
    FieldKind,
    Scope,
    StoreKind,
    check_name,
)
from launchpad_tui.errors import InvalidInput
from launchpad_tui.services.input_files import is_path, read_secret
from launchpad_tui.ui.screens.common.catalog_wizard import KIND, NAME, CatalogWizard
from launchpad_tui.ui.screens.common.wizard import Step, WizardScreen
from launchpad_tui.ui.widgets.details import Item, heading
from launchpad_tui.ui.widgets.dialogs import Choice

#: the name of the field that a service key is pasted into; no field of a catalog can have it
SERVICE_KEY = "service key"


class _ConnectionWizard(CatalogWizard):
    ITEM = "a connection"
    NAMES = CONNECTION_NAME
    NAME_RULE = NAME_RULE

    def __init__(self, item_id: str = "") -> None:
        super().__init__(item_id)
        self._profiles: Sequence[str] = ()

    async def kinds(self) -> Sequence[ConnectionKind | StoreKind]:
        """The kinds of runtimes."""
        return self.desk.connections.kinds()

    def kind_choice(self, kind: ConnectionKind | StoreKind) -> Choice:
        """Disable the kinds of which no connection can be added."""
        if isinstance(kind, ConnectionKind) and not kind.addable:
            return Choice(
                kind.id, kind.title, reason="The connection local to this machine exists already"
            )
        return super().kind_choice(kind)

    @property
    def _profile_field(self) -> str:
        """The field of the chosen kind that names a credential profile; empty if there is none."""
        kind = self.kind
        return kind.profile_field if isinstance(kind, ConnectionKind) else ""

    def _remote_kind(self) -> bool:
        kind = self.kind
        return isinstance(kind, ConnectionKind) and kind.remote

    def _has_key(self) -> bool:
        kind = self.kind
        return isinstance(kind, ConnectionKind) and bool(kind.key_title)

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """Return the fields of a step: a service key can fill the settings of a new connection, and
        profiles that exist on this machine are offered as a choice."""
        fields = await super().fields(step)
        if step.id == "kind":
            return (*fields, *self._key_fields())
        name = self._profile_field if step.id == "settings" else ""
        if not name:
            return fields
        self._profiles = await self.launchpad.files(self.desk.connections.profiles, self.kind.id)
        if not self._profiles:
            return fields
        if not self.values.get(name):
            self.values[name] = self._profiles[0]
        return tuple(
            replace(field, kind=FieldKind.CHOICE, help="") if field.name == name else field
            for field in fields
        )

    def _key_fields(self) -> tuple[Field, ...]:
        kinds = [kind for kind in self.desk.connections.kinds() if kind.key_title]
        if self.item_id or not kinds:
            return ()
        return (
            Field(
                SERVICE_KEY,
                kinds[0].key_title,
                FieldKind.SECRET,
                help="Fills the settings: paste its JSON or enter the path of a file. Leave empty to "
                "enter the settings or to read them from the environment.",
                when=(KIND, tuple(kind.id for kind in kinds)),
                lines=True,
            ),
        )

    async def choices(self, step: Step, field: Field) -> Sequence[Choice] | None:
        """Return the profiles; the current one is kept even if its file does not exist."""
        if not self._profiles or field.name != self._profile_field:
            return await super().choices(step, field)
        mine = self.values[field.name]
        there = [
            Choice(name, name, "A credential profile on this machine.") for name in self._profiles
        ]
        gone = [] if mine in self._profiles else [Choice(mine, mine, "There is no file of it.")]
        return [*gone, *there]

    async def check(self, step: Step) -> str:
        """A service key is read, and then forgotten."""
        warning = await super().check(step)
        text = self.values.get(SERVICE_KEY, "").strip()
        if step.id == "kind" and text and self._has_key():
            try:
                if text.startswith("@") or is_path(text):
                    text = await self.launchpad.files(
                        read_secret, SERVICE_KEY, text.removeprefix("@").strip()
                    )
                self.values |= await self.read(
                    self.desk.connections.service_key, text, self.kind.id
                )
            except InvalidInput as error:
                # Beside a field there is room for title and hint; which part is missing is told by the detail.
                said = " ".join(filter(None, (error.detail, error.hint)))
                raise InvalidInput(error.title, error.detail, said, field=SERVICE_KEY) from error
            self.values[SERVICE_KEY] = ""
            return "The settings are filled from the service key; what is secret is not shown"
        if step.id == "settings":
            service = self.desk.connections
            settings = self.settings()
            await self.read(service.check, self.kind.id, settings, self._stored_secrets)
            discards = await self.read(service.discards_secrets, self.kind.id, settings)
            if self._stored_secrets and discards:
                return "The credentials stored on this machine will be removed"
        return warning

    async def names(self) -> Collection[str]:
        """Those of all connections."""
        return [one.name for one in await self.read(self.desk.connections.list)]

    async def existing_item(self) -> tuple[str, Mapping[str, str], Collection[str]]:
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
        self.leave("connection", item_id=name, then="test" if self._remote_kind() else "")


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
            Field("name", "Name", required=True, help=RESOURCE_GROUP_RULE),
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
        name = check_name(self.values["name"], RESOURCE_GROUP_NAME, "The name", RESOURCE_GROUP_RULE)
        groups = await self.read(self.desk.connections.groups, self.item_id)
        scope = Scope(self.item_id, name)
        self._remote = await self.read(self.desk.sync.is_remote, scope)
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
