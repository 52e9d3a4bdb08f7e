"""Connections to AI runtimes, resource groups, object stores, and the fields that describe them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from launchpad_tui.errors import InvalidInput

#: names of connections: lower-case alphanumerics, "-" and ".", alphanumeric at both ends (AI
#: Launchpad's rule)
CONNECTION_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")
#: resource group IDs (AI API, /admin/resourceGroups)
RESOURCE_GROUP_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]{1,251}[a-zA-Z0-9]")
#: object store names: a dotted DNS label that also fits the host part of ``ai://`` (AI API,
#: sections 4 and 5)
OBJECT_STORE_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,231}[a-z0-9])?")
#: the rules of names in hints: of connections and object stores, of resource groups
NAME_RULE = "Lower-case letters, digits, '-' and '.', a letter or digit at both ends; at most 63 characters."
RESOURCE_GROUP_RULE = (
    "Letters, digits, '-' and '.', a letter or digit at both ends; 3 to 253 characters."
)


class FieldKind(StrEnum):
    """How a field is entered in a form."""

    TEXT = "text"
    SECRET = "secret"
    PATH = "path"
    CHOICE = "choice"
    FLAG = "flag"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Field:
    """A setting of a connection, a store or an executable: declares form, CLI flag and validation.

    ``when`` names another field and the values of it for which this one applies; empty: always.
    ``lines`` allows several lines, such as for a certificate.
    """

    name: str
    title: str
    kind: FieldKind = FieldKind.TEXT
    required: bool = False
    default: str = ""
    help: str = ""
    choices: tuple[str, ...] = ()
    pattern: str = ""
    when: tuple[str, tuple[str, ...]] = ("", ())
    lines: bool = False


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection to an AI runtime. ``settings`` has no secrets.

    These are in the credential store.
    """

    name: str
    kind: str
    settings: Mapping[str, str]
    created_at: datetime
    modified_at: datetime
    synced_at: datetime | None = None
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class ResourceGroup:
    """A resource group of a connection; ``deleted_at`` is None while it exists in the runtime."""

    connection: str
    name: str
    status: str
    labels: Mapping[str, str]
    created_at: datetime
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ObjectStoreRecord:
    """An object store (secret) of a resource group, ``ai://<name>/…``. ``settings`` has no secrets.

    ``remote`` means that a remote runtime reported it; ``deleted_at`` is the time at which its
    deletion there was noticed.
    """

    name: str
    kind: str
    settings: Mapping[str, str]
    created_at: datetime
    remote: bool = False
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """A connection and one of its resource groups: the scope of every list."""

    connection: str
    resource_group: str

    def __str__(self) -> str:
        """Return ``connection/resource group``."""
        return f"{self.connection}/{self.resource_group}"


#: the kind of the connection to this machine, which exists from the start
EMBEDDED_KIND = "local"
#: the connection, group and store that exist from the start
DEFAULT_SCOPE = Scope("local", "default")
DEFAULT_STORE = "default"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a runtime can do; ``reasons`` has the reason for each capability that is missing.

    ``add_executable``: add, configure and remove executables. ``bulk``: stop and delete many
    executions with one request. ``groups``: create, label and delete resource groups. ``files``:
    serve the files of object stores of any kind. ``store_outputs``: retry storing outputs.
    ``object_stores``: keep object store secrets in the runtime itself.
    """

    executions: bool = True
    stop: bool = True
    delete: bool = True
    logs: bool = True
    create_artifact: bool = True
    create_configuration: bool = True
    add_executable: bool = True
    schedules: bool = True
    bulk: bool = True
    groups: bool = True
    metrics: bool = True
    files: bool = False
    store_outputs: bool = False
    object_stores: bool = True
    reasons: Mapping[str, str] = field(default_factory=dict)


def check_name(
    value: str, pattern: re.Pattern[str], what: str, rule: str, *, field_name: str = "name"
) -> str:
    """Return the stripped value if it matches the pattern completely.

    Raises:
        InvalidInput: it does not; the hint states the rule.
    """
    value = value.strip()
    if not pattern.fullmatch(value):
        raise InvalidInput(f"{what} {value!r} is not valid", hint=rule, field=field_name)
    return value


@dataclass(frozen=True, slots=True)
class ConnectionKind:
    """A kind of AI runtime, as the catalog lists it.

    ``adapter`` is the dotted path ``module:callable`` that opens a runtime, ``support`` that of a
    `runtimes.connection_support.ConnectionSupport` (empty: the default); both are loaded on first
    use. ``remote``: records are kept by the runtime and copied to this machine. ``addable``: users
    can add connections of this kind. ``key_title`` names the service key that can fill the fields
    (empty: none), ``profile_field`` the field that names a credential profile (empty: none).
    """

    id: str
    title: str
    description: str
    fields: tuple[Field, ...] = ()
    adapter: str = ""
    support: str = ""
    remote: bool = True
    addable: bool = True
    key_title: str = ""
    profile_field: str = ""
    extra: str = ""


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """An object store secret as a runtime returns it, without its secret values.

    ``settings`` has the API's names as keys, for example ``bucket``, ``endpoint``, ``pathPrefix``.
    """

    name: str
    type: str
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SecretAlternative:
    """A second way to give the credentials of an object store secret.

    It applies if the usual secrets are missing and all of its ``fields`` are given; ``credentials``
    is the value of the field of that name which selects it.
    """

    credentials: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SecretFormat:
    """The object store secret of a kind in the AI API's form.

    Attributes:
        type: the API's name of the kind.
        data: the kind's fields by the secret's keys in ``data``; empty: the key has no field.
        settings: the kind's fields by the secret's keys beside ``data``.
        required: fields that must be given.
        secrets: fields of ``data`` that must be given, and that no server returns.
        alternative: fields that may take the place of ``secrets``.
        key_pair: fields of a client certificate and its key in PEM, given together or not at all.
        serving: keys of ``settings`` that a server also returns for KServe.
        tls_flags: whether the secret has ``usehttps`` and ``verifyssl``.
    """

    type: str
    data: Mapping[str, str]
    settings: Mapping[str, str]
    required: tuple[str, ...]
    secrets: tuple[str, ...] = ()
    alternative: SecretAlternative | None = None
    key_pair: tuple[str, ...] = ()
    serving: tuple[str, ...] = ()
    tls_flags: bool = False


@dataclass(frozen=True, slots=True)
class StoreKind:
    """A kind of object store in the catalog; ``adapter`` is ``module:Class``, imported on use."""

    id: str
    title: str
    description: str
    fields: tuple[Field, ...] = ()
    adapter: str = ""
    extra: str = ""
    secret: SecretFormat | None = None
    location_fields: tuple[str, ...] = ()
    folder_field: str = ""
    served: bool = False
