"""Texts that users read contain no term that the glossary replaces.

``python -m tests.hygiene.test_language`` prints every occurrence with its file and line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.hygiene.test_house import PACKAGE, ROOT

#: Patterns of replaced terms, and the standard terms.
REPLACED: dict[str, str] = {
    r"\belsewhere\b": "remote",
    r"\bkept fresh\b|\bkeeps? (?:it |them )?fresh\b|\bkeeper\b": "background sync",
    r"\bkeeping fresh\b": "background sync",
    r"\bbroken off\b|\bbreaks off\b": "interrupted",
    r"\banew\b": "again, from the start",
    r"\bbegun\b": "started",
    r"\b(?:goes|go|went|going) on\b(?! to\b)": "resume, continue",
    r"\bwhere it was\b": "resumed",
    r"\blook(?:s|ed|ing)? (?:at|after|into)\b": "check, poll, verify",
    r"\bwithout a word\b": "unexpectedly",
    r"\btold\b|\btells?\b": "reported, shows",
    r"\bsays\b": "reports, shows",
    r"\bmade (?:from|of|by|it|there|here|out)\b": "inputs, outputs, created",
    r"\bwhat (?:it|they) made\b": "inputs, outputs, created",
    r"\b(?:is|are|was|were) gone\b|\bgone from\b": "deleted",
    r"(?<!in a )\bmoments?\b": "time, timestamp",
    r"\b(?:is|are) none\b": "does not exist, no",
    r"(?<!there )\bis no (?!longer\b|more\b|way\b|need\b)[a-z]": "invalid, not a valid",
    r"\bwants? an?\b|\bwants? to be\b": "requires",
    r"\black(?:s|ed|ing)?\b": "is missing",
    r"\bforget(?:s|ting)?\b|\bforgotten\b|\bforgot\b": "remove",
    r"\bwalks? (?:through|down|up)\b": "browse",
    r"\bin words\b": "as text",
    r"\bwhat (?:a|the) files? says?\b": "preview",
    r"\bwhat came of\b": "result",
    r"\bagain and again\b": "schedule",
    r"\bput in its place\b|\bput in (?:their|the) place\b": "replace",
    r"\bturned over\b": "rotated",
    r"\ball (?:that )?there (?:is|are)\b": "all items",
    r"\b(?:closer|farther|nearer)\b": "zoom in, zoom out",
    r"\bpush(?:es|ed)? the view\b": "pan",
    r"\bcannot prove\b|\bprove who\b": "TLS certificate verification failed",
    r"\blay(?:s|ing)? (?:them |it )?(?:beside|next)\b": "compare",
    r"\blet it rest\b|\bat rest\b": "pause",
    r"\b(?:held|hold|holds) (?:until|for|it|them|back)\b|\bon hold\b": "paused",
    r"\btaken along\b|\btake along\b": "exported",
    r"\bwhat is there\b|\bwhat was there\b": "the existing",
    r"\bone's own\b|\bones own\b": "custom",
    r"\bthe same,? there\b|\bover there\b": "in the runtime",
    r"\bof itself\b": "about itself",
    r"\bwhere (?:there is|it has|they have) (?:one|any|some|none|room)\b": "if any",
    r"\bnot reached\b": "unreachable",
    r"\bdo(?:es)? not come\b|\bdid not come\b": "was not received",
    r"\bplease\b": "",
    r"[a-z]!(?:\s|$)": "no exclamation marks",
}
PATTERN = re.compile("|".join(f"(?:{each})" for each in REPLACED), re.IGNORECASE)

#: Calls whose arguments are shown: errors, actions, commands, messages, dialogs, empty states.
_SHOWN_CALLS = {
    "Action",
    "Command",
    "Word",
    "arg",
    "Argument",
    "Field",
    "Choice",
    "Option",
    "ConnectionKind",
    "StoreKind",
    "ChartKind",
    "Item",
    "Column",
    "Route",
    "say",
    "note",
    "print",
    "ask",
    "confirm",
    "warn",
    "report",
}
#: Packages in which every string except docstrings is considered shown.
_SHOWN_PACKAGES = ("ui", "cli")


@dataclass(frozen=True, slots=True)
class Text:
    """A text that users read, with its file and line."""

    path: Path
    line: int
    text: str

    def problems(self) -> list[str]:
        """Return the terms in it that the glossary replaces."""
        return [match.group() for match in PATTERN.finditer(self.text)]

    def __str__(self) -> str:
        """Return the location, the replaced terms and the text."""
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.problems()} in {self.text!r:.200}"


def error_names() -> set[str]:
    """Return the names of all classes that derive from `LaunchpadError`."""
    known = {"LaunchpadError"}
    classes: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                classes.setdefault(node.name, set()).update(bases)
    while found := {name for name, bases in classes.items() if bases & known} - known:
        known |= found
    return known


def _docstrings(tree: ast.AST) -> set[int]:
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }


def _strings(node: ast.AST, ignored: set[int]) -> Iterator[tuple[int, str]]:
    """Yield the strings below a node; the literal parts of an f-string are joined."""
    if id(node) in ignored:
        return
    if isinstance(node, ast.JoinedStr):
        parts = [
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        ]
        yield node.lineno, "".join(parts)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _strings(part.value, ignored)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.lineno, node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from _strings(child, ignored)


def _is_shown(node: ast.Call, errors: set[str]) -> bool:
    function = node.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    return name in errors or name in _SHOWN_CALLS


def code_texts() -> Iterator[Text]:
    """Yield the texts of the code that users read."""
    errors = error_names()
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documentation = _docstrings(tree)
        if path.relative_to(PACKAGE).parts[0] in (*_SHOWN_PACKAGES, "charts"):
            nodes: list[ast.AST] = [tree]
        else:
            nodes = [
                node
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and _is_shown(node, errors)
            ]
        seen: set[tuple[int, str]] = set()
        for node in nodes:
            for line, text in _strings(node, documentation):
                # A text without a space is an identifier, a key or a glyph.
                if " " in text.strip() and (line, text) not in seen:
                    seen.add((line, text))
                    yield Text(path, line, text)


def manual_texts() -> Iterator[Text]:
    """Yield the paragraphs of the manual and of README, without code."""
    for path in (ROOT / "README.md", *sorted((PACKAGE / "docs").glob("*.md"))):
        fenced = False
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            fenced ^= line.startswith("```")
            if not fenced and line.strip():
                yield Text(path, number, re.sub(r"`[^`]*`", "``", line))


def test_texts_use_standard_terms() -> None:
    assert [str(text) for text in (*code_texts(), *manual_texts()) if text.problems()] == []


def test_texts_are_found() -> None:
    texts = [text.text for text in code_texts()]
    assert len(texts) > 1000
    assert len(list(manual_texts())) > 100


def test_replaced_terms_are_noticed() -> None:
    for wrong in (
        "A runtime elsewhere",
        "'x' is no step",
        "The transfer was broken off and begun anew",
        "Every request wants a token",
        "It ended without a word",
        "The file is gone",
    ):
        assert Text(PACKAGE, 1, wrong).problems(), wrong
    for right in ("There is no longer a file", "The step is not a number", "It goes on to say"):
        assert not Text(PACKAGE, 1, right).problems(), right


if __name__ == "__main__":
    found = [text for text in (*code_texts(), *manual_texts()) if text.problems()]
    print(*found, f"{len(found)} texts", sep="\n")
