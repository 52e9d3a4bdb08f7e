"""Pickles, looked at without ever being loaded: loading one runs whatever it says."""

from __future__ import annotations

import io
import pickletools
from collections.abc import Iterator

from launchpad_tui.domain.formats.base import ROWS, Preview, Source, left_out, short, size_words

#: bytes that are looked at, and steps of the pickle's program
_MOST, _STEPS = 1 << 20, 200_000
#: what no model needs: modules whose functions start programs, open files and connections, or run code
_DANGEROUS = {
    *(
        "os",
        "posix",
        "nt",
        "subprocess",
        "sys",
        "socket",
        "shutil",
        "runpy",
        "pty",
        "ctypes",
        "importlib",
        "code",
    ),
    *(
        "commands",
        "webbrowser",
        "urllib",
        "http",
        "requests",
        "asyncio",
        "multiprocessing",
        "pickle",
        "marshal",
    ),
}
_DANGEROUS_NAMES = {
    f"builtins.{name}"
    for name in ("eval", "exec", "compile", "open", "__import__", "getattr", "setattr", "globals")
}
WARNING = "Loading a pickle runs what is in it: load it only where you trust who made it."


def globals_of(data: bytes) -> tuple[list[str], int, str]:
    """The functions and classes that a pickle would look up, in its order; its protocol; and what stopped the look,
    empty where it came to the end."""
    found: dict[str, None] = {}
    texts: list[str] = []
    protocol, problem = 0, "It does not end."
    try:
        for number, (opcode, argument, _) in enumerate(_steps(data)):
            if number > _STEPS:
                problem = "It is too long to be looked at to its end."
                break
            name = opcode.name
            if name == "PROTO":
                protocol = int(str(argument))
            elif name == "STOP":
                problem = ""
                break
            elif name in {"GLOBAL", "INST"}:
                found[str(argument).replace(" ", ".", 1)] = None
            elif name == "STACK_GLOBAL":
                # Both names were put on the stack before; which texts they were is as good as always the last two.
                found[".".join(texts[-2:])] = None
            elif isinstance(argument, str):
                texts = [*texts[-7:], argument]
    except Exception as error:  # noqa: BLE001  genops raises what the bytes make it
        problem = f"It cannot be read on: {short(str(error), 120)}."
    return list(found), protocol, problem


def _steps(data: bytes) -> Iterator[tuple[pickletools.OpcodeInfo, object, int | None]]:
    # From a file, so that a length that lies is met by the file's end.
    return pickletools.genops(io.BytesIO(data))


def is_dangerous(name: str) -> bool:
    """Whether a function is none that a model would need."""
    return name in _DANGEROUS_NAMES or name.partition(".")[0] in _DANGEROUS


def pickle_rows(names: list[str]) -> tuple[tuple[str, str], ...]:
    """The functions and classes with a remark, the dangerous ones first."""
    ordered = sorted(names, key=lambda name: not is_dangerous(name))
    return tuple(
        (short(name, 200), "DANGEROUS" if is_dangerous(name) else "") for name in ordered[:ROWS]
    )


def pickle_preview(source: Source) -> Preview | None:
    """A pickle: its protocol, and what loading it would call."""
    head = source.head
    modern = len(head) > 2 and head[0] == 0x80 and 2 <= head[1] <= 5
    if not modern and not source.ending((".pkl", ".pickle", ".joblib")):
        return None
    data = source.at(0, min(source.size, _MOST))
    names, protocol, problem = globals_of(data)
    if not modern and not names:
        return None
    if problem and source.size > len(data):
        problem = "Only its beginning was read."
    dangerous = sum(is_dangerous(name) for name in names)
    facts = [
        ("Size", size_words(source.size)),
        ("Protocol", str(protocol)),
        ("Would call", f"{len(names):,}"),
    ]
    if dangerous:
        facts.append(("Dangerous", f"{dangerous:,}: no model needs these"))
    note = " ".join(
        part for part in (WARNING, problem, left_out(ROWS, len(names), "names")) if part
    )
    return Preview("pickle", "Pickle", tuple(facts), ("Calls", ""), pickle_rows(names), note=note)
