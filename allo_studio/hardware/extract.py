"""From a function's IR to its control: what is pipelined, flattened and unrolled, and what runs one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from allo_studio.hardware.body import Body, fault
from allo_studio.hardware.counters import Affine, Counter
from allo_studio.hardware.finish import finish
from allo_studio.hardware.indices import apply_map, unsigned_name
from allo_studio.hardware.iterations import Space
from allo_studio.hardware.modulo import Placement, place, place_once
from allo_studio.hardware.nest import Bounds, Branch, Call, Item, Nested, Pipeline, Segment, WhileLoop, WhilePipeline
from allo_studio.hardware.operations import Dependence, Guard, Operand, OperationGraph, Result
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.reading import bounds_of
from allo_studio.hardware.storage import Storage, storages
from allo_studio.hardware.structure import Structure, is_spatial
from allo_studio.ir import KernelIR, Loop, walk
from allo_studio.ir.attributes import flag, integer_map
from allo_studio.ir.attributes import integer as integer_attribute
from allo_studio.ir.binding import ir as mlir
from allo_studio.ir.views import LOOP_KINDS
from allo_studio.layout import Layout

__all__ = ["Extracted", "extract"]


_REMADE = ("affine.apply", "arith.index_cast", "arith.index_castui")
# What hands the values of a block to what is around it.
_YIELDS = ("scf.yield", "scf.condition")


@dataclass(frozen=True)
class Extracted:
    """A function's control, and the buffers that it has or is given."""

    kernel: KernelIR
    items: tuple[Item, ...]
    storages: tuple[Storage, ...]


_Maker = Callable[[mlir.Operation, tuple[Counter, ...]], list[Item]]


@dataclass
class Functions:
    """The functions that were extracted so far, by name. One that is called with several layouts has several."""

    library: OperatorLibrary
    done: dict[str, Extracted] = field(default_factory=dict)
    layouts: dict[str, dict[str, Layout]] = field(default_factory=dict)

    def named(self, kernel: KernelIR, layouts: dict[str, Layout]) -> str:
        """Return the name of a function's schedule for memories of these layouts; makes it where it is new."""
        name, number = kernel.name, 1
        while name in self.layouts and self.layouts[name] != layouts:
            number += 1
            name = f"{kernel.name}__{number}"
        if name not in self.layouts:
            self.layouts[name] = layouts
            self.done[name] = _Builder(self, kernel, layouts, streams=False).extracted()
        return name


def extract(kernel: KernelIR, library: OperatorLibrary) -> dict[str, Extracted]:
    """Return the control of a kernel, under its name, and of the functions that it calls, every piece scheduled.

    Raises AlloError (code `hardware`, `target`) where it cannot be.
    """
    functions = Functions(library)
    own = _Builder(functions, kernel, {}, streams=True).extracted()
    return {kernel.name: own, **functions.done}


class _Builder:
    """Builds one function. It is the scope of its bodies."""

    def __init__(self, functions: Functions, kernel: KernelIR, layouts: Mapping[str, Layout], streams: bool) -> None:
        self.functions = functions
        self.kernel = kernel
        self.library = functions.library
        self.storages: Mapping[mlir.Value, Storage] = storages(kernel, layouts, streams)
        found = kernel.loops()
        self.loops: Mapping[mlir.Operation, Loop] = {loop.op: loop for loop in found}
        self.structure = Structure(kernel, self.loops, self.remade)
        self.numbers = {loop.op: number for number, loop in enumerate(found)}
        self.counters: Mapping[mlir.Value, Affine] = {
            loop.induction_variable: Affine.of(number) for number, loop in enumerate(found) if loop.kind != "while"
        }
        self.branches = _branches(kernel)
        self.arguments = _ranges(kernel)
        self._live: dict[mlir.Value, int] = {}
        self._adopted: dict[str, Storage] = {}

    def extracted(self) -> Extracted:
        items = self.block(list(self.kernel.body.operations), ())
        own = {storage.key: storage for storage in self.storages.values()}
        return Extracted(self.kernel, items, tuple({**self._adopted, **own}.values()))

    def adopt(self, storage: Storage) -> None:
        """Take over a buffer of a function that was put in."""
        self._adopted[storage.key] = storage

    def live(self, value: mlir.Value) -> int:
        """Return the number of a value that an earlier item computes."""
        return self._live.setdefault(value, len(self._live))

    # Control

    def block(self, views: Sequence[mlir.OpView], outer: tuple[Counter, ...]) -> tuple[Item, ...]:
        """Return the items of operations in order; `outer` are the counters around them."""
        items: list[Item] = []
        straight: list[mlir.Operation] = []
        for view in views:
            op = view.operation
            made = self._control(op)
            if made is None:
                straight.append(op)
                continue
            items += self._segment(straight, outer)
            straight = []
            items += made(op, outer)
        return (*items, *self._segment(straight, outer))

    def _control(self, op: mlir.Operation) -> _Maker | None:
        """Return what makes the items of an operation that is no straight code, else None."""
        if op.name in LOOP_KINDS:
            return None if is_spatial(self.loops[op]) else self._loop
        if op.name == "func.call":
            return self._call
        if op.name == "scf.if" and not self.structure.straight(op):
            return self._branch
        return None

    def _segment(self, ops: Sequence[mlir.Operation], outer: tuple[Counter, ...]) -> list[Item]:
        body = Body(self, repeated=False)
        body.add(ops)
        exports = {self.live(v): body.operand(v) for op in ops for v in op.results if self._used_outside(v, ops)}
        graph = finish(self, body.netlist, Space((), outer, self.arguments), exports)
        return [Segment(graph, _lasting(place_once(graph)))] if graph.operations or exports else []

    def _used_outside(self, value: mlir.Value, ops: Sequence[mlir.Operation]) -> bool:
        """Tell whether something outside of straight code takes a value that is made in it."""
        if isinstance(value.type, mlir.MemRefType) or self.remade(value):
            return False
        # What a block yields is taken by what is around it.
        inside = {op for op in ops if op.name not in _YIELDS}
        return any(_outermost(use.owner.operation, inside) is None for use in value.uses)

    def remade(self, value: mlir.Value) -> bool:
        """Tell whether a value is made where it is needed: a constant, or a function of counters and arguments."""
        name = value.owner.operation.name
        return name == "arith.constant" or (name in _REMADE and self.index(value) is not None)

    def _branch(self, op: mlir.Operation, outer: tuple[Counter, ...]) -> list[Item]:
        sides = []
        for region in op.regions:
            views = [view for block in region.blocks for view in block.operations]
            sides.append(self.block(views, outer))
        ends = [list(region.blocks[0].operations)[-1].operation for region in op.regions] if op.results else []
        results = [
            (self.live(result), self.outside(ends[0].operands[number]), self.outside(ends[1].operands[number]))
            for number, result in enumerate(op.results)
        ]
        then, other = sides
        condition = self.outside(op.operands[0])
        return [Branch(self.branches[op], condition, then, other, tuple(results), self.kernel.span(op))]

    def outside(self, value: mlir.Value) -> Operand:
        """Return a value as an operand of control: earlier items have computed it."""
        return Body(self, repeated=False).operand(value)

    def _call(self, op: mlir.Operation, outer: tuple[Counter, ...]) -> list[Item]:
        callee = self.kernel.at(str(mlir.FlatSymbolRefAttr(op.attributes["callee"]).value))
        arrays, scalars, sizes, layouts = [], [], [], {}
        for argument, value in zip(callee.arguments(), op.operands, strict=True):
            if isinstance(value.type, mlir.MemRefType):
                storage = self.storages[value]
                arrays.append((argument.name, storage.key))
                layouts[argument.name] = storage.layout
            else:
                scalars.append((argument.name, self.outside(value)))
                expression = self.index(value)
                if expression is not None:
                    sizes.append((argument.name, expression))
        name = self.functions.named(callee, layouts)
        return [Call(name, tuple(arrays), tuple(scalars), tuple(sizes), self.kernel.span(op))]

    def _loop(self, op: mlir.Operation, outer: tuple[Counter, ...]) -> list[Item]:
        loop = self.loops[op]
        if loop.kind == "while":
            return [self._while(loop, outer)]
        band = self.structure.perfect_band(loop)
        if band:
            return [self._pipeline(band, outer)]
        counter = self._counter(loop, 1)
        copies = 1 if loop.unroll is None else (loop.unroll or loop.trip or 1)
        body = self.block(list(loop.body.operations), (*outer, counter))
        return [Nested(counter, self.numbers[op], body, copies, self._bounds(loop))]

    def _pipeline(self, band: tuple[Loop, ...], outer: tuple[Counter, ...]) -> Pipeline:
        last = band[-1]
        lanes = last.unroll or 1
        counters = (*(self._counter(loop, 1) for loop in band[:-1]), self._counter(last, lanes))
        body = Body(self, repeated=True)
        ops = [view.operation for view in last.body.operations]
        whole = last.trip is not None and last.trip % lanes == 0
        body.lanes(ops, last.induction_variable, counters[-1], whole)
        graph = finish(self, body.netlist, Space(counters, outer, self.arguments), {})
        numbers = tuple(self.numbers[loop.op] for loop in band)
        rewind, pace = flag(last.op, "allo.rewind"), integer_attribute(last.op, "allo.pace")
        placement = _lasting(place(graph, max(last.pipeline or 1, pace or 1)))
        bounds, paced = self._bounds(band[0]), pace is not None
        return Pipeline(counters, numbers, graph, placement, last.pipeline, bounds, rewind, paced)

    def _while(self, loop: Loop, outer: tuple[Counter, ...]) -> Item:
        before, inside = ([view.operation for view in r.blocks[0].operations] for r in loop.op.regions)
        value = before[-1].operands[0]
        number, span = self.numbers[loop.op], loop.span
        if loop.pipeline == 0 or not self.structure.pipelined(loop):
            test = self.block(list(loop.op.regions[0].blocks[0].operations), outer)
            condition = self.outside(value)
            body = self.block(list(loop.body.operations), outer)
            return WhileLoop(number, loop.id, test, condition, body, span)
        work = Body(self, repeated=True)
        work.add(before[:-1])
        condition = work.operand(value)
        # Beyond the last iteration nothing may be written, so the guard stays to the end.
        work.netlist.guards.append(Guard(condition, True, -1))
        work.add(inside)
        space = Space((_endless(number, loop),), outer, self.arguments)
        graph = _held_back(finish(self, work.netlist, space, {-1: condition}))
        final = graph.exports[-1]
        placement = _lasting(place(graph, loop.pipeline or 1))
        end = 0
        if isinstance(final, Result):
            end = placement.starts[final.operation] + graph.operations[final.operation].latency
        return WhilePipeline(number, loop.id, graph, placement, loop.pipeline, final, end, span)

    # Bounds

    def _counter(self, loop: Loop, lanes: int) -> Counter:
        if loop.kind == "for":
            low, high, step = (self.index(value) for value in list(loop.op.operands)[:3])
            if step is None or not step.is_constant or step.constant < 1:
                raise fault(self.kernel, loop.op, f"the step of loop {loop.id} is computed", "use a constant step")
            lower: tuple[Affine, ...] = () if low is None else (low,)
            upper: tuple[Affine, ...] = () if high is None else (high,)
            by = step.constant
        else:
            (lower, upper), by = bounds_of(loop, self.index), loop.step
        return Counter(self.numbers[loop.op], loop.id, lower, upper, by, lanes, loop.span)

    def _bounds(self, loop: Loop) -> Bounds | None:
        if loop.kind != "for":
            return None
        low, high = list(loop.op.operands)[:2]
        return Bounds(self.outside(low), self.outside(high))

    def index(self, value: mlir.Value) -> Affine | None:
        """Return an integer that is a function of counters and arguments, None where it is computed from data."""
        if value in self.counters:
            return self.counters[value]
        owner = value.owner
        if isinstance(owner, mlir.Block):
            argument = self.kernel.arguments()[mlir.BlockArgument(value).arg_number]
            return Affine.of(argument.name) if isinstance(value.type, mlir.IntegerType) else None
        op = owner.operation
        if op.name == "arith.constant":
            text = str(op.attributes["value"]).partition(" :")[0]
            return Affine((), int(text)) if text.lstrip("-").isdigit() else None
        if op.name == "affine.apply":
            return apply_map(mlir.AffineMapAttr(op.attributes["map"]).value, list(op.operands), self.index)[0]
        if op.name == "arith.index_cast":
            return self.index(op.operands[0])
        if op.name == "arith.index_castui" and isinstance(op.operands[0].owner, mlir.Block):
            return Affine.of(unsigned_name(self.kernel.arguments()[mlir.BlockArgument(op.operands[0]).arg_number].name))
        return None


def _lasting(placement: Placement) -> Placement:
    """Return a placement that takes a cycle at least: control goes on with the cycle after the last one."""
    return placement if placement.depth else replace(placement, interval=max(placement.interval, 1), depth=1)


def _branches(kernel: KernelIR) -> dict[mlir.Operation, int]:
    """Return the number of each `scf.if` of a function."""
    return {op: number for number, op in enumerate(op for op in walk(kernel.body) if op.name == "scf.if")}


def _ranges(kernel: KernelIR) -> dict[str, tuple[int | None, int | None]]:
    """Return the least and greatest value of each whole scalar argument, also as its bits without a sign."""
    maxima = integer_map(kernel.function, "allo.sizes")
    found: dict[str, tuple[int | None, int | None]] = {}
    for argument in kernel.arguments():
        kind = argument.type.element
        if not argument.scalar or kind.is_float:
            continue
        half = 1 << (kind.bits - 1)
        found[argument.name] = (1, maxima[argument.name]) if argument.name in maxima else (-half, half - 1)
        found[unsigned_name(argument.name)] = (0, 2 * half - 1)
    return found


def _held_back(graph: OperationGraph) -> OperationGraph:
    """Let each iteration of a `while` start only after the condition of the one before it is known."""
    condition = graph.exports[-1]
    if not isinstance(condition, Result):
        return graph
    source = condition.operation
    wait = graph.operations[source].latency + 1
    held = tuple(Dependence(source, op.index, 1, wait) for op in graph.operations)
    return replace(graph, dependences=(*graph.dependences, *held))


def _endless(number: int, loop: Loop) -> Counter:
    """Return a counter of which nothing is known but that it goes on by one."""
    return Counter(number, loop.id, (), (), 1, 1, loop.span)


def _outermost(op: mlir.Operation, inside: set[mlir.Operation]) -> mlir.Operation | None:
    """Return the operation of `inside` that an operation is, or is in; None where there is none."""
    while op.name != "func.func":
        if op in inside:
            return op
        parent = op.parent
        if parent is None:
            return None
        op = parent.operation
    return None
