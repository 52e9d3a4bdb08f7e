"""Run the tests on every supported version of Python.

Interpreters are found as ``pythonX.Y`` on the path and among the versions of pyenv. The virtual
environment of each version is kept in the folder ``launchpad-versions`` among the temporary files.
Versions that are not installed are reported and skipped. Arguments after ``--`` are passed to
pytest. Examples:

    python -m tests.versions
    python -m tests.versions 3.13 -- -n auto tests/domain tests/charts
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.11", "3.12", "3.13")
_ENVIRONMENTS = Path(tempfile.gettempdir()) / "launchpad-versions"


def interpreter(version: str) -> Path | None:
    """Return an interpreter of a version such as ``3.12``; None if none is installed."""
    folders = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*"), reverse=True)
    candidates = [folder / "bin" / f"python{version}" for folder in folders]
    if found := shutil.which(f"python{version}"):
        candidates.append(Path(found))
    for candidate in candidates:
        # pyenv also has shims for versions that are not selected and do not run.
        works = (
            candidate.exists()
            and not subprocess.run(
                [candidate, "-c", "import venv, ensurepip"], capture_output=True, check=False
            ).returncode
        )
        if works:
            return candidate
    return None


def environment(version: str, python: Path) -> Path:
    """Return the interpreter of a virtual environment in which everything for tests is installed.

    Args:
        version: The version of Python, such as ``3.12``.
        python: The interpreter that creates the environment.
    """
    folder = _ENVIRONMENTS / version
    installed = folder / "bin" / "python"
    if not installed.exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
    subprocess.run([installed, "-m", "pip", "install", "-q", "-e", f"{ROOT}[test]"], check=True)
    return installed


def main() -> int:
    """Run the tests and return 1 if they fail on any version."""
    given = sys.argv[1:]
    end = given.index("--") if "--" in given else len(given)
    parser = argparse.ArgumentParser(prog="python -m tests.versions", description=__doc__)
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="such as 3.12")
    versions = parser.parse_args(given[:end]).versions or VERSIONS
    results: dict[str, str] = {}
    for version in versions:
        python = interpreter(version)
        if python is None:
            results[version] = "not installed"
            continue
        command = [str(environment(version, python)), "-m", "pytest", "-q", *given[end + 1 :]]
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        code = subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode
        results[version] = "passed" if code == 0 else f"failed ({code})"
    print(*(f"Python {version}: {result}" for version, result in results.items()), sep="\n")
    return int(any(result.startswith("failed") for result in results.values()))


if __name__ == "__main__":
    sys.exit(main())
