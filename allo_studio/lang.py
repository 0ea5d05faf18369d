"""What a kernel file imports, as plain Python: the file can be imported and its functions looked at.

The compiler itself never imports a kernel file; it reads the text. See docs/kernel-language.md.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod
from typing import TypeVar

import numpy as np

from allo_studio.types import (
    BFLOAT16,
    BOOL,
    FLOAT16,
    FLOAT32,
    FLOAT64,
    INDEX,
    NAMED,
    ArrayType,
    Overflow,
    Rounding,
    ScalarType,
    fixed,
    floating,
    integer,
    parse_type,
    struct,
)
from allo_studio.values import convert

_Annotation = TypeVar("_Annotation")


class ElementType:
    """A scalar type of the language: `float32[M, N]` is an array type, `float32(x)` a number of the type."""

    def __init__(self, scalar: ScalarType) -> None:
        self.scalar = scalar

    @property
    def bits(self) -> int:
        """The width."""
        return self.scalar.bits

    @property
    def fracs(self) -> int:
        """The bits after the binary point: of a fixed-point number, and of a float's mantissa."""
        return self.scalar.fracs

    @property
    def exponent(self) -> int:
        """The bits of a float's exponent, 0 for others."""
        return self.bits - 1 - self.fracs if self.scalar.is_float else 0

    def __eq__(self, other: object) -> builtins.bool:
        return isinstance(other, ElementType) and other.scalar == self.scalar

    def __hash__(self) -> int:
        return hash(self.scalar)

    def __getitem__(self, shape: int | str | tuple[int | str, ...]) -> ArrayType | str:
        """Return the array type; where a named size has no maximum here, only its text."""
        extents = shape if isinstance(shape, tuple) else (shape,)
        sizes = [n for n in extents if isinstance(n, str)]
        numbers = [n for n in extents if not isinstance(n, str)]
        if not all(isinstance(n, int) and not isinstance(n, builtins.bool) and n >= 1 for n in numbers):
            raise ValueError(f"the extents of {self.scalar} must be whole numbers of at least 1, not {extents}")
        if not sizes:
            return ArrayType(self.scalar, tuple(n for n in extents if isinstance(n, int)))
        text = f"{self.scalar}[{', '.join(map(str, extents))}]"
        return parse_type(text) if all("<=" in size for size in sizes) else text

    def __call__(self, value: object) -> object:
        """Return `value` converted to this type, as numpy holds it."""
        if self.scalar.kind == "struct":
            return _record(value, self.scalar)
        number = value.item() if isinstance(value, np.generic) else value
        if not isinstance(number, int | float | Fraction):
            raise ValueError(f"{value!r} is no {self.scalar}")
        converted = convert(number, self.scalar)
        return converted if self.scalar.dtype == object else self.scalar.dtype.type(converted)

    def __repr__(self) -> str:
        return self.scalar.name


def _record(value: object, kind: ScalarType) -> object:
    if not isinstance(value, Mapping) or set(value) != {name for name, _ in kind.fields}:
        raise ValueError(f"{value!r} is no {kind}")
    fields = tuple(ElementType(part)(value[name]) for name, part in kind.fields)
    return np.array(fields, kind.dtype)[()]


def Int(bits: int) -> ElementType:
    """Return the type of signed numbers of so many bits."""
    return ElementType(integer(bits))


def UInt(bits: int) -> ElementType:
    """Return the type of unsigned numbers of so many bits."""
    return ElementType(integer(bits, signed=False))


def Float(bits: int) -> ElementType:
    """Return the type of floating-point numbers of 16, 32 or 64 bits."""
    return ElementType(floating(bits))


def Fixed(bits: int, fraction: int, rounding: Rounding = "floor", overflow: Overflow = "wrap") -> ElementType:
    """Return the type of signed fixed-point numbers of `bits` bits, `fraction` of them after the point."""
    return ElementType(fixed(bits, fraction, True, rounding, overflow))


def UFixed(bits: int, fraction: int, rounding: Rounding = "floor", overflow: Overflow = "wrap") -> ElementType:
    """Return the type of unsigned fixed-point numbers of `bits` bits, `fraction` of them after the point."""
    return ElementType(fixed(bits, fraction, False, rounding, overflow))


def Struct(fields: Mapping[str, ElementType]) -> ElementType:
    """Return the type of records with these fields, the first in the lowest bits."""
    return ElementType(struct((name, kind.scalar) for name, kind in fields.items()))


@dataclass(frozen=True)
class Memory:
    """How a memory is built: `A: int32[32] @ Memory(resource="URAM", storage_type="RAM_2P")`."""

    resource: str = "AUTO"
    storage_type: str | None = None
    latency: int | None = None
    depth: int | None = None

    def __rmatmul__(self, annotation: _Annotation) -> _Annotation:
        return annotation


class _Stateful:
    """The mark of what keeps its contents between calls: `total: int32 @ Stateful = 0`."""

    def __rmatmul__(self, annotation: _Annotation) -> _Annotation:
        return annotation


class _ConstExpr:
    """The mark of what is computed while compiling: `n: ConstExpr[int32] = M // 2`."""

    def __getitem__(self, annotation: _Annotation) -> _Annotation:
        return annotation


Stateful = _Stateful()
ConstExpr = _ConstExpr()

float16, bfloat16, float32, float64 = map(ElementType, (FLOAT16, BFLOAT16, FLOAT32, FLOAT64))
index = ElementType(INDEX)
bool = ElementType(BOOL)
int8, int16, int32, int64 = (ElementType(integer(bits)) for bits in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (ElementType(integer(bits, signed=False)) for bits in (8, 16, 32, 64))
# The other widths, `int1` to `uint64`, are names of this module too.
globals().update({name: ElementType(kind) for name, kind in NAMED.items() if name not in globals()})

exp, log, log2, log10, sqrt, sin, cos, tan, tanh, power = (
    np.exp, np.log, np.log2, np.log10, np.sqrt, np.sin, np.cos, np.tan, np.tanh, np.power,
)  # fmt: skip
abs, min, max = builtins.abs, builtins.min, builtins.max


def grid(*extents: int, name: str | None = None) -> Iterator[int] | Iterator[tuple[int, ...]]:
    """Return the points of a nest of loops from 0, the last varying fastest: numbers for one extent, else tuples.

    `name` names the nest for schedules; it changes nothing here.
    """
    return _points(extents)


def reduction(*extents: int, name: str | None = None) -> Iterator[int] | Iterator[tuple[int, ...]]:
    """Return the same points as `grid`; the loops are marked as carrying an accumulation."""
    return _points(extents)


def _points(extents: tuple[int, ...]) -> Iterator[int] | Iterator[tuple[int, ...]]:
    if not extents or prod(builtins.max(n, 0) for n in extents) == 0:
        raise ValueError(f"a nest needs extents of at least 1, not {extents}")
    return iter(range(extents[0])) if len(extents) == 1 else product(*map(range, extents))


class _Meta:
    """A statement that only the compiler understands: plain Python cannot leave out or repeat a `with`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *arguments: object) -> AbstractContextManager[int]:
        raise RuntimeError(f"{self._name} has a meaning only in a kernel that is compiled")

    def __repr__(self) -> str:
        return self._name


meta_if, meta_elif, meta_else, meta_for = map(_Meta, ("meta_if", "meta_elif", "meta_else", "meta_for"))


# Functions of scalar mathematics. A kernel may give these names to variables of its own, as it may `index`.
FUNCTION_NAMES = frozenset(
    {"exp", "log", "log2", "log10", "sqrt", "sin", "cos", "tan", "tanh", "power", "abs", "min", "max"}
)
_MAKERS = frozenset({"Int", "UInt", "Float", "Fixed", "UFixed", "Struct"})
_MARKS = frozenset({"Memory", "Stateful", "ConstExpr"})
_META = frozenset({"meta_if", "meta_elif", "meta_else", "meta_for"})
# The names that nothing of a kernel may be called.
RESERVED_NAMES = (frozenset({"grid", "reduction", *NAMED}) | _MAKERS | _MARKS | _META) - {"index"}
# The names that the compiler knows the meaning of.
LANGUAGE_NAMES = RESERVED_NAMES | FUNCTION_NAMES | {"index"}

__all__ = ["FUNCTION_NAMES", "LANGUAGE_NAMES", "RESERVED_NAMES", "ElementType", *sorted(LANGUAGE_NAMES)]
