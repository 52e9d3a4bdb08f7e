"""Address, credentials and HTTP client of an OSS store.

The SDK (alibabacloud-oss-v2) is imported when a store is first used.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from launchpad_tui.errors import ConfigError
from launchpad_tui.net.address_policy import AddressPolicy, policy_of, urllib3_pools
from launchpad_tui.net.server_check import ServerAddress
from launchpad_tui.records import record
from launchpad_tui.stores.base import server_of
from launchpad_tui.stores.oss_errors import sdk

#: seconds
CONNECT_TIMEOUT = 5
READ_TIMEOUT = 30
ATTEMPTS = 3
#: number of parallel transfers
CONCURRENCY = 4

#: public, internal and dual-stack endpoints:
#: https://www.alibabacloud.com/help/en/oss/regions-and-endpoints
_REGIONS = (
    re.compile(r"oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com"),
    re.compile(r"([a-z0-9-]+)\.oss\.aliyuncs\.com"),
)
_HOST = re.compile(r"[a-z0-9._-]+")
_REGION = re.compile(r"[a-z0-9-]+")
_VARIABLES = ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET")


@record
class OssAddress:
    """The address of a bucket.

    Args:
        url: URL of the endpoint.
        style: path, virtual or cname, see the field ``addressing``.
        server: the host that requests are sent to.
    """

    url: str
    region: str
    style: str
    server: ServerAddress


def address(values: Mapping[str, str]) -> OssAddress:
    """Return the address from the store's fields, without requests and without the SDK.

    Raises:
        ConfigError: the endpoint is invalid, or the region is unknown.
    """
    bucket, endpoint = values["bucket"], values.get("endpoint", "").strip()
    url = endpoint if "://" in endpoint else f"https://{endpoint}"
    if "@" in url:
        raise ConfigError(
            "Invalid endpoint",
            "It contains credentials.",
            "Enter them as access key ID and access key secret.",
        )
    found = server_of(url, values)
    parts, host = urlsplit(url), found.host
    named = _HOST.fullmatch(host) or _is_ip_address(host)
    if not named or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ConfigError(
            "Invalid endpoint",
            f"{url[:200]} is not the address of a host.",
            "Example: https://oss-eu-central-1.aliyuncs.com; enter the bucket in its own field.",
        )
    of_alibaba = host.endswith(".aliyuncs.com")
    if of_alibaba and host.startswith(f"{bucket}."):
        # The web console shows the host of the bucket beside the endpoint.
        host = host.removeprefix(f"{bucket}.")
    style = values.get("addressing") or "auto"
    if style == "auto":
        style = "virtual" if of_alibaba else "path"
    if _is_ip_address(host):
        style = "path"
    shown = f"[{host}]" if ":" in host else host
    port = "" if parts.port is None else f":{parts.port}"
    called = f"{bucket}.{host}" if style == "virtual" else host
    server = ServerAddress(called, found.port, found.tls, found.verify, found.ca_file)
    return OssAddress(
        f"{parts.scheme}://{shown}{port}", _region(values.get("region", ""), host), style, server
    )


def _region(named: str, host: str) -> str:
    """Return the region for which requests are signed.

    https://www.alibabacloud.com/help/en/oss/developer-reference/recommend-to-use-signature-version-4
    """
    region = named.strip().removeprefix("oss-")
    if not region:
        matches = [each.fullmatch(host) for each in _REGIONS]
        region = next((each[1] for each in matches if each), "")
    if region.startswith("accelerate"):
        region = ""
    if not region:
        raise ConfigError(
            "The region of the bucket is missing",
            f"It cannot be derived from the endpoint {host[:200]}.",
            "Enter the region, such as eu-central-1.",
        )
    if not _REGION.fullmatch(region):
        raise ConfigError("Invalid region", region[:80], "Example: eu-central-1")
    return region


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def connect(values: Mapping[str, str]) -> Any:
    """Create a client from the store's fields; sends no request.

    Raises:
        ConfigError: endpoint, region, credentials or CA file are missing or invalid.
        DependencyMissing: the SDK is not installed.
    """
    where = address(values)
    key, secret, token = _credentials(values)
    oss = sdk()
    config = oss.config.load_default()
    config.region = where.region
    config.endpoint = where.url
    config.use_path_style = where.style == "path"
    config.use_cname = where.style == "cname"
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(
        key, secret, token or None
    )
    config.retry_max_attempts = ATTEMPTS
    config.retryer = _retryer()
    config.http_client = _http_client(where.server, policy_of(values))
    if values.get("requester_pays") == "true":
        # https://www.alibabacloud.com/help/en/oss/user-guide/enable-pay-by-requester-1
        config.default_request_headers = {"x-oss-request-payer": "requester"}
    # The SDK's check reads bodies in small pieces and does not report which object has to be
    # removed, so the transfers verify checksums themselves.
    config.disable_upload_crc64_check = True
    return oss.Client(config)


def _credentials(values: Mapping[str, str]) -> tuple[str, str, str]:
    """Return access key ID, secret and token of the configured source only."""
    store = f"bucket {values['bucket']!r}"
    if values.get("credentials") == "environment":
        missing = [name for name in _VARIABLES if not os.environ.get(name)]
        if missing:
            raise ConfigError(
                f"No credentials found for {store}",
                f"Not set: {', '.join(missing)}.",
                "Set these environment variables.",
            )
        key, secret = (os.environ[name].strip() for name in _VARIABLES)
        token = os.environ.get("OSS_SESSION_TOKEN", "").strip()
    else:
        names = ("access_key_id", "secret_access_key", "session_token")
        key, secret, token = (values.get(name, "").strip() for name in names)
        if not key or not secret:
            raise ConfigError(
                f"No credentials found for {store}",
                "The fields are empty.",
                "Enter access key ID and access key secret.",
            )
    # The error of the HTTP client would contain the whole invalid header.
    if not all(each.isascii() and each.isprintable() for each in (key, secret, token)):
        raise ConfigError(
            "Invalid credentials",
            "They contain characters that are not allowed in keys.",
            "Enter them again.",
        )
    return key, secret, token


def _retryer() -> Any:
    from alibabacloud_oss_v2.retry import error_retryable, retryer_impl

    # Without the SDK's third condition, which repeats requests when the clock is wrong.
    again = [error_retryable.HTTPStatusCodeRetryable(), error_retryable.ClientErrorRetryable()]
    return retryer_impl.StandardRetryer(ATTEMPTS, max_backoff=2.0, error_retryables=again)


def _http_client(server: ServerAddress, policy: AddressPolicy | None) -> Any:
    """Return an HTTP client of the SDK whose TLS settings do not depend on the environment.

    Args:
        policy: the servers that may be reached; None for all.
    """
    import requests
    from alibabacloud_oss_v2.transport import RequestsHttpClient
    from requests.adapters import HTTPAdapter

    trusted: bool | str | None = None
    if server.tls and not server.verify:
        from urllib3 import disable_warnings
        from urllib3.exceptions import InsecureRequestWarning

        # The user disabled verification. The warning would be printed over the terminal app.
        disable_warnings(InsecureRequestWarning)
        trusted = False
    elif server.tls and server.ca_file:
        trusted = os.path.expanduser(server.ca_file)
        try:
            ssl.create_default_context(cafile=trusted)
        except OSError as error:
            raise ConfigError(
                "The CA file cannot be loaded",
                f"{trusted}: {error.strerror or error}",
                "The file must contain certificates in PEM format.",
            ) from error

    class Session(requests.Session):
        def merge_environment_settings(self, *arguments: Any, **more: Any) -> Any:
            """Keep ``verify``, which requests would replace by REQUESTS_CA_BUNDLE."""
            settings = super().merge_environment_settings(*arguments, **more)
            return settings if trusted is None else {**settings, "verify": trusted}

    session = Session()
    # Otherwise requests would replace the signature by a password from ~/.netrc.
    session.auth = lambda request: request
    session.hooks["response"].append(_as_stored)
    adapter = HTTPAdapter(pool_connections=2, pool_maxsize=2 * CONCURRENCY, max_retries=0)
    if policy is not None:
        session.trust_env = False
        adapter.poolmanager.pool_classes_by_scheme = urllib3_pools(policy)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return RequestsHttpClient(
        session=session, connect_timeout=CONNECT_TIMEOUT, readwrite_timeout=READ_TIMEOUT
    )


def _as_stored(response: Any, **_: Any) -> None:
    """Return objects that have a Content-Encoding as they are stored, not decompressed."""
    response.raw.headers.pop("content-encoding", None)
