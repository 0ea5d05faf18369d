"""Steps that the checker refuses as illegal, done all the same: to see whether it refuses too much."""

from __future__ import annotations

from allo_studio.analysis.dependences import dependences
from allo_studio.analysis.legality import carried_violations, clearest
from allo_studio.diagnostics import Diagnostic
from allo_studio.ir import KernelIR, LinearExpr, Loop, in_context
from allo_studio.ir.build import apply
from allo_studio.ir.rewrite import at_start, replace_uses
from allo_studio.primitives.base import Step
from allo_studio.primitives.compute_at import ComputeAt
from allo_studio.primitives.parallel import Parallel
from allo_studio.primitives.reorder import Reorder

__all__ = ["force", "is_counterexample"]

_MARKS = {
    Reorder: "would change the result: ",
    ComputeAt: "the result would change: ",
    Parallel: "depend on each other: ",
}


def is_counterexample(step: Step, found: tuple[Diagnostic, ...]) -> bool:
    """Tell whether a step is refused only for two iterations that would come in the wrong order."""
    mark = _MARKS.get(type(step))
    return mark is not None and bool(found) and all(mark in fault.message for fault in found)


def force(step: Step, ir: KernelIR) -> KernelIR | None:
    """Return the kernel after a refused step; None where its effect cannot be shown in a program that runs in order.

    Iterations that are side by side are shown as a loop that runs backwards, but one that only accumulates in a changed
    order.
    """
    seen, placed = step.placed(ir.steady())
    if isinstance(placed, Parallel):
        loop = seen.find_loop(placed.axis)
        wrong = clearest(v for v in carried_violations(dependences(seen), loop) if not v.accumulation)
        return None if wrong is None or loop.trip is None else _backwards(ir.clone(), seen.name, loop)
    after = placed.rewrite(seen.clone()).at(ir.name)
    after.verify()
    return after


def _backwards(clone: KernelIR, function: str, named: Loop) -> KernelIR:
    loop = clone.at(function).find_loop(named.id)
    assert loop.trip is not None
    assert loop.lower is not None
    block = loop.body
    last = loop.lower + (loop.trip - 1) * loop.step
    with in_context():
        variable = loop.induction_variable
        turned = apply(LinearExpr.of(variable) * -1 + (last + loop.lower), at_start(block), loop.op.location)
        replace_uses(variable, turned)
        turned.owner.operation.operands[0] = variable
    clone.verify()
    return clone
