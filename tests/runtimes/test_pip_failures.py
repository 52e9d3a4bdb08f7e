"""Why pip could not install packages, and what to do, from the lines that it prints."""

from __future__ import annotations

import sys

import pytest

from launchpad_tui.runtimes.embedded.pip_failures import explain
from launchpad_tui.runtimes.embedded.virtual_environment import installed_python

#: lines of pip 23 to 25, the version that the Dockerfile uses, and parts of the hint
CASES = {
    "offline": (
        "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by "
        "'NewConnectionError('<HTTPSConnection object>: Failed to establish a new connection: "
        "[Errno -3] Temporary failure in name resolution')': /simple/pandas/\n"
        "ERROR: Could not find a version that satisfies the requirement pandas==1.5.0 "
        "(from versions: none)\n"
        "ERROR: No matching distribution found for pandas==1.5.0",
        "3.8",
        ("index cannot be reached", "global.index-url", "python=FOLDER"),
        True,
    ),
    "old Python": (
        "ERROR: Ignored the following versions that require a different python version: 1.7.3 "
        "Requires-Python >=3.7,<3.11\n"
        "ERROR: Could not find a version that satisfies the requirement scipy==1.7.3\n"
        "ERROR: No matching distribution found for scipy==1.7.3",
        "3.8",
        ("scipy==1.7.3 is not available for Python 3.11", "install Python 3.8", "python3.8"),
        False,
    ),
    "typing error": (
        "ERROR: Could not find a version that satisfies the requirement panda-s==1\n"
        "ERROR: No matching distribution found for panda-s==1",
        "",
        ("Correct panda-s==1 in the requirements", "python=/path/python"),
        False,
    ),
    "wheel of another Python": (
        "ERROR: torch-1.9.0+cpu-cp38-cp38-linux_x86_64.whl is not a supported wheel on this "
        "platform.",
        "3.8",
        ("torch-1.9.0+cpu-cp38", "for another Python", "install Python 3.8"),
        False,
    ),
    "compilation": (
        "  error: subprocess-exited-with-error\n  Building wheel for numpy (setup.py) failed\n"
        "ERROR: Failed building wheel for numpy\n"
        "ERROR: Could not build wheels for numpy, which is required to install "
        "pyproject.toml-based projects",
        "3.7",
        ("has no binary for Python 3.11", "Python 3.7"),
        False,
    ),
    "contradiction": (
        "ERROR: Cannot install -r requirements.txt (line 1) and urllib3==2.2.2 because these "
        "package versions have conflicting dependencies.\n"
        "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io",
        "",
        ("contradict each other",),
        False,
    ),
    "no file": (
        "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'base.txt'",
        "",
        ("Add the file base.txt",),
        False,
    ),
    "full disk": (
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
        "",
        ("Free some disk space",),
        True,
    ),
    "nothing": ("", "", ("Correct the requirements",), False),
}


@pytest.mark.parametrize("case", CASES)
def test_the_hint_says_what_to_do(case: str) -> None:
    output, wanted, phrases, final = CASES[case]
    found = explain(output.splitlines(), "house-train", "3.11", wanted)
    for phrase in phrases:
        assert phrase in found.hint
    assert found.unreachable is final
    assert "launchpad executables set house-train" in found.hint or wanted


def test_the_server_that_did_not_respond_is_named() -> None:
    line = (
        "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError(\""
        "HTTPConnection"
        "(host='download.example.org', port=80): Failed to establish a new connection\")': /whl"
    )
    found = explain(
        ["Looking in indexes: https://packages.example", line, "ERROR: Could not install packages"],
        "house-train",
        "3.8",
        "3.8",
    )
    assert found.reason == "No connection to download.example.org: NewConnectionError"


def test_interpreters_are_found_by_their_version() -> None:
    own = "{}.{}".format(*sys.version_info[:2])
    found = installed_python(own)
    assert found is None or found.name.startswith("python")
    assert installed_python("0.1") is None
