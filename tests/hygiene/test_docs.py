"""The manual is up to date: generated tables, existing commands, and links that resolve.

``python -m tests.hygiene.test_docs`` updates the generated tables.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import pytest

from launchpad_tui.charts.catalog import KINDS as CHART_KINDS
from launchpad_tui.cli.command import COMMAND_GROUPS, COMMON_OPTIONS
from launchpad_tui.cli.parser import commands, visible_commands
from launchpad_tui.config import settings
from launchpad_tui.domain.markdown import heading_anchors, link_targets
from launchpad_tui.runtimes.catalog import KINDS as RUNTIME_KINDS
from launchpad_tui.services.manual import TOPICS, topics
from launchpad_tui.stores.catalog import KINDS as STORE_KINDS
from launchpad_tui.ui import key_reference, routes

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "launchpad_tui" / "docs"
PAGES = (ROOT / "README.md", *sorted(DOCS.glob("*.md")))
#: Groups that have the same commands as ``models``, except these.
LIKE_MODELS = ("datasets", "resultsets", "artifacts")
ONLY_MODELS = {"versions", "promote", "aliases", "prune"}
#: A command line that starts with ``launchpad``; its group is the rest of the line.
CALL = re.compile(
    r"(?:^|(?<=[\s/`(\"']))launchpad(?![-_.\w])((?:[ \t]+[^\s`|;)#<>&]+)*)", re.MULTILINE
)
BLOCK = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    escaped = [tuple(cell.replace("|", "\\|") for cell in row) for row in rows]
    lines = [heads, tuple("---" for _ in heads), *escaped]
    return "\n".join(f"| {' | '.join(line)} |".replace("  ", " ") for line in lines)


def command_table() -> str:
    """Return all commands with their help, without the groups that repeat those of ``models``."""
    rows = [
        (f"`launchpad {' '.join(each.path)}`", each.help)
        for each in visible_commands()
        if each.path[0] not in LIKE_MODELS
    ]
    return _table(("Command", "What it does"), rows)


def settings_table() -> str:
    """Return all settings with their default and their meaning: the comment above the field."""
    rows = [
        (f"`{section}.{field.name}`", f"`{_toml(field.default)}`", _meaning(kind, field.name))
        for section, kind in settings.SECTIONS.items()
        for field in fields(kind)
    ]
    return _table(("Setting", "Default", "Meaning"), rows)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value}"


def _meaning(kind: type, name: str) -> str:
    comment = ""
    for line in inspect.getsource(kind).splitlines():
        text = line.strip()
        if text.startswith("#:"):
            comment = f"{comment} {text[2:].strip()}".strip()
        elif text.startswith(f"{name}:"):
            return f"{comment[:1].upper()}{comment[1:].removesuffix('.')}."
        else:
            comment = ""
    raise AssertionError(f"no field {name}")


def store_table() -> str:
    """Return the kinds of object stores with their fields."""
    rows = [
        (
            f"`{kind.id}`",
            kind.title,
            kind.description,
            ", ".join(f"`{each.name}`" for each in kind.fields),
            f"`pip install 'launchpad-tui[{kind.extra}]'`" if kind.extra else "",
        )
        for kind in STORE_KINDS.values()
    ]
    return _table(("Kind", "Name", "Description", "Fields", "Installation"), rows)


def chart_table() -> str:
    """Return the kinds of charts with the x axes that each supports."""
    columns = {"over": "Over steps or time", "parameters": "Against a parameter"}
    columns["source"] = "Side by side"
    rows = [
        (
            f"`{kind.id}`",
            kind.title,
            *("yes" if each in kind.compares else "" for each in columns),
        )
        for kind in CHART_KINDS.values()
    ]
    return _table(("Kind", "Name", *columns.values()), rows)


def slurm_table() -> str:
    """Return the fields of a connection to a Slurm cluster."""
    rows = [
        (f"`{each.name}`", f"`{each.default}`" if each.default else "", each.help)
        for each in RUNTIME_KINDS["slurm"].fields
    ]
    return _table(("Field", "Default", "Meaning"), rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "keys": key_reference.table,
    "commands": command_table,
    "settings": settings_table,
    "store-kinds": store_table,
    "chart-kinds": chart_table,
    "slurm-fields": slurm_table,
}


def rewritten(text: str) -> str:
    """Return the page with its generated tables updated."""

    def block(found: re.Match[str]) -> str:
        return f"{found[1]}{TABLES[found[2]]()}\n{found[3]}"

    return BLOCK.sub(block, text)


def code(text: str) -> str:
    """Return the code of a page, in fences or backticks, one piece per line."""
    fenced = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return "\n".join(
        [*(part.replace("\\\n", " ") for part in fenced), *re.findall(r"`([^`\n]+)`", rest)]
    )


def calls(text: str) -> list[list[str]]:
    """Return the arguments of all ``launchpad`` command lines of a page."""
    # A command in $(…) is checked too; in the surrounding command line it stands for one argument.
    pieces = code(text)
    nested = re.findall(r"\$\(([^)]*)\)", pieces)
    lines = "\n".join([re.sub(r"\$\([^)]*\)", "VALUE", pieces), *nested])
    return [found[1].split() for found in CALL.finditer(lines)]


def unknown_options(text: str) -> list[str]:
    """Return the options of a page that are mentioned alone and that no command has."""
    known = {"--help", "--version"} | {flag for each in COMMON_OPTIONS for flag in each.flags}
    known |= {
        flag
        for each in visible_commands()
        for one in (*each.args, *each.common)
        for flag in one.flags
    }
    mentioned = re.findall(r"`(--[a-z-]+)[^`\n]*`", text)
    return [option for option in mentioned if option not in known]


def unknown_command(words: list[str]) -> bool:
    """Return whether a command line names a command or an option that does not exist."""
    plain = [word for word in words if re.fullmatch(r"[a-z]+(?:-[a-z]+)*", word)]
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    if not words or words[0].startswith("-"):
        known = {"--help", "--version"} | {flag for each in COMMON_OPTIONS for flag in each.flags}
        return bool(options - known)
    if words[0].isupper():
        # A placeholder, as in "launchpad COMMAND --help".
        return False
    if words[0] not in COMMAND_GROUPS:
        return True
    matching = [each for each in commands(words[0]) if plain[: len(each.path)] == list(each.path)]
    command = max(matching, key=lambda each: len(each.path), default=None)
    if command is None:
        # A group alone lists.
        return options != {"--help"} and (len(plain) > 1 or bool(options))
    known = {"--help"} | {flag for each in (*command.args, *command.common) for flag in each.flags}
    return bool(options - known)


def broken_links(page: Path) -> list[str]:
    """Return the relative links of a page whose file or heading does not exist."""
    broken = []
    for link in link_targets(page.read_text(encoding="utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (
            anchor and anchor not in heading_anchors(target.read_text(encoding="utf-8"))
        ):
            broken.append(link)
    return broken


def test_generated_tables_are_up_to_date() -> None:
    stale = [
        page.name for page in PAGES if (text := page.read_text(encoding="utf-8")) != rewritten(text)
    ]
    assert not stale, "run python -m tests.hygiene.test_docs"


def test_every_generated_table_is_in_the_manual_once() -> None:
    names = [
        found[2]
        for page in DOCS.glob("*.md")
        for found in BLOCK.finditer(page.read_text(encoding="utf-8"))
    ]
    assert sorted(names) == sorted(TABLES)


def test_a_changed_table_is_noticed() -> None:
    page = "# Page\n\n<!-- generated: chart-kinds -->\n| old |\n<!-- end -->\n\nText.\n"
    fresh = rewritten(page)
    assert fresh != page
    assert rewritten(fresh) == fresh
    assert fresh.startswith("# Page\n\n<!--")
    assert fresh.endswith("<!-- end -->\n\nText.\n")


def test_the_topics_are_the_files_in_docs() -> None:
    assert sorted(TOPICS) == sorted(path.stem for path in DOCS.glob("*.md"))
    for topic in topics():
        assert topic.text.startswith(f"# {topic.title}\n\n")
        assert re.fullmatch(r"[A-Z].*[.:]", topic.summary, re.IGNORECASE), topic.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_resolve(page: Path) -> None:
    assert not broken_links(page)


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One\n\n[a](page.md#one) [b](#two) [c](other.md) `[d](code.md)`\n")
    assert broken_links(page) == ["#two", "other.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page: Path) -> None:
    found = calls(page.read_text(encoding="utf-8"))
    assert [" ".join(words) for words in found if unknown_command(words)] == []


def test_an_unknown_command_is_noticed() -> None:
    text = "`launchpad modles list`, `launchpad models list --nothing`, `launchpad models list`"
    assert [unknown_command(words) for words in calls(text)] == [True, True, False]
    nested = "`launchpad compare $(launchpad models list --nothing) --nothing`"
    assert [unknown_command(words) for words in calls(nested)] == [True, True]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name != "changelog.md"], ids=lambda page: page.name
)
def test_options_exist(page: Path) -> None:
    assert unknown_options(page.read_text(encoding="utf-8")) == []


def test_an_unknown_option_is_noticed() -> None:
    assert unknown_options("`--nothing`, `--json` and `--record X`") == ["--nothing"]


def test_groups_like_models_have_the_commands_of_models() -> None:
    models = [command.path[1] for command in commands("models")]
    assert set(models) > ONLY_MODELS
    models = [word for word in models if word not in ONLY_MODELS]
    assert all([command.path[1] for command in commands(word)] == models for word in LIKE_MODELS)


def test_every_setting_has_a_meaning() -> None:
    rows = settings_table().splitlines()[2:]
    assert len(rows) == sum(len(fields(kind)) for kind in settings.SECTIONS.values())
    assert all(len(row.split(" | ")[-1]) > len("| . |") for row in rows)


def test_every_screen_with_a_key_is_in_the_manual() -> None:
    table = key_reference.table()
    assert all(f"`go.{route.id}`" in table for route in routes.ROUTES if route.key)


if __name__ == "__main__":
    for each in PAGES:
        each.write_text(rewritten(each.read_text(encoding="utf-8")), encoding="utf-8")
