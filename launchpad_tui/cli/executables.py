"""Commands on scenarios and executables."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.scenarios import extended_executable, extended_scenario
from launchpad_tui.cli.command import Command, argument
from launchpad_tui.cli.table import ID, NAME, TableColumn
from launchpad_tui.domain.text import safe_lines
from launchpad_tui.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.scenario import ArtifactSlot, Parameter


def _scenarios(context: CommandContext, _options: argparse.Namespace) -> None:
    context.resources(
        context.desk.scenarios.scenarios(context.scope),
        extended_scenario,
        (ID, NAME, "DESCRIPTION"),
        lambda one: (one.id, one.name, one.description),
    )


def _scenario(context: CommandContext, options: argparse.Namespace) -> None:
    one = next(
        (each for each in context.desk.scenarios.scenarios(context.scope) if each.id == options.id),
        None,
    )
    if one is None:
        raise NotFound(
            f"Scenario {options.id[:80]!r} not found",
            f"It is not in {context.scope}.",
            "To list the scenarios: launchpad scenarios list",
        )
    executables = context.desk.scenarios.executables(context.scope, one.id)
    lines = [("id", one.id), ("name", one.name), ("description", one.description)]
    lines.append(("executables", "\n".join(f"{each.id}  {each.name}" for each in executables)))
    context.resource(
        {
            **extended_scenario(one),
            "executables": [extended_executable(each) for each in executables],
        },
        lines,
    )


def _list(context: CommandContext, options: argparse.Namespace) -> None:
    context.resources(
        context.desk.scenarios.executables(context.scope, options.scenario),
        extended_executable,
        (
            ID,
            TableColumn("SCENARIO", optional=1),
            "VERSION",
            NAME,
            TableColumn("DESCRIPTION", optional=2),
        ),
        lambda one: (one.id, one.scenario_id, one.version, one.name, one.description),
    )


def _show(context: CommandContext, options: argparse.Namespace) -> None:
    one = context.desk.scenarios.executable(context.scope, options.id)
    if options.template:
        with context.paged():
            for line in safe_lines(one.template.removesuffix("\n")):
                context.line(line)
        return

    def slots(found: tuple[ArtifactSlot, ...]) -> str:
        return "\n".join(
            f"{each.name} ({each.kind or 'any kind'}{', optional' if each.optional else ''})  "
            f"{each.description}"
            for each in found
        )

    def default(parameter: Parameter) -> str:
        return "(required)" if parameter.default is None else parameter.default

    parameters = "\n".join(
        f"{each.name} = {default(each)}  {each.description}" for each in one.parameters
    )
    lines = [
        ("id", one.id),
        ("scenario", one.scenario_id),
        ("name", one.name),
        ("description", one.description),
        ("version", one.version),
        ("parameters", parameters),
        ("inputs", slots(one.inputs)),
        ("outputs", slots(one.outputs)),
        ("source", one.source),
        ("notes", "\n".join(one.notes)),
        *((f"setting {name}", value) for name, value in one.settings.items()),
    ]
    context.resource(extended_executable(one), lines)


def _add(context: CommandContext, options: argparse.Namespace) -> int:
    found = context.desk.scenarios.add_executables(
        context.scope, Path(options.path).expanduser().absolute(), overwrite=options.overwrite
    )
    refused, skipped = (
        [{"file": str(each.file), "line": each.line, "reason": each.reason} for each in problems]
        for problems in (found.refused, found.skipped)
    )
    if context.structured:
        added = [{**extended_executable(one), "outcome": outcome} for one, outcome in found.added]
        context.print_data(
            {
                "added": added,
                "refused": refused,
                "skipped": skipped,
                "codeCandidates": {one: list(each) for one, each in found.code_candidates.items()},
                "templateFile": found.template_file or None,
                "scriptNotes": list(found.script_notes),
            },
            rows="added",
        )
    else:
        if found.template_file and not context.quiet:
            context.note(f"template: {found.template_file}")
        for note in found.script_notes if not context.quiet else ():
            context.note(f"  note: {note}")
        for one, outcome in found.added:
            context.done(
                f"{outcome}: {one.id} ({one.scenario_id}, version {one.version})", id=one.id
            )
            for note in one.notes if outcome != "unchanged" and not context.quiet else ():
                context.note(f"  note: {note}")
        for word, problems in (("skipped", found.skipped), ("refused", found.refused)):
            for each in problems:
                context.note(f"{word}: {each.file}:{each.line}: {each.reason}")
    if refused:
        return 1
    if not found.added:
        raise InvalidInput(
            f"No workflow template found in {options.path}",
            "It contains no YAML or JSON document with kind: WorkflowTemplate.",
            "Pass the YAML file of a workflow template, a folder that contains one, or a Python "
            "script, from which a template is created.",
            field="path",
        )
    return 0


def _set(context: CommandContext, options: argparse.Namespace) -> None:
    fields = {
        field.name: field for field in context.desk.scenarios.executable_fields(context.scope)
    }
    one = context.desk.scenarios.executable(context.scope, options.id)
    if not options.values:
        rows = [
            (each.name, each.help or each.title, one.settings.get(each.name, ""))
            for each in fields.values()
        ]
        context.resources(
            rows,
            lambda row: dict(zip(("name", "help", "value"), row, strict=True)),
            ("SETTING", "DESCRIPTION", "VALUE"),
            tuple,
        )
        return
    values = dict(one.settings)
    for text in options.values:
        name, equals, value = text.partition("=")
        if not equals or name not in fields:
            raise InvalidInput(
                f"Invalid setting {text[:80]!r}",
                "It is not a setting of an executable, or the = is missing.",
                f"Write NAME=VALUE with one of these names: {', '.join(fields)}.",
            )
        values[name] = value.replace("\\n", "\n") if name == "env" else value
    context.desk.scenarios.set_executable(context.scope, options.id, values)
    context.done(f"Changed the settings of {options.id}.", id=options.id)


def _remove(context: CommandContext, options: argparse.Namespace) -> None:
    context.desk.scenarios.delete_executable(context.scope, options.id)
    context.done(
        f"Removed executable {options.id}. Its executions and their outputs are kept.",
        id=options.id,
    )


def _add_scenario(context: CommandContext, options: argparse.Namespace) -> None:
    added = context.desk.scenarios.add(
        context.scope, options.id, options.name or "", options.description or ""
    )
    context.done(f"Added scenario {added.id}.", extended_scenario(added), id=added.id)


def _edit_template(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.cli.editing import edit_template

    edit_template(context, options)


_ID = argument("id", help="ID of the executable", completes="executables")
COMMANDS = (
    Command(
        ("scenarios", "list"),
        "List the scenarios",
        ("launchpad scenarios list", "launchpad scenarios list --json"),
        _scenarios,
    ),
    Command(
        ("scenarios", "show"),
        "Show a scenario and its executables",
        ("launchpad scenarios show digits", "launchpad scenarios show digits --json"),
        _scenario,
        (argument("id", help="ID of the scenario", completes="scenarios"),),
    ),
    Command(
        ("scenarios", "add"),
        "Add a scenario without workflow templates",
        (
            "launchpad scenarios add churn",
            "launchpad scenarios add churn --name 'Churn of customers'",
        ),
        _add_scenario,
        (
            argument("id", help="ID of the new scenario"),
            argument("--name", metavar="TEXT", help="Name (default: the ID)"),
            argument("--description", metavar="TEXT", help="Description"),
        ),
        details=(
            "Models that exist already can be added to it. Adding workflow templates "
            "adds their scenarios."
        ),
    ),
    Command(
        ("executables", "add"),
        "Add workflow templates from a file, folder or script",
        (
            "launchpad executables add train.yaml",
            "launchpad executables add ~/src/churn",
            "launchpad executables add ~/src/churn/train.py",
        ),
        _add,
        (
            argument("path", help="YAML file, folder or Python script", completes="files"),
            argument(
                "--overwrite",
                action="store_true",
                help="Replace a file that has the name of the template of a script",
            ),
        ),
        details=(
            "For a Python script, a workflow template is written beside it: options that it "
            "declares with argparse or click become parameters, and an option such as --model-dir "
            "gets the folder of the model. In a folder, for example a Git checkout, all workflow "
            "templates in YAML and JSON files are added. Serving templates are skipped, because "
            "they describe deployments."
        ),
    ),
    Command(
        ("executables", "list"),
        "List the executables",
        ("launchpad executables list", "launchpad executables list --scenario digits"),
        _list,
        (
            argument(
                "--scenario",
                metavar="ID",
                help="Only executables of this scenario",
                completes="scenarios",
            ),
        ),
    ),
    Command(
        ("executables", "show"),
        "Show an executable",
        (
            "launchpad executables show digits-train",
            "launchpad executables show digits-train --template",
        ),
        _show,
        (_ID, argument("--template", help="Print the workflow template", action="store_true")),
    ),
    Command(
        ("executables", "set"),
        "Show or change the settings of an executable",
        (
            "launchpad executables set digits-train",
            "launchpad executables set digits-train python=~/venvs/torch",
        ),
        _set,
        (
            _ID,
            argument(
                "values",
                nargs="*",
                metavar="NAME=VALUE",
                help="Settings to change; without any, the settings are shown",
            ),
        ),
        details=(
            "The settings determine how the executable runs on this machine, for example with "
            "which Python interpreter."
        ),
    ),
    Command(
        ("executables", "edit"),
        "Edit the workflow template of an executable",
        (
            "launchpad executables edit digits-train",
            "launchpad executables edit digits-train --quiet",
        ),
        _edit_template,
        (_ID,),
        details=(
            "Opens the file of the template in the program that VISUAL or EDITOR names, and adds "
            "it again. An invalid template is not saved."
        ),
    ),
    Command(
        ("executables", "remove"),
        "Remove an executable",
        (
            "launchpad executables remove digits-train",
            "launchpad executables remove digits-train --quiet",
        ),
        _remove,
        (_ID,),
        details="Its executions and their outputs are kept.",
    ),
)
