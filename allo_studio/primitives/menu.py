"""What a person may do next: the steps that apply to a kernel now, with their legal arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isqrt
from typing import Any

from allo_studio.analysis.accesses import accesses
from allo_studio.analysis.dependences import dependences
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Buffer, KernelIR, Loop
from allo_studio.primitives.base import LoopRef, Step
from allo_studio.primitives.buffer_at import tile_faults
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.registry import STEPS
from allo_studio.primitives.reorder import Reorder
from allo_studio.primitives.split import Split
from allo_studio.primitives.tile_plan import plan_tile
from allo_studio.primitives.unroll import Unroll

__all__ = ["Applicable", "applicable"]

# A menu of more factors than this helps nobody; any legal one may still be typed.
_MOST_FACTORS = 16


@dataclass(frozen=True)
class Applicable:
    """A step that applies: `args` are fixed, and each of `choices` may take any of its values, the first by default."""

    name: str
    args: Mapping[str, Any]
    choices: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def step(self, **chosen: Any) -> Step:
        """Return the step with the chosen values, and the first of each choice not named."""
        first = {key: values[0] for key, values in self.choices.items()}
        return STEPS[self.name](**{**self.args, **first, **chosen})


def applicable(ir: KernelIR) -> tuple[Applicable, ...]:
    """Return what applies to a kernel now, by step, then in program order; each passes its step's `check`."""
    loops = ir.loops()
    found: list[Applicable] = []
    for finder in (_splits, _unrolls, _pipelines):
        found += [entry for loop in loops for entry in finder(ir, loop)]
    found += _reorders(ir, loops)
    found += [entry for buffer in ir.buffers() for entry in _partitions(ir, buffer)]
    found += _tiles(ir, loops)
    return tuple(sorted(found, key=lambda entry: list(STEPS).index(entry.name)))


def _divisors(number: int) -> tuple[int, ...]:
    """Return the divisors of a number but 1 and itself, the least first."""
    found = [d for d in range(2, isqrt(number) + 1) if number % d == 0]
    return tuple(sorted({*found, *(number // d for d in found)}))[:_MOST_FACTORS]


def _splits(ir: KernelIR, loop: Loop) -> Iterator[Applicable]:
    factors = _divisors(loop.trip or 0)
    if factors and not Split(LoopRef(loop.id), factors[0]).check(ir):
        yield Applicable("split", {"axis": loop.id}, {"factor": factors})


def _unrolls(ir: KernelIR, loop: Loop) -> Iterator[Applicable]:
    known = (0, *_divisors(loop.trip or 0))
    factors = tuple(f for f in known if not Unroll(LoopRef(loop.id), f).check(ir))
    if factors:
        yield Applicable("unroll", {"axis": loop.id}, {"factor": factors})


def _pipelines(ir: KernelIR, loop: Loop) -> Iterator[Applicable]:
    if not Pipeline(LoopRef(loop.id)).check(ir):
        yield Applicable("pipeline", {"axis": loop.id}, {"initiation_interval": (1, 2, 4, 8), "rewind": (False, True)})
    if not loop.children and loop.pipeline != 0 and not Pipeline(LoopRef(loop.id), off=True).check(ir):
        yield Applicable("pipeline", {"axis": loop.id, "off": True})


def _reorders(ir: KernelIR, loops: Sequence[Loop]) -> Iterator[Applicable]:
    """Yield the exchanges of two neighbours."""
    known = dependences(ir)
    for loop in loops:
        if loop.parent is None:
            continue
        axes = (LoopRef(loop.id), LoopRef(loop.parent.id))
        if _none(Reorder(axes).faults_given, ir, known):
            yield Applicable("reorder", {"axes": [str(axis) for axis in axes]})


def _none(finder: Callable[..., Iterator[Diagnostic]], *args: Any) -> bool:
    try:
        return next(finder(*args), None) is None
    except AlloError:
        return False


def _partitions(ir: KernelIR, buffer: Buffer) -> Iterator[Applicable]:
    for dim, (extent, known) in enumerate(zip(buffer.type.shape, buffer.layout.dims, strict=True), 1):
        if known.kind != "none" or extent < 2:
            continue
        args = {"buffer": buffer.name, "dim": dim}
        factors = _divisors(extent)
        if factors:
            yield Applicable("partition", args, {"kind": ("cyclic", "block"), "factor": factors})
        yield Applicable("partition", {**args, "kind": "complete"})


def _tiles(ir: KernelIR, loops: Sequence[Loop]) -> Iterator[Applicable]:
    """Yield the tiles that are smaller than their array."""
    known = accesses(ir)
    used = {(a.buffer, loop.op) for a in known for loop in a.loops}
    for buffer in ir.buffers():
        for loop in (loop for loop in loops if (buffer.name, loop.op) in used and loop.role is None):
            try:
                plan = plan_tile(ir, buffer, loop, known)
            except AlloError:
                continue
            smaller = len(plan.footprint.kept) < len(buffer.type.shape) or plan.footprint.extents != buffer.type.shape
            if smaller and next(tile_faults(plan), None) is None:
                yield Applicable("buffer_at", {"buffer": buffer.name, "axis": loop.id})
