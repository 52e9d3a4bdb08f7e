"""Boards of charts that users keep, and what goes with charts everywhere: colours of models, directions of metrics."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from launchpad_tui.charts.palette import assign
from launchpad_tui.domain.board import Board, board_from_json, check_board_name
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import Direction
from launchpad_tui.errors import Conflict, InvalidInput, NotFound, StorageFull
from launchpad_tui.registry import preferences
from launchpad_tui.registry.database import Registry

_SLOTS = "slots"
_DIRECTIONS = "directions"
#: models whose colours are remembered; the ones seen longest ago are forgotten first
_MOST_SLOTS = 2000
#: a board of the most charts is smaller than this
_MOST_BYTES = 1_000_000


class BoardService:
    """Boards, colours and directions, kept with the user's preferences. Safe for threads."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    # Boards ---------------------------------------------------------------------------------------------------------

    def names(self, scope: Scope) -> list[str]:
        """The names of the resource group's boards, sorted."""
        start = _key(scope, "")
        return [key.removeprefix(start) for key in preferences.keys(self._registry, start)]

    def get(self, scope: Scope, name: str) -> Board:
        """A board. Raises NotFound."""
        kept = preferences.get(self._registry, _key(scope, name))
        if kept is None:
            known = ", ".join(self.names(scope))
            raise NotFound(
                f"There is no board {name[:80]!r}", hint=f"Boards: {known}." if known else ""
            )
        return board_from_json(kept)

    def save(self, scope: Scope, board: Board, *, replace: bool = True) -> None:
        """Keep a board under its name.

        Raises:
            InvalidInput: the name is none.
            Conflict: there is one of that name, and it is not to be replaced.
        """
        name = check_board_name(board.name)
        with self._registry.write():
            if not replace and preferences.get(self._registry, _key(scope, name)) is not None:
                raise Conflict(f"There is a board {name!r} already")
            preferences.put(self._registry, _key(scope, name), board.to_json())

    def delete(self, scope: Scope, name: str) -> None:
        """Forget a board. Raises NotFound."""
        self.get(scope, name)
        preferences.put(self._registry, _key(scope, name), None)

    def last(self, scope: Scope) -> str:
        """The name of the board that was shown last, empty where that was none of the kept ones."""
        name = preferences.get(self._registry, _last_key(scope)) or ""
        return name if name in self.names(scope) else ""

    def show(self, scope: Scope, name: str) -> None:
        """Remember which board is shown; empty for none."""
        preferences.put(self._registry, _last_key(scope), name or None)

    def export(self, board: Board, path: Path, *, overwrite: bool = False) -> Path:
        """Write a board into a file (JSON, UTF-8), whole or not at all.

        Raises:
            Conflict: the file is there.
            InvalidInput: it cannot be written there.
            StorageFull: the disk is full.
        """
        path = path.expanduser().absolute()
        text = json.dumps(board.to_json(), indent=2, ensure_ascii=False) + "\n"
        write_text(path, text, overwrite=overwrite)
        return path

    def read_file(self, path: Path) -> Board:
        """The board in a file that `export` wrote.

        Raises:
            InvalidInput: there is no such file, or no board in it.
        """
        path = path.expanduser()
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise InvalidInput("This is not a board", f"{path} has over {_MOST_BYTES:,} bytes.")
            data = json.loads(path.read_text("utf-8"))
        except OSError as error:
            raise InvalidInput(f"{path} cannot be read", error.strerror or str(error)) from error
        except (ValueError, RecursionError) as error:
            raise InvalidInput("This is not a board", f"{path} is not JSON: {error}") from error
        return board_from_json(data)

    # Colours and directions -----------------------------------------------------------------------------------------

    def slots(self, ids: Sequence[str]) -> dict[str, int]:
        """Colours and markers for what is shown together: what each had before, where none of them has the same."""
        with self._registry.write():
            known: dict[str, int] = _whole(preferences.get(self._registry, _SLOTS))
            found = assign(ids, known)
            if any(known.get(one) != slot for one, slot in found.items()):
                for one, slot in found.items():
                    known.pop(one, None)
                    known[one] = slot
                kept = dict(list(known.items())[-_MOST_SLOTS:])
                preferences.put(self._registry, _SLOTS, kept)
        return found

    def directions(self) -> dict[str, str]:
        """Which way metrics are better, where the user has said so: ``lower`` or ``higher`` by key."""
        kept = preferences.get(self._registry, _DIRECTIONS)
        ways = {Direction.LOWER, Direction.HIGHER}
        return {str(k): v for k, v in kept.items() if v in ways} if isinstance(kept, dict) else {}

    def set_direction(self, key: str, direction: str | None) -> None:
        """Say which way a metric is better; None leaves it to the metric's name again."""
        with self._registry.write():
            known = self.directions()
            known.pop(key, None)
            if direction is not None:
                known[key] = direction
            preferences.put(self._registry, _DIRECTIONS, known)


def write_text(path: Path, text: str, *, overwrite: bool = False) -> None:
    """Write a text file of the user's, whole or not at all.

    Raises:
        Conflict: the file is there.
        InvalidInput: it cannot be written there.
        StorageFull: the disk is full.
    """
    import errno

    if path.exists() and not overwrite:
        raise Conflict(f"{path} is there already", hint="Choose another name, or replace it.")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_text(text, "utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        kind = StorageFull if error.errno in {errno.ENOSPC, errno.EDQUOT} else InvalidInput
        raise kind(f"{path} cannot be written", error.strerror or str(error)) from error


def _whole(kept: Any) -> dict[str, int]:
    items: Mapping[Any, Any] = kept if isinstance(kept, dict) else {}
    return {str(one): slot for one, slot in items.items() if isinstance(slot, int) and slot >= 0}


def _key(scope: Scope, name: str) -> str:
    return f"board/{scope.connection}/{scope.resource_group}/{name}"


def _last_key(scope: Scope) -> str:
    return f"board-shown/{scope.connection}/{scope.resource_group}"
