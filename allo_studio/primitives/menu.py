"""What a person may do next: the steps that apply to a kernel now, with their legal arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from allo_studio.ir import Buffer, KernelIR, Loop
from allo_studio.primitives.base import Step
from allo_studio.primitives.buffer_at import BufferAt
from allo_studio.primitives.partition import Partition
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.reorder import Reorder
from allo_studio.primitives.registry import STEPS
from allo_studio.primitives.split import Split
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
    loops, buffers = ir.loops(), ir.buffers()
    found: list[Applicable] = []
    for loop in loops:
        found += _splits(ir, loop)
    for loop in loops:
        found += _reorders(ir, loop)
    for loop in loops:
        found += _unrolls(ir, loop)
    for loop in loops:
        found += _pipelines(ir, loop)
    for buffer in buffers:
        found += _partitions(ir, buffer)
    for buffer in buffers:
        for loop in loops:
            found += _tiles(ir, buffer, loop)
    return tuple(found)


def _divisors(number: int) -> tuple[int, ...]:
    found = [d for d in range(2, int(number**0.5) + 1) if number % d == 0]
    return tuple(sorted({*found, *(number // d for d in found)}))[:_MOST_FACTORS]


def _splits(ir: KernelIR, loop: Loop) -> Iterator[Applicable]:
    factors = _divisors(loop.trip or 0)
    if factors and not Split(loop.id, factors[0]).check(ir):  # type: ignore[arg-type]
        yield Applicable("split", {"axis": loop.id}, {"factor": factors})
