"""Configurations: an executable's parameters and input artifacts, bound."""

from __future__ import annotations

import builtins
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import RESOURCE_NAME, Configuration
from launchpad_tui.domain.scenario import ArtifactSlot, Executable
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.registry import artifacts, configurations, scenarios
from launchpad_tui.registry.database import Registry

if TYPE_CHECKING:
    from launchpad_tui.services.runtimes import Runtimes

#: AI API: values of parameter bindings
VALUE_LIMIT = 5000
NAME_HINT = "1 to 256 letters, digits, spaces and . ! ? , ; : [ ] ( ) { } < > \" ' = + * / \\ ^ & % @ ~ $ # | _ -"


class ConfigurationService:
    """Configurations of a resource group. Safe for threads."""

    def __init__(self, registry: Registry, runtimes: Runtimes) -> None:
        self._registry = registry
        self._runtimes = runtimes

    def list(
        self, scope: Scope, executable_id: str | None = None, search: str = ""
    ) -> builtins.list[Configuration]:
        """The newest 10,000, newest first: all or an executable's; every word of the search is found in name, ID,
        executable or bindings. Raises NotFound for an unknown scope."""
        return configurations.configurations(self._registry, scope, executable_id, search)

    def get(self, scope: Scope, configuration_id: str) -> Configuration:
        """The configuration with this ID. Raises NotFound."""
        return configurations.configuration(self._registry, scope, configuration_id)

    def resolve(self, scope: Scope, text: str) -> Configuration:
        """The configuration that has this ID, unique name, or unique ID prefix of at least 4 characters.

        Raises:
            NotFound: none.
            Conflict: several; the detail lists them.
        """
        return configurations.resolve(self._registry, scope, text)

    def create(
        self,
        scope: Scope,
        name: str,
        executable_id: str,
        parameters: Mapping[str, str],
        inputs: Mapping[str, str],
    ) -> Configuration:
        """A new configuration; parameters that are not given take their defaults.

        Args:
            inputs: an artifact ID, unique name or unique ID prefix for each input of the executable.

        Raises:
            NotFound: the executable does not exist.
            InvalidInput: a name, parameter or input is wrong or missing; ``field`` is ``name``,
                ``parameters.<name>`` or ``inputs.<name>``.
            Unreachable: a remote runtime did not respond. Other errors of runtimes are possible.
        """
        name = check_resource_name(name)
        executable = scenarios.executable(self._registry, scope, executable_id)
        bound = _bind(executable, parameters)
        given = _known(
            inputs, [slot.name for slot in executable.inputs], "inputs", "input artifact"
        )
        found = {
            slot.name: self._input(scope, slot, given.get(slot.name, "")).id
            for slot in executable.inputs
        }
        new = Configuration(
            str(uuid.uuid4()), name, executable.scenario_id, executable.id, bound, found, now()
        )
        return self._runtimes.create_configuration(scope, new)

    def _input(self, scope: Scope, slot: ArtifactSlot, text: str) -> Artifact:
        field = f"inputs.{slot.name}"
        if not text.strip():
            raise InvalidInput(
                f"The input {slot.name} is missing",
                slot.description,
                f"Give a {slot.kind}'s ID or name.",
                field=field,
            )
        try:
            found = artifacts.resolve(self._registry, scope, text)
        except NotFound as error:
            hint = f"Give the ID or the name of a {slot.kind}."
            raise InvalidInput(
                f"There is no artifact {text[:80]!r}", f"Input {slot.name}.", hint, field=field
            ) from error
        if slot.kind and found.kind != slot.kind:
            raise InvalidInput(
                f"The input {slot.name} takes a {slot.kind}",
                f"{found.name} ({found.id}) is a {found.kind}.",
                field=field,
            )
        return found


def check_resource_name(name: str) -> str:
    """The stripped name where it keeps the AI API's rule for artifacts and configurations.

    Raises:
        InvalidInput: it does not.
    """
    name = name.strip()
    if not RESOURCE_NAME.fullmatch(name):
        raise InvalidInput(
            f"The name {name[:80]!r} is not valid" if name else "The name is missing",
            hint=NAME_HINT,
            field="name",
        )
    return name


def _bind(executable: Executable, parameters: Mapping[str, str]) -> dict[str, str]:
    given = _known(parameters, [p.name for p in executable.parameters], "parameters", "parameter")
    bound: dict[str, str] = {}
    for parameter in executable.parameters:
        field = f"parameters.{parameter.name}"
        value = given.get(parameter.name, parameter.default)
        if value is None:
            raise InvalidInput(
                f"The parameter {parameter.name} is missing", parameter.description, field=field
            )
        if len(value) > VALUE_LIMIT:
            detail = f"{len(value)} characters; at most {VALUE_LIMIT}."
            raise InvalidInput(f"The parameter {parameter.name} is too long", detail, field=field)
        bound[parameter.name] = value
    return bound


def _known(given: Mapping[str, str], names: list[str], group: str, what: str) -> Mapping[str, str]:
    for name in given:
        if name not in names:
            hint = (
                f"There are: {', '.join(names)}." if names else f"The executable takes no {what}s."
            )
            raise InvalidInput(
                f"The executable has no {what} {name[:80]!r}", hint=hint, field=f"{group}.{name}"
            )
    return given
