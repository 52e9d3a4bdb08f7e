"""Run the tests on every supported version of Python: ``python -m tests.versions [VERSION …] [-- PYTEST …]``.

An interpreter is looked for as ``pythonX.Y`` on the path and among the versions of pyenv. Each version
has a virtual environment in ``launchpad-versions`` in the folder for temporary files, which is kept.
Versions that are not installed are skipped and named. Examples:

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
        # A shim of pyenv exists for versions, too, that are not selected.
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
    """Return the interpreter of the virtual environment of a version, with all that tests need."""
    folder = _ENVIRONMENTS / version
    own = folder / "bin" / "python"
    if not own.exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
    subprocess.run([own, "-m", "pip", "install", "-q", "-e", f"{ROOT}[test]"], check=True)
    return own


def main() -> int:
    """Run the tests; return 1 if they fail on one version."""
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
