"""The base of the wizards that create a configuration and that rerun an execution.

Its steps bind the parameters and input artifacts of an executable.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import Field, FieldKind
from launchpad_tui.domain.credential_warnings import credential_warning, suspected
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.scenario import ArtifactSlot, Executable
from launchpad_tui.domain.shown_credentials import hide_value
from launchpad_tui.errors import InvalidInput
from launchpad_tui.services.configurations import (
    check_resource_name,
    name_with_parameters,
    name_without_parameters,
)
from launchpad_tui.ui.screens.common import sweep_step
from launchpad_tui.ui.screens.common.cells import kind_text, timestamp_text
from launchpad_tui.ui.screens.common.wizard import Step, WizardScreen
from launchpad_tui.ui.widgets.choose_dialog import Choice
from launchpad_tui.ui.widgets.details import Item, heading

if TYPE_CHECKING:
    from launchpad_tui.domain.execution import Configuration
    from launchpad_tui.domain.sweep import SweepPlan

#: the most artifacts that are listed for an input, newest first
MAX_ARTIFACTS = 500
#: prefixes that keep the field names of parameters and inputs apart
_PARAMETER, _INPUT = "parameter ", "input "


class BindingWizard(WizardScreen):
    """Steps: name, parameters, combinations of several values, inputs, review.

    Subclasses override `prepare` and `finish_one`.

    Args:
        sweep: whether a parameter must have several values.
    """

    def __init__(self, *, sweep: bool = False) -> None:
        super().__init__()
        self._sweep = sweep
        self._initial: dict[str, str] = {}
        self._initial_name = ""
        self.executable: Executable | None = None
        self._prepared = False

    async def prepare(self) -> None:
        """Read the initial values of the fields."""

    async def load(self) -> None:
        """Prepare once, then show the first step."""
        if not self._prepared:
            self._prepared = True
            await self.prepare()
        await super().load()

    async def choose_executable(self, executable_id: str) -> None:
        """Select the executable and fill in the defaults of its parameters."""
        if self.executable is not None and self.executable.id == executable_id:
            return
        self.executable = await self.read(self.desk.scenarios.executable, self.scope, executable_id)
        self.fill_in({each.name: each.default or "" for each in self.executable.parameters}, {})

    def fill_in(self, parameters: Mapping[str, str], inputs: Mapping[str, str]) -> None:
        """Set the values of parameters, and the artifact IDs of inputs."""
        self._initial = dict(parameters)
        self.values |= {f"{_PARAMETER}{name}": value for name, value in parameters.items()}
        self.values |= {f"{_INPUT}{name}": value for name, value in inputs.items()}

    def parameters(self) -> dict[str, str]:
        """Return the values of the executable's parameters by name."""
        declared = self.executable.parameters if self.executable else ()
        return {each.name: self.values.get(f"{_PARAMETER}{each.name}", "") for each in declared}

    def start_from(self, configuration: Configuration) -> None:
        """Fill in the name, parameters and inputs of a configuration."""
        self.values["name"] = self._initial_name = configuration.name
        self.fill_in(configuration.parameters, configuration.inputs)

    def configuration_name(self) -> str:
        """Return the name of the configuration.

        If none was typed, it is the executable's ID, or the name of the original configuration
        with the parameters that were changed: two of one name could not be told apart.
        """
        typed = self.values.get("name", "").strip()
        if not typed and self.executable is not None:
            return self.executable.id
        if typed != self._initial_name:
            return typed
        # The name of a sweep has no single value of a parameter that has several ones.
        varied = self.varied()
        if varied and self.executable is not None:
            typed = name_without_parameters(typed, varied, self.executable.id)
        changed = {
            name: value
            for name, value in self.parameters().items()
            if value != self._initial.get(name, "") and name not in varied
        }
        return name_with_parameters(typed, self._initial, changed)

    def varied(self) -> dict[str, str]:
        """Return the typed values of the parameters that have several ones."""
        return sweep_step.varied(self.parameters(), self._initial)

    def planned(self) -> SweepPlan | None:
        """Return the executions of a sweep; None for a single one. Raises InvalidInput."""
        return sweep_step.planned(self.varied(), self.values)

    def inputs(self) -> dict[str, str]:
        """Return the IDs of the selected artifacts by input, empty where none is selected."""
        declared = self.executable.inputs if self.executable else ()
        return {each.name: self.values.get(f"{_INPUT}{each.name}", "") for each in declared}

    def steps(self) -> Sequence[Step]:
        """Return the steps for name, parameters and inputs."""
        return (
            Step(
                "name",
                "Name",
                "Name the configuration. Names need not be unique.",
            ),
            Step(
                "parameters",
                "Parameters",
                "Several values make a sweep: 0.1,0.01 or 1..5 or 0.0001..0.1:4:log.",
            ),
            sweep_step.STEP,
            Step(
                "inputs",
                "Inputs",
                "Select an artifact for each input of the executable.",
                skip_single=True,
            ),
        )

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """Return a field for each parameter or input of the executable."""
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
        if step.id == "name":
            return (Field("name", "Name", help=self._name_help()),)
        if step is sweep_step.STEP:
            return sweep_step.FIELDS if self.varied() else ()
        if step.id == "inputs":
            return tuple(
                Field(
                    f"{_INPUT}{each.name}",
                    each.name,
                    FieldKind.CHOICE,
                    required=not each.optional,
                    help=_about(each),
                )
                for each in self.executable.inputs
            )
        return step.fields

    async def choices(self, step: Step, field: Field) -> Sequence[Choice] | None:
        """Return the artifacts that can be bound to an input, newest first."""
        if field.name == sweep_step.MODE:
            choices = sweep_step.mode_choices(self.varied(), required=self._sweep)
            known = [one.id for one in choices if not one.reason]
            if self.values.get(field.name) not in known:
                self.values[field.name] = known[0]
            return choices
        if step.id != "inputs" or self.executable is None:
            return await super().choices(step, field)
        name = field.name.removeprefix(_INPUT)
        slot = next(each for each in self.executable.inputs if each.name == name)
        kind = ArtifactKind(slot.kind) if slot.kind in set(ArtifactKind) else None
        listing = await self.read(self.desk.artifacts.listing, self.scope, kind, Query())
        rows = await self.read(listing.slice, 0, MAX_ARTIFACTS)
        if not rows and not slot.optional:
            self.launchpad.say(
                f"The resource group has no {slot.kind or 'artifact'} for the input {name}: "
                "add one first",
                "warn",
                10,
            )
        if rows and not slot.optional and not self.values.get(field.name):
            self.values[field.name] = rows[0].artifact.id
        return [
            Choice(
                row.artifact.id,
                row.artifact.name_with_version,
                f"{timestamp_text(row.artifact.created_at)}  {row.artifact.url}",
            )
            for row in rows
        ]

    async def check(self, step: Step) -> str:
        """Check that the name is valid and that every required input has an artifact.

        Returns:
            A warning about parameters that look like credentials.
        """
        if step.id == "name":
            check_resource_name(self.configuration_name())
        if step.id == "parameters" and self.executable is not None:
            if self._sweep and not self.varied():
                raise InvalidInput(
                    "No parameter has several values",
                    "A sweep has an execution for each combination of values.",
                    "Separate values by commas, for example 0.1,0.01.",
                )
            return self._warning() or sweep_step.unusual(self.parameters(), self._initial)
        if step is sweep_step.STEP:
            self.planned()
        if step.id == "inputs":
            declared = self.executable.inputs if self.executable else ()
            optional = {each.name for each in declared if each.optional}
            for name, artifact_id in self.inputs().items():
                if not artifact_id and name not in optional:
                    raise InvalidInput(
                        f"The input {name} has no artifact",
                        hint="Select an artifact for it.",
                        field=f"{_INPUT}{name}",
                    )
        return ""

    async def review(self) -> list[Item]:
        """Return all values, with names and URLs of the artifacts instead of their IDs."""
        executable = self.executable
        items = [heading("Configuration"), Item("Name", self.configuration_name())]
        if executable is not None:
            version = f"{executable.id} {executable.version}"
            has_name = executable.name not in {"", executable.id}
            items.append(
                Item("Executable", f"{executable.name} ({version})" if has_name else version)
            )
            found = self.planned()
            items += sweep_step.review_items(found) if found is not None else []
            parameters = self._parameter_items(executable)
            items += [heading("Parameters"), *parameters] if parameters else []
            # The message about the step is cut in a narrow terminal.
            items += [Item("", each, "warn") for each in (self._warning(),) if each]
        inputs = self.inputs()
        items += [heading("Inputs")] if inputs else []
        for name, artifact_id in inputs.items():
            artifact = await self.read(self.desk.artifacts.get, self.scope, artifact_id)
            items.append(Item(name, f"{artifact.name_with_version}  {artifact.url}"))
        return items

    async def finish(self) -> None:
        """Create the sweep and open its page, or perform the operation for one execution."""
        found = self.planned()
        if found is None or self.executable is None:
            await self.finish_one()
            return
        begun = await sweep_step.start_sweep(
            self,
            self.configuration_name(),
            self.executable.id,
            self.parameters(),
            self.inputs(),
            found,
        )
        self.leave("sweep", item_id=begun.id)

    @abstractmethod
    async def finish_one(self) -> None:
        """Perform the wizard's operation for parameters with one value each."""

    def _name_help(self) -> str:
        if self._initial_name:
            return "If you keep it and change parameters, these are added to it."
        return "Empty: the ID of the executable."

    def _warning(self) -> str:
        """Return a warning about parameters that look like credentials; empty without any."""
        executable_id = self.executable.id if self.executable else ""
        return credential_warning("parameter", suspected(self.parameters()), executable_id)

    def _parameter_items(self, executable: Executable) -> list[Item]:
        defaults = {each.name: each.default for each in executable.parameters}
        return [
            Item(name, hide_value(name, value), "accent" if value != defaults.get(name) else "text")
            for name, value in self.parameters().items()
        ]


def _about(slot: ArtifactSlot) -> str:
    """Return kind and description of an input: ``Optional dataset. One row a customer``."""
    kind = slot.kind or "artifact of any kind"
    if slot.kind in set(ArtifactKind):
        kind = kind_text(ArtifactKind(slot.kind))
    title = f"Optional {kind}" if slot.optional else kind[:1].upper() + kind[1:]
    return f"{title}. {slot.description}" if slot.description else title
