"""Explains why pip could not install packages, from the lines that it printed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from launchpad_tui.records import record

_NETWORK = re.compile(
    r"NewConnectionError|Failed to establish a new connection|Name or service not known|"
    r"Temporary failure in name resolution|NameResolutionError|ConnectTimeoutError|"
    r"ReadTimeoutError|Connection (?:refused|timed out|reset|aborted)|Network is unreachable|"
    r"Max retries exceeded|ProxyError|Could not fetch URL|SSLCertVerificationError|"
    r"CERTIFICATE_VERIFY_FAILED"
)
_HOST = re.compile(r"host='([\w.-]+)'")
_NO_VERSION = re.compile(r"ERROR: No matching distribution found for (?P<name>.+)")
_PYTHON = re.compile(r"Requires-Python|requires a different Python|require(?:s)? Python")
_PLATFORM = re.compile(r"ERROR: (?P<name>\S+) is not a supported wheel on this platform")
_CONFLICT = re.compile(r"ERROR: ResolutionImpossible|conflicting dependencies")
_BUILD = re.compile(
    r"(?:Failed building wheel for |Failed to build (?:installable wheels for some pyproject\.toml "
    r"based projects \()?|metadata-generation-failed|subprocess-exited-with-error|"
    r"Getting requirements to build wheel did not run successfully)(?P<name>[\w.-]*)"
)
_NO_FILE = re.compile(r"Could not open requirements file: .*?'(?P<name>[^']+)'")
_SPACE = re.compile(r"No space left on device")


@record
class PipFailure:
    """Why an installation failed.

    Attributes:
        reason: the cause, in one line.
        hint: what the user can do next.
        unreachable: whether the package index could not be reached, so that another interpreter
            would fail as well.
    """

    reason: str
    hint: str
    unreachable: bool = False


def explain(lines: Sequence[str], executable_id: str, python: str, wanted: str) -> PipFailure:
    """Return why an installation failed.

    Args:
        lines: the last lines that pip printed.
        executable_id: the ID of the executable.
        python: the version of the interpreter that was used: ``3.11``.
        wanted: the version that the Dockerfile uses; empty if it names none.
    """
    text = "\n".join(lines)
    errors = [line for line in lines if line.startswith("ERROR")]
    last = errors[-1] if errors else lines[-1] if lines else ""
    own = (
        f"create an environment yourself and set it: launchpad executables set {executable_id} "
        "venv= python=FOLDER"
    )
    other = (
        f"install Python {wanted}, which the Dockerfile uses, so that python{wanted} is on PATH"
        if wanted and wanted != python
        else f"select another Python: launchpad executables set {executable_id} python=/path/python"
    )
    if _SPACE.search(text):
        return PipFailure(last, f"Free some disk space, or {own}", unreachable=True)
    if match := _NO_FILE.search(text):
        return PipFailure(last, f"Add the file {match['name']}, or {own}")
    if match := _NETWORK.search(text):
        host = _HOST.search(text)
        return PipFailure(
            f"No connection to {host[1] if host else 'the package index'}: {match[0]}",
            "The package index cannot be reached. Connect this machine, name an index that it "
            f"reaches (pip config set global.index-url URL), or {own}",
            unreachable=True,
        )
    if match := _PLATFORM.search(text):
        return PipFailure(last, f"{match['name']} is for another Python or system: {other}")
    if match := _NO_VERSION.search(text):
        if _PYTHON.search(text):
            return PipFailure(
                last, f"{match['name']} is not available for Python {python}: {other}"
            )
        return PipFailure(
            last,
            f"Correct {match['name']} in the requirements, or {other}, or {own}",
        )
    if _CONFLICT.search(text):
        return PipFailure(last, f"Correct the requirements, which contradict each other, or {own}")
    if match := _BUILD.search(text):
        name = f" of {match['name']}" if match["name"] else ""
        return PipFailure(
            last,
            f"This version{name} has no binary for Python {python}, and compiling it failed: "
            f"{other}, or relax the version in the requirements",
        )
    return PipFailure(last, f"Correct the requirements, or {own}")
