"""Artifacts (models, datasets, result sets and others), located in an object store by their URL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from launchpad_tui.domain.connection import Scope
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import field, record

#: the largest numbers of characters of URL and description (AI API)
URL_LIMIT = 1024
DESCRIPTION_LIMIT = 5000
_URL = re.compile(r"ai://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)/(.+)", re.DOTALL)
#: label keys of artifacts, and the largest numbers of characters of keys and values (AI API)
LABEL_KEY = re.compile(r"ext\.ai\.sap\.com/[\w.-]+", re.ASCII)
LABEL_PREFIX = "ext.ai.sap.com/"
LABEL_KEY_LIMIT = 256
LABEL_VALUE_LIMIT = 5000


class ArtifactKind(StrEnum):
    """The kinds of artifacts that the AI API defines."""

    MODEL = "model"
    DATASET = "dataset"
    RESULTSET = "resultset"
    OTHER = "other"

    @property
    def noun(self) -> str:
        """The kind as a noun of a sentence: ``result set``."""
        return {"resultset": "result set", "other": "other artifact"}.get(self.value, self.value)


#: the beginning of the ID of an artifact's own record, see `Artifact.attributes_id`
RECORD_PREFIX = "record:"


def is_record(execution_id: str) -> bool:
    """Return whether an ID is that of an artifact's own record instead of an execution."""
    return execution_id.startswith(RECORD_PREFIX)


@record
class ArtifactUrl:
    """An artifact's URL, ``ai://<store>/<path>``; ``path`` has no slash at either end."""

    store: str
    path: str

    def __str__(self) -> str:
        """Return the URL."""
        return f"ai://{self.store}/{self.path}"


def parse_url(text: str) -> ArtifactUrl:
    """Parse an artifact's URL.

    Raises:
        InvalidInput: the text is not ``ai://<object store>/<path>``, is longer than 1024
            characters, or leaves the store with ``..``.
    """
    hint = "Use ai://<object store>/<path>, for example ai://default/models/churn."
    if len(text) > URL_LIMIT:
        raise InvalidInput(
            "The URL is too long",
            f"It has {len(text)} characters; at most {URL_LIMIT} are allowed.",
            hint,
            field="url",
        )
    match = _URL.fullmatch(text.strip())
    if match is None:
        raise InvalidInput(
            f"{text[:80]!r} is not an artifact URL",
            "It must name an object store and a path in it.",
            hint,
            field="url",
        )
    path = match.group(2).strip("/")
    if not path or any(part in {".", ".."} for part in path.split("/")) or "\0" in path:
        raise InvalidInput(
            f"The path {path[:80]!r} is not allowed",
            "The path is empty or contains . or .. segments.",
            hint,
            field="url",
        )
    return ArtifactUrl(match.group(1), path)


def check_new_url(text: str) -> ArtifactUrl:
    """Parse the URL of a new artifact, which must not contain another URL.

    Raises:
        InvalidInput: as `parse_url`, or the path contains a URL.
    """
    parsed = parse_url(text)
    if re.search(r"\b[A-Za-z][A-Za-z0-9+.-]*:/", parsed.path):
        inner = parsed.path[:80]
        hint = "Give the URL of the files themselves, for example ai://default/models/churn."
        if (match := _URL.search(parsed.path)) is not None:
            hint = f"Use {match.group(0)[:200]} if that is where the files are."
        raise InvalidInput(
            f"There can be no files at {text.strip()[:120]!r}",
            f"The path {inner!r} contains another URL.",
            hint,
            field="url",
        )
    return parsed


def new_artifact_id() -> str:
    """Return a new unique ID (the text of a UUID 4)."""
    import uuid

    return str(uuid.uuid4())


def parse_label(text: str) -> tuple[str, str]:
    """Parse ``key=value``. The prefix ``ext.ai.sap.com/`` is added to a key without a prefix.

    Raises:
        InvalidInput: the ``=`` is missing, or key or value break the AI API's rules.
    """
    key, equals, value = text.partition("=")
    key = key.strip()
    if "/" not in key:
        key = LABEL_PREFIX + key
    return check_label(key, value.strip() if equals else None)


def parse_labels(text: str) -> tuple[tuple[str, str], ...]:
    """Parse several labels such as ``stage=test note="two words"``; see `parse_label`.

    If a key occurs more than once, its last value is returned.

    Raises:
        InvalidInput: a quote is not closed, or a label is invalid.
    """
    try:
        import shlex

        words = shlex.split(text)
    except ValueError as error:
        raise InvalidInput(
            "The labels cannot be parsed", str(error), "Close all quotes.", field="labels"
        ) from error
    return tuple(dict(parse_label(word) for word in words).items())


def check_label(key: str, value: str | None) -> tuple[str, str]:
    """Return the label if key and value follow the AI API's rules.

    Raises:
        InvalidInput: they do not.
    """
    if value is None or not LABEL_KEY.fullmatch(key) or len(key) > LABEL_KEY_LIMIT:
        raise InvalidInput(
            f"{key[:80]!r} is not a valid label",
            "Keys consist of letters, digits, '_', '-' and '.'.",
            "Use key=value, for example stage=production.",
            field="labels",
        )
    if len(value) > LABEL_VALUE_LIMIT:
        raise InvalidInput(
            f"The value of label {key} is too long",
            f"It has {len(value)} characters; at most {LABEL_VALUE_LIMIT} are allowed.",
            "Shorten the value.",
            field="labels",
        )
    return key, value


class FilesState(StrEnum):
    """The state of an artifact's files as a whole, worst first."""

    MISSING = "missing"
    CHANGED = "changed"
    UNKNOWN = "unknown"
    INTACT = "intact"


@record
class Artifact:
    """An artifact.

    Attributes:
        labels: in the order in which they were given.
        execution_id: the execution that created the artifact, empty if a user registered it.
        size: the size of all its files in bytes, None if it is unknown.
        files_state: the result of the last verification of its files.
        checked_at: the time of that verification.
        deleted_at: the time at which its deletion in the runtime was noticed, None while it exists.
        runtime_name: its name in the runtime if a user changed the shown name, otherwise empty.
        version: its number among the models of its name in its scenario; None for other kinds, and
            while a remote runtime is synchronized for the first time.
        aliases: the names, such as ``production``, by which users refer to this version.
        pinned_at: the time at which a user pinned it, None if it is not pinned.
        local_changes: which of ``name``, ``description`` and ``labels`` users changed here.
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
    runtime_name: str = ""
    version: int | None = None
    aliases: tuple[str, ...] = ()
    pinned_at: datetime | None = None
    local_changes: tuple[str, ...] = ()

    @property
    def logged_name(self) -> str:
        """The name under which the source execution logs metrics of this artifact."""
        return self.runtime_name or self.name

    @property
    def attributes_id(self) -> str:
        """The ID under which its metrics, parameters, tags and custom info are stored.

        It is that of the source execution. An artifact that no execution created has a record of
        its own, which exists as soon as it has any of them.
        """
        return self.execution_id or f"{RECORD_PREFIX}{self.id}"

    @property
    def name_with_version(self) -> str:
        """The name, of a model with its version: ``churn v3``."""
        return self.name if self.version is None else f"{self.name} v{self.version}"

    @property
    def version_text(self) -> str:
        """Version and aliases, such as ``v3 production``; empty without a version."""
        return "" if self.version is None else " ".join((f"v{self.version}", *self.aliases))


@record
class ArtifactReference:
    """An artifact to which files at some paths of an object store belong.

    Attributes:
        path: where its files are in this object store; empty if it contains the whole store.
    """

    scope: Scope
    id: str
    name: str
    kind: ArtifactKind
    url: str
    path: str


@record
class ArtifactFile:
    """A file of an artifact as it was recorded when it was stored.

    Attributes:
        path: relative to the artifact's URL; ``.`` if the URL names the file itself.
        sha256: the checksum in hexadecimal, empty if it was never computed.
        version: the object store's identifier of this content, empty if it is unknown.
    """

    path: str
    size: int
    sha256: str
    version: str = field(default="", compare=False)


class FileState(StrEnum):
    """The result of verifying a file in the object store."""

    INTACT = "intact"
    CHANGED = "changed"
    MISSING = "missing"
    EXTRA = "extra"
    UNRECORDED = "unrecorded"


@record
class FileCheck:
    """The result of verifying one file.

    ``size`` (None if the file is missing) and ``sha256`` are those of the file in the store.
    """

    file: ArtifactFile
    state: FileState
    size: int | None = None
    sha256: str = ""


def state_of(checks: Sequence[FileCheck]) -> FilesState:
    """Return the state of all files together; an artifact without files counts as missing."""
    states = {each.state for each in checks}
    if not states or FileState.MISSING in states:
        return FilesState.MISSING
    if states & {FileState.CHANGED, FileState.EXTRA}:
        return FilesState.CHANGED
    return FilesState.UNKNOWN if FileState.UNRECORDED in states else FilesState.INTACT


class UrlState(StrEnum):
    """The result of checking a URL before registration."""

    OK = "ok"
    EMPTY = "empty"
    UNKNOWN_STORE = "unknown-store"
    UNREACHABLE = "unreachable"


@record
class UrlCheck:
    """The result of checking an artifact's URL; only UNKNOWN_STORE prevents the registration."""

    state: UrlState
    message: str
    files: int = 0
    size: int = 0
