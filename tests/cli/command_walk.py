"""Command lines of every command, for tests that walk all of them, in a home with hostile text.

Commands, arguments and options come from the command tables, so a new command is walked without a
change of the tests. A command that needs special values to succeed has an entry in ``ARGUMENTS``.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import sqlite3
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

from launchpad_tui.__main__ import main
from launchpad_tui.cli.command import Argument, Command
from launchpad_tui.cli.parser import commands
from launchpad_tui.registry.series_texts import KEY
from launchpad_tui.runtimes.embedded.dispatcher import Dispatcher
from tests.cli.cli_support import TEMPLATE, TRAIN, Result, prepare, run_here

#: Commands that run until they are interrupted, or train models: other tests run them.
ENDLESS = {("serve",), ("demo",)}
#: Escape sequences, C1 controls, and characters that change the order or the width of a line.
CONTROLS = (
    "\x1b[31mred\x1b]52;c;QUFBQQ==\x07\x1b]0;title\x1b\\\x9b1m\x90q\x9c\x85\r\b\x7f"
    "\u202eover\u2066iso\u2069\u200f\u061c\u2061\u206a\ufff9a\ufffa\ufffb\u2028\u2029\ufeff\u200b"
    "\u00ad\U000e0041\U0001d173"
)
#: The start of every hostile text, by which tests find it in output.
MARK = "evil"
HOSTILE = f"{MARK}{CONTROLS}\n{MARK}-2\ttab\0nul"
#: Hostile text in a command line, which cannot contain NUL.
HOSTILE_ARGUMENT = HOSTILE.replace("\0", "")
#: Options that wait for an execution, which the walk does not start.
WAITING = {"--wait", "--follow", "--require"}
#: The hostile characters that YAML allows in comments.
HOSTILE_COMMENT = f"{MARK}\u202eover\u2066iso\u2069\u200f\u061c\u2061\u206a\ufff9\u200b"
#: A hostile file name.
HOSTILE_NAME = f"{MARK}{CONTROLS}.csv".replace("/", "")
#: Arguments of commands that need special values; ``{}`` fields are known values.
ARGUMENTS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    **{
        (group, "upload"): ("name", "{folder}/source.csv", "--scenario", "tiny", *kind)
        for group, kind in (
            ("models", ()),
            ("datasets", ()),
            ("resultsets", ()),
            ("artifacts", ("--kind", "other")),
        )
    },
    **{
        (group, "preview"): (f"{{{group}_files}}", HOSTILE_NAME)
        for group in ("models", "datasets", "resultsets", "artifacts")
    },
    **{
        (group, "import"): ("lake", "files", "--scenario", "tiny", *kind)
        for group, kind in (
            ("models", ()),
            ("datasets", ()),
            ("resultsets", ()),
            ("artifacts", ("--kind", "other")),
        )
    },
    ("models", "versions"): ("{models}",),
    ("models", "prune"): ("--keep-latest", "1", "--dry-run"),
    ("trash", "restore"): ("--all",),
    ("trash", "empty"): ("--all", "--yes"),
    ("boards", "show"): ("Mine",),
    ("boards", "draw"): ("Mine", "{models}"),
    ("boards", "export"): ("Mine", "{folder}/exported.json"),
    ("boards", "import"): ("{folder}/board.json", "--overwrite"),
    ("boards", "delete"): ("Mine",),
    ("boards", "edit"): ("Mine",),
    ("views", "delete"): ("Mine",),
    ("executables", "add"): ("{folder}/checkout",),
    ("executables", "set"): ("tiny-train", "path=/opt/bin"),
    ("executions", "reproduce"): ("{executions}", "--no-wait"),
    ("executions", "wait"): ("{executions}", "--timeout", "0"),
    ("configurations", "create"): ("tiny-train", "--name", "new", "-i", "numbers={datasets}"),
    ("connections", "add"): ("new", "--service-key", "{folder}/key.json"),
    ("connections", "remove"): ("core",),
    ("schedules", "run"): ("--once",),
    ("sync", "now"): ("--connection", "core"),
    ("sync", "pause"): ("--connection", "core"),
    ("sync", "resume"): ("--connection", "core"),
    ("groups", "delete"): ("vision",),
    ("stores", "rename"): ("lake", "pond"),
    ("stores", "replace"): ("default", "--keep-as", "files", "--type", "file"),
    ("stores", "remove"): ("lake",),
    ("stores", "import"): ("{folder}/secret.json",),
    ("stores", "preview"): ("lake", "files/source.csv"),
    ("executions", "create"): ("{configurations}",),
    ("stores", "upload"): ("{folder}/source.csv", "lake", "uploaded"),
    ("stores", "download"): ("lake", "files", "{folder}/downloaded"),
    ("serve", "clients", "delete"): ("notebook",),
}
#: Commands that fail in every home of this kind: outside of an execution, without outputs that
#: could not be stored, because all configurations have executions, without recorded code, without a
#: sweep, without a change to undo, or without a Slurm cluster.
FAILING = {
    ("log",),
    ("executions", "store-outputs"),
    ("executions", "reproduce"),
    ("executions", "code"),
    ("configurations", "delete"),
    ("connections", "cluster"),
    ("undo",),
    *(
        ("sweeps", word)
        for word in ("show", "wait", "stop", "resume", "remove", "compare", "chart", "promote")
    ),
}
#: Columns that commands refer to, or that have a fixed set of values.
_KEPT_COLUMNS = {
    "id",
    "url",
    "kind",
    "status",
    "target_status",
    "files_state",
    "metrics_read",
    "origin",
    "cron",
    "template",
    "capabilities",
    "search_text",
    "sha256",
    "version",
    "supervisor_boot",
    "part",
    "artifact_name",
}
#: Columns of tables whose names and settings commands refer to.
_KEPT_NAMES = {
    "connections": {"name", "settings"},
    "resource_groups": {"name"},
    "object_stores": {"name", "settings"},
    "executables": {"parameters", "inputs", "outputs", "settings", "source"},
    "artifact_files": {"path"},
    "reading_state": {"resource_group"},
    "preferences": {"key", "value"},
    "revisions": {"topic"},
}


class Endless(Exception):
    """A command did not end in time."""


def walked_commands() -> list[Command]:
    """Return all commands, hidden ones included, except those that do not end by themselves."""
    return [command for command in commands() if command.path not in ENDLESS]


def command_name(command: Command) -> str:
    """Return the name of a command for the IDs of tests."""
    return " ".join(command.path)


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def run(*arguments: str, stdin: str = "", terminal: bool = False) -> Result:
    """Run a command line in this process and return what it writes.

    Args:
        arguments: The arguments.
        stdin: The text of standard input.
        terminal: Whether standard output and standard error are terminals.

    Raises:
        Endless: The command has not ended after ten seconds.
    """
    kind = _Terminal if terminal else io.TextIOWrapper
    buffers = io.BytesIO(), io.BytesIO()
    out, err = (kind(buffer, "utf-8", newline="") for buffer in buffers)
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        mock.patch("sys.stdin", io.StringIO(stdin)),
        # Executions stay queued: a walk starts no processes.
        mock.patch.object(Dispatcher, "_start"),
        time_limit(10),
    ):
        try:
            code = main(list(arguments))
        except SystemExit as stop:
            code = int(stop.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
    return Result(code, *(buffer.getvalue().decode() for buffer in buffers))


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise `Endless` in the block after a time."""

    def stop(_signal: int, _frame: object) -> None:
        raise Endless(f"the command has not ended after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def unsafe_characters(text: str, allowed: str = "\n") -> set[str]:
    """Return the characters of an output that a terminal interprets or does not show.

    The Unicode categories are those of controls, format characters, surrogates, and separators of
    lines and paragraphs.
    """
    return {
        f"U+{ord(char):04X}"
        for char in set(text)
        if char not in allowed and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    }


class KnownValues:
    """Values with which arguments are valid, by what completion offers and by their names."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.folder = folder
        self._values = {**_known_objects(home), **_FIXED, "folder": str(folder)}

    def format(self, texts: Sequence[str]) -> list[str]:
        """Return texts with the known values in place of ``{}`` fields."""
        known = defaultdict(lambda: "missing", self._values)
        return [text if CONTROLS in text else text.format_map(known) for text in texts]

    def of(self, argument: Argument) -> str:
        """Return a value of an argument, valid if one is known."""
        name = argument.flags[0].lstrip("-")
        choices = argument.keywords.get("choices")
        if choices:
            return str(next(iter(choices)))
        for key in (name, argument.completes):
            if key in self._values:
                return self._values[key]
        metavar = str(argument.keywords.get("metavar", ""))
        if argument.completes == "files" or metavar in {"FILE", "DIR"}:
            return str(self.folder / f"new-{name}")
        if argument.keywords.get("type") in {int, float}:
            return "10"
        return "name=1" if "=" in metavar else "name"

    def required(self, command: Command) -> list[str]:
        """Return the arguments and options that a command requires."""
        if command.path in ARGUMENTS:
            return self.format(ARGUMENTS[command.path])
        line: list[str] = []
        for argument in command.args:
            if argument.positional:
                line.append(self.of(argument))
            elif argument.keywords.get("required"):
                line += [argument.flags[0], self.of(argument)]
        return line


_FIXED = {
    "connections": "local",
    "groups": "default",
    "stores": "default",
    "connection types": "sap-ai-core",
    "store types": "file",
    "topics": "stores",
    "url": "ai://default/numbers",
    "cron": "0 3 * * *",
    "words": "models",
    "start": "2026-01-31T12:00:00Z",
    "end": "2099-01-31T12:00:00Z",
    "since": "10m",
    "until": "2099-01-31T12:00:00Z",
}


def _known_objects(home: Path) -> dict[str, str]:
    queries = {
        "models": "SELECT id FROM artifacts WHERE kind = 'model' AND execution_id <> ''",
        "model_names": "SELECT name FROM artifacts WHERE kind = 'model' AND execution_id <> ''",
        "datasets": "SELECT id FROM artifacts WHERE kind = 'dataset'",
        "resultsets": "SELECT id FROM artifacts WHERE kind = 'resultset'",
        "artifacts": "SELECT id FROM artifacts WHERE kind = 'model' AND execution_id <> ''",
        **{
            f"{kind}s_files": f"SELECT id FROM artifacts WHERE url = 'ai://lake/files' AND {where}"
            for kind, where in (
                ("artifact", "1"),
                *((kind, f"kind = '{kind}'") for kind in ("model", "dataset", "resultset")),
            )
        },
        "executions": "SELECT id FROM executions WHERE status = 'COMPLETED'",
        "schedules": "SELECT id FROM execution_schedules",
        "configurations": "SELECT id FROM configurations",
        "executables": "SELECT id FROM executables",
        "scenarios": "SELECT id FROM scenarios",
        "metrics": f"SELECT {KEY} FROM series s",
    }
    db = sqlite3.connect(home / "registry.db")
    try:
        rows = {name: db.execute(query).fetchone() for name, query in queries.items()}
    finally:
        db.close()
    return {name: str(row[0]) for name, row in rows.items() if row is not None}


def option_lines(command: Command, values: KnownValues) -> Iterator[list[str]]:
    """Yield each option that a command does not require, with a valid value."""
    for argument in command.args:
        optional = not argument.positional and not argument.keywords.get("required")
        if optional and argument.flags[0] not in WAITING:
            yield [argument.flags[0], *([values.of(argument)] if argument.takes_value else [])]


def waits(command: Command, argument: Argument) -> bool:
    """Return whether a command waits without a limit for an execution because of an option."""
    return command.path != ("executions", "wait") and not WAITING.isdisjoint(argument.flags)


def replaced_values(
    command: Command, values: KnownValues, replacement: str
) -> Iterator[tuple[Argument, list[str]]]:
    """Yield a line for each argument and option of a command with a value replaced by another."""
    line = values.required(command)
    at = 0
    for argument in command.args:
        if argument.positional:
            # An optional argument may have no value in the line.
            changed = [*line[:at], replacement, *line[at + 1 :]]
            at += 1
        elif not argument.takes_value or waits(command, argument):
            continue
        else:
            changed = [*line, f"{argument.flags[0]}={replacement}"]
        yield argument, [*command.path, *changed]


def input_folder(folder: Path, service_key: str) -> Path:
    """Create a folder with the files that arguments name, and an empty folder ``lake/files``."""
    (folder / "lake" / "files").mkdir(parents=True)
    (folder / "lake" / "files" / HOSTILE_NAME).write_text(
        f"a,{MARK}\x1b[31m\n1,{HOSTILE_ARGUMENT}\n", encoding="utf-8"
    )
    for place in (folder / "source.csv", folder / "lake" / "files" / "source.csv"):
        place.write_text(f"{MARK}\x1b[31m,b\n1,{MARK}\u202e\x9b\n")
    charts = [{"metrics": ["accuracy"], "name": HOSTILE}]
    board = {"name": "New", "description": HOSTILE, "charts": charts}
    (folder / "board.json").write_text(json.dumps(board))
    secret = {
        "name": "bucket",
        "type": "S3",
        "data": {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"},
        "bucket": "models",
    }
    (folder / "secret.json").write_text(json.dumps(secret))
    (folder / "key.json").write_text(service_key)
    hostile_checkout(folder / "checkout")
    return folder


def hostile_checkout(folder: Path) -> Path:
    """Create a workflow template with hostile text, and code that prints and logs it."""
    (folder / "src").mkdir(parents=True)
    text = TEMPLATE.replace(
        "scenarios.ai.sap.com/name: Tiny",
        f"scenarios.ai.sap.com/name: {_yaml_string('Tiny ' + HOSTILE)}",
    ).replace(
        "executables.ai.sap.com/name: Train",
        f"executables.ai.sap.com/name: {_yaml_string('Train ' + HOSTILE)}",
    )
    (folder / "train.yaml").write_text(f"{text}# {HOSTILE_COMMENT}\n", encoding="utf-8")
    print_hostile = f"print({HOSTILE!r}, flush=True)\n"
    (folder / "src" / "train.py").write_text(
        TRAIN.replace('info("note", "first")', f'info("note", {HOSTILE!r}); {print_hostile}'),
        encoding="utf-8",
    )
    return folder


def _yaml_string(text: str) -> str:
    return '"' + "".join(f"\\U{ord(char):08x}" for char in text) + '"'


def plain_home(root: Path, inputs: Path) -> Path:
    """Create a home with objects of every kind of this machine.

    Args:
        root: The home folder.
        inputs: The folder that `input_folder` has filled.
    """
    prepare(root, inputs / "checkout")
    board = root.parent / "plain-board.json"
    metrics = ["accuracy", f"accuracy{HOSTILE}"]
    board.write_text(json.dumps({"name": "Mine", "charts": [{"metrics": metrics}]}))
    binding = ("-i", "numbers=numbers")
    new = ("configurations", "create", "tiny-train", "--name")
    for line, code in (
        ((*new, "slow", *binding), 0),
        ((*new, "broken", *binding, "-p", "mode=fail"), 0),
        (("executions", "create", "slow", "--wait"), 0),
        (("executions", "create", "broken", "--wait"), 1),
        (("schedules", "create", "slow", "--cron", "0 3 * * *"), 0),
        (("groups", "add", "vision"), 0),
        (("stores", "add", "lake", "--type", "file", "--set", f"root={inputs / 'lake'}"), 0),
        *(
            ((group, "add", f"{group}-files", "ai://lake/files", "--scenario", "tiny"), 0)
            for group in ("resultsets", "datasets", "models")
        ),
        (("models", "verify", "models-files", "--record"), 0),
        (("resultsets", "verify", "resultsets-files", "--record"), 0),
        (("boards", "import", str(board)), 0),
        (("models", "list", "--save-view", "Mine"), 0),
        (("serve", "clients", "add", "notebook"), 0),
    ):
        done = run_here(root, *line)
        assert done.code == code, (line, done.err, done.out)
    return root


def hostile_home(root: Path, inputs: Path) -> Path:
    """Create a home with objects of every kind, whose text is hostile wherever that is possible.

    IDs and the names of connections, groups and stores are plain, so that commands can name them.
    The connection ``core`` is that of the service key in the folder ``inputs``.
    """
    plain_home(root, inputs)
    for line in (
        ("connections", "add", "core", "--service-key", str(inputs / "key.json")),
        ("connections", "refresh", "core"),
        ("sync", "now", "--connection", "core"),
    ):
        done = run_here(root, *line)
        assert done.code == 0, (line, done.err, done.out)
    db = sqlite3.connect(root / "registry.db")
    try:
        with db:
            db.create_function("casefold", 1, lambda text: text and text.casefold())
            tables = db.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%STRICT%'"
            ).fetchall()
            for (table,) in tables:
                _make_hostile(db, table)
    finally:
        db.close()
    return root


def _make_hostile(db: sqlite3.Connection, table: str) -> None:
    kept = _KEPT_COLUMNS | _KEPT_NAMES.get(table, set())
    names = [
        name
        for _, name, kind, *_ in db.execute(f"PRAGMA table_info({table})")
        if kind == "TEXT" and name not in kept and not name.endswith("_id")
    ]
    if not names:
        return
    rows = db.execute(f"SELECT DISTINCT {', '.join(names)} FROM {table}").fetchall()
    where = " AND ".join(f"{name} IS ?" for name in names)
    setters = ", ".join(f"{name} = ?" for name in names)
    for row in rows:
        db.execute(
            f"UPDATE OR IGNORE {table} SET {setters} WHERE {where}",
            (*(_hostile_value(value) for value in row), *row),
        )


def _hostile_value(text: str | None) -> str | None:
    if text is None:
        return None
    if text[:1] in {"{", "["}:
        return json.dumps(_hostile_json(json.loads(text)))
    return f"{text}{HOSTILE}"


def _hostile_json(value: Any) -> Any:
    if isinstance(value, str):
        return f"{value}{HOSTILE}"
    if isinstance(value, list):
        return [_hostile_json(each) for each in value]
    if isinstance(value, dict):
        return {key: _hostile_json(each) for key, each in value.items()}
    return value


@contextmanager
def copied_home(home: Path, target: Path) -> Iterator[Path]:
    """Copy a home to a folder, where commands may change it, and set it in the environment.

    The working folder is a new folder beside it, because relative paths are resolved there.
    """
    shutil.copytree(home, target)
    work = target.with_name(f"{target.name}-work")
    work.mkdir()
    # An editor that changes nothing: commands that open one end.
    environ = {"LAUNCHPAD_HOME": str(target), "VISUAL": "true"}
    with mock.patch.dict(os.environ, environ), chdir(work):
        yield target
    for folder in (target, work):
        shutil.rmtree(folder, ignore_errors=True)
