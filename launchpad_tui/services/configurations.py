"""Configurations: an executable with values for its parameters and input artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launchpad_tui.domain.execution import RESOURCE_NAME, Configuration
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.registry import artifacts, configurations, references, scenarios
from launchpad_tui.services.listing import Listing

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from launchpad_tui.domain.artifact import Artifact
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.domain.query import Filter
    from launchpad_tui.domain.scenario import ArtifactSlot, Executable
    from launchpad_tui.registry.database import Registry
    from launchpad_tui.services.runtimes import Runtimes

#: Maximum number of characters of a parameter value (AI API).
VALUE_LIMIT = 5000
#: The rule of the AI API for names of artifacts and configurations.
NAME_HINT = (
    "Use 1 to 256 letters, digits, spaces and "
    ". ! ? , ; : [ ] ( ) { } < > \" ' = + * / \\ ^ & % @ ~ $ # | _ -"
)

#: the longest value of a parameter that a name repeats
_LONGEST_NAMED = 24


class ConfigurationService:
    """Lists and creates the configurations of a resource group. Thread-safe."""

    def __init__(self, registry: Registry, runtimes: Callable[[], Runtimes]) -> None:
        self._registry = registry
        self._runtimes = runtimes

    def list(
        self, scope: Scope, executable_id: str | None = None, search: str = ""
    ) -> builtins.list[Configuration]:
        """Return at most 10,000 configurations, newest first. Raises NotFound for an unknown scope.

        Args:
            scope: The connection and resource group.
            executable_id: Return only the configurations of this executable.
            search: Words that must all occur in name, ID, executable, parameters or inputs.
        """
        return configurations.configurations(self._registry, scope, executable_id, search)

    def listing(
        self, scope: Scope, search: str = "", filters: tuple[Filter, ...] = ()
    ) -> Listing[Configuration]:
        """Return all configurations by position, newest first.

        Args:
            scope: The connection and resource group.
            search: Words that must all occur in name, ID, executable, parameters or inputs.
            filters: The conditions on attributes and parameters.

        Raises:
            InvalidInput: A condition is invalid.
        """
        from launchpad_tui.registry.configuration_pages import ConfigurationLister

        return Listing(ConfigurationLister(self._registry, scope, search, filters))

    def varying(self, scope: Scope, executable_id: str) -> frozenset[str]:
        """Return the names of the parameters whose values differ among the newest configurations
        of an executable. Raises NotFound for an unknown scope."""
        return configurations.varying(self._registry, scope, executable_id)

    def all(
        self,
        scope: Scope,
        executable_id: str | None = None,
        search: str = "",
        filters: tuple[Filter, ...] = (),
    ) -> Iterator[Configuration]:
        """Yield all configurations, newest first, read in batches.

        Arguments and errors as for `list`; ``filters`` are conditions on attributes and parameters,
        and raise InvalidInput if they are invalid.
        """
        if not filters:
            return configurations.all_configurations(self._registry, scope, executable_id, search)
        from launchpad_tui.registry.configuration_pages import filtered_configurations

        return filtered_configurations(self._registry, scope, executable_id, search, filters)

    def get(self, scope: Scope, configuration_id: str) -> Configuration:
        """Return the configuration with this ID. Raises NotFound."""
        return configurations.configuration(self._registry, scope, configuration_id)

    def resolve(self, scope: Scope, text: str) -> Configuration:
        """Return the configuration with this ID, unique name, or unique ID prefix of at least 4
        characters.

        Raises:
            NotFound: No configuration matches.
            Conflict: Several configurations match; the detail lists them.
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
        """Create a configuration and return it.

        Args:
            scope: The connection and resource group.
            name: The name of the configuration.
            executable_id: The ID of the executable.
            parameters: Values by the names of parameters; others have their default values.
            inputs: For each input of the executable, the ID, unique name or unique ID prefix of an
                artifact. A reference such as ``churn@production`` is kept, and resolved again
                when an execution is created.

        Raises:
            NotFound: The executable does not exist.
            InvalidInput: A name, parameter or input is not valid or missing; ``field`` is ``name``,
                ``parameters.<name>`` or ``inputs.<name>``.
            Unreachable: A remote runtime does not respond. Other errors of runtimes are possible.
        """
        name = check_resource_name(name)
        executable = scenarios.executable(self._registry, scope, executable_id)
        values = _parameter_values(executable, parameters)
        _refuse_unknown(
            executable, inputs, [slot.name for slot in executable.inputs], "inputs", "input"
        )
        input_ids = {
            slot.name: self._input(scope, slot, inputs.get(slot.name, "")).id
            for slot in executable.inputs
            if not slot.optional or inputs.get(slot.name, "").strip()
        }
        import uuid

        new = Configuration(
            str(uuid.uuid4()), name, executable.scenario_id, executable.id, values, input_ids, now()
        )
        created = self._runtimes().create_configuration(scope, new)
        named = {
            slot: inputs[slot].strip()
            for slot, artifact_id in input_ids.items()
            if self.is_reference(scope, inputs[slot], artifact_id)
        }
        references.put(self._registry, scope, created.id, named)
        return created

    def references(self, scope: Scope, configuration_id: str) -> Mapping[str, str]:
        """Return the inputs that were given as references such as ``churn@production``, by the name
        of the input. Raises NotFound for an unknown scope."""
        return references.of(self._registry, scope, configuration_id)

    def is_reference(self, scope: Scope, text: str, artifact_id: str) -> bool:
        """Return whether a text names an artifact by version or alias, instead of by ID or name.
        Raises NotFound."""
        text = text.strip()
        if "@" not in text:
            return False
        found = artifacts.artifact(self._registry, scope, artifact_id)
        return text != found.name and text.rpartition("@")[0] == found.name

    def _input(self, scope: Scope, slot: ArtifactSlot, text: str) -> Artifact:
        """Return the artifact for an input of an executable."""
        field = f"inputs.{slot.name}"
        noun = f"a {slot.kind}" if slot.kind else "an artifact"
        hint = f"Enter the ID or the name of {noun}."
        if not text.strip():
            raise InvalidInput(
                f"The input {slot.name} is missing", slot.description, hint, field=field
            )
        try:
            found = artifacts.resolve(self._registry, scope, text)
        except NotFound as error:
            raise InvalidInput(
                f"Artifact {text[:80]!r} not found",
                f"It was given for the input {slot.name}.",
                hint,
                field=field,
            ) from error
        if slot.kind and found.kind != slot.kind:
            raise InvalidInput(
                f"The input {slot.name} requires a {slot.kind}",
                f"{found.name} ({found.id}) is a {found.kind}.",
                hint,
                field=field,
            )
        return found


def check_resource_name(name: str) -> str:
    """Return the stripped name of an artifact or configuration.

    Raises:
        InvalidInput: The name does not follow the rule of the AI API.
    """
    name = name.strip()
    if not RESOURCE_NAME.fullmatch(name):
        raise InvalidInput(
            f"The name {name[:80]!r} is not valid" if name else "The name is missing",
            "It is too long, or contains a character that the AI API does not allow."
            if name
            else "",
            NAME_HINT,
            field="name",
        )
    return name


def name_with_parameters(
    name: str, parameters: Mapping[str, str], changed: Mapping[str, str]
) -> str:
    """Return a name that tells a configuration from the one that it was derived from.

    Args:
        name: The name of the original, which may end with values of parameters already.
        parameters: All parameters of the original.
        changed: The parameters with other values. Values with credentials and long ones are left
            out.

    Returns:
        For example ``deep trees learning_rate=0.3``; the name itself if it would not be valid.
    """
    from launchpad_tui.domain.credential_warnings import is_suspected

    words = name.split(" ")
    named = [one for one in words if one.partition("=")[0] in parameters and "=" in one]
    shown = dict(one.split("=", 1) for one in named)
    for key, value in changed.items():
        if value and len(value) <= _LONGEST_NAMED and not is_suspected(key, value):
            shown[key] = value
        else:
            shown.pop(key, None)
    kept = [one for one in words if one not in named]
    derived = " ".join((*kept, *(f"{key}={value}" for key, value in shown.items())))
    return derived if RESOURCE_NAME.fullmatch(derived) else name


def name_without_parameters(name: str, left_out: Collection[str], default: str) -> str:
    """Return the name of a configuration without values of some parameters.

    Args:
        name: The name, which may end with ``name=value`` parts.
        left_out: The names of parameters with several values, of which none is named.
        default: The name if nothing is left.
    """
    kept = [one for one in name.split(" ") if "=" not in one or one.split("=")[0] not in left_out]
    return " ".join(kept).strip() or default


def _parameter_values(executable: Executable, given: Mapping[str, str]) -> dict[str, str]:
    """Return the values of all parameters of an executable. Raises InvalidInput."""
    names = [parameter.name for parameter in executable.parameters]
    _refuse_unknown(executable, given, names, "parameters", "parameter")
    values: dict[str, str] = {}
    for parameter in executable.parameters:
        field = f"parameters.{parameter.name}"
        value = given.get(parameter.name, parameter.default)
        if value is None:
            raise InvalidInput(
                f"The parameter {parameter.name} is missing",
                parameter.description or "It has no default value.",
                "Enter a value.",
                field=field,
            )
        if len(value) > VALUE_LIMIT:
            raise InvalidInput(
                f"The value of the parameter {parameter.name} is too long",
                f"It has {len(value):,} characters.",
                f"Use at most {VALUE_LIMIT:,} characters.",
                field=field,
            )
        values[parameter.name] = value
    return values


def _refuse_unknown(
    executable: Executable, given: Mapping[str, str], names: Sequence[str], group: str, noun: str
) -> None:
    """Raise InvalidInput if a name is given that the executable does not have."""
    for name in given:
        if name not in names:
            raise InvalidInput(
                f"The executable {executable.name} has no {noun} {name[:80]!r}",
                f"Its {noun}s: {', '.join(names)}." if names else f"It has no {noun}s.",
                "Correct the name, or leave it out.",
                field=f"{group}.{name}",
            )
