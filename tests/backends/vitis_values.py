"""Kernels of one operation each, run as C++, for comparison with exact models in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vitis_designs import single

from allo_studio.backends.vitis import emit, write
from allo_studio.design.model import Target
from allo_studio.ir import KernelIR
from allo_studio.simulate import run
from allo_studio.types import ArrayType, ScalarType

Arrays = Mapping[str, NDArray[Any]]


def run_cpp(kernel: KernelIR, inputs: Arrays, folder: Path) -> Arrays:
    """Return the outputs that the C++ of a kernel computes."""
    region = single(kernel)
    write(emit(region, Target(), "test"), folder)
    types = {argument.name: argument.type for argument in kernel.arguments()}
    expected = {
        a.name: np.zeros(a.type.shape, a.type.element.dtype) for a in kernel.arguments() if a.direction == "out"
    }
    result = run(folder, region.name, inputs, expected, types=types)
    assert not result.faults
    return result.outputs


@dataclass(frozen=True)
class Formula:
    """MLIR lines that compute `%r` from the operands `%a`, `%b`, … of the given types."""

    name: str
    operands: tuple[ScalarType, ...]
    result: ScalarType
    lines: str


def formulas_kernel(formulas: Sequence[Formula], count: int) -> KernelIR:
    """Return a kernel that evaluates each formula `count` times: inputs `NAME_a`, `NAME_b`, …, and output `NAME_r`."""
    arguments: list[tuple[str, str, ScalarType]] = []
    bands = []
    for formula in formulas:
        named = [*zip("abc", formula.operands, strict=False), ("r", formula.result)]
        arguments += [(f"{formula.name}_{key}", "out" if key == "r" else "in", kind) for key, kind in named]
        loads = "\n".join(
            f"%{key} = affine.load %{formula.name}_{key}[%i] : memref<{count}x{kind.mlir}>" for key, kind in named[:-1]
        )
        bands.append(f"""affine.for %i = 0 to {count} {{
            {loads}
            {formula.lines}
            affine.store %r, %{formula.name}_r[%i] : memref<{count}x{formula.result.mlir}>
        }} {{allo.name = "i", allo.band = "{formula.name}"}}""")
    listed = ", ".join(f"%{name}: memref<{count}x{kind.mlir}>" for name, _, kind in arguments)
    names = ", ".join(f'"{name}"' for name, _, _ in arguments)
    directions = ", ".join(f'"{direction}"' for _, direction, _ in arguments)
    types = ", ".join(f'{name} = "{ArrayType(kind, (count,))}"' for name, _, kind in arguments)
    body = "\n".join(bands)
    parsed = KernelIR.parse(f"""
    func.func @k({listed}) attributes {{
        allo.args = [{names}], allo.directions = [{directions}], allo.types = {{{types}}}}} {{
      {body}
      return
    }}""")
    return parsed.freeze()
