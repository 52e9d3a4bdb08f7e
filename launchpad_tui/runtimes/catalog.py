"""The kinds of AI runtimes: one entry each, data only. Fields yield form, CLI flags, validation and help."""

from __future__ import annotations

from launchpad_tui.domain.connection import ConnectionKind, Field, FieldKind

_LOCAL = ConnectionKind(
    id="local",
    title="This machine",
    description="Executions train on this machine; models are kept in its registry and files.",
    adapter="launchpad_tui.runtimes.embedded.runtime:EmbeddedRuntime",
    fields=(Field("description", "Description", help="What this connection is for."),),
)

#: the kind of connections to SAP AI Core, and where the credentials of one come from
AICORE = "sap-ai-core"
KEYS, ENVIRONMENT, PROFILE = "keys", "environment", "profile"
_KEPT = ("credentials", (KEYS,))

_AICORE = ConnectionKind(
    id=AICORE,
    title="SAP AI Core",
    description="A tenant of SAP AI Core, or launchpad serve on another machine, by its service key.",
    adapter="launchpad_tui.runtimes.aicore.runtime:AICoreRuntime",
    fields=(
        Field(
            "credentials",
            "Credentials",
            FieldKind.CHOICE,
            default=KEYS,
            choices=(KEYS, ENVIRONMENT, PROFILE),
            help="Kept here; or AICORE_SERVICE_KEY, AICORE_… and VCAP_SERVICES; or a profile of ~/.aicore.",
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
            help="url of the key; certurl where the key has a certificate.",
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
            help="certificate of the key, PEM, where it has one instead of a secret.",
            when=_KEPT,
            lines=True,
        ),
        Field(
            "private_key",
            "Private key",
            FieldKind.SECRET,
            help="key of the key, PEM, with the certificate.",
            when=_KEPT,
            lines=True,
        ),
        Field(
            "profile",
            "Profile",
            pattern=r"[\w.-]+",
            help="Its file is ~/.aicore/config_<profile>.json; empty: AICORE_PROFILE, else config.json.",
            when=("credentials", (PROFILE,)),
        ),
        Field(
            "ca_file",
            "CA file",
            FieldKind.PATH,
            help="Authorities that are trusted beside those of this machine, PEM; such as your company's.",
        ),
    ),
)

_MLFLOW = ConnectionKind(
    id="mlflow",
    title="MLflow",
    description="An MLflow tracking server.",
    fields=(
        Field("tracking_uri", "Tracking URI", required=True, pattern=r"https?://\S+"),
        Field("username", "User name"),
        Field("password", "Password", FieldKind.SECRET),
        Field("token", "Token", FieldKind.SECRET),
    ),
    connectable=False,
    reason="This version connects to this machine and to SAP AI Core.",
)

#: kinds that had another id once
FORMER = {"aicore": AICORE}
#: by id, in the order in which they are offered
KINDS: dict[str, ConnectionKind] = {kind.id: kind for kind in (_LOCAL, _AICORE, _MLFLOW)}
