"""The kinds of object stores, one entry each.

The entries are data only: their fields yield the form, the CLI flags, the validation and the help.
"""

from __future__ import annotations

from launchpad_tui.domain.connection import (
    Field,
    FieldKind,
    SecretAlternative,
    SecretFormat,
    StoreKind,
)
from launchpad_tui.errors import NotFound
from launchpad_tui.stores.shared_fields import PATH_PREFIX, TLS_FIELDS, credentials_field

#: fields of a kind by the keys of object store secrets
_BUCKET = {"bucket": "bucket", "pathPrefix": "path_prefix"}
_SERVED_BUCKET = {**_BUCKET, "endpoint": "endpoint", "region": "region"}
_KEY_FIELDS = ("access_key_id", "secret_access_key")


_FILE = StoreKind(
    id="file",
    title="Files",
    description="A folder on this machine or on a mounted file system.",
    adapter="launchpad_tui.stores.file:FileStore",
    folder_field="root",
    fields=(
        Field(
            "root",
            "Folder",
            FieldKind.PATH,
            help="An absolute path. Empty: the folder files in the home folder of launchpad.",
        ),
    ),
)

_KEYS = ("credentials", ("keys",))
_PROFILE = ("credentials", ("profile",))

REQUESTER_PAYS = Field(
    "requester_pays",
    "Requester pays",
    FieldKind.FLAG,
    help="Pay for requests and transfers, which buckets of others may require.",
)

_S3 = StoreKind(
    id="s3",
    title="Amazon S3",
    description="A bucket of Amazon S3 or of an S3-compatible server.",
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
        Field("region", "Region", help="For example eu-central-1."),
        Field(
            "endpoint",
            "Endpoint",
            pattern=r"https?://\S+",
            help="URL of an S3-compatible server, for example https://s3.example.com. "
            "Empty: Amazon S3.",
        ),
        PATH_PREFIX,
        credentials_field(
            "keys",
            "environment",
            "profile",
            "instance",
            help_text="keys: stored with this object store. "
            "environment: AWS_ACCESS_KEY_ID and related variables. "
            "profile: a profile of the AWS CLI, including SSO. "
            "instance: the role of this machine.",
        ),
        Field("access_key_id", "Access key ID", FieldKind.SECRET, required=True, when=_KEYS),
        Field(
            "secret_access_key", "Secret access key", FieldKind.SECRET, required=True, when=_KEYS
        ),
        Field(
            "session_token",
            "Session token",
            FieldKind.SECRET,
            help="Only for temporary credentials.",
            when=_KEYS,
        ),
        Field("profile", "Profile", help="Profile of the AWS CLI. Empty: default.", when=_PROFILE),
        Field(
            "credentials_file",
            "Credentials file",
            FieldKind.PATH,
            help="The file that contains the profile. Empty: ~/.aws/credentials.",
            when=_PROFILE,
        ),
        Field(
            "addressing",
            "Addressing",
            FieldKind.CHOICE,
            default="auto",
            choices=("auto", "path", "virtual"),
            help="Whether URLs contain the bucket in the path or in the host name. "
            "auto: path if there is an endpoint.",
        ),
        Field(
            "encryption",
            "Encryption",
            FieldKind.CHOICE,
            choices=("", "AES256", "aws:kms"),
            help="Server-side encryption of uploaded objects. Empty: the default of the bucket.",
        ),
        Field(
            "kms_key_id",
            "KMS key ID",
            help="Key for aws:kms. Empty: the default key.",
            when=("encryption", ("aws:kms",)),
        ),
        REQUESTER_PAYS,
        *TLS_FIELDS,
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
            help="For example https://oss-eu-central-1.aliyuncs.com; https:// may be omitted.",
        ),
        Field(
            "region", "Region", help="For example eu-central-1. Empty: derived from the endpoint."
        ),
        PATH_PREFIX,
        credentials_field(
            "keys",
            "environment",
            help_text="keys: stored with this object store. "
            "environment: OSS_ACCESS_KEY_ID and related variables.",
        ),
        Field("access_key_id", "Access key ID", FieldKind.SECRET, required=True, when=_KEYS),
        Field(
            "secret_access_key", "Access key secret", FieldKind.SECRET, required=True, when=_KEYS
        ),
        Field(
            "session_token",
            "STS token",
            FieldKind.SECRET,
            help="Only for temporary credentials.",
            when=_KEYS,
        ),
        Field(
            "addressing",
            "Addressing",
            FieldKind.CHOICE,
            default="auto",
            choices=("auto", "path", "virtual", "cname"),
            help="virtual: URLs contain the bucket in the host name. path: in the path. "
            "cname: the host name is a CNAME of the bucket.",
        ),
        REQUESTER_PAYS,
        *TLS_FIELDS,
    ),
)

_SIMPLE = ("authentication", ("simple",))

_WEBHDFS = StoreKind(
    id="webhdfs",
    title="WebHDFS",
    description="The Hadoop file system over HTTP, or SAP HANA Cloud data lake Files.",
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
            help="For example http://namenode:9870 or "
            "https://<instance>.files.hdl.<region>.hanacloud.ondemand.com. With high availability: "
            "the addresses of all NameNodes, separated by commas.",
        ),
        Field(
            "path_prefix",
            "Folder",
            help="Root folder of the store, for example user/alice/models. "
            "Empty: the root of the file system.",
        ),
        Field(
            "authentication",
            "Authentication",
            FieldKind.CHOICE,
            default="simple",
            choices=("simple", "ticket", "keytab"),
            help="simple: by a user name, delegation token or client certificate. "
            "ticket: by a Kerberos ticket from kinit. keytab: by a Kerberos keytab.",
        ),
        Field(
            "user",
            "User name",
            help="For Hadoop without Kerberos (parameter user.name).",
            when=_SIMPLE,
        ),
        Field(
            "delegation_token",
            "Delegation token",
            FieldKind.SECRET,
            help="Delegation token of Hadoop, instead of a user name.",
            when=_SIMPLE,
        ),
        Field(
            "principal",
            "Principal",
            help="For example alice@EXAMPLE.COM. "
            "Empty: the principal of the ticket cache, or the first one of the keytab.",
            when=("authentication", ("ticket", "keytab")),
        ),
        Field(
            "ticket_cache",
            "Ticket cache",
            help="For example FILE:/tmp/krb5cc_1000. Empty: the default (KRB5CCNAME).",
            when=("authentication", ("ticket",)),
        ),
        Field(
            "keytab",
            "Keytab",
            FieldKind.PATH,
            required=True,
            help="File with the key of the principal. Only its owner should be able to read it.",
            when=("authentication", ("keytab",)),
        ),
        Field(
            "client_cert",
            "Client certificate",
            FieldKind.SECRET,
            help="PEM text; required by data lake Files.",
            lines=True,
        ),
        Field(
            "client_key",
            "Client key",
            FieldKind.SECRET,
            help="PEM text of the private key of the certificate.",
            lines=True,
        ),
        Field(
            "headers",
            "Headers",
            headers=True,
            help="JSON object of headers sent with every request, for example "
            '{"x-sap-filecontainer": "<container>"}.',
        ),
        Field(
            "one_step",
            "One-step upload",
            FieldKind.CHOICE,
            default="auto",
            choices=("auto", "true", "false"),
            help="Upload files in one request with data=true. "
            "auto: if the headers contain x-sap-filecontainer.",
        ),
        *TLS_FIELDS,
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
            query_secret="sas_token",
            pattern=r"https?://\S+",
            help="For example https://account.blob.core.windows.net/container.",
        ),
        PATH_PREFIX,
        credentials_field(
            "sas",
            "client",
            "environment",
            help_text="sas: a shared access signature. "
            "client: a client of Entra ID with its secret. "
            "environment: AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN, AZURE_CLIENT_ID and "
            "related variables.",
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
        Field(
            "region",
            "Region",
            help="Stored because SAP AI Core requires it; not used by launchpad.",
        ),
        *TLS_FIELDS,
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
        PATH_PREFIX,
        credentials_field(
            "key",
            "environment",
            help_text="key: a service account key. "
            "environment: GOOGLE_APPLICATION_CREDENTIALS or the login of gcloud.",
        ),
        Field(
            "private_key",
            "Service account key",
            FieldKind.SECRET,
            required=True,
            help="The JSON of the key, plain or base64.",
            lines=True,
            when=("credentials", ("key",)),
        ),
        Field(
            "endpoint",
            "Endpoint",
            pattern=r"https?://\S+",
            help="URL of a compatible server. Empty: Google Cloud Storage.",
        ),
        Field(
            "user_project",
            "Billing project",
            pattern=r"[a-z0-9.:-]+",
            help="ID of the project that pays for requests, which buckets of others may require.",
        ),
        *TLS_FIELDS,
    ),
)

#: help of the first of the fields that may be empty in a connection to launchpad serve
_FROM_CONNECTION = "If this and the next three fields are empty, the connection provides them."
_LAUNCHPAD = StoreKind(
    id="launchpad",
    title="launchpad",
    description="An object store of another machine that runs launchpad serve.",
    adapter="launchpad_tui.stores.launchpad:LaunchpadStore",
    served=True,
    location_fields=("base_url", "object_store", "resource_group"),
    fields=(
        Field(
            "object_store", "Object store", default="default", help="Its name on the other machine."
        ),
        Field(
            "resource_group",
            "Resource group",
            help="Its resource group on the other machine. "
            "Empty: the group that this store is added to.",
        ),
        Field(
            "base_url",
            "AI API URL",
            pattern=r"https?://\S+",
            help=f"The URL that launchpad serve prints. {_FROM_CONNECTION}",
        ),
        Field(
            "auth_url",
            "Token URL",
            pattern=r"https?://\S+",
            help="The AI API URL with /oauth/token instead of /v2.",
        ),
        Field(
            "client_id", "Client ID", help="The client ID that launchpad serve clients add prints."
        ),
        Field(
            "client_secret",
            "Client secret",
            FieldKind.SECRET,
            help="The secret that launchpad serve clients add prints.",
        ),
        Field(
            "ca_file",
            "CA file",
            FieldKind.PATH,
            help="PEM file of certificate authorities that are trusted in addition to those of "
            "this machine.",
        ),
    ),
)

#: kinds by ID, in the order in which forms list them
KINDS: dict[str, StoreKind] = {
    kind.id: kind for kind in (_FILE, _S3, _OSS, _WEBHDFS, _AZURE, _GCS, _LAUNCHPAD)
}
#: the kind through which the runtime of a connection serves files
SERVED_KIND = next(kind for kind in KINDS.values() if kind.served)


def store_kind(kind_id: str) -> StoreKind:
    """Return the kind with this ID.

    Raises:
        NotFound: there is no such kind.
    """
    try:
        return KINDS[kind_id]
    except KeyError:
        raise NotFound(
            f"Unknown object store type {kind_id!r}",
            hint=f"Valid types: {', '.join(KINDS)}.",
        ) from None
