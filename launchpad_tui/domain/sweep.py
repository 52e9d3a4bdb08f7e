"""Sweeps: executions of one executable with different values of parameters."""

from __future__ import annotations

import csv
import itertools
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from launchpad_tui.domain.execution import STOPPABLE, Execution, Status
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import field, record

if TYPE_CHECKING:
    from random import Random

#: the largest number of executions of a sweep
MOST_EXECUTIONS = 1000
#: names in a definition beside those of parameters, with which they must not be confused
RANDOM_KEY, SEED_KEY = "--random", "--seed"
#: the states of members without an execution
DELETED, NOT_CREATED = "DELETED", "NOT CREATED"
#: the states of executions that are created again when a sweep is resumed
RESUMED = frozenset({Status.DEAD, Status.STOPPED})
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?::(\d+))?(:log)?")
_HINT = (
    "Use values separated by commas (0.1,0.01), integers (1..5), a number of values "
    "(0..1:5), or logarithmic ones (0.0001..0.1:4:log)."
)


@record
class ValueRange:
    """A range of numbers from which values are drawn.

    Attributes:
        whole: whether the values are integers.
        log: whether their logarithms are evenly distributed.
    """

    low: float
    high: float
    whole: bool
    log: bool


@record
class Values:
    """The values of a parameter in a sweep: a list, or a range for random ones."""

    listed: tuple[str, ...] = ()
    range: ValueRange | None = None


@record
class SweepMember:
    """One combination of values.

    Attributes:
        parameters: the values of the parameters that differ within the sweep.
        configuration_id, execution_id: empty while they have not been created.
        error: why the execution could not be created, empty if it could.
        execution: None if it has not been created, or was deleted.
    """

    position: int
    parameters: Mapping[str, str]
    configuration_id: str
    execution_id: str
    error: str
    execution: Execution | None = None

    @property
    def resumable(self) -> bool:
        """Whether the execution failed, was stopped or deleted, or was never created."""
        one = self.execution
        return one is None or one.status in RESUMED

    @property
    def untried(self) -> bool:
        """Whether no one has tried to create the execution."""
        return not self.execution_id and not self.error

    @property
    def state(self) -> str:
        """The status of the execution, or that it is missing."""
        if self.execution is not None:
            return str(self.execution.status)
        return DELETED if self.execution_id else NOT_CREATED


@record
class Sweep:
    """A group of executions.

    Attributes:
        definition: the values of each parameter, as they were given.
        parameters, inputs: those that all executions share.
        members: in the order of their creation; lists of sweeps are read without them.
        states: the number of members by state, for a sweep that was read without them.
    """

    id: str
    name: str
    executable_id: str
    definition: Mapping[str, str]
    parameters: Mapping[str, str]
    inputs: Mapping[str, str]
    created_at: datetime
    created_by: str
    members: tuple[SweepMember, ...] = ()
    states: Mapping[str, int] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Return the number of members by state, the completed ones first."""
        found = dict(self.states)
        for member in self.members:
            found[member.state] = found.get(member.state, 0) + 1
        return dict(sorted(found.items(), key=lambda pair: (pair[0] != Status.COMPLETED, pair[0])))

    @property
    def execution_ids(self) -> tuple[str, ...]:
        """The IDs of the existing executions of the members."""
        return tuple(one.execution_id for one in self.members if one.execution is not None)

    @property
    def varied(self) -> tuple[str, ...]:
        """The names of the parameters that differ within the sweep."""
        return tuple(self.members[0].parameters) if self.members else ()

    @property
    def board_arguments(self) -> dict[str, Any]:
        """The arguments of the screen with the board of the sweep."""
        return {"item_ids": self.execution_ids, "sweep_id": self.id, "varied": self.varied}

    @property
    def total(self) -> int:
        """The number of members."""
        return sum(self.states.values()) + len(self.members)

    def count(self, *states: str) -> int:
        """Return the number of members in some states."""
        return sum(number for state, number in self.counts().items() if state in states)

    @property
    def ended(self) -> int:
        """The number of members whose executions have ended, or were deleted."""
        return self.count(*(str(one) for one in Status if one.final), DELETED)

    @property
    def running(self) -> int:
        """The number of members whose executions can be stopped."""
        return self.count(*map(str, STOPPABLE))

    @property
    def resumable(self) -> int:
        """The number of members that `SweepMember.resumable` is true for."""
        return self.count(*map(str, RESUMED), DELETED, NOT_CREATED)

    @property
    def progress(self) -> str:
        """The progress as text, such as ``12 of 15 completed, 2 running, 1 dead``."""
        counts = self.counts()
        done = counts.pop(str(Status.COMPLETED), 0)
        rest = [f"{count:,} {state.lower()}" for state, count in counts.items()]
        return ", ".join([f"{done:,} of {self.total:,} completed", *rest])


def parse_values(name: str, text: str, *, random: bool) -> Values:
    """Parse the values of a parameter: ``a,b``, ``1..5``, ``0..1:5`` or ``1e-4..0.1:4:log``.

    Args:
        random: whether values may be drawn from a range without a number of values.

    Raises:
        InvalidInput: the text is not valid.
    """
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        try:
            (row,) = csv.reader([text], strict=True, skipinitialspace=True)
        except (csv.Error, ValueError) as error:
            raise _invalid(name, text, "A quote is not closed.") from error
        return Values(tuple(dict.fromkeys(row)) or ("",))
    low, high = float(match.group(1)), float(match.group(2))
    whole = all(re.fullmatch(r"[+-]?\d+", one) for one in match.group(1, 2))
    log = match.group(4) is not None
    if not (math.isfinite(low) and math.isfinite(high)) or low >= high:
        raise _invalid(name, text, "The first number must be less than the second one.")
    if log and low <= 0:
        raise _invalid(name, text, "Logarithmic values must be greater than 0.")
    if match.group(3) is None:
        if random:
            return Values(range=ValueRange(low, high, whole, log))
        if not whole or log:
            raise _invalid(name, text, "The number of values is missing.")
        if high - low >= MOST_EXECUTIONS:
            raise _invalid(name, text, f"It has more than {MOST_EXECUTIONS:,} values.")
        return Values(tuple(str(one) for one in range(int(low), int(high) + 1)))
    count = int(match.group(3))
    if not 2 <= count <= MOST_EXECUTIONS:
        raise _invalid(name, text, f"The number of values must be 2 to {MOST_EXECUTIONS:,}.")
    shares = [number / (count - 1) for number in range(count)]
    spread = [
        math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        if log
        else low + share * (high - low)
        for share in shares
    ]
    return Values(tuple(dict.fromkeys(_number_text(one) for one in spread)))


@record
class SweepPlan:
    """The executions of a sweep that has not been created yet.

    Attributes:
        definition: the values of each parameter as they were given, and for random combinations
            their number and seed under `RANDOM_KEY` and `SEED_KEY`.
        parameters: the values of the parameters that have one value.
        combinations: the values of the other parameters of each execution; empty if all have one.
    """

    definition: Mapping[str, str]
    parameters: Mapping[str, str]
    combinations: tuple[Mapping[str, str], ...]


def plan(
    texts: Mapping[str, str],
    *,
    random: int | None = None,
    seed: int = 0,
    limit: int = MOST_EXECUTIONS,
) -> SweepPlan:
    """Return the executions for values of parameters.

    Args:
        texts: the values of each parameter, see `parse_values`.
        random: the number of random combinations; None for all combinations.
        seed: selects the random combinations.
        limit: the largest number of combinations of a grid.

    Raises:
        InvalidInput: values are not valid, or there are too many combinations.
    """
    values = {
        name: parse_values(name, text, random=random is not None) for name, text in texts.items()
    }
    varied = {
        name: one for name, one in values.items() if one.range is not None or len(one.listed) > 1
    }
    parameters = {name: one.listed[0] for name, one in values.items() if name not in varied}
    if not varied:
        return SweepPlan(texts, parameters, ())
    if random is None:
        return SweepPlan(texts, parameters, tuple(grid(varied, limit)))
    definition = {**texts, RANDOM_KEY: str(random), SEED_KEY: str(seed)}
    return SweepPlan(definition, parameters, tuple(random_combinations(varied, random, seed)))


def several(name: str, text: str) -> bool:
    """Return whether a text names several values of a parameter: a list or a range."""
    try:
        found = parse_values(name, text, random=True)
    except InvalidInput:
        return False
    return found.range is not None or len(found.listed) > 1


def grid(values: Mapping[str, Values], limit: int = MOST_EXECUTIONS) -> list[dict[str, str]]:
    """Return all combinations of listed values.

    Raises:
        InvalidInput: there are more than ``limit``.
    """
    count = math.prod(len(one.listed) for one in values.values())
    if count > limit:
        raise InvalidInput(
            "The sweep is too large",
            f"It has {count:,} combinations; at most {limit:,} are allowed.",
            "Use fewer values, or --random N for N of the combinations.",
            field="parameters",
        )
    return [
        dict(zip(values, combination, strict=True))
        for combination in itertools.product(*(one.listed for one in values.values()))
    ]


def random_combinations(
    values: Mapping[str, Values], count: int, seed: int
) -> list[dict[str, str]]:
    """Return different random combinations, the same ones for the same seed.

    If there are fewer combinations than ``count``, all of them are returned.

    Raises:
        InvalidInput: ``count`` is not 1 to `MOST_EXECUTIONS`.
    """
    if not 1 <= count <= MOST_EXECUTIONS:
        raise InvalidInput(
            f"A sweep of {count:,} executions is not possible",
            f"A sweep has 1 to {MOST_EXECUTIONS:,} executions.",
            "Correct the number.",
            field="random",
        )
    from random import Random

    source = Random(seed)
    if all(one.range is None for one in values.values()):
        sizes = [len(one.listed) for one in values.values()]
        total = math.prod(sizes)
        places = source.sample(range(total), min(count, total))
        return [_combination(values, place) for place in places]
    found: dict[tuple[str, ...], None] = {}
    # A range of few integers may have fewer combinations than are wanted.
    for _ in range(20 * count):
        found.setdefault(tuple(_drawn(one, source) for one in values.values()))
        if len(found) == count:
            break
    return [dict(zip(values, one, strict=True)) for one in found]


def _combination(values: Mapping[str, Values], place: int) -> dict[str, str]:
    """Return a combination of listed values by its place among all of them."""
    found: dict[str, str] = {}
    for name in reversed(list(values)):
        listed = values[name].listed
        place, index = divmod(place, len(listed))
        found[name] = listed[index]
    return {name: found[name] for name in values}


def _drawn(values: Values, source: Random) -> str:
    drawn = values.range
    if drawn is None:
        return source.choice(values.listed)
    if drawn.log:
        value = math.exp(source.uniform(math.log(drawn.low), math.log(drawn.high)))
    elif drawn.whole:
        return str(source.randint(int(drawn.low), int(drawn.high)))
    else:
        value = source.uniform(drawn.low, drawn.high)
    return str(round(value)) if drawn.whole else _number_text(value)


def _number_text(value: float) -> str:
    """Return a number with six significant digits, or with all digits of its whole part."""
    return f"{value:.{6 if abs(value) < 1e6 else 12}g}"


def _invalid(name: str, text: str, detail: str) -> InvalidInput:
    return InvalidInput(
        f"{text[:80]!r} are not valid values of {name[:80]}",
        detail,
        _HINT,
        field=f"parameters.{name}",
    )


def member_name(name: str, parameters: Mapping[str, str], limit: int = 256) -> str:
    """Return the name of the configuration of a member."""
    return f"{name} {' '.join(f'{key}={value}' for key, value in parameters.items())}"[:limit]
