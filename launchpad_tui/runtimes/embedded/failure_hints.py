"""Explains why a step failed, from the last lines of its output."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launchpad_tui.domain.credential_text import MASK
from launchpad_tui.runtimes.embedded.code_copy import CodeView

#: the number of lines at the end of the output that are kept, and the longest one
_LINES, _LINE_LENGTH = 80, 2_000
#: the size of the standard output that is kept for ``outputs.result``
_RESULT_BYTES = 256_000
_EXCEPTION = re.compile(
    r"(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Iteration)\b(?::.*)?"
)
_MODULE = re.compile(r"No module named '?([\w.]+)'?")
_KEY = re.compile(r"KeyError: '([A-Za-z_]\w*)'")
_NO_FILE = re.compile(
    r"(?:No such file or directory: |can't open file |cannot open (?:file )?|Can't open )"
    r"'?\"?(?P<path>[^'\":]+)"
)
_SHELL_NO_FILE = re.compile(
    r"(?:^|: )(?:cd: |can't cd to )?(?P<path>[^:\s]*/[^:]*): "
    r"(?:No such file or directory|not found)"
)
#: errors of Python's libraries, curl and wget without a network
_NO_NETWORK = re.compile(
    r"Name or service not known|Temporary failure in name resolution|Network is unreachable|"
    r"No address associated with hostname|NameResolutionError|NewConnectionError|"
    r"Could not resolve host|unable to resolve host|nodename nor servname|No route to host|"
    r"Can't load (?:the )?(?:tokenizer|model|configuration|image processor)|OfflineModeIsEnabled|"
    r"couldn't connect to 'https?://"
)
_NO_COMMAND = re.compile(r"(?:^|: )(?P<name>[\w.+-]+): (?:command )?not found")
#: packages whose name differs from the name of their module
_DISTRIBUTIONS = {
    "ai_api_client_sdk": "ai-api-client-sdk",
    "ai_core_sdk": "ai-core-sdk",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "google.protobuf": "protobuf",
    "hana_ml": "hana-ml",
    "hdbcli": "hdbcli",
    "jwt": "PyJWT",
    "PIL": "Pillow",
    "pkg_resources": "setuptools",
    "pytorch_lightning": "pytorch-lightning",
    "sentence_transformers": "sentence-transformers",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}


@dataclass(slots=True)
class OutputTail:
    """The last lines of the output of a step."""

    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_LINES))
    _stdout: list[bytes] = field(default_factory=list)
    _stdout_size: int = 0

    @property
    def result(self) -> str:
        """The standard output, up to the size that Argo allows for a parameter."""
        return b"\n".join(self._stdout).decode("utf-8", "replace").strip()

    def add(self, stream: str, lines: Sequence[bytes]) -> None:
        """Add lines of standard output or standard error."""
        if stream == "stdout" and self._stdout_size <= _RESULT_BYTES:
            self._stdout += lines
            self._stdout_size += sum(map(len, lines))
        self.lines.extend(
            line[:_LINE_LENGTH].decode("utf-8", "replace").rstrip() for line in lines[-_LINES:]
        )


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What the explanation of a failure refers to.

    Args:
        executable_id: the ID of the executable, for commands that change its settings.
        python: the interpreter of the execution.
        view: the copy of the code.
        source: the folder that the code was copied from.
        inputs: the folders of the input artifacts by their paths in the container.
        requirements: the files with the required packages.
        missing: a note about scripts that were not found; empty if all were found.
        environment: the environment in the settings of the executable.
        outputs: the paths of the output artifacts in the container.
    """

    executable_id: str
    python: Path
    view: CodeView
    source: Path
    inputs: dict[str, Path] = field(default_factory=dict)
    requirements: tuple[Path, ...] = ()
    missing: str = ""
    environment: str = ""
    outputs: tuple[str, ...] = ()


def last_error(tail: OutputTail) -> str:
    """Return the last line of a traceback, or else the last line of the output."""
    lines = [line for line in tail.lines if line.strip()]
    traced = False
    found = ""
    for line in lines:
        if line.startswith("Traceback (most recent call last)"):
            traced = True
        elif traced and _EXCEPTION.fullmatch(line):
            found = line
    return found or (lines[-1].strip() if lines else "")


def hint(tail: OutputTail, facts: StepFacts) -> str:
    """Return what the user can do about the failure; empty if it is not known."""
    error = last_error(tail)
    text = "\n".join(tail.lines)
    if match := _MODULE.search(error):
        return _module_hint(match[1], facts)
    if (match := _KEY.search(error)) and "environ" in text:
        return _variable_hint(match[1], facts)
    if match := _NO_FILE.search(error) or _SHELL_NO_FILE.search(error):
        return _file_hint(match["path"].strip(), facts)
    if _NO_NETWORK.search(error):
        return (
            "This machine cannot reach the server that the code uses. Check network and proxy, or "
            "provide what it downloads as an input artifact or in the code folder"
        )
    if match := _NO_COMMAND.search(error):
        return (
            f"Install {match['name']}, or name its folder: launchpad executables set "
            f"{facts.executable_id} path=FOLDER"
        )
    return ""


def _variable_hint(name: str, facts: StepFacts) -> str:
    """Return how to set a variable without losing those that are set already."""
    setting = f"{name}={_likely_value(name, facts)}"
    if MASK in facts.environment:
        return (
            f"Add {setting} to the setting environment of {facts.executable_id}, whose other "
            "values contain credentials"
        )
    text = shlex.quote(f"{facts.environment} {setting}".strip())
    return (
        f"Set the environment variable {name}: launchpad executables set "
        f"{facts.executable_id} environment={text}"
    )


def _likely_value(name: str, facts: StepFacts) -> str:
    """Return the path that a variable probably stands for: that of the only input or output."""
    lower = name.lower()
    if len(facts.outputs) == 1 and any(part in lower for part in ("output", "model", "result")):
        return facts.outputs[0]
    if len(facts.inputs) == 1 and any(part in lower for part in ("data", "input", "source")):
        return next(iter(facts.inputs))
    return "VALUE"


def _module_hint(module: str, facts: StepFacts) -> str:
    top = module.partition(".")[0]
    if any((facts.source / name).exists() for name in (top, f"{top}.py")):
        place = shlex.quote(facts.view.path or str(facts.source))
        known = f"{facts.environment} " if MASK not in facts.environment else ""
        return (
            f"{top} is in {facts.source}, which is not on Python's search path: launchpad "
            f"executables set {facts.executable_id} "
            f"environment={shlex.quote(f'{known}PYTHONPATH={place}'.strip())}"
        )
    package = _DISTRIBUTIONS.get(module) or _DISTRIBUTIONS.get(top) or top
    python = shlex.quote(str(facts.python))
    text = f"Install the package: {python} -m pip install {package}"
    if facts.requirements:
        text += (
            f", or create a virtual environment from {facts.requirements[0]}: launchpad "
            f"executables set {facts.executable_id} venv=auto"
        )
    return text


def _file_hint(path: str, facts: StepFacts) -> str:
    if facts.missing:
        return facts.missing
    absolute = posixpath.join(facts.view.working_dir or "/", path)
    for target, folder in facts.inputs.items():
        if absolute == target or absolute.startswith(f"{target}/"):
            names = sorted(
                str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()
            )
            shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if names[5:] else "")
            return f"The input artifact at {target} contains: {shown or 'no files'}"
    roots = sorted(facts.view.mounts, key=lambda each: -len(each.target))
    for mount in roots:
        if absolute.startswith(f"{mount.target}/"):
            rest = absolute.removeprefix(f"{mount.target}/")
            if mount.source == facts.view.folder:
                return f"The file would be {facts.source / rest} in the code folder"
            return f"The Dockerfile copies no file to {absolute}"
    if not path.startswith("/"):
        return f"The file would be {facts.source / path} in the code folder"
    return (
        f"{path} does not exist on this machine. If it belongs to the code, set the code folder: "
        f"launchpad executables set {facts.executable_id} code=FOLDER"
    )
