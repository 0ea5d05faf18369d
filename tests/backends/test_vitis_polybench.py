"""The kernels of PolyBench as HLS C++, in one design: no warning, and each element as the reference has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polybench
import pytest
import yaml

from allo_studio.frontend import parse_kernel
from allo_studio.pipeline import check_project, simulate
from allo_studio.project import LoadedProject, load_project
from allo_studio.simulate import toolchain


def suite(folder: Path, scheduled: bool) -> LoadedProject:
    """Write a project with each kernel as a block whose ports are ports of the design."""
    inputs, outputs, nodes, edges = {}, {}, {}, []
    schedules = {}
    for name in polybench.NAMES:
        known = polybench.load(name)
        (folder / f"{name}.py").write_text(known.source.text)
        nodes[name] = {"kernel": f"{name}.py:{name}"} | ({"schedule": name} if scheduled else {})
        arguments = parse_kernel(known.source, name).arguments()
        # A block has an array that it changes as an input and an output, and works on the latter.
        changed = {argument.name for argument in arguments if argument.direction == "inout"}
        schedules[name] = [{step: _renamed(values, changed)} for step, values in known.schedule]
        for argument in arguments:
            if argument.direction != "out":
                inputs[f"{name}_{argument.name}"] = str(argument.type)
                edges.append(f"{name}_{argument.name} -> {name}.{argument.name}")
            if argument.direction != "in":
                port = argument.name if argument.direction == "out" else f"{argument.name}_out"
                outputs[f"{name}_{port}"] = str(argument.type)
                edges.append(f"{name}.{port} -> {name}_{port}")
    graph = {"execution": "sequential", "inputs": inputs, "outputs": outputs, "nodes": nodes, "edges": edges}
    project = {"format": 1, "name": "suite", "top": "suite", "graphs": {"suite": graph}}
    project |= {"schedules": schedules} if scheduled else {}
    (folder / "project.yaml").write_text(yaml.safe_dump(project, sort_keys=False))
    return load_project(folder)


def _renamed(values: dict[str, Any], changed: set[str]) -> dict[str, Any]:
    found = dict(values)
    for key in {"buffer", "axis"} & found.keys():
        # `A_reuse` and `A_reuse_shift_0` are what a step made of A.
        array, mark, rest = str(found[key]).partition("_")
        if array in changed and (key == "buffer" or mark):
            found[key] = f"{array}_out{mark}{rest}"
    return found


@pytest.mark.parametrize("scheduled", [False, True], ids=["plain", "scheduled"])
def test_thirty_kernels(scheduled: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "FLAGS", (*toolchain.FLAGS, "-Werror", "-O1"))
    loaded = suite(tmp_path, scheduled)
    assert [str(fault) for fault in check_project(loaded).diagnostics] == []
    result = simulate(loaded, target="hls")
    assert result.ok, [str(fault) for fault in result.diagnostics]
    row = result.report.simulation
    assert row is not None
    assert row.passed
    assert row.compared > 3_000
    # Only where a step adds in another order may an element be off.
    assert row.max_error == 0.0 or scheduled
