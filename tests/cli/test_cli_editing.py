"""Texts are edited in the editor of the user, checked when it is closed, and never lost."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.cli_support import Cli, spawn
from tests.cli.command_walk import copied_home
from tests.ui.terminal_process import terminal_process


def editor(tmp_path: Path, *scripts: str) -> str:
    """Create an editor whose n-th run executes the n-th of the shell scripts on the file ``$1``."""
    path = tmp_path / "editor.sh"
    count = tmp_path / "count"
    cases = "\n".join(f"{number}) {script} ;;" for number, script in enumerate(scripts, 1))
    path.write_text(
        f'#!/bin/sh\nn=$(( $(cat "{count}" 2>/dev/null || echo 0) + 1 ))\necho $n > "{count}"\n'
        f"case $n in\n{cases}\nesac\n"
    )
    path.chmod(0o755)
    count.unlink(missing_ok=True)
    return str(path)


def kept_file(error: str) -> Path:
    """Return the file that an error names as the one with the text."""
    found = re.search(r"The text is kept in (\S+)", error)
    assert found, error
    return Path(found[1])


def test_settings_are_edited(
    home: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", editor(tmp_path, "sed -i 's/# parallel = 2/parallel = 3/' $1"))
    assert cli("settings", "edit").code == 0
    text = (home / "settings.toml").read_text()
    assert "parallel = 3" in text
    # All settings are there to uncomment.
    assert '# pager = "auto"' in text
    assert cli("settings", "--json").json["executions"]["parallel"] == 3
    monkeypatch.setenv("VISUAL", editor(tmp_path, "true"))
    shown = cli("settings", "edit", "--json")
    assert shown.json["changed"] is False
    assert (home / "settings.toml").read_text() == text


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[executions]\nparallel = 0", "executions.parallel is invalid"),
        ("[executions", "not valid TOML"),
        ('[ui]\nthme = "nord"', "Did you mean 'ui.theme'"),
    ],
)
def test_invalid_settings_are_kept_in_a_file(
    text: str, part: str, home: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    (home / "settings.toml").write_text("[executions]\nparallel = 4\n")
    monkeypatch.setenv("VISUAL", editor(tmp_path, f"printf '%s' '{text}' > $1"))
    shown = cli("settings", "edit")
    assert shown.code == 2
    assert part in shown.err
    assert kept_file(shown.err).read_text() == text
    assert (home / "settings.toml").read_text() == "[executions]\nparallel = 4\n"


def test_an_editor_that_fails_loses_nothing(
    home: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", editor(tmp_path, "echo typed > $1; exit 3"))
    shown = cli("settings", "edit")
    assert shown.code == 2
    assert "exit code 3" in shown.err
    assert kept_file(shown.err).read_text() == "typed\n"
    monkeypatch.setenv("VISUAL", "/no/such/editor")
    shown = cli("settings", "edit", "-o", "json")
    assert json.loads(shown.err)["error"]["title"] == "The editor cannot be started"
    assert "kept" not in shown.err
    assert not (home / "settings.toml").exists()


def test_a_change_by_another_program_is_not_overwritten(
    home: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    path = home / "settings.toml"
    path.write_text("[executions]\nparallel = 4\n")
    script = f"echo '[ui]' > {path}; echo '[sync]' > $1"
    monkeypatch.setenv("VISUAL", editor(tmp_path, script))
    shown = cli("settings", "edit")
    assert shown.code == 2
    assert path.read_text() == "[ui]\n"
    assert kept_file(shown.err).read_text() == "[sync]\n"


def test_an_invalid_text_is_opened_again_at_a_terminal(home: Path, tmp_path: Path) -> None:
    visual = editor(
        tmp_path, "echo '[executions' > $1", "grep -q '^.executions$' $1 && echo '[ui]' > $1"
    )
    environ = {"LAUNCHPAD_HOME": str(home), "VISUAL": visual}
    with terminal_process(["settings", "edit"], environ) as terminal:
        terminal.wait_for(b"Edit the text again? [Y/n]")
        assert b"not valid TOML" in terminal.output
        terminal.write(b"\n")
        assert terminal.wait() == 0
    assert (home / "settings.toml").read_text() == "[ui]\n"


def test_a_template_is_edited(
    template: Path, home: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("executables", "add", str(template)).code == 0
    source = template / "train.yaml"
    script = "sed -i 's/The learning rate/The step size/' $1"
    monkeypatch.setenv("VISUAL", editor(tmp_path, script))
    shown = cli("executables", "edit", "tiny-train")
    assert shown.code == 0, shown.err
    assert "The step size" in cli("executables", "show", "tiny-train").out
    text = source.read_text()
    assert "The step size" in text
    monkeypatch.setenv("VISUAL", editor(tmp_path, "sed -i 's/entrypoint: train/entrypoint: x/' $1"))
    shown = cli("executables", "edit", "tiny-train")
    assert shown.code == 2
    assert "entrypoint: x" in kept_file(shown.err).read_text()
    assert source.read_text() == text
    assert "The step size" in cli("executables", "show", "tiny-train").out
    source.unlink()
    assert "does not exist" in cli("executables", "edit", "tiny-train").err


def test_a_board_is_edited(
    home: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = tmp_path / "board.json"
    board.write_text(json.dumps({"name": "Mine", "charts": [{"metrics": ["loss"]}]}))
    assert cli("boards", "import", str(board)).code == 0
    scripts = 'sed -i \'s/"Mine"/"Ours"/; s/"description": ""/"description": "d"/\' $1'
    monkeypatch.setenv("VISUAL", editor(tmp_path, scripts))
    assert cli("boards", "edit", "Mine").code == 0
    assert cli("boards", "list", "-o", "name").lines == ["Ours"]
    assert cli("boards", "show", "Ours", "--json").json["description"] == "d"
    monkeypatch.setenv("VISUAL", editor(tmp_path, "echo '{' > $1"))
    shown = cli("boards", "edit", "Ours")
    assert shown.code == 2
    assert kept_file(shown.err).read_text() == "{\n"


def test_an_artifact_is_edited_at_a_terminal(trained_home: Path, tmp_path: Path) -> None:
    with copied_home(trained_home, tmp_path / "copy") as copy:
        model = spawn(copy, "models", "list", "-o", "name").out.split()[0]
        script = (
            'sed -i \'s/^name: .*/name: renamed/; s/^description: .*/description: "yes: no"/; '
            "s/  stage: test/  team: red/; /^notes:/d' $1; printf 'notes: |\\n  # Good\\n' >> $1"
        )
        visual = editor(tmp_path, "echo 'nme: x' > $1", script)
        environ = {"LAUNCHPAD_HOME": str(copy), "VISUAL": visual}
        # The first text is invalid; the second script needs the original one.
        with terminal_process(["models", "edit", model], environ) as terminal:
            terminal.wait_for(b"Unknown fields: nme")
            terminal.write(b"n\n")
            assert terminal.wait() == 2
        with terminal_process(["models", "edit", model], environ) as terminal:
            assert terminal.wait() == 0, terminal.output
        shown = spawn(copy, "models", "show", model, "--json").json
    assert (shown["name"], shown["description"]) == ("renamed", "yes: no")
    assert [each["key"].rpartition("/")[2] for each in shown["labels"]] == ["team"]
    assert shown["notes"] == "# Good\n"
