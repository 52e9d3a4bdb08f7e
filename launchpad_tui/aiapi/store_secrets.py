"""Object store secrets (``/admin/objectStoreSecrets``).

A secret has two forms. The one that is posted is complete::

    {"name": "default", "type": "S3", "bucket": "models", "endpoint": "s3.example.com",
     "region": "eu", "pathPrefix": "prod", "usehttps": "1", "verifyssl": "1",
     "data": {"AWS_ACCESS_KEY_ID": "…", …}}

A server returns it without secrets, its name with ``-object-store-secret`` appended::

    {"name": "default-object-store-secret", "metadata": {"storage.ai.sap.com/type": "S3", …}}

Source: the AI Core API's specification, schemas ``BckndobjectStoreSecret…``. What a type has is
described by `SecretFormat`, which the catalog of object stores has for each kind. No message
contains a value of ``data``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import NoReturn

from launchpad_tui.aiapi import lenient
from launchpad_tui.aiapi.values import Json, JsonObject
from launchpad_tui.domain.connection import SecretFormat, StoreInfo, StoreKind
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import record

#: names of object store secrets, and their maximum length
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAME_LIMIT = 233
_NAME_RULE = (
    "Use lower-case letters, digits, '-' and '.', with a letter or digit at both ends of each "
    f"part; at most {_NAME_LIMIT} characters."
)
#: what servers append to the posted name
SECRET_SUFFIX = "-object-store-secret"
_STORAGE, _SERVING = "storage.ai.sap.com/", "serving.kubeflow.org/s3-"
_TLS_FLAGS = ("usehttps", "verifyssl")
_FLAGS = {"0": False, "false": False, "1": True, "true": True}
StoreKinds = Mapping[str, StoreKind]


@record
class StoreSecret:
    """An object store as a secret describes it.

    ``values`` are those of the kind's fields, secrets included, so the repr leaves them out.
    ``missing`` names the secret fields that the form does not contain; the values then say that
    they are taken from the environment.
    """

    name: str
    kind: str
    values: Mapping[str, str]
    missing: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return name and kind only."""
        return f"StoreSecret({self.name!r}, {self.kind!r})"


# Serializing -------------------------------------------------------------------------------------


def serialize_returned_secret(name: str, kind: StoreKind, settings: Mapping[str, str]) -> Json:
    """Return an object store in the form in which a server returns it, without secrets.

    A kind that the API does not have is described by its type alone.
    """
    form = kind.secret
    metadata = {f"{_STORAGE}type": kind.id if form is None else form.type}
    if form is not None:
        found = {key: settings.get(field, "") for key, field in form.settings.items()}
        metadata |= {f"{_STORAGE}{key}": value for key, value in found.items() if value}
        if form.serving:
            metadata |= {f"{_SERVING}{key}": found[key] for key in form.serving if found[key]}
            insecure = settings.get("endpoint", "").startswith("http://")
            metadata[f"{_SERVING}usehttps"] = "0" if insecure else "1"
            unverified = settings.get("verify_tls") == "false"
            metadata[f"{_SERVING}verifyssl"] = "0" if unverified else "1"
    return {"name": name + SECRET_SUFFIX, "metadata": metadata}


def serialize_store_secret(name: str, kind: StoreKind, values: Mapping[str, str]) -> Json:
    """Return an object store in the form in which it is posted.

    Args:
        values: of the kind's fields, secrets included.

    Raises:
        InvalidInput: the API does not have the kind, or the credentials are not among the values
            but come from this machine's environment, which a remote runtime cannot use.
    """
    form = kind.secret
    if form is None:
        raise InvalidInput(
            f"The AI API does not support object stores of type {kind.id}",
            "The runtime cannot store such an object store secret.",
            "Add the object store on this machine only (--local-only).",
            field="kind",
        )
    data = {key: values[field] for key, field in form.data.items() if values.get(field)}
    included = {field for key, field in form.data.items() if key in data}
    other = form.alternative
    if other is None or not all(field in included for field in other.fields):
        for field in form.secrets:
            if field not in included:
                raise InvalidInput(
                    f"{field} is missing",
                    "A remote runtime cannot use credentials of this machine's environment.",
                    "Choose the credentials that are stored with the object store.",
                    field=field,
                )
    settings = {
        key: values[field]
        for key, field in form.settings.items()
        if values.get(field) and field not in included
    }
    if form.tls_flags:
        scheme, separator, host = values.get("endpoint", "").partition("://")
        if separator:
            settings |= {"endpoint": host} if "endpoint" in settings else {}
            data |= {"ENDPOINT": host} if "ENDPOINT" in data else {}
        settings["usehttps"] = "0" if separator and scheme == "http" else "1"
        settings["verifyssl"] = "0" if values.get("verify_tls") == "false" else "1"
    return {"name": name, "type": form.type, **settings, "data": data}


# Parsing -----------------------------------------------------------------------------------------


def parse_store_info(data: JsonObject) -> StoreInfo:
    """Parse an object store secret of a response leniently, whatever its type.

    The name is the posted one.
    """
    name = lenient.text(data, "name").removesuffix(SECRET_SUFFIX)
    if not name:
        raise KeyError("name")
    found = lenient.child(data, "metadata")
    settings: dict[str, str] = {}
    for prefix in (_SERVING, _STORAGE):
        settings |= {
            key.removeprefix(prefix): lenient.text(found, key)
            for key in found
            if key.startswith(prefix) and lenient.text(found, key)
        }
    return StoreInfo(name, settings.pop("type", ""), settings)


def secret_of_info(info: StoreInfo, kinds: StoreKinds) -> StoreSecret:
    """Return the object store that a runtime reports, as values of its kind's fields.

    Raises:
        InvalidInput: the type is unknown or a value is invalid.
    """
    metadata = {f"{_STORAGE}type": info.type}
    for key, value in info.settings.items():
        metadata[(_SERVING if key in _TLS_FLAGS else _STORAGE) + key] = value
    return _Parser("", {"name": info.name, "metadata": metadata}, kinds).secret()


def parse_store_secrets(text: str, kinds: StoreKinds) -> list[StoreSecret]:
    """Return the object stores that a text describes, in its order.

    Args:
        text: JSON: one secret, a list of secrets, or ``{"resources": […]}``.
        kinds: the kinds of object stores by their IDs.

    Raises:
        InvalidInput: the text is not valid; ``field`` is the position, such as ``[1].data.BUCKET``.
    """
    found: list[StoreSecret] = []
    for place, entry in _entries(_json(text)):
        secret = _Parser(place, entry, kinds).secret()
        if any(secret.name == each.name for each in found):
            raise InvalidInput(
                f"{place or 'The file'}: the name {secret.name!r} occurs twice",
                hint="Give each object store another name.",
                field=f"{place}.name",
            )
        found.append(secret)
    return found


def parse_store_secret(data: JsonObject, kinds: StoreKinds) -> StoreSecret:
    """Return the object store of a request's body.

    Raises:
        InvalidInput: the body is not one complete secret; ``field`` is the position.
    """
    if "resources" in data or "data" not in data:
        raise InvalidInput(
            "data is missing",
            hint="Send one object store secret with name, type and data.",
            field="data",
        )
    return _Parser("", data, kinds).secret()


def _json(text: str) -> object:
    # Errors of the JSON parser contain the text, so they are not chained.
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        detail = f"Line {error.lineno}, column {error.colno}: {error.msg}."
        raise InvalidInput(
            "The object store secrets are not valid JSON", detail, "Correct the JSON text."
        ) from None
    except (ValueError, RecursionError):
        raise InvalidInput(
            "The object store secrets are not valid JSON",
            "They are nested too deeply or contain a number that is too large.",
            "Correct the JSON text.",
        ) from None


def _entries(data: object) -> Iterator[tuple[str, JsonObject]]:
    """Yield each secret with its position: empty for a single one, else ``[0]`` and so on."""
    prefix = ""
    if isinstance(data, dict) and "resources" in data:
        data, prefix = data["resources"], "resources"
    elif isinstance(data, dict):
        yield "", data
        return
    if not isinstance(data, list):
        raise InvalidInput(
            "The file contains no object store secrets",
            f"{prefix or 'The file'} is {_type_text(data)}.",
            'Use one secret {"name": …, "type": …, "data": {…}}, a list of secrets, or '
            '{"resources": […]}.',
        )
    if not data:
        raise InvalidInput(
            "The file contains no object store secrets",
            "Its list is empty.",
            "Add at least one secret to the list.",
        )
    for number, entry in enumerate(data):
        place = f"{prefix}[{number}]"
        if not isinstance(entry, dict):
            raise InvalidInput(
                f"{place} is not an object store secret",
                f"It is {_type_text(entry)}.",
                "Use objects with name, type and data.",
                field=place,
            )
        yield place, entry


class _Parser:
    """Parses one secret strictly."""

    def __init__(self, place: str, entry: JsonObject, kinds: StoreKinds) -> None:
        self._place = place
        self._entry = entry
        self._kinds = {
            each.secret.type.lower(): (each.id, each.secret)
            for each in kinds.values()
            if each.secret is not None
        }

    def secret(self) -> StoreSecret:
        """Return the secret, of either form."""
        if "data" not in self._entry and "metadata" in self._entry:
            return self._returned()
        name = self._name(self._text(self._entry, "name", ""))
        kind, form = self._kind(self._text(self._entry, "type", ""), "type")
        settings = {field: self._text(self._entry, key, "") for key, field in form.settings.items()}
        data = self._mapping("data")
        given = {key.upper(): key for key in data}
        for key, original in given.items():
            if key not in form.data:
                self._fail(
                    f"data.{original[:60]}",
                    "is not a known key",
                    f"Keys of type {form.type}: {', '.join(form.data)}.",
                )
        inside = {
            field: self._text(data, given[key], "data.")
            for key, field in form.data.items()
            if field and key in given
        }
        values = _filled(settings) | _filled(inside)
        places = {field: key for key, field in form.settings.items()} | {
            field: f"data.{key}" for key, field in form.data.items()
        }
        self._apply_tls_flags(form, values, self._flag("usehttps"), self._flag("verifyssl"))
        secrets = self._required_secrets(form, values)
        return StoreSecret(name, kind, self._complete(form, values, places, secrets))

    def _returned(self) -> StoreSecret:
        """Return a secret in the form in which a server returns it: settings only."""
        metadata = self._mapping("metadata")
        name = self._name(self._text(self._entry, "name", "").removesuffix(SECRET_SUFFIX))
        kind, form = self._kind(
            self._text(metadata, f"{_STORAGE}type", "metadata."), f"metadata.{_STORAGE}type"
        )
        values: dict[str, str] = {}
        for prefix in (_SERVING, _STORAGE):
            for key, field in form.settings.items():
                values |= _filled({field: self._text(metadata, prefix + key, "metadata.")})
        usehttps, verifyssl = (
            self._flag(f"{_SERVING}{key}", metadata, "metadata.") for key in _TLS_FLAGS
        )
        self._apply_tls_flags(form, values, usehttps, verifyssl)
        if form.secrets:
            values["credentials"] = "environment"
        places = {field: f"metadata.{_STORAGE}{key}" for key, field in form.settings.items()}
        missing = form.secrets or form.key_pair
        return StoreSecret(name, kind, self._complete(form, values, places, ()), missing)

    def _required_secrets(self, form: SecretFormat, values: dict[str, str]) -> tuple[str, ...]:
        """Return the secret fields that must be given; sets ``credentials`` for an alternative."""
        other = form.alternative
        if other is not None:
            if not any(field in values for field in form.secrets) and all(
                field in values for field in other.fields
            ):
                values["credentials"] = other.credentials
                return other.fields
            # The usual secrets take precedence: the alternative's fields are ignored.
            for field in other.fields:
                values.pop(field, None)
        if any(field in values for field in form.key_pair):
            return form.key_pair
        return form.secrets

    def _complete(
        self,
        form: SecretFormat,
        values: dict[str, str],
        places: Mapping[str, str],
        secrets: tuple[str, ...],
    ) -> dict[str, str]:
        for field in (*form.required, *secrets):
            if not values.get(field):
                self._fail(places[field], "is missing", f"Secrets of type {form.type} require it.")
        if "path_prefix" in values:
            values["path_prefix"] = values["path_prefix"].strip("/")
        if "headers" in values:
            self._check_headers(values["headers"], places["headers"])
        for field in form.key_pair:
            if field in values and "\n" not in values[field]:
                values[field] = values[field].replace("\\n", "\n")
        return values

    def _check_headers(self, text: str, key: str) -> None:
        try:
            headers = json.loads(text)
        except (ValueError, RecursionError):
            headers = None
        if not isinstance(headers, dict) or not all(
            isinstance(value, str) for value in headers.values()
        ):
            self._fail(
                key,
                "is not a JSON object with string values",
                'Use an object such as {"x-sap-filecontainer": "<container>"}.',
            )

    @staticmethod
    def _apply_tls_flags(
        form: SecretFormat,
        values: dict[str, str],
        usehttps: bool | None,
        verifyssl: bool | None,
    ) -> None:
        if not form.tls_flags:
            return
        endpoint = values.get("endpoint", "")
        if endpoint and "://" not in endpoint:
            values["endpoint"] = f"{'http' if usehttps is False else 'https'}://{endpoint}"
        if verifyssl is not None:
            values["verify_tls"] = "true" if verifyssl else "false"

    def _name(self, name: str) -> str:
        if not name:
            self._fail("name", "is missing", _NAME_RULE)
        if len(name) > _NAME_LIMIT or not _NAME.fullmatch(name):
            self._fail("name", f"is not valid: {name[:80]!r}", _NAME_RULE)
        return name

    def _kind(self, name: str, key: str) -> tuple[str, SecretFormat]:
        types = f"Types: {', '.join(form.type for _, form in self._kinds.values())}."
        if not name:
            self._fail(key, "is missing", types)
        if name.lower() not in self._kinds:
            self._fail(key, f"is not a known type: {name[:40]!r}", types)
        return self._kinds[name.lower()]

    def _mapping(self, key: str) -> JsonObject:
        value = self._entry.get(key)
        if value is None:
            self._fail(
                key, "is missing", 'Add an object with the keys of the type, such as {"BUCKET": …}.'
            )
        if not isinstance(value, dict):
            self._fail(key, f"is {_type_text(value)}", "It must be an object.")
        return value

    def _text(self, mapping: JsonObject, key: str, prefix: str) -> str:
        """Return the text under a key; empty if it is missing."""
        value = mapping.get(key)
        if value is None:
            return ""
        if key.upper() == "HEADERS" and isinstance(value, dict):
            return json.dumps(value, ensure_ascii=False)
        if not isinstance(value, str):
            self._fail(f"{prefix}{key}", f"is {_type_text(value)}", "It must be a string.")
        if any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in value):
            self._fail(f"{prefix}{key}", "contains an invalid character")
        return value.strip()

    def _flag(self, key: str, mapping: JsonObject | None = None, prefix: str = "") -> bool | None:
        value = (self._entry if mapping is None else mapping).get(key)
        if value is None or value == "":
            return None
        text = str(value).strip().lower() if isinstance(value, str | int) else ""
        if text not in _FLAGS:
            self._fail(f"{prefix}{key}", "is not valid", 'Use "0", "1", "true" or "false".')
        return _FLAGS[text]

    def _fail(self, key: str, problem: str, hint: str = "") -> NoReturn:
        place = f"{self._place}.{key}" if self._place else key
        name = self._entry.get("name")
        detail = (
            f"In the object store secret {name[:80]!r}." if isinstance(name, str) and name else ""
        )
        raise InvalidInput(f"{place} {problem}", detail, hint, field=place)


def _filled(values: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if value}


def _type_text(value: object) -> str:
    """Return the JSON type of a value with its article, without the value."""
    types = {
        dict: "an object",
        list: "a list",
        str: "a string",
        bool: "a boolean",
        type(None): "null",
    }
    return types.get(type(value), "a number")
