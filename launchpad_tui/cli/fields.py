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

#: a certificate or key is a few kilobytes
_FILE_LIMIT = 1_000_000

OPTIONS = (
    arg("--set", action="append", metavar="FIELD=VALUE", help="a field; may be repeated"),
    arg("--secret", action="append", metavar="FIELD",
        help="a secret field, asked for, or a line of standard input each; may be repeated"),
    arg("--set-file", action="append", metavar="FIELD=FILE", completes="files",
        help="a field whose value is the text of a file, such as a certificate; may be repeated"),
)  # fmt: skip


def values(options: argparse.Namespace, fields: Sequence[Field]) -> dict[str, str]:
    """The values that the options give. A secret is read from standard input or a file, never from a word of the
    command line, which every process of the machine can read.

    Raises:
        InvalidInput: a field is unknown, a secret stands on the command line, or a file cannot be read.
    """
    from launchpad_tui.domain.connection import FieldKind

    secrets = {field.name for field in fields if field.kind is FieldKind.SECRET}
    found: dict[str, str] = {}
    for text in options.set or ():
        name, value = _pair(text, fields, "set")
        if name in secrets:
            hint = f"Use --secret {name} and give it on standard input, or --set-file {name}=FILE."
            raise InvalidInput(f"{name} is a secret", "Other users can read a command line.", hint, field=name)
        found[name] = value
    for text in options.set_file or ():
        name, path = _pair(text, fields, "set-file")
        found[name] = _read(name, Path(path).expanduser())
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
            more = f"One of {', '.join(field.choices)}." if field.choices else ""
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


def _read(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_LIMIT + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "It is not UTF-8 text."
        raise InvalidInput(f"The file for {name} cannot be read", f"{path}: {why}", field=name) from error
    if len(content) > _FILE_LIMIT:
        raise InvalidInput(f"The file for {name} is too long", f"{path}: over {_FILE_LIMIT:,} bytes.", field=name)
    # An editor ends a file with a newline that is no part of a key.
    return text.removesuffix("\n").removesuffix("\r")


def _ask(name: str) -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        from getpass import getpass

        return getpass(f"{name}: ")
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        raise InvalidInput(f"The secret {name} is missing", "Standard input has ended.", field=name)
    return line.rstrip("\r\n")
