"""The wizard that stores files of this machine as a new artifact."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import ArtifactKind, ArtifactUrl, UrlState, parse_url
from launchpad_tui.domain.connection import DEFAULT_STORE, Field, FieldKind
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.errors import Conflict, InvalidInput
from launchpad_tui.services.local_files import source_files
from launchpad_tui.ui.screens.common.downloads import folder_name
from launchpad_tui.ui.screens.common.wizard import Step
from launchpad_tui.ui.screens.models.artifact_add import ArtifactWizard
from launchpad_tui.ui.widgets.details import Item, heading

if TYPE_CHECKING:
    from launchpad_tui.domain.transfer import Progress


class ArtifactUploadScreen(ArtifactWizard):
    """Files, scenario, name and description, URL, labels, review.

    Args:
        kind: what is added.
    """

    FINISH = "upload"

    def __init__(self, kind: ArtifactKind = ArtifactKind.MODEL) -> None:
        super().__init__(kind)
        self._bytes = self._files = 0

    def title_text(self) -> str:
        """What is added."""
        return (
            f"Upload a {self.kind}" if self.kind is not ArtifactKind.OTHER else "Upload an artifact"
        )

    def steps(self) -> Sequence[Step]:
        """What, then as for one that is there already."""
        source = Field(
            "source",
            "File or folder",
            FieldKind.PATH,
            required=True,
            help="A path on this machine.",
        )
        first = Step("source", "Files", "The file or folder to upload.", (source,))
        return (first, *super().steps())

    async def check(self, step: Step) -> str:
        """The files must be there, and nothing at the URL."""
        if step.id == "source":
            await self.launchpad.files(self._look, Path(self.values["source"]).expanduser())
            name = Path(self.values["source"].rstrip("/")).name
            if not self.values.get("name"):
                self.values["name"] = name[:256]
            self.launchpad.say(
                f"{self._files:,} file{'s' * (self._files != 1)}, {size_text(self._bytes)}", "good"
            )
        elif step.id == "name":
            await super().check(step)
            if not self.values.get("url"):
                self.values["url"] = str(
                    ArtifactUrl(DEFAULT_STORE, folder_name(self.values["name"]))
                )
        elif step.id == "url":
            parse_url(self.values["url"])
            found = await self.launchpad.network(
                self.desk.files.check_url, self.scope, self.values["url"]
            )
            if found.state in {UrlState.UNKNOWN_STORE, UrlState.OK}:
                taken = f"The URL already contains files: {found.message}."
                raise InvalidInput(
                    found.message if found.state is UrlState.UNKNOWN_STORE else taken, field="url"
                )
            return found.message if found.state is UrlState.UNREACHABLE else ""
        else:
            return await super().check(step)
        return ""

    def _look(self, source: Path) -> None:
        try:
            files = source_files(source)
            self._files, self._bytes = len(files), sum(each.file.stat().st_size for each in files)
        except InvalidInput as error:
            raise InvalidInput(error.title, error.detail, error.hint, field="source") from error
        except (Conflict, OSError) as error:
            raise InvalidInput("It cannot be read", str(error), field="source") from error
        if not files:
            raise InvalidInput("The folder contains no files", field="source")

    async def review(self) -> list[Item]:
        """Everything."""
        amount = f"{self._files:,} file{'s' * (self._files != 1)}, {size_text(self._bytes)}"
        return [
            heading(self.title_text()),
            Item("From", self.values["source"]),
            Item("", amount, "dim"),
            *self.common_items(),
        ]

    async def finish(self) -> None:
        """Begin; it goes on in the background."""
        importing, values = self.desk.importing, self.values
        upload = partial(
            importing.upload,
            self.scope,
            self.kind,
            values["name"],
            Path(values["source"]).expanduser().absolute(),
            values["url"],
            values["scenario"],
            values.get("description", ""),
            self.labels(),
        )

        def work(progress: Progress) -> str:
            return f"Uploaded and added {upload(progress=progress).name}"

        self.launchpad.transfers.start(f"Upload {values['name']}", work)
