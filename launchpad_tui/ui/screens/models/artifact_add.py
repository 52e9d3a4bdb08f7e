"""The wizard that adds an artifact by its URL, and the base of all wizards that add artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from launchpad_tui.domain.artifact import ArtifactKind, UrlState, check_new_url, parse_labels
from launchpad_tui.domain.connection import DEFAULT_STORE, Field, FieldKind
from launchpad_tui.domain.credential_warnings import credential_warning, suspected
from launchpad_tui.domain.text import one_line
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import replace
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

_READ_FILES = "read_files"
_NAME_HELP = "Empty: the last part of the URL."


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

    def steps(self) -> Sequence[Step]:
        """Return the steps that all wizards for artifacts have."""
        return (
            Step(
                "scenario",
                "Scenario",
                "The scenario that the artifact belongs to.",
                (Field("scenario", "Scenario", FieldKind.CHOICE, required=True),),
                skip_single=True,
            ),
            Step(
                "name",
                "Name",
                "The name of the artifact; it need not be unique.",
                (Field("name", "Name", required=True), Field("description", "Description")),
            ),
            Step(
                "url",
                "URL",
                "The location of the files: ai://<object store>/<path>. Press ctrl+o to browse.",
                (Field("url", "URL", required=True, default="ai://default/"),),
            ),
            Step(
                "labels",
                "Labels",
                "Optional pairs key=value, separated by spaces.",
                (Field("labels", "Labels", help="For example stage=production team=vision."),),
            ),
        )

    async def choices(self, step: Step, field: Field) -> Sequence[Choice] | None:
        """Return the scenarios."""
        if step.id != "scenario":
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
            self.values["scenario"] = await add_scenario(self)
            if not self.values["scenario"]:
                raise InvalidInput(
                    "The scenario is missing",
                    hint="Select one, or type the ID of a new one.",
                    field="scenario",
                )
        if step.id == "name":
            check_resource_name(self.values["name"])
        elif step.id == "labels":
            return self._warning()
        return ""

    def labels(self) -> tuple[tuple[str, str], ...]:
        """Return the labels that the user typed. Raises InvalidInput if they are malformed."""
        return parse_labels(self.values.get("labels", ""))

    def _warning(self) -> str:
        """Return a warning about labels that look like credentials; empty without any."""
        return credential_warning("label", suspected(dict(self.labels())))

    def common_items(self) -> list[Item]:
        """Return the values of these steps for the review."""
        description = self.values.get("description", "")
        return [
            Item("Scenario", self.values["scenario"]),
            Item("Name", self.values["name"]),
            Item("Description", description or "none", "text" if description else "faint"),
            Item("URL", self.values["url"]),
            *(Item(f"Label {key.rpartition('/')[2]}", value) for key, value in self.labels()),
            *(Item("", each, "warn") for each in (self._warning(),) if each),
        ]

    def why_not_browse_stores(self) -> str | None:
        """Disable browsing in all steps but the one for the URL."""
        return (
            None
            if self.step is not None and self.step.id == "url"
            else "Browsing is available in the step URL"
        )

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
    """The wizard that adds an artifact whose files are in an object store already.

    Args:
        kind: the kind of the new artifact.
        url: the URL that is filled in.
    """

    FINISH = "add"

    def __init__(self, kind: ArtifactKind = ArtifactKind.MODEL, url: str = "") -> None:
        super().__init__(kind)
        self._found = ""
        self._attribute_files: list[str] = []
        if url:
            self.values |= {"url": url, "name": url.rpartition("/")[2]}

    def title_text(self) -> str:
        """Return the title with the kind."""
        return (
            f"Add a {self.kind.noun}" if self.kind is not ArtifactKind.OTHER else "Add an artifact"
        )

    def steps(self) -> Sequence[Step]:
        """Return the steps of all artifacts, and one for files with metrics beside the model."""
        common = super().steps()
        return (*common, Step("attributes", "Metrics", "Files with metrics or parameters."))

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """Return the fields of a step; without files beside the model there is nothing to ask."""
        if step.id == "name":
            optional = replace(step.fields[0], required=False, help=_NAME_HELP)
            return (optional, *step.fields[1:])
        if step.id != "attributes" or not self._attribute_files:
            return await super().fields(step)
        names = ", ".join(one.rpartition("/")[2] for one in self._attribute_files)
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
    def _read_files(self) -> list[str]:
        """The files with metrics and parameters that are read."""
        return self._attribute_files if self.values.get(_READ_FILES, "true") == "true" else []

    async def check(self, step: Step) -> str:
        """Check a step; return a warning if no files are found at the URL.

        Raises:
            InvalidInput: for an invalid value, such as an unknown store in the URL.
        """
        if step.id == "name" and not self.values["name"].strip():
            return ""
        if step.id != "url":
            return await super().check(step)
        check_new_url(self.values["url"])
        if not self.values["name"].strip():
            self.values["name"] = check_resource_name(
                self.values["url"].rstrip("/").rpartition("/")[2]
            )
        found = await self.launchpad.network(
            self.desk.files.check_url, self.scope, self.values["url"]
        )
        if found.state is UrlState.UNKNOWN_STORE:
            raise InvalidInput(found.message, field="url")
        self._found = one_line(found.message)
        self._attribute_files = []
        if found.state is not UrlState.OK:
            return found.message
        self._attribute_files = await self.launchpad.network(
            self.desk.attribute_files.find, self.scope, self.values["url"]
        )
        self.launchpad.say(found.message, "good")
        return ""

    async def review(self) -> list[Item]:
        """Return all values and the files found at the URL."""
        return [
            heading(self.title_text()),
            *self.common_items(),
            Item("Files", self._found, "dim"),
            *(Item("Values from", path, "dim") for path in self._read_files),
        ]

    async def finish(self) -> None:
        """Add the artifact and open its details."""
        artifact = await self.launchpad.act(
            self.desk.artifacts.add,
            self.scope,
            self.kind,
            self.values["name"],
            self.values["url"],
            self.values["scenario"],
            self.values.get("description", ""),
            self.labels(),
        )
        self.launchpad.point_at(LIST_ROUTES[self.kind], artifact.id)
        added, role = "", "good"
        if self._read_files:
            found, errors = await self.launchpad.network(
                self.desk.attribute_files.add, self.scope, artifact, self._read_files
            )
            added = f" with {found.counts}" if found else ""
            if errors:
                added, role = f"{added}. {errors[0].title}. {errors[0].detail}", "warn"
        self.launchpad.say(f"{self.kind.noun.capitalize()} {artifact.name} added{added}", role)
        self.leave("artifact", item_id=artifact.id)
