"""Query parameters; SAP's SDK sends some of the specification's ``$`` parameters without ``$``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from launchpad_tui.aiapi.strict import ID_HINT, TIMESTAMP_HINT
from launchpad_tui.aiapi.values import ID
from launchpad_tui.domain.filters import LabelCondition
from launchpad_tui.domain.timestamps import parse_rfc3339
from launchpad_tui.errors import InvalidInput

Choice = TypeVar("Choice", bound=StrEnum)
#: IDs of scenarios and executables of this machine may be shorter than the API's
_ANY_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
_SEARCH = re.compile(r"[^~]{1,80}", re.DOTALL)
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_SELECTOR = re.compile(r"([^ =,!]+)(!?)=(.+)", re.DOTALL)
#: the API's maximum numbers of conditions of a label selector, of executable IDs, and of entries
#: of a page; the default number of entries
SELECTORS, EXECUTABLES, TOP_LIMIT, TOP = 10, 1000, 100_000, 10_000
#: the limit of administrative lists, which have none
UNLIMITED = 2**62


class QueryParameters:
    """The query parameters of a request.

    The methods raise InvalidInput if a value is not valid; ``field`` is the parameter's name.
    """

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs

    def all(self, name: str) -> list[str]:
        """Return all values of a parameter that are not empty."""
        bare = name.removeprefix("$")
        return [value for key, value in self._pairs if key.removeprefix("$") == bare and value]

    def text(self, name: str) -> str:
        """Return the last value of a parameter; empty if it is missing."""
        found = self.all(name)
        return found[-1] if found else ""

    def id(self, name: str, *, short: bool = False) -> str:
        """Return an ID; ``short`` also allows fewer than 4 characters."""
        return self._id(name, self.text(name), short)

    def ids(self, name: str, limit: int = EXECUTABLES) -> tuple[str, ...]:
        """Return IDs that are separated by commas."""
        found = [one.strip() for text in self.all(name) for one in text.split(",") if one.strip()]
        if len(found) > limit:
            raise InvalidInput(
                f"{name} has {len(found)} IDs",
                f"The maximum is {limit}.",
                "Send several requests.",
                field=name,
            )
        return tuple(self._id(name, one, short=True) for one in found)

    @staticmethod
    def _id(name: str, text: str, short: bool) -> str:
        if text and not (_ANY_ID if short else ID).fullmatch(text):
            raise InvalidInput(f"{name} is not a valid ID", repr(text[:80]), ID_HINT, field=name)
        return text

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number from ``least`` to ``most``."""
        text = self.text(name)
        if not text:
            return default
        if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
            raise InvalidInput(
                f"{name} is not a whole number from {least} to {most}",
                repr(text[:40]),
                f"Use a number from {least} to {most}.",
                field=name,
            )
        return int(text)

    def page(self, top: int = TOP, most: int = TOP_LIMIT) -> tuple[int, int]:
        """Return ``$top`` and ``$skip``."""
        return self.number("$top", top, 0, most), self.number("$skip", 0, 0, UNLIMITED)

    def flag(self, name: str) -> bool:
        """Return a boolean; SAP's SDK sends ``True``."""
        text = self.text(name).lower()
        if text not in {"", "true", "false", "1", "0"}:
            raise InvalidInput(
                f"{name} is not a boolean", repr(text[:40]), "Use true or false.", field=name
            )
        return text in {"true", "1"}

    def choice(self, name: str, kind: type[Choice]) -> Choice | None:
        """Return a member of an enumeration; None if the parameter is missing."""
        text = self.text(name)
        if not text:
            return None
        try:
            return kind(text)
        except ValueError as error:
            hint = f"Allowed values: {', '.join(kind)}."
            raise InvalidInput(f"{name} cannot be {text[:40]!r}", hint=hint, field=name) from error

    def one_of(self, name: str, *allowed: str) -> str:
        """Return one of the allowed values; empty if the parameter is missing."""
        text = self.text(name)
        if text and text not in allowed:
            raise InvalidInput(
                f"{name} cannot be {text[:40]!r}",
                hint=f"Allowed values: {', '.join(allowed)}.",
                field=name,
            )
        return text

    def search(self) -> str:
        """Return ``$search``."""
        text = self.text("$search")
        if text and not _SEARCH.fullmatch(text):
            raise InvalidInput(
                "$search is not valid",
                repr(text[:80]),
                "Use 1 to 80 characters other than ~.",
                field="$search",
            )
        return text

    def timestamp(self, name: str, default: datetime) -> datetime:
        """Return an RFC 3339 timestamp."""
        text = self.text(name)
        if not text:
            return default
        try:
            # An unencoded plus sign arrives as a space.
            return parse_rfc3339(re.sub(r" (?=\d\d:\d\d$)", "+", text))
        except (ValueError, OverflowError) as error:
            raise InvalidInput(
                f"{name} is not an RFC 3339 timestamp", repr(text[:40]), TIMESTAMP_HINT, field=name
            ) from error

    def label_selector(self, name: str, limit: int = SELECTORS) -> tuple[LabelCondition, ...]:
        """Return the conditions of a label selector.

        They are ``key=value`` and ``key!=value``, separated by commas; ``{comma}`` in a value is a
        comma.
        """
        found = [
            part.strip() for text in self.all(name) for part in text.split(",") if part.strip()
        ]
        if len(found) > limit:
            raise InvalidInput(
                f"{name} has {len(found)} conditions",
                f"The maximum is {limit}.",
                "Use fewer conditions.",
                field=name,
            )
        conditions: list[LabelCondition] = []
        for part in found:
            match = _SELECTOR.fullmatch(part)
            if match is None or len(part) > 5000:
                hint = "Use a condition such as ext.ai.sap.com/stage=production."
                raise InvalidInput(f"{name} is not valid", repr(part[:80]), hint, field=name)
            key, differs, value = match.groups()
            conditions.append(LabelCondition(key, value.replace("{comma}", ","), bool(differs)))
        return tuple(conditions)
