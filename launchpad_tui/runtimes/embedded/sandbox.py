"""How a container's absolute paths come to be on this machine.

A workflow template names paths such as ``/app/data/`` that no machine but a container has. They lie in the execution's
private folder, and the commands see them where they expect them, by the first of these ways that this machine allows:

1. **namespaces**: a view of the file system of their own, made by our own `shim` without root.
2. **bubblewrap**: the same by ``bwrap``, for systems that allow it to that program only.
3. **rewriting**: the paths are replaced in commands, arguments and environment. Those that are hard-wired in the code
   are not found.

``LAUNCHPAD_SANDBOX`` forces one. The commands run as the same user, with the same network, in each.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from launchpad_tui.errors import ConfigError
from launchpad_tui.runtimes.embedded.mounts import BindMount, Mount, Overlay, plan

COMMAND_LAUNCHER = Path(__file__).with_name("command_launcher.py")
#: seconds that a trial may take
_TRIAL = 20
_FORCED = "LAUNCHPAD_SANDBOX"


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start, where, with which environment. ``plan`` is for the `shim` that starts it."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    plan: str = ""

    def command(self, parent: int) -> list[str]:
        """The words to start, which end when the process ``parent`` dies."""
        return [*_PYTHON, str(parent), self.plan, *self.argv]


class Sandbox(Protocol):
    """A way to map paths. ``name`` and ``note`` are what the log says."""

    name: str
    note: str

    def wrap(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        mounts: Sequence[Mount],
        scratch: Path,
    ) -> Launch:
        """The command as it is started so that it sees the mounts.

        Args:
            argv, env, cwd: speak of the container's paths, and of this machine's where nothing is mounted.
            mounts: what is to be seen where.
            scratch: a folder of the step's own for what the mapping needs; made where it lacks.

        Raises:
            InvalidInput: a mount's target cannot be mapped.
        """


# -I and -S: nothing that the environment or the user's packages say comes between.
_PYTHON = (sys.executable, "-I", "-S", str(COMMAND_LAUNCHER))


class Namespaces:
    """A mount namespace, in a user namespace where the user is not root; see unshare(2) and user_namespaces(7)."""

    name = "namespaces"
    note = "a view of the file system of its own"

    def wrap(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        mounts: Sequence[Mount],
        scratch: Path,
    ) -> Launch:
        """The command, for the shim to make the view."""
        stage = scratch / "stage"
        stage.mkdir(mode=0o700, parents=True, exist_ok=True)
        steps: list[tuple[object, ...]] = []
        for each in plan(mounts, scratch):
            if isinstance(each, Overlay):
                steps.append(("cover", each.target, each.real, each.stand_in, each.without))
            else:
                steps.append(("bind", each.target, each.source, each.writable))
        return Launch(
            tuple(argv), env, "/", json.dumps({"steps": steps, "stage": str(stage), "cwd": cwd})
        )


class Bubblewrap:
    """The program ``bwrap`` (https://github.com/containers/bubblewrap), 0.3.1 or later."""

    name = "bubblewrap"
    note = "a view of the file system of its own"

    def wrap(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        mounts: Sequence[Mount],
        scratch: Path,
    ) -> Launch:
        """The command behind bwrap's options. It stands between the shim and the command, and would end by TERM before
        the command could: so it is deaf, and the command made to hear again."""
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        options = ["bwrap", "--die-with-parent", "--chdir", cwd]
        for each in plan(mounts, scratch):
            if isinstance(each, BindMount):
                options += [
                    "--dev-bind" if each.writable else "--ro-bind",
                    each.source,
                    each.target,
                ]
                continue
            if each.stand_in:
                options += ["--bind", each.stand_in, each.target]
            options += _entries(each)
        return Launch((*options, *_PYTHON, "hear", *argv), env, "/", json.dumps({"deaf": True}))


def _entries(cover: Overlay) -> list[str]:
    options: list[str] = []
    for name in sorted(os.listdir(cover.real)):
        if name in cover.without:
            continue
        real, point = os.path.join(cover.real, name), os.path.join(cover.target, name)
        with contextlib.suppress(OSError):
            # What this user may not even look at is not missed.
            os.lstat(real)
            if os.path.islink(real):
                options += ["--symlink", os.readlink(real), point]
            else:
                options += ["--dev-bind-try", real, point]
    return options


class PathRewriting:
    """Names the sources in place of the targets, wherever command, arguments, environment and working folder name
    them. A mount that lies in another is reached through it too, by a link."""

    name = "rewriting"

    def __init__(self, why: str = "") -> None:
        self.note = "paths that are hard-wired in the code are not found" + (
            f" ({why})" if why else ""
        )

    def wrap(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        mounts: Sequence[Mount],
        scratch: Path,  # noqa: ARG002  nothing is needed
    ) -> Launch:
        """The command with all targets replaced."""

        def real(text: str) -> str:
            return rewritten(text, mounts)

        _link_nested(mounts)
        changed = {name: value if name == "PATH" else real(value) for name, value in env.items()}
        return Launch(tuple(real(word) for word in argv), changed, real(cwd))


def _link_nested(mounts: Sequence[Mount]) -> None:
    """Code that stands at ``/app`` may say ``data/`` for ``/app/data``."""
    pairs = _pairs(mounts)
    for target, source in pairs.items():
        for outer, folder in pairs.items():
            rest = target.removeprefix(f"{outer}/")
            if rest == target or not os.path.isdir(folder):
                continue
            link = Path(folder, rest)
            with contextlib.suppress(OSError):
                if link.is_symlink():
                    link.unlink()
                if not link.exists():
                    link.parent.mkdir(parents=True, exist_ok=True)
                    link.symlink_to(source)


def _pairs(mounts: Sequence[Mount]) -> dict[str, str]:
    """What a path becomes, by target."""
    found: dict[str, str] = {}
    for mount in mounts:
        target = mount.target.rstrip("/")
        if mount.files:
            found |= {f"{target}/{name}": str(mount.source / name) for name in mount.files}
        else:
            found[target] = str(mount.source)
    return found


def rewritten(text: str, mounts: Sequence[Mount]) -> str:
    """The text with each target that stands in it as a whole path, or in front of one, replaced by its source."""
    by_target = _pairs(mounts)
    if not by_target:
        return text
    longest_first = sorted(by_target, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w.-])")
    return pattern.sub(lambda match: by_target[match.group(0)], text)


@functools.cache
def choose() -> Sandbox:
    """The best way that this machine allows; tried once in a process.

    Raises:
        ConfigError: LAUNCHPAD_SANDBOX names none.
    """
    forced = os.environ.get(_FORCED, "")
    kinds: dict[str, type[Namespaces | Bubblewrap]] = {
        kind.name: kind for kind in (Namespaces, Bubblewrap)
    }
    if forced in kinds:
        return kinds[forced]()
    if forced == PathRewriting.name:
        return PathRewriting(f"{_FORCED} says so")
    if forced:
        names = ", ".join((*kinds, PathRewriting.name))
        raise ConfigError(
            f"{_FORCED} is {forced!r}", f"It must be one of {names}.", "Unset it for the best one."
        )
    reasons: list[str] = []
    for kind in kinds.values():
        reason = trial(kind())
        if not reason:
            return kind()
        reasons.append(f"{kind.name}: {reason}")
    return PathRewriting("; ".join(reasons))


def trial(sandbox: Sandbox) -> str:
    """Why this way does not work on this machine; empty where it does."""
    with tempfile.TemporaryDirectory(prefix="launchpad-trial-") as made:
        folder = Path(made)
        source = folder / "source"
        source.mkdir()
        (source / "here").touch()
        target = f"/{folder.name}/a"
        words = (
            "/bin/sh",
            "-c",
            f"test -e {target}/here && test -d {source} && touch {target}/made",
        )
        launch = sandbox.wrap(
            words, os.environ, target, [Mount(source, target)], folder / "scratch"
        )
        try:
            done = subprocess.run(
                launch.command(os.getpid()),
                env=launch.env,
                cwd=launch.cwd,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TRIAL,
                check=False,
                start_new_session=True,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if done.returncode == 0 and (source / "made").exists():
            return ""
        return (
            done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
            or f"code {done.returncode}"
        )
