"""The circuit of an operation of a schedule: what it computes, as many cycles later as the schedule says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TypeAlias

from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.operators import float_add, float_compare, float_convert, float_multiply, integer
from allo_studio.backends.rtl.operators.divide import DIVISIONS, divide
from allo_studio.backends.rtl.operators.formats import Format
from allo_studio.backends.rtl.operators.stages import Site
from allo_studio.backends.rtl.values import width_of
from allo_studio.hardware.operations import Operation
from allo_studio.types import ScalarType

__all__ = ["operate", "unsupported"]

_Integers: TypeAlias = "Callable[[Site, Signal, Signal], Signal]"
_Floats: TypeAlias = "Callable[..., Signal]"

_INTEGERS: Mapping[str, _Integers] = MappingProxyType(
    {
        "arith.addi": integer.add,
        "arith.subi": integer.subtract,
        "arith.muli": integer.multiply,
        "arith.andi": partial(integer.logic, operation="and"),
        "arith.ori": partial(integer.logic, operation="or"),
        "arith.xori": partial(integer.logic, operation="xor"),
        "arith.shli": partial(integer.shift, kind="shl"),
        "arith.shrsi": partial(integer.shift, kind="shrs"),
        "arith.shrui": partial(integer.shift, kind="shru"),
        "arith.maxsi": partial(integer.extreme, signed=True, want_less=False),
        "arith.maxui": partial(integer.extreme, signed=False, want_less=False),
        "arith.minsi": partial(integer.extreme, signed=True, want_less=True),
        "arith.minui": partial(integer.extreme, signed=False, want_less=True),
        **{name: partial(divide, kind=kind) for name, kind in DIVISIONS.items()},
    }
)
# Of floats of one format, which they take after the site.
_FLOATS: Mapping[str, _Floats] = MappingProxyType(
    {
        "arith.addf": float_add.add,
        "arith.subf": float_add.subtract,
        "arith.mulf": float_multiply.multiply,
        "arith.negf": float_compare.negative,
        "arith.maximumf": partial(float_compare.greatest, number_first=False),
        "arith.maxnumf": partial(float_compare.greatest, number_first=True),
        "arith.minimumf": partial(float_compare.least, number_first=False),
        "arith.minnumf": partial(float_compare.least, number_first=True),
        "math.absf": float_compare.absolute,
    }
)
# Whether an operation that changes the width takes its operand for signed; the others keep the low bits.
_RESIZES = MappingProxyType(
    {
        "arith.extsi": True,
        "arith.index_cast": True,
        "arith.extui": False,
        "arith.index_castui": False,
        "arith.trunci": False,
        "arith.bitcast": False,
    }
)
_OTHERS = frozenset(
    {
        "arith.select",
        "arith.cmpi",
        "arith.cmpf",
        "arith.extf",
        "arith.truncf",
        "arith.sitofp",
        "arith.uitofp",
        "arith.fptosi",
        "arith.fptoui",
    }
)
# What to call an operation that there is no circuit for.
_WORDS = MappingProxyType(
    {
        "arith.divf": "division",
        "arith.remf": "remainder",
        "math.sqrt": "square root",
        "math.exp": "exponential",
        "math.log": "logarithm",
        "math.log2": "logarithm",
        "math.log10": "logarithm",
        "math.sin": "sine",
        "math.cos": "cosine",
        "math.tan": "tangent",
        "math.tanh": "hyperbolic tangent",
        "math.powf": "power",
    }
)


def unsupported(op: Operation, kinds: Sequence[ScalarType]) -> str:
    """Return why there is no circuit for a `compute` of operands of these types, as a sentence; else ''."""
    if op.function in _INTEGERS or op.function in _FLOATS or op.function in _RESIZES or op.function in _OTHERS:
        return ""
    name = _WORDS.get(op.function, op.function)
    return f"the RTL has no {name} of {kinds[0]} yet"


def operate(
    circuit: Circuit, op: Operation, inputs: Sequence[Signal], kinds: Sequence[ScalarType], enable: Signal | None
) -> Signal:
    """Return the result of a `compute`, `op.latency` cycles after its operands, which are of the types `kinds`.

    Signals are plain bits of `width_of` their type; of a float, they are its encoding. Where `enable` is given, cycles
    in which it is low do not count, and all is held. The operation must not be one of those that are `unsupported`.
    """
    for signal, kind in zip(inputs, kinds, strict=True):
        assert signal.width == width_of(kind), f"{signal} is {kind}"
    site = Site(circuit, op.latency, enable)
    made = _made(site, op, inputs, kinds)
    assert made.width == width_of(op.type), f"{made} is {op.type}"
    return made


def _made(site: Site, op: Operation, inputs: Sequence[Signal], kinds: Sequence[ScalarType]) -> Signal:
    name, width = op.function, width_of(op.type)
    if name in _INTEGERS:
        return _INTEGERS[name](site, *inputs)
    if name in _FLOATS:
        return _FLOATS[name](site, Format.of(op.type), *inputs)
    if name in _RESIZES:
        return integer.resize(site, inputs[0], width, _RESIZES[name])
    match name:
        case "arith.select":
            return integer.select(site, *inputs)
        case "arith.cmpi":
            return integer.compare_integers(site, op.predicate, *inputs)
        case "arith.cmpf":
            return float_compare.compare_floats(site, Format.of(kinds[0]), op.predicate, *inputs)
        case "arith.extf":
            return float_convert.extend(site, Format.of(kinds[0]), Format.of(op.type), inputs[0])
        case "arith.truncf":
            return float_convert.truncate(site, Format.of(kinds[0]), Format.of(op.type), inputs[0])
        case "arith.sitofp" | "arith.uitofp":
            return float_convert.from_integer(site, Format.of(op.type), inputs[0], name == "arith.sitofp")
        case "arith.fptosi" | "arith.fptoui":
            return float_convert.to_integer(site, Format.of(kinds[0]), inputs[0], width, name == "arith.fptosi")
    raise AssertionError(f"no circuit for {name}")
