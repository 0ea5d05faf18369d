"""Loops as C++: bounds, labels' pragmas, and the ranges of their variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from allo_studio.backends.vitis.expressions import index_text
from allo_studio.backends.vitis.text import kernel_fault
from allo_studio.ir import KernelIR, LinearExpr, Loop, map_results
from allo_studio.ir.attributes import flag
from allo_studio.ir.binding import ir

__all__ = ["Bounds", "bounds_of", "fully_unrolled", "loop_pragmas"]

Range = tuple[int, int]
# Operations between two loops that make no hardware, so that the nest still counts as perfect.
_NO_HARDWARE = ("affine.apply", "affine.yield", "arith.constant")


@dataclass(frozen=True)
class Bounds:
    """A loop's bounds: from the greatest of `lower` up to, not including, the least of `upper`."""

    lower: tuple[LinearExpr, ...]
    upper: tuple[LinearExpr, ...]

    def text(self, names: Mapping[ir.Value, str]) -> tuple[str, str]:
        """Return both as C++ expressions."""
        return _choice("std::max", self.lower, names), _choice("std::min", self.upper, names)

    def range(self, known: Mapping[ir.Value, Range]) -> Range:
        """Return the least and the greatest value that the loop's variable can take (empty where it can take none)."""
        lows = [_extent(e, known) for e in self.lower]
        highs = [_extent(e, known) for e in self.upper]
        return max(low for low, _ in lows), min(high for _, high in highs) - 1

    def trips(self, known: Mapping[ir.Value, Range], step: int) -> Range:
        """Return bounds on how often the loop runs."""
        fewest = min(_extent(u - l, known)[0] for u in self.upper for l in self.lower)
        most = min(_extent(u - l, known)[1] for u in self.upper for l in self.lower)
        return max(0, -(-fewest // step)), max(0, -(-most // step))


def bounds_of(kernel: KernelIR, loop: Loop) -> Bounds:
    """Return a loop's bounds; raises AlloError (code `hls`) where they are not linear."""
    lower_map = ir.AffineMapAttr(loop.op.attributes["lowerBoundMap"]).value
    upper_map = ir.AffineMapAttr(loop.op.attributes["upperBoundMap"]).value
    operands = list(loop.op.operands)
    split = lower_map.n_inputs
    found = [
        map_results(lower_map, operands[:split]),
        map_results(upper_map, operands[split : split + upper_map.n_inputs]),
    ]
    lower, upper = (tuple(e for e in side if e is not None) for side in found)
    if len(lower) != len(found[0]) or len(upper) != len(found[1]):
        raise kernel_fault(kernel, f"the bounds of loop {loop.id} are not linear in the outer loops", loop.op)
    return Bounds(lower, upper)


def fully_unrolled(loop: Loop) -> bool:
    """Tell whether no counter of this loop remains in hardware."""
    return loop.unroll == 0


def loop_pragmas(loop: Loop) -> list[str]:
    """Return the pragmas of a loop's body, as the cycle rules have it.

    An innermost loop with no directive is pipelined at its least II, said outright so that no tool's own threshold
    decides; a perfect nest above a pipelined loop is flattened into it.
    """
    pragmas = []
    if loop.unroll is not None:
        pragmas.append("unroll" if fully_unrolled(loop) else f"unroll factor={loop.unroll}")
    if loop.pipeline == 0:
        pragmas.append("pipeline off")
    elif loop.pipeline is not None:
        rewind = " rewind" if flag(loop.op, "allo.rewind") else ""
        pragmas.append(f"pipeline II={loop.pipeline}{rewind}")
    elif _pipelined_by_default(loop):
        pragmas.append("pipeline")
    else:
        return pragmas
    if _flattens(loop):
        pragmas.append("loop_flatten")
    return pragmas


def _pipelined_by_default(loop: Loop) -> bool:
    inside_pipeline = any(outer.pipeline for outer in loop.ancestors())
    rolled_inside = any(not fully_unrolled(inner) for inner in loop.descendants())
    return not (fully_unrolled(loop) or inside_pipeline or rolled_inside)


def _flattens(loop: Loop) -> bool:
    parent = loop.parent
    if loop.pipeline == 0 or loop.trip is None or parent is None or parent.unroll is not None or parent.pipeline:
        return False
    return all(op.operation == loop.op or op.operation.name in _NO_HARDWARE for op in parent.body.operations)


def _choice(function: str, candidates: tuple[LinearExpr, ...], names: Mapping[ir.Value, str]) -> str:
    texts = list(dict.fromkeys(index_text(candidate, names) for candidate in candidates))
    chosen = texts[-1]
    for text in reversed(texts[:-1]):
        chosen = f"{function}({text}, {chosen})"
    return chosen


def _extent(expression: LinearExpr, known: Mapping[ir.Value, Range]) -> Range:
    low = high = expression.constant
    for value, factor in expression.terms:
        ends = (factor * known[value][0], factor * known[value][1])
        low, high = low + min(ends), high + max(ends)
    return low, high
