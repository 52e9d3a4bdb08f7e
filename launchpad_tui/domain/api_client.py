"""Clients of the AI API that this machine serves."""

from __future__ import annotations

from datetime import datetime

from launchpad_tui.records import record


@record
class ApiClient:
    """A client of ``launchpad serve``.

    ``group`` is the only resource group that the client may use; empty for all.
    """

    name: str
    id: str
    group: str
    created_at: datetime
