"""Where the parts of the check note what they find: by block, wire, port or step, with the place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from allo_studio.design.model import Project
from allo_studio.diagnostics import Diagnostic, Severity
from allo_studio.source import Span

__all__ = ["Notes", "SpanLookup", "with_places"]

# Gives the place in the project file of a path of keys and list indices (`("graphs", "cascade", "edges", 2)`).
SpanLookup = Callable[[tuple[str | int, ...]], Span | None]
_RANK: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}


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
        self._found: list[Diagnostic] = []
        self._by_edge: dict[str, list[Diagnostic]] = {}

    def sorted(self) -> tuple[Diagnostic, ...]:
        """Return all that was noted: errors first, then by path and place; the same is told once."""
        return tuple(sorted(dict.fromkeys(self._found), key=_order))

    def of_edge(self, graph: str, edge: str) -> tuple[Diagnostic, ...]:
        """Return what was noted about a wire."""
        return tuple(self._by_edge.get(f"{graph}/{edge}", ()))

    def span(self, *path: str | int) -> Span | None:
        """Return the place of a path in the project file, where known."""
        if self._spans and path[:1] == ("graphs",):
            path = ("graphs", self._drawn(str(path[1])), *path[2:])
        return self._spans(path) if self._spans else None

    def project(self, diagnostic: Diagnostic, *path: str | int) -> None:
        """Note a fault of the project as a whole, at a path in the file."""
        self._found.append(replace(diagnostic, span=diagnostic.span or self.span(*path)))

    def graph(self, graph: str, diagnostic: Diagnostic, *path: str | int) -> None:
        """Note a fault of a graph, at a path within it."""
        span = diagnostic.span or self.span("graphs", graph, *path)
        self._found.append(replace(diagnostic, where=diagnostic.where or graph, span=span))

    def node(self, graph: str, node: str, diagnostic: Diagnostic, *path: str | int) -> None:
        """Note a fault of a block, at a path within it."""
        span = diagnostic.span or self.span("graphs", graph, "nodes", node, *path)
        self._found.append(replace(diagnostic, where=f"{graph}/{node}", span=span))

    def step(self, graph: str, node: str, schedule: str, index: int, diagnostic: Diagnostic) -> None:
        """Note a fault of step `index` of the schedule that a block uses; the step's own place is shown."""
        span = self.span("schedules", schedule, index) or diagnostic.span
        about = diagnostic.about or ("step",)
        self._found.append(replace(diagnostic, where=f"{graph}/{node}#{index}", span=span, about=about))

    def edge(self, graph: str, index: int, diagnostic: Diagnostic) -> None:
        """Note a fault of wire `index` of a graph."""
        edge = self._project.graphs[graph].edges[index]
        span = diagnostic.span or self.span("graphs", graph, "edges", index)
        noted = replace(diagnostic, where=f"{graph}/{edge.id}", span=span)
        if noted not in (known := self._by_edge.setdefault(noted.where, [])):
            known.append(noted)
        self._found.append(noted)

    def all(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Note diagnostics as they are."""
        self._found.extend(diagnostics)


def with_places(project: Project, diagnostics: Iterable[Diagnostic], spans: SpanLookup) -> tuple[Diagnostic, ...]:
    """Return what later stages found, each about a wire or the target with its place in the project file."""
    places: dict[str, tuple[str | int, ...]] = {f"target.{key}": ("target", key) for key in ("device", "clock_ns")}
    for graph in project.graphs.values():
        places |= {f"{graph.name}/{edge.id}": ("graphs", graph.name, "edges", i) for i, edge in enumerate(graph.edges)}
    return tuple(d if d.span or d.where not in places else replace(d, span=spans(places[d.where])) for d in diagnostics)


def _order(diagnostic: Diagnostic) -> tuple[int, str, int, int, str, str]:
    span = diagnostic.span
    line, column = (span.line, span.column) if span else (0, 0)
    return _RANK[diagnostic.severity], diagnostic.where, line, column, diagnostic.code, diagnostic.message
