"""Commands that stand alone: the demo, logging from inside an execution, completion, paths."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.cli.bindings import bindings
from launchpad_tui.cli.command import WORDS, Command, arg
from launchpad_tui.errors import ConfigError, InvalidInput, LaunchpadError

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.demo.plan import DemoPlan
    from launchpad_tui.services.desk import Desk


def _demo(_context: Context, options: argparse.Namespace) -> int:
    from launchpad_tui.bootstrap import open_desk
    from launchpad_tui.cli.screens import check_terminal, open_ui
    from launchpad_tui.config.paths import Home
    from launchpad_tui.demo.headless import run_headless
    from launchpad_tui.demo.plan import demo_home, prepare_demo

    home = Home.at(Path(options.home).expanduser().absolute()) if options.home else demo_home()
    if options.headless:
        return run_headless(open_desk(home), sys.stdout, again=options.again, quick=options.quick)
    check_terminal()
    desk = open_desk(home)
    plan = prepare_demo(desk, again=options.again, quick=options.quick)
    _in_background(desk, plan)
    return open_ui(home.root)


def _in_background(desk: Desk, plan: DemoPlan) -> None:
    """Evaluate the best model once it is known, while the screens are open; leaving them abandons it."""
    from threading import Thread

    from launchpad_tui.config.logfile import logger
    from launchpad_tui.demo.results import finish_demo

    def finish() -> None:
        try:
            finish_demo(desk, plan)
        except LaunchpadError:
            # The screens are open, and show whatever state this left; the next start of the demo goes on.
            logger.warning("the demo's evaluation was not started", exc_info=True)

    Thread(target=finish, name="demo", daemon=True).start()


def _log(_context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.tracking import TrackingError, send

    metrics: dict[str, float] = {}
    for name, value in bindings(options.metric, "metric").items():
        try:
            metrics[name] = float(value)
        except ValueError as error:
            hint = "Write name=number, such as loss=0.31."
            raise InvalidInput(
                f"{value[:80]!r} is not a number", f"The metric {name}.", hint, field="metric"
            ) from error
    tags, infos = bindings(options.tag, "tag"), bindings(options.info, "info")
    if not (metrics or tags or infos):
        raise InvalidInput(
            "There is nothing to log", hint="Give metrics as name=number, or --tag, or --info."
        )
    try:
        send(
            metrics,
            step=options.step,
            labels=bindings(options.label, "label"),
            tags=tags,
            infos=infos,
        )
    except TrackingError as error:
        raise ConfigError(
            "The metrics were not logged",
            str(error),
            "This command works inside an execution, in its own processes.",
        ) from error


def _reconcile(context: Context, _options: argparse.Namespace) -> None:
    context.desk.executions.reconcile()
    context.done("All executions are as they should be.", {"reconciled": True})


def _paths(context: Context, _options: argparse.Namespace) -> None:
    # The registry stays closed: this is where one looks when it cannot be opened.
    home = context.home
    data = {
        "home": str(home.root),
        "registry": str(home.registry_path),
        "files": str(home.files),
        "executions": str(home.executions),
        "secrets": str(home.secrets),
        "settings": str(home.settings_path),
        "credentials": str(home.credentials_path),
        "clients": str(home.clients_path),
        "log": str(home.log_path),
    }
    context.resource(data, list(data.items()))


def _settings(context: Context, _options: argparse.Namespace) -> None:
    from launchpad_tui.config.settings import Settings

    settings = Settings.load(context.home)
    data = settings.by_section()
    lines = [
        (f"{section}.{key}", str(value))
        for section, values in data.items()
        for key, value in values.items()
    ]
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
        WORDS["demo"].help,
        ("launchpad demo", "launchpad demo --headless", "launchpad demo --again"),
        _demo,
        (
            arg(
                "--headless",
                help="no screen: follow the trainings and print the comparison",
                action="store_true",
            ),
            arg("--again", help="train even what was trained before", action="store_true"),
            arg("--quick", help="train for fewer epochs", action="store_true"),
        ),
    ),
    Command(
        ("log",),
        WORDS["log"].help,
        (
            "launchpad log loss=0.31 accuracy=0.9 --step 5",
            "launchpad log loss=0.35 --step 5 --label phase=validation",
            "launchpad log --tag group=tree-82 --info note='first try'",
        ),
        _log,
        (
            arg(
                "metric",
                nargs="*",
                metavar="NAME=NUMBER",
                help="metrics; nan and inf are values too",
            ),
            arg("--step", type=int, default=0, metavar="N", help="the step (default: 0)"),
            arg(
                "--label",
                action="append",
                metavar="NAME=VALUE",
                help="a label of these metrics; may be repeated",
            ),
            arg(
                "--tag",
                action="append",
                metavar="NAME=VALUE",
                help="a tag of the execution; may be repeated",
            ),
            arg(
                "--info",
                action="append",
                metavar="NAME=TEXT",
                help="custom info of the execution; may be repeated",
            ),
        ),
    ),
    Command(
        ("reconcile",),
        WORDS["reconcile"].help,
        ("launchpad reconcile", "launchpad reconcile --quiet"),
        _reconcile,
    ),
    Command(("paths",), WORDS["paths"].help, ("launchpad paths", "launchpad paths --json"), _paths),
    Command(
        ("settings",),
        WORDS["settings"].help,
        ("launchpad settings", "launchpad settings --json"),
        _settings,
    ),
    Command(
        ("completion",),
        WORDS["completion"].help,
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
        WORDS["_complete"].help,
        ("launchpad _complete -- models sh", "launchpad _complete -- models show ''"),
        _complete,
        (arg("words", nargs="*", help="the words of the command line, the last one unfinished"),),
        hidden=True,
    ),
)
