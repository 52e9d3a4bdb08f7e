"""Describes the code and the environment with which an execution runs.

Nothing here fails an execution: what cannot be found out is left out.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

#: the largest size of a patch that is recorded, in characters
PATCH_LIMIT = 1_000_000
_GIT_SECONDS, _PYTHON_SECONDS = 20, 60
#: programs that the configuration of a repository names are not run
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-optional-locks")
_USER = re.compile(r"(?<=://)[^/@\s]*@")
_PACKAGES = (
    "import importlib.metadata as m, json, platform;"
    "print(json.dumps([platform.python_version(), "
    "sorted({d.metadata['Name']: d.version for d in m.distributions()}.items())]))"
)


def provenance(folder: Path, python: Path) -> Mapping[str, object]:
    """Return commit, branch, remote and uncommitted changes of a code folder, and interpreter,
    packages and host.

    Args:
        folder: the code folder, before it is copied.
        python: the interpreter of the execution.
    """
    found: dict[str, object] = {"folder": str(folder), **_git(folder)}
    found["host"] = platform.node()
    found["system"] = f"{platform.system()} {platform.release()} {platform.machine()}"
    found["cpus"] = os.cpu_count()
    found["interpreter"] = str(python)
    output = _run([str(python), "-I", "-c", _PACKAGES], folder, _PYTHON_SECONDS)
    if output is not None:
        # A program that is not Python may have written anything.
        with suppress(ValueError, TypeError):
            version, packages = json.loads(output)
            found |= {"python": str(version), "packages": dict(packages)}
    return found


def _git(folder: Path) -> Mapping[str, object]:
    """Return the state of the Git repository of a folder, empty if it has none."""

    def git(*arguments: str) -> str | None:
        return _run(["git", *_SAFE, *arguments], folder, _GIT_SECONDS)

    commit = git("rev-parse", "HEAD")
    if commit is None:
        return {}
    found: dict[str, object] = {
        "commit": commit.strip(),
        "branch": (git("rev-parse", "--abbrev-ref", "HEAD") or "").strip(),
    }
    remote = git("config", "--get", "remote.origin.url")
    if remote is not None:
        found["remote"] = _USER.sub("", remote.strip())
    changes = git("status", "--porcelain", "--untracked-files=normal", "--", ".") or ""
    found["changed"] = sorted(line[3:] for line in changes.splitlines())
    patch = git("diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD", "--", ".")
    if patch:
        found["patch"] = patch[:PATCH_LIMIT]
        found["patchIsCut"] = len(patch) > PATCH_LIMIT
    return found


def _run(command: list[str], folder: Path, seconds: float) -> str | None:
    """Return what a command writes, None if it fails or takes too long."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**environment, "GIT_TERMINAL_PROMPT": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")
