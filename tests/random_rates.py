"""Random designs whose blocks fire at several rates, and what they compute when each block is fired by itself."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allo_studio.design.checked import CheckedDesign
from allo_studio.design.model import Edge, GraphNode, KernelNode
from allo_studio.project import LoadedProject, load_project
from allo_studio.simulate.reference import evaluate_kernel

__all__ = ["Made", "by_hand", "multirate"]

Array = NDArray[Any]

# Kernels by name: the extents of what they take and make in terms of m, and their bodies.
_KERNELS = {
    "scale": ("{m}", "{m}", "for i in range({m}):\n        y[i] = x[i] * 3 + i"),
    "mirror": ("{m}", "{m}", "for i in range({m}):\n        y[i] = x[{m} - 1 - i] + x[i]"),
    "scatter": ("{m}", "{m}", "for i in range({m}):\n        y[{m} - 1 - i] = x[i] - 5"),
    "pairs": ("{m2}", "{m}", "for i in range({m}):\n        y[i] = x[2 * i] - x[2 * i + 1]"),
    "table": ("{m}, 3", "{m}", "for i in range({m}):\n        y[i] = x[i, 0] * 2 + x[i, 2] - x[i, 1]"),
    "twice": ("{m}", "2, {m}", "for i in range({m}):\n        y[0, i] = x[i]\n        y[1, {m} - 1 - i] = x[i] + 1"),
    "running": ("{m}", "{m}", "t: int32 = 0\n    for i in range({m}):\n        t += x[i]\n        y[i] = t"),
}
_WEIGHED = """\
def {name}(x: int32[{m}], w: int32[4], gain: int32) -> int32[{m}]:
    y: int32[{m}]
    for i in range({m}):
        y[i] = x[i] * gain + w[i % 4] - w[0]
    return y


"""
_TOTAL = """\
def {name}(x: int32[{m}]) -> int32:
    y: int32 = 0
    for i in range({m}):
        y += x[i]
    return y


"""
_SPREAD = """\
def {name}(x: int32) -> int32[{m}]:
    y: int32[{m}]
    for i in range({m}):
        y[i] = x - i
    return y


"""
_FORK = """\
def {name}(x: int32[{m}]) -> (int32[{m}], int32[{m}]):
    a: int32[{m}]
    y: int32[{m}]
    for i in range({m}):
        a[i] = x[i] + 1
        y[i] = x[i] * 2
    return a, y


"""
_JOIN = """\
def {name}(a: int32[{m}], x: int32[{m}]) -> int32[{m}]:
    y: int32[{m}]
    for i in range({m}):
        y[i] = a[i] - x[i]
    return y


"""


@dataclass
class _Graph:
    inputs: dict[str, str]
    outputs: dict[str, str] = field(default_factory=dict)
    nodes: list[str] = field(default_factory=list)
    edges: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Signal:
    """What flows: the end that makes it, its extents a firing, and its elements in a firing of the graph."""

    end: str
    shape: tuple[int, ...]
    elements: int


@dataclass(frozen=True)
class Made:
    """A project, and how often its blocks fire in one firing of their graph."""

    loaded: LoadedProject
    firings: dict[str, int]


def multirate(folder: Path, seed: int, execution: str = "dataflow") -> Made:
    """Return a random design of a chain of blocks with forks, joins and graphs in it."""
    return _Maker(random.Random(seed), execution).make(folder)


class _Maker:
    def __init__(self, draw: random.Random, execution: str) -> None:
        self.draw, self.execution = draw, execution
        self.text = "from allo_studio.lang import *\n\n\n"
        self.graphs: dict[str, _Graph] = {}
        self.firings: dict[str, int] = {}
        self.number = 0

    def make(self, folder: Path) -> Made:
        length = self.draw.choice((12, 24, 36, 48))
        self.graph("top", self.draw.choice(((length,), (length // 4, 4), (length // 3, 3))), 2)
        lines = ["format: 1", "name: rates", "top: top", "graphs:"]
        for name, graph in self.graphs.items():
            lines += [f"  {name}:", f"    execution: {self.execution}"]
            for side, ports in (("inputs", graph.inputs), ("outputs", graph.outputs)):
                lines.append(f"    {side}: {{{', '.join(f'{port}: {kind!r}' for port, kind in ports.items())}}}")
            lines += ["    nodes:", *(f"      {node}" for node in graph.nodes)]
            lines += ["    edges:", *(f"      - {edge}" for edge in graph.edges)]
        folder.mkdir(exist_ok=True)
        (folder / "k.py").write_text(self.text.rstrip() + "\n")
        (folder / "project.yaml").write_text("\n".join(lines) + "\n")
        return Made(load_project(folder), {path: often for path, often in self.firings.items() if often > 1})

    def graph(self, name: str, shape: tuple[int, ...], depth: int) -> tuple[int, ...]:
        """Add a graph that takes an array of a shape; return the shape that it makes."""
        graph = self.graphs[name] = _Graph({"X": _kind(shape), "W": "int32[4]", "gain": "int32"})
        flow = _Signal("X", shape, prod(shape))
        for _ in range(self.draw.randint(2, 4)):
            flow = self.stage(name, graph, flow, depth)
        if not any("W" in edge.split()[1:2] or "W," in edge for edge in graph.edges):
            flow = self.weighed(name, graph, flow)
        if len(flow.shape) > 1:
            flow = self.flat(name, graph, flow)
        shape = (flow.elements,)
        graph.outputs["Z"] = _kind(shape)
        self.wire(graph, flow, "Z", shape)
        return shape

    def stage(self, name: str, graph: _Graph, flow: _Signal, depth: int) -> _Signal:
        choice = self.draw.random()
        if choice < 0.15 and depth:
            return self.inner(name, graph, flow, depth)
        if choice < 0.3:
            return self.weighed(name, graph, flow)
        if choice < 0.42:
            flow = self.block(name, graph, flow, _TOTAL, "total", "{m}", "")
            return self.block(name, graph, flow, _SPREAD, "spread", "", "{m}")
        if choice < 0.6:
            return self.forked(name, graph, flow)
        return self.simple(name, graph, flow)

    def simple(self, name: str, graph: _Graph, flow: _Signal) -> _Signal:
        fits = [k for k in _KERNELS if flow.elements % {"pairs": 2, "table": 3}.get(k, 1) == 0]
        fits = [k for k in fits if k != "twice" or flow.elements <= 48]
        fits = [k for k in fits if k != "table" or flow.shape[1:] == (3,) or flow.shape in ((3,), ())]
        kind = self.draw.choice(fits)
        takes, makes, body = _KERNELS[kind]
        text = (
            f"def {{name}}(x: int32[{takes}]) -> int32[{makes}]:\n    y: int32[{makes}]\n    {body}\n    return y\n\n\n"
        )
        return self.block(name, graph, flow, text, kind, takes, makes)

    def block(self, name: str, graph: _Graph, flow: _Signal, text: str, kind: str, takes: str, makes: str) -> _Signal:
        """Add a kernel block that takes a part of what flows at each firing."""
        unit = prod(_extents(takes, 1))
        known = [d for d in range(1, flow.elements // unit + 1) if flow.elements // unit % d == 0]
        fits = [d for d in known if _fit(flow.shape, _extents(takes, d))]
        if not fits:
            flow = self.flat(name, graph, flow)
            fits = [d for d in known if _fit(flow.shape, _extents(takes, d))]
        m = self.draw.choice(fits[-4:])
        taken, made = _extents(takes, m), _extents(makes, m)
        often = flow.elements // prod(taken)
        block = self.add(name, graph, kind, text, m, often)
        self.wire(graph, flow, f"{block}.x", taken)
        return _Signal(f"{block}.y", made, often * prod(made))

    def flat(self, name: str, graph: _Graph, flow: _Signal) -> _Signal:
        """Add a block that makes one dimension of two."""
        if len(flow.shape) != 2:
            return flow
        rows, columns = flow.shape
        text = (
            f"def {{name}}(x: int32[{rows}, {columns}]) -> int32[{rows * columns}]:\n    y: int32[{rows * columns}]\n"
            f"    for i in range({rows}):\n        for j in range({columns}):\n"
            f"            y[{columns} * i + j] = x[i, j]\n    return y\n\n\n"
        )
        block = self.add(name, graph, "flat", text, 1, flow.elements // (rows * columns))
        self.wire(graph, flow, f"{block}.x", flow.shape)
        return _Signal(f"{block}.y", (rows * columns,), flow.elements)

    def add(self, name: str, graph: _Graph, kind: str, text: str, m: int, often: int) -> str:
        self.number += 1
        block = f"{kind}{self.number}"
        self.text += text.format(name=block, m=m, m2=2 * m)
        graph.nodes.append(f"{block}: {{kernel: 'k.py:{block}'}}")
        self.firings[f"{name}/{block}"] = often
        return block

    def weighed(self, name: str, graph: _Graph, flow: _Signal) -> _Signal:
        found = self.block(name, graph, flow, _WEIGHED, "weigh", "{m}", "{m}")
        block = found.end.partition(".")[0]
        if any(edge.startswith(("W ", "{from: W,")) for edge in graph.edges) and self.execution == "dataflow":
            # An array has one reader: this one has its own.
            port = f"W{self.number}"
            graph.inputs[port] = "int32[4]"
        else:
            port = "W"
        rate = "held" if self.firings[f"{name}/{block}"] > 1 or self.draw.random() < 0.3 else ""
        for source, target in ((port, "w"), ("gain", "gain")):
            graph.edges.append(_edge(source, f"{block}.{target}", rate))
        return found

    def forked(self, name: str, graph: _Graph, flow: _Signal) -> _Signal:
        fork = self.block(name, graph, flow, _FORK, "fork", "{m}", "{m}")
        sides = []
        for port in ("a", "y"):
            side = _Signal(f"{fork.end.partition('.')[0]}.{port}", fork.shape, fork.elements)
            for _ in range(self.draw.randint(0, 2)):
                kind = self.draw.choice(("scale", "mirror", "running"))
                side = self.block(name, graph, side, _text(kind), kind, *_KERNELS[kind][:2])
            sides.append(side)
        joined = self.block(name, graph, sides[1], _JOIN, "join", "{m}", "{m}")
        self.wire(graph, sides[0], f"{joined.end.partition('.')[0]}.a", joined.shape)
        return joined

    def inner(self, name: str, graph: _Graph, flow: _Signal, depth: int) -> _Signal:
        """Add a graph block that takes a part of what flows at each firing."""
        if len(flow.shape) > 1:
            flow = self.flat(name, graph, flow)
        size = self.draw.choice([d for d in range(1, flow.elements + 1) if flow.elements % d == 0][-3:])
        self.number += 1
        inner = f"part{self.number}"
        made = self.graph(inner, (size,), depth - 1)
        often = flow.elements // size
        block = f"g{self.number}"
        self.number += 1
        graph.nodes.append(f"{block}: {{graph: {inner}}}")
        self.firings[f"{name}/{block}"] = often
        self.wire(graph, flow, f"{block}.X", (size,))
        for port, kind in self.graphs[inner].inputs.items():
            if port == "X":
                continue
            source = port if port == "gain" else f"V{block}{port}"
            if port != "gain":
                graph.inputs[source] = kind
            graph.edges.append(_edge(source, f"{block}.{port}", "held" if often > 1 else ""))
        return _Signal(f"{block}.Z", made, often * prod(made))

    def wire(self, graph: _Graph, flow: _Signal, target: str, shape: tuple[int, ...]) -> None:
        same = flow.shape == shape
        rate = "rows" if not same or self.draw.random() < 0.3 else ""
        graph.edges.append(_edge(flow.end, target, rate))


def _text(kind: str) -> str:
    takes, makes, body = _KERNELS[kind]
    return f"def {{name}}(x: int32[{takes}]) -> int32[{makes}]:\n    y: int32[{makes}]\n    {body}\n    return y\n\n\n"


def _fit(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Tell whether a wire can join such arrays: lists of the same rows, or a row and a list of it."""
    if len(one) == len(other):
        return one[1:] == other[1:]
    return one[1:] == other or other[1:] == one or () in (one, other)


def _extents(text: str, m: int) -> tuple[int, ...]:
    return tuple(int(word) for word in text.format(m=m, m2=2 * m).split(",") if word.strip())


def _kind(shape: tuple[int, ...]) -> str:
    return f"int32[{', '.join(map(str, shape))}]" if shape else "int32"


def _edge(source: str, target: str, rate: str) -> str:
    return f"{{from: {source}, to: {target}, rate: {rate}}}" if rate else f"{source} -> {target}"


def by_hand(checked: CheckedDesign, firings: Mapping[str, int], inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Return the outputs of a design without loops, each block of which is fired by itself, one time after another."""
    return _graph(checked, checked.project.top, firings, inputs)


def _graph(
    checked: CheckedDesign, name: str, firings: Mapping[str, int], inputs: Mapping[str, Array]
) -> dict[str, Array]:
    graph = checked.project.graphs[name]
    # What each end makes in all: one array for each firing.
    made: dict[str, list[Array]] = {port: [array] for port, array in inputs.items()}
    left = dict(graph.nodes)
    while left:
        block = next(b for b in left if all(str(e.source) in made for e in graph.edges if e.target.node == b))
        node, often = left.pop(block), firings.get(f"{name}/{block}", 1)
        shapes = {port.name: port.type.shape for port in checked.ports[f"{name}/{block}"] if port.type}
        wires = {edge.target.port: edge for edge in graph.edges if edge.target.node == block}
        for number in range(often):
            given = {port: _taken(edge, made[str(edge.source)], number, shapes[port]) for port, edge in wires.items()}
            for port, array in _fired(checked, name, block, node, firings, given).items():
                made.setdefault(f"{block}.{port}", []).append(array)
    ends = {edge.target.port: made[str(edge.source)] for edge in graph.edges if not edge.target.node}
    shapes = {port.name: port.type.shape for port in checked.signatures[name] if port.type}
    return {port: np.concatenate([a.reshape(-1) for a in found]).reshape(shapes[port]) for port, found in ends.items()}


def _taken(edge: Edge, made: list[Array], number: int, shape: tuple[int, ...]) -> Array:
    if edge.rate == "held":
        (array,) = made
        return array
    size = prod(shape)
    whole = np.concatenate([array.reshape(-1) for array in made])
    return whole[number * size : (number + 1) * size].reshape(shape)


def _fired(
    checked: CheckedDesign,
    graph: str,
    block: str,
    node: object,
    firings: Mapping[str, int],
    given: Mapping[str, Array],
) -> Mapping[str, Array]:
    if isinstance(node, GraphNode):
        return _graph(checked, node.graph, firings, given)
    assert isinstance(node, KernelNode)
    kernel = checked.kernels[f"{graph}/{block}"].base
    assert kernel is not None
    return evaluate_kernel(kernel, given)
