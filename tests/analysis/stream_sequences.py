"""The sequence in which a kernel touches an array, by walking through every iteration in program order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np

from allo_studio.analysis.ports import infer_ports
from allo_studio.analysis.sets import loop_bounds
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.ir.binding import ir as mlir
from allo_studio.source import Source

__all__ = ["KERNELS", "flat", "kernel", "numbers_in", "sequence"]

_HEADER = "from allo_studio.lang import float32, grid, int32, reduction\n\n"

KERNELS = {
    "gemm": """
def gemm(A: float32[4, 6], B: float32[6, 4]) -> float32[4, 4]:
    C: float32[4, 4] = 0.0
    for i, j in grid(4, 4):
        for k in reduction(6):
            C[i, j] += A[i, k] * B[k, j]
    return C
""",
    "copy": """
def copy(A: float32[4, 6]) -> float32[4, 6]:
    C: float32[4, 6]
    for i, j in grid(4, 6):
        C[i, j] = A[i, j] * 2.0
    return C
""",
    "transpose": """
def transpose(A: float32[4, 6]) -> float32[6, 4]:
    C: float32[6, 4]
    for i, j in grid(6, 4):
        C[i, j] = A[j, i]
    return C
""",
    "matvec": """
def matvec(A: float32[4, 6], x: float32[6]) -> float32[4]:
    y: float32[4]
    for i in range(4):
        acc: float32 = 0.0
        for j in reduction(6):
            acc += A[i, j] * x[j]
        y[i] = acc
    return y
""",
    "twice": """
def twice(A: float32[12], B: float32[12]) -> float32[12]:
    C: float32[12]
    for i in range(12):
        C[i] = A[i] * A[i] + B[11 - i]
    return C
""",
    "pairs": """
def pairs(A: int32[12], B: int32[12]) -> (int32[6], int32[12]):
    C: int32[6]
    D: int32[12]
    for i in range(6):
        C[i] = A[2 * i] + A[2 * i + 1]
        D[2 * i] = B[2 * i + 1]
        D[2 * i + 1] = B[2 * i]
    return C, D
""",
    "stencil": """
def stencil(A: float32[8, 3]) -> float32[6, 3]:
    B: float32[6, 3]
    for i in range(1, 7):
        for j in range(3):
            B[i - 1, j] = A[i - 1, j] + A[i, j] * A[i + 1, j]
    return B
""",
    "blocks": """
def blocks(A: float32[4, 4], w: float32[4]) -> float32[4, 4]:
    B: float32[4, 4]
    for p in range(2):
        for j in range(4):
            for i in range(2):
                B[2 * p + i, j] = A[2 * p + i, j] * w[j]
    return B
""",
    "triangle": """
def triangle(A: float32[4, 4]) -> float32[4]:
    y: float32[4] = 0.0
    for i in range(4):
        for j in range(i + 1):
            y[i] += A[i, j]
    return y
""",
    "strided": """
def strided(A: int32[12]) -> int32[12]:
    C: int32[12] = 0
    for i in range(0, 12, 2):
        C[i] = A[i]
    return C
""",
    "steps": """
def steps(A: int32[4, 6], n: int32) -> int32[4, 6]:
    C: int32[4, 6]
    for i in range(4):
        for j in range(0, 6, 3):
            for k in range(j, j + 3):
                C[i, k] = A[i, k] / n
    return C
""",
    "scalar": """
def scalar(A: float32[6], s: float32) -> float32:
    t: float32 = 0.0
    for i in range(6):
        t += A[i] * s
    return t
""",
    "reversed": """
def reversed(A: int32[8]) -> int32[8]:
    C: int32[8]
    for i in range(2):
        for j in range(4):
            C[4 * i + 3 - j] = A[4 * i + 3 - j]
    return C
""",
}


def kernel(name: str, text: str | None = None) -> KernelIR:
    """Return a kernel by its name here or from its text, with its ports inferred."""
    return infer_ports(parse_kernel(Source(f"{name}.py", _HEADER + (text or KERNELS[name])), name, {}))


def sequence(ir: KernelIR, buffer: str, write: bool) -> list[tuple[int, ...]]:
    """Return the elements that a kernel writes (or reads) in an array, in program order."""
    wanted = ir.find_buffer(buffer).value
    loops = {loop.op: loop for loop in ir.loops()}

    def walk(block: mlir.Block, env: Mapping[mlir.Value, int]) -> Iterator[tuple[int, ...]]:
        for view in block.operations:
            op = view.operation
            if op in loops:
                lower, upper = loop_bounds(loops[op])
                first, last = max(b.evaluate(env) for b in lower), min(b.evaluate(env) for b in upper)
                for value in range(first, last, loops[op].step):
                    yield from walk(loops[op].body, {**env, loops[op].induction_variable: value})
            elif op.name == "scf.if":
                side = op.regions[0 if _number(op.operands[0], env) else 1]
                for inner in side.blocks:
                    yield from walk(inner, env)
            elif op.name == ("affine.store" if write else "affine.load") and op.operands[1 if write else 0] == wanted:
                mapping = mlir.AffineMapAttr(op.attributes["map"]).value
                yield tuple(_mapped(mapping, list(op.operands)[2 if write else 1 :], env))

    return list(walk(ir.body, {}))


def _mapped(mapping: mlir.AffineMap, operands: list[mlir.Value], env: Mapping[mlir.Value, int]) -> Iterator[int]:
    """Yield the results of a map."""
    inputs = [_number(operand, env) for operand in operands]
    for result in mapping.results:
        yield _expression(result, inputs[: mapping.n_dims], inputs[mapping.n_dims :])


def _expression(expression: mlir.AffineExpr, dims: list[int], symbols: list[int]) -> int:
    expression = expression.maybe_downcast()
    if isinstance(expression, mlir.AffineConstantExpr):
        return int(expression.value)
    if isinstance(expression, mlir.AffineDimExpr | mlir.AffineSymbolExpr):
        return (dims if isinstance(expression, mlir.AffineDimExpr) else symbols)[int(expression.position)]
    left, right = _expression(expression.lhs, dims, symbols), _expression(expression.rhs, dims, symbols)
    if isinstance(expression, mlir.AffineAddExpr):
        return left + right
    if isinstance(expression, mlir.AffineMulExpr):
        return left * right
    if isinstance(expression, mlir.AffineModExpr):
        return left % right
    return left // right if isinstance(expression, mlir.AffineFloorDivExpr) else -(-left // right)


def _number(value: mlir.Value, env: Mapping[mlir.Value, int]) -> int:
    """Return an index value, or whether a comparison of such holds."""
    if value in env:
        return env[value]
    op = value.owner.operation
    if op.name == "affine.apply":
        (found,) = _mapped(mlir.AffineMapAttr(op.attributes["map"]).value, list(op.operands), env)
        return found
    if op.name == "arith.constant":
        return int(mlir.IntegerAttr(op.attributes["value"]).value)
    sides = [_number(operand, env) for operand in op.operands]
    if op.name == "arith.cmpi":
        return int(_COMPARED[int(op.attributes["predicate"])](*sides))
    return {"arith.andi": int.__and__, "arith.ori": int.__or__, "arith.xori": int.__xor__}[op.name](*sides)


_COMPARED = (int.__eq__, int.__ne__, int.__lt__, int.__le__, int.__gt__, int.__ge__)


def flat(ir: KernelIR, buffer: str, elements: list[tuple[int, ...]]) -> list[int]:
    """Return elements as row-major numbers."""
    shape = ir.find_buffer(buffer).type.shape
    return [int(np.ravel_multi_index(e, shape)) if shape else 0 for e in elements]


def numbers_in(text: str, name: str) -> list[tuple[int, ...]]:
    """Return the elements of an array that a message names."""
    return [tuple(int(n) for n in found.split(", ") if n) for found in re.findall(rf"{name}\[([-\d, ]*)\]", text)]
