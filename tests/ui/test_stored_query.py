"""Conditions of lists are kept over restarts, combinations included."""

from __future__ import annotations

import json
from typing import Any

import pytest

from launchpad_tui.domain.expression import parse_where
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.stored_query import stored_form, stored_query

TEXTS = (
    "name = x and size > 5",
    "name = x or not (size is missing and name like 'a%')",
    "name in (a, b, c) and size is not missing",
)


@pytest.mark.parametrize("text", TEXTS)
def test_conditions_are_restored(text: str) -> None:
    query = Query(conditions=parse_where(text, ("name", "size"), tuple, tuple))
    saved = json.loads(json.dumps(stored_form(query)))
    assert stored_query(saved, ("created_at",)).conditions == query.conditions


@pytest.mark.parametrize(
    "saved",
    [
        ["or", []],
        ["xor", [["attribute", "name", "=", "x"]]],
        ["or", [["attribute", "name", "=", "x"], 5]],
        ["not"],
        ["attribute", "name", "resembles", "x"],
        None,
    ],
)
def test_what_is_not_valid_is_ignored(saved: Any) -> None:
    deep: Any = ["attribute", "name", "=", "x"]
    for _ in range(500):
        deep = ["not", [deep]]
    assert stored_query({"conditions": [saved, deep]}, ()).conditions == ()
