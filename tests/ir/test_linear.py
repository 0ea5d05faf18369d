"""LinearExpr: arithmetic, and reading it from MLIR against evaluating the maps at points."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.ir import KernelIR, LinearExpr, access_of, affine_map, in_context, linear_of, map_results, walk
from allo_studio.ir.binding import ir
from allo_studio.ir.linear import evaluate_affine

KERNEL = """
func.func @f(%A: memref<99x99xf32>) attributes {allo.args = ["A"], allo.directions = ["inout"]} {
  affine.for %i = 0 to 4 {
    affine.for %j = 0 to 5 {
      %a = affine.apply affine_map<(d0, d1) -> (d0 * 8 + d1)>(%i, %j)
      %b = affine.apply affine_map<(d0, d1) -> (d0 * 2 - d1)>(%a, %j)
      %c = affine.apply affine_map<(d0) -> (d0 floordiv 2)>(%a)
      %d = affine.apply affine_map<(d0) -> ((d0 * 8 + 5) floordiv 4)>(%i)
      %e = affine.apply affine_map<(d0) -> ((d0 * 8 + 5) mod 4)>(%i)
      %f = affine.apply affine_map<(d0) -> ((d0 * 8 + 5) ceildiv 4)>(%i)
      %k = arith.constant 3 : index
      %g = affine.apply affine_map<(d0)[s0] -> (d0 * s0 + d0)>(%j)[%k]
      %x = affine.load %A[%b + 1, %i - %j + 7] : memref<99x99xf32>
      affine.store %x, %A[%c, 0] : memref<99x99xf32>
      affine.store %x, %A[%j, 0] : memref<99x99xf32>
    } {allo.name = "j"}
  } {allo.name = "i"}
  return
}
"""


@pytest.fixture
def kernel() -> KernelIR:
    return KernelIR.parse(KERNEL)


def shown(kernel: KernelIR, expression: LinearExpr | None) -> str | None:
    if expression is None:
        return None
    names = {loop.induction_variable: loop.name for loop in kernel.loops()}
    return " + ".join([f"{factor}{names[value]}" for value, factor in expression.terms] + [str(expression.constant)])


def test_linear_of_folds_through_apply_and_constants(kernel: KernelIR) -> None:
    ops = [op for op in walk(kernel.body) if op.name in ("affine.apply", "arith.constant")]
    assert [shown(kernel, linear_of(op.result)) for op in ops] == [
        "8i + 1j + 0",
        "16i + 1j + 0",
        None,
        "2i + 1",
        "1",
        "2i + 2",
        "3",
        "4j + 0",
    ]


def test_access_of_gives_subscripts_or_none_where_one_is_not_linear(kernel: KernelIR) -> None:
    load, odd, plain = [op for op in walk(kernel.body) if op.name in ("affine.load", "affine.store")]
    assert [shown(kernel, part) for part in access_of(load) or ()] == ["16i + 1j + 1", "1i + -1j + 7"]
    assert access_of(odd) is None
    assert [shown(kernel, part) for part in access_of(plain) or ()] == ["1j + 0", "0"]


def test_arithmetic(kernel: KernelIR) -> None:
    i, j = (loop.induction_variable for loop in kernel.loops())
    at_i, at_j = LinearExpr.of(i), LinearExpr.of(j)
    both = at_i * 3 - at_j + 4
    assert (both.coefficient(i), both.coefficient(j), both.constant) == (3, -1, 4)
    assert both.evaluate({i: 2, j: 5}) == 5
    assert both - both == LinearExpr.number(0)
    assert (both * 0).is_constant
    assert (-both).evaluate({i: 2, j: 5}) == -5
    assert both.without(i).variables == (j,)
    assert both.substitute(i, at_j * 2 + 1) == at_j * 5 + 7
    with pytest.raises(KeyError):
        both.evaluate({i: 2})


def test_a_map_made_of_expressions_reads_back_as_them(kernel: KernelIR) -> None:
    i, j = (loop.induction_variable for loop in kernel.loops())
    wanted = (LinearExpr.of(j) * -2 + LinearExpr.of(i) + 9, LinearExpr.number(5), LinearExpr.of(i))
    with in_context():
        mapping, operands = affine_map(wanted)
    assert len(operands) == 2
    points = {i: 3, j: 4}
    assert [e.evaluate(points) for e in map_results(mapping, operands) if e] == [e.evaluate(points) for e in wanted]


Meaning = Callable[[int, int, int], int]
Term = tuple[str, Meaning]
_BINARY: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "mod": lambda a, b: a % b,
    "floordiv": lambda a, b: a // b,
    "ceildiv": lambda a, b: -(-a // b),
}


def number(value: int) -> Term:
    return str(value), lambda d0, d1, s0: value


def binary(left: Term, operator: str, right: Term) -> Term:
    meaning = _BINARY[operator]
    return f"({left[0]} {operator} {right[0]})", lambda *at: meaning(left[1](*at), right[1](*at))


_LEAVES = st.sampled_from(
    [("d0", lambda d0, d1, s0: d0), ("d1", lambda d0, d1, s0: d1), ("s0", lambda d0, d1, s0: s0)]
) | st.integers(-9, 9).map(number)
_TERMS = st.recursive(
    _LEAVES,
    lambda inner: (
        st.builds(binary, inner, st.sampled_from(["+", "-"]), inner)
        | st.builds(binary, inner, st.just("*"), st.integers(-5, 5).map(number))
        | st.builds(binary, inner, st.sampled_from(["mod", "floordiv", "ceildiv"]), st.integers(1, 5).map(number))
    ),
    max_leaves=6,
)
_POINT = st.integers(-20, 20)


@settings(deadline=None)
@given(_TERMS, _POINT, _POINT, _POINT)
def test_folded_maps_agree_with_their_meaning(term: Term, d0: int, d1: int, s0: int) -> None:
    text, meaning = term
    kernel = KernelIR.parse(KERNEL)
    i, j = (loop.induction_variable for loop in kernel.loops())
    with in_context():
        mapping = ir.AffineMapAttr(ir.Attribute.parse(f"affine_map<(d0, d1)[s0] -> ({text})>")).value
    assert evaluate_affine(mapping.results[0], [d0, d1], [s0]) == meaning(d0, d1, s0)
    # The symbol is the first variable again: equal variables must be gathered.
    (folded,) = map_results(mapping, [i, j, i])
    if folded is not None:
        assert folded.evaluate({i: d0, j: d1}) == meaning(d0, d1, d0)
