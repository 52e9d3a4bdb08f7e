"""Query parameters of ``/lm/metrics``: which executions, attributes and tags are requested."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from launchpad_tui.aiapi.metrics import SELECTABLE
from launchpad_tui.domain.metric import Tag
from launchpad_tui.errors import InvalidInput

#: bytes of a request's body: 1000 metrics with 20 labels each and 5 MB of custom info, all of it
#: escaped as ``\uXXXX``, stay below
BODY_LIMIT = 96 * 1024 * 1024
#: the API's maximum number of executions in one request for metrics
IDS_PER_REQUEST = 10
#: the API's maximum length of a tag filter, and of its expressions
_FILTER_LIMIT, _EXPRESSIONS_LIMIT = 5000, 100


def selected_attributes(texts: Iterable[str]) -> frozenset[str]:
    """Return the attributes that ``$select`` names: ``metrics,tags`` or ``*``; all by default.

    Raises:
        InvalidInput: it names something else.
    """
    names = {name for text in texts for name in text.split(",") if name}
    # The specification's prose has custominfo where its schema has customInfo.
    names = {"customInfo" if name.lower() == "custominfo" else name for name in names}
    unknown = names - {*SELECTABLE, "*"}
    if unknown:
        raise InvalidInput(
            f"$select cannot be {sorted(unknown)[0][:40]!r}",
            hint=f"Use one or more of {', '.join(SELECTABLE)}, or *.",
            field="$select",
        )
    return frozenset(SELECTABLE) if not names or "*" in names else frozenset(names)


def requested_executions(ids: Iterable[str], filters: Iterable[str]) -> list[str]:
    """Return the IDs of the executions whose metrics are requested.

    Args:
        ids: comma-separated IDs.
        filters: the deprecated ``$filter``: ``executionId eq 'a'``, ``executionId in ('a','b')``.

    Raises:
        InvalidInput: there is no ID, there are more than 10, or a filter is not of this form.
    """
    found = [one.strip() for text in ids for one in text.split(",") if one.strip()]
    for text in filters:
        found += _filter_ids(text)
    if not found:
        raise InvalidInput(
            "executionIds is missing",
            hint="Name at least one execution ID.",
            field="executionIds",
        )
    unique = list(dict.fromkeys(found))
    if len(unique) > IDS_PER_REQUEST:
        raise InvalidInput(
            f"executionIds has {len(unique)} IDs",
            f"The maximum is {IDS_PER_REQUEST}.",
            "Send several requests.",
            field="executionIds",
        )
    return unique


def _filter_ids(text: str) -> list[str]:
    attribute, _, rest = text.strip().partition(" ")
    operator, _, operand = rest.strip().partition(" ")
    if attribute != "executionId" or operator not in {"eq", "in"}:
        raise InvalidInput(
            "$filter is not valid",
            repr(text[:80]),
            "Use a filter such as executionId eq 'ID'.",
            field="$filter",
        )
    return [
        part.strip().strip("'\"") for part in operand.strip().strip("()").split(",") if part.strip()
    ]


def matches_tags(tags: Sequence[Tag], expression: str) -> bool:
    """Return whether tags match a filter.

    Args:
        expression: ``name=value``, ``name!=value`` and ``name``, comma-separated, each part
            percent-encoded; all of them must match.

    Raises:
        InvalidInput: it is longer than 5000 characters or has more than 100 parts.
    """
    parts = [part for part in expression.split(",") if part.strip()]
    if len(expression) > _FILTER_LIMIT or len(parts) > _EXPRESSIONS_LIMIT:
        raise InvalidInput(
            "tagFilters is too long",
            f"The maximum is {_EXPRESSIONS_LIMIT} expressions in {_FILTER_LIMIT} characters.",
            "Use fewer expressions.",
            field="tagFilters",
        )
    values = {tag.name: tag.value for tag in tags}
    for part in parts:
        name, equals, value = part.partition("=")
        negated = bool(equals) and name.endswith("!")
        name = unquote(name.removesuffix("!") if negated else name).strip()
        if not equals and name not in values:
            return False
        if equals and (values.get(name) == unquote(value)) == negated:
            return False
    return True
