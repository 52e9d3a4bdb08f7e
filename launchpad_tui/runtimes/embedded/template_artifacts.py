"""Parses the inputs and outputs of templates: artifacts and parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from launchpad_tui.runtimes.embedded.expression_syntax import ExpressionError, parse
from launchpad_tui.runtimes.embedded.expressions import check
from launchpad_tui.runtimes.embedded.template_model import (
    InputArtifact,
    OutputArtifact,
    OutputParameter,
)
from launchpad_tui.runtimes.embedded.yaml_nodes import Node

#: the largest number of bytes of a name that becomes the name of a file, with an added ending
_FILE_NAME_BYTES = 200
#: where Argo would load an input from or store an output; here, artifacts are bound and registered
_LOCATIONS = (
    "s3",
    "git",
    "http",
    "gcs",
    "hdfs",
    "oss",
    "azure",
    "artifactory",
    "artifactGC",
    "mode",
    "recurseMode",
)
#: sources of a parameter's value that exist only in a cluster
_CLUSTER_SOURCES = {
    "configMapKeyRef": "there are no config maps on this machine",
    "event": "there are no events on this machine",
    "supplied": "nobody is asked for values while an execution runs",
    "jqFilter": "there are no Kubernetes resources on this machine",
    "jsonPath": "there are no Kubernetes resources on this machine",
}


def input_parameters(inputs: Node | None) -> Iterator[tuple[str, str | None]]:
    """Yield the input parameters of a template with their defaults, None without a default."""
    for node in inputs.list_of("parameters") if inputs else ():
        yield node.require_text("name"), parameter_default(node)


def parameter_default(node: Node) -> str | None:
    """Return the value of a parameter that is not given; None if it must be given.

    Raises:
        TemplateError: the value comes from a source that this machine does not have.
    """
    # SAP AI Core accepts a value in place of a default.
    value = node.get("value") or node.get("default")
    source = node.get("valueFrom")
    if value is not None or source is None:
        return None if value is None else value.text()
    default = source.get("default")
    if default is not None:
        return default.text()
    for key, _ in source.items():
        if key in _CLUSTER_SOURCES:
            raise source.error(f"{key} is not supported: {_CLUSTER_SOURCES[key]}")
    return None


def absolute_path(node: Node) -> str:
    """Return the path of an artifact or parameter. Raises TemplateError if it is not valid.

    A path that begins with a variable is checked when the step runs.
    """
    path = node.require_text("path")
    if problem := path_problem(path):
        raise node.require("path").error(problem)
    return path


def path_problem(path: str) -> str:
    """Return why a path in a container is not valid; empty if it is."""
    parts = path.split("/")
    relative = not path.startswith("/") and not path.startswith("{{")
    if relative or ".." in parts or not any(parts):
        return f"must be an absolute path without '..' and not the root, not {path!r}"
    return ""


def input_artifacts(
    inputs: Node | None, note: Callable[[str, str], None], *, leaf: bool
) -> Iterator[InputArtifact]:
    """Yield the input artifacts of a template.

    Args:
        inputs: the node of the inputs.
        note: receives settings that are ignored, with the reason.
        leaf: whether the template has a container.
    """
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
        path = absolute_path(node) if leaf or node.get("path") is not None else ""
        for key in _LOCATIONS:
            if node.get(key) is not None:
                note(
                    f"{key} of the input artifact {name}",
                    "the artifact that a configuration binds is used",
                )
        yield InputArtifact(name, path, content, node.get_boolean("optional"))


def output_artifacts(
    outputs: Node | None, note: Callable[[str, str], None], *, leaf: bool
) -> Iterator[OutputArtifact]:
    """Yield the output artifacts of a template; the arguments are those of `input_artifacts`."""
    seen: set[str] = set()
    for node in outputs.list_of("artifacts") if outputs else ():
        name = node.require_text("name")
        if name in seen:
            raise node.error(f"duplicate output artifact {name}")
        seen.add(name)
        archive = node.get("archive")
        plain = archive is not None and any(key == "none" for key, _ in archive.items())
        path, source, expression = "", "", ""
        if leaf:
            path = absolute_path(node)
        elif node.get("fromExpression") is not None:
            expression = expression_text(node.require("fromExpression"))
        else:
            source = node.require_text("from")
        for key in _LOCATIONS:
            if node.get(key) is not None:
                note(
                    f"{key} of the output artifact {name}",
                    "outputs with a globalName are stored in the object store of the resource "
                    "group",
                )
        optional = node.get_boolean("optional")
        yield OutputArtifact(
            name, path, _global_name(node), not plain, source, expression, optional
        )


def expression_text(node: Node) -> str:
    """Return the text of an expression without a tag. Raises TemplateError if it is not valid."""
    text = node.text().strip()
    if text.startswith("{{=") and text.endswith("}}"):
        text = text[3:-2].strip()
    if "{{" not in text:
        try:
            check(parse(text))
        except ExpressionError as error:
            raise node.error(f"invalid expression: {error}") from error
    return text


def _global_name(node: Node) -> str:
    """Return the ``globalName`` of an output artifact; empty if it has none."""
    global_name = node.get("globalName")
    if global_name is None:
        return ""
    name = global_name.text().strip()
    if "{{" not in name and (problem := file_name_problem(name)):
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


def output_parameters(outputs: Node | None, *, leaf: bool) -> Iterator[OutputParameter]:
    """Yield the output parameters of a template; ``leaf`` if it has a container."""
    for node in outputs.list_of("parameters") if outputs else ():
        name, plain = node.require_text("name"), node.get("value")
        if plain is not None and node.get("valueFrom") is None:
            global_name = node.get_text("globalName").strip()
            yield OutputParameter(name, "", "", "", plain.text(), global_name)
            continue
        value = node.require("valueFrom")
        default = value.get("default") or node.get("default")
        text = None if default is None else default.text()
        global_name = node.get_text("globalName").strip()
        expression = value.get("expression")
        if expression is not None:
            found = OutputParameter(name, "", "", expression_text(expression), text, global_name)
        elif leaf and value.get("path") is not None:
            found = OutputParameter(name, absolute_path(value), "", "", text, global_name)
        elif not leaf and value.get("parameter") is not None:
            found = OutputParameter(
                name, "", value.require_text("parameter"), "", text, global_name
            )
        else:
            for key, _ in value.items():
                if key in _CLUSTER_SOURCES:
                    raise value.error(f"{key} is not supported: {_CLUSTER_SOURCES[key]}")
            raise value.error(f"{'path' if leaf else 'parameter'} is missing")
        yield found
