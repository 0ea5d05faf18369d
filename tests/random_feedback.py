"""Random dataflow graphs with loops: wires that lead back, or on, and hold elements at reset."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from allo_studio.project import LoadedProject, load_project

__all__ = ["loops"]

_KERNELS = """\
from allo_studio.lang import *

R, C = {rows}, {columns}


def fork(X: {t}[R, C]) -> ({t}[R, C], {t}[R, C]):
    Y: {t}[R, C]
    Z: {t}[R, C]
    for i, j in grid(R, C):
        x: {t} = X[i, j]
        Y[i, j] = x
        Z[i, j] = x
    return Y, Z


def step(X: {t}[R, C]) -> {t}[R, C]:
    Y: {t}[R, C]
    for i, j in grid(R, C):
        Y[i, j] = X[i, j] * {factor} + {addend}
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


def meet(X: {t}[R, C], Z: {t}[R, C]) -> {t}[R, C]:
    Y: {t}[R, C]
    for i, j in grid(R, C):
        Y[i, j] = X[i, j] - Z[i, j]
    return Y


def both(X: {t}[R, C], Z: {t}[R, C]) -> ({t}[R, C], {t}[R, C]):
    Y: {t}[R, C]
    W: {t}[R, C]
    for i, j in grid(R, C):
        s: {t} = X[i, j] - Z[i, j]
        Y[i, j] = s
        W[i, j] = s
    return Y, W
"""
_SCHEDULES = """\
schedules:
  slow: [{pipeline: {axis: j, initiation_interval: 3}}]
  slower: [{pipeline: {axis: j, off: true}}]
  pairs: [{split: {axis: j, factor: 2}}, {pipeline: {axis: j.outer}}, {unroll: {axis: j.inner}}]
"""
# Inputs, outputs, and how often a block is drawn.
_BLOCKS = {
    "fork": ("X", "YZ", 3),
    "step": ("X", "Y", 2),
    "total": ("X", "Y", 1),
    "turned": ("X", "Y", 1),
    "meet": ("XZ", "Y", 3),
    "both": ("XZ", "YW", 4),
}
_TYPES = {"int32": (3, 1), "int16": (3, 1), "uint8": (5, 3), "float32": (0.5, 1), "Fixed(16, 8)": (3, 1)}


def loops(
    folder: Path, seed: int, most: int = 6, kinds: Sequence[str] = tuple(_TYPES), mixed: bool = False
) -> LoadedProject:
    """Return a random project of so many blocks at most, in which any wire that holds elements may lead anywhere.

    Where it is `mixed`, some blocks move one element at a time and some two.
    """
    draw = random.Random(seed)
    kind = draw.choice(kinds)
    factor, addend = _TYPES[kind]
    wide = mixed or draw.random() < 0.3
    rows, columns = draw.randint(1, 3), draw.choice([2, 4, 6] if wide else [1, 2, 3, 5])
    element = f"{kind}[{rows}, {columns}]"
    open_ends, waiting, blocks, edges = ["A"], list[str](), list[str](), list[str]()
    for number in range(draw.randint(1, most)):
        names = [name for name in _BLOCKS if not (wide and name == "turned")]
        kernel = draw.choices(names, [_BLOCKS[name][2] for name in names])[0]
        ins, outs, _ = _BLOCKS[kernel]
        block = f"b{number}"
        schedule = (
            draw.choice(["", "pairs"])
            if mixed
            else "pairs"
            if wide
            else ""
            if kernel == "turned"
            else draw.choice(["", "", "", "slow", "slower"])
        )
        blocks.append(f'{block}: {{kernel: "k.py:{kernel}"{schedule and f", schedule: {schedule}"}}}')
        for port in ins:
            if open_ends and draw.random() < 0.6:
                edges.append(f"- {open_ends.pop(draw.randrange(len(open_ends)))} -> {block}.{port}")
            else:
                waiting.append(f"{block}.{port}")
        open_ends += [f"{block}.{port}" for port in outs]
    ends = [end for end in open_ends if end != "A"]
    given = [] if "A" not in open_ends else ["A"]
    for number, target in enumerate(waiting):
        if len(ends) > 1 and draw.random() < 0.9:
            source = ends.pop(draw.randrange(len(ends)))
            edges.append(f"- {{from: {source}, to: {target}, initial: {_initial(draw, rows * columns, kind, wide)}}}")
        else:
            given.append(f"B{number}")
            edges.append(f"- B{number} -> {target}")
    edges += [f"- {source} -> Q{number}" for number, source in enumerate(ends)]
    inputs = {edge.split()[1] for edge in edges if edge.split()[1] in {"A", *(f"B{n}" for n in range(len(waiting)))}}
    lines = ["format: 1", "name: loops", "top: top", _SCHEDULES.rstrip(), "graphs:", "  top:"]
    lines += [f"    inputs: {{{', '.join(f'{name}: {chr(34)}{element}{chr(34)}' for name in sorted(inputs))}}}"]
    lines += [f"    outputs: {{{', '.join(f'Q{n}: {chr(34)}{element}{chr(34)}' for n in range(len(ends)))}}}"]
    lines += ["    nodes:", *(f"      {block}" for block in blocks), "    edges:", *(f"      {edge}" for edge in edges)]
    text = _KERNELS.format(rows=rows, columns=columns, t="T", factor=factor, addend=addend)
    text = text.replace("T[R, C]", f'"{kind}[R, C]"').replace(": T = ", f': "{kind}" = ')
    text = text.replace("row: T[C]", f'row: "{kind}[C]"')
    (folder / "k.py").write_text(text, encoding="utf-8")
    (folder / "project.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_project(folder)


def _initial(draw: random.Random, size: int, kind: str, wide: bool) -> str:
    count = draw.choice([1, 1, 2, 3, size - 1, size, size + 2])
    count = max(count, 1) * (2 if wide else 1)
    unit = 1 if kind.startswith(("int", "uint")) else 0.25
    if draw.random() < 0.3:
        return f"{{count: {count}, value: {draw.randint(0, 9) * unit}}}"
    return str([draw.randint(0, 100) * unit for _ in range(count)])
