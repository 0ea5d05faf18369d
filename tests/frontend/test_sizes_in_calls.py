"""Named sizes, state and memories of functions that are called."""

import numpy as np
import pytest

from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.ir.attributes import text_map
from allo_studio.source import Source

TEXT = """
from allo_studio import Memory, Stateful, int32

def total(A: int32["n<=8"]) -> int32:
    s: int32 = 0
    for i in range(n):
        s += A[i]
    return s

def last(A: int32[8]) -> int32:
    return A[7]

def count(x: int32) -> int32:
    s: int32 @ Stateful = 0
    s += x
    return s

def held(A: int32[8] @ Memory(resource="URAM")) -> int32:
    return A[0]
"""


def kernel(body: str) -> KernelIR:
    return parse_kernel(Source("k.py", TEXT + body), "top")


def test_a_named_size_is_passed_on() -> None:
    ir = kernel('def top(A: int32["m<=8"]) -> int32:\n    return total(A) * 100 + m\n')
    assert jit(ir)(np.arange(5, dtype=np.int32)) == 1005


def test_a_plain_extent_is_the_value_of_a_size() -> None:
    assert jit(kernel("def top(A: int32[8]) -> int32:\n    return total(A)\n"))(np.arange(8, dtype=np.int32)) == 28


@pytest.mark.parametrize(
    ("kind", "call"), [('int32["m<=8"]', "last"), ("int32[4]", "total"), ('int32["m<=4"]', "total")]
)
def test_sizes_that_do_not_agree(kind: str, call: str) -> None:
    with pytest.raises(AlloError) as caught:
        kernel(f"def top(A: {kind}) -> int32:\n    return {call}(A)\n")
    assert [fault.code for fault in caught.value.diagnostics] == ["shape"]


def test_each_instance_has_state_of_its_own() -> None:
    built = jit(
        kernel("def top(x: int32) -> int32:\n    return count['a'](x) * 100 + count['b'](x + 1) + count['a'](x)\n")
    )
    assert [int(built(np.int32(1))) for _ in range(2)] == [100 + 2 + 2, 300 + 4 + 4]


def test_an_argument_keeps_its_memory() -> None:
    ir = kernel("def top(A: int32[8]) -> int32:\n    return held(A)\n")
    assert text_map(ir.at("held").function, "allo.memories") == {"A": 'Memory(resource="URAM")'}
