"""Composition works for every primitive, on two instances of one function."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

import allo_studio as allo
from allo_studio import Schedule, float32, int32
from allo_studio.diagnostics import AlloError
from allo_studio.primitives.registry import STEPS

M, N = 8, 8


def helper(x: int32) -> int32:
    return x * 3


def work(A: int32[M, N]) -> int32[M, N]:
    T: int32[M, N] = 0
    for i, j in allo.grid(M, N, name="first"):
        T[i, j] = helper(A[i, j])
    B: int32[M, N] = 0
    for i, j in allo.grid(M, N, name="second"):
        B[i, j] = T[i, j] + 1
    return B


def plain(A: int32[M, N]) -> int32[M, N]:
    T: int32[M, N] = 0
    for i, j in allo.grid(M, N, name="first"):
        T[i, j] = A[i, j] * 2
    B: int32[M, N] = 0
    for i, j in allo.grid(M, N, name="second"):
        B[i, j] = T[i, j] + 1
    return B


def blur(A: int32[M, N]) -> int32[M, N]:
    B: int32[M, N] = 0
    for y, x in allo.grid(M, N - 2, name="rows"):
        B[y, x] = A[y, x] + A[y, x + 1] + A[y, x + 2]
    return B


def sums(A: int32[M, N]) -> int32[M, N]:
    B: int32[M, N] = 0
    for y in range(M):
        for x in range(N):
            B[y, 0] += A[y, x] * x
    return B


def top_work(A: int32[M, N]) -> int32[M, N]:
    return work["b"](work["a"](A))


def top_plain(A: int32[M, N]) -> int32[M, N]:
    return plain["b"](plain["a"](A))


def top_blur(A: int32[M, N]) -> int32[M, N]:
    return blur["b"](blur["a"](A))


def top_sums(A: int32[M, N]) -> int32[M, N]:
    return sums["b"](sums["a"](A))


DATA: npt.NDArray[np.int32] = np.arange(M * N, dtype=np.int32).reshape(M, N)

# A name for each, the function, a kernel that calls it, the steps.
CASES: list[tuple[str, Callable[..., object], Callable[..., object], Callable[[Schedule], object]]] = [
    ("split", plain, top_plain, lambda s: s.split("first:i", 4)),
    ("reorder", plain, top_plain, lambda s: s.reorder("first:j", "first:i")),
    ("unroll", plain, top_plain, lambda s: s.unroll("first:j", 2)),
    ("pipeline", plain, top_plain, lambda s: s.pipeline("second:j", 2)),
    ("partition", plain, top_plain, lambda s: s.partition(s.T, "cyclic", dim=2, factor=2)),
    ("buffer_at", plain, top_plain, lambda s: s.partition(s.buffer_at(s.B, "second:i"), dim=1)),
    ("fuse", plain, top_plain, lambda s: (s.fuse("first:i", "first:j"), s.pipeline("i_j_fused"))),
    ("parallel", plain, top_plain, lambda s: s.parallel("first:i")),
    ("reduce_tree", sums, top_sums, lambda s: (s.reduce_tree("x", 4), s.pipeline("y"))),
    ("compute_at", plain, top_plain, lambda s: s.compute_at("first:j", "second:j")),
    ("reuse_at", blur, top_blur, lambda s: s.reuse_at(s.A, "x")),
    ("inline", work, top_work, lambda s: s.inline("helper")),
    ("inline", work, top_work, lambda s: s.inline()),
    ("outline", plain, top_plain, lambda s: (s.outline("first:i", "part"), s.pipeline("part:j"))),
    ("unfold", plain, top_plain, lambda s: s.unfold("first", [0])),
    ("reshape", plain, top_plain, lambda s: s.reshape(s.T, (N, M))),
    ("pack", plain, top_plain, lambda s: s.pack(s.T, 2)),
    ("bind_op", plain, top_plain, lambda s: s.bind_op("add", "fabric", s.B, "second:j")),
    ("bind_op", work, top_work, lambda s: s.bind_op("add", "fabric")),
    ("relay", plain, top_plain, lambda s: (s.unfold("second", [0]), s.relay(s.T, "second"))),
    ("quantize", plain, top_plain, lambda s: s.quantize(s.T, "int16")),
]


@pytest.mark.parametrize(("name", "function", "top", "steps"), CASES, ids=[case[0] for case in CASES])
def test_a_primitive_is_composed(
    name: str, function: Callable[..., object], top: Callable[..., object], steps: Callable[[Schedule], object]
) -> None:
    own, s = allo.customize(function), allo.customize(top)
    wanted = s.build()(DATA)  # type: ignore[operator]
    steps(own)
    s.compose(own)
    np.testing.assert_array_equal(s.build()(DATA), wanted)  # type: ignore[operator]
    assert name in {step.name for step in s.steps}
    # Both instances are changed, each as the function is in its own schedule.
    shapes = {_shape(s, f"{function.__name__}_{id}") for id in "ab"}
    assert shapes == {_shape(own, function.__name__)}


def _shape(s: Schedule, function: str) -> tuple[object, ...]:
    ir = s.ir.at(function)
    loops = tuple((loop.id, loop.trip, loop.pipeline, loop.unroll) for loop in ir.loops())
    return loops, tuple((b.name, str(b.type)) for b in ir.buffers() if b.kind != "argument")


def test_every_primitive_is_tried() -> None:
    assert {case[0] for case in CASES} == set(STEPS) - {"dataflow", "to"}


def test_the_stages_of_a_function_that_is_called_do_not_run_at_the_same_time() -> None:
    own = allo.customize(plain)
    own.dataflow()
    with pytest.raises(AlloError) as caught:
        allo.customize(top_plain).compose(own)
    (fault,) = caught.value.diagnostics
    assert "is a function that the kernel calls" in fault.message
    assert fault.where == "plain#0"


def test_a_function_is_quantized_where_it_is_called() -> None:
    def half(A: float32[M]) -> float32[M]:
        B: float32[M] = 0.0
        for i in range(M):
            B[i] = A[i] * 0.5
        return B

    def top(A: float32[M]) -> float32[M]:
        return half(A)

    own = allo.customize(half)
    own.quantize("half", "float16")
    s = allo.customize(top)
    # The caller passes float32 arrays, so this is refused, and said where.
    with pytest.raises(AlloError) as caught:
        s.compose(own)
    assert caught.value.diagnostics[0].where == "half#0"
