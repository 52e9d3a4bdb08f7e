"""Sweeps: executions of one executable with different values of parameters."""

from __future__ import annotations

import csv
import itertools
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from launchpad_tui.domain.execution import Execution, Status
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import record

if TYPE_CHECKING:
    from random import Random

#: the largest number of executions of a sweep
MOST_EXECUTIONS = 1000
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
        return one is None or one.status in {Status.DEAD, Status.STOPPED}

    @property
    def state(self) -> str:
        """The status of the execution, or that it is missing."""
        if self.execution is not None:
            return str(self.execution.status)
        return "DELETED" if self.execution_id else "NOT CREATED"


@record
class Sweep:
    """A group of executions.

    Attributes:
        definition: the values of each parameter, as they were given.
        parameters, inputs: those that all executions share.
        members: in the order of their creation.
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

    def counts(self) -> dict[str, int]:
        """Return the number of members by state, the completed ones first."""
        found: dict[str, int] = {}
        for member in self.members:
            found[member.state] = found.get(member.state, 0) + 1
        return dict(sorted(found.items(), key=lambda pair: (pair[0] != Status.COMPLETED, pair[0])))

    @property
    def progress(self) -> str:
        """The progress as text, such as ``12 of 15 completed, 2 running, 1 dead``."""
        counts = self.counts()
        done = counts.pop(str(Status.COMPLETED), 0)
        rest = [f"{count} {state.lower()}" for state, count in counts.items()]
        return ", ".join([f"{done} of {len(self.members)} completed", *rest])


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
    return str(round(value)) if drawn.whole else _number_text(value, 6)


def _number_text(value: float, digits: int = 12) -> str:
    """Return a number without the noise of binary fractions."""
    return f"{value:.{digits}g}"


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
