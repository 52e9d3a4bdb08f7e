"""The identity of a process, with which other processes of the same machine find out that it ended.

Process IDs alone are ambiguous: containers have their own, and the kernel uses them again. A boot
of the kernel, a PID namespace, a process ID and the start time of the process together are not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from launchpad_tui.records import record

_PROC = Path("/proc")


@record
class ProcessIdentity:
    """A process. All values but ``pid`` are empty where the system does not report them."""

    boot: str
    namespace: str
    pid: int
    started: str

    @classmethod
    def current(cls) -> ProcessIdentity:
        """Return the identity of this process."""
        try:
            boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
            namespace = str(os.stat(_PROC / "self/ns/pid").st_ino)
        except (OSError, ValueError):
            boot = namespace = ""
        return cls(boot, namespace, os.getpid(), _start_time(os.getpid()))

    @classmethod
    def from_json(cls, data: object) -> ProcessIdentity | None:
        """Return the identity that `to_json` has returned; None for other data."""
        if not isinstance(data, Mapping):
            return None
        values = [data.get(name) for name in ("boot", "namespace", "started")]
        pid = data.get("pid")
        if not isinstance(pid, int) or not all(isinstance(each, str) for each in values):
            return None
        return cls(str(values[0]), str(values[1]), pid, str(values[2]))

    def to_json(self) -> dict[str, str | int]:
        """Return the identity as a JSON object."""
        return {
            "boot": self.boot,
            "namespace": self.namespace,
            "pid": self.pid,
            "started": self.started,
        }

    def has_ended(self) -> bool:
        """Return whether the process is known to have ended; False if it cannot be observed."""
        here = ProcessIdentity.current()
        if not here.boot or (here.boot, here.namespace) != (self.boot, self.namespace):
            return False
        return _start_time(self.pid) != self.started


def _start_time(pid: int) -> str:
    """Return when a process started, in clock ticks since boot; empty if it is not running.

    Source: proc(5), /proc/pid/stat, fields 3 (state) and 22 (starttime).
    """
    try:
        text = (_PROC / str(pid) / "stat").read_text("ascii", "replace")
    except OSError:
        return ""
    # The second field is the name of the program in parentheses, which may contain spaces.
    fields = text.rpartition(")")[2].split()
    return "" if len(fields) < 20 or fields[0] in {"Z", "X"} else fields[19]
