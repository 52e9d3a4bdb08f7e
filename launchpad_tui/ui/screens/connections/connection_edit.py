"""The wizards that add and edit connections, and add resource groups."""

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
from launchpad_tui.domain.credential_warnings import credential_warning, suspected
from launchpad_tui.errors import InvalidInput
from launchpad_tui.services.input_files import is_path, read_secret
from launchpad_tui.ui.screens.common.catalog_wizard import KIND, NAME, CatalogWizard
from launchpad_tui.ui.screens.common.wizard import Step, WizardScreen
from launchpad_tui.ui.widgets.choose_dialog import Choice
from launchpad_tui.ui.widgets.details import Item, heading

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
        """Return the kinds of connections."""
        return self.desk.connections.kinds()

    def kind_choice(self, kind: ConnectionKind | StoreKind) -> Choice:
        """Return the choice for a kind, disabled if no connection of the kind can be added."""
        if isinstance(kind, ConnectionKind) and not kind.addable:
            return Choice(
                kind.id, kind.title, reason="The connection to this machine exists already"
            )
        return super().kind_choice(kind)

    @property
    def _profile_field(self) -> str:
        """The field of the selected kind that names a credential profile; empty if none does."""
        kind = self.kind
        return kind.profile_field if isinstance(kind, ConnectionKind) else ""

    def _remote_kind(self) -> bool:
        kind = self.kind
        return isinstance(kind, ConnectionKind) and kind.remote

    def _has_service_key(self) -> bool:
        kind = self.kind
        return isinstance(kind, ConnectionKind) and bool(kind.key_title)

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """Return the fields of a step.

        The first step of a new connection also asks for a service key, which fills the settings. If
        this machine has credential profiles, the user selects one of them.
        """
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
                help="Paste the JSON or enter the path of a file to fill the settings. Leave it "
                "empty to enter the settings or to read them from the environment.",
                when=(KIND, tuple(kind.id for kind in kinds)),
                lines=True,
            ),
        )

    async def choices(self, step: Step, field: Field) -> Sequence[Choice] | None:
        """Return the profiles, and the current one even if its file does not exist."""
        if not self._profiles or field.name != self._profile_field:
            return await super().choices(step, field)
        current = self.values[field.name]
        profiles = [
            Choice(name, name, "Credential profile on this machine") for name in self._profiles
        ]
        if current not in self._profiles:
            profiles.insert(0, Choice(current, current, "The file of this profile does not exist"))
        return profiles

    async def check(self, step: Step) -> str:
        """Check a step; fill the settings from a service key, which is then cleared.

        Returns:
            A warning or note for the user, or an empty text.

        Raises:
            InvalidInput: for an invalid value or service key.
        """
        warning = await super().check(step)
        text = self.values.get(SERVICE_KEY, "").strip()
        if step.id == "kind" and text and self._has_service_key():
            try:
                if text.startswith("@") or is_path(text):
                    text = await self.launchpad.files(
                        read_secret, SERVICE_KEY, text.removeprefix("@").strip()
                    )
                self.values |= await self.read(
                    self.desk.connections.service_key, text, self.kind.id
                )
            except InvalidInput as error:
                # A field shows only title and hint of an error. The detail names the missing part
                # of the key, so the hint repeats it.
                hint = " ".join(filter(None, (error.detail, error.hint)))
                raise InvalidInput(error.title, error.detail, hint, field=SERVICE_KEY) from error
            self.values[SERVICE_KEY] = ""
            return "The settings were filled from the service key; secrets are not shown"
        if step.id == "settings":
            service = self.desk.connections
            settings = self.settings()
            await self.read(service.check, self.kind.id, settings, self._stored_secrets)
            discards = await self.read(service.discards_secrets, self.kind.id, settings)
            if self._stored_secrets and discards:
                return "The credentials stored on this machine will be removed"
        return warning

    async def names(self) -> Collection[str]:
        """Return the names of all connections."""
        return [one.name for one in await self.read(self.desk.connections.list)]

    async def existing_item(self) -> tuple[str, Mapping[str, str], Collection[str]]:
        """Return kind, settings and names of the stored secrets of the connection."""
        service = self.desk.connections
        connection = await self.read(service.get, self.item_id)
        secrets = await self.read(service.kept, self.item_id)
        return connection.kind, connection.settings, secrets


class ConnectionAddScreen(_ConnectionWizard):
    """The wizard that adds a connection."""

    async def finish(self) -> None:
        """Add the connection, open its details, and test it if it is remote."""
        name = self.values[NAME]
        await self.read(self.desk.connections.add, name, self.kind.id, self.settings())
        self.launchpad.point_at("connections", name)
        self.launchpad.say(f"Connection {name} added", "good")
        self.leave("connection", item_id=name, then="test" if self._remote_kind() else "")


class ConnectionEditScreen(_ConnectionWizard):
    """The wizard that edits the settings of a connection.

    Args:
        item_id: the name of the connection.
    """

    FINISH = "save"

    async def finish(self) -> None:
        """Save the settings."""
        await self.read(self.desk.connections.edit, self.item_id, self.settings())
        self.launchpad.say(f"Connection {self.item_id} saved", "good")


class GroupAddScreen(WizardScreen):
    """The wizard that adds a resource group to a connection.

    Args:
        item_id: the name of the connection.
    """

    def __init__(self, item_id: str) -> None:
        super().__init__()
        self.item_id = item_id
        self._remote = False

    def title_text(self) -> str:
        """Return the title with the name of the connection."""
        return f"Add a resource group to {self.item_id}"

    def steps(self) -> Sequence[Step]:
        """Return the only step: name and labels."""
        fields = (
            Field(
                "name",
                "Name",
                required=True,
                pattern=RESOURCE_GROUP_NAME.pattern,
                help=RESOURCE_GROUP_RULE,
            ),
            Field(
                "labels",
                "Labels",
                help="Optional pairs key=value, separated by spaces.",
            ),
        )
        note = "A resource group has its own configurations, executions and artifacts."
        return (Step("group", "Resource group", note, fields),)

    async def check(self, step: Step) -> str:  # noqa: ARG002
        """Check that the name is valid and new, and the labels valid. Raises InvalidInput."""
        name = check_name(self.values["name"], RESOURCE_GROUP_NAME, "The name", RESOURCE_GROUP_RULE)
        groups = await self.read(self.desk.connections.groups, self.item_id)
        scope = Scope(self.item_id, name)
        self._remote = await self.read(self.desk.sync.is_remote, scope)
        if any(group.name == name for group in groups):
            raise InvalidInput(
                f"Connection {self.item_id} already has a resource group {name}",
                hint="Enter another name.",
                field="name",
            )
        labels = dict(parse_labels(self.values.get("labels", "")))
        return credential_warning("label", suspected(labels))

    async def review(self) -> list[Item]:
        """Return name and labels, and the object store that is created with the group."""
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
                else [Item("Object store", "default: files in launchpad's home folder", "dim")]
            ),
        ]

    async def finish(self) -> None:
        """Add the resource group."""
        name, labels = self.values["name"], dict(parse_labels(self.values.get("labels", "")))
        await self.launchpad.act(self.desk.connections.add_group, self.item_id, name, labels)
        self.launchpad.point_at("connections", str(Scope(self.item_id, name)))
        result = "requested from the runtime" if self._remote else "added"
        text = f"Resource group {name} {result}; press enter on it to switch to it"
        self.launchpad.say(text, "good", 8)
