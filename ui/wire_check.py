"""Whether a wire may be drawn, asked for thousands of ports while one is. Nothing here touches Qt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from allo_studio.design.checked import CheckedDesign
from allo_studio.design.model import Endpoint, Graph
from allo_studio.types import ArrayType

__all__ = ["WireCheck", "closes_cycle"]

_Neighbours = Mapping[str, Sequence[str]]


class WireCheck:
    """Answers for one graph, as it is drawn and as the check found it. What answers share is found out once."""

    def __init__(self, graph: Graph, checked: CheckedDesign) -> None:
        self._graph, self._checked = graph, checked
        self._types: dict[Endpoint, ArrayType | None] = {}
        self._before: dict[tuple[str, str | None], set[str]] = {}
        self._after: dict[tuple[str, str | None], set[str]] = {}

    def port_type(self, end: Endpoint) -> ArrayType | None:
        """Return the type of a port, None where it is not known."""
        if end not in self._types:
            ports = (
                self._checked.ports.get(f"{self._graph.name}/{end.node}", ())
                if end.node
                else self._checked.signatures.get(self._graph.name, ())
            )
            self._types[end] = next((port.type for port in ports if port.name == end.port), None)
        return self._types[end]

    def why_not(self, source: Endpoint, target: Endpoint, taken: str | None) -> str | None:
        """Return why a wire may not be drawn, or None; `taken` is the wire that is being re-routed."""
        one, two = self.port_type(source), self.port_type(target)
        if one and two and one != two:
            return f"{one} doesn't fit {two}"
        if self._joined.get((source, target), taken) != taken:
            return "there is such a wire already"
        if self._graph.execution != "dataflow" and self._closes_cycle(source.node, target.node, taken):
            return "this would close a cycle"
        return None

    @cached_property
    def _joined(self) -> dict[tuple[Endpoint, Endpoint], str]:
        return {(edge.source, edge.target): edge.id for edge in self._graph.edges}

    def _closes_cycle(self, source: str, target: str, without: str | None) -> bool:
        """As `closes_cycle`. One end is the same at every question of a drag, whichever that is."""
        if not source or not target:
            return False
        if (source, without) in self._before:
            return target in self._before[source, without]
        if (target, without) in self._after:
            return source in self._after[target, without]
        before, after = _neighbours(self._graph, without)
        self._before[source, without] = _reach(before, source)
        self._after[target, without] = _reach(after, target)
        return source in self._after[target, without]


def closes_cycle(graph: Graph, source: str, target: str, without: str | None = None) -> bool:
    """Tell whether a wire from block `source` to block `target` would close a cycle; `without` is a wire to ignore."""
    if not source or not target:
        return False
    return source in _reach(_neighbours(graph, without)[1], target)


def _neighbours(graph: Graph, without: str | None) -> tuple[_Neighbours, _Neighbours]:
    """Return the blocks before and after each block, by the wires of a graph but one."""
    before, after = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for edge in graph.edges:
        # A wire that holds elements at reset keeps nobody waiting for good.
        if edge.id != without and edge.source.node and edge.target.node and not edge.initial:
            before[edge.target.node].append(edge.source.node)
            after[edge.source.node].append(edge.target.node)
    return before, after


def _reach(neighbours: _Neighbours, start: str) -> set[str]:
    reached, waiting = set[str](), [start]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += neighbours.get(name, ())
    return reached
