"""Integers of any width in the JIT, against Python's."""

import numpy as np
import pytest
from execute_kernels import array_of, edge_integers, elementwise, truncated

from allo_studio.execute import jit
from allo_studio.types import BOOL, integer
from allo_studio.words import wrap

WIDTHS = (1, 2, 3, 7, 8, 9, 16, 17, 31, 32, 33, 48, 63, 64, 65, 100, 128, 129, 200)


def divide(kind, a, b):
    return -1 if b == 0 else truncated(a, b)


def remainder(kind, a, b):
    return a if b == 0 else a - b * truncated(a, b)


def floor_divide(kind, a, b):
    return -1 if b == 0 else a // b


def ceil_divide(kind, a, b):
    return -1 if b == 0 else -(-a // b)


def amount(kind, b):
    return b & ((1 << kind.bits) - 1)


def left(kind, a, b):
    return 0 if amount(kind, b) >= kind.bits else a << amount(kind, b)


def right(kind, a, b):
    return a >> min(amount(kind, b), kind.bits)


BOTH = {
    "addi": lambda kind, a, b: a + b,
    "subi": lambda kind, a, b: a - b,
    "muli": lambda kind, a, b: a * b,
    "andi": lambda kind, a, b: a & b,
    "ori": lambda kind, a, b: a | b,
    "xori": lambda kind, a, b: a ^ b,
    "shli": left,
}
SIGNED = {
    "divsi": divide,
    "remsi": remainder,
    "floordivsi": floor_divide,
    "ceildivsi": ceil_divide,
    "shrsi": right,
    "maxsi": lambda kind, a, b: max(a, b),
    "minsi": lambda kind, a, b: min(a, b),
}
UNSIGNED = {
    "divui": divide,
    "remui": remainder,
    "ceildivui": ceil_divide,
    "shrui": right,
    "maxui": lambda kind, a, b: max(a, b),
    "minui": lambda kind, a, b: min(a, b),
}


def check(kind, operations, seed=0):
    results = tuple((kind, f"%r = arith.{name} %a, %b : {kind.mlir}") for name in operations)
    run = jit(elementwise((kind, kind), results))
    # Each value meets each of its neighbours in two orders.
    first, second = edge_integers(kind, seed), edge_integers(kind, seed + 1)
    found = run(array_of(first, kind), array_of(second, kind))
    for name, got in zip(operations, found if isinstance(found, tuple) else (found,), strict=True):
        want = [wrap(operations[name](kind, a, b), kind) for a, b in zip(first, second, strict=True)]
        assert got.dtype == kind.dtype
        assert got.tolist() == want, name


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("bits", WIDTHS)
def test_arithmetic_of_every_width(bits, signed):
    kind = integer(bits, signed)
    operations = {**BOTH, **(SIGNED if signed else UNSIGNED)}
    for seed in range(3):
        check(kind, operations, 2 * seed)


@pytest.mark.parametrize("operation", ["addi", "muli", "divsi", "shli"])
def test_arithmetic_of_the_widest(operation):
    kind = integer(700)
    check(kind, {operation: {**BOTH, **SIGNED}[operation]})


def test_the_widest_of_all():
    kind = integer(4096)
    check(kind, {"addi": BOTH["addi"], "xori": BOTH["xori"]})


@pytest.mark.parametrize("bits", WIDTHS)
def test_comparisons(bits):
    one, two = integer(bits), integer(bits, signed=False)
    predicates = {
        "lt": lambda a, b: a < b,
        "le": lambda a, b: a <= b,
        "gt": lambda a, b: a > b,
        "ge": lambda a, b: a >= b,
    }
    for kind, letter in ((one, "s"), (two, "u")):
        results = tuple((BOOL, f"%r = arith.cmpi {letter}{p}, %a, %b : {kind.mlir}") for p in predicates)
        first, second = edge_integers(kind, 4), edge_integers(kind, 5)
        found = jit(elementwise((kind, kind), results))(array_of(first, kind), array_of(second, kind))
        for got, compare in zip(found, predicates.values(), strict=True):
            assert got.dtype == np.bool_
            assert got.tolist() == [compare(a, b) for a, b in zip(first, second, strict=True)]


@pytest.mark.parametrize(("narrow", "wide"), [(1, 2), (7, 8), (8, 64), (17, 100), (64, 65), (100, 129), (129, 300)])
def test_conversions_between_widths(narrow, wide):
    small, large = integer(narrow), integer(wide)
    values = edge_integers(small, 0)
    extended = jit(elementwise((small,), ((large, f"%r = arith.extsi %a : i{narrow} to i{wide}"),)))
    assert extended(array_of(values, small)).tolist() == values
    unsigned = (integer(narrow, False), integer(wide, False))
    naturals = edge_integers(unsigned[0], 0)
    widened = jit(elementwise(unsigned[:1], ((unsigned[1], f"%r = arith.extui %a : i{narrow} to i{wide}"),)))
    assert widened(array_of(naturals, unsigned[0])).tolist() == naturals
    numbers = edge_integers(large, 0)
    cut = jit(elementwise((large,), ((small, f"%r = arith.trunci %a : i{wide} to i{narrow}"),)))
    assert cut(array_of(numbers, large)).tolist() == [wrap(n, small) for n in numbers]
