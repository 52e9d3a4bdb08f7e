"""Parses the containers and scripts of templates."""

from __future__ import annotations

from collections.abc import Callable

from launchpad_tui.domain.scenario import PLACEHOLDER_IMAGE
from launchpad_tui.runtimes.embedded.template_model import Container, EnvVar
from launchpad_tui.runtimes.embedded.yaml_nodes import Node

_IGNORED_CONTAINER = {
    "image": "images are not pulled; the code in the folder of the template runs on this machine",
    "imagePullPolicy": "images are not pulled",
    "resources": "memory, processors and accelerators are not limited on this machine",
    "volumeMounts": "volumes are not mounted",
    "ports": "ports are not published",
    "securityContext": "the commands run as the user who runs launchpad",
    "livenessProbe": "probes are not called",
    "readinessProbe": "probes are not called",
    "lifecycle": "the command runs without a container",
    "startupProbe": "probes are not called",
    "terminationMessagePath": "",
    "terminationMessagePolicy": "",
    "volumeDevices": "volumes are not mounted",
    "restartPolicy": "a step is repeated by retryStrategy only",
    "tty": "",
    "stdin": "",
    "stdinOnce": "",
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
#: values of the pod that exist here, by the path in ``fieldRef``
_POD_FIELDS = {
    "metadata.name": "{{pod.name}}",
    "metadata.uid": "{{workflow.uid}}",
    "metadata.namespace": "{{workflow.namespace}}",
    "spec.serviceAccountName": "{{workflow.serviceAccountName}}",
    "spec.nodeName": "localhost",
    "status.podIP": "127.0.0.1",
    "status.hostIP": "127.0.0.1",
}


def read_container(node: Node, note: Callable[[str, str], None], *, script: bool) -> Container:
    """Return the command of a template.

    Args:
        node: the ``container`` or ``script``.
        note: receives settings that are ignored, with the reason.
        script: whether the node is a ``script``.

    Raises:
        TemplateError: the node is not valid.
    """
    image = node.get_text("image")
    for key, value in node.items():
        if key == "image" and image.startswith(PLACEHOLDER_IMAGE):
            # The template was written for a script, and states what runs.
            continue
        if key in _IGNORED_CONTAINER:
            note(key, _IGNORED_CONTAINER[key])
        elif key not in _KNOWN_CONTAINER:
            note(key, f"the embedded runtime does not support it (line {value.line})")
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
            raise each.error("only secretRef is supported: this machine has no config maps")
        secrets.append(reference.require_text("name"))
    working_dir = node.get_text("workingDir")
    if working_dir and not working_dir.startswith(("/", "{{")):
        raise node.require("workingDir").error("must be an absolute path")
    args = tuple(each.text() for each in node.list_of("args"))
    return Container(command, args, tuple(env), tuple(secrets), working_dir, source, image)


def _variable(node: Node) -> EnvVar:
    name = node.require_text("name")
    source = node.get("valueFrom")
    if source is None:
        return EnvVar(name, node.get_text("value"))
    field = source.get("fieldRef")
    if field is not None:
        path = field.require_text("fieldPath")
        if path not in _POD_FIELDS:
            raise field.error(f"{path} has no value on this machine, which has no pods")
        return EnvVar(name, _POD_FIELDS[path])
    reference = source.get("secretKeyRef")
    if reference is None:
        raise source.error("only secretKeyRef and fieldRef are supported")
    return EnvVar(name, secret=(reference.require_text("name"), reference.require_text("key")))
