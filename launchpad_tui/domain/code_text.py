"""Texts about the code and the environment of an execution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def code_text(provenance: Mapping[str, Any]) -> str:
    """Return commit, branch, remote and number of changed files; empty without a repository."""
    commit = str(provenance.get("commit", ""))
    if not commit:
        return ""
    branch = str(provenance.get("branch", ""))
    parts = [commit[:12] + (f" ({branch})" if branch and branch != "HEAD" else "")]
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
