"""README says what is there: its tables are those of the code, its commands and settings exist, its pictures are files.

python tests/hygiene/test_readme.py writes the tables anew.
"""

from __future__ import annotations

import re
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from launchpad_tui.cli.command import COMMON, WORDS
from launchpad_tui.cli.parser import command_tree, commands
from launchpad_tui.config.settings import CredentialSettings, ExecutionSettings, UiSettings
from launchpad_tui.ui import reference, routes

README = Path(__file__).parents[2] / "README.md"
#: words that the commands of models share with three others
ALIKE = ("datasets", "resultsets", "artifacts")
#: ``launchpad`` as a command, with the words and options behind it
CALL = re.compile(r"(?:^|(?<=[\s/`(\"']))launchpad((?:[ \t]+[^\s`|;)#<>&]+)*)", re.MULTILINE)


def command_table() -> str:
    """All commands with their line of help; those of other artifacts are those of models."""
    lines = ["| Command | What it does |", "|---|---|"]
    for command in command_tree():
        if command.words[0] not in ALIKE:
            lines.append(f"| `launchpad {' '.join(command.words)}` | {command.help} |")
    return "\n".join(lines)


TABLES = {"keys": reference.table, "commands": command_table}


def between(text: str, name: str) -> str:
    """What stands between the two markers of a name."""
    return (
        text.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0].removesuffix("\n")
    )


def code(text: str) -> str:
    """The text that is code, in fences or backticks, one piece a line."""
    fenced = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return "\n".join(
        [*(part.replace("\\\n", " ") for part in fenced), *re.findall(r"`([^`\n]+)`", rest)]
    )


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_those_of_the_code(name: str) -> None:
    assert between(README.read_text(encoding="utf-8"), name) == TABLES[name](), (
        "python tests/hygiene/test_readme.py"
    )


def test_artifacts_of_all_kinds_have_the_commands_of_models() -> None:
    models = [command.words[1] for command in commands("models")]
    assert all([command.words[1] for command in commands(word)] == models for word in ALIKE)


def test_commands_exist() -> None:
    wrong = []
    calls = [
        match.group(1).split() for match in CALL.finditer(code(README.read_text(encoding="utf-8")))
    ]
    for words in calls:
        plain = [word for word in words if re.fullmatch(r"[a-z]+", word)]
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        if not words or words[0].startswith("-"):
            known = {"--help", "--version"} | {flag for each in COMMON for flag in each.flags}
        elif words[0] not in WORDS:
            wrong.append(" ".join(words))
            continue
        else:
            table = commands(words[0])
            fitting = [one for one in table if plain[: len(one.words)] == list(one.words)]
            command = max(fitting, key=lambda one: len(one.words), default=None)
            if command is None:
                wrong.append(" ".join(words))
                continue
            known = {"--help"} | {
                flag for each in (*command.args, *command.common) for flag in each.flags
            }
        if options - known:
            wrong.append(" ".join(words))
    assert len(calls) > 20
    assert not wrong


def test_settings_exist() -> None:
    text = README.read_text(encoding="utf-8")
    sections = {
        "executions": ExecutionSettings,
        "ui": UiSettings,
        "credentials": CredentialSettings,
    }
    for section, kind in sections.items():
        for field in fields(kind):
            default = (
                str(field.default).lower() if isinstance(field.default, bool) else field.default
            )
            shown = (
                f'"{default}"' if isinstance(default, str) and field.type == "str" else f"{default}"
            )
            assert f"| `{section}.{field.name}` | `{shown}` |" in text
    named = set(re.findall(r"^\| `((?:executions|ui|credentials)\.\w+)` \|", text, re.MULTILINE))
    assert len(named) == sum(len(fields(kind)) for kind in sections.values())


def test_screens_exist() -> None:
    text = README.read_text(encoding="utf-8")
    for route in routes.ROUTES:
        if route.key:
            assert f"| {route.title} | `{route.key}` |" in text


def test_pictures_and_files_are_there() -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", README.read_text(encoding="utf-8"))
    missing = [
        link
        for link in links
        if "://" not in link and not (README.parent / link.partition("#")[0]).exists()
    ]
    assert any(link.endswith(".svg") for link in links)
    assert not missing


def test_the_two_commands_stand_where_they_are_read() -> None:
    text = README.read_text(encoding="utf-8")
    for name, word in (("main-command", "launchpad demo"), ("test-command", "pytest")):
        found = re.search(rf"^<!-- {name} -->\n```\n([^`\n]+)\n```$", text, re.MULTILINE)
        assert found is not None
        assert word in found.group(1)


def rewritten(text: str) -> str:
    """The text with the tables of the code."""
    for name, table in TABLES.items():
        before, begin, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        text = f"{before}{begin}{table()}\n{end}{after}"
    return text


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
