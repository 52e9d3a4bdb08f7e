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

    Empty values are omitted, as are values of fields that do not apply to the other values.

    Args:
        values: the values by field name; a missing value has the default of its field.
        kept_secrets: the names of secrets that are stored already and may therefore be empty.

    Raises:
        InvalidInput: a field is unknown, or a value is missing or invalid; ``field`` names it.
    """
    known = {field.name for field in fields}
    for name in values:
        if name not in known:
            names = ", ".join(field.name for field in fields) or "none"
            raise InvalidInput(
                f"Unknown field {name!r}",
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
        (secrets if secret else settings)[field.name] = value
    return settings, secrets


def applies(field: Field, values: Mapping[str, str]) -> bool:
    """Return whether a field applies, which may depend on the value of another field."""
    other, wanted = field.when
    return not other or values.get(other, "") in wanted


def _check(field: Field, value: str) -> None:
    # Messages must not contain secrets.
    shown = "" if field.kind is FieldKind.SECRET else f": {value[:80]!r}"
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
