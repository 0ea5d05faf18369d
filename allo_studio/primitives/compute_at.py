"""`compute_at`: a producer's nest moves into the loops of its consumer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from allo_studio.analysis.dependences import Dependence, dependences
from allo_studio.analysis.legality import clearest, order_violations
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR, Loop, in_context
from allo_studio.primitives.base import LoopRef, Option, Step, argument, fault
from allo_studio.primitives.fusion import Fusion, fuse_nests, new_time, plan_fusion, shape_faults

__all__ = ["ComputeAt"]


@dataclass(frozen=True)
class ComputeAt(Step):
    """Compute what a nest produces where it is consumed: its loops merge with those of the consumer.

    The producer's outermost loops, as many as there are down to `target_loop`, become one with the consumer's; what is
    inside them runs first in the body of `target_loop`. Iterations match one to one. The array in between keeps its
    shape; `buffer_at` makes a smaller one.

    args:
        from_loop: any loop of the producer's nest.
        target_loop: the loop of the consumer's nest in whose body the producer's work is done.

    rewrite:
        for i in range(8):                     for y in range(8):
            for j in range(4):                     for j in range(4):
                B[i, j] = S(i, j)                      B[y, j] = S(y, j)
        for y in range(8):               ->        for x in range(4):
            for x in range(4):                         C[y, x] = T(B[y, x])
                C[y, x] = T(B[y, x])

    fails:
        where the producer does not stand before the consumer in one block, its outer loops have other bounds than the
        consumer's or no perfect nest, one of its loops that go away has a directive, or an element would be used
        before it is produced, or overwritten before it is read.
    """

    name: ClassVar[str] = "compute_at"
    from_loop: LoopRef = field(metadata=argument("loop", "a loop of the nest that produces"))
    target_loop: LoopRef = field(metadata=argument("loop", "the consumer's loop to produce in"))

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the nests that write what a later nest of the same block reads, with the loops to compute them at."""
        for producer, consumer in _fed_nests(dependences(ir)):
            for target in (consumer, *consumer.descendants()):
                if _applies(ir, producer, target):
                    yield Option({"from_loop": producer.id, "target_loop": target.id})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        plan = self._plan(ir)
        found = tuple(shape_faults(plan))
        yield from found
        # Times say something only where the loops are the same.
        if found:
            return
        wrong = clearest(order_violations(dependences(ir), lambda access: new_time(plan, access)))
        if wrong:
            message = f"with {plan.producer[0].id} computed at {plan.target.id} the result would change: {wrong}"
            hint = "iterations of the two nests match one to one; choose a loop further out, or compute it before"
            yield fault(f"{message}, which would come the other way round", wrong.span or plan.target.span, hint)

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Move the producer."""
        plan = self._plan(ir.steady())
        with in_context():
            fuse_nests(plan)
        return ir

    def _plan(self, ir: KernelIR) -> Fusion:
        return plan_fusion(ir, ir.find_loop(self.from_loop), ir.find_loop(self.target_loop))


def _applies(ir: KernelIR, producer: Loop, target: Loop) -> bool:
    """Tell whether the step applies, at the first fault."""
    try:
        plan = plan_fusion(ir, producer, target)
    except AlloError:
        return False
    late = order_violations(dependences(ir), lambda access: new_time(plan, access))
    return next(shape_faults(plan), None) is None and next(late, None) is None


def _fed_nests(found: Iterable[Dependence]) -> Iterator[tuple[Loop, Loop]]:
    """Yield the pairs of loops of one block between which a value goes from the first to the second, each once."""
    seen = set()
    for dependence in (d for d in found if d.kind == "flow"):
        source, sink, level = dependence.source, dependence.sink, dependence.common
        if min(len(source.loops), len(sink.loops)) <= level:
            continue
        pair = source.loops[level], sink.loops[level]
        ids = pair[0].id, pair[1].id
        if source.position[level] < sink.position[level] and ids not in seen:
            seen.add(ids)
            yield pair
