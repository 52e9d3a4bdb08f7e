"""The steps of testing a connection to an AI runtime or an object store."""

from __future__ import annotations

from enum import StrEnum

from launchpad_tui.errors import LaunchpadError
from launchpad_tui.records import record


class CheckPart(StrEnum):
    """The parts of a connection, in the order in which they are tested."""

    SETTINGS = "settings"
    NAME = "name"
    NETWORK = "network"
    TLS = "TLS"
    CREDENTIALS = "credentials"
    PERMISSION = "permission"
    PLACE = "bucket"
    PREFIX = "prefix"
    WRITE = "write access"


@record
class CheckStep:
    """The result of one step; ``error`` is None if it succeeded."""

    name: StrEnum
    message: str
    error: LaunchpadError | None = None
