"""The wizards that add and change object stores."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

from launchpad_tui.domain.connection import (
    NAME_RULE,
    OBJECT_STORE_NAME,
    ConnectionKind,
    Field,
    FieldKind,
    Scope,
    StoreKind,
)
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.ui.screens.common.catalog_wizard import NAME, CatalogWizard
from launchpad_tui.ui.screens.common.wizard import Step
from launchpad_tui.ui.widgets.details import Item

#: the name of a field about runtimes elsewhere; no field of a catalog can have it
_AT_RUNTIME = "at the runtime"
_MADE_THERE = Field(
    _AT_RUNTIME,
    "At the runtime",
    FieldKind.FLAG,
    default="true",
    help="Make its secret there too, for everybody. No: only this machine knows the store.",
)
_CHANGED_THERE = Field(
    _AT_RUNTIME,
    "At the runtime",
    FieldKind.FLAG,
    help="Replace its secret there too, for everybody, with all that stands here. No: only this machine uses it.",
)


class _StoreWizard(CatalogWizard):
    ITEM = "an object store"
    NAMES = OBJECT_STORE_NAME
    NAME_RULE = NAME_RULE

    def __init__(self, item_id: str = "", scope: Scope | None = None) -> None:
        super().__init__(item_id)
        self._of = scope

    @property
    def scope(self) -> Scope:
        """The resource group that it belongs to."""
        return self._of or super().scope

    async def kinds(self) -> Sequence[ConnectionKind | StoreKind]:
        """The kinds of object stores."""
        return self.desk.stores.kinds()

    async def names(self) -> Collection[str]:
        """Those of the group's stores."""
        return [one.name for one in await self.read(self.desk.stores.list, self.scope)]

    async def existing_item(self) -> tuple[str, Mapping[str, str], Collection[str]]:
        """The object store."""
        stores = await self.read(self.desk.stores.list, self.scope)
        one = next(store for store in stores if store.name == self.item_id)
        return (
            one.kind,
            one.settings,
            await self.read(self.desk.stores.kept, self.scope, one.name),
        )

    async def call(self, name: str, done: str) -> None:
        """Call the store, so that a wrong setting shows at once and not when a model is stored."""
        try:
            found = await self.launchpad.network(self.desk.stores.check, self.scope, name)
        except LaunchpadError as error:
            self.launchpad.say(f"{done}, but it cannot be reached: {error.title}", "warn", 12)
        else:
            self.launchpad.say(f"{done}: {found}", "good", 8)


class StoreAddScreen(_StoreWizard):
    """Adds an object store.

    Args:
        scope: the resource group; None for the chosen one.
    """

    #: whether a runtime elsewhere may get it
    NEW: ClassVar[bool] = True

    def __init__(self, scope: Scope | None = None) -> None:
        super().__init__("", scope)
        self._remote = False

    @property
    def _asks(self) -> bool:
        storable = isinstance(self.kind, StoreKind) and self.kind.secret is not None
        return self._remote and storable

    @property
    def _here(self) -> bool:
        return self._remote and not (
            self._asks and self.values.get(_AT_RUNTIME, _MADE_THERE.default) == "true"
        )

    async def load(self) -> None:
        """See also where it is added."""
        self._remote = self.NEW and await self.read(self.desk.sync.is_remote, self.scope)
        await super().load()

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """Of a group elsewhere it is asked whether its runtime gets it too, where that is possible."""
        fields = await super().fields(step)
        return (*fields, _MADE_THERE) if step.id == "settings" and self._asks else fields

    def kind_note(self) -> str:
        """Say where no runtime takes it."""
        if self._remote and not self._asks:
            return f"{self.kind.title}: not supported by remote runtimes; the store is kept on this machine only"
        return super().kind_note()

    async def review(self) -> list[Item]:
        """Where it is made, too."""
        where = "only here" if self._here else "here and at the runtime, for everybody"
        return [*await super().review(), *([Item("Made", where)] if self._remote else [])]

    async def finish(self) -> None:
        """Add it, and call it."""
        name, kind, settings = self.values[NAME], self.kind.id, self.settings()
        await self.launchpad.act(
            self.desk.stores.add, self.scope, name, kind, settings, here=self._here
        )
        await self.call(name, f"Added {name}")


class StoreEditScreen(_StoreWizard):
    """Changes an object store's settings.

    Args:
        item_id: its name.
        scope: the resource group; None for the chosen one.
    """

    FINISH = "save"

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """Of one that a runtime elsewhere has it is asked whether it is changed there."""
        stores = await self.read(self.desk.stores.list, self.scope)
        there = any(
            one.name == self.item_id and one.remote and one.deleted_at is None for one in stores
        )
        return (*await super().fields(step), *([_CHANGED_THERE] if there else []))

    async def review(self) -> list[Item]:
        """Where it is changed, too."""
        where = "here and at the runtime, for everybody" if self._at_runtime else "here"
        return [*await super().review(), Item("Changed", where)]

    async def finish(self) -> None:
        """Save them, and call it."""
        edit, settings = self.desk.stores.edit, self.settings()
        await self.launchpad.act(
            edit, self.scope, self.item_id, settings, at_runtime=self._at_runtime
        )
        await self.call(self.item_id, f"Saved {self.item_id}")

    @property
    def _at_runtime(self) -> bool:
        return self.values.get(_AT_RUNTIME) == "true"


class StoreReplaceScreen(StoreAddScreen):
    """Puts another object store under a name; the old one stays under another, and the artifacts in it follow.

    Args:
        item_id: the name.
        scope: the resource group; None for the chosen one.
    """

    FINISH = "replace"
    NEW = False
    NAME_TITLE = "Keep the old one as"

    def __init__(self, item_id: str, scope: Scope | None = None) -> None:
        super().__init__(scope)
        self.replaced = item_id
        self.values[NAME] = f"{item_id}-before"

    def title_text(self) -> str:
        """What is done."""
        return f"Replace {self.replaced}"

    async def finish(self) -> None:
        """Replace it, and call the new one."""
        _, followed = await self.read(
            self.desk.stores.replace,
            self.scope,
            self.replaced,
            self.kind.id,
            self.settings(),
            self.values[NAME],
        )
        urls = f"; {followed:,} artifact{'s stay' if followed != 1 else ' stays'} in {self.values[NAME]}"
        await self.call(self.replaced, f"Replaced {self.replaced}{urls if followed else ''}")
