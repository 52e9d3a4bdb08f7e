"""The wizard that adds an artifact by its URL."""

from __future__ import annotations

from collections.abc import Sequence

from launchpad_tui.domain.artifact import ArtifactKind, UrlState, parse_labels, parse_url
from launchpad_tui.domain.connection import Field, FieldKind
from launchpad_tui.errors import InvalidInput
from launchpad_tui.services.configurations import check_resource_name
from launchpad_tui.ui.screens.dialogs import Choice
from launchpad_tui.ui.screens.wizard import Step, WizardScreen
from launchpad_tui.ui.widgets.details import Item, heading


class ArtifactAddScreen(WizardScreen):
    """Scenario, name and description, URL, labels, review.

    Args:
        kind: what is added.
    """

    FINISH = "add"

    def __init__(self, kind: ArtifactKind = ArtifactKind.MODEL) -> None:
        super().__init__()
        self.kind = kind
        self._found = ""

    def title_text(self) -> str:
        """What is added."""
        return f"Add a {self.kind}" if self.kind is not ArtifactKind.OTHER else "Add an artifact"

    def steps(self) -> Sequence[Step]:
        """The steps of the web console."""
        return (
            Step("scenario", "Scenario", "The use case that it belongs to.",
                 (Field("scenario", "Scenario", FieldKind.CHOICE, required=True),)),
            Step("name", "Name", "What it is called; a name need not be unique.",
                 (Field("name", "Name", required=True), Field("description", "Description"))),
            Step("url", "URL", "Where its files lie: ai://<object store>/<path>.",
                 (Field("url", "URL", required=True, default="ai://default/"),)),
            Step("labels", "Labels", "key=value, several separated by spaces; may be left empty.",
                 (Field("labels", "Labels", help="Such as stage=production team=vision."),)),
        )  # fmt: skip

    async def choices(self, step: Step, field: Field) -> Sequence[Choice] | None:
        """The scenarios."""
        if step.id != "scenario":
            return await super().choices(step, field)
        found = await self.read(self.desk.scenarios.scenarios, self.scope)
        if not found:
            self.launchpad.say("There is no scenario yet: 5, then a, adds workflow templates", "warn", 10)
        elif not self.values.get(field.name):
            self.values[field.name] = found[0].id
        return [Choice(each.id, each.name, each.description) for each in found]

    async def check(self, step: Step) -> str:
        """Name, URL and labels keep the AI API's rules; an unknown store is refused, an empty path is a warning."""
        if step.id == "name":
            check_resource_name(self.values["name"])
        elif step.id == "labels":
            self._labels()
        elif step.id == "url":
            parse_url(self.values["url"])
            found = await self.launchpad.network(self.desk.files.check_url, self.scope, self.values["url"])
            if found.state is UrlState.UNKNOWN_STORE:
                raise InvalidInput(found.message, field="url")
            self._found = found.message
            if found.state is not UrlState.OK:
                return found.message
            self.launchpad.say(found.message, "good")
        return ""

    def _labels(self) -> tuple[tuple[str, str], ...]:
        return parse_labels(self.values.get("labels", ""))

    async def review(self) -> list[Item]:
        """Everything, and what was found at the URL."""
        return [
            heading(self.title_text()),
            Item("Scenario", self.values["scenario"]),
            Item("Name", self.values["name"]),
            Item("Description", self.values.get("description", "")),
            Item("URL", self.values["url"]),
            Item("Found there", self._found, "dim"),
            *(Item(f"Label {key.rpartition('/')[2]}", value) for key, value in self._labels()),
        ]

    async def finish(self) -> None:
        """Add it, and show it."""
        made = await self.launchpad.network(
            self.desk.artifacts.add, self.scope, self.kind, self.values["name"], self.values["url"],
            self.values["scenario"], self.values.get("description", ""), self._labels(),
        )  # fmt: skip
        self.launchpad.say(f"Added {made.name}", "good")
        self.leave("artifact", item_id=made.id)
