"""Creates executions and checks that they can run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from launchpad_tui.domain.connection import Connection, Field, Scope
from launchpad_tui.domain.execution import (
    Configuration,
    Execution,
    Status,
    TargetStatus,
    new_execution_id,
)
from launchpad_tui.domain.fields import checked
from launchpad_tui.domain.scenario import Executable
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import replace
from launchpad_tui.runtimes.embedded.engines.selection import reattaching_engine
from launchpad_tui.runtimes.embedded.secrets import read_secret
from launchpad_tui.runtimes.embedded.space_reserve import check_space
from launchpad_tui.runtimes.embedded.templates import parse_text
from launchpad_tui.runtimes.host import RuntimeHost


def new_execution(
    host: RuntimeHost,
    scope: Scope,
    configuration_id: str,
    settings: Mapping[str, str] | None = None,
) -> Execution:
    """Return a PENDING execution of a configuration, which is not yet in the registry.

    Args:
        settings: the settings of the execution that the engine of its connection has.

    Raises:
        NotFound: the configuration, its executable or the model of a reference does not exist.
        ConfigError: a secret that the executable requires is missing.
        InvalidInput: the value of a parameter is none of its choices, or a setting is not valid.
        StorageFull: the disk has no space for an execution.
    """
    configuration = host.records.current_configuration(scope, configuration_id)
    executable = host.records.executable(scope, configuration.executable_id)
    new = queued_execution(host, configuration, executable, executable.template, executable.version)
    return replace(new, status_details=_checked_settings(host, scope, settings or {}))


def queued_execution(
    host: RuntimeHost,
    configuration: Configuration,
    executable: Executable,
    template: str,
    version: str,
) -> Execution:
    """Return a PENDING execution, which is not yet in the registry.

    Args:
        configuration: the configuration, without references to models.
        executable: its executable.
        template: the workflow template with which it runs, the executable's own or an earlier one.
        version: the version of the template.

    Raises:
        ConfigError, InvalidInput, StorageFull: as for `new_execution`.
    """
    check_space(host.home.executions)
    parsed = parse_text(template, Path(executable.source or "template"), executable.id)
    bound = dict(configuration.parameters)
    for name, allowed in parsed.workflow.choices.items():
        if name in bound and bound[name] not in allowed:
            raise InvalidInput(
                f"The value {bound[name][:60]!r} of the parameter {name} is not allowed",
                f"The workflow template allows: {', '.join(allowed)}.",
                "Create a configuration with one of these values.",
                field=f"parameters.{name}",
            )
    for name, key in parsed.workflow.secrets:
        read_secret(host.home.secrets, name, key)
    at = now()
    return Execution(
        new_execution_id(),
        configuration.id,
        configuration.name,
        configuration.scenario_id,
        configuration.executable_id,
        version,
        Status.PENDING,
        TargetStatus.COMPLETED,
        "",
        at,
        at,
        submitted_at=at,
    )


def execution_fields(connection: Connection) -> tuple[Field, ...]:
    """Return the settings that a single execution of a connection has."""
    engine = reattaching_engine(connection)
    return () if engine is None else engine.execution_fields


def _checked_settings(
    host: RuntimeHost, scope: Scope, settings: Mapping[str, str]
) -> dict[str, str]:
    """Return the valid settings of an execution. Raises InvalidInput."""
    if not settings:
        return {}
    connection = host.records.connection(scope.connection)
    engine = reattaching_engine(connection)
    found, _ = checked(execution_fields(connection), settings)
    if engine is not None:
        engine.check_execution(connection, found)
    return found
