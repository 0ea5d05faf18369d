"""Ranges and divisions of linear expressions, against every iteration of the loops."""

from __future__ import annotations

from itertools import product

from call_kernels import called
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.ir import KernelIR, LinearExpr
from allo_studio.primitives.ranges import divided, range_of, remainder

_TEXT = """
func.func @nest() attributes {allo.args = [], allo.directions = []} {
  affine.for %i = 2 to 9 step 3 {
    affine.for %j = 0 to 4 {
      affine.for %k = affine_map<(d0, d1) -> (d0 - d1, 1)>(%i, %j) to min affine_map<(d0) -> (d0 + 3, 7)>(%i) {
      } {allo.name = "k"}
    } {allo.name = "j"}
  } {allo.band = "nest", allo.name = "i"}
  return
}
""".replace("= affine_map", "= max affine_map")
_NEST: KernelIR = called("nest", _TEXT)
_POINTS = [(i, j, k) for i, j in product(range(2, 9, 3), range(4)) for k in range(max(i - j, 1), min(i + 3, 7))]


@settings(max_examples=300, deadline=None)
@given(
    factors=st.tuples(*(st.sampled_from([-8, -4, -1, 0, 1, 2, 3, 4, 6, 8, 16]) for _ in "ijk")),
    constant=st.integers(-20, 20),
    divisor=st.sampled_from([2, 3, 4, 6, 8, 16]),
)
def test_against_every_iteration(factors: tuple[int, ...], constant: int, divisor: int) -> None:
    variables = [loop.induction_variable for loop in _NEST.loops()]
    expression = LinearExpr.collect(zip(variables, factors, strict=True), constant)
    known = range_of(expression)
    quotient, rest = divided(expression, divisor), remainder(expression, divisor)
    assert known is not None
    for point in _POINTS:
        values = dict(zip(variables, point, strict=True))
        number = expression.evaluate(values)
        assert known[0] <= number <= known[1]
        if quotient is not None and rest is not None:
            assert (quotient.evaluate(values), rest.evaluate(values)) == divmod(number, divisor)


def test_what_is_found() -> None:
    i, j, _ = (LinearExpr.of(loop.induction_variable) for loop in _NEST.loops())
    assert range_of(i) == (2, 8)
    assert divided(i * 8 + j * 2 + 1, 8) == i
    assert remainder(i * 8 + j * 2 + 1, 8) == j * 2 + 1
    assert divided(i * 8 + j * 2 + 2, 8) is None
    assert remainder(i, 8) is None
    assert divided(i - 2, 8) == LinearExpr.number(0)
