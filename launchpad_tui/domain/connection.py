"""Connections to AI runtimes, resource groups, object stores, and the fields that describe them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import field, record

#: names of connections (the rule of SAP AI Launchpad; see `NAME_RULE`)
CONNECTION_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")
#: IDs of resource groups (AI API, /admin/resourceGroups)
RESOURCE_GROUP_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]{1,251}[a-zA-Z0-9]")
#: names of object stores, which are also the host part of ``ai://`` URLs (AI API, sections 4
#: and 5)
OBJECT_STORE_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,231}[a-z0-9])?")
#: the rules of names as hints: of connections and object stores, and of resource groups
NAME_RULE = (
    "Use at most 63 lower-case letters, digits, '-' and '.', with a letter or digit at both ends."
)
RESOURCE_GROUP_RULE = (
    "Use 3 to 253 letters, digits, '-' and '.', with a letter or digit at both ends."
)


class FieldKind(StrEnum):
    """How a field is entered in a form."""

    TEXT = "text"
    SECRET = "secret"
    PATH = "path"
    CHOICE = "choice"
    FLAG = "flag"
    NUMBER = "number"


@record
class Field:
    """A setting of a connection, an object store or an executable.

    Form, command line option and validation are derived from it.

    Attributes:
        when: the name of another field and the values of it for which this field applies; an empty
            name if it always applies.
        lines: whether the value may have several lines, for example a certificate.
        headers: whether the value is a JSON object of HTTP headers, which may contain credentials.
        query_secret: the name of the field that takes the query of a URL if it is a credential.
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
    headers: bool = False
    query_secret: str = ""


@record
class Connection:
    """A connection to an AI runtime.

    ``settings`` has no secrets, which are kept in the credential store.
    """

    name: str
    kind: str
    settings: Mapping[str, str]
    created_at: datetime
    modified_at: datetime
    synced_at: datetime | None = None
    last_error: str = ""


@record
class ResourceGroup:
    """A resource group of a connection; ``deleted_at`` is None while it exists in the runtime."""

    connection: str
    name: str
    status: str
    labels: Mapping[str, str]
    created_at: datetime
    deleted_at: datetime | None = None


@record
class ObjectStoreRecord:
    """An object store of a resource group, whose URLs begin with ``ai://<name>/``.

    Attributes:
        settings: the settings without secrets.
        remote: whether a remote runtime reported the store as an object store secret.
        deleted_at: the time at which its deletion in the runtime was noticed.
        restricted: whether a client of one resource group added or changed the store, so that it
            may reach allowed servers only.
    """

    name: str
    kind: str
    settings: Mapping[str, str]
    created_at: datetime
    remote: bool = False
    deleted_at: datetime | None = None
    restricted: bool = False


@record
class Scope:
    """A connection and one of its resource groups: the scope of every list."""

    connection: str
    resource_group: str

    def __str__(self) -> str:
        """Return ``connection/resource group``."""
        return f"{self.connection}/{self.resource_group}"

    def __lt__(self, other: Scope) -> bool:
        """Return whether a list sorted by connection and resource group shows this one first."""
        return (self.connection, self.resource_group) < (other.connection, other.resource_group)


#: the kind of the connection to this machine, which exists from the start
EMBEDDED_KIND = "local"
#: the connection, group and store that exist from the start
DEFAULT_SCOPE = Scope("local", "default")
DEFAULT_STORE = "default"


@record
class Capabilities:
    """What a runtime can do.

    Attributes:
        add_executable: add, configure and remove executables.
        bulk: stop and delete many executions with one request.
        groups: create, label and delete resource groups.
        files: serve the files of object stores of any kind.
        store_outputs: retry storing the outputs of an execution.
        object_stores: keep object store secrets in the runtime itself.
        reasons: the reason for each missing capability, by the capability's name.
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


@record
class ConnectionKind:
    """A kind of AI runtime in the catalog.

    Attributes:
        adapter: ``module:callable``, which opens a runtime; imported on first use.
        support: ``module:Class``, a `runtimes.connection_support.ConnectionSupport`; empty for the
            default.
        remote: whether the runtime keeps the records, which are copied to this machine.
        addable: whether users can add connections of this kind.
        key_title: the title of the service key that can fill the fields; empty if there is none.
        profile_field: the field that names a credential profile; empty if there is none.
        engine: ``module:Class``, which runs the commands of the embedded runtime outside this
            machine; empty if they are processes of this machine.
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
    engine: str = ""


@record
class StoreInfo:
    """An object store secret as a runtime returns it, without its secret values.

    The keys of ``settings`` are those of the API, for example ``bucket`` and ``pathPrefix``.
    """

    name: str
    type: str
    settings: Mapping[str, str]


@record
class SecretAlternative:
    """Alternative credentials of an object store secret.

    They apply if the usual secrets are missing and all of ``fields`` are given. ``credentials`` is
    the value that selects them in the field ``credentials``.
    """

    credentials: str
    fields: tuple[str, ...]


@record
class SecretFormat:
    """How the fields of a kind of object store map to an object store secret of the AI API.

    Attributes:
        type: the API's name of the kind.
        data: the field for each key in the ``data`` of the secret; empty if a key has no field.
        settings: the field for each key beside ``data``.
        required: the fields that must be given.
        secrets: the fields of ``data`` that must be given and that servers never return.
        alternative: credentials that replace ``secrets``.
        key_pair: the fields of a client certificate and its key in PEM, which are given together.
        serving: the keys of ``settings`` that a server also returns for KServe.
        tls_flags: whether the secret has the keys ``usehttps`` and ``verifyssl``.
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


@record
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
