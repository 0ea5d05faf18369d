"""What the scheduler has a form for: straight and affine float32 and int32 code. All else is named, at once."""

from __future__ import annotations

from collections.abc import Iterator

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR, access_of, array_type, walk
from allo_studio.ir.attributes import text
from allo_studio.ir.binding import ir as mlir
from allo_studio.ir.linear import is_symbol, map_results

__all__ = ["FREE", "OPERATORS", "require_supported", "unsupported"]

# The operator of the library that does an operation.
OPERATORS = {
    "arith.addf": "fadd",
    "arith.subf": "fadd",
    "arith.mulf": "fmul",
    "arith.divf": "fdiv",
    "arith.negf": "fneg",
    "arith.addi": "add",
    "arith.subi": "add",
    "arith.muli": "mul",
    "arith.divsi": "div",
}
# Index arithmetic is done by the loop counters, constants are wires.
FREE = {"affine.apply", "arith.constant", "arith.index_cast", "affine.yield", "func.return", "memref.alloc"}
_FORMS = ("affine.for", "affine.load", "affine.store")
# Operations with a form of their own, in words.
_WORDS = {
    "scf.if": "a branch",
    "scf.for": "a loop whose bounds are computed",
    "scf.while": "a while loop",
    "memref.load": "a read with a computed subscript",
    "memref.store": "a write with a computed subscript",
    "arith.select": "a choice between two values",
    "arith.cmpi": "a comparison of integers",
    "arith.cmpf": "a comparison of floats",
    "arith.sitofp": "a conversion of an integer to a float",
    "arith.fptosi": "a conversion of a float to an integer",
    **dict.fromkeys(("arith.uitofp", "arith.fptoui"), "a conversion between an integer and a float"),
    **dict.fromkeys(("arith.extf", "arith.truncf"), "a conversion between floats"),
    **dict.fromkeys(("arith.extsi", "arith.extui", "arith.trunci"), "a change of an integer's width"),
    **dict.fromkeys(("arith.divui", "arith.remui"), "a division of unsigned integers"),
    **dict.fromkeys(("arith.remsi", "arith.remf"), "a remainder"),
    **dict.fromkeys(("arith.shli", "arith.shrsi", "arith.shrui"), "a shift"),
    **dict.fromkeys(("arith.andi", "arith.ori", "arith.xori"), "an operation on bits"),
    "arith.bitcast": "a reinterpretation of bits",
}
# What ends a block of one of these, and says nothing that they do not.
_ENDINGS = ("scf.yield", "scf.condition")
_TYPES = ("f32", "i32", "index")
_HINT = "such a kernel runs in the JIT and can be written as HLS C++, but its cycles and resources are not known"


def require_supported(kernel: KernelIR) -> None:
    """Raise AlloError (code `hardware`) with everything in a kernel that the scheduler has no form for, one a line."""
    found = unsupported(kernel)
    if found:
        raise AlloError(found)


def unsupported(kernel: KernelIR) -> tuple[Diagnostic, ...]:
    """Return everything in a kernel that the scheduler has no form for (code `hardware`), each thing once a line."""
    faults: dict[tuple[str, int], Diagnostic] = {}
    for words, op in (*_arguments(kernel), *_unsupported(kernel)):
        span = kernel.span(op)
        message = f"{kernel.name}: {words} cannot be scheduled as hardware"
        faults.setdefault((words, span.line if span else 0), Diagnostic("hardware", message, span, hint=_HINT))
    return tuple(faults.values())


def _arguments(kernel: KernelIR) -> Iterator[tuple[str, mlir.Operation]]:
    for argument in kernel.arguments():
        if array_type(argument.value.type).element.mlir not in _TYPES:
            yield f"the argument {argument.name} of type {argument.type}", kernel.function


def _unsupported(kernel: KernelIR) -> Iterator[tuple[str, mlir.Operation]]:
    for op in walk(kernel.body):
        name = op.name
        if name == "func.call":
            yield f"a call of {mlir.FlatSymbolRefAttr(op.attributes['callee']).value}", op
        elif name == "memref.get_global":
            yield f"the table or state {text(op, 'allo.name')}", op
        elif name in _FORMS:
            if words := _not_affine(op) or _other_type(op):
                yield words, op
        elif name in _ENDINGS:
            continue
        elif name not in OPERATORS and name not in FREE:
            yield _words(name), op
        elif other := _other_type(op):
            yield other, op


def _words(name: str) -> str:
    dialect, _, operation = name.partition(".")
    return _WORDS.get(name) or (f"the function {operation}" if dialect == "math" else f"the operation {name}")


def _other_type(op: mlir.Operation) -> str:
    """Return in words the type of an operation that no operator has figures for, or an empty text."""
    for value in op.results:
        element = array_type(value.type).element
        if element.mlir not in _TYPES and element.name != "index" and op.name != "arith.constant":
            return f"a value of type {element}" if element.is_float else f"a value of {element.bits} bits"
    return ""


def _not_affine(op: mlir.Operation) -> str:
    """Return in words what of a loop or an access depends on more than the outer loops, or an empty text."""
    if op.name != "affine.for":
        subscripts = access_of(op)
        if subscripts is None:
            return "a subscript with a division or a remainder"
        variables = [variable for subscript in subscripts for variable in subscript.variables]
        return "a subscript that depends on an argument" if any(map(is_symbol, variables)) else ""
    if any(is_symbol(value) for value in op.operands):
        return "a loop whose bounds depend on an argument"
    operands = list(op.operands)
    lower, upper = (mlir.AffineMapAttr(op.attributes[f"{side}BoundMap"]).value for side in ("lower", "upper"))
    found = (*map_results(lower, operands[: lower.n_inputs]), *map_results(upper, operands[lower.n_inputs :]))
    return "a bound with a division or a remainder" if None in found else ""
