"""Artifacts: models, datasets, result sets and others, found in an object store by their URL."""

from __future__ import annotations

import re
import shlex
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from launchpad_tui.errors import InvalidInput

#: AI API: url ≤ 1024, description ≤ 5000
URL_LIMIT = 1024
DESCRIPTION_LIMIT = 5000
_URL = re.compile(r"ai://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)/(.+)", re.DOTALL)
#: AI API: label keys of artifacts, ≤ 256
LABEL_KEY = re.compile(r"ext\.ai\.sap\.com/[\w.-]+", re.ASCII)
LABEL_PREFIX = "ext.ai.sap.com/"
LABEL_KEY_LIMIT = 256
LABEL_VALUE_LIMIT = 5000


class ArtifactKind(StrEnum):
    """The AI API's kinds."""

    MODEL = "model"
    DATASET = "dataset"
    RESULTSET = "resultset"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ArtifactUrl:
    """``ai://<store>/<path>``; ``path`` has no slash at either end."""

    store: str
    path: str

    def __str__(self) -> str:
        """The URL."""
        return f"ai://{self.store}/{self.path}"


def parse_url(text: str) -> ArtifactUrl:
    """Read an artifact's URL.

    Raises:
        InvalidInput: it is no ``ai://<object store>/<path>``, longer than 1024 characters, or climbs with ``..``.
    """
    hint = (
        "A URL looks like ai://default/models/churn: the object store's name, then the path in it."
    )
    if len(text) > URL_LIMIT:
        raise InvalidInput(
            "The URL is too long",
            f"{len(text)} characters; at most {URL_LIMIT}.",
            hint,
            field="url",
        )
    match = _URL.fullmatch(text.strip())
    if match is None:
        raise InvalidInput(f"{text[:80]!r} is not an artifact URL", "", hint, field="url")
    path = match.group(2).strip("/")
    if not path or any(part in {".", ".."} for part in path.split("/")) or "\0" in path:
        raise InvalidInput(
            f"The path {path[:80]!r} is not allowed",
            "It is empty or has . or .. in it.",
            hint,
            field="url",
        )
    return ArtifactUrl(match.group(1), path)


def new_artifact_id() -> str:
    """A new unique ID (UUID 4 text)."""
    return str(uuid.uuid4())


def parse_label(text: str) -> tuple[str, str]:
    """Read ``key=value``; the key gets the prefix ``ext.ai.sap.com/`` where it has none.

    Raises:
        InvalidInput: no ``=``, or key or value outside the AI API's rules.
    """
    key, equals, value = text.partition("=")
    key = key.strip()
    if "/" not in key:
        key = LABEL_PREFIX + key
    return check_label(key, value.strip() if equals else None)


def parse_labels(text: str) -> tuple[tuple[str, str], ...]:
    """Read ``key=value key="value with spaces"``, each as `parse_label` does; a key that comes again keeps its last
    value.

    Raises:
        InvalidInput: a quote is not closed, or a label is not valid.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InvalidInput(
            "The labels cannot be read", str(error), "Close all quotes.", field="labels"
        ) from error
    return tuple(dict(parse_label(word) for word in words).items())


def check_label(key: str, value: str | None) -> tuple[str, str]:
    """The label where key and value keep the AI API's rules.

    Raises:
        InvalidInput: they do not.
    """
    hint = "A label is written key=value, its key being letters, digits, '_', '-' and '.', such as stage=production."
    if value is None or not LABEL_KEY.fullmatch(key) or len(key) > LABEL_KEY_LIMIT:
        raise InvalidInput(f"{key[:80]!r} is not a valid label", hint=hint, field="labels")
    if len(value) > LABEL_VALUE_LIMIT:
        detail = f"{len(value)} characters; at most {LABEL_VALUE_LIMIT}."
        raise InvalidInput(f"The value of label {key} is too long", detail, field="labels")
    return key, value


class FilesState(StrEnum):
    """What is known of an artifact's files together, worst first."""

    MISSING = "missing"
    CHANGED = "changed"
    UNKNOWN = "unknown"
    INTACT = "intact"


@dataclass(frozen=True, slots=True)
class Artifact:
    """An artifact. ``labels`` in the order given; ``execution_id`` is empty where none made it.

    ``size`` is the bytes of all its files, None where they were never counted. ``files_state`` is what the last look
    at its files found, ``checked_at`` when that was; ``gone_at`` is since when its runtime has it no more.
    """

    id: str
    name: str
    kind: ArtifactKind
    url: str
    description: str
    scenario_id: str
    execution_id: str
    labels: tuple[tuple[str, str], ...]
    size: int | None
    created_at: datetime
    modified_at: datetime
    files_state: FilesState = FilesState.UNKNOWN
    checked_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """A file of an artifact as recorded when it was stored. ``path`` is relative to the artifact's URL, ``.`` where the
    URL names the file itself; ``sha256`` is hexadecimal, empty where it was never computed; ``version`` is what the
    object store called this content, empty where that is not known."""

    path: str
    size: int
    sha256: str
    version: str = field(default="", compare=False)


class FileState(StrEnum):
    """What a look into the object store found."""

    INTACT = "intact"
    CHANGED = "changed"
    MISSING = "missing"
    EXTRA = "extra"
    UNRECORDED = "unrecorded"


@dataclass(frozen=True, slots=True)
class FileCheck:
    """One file's state; ``size`` and ``sha256`` are those found now (None where it is missing)."""

    file: ArtifactFile
    state: FileState
    size: int | None = None
    sha256: str = ""


def state_of(checks: Sequence[FileCheck]) -> FilesState:
    """What the checks of an artifact's files come to; no files at all are missing ones."""
    states = {each.state for each in checks}
    if not states or FileState.MISSING in states:
        return FilesState.MISSING
    if states & {FileState.CHANGED, FileState.EXTRA}:
        return FilesState.CHANGED
    return FilesState.UNKNOWN if FileState.UNRECORDED in states else FilesState.INTACT


class UrlState(StrEnum):
    """What a check of a URL before registration found."""

    OK = "ok"
    EMPTY = "empty"
    UNKNOWN_STORE = "unknown-store"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class UrlCheck:
    """The result of a look at an artifact's URL. ``message`` says it in words; only UNKNOWN_STORE forbids to go on."""

    state: UrlState
    message: str
    files: int = 0
    size: int = 0
