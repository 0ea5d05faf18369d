"""Comparison of arrays of every type: exact where the type is."""

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

from allo_studio.simulate import compare

RECORD = np.dtype([("x", np.float32), ("y", np.int8)])


def objects(*values):
    made = np.empty(len(values), object)
    made[:] = values
    return made


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (np.array([1, 2**60]), np.array([1, 2**60 + 1])),
        (np.array([0, 2**64 - 1], np.uint64), np.array([0, 2**64 - 2], np.uint64)),
        (objects(0, 1 << 2000), objects(0, (1 << 2000) + 1)),
        (objects(0, 1), objects(0, 1 << 2000)),
        (objects(Fraction(0), Fraction(1, 3)), objects(Fraction(0), Fraction(1, 3) + Fraction(1, 1 << 2000))),
        (np.array([0, 1], ml_dtypes.bfloat16), np.array([0, np.nan], ml_dtypes.bfloat16)),
        (np.array([False, True]), np.array([False, False])),
        (np.array([(0, 0), (1, 2)], RECORD), np.array([(0, 0), (1, 3)], RECORD)),
    ],
)
def test_the_element_that_differs_is_found(one, two):
    assert compare({"p": one}, {"p": one.copy()}).mismatches == 0
    found = compare({"p": two}, {"p": one}, tolerance=0.5)
    assert (found.mismatches, found.first_mismatch.index) == (1, (1,))
    assert found.max_error > 0


def test_bfloat16_has_a_tolerance_as_every_float():
    one, two = (np.array([100.0, x], ml_dtypes.bfloat16) for x in (1.0, 2.0))
    assert compare({"p": two}, {"p": one}, tolerance=0.02).mismatches == 0
    assert compare({"p": two}, {"p": one}, tolerance=0.001).mismatches == 1


def test_what_is_no_number_is_equal_in_a_record_too() -> None:
    got, want = (np.array([(np.nan, 1), (0.0, 2)], RECORD) for _ in range(2))
    assert compare({"p": got}, {"p": want}).mismatches == 0
    got["x"][1] = np.nan
    found = compare({"p": got}, {"p": want})
    assert found.first_mismatch is not None
    assert (found.mismatches, found.first_mismatch.index) == (1, (1,))
