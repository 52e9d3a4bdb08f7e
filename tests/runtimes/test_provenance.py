"""What is recorded about the environment of executions."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from launchpad_tui.domain.code_text import code_lines, hardware_text, place_of_row
from launchpad_tui.runtimes.embedded.provenance import (
    CHECKSUM_LIMIT,
    environment,
    input_state,
    seeds,
)

NVIDIA_SMI = """\
#!/bin/sh
echo "NVIDIA A100-SXM4-40GB, 535.104.05"
echo "NVIDIA A100-SXM4-40GB, 535.104.05"
echo "Tesla T4, 535.104.05"
"""


def test_gpus_are_those_of_nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(NVIDIA_SMI)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = environment(Path(sys.executable), {})
    text = hardware_text(found)
    assert "2 x NVIDIA A100-SXM4-40GB (driver 535.104.05)" in text
    assert text.endswith(", Tesla T4 (driver 535.104.05)")
    assert found["packages"]
    program.write_text("#!/bin/sh\nexit 9\n")
    assert "gpus" not in environment(Path(sys.executable), {})


def test_an_interpreter_that_is_not_python_has_no_packages() -> None:
    found = environment(Path("/bin/echo"), {"A": "1", "TOKEN": "***"})
    assert "packages" not in found
    variables = found["variables"]
    assert isinstance(variables, dict)
    assert variables["A"] == "1"


@pytest.mark.parametrize(
    ("name", "is_seed"),
    [
        *((name, True) for name in ("seed", "SEED", "random_state", "data-seed", "randomSeed")),
        *((name, True) for name in ("seed_value", "np.seed", "trainSeedOffset")),
        *((name, False) for name in ("seeds", "seedling", "reseeded", "random", "state")),
    ],
)
def test_seeds_are_recognized_by_their_names(name: str, is_seed: bool) -> None:
    assert seeds({name: "1"}) == ({name: "1"} if is_seed else {})


def test_checksums_depend_on_names_and_contents(tmp_path: Path) -> None:
    def state(*files: tuple[str, str]) -> dict[str, object]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        for name, text in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return dict(input_state(folder))

    one = state(("a", "1"), ("deep/b", "22"))
    assert (one["files"], one["size"]) == (2, 3)
    assert state(("deep/b", "22"), ("a", "1")) == one
    others = (
        state(("a", "2"), ("deep/b", "22")),
        state(("c", "1"), ("deep/b", "22")),
        state(("a", "1"), ("b", "22")),
    )
    assert len({str(each["sha256"]) for each in (one, *others)}) == 4


def test_large_inputs_have_no_checksum(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(CHECKSUM_LIMIT + 1)
    found = input_state(tmp_path)
    assert found == {"files": 1, "size": CHECKSUM_LIMIT + 1}
    shown = dict(code_lines({"inputs": {"data": found}}))
    assert shown["files of data"] == "1 file, 10 GB"


def test_rows_have_an_order() -> None:
    names = ["GPUs", "package numpy", "file a.py", "Python", "commit"]
    assert sorted(names, key=place_of_row) == [
        "commit",
        "file a.py",
        "Python",
        "package numpy",
        "GPUs",
    ]
