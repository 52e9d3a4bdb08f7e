"""Launches a command of an execution and kills its processes when the supervisor ends.

The command may run in a private view of the file system.

``python command_launcher.py PARENT PLAN COMMAND ARGUMENT…`` stays the leader of the process group:
when the process PARENT ends, it kills the entire group, including the processes that the command
started. It ends as the command ends. PLAN is a JSON object; every key is optional:

- ``steps``: a list of overlays ``["overlay", target, real, stand-in, [omitted names]]`` and bind
  mounts ``["bind", target, source, writable]``,
- ``stage``: an empty folder, required with ``steps``,
- ``cwd``: the working directory,
- ``ignore_sigterm``: whether the command is started with SIGTERM ignored.

``python command_launcher.py restore-sigterm COMMAND ARGUMENT…`` replaces itself by the command,
with the default action for SIGTERM.

This file is run as a script and imports nothing of launchpad.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from typing import Any

#: prctl(2), unshare(2), mount(2), umount(2), pivot_root(2)
PR_SET_PDEATHSIG = 1
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 0x20, 0x1000, 0x4000, 0x40000
MS_NOATIME, MS_NODIRATIME, MS_RELATIME = 0x400, 0x800, 0x200000
MNT_DETACH = 2
#: flags, as statvfs(3) reports them, that a remount inside a user namespace must not clear
_PRESERVED_FLAGS = (
    (2, MS_NOSUID),
    (4, MS_NODEV),
    (8, MS_NOEXEC),
    (0x400, MS_NOATIME),
    (0x800, MS_NODIRATIME),
    (0x1000, MS_RELATIME),
)
#: system call numbers of pivot_root, for which the C library has no function
_PIVOT_ROOT = {
    "x86_64": 155,
    "aarch64": 41,
    "riscv64": 41,
    "ppc64le": 203,
    "s390x": 217,
    "armv7l": 218,
    "i686": 217,
}
#: the exit code if the view cannot be created
NO_VIEW = 125
_OLD = ".launchpad-old-root"

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Run the command of the arguments; does not return."""
    if sys.argv[1] == "restore-sigterm":
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _execute(sys.argv[2:])
    parent, plan, *command = sys.argv[1:]
    supervise_command(int(parent), json.loads(plan) if plan else {}, command)


def supervise_command(parent: int, plan: dict[str, Any], command: list[str]) -> None:
    """Run the command in this process group and end as it ends; kill the group when the parent
    ends."""
    signal.signal(signal.SIGUSR2, lambda *_: os.killpg(0, signal.SIGKILL))
    _signal_on_end_of(parent, signal.SIGUSR2)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    child = os.fork()
    if not child:
        try:
            _signal_on_end_of(os.getppid(), signal.SIGKILL)
            signal.signal(signal.SIGUSR2, signal.SIG_DFL)
            signal.signal(
                signal.SIGTERM, signal.SIG_IGN if plan.get("ignore_sigterm") else signal.SIG_DFL
            )
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
            try:
                if plan.get("steps"):
                    create_view(plan["steps"], plan["stage"])
                os.chdir(plan.get("cwd") or ".")
            except OSError as error:
                sys.stderr.write(f"launchpad: the container's paths cannot be mapped: {error}\n")
                sys.stderr.flush()
                os._exit(NO_VIEW)
            _execute(command)
        finally:
            os._exit(NO_VIEW)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The reader of the output must see its end when the command closes it.
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == child:
            break
    if os.WIFSIGNALED(status):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        number = os.WTERMSIG(status)
        if number not in {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _signal_on_end_of(parent: int, number: signal.Signals) -> None:
    """Request a signal from the kernel for the end of the parent; does nothing where this is not
    supported."""
    prctl = getattr(_libc, "prctl", None)
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            # The parent ended before the request.
            os.kill(os.getpid(), signal.SIGKILL)


def _execute(command: list[str]) -> None:
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.stderr.flush()
        os._exit(126 if isinstance(error, PermissionError) else 127)


def create_view(steps: list[list[Any]], stage: str) -> None:
    """Create a private view of the file system for this process and its children, for the same
    user.

    Args:
        steps: overlays and bind mounts in order; the first one is the overlay of the root.
        stage: an empty folder, on which the new root is mounted at first.

    Raises:
        OSError: the system does not allow it.
    """
    _unshare()
    _mount("none", "/", "", MS_REC | MS_PRIVATE)
    _mount("tmpfs", stage, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")
    os.mkdir(os.path.join(stage, _OLD), 0o700)
    # Relative paths, because the folder has another path once it is the root.
    os.chdir(stage)
    _call("pivot_root", _libc.syscall, _PIVOT_ROOT[os.uname().machine], b".", _OLD.encode())
    os.chdir("/")
    for kind, *step in steps:
        if kind == "overlay":
            _overlay(*step)
        else:
            _bind(*step)
    _call("umount", _libc.umount2, f"/{_OLD}".encode(), MNT_DETACH)
    os.rmdir(f"/{_OLD}")


def _unshare() -> None:
    user, group = os.geteuid(), os.getegid()
    if user == 0 and _libc.unshare(CLONE_NEWNS) == 0:
        return
    _call("unshare", _libc.unshare, CLONE_NEWUSER | CLONE_NEWNS)
    # An unprivileged process may map its group only after it has denied setgroups(2); see
    # user_namespaces(7).
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def _overlay(target: str, real: str, stand_in: str, omitted: list[str]) -> None:
    if stand_in:
        _mount(f"/{_OLD}{stand_in}", target, "", MS_BIND | MS_REC)
    for name in os.listdir(f"/{_OLD}{real}"):
        source, point = os.path.join(f"/{_OLD}", real.lstrip("/"), name), os.path.join(target, name)
        if name in omitted or (target == "/" and name == _OLD):
            continue
        try:
            if os.path.islink(source):
                _link(os.readlink(source), point)
            else:
                _make(point, folder=os.path.isdir(source))
                _mount(source, point, "", MS_BIND | MS_REC)
        except OSError:
            # Entries that this user may not read are left out.
            continue


def _bind(target: str, source: str, writable: bool) -> None:
    source = f"/{_OLD}{source}"
    os.makedirs(os.path.dirname(target), exist_ok=True)
    _make(target, folder=os.path.isdir(source))
    _mount(source, target, "", MS_BIND | MS_REC)
    if not writable:
        current = os.statvfs(target).f_flag
        flags = sum(mount for reported, mount in _PRESERVED_FLAGS if current & reported)
        _mount("none", target, "", MS_REMOUNT | MS_BIND | MS_RDONLY | flags)


def _link(destination: str, point: str) -> None:
    if os.path.islink(point):
        os.unlink(point)
    os.symlink(destination, point)


def _make(point: str, *, folder: bool) -> None:
    """Create a mount point unless it exists."""
    if os.path.lexists(point):
        return
    if folder:
        os.mkdir(point)
    else:
        os.close(os.open(point, os.O_CREAT | os.O_WRONLY, 0o600))


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    arguments = (os.fsencode(source), os.fsencode(target), kind.encode() or None)
    _call(
        f"mount {target}", _libc.mount, *arguments, ctypes.c_ulong(flags), options.encode() or None
    )


def _call(what: str, function: Any, *arguments: Any) -> None:
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    main()
