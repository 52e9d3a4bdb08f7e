"""Credentials that are recognized with certainty, so that no list and no screen shows them.

They are passwords in URLs, signed URLs, keys and tokens with a form of their own. Text that only
looks like a credential is shown; `launchpad_tui.domain.credential_warnings` warns when it is typed.

Every text that is shown passes `hide_credentials`, so a text without a mark of a credential is
returned after a few searches; the patterns are compiled when they are first needed.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

#: stands in place of a credential
MASK = "…"
#: the shortest text that contains a credential
_MIN_LENGTH = 12
#: begins a reference to a value, which is no credential
_REFERENCES = ("$", "{", "%(", "<", "*", MASK)


def may_contain_credentials(text: str) -> bool:
    """Return whether a text has a mark of a credential; most texts have none."""
    # This runs for every text that is shown: a loop would take three times as long.
    return len(text) >= _MIN_LENGTH and (
        ("@" in text and "://" in text)
        or "sig=" in text
        or "ignature" in text
        or "eyJ" in text
        or "PRIVATE KEY" in text
        or "ccount" in text
        or "ecret" in text
        or "SECRET" in text
        or "Token" in text
        or "token" in text
        or "ghp_" in text
        or "gho_" in text
        or "ghu_" in text
        or "ghs_" in text
        or "ghr_" in text
        or "github_pat_" in text
        or "glpat-" in text
        or "xox" in text
        or "hf_" in text
        or "sk-" in text
        or "AIza" in text
        or "ya29." in text
        or "dapi" in text
        or "npm_" in text
        or "pypi-" in text
        or "SIG=" in text
        or "Sig=" in text
        or "delegation=" in text
    )


def hide_credentials(text: str) -> str:
    """Return the text with ``…`` in place of every credential that is certain to be one."""
    if not may_contain_credentials(text):
        return text
    for pattern in _patterns():
        text = pattern.sub(_replaced, text)
    return text


def hide_value(name: str, value: str) -> str:
    """Return the value of a parameter or label, with ``…`` in place of credentials."""
    prefix = f"{name}="
    shown = hide_credentials(prefix + value)
    return shown.removeprefix(prefix) if shown.startswith(prefix) else hide_credentials(value)


def hide_in_json(data: Any) -> Any:
    """Return a JSON value with ``…`` in place of credentials in all its strings.

    The value of an object with ``key`` and ``value`` is also judged by its key.
    """
    if isinstance(data, str):
        return hide_credentials(data)
    if isinstance(data, dict):
        hidden = {name: hide_in_json(value) for name, value in data.items()}
        key, value = data.get("key"), data.get("value")
        if isinstance(key, str) and isinstance(value, str):
            hidden["value"] = hide_value(key, value)
        return hidden
    if isinstance(data, list | tuple):
        return [hide_in_json(each) for each in data]
    return data


def _replaced(match: re.Match[str]) -> str:
    secret = match["secret"]
    return match[0] if secret.startswith(_REFERENCES) else match["before"] + MASK


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    # All repetitions are bounded or begin where a word does, so that long texts take linear time.
    flags = re.IGNORECASE
    return (
        re.compile(
            r"(?P<before>(?<![\w+.-])[a-z][a-z0-9+.-]{1,20}://[^\s/?#@\"':]{0,200}:)"
            r"(?P<secret>[^\s/?#@\"']{1,1000})(?=@)",
            flags,
        ),
        re.compile(
            r"(?P<before>[?&](?:amp;)?(?:sig|signature|x-(?:amz|goog|oss)-signature"
            r"|x-(?:amz|oss)-security-token|security-token|access_token|delegation)=)"
            r"(?P<secret>[^\s&#\"'<>]+)",
            flags,
        ),
        re.compile(r"(?P<before>(?<![\w-])sig=)(?P<secret>[A-Za-z0-9%+/=_-]{20,})", flags),
        re.compile(
            r"(?P<before>(?<![\w-])account_?key[\"']?\s{0,5}[=:]\s{0,5}[\"']?)"
            r"(?P<secret>[A-Za-z0-9+/]{40,}={0,2})",
            flags,
        ),
        re.compile(
            r"(?P<before>secret_?access_?key[\"']?\s{0,5}[=:]\s{0,5}[\"']?)"
            r"(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
            flags,
        ),
        re.compile(
            r"(?P<before>)(?P<secret>"
            r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?"
            r"(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)"
            r"|\bgh[pousr]_[A-Za-z0-9]{30,}"
            r"|\bgithub_pat_\w{20,}"
            r"|\bglpat-[\w-]{20,}"
            r"|\bxox[abeoprs]-[\w-]{10,}"
            r"|\bhf_[A-Za-z0-9]{30,}"
            r"|\bsk-(?=[A-Za-z_-]{0,200}\d)(?:proj-|ant-)?[A-Za-z0-9_-]{32,}"
            r"|\bAIza[\w-]{35}"
            r"|\bya29\.[\w-]{20,}"
            r"|\bdapi[0-9a-f]{32}\b"
            r"|\bnpm_[A-Za-z0-9]{36}\b"
            r"|\bpypi-[\w-]{40,}"
            r"|(?<![\w-])eyJ[\w-]{8,4000}\.[\w-]{8,4000}\.[\w-]*"
            r")",
            re.DOTALL,
        ),
    )
