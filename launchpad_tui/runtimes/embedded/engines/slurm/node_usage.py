"""Measures the CPUs, memory and GPUs that the processes of a step use on a node.

No command of Slurm is called, so it works where sites allow neither ``sstat`` nor ``srun
--overlap``. This file imports nothing of launchpad and runs on Python 3.9 or later.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import Any

_TICKS, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
#: seconds that nvidia-smi may take
_GPU_SECONDS = 20.0


class Usage:
    """Measures a process and its descendants.

    Args:
        pid: the process.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.peak = 0
        self.before = (time.monotonic(), cpu_and_memory(pid)[0])

    def measure(self) -> dict[str, Any]:
        """Return the CPUs used since the last call, memory and its peak in bytes, and the GPUs."""
        now, (seconds, memory) = time.monotonic(), cpu_and_memory(self.pid)
        duration, used = now - self.before[0], seconds - self.before[1]
        self.before = (now, seconds)
        self.peak = max(self.peak, memory)
        return {
            "cpus": round(max(used, 0.0) / max(duration, 0.001), 2),
            "memory": memory,
            "peak": self.peak,
            "gpus": gpus(),
        }


def cpu_and_memory(pid: int) -> tuple[float, int]:
    """Return the CPU time in seconds, that of ended children included, and the resident memory in
    bytes of a process and its descendants."""
    found: dict[int, tuple[int, int, int]] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                # The name of the program, in parentheses, may contain spaces: see proc(5).
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        ticks = sum(int(field) for field in fields[11:15])
        found[int(name)] = (int(fields[1]), ticks, int(fields[21]))
    family = {pid}
    while True:
        more = {each for each, (parent, _, _) in found.items() if parent in family} - family
        if not more:
            break
        family |= more
    members = [found[each] for each in family if each in found]
    ticks = sum(ticks for _, ticks, _ in members)
    return ticks / _TICKS, _PAGE * sum(pages for _, _, pages in members)


def gpus() -> list[list[int]]:
    """Return number, utilization in percent, used and total memory in megabytes of the GPUs of the
    job; empty if there are none or nvidia-smi does not respond."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    command = [
        program,
        "--query-gpu=index,utilization.gpu,memory.used,memory.total",
        "--format=csv,noheader,nounits",
        *([f"--id={visible}"] if visible else []),
    ]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GPU_SECONDS,
            check=False,
        )
        lines = done.stdout.decode("ascii", "replace").splitlines()
        return [[int(part) for part in line.split(",")] for line in lines if line.count(",") == 3]
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return []
