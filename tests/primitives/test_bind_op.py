"""`bind_op`: which operations it marks, what keeps the mark, what follows in schedules, what is offered."""

from __future__ import annotations

import pytest
from step_kernels import kernel as known_kernel

import allo_studio as allo
from allo_studio.api.compose import compose
from allo_studio.diagnostics import AlloError
from allo_studio.frontend import parse_kernel
from allo_studio.hardware.committed import committed
from allo_studio.hardware.nest import Pipeline, walk
from allo_studio.hardware.operators import OperatorLibrary, load_operators, profile_families
from allo_studio.hardware.schedule import HardwareSchedule, schedule_kernel
from allo_studio.ir import KernelIR
from allo_studio.ir import walk as operations
from allo_studio.ir.implementations import IMPLEMENTATIONS, implementation_of, implementations_of, operation_name
from allo_studio.primitives.bind_op import BindOp
from allo_studio.primitives.registry import parse_step
from allo_studio.schedule import applicable, schedule
from allo_studio.source import Source

LIBRARY = load_operators("vitis", 3.33)
FULL = ("bind_op", {"op": "fadd", "impl": "fulldsp"})


def kernel(text: str, name: str = "k") -> KernelIR:
    return parse_kernel(Source("k.py", f"from allo_studio.lang import *\n{text}"), name)


def after(ir: KernelIR, *steps: tuple[str, dict[str, object]]) -> KernelIR:
    return schedule(ir, [parse_step(name, args) for name, args in steps]).ir


def bound(ir: KernelIR) -> list[str]:
    """Return what is bound in the kernel and in what it calls: `gemm fadd fulldsp`."""
    found = []
    for name in ir.functions:
        for op in operations(ir.at(name).body):
            if implementation := implementation_of(op):
                found.append(f"{name} {operation_name(op)} {implementation}")
    return sorted(found)


def operators(found: HardwareSchedule) -> set[str]:
    pipelines = [item for item, _ in walk(found.items) if isinstance(item, Pipeline)]
    return {op.operator for item in pipelines for op in item.graph.operations if op.operator}


MIXED = """
def k(A: float32[8], B: float64[8], H: float16[8], N: int32[8], S: int8[8], x: float32) -> (float32[8], float64[8]):
    C: float32[8]
    D: float64[8]
    for i in range(8):
        C[i] = A[i] * x - A[i] / x + exp(A[i])
        D[i] = B[i] + B[i] * B[i]
        H[i] = H[i] - H[i] * H[i]
        N[i] = N[i] * N[i] - N[i]
        S[i] = S[i] * 5 + 1
    return C, D
"""


def test_operations_have_the_names_of_hls_tools() -> None:
    names = {operation_name(op) for op in operations(kernel(MIXED).body)} - {""}
    assert names == {"fmul", "fsub", "fdiv", "fadd", "fexp", "dadd", "dmul", "hsub", "hmul", "mul", "sub", "add"}
    assert names <= set(IMPLEMENTATIONS)


def test_an_array_and_a_loop_say_which_operations() -> None:
    text = """
def k(A: float32[8], B: float32[8]) -> (float32[8], float32[8]):
    C: float32[8]
    D: float32[8]
    for i in range(8):
        C[i] = A[i] + 1.0
        D[i] = A[i] + B[i] * 2.0
    for j in range(8):
        D[j] = (D[j] + 1.0 if A[j] > 0.0 else B[j]) * 3.0
    return C, D
"""
    base = kernel(text)

    def count(**where: str) -> int:
        return len(bound(BindOp("fadd", "fulldsp", **where).apply(base)))  # type: ignore[arg-type]

    assert (count(), count(buffer="C"), count(buffer="D")) == (3, 1, 2)
    assert (count(axis="i"), count(axis="j"), count(buffer="D", axis="i")) == (2, 1, 1)
    with pytest.raises(AlloError, match="what is computed for C in loop j has no operation fadd"):
        count(buffer="C", axis="j")


def test_a_later_step_replaces_an_earlier_one() -> None:
    found = after(known_kernel("gemm"), FULL, ("bind_op", {"op": "fadd", "impl": "fabric"}))
    assert bound(found) == ["gemm fadd fabric"]


GEMM = known_kernel("gemm")


@pytest.mark.parametrize(
    ("steps", "count"),
    [
        ([("split", {"axis": "j", "factor": 4}), ("reorder", {"axes": ["k", "j.outer"]})], 1),
        ([("unroll", {"axis": "j", "factor": 2})], 1),
        ([("reorder", {"axes": ["k", "j"]}), ("buffer_at", {"buffer": "C", "axis": "i"})], 1),
        ([("reduce_tree", {"axis": "k", "factor": 2})], 2),
        ([("fuse", {"axes": ["i", "j"]})], 1),
        ([("partition", {"buffer": "C", "dim": 2}), ("pipeline", {"axis": "j"})], 1),
        ([("unfold", {"band": "i", "axes": [0]})], 1),
        ([("outline", {"axis": "k", "function": "dot"})], 1),
        ([("outline", {"axis": "k", "function": "dot"}), ("inline", {"function": "dot"})], 1),
    ],
)
def test_other_steps_keep_it(steps: list[tuple[str, dict[str, object]]], count: int) -> None:
    found = after(GEMM, FULL, *steps)
    marks = [mark.partition(" ")[2] for mark in bound(found)]
    assert marks
    assert set(marks) == {"fadd fulldsp"}
    sums = [op for name in found.functions for op in operations(found.at(name).body) if operation_name(op) == "fadd"]
    assert len(marks) == len(sums) >= count


def test_another_type_is_another_operation() -> None:
    half = after(GEMM, FULL, ("quantize", {"target": "gemm", "type": "float16"}))
    assert bound(half) == []
    assert bound(after(half, ("bind_op", {"op": "hadd", "impl": "fulldsp"}))) == ["gemm hadd fulldsp"]


def test_functions_that_are_called() -> None:
    text = """
def add(P: float32[8]):
    for n in range(8):
        P[n] = P[n] + 1.5

def k(A: float32[8]):
    add(A)
    for i in range(8):
        A[i] = A[i] + 2.5
"""
    base = kernel(text)
    assert bound(after(base, FULL)) == ["add fadd fulldsp", "k fadd fulldsp"]
    assert bound(BindOp("fadd", "fulldsp", function="k").apply(base)) == ["k fadd fulldsp"]  # type: ignore[arg-type]
    assert bound(BindOp("fadd", "fulldsp", function="add").apply(base)) == ["add fadd fulldsp"]  # type: ignore[arg-type]
    # As part of another kernel's schedule it is about the function and what that calls, not about the caller.
    own = schedule(kernel(text, "add"), [BindOp("fadd", "fulldsp")])
    assert bound(compose(schedule(base, []), own, None, None).ir) == ["add fadd fulldsp"]


def test_latency_resources_and_interval_follow() -> None:
    free, slow = (schedule_kernel(ir, LIBRARY) for ir in (GEMM, after(GEMM, FULL)))
    assert (free.loops()[-1].interval, slow.loops()[-1].interval) == (7, 9)
    assert slow.latency > free.latency
    assert "fadd_dsp.f32" in operators(slow)
    assert "fadd.f32" not in operators(slow)
    assert slow.resources.counts["DSP"] == free.resources.counts["DSP"] + 2
    assert slow.resources.counts["LUT"] < free.resources.counts["LUT"]


def test_what_is_bound_is_no_choice_of_the_tool() -> None:
    text = "def k(A: float32[9], B: float32[9]):\n    for i in range(9):\n        B[i] = A[i] + 1.5\n"
    assert operators(committed(schedule_kernel(kernel(text), LIBRARY))) == {"fadd_dsp.f32"}
    fabric = BindOp("fadd", "fabric").apply(kernel(text))
    assert operators(committed(schedule_kernel(fabric, LIBRARY))) == {"fadd.f32"}


def test_one_value_by_two_implementations_is_two_operations() -> None:
    text = """
def k(A: float32[8]) -> (float32[8], float32[8]):
    C: float32[8]
    D: float32[8]
    for i in range(8):
        C[i] = A[i] + 1.0
        D[i] = A[i] + 1.0
    return C, D
"""
    assert operators(schedule_kernel(kernel(text), LIBRARY)) == {"fadd.f32"}
    mixed = BindOp("fadd", "fulldsp", "C").apply(kernel(text))  # type: ignore[arg-type]
    assert operators(schedule_kernel(mixed, LIBRARY)) == {"fadd.f32", "fadd_dsp.f32"}


def test_an_implementation_without_figures_is_told_with_those_that_have_some() -> None:
    with pytest.raises(AlloError) as caught:
        schedule_kernel(BindOp("fmul", "meddsp").apply(GEMM), LIBRARY)
    (found,) = caught.value.diagnostics
    assert found.code == "target"
    assert found.message == "the vitis library has no figures of fmul in meddsp for f32 on ultrascale+"
    assert found.hint == "those that it has figures of are maxdsp"
    assert found.span is not None
    wide = kernel("def k(A: int32[8]):\n    for i in range(8):\n        A[i] = A[i] * A[i]\n")
    schedule_kernel(BindOp("mul", "dsp").apply(wide), LIBRARY)
    with pytest.raises(AlloError, match="no figures of mul in fabric for 32 bits"):
        schedule_kernel(BindOp("mul", "fabric").apply(wide), LIBRARY)


def test_the_open_library_has_one_of_each() -> None:
    library = load_operators("open", 10.0)
    free, slow = (schedule_kernel(ir, library) for ir in (GEMM, after(GEMM, FULL)))
    assert (free.latency, free.resources) == (slow.latency, slow.resources)


def _has_figures(library: OperatorLibrary, op: str, implementation: str) -> bool:
    kind = {"f": "f32", "d": "f64", "h": "f16"}.get(op[0]) if op not in ("add", "sub", "mul") else None
    base = ("f" if kind else "") + op[1 if kind else 0 :].replace("sub", "add")
    widths = (8, 32) if kind is None else (0,)
    for width in widths:
        try:
            library.operator(base, kind or width, implementation)
        except AlloError:
            continue
        return True
    return False


def test_what_is_offered_is_what_some_library_has_figures_of() -> None:
    libraries = [
        load_operators("vitis", 10.0 if family == "7series" else 3.33, family) for family in profile_families("vitis")
    ]
    offered: dict[str, set[str]] = {}
    for op in operations(kernel(MIXED).body):
        if name := operation_name(op):
            offered.setdefault(name, set()).update(implementations_of(op))
    for name, found in offered.items():
        there = {impl for impl in IMPLEMENTATIONS[name] if any(_has_figures(one, name, impl) for one in libraries)}
        assert found <= there, name
        assert name == "mul" or found == there, name
    assert offered["fadd"] == {"fabric", "fulldsp"}


def test_the_menu() -> None:
    found = [entry for entry in applicable(GEMM) if entry.name == "bind_op"]
    assert [(entry.args["op"], entry.args["buffer"]) for entry in found] == [
        ("fadd", None), ("fmul", None), ("fadd", "C"), ("fmul", "C"),
    ]  # fmt: skip
    assert found[0].choices == {"impl": ("fabric", "fulldsp")}
    for entry in found:
        assert entry.step().check(GEMM) == ()


def test_in_a_script() -> None:
    s = allo.customize(allo_gemm)
    s.bind_op("fadd", "fulldsp", s.C)
    s.bind_op("fmul", "maxdsp", axis="k")
    assert bound(s.ir) == ["allo_gemm fadd fulldsp", "allo_gemm fmul maxdsp"]


def allo_gemm(A: allo.float32[4, 4], B: allo.float32[4, 4]) -> allo.float32[4, 4]:
    C: allo.float32[4, 4] = 0.0
    for i, j in allo.grid(4, 4):
        for k in allo.reduction(4):
            C[i, j] += A[i, k] * B[k, j]
    return C
