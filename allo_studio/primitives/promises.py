"""The promise of `parallel`, that iterations of a loop share nothing that one of them writes: proof and withdrawal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from allo_studio.analysis.dependences import Dependence, dependences
from allo_studio.analysis.legality import Violation, carried_violations, clearest
from allo_studio.ir import KernelIR, Loop, in_context
from allo_studio.ir.attributes import flag, remove, set_flag

__all__ = ["PARALLEL", "broken_promise", "promise", "withdraw_promises"]

PARALLEL = "allo.parallel"


def promise(loop: Loop) -> None:
    """Mark a loop's iterations as independent, in place; needs the context to be current."""
    set_flag(loop.op, PARALLEL)


def broken_promise(found: Sequence[Dependence], loop: Loop) -> Violation | None:
    """Return the clearest of the dependences between iterations of a loop, None where they are independent."""
    return clearest(carried_violations(found, loop))


def withdraw_promises(kernel: KernelIR) -> None:
    """Take the mark from each parallel loop whose iterations are independent no more, in place, in every function.

    The kernel may be frozen already: nothing that is kept of it tells of the mark.

    A step that is legal for a program in order may still bring dependent work into different iterations of another
    loop: the exchange of i and j where `A[i, j]` is made of `A[i - 1, j - 1]` is legal, and moves the dependence that
    i carried to j.
    """
    for name in kernel.functions:
        seen = kernel.at(name)
        marked = [loop for loop in seen.loops() if flag(loop.op, PARALLEL)]
        if marked:
            _withdraw(marked, dependences(seen))


def _withdraw(marked: Iterable[Loop], found: Sequence[Dependence]) -> None:
    broken = [loop for loop in marked if broken_promise(found, loop)]
    with in_context():
        for loop in broken:
            remove(loop.op, PARALLEL)
