"""`bind_op`: operations are done by one of the implementations that the tool has of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from allo_studio.diagnostics import Diagnostic
from allo_studio.ir import KernelIR, in_context, walk
from allo_studio.ir.binding import ir as mlir
from allo_studio.ir.implementations import IMPLEMENTATIONS, bind, implementations_of, operation_name
from allo_studio.primitives.base import BufferRef, FunctionRef, LoopRef, Option, Step, argument, fault
from allo_studio.primitives.references import callees
from allo_studio.primitives.retype import STORES

__all__ = ["BindOp"]

_EVERY = tuple(dict.fromkeys(impl for entries in IMPLEMENTATIONS.values() for impl in entries))


@dataclass(frozen=True)
class BindOp(Step):
    """Let operations of one kind be done by a certain implementation, such as adders in DSPs; the values stay.

    Latency, resources and the schedule follow, where the operator library has figures of the implementation, and the
    HLS C++ says it to the tool. A later step on the same operations replaces it.

    args:
        op: the operation by its name in HLS tools: `fadd`, `fsub`, `fmul`, `fdiv`, `fsqrt`, `fexp` and `flog` of
            float32, with `d` and `h` in the place of `f` of float64 and float16; `add`, `sub` and `mul` of integers.
        impl: the implementation: `fabric`, `dsp` (of integers), `meddsp`, `fulldsp`, `maxdsp`, `primitivedsp`.
        buffer: only what is computed for this array or variable; left out, everything.
        axis: only what is in this loop; left out, everything.
        function: only what this function does itself; left out, the kernel and all functions that it calls.

    rewrite:
        for i in range(8):             for i in range(8):
            C[i] = A[i] + B[i]    ->       C[i] = A[i] + B[i]  # fadd fulldsp

    fails:
        where the operation has no such implementation, or there is no such operation.
    """

    name: ClassVar[str] = "bind_op"
    keeps_stages: ClassVar[bool] = True
    op: str = field(metadata=argument("choice", "the operation, as HLS tools call it", tuple(IMPLEMENTATIONS)))
    impl: str = field(metadata=argument("choice", "the implementation", _EVERY))
    buffer: BufferRef | None = field(
        default=None, metadata=argument("buffer", "only what is computed for this array; none is all")
    )
    axis: LoopRef | None = field(default=None, metadata=argument("loop", "only what is in this loop; none is all"))
    function: FunctionRef | None = field(
        default=None, metadata=argument("function", "only what this function does itself; none is all")
    )

    def placed(self, ir: KernelIR) -> tuple[KernelIR, Step]:
        """Return the kernel seen from the function that is meant, and the step as it is there."""
        if self.function in ir.functions and self.buffer is None and self.axis is None:
            return ir.at(str(self.function)), self
        return super().placed(ir)

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the operations of the function, then those of each array, with what there are figures of."""
        for name, choices in _choices(walk(ir.body)):
            yield Option({"op": name, "buffer": None, "axis": None, "function": ir.name}, {"impl": choices})
        for buffer in ir.buffers():
            for name, choices in _choices(_computed_for(ir, buffer.name)):
                yield Option({"op": name, "buffer": buffer.name, "axis": None}, {"impl": choices})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        known = IMPLEMENTATIONS[self.op]
        if self.impl not in known:
            yield fault(f"{self.op} has no implementation {self.impl}", hint=f"it has {', '.join(known)}")
        if self.function is not None and (self.buffer is not None or self.axis is not None):
            message = f"a function is named, {self.function}, beside the {'array' if self.buffer else 'loop'} in it"
            yield fault(message, hint="leave the function out; `function:name` says where an array or a loop is")
            return
        if self.function is not None and self.function not in ir.functions:
            hint = f"functions: {', '.join(ir.functions)}"
            yield fault(f"{ir.name} has no function {self.function}", ir.span(ir.function), hint)
            return
        found = list(self._inside(ir))
        if self.op not in _names(found):
            names = _names(found)
            hint = f"operations there: {', '.join(names)}" if names else "there are none that can be bound"
            yield fault(f"{self._place(ir)} has no operation {self.op}", ir.span(ir.function), hint)

    def meant(self, ir: KernelIR) -> tuple[str, ...]:
        """Return the functions that have such operations, the kernel's own among them."""
        return tuple(name for name in (ir.name, *callees(ir)) if self.op in _names(walk(ir.at(name).body)))

    def _place(self, ir: KernelIR) -> str:
        parts = [f"what is computed for {self.buffer}"] if self.buffer is not None else []
        parts += [f"loop {self.axis}"] if self.axis is not None else []
        return " in ".join(parts) or str(self.function or ir.name)

    def _inside(self, ir: KernelIR) -> Iterator[mlir.Operation]:
        """Yield the operations that the step is about, bound or not, of any kind."""
        if self.buffer is None and self.axis is None:
            for name in (self.function,) if self.function is not None else (ir.name, *callees(ir)):
                yield from walk(ir.at(name).body)
            return
        ops = walk(ir.body) if self.axis is None else walk(ir.find_loop(self.axis).body)
        if self.buffer is None:
            yield from ops
            return
        meant = set(_computed_for(ir, ir.find_buffer(self.buffer).name))
        yield from (op for op in ops if op in meant)

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Mark the operations."""
        with in_context():
            for op in list(self._inside(ir)):
                if operation_name(op) == self.op:
                    bind(op, self.impl)
        return ir


def _names(ops: Iterable[mlir.Operation]) -> tuple[str, ...]:
    return tuple(sorted({name for op in ops if (name := operation_name(op))}))


def _choices(ops: Iterable[mlir.Operation]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the names of operations with the implementations that all operations of the name can have."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for op in ops:
        if name := operation_name(op):
            found.setdefault(name, []).append(implementations_of(op))
    for name in sorted(found):
        choices = tuple(impl for impl in found[name][0] if all(impl in other for other in found[name]))
        if choices:
            yield name, choices


def _computed_for(ir: KernelIR, buffer: str) -> Iterator[mlir.Operation]:
    """Yield the operations between what is loaded and what is stored into an array, each once."""
    value = ir.find_buffer(buffer).value
    todo = [op.operands[0] for op in walk(ir.body) if op.name in STORES and op.operands[1] == value]
    seen: set[mlir.Operation] = set()
    while todo:
        owner = todo.pop().owner
        if isinstance(owner, mlir.Block) or owner.operation in seen:
            continue
        op = owner.operation
        seen.add(op)
        if op.name == "scf.if":
            todo += [v for region in op.regions for block in region.blocks for v in list(block.operations)[-1].operands]
        elif op.name.startswith(("arith.", "math.")):
            yield op
            todo += op.operands
