"""Templates and training code of others: what they leave out, and how they are laid out."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput
from launchpad_tui.runtimes.embedded.code_search import Checkout
from launchpad_tui.runtimes.embedded.virtual_environment import installed_python, remove_unused
from launchpad_tui.runtimes.folder_lock import folder_lock
from tests.runtimes.test_template_variables import TEMPLATE as VARIABLES
from tests.services.execution_support import Bench

TEMPLATE = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: kinds-train
  annotations: {scenarios.ai.sap.com/name: Field, executables.ai.sap.com/name: Kinds}
  labels: {scenarios.ai.sap.com/id: field, ai.sap.com/version: "1.0"}
spec:
  entrypoint: main
  templates:
    - name: main
      inputs: {artifacts: [{name: rows, path: /app/data/}]}
      container: {image: any, command: ["/bin/sh", "-c"], args: ["ls /app/data"]}
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    created = Bench(tmp_path)
    yield created
    created.close()


@pytest.mark.parametrize("kind", list(ArtifactKind))
def test_an_input_without_a_kind_accepts_artifacts_of_any_kind(
    bench: Bench, kind: ArtifactKind
) -> None:
    executable = bench.add(TEMPLATE)
    folder = bench.desk.home.files / "rows"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("1")
    artifact = bench.desk.artifacts.add(DEFAULT_SCOPE, kind, "rows", "ai://default/rows", "field")
    configuration = bench.desk.configurations.create(
        DEFAULT_SCOPE, "c", executable, {}, {"rows": "rows"}
    )
    assert dict(configuration.inputs) == {"rows": artifact.id}


def template(command: str, name: str = "foreign-train", more: str = "") -> str:
    """Return a template that runs a shell command; its model is /app/model."""
    return f"""\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: {name}
  annotations: {{scenarios.ai.sap.com/name: Field, executables.ai.sap.com/name: Foreign}}
  labels: {{scenarios.ai.sap.com/id: field, ai.sap.com/version: "1.0"}}
spec:
  entrypoint: main
  templates:
    - name: main
      outputs:
        artifacts:
          - {{name: model, globalName: model, path: /app/model, archive: {{none: {{}}}}}}
      container:
        image: any
        command: ["/bin/sh", "-c"]
        args: ["{command}"]
{more}
"""


TRAIN = """\
import os, sys
sys.path.insert(0, os.path.dirname(__file__))
import helper
print("here:", os.getcwd(), os.environ.get("OUTPUT_PATH"), os.environ.get("SEED"))
os.makedirs(os.environ.get("OUTPUT_PATH", "/app/model"), exist_ok=True)
with open(os.environ.get("OUTPUT_PATH", "/app/model") + "/model.txt", "w") as file:
    file.write(helper.NAME)
"""


def test_code_in_another_folder_of_the_checkout_is_found(bench: Bench) -> None:
    (bench.code / ".git").mkdir()
    executable = bench.add(
        template("python /app/src/main.py"),
        "workflows/train.yaml",
        {"app/main.py": TRAIN, "app/helper.py": "NAME = 'app'"},
    )
    notes = bench.desk.scenarios.executable(DEFAULT_SCOPE, executable).notes
    assert f"The code is in {bench.code / 'app'}" in notes
    done = bench.wait(bench.create(executable))
    assert done.status is Status.COMPLETED, bench.log(done.id)


def test_the_dockerfile_sets_environment_working_directory_and_paths(bench: Bench) -> None:
    dockerfile = """\
FROM python:3
WORKDIR /work
COPY code/main.py /app/src/train.py
COPY code/lib/ /app/src/
ENV OUTPUT_PATH=/app/model SEED=1 PATH=/nowhere
"""
    executable = bench.add(
        template("python /app/src/train.py"),
        "train.yaml",
        {"Dockerfile": dockerfile, "code/main.py": TRAIN, "code/lib/helper.py": "NAME = 'lib'"},
    )
    bench.desk.scenarios.set_executable(DEFAULT_SCOPE, executable, {"environment": "SEED=7"})
    done = bench.wait(bench.create(executable))
    assert done.status is Status.COMPLETED, bench.log(done.id)
    assert "here: /work /app/model 7" in bench.log(done.id)


def test_a_relative_script_without_a_working_directory_starts_in_the_root(bench: Bench) -> None:
    executable = bench.add(
        template("pwd && python app/main.py"),
        "train.yaml",
        {
            "Dockerfile": "FROM python:3\nCOPY main.py helper.py app/\n",
            "main.py": TRAIN,
            "helper.py": "NAME = 'x'",
        },
    )
    done = bench.wait(bench.create(executable))
    assert done.status is Status.COMPLETED, bench.log(done.id)
    assert "here: / " in bench.log(done.id)


def test_a_relative_path_that_is_missing_in_an_input_lists_the_files_of_the_input(
    bench: Bench,
) -> None:
    text = template("python /app/src/main.py").replace(
        "      outputs:\n",
        "      inputs: {artifacts: [{name: rows, path: /app/data/}]}\n      outputs:\n",
    )
    executable = bench.add(
        text,
        "train.yaml",
        {
            "Dockerfile": "FROM python:3\nRUN mkdir -p /app/data\nCOPY main.py /app/src/\n",
            "main.py": "open('app/data/df.csv')",
        },
    )
    folder = bench.desk.home.files / "rows"
    folder.mkdir(parents=True)
    (folder / "train.csv").write_text("1")
    rows = bench.desk.artifacts.add(
        DEFAULT_SCOPE, ArtifactKind.DATASET, "rows", "ai://default/rows", "field"
    )
    dead = bench.wait(bench.create(executable, {}, {"rows": rows.id}))
    assert dead.status is Status.DEAD
    hint = dead.status_details["hint"]
    assert hint == "The input artifact at /app/data contains: train.csv"


def test_several_folders_with_the_script_are_named_when_the_template_is_added(
    bench: Bench,
) -> None:
    (bench.code / ".git").mkdir()
    for folder in ("a", "b"):
        (bench.code / folder).mkdir()
        (bench.code / folder / "train.py").write_text("print('x')")
    (bench.code / "t").mkdir()
    (bench.code / "t" / "train.yaml").write_text(template("python /app/train.py"))
    added = bench.desk.scenarios.add_executables(DEFAULT_SCOPE, bench.code / "t")
    ((executable, _),) = added.added
    folders = [str(bench.code / folder) for folder in ("a", "b")]
    assert list(added.code_candidates[executable.id]) == folders
    dead = bench.wait(bench.create(executable.id))
    assert dead.status is Status.DEAD
    assert f"launchpad executables set {executable.id} code=" in dead.status_details["hint"]
    bench.desk.scenarios.set_executable(DEFAULT_SCOPE, executable.id, {"code": folders[1]})
    assert bench.desk.scenarios.add_executables(DEFAULT_SCOPE, bench.code / "t").added
    assert not bench.desk.scenarios.add_executables(DEFAULT_SCOPE, bench.code / "t").code_candidates


@pytest.mark.parametrize(
    ("code", "detail", "hint"),
    [
        (
            "import sklearn_that_is_missing.x",
            "ModuleNotFoundError: No module named 'sklearn_that_is_missing'",
            "-m pip install sklearn_that_is_missing",
        ),
        (
            "import os\nos.environ['OUTPUT_PATH_X']",
            "KeyError: 'OUTPUT_PATH_X'",
            "environment=OUTPUT_PATH_X=/app/model",
        ),
        (
            "open('/app/src/settings.json')",
            "No such file or directory: '/app/src/settings.json'",
            "settings.json in the code folder",
        ),
        (
            "import urllib.request\n"
            "urllib.request.urlopen('http://data.invalid/rows.csv', timeout=5)",
            "URLError",
            "This machine cannot reach the server",
        ),
        ("raise ValueError('bad rows')", "ValueError: bad rows", ""),
        ("import os, sys\nprint('it broke', file=sys.stderr); sys.exit(3)", "it broke", ""),
    ],
)
def test_a_failed_execution_explains_itself(
    bench: Bench, code: str, detail: str, hint: str
) -> None:
    executable = bench.add(template("python /app/src/main.py"), "train.yaml", {"src/main.py": code})
    dead = bench.wait(bench.create(executable))
    assert dead.status is Status.DEAD
    assert detail in dead.status_message
    assert hint in dead.status_details.get("hint", "")
    assert ("hint" in dead.status_details) == bool(hint)


def test_variables_that_are_set_are_kept_by_the_proposed_command(bench: Bench) -> None:
    code = "import os\nos.environ['FIRST'], os.environ['SECOND']"
    executable = bench.add(template("python /app/src/main.py"), "train.yaml", {"src/main.py": code})
    bench.desk.scenarios.set_executable(DEFAULT_SCOPE, executable, {"environment": "FIRST=1"})
    dead = bench.wait(bench.create(executable))
    assert dead.status_details["hint"].endswith("environment='FIRST=1 SECOND=VALUE'")


def test_unused_virtual_environments_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / "venvs"
    for name in ("old", "used", "busy", "incomplete"):
        (folder / name / "bin").mkdir(parents=True)
        if name != "incomplete":
            (folder / name / "complete").touch()
    (folder / "old.lock").mkdir()
    long_ago = now().timestamp() - 31 * 86_400
    for name in ("old/complete", "busy/complete", "incomplete"):
        os.utime(folder / name, (long_ago, long_ago))
    with folder_lock(folder / "busy.lock"):
        assert remove_unused(folder, 30) == ["incomplete", "old"]
    assert remove_unused(folder, 30) == ["busy"]
    assert (folder / "used" / "complete").exists()
    assert remove_unused(tmp_path / "missing", 30) == []


def write_wheel(folder: Path, requires: str = ">=3") -> None:
    """Write the wheel of a package for some versions of Python."""
    folder.mkdir()
    info = "tiny_dependency-1.0.dist-info"
    with zipfile.ZipFile(folder / "tiny_dependency-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("tiny_dependency.py", "NAME = 'tiny'")
        metadata = "Metadata-Version: 2.1\nName: tiny-dependency\nVersion: 1.0\n"
        archive.writestr(f"{info}/METADATA", f"{metadata}Requires-Python: {requires}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")


def test_a_virtual_environment_is_created_from_the_requirements(bench: Bench) -> None:
    write_wheel(bench.code / "wheels")
    main = "import os, tiny_dependency\nopen('/app/model/m', 'w').write(tiny_dependency.NAME)"
    executable = bench.add(
        template("python /app/src/main.py"),
        "train.yaml",
        {
            "src/main.py": main,
            "requirements.txt": "./wheels/tiny_dependency-1.0-py3-none-any.whl\n",
        },
    )
    notes = "\n".join(bench.desk.scenarios.executable(DEFAULT_SCOPE, executable).notes)
    assert f"launchpad executables set {executable} venv=auto" in notes
    dead = bench.wait(bench.create(executable))
    assert "venv=auto" in dead.status_details["hint"]
    bench.desk.scenarios.set_executable(DEFAULT_SCOPE, executable, {"venv": "auto"})
    first = bench.wait(bench.create(executable), seconds=120)
    assert first.status is Status.COMPLETED, bench.log(first.id)
    assert "Virtual environment: " in bench.log(first.id)
    second = bench.wait(bench.create(executable))
    assert second.status is Status.COMPLETED
    assert "Virtual environment: " not in bench.log(second.id)


def test_requirements_that_cannot_be_installed_are_explained(bench: Bench) -> None:
    executable = bench.add(
        template("python /app/src/main.py"),
        "train.yaml",
        {"src/main.py": "", "requirements.txt": "./missing-1.0-py3-none-any.whl\n"},
    )
    bench.desk.scenarios.set_executable(DEFAULT_SCOPE, executable, {"venv": "auto"})
    dead = bench.wait(bench.create(executable), seconds=120)
    assert dead.status is Status.DEAD
    assert "The virtual environment cannot be created" in dead.status_message
    assert "missing-1.0" in dead.status_message
    assert "Correct the requirements" in dead.status_details["hint"]
    with pytest.raises(InvalidInput):
        bench.desk.scenarios.set_executable(DEFAULT_SCOPE, executable, {"venv": "yes"})


def test_an_environment_uses_the_python_of_the_dockerfile_or_else_the_own(
    bench: Bench,
) -> None:
    own = "{}.{}".format(*sys.version_info[:2])
    version = next(
        (
            each
            for each in ("3.9", "3.10", "3.12", "3.13")
            if each != own and installed_python(each)
        ),
        "",
    )
    if not version:
        pytest.skip("no other version of Python is installed")
    requirements = bench.code / "requirements.txt"
    executable = bench.add(
        template("python /app/src/main.py"),
        "train.yaml",
        {
            "src/main.py": "import sys; open('/app/model/m', 'w').write(sys.version)",
            "requirements.txt": "pip\n",
            "Dockerfile": f"FROM python:{version}\nCOPY src /app/src\n"
            "COPY requirements.txt /app/\nRUN pip install -r /app/requirements.txt\n",
        },
    )
    bench.desk.scenarios.set_executable(DEFAULT_SCOPE, executable, {"venv": "auto"})
    done = bench.wait(bench.create(executable), seconds=120)
    assert done.status is Status.COMPLETED, bench.log(done.id)
    assert f"Python {version} is that of the Dockerfile" in bench.log(done.id)
    stored = bench.desk.home.files / done.id / "model" / "m"
    assert stored.read_text().startswith(f"{version}.")
    # The packages exist for the interpreter of launchpad only.
    write_wheel(bench.code / "wheels", f"=={own}.*")
    requirements.write_text("./wheels/tiny_dependency-1.0-py3-none-any.whl\n")
    for number in range(2):
        done = bench.wait(bench.create(executable), seconds=120)
        assert done.status is Status.COMPLETED, bench.log(done.id)
        stored = bench.desk.home.files / done.id / "model" / "m"
        assert stored.read_text().startswith(f"{own}.")
        assert ("trying" in bench.log(done.id)) is not bool(number)


def test_variables_artifacts_and_results_of_steps_are_passed_on(bench: Bench) -> None:
    executable = bench.add(VARIABLES.replace("VALUE", "{{steps.one.outputs.result}}"))
    folder = bench.desk.home.files / "rows"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("1")
    bench.desk.artifacts.add(DEFAULT_SCOPE, ArtifactKind.OTHER, "rows", "ai://default/rows", "some")
    done = bench.wait(bench.create(executable, {"rate": "0.5"}, {"rows": "rows"}))
    assert done.status is Status.COMPLETED, bench.log(done.id)
    assert f"from {done.id} two" in bench.log(done.id)
    (output,) = bench.desk.executions.get(DEFAULT_SCOPE, done.id).outputs
    assert output.name == "final"
    files = {each.path for each in bench.desk.files.recorded(DEFAULT_SCOPE, output.id)}
    assert files == {"a.csv", "notes.txt"}


def test_a_container_without_a_command_uses_that_of_the_dockerfile(bench: Bench) -> None:
    text = (
        template("ignored")
        .replace('        command: ["/bin/sh", "-c"]\n', "")
        .replace('        args: ["ignored"]\n', '        args: ["--name", "x"]\n')
    )
    (bench.code / "t").mkdir()
    (bench.code / "t" / "train.yaml").write_text(text)
    (refused,) = bench.desk.scenarios.add_executables(DEFAULT_SCOPE, bench.code / "t").refused
    assert "command is missing" in refused.reason
    main = "import sys\nopen('/app/model/m', 'w').write(' '.join(sys.argv))\nprint(sys.argv)"
    files = {
        "README.md": "",
        "code/main.py": main,
        "code/Dockerfile": "FROM x\nWORKDIR /work\nCOPY main.py .\n"
        'ENTRYPOINT ["python", "main.py"]\nCMD ["--name", "default"]\n',
    }
    done = bench.wait(bench.create(bench.add(text, "t/train.yaml", files)))
    assert done.status is Status.COMPLETED, bench.log(done.id)
    assert "['main.py', '--name', 'x']" in bench.log(done.id)


def test_a_checkout_is_read_once_for_all_its_templates(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bench.code / ".git").mkdir()
    for number in range(20):
        folder = bench.code / f"p{number}"
        (folder / "code").mkdir(parents=True)
        (folder / "code" / "train.py").write_text("")
        (folder / "t.yaml").write_text(template("python /app/train.py", f"train-{number:02}"))
    read = []
    original = Checkout.read

    def counted(root: Path) -> Checkout:
        read.append(root)
        return original(root)

    monkeypatch.setattr(Checkout, "read", counted)
    added = bench.desk.scenarios.add_executables(DEFAULT_SCOPE, bench.code)
    assert len(added.added) == 20
    assert not added.code_candidates
    assert read == [bench.code]
