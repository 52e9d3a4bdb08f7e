"""Shell completion in real shells, and the values that it offers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from launchpad_tui.cli.formats import FORMATS
from launchpad_tui.cli.parser import visible_commands
from tests.cli.cli_support import Cli, environment

SHELLS = ("bash", "zsh", "fish")


def in_shell(shell: str, home: Path, script: str) -> list[str]:
    """Run a script in a shell and return the lines that it prints."""
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    options = {"bash": "--norc", "zsh": "-f", "fish": "--no-config"}
    done = subprocess.run(
        [found, options[shell], "-c", script],
        env=environment(home, HOME=str(home.parent)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def bash(home: Path, line: str) -> list[str]:
    """Return the completions that bash offers at the end of a line."""
    script = (
        'eval "$(launchpad completion bash)"\n'
        f'read -ra COMP_WORDS <<< "{line}"\n'
        f'[[ "{line}" == *" " ]] && COMP_WORDS+=("")\n'
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_launchpad\n"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return in_shell("bash", home, script)


def fish(home: Path, line: str) -> list[str]:
    """Return the completions that fish offers at the end of a line, without descriptions."""
    offered = in_shell("fish", home, f"launchpad completion fish | source\ncomplete -C '{line}'")
    return [each.split("\t")[0] for each in offered]


@pytest.mark.parametrize("complete", [bash, fish])
def test_commands_options_and_names_are_completed(
    complete: object, trained_home: Path, trained: Cli
) -> None:
    assert callable(complete)
    assert complete(trained_home, "launchpad execu") == ["executables", "executions"] or set(
        complete(trained_home, "launchpad execu")
    ) == {"executables", "executions"}
    assert "show" in complete(trained_home, "launchpad models ")
    assert complete(trained_home, "launchpad models list --se") == ["--search"]
    assert complete(trained_home, "launchpad executables show ti") == ["tiny-train"]
    model = trained("models", "list", "--quiet").lines[0]
    assert model in complete(trained_home, f"launchpad models show {model[:6]}")
    execution = trained("executions", "list", "--quiet").lines[0]
    assert complete(trained_home, f"launchpad --json executions logs {execution[:6]}") == [
        execution
    ]
    assert complete(trained_home, "launchpad connections show l") == ["local"]
    assert complete(trained_home, "launchpad compare --format m") == ["markdown"]


def test_bash_quotes_special_characters(home: Path) -> None:
    script = (
        'eval "$(launchpad completion bash)"\n'
        "launchpad() { printf 'loss{a=1,b=2}\\tx\\nError Rate\\t\\n$(id)\\n'; }\n"
        "COMP_WORDS=(launchpad x) COMP_CWORD=1\n_launchpad\n"
        'for each in "${COMPREPLY[@]}"; do eval "printf \'%s\\n\' $each"; done'
    )
    assert in_shell("bash", home, script) == ["loss{a=1,b=2}", "Error Rate", "$(id)"]


def test_completion_creates_no_home(home: Path, cli: Cli) -> None:
    assert offered(cli, "models", "show", "") == []
    assert not home.exists()


def test_bash_completes_files(trained_home: Path, tmp_path: Path) -> None:
    (tmp_path / "a file.yaml").touch()
    assert bash(trained_home, f"launchpad executables add {tmp_path}/a") == [
        f"{tmp_path}/a file.yaml"
    ]


def test_zsh_shows_descriptions(trained_home: Path) -> None:
    # zsh completes only in its line editor. Here the function is called with the variables that
    # the editor would set.
    script = (
        "autoload -Uz compinit && compinit -u -D\n"
        'eval "$(launchpad completion zsh)"\n'
        "_describe() { print -l -- ${(P)2} }\n"
        "words=(launchpad executables show ti) CURRENT=4\n_launchpad\n"
        "words=(launchpad stores a) CURRENT=3\n_launchpad\n"
    )
    offered = in_shell("zsh", trained_home, script)
    assert offered == [
        "tiny-train:Train",
        "add:Add an object store",
    ]


@pytest.mark.parametrize("shell", SHELLS)
def test_scripts_are_valid(shell: str, home: Path, cli: Cli, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_text(cli("completion", shell).out)
    done = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def offered(cli: Cli, *words: str) -> list[str]:
    """Return the completions of the last argument, without descriptions."""
    shown = cli("_complete", "--", *words)
    assert (shown.code, shown.err) == (0, "")
    return [line.split("\t")[0] for line in shown.lines]


def test_every_command_is_offered(cli: Cli) -> None:
    top = offered(cli, "")
    for command in visible_commands():
        assert command.path[0] in top
        if len(command.path) == 2:
            assert command.path[1] in offered(cli, command.path[0], "")
    assert "_complete" not in top


def test_values_of_options_are_offered(trained: Cli) -> None:
    assert offered(trained, "--connection", "") == ["local"]
    assert offered(trained, "models", "--", "x") == []
    assert offered(trained, "executions", "list", "--metric", "l") == ["loss"]
    assert offered(trained, "configurations", "create", "tiny-train", "--name", "x", "") == []
    assert offered(trained, "executions", "stop", "e", "")
    assert offered(trained, "stores", "add", "x", "--type", "s") == ["s3"]
    assert offered(trained, "nix", "") == []
    assert offered(trained, "models", "download", "x", "") == ["//files"]


def test_commands_are_offered_if_the_registry_is_damaged(home: Path, cli: Cli) -> None:
    home.mkdir()
    (home / "registry.db").write_text(
        "not a database, and long enough for SQLite to check its header" * 40
    )
    assert offered(cli, "mod") == ["models"]
    assert offered(cli, "models", "show", "") == []


def test_hostile_names_are_not_offered(home: Path, cli: Cli) -> None:
    cli("groups", "list")
    import sqlite3

    with sqlite3.connect(home / "registry.db") as registry:
        registry.execute("UPDATE resource_groups SET status = 'x\n\x1b]52;c;AAAA\x07'")
    shown = cli("_complete", "--", "groups", "use", "")
    assert "\x1b" not in shown.out
    assert len(shown.lines) == 1
    with sqlite3.connect(home / "registry.db") as registry:
        registry.execute("UPDATE resource_groups SET name = 'x\n\x1b]52;c;AAAA\x07'")
    assert cli("_complete", "--", "groups", "use", "").lines == []


def test_formats_are_completed(home: Path, cli: Cli) -> None:
    def offered(*words: str) -> list[str]:
        return [line.split("\t")[0] for line in cli("_complete", "--", *words).lines]

    assert offered("models", "list", "-o", "") == list(FORMATS)
    assert offered("-o", "y") == ["yaml"]
    assert offered("models", "list", "--output=y") == ["--output=yaml"]
    # A group alone lists: it has the options of its list.
    assert offered("models", "--met") == ["--metric"]
    assert offered("models", "-o", "j") == ["json"]
    assert "--watch" in offered("executions", "show", "--")
    assert "--no-pager" in offered("executions", "--no")


@pytest.mark.parametrize("line", ["launchpad models -o y", "launchpad models list --output = y"])
def test_formats_are_completed_in_bash(line: str, home: Path) -> None:
    # Bash splits words at =.
    assert bash(home, line) == ["yaml"]


def test_formats_are_completed_in_fish(home: Path) -> None:
    assert fish(home, "launchpad models list --output=y") == ["--output=yaml"]
    assert fish(home, "launchpad models -o y") == ["yaml"]


def completions(cli: Cli, *words: str) -> list[str]:
    """Return the completions of the last word, without descriptions."""
    return [line.split("\t")[0] for line in cli("_complete", "--", *words).lines]


def test_names_that_depend_on_other_words_are_completed(trained: Cli) -> None:
    assert completions(trained, "executions", "create", "tiny-train", "-p", "ra") == ["rate="]
    assert completions(trained, "executions", "create", "fast", "-p", "") == ["rate=", "mode="]
    assert completions(trained, "executions", "create", "fast", "-i", "num") == ["numbers="]
    assert "numbers=numbers" in completions(
        trained, "executions", "create", "fast", "-i", "numbers=n"
    )
    assert "fast" in completions(trained, "executions", "create", "fa")
    assert completions(trained, "executions", "logs", "la") == ["latest"]
    assert "-loss" in completions(trained, "models", "list", "--sort", "-lo")
    assert "created" in completions(trained, "models", "list", "--sort", "cre")
    assert "name,loss" in completions(trained, "models", "list", "--columns", "name,lo")
    assert "target_status" in completions(trained, "executions", "list", "--sort", "target")
    assert completions(trained, "stores", "add", "x", "--type", "s3", "--set", "buck") == [
        "bucket="
    ]
    secrets = completions(trained, "stores", "add", "x", "--type=s3", "--secret", "")
    assert secrets[:2] == ["access_key_id", "secret_access_key"]
    assert completions(trained, "stores", "add", "x", "--set", "") == []


def test_versions_are_completed(trained: Cli) -> None:
    (name, *_) = {one["name"] for one in trained("models", "list", "--json").json["resources"]}
    assert f"{name}@latest" in completions(trained, "models", "show", name[:3])
    assert f"{name}@v1" in completions(trained, "models", "show", f"{name}@v")
    # Bash takes @ and = for words of their own, and replaces the text after them.
    assert "v1" in completions(trained, "models", "show", name, "@", "v")
    assert "latest" in completions(trained, "models", "promote", name, "@")
    assert "numbers" in completions(
        trained, "executions", "create", "fast", "-i", "numbers", "=", "n"
    )
    assert completions(trained, "executions", "create", "fast", "-p", "rate", "=", "1", "--wa") == [
        "--wait"
    ]
    assert "loss" in completions(trained, "models", "list", "--sort", "=", "lo")
