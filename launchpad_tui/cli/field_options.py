"""Options that set fields of connections and object stores."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launchpad_tui.cli.command import argument
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.connection import ConnectionKind, Field, StoreKind

FIELD_OPTIONS = (
    argument(
        "--set",
        action="append",
        metavar="FIELD=VALUE",
        help="Set a field; may be repeated",
        completes="fields",
    ),
    argument(
        "--secret",
        action="append",
        metavar="FIELD",
        completes="secret fields",
        help="Set a secret field, from a prompt or a line of standard input; may be repeated",
    ),
    argument(
        "--set-file",
        action="append",
        metavar="FIELD=FILE",
        completes="files",
        help="Set a field to the text of a file, such as a certificate; may be repeated",
    ),
)


def field_values(options: argparse.Namespace, fields: Sequence[Field]) -> dict[str, str]:
    """Return the values that the options set.

    Secrets are read from standard input or a file, because every process of the machine can read
    the command line.

    Args:
        options: The parsed options.
        fields: The fields of the type.

    Raises:
        InvalidInput: A field is unknown, a secret is part of the command line, or a file cannot
            be read.
    """
    from launchpad_tui.domain.connection import FieldKind
    from launchpad_tui.services.input_files import read_text

    secrets = {field.name for field in fields if field.kind is FieldKind.SECRET}
    found: dict[str, str] = {}
    for text in options.set or ():
        name, value = _pair(text, fields, "set")
        if name in secrets:
            raise InvalidInput(
                f"The secret field {name} cannot be set with --set",
                "Other users of the machine can read the command line.",
                f"Use --secret {name} to be prompted, or --set-file {name}=FILE.",
                field=name,
            )
        found[name] = value
    for text in options.set_file or ():
        name, path = _pair(text, fields, "set-file")
        found[name] = read_text(name, Path(path).expanduser())
    for name in options.secret or ():
        _check_field(name, fields)
        found[name] = _read_secret(name)
    return _with_absolute_paths(found, fields)


def with_missing_secrets(
    values: Mapping[str, str], fields: Sequence[Field], *, either: Sequence[str] = ()
) -> dict[str, str]:
    """Return the values of a new object with the required secrets that are missing.

    On a terminal the user is asked for them. Otherwise the validation of the values reports them.

    Args:
        values: The values that options set.
        fields: The fields of the type.
        either: Secrets of which one is enough, although none of them is marked as required; the
            first one is asked for.
    """
    from launchpad_tui.domain.connection import FieldKind
    from launchpad_tui.domain.fields import applies

    found = dict(values)
    if sys.stdin is None or not sys.stdin.isatty():
        return found
    complete = {field.name: values.get(field.name) or field.default for field in fields}
    for field in fields:
        required = field.required or field.name == next(iter(either), "")
        if (
            field.kind is FieldKind.SECRET
            and required
            and applies(field, complete)
            and not any(found.get(name) for name in (field.name, *either))
        ):
            found[field.name] = _read_secret(field.name)
    return found


@contextmanager
def option_hints(fields: Sequence[Field]) -> Iterator[None]:
    """Let errors about values name the options that set them, instead of fields of a form."""
    from launchpad_tui.domain.connection import FieldKind

    try:
        yield
    except InvalidInput as error:
        field = next((one for one in fields if one.name == error.field), None)
        if field is not None:
            secret = field.kind is FieldKind.SECRET
            option = f"--secret {field.name}" if secret else f"--set {field.name}=VALUE"
            words = [f"Set it with {option}" + (", from a prompt or standard input" * secret)]
            name, choices = field.when
            source = next((one for one in fields if one.name == name), None)
            if secret and source is not None:
                others = [one for one in source.choices if one not in choices]
                words += [f"or use --set {name}={'|'.join(others)}"] if others else []
            error.detail = "\n".join(filter(None, (error.detail, error.hint)))
            error.hint = f"{', '.join(words)}."
        raise


def _with_absolute_paths(values: dict[str, str], fields: Sequence[Field]) -> dict[str, str]:
    """Return values in which paths are absolute: those of options start in the current folder."""
    from launchpad_tui.domain.connection import FieldKind

    paths = {field.name for field in fields if field.kind is FieldKind.PATH}
    return {
        name: str(Path(value).expanduser().absolute()) if name in paths and value else value
        for name, value in values.items()
    }


def type_json(kind: ConnectionKind | StoreKind) -> dict[str, Any]:
    """Return a type of connection or object store with its fields as JSON."""
    fields = [
        {
            "name": field.name,
            "title": field.title,
            "type": str(field.kind),
            "required": field.required,
            "default": field.default or None,
            "choices": list(field.choices),
            "help": field.help,
            "when": {"field": field.when[0], "values": list(field.when[1])}
            if field.when[0]
            else None,
        }
        for field in kind.fields
    ]
    return {"id": kind.id, "title": kind.title, "description": kind.description, "fields": fields}


def print_types(context: CommandContext, kinds: Sequence[ConnectionKind | StoreKind]) -> None:
    """Print types of connections or object stores, one line per field."""
    if context.structured or context.output == "name":
        context.resources(kinds, type_json, (), lambda kind: (kind.id,))
        return
    rows = []
    for kind in kinds:
        rows.append((kind.id, "", kind.title, getattr(kind, "reason", "") or kind.description))
        for field in kind.fields:
            note = "secret" if field.kind == "secret" else "required" if field.required else ""
            rule = (
                f"One of {', '.join(each or '(empty)' for each in field.choices)}."
                if field.choices
                else ""
            )
            if field.when[0]:
                rule = f"{rule} Only if {field.when[0]}={'|'.join(field.when[1])}.".strip()
            text = field.help or f"{field.title}."
            rows.append(("", field.name, note, f"{text} {rule}".strip()))
    context.resources(rows, lambda _: {}, ("TYPE", "FIELD", "", "DESCRIPTION"), tuple)


def _pair(text: str, fields: Sequence[Field], option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        # The message does not quote the argument, because it may be a secret.
        raise InvalidInput(
            f"Invalid value of --{option}",
            "The = is missing.",
            f"Write it as --{option} FIELD={'FILE' if option == 'set-file' else 'VALUE'}.",
            field=option,
        )
    _check_field(name, fields)
    return name, value


def _check_field(name: str, fields: Sequence[Field]) -> None:
    names = [field.name for field in fields]
    if name not in names:
        from launchpad_tui.domain.credential_text import masked

        raise InvalidInput(
            f"Unknown field {masked(name[:80])!r}",
            "This type has no such field.",
            f"Fields: {', '.join(names) or 'none'}.",
            field=name,
        )


def _read_secret(name: str) -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        from getpass import getpass

        return getpass(f"{name}: ")
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        raise InvalidInput(
            f"The value of the secret field {name} is missing",
            "Standard input ended before it.",
            "Pass one line for each --secret, in the order of the options.",
            field=name,
        )
    return line.rstrip("\r\n")
