"""The kinds of object stores: one entry each, data only. Fields yield form, CLI flags, validation and help."""

from __future__ import annotations

from launchpad_tui.domain.connection import (
    Field,
    FieldKind,
    SecretAlternative,
    SecretFormat,
    StoreKind,
)
from launchpad_tui.errors import NotFound

_PREFIX = Field(
    "path_prefix",
    "Path prefix",
    help="Where in it the store begins, such as models/prod. Empty: all of it.",
)
_TLS = (
    Field(
        "verify_tls",
        "Verify TLS",
        FieldKind.FLAG,
        default="true",
        help="Check the server's certificate.",
    ),
    Field(
        "ca_file",
        "CA file",
        FieldKind.PATH,
        help="Certificates to trust, PEM. Empty: the usual ones.",
    ),
)


#: keys of object store secrets by the fields of a kind
_BUCKET = {"bucket": "bucket", "pathPrefix": "path_prefix"}
_SERVED_BUCKET = {**_BUCKET, "endpoint": "endpoint", "region": "region"}
_KEY_FIELDS = ("access_key_id", "secret_access_key")


def _source(*choices: str, help_text: str) -> Field:
    return Field(
        "credentials",
        "Credentials",
        FieldKind.CHOICE,
        default=choices[0],
        choices=choices,
        help=help_text,
    )


_FILE = StoreKind(
    id="file",
    title="Files",
    description="A folder of this machine, or of a file system that is mounted on it.",
    adapter="launchpad_tui.stores.file:FileStore",
    folder_field="root",
    fields=(
        Field(
            "root",
            "Folder",
            FieldKind.PATH,
            help="An absolute path. Empty: the folder files in launchpad's home.",
        ),
    ),
)

_KEYS = ("credentials", ("keys",))
_PROFILE = ("credentials", ("profile",))

_S3 = StoreKind(
    id="s3",
    title="Amazon S3",
    description="A bucket of Amazon S3, or of any server that speaks its protocol.",
    adapter="launchpad_tui.stores.s3:S3Store",
    location_fields=("bucket", "endpoint"),
    secret=SecretFormat(
        type="S3",
        data={
            "AWS_ACCESS_KEY_ID": "access_key_id",
            "AWS_SECRET_ACCESS_KEY": "secret_access_key",
            "AWS_SESSION_TOKEN": "session_token",
        },
        settings=_SERVED_BUCKET,
        required=("bucket",),
        secrets=_KEY_FIELDS,
        serving=("endpoint", "region"),
        tls_flags=True,
    ),
    fields=(
        Field("bucket", "Bucket", required=True),
        Field("region", "Region", help="Such as eu-central-1."),
        Field(
            "endpoint",
            "Endpoint",
            pattern=r"https?://\S+",
            help="A server other than Amazon's, such as https://s3.example.com. Empty: Amazon's of the region.",
        ),
        _PREFIX,
        _source(
            "keys",
            "environment",
            "profile",
            "instance",
            help_text="Keys kept here; or AWS_ACCESS_KEY_ID and its like; or a profile of the aws command, SSO "
            "included; or what the machine is given by its cloud.",
        ),
        Field("access_key_id", "Access key ID", FieldKind.SECRET, required=True, when=_KEYS),
        Field(
            "secret_access_key", "Secret access key", FieldKind.SECRET, required=True, when=_KEYS
        ),
        Field(
            "session_token",
            "Session token",
            FieldKind.SECRET,
            help="Only with temporary credentials.",
            when=_KEYS,
        ),
        Field("profile", "Profile", help="Of the aws command. Empty: default.", when=_PROFILE),
        Field(
            "credentials_file",
            "Credentials file",
            FieldKind.PATH,
            help="Where the profile stands. Empty: ~/.aws/credentials.",
            when=_PROFILE,
        ),
        Field(
            "addressing",
            "Addressing",
            FieldKind.CHOICE,
            default="auto",
            choices=("auto", "path", "virtual"),
            help="Whether the bucket stands in the path or in the host's name. auto: in the path with an endpoint.",
        ),
        Field(
            "encryption",
            "Encryption",
            FieldKind.CHOICE,
            choices=("", "AES256", "aws:kms"),
            help="At rest, of what is stored from here. Empty: as the bucket has it.",
        ),
        Field("kms_key_id", "KMS key ID", help="With aws:kms.", when=("encryption", ("aws:kms",))),
        *_TLS,
    ),
)

_OSS = StoreKind(
    id="oss",
    title="Alibaba OSS",
    description="A bucket of Alibaba Cloud Object Storage Service.",
    adapter="launchpad_tui.stores.oss:OssStore",
    location_fields=("bucket", "endpoint"),
    secret=SecretFormat(
        type="oss",
        data={
            "BUCKET": "bucket",
            "ENDPOINT": "endpoint",
            "REGION": "region",
            "ACCESS_KEY_ID": "access_key_id",
            "SECRET_ACCESS_KEY": "secret_access_key",
        },
        settings=_SERVED_BUCKET,
        required=("bucket", "endpoint"),
        secrets=_KEY_FIELDS,
        tls_flags=True,
    ),
    extra="oss",
    fields=(
        Field("bucket", "Bucket", required=True),
        Field(
            "endpoint",
            "Endpoint",
            required=True,
            help="Such as https://oss-eu-central-1.aliyuncs.com; without https:// it is added.",
        ),
        Field("region", "Region", help="Such as eu-central-1. Empty: as the endpoint says."),
        _PREFIX,
        _source(
            "keys", "environment", help_text="Keys kept here; or OSS_ACCESS_KEY_ID and its like."
        ),
        Field("access_key_id", "Access key ID", FieldKind.SECRET, required=True, when=_KEYS),
        Field(
            "secret_access_key", "Access key secret", FieldKind.SECRET, required=True, when=_KEYS
        ),
        Field(
            "session_token",
            "STS token",
            FieldKind.SECRET,
            help="Only with temporary credentials.",
            when=_KEYS,
        ),
        Field(
            "addressing",
            "Addressing",
            FieldKind.CHOICE,
            default="auto",
            choices=("auto", "path", "virtual", "cname"),
            help="Whether the bucket stands in the host's name, in the path, or is the host (cname).",
        ),
        *_TLS,
    ),
)

_WEBHDFS = StoreKind(
    id="webhdfs",
    title="WebHDFS",
    description="Hadoop's file system over HTTP, and SAP HANA Cloud data lake Files.",
    adapter="launchpad_tui.stores.webhdfs:WebHdfsStore",
    location_fields=("namenode",),
    secret=SecretFormat(
        type="webhdfs",
        data={
            "HDFS_NAMENODE": "namenode",
            "TLS_CERT": "client_cert",
            "TLS_KEY": "client_key",
            "HEADERS": "headers",
        },
        settings={"pathPrefix": "path_prefix", "hdfsNameNode": "namenode", "headers": "headers"},
        required=("namenode",),
        key_pair=("client_cert", "client_key"),
    ),
    fields=(
        Field(
            "namenode",
            "NameNode",
            required=True,
            help="Such as http://namenode:9870, https://<instance>.files.hdl.<region>.hanacloud.ondemand.com.",
        ),
        Field(
            "path_prefix",
            "Folder",
            help="Where the store begins, such as user/alice/models. Empty: the root.",
        ),
        Field("user", "User name", help="For Hadoop without Kerberos (user.name)."),
        Field(
            "delegation_token",
            "Delegation token",
            FieldKind.SECRET,
            help="Of Hadoop, instead of a user name.",
        ),
        Field(
            "client_cert",
            "Client certificate",
            FieldKind.SECRET,
            help="PEM text, for data lake Files.",
            lines=True,
        ),
        Field(
            "client_key",
            "Client key",
            FieldKind.SECRET,
            help="PEM text of the certificate's key.",
            lines=True,
        ),
        Field(
            "headers",
            "Headers",
            help='JSON, sent with every request, such as {"x-sap-filecontainer": "<container>"}.',
        ),
        Field(
            "one_step",
            "One-step upload",
            FieldKind.CHOICE,
            default="auto",
            choices=("auto", "true", "false"),
            help="Send files at once with data=true. auto: where x-sap-filecontainer is among the headers.",
        ),
        *_TLS,
    ),
)

_AZURE = StoreKind(
    id="azure",
    title="Azure Blob Storage",
    description="A container of Azure Blob Storage.",
    adapter="launchpad_tui.stores.azure:AzureStore",
    location_fields=("container_uri",),
    secret=SecretFormat(
        type="azure",
        data={
            "CONTAINER_URI": "container_uri",
            "STORAGE_ACCESS_KEY": "sas_token",
            "REGION": "region",
            "CLIENT_ID": "client_id",
            "CLIENT_SECRET": "client_secret",
            "TENANT_ID": "tenant_id",
            "SUBSCRIPTION_ID": "",
        },
        settings={
            "pathPrefix": "path_prefix",
            "region": "region",
            "containerUri": "container_uri",
        },
        required=("container_uri",),
        secrets=("sas_token",),
        alternative=SecretAlternative("client", ("tenant_id", "client_id", "client_secret")),
    ),
    fields=(
        Field(
            "container_uri",
            "Container URI",
            required=True,
            pattern=r"https?://\S+",
            help="Such as https://account.blob.core.windows.net/container.",
        ),
        _PREFIX,
        _source(
            "sas",
            "client",
            "environment",
            help_text="A shared access signature; or a client of Entra ID with its secret; or AZURE_STORAGE_KEY, "
            "AZURE_STORAGE_SAS_TOKEN, AZURE_CLIENT_ID and their like.",
        ),
        Field(
            "sas_token",
            "SAS token",
            FieldKind.SECRET,
            required=True,
            when=("credentials", ("sas",)),
        ),
        Field("tenant_id", "Tenant ID", required=True, when=("credentials", ("client",))),
        Field("client_id", "Client ID", required=True, when=("credentials", ("client",))),
        Field(
            "client_secret",
            "Client secret",
            FieldKind.SECRET,
            required=True,
            when=("credentials", ("client",)),
        ),
        Field("region", "Region", help="Kept as SAP AI Core wants it; not used here."),
        *_TLS,
    ),
)

_GCS = StoreKind(
    id="gcs",
    title="Google Cloud Storage",
    description="A bucket of Google Cloud Storage.",
    adapter="launchpad_tui.stores.gcs:GcsStore",
    location_fields=("bucket", "endpoint"),
    secret=SecretFormat(
        type="gcs",
        data={"BUCKET": "bucket", "PRIVATE_KEY": "private_key"},
        settings=_BUCKET,
        required=("bucket",),
        secrets=("private_key",),
    ),
    extra="gcs",
    fields=(
        Field("bucket", "Bucket", required=True),
        _PREFIX,
        _source(
            "key",
            "environment",
            help_text="A service account key; or GOOGLE_APPLICATION_CREDENTIALS and what gcloud has.",
        ),
        Field(
            "private_key",
            "Service account key",
            FieldKind.SECRET,
            required=True,
            help="The key's JSON, as it is or base64.",
            lines=True,
            when=("credentials", ("key",)),
        ),
        Field(
            "endpoint",
            "Endpoint",
            pattern=r"https?://\S+",
            help="A server other than Google's. Empty: Google's.",
        ),
        *_TLS,
    ),
)

#: fields whose values a connection provides
_OWN = "Empty, as the three others: those of the connection."
_LAUNCHPAD = StoreKind(
    id="launchpad",
    title="launchpad",
    description="An object store of another machine, through its launchpad serve.",
    adapter="launchpad_tui.stores.launchpad:LaunchpadStore",
    served=True,
    location_fields=("base_url", "object_store", "resource_group"),
    fields=(
        Field("object_store", "Object store", default="default", help="Its name there."),
        Field(
            "resource_group",
            "Resource group",
            help="It belongs to there. Empty: the one that it is added to.",
        ),
        Field(
            "base_url",
            "AI API URL",
            pattern=r"https?://\S+",
            help=f"As launchpad serve says it. {_OWN}",
        ),
        Field(
            "auth_url",
            "Token URL",
            pattern=r"https?://\S+",
            help="The same with /oauth/token in place of /v2.",
        ),
        Field("client_id", "Client ID", help="As launchpad serve clients add says it."),
        Field(
            "client_secret",
            "Client secret",
            FieldKind.SECRET,
            help="As launchpad serve clients add said it.",
        ),
        Field(
            "ca_file",
            "CA file",
            FieldKind.PATH,
            help="Certificates to trust beside the usual ones, PEM.",
        ),
    ),
)

#: by id, in the order in which they are offered
KINDS: dict[str, StoreKind] = {
    kind.id: kind for kind in (_FILE, _S3, _OSS, _WEBHDFS, _AZURE, _GCS, _LAUNCHPAD)
}
#: the kind through which the runtime of a connection serves files
SERVED_KIND = next(kind for kind in KINDS.values() if kind.served)


def store_kind(kind_id: str) -> StoreKind:
    """The kind with this id.

    Raises:
        NotFound: there is none.
    """
    try:
        return KINDS[kind_id]
    except KeyError:
        raise NotFound(
            f"There is no object store type {kind_id!r}", hint=f"Types: {', '.join(KINDS)}."
        ) from None
