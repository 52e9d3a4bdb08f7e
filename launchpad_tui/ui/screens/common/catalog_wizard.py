"""The base of the wizards that add and edit connections and object stores.

The catalog lists the types; each type declares its settings as fields, from which the form is made.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from launchpad_tui.domain.connection import ConnectionKind, Field, FieldKind, StoreKind, check_name
from launchpad_tui.domain.fields import applies, checked
from launchpad_tui.errors import InvalidInput
from launchpad_tui.services.input_files import read_secret
from launchpad_tui.ui.screens.common.wizard import Step, WizardScreen
from launchpad_tui.ui.widgets.choose_dialog import Choice
from launchpad_tui.ui.widgets.details import Item, heading

#: names of the fields for type and name; they contain a space, so no field of a catalog has them
KIND, NAME = "new kind", "new name"


class CatalogWizard(WizardScreen):
    """Steps: type, name and settings, review. Type and name of an existing item cannot be edited.

    Subclasses set ``ITEM`` (the noun for messages, with its article), ``NAMES`` (the pattern of a
    valid name) and ``NAME_RULE`` (the same rule as a sentence).

    Args:
        item_id: the name of the item to edit; empty to add one.
    """

    ITEM: ClassVar[str] = ""
    NAMES: ClassVar[re.Pattern[str]]
    NAME_RULE: ClassVar[str] = ""
    NAME_TITLE: ClassVar[str] = "Name"

    def __init__(self, item_id: str = "") -> None:
        super().__init__()
        self.item_id = item_id
        self._kinds: dict[str, ConnectionKind | StoreKind] = {}
        self._names: frozenset[str] = frozenset()
        self._stored_secrets: Collection[str] = ()

    # For subclasses to override -------------------------------------------------------------------

    @abstractmethod
    async def kinds(self) -> Sequence[ConnectionKind | StoreKind]:
        """Return the types of the catalog."""

    def kind_choice(self, kind: ConnectionKind | StoreKind) -> Choice:
        """Return the entry of a type in the list of types; override to disable some."""
        return Choice(kind.id, kind.title, kind.description)

    @abstractmethod
    async def names(self) -> Collection[str]:
        """Return the names that exist already."""

    @abstractmethod
    async def existing_item(self) -> tuple[str, Mapping[str, str], Collection[str]]:
        """Return type, settings and names of the stored secrets of the item that is edited."""

    # Internals ------------------------------------------------------------------------------------

    def title_text(self) -> str:
        """Return ``Add a connection`` or ``Edit NAME``."""
        return f"Edit {self.item_id}" if self.item_id else f"Add {self.ITEM}"

    def steps(self) -> Sequence[Step]:
        """Return the steps; an item that is edited has no step for its type."""
        kind = Step(
            "kind",
            "Type",
            f"Select the type of the {self.ITEM.partition(' ')[2]}.",
            (Field(KIND, "Type", FieldKind.CHOICE, required=True),),
        )
        note = f"The name {self.item_id} and the type cannot be changed." if self.item_id else ""
        settings = Step("settings", "Settings", note)
        return (settings,) if self.item_id else (kind, settings)

    async def load(self) -> None:
        """Read the catalog and the item that is edited, once."""
        if not self._kinds:
            self._kinds = {kind.id: kind for kind in await self.kinds()}
            if self.item_id:
                kind, settings, self._stored_secrets = await self.existing_item()
                self.values |= {KIND: kind, NAME: self.item_id, **settings}
            else:
                self._names = frozenset(await self.names())
                usable = [
                    kind for kind in self._kinds.values() if not self.kind_choice(kind).reason
                ]
                self.values[KIND] = usable[0].id if usable else ""
        await super().load()

    @property
    def kind(self) -> ConnectionKind | StoreKind:
        """The selected type.

        Raises:
            InvalidInput: the catalog has no type of this name.
        """
        kind_id = self.values[KIND]
        if kind_id not in self._kinds:
            raise InvalidInput(
                f"Unknown type {kind_id!r}", hint="Select a type from the list.", field=KIND
            )
        return self._kinds[kind_id]

    async def choices(self, step: Step, field: Field) -> Sequence[Choice] | None:
        """Return the types for the field of the type."""
        if field.name == KIND:
            return [self.kind_choice(kind) for kind in self._kinds.values()]
        return await super().choices(step, field)

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """Return the fields of the selected type, after the name if an item is added."""
        if step.id == "kind":
            return step.fields
        name = (
            ()
            if self.item_id
            else (
                Field(
                    NAME,
                    self.NAME_TITLE,
                    required=True,
                    pattern=self.NAMES.pattern,
                    help=self.NAME_RULE,
                ),
            )
        )
        return (*name, *(self._form_field(field) for field in self.kind.fields))

    def _form_field(self, field: Field) -> Field:
        """Return a field as the form shows it: a stored secret is optional."""
        if field.name in self._stored_secrets:
            field = replace(field, required=False, help="Leave empty to keep the stored value.")
        if field.lines:
            field = replace(
                field, help=f"{field.help} Paste the text, or type @ and a file.".strip()
            )
        return field

    async def check(self, step: Step) -> str:
        """Check type, name and settings, and read the files that stand for long text."""
        if step.id == "kind":
            choice = self.kind_choice(self.kind)
            if choice.reason:
                raise InvalidInput(choice.reason, hint="Select another type.", field=KIND)
            return self.kind_note()
        if not self.item_id:
            name = check_name(
                self.values[NAME], self.NAMES, "The name", self.NAME_RULE, field_name=NAME
            )
            if name in self._names:
                raise InvalidInput(
                    f"The name {name} is already used by {self.ITEM}",
                    hint="Type another name.",
                    field=NAME,
                )
        for field in self.kind.fields:
            value = self.values.get(field.name, "")
            if field.lines and value.startswith("@"):
                self.values[field.name] = await self.launchpad.files(
                    read_secret, field.name, value[1:].strip()
                )
        checked(self.kind.fields, self.settings(), self._stored_secrets)
        return ""

    def kind_note(self) -> str:
        """Return a warning about the selected type, empty for none."""
        return ""

    def settings(self) -> dict[str, str]:
        """Return the values of the selected type's fields, with defaults for those left out."""
        return {
            field.name: self.values.get(field.name, field.default) for field in self.kind.fields
        }

    async def review(self) -> list[Item]:
        """Return type, name and settings; secrets are never shown."""
        items = [
            heading(self.title_text()),
            Item("Type", self.kind.title),
            Item(self.NAME_TITLE, self.values[NAME]),
        ]
        look = self.launchpad.look
        settings = self.settings()
        for field in (each for each in self.kind.fields if applies(each, settings)):
            value = settings[field.name]
            if field.kind is FieldKind.SECRET:
                unchanged = "unchanged" if field.name in self._stored_secrets else "not set"
                items.append(
                    Item(
                        field.title,
                        look.glyphs.secret * 8 if value else unchanged,
                        "text" if value else "faint",
                    )
                )
            elif field.kind is FieldKind.FLAG:
                items.append(Item(field.title, "yes" if value == "true" else "no"))
            else:
                items.append(Item(field.title, value or "not set", "text" if value else "faint"))
        return items
