"""The types of operations: Allo's table, and the places where it is kept from losing values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_studio.frontend.typing import Untyped, common_type, negated_type, result_type
from allo_studio.types import (
    BFLOAT16,
    BOOL,
    FLOAT16,
    FLOAT32,
    FLOAT64,
    INDEX,
    INT32,
    ScalarType,
    fixed,
    integer,
    parse_type,
    struct,
)

# Left, operator, right, result: rows of Allo's table, written out.
TABLE = [
    ("int8", "+", "int8", "int9"),
    ("int8", "-", "int32", "int33"),
    ("int8", "+", "uint8", "int10"),
    ("uint8", "-", "int4", "int10"),
    ("uint8", "+", "uint5", "uint9"),
    ("int8", "+", "Fixed(8, 4)", "Fixed(13, 4)"),
    ("uint8", "+", "Fixed(8, 4)", "Fixed(14, 4)"),
    ("int8", "-", "UFixed(8, 4)", "Fixed(13, 4)"),
    ("uint8", "+", "UFixed(8, 4)", "UFixed(13, 4)"),
    ("Fixed(8, 4)", "+", "Fixed(12, 2)", "Fixed(15, 4)"),
    ("Fixed(8, 4)", "-", "UFixed(8, 2)", "Fixed(12, 4)"),
    ("UFixed(8, 4)", "+", "UFixed(8, 2)", "UFixed(11, 4)"),
    ("int8", "*", "int4", "int12"),
    ("int8", "*", "uint4", "int12"),
    ("uint8", "*", "uint4", "uint12"),
    ("index", "*", "int8", "int40"),
    ("int8", "*", "Fixed(8, 4)", "Fixed(16, 4)"),
    ("Fixed(8, 4)", "*", "UFixed(8, 2)", "Fixed(16, 6)"),
    ("UFixed(8, 4)", "*", "UFixed(8, 2)", "UFixed(16, 6)"),
    ("int8", "/", "int32", "int8"),
    ("int8", "//", "uint8", "int8"),
    ("uint8", "/", "uint32", "uint8"),
    ("Fixed(8, 4)", "/", "int6", "Fixed(14, 10)"),
    ("Fixed(8, 4)", "/", "uint6", "Fixed(15, 10)"),
    ("Fixed(8, 4)", "/", "Fixed(6, 2)", "Fixed(14, 8)"),
    ("UFixed(8, 4)", "/", "UFixed(6, 2)", "UFixed(14, 8)"),
    ("Fixed(8, 4)", "/", "UFixed(6, 2)", "Fixed(15, 8)"),
    ("int8", "%", "int4", "int8"),
    ("int8", "%", "uint8", "int9"),
    ("Fixed(8, 4)", "%", "int8", "Fixed(12, 4)"),
    ("int8", "<<", "uint32", "int8"),
    ("UFixed(8, 4)", ">>", "int32", "UFixed(8, 4)"),
    ("int8", "&", "uint16", "int16"),
    ("uint8", "|", "uint3", "uint8"),
    ("uint1", "^", "uint1", "uint1"),
    ("index", "+", "index", "index"),
    ("int64", "*", "float32", "float32"),
    ("float16", "+", "float64", "float64"),
    ("Fixed(8, 4)", "/", "bfloat16", "bfloat16"),
    ("int32", "**", "int8", "float32"),
    ("int33", "**", "int8", "float64"),
    ("float64", "**", "float32", "float64"),
    ("int8", "**", "float64", "float64"),
]
# Where the table would lose a value.
WIDER = [
    ("int8", "+", "index", "int33"),
    ("uint8", "/", "int8", "int9"),
    ("int32", "/", "Fixed(8, 4)", "Fixed(40, 4)"),
    ("UFixed(8, 4)", "/", "Fixed(6, 2)", "Fixed(15, 8)"),
    ("float16", "*", "bfloat16", "float32"),
]


@pytest.mark.parametrize(("left", "operator", "right", "result"), TABLE + WIDER, ids=lambda part: str(part))
def test_the_table(left: str, operator: str, right: str, result: str) -> None:
    found = result_type(operator, parse_type(left).element, parse_type(right).element)
    assert found == parse_type(result).element


def test_comparison_and_choice_hold_both_sides() -> None:
    assert common_type(integer(8), integer(8, False)) == integer(9)
    assert common_type(integer(8), fixed(8, 4)) == fixed(12, 4)
    assert common_type(INDEX, INDEX) == INDEX
    assert common_type(FLOAT16, BFLOAT16) == FLOAT32
    assert common_type(INT32, FLOAT64) == FLOAT64
    assert negated_type(BOOL) == integer(2)


@pytest.mark.parametrize(
    ("left", "operator", "right"),
    [
        (FLOAT32, "//", INT32),
        (fixed(8, 4), "//", INT32),
        (FLOAT32, "&", INT32),
        (INT32, "<<", fixed(8, 4)),
        (fixed(8, 4), "^", fixed(8, 4)),
        (struct([("x", INT32)]), "+", INT32),
        (integer(4096), "+", integer(4096)),
        (fixed(3000, 0), "*", fixed(3000, 0)),
    ],
)
def test_what_has_no_type(left: ScalarType, operator: str, right: ScalarType) -> None:
    with pytest.raises(Untyped) as caught:
        result_type(operator, left, right)
    assert caught.value.message
    assert caught.value.hint


kinds = st.builds(integer, st.integers(1, 70), st.booleans()) | st.builds(
    fixed, st.integers(1, 70), st.integers(-20, 90), st.booleans()
)


@given(kinds, kinds)
def test_no_sum_or_product_overflows(left: ScalarType, right: ScalarType) -> None:
    def ends(kind: ScalarType) -> list[float]:
        return [kind.least * 2.0**-kind.fraction, kind.greatest * 2.0**-kind.fraction]

    for operator in "+*-":
        kind = result_type(operator, left, right)
        least, greatest = ends(kind)
        results = {"+": lambda a, b: a + b, "*": lambda a, b: a * b, "-": lambda a, b: a - b}[operator]
        if operator != "-" or kind.signed:
            assert all(least <= results(a, b) <= greatest for a in ends(left) for b in ends(right))
