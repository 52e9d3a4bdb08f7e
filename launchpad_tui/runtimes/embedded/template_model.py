"""The parts of Argo's WorkflowTemplates that the embedded runtime supports."""

from __future__ import annotations

from collections.abc import Mapping

from launchpad_tui.domain.scenario import Executable, Scenario, TemplateProblem
from launchpad_tui.records import field, record

#: the output parameter with the signatures of artifacts: a JSON object from ``globalName`` to
#: signature
SIGNATURES = "AICORE_ARTIFACT_SIGNATURES"


@record
class EnvVar:
    """An environment variable with a value, or with the name and key of a secret."""

    name: str
    value: str = ""
    secret: tuple[str, str] | None = None


@record
class InputArtifact:
    """An input artifact of a template, and its absolute path in the container.

    The path is empty for templates that only pass the artifact on to their steps. ``raw`` is the
    content of an artifact that the template itself contains; None for all others. An ``optional``
    artifact may be missing.
    """

    name: str
    path: str
    raw: str | None = None
    optional: bool = False


@record
class OutputArtifact:
    """An output artifact of a template, and its absolute path in the container.

    Only outputs with a ``global_name`` are registered. ``archived`` outputs are stored as a
    ``.tgz`` file. For templates with steps, ``source`` is the reference to the output of a step, or
    ``expression`` selects one. An ``optional`` output may be missing.
    """

    name: str
    path: str
    global_name: str = ""
    archived: bool = True
    source: str = ""
    expression: str = ""
    optional: bool = False


@record
class OutputParameter:
    """An output parameter: a file whose content is a value for later steps.

    For templates with steps, ``source`` is the reference to the output of a step. ``expression``
    computes the value. ``default`` is the value if there is none, or neither path, source nor
    expression; None without a default.
    ``global_name`` makes the value a variable of the workflow.
    """

    name: str
    path: str
    source: str = ""
    expression: str = ""
    default: str | None = None
    global_name: str = ""


@record
class Container:
    """The command of a template.

    ``command`` is empty if the default command of the image is used. ``script`` is the text of a
    script; its file becomes the last argument of the command. ``image`` is used by engines that
    run images.
    """

    command: tuple[str, ...]
    args: tuple[str, ...] = ()
    env: tuple[EnvVar, ...] = ()
    env_secrets: tuple[str, ...] = ()
    working_dir: str = ""
    script: str = ""
    image: str = ""


@record
class ArtifactArgument:
    """An input artifact of a call.

    ``source`` is a reference to an output of an earlier step or to an input of the calling
    template, ``expression`` selects one, and ``raw`` is the content itself. ``sub_path`` is a path
    inside the artifact.
    """

    name: str
    source: str = ""
    expression: str = ""
    raw: str | None = None
    sub_path: str = ""
    optional: bool = False


@record
class Loop:
    """The items for which a step is repeated.

    One of: ``items``, ``parameter`` (the text of a JSON list), or ``sequence``, the texts of
    ``count``, ``start``, ``end`` and ``format``.
    """

    items: tuple[object, ...] = ()
    parameter: str = ""
    sequence: Mapping[str, str] = field(default_factory=dict)


@record
class Hook:
    """A call that runs when a step or the workflow ends, or as soon as ``expression`` is true."""

    call: Call
    expression: str = ""


@record
class Call:
    """A step or task: the call of a template with arguments.

    Args:
        parameters: values by the names of input parameters.
        artifacts: the input artifacts.
        when: the condition under which the step runs; empty for always.
        loop: the items for which the step is repeated; None to run it once.
        continues_on: ``failed`` and ``error``: the ends of the step that do not end the workflow.
        depends: for tasks, the expression over the ends of other tasks.
        needs: for tasks, the names of the tasks in ``depends``.
        hooks: calls that run when the step ends or its status changes.
        inline: whether the called template belongs to this step and may use its variables.
    """

    name: str
    template: str
    line: int
    parameters: tuple[tuple[str, str], ...] = ()
    artifacts: tuple[ArtifactArgument, ...] = ()
    when: str = ""
    loop: Loop | None = None
    continues_on: frozenset[str] = frozenset()
    depends: str = ""
    needs: tuple[str, ...] = ()
    hooks: tuple[Hook, ...] = ()
    inline: bool = False


@record
class Retry:
    """How often and when a template is run again after it failed.

    Args:
        limit: the text of the number of retries; empty for as many as are allowed.
        policy: Always, OnFailure, OnError or OnTransientError.
        expression: a condition for each further retry; empty for none.
        duration: the text of the time before the first retry.
        factor: the text of the factor by which this time grows.
        cap: the text of the longest time before a retry.
        max_duration: the text of the time after which there are no further retries.
    """

    limit: str = ""
    policy: str = ""
    expression: str = ""
    duration: str = ""
    factor: str = ""
    cap: str = ""
    max_duration: str = ""


@record
class Template:
    """A template of the workflow: a container, steps, the tasks of a DAG, or a pause.

    ``steps`` are groups that run one after another; the calls of a group run in parallel.
    ``parameters`` are the input parameters with their defaults, which are None for parameters that
    every call has to give. ``pause`` is the text of the duration of a ``suspend`` template.
    ``deadline`` is the text of the seconds that the template may take. ``unsupported`` is the
    reason why the template cannot run; empty if it can. ``resource_plan`` is the value of the label
    ``ai.sap.com/resourcePlan``.
    """

    name: str
    line: int
    parameters: tuple[tuple[str, str | None], ...] = ()
    inputs: tuple[InputArtifact, ...] = ()
    outputs: tuple[OutputArtifact, ...] = ()
    output_parameters: tuple[OutputParameter, ...] = ()
    container: Container | None = None
    steps: tuple[tuple[Call, ...], ...] = ()
    tasks: tuple[Call, ...] = ()
    pause: str = ""
    fail_fast: bool = True
    parallelism: int = 0
    deadline: str = ""
    retry: Retry | None = None
    unsupported: str = ""
    resource_plan: str = ""

    @property
    def calls(self) -> tuple[Call, ...]:
        """All steps or tasks."""
        return self.tasks or tuple(call for group in self.steps for call in group)

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths of artifacts and output parameters."""
        paths = (
            *(each.path for each in self.inputs),
            *(each.path for each in self.outputs),
            *(each.path for each in self.output_parameters),
        )
        return tuple(path for path in paths if path)


@record
class Workflow:
    """A workflow template.

    ``code_path`` is the path of the code in the container; empty if the template does not set it.
    ``choices`` are the allowed values of parameters with ``enum``. ``hooks`` run at the end of the
    workflow. ``parallelism`` is the largest number of steps that run at the same time; 0 if the
    template does not set it.
    """

    id: str
    entrypoint: str
    parameters: tuple[tuple[str, str | None], ...]
    templates: Mapping[str, Template]
    deadline_seconds: int | None = None
    code_path: str = ""
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hooks: tuple[Hook, ...] = ()
    parallelism: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def leaves(self) -> tuple[Template, ...]:
        """The called templates with a container, in the order of first calls."""
        return tuple(each for each in self.called if each.container is not None)

    @property
    def called(self) -> tuple[Template, ...]:
        """The entrypoint, the hooks and all templates that they call, in the order of calls."""
        visited: dict[str, Template] = {}
        pending = [*(hook.call.template for hook in reversed(self.hooks)), self.entrypoint]
        while pending:
            name = pending.pop()
            if name in visited:
                continue
            visited[name] = self.templates[name]
            for call in reversed(self.templates[name].calls):
                pending += [hook.call.template for hook in call.hooks]
                pending.append(call.template)
        return tuple(visited.values())

    @property
    def secrets(self) -> tuple[tuple[str, str], ...]:
        """The required secrets as pairs of name and key; an empty key stands for all keys."""
        found: dict[tuple[str, str], None] = {}
        for leaf in self.leaves:
            for variable in leaf.container.env if leaf.container else ():
                if variable.secret:
                    found[variable.secret] = None
            for name in leaf.container.env_secrets if leaf.container else ():
                found[name, ""] = None
        return tuple(found)


@record
class ParsedTemplate:
    """A valid workflow template: the workflow, and its scenario and executable.

    ``names`` and ``suffixes`` have, by ``globalName``, the names of the output artifacts and what
    is appended to their URLs.
    """

    workflow: Workflow
    scenario: Scenario
    executable: Executable
    names: Mapping[str, str]
    suffixes: Mapping[str, str]


@record
class ParsedTemplates:
    """The valid templates of a file or folder, and the problems of the others.

    ``skipped`` are documents of other kinds, such as serving templates, with the reason.
    """

    templates: tuple[ParsedTemplate, ...] = ()
    refused: tuple[TemplateProblem, ...] = ()
    skipped: tuple[TemplateProblem, ...] = ()
