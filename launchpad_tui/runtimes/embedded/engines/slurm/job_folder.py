"""The folder of a step's job on the shared folder, which the engine and the node both use.

`node_step` describes the files that the node writes. The engine writes ``step.json`` and
``job.sh``, then ``submitting`` before each submission and ``job`` after it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from launchpad_tui.config.atomic import write_private
from launchpad_tui.domain.metric import CUSTOM_INFO_LIMIT, POINTS_PER_REQUEST, TAGS_LIMIT
from launchpad_tui.runtimes.embedded.engines.base import StepCommand
from launchpad_tui.runtimes.embedded.engines.slurm import node_step, node_usage
from launchpad_tui.runtimes.embedded.sandbox import COMMAND_LAUNCHER, Launch

_SCRIPT = """\
#!/bin/sh
# Submitted by launchpad. Runs a step with the first Python 3.9 or later that the node has.
for python in {own} python3 python3.13 python3.12 python3.11 python3.10 python3.9; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
    exec "$python" -I -S {program} {folder}
  fi
done
echo "launchpad: $(hostname) has no Python 3.9 or later on its PATH" >&2
exit 127
"""


class JobFolder:
    """The folder of the job of one attempt of a step.

    Args:
        path: the folder, on the shared folder.
        programs: the folder for the programs that run on nodes.
    """

    def __init__(self, path: Path, programs: Path) -> None:
        self.path = path
        self._programs = programs

    @property
    def script(self) -> str:
        """The path of the script that is submitted."""
        return str(self.path / "job.sh")

    def write(
        self,
        command: StepCommand,
        grace_seconds: float,
        beat_seconds: float,
        *,
        requeue: bool,
    ) -> None:
        """Write what the node requires, unless an earlier supervisor has done so.

        Args:
            command: the command of the step.
            grace_seconds: the seconds between SIGTERM and SIGKILL.
            beat_seconds: the seconds after which the node shows that the step runs.
            requeue: whether the command runs again if Slurm starts the job again.

        Raises:
            StorageFull, ConfigError, OSError: the shared folder cannot be written.
        """
        if (self.path / "step.json").exists():
            return
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._programs.mkdir(mode=0o700, parents=True, exist_ok=True)
        for source in (COMMAND_LAUNCHER, Path(node_step.__file__), Path(node_usage.__file__)):
            with contextlib.suppress(FileExistsError):
                _copy_once(source, self._programs / source.name)
        step: dict[str, Any] = {
            **_launch(command.launch),
            "rewritten": _launch(command.launch.rewritten or command.launch),
            "links": command.launch.links,
            "mapped": command.launch.rewritten is not None,
            "image": command.launch.in_image,
            "launcher": str(self._programs / COMMAND_LAUNCHER.name),
            "grace": grace_seconds,
            "beat": beat_seconds,
            "measure": 2 * beat_seconds,
            "requeue": requeue,
            "limits": {
                "metrics": POINTS_PER_REQUEST,
                "tags": TAGS_LIMIT,
                "customInfo": CUSTOM_INFO_LIMIT,
            },
        }
        script = _SCRIPT.format(
            own=_quoted(sys.executable),
            program=_quoted(str(self._programs / "node_step.py")),
            folder=_quoted(str(self.path)),
        )
        write_private(self.path / "job.sh", script.encode())
        # The last file: if it exists, the others do.
        write_private(self.path / "step.json", json.dumps(step).encode())

    def mark_submitting(self) -> None:
        """Note that a job may exist from now on. Raises StorageFull, ConfigError."""
        write_private(self.path / "submitting", b"")

    @property
    def may_be_submitted(self) -> bool:
        """Whether a job may exist whose ID is not known."""
        return (self.path / "submitting").exists()

    def set_job(self, job_id: str) -> None:
        """Note the ID of the job. Raises StorageFull, ConfigError."""
        write_private(self.path / "job", job_id.encode())

    def job(self) -> str:
        """Return the ID of the job that runs the step, otherwise of the job that was submitted;
        empty if there is none."""
        return self._text("claim") or self._text("job")

    def _text(self, name: str) -> str:
        with contextlib.suppress(OSError):
            return (self.path / name).read_text("utf-8")
        return ""

    def started(self) -> tuple[int, Mapping[str, Any]] | None:
        """Return the number of the last attempt that started, and what its node wrote."""
        return self._last("started")

    def exit(self) -> tuple[int, Mapping[str, Any]] | None:
        """Return the number of the attempt that ended, and what its node wrote."""
        return self._last("exit")

    def stopped(self, attempt: int) -> Mapping[str, Any] | None:
        """Return what the node wrote if Slurm stopped an attempt; None if it did not."""
        found = self._last("stopped")
        return found[1] if found is not None and found[0] == attempt else None

    def _last(self, name: str) -> tuple[int, Mapping[str, Any]] | None:
        try:
            names = os.listdir(self.path)
        except OSError:
            return None
        found = [
            int(match[1])
            for each in names
            if (match := re.fullmatch(rf"{name}-(\d+)\.json", each)) is not None
        ]
        if not found:
            return None
        try:
            data = json.loads((self.path / f"{name}-{max(found)}.json").read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return max(found), data

    def usage(self) -> Mapping[str, Any]:
        """Return what the command uses, as `node_usage` measured it; empty if it is not known."""
        with contextlib.suppress(OSError, ValueError):
            data = json.loads((self.path / "usage.json").read_text("utf-8"))
            return data if isinstance(data, dict) else {}
        return {}

    def output(self) -> list[bytes]:
        """Return the lines that Slurm itself and its plugins wrote into the job's output file."""
        lines: list[bytes] = []
        for file in sorted(self.path.glob("slurm-*.out")):
            with contextlib.suppress(OSError):
                lines += file.read_bytes()[-64_000:].splitlines()
        return [line for line in lines if line.strip()]


def _launch(launch: Launch) -> dict[str, Any]:
    return {
        "argv": launch.argv,
        "env": dict(launch.env),
        "cwd": launch.cwd,
        "plan": launch.plan,
    }


def _copy_once(source: Path, target: Path) -> None:
    """Copy a file completely or not at all; a parallel step may do the same."""
    if target.exists():
        return
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    shutil.copyfile(source, temporary)
    os.replace(temporary, target)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
