"""Designs whose blocks fire at several rates: every engine gives what the blocks give that are fired one by one."""

from __future__ import annotations

import random
import re
from pathlib import Path

import numpy as np
import pytest
from random_rates import by_hand, multirate

from allo_studio.backends.vitis import emit, write
from allo_studio.design.collapsing import collapsing
from allo_studio.design.edits import Edit, ExpandNode
from allo_studio.design.model import GraphNode, Project
from allo_studio.diagnostics import AlloError
from allo_studio.hardware.operators import load_operators
from allo_studio.pipeline import check_project, simulate, size_project
from allo_studio.project import load_project, sources
from allo_studio.simulate.csim import run
from allo_studio.simulate.data import random_inputs
from allo_studio.simulate.jit import evaluate_jit
from allo_studio.simulate.reference import evaluate

pytestmark = pytest.mark.usefixtures("quick_cpp")
VITIS = load_operators("vitis", 3.33)
DATAFLOW, SEQUENTIAL = range(24), range(100, 106)


@pytest.mark.parametrize("seed", [*DATAFLOW, *SEQUENTIAL])
def test_engines(tmp_path: Path, seed: int) -> None:
    made = multirate(tmp_path / "p", seed, "sequential" if seed in SEQUENTIAL else "dataflow")
    checked = check_project(made.loaded)
    assert checked.ok, checked.diagnostics
    assert dict(checked.firings) == made.firings
    sized = size_project(made.loaded, library=VITIS)
    inputs = random_inputs(sized.region.ports)
    want = by_hand(checked, made.firings, inputs)
    for engine in (evaluate, evaluate_jit):
        found = engine(sized.region, inputs)
        assert found.keys() == want.keys()
        assert all(np.array_equal(found[name], want[name]) for name in want), engine
    if seed % 4 == 0:
        folder = tmp_path / "out"
        folder.mkdir()
        write(emit(sized.region, made.loaded.project.target, "rates", "part"), folder)
        types = {port.name: port.type for port in sized.region.ports}
        ran = run(folder, sized.region.name, inputs, want, types=types)
        assert ran.passed, f"{ran.first_mismatch} {ran.faults}"


@pytest.mark.parametrize("seed", [1, 6, 8, 20])
def test_circuits(tmp_path: Path, seed: int) -> None:
    """The RTL gives the reference's elements in the cycles, and with the tokens in each FIFO, that were predicted."""
    made = multirate(tmp_path / "p", seed)
    assert any(often > 1 for often in made.firings.values())
    found = simulate(made.loaded, target="rtl")
    assert found.ok, [str(d) for d in found.diagnostics]


STATE = """\
from allo_studio.lang import *


def tally(x: int32[4]) -> int32[4]:
    fired: int32 @ Stateful = 0
    y: int32[4]
    for i in range(4):
        y[i] = x[i] + 100 * fired
    fired += 1
    return y


def least(x: int32[4]) -> int32:
    def smaller(a: int32[4], to: int32) -> int32:
        m: int32 = to
        for i in range(4):
            if a[i] < m:
                m = a[i]
        return m

    y: int32 = smaller(x, 1000000)
    return y
"""
TALLY = """\
format: 1
name: tally
top: top
graphs:
  top:
    inputs: {X: "int32[3, 4]"}
    outputs: {Y: "int32[3]"}
    nodes:
      t: {kernel: "k.py:tally"}
      l: {kernel: "k.py:least"}
    edges:
      - {from: X, to: t.x, rate: rows}
      - t.y -> l.x
      - {from: l.y, to: Y, rate: rows}
"""


def test_state_goes_on_from_firing_to_firing_and_functions_take_parts(tmp_path: Path) -> None:
    (tmp_path / "k.py").write_text(STATE)
    (tmp_path / "project.yaml").write_text(TALLY)
    loaded = load_project(tmp_path)
    region = size_project(loaded, library=VITIS).region
    x = np.arange(12, dtype=np.int32).reshape(3, 4) * np.array([1, -1, 1, 1], np.int32)
    for invocations in (1, 2):
        counts = np.arange(3 * (invocations - 1), 3 * invocations, dtype=np.int32)
        assert np.array_equal(evaluate_jit(region, {"X": x}, invocations)["Y"], x.min(1) + 100 * counts)
    found = simulate(loaded, target="rtl")
    assert found.ok, [str(d) for d in found.diagnostics]


@pytest.mark.parametrize("seed", range(200, 216))
def test_blocks_that_move_a_level_compute_the_same(tmp_path: Path, seed: int) -> None:
    made = multirate(tmp_path / "p", seed)
    project, draw = made.loaded.project, random.Random(seed)
    checked = check_project(made.loaded)
    sized = size_project(made.loaded, library=VITIS)
    inputs = random_inputs(sized.region.ports)
    want = evaluate_jit(sized.region, inputs)
    top = project.graphs["top"]
    chosen = tuple(draw.sample(list(top.nodes), draw.randint(1, len(top.nodes))))
    edits: list[Edit] = [ExpandNode("top", name) for name, node in top.nodes.items() if isinstance(node, GraphNode)]
    edits.append(collapsing(checked, sources(made.loaded.root), "top", chosen, "gathered"))
    for edit in edits:
        changed = _applied(edit, project)
        if isinstance(changed, str):
            assert re.search("would wait for itself|differently often|rows go over", changed), changed
            continue
        found = check_project(made.loaded, changed)
        assert found.ok, (edit, found.diagnostics)
        after = size_project(made.loaded, changed, VITIS)
        got = evaluate_jit(after.region, inputs)
        assert all(np.array_equal(got[name], want[name]) for name in want)


def _applied(edit: Edit, project: Project) -> Project | str:
    try:
        return edit.apply(project)
    except AlloError as error:
        return str(error)


LOOP = """\
from allo_studio.lang import *


def mix(x: int32[4], b: int32[4]) -> (int32[4], int32[4]):
    y: int32[4]
    z: int32[4]
    for i in range(4):
        y[i] = x[i] + b[i]
        z[i] = x[i] + b[i]
    return y, z


def halve(x: int32[6]) -> int32[6]:
    y: int32[6]
    for i in range(6):
        y[i] = x[i] // 2
    return y
"""
LOOPED = """\
format: 1
name: looped
top: top
graphs:
  top:
    inputs: {X: "int32[12]"}
    outputs: {Y: "int32[12]"}
    nodes:
      m: {kernel: "k.py:mix"}
      h: {kernel: "k.py:halve"}
    edges:
      - {from: X, to: m.x, rate: rows}
      - {from: m.y, to: Y, rate: rows}
      - {from: m.z, to: h.x, rate: rows}
      - {from: h.y, to: m.b, rate: rows, initial: [8, -4, 2]}
"""


def test_blocks_in_a_loop_fire_at_rates_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "k.py").write_text(LOOP)
    (tmp_path / "project.yaml").write_text(LOOPED)
    loaded = load_project(tmp_path)
    checked = check_project(loaded)
    assert dict(checked.firings) == {"top/m": 3, "top/h": 2}
    region = size_project(loaded, library=VITIS).region
    x = np.arange(12, dtype=np.int32) * 7 - 30
    back, want = [8, -4, 2], []
    for invocation in range(1, 4):
        want = []
        for value in x:
            want.append(int(value) + back.pop(0))
            back.append(want[-1] // 2)
        for engine in (evaluate, evaluate_jit):
            assert engine(region, {"X": x}, invocation)["Y"].tolist() == want
    found = simulate(loaded, target="rtl")
    assert found.ok, [str(d) for d in found.diagnostics]
