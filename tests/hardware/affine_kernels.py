"""Random kernels with affine loops under random legal schedules, by their number."""

from __future__ import annotations

import random

from affine_programs import SeededChooser, draw_affine
from step_draws import blind_step, offered_step

from allo_studio.analysis.ports import infer_ports
from allo_studio.diagnostics import AlloError
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.schedule import schedule
from allo_studio.source import Source

__all__ = ["BLIND", "affine_kernel"]

BLIND = ("split", "reorder", "unroll", "pipeline", "partition", "fuse", "compute_at", "buffer_at", "parallel")


def affine_kernel(seed: int) -> KernelIR | None:
    """Return a random kernel after random steps, None where it is none."""
    choose = SeededChooser(random.Random(seed))
    try:
        base = infer_ports(parse_kernel(Source("drawn.py", draw_affine(choose)), "kernel", {}))
    except AlloError:
        return None
    grown = schedule(base)
    for _ in range(choose.number(0, 4)):
        # `bind_op`, of which the menu has much, would crowd out the steps that change loops and memories.
        step = (
            offered_step(choose, grown.ir, ("bind_op",)) if choose.number(0, 2) else blind_step(choose, grown.ir, BLIND)
        )
        if step is not None and not step.check(grown.ir):
            grown = grown.apply(step)
    return grown.ir
