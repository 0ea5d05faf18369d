"""Every value of small types through every operation, conversion and mode, against exact numbers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from expression_model import OVERFLOWS, ROUNDINGS, Number, Term, typed

from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.source import Source
from allo_studio.types import INDEX, INT32, ScalarType, fixed, integer
from allo_studio.values import convert, from_bits


def spelled(kind: ScalarType) -> str:
    if kind.kind == "int":
        return kind.name
    return f"{'' if kind.signed else 'U'}Fixed({kind.bits}, {kind.fraction}, {kind.rounding!r}, {kind.overflow!r})"


def every(kind: ScalarType) -> list[Number]:
    return sorted({convert(from_bits(bits, kind), kind) for bits in range(1 << kind.bits)})  # type: ignore[arg-type]


def check(terms: Sequence[tuple[Term, ScalarType]], points: Sequence[dict[str, Number]],
          variables: dict[str, ScalarType]) -> None:  # fmt: skip
    """Compile one kernel with a result for each term, and compare all points."""
    count = len(points)
    arguments = ", ".join(f"{name}: {spelled(kind)}[{count}]" for name, kind in variables.items())
    lines = [f"    r{n}: {spelled(kind)}[{count}]" for n, (_, kind) in enumerate(terms)]
    lines.append(f"    for i in range({count}):")
    lines += [f"        r{n}[i] = {term.text}" for n, (term, _) in enumerate(terms)]
    lines.append(f"    return {', '.join(f'r{n}' for n in range(len(terms)))}")
    text = f"from allo_studio.lang import *\ndef f({arguments}):\n" + "\n".join(lines) + "\n"
    inputs = [np.array([float(p[name]) for p in points]).astype(kind.dtype) for name, kind in variables.items()]
    found = jit(parse_kernel(Source("k.py", text), "f"))(*inputs)
    results = found if isinstance(found, tuple) else (found,)
    for (term, kind), result in zip(terms, results, strict=True):
        expected = [convert(term.at({**point, "i": i}), kind) for i, point in enumerate(points)]
        assert [Fraction(value) for value in result.tolist()] == expected, f"{term.text} -> {kind}"


def name(text: str, kind: ScalarType) -> Term:
    return Term(f"{text}[i]", kind, (), "name")


def number(value: int) -> Term:
    return Term(str(value), INT32, (), "number", value)


KINDS = [integer(3), integer(3, False), fixed(4, 2), fixed(3, 1, False), fixed(3, -1), integer(5)]
OPERATORS = ("+", "-", "*", "/", "//", "%", "<<", ">>", "&", "|", "^")
ORDERS = ("==", "!=", "<", "<=", ">", ">=")


@pytest.mark.parametrize(("left", "right"), list(product(KINDS, KINDS)), ids=str)
def test_every_operation_of_two_small_numbers(left: ScalarType, right: ScalarType) -> None:
    a, b = name("a", left), name("b", right)
    made = [typed(operator, a, b) for operator in OPERATORS]
    terms = [(term, kind) for term in made if term for kind in (term.type, integer(4))]
    terms += [(Term(f"(a[i] {o} b[i])", integer(1, False), (a, b), o), integer(1, False)) for o in ORDERS]
    points = [{"a": x, "b": y} for x, y in product(every(left), every(right))]
    check(terms, points, {"a": left, "b": right})


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_operation_of_a_small_number_with_numbers_of_the_text(kind: ScalarType) -> None:
    a, i = name("a", kind), Term("i", INDEX, (), "name")
    made = [typed(operator, a, number(n)) for operator in OPERATORS for n in (1, 2, 3, 5, 8, 40)]
    made += [typed(operator, number(n), a) for operator in OPERATORS for n in (0, 1, 7)]
    made += [typed(operator, *sides) for operator in OPERATORS for sides in ((a, i), (i, a), (i, number(3)))]
    difference = typed("-", i, number(9))
    assert difference
    made += [typed(operator, difference, number(n)) for operator in ("/", "//", "%", ">>") for n in (2, 3)]
    made += [typed(operator, number(50), difference) for operator in ("/", "//", "%")]
    # Values that need fewer bits than their types.
    for inner in (typed("-", i, number(8)), typed("-", number(3), i), typed("*", number(-1), i)):
        assert inner
        made += [typed(operator, inner, a) for operator in ("/", "//", "%", ">>")]
        made += [typed(operator, a, inner) for operator in ("/", "//", "%")]
    points = [{"a": x} for x in every(kind)]
    # The first iteration divides the least value by -1, where there is one.
    first = sorted(points, key=lambda point: abs(point["a"] + 1))[:8]
    check([(term, term.type) for term in made if term], first, {"a": kind})
    check([(term, term.type) for term in made if term], points[::-1], {"a": kind})


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("signed", [True, False])
def test_every_conversion_between_fixed_point_types(rounding: str, signed: bool) -> None:
    source = fixed(7, 4, signed)
    a = name("a", source)
    total, product_ = typed("+", a, a), typed("*", a, a)
    assert total
    assert product_
    targets = [
        fixed(bits, fraction, sign, rounding, overflow)  # type: ignore[arg-type]
        for bits, fraction in ((4, 1), (6, 0), (9, 6), (3, -1))
        for sign in (True, False)
        for overflow in OVERFLOWS
    ]
    terms = [(a, target) for target in targets]
    terms += [(term, target) for term in (total, product_) for target in targets if target.overflow == "wrap"]
    terms += [(a, integer(bits, sign)) for bits in (2, 3, 8) for sign in (True, False)]
    check(terms, [{"a": x} for x in every(source)], {"a": source})


@pytest.mark.parametrize("source", [integer(6), integer(5, False)], ids=str)
def test_every_conversion_of_integers(source: ScalarType) -> None:
    a = name("a", source)
    targets = [integer(bits, sign) for bits in (1, 4, 5, 9) for sign in (True, False)]
    targets += [
        fixed(bits, fraction, sign, rounding, overflow)  # type: ignore[arg-type]
        for bits, fraction, sign in ((6, 2, True), (4, -2, True), (5, -1, False))
        for rounding, overflow in product(("floor", "half_even", "half_away"), OVERFLOWS)
    ]
    check([(a, target) for target in targets], [{"a": x} for x in every(source)], {"a": source})
