"""Describes the code and the environment with which an execution runs.

Nothing here fails an execution: what cannot be found out is left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shlex
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from launchpad_tui.domain.credential_text import masked
from launchpad_tui.domain.repository import without_credentials
from launchpad_tui.runtimes.embedded.code_copy import CodeView
from launchpad_tui.runtimes.embedded.template_model import Workflow

#: the largest size of a patch that is recorded, in characters
PATCH_LIMIT = 1_000_000
_GIT_SECONDS, _PYTHON_SECONDS, _GPU_SECONDS = 20, 60, 10
#: programs that the configuration of a repository names are not run
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-optional-locks")
_SEED = re.compile(r"(?:^|_)(?:seed|random_state)(?:_|$)")
#: environment variables on which the results of numeric libraries depend: the order of sets, the
#: number of threads that share a sum, and the kernels of processors and GPUs
_VARIABLES = (
    "PYTHONHASHSEED",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "OPENBLAS_CORETYPE",
    "MKL_NUM_THREADS",
    "MKL_CBWR",
    "NUMEXPR_NUM_THREADS",
    "NPY_DISABLE_CPU_FEATURES",
    "CUDA_VISIBLE_DEVICES",
    "CUBLAS_WORKSPACE_CONFIG",
    "NVIDIA_TF32_OVERRIDE",
    "TF_DETERMINISTIC_OPS",
    "TF_ENABLE_ONEDNN_OPTS",
    "XLA_FLAGS",
)
#: the largest total size of an input of which the checksum is recorded, in bytes
CHECKSUM_LIMIT = 10_000_000_000
#: the largest length of a command line that is recorded, in characters
COMMAND_LIMIT = 2_000
_PACKAGES = (
    "import importlib.metadata as m, json, platform;"
    "print(json.dumps([platform.python_version(), "
    "sorted({d.metadata['Name']: d.version for d in m.distributions()}.items())]))"
)


def code_state(folder: Path) -> Mapping[str, object]:
    """Return a code folder with its commit, branch, remote and uncommitted changes, if it belongs
    to a Git repository.

    Args:
        folder: the code folder, before it is copied.
    """
    return {"folder": str(folder), **_git(folder)}


def environment(python: Path, configured: Mapping[str, str]) -> Mapping[str, object]:
    """Return interpreter, packages, host and environment variables of an execution.

    Of the variables of this process, only those are returned on which results of numeric libraries
    depend.

    Args:
        python: the interpreter of the execution.
        configured: the variables in the settings of the executable, with masked credentials.
    """
    found: dict[str, object] = {
        "host": platform.node(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "interpreter": str(python),
        "variables": {
            **{name: os.environ[name] for name in _VARIABLES if name in os.environ},
            **{name: masked(value) for name, value in configured.items()},
        },
    }
    if cpu := _cpu():
        found["cpu"] = cpu
    if gpus := _gpus():
        found["gpus"] = gpus
    output = _run([str(python), "-I", "-c", _PACKAGES], Path("/"), _PYTHON_SECONDS)
    if output is not None:
        # A program that is not Python may have written anything.
        with suppress(ValueError, TypeError):
            version, packages = json.loads(output)
            found |= {"python": str(version), "packages": dict(packages)}
    return found


def seeds(parameters: Mapping[str, str]) -> Mapping[str, str]:
    """Return the parameters that are seeds of random numbers, by their names."""
    return {name: value for name, value in parameters.items() if _SEED.search(_words(name))}


def command_lines(workflow: Workflow, code: Mapping[str, CodeView]) -> Mapping[str, str]:
    """Return the command line of each template with a container, with placeholders for the values
    of parameters and with a mask for credentials."""
    found = {}
    for leaf in workflow.leaves:
        if leaf.container is None:
            continue
        container = code[leaf.name].complete(leaf.container)
        line = shlex.join((*container.command, *container.args))
        found[leaf.name] = masked(line)[:COMMAND_LIMIT]
    return found


def input_state(folder: Path) -> Mapping[str, object]:
    """Return number, total size in bytes and checksum of the files of an input.

    The checksum is the SHA-256 of the sorted paths with the SHA-256 of their contents. It is left
    out if the files are larger than `CHECKSUM_LIMIT` bytes in total.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    size = sum(path.stat().st_size for path in files)
    found: dict[str, object] = {"files": len(files), "size": size}
    if size <= CHECKSUM_LIMIT:
        whole = hashlib.sha256()
        for path in files:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            name = path.relative_to(folder).as_posix()
            whole.update(f"{content}  {name}\n".encode("utf-8", "surrogateescape"))
        found["sha256"] = whole.hexdigest()
    return found


def _git(folder: Path) -> Mapping[str, object]:
    """Return the state of the Git repository of a folder, empty if it has none."""

    def git(*arguments: str) -> str | None:
        return _run(["git", *_SAFE, *arguments], folder, _GIT_SECONDS)

    commit = git("rev-parse", "HEAD")
    if commit is None:
        return {}
    found: dict[str, object] = {
        "commit": commit.strip(),
        "branch": (git("rev-parse", "--abbrev-ref", "HEAD") or "").strip(),
    }
    remotes = dict(
        line.partition(" ")[::2]
        for line in (git("config", "--get-regexp", r"^remote\..*\.url$") or "").splitlines()
    )
    remote = remotes.get("remote.origin.url") or next(iter(remotes.values()), "")
    if remote:
        found["remote"] = without_credentials(remote.strip())
    changes = git("status", "--porcelain", "--untracked-files=normal", "--", ".") or ""
    found["changed"] = sorted(line[3:] for line in changes.splitlines())
    patch = git("diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD", "--", ".")
    if patch:
        found["patch"] = patch[:PATCH_LIMIT]
        found["patchIsCut"] = len(patch) > PATCH_LIMIT
    return found


def _words(name: str) -> str:
    """Return a name such as ``randomSeed`` as ``random_seed``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-. ]", "_", name).lower()


def _cpu() -> str:
    """Return the model of the processor, empty if it is unknown."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if platform.system() == "Darwin":
        name = _run(["sysctl", "-n", "machdep.cpu.brand_string"], Path("/"), _GPU_SECONDS)
        return (name or "").strip()
    return platform.processor()


def _gpus() -> list[str]:
    """Return model and driver of each GPU of NVIDIA."""
    query = "--query-gpu=name,driver_version"
    output = _run(["nvidia-smi", query, "--format=csv,noheader"], Path("/"), _GPU_SECONDS)
    found = []
    for line in (output or "").splitlines():
        name, _, driver = line.partition(",")
        found.append(f"{name.strip()} (driver {driver.strip()})")
    return found


def _run(command: list[str], folder: Path, seconds: float) -> str | None:
    """Return what a command writes, None if it fails or takes too long."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**environment, "GIT_TERMINAL_PROMPT": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")
