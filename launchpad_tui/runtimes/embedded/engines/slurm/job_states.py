"""The states of Slurm's jobs, and what they mean for a user.

The states and reasons are those of "JOB STATE CODES" and "JOB REASON CODES" in squeue(1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from launchpad_tui.domain.numbers import size_text

#: the unit of nvidia-smi in bytes
_MEGABYTE = 1 << 20

#: states of a job that has not started, or will start again
WAITING = frozenset(
    ("PENDING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD")
)
#: states of a job that runs or is being started or ended
ACTIVE = frozenset(
    (
        "RUNNING",
        "CONFIGURING",
        "COMPLETING",
        "SUSPENDED",
        "STOPPED",
        "SIGNALING",
        "STAGE_OUT",
        "RESIZING",
    )
)
_ENDED = {
    "BOOT_FAIL": "its node could not be started",
    "CANCELLED": "it was canceled outside of launchpad",
    "DEADLINE": "its deadline passed",
    "LAUNCH_FAILED": "it could not be launched on its node",
    "NODE_FAIL": "its node failed",
    "OUT_OF_MEMORY": "it exceeded its memory limit",
    "PREEMPTED": "a job with a higher priority took its place",
    "RECONFIG_FAIL": "its node could not be configured",
    "REVOKED": "another cluster of the federation started it",
    "TIMEOUT": "it exceeded its time limit",
}
_HINTS = {
    "OUT_OF_MEMORY": "Request more memory: add --mem to the resource plan of the step.",
    "TIMEOUT": "Request more time: add --time to the resource plan of the step.",
    "NODE_FAIL": "Set requeue to yes, so that Slurm starts the job again on another node.",
    "PREEMPTED": "Set requeue to yes, or select a partition or QOS that is not preempted.",
}
_REASONS = {
    "None": "it has not been scheduled yet",
    "Resources": "no node has enough free resources",
    "Priority": "jobs with a higher priority are before it",
    "Dependency": "a job that it depends on has not ended",
    "BeginTime": "its start time has not come",
    "Licenses": "a license is not available",
    "Reservation": "its reservation has not started",
    "ReqNodeNotAvail": "a node that it requires is not available",
    "BadConstraints": "no node meets its constraints",
    "InvalidAccount": "its account is not valid",
    "InvalidQOS": "its QOS is not valid",
    "PartitionDown": "its partition is down",
    "PartitionInactive": "its partition is inactive",
    "PartitionNodeLimit": "it requires more nodes than its partition allows or has up",
    "PartitionTimeLimit": "it requires more time than its partition allows",
    "JobHeldUser": "its user holds it",
    "JobHeldAdmin": "an administrator holds it",
    "NodeDown": "a node that it requires is down",
    "Cleaning": "it is requeued and its last run is still ending",
    "launch failed requeued held": "its launch failed and Slurm holds it",
}


def is_final(state: str) -> bool:
    """Return whether a job with this state has ended and does not start again."""
    return bool(state) and state not in WAITING and state not in ACTIVE


def waiting_text(reason: str) -> str:
    """Return why a job waits, for a reason that squeue reports."""
    plain = reason.strip().strip("()")
    key = plain.partition(",")[0].strip()
    known = _REASONS.get(plain) or _REASONS.get(key)
    if known is None and key.startswith(("QOS", "Assoc")):
        known = "a limit of the QOS" if key.startswith("QOS") else "a limit of the account"
        known += " is reached"
    if known is None:
        return plain or "no reason is reported"
    return f"{known} ({plain})"


def end_text(state: str) -> str:
    """Return why a job ended that ran no command to its end; empty for COMPLETED and FAILED."""
    return _ENDED.get(state, "" if state in {"COMPLETED", "FAILED"} else f"its state is {state}")


def usage_text(usage: Mapping[str, Any]) -> str:
    """Return what a command uses, as `node_usage` measured it: ``1.9 CPUs, 3.2 GB (peak 4.0 GB)``;
    empty if it is not known."""
    try:
        memory, peak = size_text(int(usage["memory"])), size_text(int(usage["peak"]))
        parts = [f"{float(usage['cpus']):.1f} CPUs, {memory} (peak {peak})"]
        for number, percent, used, total in usage["gpus"]:
            sizes = f"{size_text(used * _MEGABYTE)} of {size_text(total * _MEGABYTE)}"
            parts.append(f"GPU {number}: {percent}%, {sizes}")
    except (KeyError, TypeError, ValueError):
        return ""
    return "; ".join(parts)


def end_hint(state: str) -> str:
    """Return what a user can do after a job ended with this state; empty if it is not known."""
    return _HINTS.get(state, "")
