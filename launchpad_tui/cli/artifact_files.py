"""Commands on the files of artifacts: listed, verified, previewed, downloaded, uploaded, and found in a store."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.artifacts import extended_artifact, serialize_file, serialize_file_check
from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli.command import Arg, Command, arg
from launchpad_tui.cli.progress import counted, progress
from launchpad_tui.domain.artifact import (
    Artifact,
    ArtifactKind,
    ArtifactUrl,
    FilesState,
    FileState,
    parse_label,
)
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.services.importing import Proposal
    from launchpad_tui.services.verification import Verified

_BAD = {FileState.CHANGED, FileState.MISSING, FileState.EXTRA}


def _find(kind: ArtifactKind | None, context: Context, options: argparse.Namespace) -> Artifact:
    return context.desk.artifacts.resolve(context.scope, options.id, kind)


def _files(kind: ArtifactKind | None, context: Context, options: argparse.Namespace) -> None:
    one = _find(kind, context, options)
    context.resources(
        context.desk.files.recorded(context.scope, one.id),
        serialize_file,
        ("PATH", "SIZE", "SHA-256"),
        lambda each: (each.path, size_text(each.size), each.sha256),
    )


def _verify(kind: ArtifactKind | None, context: Context, options: argparse.Namespace) -> int:
    if bool(options.id) == options.all:
        raise InvalidInput("Name one, or say --all", field="id")
    if options.all:
        return _verify_all(kind, context, options)
    one = _find(kind, context, options)
    if options.record:
        with progress("Reading", quiet=context.quiet) as tell:
            files = context.desk.verification.record(context.scope, one.id, tell)
        context.done(
            f"Recorded {len(files)} files of {one.id}.",
            {"files": [serialize_file(f) for f in files]},
            id=one.id,
        )
        return 0
    with progress("Verifying", quiet=context.quiet) as tell:
        checks = context.desk.verification.verify(context.scope, one.id, tell)
    context.resources(
        checks,
        serialize_file_check,
        ("STATE", "PATH", "SIZE", "SHA-256"),
        lambda each: (str(each.state), each.file.path, size_text(each.size), each.sha256),
    )
    if any(each.state is FileState.UNRECORDED for each in checks):
        context.note("Nothing was recorded of these files; --record keeps what is there now.")
    return 1 if not checks or any(each.state in _BAD for each in checks) else 0


def _verify_all(kind: ArtifactKind | None, context: Context, options: argparse.Namespace) -> int:
    if options.record:
        raise InvalidInput("--record is for one at a time", field="record")
    looked: list[Verified] = []
    with counted("Verifying", quiet=context.quiet) as tell:

        def told(verified: Verified) -> None:
            looked.append(verified)
            if tell is not None:
                tell(verified.done, verified.artifact.name)

        counts = context.desk.verification.verify_all(
            context.scope, kind, told, content=options.content
        )
    shown = [each for each in looked if each.state is not FilesState.INTACT or each.error]
    context.resources(
        looked if context.json else shown,
        lambda each: {
            **extended_artifact(each.artifact),
            "filesState": str(each.state),
            "error": each.error or None,
        },
        ("ID", "NAME", "STATE", "WHY"),
        lambda each: (each.artifact.id, each.artifact.name, str(each.state), each.error),
    )
    if not context.json:
        context.note(", ".join(f"{count} {state}" for state, count in counts.items()))
    failed = any(each.error for each in looked)
    return 1 if counts[FilesState.MISSING] or counts[FilesState.CHANGED] or failed else 0


def _preview(kind: ArtifactKind | None, context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.cli import previews
    from launchpad_tui.domain.artifact import parse_url
    from launchpad_tui.stores.base import join

    one = _find(kind, context, options)
    url = parse_url(one.url)
    path = join(url.path, options.path) if options.path else url.path
    if not options.path:
        found = [
            each.path
            for each in context.desk.files.store(context.scope, url.store).list(url.path, limit=20)
        ]
        if len(found) != 1:
            hint = f"Files: {', '.join(each.removeprefix(url.path).lstrip('/') for each in found) or 'none'}."
            raise InvalidInput(
                "Which file?", f"{one.url} has several, or none.", hint, field="path"
            )
        path = found[0]
    previews.show(context, context.desk.browsing.preview(context.scope, url.store, path))


def _download(kind: ArtifactKind | None, context: Context, options: argparse.Namespace) -> None:
    one = _find(kind, context, options)
    target = Path(options.target).expanduser()
    with progress("Downloading", quiet=context.quiet) as tell:
        paths = context.desk.files.download(
            context.scope, one.id, target, tell, overwrite=options.overwrite
        )
    data = {"id": one.id, "target": str(target), "files": [str(path) for path in paths]}
    context.done(
        f"Downloaded {len(paths)} file{'' if len(paths) == 1 else 's'} to {target}.",
        data,
        id=one.id,
    )


def _upload(kind: ArtifactKind | None, context: Context, options: argparse.Namespace) -> None:
    url = options.url or str(ArtifactUrl("default", options.name))
    with progress("Uploading", quiet=context.quiet) as tell:
        one = context.desk.importing.upload(
            context.scope,
            kind or ArtifactKind(options.kind),
            options.name,
            Path(options.source).expanduser(),
            url,
            options.scenario,
            options.description or "",
            tuple(parse_label(text) for text in options.label or ()),
            tell,
        )
    context.done(
        f"Stored at {one.url} and added as {one.kind} {one.id}.", extended_artifact(one), id=one.id
    )


def _import(kind: ArtifactKind | None, context: Context, options: argparse.Namespace) -> None:
    importing = context.desk.importing
    with counted("Looking", quiet=context.quiet) as tell:
        found = importing.propose(
            context.scope,
            options.store,
            options.prefix or "",
            options.pattern,
            (lambda count: tell(count, "")) if tell is not None else None,
        )
    wanted = [each for each in found if not each.known and not each.problem]
    if options.dry_run:
        _proposed(context, found)
        return
    for each in found:
        if each.problem:
            context.note(f"left out: {each.path}: {each.problem}")
    made = importing.register(
        context.scope, kind or ArtifactKind(options.kind), options.scenario, wanted
    )
    context.resources(
        made,
        extended_artifact,
        ("ID", "NAME", "SIZE", "URL"),
        lambda one: (one.id, one.name, size_text(one.size), one.url),
    )
    if not context.json and not context.quiet:
        known = sum(each.known for each in found)
        context.note(f"Added {len(made)}; {known} were there already.")


def _proposed(context: Context, found: list[Proposal]) -> None:
    context.resources(
        found,
        lambda one: {
            "name": one.name,
            "url": one.url,
            "files": len(one.files),
            "size": one.size,
            "modifiedAt": rfc3339(one.modified),
            "known": one.known,
            "problem": one.problem or None,
        },
        ("NAME", "FILES", "SIZE", "MODIFIED", "", "URL"),
        lambda one: (
            one.name,
            str(len(one.files)),
            size_text(one.size),
            rfc3339(one.modified) or "",
            "there already" if one.known else one.problem,
            one.url,
        ),
    )


def commands(word: str, kind: ArtifactKind | None, one: Arg) -> tuple[Command, ...]:
    """The commands behind a word such as ``models``; ``one`` is the argument that names an artifact."""
    a_thing = f"a {kind}" if kind else "an artifact"
    kind_option = "" if kind else " --kind other"
    kinds = (
        ()
        if kind
        else (arg("--kind", required=True, choices=tuple(ArtifactKind), help="its kind"),)
    )
    scenario = arg(
        "--scenario",
        required=True,
        metavar="ID",
        help="the scenario that it belongs to",
        completes="scenarios",
    )
    maybe = arg("id", nargs="?", help=one.help, completes=one.completes)
    return (
        Command(
            (word, "files"),
            f"list the files of {a_thing}",
            (f"launchpad {word} files churn", f"launchpad {word} files churn --json"),
            partial(_files, kind),
            (one,),
        ),
        Command(
            (word, "verify"),
            "check its files against what was recorded; exit code 1 where one is changed or missing",
            (
                f"launchpad {word} verify churn",
                f"launchpad {word} verify churn --record",
                f"launchpad {word} verify --all",
            ),
            partial(_verify, kind),
            (
                maybe,
                arg("--record", action="store_true", help="record what is there now instead"),
                arg(
                    "--all",
                    action="store_true",
                    help=f"all {word}; reads only files that may have been replaced since they were last read",
                ),
                arg("--content", action="store_true", help="with --all: read every file whole"),
            ),
        ),
        Command(
            (word, "preview"),
            "show what a file of it says of itself; nothing in it is executed",
            (
                f"launchpad {word} preview churn",
                f"launchpad {word} preview churn model.safetensors --json",
            ),
            partial(_preview, kind),
            (one, arg("path", nargs="?", help="the file; needed where there are several")),
        ),
        Command(
            (word, "download"),
            f"download the files of {a_thing}; what was broken off goes on",
            (
                f"launchpad {word} download churn ./churn",
                f"launchpad {word} download churn ./churn --overwrite",
            ),
            partial(_download, kind),
            (
                one,
                arg("target", help="the folder to put them in", completes="files"),
                arg("--overwrite", action="store_true", help="replace files that are there"),
            ),
        ),
        Command(
            (word, "upload"),
            f"store a file or folder of this machine, and add it as {a_thing}",
            (
                f"launchpad {word} upload churn ./churn --scenario churn{kind_option}",
                f"launchpad {word} upload churn m.onnx --url ai://lake/churn/3 --scenario churn{kind_option}",
            ),
            partial(_upload, kind),
            (
                arg("name", help="its name; need not be unique"),
                arg("source", help="the file or folder", completes="files"),
                *kinds,
                scenario,
                arg(
                    "--url", metavar="URL", help="where to store it (default: ai://default/<name>)"
                ),
                arg("--description", metavar="TEXT", help="what it is"),
                arg(
                    "--label", action="append", metavar="KEY=VALUE", help="a label; may be repeated"
                ),
            ),
        ),
        Command(
            (word, "import"),
            f"add {word} that are in an object store already, folder by folder; those that are known stay as they are",
            (
                f"launchpad {word} import lake models --scenario churn{kind_option} --dry-run",
                f"launchpad {word} import lake models --pattern '*/*' --scenario churn{kind_option}",
            ),
            partial(_import, kind),
            (
                arg("store", help="the object store", completes="stores"),
                arg("prefix", nargs="?", help="where to look; without it, in all of the store"),
                *kinds,
                scenario,
                arg(
                    "--pattern",
                    default="*",
                    help="which paths below it are one each: * is any part, ** any number of them (default: *)",
                ),
                arg("--dry-run", action="store_true", help="only show what would be added"),
            ),
        ),
    )
