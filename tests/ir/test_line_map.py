"""The lines of a kernel's MLIR and the lines of source that they stand for."""

from __future__ import annotations

import pytest

from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.ir.line_map import mlir_lines
from allo_studio.primitives.registry import parse_step
from allo_studio.source import Source

GEMM = """from allo_studio.lang import float32, grid, reduction

N = 8


def gemm(A: float32[N, N], B: float32[N, N]) -> float32[N, N]:
    C: float32[N, N] = 0.0
    for i, j in grid(N, N):
        for k in reduction(N):
            C[i, j] += A[i, k] * B[k, j]
    return C
"""
CONTROL = """from allo_studio.lang import int32


def twice(x: int32) -> int32:
    return x + x


def control(A: int32[8], n: int32) -> int32[8]:
    B: int32[8] = 0
    for i in range(n):
        if A[i] > 0:
            B[i] = twice(A[i])
        else:
            B[i] = (
                A[i]
                - 1
            )
    s: int32 = 9
    while s > 3:
        s -= B[0] * B[0] + 1
    return B
"""


def kernel(text: str, name: str) -> KernelIR:
    return parse_kernel(Source("kernels/k.py", text), name)


@pytest.mark.parametrize(("text", "name"), [(GEMM, "gemm"), (CONTROL, "control")])
def test_the_text_is_that_of_the_kernel_and_each_line_has_an_origin(text: str, name: str) -> None:
    made = kernel(text, name)
    printed, known = mlir_lines(made)
    assert printed == made.text()
    assert len(known.origins) == printed.count("\n")
    assert any(origin.places for origin in known.origins)


def at(
    text: str, name: str, part: str, *steps: tuple[str, dict[str, object]]
) -> list[tuple[list[int], list[str], bool]]:
    """Return the source lines, the loops, and whether it opens one, of each line of MLIR that has a text."""
    made = kernel(text, name)
    for step, args in steps:
        made = parse_step(step, args).apply(made)
    printed, known = mlir_lines(made)
    found = []
    for number, line in enumerate(printed.splitlines(), 1):
        if part in line:
            origin = known.at(number)
            assert {path for path, _ in origin.places} <= {"kernels/k.py"}
            found.append((sorted(n for _, n in origin.places), [loop for _, loop in origin.loops], origin.opens))
    return found


def test_operations_loops_and_what_is_around_them() -> None:
    assert at(GEMM, "gemm", "arith.mulf") == [([10], ["i", "j", "k"], False)]
    heads = at(GEMM, "gemm", "affine.for")
    assert [(loops, opens) for _, loops, opens in heads] == [
        (["C_init_0"], True), (["C_init_0", "C_init_1"], True),
        (["i"], True), (["i", "j"], True), (["i", "j", "k"], True),
    ]  # fmt: skip
    assert heads[-1][0] == [9]
    assert at(GEMM, "gemm", 'allo.name = "k"') == [([9], ["i", "j", "k"], False)], "the line of the last bracket"


def test_loops_keep_their_names_after_steps() -> None:
    split = ("split", {"axis": "j", "factor": 4})
    assert at(GEMM, "gemm", "arith.mulf", split) == [([10], ["i", "j.outer", "j.inner", "k"], False)]


def test_branches_loops_with_computed_bounds_and_functions() -> None:
    assert at(CONTROL, "control", "arith.subi")[0] == ([15, 16], ["i"], False), "a statement of several lines"
    assert at(CONTROL, "control", "scf.if")[0][0] == [11]
    (head,) = at(CONTROL, "control", "scf.while")
    assert head[0] == [19]
    assert head[2]
    assert at(CONTROL, "control", "arith.muli")[0][0] == [20]
    assert at(CONTROL, "control", "arith.addi")[-1][0] == [20]
    assert [5] in [places for places, _, _ in at(CONTROL, "control", "arith.addi")]
