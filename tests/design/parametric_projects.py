"""Random designs of one graph with parameters, of which several instances have other values."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from allo_studio.project import LoadedProject, load_project

__all__ = ["VALUES", "concrete", "parametric"]

KERNELS = """\
from allo_studio.lang import *

N, G = 8, 3
T = int32


def scale(x: T[N]) -> T[N]:
    y: T[N]
    for i in range(N):
        y[i] = x[i] * G
    return y


def halve(x: int32[N]) -> int32[N // 2]:
    y: int32[N // 2]
    for i in range(N // 2):
        y[i] = x[2 * i] - x[2 * i + 1]
    return y


def spread(x: int32[N // 2]) -> int32[N]:
    y: int32[N]
    for i in range(N):
        y[i] = x[i // 2] + i
    return y


def add(x: int32[N], z: int32[N]) -> int32[N]:
    y: int32[N]
    for i in range(N):
        y[i] = x[i] + 2 * z[i]
    return y


def total(x: int32[4]) -> int32:
    y: int32 = 0
    for i in range(4):
        y += x[i]
    return y
"""
# `h` is half of `n`, and `q` a quarter; the first are those of the graph as it is drawn.
VALUES = (
    {"n": 8, "h": 4, "q": 2, "gain": 3},
    {"n": 16, "h": 8, "q": 4, "gain": 5},
    {"n": 24, "h": 12, "q": 6, "gain": 3},
    {"n": 40, "h": 20, "q": 10, "gain": 2},
)
_INNER = """\
  inner:
    params: {K: 6, by: 4}
    inputs: {x: "int32[K]"}
    outputs: {y: "int32[K]"}
    nodes:
      one: {kernel: "k.py:scale", params: {N: K, G: by}}
      two: {convert: "int32[K]", to: "int32"}
    edges: [x -> one.x, one.y -> two.x, two.y -> y]
"""


def concrete(kind: str, values: dict[str, int]) -> str:
    """Return the text of a port's type in an instance."""
    head, _, extent = kind.partition("[")
    extent = extent.removesuffix("]")
    return f"{head}[{values.get(extent, extent)}]" if extent else head


@dataclass
class _Body:
    """The graph as it grows: `ends` are what nothing reads yet, each with the extent of its array."""

    draw: random.Random
    nodes: list[str] = field(default_factory=list)
    edges: list[str] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)
    ends: list[tuple[str, str]] = field(default_factory=list)

    def take(self, extent: str) -> str:
        """Return an end of an extent that nothing reads yet, or a new input of the graph."""
        found = [end for end in self.ends if end[1] == extent]
        if found and self.draw.random() < 0.9:
            end = self.draw.choice(found)
            self.ends.remove(end)
            return end[0]
        name = f"i{len(self.inputs)}"
        self.inputs[name] = f"int32[{extent}]"
        return name

    def add(
        self, text: str, made: str, takes: dict[str, str], outputs: tuple[str, ...] = ("y",), rows: bool = False
    ) -> None:
        """Add a block with ends of some extents at its inputs."""
        block = f"b{len(self.nodes)}"
        self.nodes.append(f"{block}: {text}")
        for port, extent in takes.items():
            source = self.take(extent)
            self.edges.append(
                f"{{from: {source}, to: {block}.{port}, rate: rows}}" if rows else f"{source} -> {block}.{port}"
            )
        self.ends += [(f"{block}.{port}", made) for port in outputs]

    def grow(self) -> None:
        """Add a block of some kind."""
        extent = self.draw.choice(["n", "n", "h", "q", "6"])
        kernel = f'{{kernel: "k.py:%s", params: {{N: {extent}%s}}}}'
        match self.draw.randrange(9):
            case 0 | 1:
                self.add(kernel % ("scale", self.draw.choice(["", ", G: gain", ", G: 7"])), extent, {"x": extent})
            case 2:
                halves = {"n": "h", "h": "q"}
                whole = self.draw.choice(list(halves))
                self.add(f'{{kernel: "k.py:halve", params: {{N: {whole}}}}}', halves[whole], {"x": whole})
            case 3:
                self.add('{kernel: "k.py:spread", params: {N: n}}', "n", {"x": "h"})
            case 4:
                self.add(kernel % ("add", ""), extent, {"x": extent, "z": extent})
            case 5:
                self.add(f'{{duplicate: "int32[{extent}]", copies: 2}}', extent, {"x": extent}, ("y0", "y1"))
            case 6:
                self.add(f'{{relayout: "int32[{extent}]"}}', extent, {"x": extent})
            case 7:
                self.add(f"{{graph: inner, params: {{K: {extent}}}}}", extent, {"x": extent})
            case 8:
                self.add('{kernel: "k.py:total"}', "rows of q", {"x": "n"}, rows=True)
                (end,) = [end for end, made in self.ends if made == "rows of q"]
                self.ends = [known for known in self.ends if known[0] != end]
                block = f"b{len(self.nodes)}"
                self.nodes.append(f'{block}: {{kernel: "k.py:scale", params: {{N: q}}}}')
                self.edges.append(f"{{from: {end}, to: {block}.x, rate: rows}}")
                self.ends.append((f"{block}.y", "q"))


def parametric(folder: Path, seed: int) -> LoadedProject:
    """Write a project into a folder and load it: the top `top` has an instance `u0`, … of `body` for each value."""
    body = _Body(random.Random(seed))
    for _ in range(body.draw.randint(4, 8)):
        body.grow()
    outputs = {}
    for number, (end, extent) in enumerate(body.ends):
        outputs[f"o{number}"] = f"int32[{extent}]"
        body.edges.append(f"{end} -> o{number}")
    users = range(len(VALUES) - 1)
    tops = [
        {f"u{u}_{port}": concrete(kind, VALUES[u]) for u in users for port, kind in ports.items()}
        for ports in (body.inputs, outputs)
    ]
    wires = [f"u{u}_{port} -> u{u}.{port}" for u in users for port in body.inputs]
    wires += [f"u{u}.{port} -> u{u}_{port}" for u in users for port in outputs]
    execution = body.draw.choice(["dataflow", "dataflow", "sequential"])
    lines = ["format: 1", "name: parametric", "top: top", "graphs:", "  top:"]
    lines += [f"    inputs: {_flow(tops[0])}", f"    outputs: {_flow(tops[1])}", "    nodes:"]
    lines += [f"      u{u}: {{graph: body, params: {_flow(VALUES[u] if u else {})}}}" for u in users]
    lines += ["    edges:", *(f"      - {wire}" for wire in wires)]
    lines += ["  body:", f"    execution: {execution}", f"    params: {_flow(VALUES[0])}"]
    lines += [f"    inputs: {_flow(body.inputs)}", f"    outputs: {_flow(outputs)}"]
    lines += ["    nodes:", *(f"      {node}" for node in body.nodes)]
    lines += ["    edges:", *(f"      - {edge}" for edge in body.edges), _INNER]
    folder.mkdir(exist_ok=True)
    (folder / "k.py").write_text(KERNELS)
    (folder / "project.yaml").write_text("\n".join(lines))
    return load_project(folder)


def _flow(mapping: dict[str, int] | dict[str, str]) -> str:
    return f"{{{', '.join(f'{key}: {value!r}' for key, value in mapping.items())}}}"
