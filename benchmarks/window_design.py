"""The design whose drawing is timed: a thousand blocks in a grid, each of which takes two arrays and gives two."""

from __future__ import annotations

from pathlib import Path

__all__ = ["COLUMNS", "PITCH", "ROWS", "place", "wires", "write_design"]

COLUMNS, ROWS = 40, 25
# From one block to the next, across and down, in scene units.
PITCH = (330.0, 190.0)
_KERNELS = """\
from allo_studio.lang import *

R, C = 8, 16


def both(X: int32[R, C], Z: int32[R, C]) -> (int32[R, C], int32[R, C]):
    Y: int32[R, C]
    W: int32[R, C]
    for i, j in grid(R, C):
        Y[i, j] = X[i, j] + Z[i, j]
        W[i, j] = X[i, j] - Z[i, j]
    return Y, W


def scaled(X: int32[R, C], Z: int32[R, C]) -> (int32[R, C], int32[R, C]):
    Y: int32[R, C]
    W: int32[R, C]
    for i, j in grid(R, C):
        Y[i, j] = X[i, j] * 3
        W[i, j] = Z[i, j]
    return Y, W


def product(X: int32[R, C], Z: int32[R, C]) -> (int32[R, C], int32[R, C]):
    Y: int32[R, C]
    W: int32[R, C]
    for i, j in grid(R, C):
        x: int32 = X[i, j]
        Y[i, j] = x * Z[i, j]
        W[i, j] = x
    return Y, W


def least(X: int32[R, C], Z: int32[R, C]) -> (int32[R, C], int32[R, C]):
    Y: int32[R, C]
    W: int32[R, C]
    for i, j in grid(R, C):
        Y[i, j] = min(X[i, j], Z[i, j])
        W[i, j] = max(X[i, j], Z[i, j])
    return Y, W
"""
_NAMES = ("both", "scaled", "product", "least")
_TYPE = '"int32[8, 16]"'


def wires(columns: int, rows: int) -> list[tuple[tuple[int, int, int], tuple[int, int, int]]]:
    """Return the wires between blocks, each from and to (column, row, 0 or 1 of the two ports)."""
    return [
        ((column, (row + port) % rows, port), (column + 1, row, port))
        for column in range(columns - 1)
        for row in range(rows)
        for port in (0, 1)
    ]


def place(column: int, row: int) -> tuple[float, float]:
    """Return where a block lies, in scene units."""
    return column * PITCH[0], row * PITCH[1]


def write_design(folder: Path, columns: int = COLUMNS, rows: int = ROWS) -> Path:
    """Write the project of so many columns and rows of blocks into a folder, and return its file."""
    ends = [(row, port) for row in range(rows) for port in (0, 1)]
    ins = ", ".join(f"A{row}_{port}: {_TYPE}" for row, port in ends)
    outs = ", ".join(f"B{row}_{port}: {_TYPE}" for row, port in ends)
    lines = ["format: 1", "name: many", "top: top", "graphs:", "  top:", f"    inputs: {{{ins}}}"]
    lines += [f"    outputs: {{{outs}}}", "    nodes:"]
    blocks = [(column, row) for column in range(columns) for row in range(rows)]
    lines += [f'      n{c}_{r}: {{kernel: "k.py:{_NAMES[(c + r) % len(_NAMES)]}"}}' for c, r in blocks]
    lines += ["    edges:", *(f"      - A{r}_{p} -> n0_{r}.{'XZ'[p]}" for r, p in ends)]
    for (c, r, p), (c2, r2, p2) in wires(columns, rows):
        lines.append(f"      - n{c}_{r}.{'YW'[p]} -> n{c2}_{r2}.{'XZ'[p2]}")
    lines += [f"      - n{columns - 1}_{r}.{'YW'[p]} -> B{r}_{p}" for r, p in ends]
    lines += ["view:", "  top:"]
    lines += [f"      n{c}_{r}: [{place(c, r)[0]:g}, {place(c, r)[1]:g}]" for c, r in blocks]
    for r, p in ends:
        lines.append(f'      "@A{r}_{p}": [-330, {r * PITCH[1] + p * 60:g}]')
        lines.append(f'      "@B{r}_{p}": [{columns * PITCH[0]:g}, {r * PITCH[1] + p * 60:g}]')
    (folder / "k.py").write_text(_KERNELS, encoding="utf-8")
    file = folder / "project.yaml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file
