"""Bits of values: exact for every type and both ways."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_studio.samples import FLAVOURS, sample
from allo_studio.types import BFLOAT16, BOOL, FLOAT16, FLOAT32, FLOAT64, fixed, integer, struct
from allo_studio.words import fit, from_bits, round_units, to_bits, unfit

NESTED = struct([("flag", BOOL), ("point", struct([("x", FLOAT16), ("y", fixed(9, 4))])), ("wide", integer(77))])
KINDS = [integer(1), BOOL, integer(7), integer(7, False), integer(32), integer(64, False), integer(65)]
KINDS += [integer(300, False)]
KINDS += [FLOAT16, BFLOAT16, FLOAT32, FLOAT64, fixed(8, 3), fixed(53, 60), fixed(54, 2), fixed(90, -5, False), NESTED]
KINDS += [struct([("a", integer(3)), ("b", FLOAT32), ("c", integer(5, False))])]
ROUNDING = ("floor", "zero", "half_up", "half_zero", "half_away", "half_down", "half_even")
OVERFLOW = ("wrap", "saturate", "saturate_zero", "saturate_symmetric")


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_values_come_back_from_their_bits(kind, flavour):
    values = sample(kind, (5, 4), flavour, np.random.default_rng(1))
    assert values.dtype == kind.dtype
    assert unfit(values, kind) == ""
    bits = to_bits(values, kind)
    assert all(0 <= int(b) < 1 << kind.bits for b in bits.ravel())
    assert np.array_equal(to_bits(from_bits(bits, kind), kind), bits)


def test_a_struct_has_its_first_field_lowest():
    kind = struct([("a", integer(3)), ("b", FLOAT32), ("c", integer(5, False))])
    values = np.array([(-1, 1.0, 9)], kind.dtype)
    assert to_bits(values, kind).tolist() == [7 | 0x3F800000 << 3 | 9 << 35]
    wide = np.zeros((), NESTED.dtype)
    wide["wide"] = -1
    assert int(to_bits(wide, NESTED)[()]) == ((1 << 77) - 1) << 26


@given(st.integers(-64, 64), st.sampled_from(ROUNDING))
def test_quarters_are_rounded_as_the_modes_say(quarters, mode):
    exact = Fraction(quarters, 4)
    below, above = math.floor(exact), math.ceil(exact)
    rest = exact - below
    away, even = (above if exact > 0 else below), (below if below % 2 == 0 else above)
    toward = below if exact > 0 else above
    nearer = below if rest < Fraction(1, 2) else above
    tie = {"half_up": above, "half_down": below, "half_zero": toward, "half_away": away, "half_even": even}
    want = {"floor": below, "zero": toward}.get(mode, tie.get(mode) if rest == Fraction(1, 2) else nearer)
    assert round_units(exact, mode) == want
    # The vectorised form agrees.
    kind = fixed(16, 0, True, mode, "wrap")
    assert from_bits(to_bits(np.array([float(exact)]), kind), kind).tolist() == [want]


@given(st.integers(-600, 600), st.booleans(), st.sampled_from(OVERFLOW))
def test_what_is_out_of_range_is_brought_into_it_as_the_modes_say(units, signed, mode):
    kind = fixed(8, 0, signed, "floor", mode)
    low, high = (-128, 127) if signed else (0, 255)
    wrapped = (units - low) % 256 + low
    within = units if low <= units <= high else 0
    clipped = min(max(units, low), high)
    symmetric = min(max(units, -127), 127) if signed else clipped
    want = {"wrap": wrapped, "saturate": clipped, "saturate_zero": within, "saturate_symmetric": symmetric}[mode]
    assert fit(units, kind) == want
    assert from_bits(to_bits(np.array([float(units)]), kind), kind).tolist() == [want]


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(ROUNDING),
    st.sampled_from(OVERFLOW),
    st.integers(-40, 70),
)
def test_any_double_becomes_the_exact_fixed_point_number(value, rounding, overflow, fraction):
    kind = fixed(20, fraction, True, rounding, overflow)
    scale = Fraction(2) ** fraction
    want = fit(round_units(Fraction(value) * scale, rounding), kind)
    assert int(to_bits(np.array([value]), kind)[0]) == want & ((1 << 20) - 1)


@pytest.mark.parametrize(
    ("values", "kind", "fault"),
    [
        (np.array([3, 64], np.int8), integer(7), "has the value 64, which does not fit int7"),
        (np.array([3, 1 << 70], object), integer(70), f"has the value {1 << 70}, which does not fit int70"),
        (np.array([3, 1.5], object), integer(70), "has the value 1.5, which is no integer"),
        (np.array([1.0, np.inf]), fixed(8, 3), "has the value inf, which is no number"),
        (np.array(["a"], object), fixed(80, 3), "has the value 'a', which is no number"),
        (
            np.array([(9,)], [("x", np.int8)]),
            struct([("x", integer(4))]),
            "has a field x that has the value 9, which does not fit int4",
        ),
    ],
)
def test_values_that_a_type_cannot_hold(values, kind, fault):
    assert unfit(values, kind) == fault
