"""Commands on object stores: which there are, what is in them, and whether they answer."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.connections import serialize_object_store
from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli import fields, previews
from launchpad_tui.cli.command import Command, arg
from launchpad_tui.cli.progress import progress
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.connection import ObjectStoreRecord, StoreKind


def _list(context: Context, _options: argparse.Namespace) -> None:
    context.resources(
        context.desk.stores.list(context.scope),
        serialize_object_store,
        ("NAME", "TYPE", "SETTINGS"),
        lambda one: (
            one.name,
            one.kind,
            ", ".join(f"{key}={value}" for key, value in one.settings.items() if value),
        ),
    )


def _store(context: Context, name: str) -> ObjectStoreRecord:
    stores = {each.name: each for each in context.desk.stores.list(context.scope)}
    if name not in stores:
        hint = f"Object stores of {context.scope}: {', '.join(stores) or 'none'}."
        raise NotFound(f"There is no object store {name[:80]!r}", hint=hint)
    return stores[name]


def _kinds(context: Context, _options: argparse.Namespace) -> None:
    fields.print_kinds(context, context.desk.stores.kinds())


def _kind(context: Context, name: str) -> StoreKind:
    kinds = {kind.id: kind for kind in context.desk.stores.kinds()}
    if name not in kinds:
        raise InvalidInput(
            f"There is no type {name[:80]!r}", hint=f"Types: {', '.join(kinds)}.", field="type"
        )
    return kinds[name]


def _show(context: Context, options: argparse.Namespace) -> None:
    one = _store(context, options.name)
    lines = [
        ("name", one.name),
        ("type", one.kind),
        ("created", rfc3339(one.created_at) or ""),
    ]
    kept = sorted(context.desk.stores.kept(context.scope, one.name))
    place = context.desk.stores.kept_where(context.scope, one.name)
    lines = [
        *lines,
        *one.settings.items(),
        ("secrets, not shown", ", ".join(kept)),
        ("secrets kept in", place),
    ]
    context.resource(
        {**serialize_object_store(one), "secrets": kept, "secretsKeptIn": place or None}, lines
    )


def _add(context: Context, options: argparse.Namespace) -> None:
    kind = _kind(context, options.type)
    values = fields.values(options, kind.fields)
    one = context.desk.stores.add(context.scope, options.name, kind.id, values, here=options.here)
    context.done(f"Added object store {one.name}.", serialize_object_store(one), id=one.name)


def _edit(context: Context, options: argparse.Namespace) -> None:
    one = _store(context, options.name)
    values = {**one.settings, **fields.values(options, _kind(context, one.kind).fields)}
    one = context.desk.stores.edit(context.scope, one.name, values, at_runtime=options.at_runtime)
    where = ", at its runtime too" if options.at_runtime else ""
    context.done(
        f"Changed object store {one.name}{where}.", serialize_object_store(one), id=one.name
    )


def _delete(context: Context, options: argparse.Namespace) -> None:
    context.desk.stores.delete(context.scope, options.name)
    context.done(f"Deleted object store {options.name}; its files stay.", id=options.name)


def _rename(context: Context, options: argparse.Namespace) -> None:
    count = context.desk.stores.rename(context.scope, options.name, options.new)
    context.done(
        f"{options.name} is {options.new} now; {_followed(count)}.",
        {"name": options.new},
        id=options.new,
    )


def _replace(context: Context, options: argparse.Namespace) -> None:
    kind = _kind(context, options.type)
    values = fields.values(options, kind.fields)
    one, count = context.desk.stores.replace(
        context.scope, options.name, kind.id, values, options.keep_as
    )
    message = f"{one.name} is of type {one.kind} now; the old one is {options.keep_as}, {_followed(count)}."
    context.done(
        message,
        {**serialize_object_store(one), "keptAs": options.keep_as, "artifacts": count},
        id=one.name,
    )


def _followed(count: int) -> str:
    return f"{count} artifact{'' if count == 1 else 's'} in it follow{'s' if count == 1 else ''}"


def _import(context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.services.input_files import read_text

    text = read_text("file", Path(options.file).expanduser())
    made = context.desk.stores.import_secrets(context.scope, text)
    context.resources(
        made, serialize_object_store, ("NAME", "TYPE"), lambda one: (one.name, one.kind)
    )


def _test(context: Context, options: argparse.Namespace) -> int:
    from launchpad_tui.cli import steps

    one = _store(context, options.name)
    return steps.run(
        context, one.name, lambda tell: context.desk.browsing.probe(context.scope, one.name, tell)
    )


def _browse(context: Context, options: argparse.Namespace) -> None:
    context.resources(
        _entries(context, options),
        lambda row: {"path": row[0], "size": row[1], "modifiedAt": row[2] or None},
        ("PATH", "SIZE", "MODIFIED"),
        lambda row: (row[0], size_text(row[1]), row[2]),
    )


def _entries(
    context: Context, options: argparse.Namespace
) -> Iterator[tuple[str, int | None, str]]:
    """Paths of folders with a slash behind them, then of objects; sizes in bytes; moments."""
    store, path = _store(context, options.name).name, (options.path or "").strip("/")
    if options.recursive:
        for each in context.desk.files.store(context.scope, store).list(
            path, limit=options.limit or None
        ):
            yield each.path, each.size, rfc3339(each.modified) or ""
        return
    token, left = "", options.limit or None
    while True:
        page = context.desk.browsing.page(context.scope, store, path, token)
        rows: list[tuple[str, int | None, str]] = [(f"{each}/", None, "") for each in page.folders]
        rows += [(each.path, each.size, rfc3339(each.modified) or "") for each in page.objects]
        yield from rows[:left]
        left = None if left is None else left - len(rows)
        token = page.next
        if not token or (left is not None and left <= 0):
            return


def _preview(context: Context, options: argparse.Namespace) -> None:
    one = _store(context, options.name)
    previews.show(
        context, context.desk.browsing.preview(context.scope, one.name, options.path.strip("/"))
    )


def _download(context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.domain.artifact import ArtifactUrl

    url = str(ArtifactUrl(_store(context, options.name).name, options.path.strip("/")))
    target = Path(options.target).expanduser()
    with progress("Downloading", quiet=context.quiet) as tell:
        paths = context.desk.files.stage(
            context.scope, url, target, tell, overwrite=options.overwrite
        )
    data = {"url": url, "target": str(target), "files": [str(path) for path in paths]}
    context.done(f"Downloaded {len(paths)} file{'' if len(paths) == 1 else 's'} to {target}.", data)


_STORE = arg("name", help="the object store", completes="stores")
COMMANDS = (
    Command(
        ("stores", "list"),
        "list the object stores",
        ("launchpad stores list", "launchpad stores list --group vision --json"),
        _list,
    ),
    Command(
        ("stores", "kinds"),
        "list the types of object stores and their fields",
        ("launchpad stores kinds", "launchpad stores kinds --json"),
        _kinds,
    ),
    Command(
        ("stores", "show"),
        "show an object store, without its secrets",
        ("launchpad stores show default", "launchpad stores show lake --json"),
        _show,
        (_STORE,),
    ),
    Command(
        ("stores", "add"),
        "add an object store; secrets are never words of the command line",
        (
            "launchpad stores add archive --type file --set root=/srv/models",
            "launchpad stores add lake --type s3 --set bucket=models --secret access_key_id \\\n"
            "    --secret secret_access_key < keys.txt",
            "launchpad stores add default --connection gpu --here --type file --set root=/mnt/gpu/files",
        ),
        _add,
        (
            arg("name", help="its name, the host part of ai:// URLs"),
            arg(
                "--type",
                required=True,
                help="a type of object store (see: stores kinds)",
                completes="types",
            ),
            *fields.OPTIONS,
            arg(
                "--here",
                action="store_true",
                help="only this machine knows it; nothing is made at a runtime elsewhere",
            ),
        ),
    ),
    Command(
        ("stores", "edit"),
        "change fields of an object store; the others stay",
        (
            "launchpad stores edit archive --set root=/srv/new",
            "launchpad stores edit lake --secret secret_access_key",
        ),
        _edit,
        (
            _STORE,
            *fields.OPTIONS,
            arg(
                "--at-runtime",
                action="store_true",
                help="replace its secret at the runtime too, for everybody, with all that it has here then",
            ),
        ),
    ),
    Command(
        ("stores", "rename"),
        "give an object store another name; the URLs of the artifacts in it follow",
        ("launchpad stores rename lake archive", "launchpad stores rename lake archive --json"),
        _rename,
        (_STORE, arg("new", help="its new name")),
    ),
    Command(
        ("stores", "replace"),
        "put another object store under a name, such as a bucket where outputs shall go from now on; the old one "
        "stays under another name",
        (
            "launchpad stores replace default --keep-as files --type s3 --set bucket=models \\\n"
            "    --set credentials=profile",
            "launchpad stores replace default --keep-as bucket --type file --set root=/srv/models",
        ),
        _replace,
        (
            _STORE,
            arg(
                "--keep-as", required=True, metavar="NAME", help="the old store's name from now on"
            ),
            arg(
                "--type",
                required=True,
                help="a type of object store (see: stores kinds)",
                completes="types",
            ),
            *fields.OPTIONS,
        ),
    ),
    Command(
        ("stores", "import"),
        "add object stores from a JSON file with object store secrets in the AI API's form",
        (
            "launchpad stores import secret.json",
            "launchpad stores import secrets.json --group vision",
        ),
        _import,
        (
            arg(
                "file", help="one secret, a list of them, or what a server lists", completes="files"
            ),
        ),
    ),
    Command(
        ("stores", "delete"),
        "forget an object store; what is in it stays",
        ("launchpad stores delete lake", "launchpad stores delete lake --quiet"),
        _delete,
        (_STORE,),
    ),
    Command(
        ("stores", "test"),
        "look step by step whether the object store answers: name, network, TLS, credentials, permission, bucket, "
        "prefix; exit code 1 where one is wrong",
        ("launchpad stores test default", "launchpad stores test lake --json"),
        _test,
        (_STORE,),
    ),
    Command(
        ("stores", "browse"),
        "list what is in a folder of an object store",
        (
            "launchpad stores browse lake models",
            "launchpad stores browse lake --recursive --limit 100",
        ),
        _browse,
        (
            _STORE,
            arg("path", nargs="?", help="the folder; without it, all of the store"),
            arg("--recursive", "-r", action="store_true", help="everything below the folder, too"),
            arg(
                "--limit",
                type=int,
                default=1000,
                metavar="N",
                help="at most so many (default 1000; 0: all)",
            ),
        ),
    ),
    Command(
        ("stores", "preview"),
        "show what a file says of itself; nothing in it is executed",
        (
            "launchpad stores preview lake models/a/model.safetensors",
            "launchpad stores preview lake a.csv --json",
        ),
        _preview,
        (_STORE, arg("path", help="the file's path in the store")),
    ),
    Command(
        ("stores", "download"),
        "download a file or a folder of an object store; what was broken off goes on",
        (
            "launchpad stores download lake models/a ./a",
            "launchpad stores download lake a.csv . --overwrite",
        ),
        _download,
        (
            _STORE,
            arg("path", help="the file's or folder's path in the store"),
            arg("target", help="the folder to put it in", completes="files"),
            arg("--overwrite", action="store_true", help="replace files that are there"),
        ),
    ),
)
