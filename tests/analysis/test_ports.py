"""Directions of ports by the rules of semantics, with the element and the places of each fault."""

from __future__ import annotations

import numpy as np
import pytest

from allo_studio.analysis.ports import infer_ports
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.source import Source

HEADER = "from allo_studio.lang import float32, grid, int32, reduction\n\n"


def parsed(text: str) -> KernelIR:
    return parse_kernel(Source("f.py", HEADER + text), "f", {})


def faults(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(AlloError) as caught:
        infer_ports(parsed(text))
    assert {d.code for d in caught.value.diagnostics} == {"ports"}
    assert all(d.hint for d in caught.value.diagnostics)
    return caught.value.diagnostics


def test_directions_by_use() -> None:
    base = infer_ports(parsed("""
def f(a: int32[4], b: int32[4], c: int32[4], s: int32) -> int32[4]:
    d: int32[4] = 0
    for i in range(4):
        b[i] = a[i] * s
        c[i] = c[i] + b[i]
        d[i] = b[i]
    return d
"""))  # fmt: skip
    assert base.directions == {"a": "in", "b": "out", "c": "in", "s": "in", "d": "out", "c_out": "out"}
    assert [loop.role for loop in base.loops()] == ["copy_in", "init", None]
    assert (base.top_loops()[0].name, base.top_loops()[0].band) == ("c_copy_0", "c_copy")
    found = jit(base).run({"a": np.arange(4, dtype=np.int32), "c": np.full(4, 7, np.int32), "s": np.int32(2)})
    np.testing.assert_array_equal(found["b"], [0, 2, 4, 6])
    np.testing.assert_array_equal(found["c_out"], [7, 9, 11, 13])


def test_the_input_of_an_updated_argument_is_only_copied() -> None:
    base = infer_ports(parsed("""
def f(A: int32[3, 4]):
    for i in range(1, 3):
        for j in range(4):
            A[i, j] = A[i - 1, j] + 1
"""))  # fmt: skip
    assert base.directions == {"A": "in", "A_out": "out"}
    assert len([loop for loop in base.loops() if loop.role == "copy_in"]) == 2
    given = np.arange(12, dtype=np.int32).reshape(3, 4)
    found = jit(base).run({"A": given})["A_out"]
    np.testing.assert_array_equal(found, [given[0], given[0] + 1, given[0] + 2])


def test_inference_is_idempotent_and_leaves_its_input_alone() -> None:
    base = parsed("def f(A: int32[3]):\n    for i in range(3):\n        A[i] = A[i] + 1\n")
    text = base.text()
    once = infer_ports(base)
    assert base.text() == text
    assert infer_ports(once).text() == once.text()


def test_an_argument_that_is_partly_written_and_read_later_keeps_the_rest() -> None:
    base = infer_ports(parsed("""
def f(A: int32[5]) -> int32:
    s: int32 = 0
    for i in range(3):
        A[i] = i
        s += A[i]
    return s
"""))  # fmt: skip
    assert base.directions == {"A": "in", "s": "out", "A_out": "out"}
    found = jit(base).run({"A": np.full(5, 9, np.int32)})
    np.testing.assert_array_equal(found["A_out"], [0, 1, 2, 9, 9])


def test_an_output_with_an_unwritten_element() -> None:
    (found,) = faults("""
def f(A: int32[5]) -> int32[5]:
    B: int32[5]
    for i in range(1, 4):
        B[i] = A[i]
    return B
""")
    assert found.message == "B is an output, but B[0] is never written"
    assert found.span.line == 7


def test_an_argument_that_is_only_partly_written() -> None:
    (found,) = faults("def f(A: int32[5]):\n    for i in range(5):\n        for j in range(i):\n            A[j] = i\n")
    assert found.message == "A is an output, but A[4] is never written"


def test_a_returned_array_that_is_read_before_it_is_written() -> None:
    (found,) = faults("""
def f(A: int32[5]) -> int32[5]:
    B: int32[5]
    for i in range(4):
        A_next: int32 = B[i + 1]
        B[i] = A_next + A[i]
    B[4] = 1
    return B
""")
    assert found.message == "uninitialised read: B[1] is read before it is written (at i=0)"
    assert (found.span.line, found.span.column) == (7, 25)
    assert "it is written at f.py:8:" in found.hint


def test_a_local_array_that_is_read_before_it_is_written() -> None:
    (found,) = faults("""
def f(A: int32[4, 4]) -> int32[4]:
    y: int32[4] = 0
    for i in range(4):
        t: int32[4]
        for j in range(i):
            t[j] = A[i, j]
        y[i] = t[0]
    return y
""")
    # The array is fresh in each iteration of i, and no iteration of j runs where i is 0.
    assert found.message == "uninitialised read: t[0] is read before it is written (at i=0)"


def test_fresh_storage_does_not_keep_what_an_earlier_iteration_wrote() -> None:
    text = """
def f(A: int32[4]) -> int32[4]:
    y: int32[4] = 0
    for i in range(4):
        t: int32[4]
        t[i] = A[i]
        y[i] = t[{}]
    return y
"""
    assert infer_ports(parsed(text.format("i"))).directions == {"A": "in", "y": "out"}
    (found,) = faults(text.format("0"))
    assert found.message == "uninitialised read: t[0] is read before it is written (at i=1)"


def test_all_faults_are_told_at_once() -> None:
    found = faults("""
def f(A: int32[4], B: int32[4], A_out: int32[4]) -> int32[4]:
    C: int32[4]
    for i in range(2):
        A[i] = A[i] + A_out[i]
        B[i] = 1
        C[i] = 2
    return C
""")
    assert [d.message for d in found] == [
        "A is read and written, so its result is to be called A_out, which is taken",
        "B is an output, but B[2] is never written",
        "C is an output, but C[2] is never written",
    ]


def test_scalar_results_and_memories_of_rank_zero() -> None:
    base = infer_ports(
        parsed(
            "def f(A: int32[4]) -> int32:\n    s: int32 = 0\n    for i in range(4):\n        s += A[i]\n    return s\n"
        )
    )
    assert base.directions == {"A": "in", "s": "out"}


@pytest.mark.parametrize("subscript", ["uint1(s)", "s[0:2]", "uint8(s) % 3", "uint3(s) % 4"])
def test_a_computed_subscript_reads_only_what_is_there(subscript: str) -> None:
    text = f"def f(s: int32) -> int32:\n    L: int32[4] = 0\n    x: int32 = L[{subscript}]\n    return x\n"
    source = "from allo_studio.lang import *\n" + text
    assert infer_ports(parse_kernel(Source("f.py", source), "f", {})).directions == {"s": "in", "x": "out"}


def test_a_computed_subscript_may_read_what_is_not_set() -> None:
    text = "def f(s: int32) -> int32:\n    L: int32[4]\n    L[1] = 2\n    x: int32 = L[s * s]\n    return x\n"
    (found,) = faults(text)
    assert "uninitialised read: L[0]" in found.message


@pytest.mark.parametrize("kind", ["uint8", "int7", "Fixed(12, 4)"])
def test_an_array_changed_in_place_keeps_its_type(kind: str) -> None:
    text = f"from allo_studio.lang import *\n\ndef f(B: {kind}[2]):\n    for k in range(2):\n        B[k] += 1\n"
    base = infer_ports(parse_kernel(Source("f.py", text), "f", {}))
    assert {a.name: str(a.type) for a in base.arguments()} == {"B": f"{kind}[2]", "B_out": f"{kind}[2]"}
