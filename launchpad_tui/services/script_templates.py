"""Creates a workflow template from a training script.

The template is a file beside the script, which SAP AI Core accepts too. It can be edited, and is
then added like any other.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from launchpad_tui.domain.scenario import PLACEHOLDER_IMAGE
from launchpad_tui.domain.text import safe_text
from launchpad_tui.errors import Conflict, InvalidInput
from launchpad_tui.records import record
from launchpad_tui.services.script_arguments import Script, ScriptOption, read_script

SUFFIX = ".py"
#: the largest size of a script in bytes
_LIMIT = 2_000_000
#: folders that say nothing about what a script trains
_COMMON_FOLDERS = {"src", "scripts", "script", "code", "app", "train", "training", "python", "bin"}
_APP, _MODEL, _DATA = "/app", "/app/model", "/app/data"


@record
class ScriptTemplate:
    """The template of a script.

    Attributes:
        file: the file of the template, beside the script.
        notes: the options that are not parameters, and what is missing.
    """

    file: Path
    notes: tuple[str, ...]


def write_template(script: Path, *, overwrite: bool = False) -> ScriptTemplate:
    """Write the workflow template of a script beside it, and return it.

    Options with a default, or without one if they are required, become parameters. An option whose
    name is that of an output, such as ``--model-dir``, gets the folder of the output artifact
    ``<executable>-model``, and a required one that is named like data that of an input artifact.

    Args:
        script: the Python script.
        overwrite: whether to replace another template of this name.

    Raises:
        InvalidInput: the script cannot be read, or is not valid.
        Conflict: a file of this name exists with other content, without ``overwrite``.
    """
    try:
        size = script.stat().st_size
        text = script.read_text(encoding="utf-8-sig") if size <= _LIMIT else None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "It is not UTF-8."
        raise InvalidInput(
            f"{script.name} cannot be read", f"{script}: {reason}", "Check the path.", field="path"
        ) from error
    if text is None:
        raise InvalidInput(
            f"{script.name} is larger than {_LIMIT // 1_000_000} MB",
            str(script),
            "Pass the training script itself.",
            field="path",
        )
    content, notes = template_text(script, read_script(text, script.name))
    file = script.with_suffix(".yaml")
    known = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else None
    if known is not None and known != content and not overwrite:
        raise Conflict(
            f"{file.name} exists and differs from the template of {script.name}",
            str(file),
            f"Add that file, or replace it: launchpad executables add {script.name} --overwrite",
        )
    if known != content:
        try:
            file.write_text(content, encoding="utf-8")
        except OSError as error:
            raise InvalidInput(
                f"The template {file.name} cannot be written",
                f"{file}: {error.strerror}",
                "Copy the script to a folder that you can write to, then add it there.",
                field="path",
            ) from error
    return ScriptTemplate(file, tuple(notes))


def template_text(path: Path, script: Script) -> tuple[str, list[str]]:
    """Return the workflow template of a script as YAML, and notes about what it leaves out.

    Args:
        path: the path of the script, from whose name and folder the IDs follow.
        script: its options.
    """
    project = _project(path)
    executable = _id(project if path.stem in {"main", "run", project} else f"{project}-{path.stem}")
    scenario = _id(project)
    parts = _sort(script.options)
    notes = [
        f"{each.flag or each.name} is not a parameter: {each.problem}" for each in parts.left_out
    ]
    if not parts.outputs:
        notes.append(
            "No option names a folder for the model, for example --model-dir: executions register "
            "no model"
        )
    lines = [
        f"# Workflow template of {path.name}, for launchpad and SAP AI Core.",
        *(f"# {safe_text(note)}." for note in notes),
        "apiVersion: argoproj.io/v1alpha1",
        "kind: WorkflowTemplate",
        "metadata:",
        f"  name: {executable}",
        "  labels:",
        f"    scenarios.ai.sap.com/id: {_text(scenario)}",
        '    ai.sap.com/version: "1.0"',
        "  annotations:",
        f"    scenarios.ai.sap.com/name: {_text(project)}",
        f"    executables.ai.sap.com/name: {_text(executable)}",
    ]
    if script.description:
        lines.append(f"    executables.ai.sap.com/description: {_text(script.description)}")
    for number, _ in enumerate(parts.outputs):
        lines.append(f"    artifacts.ai.sap.com/{_artifact(executable, number)}.kind: model")
    lines += [f"    artifacts.ai.sap.com/{_slot(each)}.kind: dataset" for each in parts.inputs]
    lines += ["spec:", "  entrypoint: train"]
    if parts.parameters:
        lines += ["  arguments:", "    parameters:", *_parameters(parts.parameters)]
    lines += ["  templates:", "    - name: train"]
    if parts.inputs:
        lines += ["      inputs:", "        artifacts:"]
        for each in parts.inputs:
            lines += [f"          - name: {_slot(each)}", f"            path: {_data_path(each)}"]
    if parts.outputs:
        lines += ["      outputs:", "        artifacts:"]
        for number, _ in enumerate(parts.outputs):
            lines += [
                f"          - name: model{number + 1 if number else ''}",
                f"            globalName: {_artifact(executable, number)}",
                f"            path: {_model_path(number)}",
                "            archive: {none: {}}",
            ]
    lines += [
        "      container:",
        "        # Only SAP AI Core runs the image; launchpad runs the code beside this file.",
        f"        image: {PLACEHOLDER_IMAGE}{scenario.lower()}:1.0",
        f"        workingDir: {_APP}",
        *_command(path, script.options, parts),
    ]
    return "\n".join(lines) + "\n", notes


@record
class _Parts:
    """The options of a script by what becomes of them."""

    parameters: tuple[ScriptOption, ...]
    inputs: tuple[ScriptOption, ...]
    outputs: tuple[ScriptOption, ...]
    left_out: tuple[ScriptOption, ...]


def _sort(options: Sequence[ScriptOption]) -> _Parts:
    outputs = tuple(each for each in options if each.is_output and _takes_path(each))
    inputs = tuple(
        each
        for each in options
        if each not in outputs and each.is_input and each.default is None and _takes_path(each)
    )
    rest = [each for each in options if each not in outputs and each not in inputs]
    return _Parts(
        tuple(each for each in rest if not each.problem),
        inputs,
        outputs,
        tuple(each for each in rest if each.problem),
    )


def _takes_path(option: ScriptOption) -> bool:
    """Return whether a path can be passed to an option: it is no choice, number or list."""
    if option.choices or option.problem not in {
        "",
        "it has no default",
        "its default is not a constant",
    }:
        return False
    return option.default is None or not re.fullmatch(
        r"-?[\d.]+(e-?\d+)?|True|False", option.default
    )


def _parameters(options: Sequence[ScriptOption]) -> list[str]:
    lines = []
    for each in options:
        lines.append(f"      - name: {each.name}")
        if each.default is not None:
            lines.append(f"        default: {_text(each.default)}")
        choices = ("true", "false") if each.switch else each.choices
        if choices and (each.default is None or each.default in choices):
            lines.append(f"        enum: [{', '.join(map(_text, choices))}]")
        if each.description:
            lines.append(f"        description: {_text(each.description)}")
    return lines


def _command(path: Path, options: Sequence[ScriptOption], parts: _Parts) -> list[str]:
    """Return the command of the container.

    Values are passed as arguments of their own, so that a shell never interprets them.
    """
    arguments: list[str] = []
    after: list[str] = []
    for each in options:
        if each in parts.left_out or each.switch:
            continue
        if each in parts.outputs:
            value = _output_value(each, parts.outputs.index(each))
        else:
            value = _data_path(each) if each in parts.inputs else _variable(each)
        # A value that begins with a dash is not taken for an option.
        if not each.flag:
            after.append(value)
        elif each.flag.startswith("--"):
            arguments.append(f"{each.flag}={value}")
        else:
            arguments += [each.flag, value]
    arguments += after
    program = f"{_APP}/{path.name}"
    switches = [each for each in parts.parameters if each.switch]
    if not switches:
        lines = [f"        command: [python, {_text(program)}]"]
        return lines + (["        args:", *_items(arguments)] if arguments else [])
    script = [
        # The prefix keeps names from having a meaning for the shell, such as PATH.
        *(f"option_{each.name}=${{{number}}}" for number, each in enumerate(switches, 1)),
        f"shift {len(switches)}",
        *(
            f'if [ "$option_{each.name}" = true ]; then set -- {shlex.quote(each.flag)} "$@"; fi'
            for each in switches
        ),
        f'exec python {shlex.quote(program)} "$@"',
    ]
    return [
        "        command: [/bin/sh, -c]",
        "        args:",
        "          - |-",
        *(f"            {line}" for line in script),
        f"          - {_text(path.stem)}",
        *_items([_variable(each) for each in switches]),
        *_items(arguments),
    ]


def _items(values: Sequence[str]) -> list[str]:
    return [f"          - {_text(each)}" for each in values]


def _variable(option: ScriptOption) -> str:
    return f"{{{{workflow.parameters.{option.name}}}}}"


def _artifact(executable: str, number: int) -> str:
    return f"{executable}-model{number + 1 if number else ''}"


def _slot(option: ScriptOption) -> str:
    return option.name.replace("_", "-")


def _data_path(option: ScriptOption) -> str:
    return f"{_DATA}/{_slot(option)}"


def _model_path(number: int) -> str:
    return f"{_MODEL}{number + 1 if number else ''}"


def _output_value(option: ScriptOption, number: int) -> str:
    """Return the path that is passed for an output: a file in the folder if the default is one."""
    last = (option.default or "").rstrip("/").rpartition("/")[2]
    if "." in last.strip("."):
        return f"{_model_path(number)}/{last}"
    return _model_path(number)


def _project(path: Path) -> str:
    """Return the name of the folder that says what a script trains; its own name if none does."""
    folders = [each.name for each in path.absolute().parents if each.name]
    named = next((each for each in folders[:3] if each.lower() not in _COMMON_FOLDERS), path.stem)
    return named if re.search(r"\w", named, re.ASCII) else path.stem


def _id(name: str) -> str:
    """Return a name as the ID of a scenario or executable: 4 to 64 letters, digits, '-' or '.'."""
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.").lower()
    plain = plain if len(plain) >= 4 else f"{plain or 'script'}-train"
    return plain[:64].rstrip("-.")


def _text(value: str) -> str:
    """Return a text as a string of YAML."""
    return json.dumps(value, ensure_ascii=False)
