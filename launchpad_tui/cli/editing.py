"""Edit texts in the editor of the user: settings, workflow templates, boards and artifacts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launchpad_tui.errors import CapabilityMissing, Conflict, InvalidInput, LaunchpadError, NotFound

if TYPE_CHECKING:
    import argparse

    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.artifact import Artifact
    from launchpad_tui.domain.model_version import ArtifactEdit


def edit(text: str, name: str, accept: Callable[[str], None]) -> bool:
    """Open a text in the editor until it is accepted, and return whether it was changed.

    At a terminal the user is asked whether to open the editor again after an error.

    Args:
        text: The text.
        name: The name of the file that the editor opens.
        accept: Stores a changed text. Raises LaunchpadError if it is invalid.

    Raises:
        LaunchpadError: The text is invalid, or the editor failed. The error names the file in which
            a changed text is kept.
    """
    from launchpad_tui.services.text_editor import edited_text

    return edited_text(text, name, accept, _ask_again) != text


def can_ask() -> bool:
    """Return whether a user is at the terminal, for whom an editor can be opened."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def _ask_again(error: LaunchpadError) -> bool:
    if not can_ask():
        return False
    from launchpad_tui.cli.error_report import print_error
    from launchpad_tui.cli.formats import TABLE

    # The command goes on, so that it has no exit code yet.
    print_error(error, TABLE, 0)
    print("Edit the text again? [Y/n] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"", "y", "yes"}


def edit_settings(context: CommandContext, _options: argparse.Namespace) -> None:
    """Edit the file with the settings."""
    from launchpad_tui.config.settings import edit_text, save_text

    home = context.home.ensure()
    text = edit_text(home)
    warnings: list[str] = []

    def accept(changed: str) -> None:
        warnings[:] = save_text(home, text, changed).warnings

    path = str(home.settings_path)
    if edit(text, "settings.toml", accept):
        context.done(f"Saved the settings in {path}.", {"path": path, "changed": True}, id=path)
    else:
        context.done("The settings were not changed.", {"path": path, "changed": False}, id=path)
    for warning in warnings:
        context.note(warning)


def edit_template(context: CommandContext, options: argparse.Namespace) -> None:
    """Edit the file with the workflow template of an executable, and add it again."""
    scenarios, scope = context.desk.scenarios, context.scope
    one = scenarios.executable(scope, options.id)
    if not one.source:
        raise CapabilityMissing(
            f"Executable {one.id} cannot be edited",
            "Its workflow template is not a file on this machine.",
            f"To read it: launchpad executables show {one.id} --template",
        )
    path = Path(one.source)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise NotFound(
            f"The workflow template of {one.id} does not exist",
            f"{path} was removed or moved.",
            f"To write it again: launchpad executables show {one.id} --template > FILE, "
            "then launchpad executables add FILE",
        ) from None
    added: list[str] = []

    def accept(changed: str) -> None:
        _check_unchanged(path, text)
        _write(path, changed)
        problems: list[str] = []
        added.clear()
        try:
            found = scenarios.add_executables(scope, path)
            added[:] = [each.id for each, _ in found.added]
            refused = found.refused if added else (*found.refused, *found.skipped)
            problems = [f"line {each.line}: {each.reason}" for each in refused]
        finally:
            if problems or not added:
                _write(path, text)
        if problems or not added:
            raise InvalidInput(
                f"The workflow template of {one.id} is invalid",
                "\n".join(problems) or "It contains no workflow template.",
                field="template",
            )

    if edit(text, path.name, accept):
        names = ", ".join(added)
        context.done(f"Saved {path} and changed {names}.", {"id": one.id, "path": str(path)})
    else:
        context.done(
            f"Executable {one.id} was not changed.", {"id": one.id, "path": str(path)}, id=one.id
        )


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise LaunchpadError(
            f"{path.name} cannot be written",
            f"{path}: {error.strerror or error}",
            "Check the permissions of the file and its folder.",
        ) from error


def _check_unchanged(path: Path, text: str) -> None:
    if path.read_text("utf-8") != text:
        raise Conflict(
            f"{path.name} was changed by another program",
            f"{path} is not as it was when the editor was opened.",
            "Combine both texts by hand.",
        )


def edit_board(context: CommandContext, options: argparse.Namespace) -> None:
    """Edit a board as JSON: its name, its description and its charts."""
    import json

    from launchpad_tui.domain.text import escape_json

    boards, scope = context.desk.boards, context.scope
    board = boards.get(scope, options.name)
    text = escape_json(json.dumps(board.to_json(), indent=2, ensure_ascii=False)) + "\n"
    saved = [board]

    def accept(changed: str) -> None:
        new = boards.read_text(changed, "The text")
        boards.save(scope, new, replace=new.name == board.name)
        if new.name != board.name:
            boards.delete(scope, board.name)
        saved[0] = new

    changed = edit(text, "board.json", accept)
    message = f"Changed board {saved[0].name}." if changed else f"{board.name} was not changed."
    context.done(message, saved[0].to_json(), id=saved[0].name)


_HEADER = """\
# Name, description, labels and notes. Lines that begin with # are ignored.
# An empty name restores the original one. Notes are Markdown.
"""


def edit_artifact(context: CommandContext, one: Artifact) -> bool:
    """Edit name, description, labels and notes of an artifact, and return whether it has changed.

    Raises:
        InvalidInput: The text is invalid.
    """
    from launchpad_tui.domain.artifact import LABEL_PREFIX

    service, scope = context.desk.annotations, context.scope
    notes = service.notes(scope, one.id)
    labels = {key.removeprefix(LABEL_PREFIX): value for key, value in one.labels}
    before = {
        "name": one.name,
        "description": one.description,
        "labels": labels,
        "notes": notes,
    }

    def accept(changed: str) -> None:
        service.edit(scope, [one.id], _changes(before, _document(changed)))

    return edit(_HEADER + _yaml(before), "artifact.yaml", accept)


def _yaml(data: Mapping[str, Any]) -> str:
    import yaml

    text: str = yaml.dump(data, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=100)
    return text


def _dumper() -> Any:
    """Return a writer of YAML that shows texts of several lines as such."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes texts with line breaks as literal blocks."""

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    return Dumper


def _document(text: str) -> dict[str, Any]:
    """Return the fields of an edited artifact. Raises InvalidInput."""
    import yaml

    try:
        # Values are texts also if they look like numbers or dates.
        data = yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidInput(
            "The text is not valid YAML", str(error), "Correct the line.", field="text"
        ) from error
    fields = ("name", "description", "labels", "notes")
    problem = ""
    if not isinstance(data, dict):
        problem = f"It does not have the fields {', '.join(fields)}."
    elif unknown := [str(key) for key in data if key not in fields]:
        problem = f"Unknown fields: {', '.join(unknown)}."
    elif wrong := [
        key for key in fields if key != "labels" and not isinstance(data.get(key, ""), str)
    ]:
        problem = f"The value of {wrong[0]} is not a text."
    if problem or not isinstance(data, dict):
        raise InvalidInput("The text is not an artifact", problem, field="text")
    labels = data.get("labels") or {}
    if not isinstance(labels, dict) or not all(isinstance(each, str) for each in labels.values()):
        raise InvalidInput(
            "The labels are invalid", "They are not pairs of a key and a text.", field="labels"
        )
    return {**data, "labels": labels}


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> ArtifactEdit:
    """Return the differences of two documents; a field that is missing is not changed."""
    from launchpad_tui.domain.artifact import LABEL_PREFIX, parse_label
    from launchpad_tui.domain.model_version import ArtifactEdit

    def changed(field: str) -> str | None:
        value = after.get(field)
        return None if value is None or value == before[field] else str(value)

    former, labels = before["labels"], after["labels"]
    return ArtifactEdit(
        name=changed("name"),
        description=changed("description"),
        set_labels=tuple(
            parse_label(f"{key}={value}")
            for key, value in labels.items()
            if former.get(key) != value
        ),
        remove_labels=tuple(
            key if "/" in key else LABEL_PREFIX + key for key in former if key not in labels
        ),
        notes=changed("notes"),
    )
