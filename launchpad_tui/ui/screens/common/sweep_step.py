"""The step of wizards for parameters with several values: a grid or random combinations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from launchpad_tui.domain.connection import Field, FieldKind
from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.sweep import (
    MOST_EXECUTIONS,
    RANDOM_KEY,
    SweepPlan,
    parse_values,
    plan,
    several,
)
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.ui.screens.common.wizard import Step
from launchpad_tui.ui.widgets.choose_dialog import Choice
from launchpad_tui.ui.widgets.details import Item, heading

if TYPE_CHECKING:
    from launchpad_tui.domain.sweep import Sweep
    from launchpad_tui.ui.screens.common.screen import LaunchpadScreen

#: the field with the kind of combinations, and its values
MODE = "combinations"
GRID, RANDOM, ONE = "grid", "random", "one"
_COUNT, _SEED, _LIMIT = "combinations.count", "combinations.seed", "combinations.limit"
#: the number of executions that are created by one call
_AT_ONCE = 4
#: the number of combinations that the review lists
_LISTED = 5
STEP = Step(
    MODE,
    "Combinations",
    "Parameters have several values. Select which combinations are executed.",
)
FIELDS = (
    Field(MODE, "Executions", FieldKind.CHOICE, required=True),
    Field(
        _LIMIT,
        "Limit",
        FieldKind.NUMBER,
        default=str(MOST_EXECUTIONS),
        help="A grid with more combinations is refused.",
        when=(MODE, (GRID,)),
    ),
    Field(
        _COUNT,
        "Number",
        FieldKind.NUMBER,
        default="20",
        help="The number of random combinations.",
        when=(MODE, (RANDOM,)),
    ),
    Field(
        _SEED,
        "Seed",
        FieldKind.NUMBER,
        default="0",
        help="The same seed selects the same combinations.",
        when=(MODE, (RANDOM,)),
    ),
)


def varied(parameters: Mapping[str, str], initial: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters with several values.

    Args:
        parameters: the typed values.
        initial: the values that were filled in, which are never read as several values: a default
            may contain commas.
    """
    return {
        name: text
        for name, text in parameters.items()
        if text != initial.get(name) and several(name, text)
    }


def unusual(parameters: Mapping[str, str], initial: Mapping[str, str]) -> str:
    """Return a warning about typed values that look like a range but are none; empty without."""
    for name, text in parameters.items():
        if text == initial.get(name):
            continue
        try:
            parse_values(name, text, random=True)
        except InvalidInput as error:
            return f"{name} is used as text: {error.detail}"
    return ""


def mode_choices(texts: Mapping[str, str], *, required: bool) -> list[Choice]:
    """Return the kinds of combinations of several values, with their numbers of executions.

    Args:
        texts: the values of the parameters that have several ones.
        required: whether a single execution is not offered.
    """
    number, reason = "", ""
    try:
        number = f"{len(plan(texts).combinations):,} executions"
    except InvalidInput as error:
        reason = f"{error.detail} Use random combinations"
    choices = [
        Choice(GRID, "All combinations", number, reason=reason),
        Choice(RANDOM, "Random combinations", "with a seed"),
    ]
    if not required:
        choices.append(Choice(ONE, "One execution", "the values are texts with commas or dots"))
    return choices


def planned(texts: Mapping[str, str], values: Mapping[str, str]) -> SweepPlan | None:
    """Return the executions that the values of the fields describe; None for a single one.

    Raises:
        InvalidInput: a value is not valid; ``field`` names it.
    """
    mode = values.get(MODE, "")
    if not texts or mode == ONE:
        return None
    if mode == RANDOM:
        count = _number(values, _COUNT, 1, MOST_EXECUTIONS)
        return plan(texts, random=count, seed=_number(values, _SEED, 0, 2**63 - 1))
    return plan(texts, limit=_number(values, _LIMIT, 1, MOST_EXECUTIONS))


def _number(values: Mapping[str, str], name: str, low: int, high: int) -> int:
    field = next(one for one in FIELDS if one.name == name)
    text = values.get(name, "") or field.default
    number = int(text) if text.isdecimal() and len(text) < len(str(2**63)) else -1
    if not low <= number <= high:
        raise InvalidInput(
            f"{text[:40]!r} is not a valid {field.title.lower()}",
            f"It must be an integer from {low:,} to {high:,}.",
            "Correct the number.",
            field=name,
        )
    return number


def review_items(found: SweepPlan) -> list[Item]:
    """Return lines about the executions that will be created."""
    count = len(found.combinations)
    chosen = "random combinations" if RANDOM_KEY in found.definition else "all combinations"
    items = [heading("Sweep"), Item("Executions", f"{count:,}: {chosen}", "accent")]
    for position, one in enumerate(found.combinations[:_LISTED], 1):
        text = "  ".join(f"{name}={value}" for name, value in one.items())
        items.append(Item(f"Execution {position}", text))
    if count > _LISTED:
        items.append(Item("", f"and {count - _LISTED:,} more", "dim"))
    return items


def _is_stopped(sweep: Sweep) -> bool:
    """Return whether executions of a sweep were stopped, so that no further ones are created."""
    return bool(sweep.count(Status.STOPPING, Status.STOPPED))


async def start_sweep(
    screen: LaunchpadScreen,
    name: str,
    executable_id: str,
    parameters: Mapping[str, str],
    inputs: Mapping[str, str],
    found: SweepPlan,
) -> Sweep:
    """Create a sweep with its first execution, and go on to create the others in the background.

    Raises as `services.sweeps.SweepService.begin`.
    """
    app, service, scope = screen.launchpad, screen.desk.sweeps, screen.scope
    several_values = set(found.combinations[0])
    shared = {key: value for key, value in parameters.items() if key not in several_values}
    shared.update(found.parameters)
    begun = await app.act(
        service.begin,
        scope,
        name,
        executable_id,
        shared,
        {key: value for key, value in inputs.items() if value},
        found.combinations,
        found.definition,
    )
    app.point_at("sweeps", begun.id)

    async def complete() -> None:
        done = begun
        # Between two calls other changes have their turn: the sweep can be stopped.
        while (left := sum(one.untried for one in done.members)) and not _is_stopped(done):
            try:
                done = await app.act(service.complete, scope, done, most=_AT_ONCE)
            except NotFound:
                # The sweep was removed meanwhile.
                return
            if left - sum(one.untried for one in done.members) < min(_AT_ONCE, left):
                # The runtime does not respond.
                break
        errors: Sequence[str] = [one.error for one in done.members if one.error]
        if errors:
            text = f"{len(errors):,} executions of {name} were not created: {errors[0]}"
            app.say(text, "warn", 10, anywhere=True)
        elif not _is_stopped(done):
            app.say(f"Created {done.total:,} executions of {name}", "good", anywhere=True)

    app.run_task(complete(), f"sweep {begun.id}", exclusive=False)
    return begun
