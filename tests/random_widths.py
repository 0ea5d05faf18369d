"""Random chains of blocks, each of which moves its own number of elements a cycle."""

from __future__ import annotations

import random
from pathlib import Path

from allo_studio.project import LoadedProject, load_project

__all__ = ["widths"]

_KERNELS = """\
from allo_studio.lang import *

R, C = {rows}, {columns}


def step(X: {t}[R, C]) -> {t}[R, C]:
    Y: {t}[R, C]
    for i, j in grid(R, C):
        Y[i, j] = X[i, j] * 3 + 1
    return Y


def mirror(X: {t}[R, C]) -> {t}[R, C]:
    Y: {t}[R, C]
    for i in range(R):
        for j in range(C):
            Y[i, j] = X[i, j] + X[i, C - 1 - j]
    return Y


def fork(X: {t}[R, C]) -> ({t}[R, C], {t}[R, C]):
    Y: {t}[R, C]
    Z: {t}[R, C]
    for i, j in grid(R, C):
        x: {t} = X[i, j]
        Y[i, j] = x
        Z[i, j] = x
    return Y, Z


def join(X: {t}[R, C], Z: {t}[R, C]) -> {t}[R, C]:
    Y: {t}[R, C]
    for i, j in grid(R, C):
        Y[i, j] = X[i, j] - Z[i, j]
    return Y
"""


def widths(folder: Path, seed: int) -> LoadedProject:
    """Return a random project in which blocks of many widths follow each other."""
    draw = random.Random(seed)
    kind = draw.choice(["int32", "int16", "int7", "float32"])
    rows, columns = draw.choice([2, 4]), draw.choice([4, 6, 8, 12])
    lanes = [n for n in range(2, columns) if columns % n == 0]
    schedules = ["  row: [{pipeline: {axis: i}}, {unroll: {axis: j}}]"]
    for n in lanes:
        steps = f"{{split: {{axis: j, factor: {n}}}}}, {{pipeline: {{axis: j.outer}}}}, {{unroll: {{axis: j.inner}}}}"
        schedules.append(f"  by{n}: [{steps}]")
    both = "{split: {axis: i, factor: 2}}, {pipeline: {axis: i.outer}}, {unroll: {axis: i.inner}}, {unroll: {axis: j}}"
    schedules.append(f"  rows: [{both}]")
    names = ["", "row", "rows", *(f"by{n}" for n in lanes)]
    nodes, edges, ends = list[str](), list[str](), ["A"]
    for number in range(draw.randint(2, 5)):
        possible = ["step", "step", "fork", "mirror"] + (["join"] * 2 if len(ends) > 1 else [])
        kernel = draw.choice(possible)
        schedule = draw.choice(names) if kernel != "mirror" else ""
        nodes.append(f'b{number}: {{kernel: "k.py:{kernel}"{schedule and f", schedule: {schedule}"}}}')
        for port in "XZ" if kernel == "join" else "X":
            channel = draw.choice(["", "", ", channel: fifo"]) if ends[0] != "A" else ""
            source = ends.pop(0)
            edges.append(f"{{from: {source}, to: b{number}.{port}{channel if source != 'A' else ''}}}")
        ends += [f"b{number}.{port}" for port in ("YZ" if kernel == "fork" else "Y")]
    outputs = ", ".join(f'Q{n}: "{kind}[{rows}, {columns}]"' for n in range(len(ends)))
    edges += [f"{source} -> Q{number}" for number, source in enumerate(ends)]
    lines = ["format: 1", "name: widths", "top: top", "schedules:", *schedules, "graphs:", "  top:"]
    lines += [f'    inputs: {{A: "{kind}[{rows}, {columns}]"}}', f"    outputs: {{{outputs}}}", "    nodes:"]
    lines += [*(f"      {node}" for node in nodes), "    edges:", *(f"      - {edge}" for edge in edges)]
    text = _KERNELS.format(rows=rows, columns=columns, t="T").replace("T[R, C]", f'"{kind}[R, C]"')
    (folder / "k.py").write_text(text.replace(": T =", f': "{kind}" ='), encoding="utf-8")
    (folder / "project.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_project(folder)
