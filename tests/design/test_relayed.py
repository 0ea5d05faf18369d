"""Systolic arrays in a design: kernels whose arrays are relayed, in all engines, and the same as drawn by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from random_elements import elements_text, passed_on

from allo_studio.analysis.ports import infer_ports
from allo_studio.diagnostics import AlloError
from allo_studio.frontend import parse_kernel
from allo_studio.pipeline import BuildResult, build, size_project
from allo_studio.primitives.dataflow import Dataflow
from allo_studio.primitives.registry import step_to_dict
from allo_studio.project import LoadedProject, load_project
from allo_studio.simulate import evaluate, random_inputs
from allo_studio.simulate.jit import evaluate_jit
from allo_studio.source import Source

pytestmark = pytest.mark.usefixtures("quick_cpp")

PRODUCT = """
from allo_studio.lang import *


def product(A: {t}[{m}, {k}], B: {t}[{k}, {n}]) -> {t}[{m}, {n}]:
    C: {t}[{m}, {n}] = 0
    for i, j in grid({m}, {n}, name="PE"):
        for k in range({k}):
            C[i, j] += A[i, k] * B[k, j]
    return C
"""
FIFOS = """
from allo_studio.lang import *

M, N, K = 3, 2, 4


def product(A: int32[M, K], B: int32[K, N]) -> int32[M, N]:
    rows: int32[M, N + 1, K]
    columns: int32[N, M + 1, K]
    C: int32[M, N]
    for m, k in grid(M, K, name="load_rows"):
        rows[m, 0, k] = A[m, k]
    for k, n in grid(K, N, name="load_columns"):
        columns[n, 0, k] = B[k, n]
    for i, j in grid(M, N, name="PE"):
        total: int32 = 0
        for k in range(K):
            a: int32 = rows[i, j, k]
            b: int32 = columns[j, i, k]
            total += a * b
            rows[i, j + 1, k] = a
            columns[j, i + 1, k] = b
        C[i, j] = total
    last: int32[N]
    for k in grid(K, name="drain"):
        for n in range(N):
            last[n] = columns[n, M, k]
    return C
"""
SYSTOLIC = """
- unfold: {band: PE, axes: [0, 1]}
- relay: {buffer: A, dst: PE, axis: 1}
- relay: {buffer: B, dst: PE, axis: 0}
- relay: {buffer: C, dst: PE}
- dataflow: {function: product}
"""
BANKED = """
- partition: {buffer: A, dim: 1}
- partition: {buffer: B, dim: 2}
- partition: {buffer: C}
"""


def project(
    folder: Path, text: str, steps: str, extents: tuple[int, int, int] = (3, 3, 4), kind: str = "int32"
) -> LoadedProject:
    m, n, k = extents
    indented = "".join(f"  {line}\n" for line in steps.strip().splitlines())
    folder.mkdir(exist_ok=True)
    (folder / "k.py").write_text(text.format(t=kind, m=m, n=n, k=k), encoding="utf-8")
    body = f"format: 1\nname: p\ntop: top\nschedules:\n  all:\n{indented}graphs:\n  top:\n"
    body += f'    inputs: {{A: "{kind}[{m}, {k}]", B: "{kind}[{k}, {n}]"}}\n    outputs: {{C: "{kind}[{m}, {n}]"}}\n'
    body += '    nodes: {w: {kernel: "k.py:product", schedule: all}}\n    edges: [A -> w.A, B -> w.B, w.C -> C]\n'
    (folder / "project.yaml").write_text(body, encoding="utf-8")
    return load_project(folder)


def built(loaded: LoadedProject, folder: Path, target: Literal["hls", "rtl"]) -> BuildResult:
    """Build and simulate; whatever the target, all channels are FIFOs, and the RTL takes the cycles foretold."""
    result = build(loaded, folder / "build", target=target)
    assert result.ok, result.diagnostics
    assert {channel.kind for channel in result.report.channels} == {"fifo"}
    if target == "rtl":
        cycles = result.report.cycles["open"]
        assert cycles["predicted"] == cycles["simulated"]
    return result


@pytest.mark.parametrize("target", ["hls", "rtl"])
def test_a_systolic_product_of_an_ordinary_kernel(tmp_path: Path, target: Literal["hls", "rtl"]) -> None:
    loaded = project(tmp_path, PRODUCT, SYSTOLIC)
    result = built(loaded, tmp_path, target)
    ids = {channel.id.removeprefix("top/w/") for channel in result.report.channels}
    assert len(ids) == 3 * 9
    assert {"A_load.A_2_0->PE_pe_2_0.A_2_0", "PE_pe_2_0.A_2_1->PE_pe_2_1.A_2_1"} <= ids
    assert {"PE_pe_0_2.B_1_2->PE_pe_1_2.B_1_2", "PE_pe_2_2.C_2_2->C_drain.C_2_2"} <= ids
    region = size_project(loaded).region
    for seed in range(3):
        inputs = random_inputs(region.ports, seed)
        want = inputs["A"] @ inputs["B"]
        np.testing.assert_array_equal(evaluate(region, inputs)["C"], want)
        np.testing.assert_array_equal(evaluate_jit(region, inputs)["C"], want)


@pytest.mark.parametrize("target", ["hls", "rtl"])
def test_a_systolic_product_of_floats(tmp_path: Path, target: Literal["hls", "rtl"]) -> None:
    text = PRODUCT.replace("] = 0\n", "] = 0.0\n")
    built(project(tmp_path, text, SYSTOLIC, (2, 2, 5), "float32"), tmp_path, target)


@pytest.mark.parametrize("target", ["hls", "rtl"])
def test_fifos_that_the_kernel_has_itself(tmp_path: Path, target: Literal["hls", "rtl"]) -> None:
    steps = SYSTOLIC.replace("buffer: A", "buffer: rows").replace("buffer: B", "buffer: columns")
    result = built(project(tmp_path, FIFOS, steps, (3, 2, 4)), tmp_path, target)
    ids = {channel.id.removeprefix("top/w/") for channel in result.report.channels}
    # Nothing takes the rows from the last column; the columns are emptied at the bottom.
    assert "PE_pe_2_1.columns_1_3->drain.columns_1_3" in ids
    assert not any("rows_0_2" in known for known in ids)


def test_all_rows_at_the_same_time(tmp_path: Path) -> None:
    plain = size_project(project(tmp_path / "a", PRODUCT, SYSTOLIC, (3, 3, 8)))
    banked = built(project(tmp_path / "b", PRODUCT, BANKED + SYSTOLIC, (3, 3, 8)), tmp_path, "rtl")
    found = banked.report.cycles["open"]["predicted"]
    # One row's elements, the way through the grid, and what an element needs; not one row after another.
    assert found < 8 + 2 * 3 + 10
    assert found + 10 < plain.latency


def test_a_depth_that_is_asked_for(tmp_path: Path) -> None:
    steps = SYSTOLIC.replace("buffer: A, dst: PE, axis: 1", "buffer: A, dst: PE, axis: 1, depth: 6")
    result = built(project(tmp_path, PRODUCT, steps, (2, 2, 3)), tmp_path, "rtl")
    depths = {c.id.rpartition(".")[2]: c.depth["open"] for c in result.report.channels}
    assert {depths[f"A_{i}_{j}"] for i in range(2) for j in range(2)} == {6}
    assert max(depth for name, depth in depths.items() if name[0] != "A") < 6


# The same, drawn

DRAWN = """
from allo_studio.lang import *


def load_a(A: int32[2, 4]) -> (int32[4], int32[4]):
    first: int32[4]
    second: int32[4]
    for k in range(4):
        first[k] = A[0, k]
    for k in range(4):
        second[k] = A[1, k]
    return first, second


def load_b(B: int32[4, 2]) -> (int32[4], int32[4]):
    first: int32[4]
    second: int32[4]
    for k in range(4):
        first[k] = B[k, 0]
        second[k] = B[k, 1]
    return first, second


def both(a: int32[4], b: int32[4]) -> (int32[4], int32[4], int32[1]):
    right: int32[4]
    down: int32[4]
    c: int32[1]
    total: int32 = 0
    for k in range(4):
        x: int32 = a[k]
        right[k] = x
        y: int32 = b[k]
        down[k] = y
        total += x * y
    c[0] = total
    return right, down, c


def one(a: int32[4], b: int32[4]) -> (int32[4], int32[1]):
    on: int32[4]
    c: int32[1]
    total: int32 = 0
    for k in range(4):
        x: int32 = a[k]
        on[k] = x
        total += x * b[k]
    c[0] = total
    return on, c


def none(a: int32[4], b: int32[4]) -> int32[1]:
    c: int32[1]
    total: int32 = 0
    for k in range(4):
        total += a[k] * b[k]
    c[0] = total
    return c


def drain(p: int32[1], q: int32[1], r: int32[1], s: int32[1]) -> int32[2, 2]:
    C: int32[2, 2]
    C[0, 0] = p[0]
    C[0, 1] = q[0]
    C[1, 0] = r[0]
    C[1, 1] = s[0]
    return C
"""
GRAPH = """
format: 1
name: p
top: top
graphs:
  top:
    inputs: {A: "int32[2, 4]", B: "int32[4, 2]"}
    outputs: {C: "int32[2, 2]"}
    nodes:
      la: {kernel: "k.py:load_a"}
      lb: {kernel: "k.py:load_b"}
      e00: {kernel: "k.py:both"}
      e01: {kernel: "k.py:one"}
      e10: {kernel: "k.py:one"}
      e11: {kernel: "k.py:none"}
      d: {kernel: "k.py:drain"}
    edges:
      - A -> la.A
      - B -> lb.B
      - la.first -> e00.a
      - la.second -> e10.a
      - lb.first -> e00.b
      - lb.second -> e01.a
      - e00.right -> e01.b
      - e00.down -> e10.b
      - e01.on -> e11.b
      - e10.on -> e11.a
      - e00.c -> d.p
      - e01.c -> d.q
      - e10.c -> d.r
      - e11.c -> d.s
      - d.C -> C
"""


def test_the_same_cycles_and_channels_as_drawn(tmp_path: Path) -> None:
    opened = size_project(project(tmp_path / "k", PRODUCT, SYSTOLIC, (2, 2, 4)))
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "k.py").write_text(DRAWN, encoding="utf-8")
    (tmp_path / "d" / "project.yaml").write_text(GRAPH.strip(), encoding="utf-8")
    drawn = size_project(load_project(tmp_path / "d"))
    assert (opened.latency, opened.interval, opened.fifo_bits) == (drawn.latency, drawn.interval, drawn.fifo_bits)
    ours, theirs = (sorted((s.depth, s.observed) for s in sized.fifos.values()) for sized in (opened, drawn))
    assert ours == theirs
    assert len(ours) == 3 * 4


# Random


@pytest.mark.parametrize("seed", [3, 11])
def test_random_elements_in_a_design(tmp_path: Path, seed: int) -> None:
    text = f"from allo_studio.lang import *\n\n\n{elements_text(seed)}"
    base = infer_ports(parse_kernel(Source("k.py", text), "f", {}))
    ir, steps = passed_on(base, seed)
    if not Dataflow("f").check(ir):
        steps.append(Dataflow("f"))
    listed = "".join(f"  - {step_to_dict(step)}\n" for step in steps)
    sides = {
        side: ", ".join(f'{a.name}: "{a.type}"' for a in base.arguments() if (a.direction == "in") == (side == "in"))
        for side in ("in", "out")
    }
    ends = [f"{a.name} -> w.{a.name}" if a.direction == "in" else f"w.{a.name} -> {a.name}" for a in base.arguments()]
    body = f"format: 1\nname: p\ntop: top\nschedules:\n  all:\n{listed}graphs:\n  top:\n"
    body += f"    inputs: {{{sides['in']}}}\n    outputs: {{{sides['out']}}}\n"
    body += f'    nodes: {{w: {{kernel: "k.py:f", schedule: all}}}}\n    edges: [{", ".join(ends)}]\n'
    (tmp_path / "k.py").write_text(text, encoding="utf-8")
    (tmp_path / "project.yaml").write_text(body, encoding="utf-8")
    loaded = load_project(tmp_path)
    try:
        result = build(loaded, tmp_path / "build", target="rtl")
    except AlloError as error:
        pytest.fail("\n".join(d.message for d in error.diagnostics))
    assert result.ok, result.diagnostics
    assert result.report.cycles["open"]["predicted"] == result.report.cycles["open"]["simulated"]
