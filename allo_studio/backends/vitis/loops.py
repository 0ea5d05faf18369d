"""Loops as C++: bounds, labels' pragmas, and the ranges of their variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from allo_studio.backends.vitis.indices import FULL, Index, map_indices
from allo_studio.backends.vitis.names import Names
from allo_studio.ir import Loop, walk
from allo_studio.ir.attributes import flag
from allo_studio.ir.attributes import integer as integer_attribute
from allo_studio.ir.binding import ir

__all__ = ["Bounds", "bounds_of", "fully_unrolled", "loop_labels", "loop_pragmas", "pipelined"]

Range = tuple[int, int]
# Operations between two loops that make no hardware, so that the nest still counts as perfect.
_NO_HARDWARE = ("affine.apply", "affine.yield", "arith.constant")


@dataclass(frozen=True)
class Bounds:
    """A loop's bounds: from the greatest of `lower` up to, not including, the least of `upper`."""

    lower: tuple[Index, ...]
    upper: tuple[Index, ...]

    def text(self) -> tuple[str, str]:
        """Return both as C++ expressions."""
        return _choice("std::max", self.lower), _choice("std::min", self.upper)

    def range(self) -> Range:
        """Return the least and the greatest value that the loop's variable can take (empty where it can take none)."""
        return max(e.range[0] for e in self.lower), min(e.range[1] for e in self.upper) - 1

    def trips(self, step: int) -> Range | None:
        """Return bounds on how often the loop runs, or None where nothing bounds it."""
        lengths = [(u - l).range for u in self.upper for l in self.lower]
        most = min(high for _, high in lengths)
        if most >= FULL[1]:
            return None
        fewest = min(low for low, _ in lengths)
        return max(0, -(-fewest // step)), max(0, -(-most // step))


def bounds_of(op: ir.Operation, index: Callable[[ir.Value], Index]) -> Bounds:
    """Return the bounds of an `affine.for`; `index` tells what an operand is in C++."""
    lower_map = ir.AffineMapAttr(op.attributes["lowerBoundMap"]).value
    upper_map = ir.AffineMapAttr(op.attributes["upperBoundMap"]).value
    operands = [index(operand) for operand in op.operands]
    split = lower_map.n_inputs
    return Bounds(
        tuple(map_indices(lower_map, operands[:split])),
        tuple(map_indices(upper_map, operands[split : split + upper_map.n_inputs])),
    )


def loop_labels(loops: Sequence[Loop]) -> tuple[str, ...]:
    """Return the C++ label of each of a function's loops: its name, with the nest's where that is taken."""
    names = Names()
    return tuple(names.unique(loop.name, f"{loop.band}_{loop.name}") for loop in loops)


def fully_unrolled(loop: Loop) -> bool:
    """Tell whether no counter of this loop remains in hardware."""
    return loop.unroll == 0


def loop_pragmas(loop: Loop) -> list[str]:
    """Return the pragmas of a loop's body, as the cycle rules have it.

    An innermost loop with no directive is pipelined at its least II, said outright so that no tool's own threshold
    decides; a perfect nest above a pipelined loop is flattened into it.
    """
    pragmas, pace = [], integer_attribute(loop.op, "allo.pace")
    if loop.unroll is not None:
        pragmas.append("unroll" if fully_unrolled(loop) else f"unroll factor={loop.unroll}")
    if loop.pipeline == 0:
        pragmas.append("pipeline off")
    elif loop.pipeline is not None or pace is not None:
        rewind = " rewind" if flag(loop.op, "allo.rewind") else ""
        pragmas.append(f"pipeline II={max(loop.pipeline or 1, pace or 1)}{rewind}")
    elif _pipelined_by_default(loop):
        pragmas.append("pipeline")
    else:
        return pragmas
    if _flattens(loop):
        pragmas.append("loop_flatten")
    return pragmas


def pipelined(loop: Loop) -> bool:
    """Tell whether `loop_pragmas` asks for a pipeline of the loop's iterations."""
    if loop.pipeline == 0:
        return False
    asked = loop.pipeline is not None or integer_attribute(loop.op, "allo.pace") is not None
    return asked or _pipelined_by_default(loop)


def _pipelined_by_default(loop: Loop) -> bool:
    inside_pipeline = any(outer.pipeline for outer in loop.ancestors())
    rolled_inside = any(not fully_unrolled(inner) for inner in loop.descendants())
    if fully_unrolled(loop) or inside_pipeline or rolled_inside:
        return False
    # A tool that pipelines a loop unrolls those of the functions that it calls.
    return not any(op.name == "func.call" for op in walk(loop.body))


def _flattens(loop: Loop) -> bool:
    return loop.pipeline != 0 and _perfect(loop)


def _perfect(loop: Loop) -> bool:
    """Tell whether a loop is all that the loop around it has, so that both can be one."""
    parent = loop.parent
    if fully_unrolled(loop) or loop.trip is None or parent is None or parent.unroll is not None or parent.pipeline:
        return False
    if parent.kind == "while":
        return False
    return all(op.operation == loop.op or op.operation.name in _NO_HARDWARE for op in parent.body.operations)


def _choice(function: str, candidates: tuple[Index, ...]) -> str:
    texts = list(dict.fromkeys(candidate.text for candidate in candidates))
    chosen = texts[-1]
    for text in reversed(texts[:-1]):
        chosen = f"{function}({text}, {chosen})"
    return chosen
