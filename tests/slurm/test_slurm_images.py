"""Command lines of container runtimes, and a step that runs an image.

Neither Apptainer nor pyxis is in Debian's repositories, so a stand-in takes the place of Apptainer:
it checks its options, links the mounted paths and runs the command.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from launchpad_tui.domain.execution import Status
from launchpad_tui.errors import InvalidInput
from launchpad_tui.runtimes.embedded.engines.slurm.image_runtimes import IMAGE_RUNTIMES
from launchpad_tui.runtimes.embedded.mounts import Mount
from tests.services.execution_support import shell_template
from tests.slurm.bench import SlurmBench

MOUNTS = [Mount(Path("/s/in"), "/app/data", writable=False), Mount(Path("/s/out"), "/app/model")]
_STAND_IN = """\
#!/bin/sh
# exec OPTIONS IMAGE COMMAND …, see "apptainer exec --help"
echo "$@" > {root}/arguments
env > {root}/variables
[ "$1" = exec ] || exit 2
shift
while :; do
  case "$1" in
    --bind) ln -s "${{2%%:*}}" "$(echo "$2" | cut -d: -f2)"; shift 2;;
    --pwd) cd "$2"; shift 2;;
    --no-home|--writable-tmpfs|--nv) shift;;
    docker://*) shift; break;;
    *) exit 3;;
  esac
done
exec "$@"
"""


def test_the_command_line_of_apptainer() -> None:
    launch = IMAGE_RUNTIMES["apptainer"].launch
    found = launch("docker.io/me/train:1", ["python", "main.py"], {"A": "1"}, "/app", MOUNTS)
    assert found.argv == (
        *("apptainer", "exec", "--no-home", "--writable-tmpfs", "--nv"),
        *("--bind", "/s/in:/app/data:ro", "--bind", "/s/out:/app/model", "--pwd", "/app"),
        *("docker://docker.io/me/train:1", "python", "main.py"),
    )
    assert (found.env, found.in_image) == ({"A": "1"}, True)
    found = launch("/images/train.sif", [], {"PATH": "/opt/bin"}, "", [])
    assert found.argv[:2] == ("apptainer", "run")
    assert found.argv[-3:] == ("--env", "PATH=/opt/bin", "/images/train.sif")
    assert launch("oras://host/x", ["a"], {}, "", []).argv[-2:] == ("oras://host/x", "a")
    with pytest.raises(InvalidInput, match="cannot be mounted"):
        launch("x", ["a"], {}, "", [Mount(Path("/s/a:b"), "/app")])


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("docker.io/me/train:1", "docker.io#me/train:1"),
        ("localhost/train", "localhost#train"),
        ("registry:5000/a/b@sha256:12", "registry:5000#a/b@sha256:12"),
        ("ubuntu:24.04", "ubuntu:24.04"),
        ("me/train", "me/train"),
        ("/images/train.sqsh", "/images/train.sqsh"),
    ],
)
def test_the_command_line_of_pyxis(image: str, expected: str) -> None:
    launch = IMAGE_RUNTIMES["pyxis"].launch
    found = launch(image, ["python", "main.py"], {"A": "1"}, "/app", MOUNTS)
    assert found.argv == (
        *("srun", "--ntasks=1", f"--container-image={expected}", "--no-container-mount-home"),
        "--container-writable",
        "--container-mounts=/s/in:/app/data:ro,/s/out:/app/model",
        "--container-workdir=/app",
        "--container-env=A,AICORE_TRACKING_ENDPOINT",
        *("python", "main.py"),
    )
    with pytest.raises(InvalidInput, match="without a command"):
        launch(image, [], {}, "", [])


def test_a_step_runs_an_image(bench: SlurmBench, monkeypatch: pytest.MonkeyPatch) -> None:
    programs, inside = bench.root / "programs", bench.root / "inside"
    for folder in (programs, inside):
        folder.mkdir()
    (programs / "apptainer").write_text(_STAND_IN.format(root=bench.root))
    (programs / "apptainer").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("OF_THIS_MACHINE", "1")
    bench.change({"container_runtime": "apptainer"})
    script = f"echo $AICORE_EXECUTION_ID > {inside}/model/m; echo '::metric loss=1'"
    text = shell_template("image", script).replace("/app/model", f"{inside}/model")
    execution = bench.create(bench.add(text.replace("image: any", "image: docker.io/me/train:1")))
    bench.wait(execution, Status.COMPLETED)
    assert "Image docker.io/me/train:1 is run by apptainer" in bench.log(execution)
    assert "image is ignored" not in bench.log(execution)
    assert "docker://docker.io/me/train:1 /bin/sh -c" in (bench.root / "arguments").read_text()
    assert bench.points(execution) == [("loss", 0, 1.0)]
    assert bench.models() == [execution]
    variables = (bench.root / "variables").read_text()
    assert f"AICORE_EXECUTION_ID={execution}" in variables
    assert "AICORE_TRACKING_ENDPOINT=http://127.0.0.1:" in variables
    assert "OF_THIS_MACHINE" not in variables
