"""Parses the ``spec`` of a workflow template: templates, steps, containers and references."""

from __future__ import annotations

import re
from collections.abc import Iterator

from launchpad_tui.runtimes.embedded.template_model import (
    Call,
    Container,
    EnvVar,
    InputArtifact,
    OutputArtifact,
    OutputParameter,
    Template,
    Workflow,
)
from launchpad_tui.runtimes.embedded.yaml_nodes import Node, TemplateError

#: the largest number of steps that one execution runs, and of calls in one template
MAX_STEPS = 1000
#: the largest number of bytes of a name that becomes the name of a file, with an added ending
_FILE_NAME_BYTES = 200
#: ``{{…}}`` in commands, arguments and environment
REFERENCE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
#: ``{{steps.x.outputs.artifacts.y}}``, or ``tasks.`` in a DAG
STEP_OUTPUT = re.compile(r"(?:steps|tasks)\.([^.]+)\.outputs\.(artifacts|parameters)\.(.+)")

_IGNORED_CONTAINER = {
    "image": "images are not pulled; the code in the folder of the template runs on this machine",
    "imagePullPolicy": "images are not pulled",
    "resources": "memory, processors and accelerators are not limited on this machine",
    "volumeMounts": "volumes are not mounted",
    "ports": "ports are not published",
    "securityContext": "the commands run as the user who runs launchpad",
    "livenessProbe": "probes are not called",
    "readinessProbe": "probes are not called",
    "name": "",
}
_KNOWN_CONTAINER = {
    "command",
    "args",
    "env",
    "envFrom",
    "workingDir",
    "source",
    *_IGNORED_CONTAINER,
}
_IGNORED_SPEC = {
    "imagePullSecrets": "images are not pulled",
    "volumeClaimTemplates": "volumes are not mounted",
    "volumes": "volumes are not mounted",
    "serviceAccountName": "there are no service accounts on this machine",
    "ttlStrategy": "executions are kept until they are deleted",
    "podGC": "there are no pods on this machine",
    "podMetadata": "",
    "workflowMetadata": "",
    "securityContext": "the commands run as the user who runs launchpad",
    "nodeSelector": "there is only this machine",
    "tolerations": "there is only this machine",
    "affinity": "there is only this machine",
    "parallelism": "all steps of a group run in parallel",
}
_KNOWN_SPEC = {"entrypoint", "arguments", "templates", "activeDeadlineSeconds", *_IGNORED_SPEC}
_KNOWN_TEMPLATE = {
    "name",
    "inputs",
    "outputs",
    "container",
    "script",
    "steps",
    "dag",
    "metadata",
    "sidecars",
    "initContainers",
    "retryStrategy",
    "activeDeadlineSeconds",
    "nodeSelector",
    "tolerations",
    "affinity",
    "volumes",
    "serviceAccountName",
}
_REFUSED_TEMPLATE = {"resource", "suspend", "http", "plugin", "data", "containerSet"}


class SpecReader:
    """Parses the ``spec`` of a document; ``notes`` are the settings that are ignored."""

    def __init__(self) -> None:
        self.notes: dict[str, None] = {}

    def note(self, what: str, why: str) -> None:
        """Add a note about a setting that is ignored, unless the reason is empty."""
        if why:
            self.notes[f"{what} is ignored: {why}"] = None

    def workflow(self, name: str, spec: Node, code_path: str) -> tuple[Workflow, dict[str, str]]:
        """Return the workflow, and the descriptions of its parameters by name.

        Raises:
            TemplateError: the spec is not valid.
        """
        for key, value in spec.items():
            if key in _IGNORED_SPEC:
                self.note(key, _IGNORED_SPEC[key])
            elif key not in _KNOWN_SPEC:
                self.note(
                    f"spec.{key}", f"the embedded runtime does not support it (line {value.line})"
                )
        parameters: list[tuple[str, str | None]] = []
        described: dict[str, str] = {}
        arguments = spec.get("arguments")
        for node in arguments.list_of("parameters") if arguments else ():
            parameter = node.require_text("name")
            if parameter in described:
                raise node.error(f"duplicate parameter {parameter}")
            # SAP AI Core accepts a value in place of a default.
            default = node.get("default") or node.get("value")
            parameters.append((parameter, None if default is None else default.text()))
            described[parameter] = node.get_text("description")
        templates: dict[str, Template] = {}
        for node in spec.require("templates").entries():
            template = self._template(node)
            if template.name in templates:
                raise node.error(f"duplicate template {template.name}")
            templates[template.name] = template
        deadline = spec.get("activeDeadlineSeconds")
        seconds = deadline.integer() if deadline else None
        if deadline is not None and seconds is not None and seconds < 1:
            raise deadline.error("must be at least 1")
        entry = spec.require("entrypoint")
        workflow = Workflow(name, entry.text(), tuple(parameters), templates, seconds, code_path)
        if workflow.entrypoint not in templates:
            raise entry.error(f"there is no template {workflow.entrypoint!r}")
        return workflow, described

    def _template(self, node: Node) -> Template:
        name = node.require_text("name")
        for key, value in node.items():
            if key in _REFUSED_TEMPLATE:
                raise value.error(
                    f"templates of type {key} are not supported by the embedded runtime"
                )
            if key in {"sidecars", "initContainers", "retryStrategy", "activeDeadlineSeconds"}:
                self.note(
                    f"{key} of template {name}",
                    "the embedded runtime runs the container of a template once",
                )
            elif key not in _KNOWN_TEMPLATE:
                self.note(f"{key} of template {name}", "the embedded runtime does not support it")
        self._metadata(node)
        bodies = [
            key for key in ("container", "script", "steps", "dag") if node.get(key) is not None
        ]
        if len(bodies) != 1:
            raise node.error(
                f"template {name} must have exactly one of container, script, steps and dag, "
                f"not {' and '.join(bodies) or 'none'}"
            )
        inputs, outputs = node.get("inputs"), node.get("outputs")
        container = node.get("container") or node.get("script")
        return Template(
            name=name,
            line=node.line,
            parameters=tuple(_input_parameters(inputs)),
            inputs=tuple(_input_artifacts(inputs, leaf=container is not None)),
            outputs=tuple(_output_artifacts(outputs, leaf=container is not None)),
            output_parameters=tuple(_output_parameters(outputs, leaf=container is not None)),
            container=self._container(container, script=bodies == ["script"])
            if container
            else None,
            steps=tuple(_steps(node.require("steps")))
            if bodies == ["steps"]
            else _levels(node)
            if bodies == ["dag"]
            else (),
        )

    def _metadata(self, node: Node) -> None:
        metadata = node.get("metadata")
        labels = metadata.get("labels") if metadata else None
        for key, _ in labels.items() if labels else ():
            if key in {"ai.sap.com/resourcePlan", "ai.sap.com/instanceType"}:
                self.note(key, "the resources of this machine are used")

    def _container(self, node: Node, *, script: bool) -> Container:
        for key, value in node.items():
            if key in _IGNORED_CONTAINER:
                self.note(key, _IGNORED_CONTAINER[key])
            elif key not in _KNOWN_CONTAINER:
                self.note(key, f"the embedded runtime does not support it (line {value.line})")
        command = tuple(each.text() for each in node.list_of("command"))
        if not command and script:
            raise node.error("command is missing: a script requires an interpreter")
        source = node.require("source").text() if script else ""
        env: list[EnvVar] = []
        for each in node.list_of("env"):
            env.append(_variable(each))
        secrets: list[str] = []
        for each in node.list_of("envFrom"):
            reference = each.get("secretRef")
            if reference is None:
                raise each.error("only secretRef is supported")
            secrets.append(reference.require_text("name"))
        working_dir = node.get_text("workingDir")
        if working_dir and not working_dir.startswith("/"):
            raise node.require("workingDir").error("must be an absolute path")
        args = tuple(each.text() for each in node.list_of("args"))
        return Container(command, args, tuple(env), tuple(secrets), working_dir, source)


def _variable(node: Node) -> EnvVar:
    name = node.require_text("name")
    source = node.get("valueFrom")
    if source is None:
        return EnvVar(name, node.get_text("value"))
    reference = source.get("secretKeyRef")
    if reference is None:
        raise source.error("only secretKeyRef is supported")
    return EnvVar(name, secret=(reference.require_text("name"), reference.require_text("key")))


def _input_parameters(inputs: Node | None) -> Iterator[tuple[str, str | None]]:
    for node in inputs.list_of("parameters") if inputs else ():
        default = node.get("value") or node.get("default")
        yield node.require_text("name"), None if default is None else default.text()


def _absolute(node: Node) -> str:
    path = node.require_text("path")
    parts = path.split("/")
    if not path.startswith("/") or ".." in parts or not any(parts):
        raise node.require("path").error(
            f"must be an absolute path without '..' and not the root, not {path!r}"
        )
    return path


def _input_artifacts(inputs: Node | None, *, leaf: bool) -> Iterator[InputArtifact]:
    seen: set[str] = set()
    for node in inputs.list_of("artifacts") if inputs else ():
        name = node.require_text("name")
        if problem := file_name_problem(name.replace("/", "_")):
            raise node.require("name").error(f"the name of an input artifact {problem}")
        if name in seen:
            raise node.error(f"duplicate input artifact {name}")
        seen.add(name)
        raw = node.get("raw")
        content = None if raw is None else raw.require("data").text()
        path = _absolute(node) if leaf or node.get("path") is not None else ""
        yield InputArtifact(name, path, content)


def _output_artifacts(outputs: Node | None, *, leaf: bool) -> Iterator[OutputArtifact]:
    seen: set[str] = set()
    for node in outputs.list_of("artifacts") if outputs else ():
        name = node.require_text("name")
        if name in seen:
            raise node.error(f"duplicate output artifact {name}")
        seen.add(name)
        archive = node.get("archive")
        plain = archive is not None and any(key == "none" for key, _ in archive.items())
        path, source = (_absolute(node), "") if leaf else ("", node.require_text("from"))
        yield OutputArtifact(name, path, _global_name(node), not plain, source)


def _global_name(node: Node) -> str:
    """Return the ``globalName`` of an output artifact; empty if it has none."""
    global_name = node.get("globalName")
    if global_name is None:
        return ""
    name = global_name.text().strip()
    if problem := file_name_problem(name):
        raise global_name.error(f"the outputs of a run are stored by this name, which {problem}")
    return name


def file_name_problem(name: str) -> str:
    """Return why a name cannot be that of a file in every object store; empty if it can."""
    if not name:
        return "is empty"
    if len(name.encode("utf-8", "replace")) > _FILE_NAME_BYTES:
        return f"is longer than {_FILE_NAME_BYTES} bytes"
    if "/" in name or "\\" in name:
        return f"must not contain '/' or '\\': {name[:60]!r}"
    if name.startswith("."):
        return f"must not start with '.': {name[:60]!r}"
    if not name.isprintable():
        return f"contains a control character: {name[:60]!r}"
    return ""


def _output_parameters(outputs: Node | None, *, leaf: bool) -> Iterator[OutputParameter]:
    for node in outputs.list_of("parameters") if outputs else ():
        name, value = node.require_text("name"), node.require("valueFrom")
        if leaf:
            yield OutputParameter(name, _absolute(value))
        else:
            yield OutputParameter(name, "", value.require_text("parameter"))


def _steps(node: Node) -> Iterator[tuple[Call, ...]]:
    seen: set[str] = set()
    for group in node.entries():
        calls = tuple(
            _call(each) for each in (group.entries() if not group.is_mapping else [group])
        )
        for call in calls:
            if call.name in seen:
                raise TemplateError(call.line, f"{group.path}: duplicate step {call.name}")
            seen.add(call.name)
            if len(seen) > MAX_STEPS:
                raise TemplateError(call.line, f"{group.path}: more than {MAX_STEPS} steps")
        yield calls


def _call(node: Node) -> Call:
    for key in ("when", "withItems", "withParam", "withSequence", "templateRef", "inline"):
        found = node.get(key)
        if found is not None:
            raise found.error(
                "conditions, loops and references to other workflow templates are not supported"
            )
    arguments = node.get("arguments")
    parameters = (
        [
            (each.require_text("name"), each.get_text("value"))
            for each in arguments.list_of("parameters")
        ]
        if arguments
        else []
    )
    artifacts = (
        [
            (each.require_text("name"), each.require_text("from"))
            for each in arguments.list_of("artifacts")
        ]
        if arguments
        else []
    )
    return Call(
        node.require_text("name"),
        node.require_text("template"),
        node.line,
        tuple(parameters),
        tuple(artifacts),
    )


def _levels(node: Node) -> tuple[tuple[Call, ...], ...]:
    """Return the tasks of a DAG as groups that run one after another.

    Each task is in the first group after the groups of its dependencies.
    """
    tasks: dict[str, tuple[Call, set[str], Node]] = {}
    for each in node.require("dag").require("tasks").entries():
        call = _call(each)
        if call.name in tasks:
            raise each.error(f"duplicate task {call.name}")
        if len(tasks) >= MAX_STEPS:
            raise each.error(f"more than {MAX_STEPS} tasks")
        needs = {found.text() for found in each.list_of("dependencies")}
        depends = each.get("depends")
        if depends is not None:
            names = depends.text().replace("&&", " ").split()
            if any(not re.fullmatch(r"[\w-]+(\.Succeeded)?", name) for name in names):
                raise depends.error("only task names joined by && are supported")
            needs |= {name.removesuffix(".Succeeded") for name in names}
        tasks[call.name] = (call, needs, each)
    for _, needs, each in tasks.values():
        for missing in sorted(needs - tasks.keys()):
            raise each.error(f"there is no task {missing!r}")
    levels: list[tuple[Call, ...]] = []
    done: set[str] = set()
    while len(done) < len(tasks):
        ready = [
            name for name, (_, needs, _) in tasks.items() if name not in done and needs <= done
        ]
        if not ready:
            raise node.require("dag").error("the dependencies of the tasks form a cycle")
        levels.append(tuple(tasks[name][0] for name in ready))
        done |= set(ready)
    return tuple(levels)
