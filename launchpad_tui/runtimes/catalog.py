"""The catalog of AI runtimes: one entry for each kind, and functions that load a kind.

Form, command line options, validation and help are derived from the fields of an entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from launchpad_tui.domain.connection import (
    EMBEDDED_KIND,
    Connection,
    ConnectionKind,
    Field,
    FieldKind,
)
from launchpad_tui.errors import CapabilityMissing
from launchpad_tui.runtimes.slurm_fields import FIELDS as SLURM_FIELDS

if TYPE_CHECKING:
    from launchpad_tui.runtimes.base import Runtime
    from launchpad_tui.runtimes.connection_support import ConnectionSupport
    from launchpad_tui.runtimes.host import RuntimeHost

_LOCAL = ConnectionKind(
    id=EMBEDDED_KIND,
    title="This machine",
    description="Executions run on this machine, which also keeps the models.",
    adapter="launchpad_tui.runtimes.embedded.runtime:EmbeddedRuntime",
    remote=False,
    addable=False,
    fields=(
        Field("description", "Description", help="A note about the purpose of this connection."),
    ),
)

#: the sources of the credentials of a connection to SAP AI Core
KEYS, ENVIRONMENT, PROFILE = "keys", "environment", "profile"
_KEPT = ("credentials", (KEYS,))

_AICORE = ConnectionKind(
    id="sap-ai-core",
    title="SAP AI Core",
    description="A tenant of SAP AI Core, or launchpad serve on another machine.",
    adapter="launchpad_tui.runtimes.aicore.runtime:open_runtime",
    support="launchpad_tui.runtimes.aicore.connection:AICoreConnectionSupport",
    key_title="Service key",
    profile_field="profile",
    fields=(
        Field(
            "credentials",
            "Credentials",
            FieldKind.CHOICE,
            default=KEYS,
            choices=(KEYS, ENVIRONMENT, PROFILE),
            help="keys: stored by launchpad. environment: variables AICORE_… or VCAP_SERVICES. "
            "profile: a file in ~/.aicore.",
        ),
        Field(
            "base_url",
            "AI API URL",
            required=True,
            pattern=r"https?://\S+",
            help="serviceurls.AI_API_URL of the key.",
            when=_KEPT,
        ),
        Field(
            "auth_url",
            "Token URL",
            required=True,
            pattern=r"https?://\S+",
            help="url of the key; certurl if the key has a certificate.",
            when=_KEPT,
        ),
        Field("client_id", "Client ID", required=True, help="clientid of the key.", when=_KEPT),
        Field(
            "client_secret",
            "Client secret",
            FieldKind.SECRET,
            help="clientsecret of the key. Either this, or certificate and private key.",
            when=_KEPT,
        ),
        Field(
            "certificate",
            "Certificate",
            FieldKind.SECRET,
            help="certificate of the key, PEM, if it has one instead of a secret.",
            when=_KEPT,
            lines=True,
        ),
        Field(
            "private_key",
            "Private key",
            FieldKind.SECRET,
            help="key of the service key, PEM, with the certificate.",
            when=_KEPT,
            lines=True,
        ),
        Field(
            "profile",
            "Profile",
            pattern=r"[\w.-]+",
            help="The name in ~/.aicore/config_<profile>.json. Empty: the profile of "
            "AICORE_PROFILE, or config.json if it is not set.",
            when=("credentials", (PROFILE,)),
        ),
        Field(
            "ca_file",
            "CA file",
            FieldKind.PATH,
            help="A PEM file of certificate authorities that are trusted in addition to those of "
            "this machine.",
        ),
    ),
)

_SLURM = ConnectionKind(
    id="slurm",
    title="Slurm cluster",
    description="Steps run as jobs of a Slurm cluster; this machine keeps the models.",
    adapter="launchpad_tui.runtimes.embedded.runtime:EmbeddedRuntime",
    support="launchpad_tui.runtimes.embedded.engines.slurm.connection:SlurmConnectionSupport",
    remote=False,
    fields=SLURM_FIELDS,
    engine="launchpad_tui.runtimes.embedded.engines.slurm.engine:SlurmEngine",
)

#: former IDs of kinds
FORMER = {"aicore": "sap-ai-core"}
#: the kinds by ID, in the order in which they are offered
KINDS: dict[str, ConnectionKind] = {kind.id: kind for kind in (_LOCAL, _AICORE, _SLURM)}


#: the kinds whose executions and schedules run on this machine
LOCAL_KINDS = tuple(kind.id for kind in KINDS.values() if not kind.remote)


def kind_of(connection: Connection) -> ConnectionKind | None:
    """Return the kind of a connection; None if this version does not know the kind."""
    return KINDS.get(FORMER.get(connection.kind, connection.kind))


def is_remote(connection: Connection) -> bool:
    """Return whether the records of the connection's runtime are kept outside this machine."""
    kind = kind_of(connection)
    return kind is None or kind.remote


def connection_support(kind: ConnectionKind) -> ConnectionSupport:
    """Return the hooks of a kind of connection."""
    from launchpad_tui.runtimes.connection_support import ConnectionSupport

    if not kind.support:
        return ConnectionSupport()
    return cast("type[ConnectionSupport]", _load(kind.support))()


def open_runtime(connection: Connection, secrets: Mapping[str, str], host: RuntimeHost) -> Runtime:
    """Open the runtime of a connection, in the resource group that its credentials name.

    Args:
        host: the ports through which a runtime of this machine uses registry, files and settings.

    Raises:
        CapabilityMissing: this version does not know the kind of the connection.
        InvalidInput, ConfigError: credentials are missing or not valid.
    """
    kind = kind_of(connection)
    if kind is None:
        raise unknown_kind(connection)
    create = cast("Callable[..., Runtime]", _load(kind.adapter))
    return create(connection, secrets, host)


def unknown_kind(connection: Connection) -> CapabilityMissing:
    """Return the error of a connection whose kind this version does not know."""
    return CapabilityMissing(
        f"The connection {connection.name} cannot be opened",
        f"This version does not support connections of the type {connection.kind}.",
        f"Update launchpad, or add a connection of another type: {', '.join(KINDS)}.",
    )


def _load(path: str) -> Any:
    """Return the object that a dotted path ``module:name`` names."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
