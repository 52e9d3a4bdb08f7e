"""Values on the stack of a pickle that is analyzed, and joblib's descriptions of arrays.

joblib writes the bytes of an array between two opcodes, behind a description of it. So its size
must be known exactly to find the next opcode.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: the classes of joblib's descriptions of arrays
ARRAY_WRAPPERS = {
    "joblib.numpy_pickle.NumpyArrayWrapper",
    "joblib.numpy_pickle_compat.NDArrayWrapper",
}
#: functions that create an object of the class that is their first argument
CREATORS = {"copyreg._reconstructor", "copyreg.__newobj__", "copyreg.__newobj_ex__"}
_DTYPE_CODE = re.compile(r"[<>|=]?([a-zA-Z])(\d*)")
#: bytes of a number in NumPy's one-letter type codes without a size
_CODE_SIZES = {"?": 1, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "L": 8}


@dataclass(slots=True)
class PickleGlobal:
    """A function or class by its dotted name."""

    name: str


@dataclass(slots=True)
class PickleObject:
    """The result of a call of a function or class, with the state that BUILD gave it."""

    of: str
    arguments: object = None
    state: object = None


class PickleState(dict[object, object]):
    """A dictionary of a pickle; ``cut`` is set if it has items that are not tracked."""

    cut = False


def is_description(value: object) -> bool:
    """Return whether a value is, or contains, joblib's description of an array or its class."""
    if isinstance(value, tuple):
        return any(map(is_description, value))
    named = value.name if isinstance(value, PickleGlobal) else ""
    made = value.of if isinstance(value, PickleObject) else ""
    return named in ARRAY_WRAPPERS or made in ARRAY_WRAPPERS


def item_size(dtype: object) -> tuple[int | None, bool]:
    """Return the bytes of one item of a NumPy type, and whether items are pickled objects."""
    if not isinstance(dtype, PickleObject) or not dtype.of.endswith(".dtype"):
        # Types such as numpy.dtypes.Float64DType are created without arguments by new versions.
        return None, False
    code = dtype.arguments[0] if isinstance(dtype.arguments, tuple) and dtype.arguments else None
    found = _DTYPE_CODE.fullmatch(code) if isinstance(code, str) else None
    if found is None:
        return None, False
    letter, digits = found[1], found[2]
    state = dtype.state if isinstance(dtype.state, tuple) else ()
    if letter == "O":
        return None, True
    if len(state) > 7 and letter in "VSUa":
        # NumPy takes the size of these types from the state.
        flags, size = state[7], state[5]
        has_objects = isinstance(flags, int) and bool(flags & 1)
        return (size if isinstance(size, int) and size >= 0 else None), has_objects
    if letter in "VSUa" and state:
        return None, False
    if digits:
        return int(digits) * (4 if letter == "U" else 1), False
    return _CODE_SIZES.get(letter), False
