"""The command line imports large modules only when a command requires them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home

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


#: Modules that no list requires: each takes 1 to 30 ms to import.
UNNEEDED = (
    *HEAVY,
    "concurrent",
    "csv",
    "dataclasses",
    "email",
    "hashlib",
    "http",
    "httpx2",
    "importlib.metadata",
    "inspect",
    "keyring",
    "logging.config",
    "secrets",
    "shutil",
    "ssl",
    "subprocess",
    "tempfile",
    "tomllib",
    "urllib.request",
    "uuid",
    "launchpad_tui.domain.credential_text",
    "launchpad_tui.services.runtimes",
    "launchpad_tui.ui",
)
#: What lists may import in addition, and the greatest number of all modules.
LISTS = {
    ("models", "list"): ((), 190),
    ("models", "list", "--json"): ((), 190),
    ("datasets", "list"): ((), 190),
    ("executions", "list"): ((), 195),
    ("configurations", "list"): ((), 175),
    ("connections", "list"): ((), 175),
    ("groups", "list"): ((), 170),
    ("schedules", "list"): (("dataclasses", "inspect", "uuid"), 180),
    ("executables", "list"): ((), 180),
    ("scenarios", "list"): ((), 180),
    ("boards", "list"): (("dataclasses", "inspect"), 170),
    ("metrics", "keys"): ((), 190),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Return a home folder that exists."""
    place = Home.at(tmp_path_factory.mktemp("start"))
    open_desk(place).close()
    return place


@pytest.mark.parametrize("command", LISTS, ids=" ".join)
def test_a_list_imports_only_what_it_requires(command: tuple[str, ...], home: Home) -> None:
    allowed, most = LISTS[command]
    program = (
        "import sys\n"
        "from launchpad_tui.__main__ import main\n"
        f"code = main({list(command)!r})\n"
        f"found = sorted(set({UNNEEDED!r}) & set(sys.modules))\n"
        "print(code, len(sys.modules), *found, file=sys.stderr)\n"
    )
    result = subprocess.run(
        # Without site packages, modules that they load at every start are not counted.
        [sys.executable, "-S", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LAUNCHPAD_HOME": str(home.root), "PYTHONPATH": str(_ROOT)},
    )
    code, count, *found = result.stderr.strip().splitlines()[-1].split()
    assert code == "0", result.stderr
    assert set(found) <= set(allowed)
    assert int(count) <= most


_ROOT = Path(__file__).parents[2]


def test_lists_and_charts_do_without_openssl_which_can_be_imported_later() -> None:
    program = (
        "import sys\n"
        "from launchpad_tui.ui import load_asyncio\n"
        "load_asyncio()\n"
        "import launchpad_tui.ui.app, launchpad_tui.services.compare\n"
        "import launchpad_tui.services.remote_log, launchpad_tui.charts.plotext_curves\n"
        "from launchpad_tui.ui.screens.compare import compare\n"
        "from launchpad_tui.ui.screens.metrics import chart\n"
        "from launchpad_tui.ui.screens.executions import execution\n"
        "import asyncio\n"
        "asyncio.run(asyncio.sleep(0))\n"
        "print(bool({'ssl', '_hashlib', 'http.client'} & set(sys.modules)))\n"
        "import ssl\n"
        "import launchpad_tui.net.client\n"
        "print(ssl.create_default_context().verify_mode.name)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["False", "CERT_REQUIRED"]
