"""Finds the tags of Argo in the texts of workflow templates: ``{{name}}`` and ``{{=expression}}``.

A tag that does not begin with one of Argo's variables is left as it is, as Argo does: the text of a
script may contain braces of another language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from launchpad_tui.records import record

#: the first parts of the names of Argo's variables
ROOTS = frozenset(
    {
        "workflow",
        "inputs",
        "outputs",
        "steps",
        "tasks",
        "item",
        "pod",
        "node",
        "retries",
        "lastRetry",
        "cronworkflow",
    }
)
#: what only Helm understands: values of a chart
_HELM_VALUE = re.compile(
    r"\{\{-?\s*[^{}\n]{0,200}?(?<![\w)\]])\.(?:Values|Release|Chart|Capabilities)\b"
)
#: what Helm and other users of Go's templates understand
_HELM_ACTION = re.compile(
    r"\{\{-|-\}\}|\{\{\s*(?:(?:if|else|end|range|with|define|include|template|toYaml|tpl|block)\b"
    r"|/\*|\.|\$)"
)


@record
class ExpressionTag:
    """A tag of a text: ``content`` is the name, or the expression if ``is_expression``."""

    start: int
    end: int
    content: str
    is_expression: bool

    @property
    def is_variable(self) -> bool:
        """Whether the tag names a variable of Argo, known or not."""
        return not self.is_expression and re.split(r"[.\[]", self.content)[0] in ROOTS


def tags(text: str) -> Iterator[ExpressionTag]:
    """Yield the tags of a text in their order."""
    position = text.find("{{")
    while position >= 0:
        end = text.find("}}", position + 2)
        if end < 0:
            return
        content = text[position + 2 : end]
        if content.lstrip().startswith("="):
            yield ExpressionTag(position, end + 2, content.lstrip()[1:].strip(), True)
        else:
            start = text.rfind("{{", position, end)
            name = text[start + 2 : end].strip()
            if not set(name) & set("{}\n"):
                yield ExpressionTag(start, end + 2, name, False)
        position = text.find("{{", end + 2)


def fill_in(text: str, value: Callable[[str], str], evaluate: Callable[[str], str]) -> str:
    """Replace all tags of a text.

    Args:
        text: the text.
        value: returns the value of a variable of Argo.
        evaluate: returns the result of an expression.
    """
    parts: list[str] = []
    position = 0
    for tag in tags(text):
        if not (tag.is_expression or tag.is_variable):
            continue
        parts.append(text[position : tag.start])
        parts.append(evaluate(tag.content) if tag.is_expression else value(tag.content))
        position = tag.end
    return "".join((*parts, text[position:]))


def reference(text: str) -> str:
    """Return the name in a text that is one tag, for example the source of an artifact.

    Empty if the text is anything else.
    """
    found = list(tags(text.strip()))
    whole = len(found) == 1 and (found[0].start, found[0].end) == (0, len(text.strip()))
    return found[0].content if whole and not found[0].is_expression else ""


def helm_line(text: str, *, valid_yaml: bool) -> int:
    """Return the line of the first tag that only Helm understands, from 1; 0 if there is none.

    Args:
        text: the text of a file.
        valid_yaml: whether the file is valid YAML, so that only values of charts are certain.
    """
    match = _HELM_VALUE.search(text) or (None if valid_yaml else _HELM_ACTION.search(text))
    return text.count("\n", 0, match.start()) + 1 if match else 0
