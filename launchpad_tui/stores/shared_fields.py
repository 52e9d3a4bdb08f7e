"""Fields that several kinds of object stores share."""

from __future__ import annotations

from launchpad_tui.domain.connection import Field, FieldKind

PATH_PREFIX = Field(
    "path_prefix",
    "Path prefix",
    help="Only objects below this path belong to the store, for example models/prod. "
    "Empty: all objects.",
)
TLS_FIELDS = (
    Field(
        "verify_tls",
        "Verify TLS",
        FieldKind.FLAG,
        default="true",
        help="Verify the server's certificate.",
    ),
    Field(
        "ca_file",
        "CA file",
        FieldKind.PATH,
        help="PEM file of trusted certificate authorities. Empty: the authorities of this machine.",
    ),
)


def credentials_field(*choices: str, help_text: str) -> Field:
    """Return the field that selects the source of credentials; the first choice is the default."""
    return Field(
        "credentials",
        "Credentials",
        FieldKind.CHOICE,
        default=choices[0],
        choices=choices,
        help=help_text,
    )
