"""The kinds of AI runtimes: one entry each, data only. Fields yield form, CLI flags, validation and help."""

from __future__ import annotations

from launchpad_tui.domain.connection import ConnectionKind, Field, FieldKind

_LOCAL = ConnectionKind(
    id="local",
    title="This machine",
    description="Executions train on this machine; models are kept in its registry and files.",
    adapter="launchpad_tui.runtimes.local.runtime:LocalRuntime",
    fields=(Field("description", "Description", help="What this connection is for."),),
)

_AICORE = ConnectionKind(
    id="aicore",
    title="SAP AI Core",
    description="A tenant of SAP AI Core, by its service key.",
    fields=(
        Field(
            "base_url", "AI API URL", required=True, pattern=r"https?://\S+", help="serviceurls.AI_API_URL of the key."
        ),
        Field("auth_url", "Token URL", required=True, pattern=r"https?://\S+", help="url of the key, or certurl."),
        Field("client_id", "Client ID", required=True, help="clientid of the key."),
        Field("client_secret", "Client secret", FieldKind.SECRET, help="clientsecret of the key."),
        Field("certificate", "Certificate", FieldKind.SECRET, help="PEM, where the key has one instead of a secret."),
        Field("private_key", "Private key", FieldKind.SECRET, help="PEM, with the certificate."),
    ),
    connectable=False,
    reason="This version connects to runtimes of this machine only.",
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
    reason="This version connects to runtimes of this machine only.",
)

#: by id, in the order in which they are offered
KINDS: dict[str, ConnectionKind] = {kind.id: kind for kind in (_LOCAL, _AICORE, _MLFLOW)}
