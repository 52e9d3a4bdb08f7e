"""Query parameters: taken with and without ``$``, as SAP's SDK sends some of the specification's without."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from launchpad_tui.aiapi.values import ID
from launchpad_tui.domain.filters import LabelCondition
from launchpad_tui.domain.timestamps import parse_rfc3339
from launchpad_tui.errors import InvalidInput

Choice = TypeVar("Choice", bound=StrEnum)
#: IDs of the AI API; scenarios and executables of this machine may have shorter ones
_ANY_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
_SEARCH = re.compile(r"[^~]{1,80}", re.DOTALL)
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_SELECTOR = re.compile(r"([^ =,!]+)(!?)=(.+)", re.DOTALL)
#: AI API: conditions of a label selector, executable IDs of a filter, entries of a page
SELECTORS, EXECUTABLES, TOP_LIMIT, TOP = 10, 1000, 100_000, 10_000
#: the administration's lists have no such limits
UNLIMITED = 2**62


class QueryParameters:
    """The parameters of a request, in their order.

    Its methods raise InvalidInput where a value is not what it has to be; ``field`` is the parameter's name.
    """

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs

    def all(self, name: str) -> list[str]:
        """All values of a parameter, without those that are empty."""
        bare = name.removeprefix("$")
        return [value for key, value in self._pairs if key.removeprefix("$") == bare and value]

    def text(self, name: str) -> str:
        """The last value of a parameter; empty where there is none."""
        found = self.all(name)
        return found[-1] if found else ""

    def id(self, name: str, *, short: bool = False) -> str:
        """An ID; ``short`` also allows fewer than 4 characters."""
        return self._id(name, self.text(name), short)

    def ids(self, name: str, limit: int = EXECUTABLES) -> tuple[str, ...]:
        """IDs, separated by commas."""
        found = [one.strip() for text in self.all(name) for one in text.split(",") if one.strip()]
        if len(found) > limit:
            raise InvalidInput(f"{name} has {len(found)} IDs", f"At most {limit}.", field=name)
        return tuple(self._id(name, one, short=True) for one in found)

    @staticmethod
    def _id(name: str, text: str, short: bool) -> str:
        if text and not (_ANY_ID if short else ID).fullmatch(text):
            hint = "An ID has 4 to 64 letters, digits, '_', '-' and '.'."
            raise InvalidInput(f"{name} is no ID", repr(text[:80]), hint, field=name)
        return text

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        text = self.text(name)
        if not text:
            return default
        if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
            raise InvalidInput(
                f"{name} is not a whole number from {least} to {most}", repr(text[:40]), field=name
            )
        return int(text)

    def page(self, top: int = TOP, most: int = TOP_LIMIT) -> tuple[int, int]:
        """``$top`` and ``$skip``."""
        return self.number("$top", top, 0, most), self.number("$skip", 0, 0, UNLIMITED)

    def flag(self, name: str) -> bool:
        """True or false; SAP's SDK writes ``True``."""
        text = self.text(name).lower()
        if text not in {"", "true", "false", "1", "0"}:
            raise InvalidInput(f"{name} is neither true nor false", repr(text[:40]), field=name)
        return text in {"true", "1"}

    def choice(self, name: str, kind: type[Choice]) -> Choice | None:
        """One of an enumeration's values."""
        text = self.text(name)
        if not text:
            return None
        try:
            return kind(text)
        except ValueError as error:
            hint = f"One of {', '.join(kind)}."
            raise InvalidInput(f"{name} cannot be {text[:40]!r}", hint=hint, field=name) from error

    def word(self, name: str, *words: str) -> str:
        """One of these words, or empty."""
        text = self.text(name)
        if text and text not in words:
            raise InvalidInput(
                f"{name} cannot be {text[:40]!r}", hint=f"{' or '.join(words)}.", field=name
            )
        return text

    def search(self) -> str:
        """``$search``."""
        text = self.text("$search")
        if text and not _SEARCH.fullmatch(text):
            raise InvalidInput(
                "$search is not valid", "", "1 to 80 characters, none of them ~.", field="$search"
            )
        return text

    def moment(self, name: str, default: datetime) -> datetime:
        """A moment by RFC 3339."""
        text = self.text(name)
        if not text:
            return default
        try:
            # A plus sign that was not encoded arrives as a space.
            return parse_rfc3339(re.sub(r" (?=\d\d:\d\d$)", "+", text))
        except (ValueError, OverflowError) as error:
            hint = "Such as 2026-01-31T12:00:00Z."
            raise InvalidInput(
                f"{name} is not RFC 3339", repr(text[:40]), hint, field=name
            ) from error

    def labels(self, name: str, limit: int = SELECTORS) -> tuple[LabelCondition, ...]:
        """A label selector: ``key=value`` and ``key!=value``, separated by commas; ``{comma}`` stands for one."""
        found = [
            part.strip() for text in self.all(name) for part in text.split(",") if part.strip()
        ]
        if len(found) > limit:
            raise InvalidInput(
                f"{name} has {len(found)} conditions", f"At most {limit}.", field=name
            )
        made: list[LabelCondition] = []
        for part in found:
            match = _SELECTOR.fullmatch(part)
            if match is None or len(part) > 5000:
                hint = "Such as ext.ai.sap.com/stage=production."
                raise InvalidInput(f"{name} is not understood", repr(part[:80]), hint, field=name)
            key, differs, value = match.groups()
            made.append(LabelCondition(key, value.replace("{comma}", ","), bool(differs)))
        return tuple(made)
