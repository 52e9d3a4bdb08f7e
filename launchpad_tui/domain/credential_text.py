"""Credentials inside of other texts: passwords and tokens in URLs, headers, assignments and JSON.

Users type them where no secret is expected: a shared access signature at the end of a URL, a token
in a header, a password before the host. They are recognized by their form or by their name, so
that they are stored with the secrets and shown nowhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

#: stands in place of a credential
MASK = "…"
#: occurs in the names of secrets (``DB_PASSWORD``, ``x-api-key``)
_NAME = re.compile(
    r"password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key(?![_-]?id)"
    r"|account[_-]?key|private[_-]?key|signing[_-]?key|auth[_-]?key|authorization|cookie"
    r"|shared[_-]?access[_-]?signature|credentials?|session[_-]?id|delegation",
    re.IGNORECASE,
)
#: names that contain such a word and are not secret
_PUBLIC = re.compile(
    r".*(?:token|key|secret|credentials?|password)[_-]?(?:url|uri|file|path|name|id|type|source)s?"
    r"|tokenizers?_\w*|.*max[_-]?(?:new_)?tokens?|.*num[_-]?tokens?|tokens|credentials(?:\.\w+)?",
    re.IGNORECASE,
)
#: further parameters of URLs that are credentials: signatures of Azure, Amazon, Google and Alibaba
_PARAMETER = re.compile(
    r"sig|signature|x-(?:amz|goog|oss)-signature|x-amz-credential|awsaccesskeyid|ossaccesskeyid"
    r"|sas|key|code",
    re.IGNORECASE,
)
# All repetitions are bounded or begin where a word does, so that long texts take linear time.
_USER_INFO = re.compile(
    r"(?P<before>(?<![\w+.-])[a-z][a-z0-9+.-]{1,20}://)(?P<secret>[^\s/?#@\"']{0,1000})(?=@)",
    re.IGNORECASE,
)
_QUERY = re.compile(r"(?P<before>[?&](?:amp;)?(?P<name>[\w.-]{1,60})=)(?P<secret>[^\s&#\"'<>]+)")
_ASSIGNMENT = re.compile(
    r"(?P<before>(?<![\w.-])(?P<quote>[\"']?)(?P<name>[\w.-]{1,100})(?P=quote)\s{0,5}[=:]\s{0,5})"
    r"(?P<secret>\"(?:[^\"\\]|\\.){1,10000}\"|'[^']{1,10000}'"
    r"|(?:(?:bearer|basic|negotiate|token)\s{1,5})?[^\s,;&\"'}\]]+)",
    re.IGNORECASE,
)
_SCHEME = re.compile(
    r"(?P<before>\b(?:bearer|basic|negotiate)\s{1,5})"
    r"(?P<secret>(?=[^\s0-9=]{0,200}[0-9=])[A-Za-z0-9._~+/=-]{8,})",
    re.IGNORECASE,
)
#: credentials with a form of their own
_KNOWN = re.compile(
    r"(?P<before>)(?P<secret>"
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\bgithub_pat_\w{20,}"
    r"|\bgl(?:pat|ptt|dt|rt|cbt)-[\w-]{20,}"
    r"|\bxox[abeoprs]-[\w-]{10,}"
    r"|\bhf_[A-Za-z0-9]{30,}"
    r"|\bsk-[A-Za-z0-9_-]{20,}"
    r"|\bAIza[\w-]{35}"
    r"|\bya29\.[\w-]{20,}"
    r"|\bdapi[0-9a-f]{32}\b"
    r"|\bnpm_[A-Za-z0-9]{36}\b"
    r"|\bpypi-[\w-]{40,}"
    r"|(?<![\w-])eyJ[\w-]{8,4000}\.[\w-]{8,4000}\.[\w-]*"
    r")",
    re.DOTALL,
)
#: stands for a value in a help text
_PLACEHOLDER = re.compile(r"[A-Z_]{1,20}\.?|<.*>?|\[.*")
#: user names in URLs that are no credentials without a password, by the scheme of the URL
_USERS = {
    "ssh": ".*",
    "sftp": ".*",
    "git+ssh": ".*",
    "abfs": ".*",
    "abfss": ".*",
    "wasb": ".*",
    "wasbs": ".*",
    "https": "git",
    "http": "git",
}
#: headers whose values are not secret
_HEADERS = frozenset(
    {
        "x-sap-filecontainer",
        "accept",
        "accept-language",
        "content-type",
        "user-agent",
        "x-ms-version",
    }
)


def masked(text: str) -> str:
    """Return the text with `MASK` in place of every credential that is recognized."""
    if len(text) < 4:
        return text
    for pattern, replace in _PATTERNS:
        text = pattern.sub(replace, text)
    return text


def masked_message(text: str) -> str:
    """Return a message for users with `MASK` in place of the credentials in it.

    Prose such as "the token: request one" and placeholders such as ``secret=VALUE`` are kept.
    """
    for pattern, replace in _PATTERNS:
        text = pattern.sub(_message_assignment if pattern is _ASSIGNMENT else replace, text)
    return text


def masked_headers(text: str) -> str:
    """Return a JSON object of headers with `MASK` in place of the values that may be secret.

    Only values of headers that are known not to be secret are kept.
    """
    try:
        headers = json.loads(text)
    except (ValueError, RecursionError):
        return MASK
    if not isinstance(headers, dict):
        return MASK
    shown = {
        name: value if str(name).lower() in _HEADERS else MASK for name, value in headers.items()
    }
    return text if shown == headers else json.dumps(shown, ensure_ascii=False)


def has_credentials(text: str) -> bool:
    """Return whether a credential is recognized in the text."""
    return masked(text) != text


def _replaced(match: re.Match[str]) -> str:
    secret = match["secret"]
    return match[0] if secret in {"", MASK} else match["before"] + MASK


def _user_info(match: re.Match[str]) -> str:
    scheme = match["before"].partition(":")[0].lower()
    user, colon, _ = match["secret"].partition(":")
    if not colon and re.fullmatch(_USERS.get(scheme, ""), user, re.IGNORECASE):
        return match[0]
    return _replaced(match)


def _query(match: re.Match[str]) -> str:
    name = match["name"]
    secret = _PARAMETER.fullmatch(name) or (_NAME.search(name) and not _PUBLIC.fullmatch(name))
    return _replaced(match) if secret else match[0]


def _assignment(match: re.Match[str]) -> str:
    secret = match["secret"]
    bare = secret.strip("\"'")
    name = match["name"]
    if not _NAME.search(name):
        return match[0]
    is_reference = bare.startswith(("$", "{{", "%"))
    if _PUBLIC.fullmatch(name) or is_reference or bare in {MASK, "true", "false", "null"}:
        return match[0]
    quote = secret[0] if secret[0] in "\"'" else ""
    return f"{match['before']}{quote}{MASK}{quote}"


def _message_assignment(match: re.Match[str]) -> str:
    is_prose = not match["quote"] and "=" not in match["before"]
    return match[0] if is_prose or _PLACEHOLDER.fullmatch(match["secret"]) else _assignment(match)


_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_KNOWN, _replaced),
    (_USER_INFO, _user_info),
    (_QUERY, _query),
    (_ASSIGNMENT, _assignment),
    (_SCHEME, _replaced),
)
