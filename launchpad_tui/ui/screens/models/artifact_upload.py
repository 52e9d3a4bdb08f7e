"""The wizard that uploads files of this machine as a new artifact."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import (
    ArtifactKind,
    ArtifactUrl,
    UrlState,
    check_new_url,
    parse_url,
)
from launchpad_tui.domain.connection import Field, FieldKind
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.domain.stored_object import join
from launchpad_tui.errors import Conflict, InvalidInput, LaunchpadError
from launchpad_tui.services.attribute_files import own_files
from launchpad_tui.services.local_files import source_files
from launchpad_tui.ui.screens.common.downloads import folder_name
from launchpad_tui.ui.screens.common.wizard import Step
from launchpad_tui.ui.screens.models.artifact_add import (
    ATTRIBUTES,
    ArtifactWizard,
    proposed_store,
)
from launchpad_tui.ui.screens.models.artifacts import LIST_ROUTES
from launchpad_tui.ui.widgets.details import Item, heading

if TYPE_CHECKING:
    from launchpad_tui.domain.transfer import Progress
    from launchpad_tui.services.transfers import Job


class ArtifactUploadScreen(ArtifactWizard):
    """The wizard that uploads files: files, scenario, name and description, URL, labels,
    files with metrics, review.

    Args:
        kind: the kind of the new artifact.
    """

    FINISH = "upload"

    def __init__(self, kind: ArtifactKind = ArtifactKind.MODEL) -> None:
        super().__init__(kind)
        self._bytes = self._files = 0

    def title_text(self) -> str:
        """Return the title with the kind."""
        return (
            f"Upload a {self.kind.noun}"
            if self.kind is not ArtifactKind.OTHER
            else "Upload an artifact"
        )

    def steps(self) -> Sequence[Step]:
        """Return the step for the files, then those of all artifacts."""
        source = Field(
            "source",
            "File or folder",
            FieldKind.PATH,
            required=True,
            help="A path on this machine.",
        )
        first = Step("source", "Files", "The file or folder to upload.", (source,))
        return (first, *super().steps(), ATTRIBUTES)

    async def check(self, step: Step) -> str:
        """Check a step; return a warning if the store cannot be reached.

        Raises:
            InvalidInput: for an invalid value, such as a missing file or a URL that has files.
        """
        if step.id == "source":
            await self.launchpad.files(self._count, Path(self.values["source"]).expanduser())
            name = Path(self.values["source"].rstrip("/")).name
            if not self.values.get("name"):
                self.values["name"] = name[:256]
            self.launchpad.say(self._amount(), "good")
        elif step.id == "name":
            await super().check(step)
            if not self.values.get("url"):
                store = await self.read(proposed_store, self.desk, self.scope, self.kind)
                self.values["url"] = str(ArtifactUrl(store, folder_name(self.values["name"])))
        elif step.id == "url":
            check_new_url(self.values["url"])
            found = await self.launchpad.network(
                self.desk.files.check_url, self.scope, self.values["url"]
            )
            if found.state is UrlState.UNKNOWN_STORE:
                raise InvalidInput(found.message, field="url")
            if found.state is UrlState.OK:
                raise InvalidInput(
                    f"The URL already contains files: {found.message}",
                    hint="Enter a URL without files.",
                    field="url",
                )
            return found.message if found.state is UrlState.UNREACHABLE else ""
        else:
            return await super().check(step)
        return ""

    def _count(self, source: Path) -> None:
        """Count the files of a file or folder and their bytes. Raises InvalidInput."""
        try:
            files = source_files(source)
            self._files, self._bytes = len(files), sum(each.file.stat().st_size for each in files)
            inside = source.is_dir()
            self.attribute_files = own_files(each.path for each in files) if inside else []
        except InvalidInput as error:
            raise InvalidInput(error.title, error.detail, error.hint, field="source") from error
        except (Conflict, OSError) as error:
            title = f"{source} cannot be read"
            raise InvalidInput(title, str(error), field="source") from error
        if not files:
            raise InvalidInput(f"The folder {source} contains no files", field="source")

    def _amount(self) -> str:
        return f"{self._files:,} file{'s' * (self._files != 1)}, {size_text(self._bytes)}"

    async def review(self) -> list[Item]:
        """Return all values and the number and size of the files."""
        return [
            heading(self.title_text()),
            Item("Source", self.values["source"]),
            Item("", self._amount(), "dim"),
            *self.common_items(),
            *self.read_items(),
        ]

    async def finish(self) -> None:
        """Start the upload in the background."""
        importing, values = self.desk.importing, self.values
        attribute_files, scope = self.desk.attribute_files, self.scope
        path = parse_url(values["url"]).path
        read_files = [join(path, name) for name in self.read_files]
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

        app, inputs = self.launchpad, self.launchpad.inputs
        added: list[str] = []

        def work(progress: Progress) -> str:
            artifact = upload(progress=progress)
            added.append(artifact.id)
            text = f"Uploaded and added {artifact.name}"
            if not read_files:
                return text
            try:
                found, errors = attribute_files.add(scope, artifact, read_files)
            except LaunchpadError as error:
                # The artifact was added all the same.
                return f"{text}. {error.title}"
            text += f" with {found.counts}" if found else ""
            return f"{text}. {errors[0].title}" if errors else text

        def ended(job: Job) -> None:
            # The cursor is left where the user has moved it since.
            if added and app.inputs == inputs:
                app.point_at(LIST_ROUTES[self.kind], added[0])
            app.transfers.report(job)

        app.transfers.start(f"Upload {values['name']}", work, then=ended)
