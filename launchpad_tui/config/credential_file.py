"""The format of the credentials file: JSON ``{kind: {owner: …}}``.

Each owner has the secrets themselves, ``{field: secret}``, or a reference to a keyring: ``{"kept":
"keyring", "keyring": "Secret Service", "entry": "/home/ann/launchpad:store/…", "fields": […]}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class InKeyring:
    """Secrets in a keyring.

    The name of the entry, the display name of the keyring, and the fields.
    """

    entry: str
    keyring: str
    fields: tuple[str, ...]


#: secrets by field, or a reference to them
Kept = Mapping[str, str] | InKeyring


def parse(text: str) -> dict[str, dict[str, Kept]]:
    """Return the content of the file by kind and owner.

    Raises:
        ValueError: it is damaged; the error may contain secrets.
    """
    import json

    data = json.loads(text)
    return {
        kind: {owner: _kept(each) for owner, each in _object(owners).items()}
        for kind, owners in _object(data).items()
    }


def text_of(everything: Mapping[str, Mapping[str, Kept]]) -> str:
    """Return the text of the file; kinds without owners are omitted."""
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
    # A list distinguishes it from secrets, which are strings.
    fields = found.get("fields")
    if isinstance(fields, list):
        entry, keyring = found.get("entry"), found.get("keyring")
        if (
            not isinstance(entry, str)
            or not isinstance(keyring, str)
            or not all(isinstance(each, str) for each in fields)
        ):
            raise ValueError("not a reference to a keyring")
        return InKeyring(entry, keyring, tuple(fields))
    if not all(isinstance(secret, str) for secret in found.values()):
        raise ValueError("a secret is not a string")
    return found


def _object(data: object) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ValueError("not an object")
    return data
