"""Float operators against numpy: edges crossed with each other, and random numbers that are hard to round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from float_vectors import crossed_edges, edges, is_nan, same, some, some_pairs
from numpy.typing import NDArray
from operator_bench import Bench, operation

from allo_studio.simulate.exact import FLOAT_OPS, compare_floats
from allo_studio.types import BFLOAT16, BOOL, FLOAT16, FLOAT32, FLOAT64, ScalarType
from allo_studio.words import bits_dtype

FLOATS = (FLOAT16, BFLOAT16, FLOAT32, FLOAT64)
WORDS = 1 << 13

NUMPY: dict[str, Callable[[Any, Any], Any]] = {
    "arith.addf": np.add,
    "arith.subf": np.subtract,
    "arith.mulf": np.multiply,
}
EXTREMES = ("arith.maximumf", "arith.minimumf", "arith.maxnumf", "arith.minnumf")


def computed(function: str, kind: ScalarType, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(all="ignore"):
        made: NDArray[Any] = NUMPY[function](a.view(kind.dtype), b.view(kind.dtype))
    return made.view(bits_dtype(kind.bits))


def check(kind: ScalarType, bench: Bench, a: NDArray[Any], b: NDArray[Any]) -> None:
    for op, found in zip(bench.operations, bench.run(a, b), strict=True):
        wanted = computed(op.function, kind, a, b)
        wrong = np.flatnonzero(~same(kind, found, wanted))
        first = wrong[:1]
        assert not len(wrong), f"{op.function} of latency {op.latency}: {a[first]} {b[first]} gives {found[first]}"


@pytest.mark.parametrize("kind", FLOATS, ids=str)
def test_sums_and_products_are_those_of_numpy_at_every_latency(kind: ScalarType) -> None:
    random = np.random.default_rng(1)
    operations = [operation(name, kind, n) for name in ("arith.addf", "arith.mulf") for n in range(7)]
    operations += [operation("arith.subf", kind, n) for n in (0, 4)]
    bench = Bench(operations, [kind, kind], WORDS)
    for _ in range(3):
        check(kind, bench, *crossed_edges(kind, WORDS, random))
    for _ in range(6):
        check(kind, bench, *some_pairs(kind, WORDS, random))


@pytest.mark.parametrize("kind", FLOATS, ids=str)
def test_a_low_enable_holds_sums_and_products(kind: ScalarType) -> None:
    random = np.random.default_rng(2)
    bench = Bench([operation(name, kind, n) for name in NUMPY for n in (1, 3, 6)], [kind, kind], WORDS, stalls=True)
    check(kind, bench, *some_pairs(kind, WORDS, random))


def numbers_of(kind: ScalarType, patterns: NDArray[Any]) -> list[float]:
    return [float(value) for value in patterns.view(kind.dtype)]


@pytest.mark.parametrize("kind", FLOATS, ids=str)
def test_comparisons_and_extremes_are_those_of_the_exact_arithmetic(kind: ScalarType) -> None:
    random = np.random.default_rng(3)
    words = 1 << 11
    operations = [operation("arith.cmpf", BOOL, n, predicate) for predicate in range(16) for n in (predicate % 5, 5)]
    operations += [operation(name, kind, n) for name in EXTREMES for n in (0, 1, 4)]
    bench = Bench(operations, [kind, kind], words)
    for a, b in (crossed_edges(kind, words, random), some_pairs(kind, words, random)):
        b[: words // 8] = a[: words // 8]
        pairs = list(zip(numbers_of(kind, a), numbers_of(kind, b), strict=True))
        for op, found in zip(operations, bench.run(a, b), strict=True):
            if op.function == "arith.cmpf":
                assert found.tolist() == [compare_floats(op.predicate, x, y) for x, y in pairs], op
                continue
            chosen = np.array([FLOAT_OPS[op.function](x, y) for x, y in pairs]).astype(kind.dtype)
            wanted = chosen.view(bits_dtype(kind.bits))
            nan = is_nan(kind, wanted)
            assert np.array_equal(found[~nan], wanted[~nan]), op
            assert is_nan(kind, found[nan]).all(), op


@pytest.mark.parametrize("kind", FLOATS, ids=str)
def test_a_sign_changes_without_the_rest(kind: ScalarType) -> None:
    random = np.random.default_rng(4)
    words = 1 << 9
    unsigned = bits_dtype(kind.bits).type
    sign = unsigned(1 << (kind.bits - 1))
    operations = [operation(name, kind, n) for name in ("arith.negf", "math.absf") for n in (0, 2)]
    given = np.concatenate([edges(kind), some(kind, words, random)])[:words]
    negative, later_negative, absolute, later_absolute = Bench(operations, [kind], words).run(given)
    assert np.array_equal(negative, given ^ sign)
    assert np.array_equal(later_negative, negative)
    assert np.array_equal(absolute, given & ~sign)
    assert np.array_equal(later_absolute, absolute)


def test_zeros_of_both_signs_are_told_apart_by_the_extremes_only() -> None:
    zero, minus = np.uint32(0), np.uint32(1 << 31)
    a, b = np.array([zero, minus] * 2), np.array([minus, zero, zero, minus])
    operations = [operation("arith.maximumf", FLOAT32), operation("arith.minnumf", FLOAT32, 3)]
    operations += [operation("arith.cmpf", BOOL, 0, predicate) for predicate in range(16)]
    most, least, *compared = Bench(operations, [FLOAT32, FLOAT32], 4).run(a, b)
    for predicate, found in enumerate(compared):
        assert found.tolist() == [compare_floats(predicate, 0.0, 0.0)] * 4, predicate
    assert most.tolist() == [zero, zero, zero, minus]
    assert least.tolist() == [minus, minus, zero, minus]
