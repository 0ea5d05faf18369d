"""A project of one product whose sums recur, and reports of its synthesis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from synthesis_reports import CoreSaid, LoopSaid, ModuleSaid, csynth_xml

KERNEL = '''"""A matrix product, and one of whole numbers."""

from allo_studio.lang import float32, grid, int32, reduction

N = 8


def product(A: float32[N, N], B: float32[N, N]) -> float32[N, N]:
    C: float32[N, N] = 0.0
    for i, j in grid(N, N):
        for k in reduction(N):
            C[i, j] += A[i, k] * B[k, j]
    return C
'''

PROJECT = """format: 1
name: sums
target: {device: xcu280, clock_ns: 3.33}
top: whole
schedules:
  one: [{pipeline: {axis: k, initiation_interval: 1}}]
graphs:
  whole:
    inputs: {A: "float32[8, 8]", B: "float32[8, 8]"}
    outputs: {C: "float32[8, 8]"}
    nodes:
      mm: {kernel: "kernels/product.py:product", schedule: one}
    edges: [A -> mm.A, B -> mm.B, mm.C -> C]
"""

SLOW_ADDER = CoreSaid("fadd_32ns_32ns_32_8_no_dsp_1_U1", 7)
MULTIPLIER = CoreSaid("fmul_32ns_32ns_32_4_max_dsp_1_U2", 3, 3)


def write_sums(folder: Path, project: str = PROJECT) -> Path:
    """Write the project and return its folder."""
    (folder / "kernels").mkdir(parents=True)
    (folder / "kernels" / "product.py").write_text(KERNEL)
    (folder / "project.yaml").write_text(project)
    return folder


def modules(cores: Sequence[CoreSaid] = (SLOW_ADDER, MULTIPLIER), trips: int = 512) -> list[ModuleSaid]:
    """Return the functions that the tool makes of the project."""
    nest = LoopSaid("i_j_k", trips, 4616, 17, 9)
    used = {"BRAM_18K": 0, "DSP": 3, "FF": 600, "LUT": 700}
    return [
        ModuleSaid("whole", 4700, used),
        ModuleSaid("mm", 4690, used),
        ModuleSaid("mm_Pipeline_i_j_k", 4618, used, [nest], cores),
    ]


def write_report(
    file: Path, said: Sequence[ModuleSaid] | None = None, *, top: str = "whole", **target: str | float
) -> Path:
    """Write a csynth.xml and return its path."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(csynth_xml(top, modules() if said is None else said, **target))  # type: ignore[arg-type]
    return file
