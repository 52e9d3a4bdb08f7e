"""Records behave like frozen dataclasses with slots."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import pytest

from launchpad_tui.records import field, record, replace

Value = TypeVar("Value")


@record
class Range(Generic[Value]):
    """A range of values."""

    low: Value
    high: Value
    label: str = ""
    details: Mapping[str, str] = field(default_factory=dict, compare=False)
    secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.low == self.high:
            raise ValueError("empty")


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """A dataclass with the same fields."""

    low: int
    high: int
    label: str = ""
    details: Mapping[str, str] = dataclasses.field(default_factory=dict, compare=False)
    secret: str = dataclasses.field(default="", repr=False)


@record
class Base:
    """A record that another one extends."""

    first: int
    second: int = 2


@record
class Extended(Base):
    """A record with one field more."""

    third: int = 3

    def __repr__(self) -> str:
        return "extended"


@record
class Empty:
    """A record without fields."""


def test_fields_defaults_text_equality_and_hash() -> None:
    one = Range(1, 5, details={"a": "b"}, secret="s3cret")
    reference: object = Reference(1, 5, details={"a": "b"}, secret="s3cret")
    assert repr(one) == repr(reference).replace("Reference", "Range")
    assert one == Range(1, 5, secret="s3cret")
    assert hash(one) == hash(Range(1, 5, secret="s3cret"))
    assert one != Range(1, 6, secret="s3cret")
    assert one != reference
    assert Range(1, 5).details is not Range(1, 5).details
    assert Range.__doc__ == "A range of values."
    assert Range.__match_args__ == Reference.__match_args__
    assert Empty() == Empty()
    assert repr(Empty()) == "Empty()"


def test_records_cannot_be_changed_and_have_no_dictionary() -> None:
    one: Any = Range(1, 5)
    for name in ("low", "unknown"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(one, name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        del one.low
    assert not hasattr(one, "__dict__")


def test_the_constructor_checks_its_arguments() -> None:
    create: Any = Range
    with pytest.raises(TypeError, match=r"Range.__init__\(\) missing 1 required .*'high'"):
        create(1)
    with pytest.raises(TypeError, match="unexpected keyword argument 'other'"):
        create(1, 2, other=3)
    with pytest.raises(ValueError, match="empty"):
        create(1, 1)


def test_the_module_dataclasses_accepts_records() -> None:
    one = Range(1, 5, "a")
    assert dataclasses.replace(one, high=7) == replace(one, high=7) == Range(1, 7, "a")
    assert dataclasses.asdict(one) == dataclasses.asdict(Reference(1, 5, "a"))
    described = [(each.name, each.default, each.repr) for each in dataclasses.fields(Range)]
    assert described == [
        (each.name, each.default, each.repr) for each in dataclasses.fields(Reference)
    ]
    assert [each.type for each in dataclasses.fields(Base)] == ["int", "int"]


def test_copies_are_equal() -> None:
    one = Range(1, 5, details={"a": "b"})
    for other in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert other == one
        assert other.details == one.details


def test_a_record_extends_another_and_keeps_its_own_methods() -> None:
    one = Extended(1, third=4)
    assert (one.first, one.second, one.third) == (1, 2, 4)
    assert repr(one) == "extended"
    assert Base(1) == Base(1, 2)
    assert Base(1) != one
    assert [each.name for each in dataclasses.fields(Extended)] == ["first", "second", "third"]


def test_a_field_of_the_module_dataclasses_is_refused() -> None:
    with pytest.raises(TypeError, match=r"must be declared with records\.field"):

        @record
        class _Wrong:
            names: list[str] = dataclasses.field(default_factory=list)
