"""Validation of the values of fields, which separates settings from secrets."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from launchpad_tui.domain.connection import Field, FieldKind
from launchpad_tui.errors import InvalidInput

#: the values of a flag
FLAGS = ("true", "false")


def checked(
    fields: Sequence[Field], values: Mapping[str, str], kept_secrets: Collection[str] = ()
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the settings and the secrets among the values, in the order of the fields.

    Empty values are omitted, as are values of fields that do not apply to the other values. A
    setting that contains a credential is returned twice: masked among the settings, and whole among
    the secrets, which take precedence in `complete_settings`. A masked value whose secret is stored
    stays as it is.

    Args:
        values: the values by field name; a missing value has the default of its field.
        kept_secrets: the names of secrets that are stored already and may therefore be empty.

    Raises:
        InvalidInput: a field is unknown, or a value is missing or invalid; ``field`` names it.
    """
    from launchpad_tui.domain.credential_text import MASK, masked

    values = _with_moved_queries(fields, values)
    known = {field.name for field in fields}
    for name in values:
        if name not in known:
            names = ", ".join(field.name for field in fields) or "none"
            raise InvalidInput(
                f"Unknown field {masked(name[:80])!r}",
                f"The fields are: {names}.",
                "Remove the field, or correct its name.",
                field=name,
            )
    settings: dict[str, str] = {}
    secrets: dict[str, str] = {}
    defaults = {field.name: field.default for field in fields}
    for field in fields:
        if not applies(
            field, {**defaults, **{name: value for name, value in values.items() if value}}
        ):
            continue
        secret = field.kind is FieldKind.SECRET
        value = values.get(field.name, "")
        value = value if secret else value.strip()
        value = value or field.default
        if not value:
            if field.required and not (secret and field.name in kept_secrets):
                raise InvalidInput(f"{field.title} is missing", hint=field.help, field=field.name)
            continue
        _check(field, value)
        if secret:
            secrets[field.name] = value
            continue
        settings[field.name] = _masked_value(field, value)
        unchanged = MASK in value and field.name in kept_secrets
        if settings[field.name] != value and not unchanged:
            secrets[field.name] = value
    return settings, secrets


def separated(
    fields: Sequence[Field], settings: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return settings without credentials, and their secrets, as `checked` does.

    Nothing is validated. Settings of unknown fields are kept and masked too.
    """
    by_name = {field.name: field for field in fields}
    kept: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for name, value in _with_moved_queries(fields, settings).items():
        field = by_name.get(name, Field(name, name))
        if field.kind is FieldKind.SECRET:
            secrets[name] = value
            continue
        kept[name] = _masked_value(field, value) if value else value
        if kept[name] != value:
            secrets[name] = value
    return kept, secrets


def complete_settings(settings: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """Return settings with the stored values of those that contain credentials."""
    return {**settings, **{name: text for name, text in secrets.items() if name in settings}}


def outdated_secrets(
    fields: Sequence[Field], settings: Mapping[str, str], kept_secrets: Collection[str]
) -> frozenset[str]:
    """Return the names of stored values whose settings contain no credentials any more.

    Args:
        settings: the new settings.
        kept_secrets: the names of the stored secrets.
    """
    from launchpad_tui.domain.credential_text import MASK

    declared = {field.name for field in fields if field.kind is FieldKind.SECRET}
    return frozenset(
        name for name in kept_secrets if name not in declared and MASK not in settings.get(name, "")
    )


def _masked_value(field: Field, value: str) -> str:
    # Its patterns take longer to compile than most commands need for everything else, and are
    # required only where values are entered.
    from launchpad_tui.domain.credential_text import masked, masked_headers

    return masked_headers(value) if field.headers else masked(value)


def _with_moved_queries(fields: Sequence[Field], values: Mapping[str, str]) -> dict[str, str]:
    """Return the values; a credential in the query of a URL is moved into its own field."""
    from launchpad_tui.domain.credential_text import has_credentials

    result = dict(values)
    by_name = {field.name: field for field in fields}
    for field in fields:
        url, mark, query = result.get(field.name, "").partition("?")
        if not mark or not field.query_secret or not has_credentials(f"?{query}"):
            continue
        result[field.name] = url
        if not result.get(field.query_secret):
            result[field.query_secret] = query
            other, wanted = by_name[field.query_secret].when
            if other:
                result[other] = wanted[0]
    return result


def applies(field: Field, values: Mapping[str, str]) -> bool:
    """Return whether a field applies, which may depend on the value of another field."""
    other, wanted = field.when
    return not other or values.get(other, "") in wanted


def _check(field: Field, value: str) -> None:
    # Messages must not contain secrets.
    shown = "" if field.kind is FieldKind.SECRET else f": {_masked_value(field, value)[:80]!r}"
    if field.kind is FieldKind.CHOICE and value not in field.choices:
        hint = f"Use one of {', '.join(field.choices)}."
        raise InvalidInput(
            f"{field.title} has an unknown value{shown}", hint=hint, field=field.name
        )
    if field.kind is FieldKind.FLAG and value not in FLAGS:
        raise InvalidInput(
            f"{field.title} is neither true nor false{shown}",
            hint="Use true or false.",
            field=field.name,
        )
    if field.kind is FieldKind.NUMBER:
        try:
            float(value)
        except ValueError as error:
            raise InvalidInput(
                f"{field.title} is not a number{shown}", hint=field.help, field=field.name
            ) from error
    if field.pattern and not re.fullmatch(field.pattern, value):
        raise InvalidInput(f"{field.title} is not valid{shown}", hint=field.help, field=field.name)
