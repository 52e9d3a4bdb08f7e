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
    content of an artifact that the template itself contains; None for all others.
    """

    name: str
    path: str
    raw: str | None = None


@record
class OutputArtifact:
    """An output artifact of a template, and its absolute path in the container.

    Only outputs with a ``global_name`` are registered. ``archived`` outputs are stored as a
    ``.tgz`` file. ``source`` is the reference to the output of a step, for templates with steps.
    """

    name: str
    path: str
    global_name: str = ""
    archived: bool = True
    source: str = ""


@record
class OutputParameter:
    """An output parameter: a file whose content is a value for later steps.

    ``source`` is the reference to the output of a step, for templates with steps.
    """

    name: str
    path: str
    source: str = ""


@record
class Container:
    """The command of a template.

    ``command`` is empty if the default command of the image is used. ``script`` is the text of a
    script; its file becomes the last argument of the command.
    """

    command: tuple[str, ...]
    args: tuple[str, ...] = ()
    env: tuple[EnvVar, ...] = ()
    env_secrets: tuple[str, ...] = ()
    working_dir: str = ""
    script: str = ""


@record
class Call:
    """A step: the call of a template with arguments.

    ``artifacts`` are pairs of the name of an input and a reference to an output of an earlier step.
    """

    name: str
    template: str
    line: int
    parameters: tuple[tuple[str, str], ...] = ()
    artifacts: tuple[tuple[str, str], ...] = ()


@record
class Template:
    """A template of the workflow: a container, or steps.

    ``steps`` are groups that run one after another; the calls of a group run in parallel.
    ``parameters`` are the input parameters with their defaults, which are None for parameters that
    every call has to give.
    """

    name: str
    line: int
    parameters: tuple[tuple[str, str | None], ...] = ()
    inputs: tuple[InputArtifact, ...] = ()
    outputs: tuple[OutputArtifact, ...] = ()
    output_parameters: tuple[OutputParameter, ...] = ()
    container: Container | None = None
    steps: tuple[tuple[Call, ...], ...] = ()

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
    """

    id: str
    entrypoint: str
    parameters: tuple[tuple[str, str | None], ...]
    templates: Mapping[str, Template]
    deadline_seconds: int | None = None
    code_path: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def leaves(self) -> tuple[Template, ...]:
        """The templates with a container that the entrypoint calls, in the order of first calls."""
        return tuple(each for each in self.called if each.container is not None)

    @property
    def called(self) -> tuple[Template, ...]:
        """The entrypoint and all templates that it calls, in the order of first calls."""
        visited: dict[str, Template] = {}
        self._visit(self.entrypoint, visited)
        return tuple(visited.values())

    def _visit(self, name: str, visited: dict[str, Template]) -> None:
        if name in visited:
            return
        visited[name] = self.templates[name]
        for group in self.templates[name].steps:
            for call in group:
                self._visit(call.template, visited)

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
