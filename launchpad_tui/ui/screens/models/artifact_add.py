"""The wizard that adds an artifact by its URL, and the base of all wizards that add artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from launchpad_tui.domain.artifact import ArtifactKind, UrlState, check_new_url, parse_labels
from launchpad_tui.domain.connection import DEFAULT_STORE, Field, FieldKind
from launchpad_tui.domain.credential_warnings import credential_warning, suspected
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.text import one_line
from launchpad_tui.errors import InvalidInput
from launchpad_tui.services.configurations import check_resource_name
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.new_scenario import (
    NEW_CHOICE,
    NEW_SCENARIO,
    add_scenario,
)
from launchpad_tui.ui.screens.common.wizard import Step, WizardScreen
from launchpad_tui.ui.screens.models.artifacts import LIST_ROUTES
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.details import Item, heading
from launchpad_tui.ui.widgets.form import Form

if TYPE_CHECKING:
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.services.desk import Desk

_READ_FILES = "read_files"
#: the step that offers to read files with metrics of the artifact
ATTRIBUTES = Step("attributes", "Metrics", "Files with metrics or parameters.")
_NAME_HELP = "Empty: the last part of the URL."
_URL_NOTE = "The location of the files: ai://<object store>/<path>. Press ctrl+o to browse."
SCENARIO_FIELD = Field("scenario", "Scenario", FieldKind.CHOICE, required=True)
URL_FIELD = Field("url", "URL", required=True)
DESCRIPTION_FIELD = Field("description", "Description")
LABELS_FIELD = Field("labels", "Labels", help="For example stage=production team=vision.")


class ArtifactWizard(WizardScreen):
    """The base of wizards that add an artifact: scenario, name and description, URL, labels.

    Subclasses override `finish`.

    Args:
        kind: the kind of the new artifact.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "artifact.browse-stores",
            "ctrl+o",
            "browse",
            "Browse an object store to select the URL",
            footer=4,
        ),
    )

    def __init__(self, kind: ArtifactKind) -> None:
        super().__init__()
        self.kind = kind
        #: the files with metrics or parameters of the artifact, which the step `ATTRIBUTES` offers
        self.attribute_files: list[str] = []

    def steps(self) -> Sequence[Step]:
        """Return the steps that all wizards for artifacts have."""
        return (
            Step(
                "scenario",
                "Scenario",
                "The scenario that the artifact belongs to.",
                (SCENARIO_FIELD,),
                skip_single=True,
            ),
            Step(
                "name",
                "Name",
                "The name of the artifact; it need not be unique.",
                (Field("name", "Name", required=True), DESCRIPTION_FIELD),
            ),
            Step(
                "url",
                "URL",
                _URL_NOTE,
                (URL_FIELD,),
            ),
            Step(
                "labels",
                "Labels",
                "Optional pairs key=value, separated by spaces.",
                (LABELS_FIELD,),
            ),
        )

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """Return the fields of a step; without files with metrics there is nothing to ask."""
        if step.id != ATTRIBUTES.id or not self.attribute_files:
            return await super().fields(step)
        names = ", ".join(one.rpartition("/")[2] for one in self.attribute_files)
        return (
            Field(
                _READ_FILES,
                "Read values",
                FieldKind.FLAG,
                default="true",
                help=f"Adds what {names} has to the {self.kind.noun}.",
            ),
        )

    @property
    def read_files(self) -> list[str]:
        """The files whose metrics and parameters are added to the artifact."""
        return self.attribute_files if self.values.get(_READ_FILES, "true") == "true" else []

    async def choices(self, step: Step, field: Field) -> Sequence[Choice] | None:
        """Return the scenarios."""
        if field.name != "scenario":
            return await super().choices(step, field)
        found = await self.read(self.desk.scenarios.scenarios, self.scope)
        if found and not self.values.get(field.name):
            self.values[field.name] = found[0].id
        choices = [Choice(each.id, each.name, each.description) for each in found]
        # The only scenario is selected without a question.
        if len(found) == 1 or self.launchpad.sync_status.missing_reason("add_executable"):
            return choices
        return [*choices, NEW_CHOICE]

    async def check(self, step: Step) -> str:
        """Check name and labels against the rules of the AI API.

        Returns:
            A warning about labels that look like credentials.

        Raises:
            InvalidInput: A name or label is not valid.
        """
        if step.id == "scenario" and self.values["scenario"] == NEW_SCENARIO:
            await self.choose_new_scenario()
        if step.id == "name":
            check_resource_name(self.values["name"])
        elif step.id == "labels":
            return self._warning()
        return ""

    async def choose_new_scenario(self) -> None:
        """Ask for the ID of a new scenario. Raises InvalidInput if the user cancelled."""
        added = await add_scenario(self)
        if not added:
            raise InvalidInput(
                "The scenario is missing",
                hint="Select one, or type the ID of a new one.",
                field="scenario",
            )
        self.values["scenario"] = added

    def labels(self) -> tuple[tuple[str, str], ...]:
        """Return the labels that the user typed. Raises InvalidInput if they are malformed."""
        return parse_labels(self.values.get("labels", ""))

    def _warning(self) -> str:
        """Return a warning about labels that look like credentials; empty without any."""
        return credential_warning("label", suspected(dict(self.labels())))

    @property
    def artifact_name(self) -> str:
        """The name of the artifact."""
        return self.values["name"]

    def common_items(self) -> list[Item]:
        """Return the values of these steps for the review."""
        description = self.values.get("description", "")
        return [
            Item("Scenario", self.values["scenario"]),
            Item("Name", self.artifact_name),
            Item("Description", description or "none", "text" if description else "faint"),
            Item("URL", self.values["url"]),
            *(Item(f"Label {key.rpartition('/')[2]}", value) for key, value in self.labels()),
            *(Item("", each, "warn") for each in (self._warning(),) if each),
        ]

    def read_items(self) -> list[Item]:
        """Return the files that are read, for the review."""
        return [Item("Values from", path, "dim") for path in self.read_files]

    def why_not_browse_stores(self) -> str | None:
        """Disable browsing in all steps but the one with the URL."""
        shown = any(field.name == "url" for form in self.query(Form) for field in form.fields)
        return None if shown else "Browsing is available in the step with the URL"

    async def do_browse_stores(self) -> None:
        """Browse an object store, and fill the URL with the selected path."""
        from launchpad_tui.ui.screens.stores.browse import BrowseScreen

        form = self.query_one(Form)
        store, path = _store_and_path(form.values()["url"])
        stores = await self.read(self.desk.stores.list, self.scope)
        names = [one.name for one in stores]
        if len(names) > 1:
            choices = [Choice(one.name, one.name, one.kind) for one in stores]
            picked = await self.launchpad.ask(
                ChooseDialog("Select the object store", choices, at=store)
            )
            if not picked:
                return
            store, path = picked[0], path if picked[0] == store else ""
        if store not in names:
            store, path = names[0], ""
        url = await self.launchpad.ask(BrowseScreen(store, path.rpartition("/")[0], choose=True))
        if isinstance(url, str):
            form.set_value("url", url)


def _store_and_path(url: str) -> tuple[str, str]:
    """Split a URL, which may be incomplete, into the name of the store and the path."""
    store, _, path = url.removeprefix("ai://").partition("/")
    return store or DEFAULT_STORE, path


class ArtifactAddScreen(ArtifactWizard):
    """A form that adds an artifact whose files are in an object store already.

    Steps: the form, files with metrics beside the model if there are any, review.

    Args:
        kind: the kind of the new artifact.
        url: the URL that is filled in; empty for that of an object store.
    """

    FINISH = "add"

    def __init__(self, kind: ArtifactKind = ArtifactKind.MODEL, url: str = "") -> None:
        super().__init__(kind)
        self._found = ""
        #: the URL without files, or of another artifact, that the user was warned of
        self._warned = ""
        if url:
            self.values |= {"url": url, "name": url.rpartition("/")[2]}

    def title_text(self) -> str:
        """Return the title with the kind."""
        return (
            f"Add a {self.kind.noun}" if self.kind is not ArtifactKind.OTHER else "Add an artifact"
        )

    def steps(self) -> Sequence[Step]:
        """Return the form, and the step for files with metrics beside the model."""
        return (Step("artifact", self.kind.noun.capitalize(), _URL_NOTE), ATTRIBUTES)

    async def load(self) -> None:
        """Propose an object store, then show the form."""
        if "url" not in self.values:
            store = await self.read(proposed_store, self.desk, self.scope, self.kind)
            self.values["url"] = f"ai://{store}/"
        await super().load()

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """Return the fields of the form, with the scenario unless there is only one."""
        if step.id != "artifact":
            return await super().fields(step)
        scenarios = await self.read(self.desk.scenarios.scenarios, self.scope)
        if len(scenarios) == 1:
            # The only scenario is selected without a question.
            self.values["scenario"] = scenarios[0].id
        return (
            URL_FIELD,
            Field("name", "Name", help=_NAME_HELP),
            *((SCENARIO_FIELD,) if len(scenarios) > 1 else ()),
            DESCRIPTION_FIELD,
            LABELS_FIELD,
        )

    async def check(self, step: Step) -> str:
        """Check the form, and which files are at the URL; return a warning about the labels.

        Raises:
            InvalidInput: a value is not valid, such as an unknown store in the URL, or no files are
                found at the URL, or another artifact has it. It is accepted the second time.
        """
        if step.id != "artifact":
            return ""
        url = self.values["url"] = self.values["url"].strip()
        check_new_url(url)
        # An empty name is that of the URL, also if another URL is typed later.
        if self.values["name"].strip():
            check_resource_name(self.values["name"])
        else:
            check_resource_name(self.artifact_name)
        warning = self._warning()
        await self._check_files(url)
        if self.values.get("scenario", NEW_SCENARIO) == NEW_SCENARIO:
            await self.choose_new_scenario()
        return warning

    async def _check_files(self, url: str) -> None:
        found = await self.launchpad.network(self.desk.files.check_url, self.scope, url)
        if found.state is UrlState.UNKNOWN_STORE:
            raise InvalidInput(found.message, field="url")
        self._found = one_line(found.message)
        self.attribute_files = []
        if found.state is UrlState.OK:
            self.attribute_files = await self.launchpad.network(
                self.desk.attribute_files.find, self.scope, url
            )
            self.launchpad.say(found.message, "good")
        elif self._warned != url:
            self._warned = url
            hint = "Continue again to add it nevertheless, for example before its files are stored"
            raise InvalidInput(self._found, hint=hint, field="url")
        others = await self.read(self.desk.artifacts.others_at, self.scope, self.kind, url)
        if others and self._warned != url:
            self._warned = url
            names = ", ".join(one.name_with_version for one in others)
            hint = f"Continue again to add another {self.kind.noun} with the same files"
            raise InvalidInput(f"The URL belongs to {names}", hint=hint, field="url")

    @property
    def artifact_name(self) -> str:
        """The typed name, or the last part of the URL."""
        return self.values["name"].strip() or self.values["url"].rstrip("/").rpartition("/")[2]

    async def review(self) -> list[Item]:
        """Return all values and the files found at the URL."""
        return [
            heading(self.title_text()),
            *self.common_items(),
            Item("Files", self._found, "dim"),
            *self.read_items(),
        ]

    async def finish(self) -> None:
        """Add the artifact and open its details."""
        artifact = await self.launchpad.act(
            self.desk.artifacts.add,
            self.scope,
            self.kind,
            self.artifact_name,
            self.values["url"],
            self.values["scenario"],
            self.values.get("description", ""),
            self.labels(),
        )
        self.launchpad.point_at(LIST_ROUTES[self.kind], artifact.id)
        added, role = "", "good"
        if self.read_files:
            found, errors = await self.launchpad.network(
                self.desk.attribute_files.add, self.scope, artifact, self.read_files
            )
            added = f" with {found.counts}" if found else ""
            if errors:
                added, role = f"{added}. {errors[0].title}. {errors[0].detail}", "warn"
        self.launchpad.say(f"{self.kind.noun.capitalize()} {artifact.name} added{added}", role)
        self.leave("artifact", item_id=artifact.id)


def proposed_store(desk: Desk, scope: Scope, kind: ArtifactKind) -> str:
    """Return the object store of the newest artifact of a kind, or else the first one; blocking."""
    names = [one.name for one in desk.stores.list(scope)]
    newest = desk.artifacts.listing(scope, kind, Query()).slice(0, 1)
    used = [_store_and_path(row.artifact.url)[0] for row in newest]
    known = [name for name in (*used, DEFAULT_STORE) if name in names]
    return (known or names or [DEFAULT_STORE])[0]
