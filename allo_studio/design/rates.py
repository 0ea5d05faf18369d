"""How often each block of a graph fires in one firing of the graph: the smallest solution of the balance equations.

A graph's own ports carry one array a firing. A plain wire carries one array for each firing of both its ends. Over one
with `rate: rows` as many rows come as go, however many a firing has. What a `held` one leads to takes the same array at
all of its firings (E. A. Lee, D. G. Messerschmitt, "Synchronous data flow", 1987).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from itertools import takewhile
from math import lcm, prod
from typing import NamedTuple

from allo_studio.design.check_notes import Notes
from allo_studio.design.check_structure import ResolvedEdge
from allo_studio.design.checked import PortInfo
from allo_studio.design.model import ConstantNode, Edge, Endpoint, Graph, Project, Rate
from allo_studio.design.sizes import alike
from allo_studio.diagnostics import Diagnostic
from allo_studio.types import ArrayType

__all__ = ["Rest", "common_end", "common_rows", "firings", "joins", "rows_of"]

# The same value each time: most blocks of most graphs fire as often, which is then soon seen.
_ONCE = Fraction(1)


def common_rows(source: ArrayType, target: ArrayType) -> tuple[int, ...] | None:
    """Return the extents of the rows that two arrays both are of; None where they are of no common rows.

    At one end at least such a row, and at each end a list of them at most: `[4, 8]` and `[8]`, `[4, 8]` and `[6, 8]`.
    """
    row = common_end(source.shape, target.shape)
    rests = [len(kind.shape) - len(row) for kind in (source, target)]
    return None if source.sizes or target.sizes or (max(rests) > 1 and min(rests) > 0) else row


def common_end(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    """Return the last extents that two shapes have in common."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    count = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return one[len(one) - count :]


def rows_of(kind: ArrayType, row: tuple[int, ...]) -> int:
    """Return how many rows an array has."""
    return kind.size // prod(row)


def firings(graph: Graph, wires: Sequence[ResolvedEdge], notes: Notes) -> dict[str, int]:
    """Return how often the blocks of a graph fire that do so more than once; faults (code `rate`) are noted.

    `wires` are those whose ends go together.
    """
    if not any(edge.rate for edge in graph.edges):
        return {}
    return _Balance(graph, wires, notes).solve()


def joins(rate: Rate | None, source: ArrayType, target: ArrayType) -> bool:
    """Tell whether a wire with a rate can lead from one type to another."""
    if alike(source, target):
        return True
    return rate == "rows" and source.element == target.element and common_rows(source, target) is not None


def _ratio(source: ArrayType, target: ArrayType) -> Fraction | None:
    """Return how often a block fires that takes rows for each firing of the one that makes them."""
    row = common_rows(source, target)
    return None if row is None else Fraction(rows_of(source, row), rows_of(target, row))


class _Link(NamedTuple):
    """What a wire says: `target` fires `ratio` times as often as `source`; None is equally often, as with most."""

    wire: ResolvedEdge
    source: str
    target: str
    ratio: Fraction | None = None

    def other(self, name: str, often: Fraction) -> Fraction:
        """Return how often the block at the other end fires where one fires so often."""
        return self.onward(often) if name == self.source else self.back(often)

    def onward(self, often: Fraction) -> Fraction:
        """Return how often `target` fires where `source` does so often."""
        return often if self.ratio is None else often * self.ratio

    def back(self, often: Fraction) -> Fraction:
        """Return how often `source` fires where `target` does so often."""
        return often if self.ratio is None else often / self.ratio


class _Balance:
    def __init__(self, graph: Graph, wires: Sequence[ResolvedEdge], notes: Notes) -> None:
        self.graph = graph
        self.notes = notes
        self.wires = wires
        self.constants = {name for name, node in graph.nodes.items() if isinstance(node, ConstantNode)}
        # The graph's own side is the block without a name.
        self.often: dict[str, Fraction] = {}
        self.told: dict[str, _Link | None] = {}
        # The blocks that wires join, each with all others that it is joined to.
        self.parts: list[Collection[str]] = []

    def solve(self) -> dict[str, int]:
        around: dict[str, list[tuple[str, _Link]]] = {name: [] for name in ("", *self.graph.nodes)}
        links = [link for wire in self.wires if (link := self._link(wire))]
        for link in links:
            around[link.source].append((link.target, link))
            around[link.target].append((link.source, link))
        for root in around:
            if root not in self.often:
                self._spread(root, around)
        for link in links:
            if link.ratio is not None or self.often[link.source] is not self.often[link.target]:
                self._check(link)
        others = {name: often for name, often in self.often.items() if often is not _ONCE and often != 1}
        for name, often in others.items():
            if often.denominator != 1:
                self._tell_part(name, often)
        counts = {name: int(often) for name, often in others.items() if often.denominator == 1}
        self._check_held(counts)
        return counts

    def _link(self, wire: ResolvedEdge) -> _Link | None:
        """Return what a wire says of its ends; None where nothing, or they are not known."""
        edge, source, target = wire.edge, wire.source, wire.target
        if edge.source.node in self.constants:
            if edge.rate:
                message = "a constant is the same at every firing of the block that reads it"
                self._note(wire, message, "take the rate off the wire", ("no rate",))
            return None
        one, two, nodes = edge.source.node, edge.target.node, self.graph.nodes
        if edge.rate == "held" or (one and one not in nodes) or (two and two not in nodes):
            return None
        ratio = None
        if edge.rate == "rows":
            ratio = _ratio(source.type, target.type) if source and target and source.type and target.type else None
            if ratio is None:
                return None
        return _Link(wire, one, two, ratio)

    def _spread(self, root: str, around: Mapping[str, list[tuple[str, _Link]]]) -> None:
        """Tell how often all fire that are joined to `root`: what reaches no port, in the least whole numbers."""
        found = {root: _ONCE}
        self.told[root] = None
        waiting = deque([root])
        while waiting:
            name = waiting.popleft()
            for other, link in around[name]:
                if other not in found:
                    found[other] = found[name] if link.ratio is None else link.other(name, found[name])
                    self.told[other] = link
                    waiting.append(other)
        self.parts.append(found)
        scale = 1 if root == "" else lcm(*{often.denominator for often in found.values() if often is not _ONCE})
        self.often |= {name: often * scale for name, often in found.items()} if scale > 1 else found

    def _check(self, link: _Link) -> None:
        given, taken = link.onward(self.often[link.source]), self.often[link.target]
        if given is taken or given == taken:
            return
        name, often = (link.target, given) if link.target else (link.source, link.back(taken))
        other = self.told[name] or self.told[link.source]
        because = f" by {other.wire.edge.id}" if other else ""
        message = f"the rates do not balance: {self._times(name, self.often[name], often, because)} by this wire"
        hint = "let the wire carry `rows`, or be `held`, or change the extents so that as much comes as goes"
        self._note(link.wire, message, hint, ("balance",))

    def _times(self, name: str, often: Fraction, but: Fraction, because: str) -> str:
        what, many = (name, "fires") if name else (f"a port of {self.graph.name}", "carries an array")
        return (
            f"{what} {many} {often} time{'' if often == 1 else 's'}{because}, but {but} time{'' if but == 1 else 's'}"
        )

    def _tell_part(self, name: str, often: Fraction) -> None:
        link = self.told[name]
        assert link is not None
        message = f"{name} would fire {often} times in a firing of {self.graph.name}"
        hint = f"a port of {self.graph.name} carries one array a firing: let it have {often.denominator} times the rows"
        self._note(link.wire, message, hint, ("part",))

    def _check_held(self, counts: Mapping[str, int]) -> None:
        for wire in self.wires:
            source, target = wire.edge.source.node, wire.edge.target.node
            if wire.edge.rate != "held" or isinstance(self.graph.nodes.get(source), ConstantNode):
                continue
            if not target:
                message = f"{wire.edge.target} is a port of {self.graph.name}, where nothing fires"
                self._note(wire, message, "take the rate off the wire", ("no rate",))
            elif counts.get(source, 1) > 1:
                message = f"{source} fires {counts[source]} times, and only what is made once can be held"
                self._note(wire, message, "let the wire carry `rows`, or take the rate off", ("held",))

    def _note(self, wire: ResolvedEdge, message: str, hint: str, about: tuple[str, ...]) -> None:
        self.notes.edge(self.graph.name, wire.edge, Diagnostic("rate", message, hint=hint, about=about))


class Rest:
    """How often the blocks of a graph fire by those of its wires that have no fault: do rates of others go with it?

    `port` tells what an end is.
    """

    def __init__(self, graph: Graph, edges: Sequence[Edge], port: Callable[[Endpoint], PortInfo | None]) -> None:
        self._graph = graph
        self._often: Mapping[str, Fraction]
        # The blocks that are joined to each block.
        self._parts: Mapping[str, Collection[str]]
        if any(edge.rate for edge in edges):
            wires = [ResolvedEdge(edge, port(edge.source), port(edge.target)) for edge in edges]
            balance = _Balance(graph, wires, Notes(Project("", graphs={graph.name: graph}), None))
            balance.solve()
            self._often, self._parts = balance.often, {name: part for part in balance.parts for name in part}
        else:
            self._parts = _joined(graph, edges)
            self._often = dict.fromkeys(self._parts, _ONCE)

    def goes_with(self, edge: Edge, source: ArrayType, target: ArrayType) -> bool:
        """Tell whether the rate of a wire that is none of these goes with them, where it fits its ends."""
        one, two = edge.source.node, edge.target.node
        if isinstance(self._graph.nodes.get(one), ConstantNode):
            return edge.rate is None
        if one not in self._often or two not in self._often:
            return True
        if edge.rate == "held":
            return bool(two) and self._often[one] == 1
        ratio = _ratio(source, target) if edge.rate else Fraction(1)
        if ratio is None:
            return False
        # What joins two parts sets how often one of them fires; the graph's own side fires once.
        factor = self._often[one] * ratio / self._often[two]
        mine, other = self._parts[one], self._parts[two]
        if mine is other or ("" not in mine and "" not in other):
            return mine is not other or factor == 1
        moved, factor = (other, factor) if "" in mine else (mine, 1 / factor)
        return all((self._often[name] * factor).denominator == 1 for name in moved)


def _joined(graph: Graph, edges: Sequence[Edge]) -> dict[str, list[str]]:
    """Return for each block, and the graph's own side, all that wires without a rate join it to."""
    parts = {name: [name] for name in ("", *graph.nodes)}
    constants = {name for name, node in graph.nodes.items() if isinstance(node, ConstantNode)}
    for edge in edges:
        one, two = parts.get(edge.source.node), parts.get(edge.target.node)
        if one is None or two is None or one is two or edge.source.node in constants:
            continue
        less, more = (one, two) if len(one) < len(two) else (two, one)
        more += less
        for name in less:
            parts[name] = more
    return parts
