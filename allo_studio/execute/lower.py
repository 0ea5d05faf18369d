"""A kernel's module made ready for LLVM: everything defined, checked and placed, then MLIR's own conversions."""

from __future__ import annotations

from dataclasses import dataclass

from allo_studio.execute.library import Library
from allo_studio.execute.memories import RECORD_BYTES, Arena
from allo_studio.execute.operations import define_operations
from allo_studio.execute.subscripts import Checks, Memories, Place
from allo_studio.ir import KernelIR, walk
from allo_studio.ir.binding import PassManager, ir
from allo_studio.ir.sizes import named_extents

__all__ = ["ENTRY", "RESET", "Lowered", "lower"]

ENTRY = "allo_kernel"
RESET = "allo_reset"
_PASSES = (
    "builtin.module(lower-affine,convert-scf-to-cf,expand-strided-metadata,finalize-memref-to-llvm,convert-math-to-llvm,"
    "convert-arith-to-llvm,convert-cf-to-llvm,convert-func-to-llvm,reconcile-unrealized-casts)"
)
# LLVM narrows to bfloat16 by this routine where the processor has no instruction for it, and compilers' run-time
# libraries of some systems lack it. To nearest even; of what is no number, the first bits and a set one.
_TO_BFLOAT16 = """
func.func @__truncsfbf2(%a: f32) -> bf16 {
  %bits = arith.bitcast %a : f32 to i32
  %c16 = arith.constant 16 : i32
  %c1 = arith.constant 1 : i32
  %half = arith.constant 32767 : i32
  %quiet = arith.constant 64 : i16
  %high = arith.shrui %bits, %c16 : i32
  %odd = arith.andi %high, %c1 : i32
  %bias = arith.addi %half, %odd : i32
  %raised = arith.addi %bits, %bias : i32
  %near = arith.shrui %raised, %c16 : i32
  %rounded = arith.trunci %near : i32 to i16
  %first = arith.trunci %high : i32 to i16
  %none = arith.ori %first, %quiet : i16
  %isnan = arith.cmpf uno, %a, %a : f32
  %kept = arith.select %isnan, %none, %rounded : i16
  %r = arith.bitcast %kept : i16 to bf16
  return %r : bf16
}
"""


@dataclass(frozen=True)
class Lowered:
    """What the caller of a lowered module must bring and know.

    `ENTRY` takes the kernel's arguments and the arena of `arena_bytes` zeros, of which `state_bytes` after the record
    are kept between calls; `RESET` (where there is state) fills these in an arena.
    """

    arena_bytes: int
    state_bytes: int
    resets: bool
    places: tuple[Place, ...]
    math: tuple[str, ...]


def lower(kernel: KernelIR, most_iterations: int | None = None) -> tuple[ir.Module, Lowered]:
    """Lower a clone of the kernel to the LLVM dialect. Needs the context to be current."""
    lowered = kernel.clone()
    _keep_reachable(lowered)
    work = _Lowering(lowered, most_iterations)
    for name in lowered.functions:
        work.function(lowered.at(name))
    resets = work.add_reset()
    work.library.link(lowered.module)
    work.rename()
    rounding = ir.Module.parse(_TO_BFLOAT16)
    lowered.module.body.append(rounding.body.operations[0].operation.clone())
    PassManager.parse(_PASSES).run(lowered.module.operation)
    _promise_distinct(lowered.module)
    arena = work.arena
    state = arena.state_end - RECORD_BYTES if resets else 0
    return lowered.module, Lowered(arena.size, state, resets, tuple(work.checks.places), work.library.math)


def _keep_reachable(kernel: KernelIR) -> None:
    """Drop the functions that the kernel does not call; raises ValueError where one calls itself."""
    done: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise ValueError(f"function {name} calls itself")
        for op in walk(kernel.at(name).body):
            if op.name == "func.call":
                visit(_callee(op), (*path, name))
        done.append(name)

    visit(kernel.name, ())
    for name in kernel.functions:
        if name not in done:
            kernel.at(name).function.erase()


def _promise_distinct(module: ir.Module) -> None:
    """Tell LLVM that what a call writes is memory of its own, as `Inputs.prepare` makes it.

    It then has no need of versions of every loop for memories that overlap.
    """
    distinct = ir.DictAttr.get({"llvm.noalias": ir.UnitAttr.get()})
    pointer, other = ir.Type.parse("!llvm.ptr"), ir.DictAttr.get({})
    for op in [entry.operation for entry in module.body.operations]:
        if op.name == "llvm.func" and ir.StringAttr(op.attributes["sym_name"]).value == ENTRY:
            kinds = [argument.type for argument in op.regions[0].blocks[0].arguments]
            op.attributes["arg_attrs"] = ir.ArrayAttr.get([distinct if kind == pointer else other for kind in kinds])


def _callee(op: ir.Operation) -> str:
    return str(ir.FlatSymbolRefAttr(op.attributes["callee"]).value)


class _Lowering:
    """What the functions of one module share."""

    def __init__(self, kernel: KernelIR, most_iterations: int | None) -> None:
        self._most_iterations = most_iterations
        self._kernel = kernel
        self.library = Library()
        self.checks = Checks(self.library)
        self.arena = Arena()
        self._states = self.arena.place_states(kernel.module)
        self._names = {name: f"{ENTRY}_{number}" for number, name in enumerate(kernel.functions)}
        self._names[kernel.name] = ENTRY

    def function(self, kernel: KernelIR) -> None:
        """Rewrite one function: operations, accesses, memories and calls."""
        body, operations = kernel.body, list(walk(kernel.body))
        checked = [op for op in operations if self.checks.wants(op)]
        memories = [op for op in operations if op.name in ("memref.alloc", "memref.get_global")]
        calls = [op for op in operations if op.name == "func.call"]
        names = {buffer.value: buffer.name for buffer in kernel.buffers()} if checked else {}
        named = Memories(names, named_extents(kernel) if checked else {})
        arena = body.add_argument(Arena.type(), kernel.function.location)
        conditions = [op for op in operations if op.name == "scf.condition"]
        if checked or (conditions and (calls or self._most_iterations)):
            record = self.arena.view(ir.Type.parse("memref<4xi64>"), 0, arena)
            for op in conditions:
                self.checks.stop(op, record, self._most_iterations)
        define_operations(operations, self.library)
        for op in checked:
            self.checks.check(op, kernel, named, record)
        for op in memories:
            self.arena.place(op, arena)
        for op in calls:
            self._call(op, arena)
        inputs = [argument.type for argument in body.arguments]
        kernel.function.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(inputs, []))

    def _call(self, op: ir.Operation, arena: ir.Value) -> None:
        callee = {"callee": ir.FlatSymbolRefAttr.get(self._names[_callee(op)])}
        operands = [*op.operands, arena]
        ir.Operation.create("func.call", [], operands, callee, loc=op.location, ip=ir.InsertionPoint(op))
        op.erase()

    def add_reset(self) -> bool:
        """Add the function that gives every state its initial value; tell whether there is one."""
        if not self._states:
            return False
        head = f"func.func @{RESET}(%arena: {Arena.type()}) attributes {{llvm.emit_c_interface}} {{\n return\n}}"
        parsed = ir.Module.parse(head)
        self._kernel.module.body.append(parsed.body.operations[0].operation.clone())
        made = self._kernel.at(RESET).function
        block = made.regions[0].blocks[0]
        arena, at = block.arguments[0], ir.InsertionPoint(block.operations[len(block.operations) - 1])
        for op in self._states:
            name, kind = ir.StringAttr(op.attributes["sym_name"]), ir.TypeAttr(op.attributes["type"]).value
            if "initial_value" not in op.attributes or isinstance(op.attributes["initial_value"], ir.UnitAttr):
                op.erase()
                continue
            op.attributes["constant"] = ir.UnitAttr.get()
            target = self.arena.state(name.value, kind, arena)
            symbol = {"name": ir.FlatSymbolRefAttr.get(name.value)}
            source = ir.Operation.create("memref.get_global", [kind], [], symbol, ip=at).results[0]
            ir.Operation.create("memref.copy", [], [source, target], ip=at)
        return True

    def rename(self) -> None:
        """Drop our attributes, and take names that nothing of the C library has."""
        for name, new in self._names.items():
            function = self._kernel.at(name).function
            for entry in [str(e) for e in function.attributes if str(e).startswith("allo.")]:
                del function.attributes[entry]
            function.attributes["sym_name"] = ir.StringAttr.get(new)
            if new == ENTRY:
                # MLIR puts three wrappers around it, and LLVM would compile the whole kernel into each of them.
                function.attributes["llvm.no_inline"] = ir.UnitAttr.get()
            else:
                function.attributes["llvm.linkage"] = ir.Attribute.parse("#llvm.linkage<internal>")
                if "llvm.emit_c_interface" in function.attributes:
                    del function.attributes["llvm.emit_c_interface"]
        for op in [entry.operation for entry in self._kernel.module.body.operations]:
            if op.name == "memref.global":
                op.attributes["sym_visibility"] = ir.StringAttr.get("private")
