"""What the name of a core says: `fadd_32ns_32ns_32_5_full_dsp_1` adds floats in four cycles, in DSPs.

A name has the operation, the widths of the operands and of the result, the number of stages (one more than the
latency), and for floats the use of DSPs. Older versions put the top function's name before it, and all of them a number
after the name of an instance (`_U7`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from allo_studio.hardware.operator_table import FLOAT_TYPES

__all__ = ["Core", "core_name", "parse_core"]

# Longer ones are no names.
_LONGEST = 300
_INSTANCE = re.compile(r"_U[0-9]+$", re.ASCII)
_CORE = re.compile(
    r"(?:\w*?_)?(?P<operation>[a-z]+)_(?P<numbers>[0-9]{1,5}n?s?(?:_[0-9]{1,5}n?s?)+)"
    r"(?:_(?P<style>[a-z]+)_dsp|_seq)?_[0-9]{1,3}",
    re.ASCII,
)
_PREFIXES = {"f": "f32", "d": "f64", "h": "f16"}
# Functions of floats whose core is called as our operator is, but for the letter of the type.
_NAMED = ("add", "mul", "div", "sqrt", "exp", "log", "sin", "cos", "tan", "tanh", "pow", "cmp")
# Differences are sums.
_FLOATS = {**{name: f"f{name}" for name in _NAMED}, "sub": "fadd"}
_ARITHMETIC = {
    **{f"{p}{name}": (base, type) for p, type in _PREFIXES.items() for name, base in _FLOATS.items()},
    **{f"{p}add{p}sub": ("fadd", type) for p, type in _PREFIXES.items()},
}
# Conversions from and to integers go by the type of the float.
_CONVERSIONS = {
    **{f"{sign}ito{p}p": ("itof", type) for p, type in _PREFIXES.items() for sign in "su"},
    **{f"{p}pto{sign}i": ("ftoi", type) for p, type in _PREFIXES.items() for sign in "su"},
}
# Those between floats by the width of the operand.
_RESIZES = {"fpext": "fext", "fptrunc": "ftrunc"}
_INTEGERS = {"mul": "mul", "sdiv": "div", "udiv": "div", "srem": "rem", "urem": "rem"}
_BY_WIDTH = {bits: name for name, bits in FLOAT_TYPES.items() if name != "bf16"}


@dataclass(frozen=True)
class Core:
    """A core: what it is called, our operator and type (`fadd`, `f32`; integers by width), its latency in cycles.

    `in_dsps` tells whether a float's core uses DSPs, None where the name does not say.
    """

    name: str
    operator: str
    type: str
    latency: int
    in_dsps: bool | None

    @property
    def full_name(self) -> str:
        """The name under which the operator library has it."""
        return f"{self.operator}.{self.type}"


def core_name(name: str) -> str:
    """Return the name of a core from that of an instance of it."""
    return _INSTANCE.sub("", name)


def parse_core(name: str) -> Core | None:
    """Return what the name of a core, or of an instance of it, says; None where it is none of an operator of ours.

    Of integers only cores whose operands and results have one width are: others do what the tool made of an operation.
    """
    bare = core_name(name)
    found = _CORE.fullmatch(bare) if len(bare) <= _LONGEST else None
    if found is None:
        return None
    *widths, stages = (int(number.rstrip("ns")) for number in found["numbers"].split("_"))
    what = _operator(found["operation"], widths)
    if what is None or stages < 1:
        return None
    style = found["style"]
    return Core(bare, *what, stages - 1, None if style is None else style != "no")


def _operator(operation: str, widths: list[int]) -> tuple[str, str] | None:
    if operation in _ARITHMETIC:
        operator, type = _ARITHMETIC[operation]
        return (operator, type) if widths[0] == FLOAT_TYPES[type] else None
    if operation in _RESIZES and widths[0] in _BY_WIDTH:
        return _RESIZES[operation], _BY_WIDTH[widths[0]]
    if operation in _INTEGERS and len(widths) == 3 and len(set(widths)) == 1:
        return _INTEGERS[operation], str(widths[0])
    return _CONVERSIONS.get(operation)
