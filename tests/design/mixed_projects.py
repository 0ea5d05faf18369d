"""Projects whose graphs are mixed in every way, as text; each is built, simulated and compared by the tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from allo_studio.project import LoadedProject
from allo_studio.project.load import load_project

__all__ = ["KERNELS", "PROJECTS", "make", "text_of"]

KERNELS = """\
from allo_studio.lang import float32, grid, int32, reduction

N = 8


def gemm(A: float32[N, N], B: float32[N, N]) -> float32[N, N]:
    C: float32[N, N] = 0.0
    for i, j in grid(N, N):
        for k in reduction(N):
            C[i, j] += A[i, k] * B[k, j]
    return C


def double(X: float32[N, N]) -> float32[N, N]:
    Y: float32[N, N]
    for i, j in grid(N, N):
        Y[i, j] = X[i, j] * 2.0
    return Y


def scale(X: float32[N, N], s: float32) -> float32[N, N]:
    Y: float32[N, N]
    for i, j in grid(N, N):
        Y[i, j] = X[i, j] * s
    return Y


def turn(X: float32[N, N]) -> float32[N, N]:
    Y: float32[N, N]
    for i, j in grid(N, N):
        Y[i, j] = X[j, i]
    return Y


def add(X: float32[N, N], Z: float32[N, N]) -> float32[N, N]:
    Y: float32[N, N]
    for i, j in grid(N, N):
        Y[i, j] = X[i, j] + Z[i, j]
    return Y


def both(X: float32[N, N]) -> (float32[N, N], float32[N, N]):
    Y: float32[N, N]
    Z: float32[N, N]
    for i, j in grid(N, N):
        Y[i, j] = X[i, j] + 1.0
        Z[i, j] = X[i, j] - 1.0
    return Y, Z


def total(X: float32[N, N]) -> float32:
    t: float32 = 0.0
    for i, j in grid(N, N):
        t += X[i, j]
    return t


def weigh(x: float32[N], w: float32[N]) -> float32[N]:
    y: float32[N]
    for i in range(N):
        y[i] = x[i] * w[i] + w[N - 1 - i]
    return y


def peak(x: float32[N]) -> float32:
    y: float32 = 0.0
    for i in range(N):
        y = max(y, x[i])
    return y


def shift(s: float32) -> float32:
    t: float32 = 0.0
    t = s * 2.0 + 1.0
    return t
"""

_SCHEDULES = """\
schedules:
  row_wise:
    - split: {axis: j, factor: 4}
    - reorder: {axes: [k, j.outer, j.inner]}
    - buffer_at: {buffer: C, axis: i}
    - partition: {buffer: B, kind: cyclic, dim: 2, factor: 4}
    - partition: {buffer: C, kind: cyclic, dim: 2, factor: 4}
    - pipeline: {axis: j.outer, initiation_interval: 1}
    - unroll: {axis: j.inner}
  lanes:
    - split: {axis: j, factor: 2}
    - partition: {buffer: X, kind: cyclic, dim: 2, factor: 2}
    - partition: {buffer: Y, kind: cyclic, dim: 2, factor: 2}
    - unroll: {axis: j.inner}
  blocked:
    - partition: {buffer: X, kind: block, dim: 1, factor: 4}
"""


def graph(
    name: str,
    nodes: Mapping[str, str],
    wires: str,
    inputs: str = "A",
    outputs: str = "E",
    execution: str = "dataflow",
    extra: str = "",
) -> str:
    """Return a graph's text. A block is `gemm`, `gemm/row_wise` or `=graph`; ports in lower case are scalars.

    An array port has 8 by 8 elements, where its name has no extents behind it, as in `A:4,8`.
    """

    def port(text: str) -> str:
        name, _, extents = text.partition(":")
        kind = "float32" if name[0].islower() else f"float32[{extents or '8, 8'}]"
        return f'{name}: "{kind}"'

    def ports(names: str) -> str:
        return ", ".join(map(port, names.split()))

    def block(what: str) -> str:
        if what.startswith("="):
            return f"{{graph: {what[1:]}}}"
        function, _, schedule = what.partition("/")
        return f'{{kernel: "kernels/k.py:{function}"{f", schedule: {schedule}" if schedule else ""}}}'

    lines = [
        f"  {name}:",
        f"    execution: {execution}",
        *([f"    {extra}"] if extra else []),
        f"    inputs: {{{ports(inputs)}}}",
        f"    outputs: {{{ports(outputs)}}}",
        "    nodes:",
        *(f"      {n}: {block(what)}" for n, what in nodes.items()),
        "    edges:",
        *(f"      - {wire.strip()}" for wire in wires.split(";")),
    ]
    return "\n".join(lines) + "\n"


_INNER = {"m": "gemm/row_wise", "d": "double/lanes"}
_INNER_WIRES = "A -> m.A; B -> m.B; m.C -> d.X; d.Y -> E"

PROJECTS: dict[str, str] = {
    "fifo_through_a_boundary": graph(
        "top",
        {"one": "gemm/row_wise", "sub": "=inner", "last": "double"},
        "A -> one.A; B -> one.B; one.C -> sub.A; D -> sub.B; sub.E -> last.X; last.Y -> E",
        "A B D",
    )
    + graph("inner", {"m": "gemm/row_wise", "d": "double"}, _INNER_WIRES, "A B"),
    "sequential_inside_dataflow": graph(
        "top",
        {"one": "double", "sub": "=inner", "last": "double"},
        "A -> one.X; one.Y -> sub.A; B -> sub.B; sub.E -> last.X; last.Y -> E",
        "A B",
    )
    + graph("inner", _INNER, _INNER_WIRES, "A B", execution="sequential"),
    "dataflow_inside_sequential": graph(
        "top",
        {"one": "double", "sub": "=inner", "last": "turn"},
        "A -> one.X; one.Y -> sub.A; B -> sub.B; sub.E -> last.X; last.Y -> E; sub.E -> F",
        "A B",
        "E F",
        "sequential",
    )
    + graph("inner", {"m": "gemm", "d": "double"}, _INNER_WIRES, "A B"),
    "two_instances_of_a_graph": graph(
        "top",
        {"one": "=inner", "two": "=inner"},
        "A -> one.A; B -> one.B; one.E -> two.A; D -> two.B; two.E -> E",
        "A B D",
    )
    + graph("inner", {"m": "gemm/row_wise", "d": "double"}, _INNER_WIRES, "A B"),
    "three_levels": graph("top", {"s": "=middle", "t": "turn"}, "A -> s.A; s.E -> t.X; t.Y -> E")
    + graph("middle", {"u": "=inner", "d": "double"}, "A -> u.A; u.E -> d.X; d.Y -> E")
    + graph("inner", {"d": "double", "e": "double"}, "A -> d.X; d.Y -> e.X; e.Y -> E"),
    "copies_between_layouts": graph(
        "top",
        {"one": "double/lanes", "two": "double/blocked"},
        "A -> one.X; one.Y -> two.X; two.Y -> E",
        execution="sequential",
        extra="unify: false",
    ),
    "copies_between_layouts_of_a_gemm": graph(
        "top",
        {"one": "gemm/row_wise", "two": "gemm/row_wise"},
        "A -> one.A; B -> one.B; one.C -> two.A; D -> two.B; two.C -> E",
        "A B D",
        execution="sequential",
        extra="unify: false",
    ),
    "dataflow_that_is_not_unified": graph(
        "top",
        {"one": "double/lanes", "two": "turn/blocked"},
        "A -> one.X; one.Y -> two.X; two.Y -> E",
        extra="unify: false",
    ),
    "an_input_with_two_readers": graph(
        "top",
        {"one": "double/lanes", "two": "turn/blocked", "sum": "add"},
        "A -> one.X; A -> two.X; one.Y -> sum.X; two.Y -> sum.Z; sum.Y -> E",
        execution="sequential",
        extra="unify: false",
    ),
    "fan_out": graph(
        "top",
        {"one": "double", "two": "double", "three": "turn", "sum": "add"},
        "A -> one.X; one.Y -> two.X; one.Y -> three.X; two.Y -> sum.X; three.Y -> sum.Z; "
        "sum.Y -> E; one.Y -> F; one.Y -> G",
        outputs="E F G",
        execution="sequential",
    ),
    "reconvergent": graph(
        "top",
        {"one": "both", "two": "gemm/row_wise", "sum": "add"},
        "A -> one.X; one.Y -> two.A; B -> two.B; two.C -> sum.X; one.Z -> sum.Z; sum.Y -> E",
        "A B",
    ),
    "two_outputs": graph("top", {"one": "both"}, "A -> one.X; one.Y -> E; one.Z -> F", outputs="E F"),
    "unread_output": graph("top", {"one": "both", "d": "double"}, "A -> one.X; one.Z -> d.X; d.Y -> E"),
    "unread_output_of_a_graph": graph("top", {"s": "=inner", "d": "double"}, "A -> s.A; s.E -> d.X; d.Y -> E")
    + graph("inner", {"one": "both", "t": "turn"}, "A -> one.X; one.Y -> t.X; t.Y -> E; one.Z -> F", outputs="E F"),
    "pingpong_into_a_graph": graph(
        "top", {"one": "turn", "s": "=inner"}, "A -> one.X; one.Y -> s.A; B -> s.B; s.E -> E", "A B"
    )
    + graph("inner", {"t": "turn", "g": "gemm"}, "A -> t.X; t.Y -> g.B; B -> g.A; g.C -> E", "A B"),
    "scalar_input": graph(
        "top", {"one": "scale", "two": "scale"}, "A -> one.X; s -> one.s; one.Y -> two.X; s -> two.s; two.Y -> E", "A s"
    ),
    "scalar_output": graph(
        "top", {"one": "double", "two": "total"}, "A -> one.X; one.Y -> two.X; two.t -> e", outputs="e"
    ),
    "scalar_between_blocks": graph(
        "top",
        {"one": "total", "two": "scale"},
        "A -> one.X; one.t -> two.s; B -> two.X; two.Y -> E",
        "A B",
    ),
    "scalar_between_sequential_blocks": graph(
        "top",
        {"one": "total", "two": "scale"},
        "A -> one.X; one.t -> two.s; B -> two.X; two.Y -> E; one.t -> f",
        "A B",
        "E f",
        "sequential",
    ),
    "scalar_through_a_graph": graph(
        "top",
        {"s": "=inner", "two": "scale"},
        "A -> s.A; a -> s.a; s.e -> two.s; A -> two.X; two.Y -> E",
        "A a",
        execution="sequential",
    )
    + graph("inner", {"o": "scale", "t": "total"}, "A -> o.X; a -> o.s; o.Y -> t.X; t.t -> e", "A a", "e"),
    "rows_and_held": graph(
        "top",
        {"row": "weigh", "two": "double/lanes", "most": "peak"},
        "{from: A, to: row.x, rate: rows}; {from: W, to: row.w, rate: held}; {from: row.y, to: two.X, rate: rows}; "
        "{from: two.Y, to: most.x, rate: rows}; {from: most.y, to: E, rate: rows}",
        "A:16,8 W:8",
        "E:16",
    ),
    "a_graph_that_fires_often": graph(
        "top",
        {"sub": "=inner", "last": "turn"},
        "{from: A, to: sub.A, rate: rows}; {from: W, to: sub.W, rate: held}; {from: sub.E, to: last.X, rate: rows}; "
        "{from: last.Y, to: E, rate: rows}",
        "A:32,8 W:8",
        "E:32,8",
    )
    + graph(
        "inner",
        {"d": "double", "r": "weigh"},
        "{from: A, to: d.X, rate: rows}; {from: d.Y, to: r.x, rate: rows}; {from: W, to: r.w, rate: held}; "
        "{from: r.y, to: E, rate: rows}",
        "A:16,8 W:8",
        "E:16,8",
    ),
    "rates_one_after_the_other": graph(
        "top",
        {"one": "double/lanes", "row": "weigh", "two": "turn"},
        "A -> one.X; {from: one.Y, to: row.x, rate: rows}; {from: W, to: row.w, rate: held}; "
        "{from: row.y, to: two.X, rate: rows}; two.Y -> E; one.Y -> F",
        "A W:8",
        "E F",
        "sequential",
    ),
    "no_loops": graph("top", {"one": "shift"}, "a -> one.s; one.t -> e", "a", "e"),
    "asked_for": graph(
        "top",
        {"one": "double", "two": "double", "three": "double"},
        "A -> one.X; {from: one.Y, to: two.X, channel: fifo, depth: 3}; "
        "{from: two.Y, to: three.X, channel: pingpong}; three.Y -> E",
    ),
}


def text_of(name: str) -> str:
    """Return a project file's text."""
    return f"format: 1\nname: {name}\ntop: top\n{_SCHEDULES}graphs:\n{PROJECTS[name]}"


def make(folder: Path, name: str) -> LoadedProject:
    """Write a project into a folder and load it."""
    (folder / "kernels").mkdir(parents=True, exist_ok=True)
    (folder / "kernels" / "k.py").write_text(KERNELS)
    (folder / "project.yaml").write_text(text_of(name))
    return load_project(folder)
