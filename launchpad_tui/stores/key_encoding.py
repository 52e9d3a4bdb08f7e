"""Encoding of paths as object keys, for services that do not allow every character.

Excluded characters are replaced by similar symbols. The scheme is that of rclone, so that its users
see the same names (https://rclone.org/overview/#restricted-characters): control characters become
control pictures (U+2400 and following), ``\\`` becomes ``＼``, and a full stop at the end of a part
becomes ``．``. A symbol that is part of the name itself is preceded by ``‛`` (U+201B).
"""

from __future__ import annotations

import re

_QUOTE = "‛"


class KeyEncoding:
    """The encoding for one service.

    Args:
        refused: excluded characters: control characters or a backslash.
        dots: whether a full stop at the end of a path part is excluded as well.
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
        """Return the key of a path."""
        return self._plain.sub(lambda m: self._symbols[m[0]] if m["raw"] else _QUOTE + m[0], path)

    def path(self, key: str) -> str:
        """Return the path of a key."""
        return self._kept.sub(lambda m: m["quoted"] or self._originals[m[0]], key)


def _symbol(character: str) -> str:
    if character == "\\":
        return "＼"
    return "␡" if character == "\x7f" else chr(0x2400 + ord(character))
