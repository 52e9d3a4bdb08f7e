"""The command that trains example models."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.cli.command import COMMAND_GROUPS, Command, argument
from launchpad_tui.errors import LaunchpadError

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.demo.plan import DemoPlan
    from launchpad_tui.services.desk import Desk


def _demo(_context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.bootstrap import open_desk
    from launchpad_tui.cli.terminal_ui import check_terminal, open_ui
    from launchpad_tui.config.paths import Home
    from launchpad_tui.demo.headless import run_headless
    from launchpad_tui.demo.plan import demo_home, prepare_demo

    home = Home.at(Path(options.home).expanduser().absolute()) if options.home else demo_home()
    if options.headless:
        return run_headless(open_desk(home), sys.stdout, again=options.retrain, quick=options.quick)
    check_terminal("Without a terminal, use: launchpad demo --headless")
    desk = open_desk(home)
    if options.retrain and not _confirm_retraining(desk):
        options.retrain = False
    plan = prepare_demo(desk, again=options.retrain, quick=options.quick)
    _finish_in_background(desk, plan)
    if plan.created:
        # Charts that grow say more about the app than a list without models.
        ids = tuple(execution.id for execution in plan.executions)
        code = open_ui(home.root, "board", {"item_ids": ids})
    else:
        code = open_ui(home.root)
    if not code:
        _print_next(home.root)
    return code


def _confirm_retraining(desk: Desk) -> bool:
    """Ask whether to train again beside the models that exist. Without any, do not ask."""
    from launchpad_tui.domain.connection import DEFAULT_SCOPE

    if not (count := desk.overview.counts(DEFAULT_SCOPE).models):
        return True
    noun = "model" if count == 1 else "models"
    print(f"The demo has {count} {noun}. Training again adds others beside them.")
    return input("Train again? [y/N] ").strip().lower() in {"y", "yes"}


def _own_command() -> str:
    """Return how this program is started, also if its virtual environment is not activated."""
    if shutil.which("launchpad"):
        return "launchpad"
    if Path(sys.argv[0]).name == "launchpad":
        return shlex.quote(sys.argv[0])
    return f"{shlex.quote(sys.executable)} -m launchpad_tui"


def _print_next(root: Path) -> None:
    """Print where the home of the demo is, and three commands to continue with."""
    command = _own_command()
    prefix = f"LAUNCHPAD_HOME={shlex.quote(str(root))} {command}"
    print(f"Home folder of the demo: {root}")
    print("Continue with:")
    print(f"  {prefix} models list")
    print(f"  {prefix} executions list")
    print(f"  {command} demo")


def _finish_in_background(desk: Desk, plan: DemoPlan) -> None:
    """Start the evaluation of the best model as soon as it is known.

    This ends without a result when the terminal interface is closed.
    """
    from threading import Thread

    from launchpad_tui.config.logfile import logger
    from launchpad_tui.demo.results import finish_demo

    def finish() -> None:
        try:
            finish_demo(desk, plan)
        except LaunchpadError:
            # The terminal interface shows the state so far, and the next start of the demo resumes.
            logger.warning("starting the evaluation of the demo failed", exc_info=True)

    Thread(target=finish, name="demo", daemon=True).start()


COMMANDS = (
    Command(
        ("demo",),
        COMMAND_GROUPS["demo"].help,
        ("launchpad demo", "launchpad demo --headless", "launchpad demo --retrain"),
        _demo,
        (
            argument(
                "--headless",
                help="Print the progress and the comparison without opening the interface",
                action="store_true",
            ),
            argument("--retrain", help="Train again what was already trained", action="store_true"),
            argument("--quick", help="Train for fewer epochs", action="store_true"),
        ),
        details="Without --home, the models are kept in a home folder of their own: "
        "LAUNCHPAD_DEMO_HOME, or launchpad-demo in the folder of user data.",
    ),
)
