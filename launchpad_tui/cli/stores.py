"""Commands on object stores: manage, test and browse them."""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.connections import serialize_object_store
from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli.arguments import OVERWRITE, integer
from launchpad_tui.cli.command import Command, argument
from launchpad_tui.cli.confirmation import confirmed
from launchpad_tui.cli.field_options import FIELD_OPTIONS, field_values, print_types
from launchpad_tui.cli.preview_output import PREVIEW_DETAILS, print_preview
from launchpad_tui.cli.progress import progress
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.domain.text import safe_text
from launchpad_tui.errors import InvalidInput, NotFound, ObjectMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.connection import ObjectStoreRecord, StoreKind


def _list(context: CommandContext, _options: argparse.Namespace) -> None:
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


def _store(context: CommandContext, name: str) -> ObjectStoreRecord:
    stores = {each.name: each for each in context.desk.stores.list(context.scope)}
    if name not in stores:
        raise NotFound(
            f"Object store {name[:80]!r} not found",
            f"Object stores of {context.scope}: {', '.join(stores) or 'none'}.",
            "To add one: launchpad stores add NAME",
        )
    return stores[name]


def _types(context: CommandContext, _options: argparse.Namespace) -> None:
    print_types(context, context.desk.stores.kinds())


def _kind(context: CommandContext, name: str) -> StoreKind:
    kinds = {kind.id: kind for kind in context.desk.stores.kinds()}
    if name not in kinds:
        raise InvalidInput(
            f"Unknown object store type {name[:80]!r}",
            f"Types: {', '.join(kinds)}.",
            "To list the types with their fields: launchpad stores types",
            field="type",
        )
    return kinds[name]


def _show(context: CommandContext, options: argparse.Namespace) -> None:
    one = _store(context, options.name)
    lines = [
        ("name", one.name),
        ("type", one.kind),
        ("created", rfc3339(one.created_at) or ""),
    ]
    secrets = sorted(context.desk.stores.kept(context.scope, one.name))
    location = context.desk.stores.kept_where(context.scope, one.name)
    lines = [
        *lines,
        *one.settings.items(),
        ("secrets", ", ".join(secrets)),
        ("secrets stored in", location),
    ]
    context.resource(
        {**serialize_object_store(one), "secrets": secrets, "secretsKeptIn": location or None},
        lines,
    )


def _add(context: CommandContext, options: argparse.Namespace) -> None:
    kind = _kind(context, options.type)
    values = field_values(options, kind.fields)
    one = context.desk.stores.add(
        context.scope, options.name, kind.id, values, here=options.local_only
    )
    context.done(f"Added object store {one.name}.", serialize_object_store(one), id=one.name)


def _edit(context: CommandContext, options: argparse.Namespace) -> None:
    one = _store(context, options.name)
    values = {**one.settings, **field_values(options, _kind(context, one.kind).fields)}
    one = context.desk.stores.edit(
        context.scope, one.name, values, at_runtime=options.update_runtime
    )
    where = " and its secret in the runtime" if options.update_runtime else ""
    context.done(
        f"Changed object store {one.name}{where}.", serialize_object_store(one), id=one.name
    )


def _remove(context: CommandContext, options: argparse.Namespace) -> None:
    context.desk.stores.delete(context.scope, options.name)
    context.done(f"Removed object store {options.name}. Its files are kept.", id=options.name)


def _rename(context: CommandContext, options: argparse.Namespace) -> None:
    count = context.desk.stores.rename(context.scope, options.name, options.new)
    context.done(
        f"Renamed object store {options.name} to {options.new}. {_updated_text(count)}",
        {"name": options.new},
        id=options.new,
    )


def _replace(context: CommandContext, options: argparse.Namespace) -> None:
    kind = _kind(context, options.type)
    values = field_values(options, kind.fields)
    one, count = context.desk.stores.replace(
        context.scope, options.name, kind.id, values, options.keep_as
    )
    message = (
        f"Replaced object store {one.name} by one of type {one.kind}. "
        f"The previous store is now {options.keep_as}. {_updated_text(count)}"
    )
    context.done(
        message,
        {**serialize_object_store(one), "keptAs": options.keep_as, "artifacts": count},
        id=one.name,
    )


def _updated_text(count: int) -> str:
    return f"Updated the URL{'s' * (count != 1)} of {count} artifact{'s' * (count != 1)}."


def _import(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.services.input_files import read_text

    text = read_text("file", Path(options.file).expanduser())
    added = context.desk.stores.import_secrets(context.scope, text)
    context.resources(
        added, serialize_object_store, ("NAME", "TYPE"), lambda one: (one.name, one.kind)
    )


def _test(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.cli.step_report import run_test

    one = _store(context, options.name)
    return run_test(
        context,
        one.name,
        lambda report: context.desk.browsing.probe(context.scope, one.name, report),
    )


def _browse(context: CommandContext, options: argparse.Namespace) -> None:
    if options.limit < 0:
        raise InvalidInput(
            f"Invalid limit {options.limit}",
            "The number of entries cannot be negative.",
            "Pass a positive number, or 0 to list all entries.",
            field="limit",
        )
    limit = options.limit or None
    entries = _entries(context, options)
    context.resources(
        islice(entries, limit),
        lambda row: {"path": row[0], "size": row[1], "modifiedAt": row[2] or None},
        ("PATH", "SIZE", "MODIFIED"),
        lambda row: (row[0], size_text(row[1]), row[2]),
    )
    if limit is not None and next(entries, None) is not None:
        context.note(
            f"note: Only the first {limit:,} entries are listed, there are more.\n"
            "To list all: --limit 0"
        )


def _entries(
    context: CommandContext, options: argparse.Namespace
) -> Iterator[tuple[str, int | None, str]]:
    """Yield path, size in bytes and modification time of each folder and object.

    Folders have a trailing slash, no size and no time.
    """
    store, path = _store(context, options.name).name, (options.path or "").strip("/")
    if options.recursive:
        # One more than is listed shows whether there are more.
        limit = options.limit + 1 if options.limit else None
        for each in context.desk.files.store(context.scope, store).list(path, limit=limit):
            yield each.path, each.size, rfc3339(each.modified) or ""
        return
    for page in context.desk.browsing.pages(context.scope, store, path):
        for folder in page.folders:
            yield f"{folder}/", None, ""
        for each in page.objects:
            yield each.path, each.size, rfc3339(each.modified) or ""


def _preview(context: CommandContext, options: argparse.Namespace) -> None:
    one = _store(context, options.name)
    print_preview(
        context, context.desk.browsing.preview(context.scope, one.name, options.path.strip("/"))
    )


def _download(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.domain.artifact import ArtifactUrl

    url = str(ArtifactUrl(_store(context, options.name).name, options.path.strip("/")))
    target = Path(options.target).expanduser()
    with progress("Downloading", quiet=context.quiet) as report:
        paths = context.desk.files.stage(
            context.scope, url, target, report, overwrite=options.overwrite
        )
    data = {"url": url, "target": str(target), "files": [str(path) for path in paths]}
    context.done(f"Downloaded {len(paths)} file{'' if len(paths) == 1 else 's'} to {target}.", data)


def _delete(context: CommandContext, options: argparse.Namespace) -> int:
    store = _store(context, options.name).name
    paths = list(dict.fromkeys(path.strip("/") for path in options.paths))
    if options.dry_run:
        found = [
            each
            for path in paths
            for each in context.desk.files.store(context.scope, store).list(_not_empty(path))
        ]
        context.resources(
            found,
            lambda each: {"path": each.path, "size": each.size},
            ("PATH", "SIZE"),
            lambda each: (each.path, size_text(each.size)),
        )
        context.note(f"{len(found):,} files would be deleted.")
        return 0
    measured = [
        context.desk.browsing.measure(context.scope, store, _not_empty(path)) for path in paths
    ]
    count, size = sum(each[0] for each in measured), sum(each[1] for each in measured)
    shown = ", ".join(safe_text(f"ai://{store}/{path}") for path in paths[:5])
    more = f" and {len(paths) - 5} more paths" if len(paths) > 5 else ""
    files = f"{count:,} file{'s' * (count != 1)} ({size_text(size)})"
    detail = "The files cannot be restored. Artifacts with these URLs keep their records."
    if not confirmed(f"Delete {files} at {shown}{more}?", detail, yes=options.yes):
        context.note("Nothing was deleted.")
        return 1
    deleted = sum(context.desk.browsing.delete(context.scope, store, path) for path in paths)
    if not deleted and not count:
        raise ObjectMissing(
            f"No files at {shown}{more}",
            "The object store has no object at this path.",
            f"List the files: launchpad stores browse {store}",
        )
    data = {"objectStore": store, "paths": paths, "files": deleted}
    context.done(f"Deleted {deleted:,} file{'s' * (deleted != 1)}.", data)
    return 0


def _not_empty(path: str) -> str:
    if not path:
        raise InvalidInput(
            "The path of the files to delete is missing",
            "The whole content of an object store is not deleted at once.",
            "Pass the path of a file or folder.",
            field="paths",
        )
    return path


_STORE = argument("name", help="Name of the object store", completes="stores")
COMMANDS = (
    Command(
        ("stores", "list"),
        "List the object stores",
        ("launchpad stores list", "launchpad stores list --group vision --json"),
        _list,
    ),
    Command(
        ("stores", "types"),
        "List the object store types and their fields",
        ("launchpad stores types", "launchpad stores types --json"),
        _types,
    ),
    Command(
        ("stores", "show"),
        "Show an object store",
        ("launchpad stores show default", "launchpad stores show lake --json"),
        _show,
        (_STORE,),
        details="Secrets are listed by name, without their values.",
    ),
    Command(
        ("stores", "add"),
        "Add an object store",
        (
            "launchpad stores add archive --type file --set root=/srv/models",
            "launchpad stores add lake --type s3 --set bucket=models --secret access_key_id \\\n"
            "    --secret secret_access_key < keys.txt",
            "launchpad stores add default --connection gpu --local-only --type file "
            "--set root=/mnt/gpu",
        ),
        _add,
        (
            argument("name", help="Name, which is the host in ai:// URLs"),
            argument(
                "--type",
                required=True,
                help="Object store type; to list them: launchpad stores types",
                completes="store types",
            ),
            *FIELD_OPTIONS,
            argument(
                "--local-only",
                action="store_true",
                help="Add it on this machine only, without an object store secret in the runtime",
            ),
        ),
        details=(
            "In a remote runtime an object store secret is created, unless --local-only is given. "
            "Secrets are passed with --secret or --set-file, because other users of the machine "
            "can read the command line."
        ),
    ),
    Command(
        ("stores", "edit"),
        "Change fields of an object store",
        (
            "launchpad stores edit archive --set root=/srv/new",
            "launchpad stores edit lake --secret secret_access_key",
        ),
        _edit,
        (
            _STORE,
            *FIELD_OPTIONS,
            argument(
                "--update-runtime",
                action="store_true",
                help="Also replace the object store secret in the runtime, for all its users",
            ),
        ),
        details="Fields without an option keep their value.",
    ),
    Command(
        ("stores", "rename"),
        "Rename an object store",
        ("launchpad stores rename lake archive", "launchpad stores rename lake archive --json"),
        _rename,
        (_STORE, argument("new", help="New name")),
        details="The URLs of the artifacts in it are updated.",
    ),
    Command(
        ("stores", "replace"),
        "Replace an object store and rename the previous one",
        (
            "launchpad stores replace default --keep-as files --type s3 --set bucket=models \\\n"
            "    --set credentials=profile",
            "launchpad stores replace default --keep-as bucket --type file --set root=/srv/models",
        ),
        _replace,
        (
            _STORE,
            argument(
                "--keep-as",
                required=True,
                metavar="NAME",
                help="New name of the previous object store",
            ),
            argument(
                "--type",
                required=True,
                help="Object store type; to list them: launchpad stores types",
                completes="store types",
            ),
            *FIELD_OPTIONS,
        ),
        details=(
            "To store new outputs in a bucket, replace default by an s3 store. The previous store "
            "is renamed to --keep-as, and the URLs of its artifacts are updated."
        ),
    ),
    Command(
        ("stores", "import"),
        "Import object stores from object store secrets",
        (
            "launchpad stores import secret.json",
            "launchpad stores import secrets.json --group vision",
        ),
        _import,
        (
            argument(
                "file",
                help="JSON file with one secret, a list of secrets, or a response that lists them",
                completes="files",
            ),
        ),
        details=(
            "The file is JSON in the format of the AI API. On this machine, a secret named default "
            "replaces the folder with which the resource group was created: the folder is renamed "
            "to files, and the URLs of its artifacts are updated."
        ),
    ),
    Command(
        ("stores", "remove"),
        "Remove an object store; its files are kept",
        ("launchpad stores remove lake", "launchpad stores remove lake --quiet"),
        _remove,
        (_STORE,),
        details="Its files are kept. In a remote runtime its object store secret is deleted.",
    ),
    Command(
        ("stores", "test"),
        "Test an object store step by step",
        ("launchpad stores test default", "launchpad stores test lake --json"),
        _test,
        (_STORE,),
        details=(
            "Tests name resolution, network, TLS, credentials, permissions, bucket and prefix. The "
            "exit code is 1 if a step fails."
        ),
    ),
    Command(
        ("stores", "browse"),
        "List the files and folders in an object store",
        (
            "launchpad stores browse lake models",
            "launchpad stores browse lake --recursive --limit 100",
        ),
        _browse,
        (
            _STORE,
            argument("path", nargs="?", help="Folder (default: the root of the store)"),
            argument(
                "--recursive", "-r", action="store_true", help="Include all files below the folder"
            ),
            argument(
                "--limit",
                type=integer,
                default=1000,
                metavar="N",
                help="Maximum number of entries (default: 1000); 0 lists all",
            ),
        ),
    ),
    Command(
        ("stores", "preview"),
        "Show a preview of a file",
        (
            "launchpad stores preview lake models/a/model.safetensors",
            "launchpad stores preview lake a.csv --json",
        ),
        _preview,
        (_STORE, argument("path", help="Path of the file in the store")),
        details=PREVIEW_DETAILS,
    ),
    Command(
        ("stores", "download"),
        "Download a file or folder",
        (
            "launchpad stores download lake models/a ./a",
            "launchpad stores download lake a.csv . --overwrite",
        ),
        _download,
        (
            _STORE,
            argument("path", help="Path of the file or folder in the store"),
            argument("target", help="Target folder", completes="files"),
            OVERWRITE,
        ),
        details="Run the command again to resume an interrupted download.",
    ),
    Command(
        ("stores", "delete"),
        "Delete files or folders in an object store",
        (
            "launchpad stores delete lake models/old --dry-run",
            "launchpad stores delete lake models/old readme.txt --yes",
        ),
        _delete,
        (
            _STORE,
            argument("paths", nargs="+", metavar="path", help="Path of a file or folder"),
            argument("--yes", action="store_true", help="Delete without a question"),
            argument("--dry-run", action="store_true", help="List the files without deleting them"),
        ),
        details=(
            "A folder is deleted with all files below it, and with files that an interrupted "
            "upload has left there. The exit code is 1 if the question is not confirmed. To remove "
            "the object store itself and keep its files: launchpad stores remove."
        ),
    ),
)
