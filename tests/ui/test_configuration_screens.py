"""Tests of the screens for configurations, scenarios and executables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.events import Paste

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.query import Query
from launchpad_tui.errors import NotFound
from launchpad_tui.ui.screens.configurations.configuration import ConfigurationScreen
from launchpad_tui.ui.screens.configurations.configuration_create import ConfigurationCreateScreen
from launchpad_tui.ui.screens.executions.execution import ExecutionScreen
from launchpad_tui.ui.screens.executions.execution_rerun import ExecutionRerunScreen
from launchpad_tui.ui.screens.metrics.metrics import MetricsScreen
from launchpad_tui.ui.widgets.form import Form
from launchpad_tui.ui.widgets.text_input import TextInput
from tests.scenes.harness import paste, press, running, screen_text, settled
from tests.scenes.screen_seeds import CONFIGURATION, DATASET, EVALUATE, RUNNING, TRAIN

FOREIGN = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: foreign-train
  annotations: {scenarios.ai.sap.com/name: Field, executables.ai.sap.com/name: Foreign}
  labels: {scenarios.ai.sap.com/id: field, ai.sap.com/version: "1.0"}
spec:
  entrypoint: main
  templates:
    - {name: main, container: {image: any, command: [python, /app/train.py]}}
"""


def configurations(pilot: Any) -> list[Any]:
    """Return all configurations."""
    return list(pilot.app.desk.configurations.list(DEFAULT_SCOPE))


def count_executions(pilot: Any) -> int:
    """Return the number of executions."""
    listing = pilot.app.desk.executions.listing(DEFAULT_SCOPE, Query())
    return len(listing.slice(0, 100))


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_parameters_that_differ_are_first(workshop_home: Home, size: tuple[int, int]) -> None:
    async with running(workshop_home, size=size) as pilot:
        app: Any = pilot.app
        for rate, seed in (("0.1", "1"), ("0.2", "1"), ("0.3", "2")):
            app.desk.configurations.create(
                DEFAULT_SCOPE,
                "alike",
                TRAIN,
                {"trees": "200", "target": seed, "learning_rate": rate},
                {"customers": DATASET},
            )
        await press(pilot, "4", "slash", *"alike", "enter")
        await settled(pilot)
        text = screen_text(pilot)
        rows = [line for line in text.splitlines() if "learning_rate=" in line]
        # The whole text of the row under the cursor may be below.
        assert len(rows) >= 3, text
        assert all("learning_rate=" in row.split("targe")[0] for row in rows)
        assert not any("trees=" in row.split("targe")[0] for row in rows)


async def test_search_filters_the_list_and_can_be_removed(workshop_home: Home) -> None:
    async with running(workshop_home, "configurations") as pilot:
        await press(pilot, "slash", *"deep", "enter")
        assert "1–1 of 1" in screen_text(pilot)
        await press(pilot, "escape")
        assert "1–2 of 2" in screen_text(pilot)
        await press(pilot, "slash", *"gone", "enter")
        assert "No matches" in screen_text(pilot)


async def test_expressions_filter_the_list(workshop_home: Home) -> None:
    async with running(workshop_home, "configurations") as pilot:
        await press(pilot, "w")
        await paste(pilot, "name contains deep")
        await press(pilot, "enter")
        text = screen_text(pilot)
        assert "1–1 of 1" in text
        assert "name contains deep" in text
        await press(pilot, "backspace", "w")
        await paste(pilot, "nam contains deep")
        await press(pilot, "enter")
        assert "'name'" in screen_text(pilot)


async def test_tab_switches_between_bindings_and_executions(workshop_home: Home) -> None:
    async with running(workshop_home, "configurations") as pilot:
        await press(pilot, "down", "enter")
        assert isinstance(pilot.app.screen, ConfigurationScreen)
        text = screen_text(pilot)
        assert "customers  ai://default/data/customers" in text
        assert "1–4 of 4" in text
        await press(pilot, "tab", "enter")
        screen: Any = pilot.app.screen
        assert isinstance(screen, ExecutionScreen)
        assert screen.item_id == RUNNING


async def test_keys_of_executions_work_on_the_page_of_a_configuration(workshop_home: Home) -> None:
    async with running(workshop_home, "configurations") as pilot:
        await press(pilot, "down", "enter", "S")
        assert f"({RUNNING})?" in screen_text(pilot)
        await press(pilot, "n", "A")
        assert isinstance(pilot.app.screen, ExecutionRerunScreen)
        await press(pilot, "escape", "m")
        assert isinstance(pilot.app.screen, MetricsScreen)
        await press(pilot, "escape", "tab", "end", "S")
        assert "only PENDING and RUNNING ones can be stopped" in screen_text(pilot)


async def test_a_sweep_of_an_executable_without_parameters_is_refused(workshop_home: Home) -> None:
    async with running(workshop_home, "configurations") as pilot:
        reason = f"The executable {EVALUATE} has no parameters to vary"
        await press(pilot, "W")
        assert reason in screen_text(pilot)
        await press(pilot, "enter", "W")
        assert isinstance(pilot.app.screen, ConfigurationScreen)
        assert reason in screen_text(pilot)
        await press(pilot, "escape", "ctrl+w", "a")
        assert isinstance(pilot.app.screen, ConfigurationCreateScreen)
        assert "Train a churn model" in screen_text(pilot)
        await press(pilot, "right")
        assert "Evaluate a churn model" not in screen_text(pilot)


async def test_a_configuration_without_parameters_shows_none(workshop_home: Home) -> None:
    async with running(workshop_home, "configurations") as pilot:
        await press(pilot, "enter")
        lines = screen_text(pilot).split("\n")
        heading = next(i for i, line in enumerate(lines) if line.strip() == "Parameters")
        assert lines[heading + 1].strip() == "none"


async def test_executing_several_configurations_asks_first(workshop_home: Home) -> None:
    async with running(workshop_home, "configurations") as pilot:
        await press(pilot, "ctrl+a", "x")
        assert "Execute 2 configurations?" in screen_text(pilot)
        await press(pilot, "n")
        assert count_executions(pilot) == 5


async def test_the_wizard_creates_a_configuration(workshop_home: Home) -> None:
    async with running(workshop_home, "configurations") as pilot:
        await press(pilot, "a")
        # There is only one scenario, so the wizard does not ask for it.
        assert "● Executable" in screen_text(pilot)
        await press(pilot, "right")
        assert "Train a churn model" in screen_text(pilot)
        await press(pilot, "enter", *"spring", "enter", "enter", "enter", "enter")
        text = screen_text(pilot)
        assert "● Parameters" in text
        assert "✗ This field is required" in text
        await press(pilot, *"left", "enter")
        # The only dataset is selected without a question.
        text = screen_text(pilot)
        assert "● Review" in text
        assert "customers  ai://default/data/customers" in text
        assert "Train a churn model (churn-train 1.2.0)" in text
        assert len(configurations(pilot)) == 2
        await press(pilot, "enter")
        assert "Configuration spring created. Execute it now?" in screen_text(pilot)
        await press(pilot, "n")
        assert isinstance(pilot.app.screen, ConfigurationScreen)
        created = next(one for one in configurations(pilot) if one.name == "spring")
        assert dict(created.parameters) == {
            "learning_rate": "0.1",
            "trees": "200",
            "target": "left",
        }
        assert dict(created.inputs) == {"customers": DATASET}
        assert count_executions(pilot) == 5


async def test_selecting_another_executable_changes_the_fields(workshop_home: Home) -> None:
    async with running(workshop_home, "configurations") as pilot:
        await press(pilot, "a", "enter", *"scores", "enter")
        assert "● Inputs" in screen_text(pilot)
        assert "classifier *" in screen_text(pilot)
        await press(pilot, *["escape"] * 2, "right", "enter", "enter")
        text = screen_text(pilot)
        assert "● Parameters" in text
        assert "target *" in text


async def test_an_invalid_name_keeps_the_typed_values(workshop_home: Home) -> None:
    async with running(workshop_home, "configurations") as pilot:
        await press(pilot, "a", "enter", *"größer", "enter")
        text = screen_text(pilot)
        assert "● Name" in text
        assert "✗" in text
        assert pilot.app.screen.query_one(Form).values() == {"name": "größer"}
        await press(pilot, "ctrl+x")
        assert "Leave without saving?" in screen_text(pilot)
        await press(pilot, "n")
        assert pilot.app.screen.query_one(Form).values() == {"name": "größer"}
        await press(pilot, "ctrl+x", "y")
        assert not isinstance(pilot.app.screen, ConfigurationCreateScreen)
        assert len(configurations(pilot)) == 2


async def test_create_like_this_fills_in_the_values(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        app: Any = pilot.app
        app.open("configuration", item_id=CONFIGURATION)
        await settled(pilot)
        await press(pilot, "C")
        assert pilot.app.screen.query_one(Form).values() == {"name": "deep trees"}
        await press(pilot, "ctrl+n")
        values = pilot.app.screen.query_one(Form).values()
        assert values["parameter learning_rate"] == "0.05"
        assert values["parameter target"] == "left"


async def test_the_footer_shows_only_keys_that_work_while_typing(workshop_home: Home) -> None:
    async with running(workshop_home, "configurations") as pilot:
        await press(pilot, "a")
        assert ": commands" in screen_text(pilot).split("\n")[-1]
        await press(pilot, "enter", "question_mark")
        assert pilot.app.screen.query_one(Form).values() == {"name": "?"}
        footer = screen_text(pilot).split("\n")[-1]
        assert "f1 help" in footer
        assert ": commands" not in footer
        await press(pilot, "f1")
        assert "Type to filter" in screen_text(pilot)


async def test_without_a_scenario_the_wizard_shows_how_to_add_one(tmp_path: Path) -> None:
    async with running(Home.at(tmp_path).ensure(), "configurations") as pilot:
        await press(pilot, "a")
        text = screen_text(pilot)
        assert "No scenarios yet: press 5, then a" in text
        assert "there are no values" in text
        await press(pilot, "ctrl+n")
        assert "✗ This field is required" in screen_text(pilot)


async def test_valid_templates_are_added_and_invalid_ones_refused(
    workshop_home: Home, tmp_path: Path
) -> None:
    import launchpad_tui.demo

    demo = Path(launchpad_tui.demo.__file__).parent / "executables"
    broken = tmp_path / "broken.yaml"
    broken.write_text("kind: WorkflowTemplate\nmetadata: {}\n")
    async with running(workshop_home, "scenarios") as pilot:
        await press(pilot, "a", *str(broken), "enter")
        assert "1 template was refused" in screen_text(pilot)
        await press(pilot, "escape", "a", *str(tmp_path / "nowhere"), "enter")
        assert "There is no file or folder" in screen_text(pilot)
        # The path is kept to be corrected; typing replaces it.
        await press(pilot, "escape", "a")
        assert pilot.app.screen.query_one(TextInput).value == str(tmp_path / "nowhere")
        await press(pilot, *str(demo), "enter")
        found = {one.id for one in pilot.app.desk.scenarios.executables(DEFAULT_SCOPE)}
        assert found > {TRAIN, EVALUATE}
        await press(pilot, "r")
        assert f"of {len(found)}" in screen_text(pilot)


async def test_a_script_is_added_and_its_edited_template_is_replaced_after_a_question(
    workshop_home: Home, tmp_path: Path
) -> None:
    script = tmp_path / "field" / "fit.py"
    script.parent.mkdir()
    script.write_text(
        "import argparse\np = argparse.ArgumentParser()\n"
        "p.add_argument('--rate', type=float, default=0.1)\np.add_argument('--model-dir')\n"
    )
    template = script.with_suffix(".yaml")
    async with running(workshop_home, "scenarios", (160, 30)) as pilot:

        async def add() -> None:
            await press(pilot, "a")
            await paste(pilot, str(script))
            await press(pilot, "enter")
            await settled(pilot)

        await add()
        assert template.is_file()
        (added,) = [
            one
            for one in pilot.app.desk.scenarios.executables(DEFAULT_SCOPE)
            if one.source == str(template)
        ]
        assert [one.name for one in added.parameters] == ["rate"]
        edited = template.read_text() + "# edited\n"
        template.write_text(edited)
        await add()
        assert "Replace fit.yaml?" in screen_text(pilot)
        await press(pilot, "n")
        assert template.read_text() == edited
        # The path is still there.
        await press(pilot, "a", "enter")
        await settled(pilot)
        await press(pilot, "y")
        await settled(pilot)
        assert "# edited" not in template.read_text()
        await press(pilot, "x", "enter")
        assert "● Parameters" in screen_text(pilot)


async def test_the_cursor_is_on_what_was_added(workshop_home: Home, tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(FOREIGN)
    (tmp_path / "train.py").write_text("")
    async with running(workshop_home, "scenarios") as pilot:
        await press(pilot, "a")
        await paste(pilot, str(file))
        await press(pilot, "enter")
        await settled(pilot)
        await press(pilot, "x", "enter")
        text = screen_text(pilot)
        assert "● Review" in text
        # Without a typed name, the configuration has the ID of the executable.
        assert text.count("foreign-train") == 2


async def test_an_executable_is_removed_after_a_question(workshop_home: Home) -> None:
    async with running(workshop_home, "scenarios") as pilot:
        desk: Any = pilot.app.desk
        await press(pilot, "D", "enter", "n")
        assert desk.scenarios.executable(DEFAULT_SCOPE, EVALUATE).id == EVALUATE
        await press(pilot, "D", "y")
        with pytest.raises(NotFound):
            desk.scenarios.executable(DEFAULT_SCOPE, EVALUATE)
        assert len(configurations(pilot)) == 2


async def test_settings_of_an_executable_are_edited(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        app: Any = pilot.app
        app.open("executable", item_id=TRAIN)
        await settled(pilot)
        await press(pilot, "e", *"environment", "enter", *"LOST=1", "escape")
        assert not app.desk.scenarios.executable(DEFAULT_SCOPE, TRAIN).settings
        await press(pilot, "e", *"environment", "enter", *"SEED=7", "enter")
        settings = app.desk.scenarios.executable(DEFAULT_SCOPE, TRAIN).settings
        assert "SEED=7" in settings.values()
        await press(pilot, "r")
        assert "SEED=7" in screen_text(pilot)


async def test_the_code_folder_is_selected_if_several_have_the_script(
    workshop_home: Home, tmp_path: Path
) -> None:
    checkout = tmp_path / "checkout"
    for name in (".git/HEAD", "one/train.py", "two/train.py"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("")
    (checkout / "t.yaml").write_text(FOREIGN)
    async with running(workshop_home, "scenarios") as pilot:
        await press(pilot, "a")
        await paste(pilot, str(checkout / "t.yaml"))
        await press(pilot, "enter")
        assert "Code of foreign-train" in screen_text(pilot)
        await press(pilot, "down", "enter")
        settings = pilot.app.desk.scenarios.executable(DEFAULT_SCOPE, "foreign-train").settings
        assert settings["code"] == str(checkout / "two")


async def test_values_that_were_not_typed_are_discarded_without_a_question(
    workshop_home: Home,
) -> None:
    async with running(workshop_home) as pilot:
        app: Any = pilot.app
        app.open("configuration", item_id=CONFIGURATION)
        await settled(pilot)
        await press(pilot, "C", "ctrl+n", "escape", "ctrl+x")
        assert not isinstance(app.screen, ConfigurationCreateScreen)
        await press(pilot, "C", "x", "ctrl+n", "escape", "ctrl+x")
        assert "Leave without saving?" in screen_text(pilot)


async def test_a_pasted_url_replaces_the_one_that_is_filled_in(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        pilot.app.open("artifact.add")
        await settled(pilot)
        assert pilot.app.screen.query_one(Form).values()["url"] == "ai://default/"
        pilot.app.post_message(Paste("ai://lake/models/one\n"))
        await settled(pilot)
        assert pilot.app.screen.query_one(Form).values()["url"] == "ai://lake/models/one"
        pilot.app.post_message(Paste("/two"))
        await settled(pilot)
        assert pilot.app.screen.query_one(Form).values()["url"] == "ai://lake/models/one/two"
