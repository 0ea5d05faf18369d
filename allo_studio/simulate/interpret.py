"""A kernel's affine IR evaluated with numpy, element by element in sequential order.

Loops that carry no dependence run all their iterations at once, one array axis a loop; the others run step by step.
An accumulation is a dependence, so each element is accumulated in the kernel's own order, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR, LinearExpr, Loop, access_of, array_type, linear_of, map_results, walk
from allo_studio.ir.binding import ir
from allo_studio.simulate.arithmetic import BINARY, UNARY
from allo_studio.simulate.lanes import Axis, Lanes, Memory, Subscript, spread
from allo_studio.simulate.sequential import interpret_sequentially
from allo_studio.types import FLOAT32, INT32

__all__ = ["interpret"]

# Lanes at once: enough to make numpy's overhead small, few enough to stay in a cache.
_MOST_LANES = 1 << 16
_SILENT = ("affine.apply", "affine.yield", "func.return")

_Step = Callable[[], None]


def interpret(kernel: KernelIR, memories: Mapping[str, Any], parallel: frozenset[str]) -> None:
    """Run a kernel on `memories`: by argument name, an array that is read and written in place, or a scalar.

    Kernels of more than affine loops on `int32` and `float32` run one operation at a time, see `sequential.py`.
    `parallel` are the ids of the loops that carry no dependence. Raises AlloError (code `simulate`) for an operation
    outside the form of a kernel.
    """
    if not _is_plain(kernel):
        interpret_sequentially(kernel, memories)
        return
    machine = _Machine(kernel, parallel)
    for argument in kernel.arguments():
        held = memories[argument.name]
        if argument.scalar:
            machine.values[argument.value] = argument.type.element.dtype.type(held)
        else:
            machine.memories[argument.value] = Memory(held)
    # Wrapping, infinities and NaNs are what the kernel's own arithmetic gives.
    with np.errstate(all="ignore"):
        _run(machine.compile(kernel.body))


def _is_plain(kernel: KernelIR) -> bool:
    """Tell whether all of a kernel has a meaning for many iterations at once."""
    known = {"affine.for", "affine.load", "affine.store", "memref.alloc", "arith.constant", "arith.index_cast"}
    known |= {*_SILENT, *BINARY, *UNARY}
    if any(a.type.element not in (INT32, FLOAT32) for a in kernel.arguments()):
        return False
    return all(op.name in known and _has_plain_types(op) for op in walk(kernel.body))


def _has_plain_types(op: ir.Operation) -> bool:
    if op.name == "arith.index_cast":
        return isinstance(op.operands[0].type, ir.IndexType) and linear_of(op.operands[0]) is not None
    if op.name in ("affine.load", "affine.store"):
        operands = list(op.operands)[1 if op.name == "affine.load" else 2 :]
        if access_of(op) is None or not all(map(_is_of_loops, operands)):
            return False
    if op.name == "affine.for":
        # A bound may be computed from a scalar argument.
        return all(linear_of(value) is not None and _is_of_loops(value) for value in op.operands)
    return all(isinstance(r.type, ir.IndexType) or array_type(r.type).element in (INT32, FLOAT32) for r in op.results)


def _is_of_loops(value: ir.Value) -> bool:
    found = linear_of(value)
    return found is not None and all(isinstance(variable.owner, ir.Block) for variable in found.variables)


def _run(steps: Sequence[_Step]) -> None:
    for step in steps:
        step()


@dataclass(frozen=True)
class _Plan:
    """How a loop runs: its slot, bounds, step, and lanes that one iteration needs (0: it runs step by step)."""

    slot: int
    lower: tuple[Subscript, ...]
    upper: tuple[Subscript, ...]
    step: int
    weight: int


class _Machine:
    """Turns blocks into steps that work on `values` (by MLIR value), `memories` and `lanes`."""

    def __init__(self, kernel: KernelIR, parallel: frozenset[str]) -> None:
        self._kernel = kernel
        self._parallel = parallel
        loops = kernel.loops()
        self._loops = {loop.induction_variable: loop for loop in loops}
        self._slots = {loop.induction_variable: slot for slot, loop in enumerate(loops)}
        self.lanes = Lanes.of(len(loops))
        self.values: dict[ir.Value, Any] = {}
        self.memories: dict[ir.Value, Memory] = {}
        self._makers: dict[str, Callable[[ir.Operation], _Step]] = {
            "affine.for": self._for,
            "affine.load": self._load,
            "affine.store": self._store,
            "memref.alloc": self._alloc,
            "arith.constant": self._constant,
            "arith.index_cast": self._index_cast,
            **dict.fromkeys(BINARY, self._binary),
            **dict.fromkeys(UNARY, self._unary),
        }

    def compile(self, block: ir.Block) -> list[_Step]:
        """Return the steps of a block, in order."""
        steps = []
        for op in block.operations:
            name = op.operation.name
            if name in _SILENT:
                continue
            if name not in self._makers:
                raise self._fault(op, f"the reference has no meaning for the operation {name}")
            steps.append(self._makers[name](op.operation))
        return steps

    def _fault(self, op: ir.Operation, message: str) -> AlloError:
        return AlloError(Diagnostic("simulate", f"{self._kernel.name}: {message}", self._kernel.span(op)))

    def _subscript(self, expression: LinearExpr) -> Subscript:
        return expression.constant, tuple((self._slots[value], factor) for value, factor in expression.terms)

    def _subscripts(self, op: ir.Operation) -> tuple[Subscript, ...]:
        found = access_of(op)
        if found is None:
            raise self._fault(op, "a subscript is not linear in the loops")
        return tuple(map(self._subscript, found))

    # Values

    def _get(self, value: ir.Value) -> Any:
        return spread(self.values[value], self.lanes.depth)

    def _constant(self, op: ir.Operation) -> _Step:
        result = op.results[0]
        if not isinstance(result.type, ir.IndexType):
            self.values[result] = array_type(result.type).element.dtype.type(op.attributes["value"].value)
        return _nothing

    def _binary(self, op: ir.Operation) -> _Step:
        function, (left, right), result = BINARY[op.name], op.operands, op.results[0]
        values, get = self.values, self._get

        def step() -> None:
            values[result] = function(get(left), get(right))

        return step

    def _unary(self, op: ir.Operation) -> _Step:
        function, operand, result = UNARY[op.name], op.operands[0], op.results[0]

        def step() -> None:
            self.values[result] = function(self._get(operand))

        return step

    def _index_cast(self, op: ir.Operation) -> _Step:
        index, result = linear_of(op.operands[0]), op.results[0]
        if index is None:
            raise self._fault(op, "an index used as a value is not linear in the loops")
        subscript = self._subscript(index)

        def step() -> None:
            self.values[result] = np.asarray(self.lanes.grid(subscript)).astype(np.int32)[()]

        return step

    # Memory

    def _alloc(self, op: ir.Operation) -> _Step:
        result = op.results[0]
        shape = array_type(result.type)

        def step() -> None:
            lanes = self.lanes.shape
            self.memories[result] = Memory(np.zeros(lanes + shape.shape, shape.element.dtype), len(lanes))

        return step

    def _load(self, op: ir.Operation) -> _Step:
        memory, result, subscripts = op.operands[0], op.results[0], self._subscripts(op)
        values, memories, lanes, keeps = self.values, self.memories, self.lanes, _outlives_a_write(op)

        def step() -> None:
            found = lanes.load(memories[memory], subscripts)
            values[result] = found.copy() if keeps else found

        return step

    def _store(self, op: ir.Operation) -> _Step:
        value, memory, subscripts = op.operands[0], op.operands[1], self._subscripts(op)
        get, memories, lanes = self._get, self.memories, self.lanes

        def step() -> None:
            lanes.store(memories[memory], subscripts, get(value))

        return step

    # Loops

    def _for(self, op: ir.Operation) -> _Step:
        loop = self._loops[op.regions[0].blocks[0].arguments[0]]
        lower, upper = self._bounds(loop)
        vectorised = loop.id in self._parallel and not _shapes_inner(loop)
        weight = self._weight(loop) if vectorised else 0
        plan = _Plan(self._slots[loop.induction_variable], lower, upper, loop.step, weight)
        body = self.compile(loop.body)
        return lambda: self._iterate(plan, body)

    def _bounds(self, loop: Loop) -> tuple[tuple[Subscript, ...], tuple[Subscript, ...]]:
        operands = list(loop.op.operands)
        lower_map, upper_map = (ir.AffineMapAttr(loop.op.attributes[f"{s}BoundMap"]).value for s in ("lower", "upper"))
        lower = map_results(lower_map, operands[: lower_map.n_inputs])
        upper = map_results(upper_map, operands[lower_map.n_inputs : lower_map.n_inputs + upper_map.n_inputs])
        if None in lower or None in upper:
            raise self._fault(loop.op, f"the bounds of loop {loop.id} are not linear in the outer loops")
        one, two = (tuple(self._subscript(e) for e in side if e is not None) for side in (lower, upper))
        return one, two

    def _weight(self, loop: Loop) -> int:
        """Return how many elements one iteration holds at once: inner lanes, or its local arrays."""
        inner = [self._weight(child) * (child.trip or 1) for child in loop.children if child.id in self._parallel]
        inner += [self._weight(child) for child in loop.children if child.id not in self._parallel]
        local = sum(array_type(o.operation.results[0].type).size for o in _allocations(loop.body))
        return max(1, local, *inner, 1)

    def _iterate(self, plan: _Plan, body: Sequence[_Step]) -> None:
        lanes = self.lanes
        lower, upper = max(map(lanes.number, plan.lower)), min(map(lanes.number, plan.upper))
        trip = max(0, -(-(upper - lower) // plan.step))
        chunk = _MOST_LANES // (plan.weight * int(np.prod(lanes.shape))) if plan.weight else 0
        if trip > 1 and chunk > 1:
            self._vectorise(plan, body, lower, trip, chunk)
            return
        values, slot = lanes.values, plan.slot
        for number in range(lower, upper, plan.step):
            values[slot] = number
            _run(body)

    def _vectorise(self, plan: _Plan, body: Sequence[_Step], lower: int, trip: int, chunk: int) -> None:
        lanes = self.lanes
        lanes.axis_of[plan.slot] = lanes.depth
        for first in range(0, trip, chunk):
            axis = Axis(lower + first * plan.step, plan.step, min(chunk, trip - first))
            lanes.axes.append(axis)
            _run(body)
            lanes.axes.pop()
        lanes.axis_of[plan.slot] = -1


def _nothing() -> None:
    """A constant is known before the first step."""


def _allocations(block: ir.Block) -> list[ir.Operation]:
    return [op for op in block.operations if op.operation.name == "memref.alloc"]


def _shapes_inner(loop: Loop) -> bool:
    """Tell whether a bound of an inner loop depends on this one's variable: then its lanes differ in shape."""
    inner = {value for child in loop.descendants() for operand in child.op.operands for value in _sources(operand)}
    return loop.induction_variable in inner


def _sources(value: ir.Value) -> tuple[ir.Value, ...]:
    expression = linear_of(value)
    return expression.variables if expression is not None else (value,)


def _outlives_a_write(op: ir.Operation) -> bool:
    """Tell whether what `op` loads is used after a store or a loop that could change it under a view."""
    users = [use.owner.operation for use in op.results[0].uses]
    if any(user.block != op.block for user in users):
        return True
    waiting, seen = len(users), False
    written = False
    for other in op.block.operations:
        current = other.operation
        if current == op:
            seen = True
            continue
        if not seen:
            continue
        used = sum(user == current for user in users)
        if used and written:
            return True
        waiting -= used
        if waiting <= 0:
            return False
        written = written or current.name == "affine.for" or _stores_to(current, op.operands[0])
    return False


def _stores_to(op: ir.Operation, memory: ir.Value) -> bool:
    return bool(op.name == "affine.store" and op.operands[1] == memory)
