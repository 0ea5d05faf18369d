"""Kernels that are functions of the running program: what the names outside of them mean."""

import math
import sys
import textwrap
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import allo_studio as allo
from allo_studio import float32, int8, int32
from allo_studio.api import customize
from allo_studio.diagnostics import AlloError
from allo_studio.frontend import definition_of

SIZE = 4
WEIGHTS = np.array([1, 2, 3, 4], np.int32)
FACTOR = 2.5


def half(n: int) -> int:
    return n // 2


def scaled(A: float32[SIZE]) -> float32[SIZE]:
    B: float32[SIZE] = 0.0
    for i in allo.grid(SIZE):
        B[i] = A[i] * FACTOR
    return B


def test_globals_are_captured() -> None:
    found = customize(scaled).build()(np.ones(4, np.float32))
    assert np.array_equal(found, np.full(4, 2.5, np.float32))


def make(n: int, step: float) -> Callable[..., object]:
    def inner(A: float32[n]) -> float32[n]:
        B: float32[n] = 0.0
        for i in range(n):
            B[i] = A[i] + step
        return B

    return inner


@pytest.mark.parametrize(("n", "step"), [(2, 1.0), (5, 0.5)])
def test_a_closure_is_captured(n: int, step: float) -> None:
    found = customize(make(n, step)).build()(np.zeros(n, np.float32))
    assert np.array_equal(found, np.full(n, step, np.float32))


def test_two_closures_of_one_text_are_two_functions() -> None:
    one, two = make(2, 1.0), make(2, 10.0)

    def top(A: float32[2]) -> float32[2]:
        B = one(A)
        return two(B)

    schedule = customize(top)
    assert len(schedule.ir.functions) == 3
    assert np.array_equal(schedule.build()(np.zeros(2, np.float32)), [11.0, 11.0])


def test_python_functions_are_run_at_compile_time() -> None:
    def top(A: int32[half(8)]) -> int32[half(8)]:
        B: int32[half(8)] = 0
        for i in range(half(8)):
            B[i] = A[i]
        return B

    assert customize(top).build()(np.arange(4, dtype=np.int32)).shape == (4,)


def test_a_function_of_hardware_is_never_run_at_compile_time() -> None:
    def count(x: int32) -> int32:
        s: int32 @ allo.Stateful = 0
        s += x
        return s

    def top(x: int32) -> int32:
        y: int32 = 0
        if count(1) < x:
            y = count(1)
        return y

    built = customize(top).build()
    assert [built(np.int32(2)) for _ in range(2)] == [2, 0]


def test_types_are_captured() -> None:
    T = int8

    def top(x: T) -> T:
        y: T = x
        return y

    assert customize(top).build()(np.int8(3)) == 3


def test_tables_are_captured() -> None:
    def top(A: int32[SIZE]) -> int32[SIZE]:
        W: int32[SIZE] = WEIGHTS
        B: int32[SIZE] = 0
        for i in range(SIZE):
            B[i] = A[i] * W[i]
        return B

    assert np.array_equal(customize(top).build()(np.ones(4, np.int32)), [1, 2, 3, 4])


def test_functions_of_a_module_are_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
        from allo_studio import int32

        N = 3


        def triple(A: int32[N]) -> int32[N]:
            B: int32[N] = 0
            for i in range(N):
                B[i] = A[i] * N
            return B
    """
    (tmp_path / "shelf.py").write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(tmp_path)
    import shelf  # type: ignore[import-not-found]

    def top(A: int32[3]) -> int32[3]:
        return shelf.triple(A)

    assert np.array_equal(customize(top).build()(np.ones(3, np.int32)), [3, 3, 3])
    sys.modules.pop("shelf")


def test_places_are_those_of_the_file() -> None:
    def top(x: int32) -> int32:
        y: int32 = missing  # noqa: F821
        return y

    with pytest.raises(AlloError) as caught:
        customize(top)
    (fault,) = caught.value.diagnostics
    assert fault.span is not None
    assert fault.span.line == top.__code__.co_firstlineno + 1
    assert fault.span.source.path.endswith("test_environment.py")


def test_overrides_of_globals_and_what_follows_from_them(tmp_path: Path) -> None:
    text = """
        from allo_studio import int32

        M = 2
        N = M * 2


        def part(A: int32[N]) -> int32[N]:
            B: int32[N] = 0
            for i in range(N):
                B[i] = A[i] + M
            return B


        def top(A: int32[N]) -> int32[N]:
            B = part(A)
            return B
    """
    module = types.ModuleType("sizes")
    path = tmp_path / "sizes.py"
    path.write_text(textwrap.dedent(text))
    exec(compile(path.read_text(), str(path), "exec"), module.__dict__)
    assert customize(module.top).build()(np.zeros(4, np.int32)).tolist() == [2] * 4
    assert customize(module.top, instantiate={"M": 3}).build()(np.zeros(6, np.int32)).tolist() == [3] * 6


def test_math_is_folded() -> None:
    def top() -> float32:
        x: float32 = math.pi
        return x

    assert customize(top).build()() == np.float32(math.pi)


@pytest.mark.parametrize(
    ("thing", "word"), [(3, "expected a function"), (print, "expected a function"), (lambda x: x, "lambda")]
)
def test_what_is_no_kernel_is_refused(thing: Callable[..., object], word: str) -> None:
    with pytest.raises(AlloError, match=word):
        definition_of(thing)


def test_a_function_without_a_text_is_refused() -> None:
    space: dict[str, Callable[..., object]] = {}
    exec("def f(x): return x", space)
    with pytest.raises(AlloError, match="text of 'f' is not known"):
        customize(space["f"])


def test_a_fault_of_a_compile_time_function_is_a_diagnostic() -> None:
    def broken() -> int:
        raise RuntimeError("no number today")

    def top(x: int32) -> int32:
        y: int32[broken()] = 0
        return y

    with pytest.raises(AlloError, match="no number today"):
        customize(top)


n = 3


def sized(A: float32["n<=8"]) -> float32:
    total: float32 = 0.0
    for i in range(n):
        total += A[i]
    return total


def test_a_named_size_is_the_kernels_own_whatever_the_name_means_outside() -> None:
    assert customize(sized).build()(np.ones(5, np.float32)) == 5.0
