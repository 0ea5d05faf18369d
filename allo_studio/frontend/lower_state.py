"""What lowering has made so far, shared by its parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from allo_studio.frontend.lower_access import divide
from allo_studio.frontend.tree import Division, Memory, Variable
from allo_studio.frontend.tree_statements import Statement
from allo_studio.ir import LinearExpr
from allo_studio.ir import build as make
from allo_studio.ir.binding import arith, ir

__all__ = ["State", "fresh"]


@dataclass
class State:
    """What has been made so far of one function: values of memories and variables, and the names taken.

    `block` lowers statements at an insertion point: values that hold statements (calls, lazy operands) need it.
    `nest` is the name of the nest around the present place, "" outside of loops. `changed` are the memories that a
    statement writes to, `partly_set` those that start as 0 because only parts of them are set at first.
    """

    module: ir.Module
    entry: ir.Block
    block: Callable[[tuple[Statement, ...], ir.InsertionPoint, State], None]
    nest: str = ""
    changed: set[Memory] = field(default_factory=set)
    partly_set: set[Memory] = field(default_factory=set)
    memories: dict[Memory, ir.Value] = field(default_factory=dict)
    variables: dict[Variable, LinearExpr] = field(default_factory=dict)
    symbols: dict[Memory, ir.Value] = field(default_factory=dict)
    buffers: dict[Memory, str] = field(default_factory=dict)
    bands: set[str] = field(default_factory=set)
    made_bands: set[str] = field(default_factory=set)
    made_up: set[str] = field(default_factory=set)
    written_names: set[str] = field(default_factory=set)
    loop_names: dict[str, set[str]] = field(default_factory=dict)

    def index(self, expression: LinearExpr, at: ir.InsertionPoint, place: ir.Location | None = None) -> LinearExpr:
        """Return an index expression with MLIR values in the place of variables, sizes and divisions."""
        terms: list[tuple[ir.Value, int]] = []
        constant = expression.constant
        for part, factor in expression.terms:
            found = self._part(part, at, place)
            terms += [(value, inner * factor) for value, inner in found.terms]
            constant += found.constant * factor
        return LinearExpr.collect(terms, constant)

    def _part(self, part: Variable | Memory | Division, at: ir.InsertionPoint, place: ir.Location | None) -> LinearExpr:
        if isinstance(part, Variable):
            return self.variables[part]
        if isinstance(part, Memory):
            return LinearExpr.of(self._symbol(part))
        return LinearExpr.of(divide(self.index(part.operand, at, place), part.divisor, part.remainder, at, place))

    def _symbol(self, scalar: Memory) -> ir.Value:
        """Return a scalar argument as an index, made once at the start of the function."""
        if scalar not in self.symbols:
            start = ir.InsertionPoint.at_block_begin(self.entry)
            place = make.location_of(scalar.span)
            made = arith.IndexCastOp(ir.IndexType.get(), self.memories[scalar], loc=place, ip=start).result
            self.symbols[scalar] = made
        return self.symbols[scalar]

    def band(self, wanted: str | None, stem: str) -> str:
        """Return the name of a nest: the one that the text gives, or one made of `stem` that is free."""
        if wanted:
            # A nest that is repeated while compiling comes several times.
            name = fresh(wanted, self.bands) if wanted in self.made_bands else wanted
            self.made_bands.add(name)
            self.bands.add(name)
            return name
        first = next(name for number in count() if (name := f"{stem}{number or ''}") not in self.bands)
        self.bands.add(first)
        return first

    def buffer_name(self, wanted: str) -> str:
        """Return a name for a memory that the text does not have."""
        taken = set(self.buffers.values()) | self.made_up
        name = wanted if wanted not in taken else fresh(wanted, taken)
        self.made_up.add(name)
        return name

    def loop_name(self, wanted: str, band: str, made_up: bool = False) -> str:
        """Return a name that no other loop of the nest has; made-up names also keep clear of those in the text."""
        taken = self.loop_names.setdefault(band, set())
        clash = wanted in taken or (made_up and wanted in self.written_names)
        name = fresh(wanted, taken | self.written_names) if clash else wanted
        taken.add(name)
        return name


def fresh(wanted: str, taken: set[str]) -> str:
    """Return `wanted` with the least number that makes it a name that is not taken."""
    return next(name for number in count(1) if (name := f"{wanted}_{number}") not in taken)
