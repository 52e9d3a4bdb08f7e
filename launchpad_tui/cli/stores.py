"""Commands on object stores: manage and test them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.connections import serialize_object_store
from launchpad_tui.cli import store_files
from launchpad_tui.cli.command import Command, argument
from launchpad_tui.cli.field_options import (
    FIELD_OPTIONS,
    field_values,
    option_hints,
    print_types,
    with_missing_secrets,
)
from launchpad_tui.cli.store_files import STORE, find_store
from launchpad_tui.cli.table import NAME
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.connection import StoreKind


def _list(context: CommandContext, _options: argparse.Namespace) -> None:
    context.resources(
        context.desk.stores.list(context.scope),
        serialize_object_store,
        (NAME, "TYPE", "SETTINGS"),
        lambda one: (
            one.name,
            one.kind,
            ", ".join(f"{key}={value}" for key, value in one.settings.items() if value),
        ),
    )


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
    one = find_store(context, options.name)
    lines = [
        ("name", one.name),
        ("type", one.kind),
        ("created", context.field_time(one.created_at)),
    ]
    folder = context.desk.files.folder(one)
    if folder and folder not in one.settings.values():
        lines.append(("folder", folder))
    secrets = sorted(context.desk.stores.kept(context.scope, one.name))
    location = context.desk.stores.kept_where(context.scope, one.name)
    lines = [
        *lines,
        *one.settings.items(),
        ("secrets", ", ".join(secrets)),
        ("secrets stored in", location),
    ]
    context.resource(
        {
            **serialize_object_store(one),
            "folder": folder or None,
            "secrets": secrets,
            "secretsKeptIn": location or None,
        },
        lines,
    )


def _add(context: CommandContext, options: argparse.Namespace) -> None:
    kind = _kind(context, options.type)
    values = field_values(options, kind.fields)
    with option_hints(kind.fields):
        one = context.desk.stores.add(
            context.scope,
            options.name,
            kind.id,
            with_missing_secrets(values, kind.fields),
            here=options.local_only,
        )
    context.done(f"Added object store {one.name}.", serialize_object_store(one), id=one.name)
    context.hint(f"Test it with: launchpad stores test {one.name}")


def _edit(context: CommandContext, options: argparse.Namespace) -> None:
    one = find_store(context, options.name)
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

    one = find_store(context, options.name)
    return run_test(
        context,
        one.name,
        lambda report: context.desk.browsing.probe(context.scope, one.name, report),
    )


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
        (STORE,),
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
            STORE,
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
        (STORE, argument("new", help="New name")),
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
            STORE,
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
        (STORE,),
        details="Its files are kept. In a remote runtime its object store secret is deleted.",
    ),
    Command(
        ("stores", "test"),
        "Test an object store step by step",
        ("launchpad stores test default", "launchpad stores test lake --json"),
        _test,
        (STORE,),
        details=(
            "Tests name resolution, network, TLS, credentials, permissions, bucket and prefix. The "
            "exit code is 1 if a step fails."
        ),
    ),
    *store_files.COMMANDS,
)
