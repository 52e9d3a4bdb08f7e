"""Fields of the catalogs on the command line: ``--set``, ``--secret`` and ``--set-file``, declared once by the kind."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launchpad_tui.cli.command import arg
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.connection import ConnectionKind, Field, StoreKind

OPTIONS = (
    arg("--set", action="append", metavar="FIELD=VALUE", help="a field; may be repeated"),
    arg(
        "--secret",
        action="append",
        metavar="FIELD",
        help="a secret field, asked for, or a line of standard input each; may be repeated",
    ),
    arg(
        "--set-file",
        action="append",
        metavar="FIELD=FILE",
        completes="files",
        help="a field whose value is the text of a file, such as a certificate; may be repeated",
    ),
)


def values(options: argparse.Namespace, fields: Sequence[Field]) -> dict[str, str]:
    """The values that the options give. A secret is read from standard input or a file, never from a word of the
    command line, which every process of the machine can read.

    Raises:
        InvalidInput: a field is unknown, a secret stands on the command line, or a file cannot be read.
    """
    from launchpad_tui.domain.connection import FieldKind
    from launchpad_tui.services.input_files import read_text

    secrets = {field.name for field in fields if field.kind is FieldKind.SECRET}
    found: dict[str, str] = {}
    for text in options.set or ():
        name, value = _pair(text, fields, "set")
        if name in secrets:
            hint = f"Use --secret {name} and give it on standard input, or --set-file {name}=FILE."
            raise InvalidInput(
                f"{name} is a secret", "Other users can read a command line.", hint, field=name
            )
        found[name] = value
    for text in options.set_file or ():
        name, path = _pair(text, fields, "set-file")
        found[name] = read_text(name, Path(path).expanduser())
    for name in options.secret or ():
        _known(name, fields)
        found[name] = _ask(name)
    return found


def kind_json(kind: ConnectionKind | StoreKind) -> dict[str, Any]:
    """A kind and its fields as JSON."""
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


def print_kinds(context: Context, kinds: Sequence[ConnectionKind | StoreKind]) -> None:
    """Print kinds, a line for each field."""
    if context.json or context.quiet:
        context.resources(kinds, kind_json, (), lambda kind: (kind.id,))
        return
    rows = []
    for kind in kinds:
        rows.append((kind.id, "", kind.title, getattr(kind, "reason", "") or kind.description))
        for field in kind.fields:
            what = "secret" if field.kind == "secret" else "required" if field.required else ""
            more = (
                f"One of {', '.join(each or 'nothing' for each in field.choices)}."
                if field.choices
                else ""
            )
            if field.when[0]:
                more = f"{more} With {field.when[0]}={'|'.join(field.when[1])}.".strip()
            rows.append(("", field.name, what, f"{field.help or field.title} {more}".strip()))
    context.resources(rows, lambda _: {}, ("KIND", "FIELD", "", "MEANING"), tuple)


def _pair(text: str, fields: Sequence[Field], option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        # Without its name the text may be a secret, so it is not repeated.
        raise InvalidInput(f"--{option} takes FIELD=VALUE", "There is no = in it.", field=option)
    _known(name, fields)
    return name, value


def _known(name: str, fields: Sequence[Field]) -> None:
    names = [field.name for field in fields]
    if name not in names:
        hint = f"Fields: {', '.join(names) or 'none'}."
        raise InvalidInput(f"There is no field {name[:80]!r}", hint=hint, field=name)


def _ask(name: str) -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        from getpass import getpass

        return getpass(f"{name}: ")
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        raise InvalidInput(f"The secret {name} is missing", "Standard input has ended.", field=name)
    return line.rstrip("\r\n")
