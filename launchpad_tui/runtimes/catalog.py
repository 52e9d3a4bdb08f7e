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

#: The resource plans of SAP AI Core as options of sbatch. The sizes are those of SAP's help page
#: "Choose a Resource Plan": CPU cores, memory in GB, and GPUs.
_PLANS = (
    "starter: --cpus-per-task=1 --mem=3G; "
    "basic: --cpus-per-task=3 --mem=11G; "
    "basic.8x: --cpus-per-task=31 --mem=116G; "
    "train.l: --cpus-per-task=7 --mem=55G --gres=gpu:1; "
    "infer.s: --cpus-per-task=3 --mem=10G --gres=gpu:1; "
    "infer.m: --cpus-per-task=7 --mem=26G --gres=gpu:1; "
    "infer.l: --cpus-per-task=15 --mem=58G --gres=gpu:1"
)

SLURM_FIELDS = (
    Field(
        "shared_folder",
        "Shared folder",
        required=True,
        pattern=r"/\S.*",
        help="A folder that this machine and all nodes see at the same path. It has the code, "
        "inputs and outputs of running executions.",
    ),
    Field(
        "partition",
        "Partition",
        pattern=r"[\w.,-]+",
        help="Partitions for the jobs, separated by commas. Empty: the cluster's default.",
    ),
    Field("account", "Account", pattern=r"[\w.@+-]+", help="The account that jobs are charged to."),
    Field("qos", "QOS", pattern=r"[\w.,-]+", help="The quality of service of the jobs."),
    Field(
        "options",
        "Options",
        help="Further options of sbatch for every job, for example --constraint=a100 "
        "--time=4:00:00.",
    ),
    Field(
        "resource_plans",
        "Resource plans",
        default=_PLANS,
        help="The options of sbatch for each value of the label ai.sap.com/resourcePlan, as NAME: "
        "OPTIONS, separated by semicolons or lines. The plan default applies to steps without the "
        "label.",
    ),
    Field(
        "requeue",
        "Requeue",
        FieldKind.CHOICE,
        default="yes",
        choices=("yes", "no"),
        help="Whether Slurm starts a job again after its node failed or it was preempted.",
    ),
    Field(
        "container_runtime",
        "Container runtime",
        FieldKind.CHOICE,
        default="none",
        choices=("none", "apptainer", "pyxis"),
        help="What runs the images of templates on the nodes. none: the code in the folder of the "
        "template runs with a Python of the nodes instead.",
    ),
    Field(
        "host",
        "SSH host",
        pattern=r"[A-Za-z0-9_][\w.@:%-]*",
        help="The login node on which Slurm's commands are called through ssh. Empty: on this "
        "machine.",
    ),
    Field(
        "parallel",
        "Parallel executions",
        FieldKind.NUMBER,
        default="32",
        pattern=r"[1-9]\d{0,3}",
        help="The number of executions that have jobs at the same time. Others wait on this "
        "machine.",
    ),
    Field(
        "poll_seconds",
        "Poll interval",
        default="5",
        pattern=r"\d{1,3}(\.\d+)?",
        help="Seconds between two calls of squeue, which are shared by all executions.",
    ),
    Field("description", "Description", help="A note about the purpose of this connection."),
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
