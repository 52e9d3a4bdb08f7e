"""Clients that may call the AI API of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ApiClient:
    """A client of ``launchpad serve``.

    ``group`` is the only resource group it may use, empty for all.
    """

    name: str
    id: str
    group: str
    created_at: datetime
