"""Where the parts of the check note what they find: by block, wire, port or step, with the place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from allo_studio.design.model import Edge, Project
from allo_studio.diagnostics import Diagnostic, Severity
from allo_studio.source import Span

__all__ = ["Noted", "Notes", "SpanLookup", "with_places"]

# Gives the place in the project file of a path of keys and list indices (`("graphs", "cascade", "edges", 2)`).
SpanLookup = Callable[[tuple[str | int, ...]], Span | None]
_RANK: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True)
class Noted:
    """A diagnostic, its place in the project file, and the path of the wire that it is about (empty: about none)."""

    diagnostic: Diagnostic
    place: tuple[str | int, ...]
    wire: str = ""
    # Whether the place counts for more than the one that the diagnostic has.
    first: bool = False


class Notes:
    """Collects diagnostics; `spans` may be absent, as for a project that was edited since it was read.

    `drawn` gives the graph of the project file that a graph of `project` is an instance of.
    """

    def __init__(
        self, project: Project, spans: SpanLookup | None, drawn: Callable[[str], str] = lambda graph: graph
    ) -> None:
        self._project = project
        self._drawn = drawn
        self._spans = spans
        self._found: list[Noted] = []
        self._numbers: dict[str, dict[int, int]] = {}

    def apart(self) -> Notes:
        """Return notes of the same project to collect a part of what is found, to be joined later."""
        notes = Notes(self._project, self._spans, self._drawn)
        notes._numbers = self._numbers
        return notes

    def noted(self) -> tuple[Noted, ...]:
        """Return what was noted so far, for `join`: it holds in another project too, with other places in its file."""
        return tuple(self._found)

    def join(self, noted: Iterable[Noted]) -> None:
        """Note what was noted apart."""
        self._found += noted

    def sorted(self) -> tuple[Diagnostic, ...]:
        """Return all that was noted: errors first, then by path and place; the same is told once."""
        return tuple(sorted(dict.fromkeys(map(self._placed, self._found)), key=_order))

    def by_edge(self) -> dict[str, tuple[Diagnostic, ...]]:
        """Return what was noted about wires, by their paths (`cascade/mm1.C->mm2.A`)."""
        found: dict[str, dict[Diagnostic, None]] = {}
        for noted in self._found:
            if noted.wire:
                found.setdefault(noted.wire, {})[self._placed(noted)] = None
        return {wire: tuple(diagnostics) for wire, diagnostics in found.items()}

    def faulty_edges(self) -> set[str]:
        """Return the paths of wires about which there are errors."""
        return {noted.wire for noted in self._found if noted.wire and noted.diagnostic.severity == "error"}

    def project(self, diagnostic: Diagnostic, *path: str | int) -> None:
        """Note a fault of the project as a whole, at a path in the file."""
        self._found.append(Noted(diagnostic, path))

    def graph(self, graph: str, diagnostic: Diagnostic, *path: str | int) -> None:
        """Note a fault of a graph, at a path within it."""
        self._note(diagnostic, diagnostic.where or graph, "graphs", graph, *path)

    def node(self, graph: str, node: str, diagnostic: Diagnostic, *path: str | int) -> None:
        """Note a fault of a block, at a path within it."""
        self._note(diagnostic, f"{graph}/{node}", "graphs", graph, "nodes", node, *path)

    def step(self, graph: str, node: str, schedule: str, index: int, diagnostic: Diagnostic) -> None:
        """Note a fault of step `index` of the schedule that a block uses; the step's own place is shown."""
        found = replace(diagnostic, where=f"{graph}/{node}#{index}", about=diagnostic.about or ("step",))
        self._found.append(Noted(found, ("schedules", schedule, index), first=True))

    def edge(self, graph: str, edge: Edge, diagnostic: Diagnostic) -> None:
        """Note a fault of a wire of a graph, which is told from others by identity."""
        if graph not in self._numbers:
            edges = enumerate(self._project.graphs[graph].edges)
            self._numbers[graph] = {id(each): number for number, each in edges}
        where, number = f"{graph}/{edge.id}", self._numbers[graph][id(edge)]
        self._found.append(Noted(replace(diagnostic, where=where), ("graphs", graph, "edges", number), where))

    def _note(self, diagnostic: Diagnostic, where: str, *place: str | int) -> None:
        self._found.append(Noted(replace(diagnostic, where=where), place))

    def _placed(self, noted: Noted) -> Diagnostic:
        """Return what was noted with its place in the project file, where known."""
        place, diagnostic = noted.place, noted.diagnostic
        if self._spans is None or (diagnostic.span and not noted.first):
            return diagnostic
        if place[:1] == ("graphs",):
            place = ("graphs", self._drawn(str(place[1])), *place[2:])
        return replace(diagnostic, span=self._spans(place) or diagnostic.span)


def with_places(project: Project, diagnostics: Iterable[Diagnostic], spans: SpanLookup) -> tuple[Diagnostic, ...]:
    """Return what later stages found, each about a wire or the target with its place in the project file."""
    found = tuple(diagnostics)
    if all(diagnostic.span for diagnostic in found):
        return found
    places: dict[str, tuple[str | int, ...]] = {f"target.{key}": ("target", key) for key in ("device", "clock_ns")}
    for graph in project.graphs.values():
        places |= {f"{graph.name}/{edge.id}": ("graphs", graph.name, "edges", i) for i, edge in enumerate(graph.edges)}
    return tuple(d if d.span or d.where not in places else replace(d, span=spans(places[d.where])) for d in found)


def _order(diagnostic: Diagnostic) -> tuple[int, str, int, int, str, str]:
    span = diagnostic.span
    line, column = (span.line, span.column) if span else (0, 0)
    return _RANK[diagnostic.severity], diagnostic.where, line, column, diagnostic.code, diagnostic.message
