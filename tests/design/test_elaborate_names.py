"""Names that are spelled alike once joined by `_` must not join what the design keeps apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from allo_studio.pipeline import build, size_project
from allo_studio.project import load_project
from allo_studio.simulate.reference import evaluate

KERNELS = """
from allo_studio.lang import float32

def one(X: float32[4]) -> float32[4]:
    b_c: float32[4]
    for i in range(4):
        b_c[i] = X[i] * 2.0
    return b_c

def two(X: float32[4]) -> float32[4]:
    c: float32[4]
    for i in range(4):
        c[i] = X[i] * 3.0
    return c

def less(X: float32[4], Y: float32[4]) -> float32[4]:
    Z: float32[4]
    for i in range(4):
        Z[i] = X[i] - Y[i]
    return Z
"""
HEAD = "format: 1\nname: x\ntop: top\ngraphs:\n"
BLOCKS = """  top:
    execution: {execution}
    inputs: {{A: "float32[4]", B: "float32[4]"}}
    outputs: {{E: "float32[4]"}}
    nodes:
      a: {{kernel: "k.py:one"}}
      a_b: {{kernel: "k.py:two"}}
      s: {{kernel: "k.py:less"}}
    edges: [A -> a.X, B -> a_b.X, a.b_c -> s.X, a_b.c -> s.Y, s.Z -> E]
"""
PORTS = """  top:
    execution: {execution}
    inputs: {{A: "float32[4]", a_b_c: "float32[4]"}}
    outputs: {{E: "float32[4]"}}
    nodes:
      a: {{kernel: "k.py:one"}}
      b: {{kernel: "k.py:two"}}
      s: {{kernel: "k.py:less"}}
    edges: [A -> a.X, a_b_c -> b.X, a.b_c -> s.X, b.c -> s.Y, s.Z -> E]
"""
LEVELS = """  top:
    execution: {execution}
    inputs: {{A: "float32[4]", B: "float32[4]"}}
    outputs: {{E: "float32[4]"}}
    nodes:
      a: {{graph: middle}}
      a_q: {{graph: triple}}
      s: {{kernel: "k.py:less"}}
    edges: [A -> a.X, B -> a_q.X, a.Y -> s.X, a_q.Y -> s.Y, s.Z -> E]
  middle:
    execution: {execution}
    inputs: {{X: "float32[4]"}}
    outputs: {{Y: "float32[4]"}}
    nodes: {{q: {{graph: twice}}, out: {{kernel: "k.py:one"}}}}
    edges: [X -> q.X, q.Y -> out.X, out.b_c -> Y]
  twice:
    execution: {execution}
    inputs: {{X: "float32[4]"}}
    outputs: {{Y: "float32[4]"}}
    nodes: {{k: {{kernel: "k.py:one"}}}}
    edges: [X -> k.X, k.b_c -> Y]
  triple:
    execution: {execution}
    inputs: {{X: "float32[4]"}}
    outputs: {{Y: "float32[4]"}}
    nodes: {{k: {{kernel: "k.py:two"}}}}
    edges: [X -> k.X, k.c -> Y]
"""


@pytest.mark.parametrize("execution", ["dataflow", "sequential"])
@pytest.mark.parametrize(("graphs", "inputs", "factors"), [
    (BLOCKS, ("A", "B"), (2, 3)), (PORTS, ("A", "a_b_c"), (2, 3)), (LEVELS, ("A", "B"), (4, 3)),
])  # fmt: skip
def test_names_that_join_alike_stay_apart(
    tmp_path: Path, graphs: str, inputs: tuple[str, str], factors: tuple[int, int], execution: str
) -> None:
    (tmp_path / "k.py").write_text(KERNELS)
    (tmp_path / "project.yaml").write_text(HEAD + graphs.format(execution=execution))
    loaded = load_project(tmp_path)
    one, two = np.array([1, 2, 3, 4], np.float32), np.array([5, 7, 11, 13], np.float32)
    region = size_project(loaded).region
    got = evaluate(region, dict(zip(inputs, (one, two), strict=True)))["E"]
    assert got.tolist() == (factors[0] * one - factors[1] * two).tolist()
    assert build(loaded, tmp_path / "build").ok
