"""Address of a container of Azure Blob Storage, and authorization of requests to it.

Requests are authorized by a shared access signature (SAS), configured or created from an account
key, or by a token of Entra ID. The environment is used only if the field Credentials has the value
``environment``. The exception is the address of Entra ID, which ``AZURE_AUTHORITY_HOST`` may set as
in Microsoft's tools.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import ConfigError
from launchpad_tui.net.address_policy import policy_of
from launchpad_tui.net.oauth import AccessToken, request_instance_token, request_token_once
from launchpad_tui.records import record
from launchpad_tui.stores.request_auth import (
    Authenticator,
    BearerAuthenticator,
    RequestAuth,
    environment_variable,
)
from launchpad_tui.stores.store_errors import (
    credentials_missing,
)

#: version of the REST API; since 2021-02-12 names in listings are encoded where XML requires it
VERSION = "2021-12-02"
_SCOPE = "https://storage.azure.com/.default"
_RESOURCE = "https://storage.azure.com/"
#: address of Entra ID by the domain of the storage host; `_AUTHORITY` for all others
_AUTHORITIES = {
    ".chinacloudapi.cn": "https://login.chinacloudapi.cn",
    ".usgovcloudapi.net": "https://login.microsoftonline.us",
}
_AUTHORITY = "https://login.microsoftonline.com"
_MACHINE = "http://169.254.169.254/metadata/identity/oauth2/token"
#: validity of a SAS that is created from an account key (hours)
_HOURS = 2


@record
class AzureContainer:
    """A container. ``url`` has no trailing slash and no query."""

    url: str
    host: str
    account: str
    name: str

    @classmethod
    def of(cls, uri: str) -> AzureContainer:
        """Parse a container URI.

        It is ``https://account.host/container`` or ``http://127.0.0.1:10000/account/container``.

        Raises:
            ConfigError: the URI is invalid. The message omits the query, which may be a SAS.
        """
        try:
            parts = urlsplit(uri.strip())
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise _invalid_uri("It is not a URL.") from error
        if parts.scheme not in {"http", "https"} or not host:
            raise _invalid_uri("It is not a URL.")
        if parts.query or parts.fragment:
            raise _invalid_uri("It has a query. Enter a SAS in its own field.")
        if parts.username is not None or parts.password is not None:
            raise _invalid_uri("It contains a user name.")
        names = [unquote(each) for each in parts.path.split("/") if each]
        if len(names) not in {1, 2}:
            raise _invalid_uri(
                "It has no container name."
                if not names
                else "It contains a folder. Enter folders in the field Path prefix."
            )
        if len(names) == 2 and not _in_path(host):
            raise _invalid_uri("It contains a folder. Enter folders in the field Path prefix.")
        account = names[0] if len(names) == 2 else host.partition(".")[0]
        server = f"[{host}]" if ":" in host else host
        base = f"{parts.scheme}://{server}" + (f":{port}" if port else "")
        return cls(
            base + "".join(f"/{quote(each, safe='$')}" for each in names), host, account, names[-1]
        )

    @property
    def shown(self) -> str:
        """How errors name the container."""
        return f"container {self.name!r}"

    def blob(self, key: str) -> str:
        """Return the URL of an object."""
        return f"{self.url}/{quote(key, safe='/~')}"


def _in_path(host: str) -> bool:
    """Return whether the path must contain the account, as the host is not ``account.domain``."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or not host.endswith((".net", ".cn", ".com", ".us", ".de"))
    return True


def _invalid_uri(why: str) -> ConfigError:
    return ConfigError(
        "Invalid container URI",
        why,
        "Example: https://account.blob.core.windows.net/container",
    )


def authenticator_of(container: AzureContainer, values: Mapping[str, str]) -> Authenticator:
    """Return the authenticator that the store's fields configure; does not call it.

    Raises:
        AuthenticationFailed: credentials are missing.
        ConfigError: a value is invalid.
    """
    match values.get("credentials") or "sas":
        case "client":
            return _client(
                container,
                values,
                *(values.get(n, "") for n in ("tenant_id", "client_id", "client_secret")),
            )
        case "environment":
            return _Environment(container, values)
        case _:
            if not values.get("sas_token", "").strip():
                raise ConfigError(
                    f"No credentials found for {container.shown}",
                    "The field is empty.",
                    "Enter a SAS token.",
                )
            return Sas(values["sas_token"])


class Sas:
    """Authorization by a SAS, with or without a leading question mark; see `Authenticator`.

    Raises:
        ConfigError: the token is invalid, or a URL. The message contains no part of it.
    """

    def __init__(self, token: str) -> None:
        # A plus sign is literal: signatures are base64, and portals encode spaces as %20.
        pairs = [each.partition("=") for each in token.strip().lstrip("?").split("&") if each]
        self._query = {name: unquote(value) for name, _, value in pairs}
        if not self._query.get("sig") or not self._query.get("sv"):
            raise ConfigError(
                "Invalid SAS token",
                "Its parameter sv or sig is missing.",
                "Enter only the query, such as sv=2024-…&sp=racwdl&sig=…, not the URL.",
            )

    def authorize(self, _refused: RequestAuth | None = None, /) -> RequestAuth:
        return RequestAuth(self._query, {}, (self._query["sig"],))


class _AccountKey:
    """Authorization by signatures for the container that are created from an account key."""

    def __init__(self, container: AzureContainer, key: str, account: str) -> None:
        self._container = container
        self._account = account or container.account
        try:
            self._key = base64.b64decode(key, validate=True)
        except (binascii.Error, ValueError):
            raise ConfigError(
                "Invalid storage account key", "It is not base64.", "Check AZURE_STORAGE_KEY."
            ) from None

    def authorize(self, _refused: RequestAuth | None = None, /) -> RequestAuth:
        """Create a signature.

        https://learn.microsoft.com/en-us/rest/api/storageservices/create-service-sas
        """
        start, end = (
            (now() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
            for hours in (-0.25, _HOURS)
        )
        protocol = "https" if self._container.url.startswith("https:") else "https,http"
        resource = f"/blob/{self._account}/{self._container.name}"
        text = "\n".join(
            ["racwdl", start, end, resource, "", "", protocol, VERSION, "c", *[""] * 7]
        )
        signature = base64.b64encode(
            hmac.new(self._key, text.encode(), hashlib.sha256).digest()
        ).decode()
        query = {"sv": VERSION, "sr": "c", "sp": "racwdl", "st": start, "se": end, "spr": protocol}
        return RequestAuth({**query, "sig": signature}, {}, (signature,))


class _Environment:
    """Authorization by the environment, which is read on first use.

    The first of these that is set is used: a SAS, an account key, a client with a secret or a
    federated token, the identity of this machine.
    """

    def __init__(self, container: AzureContainer, values: Mapping[str, str]) -> None:
        self._container = container
        self._values = dict(values)
        self._found: Authenticator | None = None

    def authorize(self, refused: RequestAuth | None = None, /) -> RequestAuth:
        self._found = self._found or self._find()
        return self._found.authorize(refused)

    def _find(self) -> Authenticator:
        if token := environment_variable("AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_SAS_KEY"):
            return Sas(token)
        if key := environment_variable(
            "AZURE_STORAGE_KEY", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY"
        ):
            return _AccountKey(
                self._container,
                key,
                environment_variable("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ACCOUNT_NAME"),
            )
        tenant, client = (
            environment_variable("AZURE_TENANT_ID"),
            environment_variable("AZURE_CLIENT_ID"),
        )
        if tenant and client and (secret := environment_variable("AZURE_CLIENT_SECRET")):
            return _client(self._container, self._values, tenant, client, secret)
        if tenant and client and (file := environment_variable("AZURE_FEDERATED_TOKEN_FILE")):
            return _federated(self._container, self._values, tenant, client, file)
        return BearerAuthenticator(lambda: _instance_token(client, self._container.shown), _HEADERS)


_HEADERS = {"x-ms-version": VERSION}


def _login(container: AzureContainer, tenant: str) -> str:
    known = (url for end, url in _AUTHORITIES.items() if container.host.endswith(end))
    host = environment_variable("AZURE_AUTHORITY_HOST") or next(known, _AUTHORITY)
    host = host if "://" in host else f"https://{host}"
    return f"{host.rstrip('/')}/{quote(tenant, safe='')}/oauth2/v2.0/token"


def _client(
    container: AzureContainer, values: Mapping[str, str], tenant: str, client: str, secret: str
) -> Authenticator:
    if not (tenant and client and secret):
        raise credentials_missing(container.shown, "Enter tenant ID, client ID and client secret.")
    form = {
        "grant_type": "client_credentials",
        "client_id": client,
        "client_secret": secret,
        "scope": _SCOPE,
    }
    return BearerAuthenticator(
        lambda: request_token_once(
            _login(container, tenant),
            form,
            values.get("ca_file", ""),
            (secret,),
            "Entra ID",
            policy=policy_of(values),
        ),
        _HEADERS,
    )


def _federated(
    container: AzureContainer, values: Mapping[str, str], tenant: str, client: str, file: str
) -> Authenticator:
    """Use a federated token.

    https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow
    """

    def fetch() -> AccessToken:
        # The file is renewed from time to time.
        try:
            assertion = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                "The federated token cannot be read",
                f"{file}: {type(error).__name__}",
                "Check AZURE_FEDERATED_TOKEN_FILE.",
            ) from error
        form = {
            "grant_type": "client_credentials",
            "client_id": client,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
            "scope": _SCOPE,
        }
        return request_token_once(
            _login(container, tenant), form, values.get("ca_file", ""), (assertion,), "Entra ID"
        )

    return BearerAuthenticator(fetch, _HEADERS)


def _instance_token(client: str, store: str) -> AccessToken:
    """Request a token of the managed identity.

    https://learn.microsoft.com/en-us/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
    """
    query = {"resource": _RESOURCE} | ({"client_id": client} if client else {})
    url, header = environment_variable("IDENTITY_ENDPOINT"), environment_variable("IDENTITY_HEADER")
    if url and header:
        return request_instance_token(
            url,
            {**query, "api-version": "2019-08-01"},
            {"X-IDENTITY-HEADER": header},
            "the managed identity service",
            store,
        )
    return request_instance_token(
        _MACHINE,
        {**query, "api-version": "2018-02-01"},
        {"Metadata": "true"},
        "the managed identity service",
        store,
    )
