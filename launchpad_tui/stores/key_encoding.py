"""Keys for services that do not take every character: those stand as symbols that look like them, and are read back.

The scheme is rclone's, so that its users see the same names (https://rclone.org/overview/#restricted-characters): a
control character stands as its picture (U+2400 and following), ``\\`` as ``＼`` and a full stop at the end of a part as
``．``; where a name has such a symbol of its own, ``‛`` (U+201B) stands before it.
"""

from __future__ import annotations

import re

_QUOTE = "‛"


class KeyEncoding:
    """Makes keys of paths and paths of keys.

    Args:
        refused: single characters that the service does not take: control characters or a backslash.
        dots: whether it does not take a full stop at the end of a part either.
    """

    def __init__(self, refused: str, *, dots: bool = False) -> None:
        symbols = {each: _symbol(each) for each in refused}
        self._symbols = {**symbols, **({".": "．"} if dots else {})}
        self._originals = {symbol: each for each, symbol in self._symbols.items()}
        plain, shown = (re.escape("".join(each)) for each in (symbols, symbols.values()))
        last, stop = (r"|\.(?=/|\Z)", r"|．(?=/|\Z)") if dots else ("", "")
        both = f"[{_QUOTE}{plain}{shown}{'.．' if dots else ''}]"
        self._plain = re.compile(f"(?P<raw>[{plain}]{last})|[{shown}]{stop}|{_QUOTE}(?={both})")
        self._kept = re.compile(
            f"{_QUOTE}(?P<quoted>[{_QUOTE}{shown}{'．' if dots else ''}])|[{shown}]{stop}"
        )

    def key(self, path: str) -> str:
        """The key that stands for a path."""
        return self._plain.sub(lambda m: self._symbols[m[0]] if m["raw"] else _QUOTE + m[0], path)

    def path(self, key: str) -> str:
        """The path that a key stands for."""
        return self._kept.sub(lambda m: m["quoted"] or self._originals[m[0]], key)


def _symbol(character: str) -> str:
    if character == "\\":
        return "＼"
    return "␡" if character == "\x7f" else chr(0x2400 + ord(character))
