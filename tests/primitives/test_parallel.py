"""`parallel`: independent iterations give the same results in any order; dependent ones are refused."""

from __future__ import annotations

import pytest
from nest_steps import differs, nest, refusal, unchanged
from step_kernels import assert_same, kernel

from allo_studio.ir import KernelIR, LinearExpr, in_context
from allo_studio.ir.attributes import flag
from allo_studio.ir.build import apply
from allo_studio.ir.rewrite import at_start
from allo_studio.primitives.buffer_at import BufferAt
from allo_studio.primitives.fuse import Fuse
from allo_studio.primitives.parallel import Parallel
from allo_studio.primitives.promises import PARALLEL
from allo_studio.primitives.reorder import Reorder
from allo_studio.primitives.split import Split


def backwards(ir: KernelIR, axis: str) -> KernelIR:
    """Return the kernel with the iterations of a loop in the opposite order."""
    changed = ir.clone()
    loop = changed.find_loop(axis)
    variable = loop.induction_variable
    last = loop.lower + (loop.trip - 1) * loop.step
    with in_context():
        users = [use.owner for use in variable.uses]
        mirrored = apply(-LinearExpr.of(variable) + (loop.lower + last), at_start(loop.body))
        for op in users:
            for number, operand in enumerate(op.operation.operands):
                if operand == variable:
                    op.operation.operands[number] = mirrored
    changed.verify()
    return changed


def marked(ir: KernelIR) -> list[str]:
    return [loop.name for loop in ir.loops() if flag(loop.op, PARALLEL)]


LEGAL = [
    ("gemm", "i"),
    ("gemm", "j"),
    ("matvec", "i"),
    ("stencil", "i"),
    ("in_place", "j"),
    ("strided", "i"),
    ("triangular", "i"),
    ("shift", "i"),
    ("deep", "i"),
    ("deep", "j"),
    ("deep", "a"),
    ("channels", "o"),
    ("steps", "i"),
    ("branches", "i"),
    ("calls", "q"),
]


@pytest.mark.parametrize(("name", "axis"), LEGAL)
def test_independent_iterations_may_run_in_any_order(name: str, axis: str) -> None:
    base = nest(name)
    after = unchanged(base, Parallel(axis))
    assert marked(after) == [axis]
    assert_same(base, backwards(after, axis))


# What the iterations compute depends on their order.
CARRIED = [
    # A skewed recurrence.
    ("skewed", "i", "A_out[1, 1] is written at (i=1, j=1) and read at (i=2, j=0)"),
    # What an iteration writes overlaps what the next ones read.
    ("ahead", "i", "A_out[1] is read at (i=0) and overwritten at (i=1)"),
    ("trailing", "p", "B[2, 0] is written at (p=2, q=0) and read at (p=3, q=0)"),
    # A scalar that one iteration hands to the next.
    ("carried", "i", "s is written at (i=0) and read at (i=1)"),
]
# What they share is only storage, or a sum whose order is free in integers.
SHARED = [
    ("gemm", "k", "C[0, 0] is written at (i=0, j=0, k=0) and read at (i=0, j=0, k=1)"),
    ("chain", "q", "acc is written at (p=0, q=0) and read at (p=0, q=1)"),
    ("calls", "t", "B[1] is written by the call of inner at (t=0) and overwritten by the call of inner at (t=1)"),
    ("branches", "j", "B[0] may be written at (j=3) and read at (j=4)"),
    ("steps", "t", "B[1] is written at (t=0, i=1) and read at (t=1, k=1)"),
]
CARRIED_SCALAR = """
def carried(A: int32[6]) -> int32[6]:
    s: int32 = 1
    B: int32[6] = 0
    for i in range(6):
        B[i] = s
        s = A[i] - s
    return B
"""


def illegal(name: str) -> KernelIR:
    return kernel(name, CARRIED_SCALAR) if name == "carried" else nest(name)


@pytest.mark.parametrize(("name", "axis", "counterexample"), [*CARRIED, *SHARED])
def test_dependent_iterations_are_refused_with_a_counterexample(name: str, axis: str, counterexample: str) -> None:
    message = refusal(illegal(name), Parallel(axis))
    assert message == f"iterations of loop {axis} depend on each other: {counterexample}"


@pytest.mark.parametrize(("name", "axis"), [entry[:2] for entry in CARRIED])
def test_dependent_iterations_in_another_order_change_the_result(name: str, axis: str) -> None:
    base = illegal(name)
    assert differs(base, backwards(base, axis))


def test_a_loop_of_a_function_that_is_called() -> None:
    after = unchanged(nest("calls"), Parallel("inner:a"))
    assert flag(after.at("inner").find_loop("a").op, PARALLEL)


def test_a_function_that_keeps_contents_and_a_while_have_an_order() -> None:
    text = ("def count() -> int32:\n    n: int32 @ Stateful = 0\n    n += 1\n    return n\n\n\n"
            "def f(A: int32[4]) -> int32[4]:\n    B: int32[4] = 0\n    for i in range(4):\n"
            "        B[i] = A[i] + count()\n    return B\n")  # fmt: skip
    base = kernel("f", "from allo_studio.lang import Stateful\n\n\n" + text)
    assert "@count_n may be written by the call of count at (i=0) and read by the call of count at (i=1)" in refusal(
        base, Parallel("i")
    )
    loop = kernel(
        "g", "def g(A: int32[4]) -> int32:\n    s: int32 = 0\n    while s < 9:\n        s += A[1]\n    return s\n"
    )
    (name,) = (loop.id for loop in loop.loops())
    assert "is a while: whether an iteration runs depends on the one before" in refusal(loop, Parallel(name))


def test_an_array_that_iterations_share_should_be_declared_inside() -> None:
    text = ("def f(A: int32[6, 3]) -> int32[6]:\n    t: int32[3]\n    y: int32[6] = 0\n    for i in range(6):\n"
            "        for a in range(3):\n            t[a] = A[i, a]\n        for b in range(3):\n"
            "            y[i] += t[b] * t[2 - b]\n    return y\n")  # fmt: skip
    (found,) = Parallel("i").check(kernel("f", text))
    assert found.message.startswith("iterations of loop i depend on each other: t[0] is ")
    private = text.replace("    t: int32[3]\n", "").replace("(6):\n", "(6):\n        t: int32[3]\n")
    base = kernel("f", private)
    assert_same(base, backwards(unchanged(base, Parallel("i")), "i"))


def test_marks_survive_what_keeps_the_iterations_independent() -> None:
    base = kernel("gemm")
    assert marked(unchanged(base, Parallel("i"), Split("i", 3))) == ["i.outer", "i.inner"]
    assert marked(unchanged(base, Parallel("i"), Parallel("j"), Fuse(("i", "j")))) == ["i_j_fused"]
    assert marked(unchanged(base, Parallel("i"), BufferAt("C", "i"))) == ["i"]
    assert marked(unchanged(base, Parallel("j"), Reorder(("k", "j")))) == ["j"]


def test_a_step_that_moves_a_dependence_to_the_loop_takes_its_mark() -> None:
    text = ("def f(A: float32[5, 5]):\n    for i in range(1, 5):\n        for j in range(1, 5):\n"
            "            A[i, j] = A[i - 1, j - 1] + 1.0\n")  # fmt: skip
    base = kernel("f", text)
    within = unchanged(base, Parallel("j"))
    assert marked(within) == ["j"]
    assert marked(unchanged(within, Reorder(("j", "i")))) == []
    assert marked(unchanged(within, Fuse(("i", "j")))) == []
