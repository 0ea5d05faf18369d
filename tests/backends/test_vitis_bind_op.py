"""`bind_op` as HLS C++: each operation that is bound has a variable that the pragma names, and the values stay."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from vitis_designs import GEMM, kernel, simulate, single

from allo_studio.backends.vitis import kernel_code
from allo_studio.ir import KernelIR
from allo_studio.ir import walk as operations
from allo_studio.ir.implementations import implementation_of
from allo_studio.primitives.registry import parse_step
from allo_studio.schedule import schedule

# A declaration, the pragma, and what the variable is set to.
_BOUND = re.compile(
    r"^ *([\w<>]+) (\w+);\n#pragma HLS bind_op variable=(\w+) op=(\w+) impl=(\w+)\n *(\w+) = (.*);", re.M
)

MIXED = """
def mixed(A: float32[8], B: float64[8], H: float16[8], N: int32[8], S: int8[8]) -> (
    float32[8], float64[8], float16[8], int32[8], int8[8]
):
    C: float32[8]
    D: float64[8]
    E: float16[8]
    M: int32[8]
    T: int8[8]
    for i in range(8):
        C[i] = A[i] * 1.5 - A[i] / 3.0
        D[i] = B[i] + B[i] * B[i] if B[i] > 0.0 else B[i] + 1.0
        E[i] = H[i] - H[i] * H[i]
        M[i] = N[i] * N[i] - N[i]
        T[i] = S[i] * S[i] + 1
    return C, D, E, M, T
"""
# An implementation of each operation, whether a library has figures of it or not.
EVERY = {
    "fmul": "maxdsp", "fsub": "fabric", "fdiv": "fabric", "dadd": "fulldsp", "dmul": "meddsp", "hsub": "fulldsp",
    "hmul": "maxdsp", "mul": "dsp", "sub": "dsp", "add": "fabric",
}  # fmt: skip


def bind(ir: KernelIR, *steps: tuple[str, dict[str, object]]) -> KernelIR:
    return schedule(ir, [parse_step(name, args) for name, args in steps]).ir


def check_variables(ir: KernelIR) -> list[tuple[str, ...]]:
    """Return what is said of each variable; there is one for each operation that is bound, set by that operation."""
    found = _BOUND.findall(kernel_code(ir))
    assert kernel_code(ir).count("bind_op") == len(found)
    assert all(declared == named == assigned for _, declared, named, _, _, assigned, _ in found)
    marked = [op for name in ir.functions for op in operations(ir.at(name).body) if implementation_of(op)]
    assert len(found) == len(marked)
    return found


def test_every_operation_that_is_bound_has_a_variable() -> None:
    ir = bind(kernel(MIXED, "mixed"), *(("bind_op", {"op": op, "impl": impl}) for op, impl in EVERY.items()))
    found = check_variables(ir)
    assert {(op, impl) for _, _, _, op, impl, _, _ in found} == set(EVERY.items())
    kinds = {op: kind for kind, _, _, op, _, _, _ in found}
    assert (kinds["fmul"], kinds["dmul"], kinds["hmul"]) == ("float", "double", "half")
    signs = {"fmul": " * ", "fsub": " - ", "fdiv": " / ", "dadd": " + ", "dmul": " * ", "hsub": " - ", "hmul": " * "}
    for _, _, _, op, _, _, text in found:
        assert signs.get(op, "") in text


def test_the_values_stay(tmp_path: Path) -> None:
    base = kernel(MIXED, "mixed")
    ir = bind(base, *(("bind_op", {"op": op, "impl": impl}) for op, impl in EVERY.items()))
    found = simulate(single(ir, base), tmp_path)
    assert (found.compared, found.mismatches) == (40, 0)


@pytest.mark.parametrize(
    "steps",
    [
        [("bind_op", {"op": "fmul", "impl": "maxdsp", "buffer": "C"})],
        [
            ("split", {"axis": "j", "factor": 4}),
            ("reorder", {"axes": ["k", "j.outer"]}),
            ("unroll", {"axis": "j.inner"}),
        ],
        [("reorder", {"axes": ["k", "j"]}), ("buffer_at", {"buffer": "C", "axis": "i"})],
        [("outline", {"axis": "k", "function": "dot"})],
        [("reduce_tree", {"axis": "k", "factor": 4})],
    ],
)
def test_a_schedule_around_it(steps: list[tuple[str, dict[str, object]]], tmp_path: Path) -> None:
    base = kernel(GEMM, "gemm")
    ir = bind(base, ("bind_op", {"op": "fadd", "impl": "fulldsp"}), *steps)
    found = check_variables(ir)
    assert "fadd" in {op for _, _, _, op, _, _, _ in found}
    run = simulate(single(ir, base, reassociates=steps[0][0] == "reduce_tree"), tmp_path)
    assert (run.compared, run.mismatches) == (256, 0)
