"""Texts about the code and the environment of an execution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from launchpad_tui.domain.numbers import size_text

#: the number of characters of checksums and commits that are shown
SHORT = 12
#: the names of rows that a comparison shows only if they differ begin with these
FILE_ROW, PACKAGE_ROW, COMMAND_ROW = "file ", "package ", "command "
#: the names of rows with the files of an input, and with an environment variable, begin with these
INPUT_ROW, VARIABLE_ROW = "files of ", "variable "
#: how the names of rows begin, in their order
_ROWS = (
    "commit",
    "remote",
    "uncommitted changes",
    "template ",
    "code snapshot",
    FILE_ROW,
    COMMAND_ROW,
    INPUT_ROW,
    "Python",
    "interpreter",
    VARIABLE_ROW,
    PACKAGE_ROW,
    "host",
    "system",
    "cpu",
    "cores",
    "GPUs",
)


def code_text(provenance: Mapping[str, Any]) -> str:
    """Return commit, branch, remote and number of changed files; empty without a repository."""
    commit = str(provenance.get("commit", ""))
    if not commit:
        return ""
    branch = str(provenance.get("branch", ""))
    parts = [commit[:SHORT] + (f" ({branch})" if branch and branch != "HEAD" else "")]
    if remote := provenance.get("remote"):
        parts.append(f"of {remote}")
    changed = len(provenance.get("changed", ()))
    files = f"{changed} changed file{'s' * (changed != 1)}"
    return " ".join(parts) + (f", with {files}" if changed else "")


def environment_text(provenance: Mapping[str, Any]) -> str:
    """Return interpreter, number of packages, host and system; empty if they are not known."""
    parts = []
    if version := provenance.get("python"):
        packages = len(provenance.get("packages", ()))
        parts.append(f"Python {version} with {packages} packages")
    parts += [str(provenance[name]) for name in ("host", "system") if provenance.get(name)]
    return ", ".join(parts)


def code_lines(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return titles and texts about code and environment; texts that are not known are empty."""
    commands, inputs = provenance.get("commands", {}), provenance.get("inputs", {})
    return [
        ("code", code_text(provenance)),
        ("workflow template", template_text(provenance)),
        ("code snapshot", snapshot_text(provenance)),
        *((f"{COMMAND_ROW}{name}", str(line)) for name, line in commands.items()),
        *((f"{INPUT_ROW}{name}", input_text(state)) for name, state in inputs.items()),
        ("seeds", seed_text(provenance)),
        ("environment", environment_text(provenance)),
        ("variables", variables_text(provenance)),
        ("hardware", hardware_text(provenance)),
    ]


def hardware_text(provenance: Mapping[str, Any]) -> str:
    """Return processor, number of its cores and GPUs; empty if they are not known."""
    parts = []
    if cpus := provenance.get("cpus"):
        cpu = provenance.get("cpu")
        parts.append(f"{cpu}, {cpus} cores" if cpu else f"{cpus} cores")
    counts = Counter(map(str, provenance.get("gpus", ())))
    parts += [name if count == 1 else f"{count} x {name}" for name, count in counts.items()]
    return ", ".join(parts)


def snapshot_text(provenance: Mapping[str, Any]) -> str:
    """Return start of the ID, number of files and size of the code snapshot, or why there is none;
    empty if it is not known."""
    snapshot = provenance.get("snapshot")
    if not snapshot:
        return str(provenance.get("snapshotMissing", ""))
    count = snapshot["files"]
    files = f"{count:,} file{'s' * (count != 1)}"
    return f"{snapshot['id'][:SHORT]}, {files}, {size_text(snapshot['size'])}"


def template_text(provenance: Mapping[str, Any]) -> str:
    """Return revision, folder and repository of the workflow template of a remote runtime; empty if
    they are not known."""
    source = provenance.get("template")
    if not source:
        return ""
    folder = f"{source['path']} in " if source["path"] else ""
    revision = _revision(source["revision"]) or "unknown revision"
    return f"{revision} of {folder}{source['repository']}"


def seed_text(provenance: Mapping[str, Any]) -> str:
    """Return the parameters that are seeds with their values; empty if there are none."""
    return ", ".join(f"{name} = {value}" for name, value in provenance.get("seeds", {}).items())


def variables_text(provenance: Mapping[str, Any]) -> str:
    """Return the recorded environment variables with their values; empty if there are none."""
    return ", ".join(f"{name}={value}" for name, value in provenance.get("variables", {}).items())


def input_text(state: Mapping[str, Any]) -> str:
    """Return number, size and start of the checksum of the files of an input."""
    count = state["files"]
    text = f"{count:,} file{'s' * (count != 1)}, {size_text(state['size'])}"
    checksum = state.get("sha256")
    return f"{text}, SHA-256 {checksum[:SHORT]}" if checksum else text


def code_facts(provenance: Mapping[str, Any], files: Mapping[str, str]) -> dict[str, str]:
    """Return what a comparison shows about code and environment, by the name of the row.

    Args:
        provenance: what was recorded about the execution; empty if nothing was.
        files: size and checksum of the files of the code as text, by path.
    """
    facts: dict[str, str] = {}
    if commit := str(provenance.get("commit", "")):
        branch = str(provenance.get("branch", ""))
        shown = branch and branch != "HEAD"
        facts["commit"] = commit[:SHORT] + (f" ({branch})" if shown else "")
        facts["remote"] = str(provenance.get("remote", ""))
        facts["uncommitted changes"] = _changes(provenance)
    if source := provenance.get("template"):
        facts["template revision"] = _revision(source["revision"])
        facts["template repository"] = source["repository"]
        facts["template path"] = source["path"]
    if snapshot := provenance.get("snapshot"):
        facts["code snapshot"] = snapshot["id"][:SHORT]
    facts |= {f"{FILE_ROW}{path}": text for path, text in files.items()}
    for name, line in provenance.get("commands", {}).items():
        facts[f"{COMMAND_ROW}{name}"] = line
    for name, state in provenance.get("inputs", {}).items():
        facts[f"{INPUT_ROW}{name}"] = input_text(state)
    return {name: value for name, value in (facts | environment_facts(provenance)).items() if value}


def environment_facts(provenance: Mapping[str, Any]) -> dict[str, str]:
    """Return interpreter, packages and hardware by the name of the row, without the code."""
    found = {name: str(provenance.get(name, "")) for name in ("host", "system", "cpu")}
    found = {
        "Python": str(provenance.get("python", "")),
        "interpreter": str(provenance.get("interpreter", "")),
        **found,
        "cores": str(provenance.get("cpus") or ""),
        "GPUs": ", ".join(map(str, provenance.get("gpus", ()))),
    }
    for name, value in provenance.get("variables", {}).items():
        found[f"{VARIABLE_ROW}{name}"] = str(value)
    for name, version in provenance.get("packages", {}).items():
        found[f"{PACKAGE_ROW}{name}"] = str(version)
    return {name: value for name, value in found.items() if value}


def _revision(revision: str) -> str:
    """Return a commit shortened, the name of a branch or tag as it is."""
    is_commit = len(revision) == 40 and not revision.strip("0123456789abcdef")
    return revision[:SHORT] if is_commit else revision


def _changes(provenance: Mapping[str, Any]) -> str:
    changed = len(provenance.get("changed", ()))
    if not changed:
        return "none"
    import hashlib

    patch = str(provenance.get("patch", ""))
    digest = hashlib.sha256(patch.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{changed} file{'s' * (changed != 1)}" + (f", patch {digest}" if patch else "")


def place_of_row(name: str) -> int:
    """Return the place of a row among those of code and environment."""
    return next((at for at, start in enumerate(_ROWS) if name.startswith(start)), len(_ROWS))
