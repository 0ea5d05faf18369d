"""Random selections in graphs with parameters: collapsed and expanded they compute the same in every instance."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray
from parametric_projects import VALUES, concrete, parametric

from allo_studio.design.collapsing import collapsing
from allo_studio.design.edits import ExpandNode, SetGraphPortType, SetParam
from allo_studio.design.model import Project
from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import check_project, size_project
from allo_studio.project import LoadedProject, dump_project, parse_project, sources
from allo_studio.simulate.data import random_inputs
from allo_studio.simulate.reference import evaluate

REFUSED = "would wait for itself|which no parameter of|fire differently often"


def outputs(loaded: LoadedProject, project: Project, inputs: Mapping[str, NDArray[Any]]) -> dict[str, list[int]]:
    found = evaluate(size_project(loaded, project).region, inputs)
    return {name: array.tolist() for name, array in found.items()}


def collapsed(draw: random.Random, loaded: LoadedProject, project: Project, graph: str, name: str) -> Project | None:
    """Return the project with some blocks of a graph in one of their own; None where that is refused."""
    blocks = list(project.graphs[graph].nodes)
    first = draw.randrange(len(blocks))
    # Blocks that stand beside each other in the file are often wired together, others are not.
    chosen = (
        blocks[first : first + draw.randint(1, 4)] if draw.random() < 0.7 else draw.sample(blocks, min(2, len(blocks)))
    )
    checked = check_project(loaded, project)
    assert checked.ok, checked.diagnostics
    edit = collapsing(checked, sources(loaded.root), graph, chosen, name)
    try:
        return edit.apply(project)
    except AlloError as error:
        refusal = error.diagnostics[0]
    assert re.search(REFUSED, refusal.message), refusal
    assert refusal.hint
    return None


def with_other_values(project: Project) -> Project:
    """Return the project with values in one instance that no instance had before."""
    for name, value in VALUES[-1].items():
        project = SetParam("top", "u1", name, value).apply(project)
    body = project.graphs["body"]
    for port, kind in {**body.inputs, **body.outputs}.items():
        project = SetGraphPortType("top", f"u1_{port}", concrete(kind, VALUES[-1])).apply(project)
    return project


@pytest.mark.parametrize("seed", range(14))
def test_every_instance_computes_the_same(tmp_path: Path, seed: int) -> None:
    loaded = parametric(tmp_path, seed)
    project, draw = loaded.project, random.Random(seed)
    region = size_project(loaded, project).region
    inputs = random_inputs(region.ports)
    made = next(filter(None, (collapsed(draw, loaded, project, "body", "part") for _ in range(20))))
    assert parse_project(dump_project(made), Path("p.yaml")).project == made
    want = outputs(loaded, project, inputs)
    assert outputs(loaded, made, inputs) == want
    other = check_project(loaded, with_other_values(made))
    assert other.ok, other.diagnostics
    # Blocks of the new graph become one of their own, too.
    deeper = collapsed(draw, loaded, made, "part", "deeper") or made
    assert outputs(loaded, deeper, inputs) == want
    for graph, block in (("part", "deeper"), ("body", "part")):
        if graph in deeper.graphs and block in deeper.graphs[graph].nodes:
            deeper = ExpandNode(graph, block).apply(deeper)
    back, drawn = deeper.graphs["body"], project.graphs["body"]
    assert deeper.graphs.keys() == project.graphs.keys()
    assert (back.nodes, set(back.edges), back.params) == (drawn.nodes, set(drawn.edges), drawn.params)
