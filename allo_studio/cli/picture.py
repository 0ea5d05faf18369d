"""The picture of one graph of a project: what the check and a report say, put on the drawing."""

from __future__ import annotations

import difflib

from allo_studio import pipeline
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.model import Graph, GraphNode, Project
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.project import LoadedProject
from allo_studio.report import Report
from allo_studio.report.drawing import Caption, WireCaption, captions_of, channel_captions, draw_svg

__all__ = ["draw_project"]


def draw_project(loaded: LoadedProject, name: str | None, report: Report | None) -> tuple[str, tuple[Diagnostic, ...]]:
    """Return the SVG of a graph (the top graph where `name` is None) and what the check said of the project.

    Raises AlloError (`usage`) where there is no such graph. Faults of the design are drawn, not raised.
    """
    project = loaded.project
    graph = _graph(project, name)
    checked = pipeline.check_project(loaded)
    notes = channel_captions(_instance_path(project, graph.name), graph.edges, report) if report else {}
    heading = f"{project.name}: {graph.name} ({graph.execution})"
    captions = _captions(graph, checked)
    positions = project.view.get(graph.name, {})
    return draw_svg(graph, positions, captions, _wires(graph, checked, notes), heading), checked.diagnostics


def _graph(project: Project, name: str | None) -> Graph:
    wanted = name or project.top
    if wanted in project.graphs:
        return project.graphs[wanted]
    near = difflib.get_close_matches(wanted, project.graphs, n=1)
    known = ", ".join(sorted(project.graphs)) or "none"
    hint = f"did you mean {near[0]}?" if near else f"the project's graphs are: {known}"
    code = "usage" if name else "structure"
    raise AlloError(Diagnostic(code, f"there is no graph {wanted!r} to draw", hint=hint))


def _captions(graph: Graph, checked: CheckedDesign) -> dict[str, Caption]:
    found = {}
    for name, plain in captions_of(graph).items():
        path = f"{graph.name}/{name}"
        ports = checked.ports.get(path, ())
        inputs = {p.name: str(p.type or "") for p in ports if p.direction == "in"}
        outputs = {p.name: str(p.type or "") for p in ports if p.direction == "out"}
        found[name] = Caption(plain.title, plain.subtitle, inputs, outputs, _fault(checked, path))
    return found


def _fault(checked: CheckedDesign, path: str) -> str:
    """Return the code of the first error of a block or of a step of its schedule."""
    places = (d for d in checked.diagnostics if d.severity == "error" and d.where.partition("#")[0] == path)
    first = next(places, None)
    return f"{first.code} error" if first else ""


def _wires(graph: Graph, checked: CheckedDesign, notes: dict[str, str]) -> dict[str, WireCaption]:
    found = {}
    for edge in graph.edges:
        info = checked.edges.get(f"{graph.name}/{edge.id}")
        kind = str(info.type) if info and info.type else ""
        fault = next((d.message for d in info.diagnostics if d.severity == "error"), "") if info else ""
        note = ", ".join(filter(None, (edge.rate, notes.get(edge.id, edge.channel or ""))))
        found[edge.id] = WireCaption(kind, note, fault)
    return found


def _instance_path(project: Project, name: str) -> str:
    """Return the path of the first instance of a graph under the top graph, or its name where there is none."""
    paths = {project.top: project.top}
    waiting = [project.top]
    while waiting and name not in paths:
        at = waiting.pop(0)
        nodes = project.graphs[at].nodes if at in project.graphs else {}
        for node_name, node in nodes.items():
            if isinstance(node, GraphNode) and node.graph not in paths:
                paths[node.graph] = f"{paths[at]}/{node_name}"
                waiting.append(node.graph)
    return paths.get(name, name)
