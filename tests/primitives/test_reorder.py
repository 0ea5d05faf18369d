"""`reorder`: what is legal by the dependences, and the counterexamples of what is not."""

from __future__ import annotations

import pytest
from step_kernels import assert_same, kernel

from allo_studio.diagnostics import AlloError
from allo_studio.primitives.reorder import Reorder
from allo_studio.primitives.split import Split


def faults(name: str, *axes: str) -> tuple[str, ...]:
    found = Reorder(axes).check(kernel(name))
    assert all(d.code == "step" for d in found)
    return tuple(d.message for d in found)


def names(ir) -> list[str]:
    return [loop.name for loop in ir.loops()]


def test_the_named_loops_take_the_places_that_they_hold() -> None:
    base = kernel("gemm")
    after = Reorder(("k", "i")).apply(base)
    assert names(after)[-3:] == ["k", "j", "i"]
    k = after.find_loop("k")
    assert (k.band, k.reduction, k.trip, k.depth) == (base.find_loop("i").band, True, 4, 0)
    assert not after.find_loop("i").reduction
    assert_same(base, after)
    assert names(base)[-3:] == ["i", "j", "k"]


def test_a_reversed_dependence_is_refused_with_two_iterations_and_the_element() -> None:
    found = Reorder(("j", "i")).check(kernel("skewed"))
    assert len(found) == 1
    message = found[0].message
    # A_out[1, 1] is written at (1, 1) and read at (2, 0), the least such pair.
    assert "A_out[1, 1] is written at (i=1, j=1) and read at (i=2, j=0)" in message
    assert (found[0].span.line, found[0].span.column) == (7, 23)
    with pytest.raises(AlloError, match=r"A_out\[1, 1\]"):
        Reorder(("j", "i")).apply(kernel("skewed"))


def test_anti_and_output_dependences_are_refused_too() -> None:
    anti = kernel("f", "def f(A: float32[5, 5]):\n    for i in range(4):\n        for j in range(1, 5):\n"
                  "            A[i, j] = A[i + 1, j - 1]\n")  # fmt: skip
    assert "is read at (i=0, j=2) and overwritten at (i=1, j=1)" in _only(anti, "j", "i")
    output = kernel("g", "def g(A: float32[9]) -> float32[8]:\n    B: float32[8] = 0.0\n    for i in range(5):\n"
                    "        for j in range(4):\n            B[i + j] = A[i]\n    return B\n")  # fmt: skip
    assert "is written at (i=0, j=1) and overwritten at (i=1, j=0)" in _only(output, "j", "i")


def _only(ir, *axes: str) -> str:
    (found,) = Reorder(axes).check(ir)
    return found.message


def test_an_accumulation_may_be_reordered_exactly_in_integers() -> None:
    text = ("def f(A: int32[5, 4]) -> int32:\n    s: int32 = 1\n    for i in reduction(5):\n"
            "        for j in reduction(4):\n            s = s - A[i, j]\n    return s\n")  # fmt: skip
    base = kernel("f", text)
    step = Reorder(("j", "i"))
    assert step.check(base) == ()
    assert not step.reassociates(base)
    assert_same(base, step.apply(base))
    rounded = kernel("f", text.replace("int32", "float32").replace("= 1", "= 1.0"))
    assert step.check(rounded) == ()
    assert step.reassociates(rounded)
    assert_same(rounded, step.apply(rounded), exact=False)


def test_keeping_the_order_of_the_sums_does_not_reassociate() -> None:
    base = kernel("gemm")
    assert not Reorder(("k", "i", "j")).reassociates(base)
    halves = Split("k", 2).apply(base)
    assert Reorder(("k.inner", "k.outer")).reassociates(halves)


@pytest.mark.parametrize("kind", ["int32", "float32"])
@pytest.mark.parametrize(
    "statement",
    ["s = A[i, j] - s", "s = s * A[i, j] + A[j, i]", "s = s + A[i, j] * s", "s = s / A[i, j]"],
)
def test_what_only_looks_like_an_accumulation_is_refused(statement: str, kind: str) -> None:
    ir = kernel("f", f"def f(A: {kind}[4, 4]) -> {kind}:\n    s: {kind} = 1\n    for i in range(4):\n"
                f"        for j in range(4):\n            {statement}\n    return s\n")  # fmt: skip
    assert "would change the result: s is written at" in _only(ir, "j", "i")


def test_a_statement_between_the_loops_is_named() -> None:
    ir = kernel("chain")
    (message,) = (d.message for d in Reorder(("q", "p")).check(ir))
    assert "loops p and q are no perfect nest" in message


def test_bounds_that_depend_on_a_loop_keep_it_outside() -> None:
    (message,) = faults("triangular", "j", "i")
    assert message == "the bounds of loop j depend on i, which would be inside it"


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (("i",), "reorder needs at least two loops"),
        (("i", "i"), "reorder names i more than once"),
        (("i", "z"), "has no loop 'z'"),
        (("C_init_0", "i"), "are not in one nest"),
    ],
)
def test_axes_that_are_no_nest(axes: tuple[str, ...], message: str) -> None:
    assert any(message in text for text in faults("gemm", *axes))


def test_the_tail_of_a_split_stays_inside_its_outer_loop() -> None:
    base = Split("j", 3).apply(kernel("gemm"))
    assert "depend on j.outer" in _only(base, "j.inner", "j.outer")
    after = Reorder(("k", "j.outer", "j.inner")).apply(base)
    assert_same(kernel("gemm"), after)
