"""How a container's absolute paths come to be on this machine.

A workflow template names paths such as ``/app/data/`` that no machine but a container has. They lie in the execution's
private folder, and the commands see them where they expect them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or file of this machine that the commands see at ``target``, an absolute path of the container."""

    source: Path
    target: str
    writable: bool = True


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start, where, with which environment."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str


class Sandbox(Protocol):
    """A way to map paths. ``name`` is what the log says."""

    name: str

    def wrap(self, argv: Sequence[str], env: Mapping[str, str], cwd: str, mounts: Sequence[Mount]) -> Launch:
        """The command as it is started so that it sees the mounts; ``argv``, ``env`` and ``cwd`` speak of targets."""


class Rewriting:
    """Names the sources in place of the targets, wherever command, arguments, environment and working folder name
    them. Paths that are hard-wired in the code are not found."""

    name = "rewriting"

    def wrap(self, argv: Sequence[str], env: Mapping[str, str], cwd: str, mounts: Sequence[Mount]) -> Launch:
        """The command with all targets replaced."""

        def real(text: str) -> str:
            return rewritten(text, mounts)

        changed = {name: value if name == "PATH" else real(value) for name, value in env.items()}
        return Launch(tuple(real(word) for word in argv), changed, real(cwd))


def rewritten(text: str, mounts: Sequence[Mount]) -> str:
    """The text with each target that stands in it as a whole path, or in front of one, replaced by its source."""
    import re

    by_target = {mount.target.rstrip("/"): str(mount.source) for mount in mounts}
    if not by_target:
        return text
    longest_first = sorted(by_target, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w.-])")
    return pattern.sub(lambda match: by_target[match.group(0)], text)


def choose() -> Sandbox:
    """The best way that this machine allows."""
    return Rewriting()
