"""Kernels as MLIR text that apply operations to every element of arrays, and edge values of types."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from functools import cache

import numpy as np

from allo_studio.ir import KernelIR
from allo_studio.types import ScalarType

__all__ = ["COUNT", "array_of", "edge_integers", "elementwise", "kernel_of"]

COUNT = 48


def kernel_of(text: str, name: str | None = None) -> KernelIR:
    """Read a kernel whose form is checked."""
    kernel = KernelIR.parse(text, name=name)
    kernel.verify()
    return kernel


@cache
def elementwise(
    inputs: tuple[ScalarType, ...], results: tuple[tuple[ScalarType, str], ...], count: int = COUNT
) -> KernelIR:
    """Return a kernel with inputs `a`, `b`, ... and results `r0`, `r1`, ..., each computed from `%a`, `%b` as `%r`."""
    names = "abcdefgh"[: len(inputs)]
    outs = [f"r{n}" for n in range(len(results))]
    kinds = dict(zip([*names, *outs], [*inputs, *(kind for kind, _ in results)], strict=True))
    arguments = ", ".join(f"%{name}_m: memref<{count}x{kind.mlir}>" for name, kind in kinds.items())
    quoted = ", ".join(f'"{name}"' for name in kinds)
    directions = ", ".join(['"in"'] * len(names) + ['"out"'] * len(outs))
    types = ", ".join(f'{name} = "{kind}[{count}]"' for name, kind in kinds.items())
    lines = []
    for out, (kind, text) in zip(outs, results, strict=True):
        lines.append(f"affine.for %i = 0 to {count} {{")
        lines += [f"%{n} = affine.load %{n}_m[%i] : memref<{count}x{kinds[n].mlir}>" for n in names]
        lines.append(text)
        lines.append(f"affine.store %r, %{out}_m[%i] : memref<{count}x{kind.mlir}>")
        lines.append(f'}} {{allo.name = "i", allo.band = "{out}"}}')
    body = "\n".join(lines)
    return kernel_of(f"""func.func @f({arguments}) attributes {{allo.args = [{quoted}],
        allo.directions = [{directions}], allo.types = {{{types}}}, llvm.emit_c_interface}} {{
        {body}
        return
    }}""")


def edge_integers(kind: ScalarType, seed: int, count: int = COUNT) -> list[int]:
    """Return the extremes of an integer type, numbers around zero and powers of two, and random ones."""
    generator = random.Random(f"{kind}{seed}")
    edges = {kind.least, kind.least + 1, kind.greatest, kind.greatest - 1, 0, 1, -1, 2, 3, -2, kind.bits, kind.bits - 1}
    values = sorted(value for value in edges if kind.least <= value <= kind.greatest)
    while len(values) < count:
        size = generator.randrange(kind.bits + 1)
        value = generator.randrange(1 << size) * generator.choice((1, -1))
        values.append(min(max(value, kind.least), kind.greatest))
    generator.shuffle(values)
    return values[:count]


def array_of(values: list[int] | list[Fraction] | list[float], kind: ScalarType) -> np.ndarray:
    """Return an array of a type's dtype."""
    made = np.empty(len(values), kind.dtype)
    made[:] = values if kind.dtype == object else [float(v) if kind.kind == "fixed" else v for v in values]
    return made


def truncated(one: int, two: int) -> int:
    """Return a quotient rounded towards zero."""
    size = abs(one) // abs(two)
    return size if (one < 0) == (two < 0) else -size


def nearest(value: Fraction, fraction: int, least: int, greatest: int) -> float:
    """Return an exact number rounded to a float format, ties to even: the exact model of every conversion.

    The format has `fraction` bits after the leading one, and exponents from `least` to `greatest`.
    """
    if value == 0:
        return 0.0
    size = abs(value)
    exponent = max(size.numerator.bit_length() - size.denominator.bit_length() - 1, least)
    while size >= Fraction(2) ** (exponent + 1):
        exponent += 1
    unit = Fraction(2) ** (exponent - fraction)
    rounded = round(size / unit) * unit
    if rounded >= Fraction(2) ** (greatest + 1):
        return math.inf if value > 0 else -math.inf
    return float(rounded) if value > 0 else -float(rounded)
