"""A login node on this machine: a real sshd on the loopback interface, and its user's ssh."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.slurm.cluster import wait_until

_SERVER = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PasswordAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
LogLevel VERBOSE
PidFile {folder}/sshd.pid
SetEnv SLURM_CONF={slurm}
"""
#: what a user has in ~/.ssh/config
_CLIENT = """\
Host login
  HostName 127.0.0.1
  Port {port}
  User root
  IdentityFile {folder}/user
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known
  ControlMaster auto
  ControlPath {folder}/control
  ControlPersist yes
"""


@contextlib.contextmanager
def login_node(folder: Path, programs: Path, slurm_conf: str) -> Iterator[Path]:
    """Run sshd, and put an ssh with the configuration of a user into a folder of programs.

    Args:
        folder: an empty folder with a short path, because Unix sockets have one.
        programs: the folder for ``ssh``.
        slurm_conf: the configuration of Slurm, which only sessions on the login node have.

    Yields:
        The log of sshd.
    """
    server, client = shutil.which("sshd") or "/usr/sbin/sshd", shutil.which("ssh")
    if not os.access(server, os.X_OK) or client is None:
        pytest.skip("sshd and ssh are not installed")
    for name in ("host", "user"):
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    key = (folder / "host.pub").read_text()
    (folder / "known").write_text(f"[127.0.0.1]:{port} {key}")
    (folder / "server").write_text(_SERVER.format(port=port, folder=folder, slurm=slurm_conf))
    (folder / "client").write_text(_CLIENT.format(port=port, folder=folder))
    (programs / "ssh").write_text(f'#!/bin/sh\nexec {client} -F {folder}/client "$@"\n')
    (programs / "ssh").chmod(0o755)
    Path("/run/sshd").mkdir(exist_ok=True)
    log = folder / "log"
    with subprocess.Popen([server, "-D", "-f", str(folder / "server"), "-E", str(log)]) as process:
        try:
            wait_until(lambda: log.exists() and "listening on 127.0.0.1" in log.read_text())
            yield log
        finally:
            subprocess.run(
                [str(programs / "ssh"), "-O", "exit", "login"], capture_output=True, check=False
            )
            process.terminate()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
