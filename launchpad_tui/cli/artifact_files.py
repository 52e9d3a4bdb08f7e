"""Commands on the files of artifacts: list, verify, preview, download, upload and import."""

from __future__ import annotations

import argparse
import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.artifacts import extended_artifact, serialize_file, serialize_file_check
from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli.arguments import LABEL, OVERWRITE, PREVIEW_DETAILS, artifact, download_target
from launchpad_tui.cli.artifact_values import NO_ATTRIBUTES, add_beside, add_found, note_same_url
from launchpad_tui.cli.bindings import SCENARIO, scenario_of, warn_of_credentials
from launchpad_tui.cli.command import Command, argument
from launchpad_tui.cli.progress import DOWNLOAD_INTERRUPTED, UPLOAD_INTERRUPTED, counted, progress
from launchpad_tui.cli.table import ID, NAME, TableColumn
from launchpad_tui.domain.artifact import (
    Artifact,
    ArtifactKind,
    ArtifactUrl,
    FilesState,
    FileState,
    parse_label,
    parse_url,
)
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.services.importing import Proposal
    from launchpad_tui.services.verification import Verified

PATH = TableColumn("PATH", cut_last=True)
_FAILED_STATES = {FileState.CHANGED, FileState.MISSING, FileState.EXTRA}


def _resolve(
    kind: ArtifactKind | None, context: CommandContext, options: argparse.Namespace
) -> Artifact:
    return context.desk.artifacts.resolve(context.scope, options.id, kind)


def _files(kind: ArtifactKind | None, context: CommandContext, options: argparse.Namespace) -> None:
    one = _resolve(kind, context, options)
    files = context.desk.files.recorded(context.scope, one.id)
    context.resources(
        files,
        serialize_file,
        (PATH, TableColumn("SIZE", right=True), "SHA-256"),
        lambda each: (each.path, size_text(each.size), each.sha256),
    )
    if not files:
        url = parse_url(one.url)
        context.note(
            f"note: No files are recorded for {one.kind} {one.name}.\n"
            f"To record them: launchpad artifacts verify {one.id} --record\n"
            f"To list the files at its URL: launchpad stores browse {url.store} "
            f"{shlex.quote(url.path)} --recursive"
        )


def _verify(kind: ArtifactKind | None, context: CommandContext, options: argparse.Namespace) -> int:
    if bool(options.id) == options.all:
        raise InvalidInput(
            "Nothing to verify" if not options.id else "An ID and --all exclude each other",
            "The command verifies either one artifact or all of them.",
            "Pass an ID or --all.",
            field="id",
        )
    if options.all:
        return _verify_all(kind, context, options)
    one = _resolve(kind, context, options)
    if options.record:
        with progress("Hashing", quiet=context.quiet) as report:
            files = context.desk.verification.record(context.scope, one.id, report)
        context.done(
            f"Recorded the checksums of {len(files)} files of {one.id}.",
            {"files": [serialize_file(f) for f in files]},
            id=one.id,
        )
        return 0
    with progress("Verifying", quiet=context.quiet) as report:
        checks = context.desk.verification.verify(context.scope, one.id, report)
    context.resources(
        checks,
        serialize_file_check,
        ("STATE", PATH, TableColumn("SIZE", right=True), "SHA-256"),
        lambda each: (str(each.state), each.file.path, size_text(each.size), each.sha256),
        name=lambda each: each.file.path,
    )
    if not checks:
        context.note(f"There are no files at {one.url}, and none are recorded.")
    if any(each.state is FileState.UNRECORDED for each in checks):
        context.note("No checksums are recorded for some files. To record them: --record")
    return 1 if not checks or any(each.state in _FAILED_STATES for each in checks) else 0


def _verify_all(
    kind: ArtifactKind | None, context: CommandContext, options: argparse.Namespace
) -> int:
    if options.record:
        raise InvalidInput(
            "--record and --all exclude each other",
            "Checksums are recorded for one artifact at a time.",
            "Pass an ID instead of --all.",
            field="record",
        )
    results: list[Verified] = []
    with counted("Verifying", quiet=context.quiet) as report:

        def collect(verified: Verified) -> None:
            results.append(verified)
            if report is not None:
                report(verified.done, verified.artifact.name)

        counts = context.desk.verification.verify_all(
            context.scope, kind, collect, content=options.checksum
        )
    shown = [each for each in results if each.state is not FilesState.INTACT or each.error]
    context.resources(
        results if context.structured else shown,
        lambda each: {
            **extended_artifact(each.artifact),
            "filesState": str(each.state),
            "error": each.error or None,
        },
        (ID, NAME, "STATE", "ERROR"),
        lambda each: (
            context.short_id("artifacts", each.artifact.id),
            each.artifact.name,
            str(each.state),
            each.error,
        ),
    )
    if not context.structured:
        context.note(", ".join(f"{count} {state}" for state, count in counts.items()))
    failed = any(each.error for each in results)
    return 1 if counts[FilesState.MISSING] or counts[FilesState.CHANGED] or failed else 0


def _preview(
    kind: ArtifactKind | None, context: CommandContext, options: argparse.Namespace
) -> None:
    from launchpad_tui.cli.preview_output import print_preview
    from launchpad_tui.domain.artifact import parse_url
    from launchpad_tui.domain.stored_object import join

    one = _resolve(kind, context, options)
    url = parse_url(one.url)
    path = join(url.path, options.path) if options.path else url.path
    if not options.path:
        found = [
            each.path
            for each in context.desk.files.store(context.scope, url.store).list(url.path, limit=20)
        ]
        if len(found) != 1:
            names = ", ".join(each.removeprefix(url.path).lstrip("/") for each in found)
            raise InvalidInput(
                "The path of the file is missing" if found else "No file to preview",
                f"{one.url} contains {'several files' if found else 'no files'}.",
                f"Pass one of these paths: {names}"
                if found
                else f"To verify the files of the artifact: launchpad artifacts verify {one.id}",
                field="path",
            )
        path = found[0]
    print_preview(context, context.desk.browsing.preview(context.scope, url.store, path))


def _download(
    kind: ArtifactKind | None, context: CommandContext, options: argparse.Namespace
) -> None:
    one = _resolve(kind, context, options)
    version = "" if one.version is None else f"-v{one.version}"
    target = download_target(options.target, f"{one.name}{version}", one.id)
    with progress("Downloading", quiet=context.quiet, interrupted=DOWNLOAD_INTERRUPTED) as report:
        paths = context.desk.files.download(
            context.scope, one.id, target, report, overwrite=options.overwrite
        )
    data = {
        "id": one.id,
        "target": str(target),
        "files": [str(path) for path in paths],
        "downloaded": paths.fetched,
    }
    context.done(f"{paths.summary(target)}.", data, id=one.id)


def _upload(
    kind: ArtifactKind | None, context: CommandContext, options: argparse.Namespace
) -> None:
    url = options.url or str(ArtifactUrl("default", options.name))
    with progress("Uploading", quiet=context.quiet, interrupted=UPLOAD_INTERRUPTED) as report:
        one = context.desk.importing.upload(
            context.scope,
            kind or ArtifactKind(options.kind),
            options.name,
            Path(options.source).expanduser(),
            url,
            scenario_of(context, options, kind),
            options.description or "",
            tuple(parse_label(text) for text in options.label or ()),
            report,
        )
    if not options.no_attributes:
        add_beside(context, one)
    warn_of_credentials(context, "label", dict(one.labels))
    warn_of_credentials(context, "text", {"description": one.description})
    note_same_url(context, one)
    context.done(
        f"Uploaded to {one.url} and added as {one.kind} {one.id}.",
        extended_artifact(one),
        id=one.id,
    )


def _import(
    kind: ArtifactKind | None, context: CommandContext, options: argparse.Namespace
) -> None:
    importing = context.desk.importing
    with counted("Listing files", quiet=context.quiet) as report:
        found = importing.propose(
            context.scope,
            options.store,
            options.prefix or "",
            options.pattern,
            (lambda count: report(count, "")) if report is not None else None,
        )
    if options.name is not None:
        from launchpad_tui.services.importing import named

        found = named(found, options.name)
    labels = tuple(parse_label(text) for text in options.label or ())
    new = [each for each in found if not each.known and not each.problem]
    if options.dry_run:
        _print_proposals(context, found)
        return
    for each in found:
        if each.problem:
            context.note(f"skipped: {each.path}: {each.problem}")
    added = importing.register(
        context.scope,
        kind or ArtifactKind(options.kind),
        scenario_of(context, options, kind),
        new,
        labels,
    )
    warn_of_credentials(context, "label", dict(labels))
    if not options.no_attributes:
        beside = {each.url: each.attribute_files for each in new}
        add_found(context, ((one, beside.get(one.url, ())) for one in added))
    context.resources(
        added,
        extended_artifact,
        (ID, NAME, TableColumn("SIZE", right=True), TableColumn("URL", optional=1)),
        lambda one: (context.short_id("artifacts", one.id), one.name, size_text(one.size), one.url),
    )
    if not context.structured and not context.quiet:
        known = sum(each.known for each in found)
        context.note(f"Added {len(added)}. {known} had already been added.")


def _print_proposals(context: CommandContext, found: list[Proposal]) -> None:
    context.resources(
        found,
        lambda one: {
            "name": one.name,
            "url": one.url,
            "files": len(one.files),
            "size": one.size,
            "modifiedAt": rfc3339(one.modified),
            "attributeFiles": one.attribute_files,
            "known": one.known,
            "problem": one.problem or None,
        },
        (
            NAME,
            TableColumn("FILES", right=True),
            TableColumn("SIZE", right=True),
            TableColumn("MODIFIED", optional=1),
            "NOTE",
            TableColumn("URL", optional=2),
        ),
        lambda one: (
            one.name,
            str(len(one.files)),
            size_text(one.size),
            context.time(one.modified),
            "already added"
            if one.known
            else one.problem or ", ".join(path.rpartition("/")[2] for path in one.attribute_files),
            one.url,
        ),
    )


def commands(group: str, noun: str, plural: str, kind: ArtifactKind | None) -> tuple[Command, ...]:
    """Return the file commands of a group such as ``models``.

    Args:
        group: The first word of the commands.
        noun: An artifact of the group with its article, such as ``a model``.
        plural: The artifacts of the group, such as ``models``.
        kind: The kind of the artifacts; None for all kinds.
    """
    one = artifact(group)
    kind_option = "" if kind else " --kind other"
    kinds = (
        ()
        if kind
        else (
            argument(
                "--kind", required=True, choices=tuple(ArtifactKind), help="Kind of the artifact"
            ),
        )
    )
    return (
        Command(
            (group, "files"),
            f"List the files of {noun}",
            (f"launchpad {group} files churn", f"launchpad {group} files churn --json"),
            partial(_files, kind),
            (one,),
        ),
        Command(
            (group, "verify"),
            f"Verify the files of {noun}",
            (
                f"launchpad {group} verify churn",
                f"launchpad {group} verify churn --record",
                f"launchpad {group} verify --all",
            ),
            partial(_verify, kind),
            (
                artifact(group, optional=True),
                argument(
                    "--record",
                    action="store_true",
                    help="Record the checksums of the current files",
                ),
                argument(
                    "--all",
                    action="store_true",
                    help=f"Verify all {plural}; only files that may have changed since the last "
                    "verification are read",
                ),
                argument(
                    "--checksum",
                    action="store_true",
                    help="With --all: read all files, also apparently unchanged ones",
                ),
            ),
            details=(
                "Compares the files in the object store with the recorded checksums. The exit code "
                "is 1 if a file was changed or is missing."
            ),
        ),
        Command(
            (group, "preview"),
            f"Show a preview of a file of {noun}",
            (
                f"launchpad {group} preview churn",
                f"launchpad {group} preview churn model.safetensors --json",
            ),
            partial(_preview, kind),
            (
                one,
                argument(
                    "path", nargs="?", help="Path of the file; required if there are several files"
                ),
            ),
            details=PREVIEW_DETAILS,
        ),
        Command(
            (group, "download"),
            f"Download the files of {noun}",
            (
                f"launchpad {group} download churn",
                f"launchpad {group} download churn ./churn",
                f"launchpad {group} download churn ./churn --overwrite",
            ),
            partial(_download, kind),
            (
                one,
                argument(
                    "target",
                    nargs="?",
                    help="Target folder (default: one with the name and version)",
                    completes="files",
                ),
                OVERWRITE,
            ),
            details="Run the command again to resume an interrupted download.",
        ),
        Command(
            (group, "upload"),
            f"Upload a file or folder and add it as {noun}",
            (
                f"launchpad {group} upload churn ./churn --scenario churn{kind_option}",
                f"launchpad {group} upload churn m.onnx --url ai://lake/churn/3 "
                f"--scenario churn{kind_option}",
            ),
            partial(_upload, kind),
            (
                argument("name", help="Name; need not be unique"),
                argument("source", help="File or folder to upload", completes="files"),
                *kinds,
                SCENARIO,
                argument("--url", metavar="URL", help="Target URL (default: ai://default/<name>)"),
                argument("--description", metavar="TEXT", help="Description"),
                LABEL,
                NO_ATTRIBUTES,
            ),
        ),
        Command(
            (group, "import"),
            f"Add {plural} found in an object store",
            (
                f"launchpad {group} import lake models --scenario churn{kind_option} --dry-run",
                f"launchpad {group} import lake models --pattern '*/*' "
                f"--scenario churn{kind_option}",
                f"launchpad {group} import lake exports --pattern '*/*' --name '{{1}}' "
                f"--label team=crm --scenario churn{kind_option}",
            ),
            partial(_import, kind),
            (
                argument("store", help="Object store", completes="stores"),
                argument("prefix", nargs="?", help="Folder to search (default: the whole store)"),
                *kinds,
                SCENARIO,
                argument(
                    "--pattern",
                    default="*",
                    help="Paths below the folder that are added: * matches one part of a path, "
                    "** any number of parts (default: *)",
                ),
                argument(
                    "--name",
                    metavar="TEXT",
                    help="Name of all of them, the oldest first; {1} is the first part of the "
                    "path, {2} the second one (default: the whole path)",
                ),
                argument(
                    "--label",
                    action="append",
                    metavar="KEY=VALUE",
                    help="Label of all of them; may be repeated",
                ),
                argument(
                    "--dry-run",
                    action="store_true",
                    help="Show what would be added, without adding it",
                ),
                NO_ATTRIBUTES,
            ),
            details=(
                f"Each file or folder that matches the pattern is added. {plural.capitalize()} "
                "that were already added are skipped. Models of one name are its versions."
            ),
        ),
    )
