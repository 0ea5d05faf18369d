"""What a tool is told of dependences between iterations: what is proven, and holds however it makes loops one.

A tool takes what it is told of a loop as said of the loop that it makes of it and those around (`loop_flatten`, which
it also does unasked), whose next iteration may belong to the next one of a loop around. So a claim must hold for all
loops that may become one, whether they do or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from allo_studio.analysis.accesses import Access, accesses
from allo_studio.analysis.carried import Distances, Kind, carried_distances
from allo_studio.analysis.dependences import dependences_of
from allo_studio.backends.vitis.loops import fully_unrolled, pipelined
from allo_studio.ir import KernelIR, Loop
from allo_studio.ir.attributes import flag
from allo_studio.ir.binding import ir
from allo_studio.ir.views import LOOP_KINDS

__all__ = ["Claim", "claims", "merged"]

_STORES = {"affine.store": 1, "memref.store": 1}


@dataclass(frozen=True)
class Claim:
    """What is said of one array: no dependence at all, or none or a distance of those where a value is handed on."""

    buffer: str
    kind: Kind | None = None
    distance: int = 0

    def pragma(self, variable: str) -> str:
        """Return it as a pragma of the loop; `variable` is the array's name in C++."""
        direction = " direction=RAW" if self.kind == "flow" else ""
        said = f" distance={self.distance} dependent=true" if self.distance else " dependent=false"
        return f"dependence variable={variable} type=inter{direction}{said}"


def claims(kernel: KernelIR, loop: Loop) -> list[Claim]:
    """Return what is true and useful to say of a loop's memories, which may be streams or scalars among others.

    A loop with the promise of `parallel`, which is a proof, has no dependences of what it writes. Of other pipelined
    loops it is said where isl proves it and a tool may not see it: of an array that the loop both reads and
    writes, with subscripts that differ, go round or divide, or in a nest that becomes one loop. It is that no
    iteration depends on another; else that none takes what another one wrote, or from how far it comes at least, if
    that is two iterations or more: what bounds the interval of a pipeline. Nothing is said where a subscript is
    computed from data, a call touches the array, it keeps its contents between calls or is declared inside of the nest
    (so that each iteration has its own in the language, and all the same in C++) or has words of several elements (of
    which a part is not written alone), or where the pipeline rewinds, so that iterations of the next execution are
    under way too.
    """
    if any(flag(one.op, "allo.rewind") for one in merged(loop)):
        return []
    words = {buffer.name for buffer in kernel.buffers() if buffer.layout.joined}
    found: dict[str, Claim] = {}
    for claim in (*_promised(kernel, loop), *_proven(kernel, loop)):
        if claim.buffer not in words:
            found.setdefault(claim.buffer, claim)
    return list(found.values())


def merged(loop: Loop) -> tuple[Loop, ...]:
    """Return the loops around and inside a loop that a tool may make one with it, the outermost first.

    More than it does make one: only what surely cannot be moved out of the way, a store into an array, a call or
    another loop, keeps two loops apart, and not a declaration or a scalar. A loop that is gone by unrolling
    stands alone.
    """
    if fully_unrolled(loop):
        return (loop,)
    found = [loop]
    while (outer := found[0].parent) is not None and outer.kind != "while" and not _apart(outer.body, found[0]):
        found.insert(0, outer)
    while (
        len(inner := found[-1].children) == 1 and not fully_unrolled(inner[0]) and not _apart(found[-1].body, inner[0])
    ):
        found.append(inner[0])
    return tuple(found)


def _apart(block: ir.Block, inner: Loop) -> bool:
    """Tell whether a block has anything beside `inner` that keeps the loop around it one of its own."""
    for view in block.operations:
        op = view.operation
        if op == inner.op:
            continue
        if op.name == "func.call" or op.name in LOOP_KINDS or (op.name in _STORES and _into_array(op)):
            return True
        if any(_apart(found, inner) for region in op.regions for found in region.blocks):
            return True
    return False


def _into_array(store: ir.Operation) -> bool:
    return bool(ir.MemRefType(store.operands[_STORES[store.name]].type).rank)


def _promised(kernel: KernelIR, loop: Loop) -> Iterator[Claim]:
    """Yield the arrays from outside that a parallel loop writes, if all loops that it may be one with are parallel."""
    nest = merged(loop)
    if not all(flag(one.op, "allo.parallel") for one in nest):
        return
    inside = [a for a in accesses(kernel) if a.is_store and _within(a, loop) and a.scope <= nest[0].depth]
    yield from (Claim(name) for name in dict.fromkeys(access.buffer for access in inside))


def _within(access: Access, loop: Loop) -> bool:
    return len(access.loops) > loop.depth and bool(access.loops[loop.depth].op == loop.op)


def _proven(kernel: KernelIR, loop: Loop) -> Iterator[Claim]:
    if loop.kind == "while" or not pipelined(loop):
        return
    # What is inside of a pipelined loop is unrolled: part of one iteration.
    nest = tuple(one for one in merged(loop) if one.depth <= loop.depth)
    states = {buffer.name for buffer in kernel.buffers() if buffer.kind == "state"}
    found: dict[str, list[Access]] = {}
    for access in accesses(kernel):
        if _within(access, nest[0]) and access.buffer not in states:
            found.setdefault(access.buffer, []).append(access)
    worth = [name for name, mine in found.items() if _open(mine, nest) and _hidden(mine, nest)]
    if not worth:
        return
    # Only among these, which are few where a body of many operations has none that are worth it.
    carried = carried_distances(dependences_of([a for name in worth for a in found[name]]), nest)
    for name in worth:
        claim = _claim(name, carried.get(name, {}), loop)
        if claim:
            yield claim


def _open(mine: Sequence[Access], nest: Sequence[Loop]) -> bool:
    """Tell whether it is known which elements are touched, of an array that is one for all iterations.

    A load that stands between two loops of the nest could become part of every iteration: then nothing is known.
    """
    return all(a.pinned and a.callee is None and a.scope <= nest[0].depth and _within(a, nest[-1]) for a in mine)


def _hidden(mine: Sequence[Access], nest: Sequence[Loop]) -> bool:
    """Tell whether there is something to know of an array that a tool may not find out."""
    if all(a.is_write for a in mine) or not any(a.is_write for a in mine):
        return False
    return len(nest) > 1 or not all(a.linear for a in mine) or len({a.elements for a in mine}) > 1


def _claim(name: str, carried: Distances, loop: Loop) -> Claim | None:
    if not carried:
        return Claim(name)
    if "flow" not in carried:
        return Claim(name, "flow")
    # The distance of a loop that is unrolled in part counts what is left of it: not said, lest it be misread.
    if carried["flow"] > 1 and loop.unroll is None:
        return Claim(name, "flow", carried["flow"])
    return None
