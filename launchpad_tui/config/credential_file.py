"""The format of the credentials file: JSON ``{kind: {owner: …}}``.

The value of an owner is either its secrets, ``{field: secret}``, or a reference to a keyring:
``{"kept": "keyring", "keyring": "Secret Service", "entry": "/home/ann/launchpad:store/…",
"fields": […]}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from launchpad_tui.records import record


@record
class KeyringReference:
    """A reference to secrets in a keyring.

    Args:
        entry: name of the entry.
        keyring: display name of the keyring.
        fields: names of the secrets.
    """

    entry: str
    keyring: str
    fields: tuple[str, ...]


#: secrets by field, or a reference to secrets in a keyring
StoredSecrets = Mapping[str, str] | KeyringReference


def parse(text: str) -> dict[str, dict[str, StoredSecrets]]:
    """Return the content of the file by kind and owner.

    Raises:
        ValueError, RecursionError: the file is damaged. The error may contain secrets.
    """
    import json

    data = json.loads(text)
    return {
        kind: {owner: _parse_secrets(each) for owner, each in _object(owners).items()}
        for kind, owners in _object(data).items()
    }


def serialize(everything: Mapping[str, Mapping[str, StoredSecrets]]) -> str:
    """Return the text of the file; kinds without owners are omitted."""
    import json

    data = {
        kind: {owner: _serialize(kept) for owner, kept in owners.items()}
        for kind, owners in everything.items()
        if owners
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _serialize(kept: StoredSecrets) -> Mapping[str, Any]:
    if isinstance(kept, KeyringReference):
        return {
            "kept": "keyring",
            "keyring": kept.keyring,
            "entry": kept.entry,
            "fields": list(kept.fields),
        }
    return dict(kept)


def _parse_secrets(data: object) -> StoredSecrets:
    found = _object(data)
    # Only a reference has a list as value; secrets are strings.
    fields = found.get("fields")
    if isinstance(fields, list):
        entry, keyring = found.get("entry"), found.get("keyring")
        if (
            not isinstance(entry, str)
            or not isinstance(keyring, str)
            or not all(isinstance(each, str) for each in fields)
        ):
            raise ValueError("not a reference to a keyring")
        return KeyringReference(entry, keyring, tuple(fields))
    if not all(isinstance(secret, str) for secret in found.values()):
        raise ValueError("a secret is not a string")
    return found


def _object(data: object) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ValueError("not an object")
    return data
