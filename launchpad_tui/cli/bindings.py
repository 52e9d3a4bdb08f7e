"""``name=value`` words of the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context


def bindings(texts: Sequence[str] | None, what: str) -> dict[str, str]:
    """``name=value`` texts as a mapping; the last of one name wins.

    Args:
        what: what they are, such as ``parameter``, for the message.

    Raises:
        InvalidInput: one has no ``=`` or no name.
    """
    found: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidInput(
                f"{text[:80]!r} is not a {what}", hint="Write it as name=value.", field=what
            )
        found[name] = value
    return found


def input_bindings(context: Context, texts: Sequence[str] | None) -> dict[str, str]:
    """``name=artifact`` texts with each artifact (ID, prefix or name) as its ID.

    Raises:
        InvalidInput: one is not so written.
        NotFound, Conflict: an artifact is not known, or not the only one of its name.
    """
    found = bindings(texts, "input")
    return {
        name: context.desk.artifacts.resolve(context.scope, text).id for name, text in found.items()
    }
