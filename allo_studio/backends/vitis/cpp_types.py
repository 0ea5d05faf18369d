"""C++ types of values: native integers, `ap_int`, and the four kinds of floats."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from allo_studio.types import ScalarType

__all__ = ["BOOL_TYPE", "INT_TYPE", "CppType", "bits_of_mlir", "cpp_type", "float_type", "integer_type", "single_bit"]

_NATIVE_WIDTHS = (8, 16, 32, 64)
_FLOATS = {"float16": "half", "bfloat16": "bfloat16", "float32": "float", "float64": "double"}


@dataclass(frozen=True)
class CppType:
    """A C++ type. `kind` is `native` for integers of C++ itself, `ap` for those of `ap_int.h`, or `float`."""

    name: str
    kind: Literal["native", "ap", "float"]
    bits: int
    signed: bool = True

    @property
    def low(self) -> int:
        """The least value of an integer type."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """The greatest value of an integer type."""
        return (1 << (self.bits - self.signed)) - 1

    @property
    def promoted(self) -> CppType:
        """The type in which C++ computes with values of this one."""
        return INT_TYPE if self.kind == "native" and self.bits < INT_TYPE.bits else self


# What an integer literal, a loop's variable and a sum of small integers are.
INT_TYPE = CppType("int32_t", "native", 32)
BOOL_TYPE = CppType("bool", "native", 1, False)


@cache
def integer_type(bits: int, signed: bool) -> CppType:
    """Return the type of integers of a width: native where C++ has one (`bool` for one bit), else `ap_int`."""
    if bits == 1 and not signed:
        return BOOL_TYPE
    if bits in _NATIVE_WIDTHS:
        return CppType(f"{'' if signed else 'u'}int{bits}_t", "native", bits, signed)
    return CppType(f"ap_{'' if signed else 'u'}int<{bits}>", "ap", bits, signed)


@cache
def float_type(name: str) -> CppType:
    """Return the C++ type of `float16`, `bfloat16`, `float32` or `float64`."""
    return CppType(_FLOATS[name], "float", {"float64": 64, "float32": 32}.get(name, 16))


@cache
def single_bit(signed: bool) -> CppType:
    """Return the type of a single bit that is a number, which `bool` is not."""
    return CppType(f"ap_{'' if signed else 'u'}int<1>", "ap", 1, signed)


def cpp_type(element: ScalarType) -> CppType:
    """Return the C++ type of a memory's elements: fixed-point numbers and structs are the integers of their bits."""
    if element.kind == "float":
        return float_type(element.name)
    return integer_type(element.bits, element.signed)


def bits_of_mlir(spelling: str) -> CppType | int:
    """Return the width of an integer's MLIR type (64 for `index`), or the C++ type of a float's."""
    if spelling[0] == "i":
        return 64 if spelling == "index" else int(spelling[1:])
    return float_type({"f16": "float16", "bf16": "bfloat16", "f32": "float32", "f64": "float64"}[spelling])
