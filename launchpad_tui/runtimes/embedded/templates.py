"""Parses workflow templates of SAP AI Core from YAML. Problems have file, line and reason.

The format is Argo's WorkflowTemplate with annotations and labels of SAP (AI Core documentation,
"Workflow Templates"). YAML files of a folder that have no workflow template are ignored; a file
that is given itself must have one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.scenario import (
    ArtifactSlot,
    Executable,
    Parameter,
    Scenario,
    TemplateProblem,
)
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput
from launchpad_tui.runtimes.embedded.template_body import SpecReader, file_name_problem
from launchpad_tui.runtimes.embedded.template_calls import check_calls, input_names
from launchpad_tui.runtimes.embedded.template_model import (
    ParsedTemplate,
    ParsedTemplates,
    Workflow,
)
from launchpad_tui.runtimes.embedded.yaml_nodes import Node, TemplateError, documents

#: the largest number of bytes of a file
_SIZE_LIMIT = 2_000_000
#: the largest numbers of templates that are added at once, and of bytes of all of them
_COUNT_LIMIT, _TOTAL_LIMIT = 2000, 50_000_000
#: the names of folders that are not searched
_IGNORED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", "site-packages"}
)
#: IDs of scenarios and executables (AI API)
_ID = re.compile(r"[\w.-]{4,64}", re.ASCII)
_SCENARIO_NAME, _SCENARIO_TEXT = "scenarios.ai.sap.com/name", "scenarios.ai.sap.com/description"
_NAME, _TEXT = "executables.ai.sap.com/name", "executables.ai.sap.com/description"
_SCENARIO_ID, _VERSION = "scenarios.ai.sap.com/id", "ai.sap.com/version"
#: the annotation with the path of the code in the container
CODE_PATH = "launchpad.tui/code-path"
_SLOT = re.compile(r"artifacts\.ai\.sap\.com/(.+)\.(kind|name|description|labels|suffix)")


def parse_templates(path: Path) -> ParsedTemplates:
    """Parse all workflow templates of a file, or of a folder and its subfolders.

    Raises:
        InvalidInput: there is neither a file nor a folder, or there are too many templates.
    """
    if path.is_dir():
        files, named = list(_files(path)), False
    elif path.is_file():
        files, named = [path], True
    else:
        raise InvalidInput(
            f"There is no file or folder {path}",
            hint="Give a YAML file with workflow templates, or a folder with such files.",
            field="path",
        )
    templates: list[ParsedTemplate] = []
    refused: list[TemplateProblem] = []
    seen: dict[str, Path] = {}
    size = 0
    for file in files:
        for found in _file(file, named=named):
            if isinstance(found, TemplateProblem):
                refused.append(found)
                continue
            known = seen.get(found.workflow.id)
            if known is not None:
                refused.append(
                    TemplateProblem(file, 1, f"{found.workflow.id} is also defined in {known}")
                )
                continue
            seen[found.workflow.id] = file
            templates.append(found)
            size += len(found.executable.template)
            if len(templates) > _COUNT_LIMIT or size > _TOTAL_LIMIT:
                raise InvalidInput(
                    f"There are too many workflow templates in {path}",
                    f"At most {_COUNT_LIMIT:,} templates with together {_TOTAL_LIMIT // 1_000_000} "
                    "MB can be added at once.",
                    "Add the files or subfolders one by one.",
                    field="path",
                )
    return ParsedTemplates(tuple(templates), tuple(refused))


def parse_text(text: str, file: Path) -> ParsedTemplate:
    """Parse the workflow template of a text.

    Args:
        file: the file that the text is from, for error messages.

    Raises:
        InvalidInput: there is no template, or it is not valid; the detail has file, line and
            reason.
    """
    try:
        for node in documents(text):
            if _is_template(node):
                return _parse(node, text, file)
    except TemplateError as error:
        raise InvalidInput(
            "Invalid workflow template",
            f"{file}:{error.line}: {error.reason}",
            "Correct the template, then add it again.",
        ) from error
    raise InvalidInput(
        f"There is no workflow template in {file}",
        "No document has kind: WorkflowTemplate.",
        "Give a file with a workflow template.",
    )


def _files(folder: Path) -> Iterator[Path]:
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _IGNORED_FOLDERS)
        for name in sorted(names):
            if name.endswith((".yaml", ".yml")):
                yield Path(top, name)


def _file(file: Path, *, named: bool) -> Iterator[ParsedTemplate | TemplateProblem]:
    try:
        if file.stat().st_size > _SIZE_LIMIT:
            if named:
                yield TemplateProblem(
                    file, 1, f"the file is larger than {_SIZE_LIMIT // 1_000_000} MB"
                )
            return
        text = file.read_bytes().decode("utf-8")
    except OSError as error:
        yield TemplateProblem(file, 1, f"the file cannot be read: {error.strerror or error}")
        return
    except UnicodeDecodeError as error:
        if named:
            yield TemplateProblem(
                file, 1, f"the file is not UTF-8: {error.reason} at byte {error.start}"
            )
        return
    if not named and "WorkflowTemplate" not in text:
        return
    any_template = False
    try:
        nodes = list(documents(text))
        for node in nodes:
            if not _is_template(node):
                continue
            any_template = True
            try:
                # The comments of a file with a single document are kept.
                yield _parse(node, text if len(nodes) == 1 else node.source, file)
            except TemplateError as error:
                yield TemplateProblem(file, error.line, error.reason)
    except TemplateError as error:
        yield TemplateProblem(file, error.line, error.reason)
        return
    if named and not any_template:
        yield TemplateProblem(file, 1, "the file has no document with kind: WorkflowTemplate")


def _is_template(node: Node) -> bool:
    if not node.is_mapping:
        return False
    kind = node.get("kind")
    return kind is not None and kind.text() in {"WorkflowTemplate", "ClusterWorkflowTemplate"}


def _parse(node: Node, text: str, file: Path) -> ParsedTemplate:
    version = node.require("apiVersion")
    if version.text() != "argoproj.io/v1alpha1":
        raise version.error(f"must be argoproj.io/v1alpha1, not {version.text()[:60]!r}")
    metadata = node.require("metadata")
    name = metadata.require("name")
    executable_id = name.text().strip()
    if not _ID.fullmatch(executable_id):
        raise name.error(
            "must have 4 to 64 letters, digits, '_', '.' or '-', because it is the executable's ID"
        )
    annotations, labels = metadata.require("annotations"), metadata.require("labels")
    scenario_node = labels.require(_SCENARIO_ID)
    scenario_id = scenario_node.text().strip()
    if not _ID.fullmatch(scenario_id):
        raise scenario_node.error("must have 4 to 64 letters, digits, '_', '.' or '-'")
    code_path = annotations.get_text(CODE_PATH).strip()
    if code_path and not code_path.startswith("/"):
        raise annotations.require(CODE_PATH).error("must be an absolute path")
    reader = SpecReader()
    workflow, described = reader.workflow(executable_id, node.require("spec"), code_path)
    check_calls(workflow, node.require("spec"))
    slots = _slots(annotations)
    at = now()
    scenario = Scenario(
        scenario_id,
        annotations.require_text(_SCENARIO_NAME),
        annotations.get_text(_SCENARIO_TEXT),
        {},
        at,
        at,
    )
    executable = Executable(
        id=executable_id,
        scenario_id=scenario_id,
        name=annotations.require_text(_NAME),
        description=annotations.get_text(_TEXT),
        version=labels.require_text(_VERSION),
        parameters=tuple(
            Parameter(key, default, described[key]) for key, default in workflow.parameters
        ),
        inputs=tuple(_slot(each, "", slots) for each in input_names(workflow)),
        outputs=tuple(_slot(each, other, slots) for each, other in _output_names(workflow)),
        template=text,
        source=str(file.absolute()),
        notes=tuple(reader.notes),
        settings={},
        created_at=at,
        modified_at=at,
    )
    names, suffixes = {}, {}
    for each, other in _output_names(workflow):
        notes = slots.get(each) or slots.get(other) or {}
        names[each] = notes.get("name", (each, None))[0]
        suffix, suffix_node = notes.get("suffix", ("", None))
        suffixes[each] = suffix.strip("/")
        if suffix_node is not None and suffixes[each]:
            for part in suffixes[each].split("/"):
                if problem := file_name_problem(part):
                    raise suffix_node.error(f"a part of the path {problem}")
    return ParsedTemplate(workflow, scenario, executable, names, suffixes)


def _output_names(workflow: Workflow) -> list[tuple[str, str]]:
    return [
        (each.global_name, each.name)
        for leaf in workflow.leaves
        for each in leaf.outputs
        if each.global_name
    ]


def _slots(annotations: Node) -> dict[str, dict[str, tuple[str, Node]]]:
    found: dict[str, dict[str, tuple[str, Node]]] = {}
    for key, value in annotations.items():
        match = _SLOT.fullmatch(key)
        if match:
            found.setdefault(match.group(1), {})[match.group(2)] = (value.text(), value)
    return found


def _slot(name: str, other: str, slots: dict[str, dict[str, tuple[str, Node]]]) -> ArtifactSlot:
    """Return the slot of an input or output with its annotations.

    The annotations of an output may use its ``globalName`` or its name, as in SAP's documentation.
    """
    notes = slots.get(name) or (slots.get(other) if other else None) or {}
    kind, node = notes.get("kind", (str(ArtifactKind.MODEL), None))
    if node is not None and kind not in set(ArtifactKind):
        raise node.error(f"must be one of {', '.join(ArtifactKind)}, not {kind!r}")
    labels: tuple[tuple[str, str], ...] = ()
    text, node = notes.get("labels", ("", None))
    if node is not None and text.strip():
        try:
            read = json.loads(text)
        except ValueError as error:
            raise node.error(f"labels must be JSON: {error}") from error
        if isinstance(read, list):
            read = {each.get("key"): each.get("value") for each in read if isinstance(each, dict)}
        if not isinstance(read, dict) or not all(
            isinstance(each, str) for pair in read.items() for each in pair
        ):
            raise node.error('labels must be JSON like {"ext.ai.sap.com/key": "value"}')
        labels = tuple(read.items())
    return ArtifactSlot(name, kind, notes.get("description", ("", None))[0], labels)
