"""What a kernel's module contains, as values: loops, buffers and arguments.

A view stays valid as long as its module is not changed; primitives take views of the clone that they are about to
change, and ask again after each change. Each view holds the module: MLIR's operations alone do not keep it alive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, cast

from allo_studio.ir.attributes import flag, strings, symbol, text, text_map
from allo_studio.ir.attributes import integer as integer_attribute
from allo_studio.ir.binding import ir
from allo_studio.ir.linear import LinearExpr, linear_of, map_results
from allo_studio.layout import Layout
from allo_studio.source import Source, Span
from allo_studio.types import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, INDEX, ArrayType, ScalarType, integer, parse_type

__all__ = [
    "LOOP_KINDS",
    "Argument",
    "Buffer",
    "BufferKind",
    "Direction",
    "Loop",
    "LoopKind",
    "array_type",
    "declared_type",
    "find_buffers",
    "find_loops",
    "walk",
]

Direction = Literal["in", "out", "inout"]
# `constant` is a table of values, `state` a memory that keeps its contents between calls.
BufferKind = Literal["argument", "local", "constant", "state"]
LoopKind = Literal["affine", "for", "while"]
LOOP_KINDS: dict[str, LoopKind] = {"affine.for": "affine", "scf.for": "for", "scf.while": "while"}


@dataclass(frozen=True)
class Argument:
    """An argument of the kernel. `scalar` means passed by value (else rank 0 is a memory of one element)."""

    name: str
    type: ArrayType
    direction: Direction
    scalar: bool
    value: ir.Value = field(repr=False, compare=False)
    module: ir.Module = field(repr=False, compare=False)


@dataclass(frozen=True)
class Buffer:
    """A memory of the kernel: an argument that is one, or one of its own (`direction` is None then).

    `memory` is the text of the declaration's `Memory(...)`, empty where it has none.
    """

    name: str
    type: ArrayType
    value: ir.Value = field(repr=False, compare=False)
    kind: BufferKind
    direction: Direction | None
    layout: Layout
    span: Span | None
    module: ir.Module = field(repr=False, compare=False)
    memory: str = ""


@dataclass(frozen=True, eq=False)
class Loop:
    """A loop. Bounds are half open; `lower`, `upper` and `trip` are None where they are not constant.

    `kind` is `affine` for an `affine.for`, whose bounds are affine in outer variables and symbols; `for` for an
    `scf.for`, whose bounds are computed; `while` for an `scf.while`, which has neither variable nor bounds.

    `band` is the name of the nest that the loop is in (empty where it has none), `id` the shortest unambiguous name.
    `pipeline` is the II asked for (0: off, None: nothing asked), `unroll` the lanes (0: fully, None: not unrolled).
    """

    op: ir.Operation = field(repr=False)
    name: str
    band: str
    id: str
    lower: int | None
    upper: int | None
    lower_expr: LinearExpr | None = field(repr=False)
    upper_expr: LinearExpr | None = field(repr=False)
    step: int
    depth: int
    parent: Loop | None = field(repr=False)
    pipeline: int | None
    unroll: int | None
    reduction: bool
    role: str | None
    span: Span | None = field(repr=False)
    module: ir.Module = field(repr=False)
    kind: LoopKind = "affine"
    _children: list[Loop] = field(default_factory=list, repr=False)

    @property
    def children(self) -> tuple[Loop, ...]:
        """The loops directly inside, in order."""
        return tuple(self._children)

    @property
    def body(self) -> ir.Block:
        """The block of the loop's body."""
        return self.op.regions[1 if self.kind == "while" else 0].blocks[0]

    @property
    def induction_variable(self) -> ir.Value:
        """The value of the loop's variable, of type index; raises ValueError for a `while`."""
        if self.kind == "while":
            raise ValueError(f"loop {self.id} is a while and has no variable")
        return self.body.arguments[0]

    @property
    def trip(self) -> int | None:
        """How often the body runs."""
        if self.lower is None or self.upper is None:
            return None
        return max(0, -(-(self.upper - self.lower) // self.step))

    def ancestors(self) -> tuple[Loop, ...]:
        """Return the loops around this one, the outermost first."""
        return (*self.parent.ancestors(), self.parent) if self.parent else ()

    def descendants(self) -> tuple[Loop, ...]:
        """Return the loops inside this one, in pre-order."""
        return tuple(found for child in self._children for found in (child, *child.descendants()))


def walk(block: ir.Block) -> Iterator[ir.Operation]:
    """Yield all operations of a block and inside them, in pre-order."""
    for op in block.operations:
        yield op.operation
        for region in op.operation.regions:
            for inner in region.blocks:
                yield from walk(inner)


def array_type(mlir_type: ir.Type) -> ArrayType:
    """Return the type of a memref or scalar as MLIR tells it; raises ValueError where the language has no such type.

    Integers come out signed: what a buffer or argument was declared as is in its view (see `declared_type`).
    """
    if isinstance(mlir_type, ir.MemRefType):
        return ArrayType(_scalar(mlir_type.element_type), tuple(int(extent) for extent in mlir_type.shape))
    return ArrayType(_scalar(mlir_type))


_FLOATS = {kind.mlir: kind for kind in (BFLOAT16, FLOAT16, FLOAT32, FLOAT64)}


def _scalar(mlir_type: ir.Type) -> ScalarType:
    if isinstance(mlir_type, ir.IntegerType):
        return integer(int(mlir_type.width))
    if isinstance(mlir_type, ir.IndexType):
        return INDEX
    spelling = str(mlir_type)
    if spelling in _FLOATS:
        return _FLOATS[spelling]
    raise ValueError(f"the kernel language has no type for {spelling}")


def declared_type(op: ir.Operation) -> ArrayType:
    """Return the type that a local memory (`memref.alloc`, `memref.get_global`) was declared with."""
    declared = text(op, "allo.type")
    return parse_type(declared) if declared else array_type(op.results[0].type)


def find_arguments(function: ir.Operation, module: ir.Module) -> tuple[Argument, ...]:
    """Return the function's arguments in order."""
    values = function.regions[0].blocks[0].arguments
    names, directions = strings(function, "allo.args"), strings(function, "allo.directions")
    declared = text_map(function, "allo.types")
    return tuple(
        Argument(
            name,
            parse_type(declared[name]) if name in declared else array_type(value.type),
            cast(Direction, direction),
            not isinstance(value.type, ir.MemRefType),
            value,
            module,
        )
        for name, direction, value in zip(names, directions, values, strict=True)
    )


def find_buffers(function: ir.Operation, span_of: SpanOf, module: ir.Module) -> tuple[Buffer, ...]:
    """Return the memories of a function: arguments that are not passed by value, then its own in program order."""
    layouts = {name: Layout.parse(entry) for name, entry in text_map(function, "allo.layouts").items()}
    memories = text_map(function, "allo.memories")
    found = []
    for known in find_arguments(function, module):
        if known.scalar:
            continue
        layout = layouts.get(known.name, Layout.plain(len(known.type.shape)))
        span, memory = span_of(known.value.location), memories.get(known.name, "")
        found.append(
            Buffer(known.name, known.type, known.value, "argument", known.direction, layout, span, module, memory)
        )
    states = {text(op.operation, "sym_name") for op in module.body.operations if _is_state(op.operation)}
    for op in walk(function.regions[0].blocks[0]):
        kind: BufferKind = "local"
        if op.name == "memref.get_global":
            kind = "state" if symbol(op, "name") in states else "constant"
        elif op.name != "memref.alloc":
            continue
        name, shape = text(op, "allo.name") or "", declared_type(op)
        layout = layouts.get(name, Layout.plain(len(shape.shape)))
        memory = text(op, "allo.memory") or ""
        found.append(Buffer(name, shape, op.result, kind, None, layout, span_of(op.location), module, memory))
    return tuple(found)


def _is_state(op: ir.Operation) -> bool:
    return bool(op.name == "memref.global") and "constant" not in op.attributes


def find_loops(function: ir.Operation, span_of: SpanOf, module: ir.Module) -> tuple[Loop, ...]:
    """Return all loops of the function in pre-order."""
    places: list[tuple[ir.Operation, int | None]] = []
    _collect(function.regions[0].blocks[0], None, places)
    names = [text(op, "allo.name") or "" for op, _ in places]
    counts = Counter(names)
    found: list[Loop] = []
    for (op, outer), name in zip(places, names, strict=True):
        parent = None if outer is None else found[outer]
        band = text(op, "allo.band") or (parent.band if parent else "")
        known = name if counts[name] == 1 or not band else f"{band}:{name}"
        found.append(_loop(op, parent, (name, band, known), span_of(op.location), module))
        if parent:
            parent._children.append(found[-1])
    return tuple(found)


class SpanOf:
    """Tells the place in the source of an MLIR location; the source's path must be the location's file."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def __call__(self, location: ir.Location) -> Span | None:
        """Return the place, or None where the location is of no text of this source."""
        if isinstance(location, ir.NameLoc):
            return self(location.child_loc)
        if isinstance(location, ir.FusedLoc):
            return next((span for part in location.locations if (span := self(part))), None)
        if not isinstance(location, ir.FileLineColLoc) or str(location.filename) != self._source.path:
            return None
        end_line, end_column = int(location.end_line), int(location.end_col)
        start_line, start_column = int(location.start_line), int(location.start_col)
        if (end_line, end_column) <= (start_line, start_column):
            return Span.at(self._source, start_line, start_column)
        return Span(self._source, start_line, start_column, end_line, end_column)


def _collect(block: ir.Block, outer: int | None, found: list[tuple[ir.Operation, int | None]]) -> None:
    """Add the loops of a block, each with the number of the one around it."""
    for view in block.operations:
        op, inside = view.operation, outer
        if op.name in LOOP_KINDS:
            inside = len(found)
            found.append((op, outer))
        for region in op.regions:
            for inner in region.blocks:
                _collect(inner, inside, found)


def _loop(
    op: ir.Operation, parent: Loop | None, names: tuple[str, str, str], span: Span | None, module: ir.Module
) -> Loop:
    """Return the view of a loop; `names` are its name, its band and its id."""
    kind = LOOP_KINDS[op.name]
    step: int | None = 1
    if kind == "affine":
        (lower, lower_expr), (upper, upper_expr) = _bounds(op)
        step = integer_attribute(op, "step")
    elif kind == "for":
        (lower, lower_expr), (upper, upper_expr), (step, _) = (_operand(value) for value in list(op.operands)[:3])
    else:
        lower = upper = lower_expr = upper_expr = None
    name, band, known = names
    return Loop(
        op=op,
        name=name,
        band=band,
        id=known,
        lower=lower,
        upper=upper,
        lower_expr=lower_expr,
        upper_expr=upper_expr,
        step=step or 1,
        depth=parent.depth + 1 if parent else 0,
        parent=parent,
        pipeline=integer_attribute(op, "allo.pipeline"),
        unroll=integer_attribute(op, "allo.unroll"),
        reduction=flag(op, "allo.reduction"),
        role=text(op, "allo.role"),
        span=span,
        module=module,
        kind=kind,
    )


_Bound = tuple[int | None, LinearExpr | None]


def _operand(value: ir.Value) -> _Bound:
    expression = linear_of(value)
    return (expression.constant if expression is not None and expression.is_constant else None), expression


def _bounds(op: ir.Operation) -> tuple[_Bound, _Bound]:
    lower_map = ir.AffineMapAttr(op.attributes["lowerBoundMap"]).value
    upper_map = ir.AffineMapAttr(op.attributes["upperBoundMap"]).value
    operands = list(op.operands)
    lower = map_results(lower_map, operands[: lower_map.n_inputs])
    upper = map_results(upper_map, operands[lower_map.n_inputs : lower_map.n_inputs + upper_map.n_inputs])
    return _bound(lower, lowest=False), _bound(upper, lowest=True)


def _bound(results: tuple[LinearExpr | None, ...], lowest: bool) -> _Bound:
    """Return a bound as a number and as an expression: several results mean their least or their greatest."""
    constants = [result.constant for result in results if result is not None and result.is_constant]
    if len(constants) == len(results):
        number = min(constants) if lowest else max(constants)
        return number, LinearExpr.number(number)
    return None, results[0] if len(results) == 1 else None
