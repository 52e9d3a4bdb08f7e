"""What the parts of the client share: requests in a resource group, lists page by page, IDs made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from launchpad_tui.aiapi.lenient import parse_list
from launchpad_tui.aiapi.values import JsonObject
from launchpad_tui.domain.connection import RESOURCE_GROUP_NAME, check_name
from launchpad_tui.errors import InvalidInput, RuntimeRejected
from launchpad_tui.runtimes.aicore.credentials import ServiceKey
from launchpad_tui.runtimes.aicore.http import PAUSE, AICoreHttp, segment

#: entries that are asked for at once: the API's default; it allows 100000
PAGE = 10_000
MERGE_PATCH = "application/merge-patch+json"
_GROUP_RULE = "Letters, digits, '-' and '.', a letter or digit at both ends; 3 to 253 characters."
Read = TypeVar("Read")


class Base:
    """A client of one resource group.

    Args:
        key: the credentials.
        resource_group: empty: what the credentials name, else ``default``.
        ca_file: authorities that are trusted too, PEM.
        page: entries that are asked for at once.
        pause: seconds before a request is repeated for the first time.
        http: the connections of another client of the same key, to be shared.

    Raises:
        InvalidInput: the resource group cannot be one.
    """

    def __init__(
        self,
        key: ServiceKey,
        resource_group: str = "",
        *,
        ca_file: str = "",
        page: int = PAGE,
        pause: float = PAUSE,
        http: AICoreHttp | None = None,
    ) -> None:
        group = resource_group or key.resource_group or "default"
        self.resource_group = check_name(
            group,
            RESOURCE_GROUP_NAME,
            "The resource group",
            _GROUP_RULE,
            field_name="resource_group",
        )
        self.key = key
        self.http = http or AICoreHttp(key, ca_file, pause)
        self._page = page

    def close(self) -> None:
        """Close all connections; what waits to be repeated ends."""
        self.http.close()

    def _get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        return self.http.json("GET", path, given(query), group=self.resource_group)

    def _count(self, path: str, query: Mapping[str, object]) -> int:
        accept = "text/plain, application/json;q=0.5"
        answer = self.http.call(
            "GET", f"{path}/$count", given(query), group=self.resource_group, accept=accept
        )
        try:
            return int(answer.body.strip().strip(b'"'))
        except ValueError:
            raise RuntimeRejected(
                "The AI API does not count",
                f"GET {path}/$count: the answer is no number.",
                status=answer.status,
            ) from None

    def _list(
        self,
        path: str,
        read: Callable[[JsonObject], Read],
        query: Mapping[str, object] | None = None,
    ) -> Iterator[Read]:
        """The entries of a list that the API does not page."""
        yield from parse_list(self._get(path, query), read)

    def _pages(
        self,
        path: str,
        read: Callable[[JsonObject], Read],
        query: Mapping[str, object],
        skip: int = 0,
        page: int = 0,
    ) -> Iterator[Read]:
        """The entries of a list behind the first ``skip``, page by page, none twice.

        The order of a list is not defined, and it may change between two pages: entries that come again are passed
        over. A server may give less than it was asked for: the list ends with an empty page, one that brings nothing
        new, or one that is short and neither claims that there is more (``count``) nor looks like a bound of its own.
        """
        seen: set[str] = set()
        page = page or self._page
        while True:
            data = self._get(path, {**query, "$top": page, "$skip": skip})
            found = data.get("resources") if isinstance(data, Mapping) else None
            if not isinstance(found, list):
                raise RuntimeRejected(
                    "The AI API gives no list", f"GET {path}: the answer has no resources."
                )
            fresh = [
                each
                for each in found
                if isinstance(each, Mapping) and str(each.get("id")) not in seen
            ]
            seen.update(str(each.get("id")) for each in fresh)
            yield from parse_list({"resources": fresh}, read)
            skip += len(found)
            count = data.get("count")
            more = isinstance(count, int) and count > skip
            if not fresh or (len(found) < page and not more and len(found) % 100):
                return

    def _create(self, path: str, body: Mapping[str, object], **more: Any) -> str:
        """The ID of what was made. POST is never sent twice."""
        answer = self.http.json("POST", path, group=self.resource_group, body=body, **more)
        made = answer.get("id") if isinstance(answer, Mapping) else None
        if not isinstance(made, str) or not made:
            raise RuntimeRejected("The AI API gives no ID of what it made", f"POST {path}")
        return made


def given(query: Mapping[str, object] | None) -> dict[str, str]:
    """The parameters that have a value, as they are sent."""
    found: dict[str, str] = {}
    for name, value in (query or {}).items():
        if isinstance(value, bool):
            found[name] = "true" if value else "false"
        elif isinstance(value, tuple | list):
            if value:
                found[name] = ",".join(str(each) for each in value)
        elif value is not None and value != "":
            found[name] = str(value)
    return found


def below(path: str, one: str) -> str:
    """The path of one thing of a list.

    Raises:
        InvalidInput: the ID is empty, or would lead elsewhere.
    """
    if not one or one in {".", ".."}:
        raise InvalidInput(f"{one!r} is no ID", field="id")
    return f"{path}/{segment(one)}"


def chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The items, each once, in pieces of at most so many."""
    unique = list(dict.fromkeys(items))
    for start in range(0, len(unique), size):
        yield unique[start : start + size]
