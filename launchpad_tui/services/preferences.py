"""Preferences of the user, shared by all processes."""

from __future__ import annotations

from typing import Any

from launchpad_tui.registry import preferences
from launchpad_tui.registry.database import Registry


class PreferenceService:
    """Small JSON values by key. Safe for threads."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def get(self, key: str, default: Any = None) -> Any:
        """The value kept under a key, else the default."""
        found = preferences.get(self._registry, key)
        return default if found is None else found

    def set(self, key: str, value: object) -> None:
        """Keep a value (None, bool, number, text, list or dict of these) under a key; None forgets it."""
        preferences.put(self._registry, key, value)

    def keys(self, prefix: str = "") -> list[str]:
        """The keys that begin so, sorted."""
        return preferences.keys(self._registry, prefix)
