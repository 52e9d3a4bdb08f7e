"""Parse ``name=value`` arguments, and find the scenario of new artifacts."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from launchpad_tui.cli.command import argument
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.artifact import ArtifactKind


SCENARIO = argument(
    "--scenario",
    metavar="ID",
    help="Scenario of the artifact (default: that of the newest one of the name, or the only "
    "scenario)",
    completes="scenarios",
)
#: The number of scenarios that an error lists.
_LISTED = 20


def bindings(texts: Sequence[str] | None, noun: str) -> dict[str, str]:
    """Return ``name=value`` arguments as a mapping. If a name is repeated, its last value is used.

    Args:
        texts: The arguments; None if there are none.
        noun: The noun for an argument in error messages, such as ``parameter``.

    Raises:
        InvalidInput: An argument has no ``=`` or no name.
    """
    found: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidInput(
                f"Invalid {noun} {text[:80]!r}",
                "The name or the = is missing.",
                "Write it as NAME=VALUE.",
                field=noun,
            )
        found[name] = value
    return found


def warn_of_credentials(
    context: CommandContext, noun: str, values: Mapping[str, str], executable_id: str = ""
) -> None:
    """Print a warning if values look like credentials, because they are shown in clear.

    Args:
        context: The context of the command.
        noun: What the values are, for example ``parameter``.
        values: The values by name.
        executable_id: The executable that uses the values; empty if there is none.
    """
    from launchpad_tui.domain.credential_warnings import credential_warning, suspected

    if warning := credential_warning(noun, suspected(values), executable_id):
        context.note(f"warning: {warning}")


def input_bindings(context: CommandContext, texts: Sequence[str] | None) -> dict[str, str]:
    """Return ``name=artifact`` arguments as a mapping of names to artifact IDs.

    A reference such as ``churn@production`` is checked and returned as it is.

    Raises:
        InvalidInput: An argument has no ``=`` or no name.
        NotFound: An artifact does not exist.
        Conflict: An ID prefix or a name belongs to several artifacts.
    """
    desk, scope = context.desk, context.scope
    resolved: dict[str, str] = {}
    for name, text in bindings(texts, "input").items():
        artifact_id = desk.artifacts.resolve(scope, text).id
        named = desk.configurations.is_reference(scope, text, artifact_id)
        resolved[name] = text if named else artifact_id
    return resolved


def number_bindings(texts: Sequence[str] | None, noun: str) -> dict[str, float]:
    """Return ``name=number`` arguments as a mapping.

    Raises:
        InvalidInput: An argument has no ``=``, no name or no number.
    """
    numbers: dict[str, float] = {}
    for name, text in bindings(texts, noun).items():
        try:
            numbers[name] = float(text)
        except ValueError as error:
            raise InvalidInput(
                f"Invalid value of the {noun} {name[:80]!r}",
                f"{text[:80]!r} is not a number.",
                "Write it as NAME=NUMBER, for example loss=0.31.",
                field=noun,
            ) from error
    return numbers


def nothing_to_log() -> InvalidInput:
    """Return the error of a command that logs metrics but received none."""
    return InvalidInput(
        "Nothing to log",
        "No metric, tag or custom info was given.",
        "Pass metrics as NAME=NUMBER, or use --tag or --info.",
    )


def scenario_of(
    context: CommandContext, options: argparse.Namespace, kind: ArtifactKind | None
) -> str:
    """Return the scenario that the options name or imply.

    Raises:
        InvalidInput: There are several scenarios, or none, and the option is missing.
    """
    if options.scenario:
        return str(options.scenario)
    from launchpad_tui.domain.query import Condition, Op, Query, Subject

    scope, name = context.scope, getattr(options, "name", None)
    if name:
        condition = Condition(Subject.ATTRIBUTE, "name", Op.EQUALS, name)
        found = context.desk.artifacts.listing(scope, kind, Query(conditions=(condition,)))
        for row in found.slice(0, 1):
            return row.artifact.scenario_id
    scenarios = [one.id for one in context.desk.scenarios.scenarios(scope)]
    if len(scenarios) == 1:
        return scenarios[0]
    raise InvalidInput(
        "The scenario is missing",
        f"Scenarios of {scope}: {', '.join(scenarios[:_LISTED]) or 'none'}.",
        "Pass --scenario ID."
        if scenarios
        else "Add one with: launchpad scenarios add ID; then pass --scenario ID.",
        field="scenario",
    )
