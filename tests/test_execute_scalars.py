"""Scalars of every type in and out of the JIT."""

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from execute_kernels import kernel_of

from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.types import parse_type

RECORD = np.array((1, 2.5), [("x", "i1"), ("y", "f2")])[()]


def through(text, value):
    kind = parse_type(text).element.mlir
    return jit(
        kernel_of(f"""func.func @f(%x: {kind}, %y: memref<{kind}>) attributes {{allo.args = ["x", "y"],
        allo.directions = ["in", "out"], allo.types = {{x = "{text}", y = "{text}"}}, llvm.emit_c_interface}} {{
        affine.store %x, %y[] : memref<{kind}>
        return
    }}""")
    )(value)


@pytest.mark.parametrize(
    ("text", "value", "want"),
    [
        ("int7", -64, np.int8(-64)),
        ("uint1", True, np.True_),
        ("uint1", 1, np.True_),
        ("uint100", 5, 5),
        ("int4096", -(3**2000), -(3**2000)),
        ("float16", 1.1, np.float16(1.1)),
        ("bfloat16", 3.3, ml_dtypes.bfloat16(3.3)),
        ("Fixed(16, 10)", 1.3, np.float64(1331 / 1024)),
        ("Fixed(16, 10)", Fraction(1, 2), np.float64(0.5)),
        ("Fixed(80, 10)", Fraction(1, 4), Fraction(1, 4)),
        ("Struct(x: int3, y: float16)", RECORD, RECORD),
    ],
)
def test_a_scalar_comes_back_as_a_scalar_of_its_type(text, value, want):
    got = through(text, value)
    assert type(got) is type(want)
    assert got == want


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        ("int7", 64, "does not fit int7"),
        ("uint1", 2, "does not fit uint1"),
        ("int64", 2**63, "does not fit int64"),
        ("Fixed(16, 10)", float("nan"), "has the value nan, which is no number"),
        ("Struct(x: int3, y: float16)", (1, 2), "must be a numpy record"),
        ("int100", 1.5, "but it is a float"),
    ],
)
def test_a_scalar_that_does_not_fit_is_refused(text, value, message):
    with pytest.raises(AlloError, match=message):
        through(text, value)
