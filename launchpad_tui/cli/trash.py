"""Commands that delete, archive and restore objects."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any

from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli import list_rows, listing
from launchpad_tui.cli.arguments import YES, age, integer
from launchpad_tui.cli.command import Argument, Command, argument
from launchpad_tui.cli.table import ID, NAME, TableColumn
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.list_names import metric_column
from launchpad_tui.domain.numbers import metric_text, size_text
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.artifact import Artifact
    from launchpad_tui.domain.query import MetricColumn
    from launchpad_tui.domain.trash import Emptied, PrunePolicy, Removal, TrashEntry


def _delete(
    kind: ArtifactKind | None, plural: str, context: CommandContext, options: argparse.Namespace
) -> int:
    from launchpad_tui.cli.confirmation import confirmed

    service = context.desk.trash
    found = [context.desk.artifacts.resolve(context.scope, text, kind) for text in options.ids]
    removal = service.removal(context.scope, [one.id for one in found], with_files=options.files)
    if options.dry_run:
        _print_plan(context, removal)
        return 0
    if removal.blockers and not options.force:
        # Refused before the question.
        service.delete(context.scope, removal)
    if not confirmed(
        f"Delete {_counted(removal.artifacts, plural)}?", removal.text, yes=options.yes
    ):
        context.note("Nothing was deleted.")
        return 1
    service.delete(context.scope, removal, force=options.force)
    _report_removed(context, removal, "Deleted")
    _empty_expired(context)
    return 0


def _archive(
    kind: ArtifactKind | None, context: CommandContext, options: argparse.Namespace
) -> None:
    service = context.desk.trash
    found = [context.desk.artifacts.resolve(context.scope, text, kind) for text in options.ids]
    removal = service.removal(context.scope, [one.id for one in found], with_files=False)
    service.delete(context.scope, removal, force=options.force, archived=True)
    _report_removed(context, removal, "Archived")


def _prune(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.cli.artifact_attributes import ATTRIBUTES
    from launchpad_tui.cli.confirmation import confirmed

    policy, column = _policy(context, options)
    options.metric = None if options.metric is None else [options.metric]
    options.sort = None
    query = listing.query(context, options, ATTRIBUTES)
    found = context.desk.artifacts.listing(context.scope, ArtifactKind.MODEL, query)
    rows = list(list_rows.rows(found, 0, quiet=context.quiet))
    plan = context.desk.trash.prune_plan(rows, policy, column)
    removal = context.desk.trash.removal(
        context.scope, [one.id for one in plan.models], with_files=options.files
    )
    for reason, count in plan.kept:
        context.note(f"Kept {count:,} {reason}.")
    if options.dry_run:
        values = {row.artifact.id: row.metrics.get(column) for row in rows} if column else {}
        _print_plan(context, removal, values, "" if column is None else str(column))
        return 0
    if not removal.artifacts:
        context.done("No model was deleted.", {"deleted": []})
        return 0
    if not confirmed(
        f"Delete {_counted(removal.artifacts, 'models')}?", removal.text, yes=options.yes
    ):
        context.note("Nothing was deleted.")
        return 1
    context.desk.trash.delete(context.scope, removal)
    _report_removed(context, removal, "Deleted")
    _empty_expired(context)
    return 0


def _policy(
    context: CommandContext, options: argparse.Namespace
) -> tuple[PrunePolicy, MetricColumn | None]:
    from launchpad_tui.domain.metric import Direction, guess_direction
    from launchpad_tui.domain.timestamps import now
    from launchpad_tui.domain.trash import PrunePolicy

    if options.keep_best < 0 or options.keep_latest < 0:
        raise InvalidInput(
            "The number of models to keep is negative", "", "Use 0 or more.", field="keep_best"
        )
    if not (options.keep_best or options.keep_latest or options.older_than):
        raise InvalidInput(
            "The policy would delete all models",
            "None of --keep-best, --keep-latest and --older-than was given.",
            "Pass at least one of them.",
            field="keep_best",
        )
    if bool(options.keep_best) != (options.metric is not None):
        raise InvalidInput(
            "The best models require a metric",
            "--keep-best and --metric belong together.",
            "Pass both, for example --keep-best 5 --metric val_loss.",
            field="metric",
        )
    column = None if options.metric is None else metric_column(options.metric)
    direction = None
    if column is not None:
        known = context.desk.boards.directions()
        direction = options.better or known.get(column.key) or guess_direction(column.key)
        if direction is None:
            raise InvalidInput(
                f"It is unknown which values of {column.key} are better",
                "The name of the metric does not suggest it.",
                "Pass --better lower or --better higher.",
                field="better",
            )
    return (
        PrunePolicy(
            options.keep_best,
            "" if column is None else str(column),
            direction != Direction.HIGHER,
            options.keep_latest,
            None if options.older_than is None else now() - options.older_than,
        ),
        column,
    )


def _print_plan(
    context: CommandContext,
    removal: Removal,
    values: dict[str, float | None] | None = None,
    metric: str = "",
) -> None:
    shown = values or {}
    context.resources(
        removal.artifacts,
        lambda one: {
            "id": one.id,
            "name": one.name,
            "version": one.version,
            "size": one.size,
            "filesKept": not removal.with_files or one.id in removal.kept_files,
        },
        (
            ID,
            NAME,
            TableColumn("VERSION", optional=2),
            TableColumn("CREATED", optional=1),
            TableColumn("SIZE", right=True),
            *((TableColumn(metric, right=True),) if metric else ()),
        ),
        lambda one: (
            one.id,
            one.name,
            one.version_text,
            context.time(one.created_at),
            size_text(one.size),
            *((metric_text(shown.get(one.id), 6),) if metric else ()),
        ),
    )
    for blocker in removal.blockers:
        context.note(blocker)
    context.note(f"Dry run: {len(removal.artifacts):,} would be deleted. {removal.text}")


def _report_removed(context: CommandContext, removal: Removal, verb: str) -> None:
    ids = [one.id for one in removal.artifacts]
    if context.structured:
        context.print_data(
            {
                verb.lower(): [{"id": one} for one in ids],
                "freedBytes": removal.size,
                "filesKept": list(removal.kept_files),
            },
            rows=verb.lower(),
        )
        return
    for one in removal.artifacts:
        context.done(f"{verb} {one.kind} {one.name} ({one.id}).", id=one.id)
    if not context.quiet:
        context.note("Undo with: launchpad undo; restore one with: launchpad trash restore ID")


def _counted(found: tuple[Artifact, ...], plural: str) -> str:
    if len(found) == 1:
        return f"{found[0].kind} {found[0].name} ({found[0].id})"
    return f"{len(found):,} {plural}"


def _empty_expired(context: CommandContext) -> None:
    emptied = context.desk.trash.empty_expired(context.scope)
    for failure in emptied.failures:
        context.note(f"note: {failure}")


def _list(context: CommandContext, _options: argparse.Namespace) -> None:
    _empty_expired(context)
    context.resources(
        context.desk.trash.entries(context.scope),
        _serialized,
        (
            ID,
            TableColumn("KIND", optional=1),
            NAME,
            TableColumn("VERSION", optional=1),
            TableColumn("SIZE", optional=2, right=True),
            "STATE",
            TableColumn("DELETED", optional=3),
            TableColumn("BY", optional=4),
        ),
        lambda one: (
            one.id,
            one.kind,
            one.name,
            "" if one.version is None else f"v{one.version}",
            size_text(one.size),
            _state(one),
            context.time(one.deleted_at),
            one.deleted_by,
        ),
    )


def _state(one: TrashEntry) -> str:
    if one.archived:
        return "archived"
    return "deleted with files" if one.with_files else "deleted"


def _serialized(one: TrashEntry) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "name": one.name,
        "url": one.url or None,
        "size": one.size,
        "archived": one.archived,
        "withFiles": one.with_files,
        "deletedAt": rfc3339(one.deleted_at),
        "deletedBy": one.deleted_by,
    }


def _restore(context: CommandContext, options: argparse.Namespace) -> None:
    service, scope = context.desk.trash, context.scope
    if options.all == bool(options.ids):
        raise _which("restore")
    found = (
        service.entries(scope)
        if options.all
        else [service.resolve(scope, text) for text in options.ids]
    )
    service.restore(scope, found)
    if context.structured:
        context.print_data({"restored": [{"id": one.id} for one in found]}, rows="restored")
        return
    for one in found:
        context.done(f"Restored {one.kind} {one.name} ({one.id}).", id=one.id)


def _which(verb: str) -> InvalidInput:
    return InvalidInput(
        f"Nothing to {verb}",
        "Either IDs or --all is required.",
        "List the entries with: launchpad trash list",
        field="ids",
    )


def _empty(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.cli.confirmation import confirmed

    service, scope = context.desk.trash, context.scope
    if options.all == bool(options.ids):
        raise _which("delete")
    found = (
        [one for one in service.entries(scope) if not one.archived]
        if options.all
        else [service.resolve(scope, text) for text in options.ids]
    )
    size = sum(one.size or 0 for one in found if one.with_files)
    files = f" with {size_text(size)} of files" if size else ""
    question = f"Delete {len(found):,} entr{'y' if len(found) == 1 else 'ies'}{files} for good?"
    if found and not confirmed(question, "They cannot be restored.", yes=options.yes):
        context.note("Nothing was deleted.")
        return 1
    return _report_emptied(context, service.empty(scope, found))


def _report_emptied(context: CommandContext, emptied: Emptied) -> int:
    for failure in emptied.failures:
        context.note(f"launchpad: {failure}")
    context.done(
        f"Deleted {emptied.entries:,} entries and {emptied.files:,} files "
        f"({size_text(emptied.size) or '0 B'}).",
        {
            "entries": emptied.entries,
            "files": emptied.files,
            "freedBytes": emptied.size,
            "failures": list(emptied.failures),
        },
    )
    return 1 if emptied.failures else 0


def _delete_configurations(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.cli.confirmation import confirmed

    service = context.desk.configurations
    found = [service.resolve(context.scope, text) for text in options.ids]
    ids = list(dict.fromkeys(one.id for one in found))
    what = f"configuration {found[0].name}" if len(ids) == 1 else f"{len(ids)} configurations"
    days = context.desk.trash.days
    if not confirmed(f"Delete {what}?", f"Restorable for {days} days.", yes=options.yes):
        context.note("Nothing was deleted.")
        return 1
    context.desk.trash.delete_configurations(context.scope, ids)
    if context.structured:
        context.print_data({"deleted": [{"id": one} for one in ids]}, rows="deleted")
        return 0
    for one in ids:
        context.done(f"Deleted configuration {one}.", id=one)
    return 0


#: the options of lists that limit the models of a policy
_FILTERS = {"--search", "--where", "--sweep"}
_DRY_RUN = argument(
    "--dry-run", action="store_true", help="Show what would be deleted, without deleting it"
)
_FILES = argument(
    "--files",
    action="store_true",
    help="Delete the files too, when the entry of the trash is deleted",
)
_FORCE = argument(
    "--force", action="store_true", help="Ignore aliases and schedules that depend on them"
)


def _ids(group: str) -> Argument:
    return argument(
        "ids",
        nargs="+",
        metavar="id",
        help="IDs, unique ID prefixes, unique names or references (NAME@VERSION)",
        completes=group,
    )


def artifact_commands(
    group: str, noun: str, plural: str, kind: ArtifactKind | None
) -> tuple[Command, ...]:
    """Return the commands that delete and archive artifacts of a kind (None: of any kind)."""
    return (
        Command(
            (group, "delete"),
            f"Move {noun} into the trash",
            (
                f"launchpad {group} delete churn@1",
                f"launchpad {group} delete 30de1001 30de1002 --files --yes",
            ),
            partial(_delete, kind, plural),
            (_ids(group), _FILES, _FORCE, _DRY_RUN, YES),
            details=(
                "Deleted artifacts can be restored for trash.days days (see: launchpad settings). "
                "With --files, their files are deleted after that, but never files that belong to "
                "another artifact too."
            ),
        ),
        Command(
            (group, "archive"),
            f"Hide {noun} until it is restored",
            (f"launchpad {group} archive churn@1", f"launchpad {group} archive 30de1001 30de1002"),
            partial(_archive, kind),
            (_ids(group), _FORCE),
            details="The files are kept. To restore: launchpad trash restore",
        ),
    )


PRUNE = Command(
    ("models", "prune"),
    "Move all but the best or newest models into the trash",
    (
        "launchpad models prune --keep-best 5 --metric val_loss --older-than 30d --dry-run",
        "launchpad models prune --keep-latest 10 --where 'name = churn' --files --yes",
    ),
    _prune,
    (
        argument(
            "--keep-best",
            type=integer,
            default=0,
            metavar="N",
            help="Keep the N models with the best value of --metric",
        ),
        argument(
            "--metric",
            metavar="NAME",
            completes="metrics",
            help="Metric: val_loss, val_loss:min, accuracy:best",
        ),
        argument(
            "--better", choices=("lower", "higher"), help="Which values of the metric are better"
        ),
        argument(
            "--keep-latest", type=integer, default=0, metavar="N", help="Keep the N newest models"
        ),
        argument(
            "--older-than",
            type=age,
            metavar="AGE",
            help="Only models older than this: 30d, 12h, 2w",
        ),
        *(each for each in listing.LIST_OPTIONS if each.flags[0] in _FILTERS),
        _FILES,
        _DRY_RUN,
        YES,
    ),
    details=(
        "Pinned models, models with an alias, and models without a value of the metric are always "
        "kept. --search, --where and --sweep limit the models to which the policy applies."
    ),
)
DELETE_CONFIGURATIONS = Command(
    ("configurations", "delete"),
    "Move configurations without executions into the trash",
    ("launchpad configurations delete fast", "launchpad configurations delete fast slow --yes"),
    _delete_configurations,
    (_ids("configurations"), YES),
    details="A configuration that executions or schedules use is not deleted.",
)
_ENTRIES = argument("ids", nargs="*", metavar="id", help="Entries: IDs or unique names")
COMMANDS = (
    Command(
        ("trash", "list"),
        "List deleted and archived objects",
        ("launchpad trash list", "launchpad trash list --json"),
        _list,
    ),
    Command(
        ("trash", "restore"),
        "Restore deleted or archived objects",
        ("launchpad trash restore churn", "launchpad trash restore --all"),
        _restore,
        (_ENTRIES, argument("--all", action="store_true", help="Restore all entries")),
    ),
    Command(
        ("trash", "empty"),
        "Delete objects in the trash for good",
        ("launchpad trash empty 30de1001", "launchpad trash empty --all --yes"),
        _empty,
        (
            _ENTRIES,
            argument("--all", action="store_true", help="Delete all entries but archived ones"),
            YES,
        ),
        details="Deletes the files of objects that were deleted with --files.",
    ),
)
