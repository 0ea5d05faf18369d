"""From a kernel's IR to its control and operations: what is pipelined, flattened, unrolled, and each lane's work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from allo_studio.analysis.sets import loop_bounds
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.accesses import Access, dependences
from allo_studio.hardware.counters import Affine, Counter
from allo_studio.hardware.modulo import place, place_once
from allo_studio.hardware.nest import Item, Nested, Pipeline, Segment
from allo_studio.hardware.operations import Dependence, Operation, OperationGraph
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.storage import Storage, storages
from allo_studio.hardware.supported import FREE, OPERATORS, require_supported
from allo_studio.ir import KernelIR, LinearExpr, Loop, access_of
from allo_studio.ir.binding import ir as mlir

__all__ = ["MOST_OPERATIONS", "build_items"]

# More operations in one pipelined iteration than this is no design but a slip (a huge loop unrolled).
MOST_OPERATIONS = 20_000


def build_items(kernel: KernelIR, library: OperatorLibrary) -> tuple[Item, ...]:
    """Return the kernel's control, every piece of it scheduled; raises AlloError where it cannot be."""
    require_supported(kernel)
    return _Builder(kernel, library).block(kernel.body, ())


class _Builder:
    def __init__(self, kernel: KernelIR, library: OperatorLibrary) -> None:
        self.kernel = kernel
        self.library = library
        self.storages = storages(kernel, library)
        self.loops = {loop.op: loop for loop in kernel.loops()}
        self.keys = {loop.induction_variable: number for number, loop in enumerate(kernel.loops())}

    def block(self, block: mlir.Block, outer: tuple[Counter, ...]) -> tuple[Item, ...]:
        """Return the items of a block; `outer` are the counters around it."""
        items: list[Item] = []
        straight: list[mlir.Operation] = []
        for op in block.operations:
            loop = self.loops.get(op.operation)
            if loop is None or _spatial(loop):
                straight.append(op.operation)
                continue
            items += self._segment(straight, outer)
            straight = []
            items.append(self._loop(loop, outer))
        return (*items, *self._segment(straight, outer))

    def _segment(self, ops: Sequence[mlir.Operation], outer: tuple[Counter, ...]) -> list[Item]:
        graph = _Lanes(self, (), outer).graph(ops)
        return [Segment(graph, place_once(graph))] if graph.operations else []

    def _loop(self, loop: Loop, outer: tuple[Counter, ...]) -> Item:
        band = self._perfect_band(loop)
        if band:
            return self._pipeline(band, outer)
        counter = replace(self._counter(loop), lanes=1)
        copies = 1 if loop.unroll is None else (loop.unroll or loop.trip or 1)
        return Nested(counter, self.block(loop.body, (*outer, counter)), copies)

    def _perfect_band(self, loop: Loop) -> tuple[Loop, ...]:
        """Return the loops from `loop` to a pipelined one, where nothing but loops is between; else nothing."""
        band = [loop]
        while not _pipelined(band[-1]):
            inner = [self.loops[op.operation] for op in band[-1].body.operations if op.operation in self.loops]
            other = [op for op in band[-1].body.operations if op.operation not in self.loops]
            if len(inner) != 1 or any(op.operation.name not in FREE - {"memref.alloc"} for op in other):
                return ()
            if band[-1].unroll is not None or not _constant_bounds(inner[0]):
                return ()
            band.append(inner[0])
        return tuple(band) if band[-1].pipeline != 0 else ()

    def _pipeline(self, band: tuple[Loop, ...], outer: tuple[Counter, ...]) -> Pipeline:
        counters = tuple(self._counter(loop) for loop in band)
        lanes = _Lanes(self, counters, outer)
        graph = lanes.graph([op.operation for op in band[-1].body.operations], band[-1])
        asked = band[-1].pipeline
        return Pipeline(counters, graph, place(graph, asked or 1), asked)

    def _counter(self, loop: Loop) -> Counter:
        lower, upper = loop_bounds(loop)
        lanes = loop.unroll or 1
        return Counter(
            self.keys[loop.induction_variable],
            loop.id,
            tuple(self.affine(bound) for bound in lower),
            tuple(self.affine(bound) for bound in upper),
            loop.step,
            lanes,
            loop.span,
        )

    def affine(self, expression: LinearExpr | None) -> Affine:
        """Return an expression of induction variables in terms of counters."""
        if expression is None:
            raise AlloError(
                Diagnostic("hardware", f"kernel {self.kernel.name} has an index that is not linear in its loops")
            )
        return Affine(tuple(sorted((self.keys[v], f) for v, f in expression.terms)), expression.constant)


def _spatial(loop: Loop) -> bool:
    """Tell whether a loop is nothing but lanes: fully unrolled, with all that is inside."""
    return loop.unroll == 0 and all(inner.unroll == 0 for inner in loop.descendants())


def _pipelined(loop: Loop) -> bool:
    """Tell whether a loop ends a nest: pipelined by request, or innermost but for lanes."""
    return bool(loop.pipeline) or all(inner.unroll == 0 for inner in loop.descendants())


def _constant_bounds(loop: Loop) -> bool:
    return loop.lower is not None and loop.upper is not None


@dataclass
class _Body:
    operations: list[Operation]
    dependences: list[Dependence]
    accesses: list[Access]
    streams: dict[str, int]


class _Lanes:
    """Expands a body into the operations of all its lanes."""

    def __init__(self, builder: _Builder, counters: tuple[Counter, ...], outer: tuple[Counter, ...]) -> None:
        self.builder = builder
        self.counters = counters
        self.outer = {c.key: c for c in (*outer, *counters)}
        self.body = _Body([], [], [], {})
        self.made: dict[mlir.Value, int] = {}
        # How often each buffer that is declared in this body was made: a lane has its own variables.
        self.fresh: dict[mlir.Value, int] = {}

    def graph(self, ops: Sequence[mlir.Operation], loop: Loop | None = None) -> OperationGraph:
        """Return the operations of one iteration of `loop` (or of straight code)."""
        lanes = self.counters[-1].lanes if loop and self.counters else 1
        for lane in range(lanes):
            at: dict[mlir.Value, tuple[Affine, int]] = {}
            if loop and lanes > 1:
                # Lanes of a partly unrolled loop are consecutive iterations from where the group starts.
                key = self.builder.keys[loop.induction_variable]
                at[loop.induction_variable] = (Affine(((key, 1),)), lane * loop.step)
            self._expand(ops, at)
        memory = list(dependences(self.body.accesses, self.counters, self.outer))
        return OperationGraph(
            tuple(self.body.operations),
            tuple(dict.fromkeys((*self.body.dependences, *memory))),
            self.builder.library.usable_ns,
            self.body.streams,
        )

    def _expand(self, ops: Sequence[mlir.Operation], at: Mapping[mlir.Value, tuple[Affine, int]]) -> None:
        for op in ops:
            loop = self.builder.loops.get(op)
            if loop is not None:
                self._expand_loop(loop, at)
            elif op.name in ("affine.load", "affine.store"):
                self._access(op, at)
            elif op.name == "memref.alloc":
                self.fresh[op.results[0]] = self.fresh.get(op.results[0], -1) + 1
            elif op.name in OPERATORS:
                self._operator(op)
            elif op.name not in FREE:
                raise self._fault(f"no hardware operator does {op.name}", op)

    def _expand_loop(self, loop: Loop, at: Mapping[mlir.Value, tuple[Affine, int]]) -> None:
        counter = self.builder._counter(loop)
        first = [bound.constant for bound in counter.lower if not bound.terms]
        last = [bound.constant for bound in counter.upper if not bound.terms]
        if len(first) != len(counter.lower) or not last:
            raise self._fault(f"loop {loop.id} has no constant bounds and cannot be unrolled", loop.op)
        inside = [op.operation for op in loop.body.operations]
        for value in range(max(first), min(last), loop.step):
            self._expand(inside, {**at, loop.induction_variable: (Affine(), value)})
            if len(self.body.operations) > MOST_OPERATIONS:
                raise self._fault(f"unrolling makes more than {MOST_OPERATIONS} operations an iteration", loop.op)

    def _operator(self, op: mlir.Operation) -> None:
        known = self.builder.library.operator(OPERATORS[op.name])
        operation = Operation(
            len(self.body.operations),
            known.name,
            known.name,
            known.latency,
            known.delay_in,
            known.delay_out,
            known.name,
            span=self.builder.kernel.span(op),
        )
        self._add(operation, list(op.operands))
        self.made[op.results[0]] = operation.index

    def _access(self, op: mlir.Operation, at: Mapping[mlir.Value, tuple[Affine, int]]) -> None:
        write = op.name == "affine.store"
        buffer = op.operands[1 if write else 0]
        storage = self.builder.storages[buffer]
        inputs = [op.operands[0]] if write else []
        if storage.stream and storage.name in self.body.streams:
            # The lanes of a token are one access of the stream.
            index = self.body.streams[storage.name]
            self._feed(index, inputs)
            if not write:
                self.made[op.results[0]] = index
            return
        subscripts = self._subscripts(op, at)
        index = len(self.body.operations)
        operation = _access_operation(index, storage, subscripts, write, self.builder, op)
        self._add(operation, inputs)
        if storage.stream:
            self.body.streams[storage.name] = index
        else:
            # Registers are made for each lane; the lanes share a memory, which costs more than it is worth.
            lane = f"#{self.fresh[buffer]}" if buffer in self.fresh and storage.register else ""
            name = f"{storage.name}{lane}"
            access = Access(index, name, write, subscripts, storage.register, buffer in self.fresh)
            self.body.accesses.append(access)
        if not write:
            self.made[op.results[0]] = index

    def _subscripts(self, op: mlir.Operation, at: Mapping[mlir.Value, tuple[Affine, int]]) -> tuple[Affine, ...]:
        found = access_of(op)
        if found is None:
            raise self._fault("a subscript is not linear in the loops", op)
        result = []
        for expression in found:
            terms: dict[int, int] = {}
            constant = expression.constant
            for value, factor in expression.terms:
                base, offset = at.get(value) or (Affine(((self.builder.keys[value], 1),)), 0)
                constant += factor * offset
                for key, inner in base.terms:
                    terms[key] = terms.get(key, 0) + factor * inner
            result.append(Affine(tuple(sorted((k, f) for k, f in terms.items() if f)), constant))
        return tuple(result)

    def _add(self, operation: Operation, inputs: Sequence[mlir.Value]) -> None:
        self.body.operations.append(operation)
        self._feed(operation.index, inputs)

    def _feed(self, index: int, inputs: Sequence[mlir.Value]) -> None:
        for value in inputs:
            if value in self.made:
                self.body.dependences.append(Dependence(self.made[value], index))

    def _fault(self, message: str, op: mlir.Operation) -> AlloError:
        return AlloError(Diagnostic("hardware", message, self.builder.kernel.span(op)))


def _access_operation(
    index: int, storage: Storage, subscripts: tuple[Affine, ...], write: bool, builder: _Builder, op: mlir.Operation
) -> Operation:
    memory = builder.library.memory
    registered = storage.register or bool(storage.stream)
    kind = "store" if write else "load"
    if storage.stream:
        kind = "write" if write else "read"
    return Operation(
        index,
        # Reading a register is a wire: it takes no cycle of its own.
        "wire" if storage.register and not write else kind,
        f"{kind} {storage.name}",
        latency=0 if write or registered else memory.read_latency,
        delay_in=memory.delay_in if write and not registered else 0.0,
        delay_out=0.0 if write or registered else memory.delay_out,
        buffer=storage.name,
        use=storage.port_use(subscripts, write),
        span=builder.kernel.span(op),
    )
