"""Adds executables of the embedded runtime from workflow templates, and checks their settings."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from launchpad_tui.domain.connection import Connection, Field, FieldKind, Scope
from launchpad_tui.domain.credential_text import MASK, masked
from launchpad_tui.domain.fields import checked
from launchpad_tui.domain.scenario import AddedExecutables, Executable, TemplateProblem
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.runtimes.embedded.code_search import (
    Checkout,
    CodeLocation,
    locate_code,
    located_folders,
    missing_code,
)
from launchpad_tui.runtimes.embedded.engines.selection import reattaching_engine
from launchpad_tui.runtimes.embedded.secrets import store_settings, stored_settings
from launchpad_tui.runtimes.embedded.template_body import PLAN_NOTE
from launchpad_tui.runtimes.embedded.template_model import ParsedTemplate
from launchpad_tui.runtimes.embedded.templates import parse_templates
from launchpad_tui.runtimes.embedded.virtual_environment import AUTO, find_requirements
from launchpad_tui.runtimes.host import Records, RuntimeHost

#: the settings of an executable
EXECUTABLE_FIELDS = (
    Field(
        "python",
        "Python",
        FieldKind.PATH,
        help="The interpreter that python and python3 run. Empty: that of a virtual environment "
        ".venv or venv in the code folder, otherwise the interpreter that runs launchpad.",
    ),
    Field(
        "venv",
        "Virtual environment",
        help="auto: create a virtual environment with the packages of requirements.txt or of the "
        "Dockerfile. Empty: use the interpreter as it is.",
        pattern=f"{AUTO}",
    ),
    Field(
        "path",
        "Search path",
        help="Folders that precede those of PATH, separated by ':'.",
    ),
    Field(
        "environment",
        "Environment",
        help="Environment variables of the training in the form NAME=value, separated by spaces "
        "and quoted as in a shell.",
    ),
    Field(
        "code",
        "Code folder",
        FieldKind.PATH,
        help="The folder with the code of the container image. Empty: it is searched in the folder "
        "of the template and in its checkout.",
    ),
)


def add_executables(records: Records, scope: Scope, path: Path) -> AddedExecutables:
    """Add the workflow templates of a file or folder; each replaces one with the same ID.

    Raises:
        InvalidInput: there is neither a file nor a folder.
    """

    def known(executable_id: str) -> str | None:
        """Return the template of an executable that was added before, for templateRef."""
        try:
            return records.executable(scope, executable_id).template or None
        except NotFound:
            return None

    found = parse_templates(path, known)
    added: list[tuple[Executable, str]] = []
    candidates: dict[str, tuple[str, ...]] = {}
    checkouts: dict[Path, Checkout] = {}
    noted = []
    refused = list(found.refused)
    engine = reattaching_engine(records.connection(scope.connection))
    templates = found.templates
    if engine is not None:
        templates = tuple(_without_plan_notes(parsed) for parsed in templates)
    for parsed in templates:
        with_notes, locations = _with_code_notes(parsed, checkouts)
        if problem := _missing_command(parsed, locations):
            refused.append(problem)
        else:
            noted.append((with_notes, locations))
    with records.transaction():
        for each, locations in noted:
            records.put_scenario(scope, each.scenario)
            outcome = records.put_executable(scope, each.executable)
            executable = records.executable(scope, each.executable.id)
            added.append((executable, outcome))
            folders = {str(folder) for one in locations.values() for folder in one.candidates}
            if folders and "code" not in executable.settings:
                candidates[executable.id] = tuple(sorted(folders))
    return AddedExecutables(tuple(added), tuple(refused), found.skipped, candidates)


def _without_plan_notes(parsed: ParsedTemplate) -> ParsedTemplate:
    """Return a template without notes that resource plans are ignored, which an engine uses."""
    notes = tuple(note for note in parsed.executable.notes if not note.endswith(PLAN_NOTE))
    return replace(parsed, executable=replace(parsed.executable, notes=notes))


def _missing_command(
    parsed: ParsedTemplate, locations: Mapping[str, CodeLocation]
) -> TemplateProblem | None:
    """Return the problem of a container without a command that no Dockerfile supplies."""
    for leaf in parsed.workflow.leaves:
        image = locations[leaf.name].image
        has_default = image is not None and bool(image.entrypoint or image.command)
        if leaf.container is not None and not leaf.container.command and not has_default:
            return TemplateProblem(
                Path(parsed.executable.source),
                leaf.line,
                f"template {leaf.name}: command is missing, and there is not exactly one "
                "Dockerfile in the checkout that names the default command of the image",
            )
    return None


def _with_code_notes(
    parsed: ParsedTemplate, checkouts: dict[Path, Checkout]
) -> tuple[ParsedTemplate, dict[str, CodeLocation]]:
    """Return a template with notes about its code, and the locations of the code."""
    executable = parsed.executable
    locations = locate_code(parsed.workflow, executable.source, "", checkouts)
    notes: dict[str, None] = {}
    if missing := missing_code(executable.id, locations):
        notes[missing] = None
    template_folder = Path(executable.source).parent.resolve()
    for location in located_folders(locations):
        if location.folder != template_folder and not location.missing:
            notes[f"The code is in {location.folder}"] = None
        if location.image is not None and location.image.env:
            names = ", ".join(location.image.env)
            notes[f"The environment of {location.image.file} is used: {names}"] = None
    if requirements := find_requirements(locations.values()):
        what = ", ".join([*map(str, requirements.files), *requirements.packages])
        notes[
            f"The code requires packages ({what}). To install them in a virtual environment: "
            f"launchpad executables set {executable.id} venv={AUTO}"
        ] = None
    noted = replace(executable, notes=(*executable.notes, *notes))
    return replace(parsed, executable=noted), locations


def change_settings(
    host: RuntimeHost, scope: Scope, executable_id: str, values: Mapping[str, str]
) -> Executable:
    """Replace the settings of an executable; those with credentials are stored with the secrets.

    Raises:
        InvalidInput: a value is not valid.
        NotFound: there is no such executable.
    """
    folder = host.home.secrets
    connection = host.records.connection(scope.connection)
    stored = stored_settings(folder, connection.name, executable_id)
    settings, secrets = checked_settings(values, stored, executable_fields(connection))
    engine = reattaching_engine(connection)
    if engine is not None:
        engine.check_executable(settings)
    kept = {name: text for name, text in stored.items() if MASK in settings.get(name, "")}
    changed = host.records.set_executable_settings(scope, executable_id, settings)
    store_settings(folder, connection.name, executable_id, {**kept, **secrets})
    return changed


def executable_fields(connection: Connection) -> tuple[Field, ...]:
    """Return the settings that the executables of a connection have."""
    engine = reattaching_engine(connection)
    return EXECUTABLE_FIELDS if engine is None else (*EXECUTABLE_FIELDS, *engine.executable_fields)


def checked_settings(
    values: Mapping[str, str],
    kept: Collection[str] = (),
    fields: Sequence[Field] = EXECUTABLE_FIELDS,
) -> tuple[dict[str, str], dict[str, str]]:
    """Return valid settings of an executable; relative paths are resolved in the current folder.

    Args:
        values: by the names of the fields.
        kept: the names of settings whose values are stored with the secrets, see `checked`.
        fields: the fields of executables.

    Returns:
        The settings, in which credentials are masked, and the values of those that have any.

    Raises:
        InvalidInput: a value is not valid.
    """
    settings, secrets = checked(fields, values, kept)
    for field in fields:
        if field.kind is FieldKind.PATH and field.name in settings:
            # Executions run in another folder.
            settings[field.name] = str(Path(settings[field.name]).expanduser().absolute())
    python, code = (
        Path(settings[name]) if name in settings else None for name in ("python", "code")
    )
    if python is not None and not os.access(
        python / "bin" / "python" if python.is_dir() else python, os.X_OK
    ):
        raise InvalidInput(
            f"There is no Python interpreter at {python}",
            hint="Give an interpreter, or the folder of a virtual environment.",
            field="python",
        )
    if code is not None and not code.is_dir():
        raise InvalidInput(
            f"The code folder {code} does not exist",
            hint="Give the folder that contains the code of the container image.",
            field="code",
        )
    _check_environment(secrets.get("environment") or settings.get("environment", ""))
    return settings, secrets


def _check_environment(text: str) -> None:
    """Check a list of variables such as ``SEED=1 NAME="two words"``. Raises InvalidInput."""
    try:
        items = shlex.split(text)
    except ValueError as error:
        raise InvalidInput(
            "The environment is not valid", str(error), "Close all quotes.", field="environment"
        ) from error
    for item in items:
        if not re.fullmatch(r"[A-Za-z_]\w*=.*", item, re.ASCII | re.DOTALL):
            raise InvalidInput(
                f"{masked(item)[:60]!r} is not an environment variable",
                "It does not have the form NAME=value.",
                'Write for example: SEED=1 NAME="two words"',
                field="environment",
            )
