"""Parses workflow templates of SAP AI Core from YAML or JSON. Problems have file, line and reason.

The format is Argo's WorkflowTemplate with annotations and labels of SAP (AI Core documentation,
"Workflow Templates"). A file may have several documents, and Kubernetes lists of templates
(``kind: List``). Files of a folder that have no workflow template are ignored; a file that is given
itself must have one. Serving templates are reported as skipped, because they describe deployments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
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
from launchpad_tui.runtimes.embedded.template_artifacts import file_name_problem
from launchpad_tui.runtimes.embedded.template_body import SpecReader
from launchpad_tui.runtimes.embedded.template_calls import check_calls, input_names
from launchpad_tui.runtimes.embedded.template_credentials import credential_notes
from launchpad_tui.runtimes.embedded.template_files import (
    SIZE_LIMIT,
    TEMPLATE_KINDS,
    Document,
    FolderLibrary,
    combined_text,
    decoded,
    read_documents,
    template_files,
)
from launchpad_tui.runtimes.embedded.template_library import (
    Library,
    LibraryDocument,
    library_of,
)
from launchpad_tui.runtimes.embedded.template_model import (
    ParsedTemplate,
    ParsedTemplates,
    Workflow,
)
from launchpad_tui.runtimes.embedded.yaml_nodes import Node, TemplateError

#: the largest numbers of templates that are added at once, and of bytes of all of them
_COUNT_LIMIT, _TOTAL_LIMIT = 2000, 50_000_000
#: IDs of scenarios and executables (AI API)
_ID = re.compile(r"[\w.-]{4,64}", re.ASCII)
_SCENARIO_NAME, _SCENARIO_TEXT = "scenarios.ai.sap.com/name", "scenarios.ai.sap.com/description"
_NAME, _TEXT = "executables.ai.sap.com/name", "executables.ai.sap.com/description"
_SCENARIO_ID, _VERSION = "scenarios.ai.sap.com/id", "ai.sap.com/version"
#: the annotation with the path of the code in the container
CODE_PATH = "launchpad.tui/code-path"
_SLOT = re.compile(r"artifacts\.ai\.sap\.com/(.+)\.(kind|name|description|labels|suffix)")
_SUFFIXES = (".yaml", ".yml", ".json")
#: kinds of documents that a user may take for a workflow template, with the reason to skip them
_SKIPPED_KINDS = {
    "ServingTemplate": "a ServingTemplate describes a deployment, which this runtime does not run",
    "Workflow": "a Workflow is a single run; an executable needs kind: WorkflowTemplate",
    "CronWorkflow": "a CronWorkflow is a scheduled run; an executable needs kind: "
    "WorkflowTemplate, which a schedule can execute",
}


def parse_templates(
    path: Path, added: Callable[[str], str | None] = lambda _name: None
) -> ParsedTemplates:
    """Parse all workflow templates of a file, or of a folder and its subfolders.

    Args:
        path: the file or folder.
        added: returns the template of an executable that was added before, which templates may
            refer to; None if there is none with this ID.

    Raises:
        InvalidInput: there is neither a file nor a folder, or there are too many templates.
    """
    if path.is_dir():
        files, named = list(template_files(path)), False
    elif path.is_file():
        files, named = [path], True
    else:
        raise InvalidInput(
            f"There is no file or folder {path}",
            hint="Give a YAML file with workflow templates, a folder with such files, or a Python "
            "script.",
            field="path",
        )
    library = FolderLibrary(lambda: [*files, *_beside(path)] if named else files, added)
    return _Parse(path, library, named=named).run(files)


def _beside(file: Path) -> list[Path]:
    """Return the other files of the folder of a file, in which templates may be defined."""
    return sorted(
        each
        for each in file.absolute().parent.iterdir()
        if each.is_file() and each.name != file.name and each.suffix.lower() in _SUFFIXES
    )


class _Parse:
    """Parses the templates of files, and collects the problems."""

    def __init__(self, path: Path, library: FolderLibrary, *, named: bool) -> None:
        self._path = path
        self._library = library
        self._named = named
        self._templates: list[ParsedTemplate] = []
        self._refused: list[TemplateProblem] = []
        self._skipped: list[TemplateProblem] = []
        #: problems of templates without annotations of SAP, which others may use, by name
        self._parts: list[tuple[str, TemplateProblem]] = []
        self._used: set[str] = set()
        self._seen: dict[str, str] = {}
        self._size = 0

    def run(self, files: Sequence[Path]) -> ParsedTemplates:
        for file in files:
            self._file(file)
        self._refused += [problem for name, problem in self._parts if name not in self._used]
        return ParsedTemplates(tuple(self._templates), tuple(self._refused), tuple(self._skipped))

    def _refuse(self, file: Path, line: int, reason: str) -> None:
        self._refused.append(TemplateProblem(file, line, reason))

    def _file(self, file: Path) -> None:
        try:
            if file.stat().st_size > SIZE_LIMIT:
                if self._named:
                    limit = f"{SIZE_LIMIT // 1_000_000} MB"
                    self._refuse(file, 1, f"the file is larger than {limit}")
                return
            text = decoded(file.read_bytes())
        except OSError as error:
            self._refuse(file, 1, f"the file cannot be read: {error.strerror or error}")
            return
        except UnicodeDecodeError as error:
            if self._named:
                self._refuse(
                    file, 1, f"the file is not UTF-8: {error.reason} at byte {error.start}"
                )
            return
        if not self._named and "WorkflowTemplate" not in text and "ServingTemplate" not in text:
            return
        before = len(self._skipped)
        try:
            found = read_documents(text)
            for each in found:
                if each.kind in TEMPLATE_KINDS:
                    self._document(each, file)
                elif each.kind in _SKIPPED_KINDS and (
                    self._named or each.kind == "ServingTemplate"
                ):
                    reason = _SKIPPED_KINDS[each.kind]
                    self._skipped.append(TemplateProblem(file, each.node.line, reason))
        except TemplateError as error:
            self._refuse(file, error.line, error.reason)
            return
        any_template = any(each.kind in TEMPLATE_KINDS for each in found)
        if self._named and not any_template and len(self._skipped) == before:
            self._refuse(file, 1, "the file has no document with kind: WorkflowTemplate")

    def _document(self, document: Document, file: Path) -> None:
        library = Library(self._library.find)
        try:
            template = _parse(document.node, document.text, file, library)
        except TemplateError as error:
            problem = TemplateProblem(file, error.line, error.reason)
            if document.name and not _is_executable(document.node):
                self._parts.append((document.name, problem))
            else:
                self._refused.append(problem)
            return
        self._used |= library.used.keys()
        line, executable_id = document.node.line, template.workflow.id
        known = self._seen.get(executable_id)
        if known is not None:
            self._refuse(file, line, f"{executable_id} is also defined in {known}")
            return
        self._seen[executable_id] = f"{file}:{line}"
        self._templates.append(template)
        self._size += len(template.executable.template)
        if len(self._templates) > _COUNT_LIMIT or self._size > _TOTAL_LIMIT:
            raise InvalidInput(
                f"There are too many workflow templates in {self._path}",
                f"At most {_COUNT_LIMIT:,} templates with together {_TOTAL_LIMIT // 1_000_000} "
                "MB can be added at once.",
                "Add the files or subfolders one by one.",
                field="path",
            )


def _is_executable(node: Node) -> bool:
    """Return whether a template has the label that makes it an executable of a scenario."""
    metadata = node.get("metadata")
    labels = metadata.get("labels") if metadata is not None and metadata.is_mapping else None
    return labels is not None and labels.is_mapping and labels.get(_SCENARIO_ID) is not None


def parse_text(text: str, file: Path, executable_id: str = "") -> ParsedTemplate:
    """Parse a workflow template of a text.

    Args:
        text: one or several documents, which may refer to each other.
        file: the file that the text is from, for error messages.
        executable_id: the ID of the template to parse; empty for the first one.

    Raises:
        InvalidInput: there is no template, or it is not valid; the detail has file, line and
            reason.
    """
    try:
        found = [each for each in read_documents(text) if each.kind in TEMPLATE_KINDS]
        library = library_of(
            (each.name, LibraryDocument(each.node, each.text, str(file))) for each in found
        )
        for each in found:
            if not executable_id or each.name == executable_id:
                parsed = _parse(each.node, each.text, file, library)
                executable = replace(parsed.executable, template=text)
                return replace(parsed, executable=executable)
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


def _check_header(node: Node) -> None:
    """Check everything of a template except its specification.

    Raises:
        TemplateError: a part is missing or invalid. The reason has all of them, so that a template
            can be corrected at once.
    """
    errors: list[TemplateError] = []

    def check(test: Callable[[], object]) -> bool:
        try:
            test()
        except TemplateError as error:
            errors.append(error)
            return False
        return True

    check(lambda: _api_version(node))
    if check(lambda: node.require("metadata").get("name")):
        metadata = node.require("metadata")
        check(lambda: _checked_id(metadata.require("name"), "because it is the executable's ID"))
        if metadata.get("labels") is None:
            errors.append(metadata.error(f"labels is missing, with {_SCENARIO_ID} and {_VERSION}"))
        elif check(lambda: metadata.require("labels").get(_SCENARIO_ID)):
            labels = metadata.require("labels")
            check(lambda: _checked_id(labels.require(_SCENARIO_ID)))
            check(lambda: labels.require_text(_VERSION))
    check(lambda: node.require("spec"))
    if errors:
        first, *others = errors
        reasons = [first.reason]
        reasons += [
            each.reason if each.line == first.line else f"line {each.line}: {each.reason}"
            for each in others
        ]
        raise TemplateError(first.line, "; ".join(reasons)) from first


def _api_version(node: Node) -> None:
    version = node.require("apiVersion")
    if version.text() != "argoproj.io/v1alpha1":
        raise version.error(f"must be argoproj.io/v1alpha1, not {version.text()[:60]!r}")


def _checked_id(node: Node, reason: str = "") -> str:
    """Return the ID of a scenario or executable. Raises TemplateError if it is not valid."""
    text = node.text().strip()
    if not _ID.fullmatch(text):
        rule = "must have 4 to 64 letters, digits, '_', '.' or '-'"
        raise node.error(f"{rule}, {reason}" if reason else rule)
    return text


def _parse(node: Node, text: str, file: Path, library: Library) -> ParsedTemplate:
    _check_header(node)
    metadata = node.require("metadata")
    executable_id = metadata.require("name").text().strip()
    annotations, labels = metadata.get_mapping("annotations"), metadata.require("labels")
    scenario_id = labels.require(_SCENARIO_ID).text().strip()
    code_path = annotations.get_text(CODE_PATH).strip()
    if code_path and not code_path.startswith("/"):
        raise annotations.require(CODE_PATH).error("must be an absolute path")
    reader = SpecReader(library)
    workflow, described = reader.workflow(executable_id, node.require("spec"), code_path)
    workflow = replace(workflow, labels=_texts(labels), annotations=_texts(annotations))
    check_calls(workflow, reader)
    slots = _slots(annotations)
    inputs, outputs = input_names(workflow), _output_names(workflow)
    _note_unused(slots, {*inputs, *(name for pair in outputs for name in pair)}, reader)
    at = now()
    scenario = Scenario(
        scenario_id,
        _name(annotations, _SCENARIO_NAME, scenario_id, reader),
        annotations.get_text(_SCENARIO_TEXT),
        {},
        at,
        at,
    )
    executable = Executable(
        id=executable_id,
        scenario_id=scenario_id,
        name=_name(annotations, _NAME, executable_id, reader),
        description=annotations.get_text(_TEXT),
        version=labels.require_text(_VERSION),
        parameters=tuple(
            Parameter(key, default, described[key]) for key, default in workflow.parameters
        ),
        inputs=tuple(
            replace(_slot(each, "", slots, ""), optional=not required)
            for each, required in inputs.items()
        ),
        outputs=tuple(
            _slot(each, other, slots, str(ArtifactKind.MODEL)) for each, other in outputs
        ),
        template=combined_text(text, library.used.values()) if library.used else text,
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


def _name(annotations: Node, key: str, default: str, reader: SpecReader) -> str:
    """Return the name in an annotation; the default, with a note, if the annotation is missing."""
    if annotations.get(key) is not None:
        return annotations.require_text(key)
    reader.notes[f"{key} is missing, which SAP AI Core requires: the name is {default}"] = None
    return default


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
        except (ValueError, RecursionError) as error:
            raise node.error(f"labels must be JSON: {error}") from error
        if isinstance(read, list):
            read = {each.get("key"): each.get("value") for each in read if isinstance(each, dict)}
        if not isinstance(read, dict) or not all(
            isinstance(each, str) for pair in read.items() for each in pair
        ):
            raise node.error('labels must be JSON like {"ext.ai.sap.com/key": "value"}')
        labels = tuple(read.items())
    return ArtifactSlot(name, kind, notes.get("description", ("", None))[0], labels)
