"""Names that are similar to one that does not exist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

#: what a shell or another tool calls an action, and the names of the action here
_SYNONYMS = {
    "ls": ("list",),
    "get": ("show", "list"),
    "describe": ("show",),
    "info": ("show",),
    "rm": ("remove", "delete"),
    "del": ("delete", "remove"),
    "new": ("create", "add"),
    "mv": ("rename",),
    "cat": ("preview", "logs"),
    "log": ("logs",),
    "run": ("create",),
    "cancel": ("stop",),
    "kill": ("stop",),
    "config": ("settings",),
    "runs": ("executions",),
    "jobs": ("executions",),
    "experiments": ("executions",),
    "diff": ("compare",),
    "tail": ("logs",),
    "pull": ("download",),
    "push": ("upload",),
}
#: how similar two names are at least, from 0 to 1, as `difflib` measures it
_SIMILAR = 0.6


def nearest(word: str, names: Iterable[str], count: int = 3) -> list[str]:
    """Return the names that were probably meant by a word, most similar first; empty if none is.

    Case, and the difference of ``_``, ``-`` and space, do not matter.

    Args:
        word: the word, which is none of the names.
        names: the names that exist.
        count: the largest number of names that are returned.
    """
    import difflib

    by_form: dict[str, list[str]] = {}
    for name in names:
        form = _form(name)
        by_form.setdefault(form, []).append(name)
        if "{" in form:
            # A metric is also meant by its name without labels.
            by_form.setdefault(form.partition("{")[0], []).append(name)
    form = _form(word)
    known = [one for one in _SYNONYMS.get(form, ()) if one in by_form]
    near = difflib.get_close_matches(form, by_form, count, _SIMILAR)
    # A part of a long name is less similar to it than a misspelled name.
    longer = [one for one in by_form if len(form) >= 3 and form in one]
    forms = dict.fromkeys([*known, *near, *sorted(longer, key=len)])
    return list(dict.fromkeys(name for one in forms for name in by_form[one]))[:count]


def did_you_mean(names: Sequence[str]) -> str:
    """Return the question that suggests names, such as ``Did you mean 'list' or 'lineage'?``.

    The text is empty if there are no names.
    """
    if not names:
        return ""
    quoted = [f"'{name}'" for name in names]
    return f"Did you mean {' or '.join([', '.join(quoted[:-1]), quoted[-1]][len(quoted) == 1 :])}?"


def _form(name: str) -> str:
    return name.lower().replace("_", "-").replace(" ", "-")
