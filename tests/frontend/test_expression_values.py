"""Random typed expressions: what the compiled kernel makes of them is what exact numbers say."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from expression_model import Term, fixeds, integers, is_constant, terms, values_of
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.source import Source
from allo_studio.types import ScalarType
from allo_studio.values import convert

POINTS = 6


def written(kind: ScalarType) -> str:
    if kind.kind == "int":
        return kind.name
    return f"{'' if kind.signed else 'U'}Fixed({kind.bits}, {kind.fraction}, {kind.rounding!r}, {kind.overflow!r})"


def array_of(values: list[object], kind: ScalarType) -> np.ndarray:
    made = np.empty(len(values), kind.dtype)
    made[:] = [float(v) if isinstance(v, Fraction) and kind.dtype != object else v for v in values]
    return made


@st.composite
def programs(draw: st.DrawFn) -> tuple[dict[str, ScalarType], Term, ScalarType, list[dict[str, object]]]:
    variables = {name: draw(integers() | fixeds()) for name in ("a", "b", "c")}
    points = [{name: draw(values_of(kind)) for name, kind in variables.items()} for _ in range(POINTS)]
    return (
        variables,
        draw(terms(variables).filter(lambda term: not is_constant(term))),
        draw(integers() | fixeds()),
        points,
    )


@given(programs())
@settings(max_examples=60, deadline=None)
def test_expressions_of_integers_and_fixed_point_numbers(program) -> None:
    variables, term, target, points = program
    arguments = ", ".join(f"{name}: {written(kind)}[{POINTS}]" for name, kind in variables.items())
    text = (
        "from allo_studio.lang import *\n"
        f"def f({arguments}) -> {written(target)}[{POINTS}]:\n"
        f"    r: {written(target)}[{POINTS}]\n"
        f"    for i in range({POINTS}):\n"
        f"        r[i] = {term.text}\n"
        "    return r\n"
    )
    kernel = parse_kernel(Source("k.py", text), "f")
    inputs = [array_of([point[name] for point in points], kind) for name, kind in variables.items()]
    expected = [convert(term.at({**point, "i": i}), target) for i, point in enumerate(points)]
    found = jit(kernel)(*inputs).tolist()
    assert [Fraction(value) for value in found] == [Fraction(value) for value in expected], text
