"""Designs whose arrays have named sizes: every engine computes the same, for the greatest sizes and for others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from allo_studio.design.region import Region
from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import Engine, build, check_project, simulate, size_project
from allo_studio.project import LoadedProject, load_project
from allo_studio.simulate.data import random_inputs, random_sizes
from allo_studio.simulate.jit import evaluate_jit
from allo_studio.simulate.reference import evaluate
from allo_studio.simulate.sizes import meant, sizes_of

pytestmark = pytest.mark.usefixtures("quick_cpp")

KERNELS = """\
from allo_studio.lang import float32, int32


def more(A: float32["n<=8"]) -> float32["n"]:
    B: float32["n"] = 1.5
    for i in range(n - 1):
        B[i] += A[i + 1]
    return B


def turned(A: float32["m<=8"]) -> float32["m"]:
    B: float32["m"]
    for i in range(m):
        B[i] = A[m - 1 - i] * 2.0
    return B


def outer(A: float32["m<=8"], B: float32["k<=5"]) -> float32["m", "k"]:
    C: float32["m", "k"]
    for i in range(m):
        for j in range(k):
            C[i, j] = A[i] * B[j]
    return C


def rows(C: float32["r<=8", "c<=5"]) -> float32["r"]:
    s: float32["r"] = 0
    for i in range(r):
        for j in range(c):
            s[i] += C[i, j]
    return s


def count(X: int32[8]) -> int32:
    c: int32 = 1
    for i in range(8):
        if X[i] > 0 and c < 8:
            c += 1
    return c


def fill(x: float32, B: float32["g<=8"]):
    for i in range(g):
        B[i] = x + i


def total(A: float32["t<=8"]) -> float32:
    s: float32 = 0
    for i in range(t):
        s += A[i]
    return s


def search(A: float32["n<=8"]) -> float32["n"]:
    B: float32["n"]
    for i in range(n):
        x: float32 = A[i] + 2
        while x > 1.0:
            x = x * 0.5
        B[i] = x
    return B
"""

ROW = """\
    inputs: {n: int32, A: "float32[n<=8]"}
    outputs: {B: "float32[n<=8]"}
    nodes: {a: {kernel: "k.py:more"}, b: {kernel: "k.py:turned"}}
    edges: [n -> a.n, n -> b.m, A -> a.A, a.B -> b.A, b.B -> B]
"""
TWO = """\
    inputs: {k: int32, q: int32, A: "float32[q<=8]", B: "float32[k<=5]"}
    outputs: {S: "float32[q<=8]", T: "float32[q<=8]"}
    nodes:
      o: {kernel: "k.py:outer"}
      d: {duplicate: "float32[i<=8, n<=5]", copies: 2}
      r: {kernel: "k.py:rows"}
      s: {graph: inner}
    edges: [q -> o.m, k -> o.k, A -> o.A, B -> o.B, o.C -> d.x, q -> d.i, k -> d.n, q -> r.r, k -> r.c, d.y0 -> r.C,
            r.s -> S, q -> s.h, k -> s.w, d.y1 -> s.C, s.E -> T]
  inner:
    inputs: {w: int32, h: int32, C: "float32[h<=8, w<=5]"}
    outputs: {E: "float32[h<=8]"}
    nodes:
      r: {kernel: "k.py:rows"}
      b: {kernel: "k.py:turned"}
      f: {convert: "float32[n<=8]", to: float16}
      g: {convert: "float16[n<=8]", to: float32}
    edges: [w -> r.c, h -> r.r, h -> b.m, h -> f.n, h -> g.n, C -> r.C, r.s -> f.x, f.y -> g.x, g.y -> b.A, b.B -> E]
"""
INSTANCES = """\
    inputs: {k: int32, q: int32, A: "float32[q<=8]", B: "float32[k<=8]"}
    outputs: {S: "float32[q<=8]", T: "float32[k<=8]"}
    nodes: {s: {graph: inner}, t: {graph: inner}}
    edges: [q -> s.n, k -> t.n, A -> s.A, B -> t.A, s.B -> S, t.B -> T]
  inner:
"""
COUNTED = """\
    inputs: {X: "int32[8]", x: float32}
    outputs: {S: float32}
    nodes:
      c: {kernel: "k.py:count"}
      w: {kernel: "k.py:fill"}
      a: {kernel: "k.py:more"}
      t: {kernel: "k.py:total"}
    edges: [X -> c.X, c.c -> w.g, c.c -> a.n, c.c -> t.t, x -> w.x, w.B -> a.A, a.B -> t.A, t.s -> S]
"""
# A size that no array of the design has at its outside, by way of a copy.
HIDDEN = """\
    inputs: {k: int32, x: float32}
    outputs: {S: float32}
    nodes:
      d: {duplicate: int32, copies: 2}
      w: {kernel: "k.py:fill"}
      t: {kernel: "k.py:total"}
    edges: [k -> d.x, d.y0 -> w.g, d.y1 -> t.t, x -> w.x, w.B -> t.A, t.s -> S]
"""
LAYOUTS = """\
    execution: sequential
    unify: false
    inputs: {n: int32, A: "float32[n<=8]"}
    outputs: {B: "float32[n<=8]", C: "float32[n<=8]"}
    nodes:
      a: {kernel: "k.py:more", schedule: s}
      b: {kernel: "k.py:turned"}
      c: {kernel: "k.py:more"}
    edges: [n -> a.n, n -> b.m, n -> c.n, A -> a.A, A -> b.A, a.B -> B, b.B -> c.A, c.B -> C]
"""
# Cycles that depend on the data: the kernel is run to know them.
SEARCH = """\
    inputs: {n: int32, A: "float32[n<=8]"}
    outputs: {B: "float32[n<=8]"}
    nodes: {a: {kernel: "k.py:search"}, b: {kernel: "k.py:turned"}}
    edges: [n -> a.n, n -> b.m, A -> a.A, a.B -> b.A, b.B -> B]
"""
FIXED = """\
    inputs: {A: "float32[6]", m: int32, C: "float32[m<=8]"}
    outputs: {B: "float32[6]", D: "float32[m<=8]"}
    nodes:
      a: {kernel: "k.py:more", params: {n: 6}}
      b: {kernel: "k.py:turned", params: {m: 6}}
      c: {kernel: "k.py:turned"}
    edges: [A -> a.A, a.B -> b.A, b.B -> B, m -> c.m, C -> c.A, c.B -> D]
"""
DESIGNS = {
    "row": ROW,
    "two": TWO,
    "instances": INSTANCES + ROW,
    "counted": COUNTED,
    "hidden": HIDDEN,
    "layouts": LAYOUTS,
    "search": SEARCH,
    "fixed": FIXED,
}


def project(folder: Path, graphs: str) -> LoadedProject:
    (folder / "k.py").write_text(KERNELS)
    steps = "schedules:\n  s: [{partition: {buffer: A, kind: cyclic, factor: 4}}]\n" if "schedule: s" in graphs else ""
    (folder / "project.yaml").write_text(f"format: 1\nname: p\ntop: top\n{steps}graphs:\n  top:\n{graphs}")
    return load_project(folder)


@pytest.mark.parametrize("target", ["jit", "hls", "rtl"])
@pytest.mark.parametrize("name", DESIGNS)
def test_each_engine_computes_what_the_reference_does(tmp_path: Path, name: str, target: Engine) -> None:
    loaded = project(tmp_path, DESIGNS[name])
    assert check_project(loaded).diagnostics == ()
    result = simulate(loaded, target=target)
    assert result.ok, [str(d) for d in result.diagnostics]
    row = result.report.simulation
    assert row is not None
    assert row.passed


def _by_hand(name: str, given: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return what a design computes for arrays of their sizes."""

    def more(array: NDArray[Any]) -> NDArray[Any]:
        return np.append(np.float32(1.5) + array[1:], np.float32(1.5))

    if name == "row":
        return {"B": more(given["A"])[::-1] * np.float32(2)}
    if name == "instances":
        return {"S": more(given["A"])[::-1] * np.float32(2), "T": more(given["B"])[::-1] * np.float32(2)}
    return {"B": more(given["A"]), "C": more(given["A"][::-1] * np.float32(2))}


@pytest.mark.parametrize("name", ["row", "instances", "layouts"])
@pytest.mark.parametrize("seed", range(6))
def test_only_what_is_within_the_sizes_counts(tmp_path: Path, name: str, seed: int) -> None:
    region = size_project(project(tmp_path, DESIGNS[name])).region
    sizes = random_sizes(sizes_of(region).maxima, seed)
    inputs = random_inputs(region.ports, seed, sizes)
    for port in region.ports:
        if port.direction == "in" and port.type.sizes:
            inputs[port.name][sizes[port.type.sizes[0]] :] = np.nan
    given = meant(region.ports, inputs, inputs)
    wanted = _by_hand(name, given)
    for engine in (evaluate, evaluate_jit):
        found = meant(region.ports, inputs, engine(region, inputs))
        assert {port: array.shape for port, array in found.items()} == {p: a.shape for p, a in wanted.items()}
        assert all(np.array_equal(found[port], wanted[port]) for port in wanted)


def region_of(folder: Path, name: str) -> Region:
    return size_project(project(folder, DESIGNS[name])).region


@pytest.mark.parametrize(
    ("name", "maxima", "greatest"),
    [
        ("row", {"n": 8}, True),
        ("two", {"q": 8, "k": 5}, True),
        ("instances", {"q": 8, "k": 8}, True),
        ("hidden", {"k": 8}, True),
        ("counted", {}, False),
        ("fixed", {"m": 8}, True),
    ],
)
def test_which_inputs_tell_sizes(tmp_path: Path, name: str, maxima: dict[str, int], greatest: bool) -> None:
    found = sizes_of(region_of(tmp_path, name))
    assert (found.maxima, found.greatest) == (maxima, greatest)


def test_a_size_is_the_same_in_all_of_the_data(tmp_path: Path) -> None:
    assert random_sizes({"n": 8, "m": 5}, 3)["n"] == random_sizes({"n": 8}, 3)["n"]
    assert {random_sizes({"n": 3}, seed)["n"] for seed in range(30)} == {1, 2, 3}
    region = region_of(tmp_path, "row")
    one, two = (random_inputs(region.ports, 0, {"n": n}) for n in (2, 8))
    assert (int(one["n"]), int(two["n"]), one["n"].dtype) == (2, 8, np.int32)
    assert np.array_equal(one["A"], two["A"])


@pytest.mark.parametrize("n", [0, 9, -1])
def test_a_size_out_of_its_range_is_told(tmp_path: Path, n: int) -> None:
    region = region_of(tmp_path, "row")
    inputs = random_inputs(region.ports, sizes={"n": n})
    for engine in (evaluate, evaluate_jit):
        with pytest.raises(AlloError) as caught:
            engine(region, inputs)
        (fault,) = caught.value.diagnostics
        assert (fault.code, fault.where) == ("run", "top/a")
        assert fault.message == f"the size n of top/a is {n} in this run, and it goes from 1 to 8"


def test_the_data_of_a_build_has_the_greatest_sizes(tmp_path: Path) -> None:
    """Whoever runs the testbench has all elements compared."""
    loaded = project(tmp_path, ROW)
    assert build(loaded, tmp_path / "out", target="hls").ok
    data = tmp_path / "out" / "csim" / "data"
    assert np.frombuffer((data / "n.bin").read_bytes(), np.int32).tolist() == [8]
    assert (data / "B.golden.bin").read_bytes() == (data / "B.out.bin").read_bytes()


@dataclass(frozen=True)
class Asked:
    """A wire that is to be a FIFO, and what is said of it."""

    old: str
    new: str
    message: str


@pytest.mark.parametrize(
    "asked",
    [
        Asked("a.B -> b.A", "{from: a.B, to: b.A, channel: fifo}", "this edge cannot be a FIFO: at top/a, B has n"),
        Asked("A -> a.A", "{from: A, to: a.A, channel: fifo}", "this port cannot be a stream: at top/a, A has n"),
        Asked("a.B -> b.A", "{from: a.B, to: b.A, initial: [0]}", "a FIFO, and this one cannot be: at top/a, B has n"),
    ],
)
def test_a_fifo_moves_a_number_of_elements_that_is_known(tmp_path: Path, asked: Asked) -> None:
    loaded = project(tmp_path, ROW.replace(asked.old, asked.new))
    with pytest.raises(AlloError) as caught:
        size_project(loaded)
    (fault,) = caught.value.diagnostics
    assert fault.code == "order"
    assert asked.message in fault.message
    assert "params: {n: ...}" in fault.hint
