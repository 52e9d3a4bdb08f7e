"""Names by which lists are filtered and ordered: attributes, metrics, parameters, labels, tags.

A name is written alike in expressions, in options and as the head of a column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from launchpad_tui.domain.artifact import LABEL_PREFIX
from launchpad_tui.domain.metric import key_of_title, normal_name, series_titles
from launchpad_tui.domain.query import MetricColumn, Statistic, Subject, ValueColumn
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import record

HINT = (
    "Write conditions such as: name contains churn, createdAt after 2026-01-31, "
    "label.stage in (prod, test), accuracy:best > 0.9, size is missing; join them with and, or, "
    "not and parentheses. metric.NAME, param.NAME and tag.NAME distinguish metrics, parameters and "
    "tags; quote names with spaces."
)
QUOTED = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
PREFIXES = {
    "label": Subject.LABEL,
    "metric": Subject.METRIC,
    "param": Subject.PARAMETER,
    "tag": Subject.TAG,
}
#: other names of attributes: former ones, which saved expressions may contain, and heads of columns
_ALIASES = {"gone_at": "deleted_at", "message": "status_message", "alias": "aliases"}
#: the part of an attribute's name that a column heading omits
_ENDINGS = ("_name", "_id", "_at", "_state")
#: the subjects whose names have no prefix unless they are the same
_VALUES = (Subject.PARAMETER, Subject.METRIC)
#: the number of known names that an error lists
_LISTED = 20


def shared_names(names: Collection[tuple[Subject, str]]) -> Collection[str]:
    """Return the names that a parameter and a metric have, which expressions must tell apart."""
    parameters = {name for subject, name in names if subject is Subject.PARAMETER}
    return parameters & {normal_name(name) for subject, name in names if subject is Subject.METRIC}


def no_names() -> Collection[str]:
    return ()


@record
class Names:
    """The names that expressions and options may use.

    Attributes:
        attributes: the columns of the list in snake case; expressions may also use camel case.
        metrics, parameters, labels, tags: return the existing names; labels are complete keys. They
            are called only if a name is not an attribute.
    """

    attributes: Collection[str]
    metrics: Callable[[], Collection[str]] = no_names
    parameters: Callable[[], Collection[str]] = no_names
    labels: Callable[[], Collection[str]] = no_names
    tags: Callable[[], Collection[str]] = no_names

    def of(self, subject: Subject) -> Collection[str]:
        """Return the existing names of a subject."""
        return {
            Subject.ATTRIBUTE: lambda: self.attributes,
            Subject.METRIC: self.metrics,
            Subject.PARAMETER: self.parameters,
            Subject.LABEL: self.labels,
            Subject.TAG: self.tags,
        }[subject]()


def subject_of(
    word: str, names: Names, *, quoted: bool = False, prefix: str = "", field: str = "where"
) -> tuple[Subject, str]:
    """Return what a name in an expression means.

    Args:
        word: the name, which may begin with a prefix such as ``param.`` unless it was quoted.
        names: the existing names.
        quoted: whether the name was quoted.
        prefix: the prefix before a quoted name.
        field: the option or part of a query that the error names.

    Raises:
        InvalidInput: the name is unknown, or it names a metric and a parameter. Either of them
            would be a guess: an item without the metric would not be found by its parameter.
    """
    if not prefix and not quoted:
        before, dot, rest = word.partition(".")
        if dot and rest and before in PREFIXES:
            prefix, word = before, rest
    if prefix:
        return _prefixed(PREFIXES[prefix], word, names, field)
    snake = snake_case(word)
    if not quoted and snake in names.attributes:
        return Subject.ATTRIBUTE, snake
    known_metrics, known_parameters = names.metrics(), names.parameters()
    normal_metrics = set(map(normal_name, known_metrics))
    if normal_name(word) in normal_metrics:
        if word in known_parameters:
            parameter, metric = (written(each, word, prefixed=True) for each in _VALUES)
            raise InvalidInput(
                f"{word[:80]!r} is the name of a parameter and of a metric",
                hint=f"Use {parameter} for the parameter or {metric} for the metric.",
                field=field,
            )
        return Subject.METRIC, normal_name(word)
    if word in known_parameters:
        return Subject.PARAMETER, word
    column = MetricColumn.parse(word)
    if column is not None and column.key in normal_metrics:
        return Subject.METRIC, str(column)
    if titled := of_title(word, known_metrics):
        return Subject.METRIC, str(titled)
    # Column headings omit the ending, such as Scenario for scenario_id.
    if not quoted and (
        full := next((snake + end for end in _ENDINGS if snake + end in names.attributes), "")
    ):
        return Subject.ATTRIBUTE, full
    from launchpad_tui.domain.suggestions import did_you_mean, nearest

    others = [written(Subject.LABEL, key) for key in names.labels()]
    others += [written(Subject.TAG, name) for name in names.tags()]
    attributes = [camel_case(one) for one in sorted(names.attributes)]
    known = [*attributes, *known_metrics, *known_parameters, *others]
    suggestion = did_you_mean(nearest(word if column is None else column.key, known))
    verb = {"where": "filter by", "sort": "sort by"}.get(field, "show")
    raise InvalidInput(
        f"There is no {word[:80]!r} to {verb}",
        suggestion or _listed(known_metrics, known_parameters, attributes),
        HINT if field == "where" else "List all metrics with: launchpad metrics keys",
        field=field,
    )


def _listed(*names: Collection[str]) -> str:
    """Return the names that exist: metrics, parameters and attributes."""
    parts = []
    for title, known in zip(("Metrics", "Parameters", "Attributes"), names, strict=True):
        shown = sorted(known)
        more = f" and {len(shown) - _LISTED} more" if len(shown) > _LISTED else ""
        if shown:
            parts.append(f"{title}: {', '.join(shown[:_LISTED])}{more}.")
    return " ".join(parts)


def of_title(text: str, keys: Collection[str]) -> MetricColumn | None:
    """Return the column whose head is a text, such as ``val accuracy`` or ``val accuracy:best``.

    Args:
        text: the title of a series, see `domain.metric.series_title`, with or without a statistic.
        keys: the series keys that exist.

    Returns:
        None if no series, or more than one, has the title.
    """
    column = MetricColumn.parse(text) or MetricColumn(text)
    key = key_of_title(column.key, keys)
    return None if key is None else MetricColumn(key, column.statistic)


def metric_heads(columns: Collection[MetricColumn]) -> list[str]:
    """Return short heads of columns of metrics: their titles where they are unique.

    `of_title` accepts them wherever a metric is named.
    """
    titles = series_titles(dict.fromkeys(column.key for column in columns))
    return [str(MetricColumn(titles[one.key], one.statistic)) for one in columns]


def _prefixed(subject: Subject, word: str, names: Names, field: str) -> tuple[Subject, str]:
    """Return what a name with a prefix means. Raises InvalidInput for an unknown name."""
    if subject is Subject.LABEL and "/" not in word:
        word = LABEL_PREFIX + word
    known = names.of(subject)
    plain = word
    if subject is Subject.METRIC:
        column = MetricColumn.parse(word)
        plain = normal_name(word)
        if column is not None and plain not in known:
            plain = column.key
        if plain not in known and (titled := of_title(word, known)):
            return subject, str(titled)
    if not known or plain in known:
        return subject, word
    from launchpad_tui.domain.suggestions import did_you_mean, nearest

    shown = sorted(one.removeprefix(LABEL_PREFIX) for one in known)
    missing = word.removeprefix(LABEL_PREFIX)
    raise InvalidInput(
        f"There is no {subject} {missing[:80]!r}",
        did_you_mean(nearest(missing, shown)) or f"Known names: {', '.join(shown[:_LISTED])}.",
        f"Use the name of a {subject} that exists.",
        field=field,
    )


def snake_case(name: str) -> str:
    """Return a name in snake case, from one in camel case or in capitals."""
    snake = name.lower() if name.isupper() else re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
    return _ALIASES.get(snake, snake)


def parse_column(text: str, names: Names, field: str = "sort") -> str | MetricColumn | ValueColumn:
    """Return the attribute in snake case, the metric, parameter, label or tag that a name means.

    Names are written as in expressions: in snake or camel case, as in the head of the column,
    quoted, or with a prefix such as ``param.``.

    Args:
        text: the name, of a metric also with a statistic such as ``:best``.
        names: the existing names.
        field: the option that the error names.

    Raises:
        InvalidInput: the name is unknown.
    """
    prefix, word, quoted = "", text, False
    if match := re.fullmatch(rf"(?:(\w+)\.)?({QUOTED})(:\w+)?", text, re.DOTALL):
        prefix, quoted = match[1] or "", True
        word = re.sub(r"\\(.)", r"\1", match[2][1:-1]) + (match[3] or "")
    if not prefix and "." not in word and not names.metrics() and not names.parameters():
        # Nothing was logged yet, so that it is not known which names will exist.
        snake = snake_case(word)
        return next(
            (one for one in (snake, *(snake + end for end in _ENDINGS)) if one in names.attributes),
            metric_column(word, field),
        )
    subject, name = subject_of(word, names, quoted=quoted, prefix=prefix, field=field)
    if subject is Subject.ATTRIBUTE:
        return name
    if subject is Subject.METRIC:
        key = normal_name(name)
        return MetricColumn(key) if key in names.metrics() else metric_column(name, field)
    return ValueColumn(subject, name)


def metric_column(text: str, field: str = "metric") -> MetricColumn:
    """Return the metric column that a text such as ``loss`` or ``loss:min`` names.

    Raises:
        InvalidInput: the text after the colon is not a statistic.
    """
    if (column := MetricColumn.parse(text)) is not None:
        return column
    _, colon, statistic = text.rpartition(":")
    if not colon or "}" in statistic:
        return MetricColumn(text)
    raise InvalidInput(
        f"Invalid statistic {statistic[:80]!r}",
        f"It is part of the metric column {text[:80]!r}.",
        f"Use one of {', '.join(Statistic)}.",
        field=field,
    )


def camel_case(name: str) -> str:
    """Return a name in camel case, as in JSON, from one in snake case."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def heading(attribute: str, attributes: Collection[str]) -> str:
    """Return the short name of an attribute as the head of a column, such as ``scenario``.

    Expressions accept it as a name of the same attribute.
    """
    short = next((attribute.removesuffix(end) for end in _ENDINGS if attribute.endswith(end)), "")
    same = next((short + end for end in ("", *_ENDINGS) if short + end in attributes), "")
    return short if short and same == attribute else attribute


def written(subject: Subject, name: str, *, prefixed: bool = False) -> str:
    """Return a name in the form that expressions use.

    A label has the prefix ``label.``; a name with dots has a prefix too, one with spaces is quoted.

    Args:
        subject: what the name names.
        name: the name; of a label the complete key.
        prefixed: whether a parameter or metric has its prefix in any case, because there are both.
    """
    prefix = next((word for word, each in PREFIXES.items() if each is subject), "")
    if subject in {Subject.LABEL, Subject.TAG}:
        name = name.removeprefix(LABEL_PREFIX)
        return f'{prefix}."{name}"' if re.search(r"[\s=<>!\"']", name) else f"{prefix}.{name}"
    if not prefixed and re.fullmatch(r"[^\s=<>!\"'{.]+(\{[^}\s]*\})?", name):
        return name
    if re.search(r"[\s=<>!\"']", name):
        return f'{prefix}."{name}"' if prefixed and prefix else f'"{name}"'
    return f"{prefix}.{name}" if prefix else f'"{name}"'
