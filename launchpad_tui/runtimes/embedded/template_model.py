"""A workflow template as it is run: what of Argo's WorkflowTemplate the embedded runtime
understands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from launchpad_tui.domain.scenario import Executable, Scenario, TemplateProblem

#: the output parameter that carries signatures of artifacts: JSON, ``globalName`` to signature
SIGNATURES = "AICORE_ARTIFACT_SIGNATURES"


@dataclass(frozen=True, slots=True)
class EnvVar:
    """An environment variable: a value, or the key of a secret."""

    name: str
    value: str = ""
    secret: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class InputArtifact:
    """Where a template wants an input: an absolute path in the container."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class OutputArtifact:
    """Where a template leaves an output. Only one with a ``global_name`` is registered;
    ``archived`` outputs are stored as one ``.tgz``."""

    name: str
    path: str
    global_name: str = ""
    archived: bool = True


@dataclass(frozen=True, slots=True)
class OutputParameter:
    """A file whose content is a value for later steps."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Container:
    """The commands of a template. ``script`` is a source text that is written to a file, the
    command's last word."""

    command: tuple[str, ...]
    args: tuple[str, ...] = ()
    env: tuple[EnvVar, ...] = ()
    env_secrets: tuple[str, ...] = ()
    working_dir: str = ""
    script: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A step: which template, with which arguments. ``artifacts`` are (input name, reference to an
    earlier output)."""

    name: str
    template: str
    line: int
    parameters: tuple[tuple[str, str], ...] = ()
    artifacts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A template of the workflow: either a container, or ``steps``, groups that follow each other,
    whose calls run at the same time. ``parameters`` are its inputs with their defaults, None where
    a call has to give one."""

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
        """All paths of artifacts and values."""
        return (
            *(each.path for each in self.inputs),
            *(each.path for each in self.outputs),
            *(each.path for each in self.output_parameters),
        )


@dataclass(frozen=True, slots=True)
class Workflow:
    """A whole workflow template. ``code_path`` is where the container expects its code, empty where
    nothing says so."""

    id: str
    entrypoint: str
    parameters: tuple[tuple[str, str | None], ...]
    templates: Mapping[str, Template]
    deadline_seconds: int | None = None
    code_path: str = ""

    @property
    def leaves(self) -> tuple[Template, ...]:
        """The templates with a container that the entrypoint reaches, in the order of their first
        call."""
        found: dict[str, Template] = {}
        self._walk(self.entrypoint, found)
        return tuple(found.values())

    def _walk(self, name: str, found: dict[str, Template]) -> None:
        template = self.templates[name]
        if template.container is not None:
            found.setdefault(name, template)
        for group in template.steps:
            for call in group:
                self._walk(call.template, found)

    @property
    def secrets(self) -> tuple[tuple[str, str], ...]:
        """What secrets are needed: (name, key), key empty for all of a secret."""
        found: dict[tuple[str, str], None] = {}
        for leaf in self.leaves:
            for variable in leaf.container.env if leaf.container else ():
                if variable.secret:
                    found[variable.secret] = None
            for name in leaf.container.env_secrets if leaf.container else ():
                found[name, ""] = None
        return tuple(found)


@dataclass(frozen=True, slots=True)
class ParsedTemplate:
    """A template that can be run, and what it is to the AI API. ``names`` and ``suffixes`` say, by
    ``globalName``, the name under which an output is registered, and what is appended to its
    URL."""

    workflow: Workflow
    scenario: Scenario
    executable: Executable
    names: Mapping[str, str]
    suffixes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ParsedTemplates:
    """All templates of a file or folder, and those that were refused."""

    templates: tuple[ParsedTemplate, ...] = ()
    refused: tuple[TemplateProblem, ...] = ()
