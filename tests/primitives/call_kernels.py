"""Kernels that call functions, written in MLIR, and what the tests of steps on them share."""

from __future__ import annotations

from allo_studio.ir import KernelIR
from allo_studio.primitives.base import Step
from allo_studio.primitives.registry import parse_step, step_to_dict
from allo_studio.source import Source

__all__ = ["CALLS", "called", "names_of", "refusal", "replays"]

# Two calls of one function with a local array, in the kernel's own block.
TWICE = """
func.func @smooth(%A: memref<8xi32>, %B: memref<8xi32>) attributes {
    allo.args = ["A", "B"], allo.directions = ["in", "out"], allo.origin = "smooth",
    allo.layouts = {A = "(cyclic 2)", t = "(complete)"}} {
  %t = memref.alloc() {allo.name = "t", allo.memory = "Memory(resource='LUTRAM')"} : memref<8xi32>
  affine.for %i = 0 to 8 {
    %x = affine.load %A[%i] : memref<8xi32>
    %y = arith.muli %x, %x : i32
    affine.store %y, %t[%i] : memref<8xi32>
  } {allo.band = "square", allo.name = "i"}
  affine.for %i = 0 to 8 {
    %x = affine.load %t[-%i + 7] : memref<8xi32>
    affine.store %x, %B[%i] : memref<8xi32>
  } {allo.band = "turn", allo.name = "i"}
  return
}
func.func @twice(%X: memref<8xi32>, %Y: memref<8xi32>) attributes {llvm.emit_c_interface,
    allo.args = ["X", "Y"], allo.directions = ["in", "out"], allo.layouts = {X = "(cyclic 3)"}} {
  %t = memref.alloc() {allo.name = "t"} : memref<8xi32>
  affine.for %i = 0 to 8 {
    %c = arith.constant 1 : i32
    affine.store %c, %t[%i] : memref<8xi32>
  } {allo.band = "turn", allo.name = "i"}
  func.call @smooth(%X, %t) : (memref<8xi32>, memref<8xi32>) -> ()
  func.call @smooth(%t, %Y) : (memref<8xi32>, memref<8xi32>) -> ()
  return
}
"""

# Calls in loops: the loop's variable and an argument are symbols of the callee.
ROWS = """
func.func @row(%A: memref<6x8xi32>, %y: memref<6xi32>, %r: i32, %n: i32, %s: i32) attributes {
    allo.args = ["A", "y", "r", "n", "s"], allo.directions = ["in", "inout", "in", "in", "in"], allo.origin = "row"} {
  %0 = arith.index_cast %r : i32 to index
  %1 = arith.index_cast %n : i32 to index
  %acc = memref.alloc() {allo.name = "acc"} : memref<i32>
  affine.store %s, %acc[] : memref<i32>
  affine.for %j = 0 to affine_map<()[s0] -> (s0 + 2)>()[%1] {
    %x = affine.load %A[symbol(%0), %j] : memref<6x8xi32>
    %a = affine.load %acc[] : memref<i32>
    %b = arith.addi %a, %x : i32
    affine.store %b, %acc[] : memref<i32>
  } {allo.band = "sum", allo.name = "j"}
  %z = affine.load %acc[] : memref<i32>
  affine.store %z, %y[symbol(%0)] : memref<6xi32>
  return
}
func.func @rows(%A: memref<6x8xi32>, %s: i32, %y: memref<6xi32>) attributes {llvm.emit_c_interface,
    allo.args = ["A", "s", "y"], allo.directions = ["in", "in", "out"]} {
  %c4 = arith.constant 4 : i32
  affine.for %i = 0 to 3 {
    %i0 = arith.index_cast %i : index to i32
    func.call @row(%A, %y, %i0, %i0, %s) : (memref<6x8xi32>, memref<6xi32>, i32, i32, i32) -> ()
    %m = affine.apply affine_map<(d0) -> (-d0 + 5)>(%i)
    %i1 = arith.index_cast %m : index to i32
    func.call @row(%A, %y, %i1, %c4, %i0) : (memref<6x8xi32>, memref<6xi32>, i32, i32, i32) -> ()
  } {allo.band = "all", allo.name = "i"}
  return
}
"""

# A function that is called by the kernel and by another function that the kernel calls.
DEEP = """
func.func @add(%x: memref<5xf32>, %c: f32) attributes {
    allo.args = ["x", "c"], allo.directions = ["inout", "in"], allo.origin = "add"} {
  affine.for %i = 0 to 5 {
    %a = affine.load %x[%i] : memref<5xf32>
    %b = arith.addf %a, %c : f32
    affine.store %b, %x[%i] : memref<5xf32>
  } {allo.band = "adding", allo.name = "i"}
  return
}
func.func @both(%x: memref<5xf32>) attributes {
    allo.args = ["x"], allo.directions = ["inout"], allo.origin = "both"} {
  %c = arith.constant 1.5 : f32
  affine.for %i = 0 to 2 {
    func.call @add(%x, %c) : (memref<5xf32>, f32) -> ()
  } {allo.band = "again", allo.name = "i"}
  return
}
func.func @deep(%A: memref<5xf32>, %B: memref<5xf32>) attributes {llvm.emit_c_interface,
    allo.args = ["A", "B"], allo.directions = ["in", "out"]} {
  affine.for %i = 0 to 5 {
    %a = affine.load %A[%i] : memref<5xf32>
    affine.store %a, %B[%i] : memref<5xf32>
  } {allo.band = "copy", allo.name = "i"}
  func.call @both(%B) : (memref<5xf32>) -> ()
  %c = arith.constant 0.25 : f32
  func.call @add(%B, %c) : (memref<5xf32>, f32) -> ()
  return
}
"""

# A table of constants, and state that both calls see.
STATE = """
memref.global "private" constant @weights : memref<4xi32> = dense<[3, -1, 4, 7]>
memref.global "private" @total_0 : memref<i32> = dense<5>
func.func @count(%x: memref<4xi32>) attributes {
    allo.args = ["x"], allo.directions = ["inout"], allo.origin = "count"} {
  %w = memref.get_global @weights : memref<4xi32> {allo.name = "w"}
  %total = memref.get_global @total_0 : memref<i32> {allo.name = "total"}
  affine.for %i = 0 to 4 {
    %a = affine.load %x[%i] : memref<4xi32>
    %b = affine.load %w[%i] : memref<4xi32>
    %t = affine.load %total[] : memref<i32>
    %c = arith.muli %a, %b : i32
    %d = arith.addi %c, %t : i32
    affine.store %d, %total[] : memref<i32>
    affine.store %d, %x[%i] : memref<4xi32>
  } {allo.band = "counting", allo.name = "i"}
  return
}
func.func @state(%A: memref<4xi32>, %B: memref<4xi32>) attributes {llvm.emit_c_interface,
    allo.args = ["A", "B"], allo.directions = ["in", "out"]} {
  affine.for %i = 0 to 4 {
    %a = affine.load %A[%i] : memref<4xi32>
    affine.store %a, %B[%i] : memref<4xi32>
  } {allo.band = "copy", allo.name = "i"}
  func.call @count(%B) : (memref<4xi32>) -> ()
  func.call @count(%B) : (memref<4xi32>) -> ()
  return
}
"""

CALLS = {"twice": TWICE, "rows": ROWS, "deep": DEEP, "state": STATE}


def called(name: str, text: str | None = None) -> KernelIR:
    """Return a kernel by its name here, or from its text."""
    text = text or CALLS[name]
    return KernelIR.parse(text, Source("-", text), name)


def names_of(ir: KernelIR) -> list[tuple[str, str, int]]:
    """Return band, name and depth of every loop."""
    return [(loop.band, loop.name, loop.depth) for loop in ir.loops()]


def refusal(step: Step, ir: KernelIR) -> tuple[str, str]:
    """Return message and hint of the one fault for which a step does not apply."""
    (found,) = step.check(ir)
    assert found.code == "step"
    return found.message, found.hint


def replays(step: Step, ir: KernelIR, after: KernelIR) -> bool:
    """Tell whether the step does the same again from its form in a project file, and leaves its input as it was."""
    ((name, args),) = step_to_dict(step).items()
    again = parse_step(name, args)
    return again == step and again.apply(ir).text() == after.text()
