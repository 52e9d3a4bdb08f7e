"""Warnings about credentials that are typed where they are stored and shown in clear.

Values of parameters, labels, descriptions and workflow templates are not secret: lists, searches
and other programs show them. A value is suspected by its form, by an assignment in it, or by the
name of its parameter. Names that only contain such a word, as ``max_tokens`` does, are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from launchpad_tui.domain.shown_credentials import hide_credentials

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
#: the last words of names of secrets
_ENDINGS = (
    *(("password",), ("passwd",), ("passphrase",), ("pwd",), ("secret",), ("apikey",)),
    *((first, "key") for first in ("api", "access", "account", "private", "signing", "auth")),
    *((first, "key") for first in ("secret", "subscription", "storage", "service", "ssh")),
    *((first, "token") for first in ("access", "auth", "api", "bearer", "refresh", "session")),
    *((first, "token") for first in ("hf", "hub", "github", "gitlab", "wandb", "security", "sas")),
    *((first, "token") for first in ("jwt", "bot", "id", "secret", "delegation", "hugging")),
    *((first, "token") for first in ("face", "huggingface", "slack", "npm", "pypi", "git", "user")),
    *(("sas", "url"), ("sas", "uri"), ("connection", "string"), ("credentials",), ("credential",)),
)
#: whole names of secrets
_NAMES = frozenset({"token", "sas", "pass", "pw", "cookie", "authorization"})
_ASSIGNMENT = re.compile(
    r"(?<![\w.$])[\"']?(?P<name>[A-Za-z][\w.-]{1,100})[\"']?\s{0,5}[=:]\s{0,5}"
    r"(?P<secret>\"[^\"\n]{1,10000}\"|'[^'\n]{1,10000}'|[^\s,;&\"'}\]]+)"
)
#: values that are no secrets: numbers, references, file names, addresses without a password
_HARMLESS = re.compile(
    r"[\d.,:eE+-]*|[$%{<*\[].*|(?:true|false|null|none|yes|no|auto|changeme|example|xxx+|\.{3}|…)"
    r"|[~./].*|.*\.(?:json|ya?ml|pem|txt|key|env)|[a-z][a-z0-9+.-]*://.*",
    re.IGNORECASE | re.DOTALL,
)
_MIN_SECRET = 6


def is_suspected(name: str, value: str) -> bool:
    """Return whether a value of this name is probably a credential, or contains one.

    Args:
        name: The name of a parameter, label or variable; empty if there is none.
        value: The value, or another text.
    """
    if hide_credentials(value) != value or hide_credentials(f"{name}={value}") != f"{name}={value}":
        return True
    if name and _is_secret_name(name) and _is_secret_value(value):
        return True
    return any(
        _is_secret_name(found["name"]) and _is_secret_value(found["secret"].strip("\"'"))
        for found in _ASSIGNMENT.finditer(value)
    )


def suspected(values: Mapping[str, str]) -> list[str]:
    """Return the names of values that are probably credentials, see `is_suspected`."""
    return [name for name, value in values.items() if is_suspected(name, value)]


def credential_warning(noun: str, names: Iterable[str], executable_id: str = "") -> str:
    """Return a warning about values that look like credentials; empty without any.

    Args:
        noun: What has the names in the singular, for example ``parameter``.
        names: The names.
        executable_id: The executable that uses the values; empty if there is none.
    """
    listed = list(names)
    if not listed:
        return ""
    several = len(listed) > 1
    subject = f"The {noun}{'s' * several} {', '.join(listed)} look{'' if several else 's'} like "
    subject += f"{'credentials' if several else 'a credential'}. "
    clear = f"{noun.capitalize()}s are stored and shown in clear."
    if not executable_id:
        return f"{subject}{clear} Remove it here, and use a secret instead."
    variable = re.sub(r"\W+", "_", listed[0]).upper()
    return (
        f"{subject}{clear} Use an environment variable of the executable, which is stored with the "
        f"secrets: launchpad executables set {executable_id} environment='{variable}=VALUE', or "
        "a secretKeyRef in the template"
    )


def _is_secret_name(name: str) -> bool:
    words = tuple(word.lower() for word in _WORDS.findall(name))
    return (
        "".join(words) in _NAMES
        or any(words[-len(each) :] == each for each in _ENDINGS)
        or any(word.endswith(("password", "passwd")) for word in words[-1:])
    )


def _is_secret_value(value: str) -> bool:
    value = value.strip()
    return len(value) >= _MIN_SECRET and " " not in value and not _HARMLESS.fullmatch(value)
