"""When an operation runs: the iterations of the loops around it that its branches let through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from allo_studio.analysis.notation import Names, Notation, bound_texts, condition, index_text, notation_of
from allo_studio.analysis.sets import IslSet, isl_set, tuple_text
from allo_studio.ir import Loop, linear_of
from allo_studio.ir.binding import ir

__all__ = ["Domain", "Frame", "domain_of", "domain_set", "enclosing"]


@dataclass(frozen=True, eq=False)
class Frame:
    """A region that may or may not run, or of which it is not known how often.

    Two operations in it run together, or not at all, where they are in one iteration of the outermost `level` loops:
    those around it and, where it is a loop, itself.
    """

    op: ir.Operation
    region: int
    level: int

    def same(self, other: Frame) -> bool:
        """Tell whether both are one region."""
        return bool(self.op == other.op) and self.region == other.region


@dataclass(frozen=True, eq=False)
class Domain:
    """Iterations of `depth` loops, as conditions on i0 … in isl's notation.

    `vague` are the regions around that may or may not run, the outermost first: with any, the conditions allow more
    than what happens.
    """

    notation: Notation
    names: Names
    depth: int = 0
    conditions: tuple[str, ...] = ()
    vague: tuple[Frame, ...] = ()

    @property
    def tuple(self) -> str:
        """The dimensions, `[i0, i1]`."""
        return tuple_text(f"i{depth}" for depth in range(self.depth))

    @cached_property
    def text(self) -> str:
        """The iterations as a set in isl's notation."""
        said = " and ".join([*self.notation.context, *self.conditions])
        return f"{self.notation.parameters}{{ {self.tuple}{' : ' if said else ''}{said} }}"

    @property
    def set(self) -> IslSet:
        """The iterations as an isl set."""
        return isl_set(self.text)

    def enter_loop(self, loop: Loop) -> Domain:
        """Return the iterations inside of a loop."""
        variable, depth = f"i{self.depth}", self.depth + 1
        if loop.kind == "while":
            found, exact, names = [f"{variable} >= 0"], False, self.names
        else:
            found, exact = _loop_conditions(loop, variable, self.names)
            names = {**self.names, loop.induction_variable: variable}
        vague = self.vague if exact else (*self.vague, Frame(loop.op, 0, depth))
        return Domain(self.notation, names, depth, (*self.conditions, *found), vague)

    def enter_branch(self, op: ir.Operation, region: int) -> Domain:
        """Return the iterations inside of a region of an operation that is no loop."""
        if op.name != "scf.if":
            return self._may(op, region)
        found = condition(op.operands[0], region == 0, self.names)
        inside = replace(self, conditions=(*self.conditions, f"({found.text})")) if found.text else self
        return inside if found.exact else inside._may(op, region)

    def _may(self, op: ir.Operation, region: int = 0) -> Domain:
        return replace(self, vague=(*self.vague, Frame(op, region, self.depth)))


def _loop_conditions(loop: Loop, variable: str, names: Names) -> tuple[list[str], bool]:
    """Return the conditions on a loop's variable, and whether they say precisely which values it takes."""
    if loop.kind == "affine":
        lower, upper = bound_texts(loop.op, names)
        step: int | None = loop.step
    else:
        low, high, by = list(loop.op.operands)[:3]
        lower, upper = [index_text(low, names)], [index_text(high, names)]
        known = linear_of(by)
        step = known.constant if known is not None and known.is_constant else None
    starts = [text for text in lower if text is not None]
    found = [f"{text} <= {variable}" for text in starts]
    found += [f"{variable} < {text}" for text in upper if text is not None]
    exact = None not in lower and None not in upper and step is not None
    if step is not None and step > 1 and None not in lower:
        found.append(f"({' or '.join(_stride(variable, text, starts, step) for text in starts)})")
    return found, exact


def _stride(variable: str, start: str, starts: Sequence[str], step: int) -> str:
    greatest = [f"{start} >= {other}" for other in starts if other != start]
    return f"({' and '.join([f'({variable} - ({start})) mod {step} = 0', *greatest])})"


def enclosing(op: ir.Operation) -> list[tuple[ir.Operation, int]]:
    """Return the operations around one, up to its function, with the number of the region; the outermost first."""
    found: list[tuple[ir.Operation, int]] = []
    while (parent := op.parent) is not None and parent.operation.name != "builtin.module":
        block, outer = ir.InsertionPoint(op).block, parent.operation
        number = next(n for n, region in enumerate(outer.regions) if any(b == block for b in region.blocks))
        found.append((outer, number))
        op = outer
    return found[::-1]


def domain_of(notation: Notation, loops: Sequence[Loop]) -> Domain:
    """Return the iterations of the innermost of a nest of loops, the outermost first."""
    key = tuple(loops)
    if key not in notation.domains:
        notation.domains[key] = _derive(notation, loops)
    found: Domain = notation.domains[key]
    return found


def _derive(notation: Notation, loops: Sequence[Loop]) -> Domain:
    domain = Domain(notation, notation.values)
    if not loops:
        return domain
    around = {loop.op: loop for loop in loops}
    for op, region in enclosing(loops[-1].op)[1:]:
        domain = domain.enter_loop(around[op]) if op in around else domain.enter_branch(op, region)
    return domain.enter_loop(loops[-1])


def domain_set(loops: Sequence[Loop]) -> IslSet:
    """Return the iterations of the innermost of a nest of loops, the outermost first, as an isl set."""
    if not loops:
        return isl_set("{ [] }")
    function = enclosing(loops[0].op)[0][0]
    return domain_of(notation_of(function), loops).set
