"""When a failed template is run again: ``retryStrategy`` of Argo, within bounds."""

from __future__ import annotations

import re

from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.expression_syntax import ExpressionError

#: values of ``retryPolicy``
POLICIES = ("OnFailure", "Always", "OnError", "OnTransientError")
#: the number of retries without a limit, and the largest number
_DEFAULT_RETRIES, _MOST_RETRIES = 10, 100
#: the longest time in seconds before a retry
_LONGEST_DELAY = 3600.0
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m|h|d)")
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,9})?")


def seconds_of(text: str) -> float:
    """Return the seconds of a duration such as ``90``, ``1m30s`` or ``2h``; -1 if invalid."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        return -1
    return sum(float(part[1]) * _UNITS[part[2]] for part in parts)


@record
class RetryPlan:
    """A retry strategy whose variables have values.

    Args:
        limit: the number of retries.
        policy: one of `POLICIES`.
        delay: the seconds before the first retry.
        factor: by which the delay grows.
        cap: the longest delay in seconds.
        max_duration: the seconds after which there are no further retries; 0 for no limit.
    """

    limit: int
    policy: str
    delay: float = 0
    factor: float = 1
    cap: float = _LONGEST_DELAY
    max_duration: float = 0

    @classmethod
    def of(cls, texts: dict[str, str], *, has_expression: bool) -> RetryPlan:
        """Return the plan of a strategy.

        Args:
            texts: the texts of the fields of `template_model.Retry`.
            has_expression: whether an expression decides about retries; the policy is then Always
                unless it is set.

        Raises:
            ExpressionError: a text is not valid.
        """
        limit = texts["limit"]
        if limit and not limit.isdecimal():
            raise ExpressionError(f"the limit of retries must be a number, not {limit[:40]!r}")
        numbers: dict[str, float] = {}
        for key in ("duration", "factor", "cap", "max_duration"):
            numbers[key] = seconds_of(texts[key]) if texts[key] else 0
            if numbers[key] < 0:
                raise ExpressionError(f"{texts[key][:40]!r} is not a valid {key} of retries")
        return cls(
            min(int(limit[:9]), _MOST_RETRIES) if limit else _DEFAULT_RETRIES,
            texts["policy"] or ("Always" if has_expression else "OnFailure"),
            numbers["duration"],
            numbers["factor"] or 1,
            min(numbers["cap"] or _LONGEST_DELAY, _LONGEST_DELAY),
            numbers["max_duration"],
        )

    def applies(self, *, is_error: bool) -> bool:
        """Return whether the policy allows a retry after a failure or an error."""
        return {"Always": True, "OnFailure": not is_error}.get(self.policy, is_error)

    def seconds_before(self, retry: int) -> float:
        """Return the seconds to wait before a retry, counted from 1."""
        growth: float = min(self.factor, 1e6) ** min(retry - 1, 40)
        return min(self.delay * growth, self.cap)
