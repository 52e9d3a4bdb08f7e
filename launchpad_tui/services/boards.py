"""Saved boards of charts, colours of models, and directions of metrics."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from launchpad_tui.charts.palette import assign
from launchpad_tui.domain.board import Board, board_from_json, check_board_name
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import Direction, normal_name
from launchpad_tui.domain.text import escape_json
from launchpad_tui.errors import Conflict, InvalidInput, NotFound, StorageFull
from launchpad_tui.registry import preferences
from launchpad_tui.registry.database import Registry

_SLOTS = "slots"
_DIRECTIONS = "directions"
#: Number of models whose colours are stored; the least recently shown are dropped first.
_MAX_SLOTS = 2000
#: Upper limit for the size of a board file in bytes.
_MAX_BYTES = 1_000_000


class BoardService:
    """Boards, colours and directions, stored in the user's preferences. Thread-safe."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    # Boards

    def names(self, scope: Scope) -> list[str]:
        """Return the names of the boards of a resource group, sorted."""
        start = _key(scope, "")
        return [key.removeprefix(start) for key in preferences.keys(self._registry, start)]

    def get(self, scope: Scope, name: str) -> Board:
        """Return a board. Raises NotFound."""
        stored = preferences.get(self._registry, _key(scope, name))
        if stored is None:
            known = ", ".join(self.names(scope))
            raise NotFound(
                f"Board {name[:80]!r} not found",
                f"Boards of {scope}: {known or 'none'}.",
                "Create one in the metrics screen, or import one from a file.",
            )
        return board_from_json(stored)

    def save(self, scope: Scope, board: Board, *, replace: bool = True) -> None:
        """Save a board under its name.

        Raises:
            InvalidInput: The name is invalid.
            Conflict: A board of this name exists and ``replace`` is not set.
        """
        name = check_board_name(board.name)
        with self._registry.write():
            if not replace and preferences.get(self._registry, _key(scope, name)) is not None:
                raise Conflict(
                    f"Board {name!r} already exists",
                    f"It belongs to {scope}.",
                    "Use another name, or replace the board.",
                )
            preferences.put(self._registry, _key(scope, name), board.to_json())

    def delete(self, scope: Scope, name: str) -> None:
        """Delete a board. Raises NotFound."""
        self.get(scope, name)
        preferences.put(self._registry, _key(scope, name), None)

    def last(self, scope: Scope, sweep_id: str = "") -> str:
        """Return the name of the saved board that was shown last, of a sweep or of others; empty if
        there is none."""
        name = preferences.get(self._registry, _last_key(scope, sweep_id)) or ""
        return name if name in self.names(scope) else ""

    def show(self, scope: Scope, name: str, sweep_id: str = "") -> None:
        """Store the name of the board that is shown, for a sweep or for others; empty for none."""
        preferences.put(self._registry, _last_key(scope, sweep_id), name or None)

    def export(self, board: Board, path: Path, *, overwrite: bool = False) -> Path:
        """Write a board to a JSON file atomically.

        Raises:
            Conflict: The file exists and ``overwrite`` is not set.
            InvalidInput: The file cannot be written.
            StorageFull: The disk is full.
        """
        path = path.expanduser().absolute()
        text = escape_json(json.dumps(board.to_json(), indent=2, ensure_ascii=False)) + "\n"
        write_text(path, text, overwrite=overwrite)
        return path

    def read_file(self, path: Path) -> Board:
        """Return the board in a file that `export` has written.

        Raises:
            InvalidInput: The file cannot be read, or does not contain a board.
        """
        path = path.expanduser()
        try:
            if path.stat().st_size > _MAX_BYTES:
                raise InvalidInput(
                    f"{path} is not a board file",
                    f"It is larger than {_MAX_BYTES:,} bytes.",
                    "Select a file that was exported as a board.",
                )
            text = path.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidInput(
                f"{path} is not a board file",
                f"It is not valid JSON: {error}",
                "Select a file that was exported as a board.",
            ) from error
        except OSError as error:
            raise InvalidInput(
                f"Reading {path} failed",
                error.strerror or str(error),
                "Check the path and its permissions.",
            ) from error
        return self.read_text(text, str(path))

    def read_text(self, text: str, what: str) -> Board:
        """Return the board in a text that `export` has written.

        Args:
            what: The name of the text in an error, for example the path of its file.

        Raises:
            InvalidInput: The text does not contain a board.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidInput(
                f"{what} is not a board file",
                f"It is not valid JSON: {error}",
                "Select a file that was exported as a board.",
            ) from error
        return board_from_json(data)

    # Colours and directions

    def slots(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the colour slot of each model or execution.

        Each keeps its previous slot unless another one that is shown has the same.
        """
        with self._registry.write():
            known = _valid_slots(preferences.get(self._registry, _SLOTS))
            found = assign(ids, known)
            if any(known.get(one) != slot for one, slot in found.items()):
                for one, slot in found.items():
                    known.pop(one, None)
                    known[one] = slot
                newest = dict(list(known.items())[-_MAX_SLOTS:])
                preferences.put(self._registry, _SLOTS, newest)
        return found

    def directions(self) -> dict[str, str]:
        """Return the better directions that the user has set: ``lower`` or ``higher`` by metric
        key."""
        stored = preferences.get(self._registry, _DIRECTIONS)
        if not isinstance(stored, dict):
            return {}
        valid = {Direction.LOWER, Direction.HIGHER}
        return {normal_name(str(key)): value for key, value in stored.items() if value in valid}

    def set_direction(self, key: str, direction: str | None) -> None:
        """Set the better direction of a metric; None derives it from the name of the metric."""
        with self._registry.write():
            known, key = self.directions(), normal_name(key)
            known.pop(key, None)
            if direction is not None:
                known[key] = direction
            preferences.put(self._registry, _DIRECTIONS, known)


def write_text(path: Path, text: str, *, overwrite: bool = False) -> None:
    """Write a text file atomically.

    Raises:
        Conflict: The file exists and ``overwrite`` is not set.
        InvalidInput: The file cannot be written.
        StorageFull: The disk is full.
    """
    import errno

    # The name does not contain that of the file, which may have the maximum length.
    partial = path.with_name(f".launchpad-{os.getpid()}.part")
    try:
        if not overwrite and os.path.lexists(path):
            raise Conflict(
                f"{path} already exists",
                "Existing files are not replaced without confirmation.",
                "Use another name, or replace the file.",
            )
        partial.write_text(text, "utf-8")
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        kind = StorageFull if error.errno in {errno.ENOSPC, errno.EDQUOT} else InvalidInput
        raise kind(
            f"Writing {path} failed",
            error.strerror or str(error),
            "Use another folder, or free some disk space.",
        ) from error


def _valid_slots(stored: Any) -> dict[str, int]:
    """Return the valid entries of the stored colour slots."""
    items: Mapping[Any, Any] = stored if isinstance(stored, dict) else {}
    return {str(id_): slot for id_, slot in items.items() if isinstance(slot, int) and slot >= 0}


def _key(scope: Scope, name: str) -> str:
    return f"board/{scope.connection}/{scope.resource_group}/{name}"


def _last_key(scope: Scope, sweep_id: str = "") -> str:
    key = f"board-shown/{scope.connection}/{scope.resource_group}"
    return f"{key}/{sweep_id}" if sweep_id else key
