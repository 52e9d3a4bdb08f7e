"""The wizards that add, edit and replace object stores."""

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

#: the name of a field about remote runtimes; no field of a catalog can have it
_AT_RUNTIME = "at the runtime"
_CREATE_AT_RUNTIME = Field(
    _AT_RUNTIME,
    "Create in the runtime",
    FieldKind.FLAG,
    default="true",
    help="Also create an object store secret in the runtime, for all its users.",
)
_UPDATE_AT_RUNTIME = Field(
    _AT_RUNTIME,
    "Update in the runtime",
    FieldKind.FLAG,
    help="Also replace the object store secret in the runtime, for all its users.",
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
        """The resource group of the store."""
        return self._of or super().scope

    async def kinds(self) -> Sequence[ConnectionKind | StoreKind]:
        """Return the kinds of object stores."""
        return self.desk.stores.kinds()

    async def names(self) -> Collection[str]:
        """Return the names of the stores of the resource group."""
        return [one.name for one in await self.read(self.desk.stores.list, self.scope)]

    async def existing_item(self) -> tuple[str, Mapping[str, str], Collection[str]]:
        """Return kind, settings and names of the stored secrets of the store."""
        stores = await self.read(self.desk.stores.list, self.scope)
        store = next(store for store in stores if store.name == self.item_id)
        secrets = await self.read(self.desk.stores.kept, self.scope, store.name)
        return store.kind, store.settings, secrets

    async def check_access(self, name: str, done: str) -> None:
        """Check access to a store, so that wrong settings show now, not when outputs are stored.

        Args:
            name: the name of the store.
            done: what was done before, for the message.
        """
        try:
            found = await self.launchpad.network(self.desk.stores.check, self.scope, name)
        except LaunchpadError as error:
            self.launchpad.say(f"{done}, but access failed: {error.title}", "warn", 12)
        else:
            self.launchpad.say(f"{done}: {found}", "good", 8)


class StoreAddScreen(_StoreWizard):
    """The wizard that adds an object store.

    Args:
        scope: the resource group; None for the current one.
    """

    #: whether the store can also be created in a remote runtime
    NEW: ClassVar[bool] = True

    def __init__(self, scope: Scope | None = None) -> None:
        super().__init__("", scope)
        self._remote = False

    @property
    def _creatable_at_runtime(self) -> bool:
        """Whether the runtime can have an object store secret for the selected kind."""
        has_secret = isinstance(self.kind, StoreKind) and self.kind.secret is not None
        return self._remote and has_secret

    @property
    def _local_only(self) -> bool:
        """Whether the store of a remote resource group is added on this machine only."""
        at_runtime = self.values.get(_AT_RUNTIME, _CREATE_AT_RUNTIME.default) == "true"
        return self._remote and not (self._creatable_at_runtime and at_runtime)

    async def load(self) -> None:
        """Read whether the resource group is remote, and the catalog."""
        self._remote = self.NEW and await self.read(self.desk.sync.is_remote, self.scope)
        await super().load()

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """Return the fields of a step, with the question whether the runtime gets the store."""
        fields = await super().fields(step)
        asks = step.id == "settings" and self._creatable_at_runtime
        return (*fields, _CREATE_AT_RUNTIME) if asks else fields

    def kind_note(self) -> str:
        """Return a note if a remote runtime does not support the kind of the store."""
        if self._remote and not self._creatable_at_runtime:
            return (
                f"{self.kind.title} is not supported by the runtime; "
                "the store is added on this machine only"
            )
        return super().kind_note()

    async def review(self) -> list[Item]:
        """Return all values, and where the store is added."""
        if not self._remote:
            return await super().review()
        places = "this machine only" if self._local_only else "this machine and the runtime"
        return [*await super().review(), Item("Added in", places)]

    async def finish(self) -> None:
        """Add the store and check access to it."""
        name, kind, settings = self.values[NAME], self.kind.id, self.settings()
        await self.launchpad.act(
            self.desk.stores.add, self.scope, name, kind, settings, here=self._local_only
        )
        if self.scope == self.launchpad.scope:
            self.launchpad.point_at("stores", name)
        await self.check_access(name, f"Object store {name} added")


class StoreEditScreen(_StoreWizard):
    """The wizard that edits the settings of an object store.

    Args:
        item_id: the name of the object store.
        scope: the resource group; None for the current one.
    """

    FINISH = "save"

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """Return the fields, with the question whether the runtime's secret is updated, too."""
        stores = await self.read(self.desk.stores.list, self.scope)
        at_runtime = any(
            store.name == self.item_id and store.remote and store.deleted_at is None
            for store in stores
        )
        return (*await super().fields(step), *([_UPDATE_AT_RUNTIME] if at_runtime else []))

    async def review(self) -> list[Item]:
        """Return all values, and where they are saved."""
        places = "this machine and the runtime" if self._at_runtime else "this machine"
        return [*await super().review(), Item("Saved in", places)]

    async def finish(self) -> None:
        """Save the settings and check access to the store."""
        edit, settings = self.desk.stores.edit, self.settings()
        await self.launchpad.act(
            edit, self.scope, self.item_id, settings, at_runtime=self._at_runtime
        )
        await self.check_access(self.item_id, f"Object store {self.item_id} saved")

    @property
    def _at_runtime(self) -> bool:
        return self.values.get(_AT_RUNTIME) == "true"


class StoreReplaceScreen(StoreAddScreen):
    """The wizard that replaces an object store by another one with the same name.

    The replaced store is kept under another name, and the URLs of its artifacts are adapted.

    Args:
        item_id: the name of the object store to replace.
        scope: the resource group; None for the current one.
    """

    FINISH = "replace"
    NEW = False
    NAME_TITLE = "New name of the replaced store"

    def __init__(self, item_id: str, scope: Scope | None = None) -> None:
        super().__init__(scope)
        self.replaced = item_id
        self.values[NAME] = f"{item_id}-before"

    def title_text(self) -> str:
        """Return the title with the name of the replaced store."""
        return f"Replace {self.replaced}"

    async def finish(self) -> None:
        """Replace the store and check access to the new one."""
        _, moved = await self.read(
            self.desk.stores.replace,
            self.scope,
            self.replaced,
            self.kind.id,
            self.settings(),
            self.values[NAME],
        )
        done = f"Object store {self.replaced} replaced"
        if moved:
            artifacts = f"{moved:,} artifact{'s' * (moved != 1)}"
            done += f"; {artifacts} now in {self.values[NAME]}"
        await self.check_access(self.replaced, done)
