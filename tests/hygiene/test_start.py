"""The command line imports large modules only when a command requires them."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "textual",
    "rich",
    "numpy",
    "sqlite_utils",
    "boto3",
    "botocore",
    "plotext",
    "tsdownsample",
    "yaml",
    "asyncio",
)


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from launchpad_tui.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print('loaded:', sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "usage" in result.stdout.lower()
    assert result.stderr.strip().splitlines()[-1] == "loaded: []"


def test_without_arguments_nothing_is_parsed() -> None:
    program = (
        "import sys\n"
        "from launchpad_tui.__main__ import main\n"
        "code = main([])\n"
        f"loaded = sorted(set({(*HEAVY, 'argparse')!r}) & set(sys.modules))\n"
        "print('loaded:', loaded, code, file=sys.stderr)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    assert "requires a terminal" in result.stderr
    assert result.stderr.strip().splitlines()[-1] == "loaded: [] 2"
