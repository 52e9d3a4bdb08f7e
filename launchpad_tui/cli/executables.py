"""Commands on scenarios and executables."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.scenarios import extended_executable, extended_scenario
from launchpad_tui.cli.command import Command, arg
from launchpad_tui.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.scenario import ArtifactSlot


def _scenarios(context: Context, _options: argparse.Namespace) -> None:
    context.resources(
        context.desk.scenarios.scenarios(context.scope),
        extended_scenario,
        ("ID", "NAME", "DESCRIPTION"),
        lambda one: (one.id, one.name, one.description),
    )


def _scenario(context: Context, options: argparse.Namespace) -> None:
    one = next(
        (each for each in context.desk.scenarios.scenarios(context.scope) if each.id == options.id),
        None,
    )
    if one is None:
        raise NotFound(
            f"There is no scenario {options.id!r}", hint="launchpad scenarios list shows all."
        )
    inside = context.desk.scenarios.executables(context.scope, one.id)
    lines = [("id", one.id), ("name", one.name), ("description", one.description)]
    lines.append(("executables", "\n".join(f"{each.id}  {each.name}" for each in inside)))
    context.resource(
        {**extended_scenario(one), "executables": [extended_executable(each) for each in inside]},
        lines,
    )


def _list(context: Context, options: argparse.Namespace) -> None:
    context.resources(
        context.desk.scenarios.executables(context.scope, options.scenario),
        extended_executable,
        ("ID", "SCENARIO", "VERSION", "NAME", "DESCRIPTION"),
        lambda one: (one.id, one.scenario_id, one.version, one.name, one.description),
    )


def _show(context: Context, options: argparse.Namespace) -> None:
    one = context.desk.scenarios.executable(context.scope, options.id)
    if options.template:
        print(one.template, end="" if one.template.endswith("\n") else "\n")
        return

    def slots(found: tuple[ArtifactSlot, ...]) -> str:
        return "\n".join(f"{each.name} ({each.kind})  {each.description}" for each in found)

    parameters = "\n".join(
        f"{each.name} = {'(required)' if each.default is None else each.default}  {each.description}"
        for each in one.parameters
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
        ("ignored here", "\n".join(one.notes)),
        *((f"setting {name}", value) for name, value in one.settings.items()),
    ]
    context.resource(extended_executable(one), lines)


def _add(context: Context, options: argparse.Namespace) -> int:
    found = context.desk.scenarios.add_executables(
        context.scope, Path(options.path).expanduser().absolute()
    )
    refused = [
        {"file": str(each.file), "line": each.line, "reason": each.reason} for each in found.refused
    ]
    if context.json:
        added = [{**extended_executable(one), "outcome": outcome} for one, outcome in found.added]
        context.print_json({"added": added, "refused": refused})
    else:
        for one, outcome in found.added:
            context.done(
                f"{outcome}: {one.id} ({one.scenario_id}, version {one.version})", id=one.id
            )
            for note in one.notes if outcome != "unchanged" and not context.quiet else ():
                context.note(f"  note: {note}")
        for each in found.refused:
            context.note(f"refused: {each.file}:{each.line}: {each.reason}")
    if refused:
        return 1
    if not found.added:
        raise InvalidInput(
            f"There is no workflow template in {options.path}",
            hint="A template is a YAML document with kind: WorkflowTemplate.",
            field="path",
        )
    return 0


def _set(context: Context, options: argparse.Namespace) -> None:
    fields = {field.name: field for field in context.desk.scenarios.executable_fields()}
    one = context.desk.scenarios.executable(context.scope, options.id)
    if not options.values:
        rows = [
            (each.name, each.help or each.title, one.settings.get(each.name, ""))
            for each in fields.values()
        ]
        context.resources(
            rows,
            lambda row: dict(zip(("name", "help", "value"), row, strict=True)),
            ("SETTING", "MEANING", "VALUE"),
            tuple,
        )
        return
    values = dict(one.settings)
    for text in options.values:
        name, equals, value = text.partition("=")
        if not equals or name not in fields:
            raise InvalidInput(
                f"{text!r} is no setting of an executable", hint=f"Settings: {', '.join(fields)}."
            )
        values[name] = value.replace("\\n", "\n") if name == "env" else value
    context.desk.scenarios.set_executable(context.scope, options.id, values)
    context.done(f"Changed the settings of {options.id}.", id=options.id)


def _delete(context: Context, options: argparse.Namespace) -> None:
    context.desk.scenarios.delete_executable(context.scope, options.id)
    context.done(f"Deleted executable {options.id}; what it made stays.", id=options.id)


_ID = arg("id", help="the executable's ID", completes="executables")
COMMANDS = (
    Command(
        ("scenarios", "list"),
        "list the scenarios",
        ("launchpad scenarios list", "launchpad scenarios list --json"),
        _scenarios,
    ),
    Command(
        ("scenarios", "show"),
        "show a scenario and its executables",
        ("launchpad scenarios show digits", "launchpad scenarios show digits --json"),
        _scenario,
        (arg("id", help="the scenario's ID", completes="scenarios"),),
    ),
    Command(
        ("executables", "add"),
        "add workflow templates: a file, or all in a folder such as a git checkout",
        ("launchpad executables add train.yaml", "launchpad executables add ~/src/churn"),
        _add,
        (arg("path", help="a YAML file or a folder", completes="files"),),
    ),
    Command(
        ("executables", "list"),
        "list the executables",
        ("launchpad executables list", "launchpad executables list --scenario digits"),
        _list,
        (arg("--scenario", metavar="ID", help="of this scenario only", completes="scenarios"),),
    ),
    Command(
        ("executables", "show"),
        "show an executable",
        (
            "launchpad executables show digits-train",
            "launchpad executables show digits-train --template",
        ),
        _show,
        (_ID, arg("--template", help="print the workflow template", action="store_true")),
    ),
    Command(
        ("executables", "set"),
        "show or change the settings with which it runs on this machine",
        (
            "launchpad executables set digits-train",
            "launchpad executables set digits-train python=~/venvs/torch",
        ),
        _set,
        (
            _ID,
            arg(
                "values",
                nargs="*",
                metavar="NAME=VALUE",
                help="settings to change; none: show them",
            ),
        ),
    ),
    Command(
        ("executables", "delete"),
        "forget an executable",
        (
            "launchpad executables delete digits-train",
            "launchpad executables delete digits-train --quiet",
        ),
        _delete,
        (_ID,),
    ),
)
