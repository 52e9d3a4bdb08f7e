"""Authorization of requests to Google Cloud Storage.

Credentials are a service account key or the application default credentials.

https://developers.google.com/identity/protocols/oauth2/service-account
https://cloud.google.com/docs/authentication/application-default-credentials
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from launchpad_tui.errors import ConfigError, DependencyMissing
from launchpad_tui.net.address_policy import policy_of
from launchpad_tui.net.oauth import AccessToken, request_instance_token, request_token_once
from launchpad_tui.stores.request_auth import (
    Authenticator,
    BearerAuthenticator,
    RequestAuth,
    environment_variable,
)
from launchpad_tui.stores.store_errors import (
    credentials_missing,
)

_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_TOKEN = "https://oauth2.googleapis.com/token"
_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_NEEDED = ("client_email", "private_key")
#: lifetime of an assertion (seconds), the longest that Google allows
_LIFETIME = 3600


def authenticator_of(values: Mapping[str, str], store: str) -> Authenticator:
    """Return the authenticator that the store's fields configure; does not call it.

    Args:
        values: by the names of the catalog's fields.
        store: how errors name the store.

    Raises:
        AuthenticationFailed: the key is missing.
        ConfigError: the key is invalid.
    """
    if (values.get("credentials") or "key") == "environment":
        return _Environment(values, store)
    text = values.get("private_key", "").strip()
    if not text:
        raise credentials_missing(store, "Enter a service account key.")
    return _of_account(key_of(text), values)


def key_of(text: str) -> dict[str, Any]:
    """Parse a service account key, plain JSON or base64.

    Raises:
        ConfigError: the key is invalid. The message contains no part of it.
    """
    if not text.startswith("{"):
        try:
            text = base64.b64decode("".join(text.split()), validate=True).decode()
        except (binascii.Error, ValueError):
            raise _invalid_key("It is neither JSON nor base64.") from None
    try:
        key = json.loads(text)
    except (ValueError, RecursionError):
        raise _invalid_key("It is not valid JSON.") from None
    if not isinstance(key, dict):
        raise _invalid_key("It is not a JSON object.")
    missing = [name for name in _NEEDED if not isinstance(key.get(name), str) or not key[name]]
    if missing:
        raise _invalid_key(f"Missing: {', '.join(missing)}.")
    if key.get("type", "service_account") != "service_account":
        raise _invalid_key("Its type is not service_account.")
    address = key.get("token_uri") or _TOKEN
    if not isinstance(address, str) or urlsplit(address).scheme not in {"http", "https"}:
        raise _invalid_key("Its token_uri is not a URL.")
    return key


def _invalid_key(why: str) -> ConfigError:
    return ConfigError(
        "Invalid service account key",
        why,
        "Enter the JSON that Google created for the account, or its base64.",
    )


def _of_account(key: Mapping[str, Any], values: Mapping[str, str]) -> Authenticator:
    address = str(key.get("token_uri") or _TOKEN)

    def fetch() -> AccessToken:
        assertion = _assertion(key, address)
        form = {"grant_type": _BEARER, "assertion": assertion}
        return request_token_once(
            address,
            form,
            values.get("ca_file", ""),
            (assertion, key["private_key"]),
            "Google",
            policy=policy_of(values),
        )

    return BearerAuthenticator(fetch)


def _assertion(key: Mapping[str, Any], audience: str) -> str:
    """Return the JWT that requests a token, signed with the key (RS256, RFC 7518).

    Raises:
        DependencyMissing: cryptography is not installed.
        ConfigError: the key is not an RSA key.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ModuleNotFoundError as error:
        raise DependencyMissing(
            f"Google Cloud Storage requires the package {error.name}",
            hint="Install it with: pip install 'launchpad-tui[gcs]'",
            extra="gcs",
        ) from error
    try:
        signer = load_pem_private_key(key["private_key"].encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _invalid_key("Its private_key is not PEM text of a key without a password.") from None
    if not isinstance(signer, RSAPrivateKey):
        raise _invalid_key("Its private_key is not an RSA key.")
    at = int(time.time())
    claims = {
        "iss": key["client_email"],
        "scope": _SCOPE,
        "aud": audience,
        "iat": at,
        "exp": at + _LIFETIME,
    }
    head = {"alg": "RS256", "typ": "JWT"} | (
        {"kid": key["private_key_id"]} if key.get("private_key_id") else {}
    )
    signed = ".".join(_encoded(json.dumps(each).encode()) for each in (head, claims))
    return f"{signed}.{_encoded(signer.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class _Environment:
    """Authorization by the application default credentials, which are read on first use.

    They are the file that GOOGLE_APPLICATION_CREDENTIALS names, the login of gcloud, or the service
    account of this machine.
    """

    def __init__(self, values: Mapping[str, str], store: str) -> None:
        self._values = dict(values)
        self._store = store
        self._found: Authenticator | None = None

    def authorize(self, refused: RequestAuth | None = None, /) -> RequestAuth:
        self._found = self._found or self._find()
        return self._found.authorize(refused)

    def _find(self) -> Authenticator:
        named = environment_variable("GOOGLE_APPLICATION_CREDENTIALS")
        folder = environment_variable("CLOUDSDK_CONFIG")
        kept = Path(folder) if folder else Path.home() / ".config/gcloud"
        file = Path(named) if named else kept / "application_default_credentials.json"
        if not named and not file.exists():
            return BearerAuthenticator(lambda: _instance_token(self._store))
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise ConfigError(
                "The Google credentials file cannot be read",
                f"{file}: {type(error).__name__}",
                "Check GOOGLE_APPLICATION_CREDENTIALS.",
            ) from None
        kind = found.get("type") if isinstance(found, dict) else None
        if kind == "authorized_user":
            return _of_user(found, self._values, file)
        if kind == "service_account":
            return _of_account(key_of(json.dumps(found)), self._values)
        raise ConfigError(
            "Unsupported type of Google credentials",
            f"{file} is neither of type service_account nor authorized_user.",
            "Log in with gcloud auth application-default login, or use a service account key.",
        )


def _of_user(found: Mapping[str, Any], values: Mapping[str, str], file: Path) -> Authenticator:
    fields = ("client_id", "client_secret", "refresh_token")
    missing = [name for name in fields if not isinstance(found.get(name), str)]
    if missing:
        raise ConfigError(
            "Incomplete Google credentials",
            f"Missing in {file}: {', '.join(missing)}.",
            "Log in again with gcloud auth application-default login.",
        )
    form = {"grant_type": "refresh_token", **{name: found[name] for name in fields}}
    address = str(found.get("token_uri") or _TOKEN)
    secrets = (found["client_secret"], found["refresh_token"])
    return BearerAuthenticator(
        lambda: request_token_once(address, form, values.get("ca_file", ""), secrets, "Google")
    )


def _instance_token(store: str) -> AccessToken:
    """Request a token: https://cloud.google.com/compute/docs/access/authenticate-workloads."""
    host = environment_variable("GCE_METADATA_HOST") or "metadata.google.internal"
    url = f"http://{host}/computeMetadata/v1/instance/service-accounts/default/token"
    return request_instance_token(
        url, {"scopes": _SCOPE}, {"Metadata-Flavor": "Google"}, "the metadata service", store
    )
