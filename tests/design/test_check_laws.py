"""Whatever a project says, the check ends; and what it passes holds."""

from __future__ import annotations

from dataclasses import replace

import networkx
from design_projects import read
from faulty_projects import chains, faulty_projects
from hypothesis import HealthCheck, given, settings

from allo_studio.design.check import check, forget_checks
from allo_studio.design.check_layouts import MOST_BANKS
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.model import (
    Endpoint,
    Graph,
    KernelNode,
    Project,
)
from allo_studio.diagnostics import render_all


def _wired_layouts(design: CheckedDesign, graph: Graph, path: str) -> list[tuple[str, str]]:
    """Return the keys of both ends of each wire whose layouts must be one."""
    if not graph.unify and graph.execution == "sequential":
        return []
    wires = [e for e in graph.edges if e.channel != "fifo"]
    return [(_key(path, e.source), _key(path, e.target)) for e in wires]


def _key(path: str, end: Endpoint) -> str:
    return f"{path}/{end}" if end.node else f"{path}.{end}"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(faulty_projects())
def test_any_project_is_checked(project: Project) -> None:
    design = check(project, read())
    assert len(set(design.diagnostics)) == len(design.diagnostics)
    assert render_all(design.diagnostics) or not design.diagnostics
    assert set(design.edges) == {f"{g.name}/{e.id}" for g in project.graphs.values() for e in g.edges}
    if design.ok:
        _must_hold(design)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(chains())
def test_unified_layouts_satisfy_every_demand(project: Project) -> None:
    design = check(project, read())
    assert {d.code for d in design.diagnostics} <= {"layout"}
    if design.ok:
        _must_hold(design)
    graph = project.graphs["g"]
    if not graph.unify and graph.execution == "sequential":
        assert design.ok
        for edge in graph.edges:
            ends = [design.layouts[_key("g", end)] for end in (edge.source, edge.target)]
            assert design.edges[f"g/{edge.id}"].relayout == (ends[0] != ends[1])


def _must_hold(design: CheckedDesign) -> None:
    project = design.project
    for graph in project.graphs.values():
        targets = [e.target for e in graph.edges]
        assert len(targets) == len(set(targets))
        links = networkx.DiGraph((e.source.node, e.target.node) for e in graph.edges if e.source.node and e.target.node)
        assert networkx.is_directed_acyclic_graph(links)
    top = project.graphs[project.top]
    for one, two in _wired_layouts(design, top, project.top):
        assert design.layouts.get(one) == design.layouts.get(two)
    for name, node in top.nodes.items():
        for port in design.ports[f"g/{name}"] if isinstance(node, KernelNode) else ():
            if port.type and port.type.shape and port.layout:
                unified = design.layouts[f"g/{name}.{port.name}"]
                assert unified.fits(port.layout, port.type.shape)
                assert unified.banks(port.type.shape) <= MOST_BANKS


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(faulty_projects(), faulty_projects())
def test_a_check_after_others_is_as_one_from_nothing(one: Project, two: Project) -> None:
    """Whatever was checked before: the same, only moved, with other steps, or another project."""
    moved = replace(one, view={"g": {"b0": (1.0, 2.0)}})
    other = replace(moved, schedules=two.schedules)
    projects, found = (one, moved, other, two, replace(two, view=moved.view), moved, one), list[CheckedDesign]()
    for project in projects:
        found.append(check(project, read()))
        assert found[-1].project is project
    for project, design in zip(projects, found, strict=True):
        forget_checks()
        fresh = check(project, read())
        for part in ("diagnostics", "ports", "edges", "signatures", "layouts"):
            # The text, as equal diagnostics may be about other things.
            assert repr(getattr(design, part)) == repr(getattr(fresh, part))
