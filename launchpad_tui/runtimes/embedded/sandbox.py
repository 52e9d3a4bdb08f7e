"""Maps the absolute paths of a container to folders of this machine.

A workflow template names paths such as ``/app/data/``, which exist only in a container. Their files
are in the private folder of the execution. The commands find them at the named paths by the first
of these methods that this machine supports:

1. **namespaces**: `command_launcher` creates a private view of the file system, without root
    privileges.
2. **bubblewrap**: ``bwrap`` does the same, on systems that allow it for this program only.
3. **rewriting**: the paths are replaced in commands, arguments and environment variables. Paths
   that are hard-coded in the code are not found.

The environment variable ``LAUNCHPAD_SANDBOX`` selects a method. With each of them the commands run
as the same user, with the same network.
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
from pathlib import Path
from typing import Protocol

from launchpad_tui.errors import ConfigError
from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.mounts import BindMount, Mount, Overlay, plan

COMMAND_LAUNCHER = Path(__file__).with_name("command_launcher.py")
#: seconds that the check of a method may take
_TRIAL_SECONDS = 20
_FORCED = "LAUNCHPAD_SANDBOX"


@record
class Launch:
    """A command with its environment and its working directory.

    ``plan`` is the plan of `command_launcher`, which starts the command. Another machine that does
    not allow the view of the plan runs ``rewritten`` instead, after it created ``links`` (the path
    and the destination of each). ``in_image`` is whether the command is in a container of an image,
    whose runtime requires variables of the machine.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    plan: str = ""
    rewritten: Launch | None = None
    links: tuple[tuple[str, str], ...] = ()
    in_image: bool = False

    def command(self, parent: int) -> list[str]:
        """Return the complete command line.

        Args:
            parent: the process at whose end the processes of the command are killed.
        """
        return [*_LAUNCHER, str(parent), self.plan, *self.argv]


class Sandbox(Protocol):
    """A method of mapping paths; ``name`` and ``note`` describe it in the log.

    ``has_view`` is whether the commands have a private view of the file system.
    """

    name: str
    note: str
    has_view: bool

    def wrap(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        mounts: Sequence[Mount],
        scratch: Path,
    ) -> Launch:
        """Return the command that finds the mounts at their targets.

        Args:
            argv, env, cwd: with the container's paths; paths without a mount are those of this
                machine.
            mounts: the folders and files to map.
            scratch: a private folder of the step for temporary files; created if it is missing.

        Raises:
            InvalidInput: the target of a mount cannot be mapped.
        """


# -I and -S: neither the environment nor installed packages influence the launcher.
_LAUNCHER = (sys.executable, "-I", "-S", str(COMMAND_LAUNCHER))


class Namespaces:
    """A mount namespace, for users other than root inside a user namespace.

    See unshare(2) and user_namespaces(7).
    """

    name = "namespaces"
    note = "a private view of the file system"
    has_view = True

    def wrap(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        mounts: Sequence[Mount],
        scratch: Path,
    ) -> Launch:
        """Return the command with a plan from which the launcher creates the view."""
        stage = scratch / "stage"
        stage.mkdir(mode=0o700, parents=True, exist_ok=True)
        steps: list[tuple[object, ...]] = []
        for each in plan(mounts, scratch):
            if isinstance(each, Overlay):
                steps.append(("overlay", each.target, each.real, each.stand_in, each.omitted))
            else:
                steps.append(("bind", each.target, each.source, each.writable))
        return Launch(
            tuple(argv), env, "/", json.dumps({"steps": steps, "stage": str(stage), "cwd": cwd})
        )


class Bubblewrap:
    """The program ``bwrap`` (https://github.com/containers/bubblewrap), 0.3.1 or later."""

    name = "bubblewrap"
    note = "a private view of the file system"
    has_view = True

    def wrap(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        mounts: Sequence[Mount],
        scratch: Path,
    ) -> Launch:
        """Return the command, preceded by bwrap and its options.

        bwrap is started with SIGTERM ignored, because it would end on SIGTERM before the command
        can clean up. The launcher restores the default action for the command.
        """
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
        return Launch(
            (*options, *_LAUNCHER, "restore-sigterm", *argv),
            env,
            "/",
            json.dumps({"ignore_sigterm": True}),
        )


def _entries(overlay: Overlay) -> list[str]:
    options: list[str] = []
    for name in sorted(os.listdir(overlay.real)):
        if name in overlay.omitted:
            continue
        real, point = os.path.join(overlay.real, name), os.path.join(overlay.target, name)
        with contextlib.suppress(OSError):
            # Entries that this user may not read are left out.
            os.lstat(real)
            if os.path.islink(real):
                options += ["--symlink", os.readlink(real), point]
            else:
                options += ["--dev-bind-try", real, point]
    return options


class PathRewriting:
    """Replaces targets of mounts by their sources in command, environment and working directory.

    A mount inside another mount can also be reached through a symbolic link.
    """

    name = "rewriting"
    has_view = False

    def __init__(self, why: str = "") -> None:
        self.note = "paths that are hard-coded in the code are not found" + (
            f" ({why})" if why else ""
        )

    def wrap(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        mounts: Sequence[Mount],
        scratch: Path,  # noqa: ARG002  no temporary files are needed
    ) -> Launch:
        """Return the command with all targets replaced."""

        def real(text: str) -> str:
            return rewritten(text, mounts)

        _link_nested(mounts)
        changed = {name: value if name == "PATH" else real(value) for name, value in env.items()}
        return Launch(tuple(real(item) for item in argv), changed, real(cwd))


def nested_links(mounts: Sequence[Mount]) -> list[tuple[str, str]]:
    """Return path and destination of the links for nested mounts, because code at ``/app`` may name
    ``/app/data`` ``data``."""
    pairs = _pairs(mounts)
    return [
        (os.path.join(folder, target.removeprefix(f"{outer}/")), source)
        for target, source in pairs.items()
        for outer, folder in pairs.items()
        if target.startswith(f"{outer}/") and os.path.isdir(folder)
    ]


def _link_nested(mounts: Sequence[Mount]) -> None:
    for path, source in nested_links(mounts):
        link = Path(path)
        with contextlib.suppress(OSError):
            if link.is_symlink():
                link.unlink()
            if not link.exists():
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(source)


def _pairs(mounts: Sequence[Mount]) -> dict[str, str]:
    """Return the source path of each target path."""
    found: dict[str, str] = {}
    for mount in mounts:
        target = mount.target.rstrip("/")
        if mount.files:
            found |= {f"{target}/{name}": str(mount.source / name) for name in mount.files}
        else:
            found[target] = str(mount.source)
    return found


def rewritten(text: str, mounts: Sequence[Mount]) -> str:
    """Return a text in which sources replace the targets of mounts.

    A target is replaced if it is a complete path or the beginning of one.
    """
    by_target = _pairs(mounts)
    if not by_target:
        return text
    longest_first = sorted(by_target, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w.-])")
    return pattern.sub(lambda match: by_target[match.group(0)], text)


@functools.cache
def choose() -> Sandbox:
    """Return the best method that this machine supports; checked once per process.

    Raises:
        ConfigError: LAUNCHPAD_SANDBOX is not the name of a method.
    """
    forced = os.environ.get(_FORCED, "")
    kinds: dict[str, type[Namespaces | Bubblewrap]] = {
        kind.name: kind for kind in (Namespaces, Bubblewrap)
    }
    if forced in kinds:
        return kinds[forced]()
    if forced == PathRewriting.name:
        return PathRewriting(f"selected by {_FORCED}")
    if forced:
        names = ", ".join((*kinds, PathRewriting.name))
        raise ConfigError(
            f"Invalid value of {_FORCED}: {forced!r}",
            f"It must be one of {names}.",
            f"Unset {_FORCED} to select the best method automatically.",
        )
    reasons: list[str] = []
    for kind in kinds.values():
        reason = trial(kind())
        if not reason:
            return kind()
        reasons.append(f"{kind.name}: {reason}")
    return PathRewriting("; ".join(reasons))


def trial(sandbox: Sandbox) -> str:
    """Return why a method does not work on this machine, an empty string if it works."""
    with tempfile.TemporaryDirectory(prefix="launchpad-trial-") as temporary:
        folder = Path(temporary)
        source = folder / "source"
        source.mkdir()
        (source / "here").touch()
        target = f"/{folder.name}/a"
        command = (
            "/bin/sh",
            "-c",
            f"test -e {target}/here && test -d {source} && touch {target}/created",
        )
        launch = sandbox.wrap(
            command, os.environ, target, [Mount(source, target)], folder / "scratch"
        )
        try:
            done = subprocess.run(
                launch.command(os.getpid()),
                env=launch.env,
                cwd=launch.cwd,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TRIAL_SECONDS,
                check=False,
                start_new_session=True,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if done.returncode == 0 and (source / "created").exists():
            return ""
        return (
            done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
            or f"exit code {done.returncode}"
        )
