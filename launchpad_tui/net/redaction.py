"""Removal of secrets from text that users see or that is logged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote, quote_plus

#: what stands in place of a secret
MASK = "…"
#: shorter secrets occur in ordinary words, so they are not searched for
_MIN_LENGTH = 4


def redact(text: str, secrets: Sequence[str]) -> str:
    """Return the text with every secret masked: plain, JSON-escaped or percent-encoded."""
    for secret in secrets:
        for form in _forms(secret):
            text = text.replace(form, MASK)
    return text


def contains_secret(text: str, secrets: Sequence[str]) -> bool:
    """Return whether any form of a secret occurs in the text."""
    return any(form in text for secret in secrets for form in _forms(secret))


def _forms(secret: str) -> set[str]:
    if len(secret) < _MIN_LENGTH:
        return set()
    folded = " ".join(secret.split())
    return {secret, folded, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
