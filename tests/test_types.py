"""Data types: sizes, and what is and is not one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_studio.types import FLOAT32, INT32, NAMED, ArrayType, parse_type

_TYPES = st.builds(
    ArrayType, st.sampled_from(sorted(NAMED.values(), key=str)), st.lists(st.integers(1, 255), max_size=4).map(tuple)
)


@given(_TYPES)
def test_types_print_and_parse(kind: ArrayType) -> None:
    assert parse_type(str(kind)) == kind
    assert parse_type(f"  {str(kind).replace(',', ' , ').replace('[', ' [ ')} ") == kind
    assert kind.size == np.zeros(kind.shape, np.int8).size if kind.size < 1 << 20 else True
    assert kind.bits == kind.element.bits * kind.size


def test_scalars() -> None:
    assert (FLOAT32.mlir, INT32.mlir) == ("f32", "i32")
    assert (FLOAT32.dtype, INT32.dtype) == (np.float32, np.int32)
    assert parse_type("int32") == ArrayType(INT32)
    assert (ArrayType(INT32).size, ArrayType(INT32).bits) == (1, 32)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no type"),
        ("float32[4", "is no type"),
        ("float32[[4]]", "is no type"),
        ("32", "is no type"),
        ("float[4]", "unknown element type 'float'; types are bool"),
        ("float32[]", "extent ''"),
        ("float32[4,]", "extent ''"),
        ("float32[0]", "extent '0'"),
        ("float32[-4]", "extent '-4'"),
        ("float32[4.0]", "extent '4.0'"),
        ("float32[99999999999]", "extent '99999999999'"),
        ("float32[65536, 65537]", "more than 2\\^32 elements"),
    ],
)
def test_what_is_no_type_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_type(text)
    assert parse_type("float32[65536, 65536]").size == 1 << 32
