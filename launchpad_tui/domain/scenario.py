"""Scenarios and their executables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import field, record

_SCENARIO_ID = re.compile(r"[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?", re.ASCII)
#: the start of the image of a template that was written for a script; there is no such image
PLACEHOLDER_IMAGE = "docker.io/example/"


@record
class Scenario:
    """A use case that groups executables."""

    id: str
    name: str
    description: str
    labels: Mapping[str, str]
    created_at: datetime
    modified_at: datetime


def check_scenario_id(text: str) -> str:
    """Return the ID of a new scenario without surrounding spaces.

    Raises:
        InvalidInput: it is not valid as the label of a workflow template.
    """
    text = text.strip()
    if not _SCENARIO_ID.fullmatch(text):
        raise InvalidInput(
            f"{text[:80]!r} is not a valid ID of a scenario" if text else "The ID is missing",
            "It is too long, or has a character that is not allowed." if text else "",
            "Use 1 to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or "
            "digit.",
            field="scenario_id",
        )
    return text


@record
class Version:
    """A version of a scenario, which its executables define."""

    id: str
    description: str
    created_at: datetime
    modified_at: datetime


@record
class Parameter:
    """A parameter of an executable; ``default`` is None if a configuration must bind it."""

    name: str
    default: str | None = None
    description: str = ""


@record
class ArtifactSlot:
    """An input or output artifact that an executable declares.

    ``name`` is the input's name or the output's ``globalName``; ``kind`` is model, dataset,
    resultset or other, or empty for an input that accepts artifacts of any kind. An ``optional``
    input need not be bound.
    """

    name: str
    kind: str
    description: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    optional: bool = False


@record
class Executable:
    """A workflow executable of a scenario.

    Attributes:
        template: the workflow template as YAML, empty if the runtime does not return it.
        source: the file of the template.
        notes: notes about parts of the template that the runtime ignores.
        settings: the settings of the executable in the embedded runtime, such as its interpreter.
    """

    id: str
    scenario_id: str
    name: str
    description: str
    version: str
    parameters: tuple[Parameter, ...]
    inputs: tuple[ArtifactSlot, ...]
    outputs: tuple[ArtifactSlot, ...]
    template: str
    source: str
    notes: tuple[str, ...]
    settings: Mapping[str, str]
    created_at: datetime
    modified_at: datetime


@record
class TemplateProblem:
    """The reason why a workflow template was rejected, with its line, counted from 1."""

    file: Path
    line: int
    reason: str

    def __str__(self) -> str:
        """Return ``file:line: reason``."""
        return f"{self.file}:{self.line}: {self.reason}"


@record
class AddedExecutables:
    """The result of adding workflow templates.

    ``added`` are executables, each with ``added``, ``changed`` or ``unchanged``. ``refused`` are
    the templates that were rejected, ``skipped`` the documents that are no workflow templates but
    resemble them, such as serving templates. ``code_candidates`` are, by the ID of an executable,
    the folders of which the user has to select the one with its code. ``template_file`` is the file
    of the template that was written for a script; empty without one. ``script_notes`` are the
    options of the script that are no parameters, and what it is missing.
    """

    added: tuple[tuple[Executable, str], ...]
    refused: tuple[TemplateProblem, ...]
    skipped: tuple[TemplateProblem, ...] = ()
    code_candidates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    template_file: str = ""
    script_notes: tuple[str, ...] = ()
