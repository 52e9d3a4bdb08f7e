"""Commands that stand alone: the UI, the demo, logging from inside an execution, completion, paths."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.cli.command import Command, arg
from launchpad_tui.errors import ConfigError, InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context


def open_ui(home: Path | None, route: str = "models") -> int:
    """Open the terminal interface; its exit code.

    Raises:
        ConfigError: there is no terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "There is no terminal to draw on",
            "Standard input and output have to be a terminal.",
            "For scripts there are commands: launchpad --help",
        )
    from launchpad_tui.config.paths import Home
    from launchpad_tui.ui import run_ui

    place = Home.at(home.absolute()) if home else Home.find()

    def open_home() -> Desk:
        from launchpad_tui.bootstrap import open_desk

        return open_desk(place)

    return run_ui(open_home, route)


if TYPE_CHECKING:
    from launchpad_tui.services.desk import Desk


def _demo(_context: Context, options: argparse.Namespace) -> int:
    from launchpad_tui.bootstrap import open_desk
    from launchpad_tui.config.paths import Home
    from launchpad_tui.demo.headless import run_headless
    from launchpad_tui.demo.plan import demo_home, prepare_demo

    home = Home.at(Path(options.home).expanduser().absolute()) if getattr(options, "home", None) else demo_home()
    if options.headless:
        return run_headless(open_desk(home), sys.stdout, again=options.again, quick=options.quick)
    prepare_demo(open_desk(home), again=options.again, quick=options.quick)
    return open_ui(home.root)


def _log(_context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.tracking import TrackingError, send

    metrics: dict[str, float] = {}
    for text in options.metric:
        name, equals, value = text.partition("=")
        try:
            metrics[name] = float(value)
        except ValueError:
            equals = ""
        if not equals or not name:
            raise InvalidInput(f"{text!r} is not a metric", hint="Write name=number, such as loss=0.31.")
    try:
        send(
            metrics,
            step=options.step,
            labels=_pairs(options.label),
            tags=_pairs(options.tag),
            infos=_pairs(options.info),
        )
    except TrackingError as error:
        raise ConfigError(
            "The metrics were not logged", str(error), "This command works inside an execution, in its own processes."
        ) from error


def _pairs(texts: list[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidInput(f"{text!r} is not name=value")
        found[name] = value
    return found


def _paths(context: Context, _options: argparse.Namespace) -> None:
    home = context.desk.home
    data = {
        "home": str(home.root),
        "registry": str(home.registry_path),
        "files": str(home.files),
        "executions": str(home.executions),
        "secrets": str(home.secrets),
        "settings": str(home.settings_path),
        "credentials": str(home.credentials_path),
        "log": str(home.log_path),
    }
    context.resource(data, list(data.items()))


def _settings(context: Context, _options: argparse.Namespace) -> None:
    from dataclasses import asdict

    settings = context.desk.settings
    data = {"executions": asdict(settings.executions), "ui": asdict(settings.ui), "keys": dict(settings.keys)}
    lines = [(f"{section}.{key}", str(value)) for section, values in data.items() for key, value in values.items()]
    context.resource(data, lines)
    for warning in settings.warnings:
        context.note(warning)


def _completion(_context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.cli.completion import script

    print(script(options.shell), end="")


def _complete(context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.cli.completion import candidates

    for line in candidates(context, options.words):
        print(line)


COMMANDS = (
    Command(
        ("demo",),
        "train six models on this machine and look at them, in a home of its own",
        ("launchpad demo", "launchpad demo --headless", "launchpad demo --again"),
        _demo,
        (
            arg("--headless", help="no screen: follow the trainings and print the comparison", action="store_true"),
            arg("--again", help="train even what was trained before", action="store_true"),
            arg("--quick", help="train for fewer epochs", action="store_true"),
        ),
    ),
    Command(
        ("log",),
        "log metrics from inside an execution, for programs without any SDK",
        (
            "launchpad log loss=0.31 accuracy=0.9 --step 5",
            "launchpad log loss=0.35 --step 5 --label phase=validation",
            "launchpad log --tag group=tree-82 --info note='first try'",
        ),
        _log,
        (
            arg("metric", nargs="*", metavar="NAME=NUMBER", help="metrics; nan and inf are values too"),
            arg("--step", type=int, default=0, metavar="N", help="the step (default: 0)"),
            arg("--label", action="append", metavar="NAME=VALUE", help="a label of these metrics; may be repeated"),
            arg("--tag", action="append", metavar="NAME=VALUE", help="a tag of the execution; may be repeated"),
            arg("--info", action="append", metavar="NAME=TEXT", help="custom info of the execution; may be repeated"),
        ),
    ),
    Command(("paths",), "show where everything lies", ("launchpad paths", "launchpad paths --json"), _paths),
    Command(
        ("settings",), "show the settings in force", ("launchpad settings", "launchpad settings --json"), _settings
    ),
    Command(
        ("completion",),
        "print the completion script of a shell",
        (
            'eval "$(launchpad completion bash)"',
            "launchpad completion zsh > ~/.zfunc/_launchpad",
            "launchpad completion fish > ~/.config/fish/completions/launchpad.fish",
        ),
        _completion,
        (arg("shell", choices=("bash", "zsh", "fish"), help="the shell"),),
    ),
    Command(
        ("_complete",),
        "print what may follow these words",
        ("launchpad _complete -- models sh",),
        _complete,
        (arg("words", nargs="*", help="the words of the command line, the last one unfinished"),),
        hidden=True,
    ),
)
