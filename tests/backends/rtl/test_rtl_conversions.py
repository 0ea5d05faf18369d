"""Conversions between float formats, and between floats and integers, against exact arithmetic."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import numpy as np
import pytest
from float_vectors import edges, is_nan, same, some
from integer_vectors import some_integers
from numpy.typing import NDArray
from operator_bench import Bench, numbers, operation, patterns

from allo_studio.backends.rtl.operators.formats import Format
from allo_studio.simulate.exact import round_float, saturate, signed
from allo_studio.types import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, ScalarType, integer
from allo_studio.words import bits_dtype

FLOATS = (FLOAT16, BFLOAT16, FLOAT32, FLOAT64)
WORDS = 1 << 11
LATENCIES = (0, 1, 2, 3, 5)
WIDTHS = (1, 7, 8, 17, 32, 33, 64, 128)


def between(kind: ScalarType, target: ScalarType, count: int, random: np.random.Generator) -> NDArray[Any]:
    """Return numbers of a type that are halfway between two of a narrower one, or next to that, subnormal ones too."""
    unsigned = bits_dtype(kind.bits).type
    given = some(target, 2 * count, random)
    given[::3] &= bits_dtype(target.bits).type(Format.of(target).infinity // 16 | (1 << target.fracs) - 1)
    given = given[~is_nan(target, given)][:count]
    low, high = (np.array(floats_of(target, given + given.dtype.type(step))) for step in (0, 1))
    # The greatest number and infinity have no middle, but there is one that is rounded to either.
    high = np.where(np.isinf(high), low, high)
    middle = (low / 2 + high / 2).astype(kind.dtype).view(unsigned)
    return middle + random.integers(-1, 2, len(middle)).astype(unsigned)


def nearly_infinite(kind: ScalarType, target: ScalarType) -> NDArray[Any]:
    """Return numbers of a type about where those of a narrower one end."""
    unsigned = bits_dtype(kind.bits).type
    greatest = float(np.array([Format.of(target).infinity - 1], bits_dtype(target.bits)).view(target.dtype)[0])
    end = np.array([greatest], kind.dtype).view(unsigned)[0] + unsigned(1 << (kind.fracs - target.fracs - 1))
    return np.array([end + unsigned(step) for step in range(3)], unsigned) - unsigned(1)


def filled(*parts: NDArray[Any]) -> NDArray[Any]:
    """Return as many numbers as a bench takes of each of several arrays in turn."""
    each = WORDS // len(parts)
    return np.concatenate(
        [np.resize(parts[0], WORDS - each * (len(parts) - 1)), *(np.resize(p, each) for p in parts[1:])]
    )


def rounded(values: list[int] | list[float], kind: ScalarType) -> NDArray[Any]:
    made = np.array([round_float(value, kind) for value in values])
    with np.errstate(all="ignore"):
        return made.astype(kind.dtype).view(bits_dtype(kind.bits))


def floats_of(kind: ScalarType, given: NDArray[Any]) -> list[float]:
    quiet = np.where(is_nan(kind, given), bits_dtype(kind.bits).type(0), given)
    return [
        float("nan") if nothing else float(value)
        for value, nothing in zip(quiet.view(kind.dtype), is_nan(kind, given), strict=True)
    ]


@pytest.mark.parametrize("source", FLOATS, ids=str)
def test_a_float_is_the_nearest_of_another_format(source: ScalarType) -> None:
    random = np.random.default_rng(1)
    operations = []
    parts = [edges(source), some(source, WORDS, random)]
    for target in FLOATS:
        if target.bits != source.bits:
            name = "arith.extf" if target.bits > source.bits else "arith.truncf"
            operations += [operation(name, target, n) for n in LATENCIES]
        if target.bits < source.bits:
            parts += [between(source, target, WORDS, random), nearly_infinite(source, target)]
    bench = Bench(operations, [source], WORDS)
    for given in (filled(*parts), some(source, WORDS, random)):
        values = floats_of(source, given)
        wanted = {op.type: rounded(values, op.type) for op in operations[:: len(LATENCIES)]}
        for op, found in zip(operations, bench.run(given), strict=True):
            wrong = np.flatnonzero(~same(op.type, found, wanted[op.type]))
            assert not len(wrong), f"{op.function} of {values[wrong[0]]} to {op.type}, latency {op.latency}"


@pytest.mark.parametrize("source", FLOATS, ids=str)
def test_a_float_becomes_an_integer_towards_zero_and_saturates(source: ScalarType) -> None:
    random = np.random.default_rng(2)
    operations = [
        operation(name, integer(bits, name == "arith.fptosi"), n)
        for name in ("arith.fptosi", "arith.fptoui")
        for bits in WIDTHS
        for n in (0, 1, 3)
    ]
    with np.errstate(all="ignore"):
        powers = np.array([sign * 2.0**n for n in (*range(-2, 65), 127, 128) for sign in (1, -1)]).astype(source.dtype)
    exact = powers.view(bits_dtype(source.bits))
    one = exact.dtype.type(1)
    given = filled(edges(source), exact - one, exact, exact + one, some(source, WORDS, random))
    values = floats_of(source, given)

    @cache
    def wanted(kind: ScalarType) -> list[int]:
        return [saturate(value, kind.least, kind.greatest) % (1 << kind.bits) for value in values]

    for op, words in zip(operations, Bench(operations, [source], WORDS).run(given), strict=True):
        for value, found, exact in zip(values, numbers(words), wanted(op.type), strict=True):
            assert found == exact, f"{op.function} of {value} to {op.type}, latency {op.latency}"


@pytest.mark.parametrize("bits", WIDTHS)
def test_an_integer_becomes_the_nearest_float(bits: int) -> None:
    random = Random(bits)
    operations = [
        operation(name, kind, n) for name in ("arith.sitofp", "arith.uitofp") for kind in FLOATS for n in (0, 2, 4)
    ]
    given = some_integers(bits, WORDS // 2, random)
    for _ in range(WORDS - len(given)):
        # Ones, or a one and nothing, of about as many digits as a mantissa has.
        digits = random.choice([kind.fracs + 1 + more for kind in FLOATS for more in (0, 1)])
        top = random.randrange(bits)
        ones = random.choice([(1 << digits) - 1, 1]) << max(top - digits, 0) | 1 << top
        given.append((ones + random.randint(-1, 1)) * random.choice([1, -1]) % (1 << bits))
    values = {"arith.sitofp": [signed(x, bits) for x in given], "arith.uitofp": given}

    @cache
    def wanted(name: str, kind: ScalarType) -> NDArray[Any]:
        return rounded(values[name], kind)

    results = Bench(operations, [integer(bits)], WORDS).run(patterns(given, bits))
    for op, found in zip(operations, results, strict=True):
        wrong = np.flatnonzero(found != wanted(op.function, op.type))
        assert not len(wrong), f"{op.function} of {given[wrong[0]]} to {op.type}, latency {op.latency}"
