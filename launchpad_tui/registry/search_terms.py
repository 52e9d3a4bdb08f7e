"""The terms of a search: the rows that they match, and the indexes that have these rows.

A term matches a row if it occurs in the row's search text. It also matches a model if a row shows
it as (the start of) the version or as a part of an alias: ``v3``, ``3``, ``@production``, or with
the name ``churn@production`` and ``churn@3``. Versions and aliases are compared when the search
runs, because both change without the other texts.

The full-text index has all sequences of three characters (trigrams). Rows with a shorter term are
found by the trigrams that start with it, and by an index of the last two characters of the texts,
with which no trigram starts.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence

from launchpad_tui.registry.codec import terms
from launchpad_tui.registry.driver import Driver, union
from launchpad_tui.registry.shown_values import ShownValue, joined, shown_value

#: the number of characters of the terms of the full-text index
TRIGRAM = 3
#: the largest number of trigrams whose rows are read for a short term
_TRIGRAMS = 500
#: the largest version that is stored
_LARGEST = 2**63 - 1
_VERSION = re.compile(r"v?([0-9]{0,18})", re.ASCII)
_ALIAS = re.compile(r"[a-z0-9_.-]*", re.ASCII)


def search_terms(search: str) -> tuple[str, ...]:
    """Return the terms of a search, for `term_test` and `search_drivers`. Raises as `terms`."""
    return joined(terms(search))


def term_test(table: str, term: str) -> tuple[str, tuple[str | int, ...]]:
    """Return the SQL of the test whether a row ``t`` matches a term, and the parameters.

    Args:
        table: ``artifacts``, ``executions`` or ``configurations``.
        term: a case-folded term, see `search_terms`.
    """
    parts = term.split(" ")
    tests = [" AND ".join(["instr(t.search_text, ?)"] * len(parts))]
    values: list[str | int] = [*parts]
    shown = _shown(table, term)
    if shown is not None:
        tests.append(f"t.{shown.column} BETWEEN ? AND ?")
        values += (shown.low, shown.high)
    if table == "artifacts":
        for test, value in (_alias_test(term), _version_test(term)):
            if test:
                tests.append(test)
                values.append(value)
    return (f"({' OR '.join(tests)})" if len(tests) > 1 else tests[0]), tuple(values)


def _shown(table: str, term: str) -> ShownValue | None:
    """Return the values of a column that rows show as a term; None if there are none."""
    shown = shown_value(term)
    return None if shown is not None and shown.column == "size" and table != "artifacts" else shown


def _alias_test(term: str) -> tuple[str, str]:
    """Return the SQL of the test of the aliases and its parameter; empty if none can match."""
    name, at, alias = term.rpartition("@")
    if not _ALIAS.fullmatch(alias):
        return "", ""
    text = "lower(t.aliases)"
    if at:
        # Aliases have ASCII characters only. Each of them is shown after the name.
        before = "char(10) || casefold(t.name) || '@'" if name else "char(10) || '@'"
        text = f"replace(' ' || {text}, ' ', {before})"
    return f"t.aliases <> '' AND instr({text}, ?)", term


def _version_test(term: str) -> tuple[str, str]:
    """Return the SQL of the test of the version and its parameter; empty if it cannot match."""
    name, at, label = term.rpartition("@")
    match = _VERSION.fullmatch(label)
    if match is None:
        return "", ""
    if not at:
        return "instr('v' || t.version, ?) = 1", f"v{match.group(1)}"
    before = "casefold(t.name) || '@'" if name else "'@'"
    return f"instr({before} || t.version, ?)", f"{name}@{match.group(1)}"


def match_expression(terms: Sequence[str]) -> str:
    """Return the full-text expression of the terms with at least three characters."""
    return " AND ".join(_quoted(term) for term in terms if len(term) >= TRIGRAM)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def search_drivers(
    db: sqlite3.Connection, table: str, terms: Sequence[str], most: int
) -> list[Driver]:
    """Return indexes that have all rows that match all terms.

    Args:
        db: a connection.
        table: ``artifacts`` or ``executions``.
        terms: case-folded terms, see `search_terms`.
        most: indexes with more rows are omitted if reading them takes longer than counting so far.
    """
    models = table == "artifacts"
    aliases = _alias_driver(terms) if models else None
    found = [driver for term in terms for driver in _shown_drivers(db, table, term, aliases, most)]
    # A term that is shown as a value matches other rows than those with the text.
    terms = [part for term in terms if _shown(table, term) is None for part in term.split(" ")]
    long = [term for term in terms if len(term) >= TRIGRAM]
    # A term that may be a version matches other rows than those with the text.
    plain = [
        term for term in long if not models or ("@" not in term and not _VERSION.fullmatch(term))
    ]
    # What is before an @ is the end of a model's name, which is followed by another line.
    names = [
        name for term in terms if models and len(name := term.rpartition("@")[0] + "\n") >= TRIGRAM
    ]
    if plain or names:
        found.append(union(_full_text(table, match_expression([*plain, *names])), aliases))
    for term in terms:
        if term in plain or (models and len(term.rpartition("@")[0] + "\n") >= TRIGRAM):
            continue
        text = text_driver(db, table, term, most)
        if text is None:
            continue
        if not models:
            found.append(text)
            continue
        versions = _version_driver(term)
        if versions is not None or not _version_test(term)[0]:
            found.append(union(text, aliases, versions))
    return found


def _shown_drivers(
    db: sqlite3.Connection, table: str, term: str, aliases: Driver | None, most: int
) -> list[Driver]:
    """Return the rows that have a term in their text or show it as a value, if indexes have them.

    Args:
        db: a connection.
        table: ``artifacts``, ``executions`` or ``configurations``.
        term: a term of `search_terms`.
        aliases: the rows whose aliases match.
        most: see `text_driver`.
    """
    shown = _shown(table, term)
    if shown is None:
        return []
    kinds = "AND t.kind IN ('model', 'dataset', 'resultset', 'other')" * (table == "artifacts")
    values = Driver(
        f"SELECT t.pk AS x FROM {table} t WHERE t.group_pk IN (SELECT pk FROM resource_groups) "
        f"{kinds} AND t.{shown.column} BETWEEN ? AND ?",
        (shown.low, shown.high),
        "t.pk",
    )
    parts = term.split(" ")
    if long := match_expression(parts):
        return [union(_full_text(table, long), values, aliases)]
    texts = [text_driver(db, table, part, most) for part in parts]
    return [union(text, values, aliases) for text in texts if text is not None]


def text_driver(db: sqlite3.Connection, table: str, text: str, most: int) -> Driver | None:
    """Return the rows whose search text has a case-folded text; None if there are many.

    Args:
        most: a text with less than three characters that more rows have is not counted further.
    """
    if len(text) >= TRIGRAM:
        return _full_text(table, _quoted(text))
    return _short(db, table, text, most)


def _full_text(table: str, expression: str) -> Driver:
    index = f"{table}_search"
    return Driver(f"SELECT rowid AS x FROM {index} WHERE {index} MATCH ?", (expression,), "t.pk")


def _alias_driver(terms: Sequence[str]) -> Driver | None:
    """Return the models of which an alias matches one of the terms."""
    tests = [one for one in map(_alias_test, terms) if one[0]]
    if not tests:
        return None
    return Driver(
        "SELECT t.pk AS x FROM artifacts t INDEXED BY artifacts_alias_texts "
        f"WHERE t.aliases <> '' AND ({' OR '.join(f'({test})' for test, _ in tests)})",
        tuple(value for _, value in tests),
        "t.pk",
    )


def _version_driver(term: str) -> Driver | None:
    """Return the models whose version starts with the digits of a term; None without digits."""
    match = _VERSION.fullmatch(term.rpartition("@")[2])
    if match is None or not match.group(1):
        return None
    ranges = list(_versions(match.group(1)))
    test = " OR ".join("t.version BETWEEN ? AND ?" for _ in ranges) or "0"
    return Driver(
        "SELECT t.pk AS x FROM artifacts t WHERE t.kind = 'model' "
        f"AND t.group_pk IN (SELECT pk FROM resource_groups) AND ({test})",
        tuple(bound for one in ranges for bound in one),
        "t.pk",
    )


def _versions(digits: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of the numbers that start with some digits."""
    if digits.startswith("0"):
        return
    low, size = int(digits), 1
    while low <= _LARGEST:
        yield low, min(low + size - 1, _LARGEST)
        low, size = low * 10, size * 10


def _short(db: sqlite3.Connection, table: str, term: str, most: int) -> Driver | None:
    """Return the rows whose text has a term of one or two characters; None if there are many."""
    trigrams: list[str] = []
    rows = 0
    # The number of rows of a trigram is counted when it is read.
    for trigram, documents in db.execute(
        f"SELECT term, doc FROM {table}_trigrams WHERE term >= ? AND term < ?",
        (term, f"{term}\U0010ffff"),
    ):
        trigrams.append(trigram)
        rows += documents
        if rows > most or len(trigrams) > _TRIGRAMS:
            return None
    end = "substr(t.search_text, -2)"
    ends = Driver(f"SELECT t.pk AS x FROM {table} t WHERE {end} = ?", (term,), "t.pk")
    if len(term) == 1:
        # There are few different ends: each step looks up the next one in the index.
        ends = Driver(
            f"SELECT t.pk AS x FROM {table} t WHERE {end} IN (WITH RECURSIVE ends (text) AS ("
            f"SELECT min({end}) FROM {table} t UNION ALL SELECT (SELECT min({end}) FROM {table} t "
            f"WHERE {end} > ends.text) FROM ends WHERE ends.text IS NOT NULL) "
            "SELECT text FROM ends WHERE instr(text, ?))",
            (term,),
            "t.pk",
        )
    if not trigrams:
        return ends
    return union(_full_text(table, " OR ".join(map(_quoted, trigrams))), ends)
