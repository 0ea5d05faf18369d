"""Is another order of the work legal? One engine for all steps that move iterations, with counterexamples.

A step says at what time every instance of every access would happen. Each dependence whose ends would then come in the
wrong order, or at one time, is a violation; its witness is two iterations and the element that they share. Time is a
tuple that is compared lexicographically, written in the iteration's own variables:

    def time(access):                       # exchange the loops at depths 0 and 1
        now = old_time(access)              # (0, "i0", 0, "i1", 2, "i2", 1): places and variables in turn
        return (now[0], now[3], now[2], now[1], *now[4:])

    wrong = next((v for v in order_violations(dependences(kernel), time) if not v.accumulation), None)
    if wrong:
        yield fault(f"… would change the result: {wrong}", wrong.span)

Parallel iterations of a loop are legal where `carried_violations(dependences(kernel), loop)` yields nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from allo_studio.analysis.accesses import Access
from allo_studio.analysis.coverage import uncovered
from allo_studio.analysis.dependences import Dependence, Witness, sample_of
from allo_studio.analysis.sets import IslMap, isl_map, per_thread, tuple_text
from allo_studio.ir import Loop
from allo_studio.source import Span

__all__ = ["Time", "Violation", "carried_violations", "clearest", "old_time", "order_violations", "private_buffers"]

# Numbers, and expressions in isl's notation of the variables i0 … of the loops around, the outermost first, such as
# "i1", "-i0" or "floor(i0/4)".
Time: TypeAlias = tuple[int | str, ...]

_ENDS = {"flow": ("written", "read"), "output": ("written", "overwritten"), "anti": ("read", "overwritten")}


@dataclass(frozen=True, eq=False)
class Violation:
    """A dependence that another order would break; `part` has the pairs of iterations for which it would."""

    dependence: Dependence
    part: IslMap = field(repr=False)

    def __str__(self) -> str:
        """`C[0, 1] is written at (i=0, j=1) and read by the call of f at (i=1, j=0)`."""
        first, second = _ENDS[self.dependence.kind]
        source, sink = (_place(a, text) for a, text in self._ends)
        verb = "is" if self.dependence.exact else "may be"
        return f"{self.witness.place} {verb} {first}{source} and {second}{sink}"

    @property
    def _ends(self) -> tuple[tuple[Access, str], tuple[Access, str]]:
        witness, dependence = self.witness, self.dependence
        return (dependence.source, witness.source_text), (dependence.sink, witness.sink_text)

    @property
    def accumulation(self) -> bool:
        """Whether both ends belong to one update `x = x ⊕ e`, whose instances may change places as far as ⊕ allows."""
        return self.dependence.accumulation

    @property
    def span(self) -> Span | None:
        """The place in the source of the later end, else of the earlier one."""
        return self.dependence.sink.span or self.dependence.source.span

    @cached_property
    def witness(self) -> Witness:
        """The least pair of iterations that would come in the wrong order, and the element that they share."""
        return sample_of(self.dependence, self.part)


def _place(access: Access, iteration: str) -> str:
    by = f" by the call of {access.callee}" if access.callee else ""
    return f"{by} at ({iteration})" if iteration else by


def old_time(access: Access) -> Time:
    """Return when an access happens now: its place in the text and a loop's variable in turn, from the outermost."""
    times: list[int | str] = [access.position[0]]
    for depth, place in enumerate(access.position[1:]):
        times += [f"i{depth}", place]
    return tuple(times)


def order_violations(found: Iterable[Dependence], time: Callable[[Access], Time | None]) -> Iterator[Violation]:
    """Yield the dependences that break when every access happens at `time(access)` (None: at its old time).

    Times of two lengths compare as if the shorter one ended in zeros. Two instances at one time have no order, which
    breaks a dependence between them. Violations of accumulations are yielded too; see `Violation.accumulation`.
    """
    for dependence in found:
        source, sink = dependence.source, dependence.sink
        new_source, new_sink = time(source), time(sink)
        if new_source is None and new_sink is None:
            continue
        swapped = _not_before(source, new_source or old_time(source), sink, new_sink or old_time(sink))
        part = dependence.relation.intersect(swapped)
        if not part.is_empty():
            yield Violation(dependence, part)


def carried_violations(found: Iterable[Dependence], loop: Loop) -> Iterator[Violation]:
    """Yield the dependences from one iteration of `loop` to a later one, in one iteration of the loops around it."""
    for dependence in found:
        if dependence.common <= loop.depth or dependence.source.loops[loop.depth].op != loop.op:
            continue
        part = dependence.carried_by(loop.depth)
        if not part.is_empty():
            yield Violation(dependence, part)


def private_buffers(found: Sequence[Access], loop: Loop) -> frozenset[str]:
    """Return the local arrays whose contents never outlive an iteration of `loop`.

    All their touches are in its body, and every read finds what the same iteration wrote. So dependences of these
    arrays between iterations bind no value to an iteration: whole iterations may be exchanged, though not overlap,
    since they share the storage.
    """
    inside: dict[str, list[Access]] = {}
    outside = set()
    for access in found:
        if len(access.loops) > loop.depth and access.loops[loop.depth].op == loop.op:
            inside.setdefault(access.buffer, []).append(access)
        else:
            outside.add(access.buffer)
    local = {buffer.name for access in found[:1] for buffer in access.kernel.buffers() if buffer.kind == "local"}
    candidates = {name: mine for name, mine in inside.items() if name in local and name not in outside}
    return frozenset(name for name, mine in candidates.items() if _fed_within(mine, loop.depth + 1))


def _fed_within(found: Sequence[Access], levels: int) -> bool:
    writes = [access for access in found if access.is_write]
    return all(uncovered(access, writes, levels).is_empty() for access in found if not access.is_write)


def clearest(found: Iterable[Violation]) -> Violation | None:
    """Return the violation that is easiest to follow, a value that would not arrive first; None where there is none."""
    return min(found, key=lambda violation: list(_ENDS).index(violation.dependence.kind), default=None)


def _not_before(source: Access, first: Time, sink: Access, second: Time) -> IslMap:
    """Return the pairs of iterations of which the source's would not come strictly before the sink's."""
    length = max(len(first), len(second))
    return _late(_time_text(source, first, length), _time_text(sink, second, length))


@per_thread
def _late(before: str, after: str) -> IslMap:
    return isl_map(before).lex_ge_map(isl_map(after))


def _time_text(access: Access, time: Time, length: int) -> str:
    names = tuple_text(f"i{depth}" for depth in range(len(access.loops)))
    padded = [*map(str, time), *["0"] * (length - len(time))]
    return f"{{ {names} -> {tuple_text(padded)} }}"
