"""Selects the engine of a connection whose runtime is the embedded one."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from launchpad_tui.domain.connection import Connection, Field
from launchpad_tui.runtimes.catalog import kind_of
from launchpad_tui.runtimes.embedded.engines.base import Engine, EngineContext


class ReattachingEngine(Protocol):
    """The class of an engine whose commands continue without a supervisor.

    Attributes:
        executable_fields: the settings that executables have because of the engine.
        execution_fields: the settings that a single execution has. They are kept in its status
            details.
    """

    executable_fields: tuple[Field, ...]
    execution_fields: tuple[Field, ...]

    def __call__(self, context: EngineContext, connection: Connection) -> Engine:
        """Return the engine for an execution. Raises InvalidInput, ConfigError."""

    def work_folder(self, connection: Connection, execution_id: str) -> Path:
        """Return the folder for the working files of an execution. Raises InvalidInput."""

    def check_executable(self, settings: Mapping[str, str]) -> None:
        """Check the settings of an executable. Raises InvalidInput."""

    def check_execution(self, connection: Connection, settings: Mapping[str, str]) -> None:
        """Check the settings of an execution. Raises InvalidInput."""

    def parallel(self, connection: Connection) -> int:
        """Return how many executions may run at the same time. Raises InvalidInput."""

    def cancel_jobs(self, connection: Connection, execution_id: str) -> None:
        """End the commands of an execution that has no supervisor. Raises LaunchpadError."""


def reattaching_engine(connection: Connection) -> ReattachingEngine | None:
    """Return the class of a connection's engine; None if commands end with the supervisor."""
    kind = kind_of(connection)
    if kind is None or not kind.engine:
        return None
    module, _, name = kind.engine.partition(":")
    return cast("ReattachingEngine", getattr(import_module(module), name))


def open_engine(context: EngineContext, connection: Connection) -> Engine:
    """Return the engine for an execution of a connection.

    Raises:
        InvalidInput, ConfigError: the settings of the connection are not valid.
    """
    found = reattaching_engine(connection)
    if found is not None:
        return found(context, connection)
    from launchpad_tui.runtimes.embedded.engines.processes import ProcessEngine

    return ProcessEngine(context.execution.id)
