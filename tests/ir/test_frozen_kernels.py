"""What is found out about a kernel is kept only where the kernel is known to stay as it is."""

from __future__ import annotations

import gc
import threading

from allo_studio.analysis.dependences import dependences
from allo_studio.ir import KernelIR, in_context
from allo_studio.ir.attributes import set_text

_TEXT = """
func.func @f(%A: memref<8xi32>) attributes {allo.args = ["A"], allo.directions = ["inout"]} {
  affine.for %i = 1 to 8 {
    %0 = affine.load %A[%i - 1] : memref<8xi32>
    affine.store %0, %A[%i] : memref<8xi32>
  } {allo.name = "i", allo.band = "b"}
  return
}
"""


def test_a_frozen_kernel_is_looked_at_once() -> None:
    kernel = KernelIR.parse(_TEXT)
    assert kernel.loops() is not kernel.loops()
    assert kernel.freeze() is kernel
    assert kernel.loops() is kernel.loops()
    assert kernel.buffers() is kernel.at("f").buffers()
    assert dependences(kernel) is dependences(kernel)


def test_a_clone_is_not_frozen() -> None:
    kernel = KernelIR.parse(_TEXT).freeze()
    clone = kernel.clone()
    assert not clone.frozen
    assert clone.loops()[0].id == "i"
    with in_context():
        set_text(clone.loops()[0].op, "allo.name", "k")
    assert clone.loops()[0].id == "k"
    assert kernel.loops()[0].id == "i"


def test_a_steady_view_leaves_the_kernel_as_it_is() -> None:
    kernel = KernelIR.parse(_TEXT)
    view = kernel.steady()
    assert view.frozen
    assert not kernel.frozen
    assert view.steady() is view
    before = view.loops()
    with in_context():
        set_text(kernel.loops()[0].op, "allo.name", "k")
    assert [loop.id for loop in (*before, *view.loops(), *kernel.loops(), *view.freeze().loops())] == [
        "i",
        "i",
        "k",
        "k",
    ]


def test_what_is_kept_serves_every_thread() -> None:
    kernel = KernelIR.parse(_TEXT).freeze()
    found: list[str] = []

    def look() -> None:
        found.extend(str(d.relation) for d in dependences(kernel))

    for _ in range(3):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    look()
    assert len(found) == 4 * len(dependences(kernel))
    assert len(set(found)) == len(dependences(kernel))


def test_what_is_kept_goes_with_the_kernel() -> None:
    for _ in range(20):
        dependences(KernelIR.parse(_TEXT).freeze())
    gc.collect()
