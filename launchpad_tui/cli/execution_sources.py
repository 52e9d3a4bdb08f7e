"""The execution that an argument names, and the configuration of a new execution."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from launchpad_tui.cli.bindings import bindings, input_bindings, warn_of_credentials
from launchpad_tui.errors import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.domain.execution import Configuration, Execution


def execution_of(context: CommandContext, text: str) -> Execution:
    """Return the execution that a text names, or the source execution of the model that it names.

    Raises:
        NotFound: The text names neither.
        Conflict: The text is ambiguous, or no execution created the model.
    """
    try:
        return context.desk.executions.resolve(context.scope, text)
    except NotFound:
        try:
            model = context.desk.artifacts.resolve(context.scope, text)
        except NotFound:
            raise NotFound(
                f"Execution or model {text[:80]!r} not found",
                f"It is not in {context.scope}.",
                "Pass the ID of an execution, latest, or the ID or name of a model.",
            ) from None
    if not model.execution_id:
        raise Conflict(
            f"No execution created {model.name}",
            f"The {model.kind} was added, so that it has no log, code or configuration.",
            "Pass a model that an execution created.",
        )
    return context.desk.executions.get(context.scope, model.execution_id).execution


def configuration_of(context: CommandContext, options: argparse.Namespace) -> Configuration:
    """Return the configuration of a new execution, which is created if need be.

    ``configuration`` names a configuration or an executable. A configuration with other bindings,
    and one of an executable, is created. If it names both, the configuration is used as it is, and
    the executable with other bindings.

    Raises:
        NotFound: The argument names neither.
        Conflict: The name belongs to several configurations.
        InvalidInput: A binding is invalid, or a required one is missing.
    """
    from launchpad_tui.services.configurations import name_with_parameters

    desk, scope, text = context.desk, context.scope, options.configuration
    given = bindings(options.parameter, "parameter")
    inputs = input_bindings(context, options.input)
    changed = bool(given or inputs)
    executable = next(
        (one.id for one in desk.scenarios.executables(scope) if one.id == text.strip()), None
    )
    try:
        found = desk.configurations.resolve(scope, text)
    except (NotFound, Conflict) as error:
        if executable is not None:
            return create_configuration(context, options.name, executable, given, inputs)
        if isinstance(error, Conflict):
            raise
        raise source_missing(scope, text) from None
    if not changed and options.name in {None, found.name}:
        return found
    if executable is not None and changed:
        return create_configuration(context, options.name, executable, given, inputs)
    references = desk.configurations.references(scope, found.id)
    return create_configuration(
        context,
        options.name or name_with_parameters(found.name, found.parameters, given),
        found.executable_id,
        {**found.parameters, **given},
        {**found.inputs, **references, **inputs},
    )


def create_configuration(
    context: CommandContext,
    name: str | None,
    executable_id: str,
    parameters: Mapping[str, str],
    inputs: Mapping[str, str],
) -> Configuration:
    """Create a configuration.

    Args:
        context: The context of the command.
        name: Its name; None for one of the executable and the parameters, such as ``train lr=0.1``.
        executable_id: The ID of the executable.
        parameters: Values by the names of parameters.
        inputs: Artifacts by the names of inputs.

    Raises:
        NotFound: The executable does not exist.
        InvalidInput: A name or a binding is invalid, or a required one is missing.
    """
    from launchpad_tui.services.configurations import name_with_parameters

    if name is None:
        name = name_with_parameters(executable_id, parameters, parameters)
    created = context.desk.configurations.create(
        context.scope, name, executable_id, parameters, inputs
    )
    warn_of_credentials(context, "parameter", parameters, executable_id)
    return created


def source_missing(scope: Scope, text: str) -> NotFound:
    """Return the error about a text that names neither a configuration nor an executable."""
    return NotFound(
        f"Configuration or executable {text[:80]!r} not found",
        f"It is not in {scope}.",
        "List them with: launchpad configurations list; launchpad executables list",
    )
