"""Parses workflow templates of SAP AI Core from YAML or JSON. Problems have file, line and reason.

The format is Argo's WorkflowTemplate with annotations and labels of SAP (AI Core documentation,
"Workflow Templates"). A file may have several documents, and Kubernetes lists of templates
(``kind: List``). Files of a folder that have no workflow template are ignored; a file that is given
itself must have one. Serving templates are reported as skipped, because they describe deployments.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
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
from launchpad_tui.runtimes.embedded.template_credentials import credential_notes
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
_SUFFIXES = (".yaml", ".yml", ".json")
_TEMPLATE_KINDS = frozenset({"WorkflowTemplate", "ClusterWorkflowTemplate"})
_LIST_KINDS = frozenset({"List", "WorkflowTemplateList", "ClusterWorkflowTemplateList"})
#: kinds of documents that a user may take for a workflow template, with the reason to skip them
_SKIPPED_KINDS = {
    "ServingTemplate": "a ServingTemplate describes a deployment, which this runtime does not run",
    "Workflow": "a Workflow is a single run; an executable needs kind: WorkflowTemplate",
    "CronWorkflow": "a CronWorkflow is a scheduled run; an executable needs kind: "
    "WorkflowTemplate, which a schedule can execute",
}


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
    skipped: list[TemplateProblem] = []
    seen: dict[str, str] = {}
    size = 0
    for file in files:
        for found in _file(file, skipped, named=named):
            if isinstance(found, TemplateProblem):
                refused.append(found)
                continue
            template, line = found
            known = seen.get(template.workflow.id)
            if known is not None:
                refused.append(
                    TemplateProblem(
                        file, line, f"{template.workflow.id} is also defined in {known}"
                    )
                )
                continue
            seen[template.workflow.id] = f"{file}:{line}"
            templates.append(template)
            size += len(template.executable.template)
            if len(templates) > _COUNT_LIMIT or size > _TOTAL_LIMIT:
                raise InvalidInput(
                    f"There are too many workflow templates in {path}",
                    f"At most {_COUNT_LIMIT:,} templates with together {_TOTAL_LIMIT // 1_000_000} "
                    "MB can be added at once.",
                    "Add the files or subfolders one by one.",
                    field="path",
                )
    return ParsedTemplates(tuple(templates), tuple(refused), tuple(skipped))


def parse_text(text: str, file: Path, executable_id: str = "") -> ParsedTemplate:
    """Parse a workflow template of a text.

    Args:
        text: one or several documents.
        file: the file that the text is from, for error messages.
        executable_id: the ID of the template to parse; empty for the first one.

    Raises:
        InvalidInput: there is no template, or it is not valid; the detail has file, line and
            reason.
    """
    try:
        for node in _items(documents(text)):
            if _kind(node) not in _TEMPLATE_KINDS:
                continue
            if not executable_id or _name(node) == executable_id:
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
            if name.lower().endswith(_SUFFIXES):
                yield Path(top, name)


def _file(
    file: Path, skipped: list[TemplateProblem], *, named: bool
) -> Iterator[tuple[ParsedTemplate, int] | TemplateProblem]:
    """Yield the templates of a file with their lines, and its problems.

    Args:
        file: the file.
        skipped: receives the documents of other kinds that resemble workflow templates.
        named: whether the user gave the file itself.
    """
    try:
        if file.stat().st_size > _SIZE_LIMIT:
            if named:
                yield TemplateProblem(
                    file, 1, f"the file is larger than {_SIZE_LIMIT // 1_000_000} MB"
                )
            return
        text = _decoded(file.read_bytes())
    except OSError as error:
        yield TemplateProblem(file, 1, f"the file cannot be read: {error.strerror or error}")
        return
    except UnicodeDecodeError as error:
        if named:
            yield TemplateProblem(
                file, 1, f"the file is not UTF-8: {error.reason} at byte {error.start}"
            )
        return
    if not named and "WorkflowTemplate" not in text and "ServingTemplate" not in text:
        return
    any_template = False
    try:
        nodes = list(_items(documents(text)))
        for node in nodes:
            kind = _kind(node)
            if kind in _SKIPPED_KINDS and (named or kind == "ServingTemplate"):
                reason = TemplateProblem(file, node.line, _SKIPPED_KINDS[kind])
                skipped.append(reason)
            if kind not in _TEMPLATE_KINDS:
                continue
            any_template = True
            try:
                # The comments of a file with a single document are kept.
                source = text if len(nodes) == 1 else _source(node)
                yield _parse(node, source, file), node.line
            except TemplateError as error:
                yield TemplateProblem(file, error.line, error.reason)
    except TemplateError as error:
        yield TemplateProblem(file, error.line, error.reason)
        return
    if named and not any_template and not any(each.file == file for each in skipped):
        yield TemplateProblem(file, 1, "the file has no document with kind: WorkflowTemplate")


def _decoded(data: bytes) -> str:
    """Decode a YAML stream, which may be UTF-8, UTF-16 or UTF-32 (YAML 1.2, section 5.2)."""
    for mark, encoding in (
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\x00\x00\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding)
    return data.decode("utf-8-sig")


def _items(nodes: Iterator[Node]) -> Iterator[Node]:
    """Yield documents, and the items of documents that are Kubernetes lists."""
    for node in nodes:
        if _kind(node) in _LIST_KINDS:
            yield from _items(iter(node.list_of("items")))
        else:
            yield node


def _source(node: Node) -> str:
    """Return the text of a template, which can be parsed without the rest of its file."""
    try:
        list(documents(node.source))
    except TemplateError:
        # An alias in an item of a list may refer to an anchor in another item.
        return node.serialized()
    return node.source


def _kind(node: Node) -> str:
    if not node.is_mapping:
        return ""
    kind = node.get("kind")
    return kind.text() if kind is not None and kind.is_scalar else ""


def _name(node: Node) -> str:
    metadata = node.get("metadata")
    name = metadata.get("name") if metadata is not None and metadata.is_mapping else None
    return name.text().strip() if name is not None and name.is_scalar else ""


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
    workflow = replace(workflow, labels=_texts(labels), annotations=_texts(annotations))
    check_calls(workflow, node.require("spec"))
    slots = _slots(annotations)
    inputs, outputs = input_names(workflow), _output_names(workflow)
    _note_unused(slots, {*inputs, *(name for pair in outputs for name in pair)}, reader)
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
        inputs=tuple(_slot(each, "", slots, "") for each in inputs),
        outputs=tuple(
            _slot(each, other, slots, str(ArtifactKind.MODEL)) for each, other in outputs
        ),
        template=text,
        source=str(file.absolute()),
        notes=(*reader.notes, *credential_notes(node, executable_id)),
        settings={},
        created_at=at,
        modified_at=at,
    )
    names, suffixes = {}, {}
    for each, other in outputs:
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
        for template in workflow.called
        for each in template.outputs
        if each.global_name
    ]


def _texts(node: Node) -> dict[str, str]:
    return {key: value.text() for key, value in node.items() if value.is_scalar}


def _slots(annotations: Node) -> dict[str, dict[str, tuple[str, Node]]]:
    found: dict[str, dict[str, tuple[str, Node]]] = {}
    for key, value in annotations.items():
        match = _SLOT.fullmatch(key)
        if match:
            found.setdefault(match.group(1), {})[match.group(2)] = (value.text(), value)
    return found


def _note_unused(
    slots: dict[str, dict[str, tuple[str, Node]]], declared: set[str], reader: SpecReader
) -> None:
    """Add a note for each annotation of an artifact that the workflow does not declare."""
    for name in slots.keys() - declared:
        for part in sorted(slots[name]):
            reader.note(
                f"artifacts.ai.sap.com/{name}.{part}",
                f"the workflow has no input artifact and no globalName {name}",
            )


def _slot(
    name: str, other: str, slots: dict[str, dict[str, tuple[str, Node]]], default_kind: str
) -> ArtifactSlot:
    """Return the slot of an input or output with its annotations.

    The annotations of an output may use its ``globalName`` or its name, as in SAP's documentation.

    Args:
        name: the name of the input, or the ``globalName`` of the output.
        other: the name of the output; empty for an input.
        slots: the annotations by the name that they contain.
        default_kind: the kind if no annotation sets it; empty for an input that accepts any kind.
    """
    notes = slots.get(name) or (slots.get(other) if other else None) or {}
    kind, node = notes.get("kind", (default_kind, None))
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
