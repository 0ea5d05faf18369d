"""What hardware does an operation: the implementations that HLS tools know, and the mark that asks for one of them.

An operation that is bound has the attribute `allo.impl`, a text such as `fadd fulldsp`: the operation as it was bound,
and the implementation. Where a later step gave it another type it is another operation, and the mark says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from allo_studio.ir.attributes import set_text, text
from allo_studio.ir.binding import ir

__all__ = ["ATTRIBUTE", "IMPLEMENTATIONS", "bind", "implementation_of", "implementations_of", "operation_name"]

ATTRIBUTE = "allo.impl"
_SUMS = ("fabric", "fulldsp")
# By the names of the pragma bind_op (UG1399); `primitivedsp` is for devices with DSP58 only.
IMPLEMENTATIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("add", "sub", "mul"), ("fabric", "dsp")),
        **dict.fromkeys(("fadd", "fsub"), (*_SUMS, "primitivedsp")),
        "fmul": ("fabric", "meddsp", "fulldsp", "maxdsp", "primitivedsp"),
        **dict.fromkeys(("fexp", "flog", "dexp", "dlog"), ("fabric", "meddsp", "fulldsp")),
        **dict.fromkeys(("fdiv", "fsqrt", "ddiv", "dsqrt", "hdiv", "hsqrt"), ("fabric",)),
        **dict.fromkeys(("dadd", "dsub"), _SUMS),
        "dmul": ("fabric", "meddsp", "fulldsp", "maxdsp"),
        **dict.fromkeys(("hadd", "hsub"), ("fabric", "meddsp", "fulldsp")),
        "hmul": ("fabric", "fulldsp", "maxdsp"),
    }
)
# Those of which an operator library has figures at some clock; a product of integers goes by its width.
_WITH_FIGURES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("add", "sub", "fdiv", "fsqrt", "ddiv", "dsqrt", "hdiv", "hsqrt"), ("fabric",)),
    **dict.fromkeys(("fadd", "fsub"), _SUMS),
    **dict.fromkeys(("fmul", "dmul", "hmul"), ("maxdsp",)),
    **dict.fromkeys(("dadd", "dsub", "hadd", "hsub", "fexp", "flog", "dexp", "dlog"), ("fulldsp",)),
}
# The widest product that is not done in DSPs.
_MOST_IN_FABRIC = 10
_INTEGER = {"arith.addi": "add", "arith.subi": "sub", "arith.muli": "mul"}
_FLOAT = {
    "arith.addf": "add", "arith.subf": "sub", "arith.mulf": "mul", "arith.divf": "div",
    "math.sqrt": "sqrt", "math.exp": "exp", "math.log": "log",
}  # fmt: skip
# bfloat16 is computed in float32 in the C++, so that it has no operations of its own.
_PRECISION = {"f16": "h", "f32": "f", "f64": "d"}


def operation_name(op: ir.Operation) -> str:
    """Return the name of an operation as bind_op has it (`fadd`, `mul`); empty where it cannot be bound."""
    if op.name in _INTEGER:
        kind = op.results[0].type
        return _INTEGER[op.name] if isinstance(kind, ir.IntegerType) and kind.width > 1 else ""
    if op.name not in _FLOAT:
        return ""
    name = _PRECISION.get(str(op.results[0].type), "?") + _FLOAT[op.name]
    return name if name in IMPLEMENTATIONS else ""


def implementations_of(op: ir.Operation) -> tuple[str, ...]:
    """Return the implementations of an operation of which an operator library has figures, to choose from."""
    name = operation_name(op)
    if name == "mul":
        return ("fabric",) if op.results[0].type.width <= _MOST_IN_FABRIC else ("dsp",)
    return _WITH_FIGURES.get(name, ())


def implementation_of(op: ir.Operation) -> str:
    """Return the implementation that an operation is bound to; empty where it is not."""
    name, _, implementation = (text(op, ATTRIBUTE) or "").partition(" ")
    return implementation if implementation and name == operation_name(op) else ""


def bind(op: ir.Operation, implementation: str) -> None:
    """Bind an operation that has a name, in place."""
    set_text(op, ATTRIBUTE, f"{operation_name(op)} {implementation}")
