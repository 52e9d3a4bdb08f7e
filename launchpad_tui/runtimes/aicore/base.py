"""The base class of the client: requests in a resource group, paged lists, created records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from launchpad_tui.aiapi.lenient import parse_list
from launchpad_tui.aiapi.values import JsonObject
from launchpad_tui.domain.connection import RESOURCE_GROUP_NAME, check_name
from launchpad_tui.errors import InvalidInput, RuntimeRejected
from launchpad_tui.runtimes.aicore.credentials import ServiceKey
from launchpad_tui.runtimes.aicore.http import PAUSE, AICoreHttp, encode_segment

#: entries per page: the API's default; its maximum is 100,000
PAGE = 10_000
MERGE_PATCH = "application/merge-patch+json"
_GROUP_RULE = "Letters, digits, '-' and '.', a letter or digit at both ends; 3 to 253 characters."
Parsed = TypeVar("Parsed")


class BaseClient:
    """A client of one resource group.

    Args:
        key: the credentials.
        resource_group: empty for the one in the credentials, else ``default``.
        ca_file: additional trusted certificate authorities, PEM.
        page: entries per page.
        pause: seconds before the first retry of a request.
        http: the connections of another client with the same key, which are shared.

    Raises:
        InvalidInput: the name of the resource group is invalid.
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
        """Close all connections and end pauses before retries."""
        self.http.close()

    def _get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        return self.http.json("GET", path, query_parameters(query), group=self.resource_group)

    def _count(self, path: str, query: Mapping[str, object]) -> int:
        accept = "text/plain, application/json;q=0.5"
        answer = self.http.call(
            "GET",
            f"{path}/$count",
            query_parameters(query),
            group=self.resource_group,
            accept=accept,
        )
        try:
            return int(answer.body.strip().strip(b'"'))
        except ValueError:
            raise RuntimeRejected(
                "Invalid count from the AI API",
                f"GET {path}/$count: the response is not a number.",
                "Check the AI API URL of the connection.",
                status=answer.status,
            ) from None

    def _list(
        self,
        path: str,
        parse: Callable[[JsonObject], Parsed],
        query: Mapping[str, object] | None = None,
    ) -> Iterator[Parsed]:
        """Yield the entries of a list that the API does not page."""
        yield from parse_list(self._get(path, query), parse)

    def _pages(
        self,
        path: str,
        parse: Callable[[JsonObject], Parsed],
        query: Mapping[str, object],
        skip: int = 0,
        page: int = 0,
    ) -> Iterator[Parsed]:
        """Yield the entries of a list after the first ``skip``, page by page, each entry once.

        The API does not define the order of a list, and it may change between two pages, so
        repeated entries are skipped. A server may limit the size of pages. Therefore a page that is
        shorter than requested ends the list only if ``count`` is not larger and the page's length
        is not a multiple of 100; a page without a new entry always ends it.
        """
        seen: set[str] = set()
        page = page or self._page
        while True:
            data = self._get(path, {**query, "$top": page, "$skip": skip})
            entries = data.get("resources") if isinstance(data, Mapping) else None
            if not isinstance(entries, list):
                raise RuntimeRejected(
                    "Invalid list from the AI API",
                    f"GET {path}: the response has no resources.",
                    "Check the AI API URL of the connection.",
                )
            fresh = [
                each
                for each in entries
                if isinstance(each, Mapping) and str(each.get("id")) not in seen
            ]
            seen.update(str(each.get("id")) for each in fresh)
            yield from parse_list({"resources": fresh}, parse)
            skip += len(entries)
            count = data.get("count")
            more = isinstance(count, int) and count > skip
            if not fresh or (len(entries) < page and not more and len(entries) % 100):
                return

    def _create(self, path: str, body: Mapping[str, object], **more: Any) -> str:
        """Create a record and return its ID. POST is never repeated."""
        answer = self.http.json("POST", path, group=self.resource_group, body=body, **more)
        created = answer.get("id") if isinstance(answer, Mapping) else None
        if not isinstance(created, str) or not created:
            raise RuntimeRejected(
                "The response of the AI API has no ID",
                f"POST {path}: the ID of the new record is missing.",
                "Refresh the list: the record may have been created.",
            )
        return created


def query_parameters(query: Mapping[str, object] | None) -> dict[str, str]:
    """Return the parameters that have a value as the text of a query."""
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


def item_path(path: str, resource_id: str) -> str:
    """Return the path of one resource in a collection.

    Raises:
        InvalidInput: the ID is empty or a relative path.
    """
    if not resource_id or resource_id in {".", ".."}:
        raise InvalidInput(
            f"Invalid ID {resource_id!r}", hint="Use the ID that the list shows.", field="id"
        )
    return f"{path}/{encode_segment(resource_id)}"


def chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Yield the distinct items in sequences of at most ``size``."""
    unique = list(dict.fromkeys(items))
    for start in range(0, len(unique), size):
        yield unique[start : start + size]
