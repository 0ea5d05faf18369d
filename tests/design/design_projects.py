"""Small projects in memory for the tests of the check and the edits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from allo_studio.design.blocks import block_source, is_generated
from allo_studio.design.check import check
from allo_studio.design.checked import CheckedDesign
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.project import LoadedProject, parse_project
from allo_studio.source import Source

KERNELS = {
    "copy.py": """\
from allo_studio.lang import float32, int32, grid

N = 16


def copy(X: float32[N]) -> float32[N]:
    Y: float32[N] = 0.0
    for i in grid(N):
        Y[i] = X[i]
    return Y


def add(X: float32[N], Z: float32[N]) -> float32[N]:
    Y: float32[N] = 0.0
    for i in grid(N):
        Y[i] = X[i] + Z[i]
    return Y


def whole(X: int32[N]) -> int32[N]:
    Y: int32[N] = 0
    for i in grid(N):
        Y[i] = X[i]
    return Y


def square(X: float32[N, N]) -> float32[N, N]:
    Y: float32[N, N] = 0.0
    for i, j in grid(N, N):
        Y[i, j] = X[i, j]
    return Y


def scaled(X: float32[N], a: float32) -> float32[N]:
    Y: float32[N] = 0.0
    for i in grid(N):
        Y[i] = X[i] * a
    return Y
""",
    "back.py": """\
from allo_studio.lang import float32, grid, int32

N = 16


def whole(X: int32[N]) -> int32[N]:
    Y: int32[N]
    for i in grid(N):
        Y[i] = X[i]
    return Y


def flow(X: float32[N]) -> float32[N]:
    Y: float32[N]
    for i in grid(N):
        Y[i] = X[i]
    return Y


def flow(X: float32[N]) -> float32[N]:
    Y: float32[N]
    for i in grid(N):
        Y[i] = X[i]
    return Y


def back(X: float32[N]) -> float32[N]:
    Y: float32[N]
    for i in grid(N):
        Y[i] = X[N - 1 - i]
    return Y
""",
    "sized.py": """\
from allo_studio.lang import float32, int32, grid

N = 16


def keep(X: float32["n<=16"]) -> float32["n"]:
    Y: float32["n"]
    for i in range(n):
        Y[i] = X[i]
    return Y


def fill(a: float32, Y: float32["m<=16"]):
    for i in range(m):
        Y[i] = a


def pair(X: float32["n<=16"], Z: float32["m<=16"]) -> float32["n"]:
    Y: float32["n"]
    for i in range(n):
        Y[i] = X[i] + Z[0]
    return Y


def count(X: float32[N]) -> int32:
    c: int32 = 1
    for i in grid(N):
        if X[i] > 0 and c < 16:
            c += 1
    return c
""",
    "broken.py": "def copy(X: float32[4]) -> float32[4]:\n    return Y +\n",
    "faulty.py": """\
import os
os.system("touch ran")
from allo_studio.lang import float32, grid


def copy(X: float32[4]) -> float32[4]:
    Y: float32[4] = 0.0
    for i in grid(4):
        Y[i] = Q[i]
        Y[i] = R[i]
    return Y
""",
}


def read(kernels: Mapping[str, str] = KERNELS) -> Callable[[str], Source]:
    def source(path: str) -> Source:
        if is_generated(path):
            return block_source(path)
        if path not in kernels:
            raise AlloError(Diagnostic("file", f"there is no file {path}", hint="check the path"))
        return Source(path, kernels[path])

    return source


def loaded(body: str, top: str = "g") -> LoadedProject:
    return parse_project(f"format: 1\nname: p\ntop: {top}\n{body}", Path("project.yaml"))


def checked(body: str, top: str = "g") -> CheckedDesign:
    project = loaded(body, top)
    return check(project.project, read(), project.spans)


def chain(
    *functions: str, execution: str = "dataflow", extra: str = "", schedules: Mapping[str, str] | None = None
) -> str:
    """Return the text of a graph g of blocks b0, b1, … in a row, from input A to output E, of float32[16]."""
    chosen = schedules or {}
    nodes = [
        f"      b{i}: {{kernel: 'copy.py:{f}'{', schedule: ' + chosen[f'b{i}'] if f'b{i}' in chosen else ''}}}"
        for i, f in enumerate(functions)
    ]
    last = len(functions) - 1
    wires = ["A -> b0.X", *(f"b{i}.Y -> b{i + 1}.X" for i in range(last)), f"b{last}.Y -> E"]
    return "\n".join(
        [
            "graphs:",
            "  g:",
            f"    execution: {execution}",
            *([f"    {extra}"] if extra else []),
            '    inputs: {A: "float32[16]"}',
            '    outputs: {E: "float32[16]"}',
            "    nodes:",
            *nodes,
            "    edges:",
            *(f"      - {w}" for w in wires),
            "",
        ]
    )
