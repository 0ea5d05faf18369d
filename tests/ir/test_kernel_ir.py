"""KernelIR: loops, buffers, names, places, layouts, and that a clone is independent."""

import gc

import pytest

from allo_studio.diagnostics import AlloError
from allo_studio.ir import KernelIR, in_context
from allo_studio.ir.attributes import set_text
from allo_studio.layout import Layout
from allo_studio.source import Source

GEMM = """
func.func @gemm(%A: memref<4x3xf32> loc("k.py":2:10 to 2:26), %s: i32, %C: memref<4x5xf32>)
    attributes {allo.args = ["A", "s", "C"], allo.directions = ["in", "in", "out"], llvm.emit_c_interface} {
  affine.for %i = 0 to 4 {
    affine.for %j = 0 to 5 step 2 {
      %acc = memref.alloc() {allo.name = "acc"} : memref<f32>
      affine.for %k = 0 to 3 {
        %x = affine.load %A[%i, %k] : memref<4x3xf32>
        affine.store %x, %acc[] : memref<f32>
      } {allo.name = "k", allo.reduction, allo.unroll = 0 : i64}
    } {allo.name = "j", allo.pipeline = 1 : i64} loc("k.py":5:3 to 5:9)
  } {allo.name = "i", allo.band = "nest"}
  affine.for %i = 0 to 4 {
    affine.for %t = affine_map<(d0) -> (d0)>(%i) to 4 {
    } {allo.name = "t"}
  } {allo.name = "i", allo.band = "last", allo.role = "init"}
  return
}
"""


@pytest.fixture
def kernel() -> KernelIR:
    return KernelIR.parse(GEMM, Source("k.py", "\n" * 9))


def test_loops_are_in_pre_order_with_unambiguous_ids(kernel: KernelIR) -> None:
    assert [loop.id for loop in kernel.loops()] == ["nest:i", "j", "k", "last:i", "t"]
    assert [loop.band for loop in kernel.loops()] == ["nest", "nest", "nest", "last", "last"]
    assert [loop.depth for loop in kernel.loops()] == [0, 1, 2, 0, 1]
    assert [loop.name for loop in kernel.top_loops()] == ["i", "i"]


def test_a_loop_says_its_bounds_and_directives(kernel: KernelIR) -> None:
    i, j, k, last, t = kernel.loops()
    assert (j.lower, j.upper, j.step, j.trip) == (0, 5, 2, 3)
    assert (j.pipeline, j.unroll, k.pipeline, k.unroll) == (1, None, None, 0)
    assert (k.reduction, j.reduction, last.role, i.role) == (True, False, "init", None)
    assert (t.lower, t.upper, t.trip) == (None, 4, None)
    assert t.lower_expr is not None
    assert t.lower_expr.coefficient(last.induction_variable) == 1


def test_loops_know_their_family(kernel: KernelIR) -> None:
    i, j, k, *_ = kernel.loops()
    assert (k.parent, j.parent, i.parent) == (j, i, None)
    assert i.children == (j,)
    assert i.descendants() == (j, k)
    assert k.ancestors() == (i, j)


def test_places_come_from_locations_of_the_same_file(kernel: KernelIR) -> None:
    assert str(kernel.find_loop("j").span) == "k.py:5:3"
    assert kernel.find_loop("k").span is None
    place = kernel.find_buffer("A").span
    assert place is not None
    assert (place.line, place.column, place.end_column) == (2, 10, 26)
    assert KernelIR.parse(GEMM, Source("other.py", "")).find_loop("j").span is None


def test_arguments_and_buffers(kernel: KernelIR) -> None:
    described = [(a.name, str(a.type), a.direction, a.scalar) for a in kernel.arguments()]
    assert described == [
        ("A", "float32[4, 3]", "in", False),
        ("s", "int32", "in", True),
        ("C", "float32[4, 5]", "out", False),
    ]
    assert [(b.name, b.kind, str(b.type), b.direction) for b in kernel.buffers()] == [
        ("A", "argument", "float32[4, 3]", "in"),
        ("C", "argument", "float32[4, 5]", "out"),
        ("acc", "local", "float32", None),
    ]
    assert kernel.directions == {"A": "in", "s": "in", "C": "out"}


@pytest.mark.parametrize(("ref", "found"), [("j", "j"), ("nest:j", "j"), ("last:i", "last:i")])
def test_find_loop(kernel: KernelIR, ref: str, found: str) -> None:
    assert kernel.find_loop(ref).id == found


def test_an_unknown_loop_lists_the_candidates(kernel: KernelIR) -> None:
    with pytest.raises(AlloError) as caught:
        kernel.find_loop("jj")
    (fault,) = caught.value.diagnostics
    assert fault.code == "step"
    assert fault.message == "gemm has no loop 'jj'"
    assert fault.hint == "did you mean 'j'? loops of gemm: nest:i, j, k, last:i, t"


def test_an_ambiguous_loop_says_which_there_are(kernel: KernelIR) -> None:
    with pytest.raises(AlloError) as caught:
        kernel.find_loop("i")
    assert caught.value.diagnostics[0].hint == "say which: nest:i, last:i"


def test_an_unknown_buffer_lists_the_candidates(kernel: KernelIR) -> None:
    with pytest.raises(AlloError) as caught:
        kernel.find_buffer("ac")
    assert caught.value.diagnostics[0].hint == "did you mean 'acc'? buffers of gemm: A, C, acc"


def test_a_clone_is_independent(kernel: KernelIR) -> None:
    before, copy = kernel.text(), kernel.clone()
    with in_context():
        set_text(copy.find_loop("k").op, "allo.name", "kk")
    assert [loop.id for loop in copy.loops()][2] == "kk"
    assert kernel.text() == before
    assert copy.text() != before
    assert str(copy.find_loop("j").span) == "k.py:5:3"


def test_layouts_are_kept_by_name_in_normal_form(kernel: KernelIR) -> None:
    assert str(kernel.layout("C")) == "(-, -)"
    changed = kernel.with_layout("C", Layout.parse("(-, cyclic 9)"))
    assert str(changed.layout("C")) == "(-, complete)"
    assert str(kernel.layout("C")) == "(-, -)"
    assert changed.with_layout("C", Layout.plain(2)).text() == kernel.text()
    with pytest.raises(ValueError, match="1 dimensions, C has 2"):
        kernel.with_layout("C", Layout.plain(1))


def test_streams(kernel: KernelIR) -> None:
    assert kernel.streams == {}
    assert kernel.with_streams({"A": 3}).streams == {"A": 3}
    assert kernel.with_streams({"A": 3}).with_streams({}).text() == kernel.text()
    with pytest.raises(ValueError, match="no array argument s"):
        kernel.with_streams({"s": 1})


def test_verify_accepts_the_form_and_refuses_what_breaks_it(kernel: KernelIR) -> None:
    kernel.verify()
    twice = kernel.clone()
    with in_context():
        set_text(twice.find_loop("t").op, "allo.name", "i")
    with pytest.raises(ValueError, match="several loops are named 'last:i'"):
        twice.verify()
    broken = kernel.clone()
    broken.find_loop("k").body.operations[2].operation.erase()
    with pytest.raises(ValueError, match="not valid MLIR"):
        broken.verify()


def test_text_that_is_no_kernel_is_refused() -> None:
    with pytest.raises(ValueError, match="undeclared"):
        KernelIR.parse("func.func @f() { return %x : i32 }")
    with pytest.raises(ValueError, match="there is none"):
        KernelIR.parse("module {}")


def test_views_keep_the_module_alive() -> None:
    # Every view is all that is left of its kernel here.
    loops = [KernelIR.parse(GEMM).find_loop("k") for _ in range(20)]
    buffers = [KernelIR.parse(GEMM).find_buffer("A") for _ in range(20)]
    gc.collect()
    assert {len(list(loop.body.operations)) for loop in loops} == {len(list(loops[0].body.operations))}
    assert {str(buffer.value.type) for buffer in buffers} == {str(buffers[0].value.type)}
