"""The text of the credentials file: JSON ``{kind: {owner: …}}``.

For each owner it has the secrets themselves, ``{field: secret}``, or says that a keyring has them:
``{"kept": "keyring", "keyring": "Secret Service", "entry": "/home/ann/launchpad:store/…", "fields": […]}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class InKeyring:
    """Secrets that a keyring has: the entry's name, the keyring's name for people, and the secrets' fields."""

    entry: str
    keyring: str
    fields: tuple[str, ...]


#: secrets by field, or where they are
Kept = Mapping[str, str] | InKeyring


def parse(text: str) -> dict[str, dict[str, Kept]]:
    """What the file says, by kind and owner.

    Raises:
        ValueError: it is damaged; the error may hold secrets.
    """
    import json

    data = json.loads(text)
    return {
        kind: {owner: _kept(each) for owner, each in _object(owners).items()}
        for kind, owners in _object(data).items()
    }


def text_of(everything: Mapping[str, Mapping[str, Kept]]) -> str:
    """The file's text; kinds without owners are left out."""
    import json

    data = {
        kind: {owner: _written(kept) for owner, kept in owners.items()}
        for kind, owners in everything.items()
        if owners
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _written(kept: Kept) -> Mapping[str, Any]:
    if isinstance(kept, InKeyring):
        return {
            "kept": "keyring",
            "keyring": kept.keyring,
            "entry": kept.entry,
            "fields": list(kept.fields),
        }
    return dict(kept)


def _kept(data: object) -> Kept:
    found = _object(data)
    # A list tells it from secrets, which are texts all of them.
    fields = found.get("fields")
    if isinstance(fields, list):
        entry, keyring = found.get("entry"), found.get("keyring")
        if (
            not isinstance(entry, str)
            or not isinstance(keyring, str)
            or not all(isinstance(each, str) for each in fields)
        ):
            raise ValueError("no place in a keyring")
        return InKeyring(entry, keyring, tuple(fields))
    if not all(isinstance(secret, str) for secret in found.values()):
        raise ValueError("a secret is no text")
    return found


def _object(data: object) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ValueError("no object")
    return data
