"""Preferences as JSON by key, with revisions that report changes."""

from __future__ import annotations

import json
from typing import Any

from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.sqlite_errors import reports_damage

#: True after the data of former versions was changed, with the credentials in settings at last
CREDENTIALS_MOVED = "credentials.moved"


@reports_damage
def get(registry: Registry, key: str) -> Any:
    """Return the value of a key, None if the key is missing."""
    with registry.read() as db:
        row = db.execute("SELECT value FROM preferences WHERE key = ?", (key,)).fetchone()
    return None if row is None else json.loads(row[0])


def put(registry: Registry, key: str, value: object) -> None:
    """Store the value of a key; None removes the key."""
    with registry.write("preferences") as db:
        if value is None:
            db.execute("DELETE FROM preferences WHERE key = ?", (key,))
            return
        db.execute(
            "INSERT INTO preferences (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE "
            "SET value = excluded.value",
            (key, json.dumps(value)),
        )


def keys(registry: Registry, prefix: str = "") -> list[str]:
    """Return the keys with this prefix, sorted."""
    with registry.read() as db:
        return [
            row[0]
            for row in db.execute(
                "SELECT key FROM preferences WHERE substr(key, 1, ?) = ? ORDER BY key",
                (len(prefix), prefix),
            )
        ]
