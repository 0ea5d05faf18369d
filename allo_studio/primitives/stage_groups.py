"""What of a kernel's own block belongs to one stage: what shares values, and what writes one array."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allo_studio.analysis.accesses import accesses
from allo_studio.ir import KernelIR, walk
from allo_studio.ir.attributes import text
from allo_studio.ir.binding import ir
from allo_studio.primitives.rewrite import is_pure

if TYPE_CHECKING:
    import networkx

__all__ = ["Work", "stage_places"]

_NO_WORK = ("memref.get_global", "memref.alloc", "func.return")
_LARGE = ("affine.for", "scf.for", "scf.while", "func.call")


@dataclass(frozen=True, eq=False)
class Work:
    """The operations of a kernel's own block that have an effect or a value of memory, by their place in it.

    `needs` has an edge from what makes something to what takes it, and edges both ways between what belongs together.
    `touched` are the places that read and write each buffer.
    """

    ops: Mapping[int, ir.Operation]
    needs: networkx.DiGraph
    touched: Mapping[str, Sequence[tuple[int, str]]]

    @classmethod
    def of(cls, kernel: KernelIR) -> Work:
        """Return what a kernel does."""
        # Loaded where it is needed: it takes a tenth of the time of a start.
        import networkx

        ops = [view.operation for view in kernel.body.operations]
        numbers = {op: number for number, op in enumerate(ops)}
        working = {number: op for number, op in enumerate(ops) if not _is_free(op)}
        touched = _touches(kernel, ops)
        needs = networkx.DiGraph()
        needs.add_nodes_from(working)
        for number, op in working.items():
            # A value goes from an operation to another in one stage only; memory goes between them.
            needs.add_edges_from(
                edge
                for maker in _definitions(op)
                if (place := numbers.get(maker)) in working
                for edge in ((place, number), (number, place))
            )
        for places in touched.values():
            needs.add_edges_from(_order(places))
        return cls(working, needs, touched)


def _order(places: Sequence[tuple[int, str]]) -> Iterator[tuple[int, int]]:
    """Yield what must come before what of the accesses of one buffer."""
    written = sorted({number for number, kind in places if kind == "write"})
    if not written:
        return
    for number, _ in places:
        yield written[0], number
        if number <= written[-1]:
            # What is read before it is written for the last time is read by the stage that makes it.
            yield number, written[0]


def stage_places(work: Work) -> list[list[int]]:
    """Return the places of the operations of each stage in order, each stage after those that it takes from."""
    return [sorted(group) for group in _joined(work, _groups(work))]


def _groups(work: Work) -> list[set[int]]:
    """Return what belongs together, each group after those that it takes from."""
    # Loaded where it is needed: it takes a tenth of the time of a start.
    import networkx

    found = networkx.condensation(work.needs)
    first = {group: min(found.nodes[group]["members"]) for group in found}
    order = networkx.lexicographical_topological_sort(found, key=first.__getitem__)
    return [set(found.nodes[group]["members"]) for group in order]


def _is_free(op: ir.Operation) -> bool:
    """Tell whether an operation is made where it is needed: a constant, or computed from arguments."""
    if op.name in _NO_WORK:
        return True
    return is_pure(op) and all(_is_free(maker) for maker in _definitions(op))


def _definitions(op: ir.Operation) -> Iterator[ir.Operation]:
    """Yield what makes the values that an operation, and what is in it, takes from outside."""
    for inner in (op, *_inside(op)):
        for operand in inner.operands:
            if not isinstance(operand.owner, ir.Block) and not isinstance(operand.type, ir.MemRefType):
                yield operand.owner.operation


def _inside(op: ir.Operation) -> Iterator[ir.Operation]:
    for region in op.regions:
        for block in region.blocks:
            yield from walk(block)


def _touches(kernel: KernelIR, ops: Sequence[ir.Operation]) -> dict[str, list[tuple[int, str]]]:
    """Return which operations of the kernel's own block read and write each buffer."""
    owners = {inner: number for number, op in enumerate(ops) for inner in (op, *_inside(op))}
    found: dict[str, list[tuple[int, str]]] = {}
    for access in accesses(kernel):
        found.setdefault(access.buffer, []).append((owners[access.op], access.kind))
    return found


def _joined(work: Work, groups: list[set[int]]) -> list[set[int]]:
    """Return the groups, those without work of their own with one that they take from, or else give to."""
    joined = list(groups)
    while True:
        small = next((g for g in joined if len(joined) > 1 and not any(_is_large(work.ops[n]) for n in g)), None)
        if small is None:
            return joined
        before = [g for g in joined if g is not small and _feeds(work, g, small)]
        after = [g for g in joined if g is not small and _feeds(work, small, g)]
        # The last of those before, or the first of those after: nothing is on a way between the two.
        into = before[-1] if before else after[0] if after else next(g for g in joined if g is not small)
        into |= small
        joined.remove(small)


def _is_large(op: ir.Operation) -> bool:
    """Tell whether an operation is work for a stage of its own; giving an array its first value is not."""
    return op.name in _LARGE and text(op, "allo.role") != "init"


def _feeds(work: Work, source: set[int], target: set[int]) -> bool:
    return any(work.needs.has_edge(a, b) for a in source for b in target)
