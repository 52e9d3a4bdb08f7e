"""Analysis of pickles without loading them: loading a pickle runs the functions that it names.

A pickle is a program for a stack machine. `analyze` runs that program symbolically: every opcode
has its effect on the stack and the memo, but functions are recorded instead of called. Names that a
pickle assembles through the memo, through POP and DUP, or through attribute chains are therefore
found, as are the names in further pickles that follow in the same file, which is how PyTorch wrote
files before version 1.6. The bytes of arrays that joblib writes between two opcodes are skipped in
the way joblib reads them.

Sources: https://docs.python.org/3/library/pickletools.html and joblib's ``numpy_pickle.py``.
"""

from __future__ import annotations

import io
import math
import pickletools
import struct
from dataclasses import dataclass, field
from typing import BinaryIO

from launchpad_tui.domain.formats.pickle_names import Risk, risk_of
from launchpad_tui.domain.formats.pickle_values import (
    ARRAY_WRAPPERS,
    CREATORS,
    PickleGlobal,
    PickleObject,
    PickleState,
    is_description,
    item_size,
)

#: the largest numbers of opcodes and pickles of a file, of nested pickles, and of characters of a
#: name
_OPCODES, _PICKLES, _DEPTH, _NAME = 400_000, 64, 12, 300
#: the largest numbers of items of a tuple, list or dictionary that are tracked, and of bytes of a
#: text that is kept
_ITEMS, _TEXT = 64, 4096
#: opcodes whose argument is data of any length, with the size of the length that precedes it
_LONG_DATA = {
    "BINBYTES": "<I",
    "BINBYTES8": "<Q",
    "BYTEARRAY8": "<Q",
    "BINSTRING": "<i",
    "BINUNICODE": "<I",
    "BINUNICODE8": "<Q",
    "LONG4": "<i",
}
_OPCODES_BY_CODE = {each.code: each for each in pickletools.opcodes}
#: the largest number of arrays whose bytes are read as opcodes, too
_ALTERNATIVES = 200


@dataclass(slots=True)
class PickleReport:
    """The result of an analysis.

    Attributes:
        names: the dotted names that loading would import or call, in the order of their occurrence,
            with their risk.
        protocol: the highest protocol that a pickle of the file declares.
        pickles: the number of complete pickles.
        calls: the number of calls of functions and classes.
        unfinished: whether the analysis stopped because more data would be needed.
        problem: a sentence with the reason why the analysis stopped before the end of the data;
            empty if it did not. Names after that position are not known.
    """

    names: dict[str, Risk] = field(default_factory=dict)
    protocol: int = 0
    pickles: int = 0
    calls: int = 0
    unfinished: bool = False
    problem: str = ""

    def add(self, name: str) -> None:
        """Record a name."""
        name = name[:_NAME]
        self.names.setdefault(name, risk_of(name))

    def merge(self, other: PickleReport) -> None:
        """Add the names and the problem of another report."""
        for name, risk in other.names.items():
            self.names.setdefault(name, risk)
        self.protocol = max(self.protocol, other.protocol)
        self.pickles += other.pickles
        self.calls += other.calls
        self.problem = self.problem or other.problem

    @property
    def dangerous(self) -> int:
        """The number of dangerous names."""
        return sum(risk is Risk.DANGEROUS for risk in self.names.values())


class _Stopped(Exception):
    """The analysis cannot continue for the reason in the text."""


class _Ended(_Stopped):
    """The data ends before the pickle does."""


class _Mark:
    """The MARK on the stack."""


_MARK = _Mark()


#: errors of `pickletools` if an argument of an opcode is malformed or incomplete
_UNREADABLE = (ValueError, struct.error, OverflowError, IndexError, UnicodeError)
#: a value whose content does not matter to the analysis
_UNKNOWN = object()


def analyze(file: BinaryIO, size: int) -> PickleReport:
    """Analyze all pickles from the position of a seekable file up to its end.

    Args:
        file: the data; only as much is read as the opcodes need, long data is skipped by seeking.
        size: the position at which the data ends.

    Returns:
        The report. Malformed data raise no error: `PickleReport.problem` names the position at
        which the analysis stopped.
    """
    report = PickleReport()
    machine = _Machine(file, size, report)
    while report.pickles < _PICKLES:
        start = file.tell()
        try:
            machine.run()
        except _Stopped as error:
            report.unfinished = isinstance(error, _Ended)
            report.problem = f"Not analyzed after byte {file.tell():,}: {error}"
        except _UNREADABLE as error:
            report.unfinished = True
            reason = str(error)[:120] or type(error).__name__
            report.problem = f"Not analyzed after byte {file.tell():,}: {reason}"
        if report.problem:
            if report.pickles and not _looks_like_pickle(file, start):
                report.problem = (
                    f"The {size - start:,} bytes after the last pickle were not analyzed."
                )
            return report
        report.pickles += 1
        if file.tell() >= size:
            return report
    report.problem = f"Not analyzed after byte {file.tell():,}: the file has too many pickles."
    return report


def _looks_like_pickle(file: BinaryIO, start: int) -> bool:
    file.seek(start)
    head = file.read(2)
    return len(head) == 2 and head[0] == 0x80 and head[1] <= 5


class _Machine:
    """Runs one pickle after the other, with a limit on the opcodes of all of them."""

    def __init__(self, file: BinaryIO, size: int, report: PickleReport) -> None:
        self._file, self._size, self._report = file, size, report
        self._steps = 0
        self._stack: list[object] = []
        self._memo: dict[int, object] = {}
        self._alternatives = 0
        #: whether the bytes of arrays are read as opcodes, as pickle.load does
        self._reads_arrays = True

    def run(self, depth: int = 0) -> None:
        """Run one pickle up to its STOP."""
        if depth > _DEPTH:
            raise _Stopped("pickles are nested too deeply.")
        outer = self._stack, self._memo
        self._stack, self._memo = [], {}
        try:
            while self._step(depth):
                pass
        finally:
            self._stack, self._memo = outer

    def _step(self, depth: int) -> bool:
        self._steps += 1
        if self._steps > _OPCODES:
            raise _Stopped("the pickle has too many instructions.")
        code = self._file.read(1)
        if not code:
            raise _Ended("the pickle does not end.")
        opcode = _OPCODES_BY_CODE.get(code.decode("latin-1"))
        if opcode is None:
            raise _Stopped(f"{code!r} is not an instruction of a pickle.")
        if opcode.name in _LONG_DATA:
            argument = self._long_data(opcode.name)
        else:
            argument = opcode.arg.reader(self._file) if opcode.arg is not None else None
        if opcode.name == "STOP":
            return False
        handler = getattr(self, f"_op_{opcode.name.lower()}", None)
        if handler is not None:
            handler(argument)
        else:
            self._generic(opcode, argument)
        if opcode.name == "BUILD":
            self._skip_array(depth)
        return True

    def _long_data(self, name: str) -> object:
        form = _LONG_DATA[name]
        data = self._file.read(struct.calcsize(form))
        (length,) = struct.unpack(form, data)
        start = self._file.tell()
        if length < 0 or start + length > self._size:
            raise _Ended("a value is longer than the file.")
        if length <= _TEXT:
            content = self._file.read(length)
            if "UNICODE" in name:
                return content.decode("utf-8", "surrogatepass")
            return content.decode("latin-1") if name == "BINSTRING" else content
        self._file.seek(start + length)
        return _UNKNOWN

    def _pop(self) -> object:
        if not self._stack:
            raise _Stopped("an instruction takes a value from the empty stack.")
        return self._stack.pop()

    def _pop_to_mark(self) -> list[object]:
        items: list[object] = []
        while True:
            item = self._pop()
            if item is _MARK:
                items.reverse()
                return items
            items.append(item)

    def _generic(self, opcode: pickletools.OpcodeInfo, argument: object) -> None:
        """Apply the effect on the stack that `pickletools` documents of an opcode."""
        before = list(opcode.stack_before)
        if pickletools.stackslice in before:
            self._pop_to_mark()
            before = before[: before.index(pickletools.markobject)]
        for _ in before:
            self._pop()
        keeps = isinstance(argument, str | int | bytes) and len(opcode.stack_after) == 1
        for _ in opcode.stack_after:
            self._stack.append(argument if keeps else _UNKNOWN)

    def _op_proto(self, argument: int) -> None:
        self._report.protocol = max(self._report.protocol, argument)

    def _op_mark(self, _argument: None) -> None:
        self._stack.append(_MARK)

    def _op_pop(self, _argument: None) -> None:
        self._pop()

    def _op_pop_mark(self, _argument: None) -> None:
        self._pop_to_mark()

    def _op_dup(self, _argument: None) -> None:
        item = self._pop()
        self._stack += [item, item]

    def _put(self, place: int) -> None:
        item = self._pop()
        self._stack.append(item)
        self._memo[place] = item

    def _op_put(self, argument: int) -> None:
        self._put(int(argument))

    _op_binput = _op_long_binput = _op_put

    def _op_memoize(self, _argument: None) -> None:
        self._put(len(self._memo))

    def _op_get(self, argument: int) -> None:
        if int(argument) not in self._memo:
            raise _Stopped("an instruction reads a value that was never stored.")
        self._stack.append(self._memo[int(argument)])

    _op_binget = _op_long_binget = _op_get

    def _name(self, module: object, name: object) -> str:
        if not isinstance(module, str) or not isinstance(name, str):
            # Python would raise here, unless a subclass of str comes from a call.
            self._report.names.setdefault("(a name that is computed)", Risk.DANGEROUS)
            return "(computed)"
        full = f"{module}.{name}"
        self._report.add(full)
        return full

    def _op_global(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self._stack.append(PickleGlobal(self._name(module, name)))

    def _op_stack_global(self, _argument: None) -> None:
        name, module = self._pop(), self._pop()
        self._stack.append(PickleGlobal(self._name(module, name)))

    def _op_inst(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        arguments = self._pop_to_mark()
        self._report.calls += 1
        self._stack.append(PickleObject(self._name(module, name), tuple(arguments[:_ITEMS])))

    def _op_obj(self, _argument: None) -> None:
        items = self._pop_to_mark()
        if not items:
            raise _Stopped("an instruction creates an object without a class.")
        self._stack.append(_called(items[0], tuple(items[1:_ITEMS]), self._report))

    def _op_reduce(self, _argument: None) -> None:
        arguments, function = self._pop(), self._pop()
        self._stack.append(_called(function, arguments, self._report))

    _op_newobj = _op_reduce

    def _op_newobj_ex(self, _argument: None) -> None:
        _keywords, arguments, function = self._pop(), self._pop(), self._pop()
        self._stack.append(_called(function, arguments, self._report))

    def _op_build(self, _argument: None) -> None:
        state, item = self._pop(), self._pop()
        if isinstance(item, PickleObject):
            item.state = state
        self._stack.append(item)

    def _extension(self, argument: int) -> None:
        self._report.names.setdefault(f"copyreg extension {argument}", Risk.UNKNOWN)
        self._stack.append(PickleGlobal(f"copyreg extension {argument}"))

    _op_ext1 = _op_ext2 = _op_ext4 = _extension

    def _op_tuple(self, _argument: None) -> None:
        self._stack.append(tuple(self._pop_to_mark()[:_ITEMS]))

    def _op_tuple1(self, _argument: None) -> None:
        self._stack.append((self._pop(),))

    def _op_tuple2(self, _argument: None) -> None:
        second, first = self._pop(), self._pop()
        self._stack.append((first, second))

    def _op_tuple3(self, _argument: None) -> None:
        third, second, first = self._pop(), self._pop(), self._pop()
        self._stack.append((first, second, third))

    def _op_empty_tuple(self, _argument: None) -> None:
        self._stack.append(())

    def _op_empty_dict(self, _argument: None) -> None:
        self._stack.append(PickleState())

    def _op_dict(self, _argument: None) -> None:
        items = self._pop_to_mark()
        self._stack.append(PickleState())
        self._set(items)

    def _op_setitem(self, _argument: None) -> None:
        value, key = self._pop(), self._pop()
        self._set([key, value])

    def _op_setitems(self, _argument: None) -> None:
        self._set(self._pop_to_mark())

    def _set(self, items: list[object]) -> None:
        target = self._pop()
        self._stack.append(target)
        if isinstance(target, PickleState):
            for key, value in zip(items[::2], items[1::2], strict=False):
                if isinstance(key, str | int) and (key in target or len(target) < _ITEMS):
                    target[key] = value
                else:
                    target.cut = True

    def _op_none(self, _argument: None) -> None:
        self._stack.append(None)

    def _op_newtrue(self, _argument: None) -> None:
        self._stack.append(True)

    def _op_newfalse(self, _argument: None) -> None:
        self._stack.append(False)

    def _skip_array(self, depth: int) -> None:
        """Skip the bytes of an array that joblib wrote behind its description."""
        top = self._stack[-1] if self._stack else None
        if not self._reads_arrays or not isinstance(top, PickleObject):
            return
        if top.of not in ARRAY_WRAPPERS or top.of.endswith("NDArrayWrapper"):
            return
        # joblib replaces the description by the array.
        self._stack[-1] = PickleObject("numpy.ndarray")
        self._read_as_opcodes(depth)
        if not isinstance(top.state, PickleState) or top.state.cut:
            raise _Stopped("the description of an array is not known.")
        shape, dtype = top.state.get("shape"), top.state.get("dtype")
        size, has_objects = item_size(dtype)
        if has_objects:
            self.run(depth + 1)
            return
        if size is None or not isinstance(shape, tuple):
            raise _Stopped("the type of an array is not known.")
        if not all(isinstance(each, int) and each >= 0 for each in shape) or len(shape) >= _ITEMS:
            raise _Stopped("the shape of an array is not valid.")
        if top.state.get("numpy_array_alignment_bytes") is not None:
            padding = self._file.read(1)
            self._file.seek(self._file.tell() + (padding[0] if padding else 0))
        end = self._file.tell() + math.prod(shape) * size
        if end > self._size:
            raise _Ended("an array is longer than the file.")
        self._file.seek(end)

    def _read_as_opcodes(self, depth: int) -> None:
        """Record what ``pickle.load`` would call, which does not know that an array follows."""
        start = self._file.tell()
        if (self._file.read(1) or b"\0").decode("latin-1") not in _OPCODES_BY_CODE:
            self._file.seek(start)
            return
        self._alternatives += 1
        if self._alternatives > _ALTERNATIVES:
            raise _Stopped("it has too many arrays whose bytes may be instructions.")
        self._file.seek(start)
        other = _Machine(self._file, self._size, self._report)
        other._reads_arrays = False
        other._steps, other._stack, other._memo = self._steps, [*self._stack], dict(self._memo)
        try:
            while other._step(depth):
                pass
        except (_Stopped, *_UNREADABLE):
            pass
        finally:
            self._steps = other._steps
            self._file.seek(start)


def _called(function: object, arguments: object, report: PickleReport) -> object:
    """Return the result of a call; attributes of known functions keep their dotted name."""
    name = function.name if isinstance(function, PickleGlobal) else ""
    report.calls += 1
    given = arguments if isinstance(arguments, tuple) else ()
    if name in CREATORS and given and isinstance(given[0], PickleGlobal):
        name, given = given[0].name, given[1:]
    if any(map(is_description, given)):
        raise _Stopped("the description of an array is passed to a function.")
    if name in {"builtins.getattr", "__builtin__.getattr"} and isinstance(arguments, tuple):
        of, attribute = (*arguments, None, None)[:2]
        base = (
            of.name
            if isinstance(of, PickleGlobal)
            else of.of
            if isinstance(of, PickleObject)
            else ""
        )
        if base and isinstance(attribute, str):
            full = f"{base}.{attribute}"
            report.add(full)
            return PickleGlobal(full)
    if not name and isinstance(function, PickleObject):
        name = function.of
    return PickleObject(name, arguments)


def analyze_bytes(data: bytes) -> PickleReport:
    """Analyze the pickles in some bytes; see `analyze`."""
    return analyze(io.BytesIO(data), len(data))
