"""Which loops may run their iterations side by side."""

from __future__ import annotations

from allo_studio.analysis.dependences import dependences
from allo_studio.ir import KernelIR

__all__ = ["parallel_loops"]


def parallel_loops(kernel: KernelIR) -> set[str]:
    """Return the ids of the loops that carry no dependence; an accumulation counts as one."""
    free = {loop.id for loop in kernel.loops()}
    for dependence in dependences(kernel):
        free -= {dependence.source.loops[level].id for level in dependence.levels}
    return free
