"""Kernels of floats, each with its twin in a type `T` with all intermediate results in variables of that type."""

from __future__ import annotations

__all__ = ["FIXED_HEADER", "PAIRS"]

FIXED_HEADER = """from allo_studio.lang import (
    Fixed, Int, UFixed, bfloat16, exp, float16, float32, float64, grid, int8, int32, log, reduction, sqrt, uint1, uint8
)

"""

_GEMM = """
def gemm(A: float32[6, 4], B: float32[4, 8]) -> float32[6, 8]:
    C: float32[6, 8] = 0.5
    for i, j in grid(6, 8):
        for k in reduction(4):
            C[i, j] += A[i, k] * B[k, j]
    return C
"""
_GEMM_FIXED = """
def gemm(A: T[6, 4], B: T[4, 8]) -> T[6, 8]:
    C: T[6, 8] = 0.5
    for i, j in grid(6, 8):
        for k in reduction(4):
            p: T = A[i, k] * B[k, j]
            C[i, j] = C[i, j] + p
    return C
"""
_STENCIL = """
def stencil(A: float32[10, 6]) -> float32[10, 6]:
    B: float32[10, 6] = 1.3
    for i in range(1, 9):
        for j in range(6):
            B[i, j] = 0.3 * (A[i - 1, j] - A[i, j] * A[i + 1, j])
    return B
"""
# A number of a kernel of `float32` is one of that type before it is one of `T`.
_STENCIL_FIXED = """
def stencil(A: T[10, 6]) -> T[10, 6]:
    B: T[10, 6] = 1.2999999523162842
    c: T = 0.30000001192092896
    for i in range(1, 9):
        for j in range(6):
            p: T = A[i, j] * A[i + 1, j]
            d: T = A[i - 1, j] - p
            B[i, j] = c * d
    return B
"""
_MULTIPLY = """
def multiply(x: float32[40], s: float32) -> float32[40]:
    y: float32[40]
    for i in range(40):
        y[i] = x[i] * x[i] * (x[i] - s) + x[i]
    return y
"""
_MULTIPLY_FIXED = """
def multiply(x: T[40], s: T) -> T[40]:
    y: T[40]
    for i in range(40):
        q: T = x[i] * x[i]
        d: T = x[i] - s
        p: T = q * d
        y[i] = p + x[i]
    return y
"""
_DIVIDE = """
def divide(x: float32[40], z: float32[40], s: float32) -> float32[40]:
    y: float32[40]
    for i in range(40):
        y[i] = -(x[i] / z[i]) / s
    return y
"""
_DIVIDE_FIXED = """
def divide(x: T[40], z: T[40], s: T) -> T[40]:
    y: T[40]
    for i in range(40):
        q: T = x[i] / z[i]
        n: T = -q
        y[i] = n / s
    return y
"""
_CHOICES = """
def choices(x: float32[40], z: float32[40], s: float32) -> (float32[40], int32[40]):
    y: float32[40]
    m: int32[40] = 0
    for i in range(40):
        y[i] = max(min(x[i], z[i]), -abs(s)) if x[i] <= z[i] else abs(x[i]) * z[i]
        if x[i] > s and not z[i] >= s:
            m[i] += 1
        if x[i] == z[i] or z[i] != s:
            m[i] += 2
        if x[i] < z[i]:
            m[i] += 4
    return y, m
"""
_CHOICES_FIXED = """
def choices(x: T[40], z: T[40], s: T) -> (T[40], int32[40]):
    y: T[40]
    m: int32[40] = 0
    for i in range(40):
        if x[i] <= z[i]:
            a: T = abs(s)
            n: T = -a
            l: T = min(x[i], z[i])
            y[i] = max(l, n)
        else:
            b: T = abs(x[i])
            y[i] = b * z[i]
        if x[i] > s and not z[i] >= s:
            m[i] += 1
        if x[i] == z[i] or z[i] != s:
            m[i] += 2
        if x[i] < z[i]:
            m[i] += 4
    return y, m
"""
_CASTS = """
def casts(x: float16[40], z: float64[40], n: int8[40], u: uint8[40]) -> (float32[40], int32[40], uint8[40]):
    y: float32[40]
    m: int32[40]
    v: uint8[40]
    for i in range(40):
        y[i] = x[i] * float32(n[i]) + float32(u[i]) - float32(z[i] * float64(i))
        m[i] = int32(x[i] + bfloat16(n[i]))
        v[i] = uint8(z[i])
    return y, m, v
"""
_CASTS_FIXED = """
def casts(x: T[40], z: T[40], n: int8[40], u: uint8[40]) -> (T[40], int32[40], uint8[40]):
    y: T[40]
    m: int32[40]
    v: uint8[40]
    for i in range(40):
        a: T = n[i]
        b: T = u[i]
        c: T = i
        p: T = x[i] * a
        q: T = p + b
        r: T = z[i] * c
        y[i] = q - r
        t: T = x[i] + a
        m[i] = int32(t)
        v[i] = uint8(z[i])
    return y, m, v
"""
_WALK = """
def walk(x: float32[40]) -> (float32, float32[40]):
    total: float32 = 1.5
    y: float32[40] = 0.0
    i: int32 = 0
    while i < 40 and total > 0.25:
        t: float32 = total * x[i]
        if t < 1.25:
            total -= 0.5
        elif x[i]:
            total = t
        y[i] = total
        i += 1
    return total, y
"""
_WALK_FIXED = """
def walk(x: T[40]) -> (T, T[40]):
    total: T = 1.5
    y: T[40] = 0.0
    quarter: T = 0.25
    half: T = 0.5
    most: T = 1.25
    none: T = 0.0
    i: int32 = 0
    while i < 40 and total > quarter:
        t: T = total * x[i]
        if t < most:
            total = total - half
        elif x[i] != none:
            total = t
        y[i] = total
        i += 1
    return total, y
"""

# The kernel of floats, and its twin.
PAIRS: dict[str, tuple[str, str]] = {
    "gemm": (_GEMM, _GEMM_FIXED),
    "stencil": (_STENCIL, _STENCIL_FIXED),
    "multiply": (_MULTIPLY, _MULTIPLY_FIXED),
    "divide": (_DIVIDE, _DIVIDE_FIXED),
    "choices": (_CHOICES, _CHOICES_FIXED),
    "casts": (_CASTS, _CASTS_FIXED),
    "walk": (_WALK, _WALK_FIXED),
}
