"""What lets requests in to Google Cloud Storage: a service account's key, or the application default credentials.

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

from launchpad_tui.errors import AuthenticationFailed, ConfigError, DependencyMissing
from launchpad_tui.net.oauth import AccessToken, request_instance_token, request_token_once
from launchpad_tui.stores.request_auth import (
    Authenticator,
    BearerAuthenticator,
    RequestAuth,
    environment_variable,
)

_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_TOKEN = "https://oauth2.googleapis.com/token"
_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_NEEDED = ("client_email", "private_key")
#: seconds; Google takes no more
_HOLDS = 3600


def authenticator_of(values: Mapping[str, str]) -> Authenticator:
    """What the store's fields say; does not call.

    Raises:
        AuthenticationFailed: no key.
        ConfigError: it is none.
    """
    if (values.get("credentials") or "key") == "environment":
        return _Environment(values)
    text = values.get("private_key", "").strip()
    if not text:
        raise AuthenticationFailed(
            "The object store needs credentials", hint="Enter a service account key."
        )
    return _of_account(key_of(text), values)


def key_of(text: str) -> dict[str, Any]:
    """A service account's key, of its JSON as it is or base64.

    Raises:
        ConfigError: it is none; the message says what it lacks and repeats nothing of it.
    """
    if not text.startswith("{"):
        try:
            text = base64.b64decode("".join(text.split()), validate=True).decode()
        except (binascii.Error, ValueError):
            raise _no_key("It is neither JSON nor base64.") from None
    try:
        key = json.loads(text)
    except ValueError:
        raise _no_key("It is no JSON.") from None
    if not isinstance(key, dict):
        raise _no_key("It is no JSON object.")
    lacking = [name for name in _NEEDED if not isinstance(key.get(name), str) or not key[name]]
    if lacking:
        raise _no_key(f"It lacks {', '.join(lacking)}.")
    if key.get("type", "service_account") != "service_account":
        raise _no_key("Its type is not service_account.")
    address = key.get("token_uri") or _TOKEN
    if not isinstance(address, str) or urlsplit(address).scheme not in {"http", "https"}:
        raise _no_key("Its token_uri is no URL.")
    return key


def _no_key(why: str) -> ConfigError:
    return ConfigError(
        "The service account key is none",
        why,
        "Enter the JSON that Google made for the account, or its base64.",
    )


def _of_account(key: Mapping[str, Any], values: Mapping[str, str]) -> Authenticator:
    address = str(key.get("token_uri") or _TOKEN)

    def fetch() -> AccessToken:
        assertion = _assertion(key, address)
        form = {"grant_type": _BEARER, "assertion": assertion}
        return request_token_once(
            address, form, values.get("ca_file", ""), (assertion, key["private_key"]), "Google"
        )

    return BearerAuthenticator(fetch)


def _assertion(key: Mapping[str, Any], audience: str) -> str:
    """What the account asks for a token with: a JWT, signed by its key (RS256, RFC 7518).

    Raises:
        DependencyMissing: cryptography is not installed.
        ConfigError: the key is none of RSA.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ModuleNotFoundError as error:
        raise DependencyMissing(
            f"Google Cloud Storage needs {error.name}",
            hint="Install it with: pip install 'launchpad-tui[gcs]'",
            extra="gcs",
        ) from error
    try:
        signer = load_pem_private_key(key["private_key"].encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _no_key("Its private_key is no PEM text of a key without a password.") from None
    if not isinstance(signer, RSAPrivateKey):
        raise _no_key("Its private_key is none of RSA.")
    at = int(time.time())
    claims = {
        "iss": key["client_email"],
        "scope": _SCOPE,
        "aud": audience,
        "iat": at,
        "exp": at + _HOLDS,
    }
    head = {"alg": "RS256", "typ": "JWT"} | (
        {"kid": key["private_key_id"]} if key.get("private_key_id") else {}
    )
    signed = ".".join(_encoded(json.dumps(each).encode()) for each in (head, claims))
    return f"{signed}.{_encoded(signer.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class _Environment:
    """The file that GOOGLE_APPLICATION_CREDENTIALS names, else what gcloud has kept, else the machine's own service.
    Looked at on first use; see `Authenticator`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        self._found: Authenticator | None = None

    def authorize(self, refused: RequestAuth | None = None, /) -> RequestAuth:
        self._found = self._found or self._look()
        return self._found.authorize(refused)

    def _look(self) -> Authenticator:
        named = environment_variable("GOOGLE_APPLICATION_CREDENTIALS")
        folder = environment_variable("CLOUDSDK_CONFIG")
        kept = Path(folder) if folder else Path.home() / ".config/gcloud"
        file = Path(named) if named else kept / "application_default_credentials.json"
        if not named and not file.exists():
            return BearerAuthenticator(_of_machine)
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(
                "Google's credentials cannot be read", f"{file}: {type(error).__name__}"
            ) from None
        kind = found.get("type") if isinstance(found, dict) else None
        if kind == "authorized_user":
            return _of_user(found, self._values, file)
        if kind == "service_account":
            return _of_account(key_of(json.dumps(found)), self._values)
        raise ConfigError(
            "Google's credentials are of a kind that is not known here",
            f"{file} is neither service_account nor authorized_user.",
        )


def _of_user(found: Mapping[str, Any], values: Mapping[str, str], file: Path) -> Authenticator:
    fields = ("client_id", "client_secret", "refresh_token")
    lacking = [name for name in fields if not isinstance(found.get(name), str)]
    if lacking:
        raise ConfigError(
            "Google's credentials are not complete", f"{file} lacks {', '.join(lacking)}."
        )
    form = {"grant_type": "refresh_token", **{name: found[name] for name in fields}}
    address = str(found.get("token_uri") or _TOKEN)
    secrets = (found["client_secret"], found["refresh_token"])
    return BearerAuthenticator(
        lambda: request_token_once(address, form, values.get("ca_file", ""), secrets, "Google")
    )


def _of_machine() -> AccessToken:
    """https://cloud.google.com/compute/docs/access/authenticate-workloads"""
    host = environment_variable("GCE_METADATA_HOST") or "metadata.google.internal"
    url = f"http://{host}/computeMetadata/v1/instance/service-accounts/default/token"
    return request_instance_token(
        url, {"scopes": _SCOPE}, {"Metadata-Flavor": "Google"}, "the metadata service"
    )
