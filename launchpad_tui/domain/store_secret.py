"""Object store secrets in the AI API's form (``/admin/objectStoreSecrets``), read into values of our object stores.

Two forms are known. What is posted has everything::

    {"name": "default", "type": "S3", "bucket": "models", "endpoint": "s3.example.com", "region": "eu",
     "pathPrefix": "prod", "usehttps": "1", "verifyssl": "1", "data": {"AWS_ACCESS_KEY_ID": "…", …}}

What a server gives back has no secrets; its name is the posted one with ``-object-store-secret`` behind it::

    {"name": "default-object-store-secret", "metadata": {"storage.ai.sap.com/type": "S3", …}}

Source: the AI Core API's specification, schemas ``BckndobjectStoreSecret…``. No message holds a value of ``data``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from launchpad_tui.errors import InvalidInput

#: names of object store secrets, and the most characters of one
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST = 233
_NAME_RULE = (
    "Lower-case letters, digits, '-' and '.', each part with a letter or digit at both ends; "
    f"{_LONGEST} at most."
)
#: behind the posted name in what a server gives back
SECRET_SUFFIX = "-object-store-secret"
_STORAGE, _SERVING = "storage.ai.sap.com/", "serving.kubeflow.org/s3-"
_FLAGS = {"0": False, "false": False, "1": True, "true": True}


@dataclass(frozen=True, slots=True)
class _Type:
    """A type of secrets: our kind, the keys of ``data`` and those beside it by our fields, and which fields there must
    be. ``secrets`` are those of them that no server gives back; ``tls`` says that its endpoint has flags for TLS."""

    kind: str
    data: Mapping[str, str]
    beside: Mapping[str, str]
    required: tuple[str, ...]
    secrets: tuple[str, ...] = ()
    tls: bool = False


_BUCKET = {"bucket": "bucket", "pathPrefix": "path_prefix"}
_SERVED = {**_BUCKET, "endpoint": "endpoint", "region": "region"}
_KEYS = ("access_key_id", "secret_access_key")
_TYPES = {
    "s3": _Type(
        "s3",
        {
            "AWS_ACCESS_KEY_ID": "access_key_id",
            "AWS_SECRET_ACCESS_KEY": "secret_access_key",
            "AWS_SESSION_TOKEN": "session_token",
        },
        _SERVED,
        ("bucket",),
        _KEYS,
        tls=True,
    ),
    "oss": _Type(
        "oss",
        {
            "BUCKET": "bucket",
            "ENDPOINT": "endpoint",
            "REGION": "region",
            "ACCESS_KEY_ID": "access_key_id",
            "SECRET_ACCESS_KEY": "secret_access_key",
        },
        _SERVED,
        ("bucket", "endpoint"),
        _KEYS,
        tls=True,
    ),
    "webhdfs": _Type(
        "webhdfs",
        {
            "HDFS_NAMENODE": "namenode",
            "TLS_CERT": "client_cert",
            "TLS_KEY": "client_key",
            "HEADERS": "headers",
        },
        {"pathPrefix": "path_prefix", "hdfsNameNode": "namenode", "headers": "headers"},
        ("namenode",),
    ),
    "azure": _Type(
        "azure",
        {
            "CONTAINER_URI": "container_uri",
            "STORAGE_ACCESS_KEY": "sas_token",
            "REGION": "region",
            "CLIENT_ID": "client_id",
            "CLIENT_SECRET": "client_secret",
            "TENANT_ID": "tenant_id",
            "SUBSCRIPTION_ID": "",
        },
        {"pathPrefix": "path_prefix", "region": "region", "containerUri": "container_uri"},
        ("container_uri",),
        ("sas_token",),
    ),
    "gcs": _Type(
        "gcs",
        {"BUCKET": "bucket", "PRIVATE_KEY": "private_key"},
        _BUCKET,
        ("bucket",),
        ("private_key",),
    ),
}
_NAMES = "S3, oss, webhdfs, azure, gcs"


@dataclass(frozen=True, slots=True)
class StoreSecret:
    """An object store as a secret describes it.

    ``values`` are those of the kind's fields, secrets among them, so that its repr leaves them out. ``missing`` names
    the fields of secrets that the form does not hold; the values then say that they are taken from the environment.
    """

    name: str
    kind: str
    values: Mapping[str, str]
    missing: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Name and kind only."""
        return f"StoreSecret({self.name!r}, {self.kind!r})"


def parse_secrets(text: str) -> list[StoreSecret]:
    """The object stores that a text describes, in its order.

    Args:
        text: JSON: one secret, a list of them, or ``{"resources": […]}``.

    Raises:
        InvalidInput: it is not that; ``field`` is the position in it, such as ``[1].data.BUCKET``.
    """
    found: list[StoreSecret] = []
    for place, entry in _entries(_json(text)):
        secret = _Reader(place, entry).secret()
        if any(secret.name == each.name for each in found):
            raise InvalidInput(
                f"{place or 'The file'}: the name {secret.name!r} stands twice",
                field=f"{place}.name",
            )
        found.append(secret)
    return found


def metadata(kind: str, settings: Mapping[str, str]) -> dict[str, str]:
    """What a server gives back of an object store: its settings by the API's names, no secrets. A kind that the API
    does not know has its type alone."""
    type_ = _TYPES.get(kind)
    found = {f"{_STORAGE}type": "S3" if kind == "s3" else kind}
    if type_ is None:
        return found
    beside = {key: settings.get(field, "") for key, field in type_.beside.items()}
    found |= {f"{_STORAGE}{key}": value for key, value in beside.items() if value}
    if kind == "s3":
        served = {key: beside[key] for key in ("endpoint", "region") if beside[key]}
        found |= {f"{_SERVING}{key}": value for key, value in served.items()}
        found[f"{_SERVING}usehttps"] = "0" if beside["endpoint"].startswith("http://") else "1"
        found[f"{_SERVING}verifyssl"] = "0" if settings.get("verify_tls") == "false" else "1"
    return found


def postable(kind: str) -> bool:
    """Whether the API knows object stores of this kind."""
    return kind in _TYPES


def posted(name: str, kind: str, values: Mapping[str, str]) -> dict[str, object]:
    """An object store in the form in which it is posted.

    Args:
        values: of the kind's fields, secrets among them.

    Raises:
        InvalidInput: the API does not know the kind, or a runtime elsewhere could not use it: its keys are taken from
            this machine's surroundings.
    """
    type_ = _TYPES.get(kind)
    if type_ is None:
        hint = f"Types: {_NAMES}. Any other can be kept on this machine only: --here."
        raise InvalidInput(
            f"The runtime takes no object store of type {kind}", "", hint, field="kind"
        )
    data = {key: values[field] for key, field in type_.data.items() if values.get(field)}
    kept = {field for key, field in type_.data.items() if key in data}
    for field in type_.secrets:
        if field not in kept and not (kind == "azure" and "client_secret" in kept):
            hint = "Choose the credentials that are kept: a runtime elsewhere has no other."
            raise InvalidInput(
                f"{field} is missing", "The runtime needs the keys themselves.", hint, field=field
            )
    beside = {
        key: values[field]
        for key, field in type_.beside.items()
        if values.get(field) and field not in kept
    }
    if type_.tls:
        scheme, split, host = values.get("endpoint", "").partition("://")
        if split:
            beside |= {"endpoint": host} if "endpoint" in beside else {}
            data |= {"ENDPOINT": host} if "ENDPOINT" in data else {}
        beside["usehttps"] = "0" if split and scheme == "http" else "1"
        beside["verifyssl"] = "0" if values.get("verify_tls") == "false" else "1"
    return {"name": name, "type": "S3" if kind == "s3" else kind, **beside, "data": data}


def _json(text: str) -> object:
    # Errors of the parser hold the text, so they are not handed on.
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        where = f"Line {error.lineno}, column {error.colno}: {error.msg}."
        raise InvalidInput("The object store secrets are not JSON", where) from None
    except (ValueError, RecursionError):
        raise InvalidInput(
            "The object store secrets are not JSON", "It is nested too deep or has huge numbers."
        ) from None


def _entries(data: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Each secret with its place: empty for the only one, else such as ``[0]`` or ``resources[0]``."""
    prefix = ""
    if isinstance(data, dict) and "resources" in data:
        data, prefix = data["resources"], "resources"
    elif isinstance(data, dict):
        yield "", data
        return
    if not isinstance(data, list):
        form = (
            'One secret {"name": …, "type": …, "data": {…}}, a list of them, or {"resources": […]}.'
        )
        raise InvalidInput(
            "The file has no object store secrets", f"{prefix or 'It'} is {_shape(data)}.", form
        )
    if not data:
        raise InvalidInput("The file has no object store secrets", "Its list is empty.")
    for number, entry in enumerate(data):
        place = f"{prefix}[{number}]"
        if not isinstance(entry, dict):
            raise InvalidInput(
                f"{place} is no object store secret", f"It is {_shape(entry)}.", field=place
            )
        yield place, entry


class _Reader:
    """Reads one secret."""

    def __init__(self, place: str, entry: Mapping[str, object]) -> None:
        self._place = place
        self._entry = entry

    def secret(self) -> StoreSecret:
        """The secret, of either form."""
        if "data" not in self._entry and "metadata" in self._entry:
            return self._given_back()
        name = self._name(self._text(self._entry, "name", ""))
        type_ = self._type(self._text(self._entry, "type", ""), "type")
        beside = {field: self._text(self._entry, key, "") for key, field in type_.beside.items()}
        data = self._mapping("data")
        known = {key.upper(): key for key in data}
        for key, original in known.items():
            if key not in type_.data:
                self._wrong(
                    f"data.{original[:60]}",
                    "is not known",
                    f"{type_.kind} has {', '.join(type_.data)}.",
                )
        inside = {
            field: self._text(data, known[key], "data.")
            for key, field in type_.data.items()
            if field and key in known
        }
        values = _filled(beside) | _filled(inside)
        keys = {field: key for key, field in type_.beside.items()} | {
            field: f"data.{key}" for key, field in type_.data.items()
        }
        self._flags(type_, values, self._flag("usehttps"), self._flag("verifyssl"))
        return StoreSecret(
            name, type_.kind, self._complete(type_, values, keys, self._choose(type_, values))
        )

    def _given_back(self) -> StoreSecret:
        """What a server gave back: settings only."""
        metadata = self._mapping("metadata")
        name = self._name(self._text(self._entry, "name", "").removesuffix(SECRET_SUFFIX))
        type_ = self._type(
            self._text(metadata, f"{_STORAGE}type", "metadata."), f"metadata.{_STORAGE}type"
        )
        values: dict[str, str] = {}
        for prefix in (_SERVING, _STORAGE):
            for key, field in type_.beside.items():
                values |= _filled({field: self._text(metadata, prefix + key, "metadata.")})
        usehttps, verifyssl = (
            self._flag(f"{_SERVING}{key}", metadata, "metadata.")
            for key in ("usehttps", "verifyssl")
        )
        self._flags(type_, values, usehttps, verifyssl)
        if type_.secrets:
            values["credentials"] = "environment"
        keys = {field: f"metadata.{_STORAGE}{key}" for key, field in type_.beside.items()}
        missing = type_.secrets or ("client_cert", "client_key")
        return StoreSecret(name, type_.kind, self._complete(type_, values, keys, ()), missing)

    def _choose(self, type_: _Type, values: dict[str, str]) -> tuple[str, ...]:
        """The fields of secrets that there must be; says in the values which way of several it is."""
        client = ("tenant_id", "client_id", "client_secret")
        if (
            type_.kind == "azure"
            and "sas_token" not in values
            and all(name in values for name in client)
        ):
            values["credentials"] = "client"
            return client
        if type_.kind == "azure":
            # With a signature the client has no say, and no field of it counts.
            for name in client:
                values.pop(name, None)
        pair = ("client_cert", "client_key")
        if type_.kind == "webhdfs" and any(name in values for name in pair):
            return pair
        return type_.secrets

    def _complete(
        self,
        type_: _Type,
        values: dict[str, str],
        keys: Mapping[str, str],
        secrets: tuple[str, ...],
    ) -> dict[str, str]:
        for name in (*type_.required, *secrets):
            if not values.get(name):
                self._wrong(keys[name], "is missing", f"{type_.kind} needs it.")
        if "path_prefix" in values:
            values["path_prefix"] = values["path_prefix"].strip("/")
        if "headers" in values:
            self._check_headers(values["headers"], keys["headers"])
        for name in ("client_cert", "client_key"):
            if name in values and "\n" not in values[name]:
                values[name] = values[name].replace("\\n", "\n")
        return values

    def _check_headers(self, text: str, key: str) -> None:
        try:
            headers = json.loads(text)
        except (ValueError, RecursionError):
            headers = None
        if not isinstance(headers, dict) or not all(
            isinstance(value, str) for value in headers.values()
        ):
            self._wrong(
                key, "is no JSON object of texts", 'Such as {"x-sap-filecontainer": "<container>"}.'
            )

    def _flags(
        self, type_: _Type, values: dict[str, str], usehttps: bool | None, verifyssl: bool | None
    ) -> None:
        if not type_.tls:
            return
        endpoint = values.get("endpoint", "")
        if endpoint and "://" not in endpoint:
            values["endpoint"] = f"{'http' if usehttps is False else 'https'}://{endpoint}"
        if verifyssl is not None:
            values["verify_tls"] = "true" if verifyssl else "false"

    def _name(self, name: str) -> str:
        if not name:
            self._wrong("name", "is missing", _NAME_RULE)
        if len(name) > _LONGEST or not _NAME.fullmatch(name):
            self._wrong("name", f"is not valid: {name[:80]!r}", _NAME_RULE)
        return name

    def _type(self, name: str, key: str) -> _Type:
        if not name:
            self._wrong(key, "is missing", f"Types: {_NAMES}.")
        if name.lower() not in _TYPES:
            self._wrong(key, f"is not known: {name[:40]!r}", f"Types: {_NAMES}.")
        return _TYPES[name.lower()]

    def _mapping(self, key: str) -> Mapping[str, object]:
        value = self._entry.get(key)
        if value is None:
            self._wrong(
                key, "is missing", 'An object with the keys of the type, such as {"BUCKET": …}.'
            )
        if not isinstance(value, dict):
            self._wrong(key, f"is {_shape(value)}", "It has to be an object.")
        return value

    def _text(self, mapping: Mapping[str, object], key: str, prefix: str) -> str:
        """The text under a key; empty where there is none."""
        value = mapping.get(key)
        if value is None:
            return ""
        if key.upper() == "HEADERS" and isinstance(value, dict):
            return json.dumps(value, ensure_ascii=False)
        if not isinstance(value, str):
            self._wrong(f"{prefix}{key}", f"is {_shape(value)}", "It has to be text.")
        if any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in value):
            self._wrong(f"{prefix}{key}", "has a character that is none")
        return value.strip()

    def _flag(
        self, key: str, mapping: Mapping[str, object] | None = None, prefix: str = ""
    ) -> bool | None:
        value = (self._entry if mapping is None else mapping).get(key)
        if value is None or value == "":
            return None
        said = str(value).strip().lower() if isinstance(value, str | int) else ""
        if said not in _FLAGS:
            self._wrong(f"{prefix}{key}", "is not valid", 'One of "0", "1", "true", "false".')
        return _FLAGS[said]

    def _wrong(self, key: str, what: str, hint: str = "") -> NoReturn:
        where = f"{self._place}.{key}" if self._place else key
        raise InvalidInput(f"{where} {what}", self._called(), hint, field=where)

    def _called(self) -> str:
        name = self._entry.get("name")
        return (
            f"In the object store secret {name[:80]!r}." if isinstance(name, str) and name else ""
        )


def _filled(values: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if value}


def _shape(value: object) -> str:
    """What a JSON value is, in words, without it."""
    shapes = {
        dict: "an object",
        list: "a list",
        str: "text",
        bool: "true or false",
        type(None): "null",
    }
    return shapes.get(type(value), "a number")
