"""Parses the ``spec`` of a workflow template: templates and containers."""

from __future__ import annotations

from dataclasses import replace

from launchpad_tui.runtimes.embedded.retries import POLICIES, seconds_of
from launchpad_tui.runtimes.embedded.template_artifacts import (
    expression_text,
    input_artifacts,
    input_parameters,
    output_artifacts,
    output_parameters,
)
from launchpad_tui.runtimes.embedded.template_containers import read_container
from launchpad_tui.runtimes.embedded.template_library import Library, NamedTemplate
from launchpad_tui.runtimes.embedded.template_model import (
    Retry,
    Template,
    Workflow,
)
from launchpad_tui.runtimes.embedded.template_steps import CallReader
from launchpad_tui.runtimes.embedded.yaml_nodes import Node, TemplateError

#: the largest number of templates that are written inside of each other
_INLINE_DEPTH = 20
#: the end of the notes on resource plans, which only some engines use
PLAN_NOTE = "only connections to Slurm clusters use it"
_IGNORED_SPEC = {
    "imagePullSecrets": "images are not pulled",
    "volumeClaimTemplates": "volumes are not mounted",
    "volumeClaimGC": "volumes are not mounted",
    "volumes": "volumes are not mounted",
    "serviceAccountName": "there are no service accounts on this machine",
    "automountServiceAccountToken": "there are no service accounts on this machine",
    "executor": "there are no service accounts on this machine",
    "ttlStrategy": "executions are kept until they are deleted",
    "podGC": "there are no pods on this machine",
    "podMetadata": "",
    "workflowMetadata": "",
    "podDisruptionBudget": "there are no pods on this machine",
    "podPriority": "there are no pods on this machine",
    "podPriorityClassName": "there are no pods on this machine",
    "podSpecPatch": "there are no pods on this machine",
    "priority": "executions start in the order in which they are created",
    "schedulerName": "there is only this machine",
    "securityContext": "the commands run as the user who runs launchpad",
    "nodeSelector": "there is only this machine",
    "tolerations": "there is only this machine",
    "affinity": "there is only this machine",
    "hostNetwork": "",
    "hostAliases": "the names of this machine are used",
    "dnsConfig": "the name servers of this machine are used",
    "dnsPolicy": "the name servers of this machine are used",
    "archiveLogs": "logs are kept with the execution",
    "artifactRepositoryRef": "artifacts are stored in the object store of the resource group",
    "artifactGC": "artifacts are kept until they are deleted",
    "metrics": "metrics of Prometheus are not exported",
    "synchronization": "locks between workflows do not exist on this machine",
    "suspend": "an execution starts when it is created",
    "shutdown": "",
}
_KNOWN_SPEC = {
    "entrypoint",
    "arguments",
    "templates",
    "templateDefaults",
    "activeDeadlineSeconds",
    "onExit",
    "hooks",
    "parallelism",
    "retryStrategy",
    *_IGNORED_SPEC,
}
_IGNORED_TEMPLATE = {
    **{
        key: _IGNORED_SPEC[key]
        for key in (
            "nodeSelector",
            "tolerations",
            "affinity",
            "volumes",
            "serviceAccountName",
            "automountServiceAccountToken",
            "executor",
            "schedulerName",
            "securityContext",
            "podSpecPatch",
            "hostAliases",
            "metrics",
            "synchronization",
            "priority",
        )
    },
    "priorityClassName": "there are no pods on this machine",
    "archiveLocation": "artifacts are stored in the object store of the resource group",
    "memoize": "every execution runs all of its steps",
    "annotations": "",
    "sidecars": "only the main container of a template runs",
    "initContainers": "only the main container of a template runs",
}
_KNOWN_TEMPLATE = {
    "name",
    "inputs",
    "outputs",
    "container",
    "script",
    "steps",
    "dag",
    "suspend",
    "metadata",
    "retryStrategy",
    "activeDeadlineSeconds",
    "timeout",
    "parallelism",
    "failFast",
    "daemon",
    *_IGNORED_TEMPLATE,
}
#: types of templates that need a cluster, with the reason
_UNSUPPORTED_TYPES = {
    "resource": "there are no Kubernetes resources on this machine",
    "http": "the agent that sends its requests runs in a cluster; send them in a container",
    "plugin": "plugins run in a cluster",
    "data": "it lists the content of an object store of the cluster",
    "containerSet": "its containers share a pod; write them as steps",
}
_TYPES = ("container", "script", "steps", "dag", "suspend", *_UNSUPPORTED_TYPES)


class SpecReader:
    """Parses the ``spec`` of a document; ``notes`` are the settings that are ignored.

    Args:
        library: finds other workflow templates for ``templateRef``.
    """

    def __init__(self, library: Library | None = None) -> None:
        self.notes: dict[str, None] = {}
        #: the nodes of all templates, for error messages
        self.nodes: dict[str, Node] = {}
        #: where templates of other workflow templates were found, and the line of the reference
        self.foreign: dict[str, NamedTemplate] = {}
        self._library = library or Library()
        self._templates: dict[str, Template] = {}
        self._pending: list[NamedTemplate] = []
        self._defaults: Node | None = None
        self._workflow = ""
        self._inline_depth = 0
        #: the workflow template whose template is parsed, with ``/`` at the end; empty for the own
        self._prefix = ""
        self._calls = CallReader(self._resolve, self._local, self.note)

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
        self._workflow, self._defaults = name, spec.get("templateDefaults")
        parameters, described, choices = _workflow_parameters(spec)
        for node in spec.require("templates").entries():
            template = self._template(node, node.require_text("name"))
            if template.name in self._templates:
                raise node.error(f"duplicate template {template.name}")
            self._templates[template.name] = template
            self.nodes[template.name] = node
        deadline = spec.get("activeDeadlineSeconds")
        seconds = deadline.integer() if deadline else None
        if deadline is not None and seconds is not None and seconds < 1:
            raise deadline.error("must be at least 1")
        entry = spec.require("entrypoint")
        hooks = self._calls.hooks(spec, "workflow")
        self._read_foreign()
        workflow = Workflow(
            name,
            entry.text(),
            parameters,
            self._templates,
            seconds,
            code_path,
            choices,
            hooks,
            _count(spec, "parallelism"),
        )
        if workflow.entrypoint not in self._templates:
            raise entry.error(f"there is no template {workflow.entrypoint!r}")
        retry = _retry(spec.get("retryStrategy"))
        if retry is not None:
            entrypoint = self._templates[workflow.entrypoint]
            if entrypoint.retry is None:
                self._templates[workflow.entrypoint] = replace(entrypoint, retry=retry)
        return workflow, described

    def _read_foreign(self) -> None:
        """Parse the templates of other workflow templates that ``templateRef`` names."""
        while self._pending:
            named = self._pending.pop()
            if named.key in self._templates:
                continue
            self._prefix = f"{named.workflow}/"
            try:
                self._templates[named.key] = self._template(named.node, named.key)
            except TemplateError as error:
                raise named.wrapped(error) from error
            finally:
                self._prefix = ""
            self.nodes[named.key] = named.node
            self.foreign[named.key] = named

    def _local(self, node: Node) -> str:
        """Return the name of the template that a text names; request it if it is foreign."""
        name = node.text().strip()
        if not self._prefix:
            return name
        workflow = self._prefix.rstrip("/")
        self._pending.append(self._library.template(workflow, name, node))
        return f"{self._prefix}{name}"

    def _resolve(self, node: Node, inner: str) -> str:
        """Return the name of the template that a step, task or hook calls."""
        inline, reference = node.get("inline"), node.get("templateRef")
        if inline is not None:
            name = inner
            if name in self._templates:
                raise inline.error(f"duplicate template {name}")
            self._inline_depth += 1
            if self._inline_depth > _INLINE_DEPTH:
                raise inline.error(f"inline templates are nested more than {_INLINE_DEPTH} deep")
            self._templates[name] = self._template(inline, name)
            self._inline_depth -= 1
            self.nodes[name] = inline
            return name
        if reference is None:
            return self._local(_required(node, "template"))
        workflow, template = reference.require_text("name"), reference.require_text("template")
        if workflow == self._workflow:
            return template
        self._pending.append(self._library.template(workflow, template, reference))
        return f"{workflow}/{template}"

    def _template(self, node: Node, name: str) -> Template:
        bodies = [key for key in _TYPES if node.get(key) is not None]
        empty = [key for key, value in node.items() if key in _TYPES and value.is_null]
        if not bodies and empty:
            raise node.error(
                f"{empty[0]} of template {name} is empty: what belongs to it must be indented "
                "below it"
            )
        if len(bodies) != 1:
            raise node.error(
                f"template {name} must have exactly one of container, script, steps and dag, "
                f"not {' and '.join(bodies) or 'none'}"
            )
        unsupported = self._unsupported(node, name, bodies[0])
        plan = self._resource_plan(node)
        inputs, outputs = node.get("inputs"), node.get("outputs")
        container = node.get("container") or node.get("script")
        dag = node.get("dag")
        leaf = container is not None
        if unsupported:
            return Template(name, node.line, unsupported=unsupported)
        return Template(
            name=name,
            line=node.line,
            parameters=tuple(input_parameters(inputs)),
            inputs=tuple(input_artifacts(inputs, self.note, leaf=leaf)),
            outputs=tuple(output_artifacts(outputs, self.note, leaf=leaf)),
            output_parameters=tuple(output_parameters(outputs, leaf=leaf)),
            container=read_container(container, self.note, script=bodies == ["script"])
            if container
            else None,
            steps=self._calls.steps(node.require("steps"), name) if bodies == ["steps"] else (),
            tasks=self._calls.tasks(dag, name) if dag is not None else (),
            pause=_pause(node) if bodies == ["suspend"] else "",
            fail_fast=self._setting(dag or node, "failFast", default=True),
            parallelism=_count(node, "parallelism"),
            deadline=self._deadline(node),
            retry=_retry(node.get("retryStrategy") or self._default("retryStrategy")),
            resource_plan=plan,
        )

    def _unsupported(self, node: Node, name: str, body: str) -> str:
        """Return why a template cannot run here; empty if it can. Note what is ignored."""
        for key, value in node.items():
            if key in _IGNORED_TEMPLATE:
                self.note(f"{key} of template {name}", _IGNORED_TEMPLATE[key])
            elif key not in _KNOWN_TEMPLATE and key not in _UNSUPPORTED_TYPES:
                self.note(
                    f"{key} of template {name}",
                    f"the embedded runtime does not support it (line {value.line})",
                )
        if body in _UNSUPPORTED_TYPES:
            return (
                f"templates of type {body} are not supported by the embedded runtime: "
                f"{_UNSUPPORTED_TYPES[body]}"
            )
        if body == "suspend" and not _pause(node):
            return (
                "templates of type suspend are supported with a duration only: nobody is asked "
                "to resume an execution"
            )
        if node.get_boolean("daemon"):
            return (
                "daemon containers are not supported by the embedded runtime: the steps of an "
                "execution have no network of their own"
            )
        return ""

    def _default(self, key: str) -> Node | None:
        return self._defaults.get(key) if self._defaults is not None else None

    def _setting(self, node: Node, key: str, *, default: bool) -> bool:
        return node.get_boolean(key, default=default)

    def _deadline(self, node: Node) -> str:
        """Return the text of the seconds that a template may take; empty for no limit."""
        for key in ("activeDeadlineSeconds", "timeout"):
            found = node.get(key) or self._default(key)
            if found is None:
                continue
            text = found.text().strip()
            if "{{" not in text and seconds_of(text) <= 0:
                raise found.error(f"must be a positive number of seconds, not {text[:40]!r}")
            return text
        return ""

    def _resource_plan(self, node: Node) -> str:
        """Return the name of the resource plan in the template's labels; empty if there is none."""
        metadata = node.get("metadata")
        labels = metadata.get("labels") if metadata else None
        plan = ""
        for key, value in labels.items() if labels else ():
            if key == "ai.sap.com/resourcePlan":
                plan = value.text().strip()
                self.note(key, PLAN_NOTE)
            elif key == "ai.sap.com/instanceType":
                self.note(key, "the resources of this machine are used")
        return plan


def _required(node: Node, key: str) -> Node:
    node.require_text(key)
    return node.require(key)


def _workflow_parameters(
    spec: Node,
) -> tuple[tuple[tuple[str, str | None], ...], dict[str, str], dict[str, tuple[str, ...]]]:
    """Return the parameters with their defaults, their descriptions and their allowed values."""
    parameters: list[tuple[str, str | None]] = []
    described: dict[str, str] = {}
    choices: dict[str, tuple[str, ...]] = {}
    arguments = spec.get("arguments")
    for node in arguments.list_of("parameters") if arguments else ():
        name = node.require_text("name")
        if name in described:
            raise node.error(f"duplicate parameter {name}")
        # SAP AI Core accepts a value in place of a default.
        default = node.get("default") or node.get("value")
        if default is None and (source := node.get("valueFrom")) is not None:
            default = source.get("default")
        text = None if default is None else default.text()
        described[name] = node.get_text("description")
        allowed = tuple(each.text() for each in node.list_of("enum"))
        if allowed:
            if text is not None and default is not None and text not in allowed:
                raise default.error(f"must be one of {', '.join(allowed)}, not {text[:60]!r}")
            choices[name] = allowed
            described[name] = f"{described[name]} One of: {', '.join(allowed)}".strip()
        parameters.append((name, text))
    return tuple(parameters), described, choices


def _count(node: Node, key: str) -> int:
    """Return a positive number; 0 if the key is missing."""
    found = node.get(key)
    if found is None:
        return 0
    number = found.integer()
    if number < 1:
        raise found.error("must be at least 1")
    return number


def _pause(node: Node) -> str:
    """Return the text of the duration of a ``suspend`` template; empty without a duration."""
    duration = node.require("suspend").get("duration")
    text = "" if duration is None else duration.text().strip()
    if duration is not None and "{{" not in text and seconds_of(text) < 0:
        raise duration.error(f"must be a duration such as 20s, not {text[:40]!r}")
    return text


def _retry(node: Node | None) -> Retry | None:
    """Return the ``retryStrategy`` of a template. Raises TemplateError if it is not valid."""
    if node is None:
        return None
    policy = node.get_text("retryPolicy").strip()
    if policy and policy not in POLICIES:
        raise node.require("retryPolicy").error(f"must be one of {', '.join(POLICIES)}")
    limit = node.get("limit")
    text = "" if limit is None else limit.text().strip()
    if limit is not None and "{{" not in text and not text.isdecimal():
        raise limit.error(f"must be a number, not {text[:40]!r}")
    backoff, found = node.get("backoff"), {}
    for key in ("duration", "factor", "cap", "maxDuration"):
        each = backoff.get(key) if backoff is not None else None
        found[key] = "" if each is None else each.text().strip()
        if each is not None and "{{" not in found[key] and seconds_of(found[key]) < 0:
            raise each.error(f"{found[key][:40]!r} is not a valid {key}")
    expression = node.get("expression")
    return Retry(
        text,
        policy,
        "" if expression is None else expression_text(expression),
        found["duration"],
        found["factor"],
        found["cap"],
        found["maxDuration"],
    )
