"""The wizard's steps that bind parameters and input artifacts; the base of creating a configuration and of executing
again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import Field, FieldKind
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.scenario import Executable
from launchpad_tui.errors import InvalidInput
from launchpad_tui.services.configurations import check_resource_name
from launchpad_tui.ui.screens.common.cells import timestamp_text
from launchpad_tui.ui.screens.common.wizard import Step, WizardScreen
from launchpad_tui.ui.widgets.details import Item, heading
from launchpad_tui.ui.widgets.dialogs import Choice

#: artifacts offered for an input, newest first
OFFERED = 500
_PARAMETER, _INPUT = "parameter ", "input "


class BindingWizard(WizardScreen):
    """Steps: name, parameters, inputs. Override `prepare` and `finish`."""

    def __init__(self) -> None:
        super().__init__()
        self.executable: Executable | None = None
        self._ready = False

    async def prepare(self) -> None:
        """Read what the steps start with."""

    async def load(self) -> None:
        """Prepare once, then show the first step."""
        if not self._ready:
            self._ready = True
            await self.prepare()
        await super().load()

    async def choose_executable(self, executable_id: str) -> None:
        """Bind for this executable: its defaults are filled in where nothing was typed."""
        if self.executable is not None and self.executable.id == executable_id:
            return
        self.executable = await self.read(self.desk.scenarios.executable, self.scope, executable_id)
        self.take({each.name: each.default or "" for each in self.executable.parameters}, {})

    def take(self, parameters: Mapping[str, str], inputs: Mapping[str, str]) -> None:
        """Fill in values."""
        self.values |= {f"{_PARAMETER}{name}": value for name, value in parameters.items()}
        self.values |= {f"{_INPUT}{name}": value for name, value in inputs.items()}

    def parameters(self) -> dict[str, str]:
        """The parameters as typed."""
        known = self.executable.parameters if self.executable else ()
        return {each.name: self.values.get(f"{_PARAMETER}{each.name}", "") for each in known}

    def inputs(self) -> dict[str, str]:
        """The artifacts' IDs as chosen."""
        known = self.executable.inputs if self.executable else ()
        return {each.name: self.values.get(f"{_INPUT}{each.name}", "") for each in known}

    def steps(self) -> Sequence[Step]:
        """Name, parameters, inputs."""
        return (
            Step(
                "name",
                "Name",
                "What the configuration is called; a name need not be unique.",
                (Field("name", "Name", required=True),),
            ),
            Step("parameters", "Parameters", "Prefilled with their defaults."),
            Step("inputs", "Inputs", "An artifact for each input that the executable takes."),
        )

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """Those of the executable."""
        if self.executable is None:
            return step.fields
        if step.id == "parameters":
            return tuple(
                Field(
                    f"{_PARAMETER}{each.name}",
                    each.name,
                    required=each.default is None,
                    help=each.description,
                )
                for each in self.executable.parameters
            )
        if step.id == "inputs":
            return tuple(
                Field(
                    f"{_INPUT}{each.name}",
                    each.name,
                    FieldKind.CHOICE,
                    required=True,
                    help=f"{each.kind}. {each.description}".strip(),
                )
                for each in self.executable.inputs
            )
        return step.fields

    async def choices(self, step: Step, field: Field) -> Sequence[Choice] | None:
        """Artifacts of the input's kind, newest first."""
        if step.id != "inputs" or self.executable is None:
            return await super().choices(step, field)
        name = field.name.removeprefix(_INPUT)
        slot = next(each for each in self.executable.inputs if each.name == name)
        listing = await self.read(
            self.desk.artifacts.listing, self.scope, ArtifactKind(slot.kind), Query()
        )
        rows = await self.read(listing.slice, 0, OFFERED)
        if not rows:
            self.launchpad.say(
                f"There is no {slot.kind} yet for the input {name}: add one first", "warn", 10
            )
        if rows and not self.values.get(field.name):
            self.values[field.name] = rows[0].artifact.id
        return [
            Choice(
                row.artifact.id,
                row.artifact.name,
                f"{timestamp_text(row.artifact.created_at)}  {row.artifact.url}",
            )
            for row in rows
        ]

    async def check(self, step: Step) -> str:
        """A name must keep the AI API's rules; all inputs must be chosen."""
        if step.id == "name":
            check_resource_name(self.values["name"])
        if step.id == "inputs":
            for name, artifact_id in self.inputs().items():
                if not artifact_id:
                    raise InvalidInput(f"Choose an artifact for {name}", field=f"{_INPUT}{name}")
        return ""

    async def review(self) -> list[Item]:
        """Everything, names of artifacts in place of their IDs."""
        executable = self.executable
        items = [heading("Configuration"), Item("Name", self.values.get("name", ""))]
        if executable is not None:
            items.append(
                Item("Executable", f"{executable.name} ({executable.id} {executable.version})")
            )
            items += [heading("Parameters"), *self._parameter_items(executable)]
        items.append(heading("Inputs"))
        for name, artifact_id in self.inputs().items():
            artifact = await self.read(self.desk.artifacts.get, self.scope, artifact_id)
            items.append(Item(name, f"{artifact.name}  {artifact.url}"))
        return items

    def _parameter_items(self, executable: Executable) -> list[Item]:
        defaults = {each.name: each.default for each in executable.parameters}
        return [
            Item(name, value, "accent" if value != defaults.get(name) else "text")
            for name, value in self.parameters().items()
        ]
