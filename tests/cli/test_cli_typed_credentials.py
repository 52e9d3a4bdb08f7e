"""Credentials in parameters, labels and templates: warnings when typed, hidden when listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchpad_tui.cli.table import table_lines
from tests.cli.cli_support import TEMPLATE, Cli

PASSWORD = "hunter2hunter2"
URL = f"postgres://me:{PASSWORD}@db.example.com/x"
SIGNED = f"https://a.blob.core.windows.net/c?sv=2024&sig={PASSWORD}"


@pytest.fixture
def executable(tmp_path: Path, cli: Cli) -> str:
    """Add an executable without inputs whose parameters may be anything; return its ID."""
    text = TEMPLATE.replace(
        "      - {name: mode, default: train}\n",
        "      - {name: mode, default: train}\n      - {name: max_tokens, default: '512'}\n"
        "      - {name: database, default: none}\n      - {name: db_password, default: ''}\n",
    )
    text = text.replace(
        "      inputs:\n        artifacts: [{name: numbers, path: /app/data}]\n", ""
    )
    text = text.replace("    artifacts.ai.sap.com/numbers.kind: dataset\n", "")
    folder = tmp_path / "checkout"
    (folder / "src").mkdir(parents=True)
    (folder / "src/train.py").write_text("print(1)\n")
    (folder / "train.yaml").write_text(text)
    added = cli("executables", "add", str(folder / "train.yaml"))
    assert added.code == 0, added.err
    assert "credential" not in added.err
    return "tiny-train"


def create(cli: Cli, *parameters: str) -> str:
    words = [word for each in parameters for word in ("-p", each)]
    made = cli("configurations", "create", "tiny-train", "--name", "c", *words, "--quiet")
    assert made.code == 0, made.err
    return made.err


def test_parameters_that_are_credentials_are_warned_about(executable: str, cli: Cli) -> None:
    warning = create(cli, f"db_password={PASSWORD}", "max_tokens=4096")
    assert "The parameter db_password looks like a credential" in warning
    assert f"launchpad executables set {executable} environment='DB_PASSWORD=VALUE'" in warning
    assert PASSWORD not in warning
    assert "database looks like a credential" in create(cli, f"database={URL}")
    assert create(cli, "max_tokens=4096", "database=https://example.com/a?token_count=3") == ""


def test_urls_with_passwords_are_hidden_everywhere(executable: str, cli: Cli) -> None:
    create(cli, f"database={URL}", f"mode={SIGNED}")
    for words in (
        ("configurations", "list"),
        ("configurations", "show", "c"),
        ("search", "c"),
        ("executables", "show", executable, "--template"),
    ):
        for option in ((), ("--json",)):
            if "--template" in words and option:
                continue
            shown = cli(*words, *option)
            assert shown.code == 0, shown.err
            assert PASSWORD not in shown.out + shown.err
    (one,) = cli("configurations", "list", "--json").json["resources"]
    bound = {each["key"]: each["value"] for each in one["parameterBindings"]}
    assert bound["database"] == "postgres://me:…@db.example.com/x"
    assert bound["max_tokens"] == "512"


def test_the_execution_gets_the_value(executable: str, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "checkout/src/train.py").write_text(
        "import os, pathlib\n"
        "model = pathlib.Path(os.environ['MODEL'])\n"
        "model.mkdir(parents=True, exist_ok=True)\n"
        "(model / 'mode').write_text(os.environ['MODE'])\n"
        "print('connected to', os.environ['MODE'])\n"
    )
    create(cli, f"mode={URL}")
    done = cli("executions", "create", "c", "--wait", "--json")
    assert done.code == 0, done.err + done.out + cli("executions", "logs", done.json["id"]).out
    (stored,) = (tmp_path / "home/files").rglob("mode")
    assert stored.read_text() == URL
    logged = cli("executions", "logs", done.json["id"])
    assert "connected to postgres://me:…@db.example.com/x" in logged.out


def test_labels_and_descriptions(executable: str, cli: Cli) -> None:
    label, words = f"source={URL}", ("--scenario", "tiny", "--quiet")
    added = cli("models", "add", "m", "ai://default/m", *words, "--label", label)
    assert "label ext.ai.sap.com/source looks like a credential" in added.err
    for option in ((), ("--json",), ("--wide",)):
        shown = cli("models", "list", *option)
        assert PASSWORD not in shown.out + shown.err
    described = cli("models", "add", "n", "ai://default/n", *words, "--description", SIGNED)
    assert "text description looks like a credential" in described.err
    assert PASSWORD not in cli("models", "show", "n").out
    assert (
        "label db looks like a credential"
        in cli("groups", "add", "team", "--label", f"db={URL}").err
    )
    assert PASSWORD not in cli("groups", "list").out


def test_credentials_in_a_template_are_noted(tmp_path: Path, cli: Cli) -> None:
    env = "          - {name: MODEL, value: /app/model}\n"
    text = TEMPLATE.replace(
        env,
        f"{env}          - {{name: AWS_SECRET_ACCESS_KEY, value: {PASSWORD}}}\n"
        "          - {name: MAX_TOKENS, value: '512'}\n"
        "          - name: OTHER_PASSWORD\n"
        "            valueFrom: {secretKeyRef: {name: db, key: password}}\n",
    ).replace("python /app/src/train.py", f"psql {URL}; python /app/src/train.py")
    (tmp_path / "train.yaml").write_text(text)
    (tmp_path / "train.py").write_text("")
    added = cli("executables", "add", str(tmp_path / "train.yaml"))
    line = text[: text.index("AWS_SECRET_ACCESS_KEY")].count("\n") + 1
    assert f"AWS_SECRET_ACCESS_KEY in line {line} looks like a credential" in added.err
    assert "The value of args in line" in added.err
    assert added.err.count("looks like a credential") == 2
    assert URL not in cli("executables", "show", "tiny-train", "--template").out
    assert URL not in cli("executables", "show", "tiny-train", "--json").out


def test_a_cut_cell_shows_no_part_of_a_password() -> None:
    for width in range(1, 60):
        assert "hunter" not in "\n".join(table_lines(["A", "B"], [["x", URL]], width))
