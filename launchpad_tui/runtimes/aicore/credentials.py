"""Credentials of SAP AI Core from service keys, the environment and profiles.

A service key is the JSON that SAP BTP shows for a service instance: ``clientid``, ``clientsecret``,
``url`` and ``serviceurls.AI_API_URL``; with X.509, ``certurl``, ``certificate`` and ``key`` replace
the secret. Environment and profiles are read by the rules of SAP's Python SDK
(``ai_core_sdk.credentials``): of ``AICORE_SERVICE_KEY``, the variables ``AICORE_…``, the profile's
file and ``VCAP_SERVICES``, the first source with any credential provides all of them. The resource
group is searched independently. No message contains a secret.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from launchpad_tui.errors import ConfigError, InvalidInput
from launchpad_tui.records import record

_log = logging.getLogger(__name__)
#: the sources of a connection's credentials
KEYS, ENVIRONMENT, PROFILE = "keys", "environment", "profile"
_PREFIX = "AICORE_"
_KEY_HINT = "Copy the service key of the instance of SAP AI Core in the SAP BTP cockpit, as JSON."
_TOKEN_PATH = "/oauth/token"
#: the first parts of paths below the URL of the AI API
_API_PARTS = ("/lm", "/admin")
#: the position in a service key by our name of the value
_PATHS_IN_KEY: Mapping[str, tuple[str, ...]] = {
    "client_id": ("clientid",),
    "client_secret": ("clientsecret",),
    "auth_url": ("url",),
    "base_url": ("serviceurls", "AI_API_URL"),
    "cert_url": ("certurl",),
    "cert_str": ("certificate",),
    "key_str": ("key",),
}
#: our names of the values in variables and profiles, where they are upper case with a prefix
_VARIABLE_NAMES = (*_PATHS_IN_KEY, "cert_file_path", "key_file_path")
_METHODS_HINT = (
    "Give one of: the client secret, certificate and key, or the files of certificate and key."
)


@record
class ServiceKey:
    """Complete credentials of a tenant: a client secret, or a certificate and its key (PEM).

    ``base_url`` ends in ``/v2``, ``auth_url`` in ``/oauth/token``. ``resource_group`` is empty if
    the source names none. ``source`` describes for users where the credentials were found.
    """

    base_url: str
    auth_url: str
    client_id: str
    client_secret: str = ""
    certificate: str = ""
    private_key: str = ""
    resource_group: str = ""
    source: str = ""

    def __repr__(self) -> str:
        """Return a representation without secrets."""
        method = "client secret" if self.client_secret else "certificate"
        return (
            f"ServiceKey({self.base_url!r}, {self.auth_url!r}, {self.client_id!r}, by {method}, "
            f"from {self.source!r})"
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that no message may contain."""
        return tuple(
            each for each in (self.client_secret, self.private_key, self.certificate) if each
        )

    def fields(self) -> dict[str, str]:
        """Return the values of the connection's fields for this key."""
        found = {
            "credentials": KEYS,
            "base_url": self.base_url,
            "auth_url": self.auth_url,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "certificate": self.certificate,
            "private_key": self.private_key,
        }
        return {name: value for name, value in found.items() if value}


def parse_service_key(text: str, source: str = "the service key") -> ServiceKey:
    """Parse a service key, at the top level or below ``credentials``, or the text of a profile.

    Args:
        text: JSON as SAP BTP shows it.
        source: how messages name the text.

    Raises:
        InvalidInput: it is not JSON, or a value is missing, which the detail names.
    """
    data = _json_object(text, source)
    inner = data.get("credentials")
    data = inner if isinstance(inner, dict) else data
    if any(str(name).startswith(_PREFIX) for name in data):
        return _key_of_profile(data, source)
    return _checked_key(_values_of_key(data, source), source, _name_in_key)


def environment_key(environ: Mapping[str, str] | None = None) -> ServiceKey:
    """Return the credentials from the environment, in the order of SAP's SDK.

    Raises:
        ConfigError: there are no credentials.
        InvalidInput: they are incomplete, or a variable or file is not JSON.
    """
    environ = os.environ if environ is None else environ
    config, path = _read_profile(environ)
    places = [f"{_PREFIX}SERVICE_KEY", f"{_PREFIX}… of the environment", str(path), "VCAP_SERVICES"]
    for source, found in _sources(environ, config, path):
        if found:
            key = _checked_key(found, source, _name_in_variables)
            group = environ.get(f"{_PREFIX}RESOURCE_GROUP") or _text(
                config.get(f"{_PREFIX}RESOURCE_GROUP")
            )
            return _with_group(key, group)
    raise ConfigError(
        "The environment has no credentials of SAP AI Core",
        f"Searched: {', '.join(places)}.",
        "Set AICORE_SERVICE_KEY, or store a service key with the connection (credentials=keys).",
    )


def profile_key(name: str = "", environ: Mapping[str, str] | None = None) -> ServiceKey:
    """Return the credentials of a profile.

    Args:
        name: the profile; empty for that of ``AICORE_CONFIG`` or ``AICORE_PROFILE``, else
            ``default``.

    Raises:
        ConfigError: the profile does not exist or cannot be read.
        InvalidInput: it is not JSON, or incomplete.
    """
    environ = os.environ if environ is None else environ
    path = _profile_path(environ, name)
    try:
        config = _json_object(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "It is not UTF-8"
        raise ConfigError(
            "The profile of SAP AI Core cannot be read",
            f"{path}: {reason}.",
            "Check the name of the profile and the permissions of its file.",
        ) from error
    return _key_of_profile(config, str(path))


def profiles(environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the profiles that have a file: the default profile first, then by name."""
    environ = os.environ if environ is None else environ
    home, names = _profile_folder(environ), set[str]()
    with contextlib.suppress(OSError):
        names = {path.stem.removeprefix("config_") for path in home.glob("config_*.json")}
        names |= {"default"} if (home / "config.json").is_file() else set()
    first = environ.get(f"{_PREFIX}PROFILE") or "default"
    return sorted(names, key=lambda name: (name != first, name))


def connection_key(
    settings: Mapping[str, str],
    secrets: Mapping[str, str],
    environ: Mapping[str, str] | None = None,
) -> ServiceKey:
    """Return the credentials that the fields of a connection define.

    Raises:
        ConfigError, InvalidInput: they are missing, incomplete or invalid.
    """
    source_kind = settings.get("credentials", KEYS)
    if source_kind == ENVIRONMENT:
        return environment_key(environ)
    if source_kind == PROFILE:
        return profile_key(settings.get("profile", ""), environ)
    found = {name: settings.get(name, "") for name in ("base_url", "auth_url", "client_id")}
    found["client_secret"] = secrets.get("client_secret", "")
    found["cert_str"], found["key_str"] = (
        secrets.get("certificate", ""),
        secrets.get("private_key", ""),
    )
    return _checked_key(
        {name: text for name, text in found.items() if text}, "the connection", _name_in_fields
    )


def normal_base_url(url: str) -> str:
    """Return the URL of the AI API, ending in ``/v2``.

    Some service keys and documents name a part of the API, such as ``/v2/lm``.
    """
    url = url.strip().rstrip("/")
    while url.endswith(_API_PARTS):
        url = url.rpartition("/")[0].rstrip("/")
    return url if url.endswith("/v2") else f"{url}/v2"


def normal_auth_url(url: str) -> str:
    """Return the URL of the token endpoint, ending in ``/oauth/token``."""
    url = url.strip().rstrip("/")
    return url if url.endswith(_TOKEN_PATH) else url + _TOKEN_PATH


def _sources(
    environ: Mapping[str, str], config: Mapping[str, object], path: Path
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the sources in their order with the values that each provides.

    They are read one by one, so that a damaged source after the first with credentials is ignored.
    """
    name = f"{_PREFIX}SERVICE_KEY"
    if text := environ.get(name):
        yield name, _values_of_key(_json_object(text, name), name)
    yield "the environment", _values_of_variables(environ)
    yield str(path), _values_of_variables(config)
    if text := environ.get("VCAP_SERVICES"):
        yield (
            "VCAP_SERVICES",
            _values_of_key(
                _bound_credentials(_json_object(text, "VCAP_SERVICES")), "VCAP_SERVICES"
            ),
        )


def _key_of_profile(config: Mapping[str, object], source: str) -> ServiceKey:
    key = _checked_key(_values_of_variables(config), source, _name_in_variables)
    return _with_group(key, _text(config.get(f"{_PREFIX}RESOURCE_GROUP")))


def _bound_credentials(services: Mapping[str, object]) -> Mapping[str, object]:
    """Return the credentials of the first service that is labeled ``aicore``."""
    for group in services.values():
        for service in group if isinstance(group, list) else ():
            if isinstance(service, dict) and service.get("label") == "aicore":
                credentials = service.get("credentials")
                return credentials if isinstance(credentials, dict) else {}
    return {}


def _profile_folder(environ: Mapping[str, str]) -> Path:
    return Path(environ.get(f"{_PREFIX}HOME") or "~/.aicore").expanduser()


def _profile_path(environ: Mapping[str, str], name: str) -> Path:
    if not name and (named := environ.get(f"{_PREFIX}CONFIG")):
        return Path(named).expanduser()
    name = name or environ.get(f"{_PREFIX}PROFILE", "")
    return _profile_folder(environ) / (
        "config.json" if name in {"", "default"} else f"config_{name}.json"
    )


def _read_profile(environ: Mapping[str, str]) -> tuple[Mapping[str, object], Path]:
    """Return the values of the profile and its path; no values if the default profile is missing.

    Raises:
        ConfigError: a profile that ``AICORE_PROFILE`` names does not exist.
    """
    path = _profile_path(environ, "")
    try:
        return _json_object(path.read_text(encoding="utf-8"), str(path)), path
    except FileNotFoundError:
        if profile := environ.get(f"{_PREFIX}PROFILE"):
            raise ConfigError(
                f"Profile {profile[:80]!r} of SAP AI Core not found",
                f"{path} does not exist.",
                "Check the variable AICORE_PROFILE.",
            ) from None
    except (OSError, UnicodeDecodeError) as error:
        _log.warning("%s cannot be read and is ignored: %s", path, type(error).__name__)
    return {}, path


def _json_object(text: str, source: str) -> Mapping[str, object]:
    # Errors of the parser contain the text, so they are not chained.
    try:
        data = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        where = f"{source}: line {error.lineno}, column {error.colno}: {error.msg}."
        raise InvalidInput(
            "The service key is not JSON", where, _KEY_HINT, field="service_key"
        ) from None
    except (ValueError, RecursionError):
        raise InvalidInput(
            "The service key is not JSON",
            f"{source} cannot be parsed.",
            _KEY_HINT,
            field="service_key",
        ) from None
    if not isinstance(data, dict):
        raise InvalidInput(
            "The service key is not a JSON object",
            f"{source} contains another JSON value.",
            _KEY_HINT,
            field="service_key",
        )
    return data


def _values_of_key(data: Mapping[str, object], source: str) -> dict[str, str]:
    found = {}
    for name, places in _PATHS_IN_KEY.items():
        value: object = data
        for place in places:
            if value is None:
                break
            if not isinstance(value, Mapping):
                detail = f"{source}: {'.'.join(places)} is inside a value that is not an object."
                raise InvalidInput(
                    "The service key is invalid", detail, _KEY_HINT, field="service_key"
                )
            value = value.get(place)
        found[name] = _text(value)
    return {name: value for name, value in found.items() if value}


def _values_of_variables(values: Mapping[str, object]) -> dict[str, str]:
    found = {name: _text(values.get(_PREFIX + name.upper())) for name in _VARIABLE_NAMES}
    return {name: value for name, value in found.items() if value}


def _text(value: object) -> str:
    return (
        str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    )


def _name_in_key(name: str) -> str:
    return ".".join(_PATHS_IN_KEY.get(name, (name,)))


def _name_in_variables(name: str) -> str:
    return _PREFIX + name.upper()


def _name_in_fields(name: str) -> str:
    return {"cert_str": "certificate", "key_str": "private_key"}.get(name, name)


def _checked_key(
    found: Mapping[str, str], source: str, name_of: Callable[[str], str]
) -> ServiceKey:
    """Return the service key of the values that were found.

    Args:
        found: the values by our names.
        name_of: returns the source's name of a value, for messages.

    Raises:
        InvalidInput: values are missing or invalid, or there is more than one method to
        authenticate. ConfigError: a file of the credentials cannot be read.
    """
    methods = [
        "client_secret" in found,
        "cert_str" in found and "key_str" in found,
        "cert_file_path" in found and "key_file_path" in found,
    ]
    missing = [name for name in ("base_url", "client_id") if name not in found]
    if "auth_url" not in found and "cert_url" not in found:
        missing.append("auth_url")
    for half, other in (("cert_str", "key_str"), ("cert_file_path", "key_file_path")):
        if sum(methods) == 0 and (half in found) != (other in found):
            missing.append(other if half in found else half)
    if missing:
        names = ", ".join(name_of(name) for name in missing)
        raise _incomplete(source, f"{names} {'is' if len(missing) == 1 else 'are'} missing.")
    if sum(methods) == 0:
        raise _incomplete(
            source,
            f"{name_of('client_secret')} is missing, and so are certificate and key.",
            _METHODS_HINT,
        )
    if sum(methods) > 1:
        raise _incomplete(source, "More than one authentication method is given.", _METHODS_HINT)
    certificate, key = found.get("cert_str", ""), found.get("key_str", "")
    if methods[2]:
        certificate, key = (
            _read(found[name], source) for name in ("cert_file_path", "key_file_path")
        )
    certificate, key = (certificate, key) if not methods[0] else ("", "")
    return ServiceKey(
        normal_base_url(_checked_url(found["base_url"], source)),
        normal_auth_url(_checked_url(found.get("cert_url") or found["auth_url"], source)),
        found["client_id"],
        found.get("client_secret", ""),
        _line_breaks(certificate),
        _line_breaks(key),
        source=source,
    )


def _incomplete(source: str, detail: str, hint: str = "") -> InvalidInput:
    title = "The credentials of SAP AI Core are incomplete"
    return InvalidInput(
        title,
        f"In {source}: {detail}",
        hint or "Copy the complete service key.",
        field="service_key",
    )


def _checked_url(text: str, source: str) -> str:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
        good = (
            good
            and (parts.port is None or parts.port > 0)
            and text.isascii()
            and text.isprintable()
        )
        good = good and not (parts.query or parts.fragment) and " " not in text
    except ValueError:
        good = False
    if not good:
        raise _incomplete(
            source, "A URL is invalid.", "URLs have the form https://api.example.com."
        )
    return text


def _line_breaks(text: str) -> str:
    return text.replace("\\n", "\n")


def _read(path: str, source: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not PEM text"
        raise ConfigError(
            "A file of the credentials cannot be read",
            f"{path}: {reason} (named by {source}).",
            "Check the path and the permissions of the file.",
        ) from error


def _with_group(key: ServiceKey, group: str) -> ServiceKey:
    from dataclasses import replace

    return replace(key, resource_group=group) if group else key
