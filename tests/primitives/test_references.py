"""What references name where a kernel calls functions."""

import pytest

from allo_studio.diagnostics import AlloError
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.primitives.base import LoopRef
from allo_studio.primitives.references import Reference, callees, locate
from allo_studio.primitives.registry import parse_step
from allo_studio.schedule import schedule
from allo_studio.source import Source

TEXT = """
from allo_studio import grid, int32
M = 4

def inner(A: int32[M, M]) -> int32[M, M]:
    B: int32[M, M] = 0
    for i, j in grid(M, M, name="work"):
        B[i, j] = A[i, j] + 1
    for q in range(M):
        B[q, q] = 0
    return B

def other(A: int32[M, M]) -> int32[M, M]:
    D: int32[M, M] = 0
    for q, j in grid(M, M, name="inner"):
        D[q, j] = A[q, j]
    return D

def top(A: int32[M, M]) -> int32[M, M]:
    B = inner(A)
    C = other(B)
    for i in range(M):
        C[i, i] = 1
    return C
"""


@pytest.fixture(name="ir", scope="module")
def fixture_ir() -> KernelIR:
    return parse_kernel(Source("k.py", TEXT), "top")


def loops(*texts: str) -> list[Reference]:
    return [Reference(text, "loop") for text in texts]


@pytest.mark.parametrize(
    ("texts", "function", "names"),
    [
        (("i",), "top", ("i",)),
        (("work:j",), "inner", ("work:j",)),
        (("inner:i",), "inner", ("i",)),
        (("inner:work:i", "inner:j"), "inner", ("work:i", "j")),
        (("other:q", "j"), "other", ("q", "j")),
        (("top:i",), "top", ("i",)),
        (("nothing",), "top", ("nothing",)),
        (("inner:nothing",), "inner", ("nothing",)),
    ],
)
def test_where_loops_are(ir: KernelIR, texts: tuple[str, ...], function: str, names: tuple[str, ...]) -> None:
    assert locate(ir, loops(*texts)) == (function, names)


def test_where_arrays_are(ir: KernelIR) -> None:
    assert locate(ir, [Reference("C", "buffer")]) == ("top", ("C",))
    assert locate(ir, [Reference("D", "buffer")]) == ("other", ("D",))
    assert locate(ir, [Reference("inner:B", "buffer"), Reference("i", "loop")]) == ("inner", ("B", "i"))


@pytest.mark.parametrize(
    ("texts", "message", "hint"),
    [
        (("q",), "in 2 functions", "inner:nest:q, other:inner:q"),
        # `inner` is a function, and also a nest of the function `other`.
        (("inner:q",), "in 2 functions", "inner:nest:q, other:inner:q"),
        (("top:i", "inner:j"), "does not reach across the call of inner in top", "inline inner"),
        (("work:i", "other:q"), "does not reach across the call", "inline"),
    ],
)
def test_what_is_ambiguous_or_apart(ir: KernelIR, texts: tuple[str, ...], message: str, hint: str) -> None:
    with pytest.raises(AlloError) as caught:
        locate(ir, loops(*texts))
    (fault,) = caught.value.diagnostics
    assert message in fault.message
    assert hint in fault.hint


def test_a_step_across_a_call_is_told_at_the_call(ir: KernelIR) -> None:
    found = parse_step("reorder", {"axes": ["top:i", "inner:work:i"]}).check(ir)
    assert "top:i is in top and inner:work:i in inner" in found[0].message
    assert found[0].span is not None
    assert found[0].span.line == TEXT.splitlines().index("    B = inner(A)") + 1


def test_steps_work_on_functions_that_are_called(ir: KernelIR) -> None:
    done = schedule(
        ir,
        [
            parse_step("split", {"axis": "inner:work:j", "factor": 2}),
            parse_step("pipeline", {"axis": "inner:j.outer"}),
            parse_step("partition", {"buffer": "D", "kind": "cyclic", "dim": 2, "factor": 2}),
        ],
    )
    assert [loop.id for loop in done.ir.at("inner").loops() if loop.pipeline] == ["j.outer"]
    assert str(done.ir.at("other").layout("D")) == str(done.ir.layout("C")) == "(-, cyclic 2)"
    assert ir.at("inner").find_loop("work:j").trip == 4, "the kernel before stays as it is"


def test_callees_are_those_at_any_depth(ir: KernelIR) -> None:
    assert callees(ir) == ("inner", "other")
    assert callees(ir.at("inner")) == ()


@pytest.mark.parametrize("text", ["a:b:c:d", "a::b", ":a", "a:", "1", ""])
def test_the_form_of_a_name(text: str) -> None:
    with pytest.raises(ValueError, match="expected the name"):
        LoopRef(text)
