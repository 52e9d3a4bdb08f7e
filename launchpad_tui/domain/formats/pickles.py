"""Previews of pickles, which are analyzed and never loaded."""

from __future__ import annotations

from launchpad_tui.domain.formats.base import ROWS, Preview, Source, bytes_text, short, shown_note
from launchpad_tui.domain.formats.pickle_analysis import PickleReport
from launchpad_tui.domain.formats.pickle_names import Risk
from launchpad_tui.domain.formats.pickle_search import PickleSearch, search_pickles

WARNING = (
    "Loading a pickle runs code: load it only if you trust its author. Only names that are marked "
    "common are known to restore data and do nothing else."
)
_ORDER = {Risk.DANGEROUS: 0, Risk.UNKNOWN: 1, Risk.COMMON: 2}
COLUMNS = ("Calls", "Risk")


def pickle_rows(report: PickleReport) -> tuple[tuple[str, str], ...]:
    """Return the names that a pickle would call with their risk, the dangerous ones first."""
    ordered = sorted(report.names.items(), key=lambda item: _ORDER[item[1]])
    return tuple((short(name, 200), str(risk)) for name, risk in ordered[:ROWS])


def pickle_note(search: PickleSearch) -> str:
    """Return the warning, and what was not analyzed; empty if there is no pickle."""
    warning = [WARNING] if search.reports else []
    count = len(search.total.names)
    return " ".join(
        [*warning, *search.remarks(), *([shown_note(ROWS, count, "names")] if count else [])]
    ).strip()


def pickle_preview(source: Source) -> Preview | None:
    """Preview a pickle: its protocol, and the functions and classes that loading it would call."""
    search = search_pickles(source)
    if not search.reports or any(place for place, _ in search.reports):
        return None
    total = search.total
    facts = [
        ("Size", bytes_text(source.size)),
        ("Protocol", str(total.protocol)),
        *search.facts(),
    ]
    rows = pickle_rows(total)
    columns = COLUMNS if rows else ()
    return Preview("pickle", "Pickle", tuple(facts), columns, rows, note=pickle_note(search))
