"""What the wizards of connections and of object stores share: a kind of a catalog, a name, the kind's settings."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from launchpad_tui.domain.connection import ConnectionKind, Field, FieldKind, StoreKind, check_name
from launchpad_tui.domain.fields import checked, counts
from launchpad_tui.errors import InvalidInput
from launchpad_tui.services.input_files import read_secret
from launchpad_tui.ui.screens.common.wizard import Step, WizardScreen
from launchpad_tui.ui.widgets.details import Item, heading
from launchpad_tui.ui.widgets.dialogs import Choice

#: names of the wizard's own fields; no field of a catalog can have them
KIND, NAME = "new kind", "new name"


class CatalogWizard(WizardScreen):
    """Type, then name and settings, then review. With ``item_id`` it changes the thing of that name.

    Subclasses say in ``WHAT`` what is made, and which names are possible.
    """

    WHAT: ClassVar[str] = ""
    NAMES: ClassVar[re.Pattern[str]]
    NAME_RULE: ClassVar[str] = ""
    NAME_TITLE: ClassVar[str] = "Name"

    def __init__(self, item_id: str = "") -> None:
        super().__init__()
        self.item_id = item_id
        self._kinds: dict[str, ConnectionKind | StoreKind] = {}
        self._names: frozenset[str] = frozenset()
        self._kept: Collection[str] = ()

    # What subclasses write ------------------------------------------------------------------------

    @abstractmethod
    async def kinds(self) -> Sequence[ConnectionKind | StoreKind]:
        """The catalog."""

    def kind_choice(self, kind: ConnectionKind | StoreKind) -> Choice:
        """How a kind is offered."""
        return Choice(kind.id, kind.title, kind.description)

    @abstractmethod
    async def names(self) -> Collection[str]:
        """The names that are taken."""

    @abstractmethod
    async def known(self) -> tuple[str, Mapping[str, str], Collection[str]]:
        """Of what is changed: its kind, its settings, the names of its secrets that are kept."""

    # How it works ---------------------------------------------------------------------------------

    def title_text(self) -> str:
        """What is done."""
        return f"Edit {self.item_id}" if self.item_id else f"Add {self.WHAT}"

    def steps(self) -> Sequence[Step]:
        """One less where a thing is changed: its kind and its name stay."""
        kind = Step(
            "kind",
            "Type",
            "What it connects to.",
            (Field(KIND, "Type", FieldKind.CHOICE, required=True),),
        )
        stays = f"{self.item_id}: its name and its type stay." if self.item_id else ""
        settings = Step("settings", "Settings", stays)
        return (settings,) if self.item_id else (kind, settings)

    async def load(self) -> None:
        """Read the catalog and what is known, once."""
        if not self._kinds:
            self._kinds = {kind.id: kind for kind in await self.kinds()}
            if self.item_id:
                kind, settings, self._kept = await self.known()
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
        """The kind that was chosen."""
        kind_id = self.values[KIND]
        if kind_id not in self._kinds:
            raise InvalidInput(f"There is no type {kind_id!r}", field=KIND)
        return self._kinds[kind_id]

    async def choices(self, step: Step, field: Field) -> Sequence[Choice] | None:
        """The kinds."""
        if field.name == KIND:
            return [self.kind_choice(kind) for kind in self._kinds.values()]
        return await super().choices(step, field)

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """The name, where it is new, and the settings that the kind has."""
        if step.id == "kind":
            return step.fields
        name = (
            ()
            if self.item_id
            else (Field(NAME, self.NAME_TITLE, required=True, help=self.NAME_RULE),)
        )
        return (*name, *(self._asked(field) for field in self.kind.fields))

    def _asked(self, field: Field) -> Field:
        """A secret that is kept need not be typed again; a long one may be a file."""
        if field.name in self._kept:
            field = replace(field, required=False, help="Empty: what is kept stays.")
        return (
            replace(field, help=f"{field.help} Paste it, or @file.".strip())
            if field.lines
            else field
        )

    async def check(self, step: Step) -> str:
        """Name and settings keep the rules of the catalog."""
        if step.id == "kind":
            chosen = self.kind_choice(self.kind)
            if chosen.reason:
                raise InvalidInput(chosen.reason, field=KIND)
            return self.remark()
        if not self.item_id:
            name = check_name(
                self.values[NAME], self.NAMES, "The name", self.NAME_RULE, field_name=NAME
            )
            if name in self._names:
                raise InvalidInput(f"There is {self.WHAT} {name} already", field=NAME)
        for field in self.kind.fields:
            value = self.values.get(field.name, "")
            if field.lines and value.startswith("@"):
                self.values[field.name] = await self.launchpad.files(
                    read_secret, field.name, value[1:].strip()
                )
        checked(self.kind.fields, self.settings(), self._kept)
        return ""

    def remark(self) -> str:
        """What to know about the chosen kind; a warning, empty for none."""
        return ""

    def settings(self) -> dict[str, str]:
        """What was typed for the kind's fields."""
        return {
            field.name: self.values.get(field.name, field.default) for field in self.kind.fields
        }

    async def review(self) -> list[Item]:
        """Type, name, settings; of a secret only that there is one."""
        items = [
            heading(self.title_text()),
            Item("Type", self.kind.title),
            Item(self.NAME_TITLE, self.values[NAME]),
        ]
        look = self.launchpad.look
        settings = self.settings()
        for field in (each for each in self.kind.fields if counts(each, settings)):
            value = settings[field.name]
            if field.kind is FieldKind.SECRET:
                kept = "kept" if field.name in self._kept else "not set"
                items.append(
                    Item(
                        field.title,
                        look.glyphs.secret * 8 if value else kept,
                        "text" if value else "faint",
                    )
                )
            elif field.kind is FieldKind.FLAG:
                items.append(Item(field.title, "yes" if value == "true" else "no"))
            else:
                items.append(Item(field.title, value or "not set", "text" if value else "faint"))
        return items
