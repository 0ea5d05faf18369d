"""What a kernel's module contains, as values: loops, buffers and arguments.

A view stays valid as long as its module is not changed; primitives take views of the clone that they are about to
change, and ask again after each change. Each view holds the module: MLIR's operations alone do not keep it alive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, cast

from allo_studio.ir.attributes import flag, integer, strings, text
from allo_studio.ir.binding import ir
from allo_studio.ir.linear import LinearExpr, map_results
from allo_studio.layout import Layout
from allo_studio.source import Source, Span
from allo_studio.types import SCALARS, ArrayType, ScalarType

__all__ = ["Argument", "Buffer", "Direction", "Loop", "array_type", "find_loops", "walk"]

Direction = Literal["in", "out", "inout"]


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
    """A memory of the kernel: an argument that is one, or a local array or variable (`direction` is None)."""

    name: str
    type: ArrayType
    value: ir.Value = field(repr=False, compare=False)
    kind: Literal["argument", "local"]
    direction: Direction | None
    layout: Layout
    span: Span | None
    module: ir.Module = field(repr=False, compare=False)


@dataclass(frozen=True, eq=False)
class Loop:
    """An `affine.for`. Bounds are half open; `lower`, `upper` and `trip` are None where they are not constant.

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
    _children: list[Loop] = field(default_factory=list, repr=False)

    @property
    def children(self) -> tuple[Loop, ...]:
        """The loops directly inside, in order."""
        return tuple(self._children)

    @property
    def body(self) -> ir.Block:
        """The block of the loop's body."""
        return self.op.regions[0].blocks[0]

    @property
    def induction_variable(self) -> ir.Value:
        """The value of the loop's variable, of type index."""
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
    """Return the type of a memref or scalar; raises ValueError where the language has no such type."""
    if isinstance(mlir_type, ir.MemRefType):
        return ArrayType(_scalar(mlir_type.element_type), tuple(int(extent) for extent in mlir_type.shape))
    return ArrayType(_scalar(mlir_type))


def _scalar(mlir_type: ir.Type) -> ScalarType:
    spelling = str(mlir_type)
    for known in SCALARS.values():
        if known.mlir == spelling:
            return known
    raise ValueError(f"the kernel language has no type for {spelling}")


def find_arguments(function: ir.Operation, module: ir.Module) -> tuple[Argument, ...]:
    """Return the function's arguments in order."""
    values = function.regions[0].blocks[0].arguments
    names, directions = strings(function, "allo.args"), strings(function, "allo.directions")
    return tuple(
        Argument(
            name,
            array_type(value.type),
            cast(Direction, direction),
            not isinstance(value.type, ir.MemRefType),
            value,
            module,
        )
        for name, direction, value in zip(names, directions, values, strict=True)
    )


def find_loops(function: ir.Operation, span_of: SpanOf, module: ir.Module) -> tuple[Loop, ...]:
    """Return all loops of the function in pre-order."""
    found: list[Loop] = []
    _collect(function.regions[0].blocks[0], None, _Reader(span_of, module), found)
    counts = Counter(loop.name for loop in found)
    renamed: dict[int, Loop] = {}
    for loop in found:
        known = loop.name if counts[loop.name] == 1 or not loop.band else f"{loop.band}:{loop.name}"
        parent = renamed[id(loop.parent)] if loop.parent else None
        renamed[id(loop)] = replace(loop, id=known, parent=parent, _children=[])
        if parent:
            parent._children.append(renamed[id(loop)])
    return tuple(renamed.values())


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


@dataclass(frozen=True)
class _Reader:
    span_of: SpanOf
    module: ir.Module


def _collect(block: ir.Block, parent: Loop | None, reader: _Reader, found: list[Loop]) -> None:
    for op in block.operations:
        inside = parent
        if op.operation.name == "affine.for":
            inside = _loop(op.operation, parent, reader)
            found.append(inside)
        for region in op.operation.regions:
            for inner in region.blocks:
                _collect(inner, inside, reader, found)


def _loop(op: ir.Operation, parent: Loop | None, reader: _Reader) -> Loop:
    (lower, lower_expr), (upper, upper_expr) = _bounds(op)
    name = text(op, "allo.name") or ""
    return Loop(
        op=op,
        name=name,
        band=text(op, "allo.band") or (parent.band if parent else ""),
        id=name,
        lower=lower,
        upper=upper,
        lower_expr=lower_expr,
        upper_expr=upper_expr,
        step=integer(op, "step") or 1,
        depth=parent.depth + 1 if parent else 0,
        parent=parent,
        pipeline=integer(op, "allo.pipeline"),
        unroll=integer(op, "allo.unroll"),
        reduction=flag(op, "allo.reduction"),
        role=text(op, "allo.role"),
        span=reader.span_of(op.location),
        module=reader.module,
    )


_Bound = tuple[int | None, LinearExpr | None]


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
