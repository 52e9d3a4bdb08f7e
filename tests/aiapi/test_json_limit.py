"""The number of values in a body is bounded."""

from __future__ import annotations

import json

import pytest

from launchpad_tui.aiapi import json_limit
from launchpad_tui.aiapi.errors import LimitExceeded
from launchpad_tui.aiapi.json_limit import require_few_values

VALUES_LIMIT = 10_000


@pytest.fixture(autouse=True)
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower the limit, so that the tests are quick."""
    monkeypatch.setattr(json_limit, "VALUES_LIMIT", VALUES_LIMIT)


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"[]," * VALUES_LIMIT + b"0]",
        b"[" + b"1," * VALUES_LIMIT + b"0]",
        b"[" + b'"",' * VALUES_LIMIT + b"0]",
        b'["\\\\",' + b"{}," * VALUES_LIMIT + b"0]",
        b'["\\"",' + b"{}," * VALUES_LIMIT + b"0]",
        b'["\\\\\\"",' + b"{}," * VALUES_LIMIT + b"0]",
    ],
)
def test_many_values_are_refused(body: bytes) -> None:
    json.loads(body)
    with pytest.raises(LimitExceeded):
        require_few_values(body)


def test_texts_may_have_any_content() -> None:
    texts = ("{}," * VALUES_LIMIT, '\\"' * VALUES_LIMIT, "\\" * VALUES_LIMIT, '[{,"' * VALUES_LIMIT)
    for text in texts:
        require_few_values(json.dumps({"a": text, "b": [1, 2]}).encode())


def test_malformed_bodies_are_checked_quickly() -> None:
    for body in (b'"' * 4_000_000, b'\\"' * 2_000_000, b'"\\' * 1, b'"' + b"\\" * 3_000_001):
        try:
            require_few_values(body)
        except LimitExceeded:
            continue


def test_other_encodings_are_refused() -> None:
    # In UTF-16, U+2200 contains the byte of a quotation mark.
    for encoding in ("utf-16", "utf-32-le"):
        body = ('["\u2200",' + "{}," * VALUES_LIMIT + "0]").encode(encoding)
        with pytest.raises(ValueError, match="null byte"):
            require_few_values(body)
