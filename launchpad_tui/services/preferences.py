"""Preferences of the user, shared by all processes."""

from __future__ import annotations

from typing import Any

from launchpad_tui.registry import preferences
from launchpad_tui.registry.database import Registry


class PreferenceService:
    """Small JSON values by key. Thread-safe."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key, or the default."""
        found = preferences.get(self._registry, key)
        return default if found is None else found

    def set(self, key: str, value: object) -> None:
        """Set the value of a key to a JSON value; None removes the key."""
        preferences.put(self._registry, key, value)

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that start with a prefix, sorted."""
        return preferences.keys(self._registry, prefix)
