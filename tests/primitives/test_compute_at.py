"""`compute_at`: a producer in its consumer's loops, where every element is still made before it is used."""

from __future__ import annotations

import numpy as np
import pytest
from nest_steps import differs, nest, refusal, unchanged
from step_kernels import assert_same, kernel

from allo_studio.execute import jit
from allo_studio.ir import KernelIR
from allo_studio.primitives import compute_at
from allo_studio.primitives.buffer_at import BufferAt
from allo_studio.primitives.compute_at import ComputeAt
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.reorder import Reorder
from allo_studio.primitives.unroll import Unroll


def tree(ir: KernelIR) -> list[str]:
    return [f"{'  ' * loop.depth}{loop.name}" for loop in ir.loops() if loop.role is None]


@pytest.mark.parametrize(
    ("name", "source", "target"),
    [
        ("scaled", "make:i", "use:i"),
        ("scaled", "make:i", "use:j"),
        ("two_gemms", "first:i", "second:i"),
        ("trailing", "i", "p"),
        ("trailing", "j", "q"),
        ("triangles", "i", "p"),
        ("triangles", "i", "q"),
        ("gesummv", "i", "p"),
        ("chain", "i", "p"),
        ("chain", "j", "q"),
        ("gemm", "C_init_0", "i"),
        ("gemm", "C_init_0", "j"),
        ("shift", "D_init_0", "i"),
    ],
)
def test_results_stay(name: str, source: str, target: str) -> None:
    base = nest(name)
    after = unchanged(base, ComputeAt(source, target))
    assert after.find_loop(target.rpartition(":")[2] if ":" in target else target)


def test_the_rest_of_the_producer_comes_first_in_the_body_with_names_of_its_own() -> None:
    after = ComputeAt("make:i", "use:i").apply(nest("scaled"))
    assert tree(after) == ["i", "  j_1", "  j"]
    assert {loop.band for loop in after.loops() if loop.role is None} == {"use"}
    assert tree(ComputeAt("make:i", "use:j").apply(nest("scaled"))) == ["i", "  j"]
    assert tree(ComputeAt("first:k", "second:i").apply(nest("two_gemms"))) == ["i", "  j_1", "    k_1", "  j", "    k"]


def test_the_array_in_between_shrinks_by_a_step_of_its_own() -> None:
    base = nest("scaled")
    after = unchanged(base, ComputeAt("make:i", "use:i"), BufferAt("B", "i"))
    assert after.find_buffer("B").type.shape == (6, 8)
    assert after.find_buffer("B_tile").type.shape == (8,)


def test_what_makes_and_what_uses_may_lie_in_a_loop_around_both() -> None:
    text = ("def f(A: int32[4, 5]) -> int32[4, 5]:\n    C: int32[4, 5] = 1\n    for t in range(3):\n"
            "        B: int32[4, 5]\n        for i, j in grid(4, 5):\n            B[i, j] = A[i, j] + C[i, j]\n"
            "        for p, q in grid(4, 5):\n            C[p, q] = B[p, q] * 3 + t\n    return C\n")  # fmt: skip
    base = kernel("f", text)
    assert tree(unchanged(base, ComputeAt("j", "q"))) == ["t", "  p", "    q"]


ILLEGAL = [
    # A stencil needs iterations of the producer that come later.
    ("window", "down:i", "across:i", "H[1, 0] is written at (i=1, j=0) and read at (i=0, j=0)"),
    # What is consumed is the other half of a square.
    ("transposed", "i", "p", "T[1, 0] is written at (i=1, j=0) and read at (p=0, q=1)"),
    ("steps", "i", "k", "A_out[1] is read at (t=0, i=2) and overwritten at (t=0, k=1)"),
    # Which elements the consumer changes is only known when it runs.
    ("branches", "i", "j", "B[4] may be written at (i=4) and read at (j=3)"),
    # The sum is used before it is complete.
    ("partial", "first:j", "second:j", "s[0] is written at (i=0, j=1) and read at (i=0, j=0)"),
    # A scalar carries a value across the iterations.
    ("scalar", "i", "k", "s is written at (i=1) and read at (k=0)"),
]

TEXTS = {
    "window": """
def window(A: float32[9, 8]) -> float32[9, 8]:
    H: float32[11, 8] = 0.0
    for i, j in grid(9, 8, name="down"):
        H[i, j] = A[i, j] * 0.5
    B: float32[9, 8] = 0.0
    for i, j in grid(9, 8, name="across"):
        B[i, j] = H[i, j] + H[i + 1, j] + H[i + 2, j]
    return B
""",
    "transposed": """
def transposed(A: int32[4, 4]) -> int32[4, 4]:
    T: int32[4, 4]
    for i, j in grid(4, 4):
        T[i, j] = A[i, j] * 3
    B: int32[4, 4] = 0
    for p, q in grid(4, 4):
        B[p, q] = T[q, p]
    return B
""",
    "partial": """
def partial(A: int32[4, 6]) -> int32[4, 6]:
    s: int32[4] = 0
    for i, j in grid(4, 6, name="first"):
        s[i] += A[i, j]
    B: int32[4, 6] = 0
    for i, j in grid(4, 6, name="second"):
        B[i, j] = A[i, j] * s[i]
    return B
""",
    "scalar": """
def scalar(A: int32[5]) -> int32[5]:
    s: int32 = 0
    for i in range(5):
        s = A[i] - s
    B: int32[5] = 0
    for k in range(5):
        B[k] = A[k] * s
    return B
""",
}


def illegal(name: str) -> KernelIR:
    return kernel(name, TEXTS[name]) if name in TEXTS else nest(name)


@pytest.mark.parametrize(("name", "source", "target", "counterexample"), ILLEGAL)
def test_an_illegal_move_is_refused_with_a_counterexample(
    name: str, source: str, target: str, counterexample: str
) -> None:
    message = refusal(illegal(name), ComputeAt(source, target))
    assert "the result would change" in message
    assert counterexample in message


@pytest.mark.parametrize(("name", "source", "target"), [entry[:3] for entry in ILLEGAL])
def test_an_illegal_move_that_is_forced_changes_the_result(
    name: str, source: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = illegal(name)
    monkeypatch.setattr(compute_at, "order_violations", lambda *_: ())
    forced = ComputeAt(source, target).apply(base)
    assert differs(base, forced)


@pytest.mark.parametrize(
    ("name", "source", "target", "message"),
    [
        ("gemm", "i", "k", "loops i and k are in one nest, so there is nothing to move"),
        ("scaled", "use:i", "make:i", "loop use:i runs after make:i, so it cannot be computed there"),
        ("blur", "down:i", "across:i", "loop down:i (0 to 9) does not run as loop across:i (0 to 7) does"),
        (
            "calls",
            "inner:a",
            "q",
            "inner:a is in inner and q in calls: a step does not reach across the call of inner in calls",
        ),
        ("calls", "t", "q", "loop t (0 to 3) does not run as loop q (0 to 8) does"),
        ("strided", "B_init_0", "i", "loop B_init_0 (0 to 16) does not run as loop i (1 to 15 by 3) does"),
        ("steps", "B_init_0", "i", "loop B_init_0 of the producer has no loop inside to merge with i"),
        ("conv", "C_init_0", "r", "loop C_init_0 of the producer has no loop inside to merge with r"),
        ("triangles", "y_init_0", "q", "loop y_init_0 of the producer has no loop inside to merge with q"),
    ],
)
def test_nests_that_do_not_match(name: str, source: str, target: str, message: str) -> None:
    assert refusal(nest(name), ComputeAt(source, target)) == message


def test_directives_come_after() -> None:
    base = nest("scaled")
    pipelined = Pipeline("make:i").apply(base)
    assert refusal(pipelined, ComputeAt("make:j", "use:i")) == "loop make:i is already pipelined"
    unrolled = Unroll("use:i").apply(base)
    assert "loop use:i is already unrolled, and make:j would come inside" in refusal(
        unrolled, ComputeAt("make:j", "use:i")
    )
    assert_same(base, ComputeAt("make:j", "use:j").apply(unrolled))


def test_the_merged_nest_can_be_reordered_where_the_producer_could() -> None:
    unchanged(nest("scaled"), ComputeAt("make:j", "use:j"), Reorder(("j", "i")))


def test_loops_over_a_named_size_merge_and_computed_bounds_do_not() -> None:
    text = ('def f(A: int32["n<=12"]) -> int32["n<=12"]:\n    B: int32["n<=12"]\n    for i in range(n):\n'
            '        B[i] = A[i] + 1\n    C: int32["n<=12"] = 0\n    for j in range(n):\n        C[j] = B[j] * 2\n'
            "    return C\n")  # fmt: skip
    base = kernel("f", text)
    after = ComputeAt("i", "j").apply(base)
    for size in (1, 5, 12):
        inputs = {"A": np.arange(size, dtype=np.int32)}
        np.testing.assert_array_equal(jit(after).run(inputs)["C"], jit(base).run(inputs)["C"])
    computed = ("def g(A: int32[12], P: int32[1]) -> int32[12]:\n    B: int32[12] = 0\n    for i in range(P[0]):\n"
                "        B[i & 7] = A[i & 7]\n    for j in range(P[0]):\n        B[j & 7] += 1\n"
                "    return B\n")  # fmt: skip
    message = refusal(kernel("g", computed), ComputeAt("i", "j"))
    assert message == "how often loop i runs is computed, so it merges with no other loop"
