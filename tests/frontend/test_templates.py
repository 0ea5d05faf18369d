"""Templates: types and sizes that are given where a function is called, by a project, or by `instantiate`."""

import sys

import numpy as np
import pytest

from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.frontend import list_kernels, parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.ir.attributes import text_map
from allo_studio.source import Source

modern = pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters are of Python 3.12")
old = pytest.mark.skipif(sys.version_info >= (3, 12), reason="type parameters are of Python 3.12")

PRELUDE = "import allo_studio as allo\nfrom allo_studio import float32, grid, int8, int32\n"
FILL = """
def fill[T, M](x: T) -> "T[M]":
    A: T[M] = 0
    for i in range(M):
        with allo.meta_if(T == int32):
            A[i] = x + i
        with allo.meta_else():
            A[i] = x
    return A
"""


def kernel(body: str, name: str = "top", **params: int | str) -> KernelIR:
    return parse_kernel(Source("k.py", PRELUDE + body), name, params)


@old
def test_an_old_python_is_told() -> None:
    with pytest.raises(AlloError) as caught:
        kernel(FILL, "fill", T="int32", M=4)
    (fault,) = caught.value.diagnostics
    assert fault.code == "syntax"
    assert fault.span is not None
    assert fault.span.line == 4
    assert "3.12" in fault.hint


@modern
def test_a_template_is_a_kernel_with_parameters() -> None:
    assert jit(kernel(FILL, "fill", T="int32", M=3))(np.int32(5)).tolist() == [5, 6, 7]
    found = jit(kernel(FILL, "fill", T="float32", M=2))(np.float32(1.5))
    assert found.dtype == np.float32
    assert found.tolist() == [1.5, 1.5]


@modern
def test_instances_are_those_of_different_arguments() -> None:
    body = FILL + "def top(x: int32) -> int32:\n    A = fill[int32, 4](x)\n    B = fill[int32, 2](x)\n"
    body += "    C = fill[int32, 4](x)\n    D = fill[int8, 4](x)\n    return A[3] + B[1] + C[3] + D[3]\n"
    ir = kernel(body)
    assert ir.functions == ("fill", "fill_1", "fill_2", "top")
    assert text_map(ir.at("fill_2").function, "allo.template") == {"T": "int8", "M": "4"}
    assert jit(ir)(np.int32(10)) == 13 + 11 + 13 + 10


@modern
def test_parameters_by_name() -> None:
    body = FILL + 'def top(x: int32) -> int32:\n    A = fill[{"M": 4, "T": int32}, "a"](x)\n    return A[3]\n'
    ir = kernel(body)
    assert ir.functions == ("fill_a", "top")


@modern
def test_a_template_in_a_template() -> None:
    body = FILL + 'def twice[T, M](x: T) -> "T[M]":\n    A = fill[T, 2 * M](x)\n    B: T[M] = 0\n'
    body += "    for i in range(M):\n        B[i] = A[2 * i]\n    return B\n"
    assert jit(kernel(body, "twice", T="int32", M=2))(np.int32(1)).tolist() == [1, 3]


@modern
def test_a_parameter_is_not_seen_by_other_functions() -> None:
    body = "T = int8\ndef other(x: T) -> int32:\n    y: int32 = x\n    return y\n"
    body += "def top[T](x: T) -> int32:\n    return other(x)\n"
    assert jit(kernel(body, T="int32"))(np.int32(257)) == 1


@modern
def test_a_palette_lists_templates() -> None:
    (found,) = list_kernels(Source("k.py", PRELUDE + FILL))
    assert [(port.name, port.type) for port in found.arguments] == [("x", None)]


@modern
@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("fill(x)", "2 template parameters, not 0"),
        ("fill[int32](x)", "2 template parameters, not 1"),
        ("fill[int32, 4, 5](x)", "2 template parameters, not 3"),
        ('fill[{"T": int32}](x)', "needs a value for M"),
        ('fill[{"T": int32, "M": 4, "Q": 1}](x)', "no parameter 'Q'"),
        ("fill[int32, x](x)", "must be known when the kernel is compiled"),
    ],
)
def test_wrong_template_arguments(call: str, message: str) -> None:
    with pytest.raises(AlloError) as caught:
        kernel(f"{FILL}def top(x: int32) -> int32:\n    A = {call}\n    return x + 1\n")
    (fault,) = caught.value.diagnostics
    assert message in fault.message
    assert fault.code == "type"
    assert fault.span is not None
    assert fault.span.line == 13


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"M": 1.5}, "must be a whole number"),
        ({"M": "int32"}, "must be a whole number"),
        ({"M": True}, "must be a whole number"),
        ({"M": 1 << 63}, "at most 63 bits"),
        ({"T": "nonsense"}, "unknown element type"),
        ({"Q": 1}, "no constant 'Q'"),
    ],
)
def test_wrong_parameters_of_a_project(params: dict[str, int | str], message: str) -> None:
    with pytest.raises(AlloError) as caught:
        kernel("M = 4\nT = int32\ndef top(x: T) -> T:\n    return x + M\n", **params)
    assert {fault.code for fault in caught.value.diagnostics} == {"params"}
    assert message in caught.value.diagnostics[0].message


def test_a_type_of_the_file_is_a_parameter() -> None:
    body = "T = int32\ndef top(A: T[4]) -> T[4]:\n    B: T[4] = 0\n    B[:] = A\n    return B\n"
    assert jit(kernel(body, T="int8"))(np.ones(4, np.int8)).dtype == np.int8
