"""A small project that the tests of the command line change and break."""

from __future__ import annotations

from pathlib import Path

KERNEL = '''"""A matrix product."""

from allo_studio.lang import float32, grid, int32, reduction

M, N, K = 16, 16, 16


def gemm(A: float32[M, K], B: float32[K, N]) -> float32[M, N]:
    C: float32[M, N] = 0.0
    for i, j in grid(M, N):
        for k in reduction(K):
            C[i, j] += A[i, k] * B[k, j]
    return C


def diagonal(A: float32[M, N]) -> float32[M, N]:
    D: float32[M, N]
    for i, j in grid(M, N, name="copy"):
        D[i, j] = A[i, j]
    for i, j in grid(M - 1, N - 1, name="wave"):
        D[i + 1, j] = D[i, j + 1] + 1.0
    return D
'''

PROJECT = """# A cascade of two products.
format: 1
name: small
target: {device: xcu280, clock_ns: 3.33}
top: cascade
schedules:
  row_wise:
    - split: {axis: j, factor: 4}
    - reorder: {axes: [k, j.outer, j.inner]}
    - buffer_at: {buffer: C, axis: i}
    - partition: {buffer: B, kind: cyclic, dim: 2, factor: 4}
    - partition: {buffer: C, kind: cyclic, dim: 2, factor: 4}
    - pipeline: {axis: j.outer, initiation_interval: 1}
    - unroll: {axis: j.inner}
graphs:
  cascade:
    execution: dataflow
    inputs: {A: "float32[16, 16]", B: "float32[16, 16]", D: "float32[16, 16]"}
    outputs: {E: "float32[16, 16]"}
    nodes:
      mm1: {kernel: "kernels/gemm.py:gemm", schedule: row_wise}
      mm2: {kernel: "kernels/gemm.py:gemm", schedule: row_wise}
    edges:
      - A -> mm1.A
      - B -> mm1.B
      - mm1.C -> mm2.A
      - D -> mm2.B
      - mm2.C -> E
view:
  cascade: {mm1: [120, 80], mm2: [420, 80]}
"""


def write_project(folder: Path, project: str = PROJECT, kernel: str = KERNEL) -> Path:
    """Write the project and return its folder."""
    (folder / "kernels").mkdir(parents=True, exist_ok=True)
    (folder / "project.yaml").write_text(project, encoding="utf-8")
    (folder / "kernels" / "gemm.py").write_text(kernel, encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file in a folder with its bytes."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
