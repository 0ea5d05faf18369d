"""Random dataflow graphs of many blocks whose wires are FIFOs: forks, joins, delays by a row, sums, slow blocks."""

from __future__ import annotations

import random
from pathlib import Path

from allo_studio.project import LoadedProject, load_project

__all__ = ["streams"]

_KERNELS = """\
from allo_studio.lang import *

R, C = {rows}, {columns}


def fork(X: {t}[R, C]) -> ({t}[R, C], {u}[R, C]):
    Y: {t}[R, C]
    Z: {u}[R, C]
    for i, j in grid(R, C):
        x: {t} = X[i, j]
        Y[i, j] = x
        Z[i, j] = x
    return Y, Z


def step(X: {t}[R, C]) -> {t}[R, C]:
    Y: {t}[R, C]
    for i, j in grid(R, C):
        Y[i, j] = X[i, j] * 3 + 1
    return Y


def narrow(X: {t}[R, C]) -> {u}[R, C]:
    Y: {u}[R, C]
    for i, j in grid(R, C):
        Y[i, j] = X[i, j]
    return Y


def wide(X: {u}[R, C]) -> {t}[R, C]:
    Y: {t}[R, C]
    for i, j in grid(R, C):
        Y[i, j] = X[i, j]
    return Y


def total(X: {t}[R, C]) -> {t}[R, C]:
    Y: {t}[R, C]
    last: {t} = 0
    for i, j in grid(R, C):
        last += X[i, j]
        Y[i, j] = last
    return Y


def turned(X: {t}[R, C]) -> {t}[R, C]:
    Y: {t}[R, C]
    for i in range(R):
        row: {t}[C]
        for j in range(C):
            row[j] = X[i, j]
        for k in range(C):
            Y[i, k] = row[C - 1 - k]
    return Y


def join(X: {t}[R, C], Z: {t}[R, C]) -> {t}[R, C]:
    Y: {t}[R, C]
    for i, j in grid(R, C):
        Y[i, j] = X[i, j] - Z[i, j]
    return Y
"""
_SCHEDULES = """\
schedules:
  slow: [{pipeline: {axis: j, initiation_interval: 3}}]
  slower: [{pipeline: {axis: j, off: true}}]
"""
# Inputs, outputs (`t` and `u` are the types), and how often a block is drawn.
_BLOCKS = {
    "fork": ("t", "tu", 4),
    "step": ("t", "t", 3),
    "narrow": ("t", "u", 1),
    "wide": ("u", "t", 3),
    "total": ("t", "t", 2),
    "turned": ("t", "t", 2),
    "join": ("tt", "t", 4),
}


def streams(folder: Path, seed: int, most: int = 60) -> LoadedProject:
    """Return a random project of so many blocks at most, all of whose arrays can be FIFOs."""
    draw = random.Random(seed)
    types = {"t": draw.choice(["int32", "int16"]), "u": draw.choice(["int8", "int24", "int48"])}
    rows, columns = draw.randint(1, 4), draw.randint(2, 6)
    sizes = f"[{rows}, {columns}]"
    ports = {name: f'"{kind}{sizes}"' for name, kind in types.items()}
    open_ends = {"t": ["A"], "u": []}
    nodes, edges = [], []
    for number in range(draw.randint(2, most)):
        possible = {k: b for k, b in _BLOCKS.items() if all(len(open_ends[t]) >= b[0].count(t) for t in b[0])}
        kernel = draw.choices(list(possible), [weight for _, _, weight in possible.values()])[0]
        block = f"b{number}"
        schedule = "" if kernel == "turned" else draw.choice(["", "", "", ", schedule: slow", ", schedule: slower"])
        nodes.append(f'{block}: {{kernel: "k.py:{kernel}"{schedule}}}')
        for port, kind in zip("XZ", _BLOCKS[kernel][0], strict=False):
            source = open_ends[kind].pop(draw.randrange(len(open_ends[kind])))
            edges.append(f"{source} -> {block}.{port}")
        for port, kind in zip("YZ", _BLOCKS[kernel][1], strict=False):
            open_ends[kind].append(f"{block}.{port}")
    results = [(source, kind) for kind, sources in open_ends.items() for source in sources]
    outputs = [f"Q{number}: {ports[kind]}" for number, (_, kind) in enumerate(results)]
    edges += [f"{source} -> Q{number}" for number, (source, _) in enumerate(results)]
    lines = ["format: 1", "name: streams", "top: top", _SCHEDULES.rstrip(), "graphs:", "  top:"]
    lines += [f"    inputs: {{A: {ports['t']}}}", f"    outputs: {{{', '.join(outputs)}}}", "    nodes:"]
    lines += [*(f"      {node}" for node in nodes), "    edges:", *(f"      - {edge}" for edge in edges)]
    (folder / "k.py").write_text(_KERNELS.format(rows=rows, columns=columns, **types), encoding="utf-8")
    (folder / "project.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_project(folder)
