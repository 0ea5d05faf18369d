"""Meta-programming: what is chosen and repeated when a kernel is compiled."""

import numpy as np
import pytest

from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.source import Source

PRELUDE = "import allo_studio as allo\nfrom allo_studio import float32, int32, meta_for, meta_if\nM = 4\nT = int32\n"


def kernel(body: str, **params: int | str) -> KernelIR:
    return parse_kernel(Source("k.py", PRELUDE + body), "top", params)


CHOICE = """
def top(x: int32) -> int32:
    y: int32 = 0
    with allo.meta_if(M == 4 and T == int32):
        y = x + 1
    with allo.meta_elif(M > 4):
        y = x + 2
    with allo.meta_else():
        y = x + 3
    return y
"""


@pytest.mark.parametrize(("params", "added"), [({}, 1), ({"M": 5}, 2), ({"M": 3}, 3), ({"T": "float32"}, 3)])
def test_one_branch_is_chosen(params: dict[str, int | str], added: int) -> None:
    assert jit(kernel(CHOICE, **params))(np.int32(10)) == 10 + added


def test_a_branch_that_is_not_chosen_is_not_looked_at() -> None:
    body = "def top(x: int32) -> int32:\n    with meta_if(M < 0):\n        y: int32 = nonsense + 1\n    return x + 1\n"
    assert jit(kernel(body))(np.int32(3)) == 4


def test_a_loop_is_repeated_with_compile_time_values() -> None:
    body = """
def top(A: int32[M]) -> int32[M]:
    B: int32[M] = 0
    with meta_for(M) as i:
        for j in range(i + 1):
            B[i] += A[j]
        with meta_if(i % 2 == 1):
            B[i] = -B[i]
    return B
"""
    ir = kernel(body)
    assert np.array_equal(jit(ir)(np.arange(1, 5, dtype=np.int32)), [1, -3, 6, -10])
    assert [loop.upper for loop in ir.loops() if loop.role is None] == [1, 2, 3, 4]


@pytest.mark.parametrize(("ends", "values"), [("1, 4", [1, 2, 3]), ("0, 4, 2", [0, 2]), ("3, -1, -1", [3, 2, 1, 0])])
def test_the_ends_of_a_loop_are_those_of_range(ends: str, values: list[int]) -> None:
    loop = f"    with meta_for({ends}) as i:\n        B[i] = i\n"
    body = f"def top() -> int32[M]:\n    B: int32[M] = 9\n{loop}    return B\n"
    wanted = np.full(4, 9)
    wanted[values] = values
    assert np.array_equal(jit(kernel(body))(), wanted)


def test_what_is_declared_in_a_turn_is_its_own() -> None:
    body = """
def top(A: int32[M]) -> int32:
    s: int32 = 0
    with meta_for(3) as i:
        t: int32 = A[i]
        for j in allo.grid(2, name="band"):
            t += j
        s += t
    return s
"""
    ir = kernel(body)
    assert jit(ir)(np.array([1, 2, 3, 4], np.int32)) == 9
    assert len({buffer.name for buffer in ir.buffers()}) == len(ir.buffers())
    assert [loop.id for loop in ir.loops()] == ["band:j", "band_1:j", "band_2:j"]


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        ("    with meta_if(x > 1):\n        y = 1\n", "type", 7),
        ("    with allo.meta_else():\n        y = 1\n", "syntax", 7),
        ("    with meta_if(M):\n        y = 1\n    y = 2\n    with allo.meta_elif(M):\n        y = 3\n", "syntax", 10),
        ("    with meta_if():\n        y = 1\n", "syntax", 7),
        ("    with meta_for(2):\n        y = 1\n", "syntax", 7),
        ("    with meta_for(x) as i:\n        y = 1\n", "type", 7),
        ("    with meta_for(1.5) as i:\n        y = 1\n", "type", 7),
        ("    with meta_for(0, 4, 0) as i:\n        y = 1\n", "type", 7),
        ("    with meta_for(1 << 20) as i:\n        y = 1\n", "unsupported", 7),
        ("    with meta_for(2) as y:\n        y = 1\n", "name", 7),
        ("    with meta_for(2) as i:\n        i = 1\n", "type", 8),
        ("    with meta_for(2) as i:\n        y = zz\n", "name", 8),
        ("    with open('x'):\n        y = 1\n", "unsupported", 7),
    ],
)
def test_wrong_uses_are_refused(body: str, code: str, line: int) -> None:
    with pytest.raises(AlloError) as caught:
        kernel(f"def top(x: int32) -> int32:\n    y: int32 = 0\n{body}    return y\n")
    assert [(d.code, d.span.line if d.span else 0) for d in caught.value.diagnostics] == [(code, line)]
