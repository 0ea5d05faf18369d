"""Floats of every kind in the JIT: against numpy where it computes alike, else against fractions."""

import math
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from execute_kernels import array_of, edge_integers, elementwise, nearest

from allo_studio.execute import LIBM, jit, libm_function
from allo_studio.types import BFLOAT16, BOOL, FLOAT16, FLOAT32, FLOAT64, integer

KINDS = (FLOAT16, BFLOAT16, FLOAT32, FLOAT64)
# The bits of the fraction, and the least and greatest exponent.
FORMATS = {
    "float16": (10, -14, 15),
    "bfloat16": (7, -126, 127),
    "float32": (23, -126, 127),
    "float64": (52, -1022, 1023),
}
COUNT = 400


def bits_type(kind):
    return np.dtype(f"uint{kind.bits}")


def edges(kind, seed):
    """Random bit patterns, and the ends of every range: zeros, subnormals, infinities, NaN, ties."""
    generator = np.random.default_rng([seed, kind.bits, len(kind.name)])
    patterns = generator.integers(0, 1 << kind.bits, COUNT, dtype=np.uint64).astype(bits_type(kind))
    values = patterns.view(kind.dtype)
    greatest = ml_dtypes.finfo(kind.dtype).max
    near = [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5, math.inf, -math.inf, math.nan, greatest, -greatest]
    near += [ml_dtypes.finfo(kind.dtype).smallest_subnormal, ml_dtypes.finfo(kind.dtype).smallest_normal, 127.5, 128.0]
    values = values.copy()
    values[: len(near)] = np.array(near).astype(kind.dtype)
    # Numbers around one, whose sums and products are in range.
    values[200:300] = generator.standard_normal(100).astype(kind.dtype)
    return values[generator.permutation(COUNT)]


def same(got, want):
    assert got.dtype == want.dtype
    bits = bits_type(FLOAT64 if got.dtype == np.float64 else FLOAT32 if got.dtype == np.float32 else FLOAT16)
    with np.errstate(invalid="ignore"):
        equal = (got.view(bits) == want.view(bits)) | (np.isnan(got) & np.isnan(want))
    assert equal.all(), (got[~equal][:5], want[~equal][:5])


def run(kinds, results, *arrays):
    found = jit(elementwise(kinds, results, COUNT))(*arrays)
    return found if isinstance(found, tuple) else (found,)


def exact(values):
    return [Fraction(float(v)) if math.isfinite(v) else None for v in values]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_arithmetic_equals_numpy(kind):
    names = {"addf": np.add, "subf": np.subtract, "mulf": np.multiply, "divf": np.divide}
    results = tuple((kind, f"%r = arith.{name} %a, %b : {kind.mlir}") for name in names)
    results += ((kind, f"%r = arith.negf %a : {kind.mlir}"), (kind, f"%r = math.absf %a : {kind.mlir}"))
    results += ((kind, f"%r = math.sqrt %a : {kind.mlir}"),)
    for seed in range(3):
        a, b = edges(kind, seed), edges(kind, seed + 50)
        found = run((kind, kind), results, a, b)
        with np.errstate(all="ignore"):
            want = [function(a, b) for function in names.values()] + [-a, np.abs(a), np.sqrt(a)]
        for got, wanted in zip(found, want, strict=True):
            same(got, wanted)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_sums_are_rounded_once(kind):
    a, b = edges(kind, 9), edges(kind, 10)
    (got,) = run((kind, kind), ((kind, f"%r = arith.addf %a, %b : {kind.mlir}"),), a, b)
    for value, one, two in zip(got, exact(a), exact(b), strict=True):
        if one is not None and two is not None and one + two:
            assert float(value) == nearest(one + two, *FORMATS[kind.name])


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_comparisons_and_extremes_equal_numpy(kind):
    a, b = edges(kind, 1), edges(kind, 2)
    a[:40] = b[:40]
    predicates = {"oeq": np.equal, "une": np.not_equal, "olt": np.less, "ole": np.less_equal, "ogt": np.greater}
    results = tuple((BOOL, f"%r = arith.cmpf {p}, %a, %b : {kind.mlir}") for p in predicates)
    extremes = {"maximumf": np.maximum, "minimumf": np.minimum, "maxnumf": np.fmax, "minnumf": np.fmin}
    results += tuple((kind, f"%r = arith.{name} %a, %b : {kind.mlir}") for name in extremes)
    found = run((kind, kind), results, a, b)
    for got, compare in zip(found, predicates.values(), strict=False):
        with np.errstate(invalid="ignore"):
            assert np.array_equal(got, compare(a, b))
    for got, function in zip(found[len(predicates) :], extremes.values(), strict=True):
        # Zeros of both signs are equal to numpy, which may give either.
        with np.errstate(invalid="ignore"):
            assert np.array_equal(got.astype(np.float64), function(a, b).astype(np.float64), equal_nan=True)


@pytest.mark.parametrize("target", KINDS, ids=str)
@pytest.mark.parametrize("source", KINDS, ids=str)
def test_conversions_between_floats(source, target):
    if source.bits == target.bits:
        return
    name = "extf" if source.bits < target.bits else "truncf"
    a = edges(source, 3)
    if source.bits > target.bits:
        # Values halfway between two of the target, and a last bit beside it.
        step = bits_type(source).type(1)
        with np.errstate(all="ignore"):
            low = edges(target, 4)
            high = (low.view(bits_type(target)) + bits_type(target).type(1)).view(target.dtype)
            ties = (low.astype(source.dtype) + high.astype(source.dtype)) / source.dtype.type(2)
        a = np.concatenate([a[:100], ties[:100], (ties[:200].view(bits_type(source)) + step).view(source.dtype)])
    (got,) = run((source,), ((target, f"%r = arith.{name} %a : {source.mlir} to {target.mlir}"),), a)
    for value, want in zip(got, a, strict=True):
        if math.isnan(want):
            assert math.isnan(value)
        elif math.isinf(want) or want == 0:
            assert float(value) == float(want)
            assert math.copysign(1, value) == math.copysign(1, want)
        else:
            assert float(value) == nearest(Fraction(float(want)), *FORMATS[target.name])


@pytest.mark.parametrize("bits", [1, 7, 8, 16, 31, 32, 33, 53, 54, 63, 64, 65, 100, 129, 1100])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_integers_become_floats_rounded_once(kind, bits):
    for signed in (True, False):
        number = integer(bits, signed)
        values = edge_integers(number, 6, COUNT)
        # Just above and below a tie of the format.
        digits = FORMATS[kind.name][0] + 1
        if bits > digits + 4:
            low = 1 << (bits - digits - 3)
            values[:6] = [((1 << digits) + 1) * low + d for d in (-1, 0, 1)] + [
                ((1 << digits) + 3) * low + d for d in (-1, 0, 1)
            ]
        operation = "sitofp" if signed else "uitofp"
        (got,) = run(
            (number,), ((kind, f"%r = arith.{operation} %a : i{bits} to {kind.mlir}"),), array_of(values, number)
        )
        assert [float(v) for v in got] == [nearest(Fraction(v), *FORMATS[kind.name]) for v in values]


@pytest.mark.parametrize("bits", [1, 7, 8, 16, 31, 32, 33, 53, 63, 64, 65, 100, 129, 1100])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_floats_become_integers_towards_zero_and_saturate(kind, bits):
    a = edges(kind, 8)
    for signed in (True, False):
        number = integer(bits, signed)
        operation = "fptosi" if signed else "fptoui"
        # Numbers about as large as the type's ends.
        with np.errstate(all="ignore"):
            a[:60] = (np.array([float(min(number.greatest, 2**1000))]) * np.linspace(-2, 2, 60)).astype(kind.dtype)
        (got,) = run((kind,), ((number, f"%r = arith.{operation} %a : {kind.mlir} to i{bits}"),), a)
        for value, whole in zip(a, got, strict=True):
            if math.isnan(value):
                want = 0
            elif math.isinf(value):
                want = number.greatest if value > 0 else number.least
            else:
                want = min(max(math.trunc(Fraction(float(value))), number.least), number.greatest)
            assert whole == want, value


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_math_is_the_c_library_on_doubles_rounded_once(kind):
    one = sorted(op for op in LIBM if op not in ("math.powf", "math.atan2", "arith.remf"))
    two = ("math.powf", "math.atan2", "arith.remf")
    results = tuple((kind, f"%r = {op} %a : {kind.mlir}") for op in one)
    results += tuple((kind, f"%r = {op} %a, %b : {kind.mlir}") for op in two)
    a, b = edges(kind, 11), edges(kind, 12)
    found = run((kind, kind), results, a, b)
    for op, got in zip((*one, *two), found, strict=True):
        function = libm_function(LIBM[op])
        operands = ([float(x), float(y)][: 2 if op in two else 1] for x, y in zip(a, b, strict=True))
        with np.errstate(all="ignore"):
            same(got, np.array([function(*each) for each in operands]).astype(kind.dtype))


def test_a_power_is_not_made_a_product():
    a = np.random.default_rng(1).standard_normal(COUNT)
    text = "%two = arith.constant 2.0 : f64\n%r = math.powf %a, %two : f64"
    (got,) = run((FLOAT64,), ((FLOAT64, text),), a)
    same(got, np.array([libm_function("pow")(x, 2.0) for x in a]))


def test_constants_selects_and_bits_of_16_bit_floats():
    for kind in (FLOAT16, BFLOAT16):
        t = kind.mlir
        text = f"""%c = arith.constant 1.5 : {t}
        %p = arith.cmpf ogt, %a, %c : {t}
        %r = arith.select %p, %a, %c : {t}"""
        bits = f"%r = arith.bitcast %a : {t} to i16"
        a = edges(kind, 13)
        chosen, pattern = run((kind,), ((kind, text), (integer(16, False), bits)), a)
        half = kind.dtype.type(1.5)
        with np.errstate(invalid="ignore"):
            same(chosen, np.where(a > half, a, half))
        assert np.array_equal(pattern, a.view(np.uint16))
