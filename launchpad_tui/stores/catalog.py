"""The kinds of object stores: one entry each, data only. Fields yield form, CLI flags, validation and help."""

from __future__ import annotations

from launchpad_tui.domain.connection import Field, FieldKind, StoreKind
from launchpad_tui.errors import NotFound

_FILE = StoreKind(
    id="file",
    title="Files",
    description="A folder of this machine, or of a file system that is mounted on it.",
    adapter="launchpad_tui.stores.file:FileStore",
    fields=(
        Field(
            "root",
            "Folder",
            FieldKind.PATH,
            help="An absolute path. Empty: the folder files in launchpad's home.",
        ),
    ),
)

_S3 = StoreKind(
    id="s3",
    title="Amazon S3",
    description="A bucket of Amazon S3, or of any server that speaks its protocol.",
    adapter="launchpad_tui.stores.s3:S3Store",
    fields=(
        Field("bucket", "Bucket", required=True),
        Field("region", "Region", help="Such as eu-central-1."),
        Field(
            "endpoint",
            "Endpoint",
            pattern=r"https?://\S+",
            help="A server other than Amazon's, such as https://s3.example.com. Empty: Amazon's of the region.",
        ),
        Field("path_prefix", "Path prefix", help="Where in the bucket the store begins. Empty: the whole bucket."),
        Field("access_key_id", "Access key ID", FieldKind.SECRET, required=True),
        Field("secret_access_key", "Secret access key", FieldKind.SECRET, required=True),
        Field("session_token", "Session token", FieldKind.SECRET, help="Only with temporary credentials."),
        Field(
            "addressing",
            "Addressing",
            FieldKind.CHOICE,
            default="auto",
            choices=("auto", "path", "virtual"),
            help="Whether the bucket stands in the path or in the host's name.",
        ),
        Field("verify_tls", "Verify TLS", FieldKind.FLAG, default="true", help="Check the server's certificate."),
        Field("ca_file", "CA file", FieldKind.PATH, help="Certificates to trust, PEM. Empty: the usual ones."),
    ),
)

#: by id, in the order in which they are offered
KINDS: dict[str, StoreKind] = {kind.id: kind for kind in (_FILE, _S3)}


def store_kind(kind_id: str) -> StoreKind:
    """The kind with this id.

    Raises:
        NotFound: there is none.
    """
    try:
        return KINDS[kind_id]
    except KeyError:
        raise NotFound(f"There is no object store type {kind_id!r}", hint=f"Types: {', '.join(KINDS)}.") from None
