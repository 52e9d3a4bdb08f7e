"""The client of an OSS store: where it calls, as whom, and over which connections. The SDK (alibabacloud-oss-v2) is
imported when a store is first connected to."""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from launchpad_tui.errors import ConfigError
from launchpad_tui.stores.base import Endpoint, server_of
from launchpad_tui.stores.oss_errors import sdk

#: seconds
CONNECT_TIMEOUT = 5
READ_TIMEOUT = 30
ATTEMPTS = 3
#: transfers at the same time
CONCURRENCY = 4

#: https://www.alibabacloud.com/help/en/oss/regions-and-endpoints: public, internal and dual-stack ones
_REGIONS = (
    re.compile(r"oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com"),
    re.compile(r"([a-z0-9-]+)\.oss\.aliyuncs\.com"),
)
_HOST = re.compile(r"[a-z0-9._-]+")
_REGION = re.compile(r"[a-z0-9-]+")
_VARIABLES = ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET")


@dataclass(frozen=True, slots=True)
class OssAddress:
    """Where a bucket is called. ``url`` is the endpoint's, ``style`` one of path, virtual and cname."""

    url: str
    region: str
    style: str
    server: Endpoint


def address(values: Mapping[str, str]) -> OssAddress:
    """By the fields of the catalog; calls nobody and needs no SDK.

    Raises:
        ConfigError: the endpoint is no address, or the region is not known.
    """
    bucket, endpoint = values["bucket"], values.get("endpoint", "").strip()
    url = endpoint if "://" in endpoint else f"https://{endpoint}"
    if "@" in url:
        raise ConfigError(
            "The endpoint holds credentials", hint="Enter them as access key and secret."
        )
    found = server_of(url, values)
    parts, host = urlsplit(url), found.host
    named = _HOST.fullmatch(host) or _is_number(host)
    if not named or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ConfigError(
            "The endpoint is not valid",
            url[:200],
            "It is a host, such as https://oss-eu-central-1.aliyuncs.com; the bucket has a field of its own.",
        )
    theirs = host.endswith(".aliyuncs.com")
    if theirs and host.startswith(f"{bucket}."):
        # The console shows the bucket's own host next to the endpoint.
        host = host.removeprefix(f"{bucket}.")
    style = values.get("addressing") or "auto"
    if style == "auto":
        style = "virtual" if theirs else "path"
    if _is_number(host):
        style = "path"
    shown = f"[{host}]" if ":" in host else host
    port = "" if parts.port is None else f":{parts.port}"
    called = f"{bucket}.{host}" if style == "virtual" else host
    server = Endpoint(called, found.port, found.tls, found.verify, found.ca_file)
    return OssAddress(
        f"{parts.scheme}://{shown}{port}", _region(values.get("region", ""), host), style, server
    )


def _region(named: str, host: str) -> str:
    """The region that requests are signed for.

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
            "The region of the bucket is not known",
            f"The endpoint {host[:200]} does not say it.",
            "Enter the region, such as eu-central-1.",
        )
    if not _REGION.fullmatch(region):
        raise ConfigError("The region is not valid", region[:80], "Such as eu-central-1.")
    return region


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def connect(values: Mapping[str, str]) -> Any:
    """A client by the fields of the catalog; it does not call yet.

    Raises:
        ConfigError: endpoint, region, credentials or CA file are missing or wrong.
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
    config.http_client = _http_client(where.server)
    # It would read bodies in small pieces, and cannot tell what to take back; transfers compare for themselves.
    config.disable_upload_crc64_check = True
    return oss.Client(config)


def _credentials(values: Mapping[str, str]) -> tuple[str, str, str]:
    """Key, secret and token; what is not asked for has no say."""
    if values.get("credentials") == "environment":
        missing = [name for name in _VARIABLES if not os.environ.get(name)]
        if missing:
            raise ConfigError(
                "The object store needs credentials", f"Not set: {', '.join(missing)}."
            )
        key, secret = (os.environ[name].strip() for name in _VARIABLES)
        token = os.environ.get("OSS_SESSION_TOKEN", "").strip()
    else:
        names = ("access_key_id", "secret_access_key", "session_token")
        key, secret, token = (values.get(name, "").strip() for name in names)
        if not key or not secret:
            raise ConfigError(
                "The object store needs credentials", hint="Enter access key and secret."
            )
    # They go into a header; what does not fit into one, the HTTP client would tell whole in its error.
    if not all(each.isascii() and each.isprintable() for each in (key, secret, token)):
        raise ConfigError(
            "The credentials have characters that no key has", hint="Enter them again."
        )
    return key, secret, token


def _retryer() -> Any:
    from alibabacloud_oss_v2.retry import error_retryable, retryer_impl

    # Not the SDK's third, which asks again when a clock is wrong.
    again = [error_retryable.HTTPStatusCodeRetryable(), error_retryable.ClientErrorRetryable()]
    return retryer_impl.StandardRetryer(ATTEMPTS, max_backoff=2.0, error_retryables=again)


def _http_client(server: Endpoint) -> Any:
    """The SDK's HTTP client, with a session that is told apart from the environment."""
    import requests
    from alibabacloud_oss_v2.transport import RequestsHttpClient
    from requests.adapters import HTTPAdapter

    trusted: bool | str | None = None
    if server.tls and not server.verify:
        from urllib3 import disable_warnings
        from urllib3.exceptions import InsecureRequestWarning

        # The user said so; the warning would be written over the terminal's picture.
        disable_warnings(InsecureRequestWarning)
        trusted = False
    elif server.tls and server.ca_file:
        trusted = os.path.expanduser(server.ca_file)
        try:
            ssl.create_default_context(cafile=trusted)
        except OSError as error:
            raise ConfigError(
                "The CA file cannot be used", f"{trusted}: {error.strerror or error}"
            ) from error

    class Session(requests.Session):
        def merge_environment_settings(self, *arguments: Any, **more: Any) -> Any:
            """requests lets REQUESTS_CA_BUNDLE beat what it was told to trust."""
            settings = super().merge_environment_settings(*arguments, **more)
            return settings if trusted is None else {**settings, "verify": trusted}

    session = Session()
    # Else requests would put a password of ~/.netrc in the place of the signature.
    session.auth = lambda request: request
    session.hooks["response"].append(_as_stored)
    adapter = HTTPAdapter(pool_connections=2, pool_maxsize=2 * CONCURRENCY, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return RequestsHttpClient(
        session=session, connect_timeout=CONNECT_TIMEOUT, readwrite_timeout=READ_TIMEOUT
    )


def _as_stored(response: Any, **_: Any) -> None:
    """An object that is stored with a Content-Encoding comes as it is stored, not unpacked."""
    response.raw.headers.pop("content-encoding", None)
