"""Exact values of every type: conversion, and bits there and back."""

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_studio.types import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, INT32, ScalarType, fixed, integer, struct
from allo_studio.values import convert, fits, from_bits, to_bits


@pytest.mark.parametrize(("kind", "dtype"), [(FLOAT16, np.float16), (FLOAT32, np.float32)], ids=str)
@given(value=st.floats() | st.floats(-70000, 70000))
def test_floats_round_as_numpy_does(kind: ScalarType, dtype: type[np.floating], value: float) -> None:
    with np.errstate(all="ignore"):
        expected = dtype(value)
    found = convert(value, kind)
    assert (found != found and np.isnan(expected)) or (found == expected and np.signbit(found) == np.signbit(expected))


@given(st.fractions() | st.integers(-(10**400), 10**400))
def test_a_float_is_the_nearest_number_even_of_two(value: Fraction | int) -> None:
    found = convert(value, FLOAT64)
    try:
        assert found == float(value)
    except OverflowError:
        assert found == (np.inf if value > 0 else -np.inf)
    # Rounded once, not first to float64: this is just above the middle of two float32.
    middle = Fraction(1) + Fraction(1, 2**24) + Fraction(1, 2**80)
    assert convert(middle, FLOAT32) == float(np.nextafter(np.float32(1), np.float32(2)))


kinds = (
    st.builds(integer, st.integers(1, 90), st.booleans())
    | st.builds(fixed, st.integers(1, 90), st.integers(-9, 99), st.booleans())
    | st.sampled_from((FLOAT16, BFLOAT16, FLOAT32, FLOAT64))
)


@given(kinds, st.integers(0, 1 << 90))
def test_bits_there_and_back(kind: ScalarType, number: int) -> None:
    bits = number % (1 << kind.bits)
    value = from_bits(bits, kind)
    if value == value:
        assert to_bits(value, kind) == bits
        assert convert(value, kind) == value  # type: ignore[arg-type]
        assert fits(value, kind)  # type: ignore[arg-type]


def test_structs_hold_the_first_field_in_the_lowest_bits() -> None:
    kind = struct([("a", integer(4)), ("b", struct([("c", fixed(8, 4, False))]))])
    assert to_bits({"a": -1, "b": {"c": Fraction(3, 2)}}, kind) == 0x18F
    assert from_bits(0x18F, kind) == {"a": -1, "b": {"c": Fraction(3, 2)}}
    with pytest.raises(ValueError, match="no Struct"):
        to_bits({"a": 1}, kind)


def test_conversion_to_integers_and_fixed_point() -> None:
    assert [convert(v, integer(8)) for v in (300, -129, 1.9, -1.9, 1e9, -np.inf, np.nan)] == [
        44,
        127,
        1,
        -1,
        127,
        -128,
        0,
    ]
    assert convert(Fraction(-5, 2), integer(8)) == -2
    assert convert(0.3, fixed(8, 4)) == Fraction(4, 16)
    assert convert(0.3, fixed(8, 4, True, "half_even")) == Fraction(5, 16)
    assert convert(9, fixed(8, 4, True, "floor", "saturate")) == Fraction(127, 16)
    assert convert(-np.inf, fixed(8, 4, True, "floor", "saturate_symmetric")) == Fraction(-127, 16)
    assert convert(np.inf, fixed(8, 4)) == 0


def test_what_fits() -> None:
    assert fits(2**31 - 1, INT32)
    assert not fits(2**31, INT32)
    assert not fits(1e39, FLOAT32)
    assert fits(np.inf, FLOAT32)
    assert not fits(np.inf, INT32)
    assert to_bits(ml_dtypes.bfloat16(1.0), BFLOAT16) == 0x3F80
    assert not fits(8, fixed(8, 4))
