"""Data types: scalars of any width and kind, and arrays of them.

A scalar's `name` is its one spelling: `int7`, `uint1`, `bfloat16`, `Fixed(16, 10)`, `Struct(x: int32, y: uint8)`. All
but floats are held as plain bits (`iN` in MLIR); the type says what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from math import prod
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "BFLOAT16",
    "BOOL",
    "FLOAT16",
    "FLOAT32",
    "FLOAT64",
    "INDEX",
    "INT32",
    "MOST_BITS",
    "NAMED",
    "ArrayType",
    "Overflow",
    "Rounding",
    "ScalarType",
    "fixed",
    "floating",
    "integer",
    "parse_type",
    "struct",
]

Kind = Literal["int", "float", "fixed", "struct"]
# What happens to the bits below the last: towards -inf, towards 0, and to the nearest with ties up, towards 0, away
# from 0, down, and to even (in the vendor's words TRN, TRN_ZERO, RND, RND_ZERO, RND_INF, RND_MIN_INF, RND_CONV).
Rounding = Literal["floor", "zero", "half_up", "half_zero", "half_away", "half_down", "half_even"]
# What happens to a value out of range (WRAP, SAT, SAT_ZERO, SAT_SYM).
Overflow = Literal["wrap", "saturate", "saturate_zero", "saturate_symmetric"]

# The widest value that the system handles; a wider one is a slip of the keyboard.
MOST_BITS = 4096


@dataclass(frozen=True)
class ScalarType:
    """A scalar type. Make one with `integer`, `fixed` or `struct`, or take a named one.

    `fraction` is the number of bits after the binary point of a fixed-point number, which may be negative or more than
    `bits`. `fields` are those of a struct, the first in the lowest bits.
    """

    name: str
    kind: Kind
    bits: int
    signed: bool = True
    fraction: int = 0
    rounding: Rounding = "floor"
    overflow: Overflow = "wrap"
    fields: tuple[tuple[str, ScalarType], ...] = ()

    @cached_property
    def dtype(self) -> np.dtype[np.generic]:
        """The numpy type of values outside of a kernel; each holds every value without loss.

        Integers take the next wider numpy type, and Python numbers (`object`) above 64 bits. Fixed-point numbers are
        `float64` up to 53 bits, and `object` (`fractions.Fraction`) above. A struct is a numpy record.
        """
        # Loaded where it is needed: a start does without it.
        import ml_dtypes
        import numpy as np

        match self.kind:
            case "float":
                return np.dtype(ml_dtypes.bfloat16) if self.name == "bfloat16" else np.dtype(self.name)
            case "fixed":
                return np.dtype(np.float64) if self.bits <= 53 and abs(self.fraction) < 900 else np.dtype(object)
            case "struct":
                return np.dtype([(name, kind.dtype) for name, kind in self.fields])
        if self.name == "uint1":
            return np.dtype(np.bool_)
        width = next((w for w in (8, 16, 32, 64) if self.bits <= w), 0)
        return np.dtype(f"{'' if self.signed else 'u'}int{width}") if width else np.dtype(object)

    @property
    def mlir(self) -> str:
        """The type's MLIR spelling (`f32`, `bf16`, `i7`): integers are without sign there."""
        if self.kind != "float":
            return f"i{self.bits}"
        return "bf16" if self.name == "bfloat16" else f"f{self.bits}"

    @property
    def is_float(self) -> bool:
        """Whether values are floating-point numbers."""
        return self.kind == "float"

    @property
    def fracs(self) -> int:
        """The bits after the binary point of a fixed-point number, and those of a float's mantissa."""
        return _MANTISSAS.get(self.name, self.fraction)

    @property
    def least(self) -> int:
        """The least value of an integer type; of a fixed-point one, in units of its last bit."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def greatest(self) -> int:
        """The greatest value of an integer type; of a fixed-point one, in units of its last bit."""
        return (1 << (self.bits - self.signed)) - 1

    def __str__(self) -> str:
        return self.name


@cache
def integer(bits: int, signed: bool = True) -> ScalarType:
    """Return the integer type of a width; raises ValueError outside of 1 to `MOST_BITS`."""
    _require(1 <= bits <= MOST_BITS, f"an integer has 1 to {MOST_BITS} bits, not {bits}")
    return ScalarType(f"{'' if signed else 'u'}int{bits}", "int", bits, signed)


@cache
def fixed(
    bits: int, fraction: int, signed: bool = True, rounding: Rounding = "floor", overflow: Overflow = "wrap"
) -> ScalarType:
    """Return a fixed-point type of `bits` bits, `fraction` of them after the point; raises ValueError."""
    _require(1 <= bits <= MOST_BITS, f"a fixed-point number has 1 to {MOST_BITS} bits, not {bits}")
    _require(abs(fraction) <= MOST_BITS, f"a fixed-point number has at most {MOST_BITS} bits after the point")
    _require(
        rounding in get_args(Rounding), f"unknown rounding {rounding!r}; known are {', '.join(get_args(Rounding))}"
    )
    _require(
        overflow in get_args(Overflow), f"unknown overflow {overflow!r}; known are {', '.join(get_args(Overflow))}"
    )
    modes = "" if (rounding, overflow) == ("floor", "wrap") else f", {rounding}, {overflow}"
    name = f"{'' if signed else 'U'}Fixed({bits}, {fraction}{modes})"
    return ScalarType(name, "fixed", bits, signed, fraction, rounding, overflow)


def struct(fields: Iterable[tuple[str, ScalarType]]) -> ScalarType:
    """Return the struct of these fields, the first in the lowest bits; raises ValueError."""
    entries = tuple(fields)
    _require(bool(entries), "a struct has at least one field")
    names = [name for name, _ in entries]
    _require(
        all(name.isidentifier() and name.isascii() for name in names), "a struct's fields are named by plain words"
    )
    _require(len(set(names)) == len(names), "two fields of a struct have the same name")
    bits = sum(kind.bits for _, kind in entries)
    _require(bits <= MOST_BITS, f"a struct has at most {MOST_BITS} bits, not {bits}")
    listing = ", ".join(f"{name}: {kind}" for name, kind in entries)
    return ScalarType(f"Struct({listing})", "struct", bits, False, fields=entries)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


INT32 = integer(32)
BOOL = integer(1, signed=False)
# A loop's variable.
INDEX = ScalarType("index", "int", 32)
FLOAT16 = ScalarType("float16", "float", 16)
BFLOAT16 = ScalarType("bfloat16", "float", 16)
FLOAT32 = ScalarType("float32", "float", 32)
FLOAT64 = ScalarType("float64", "float", 64)
_MANTISSAS = {"float16": 10, "bfloat16": 7, "float32": 23, "float64": 52}
# The types that have a name without arguments; `bool` is another spelling of `uint1`.
NAMED: dict[str, ScalarType] = {
    **{t.name: t for t in (BFLOAT16, FLOAT16, FLOAT32, FLOAT64, INDEX)},
    **{t.name: t for bits in range(1, 65) for t in (integer(bits), integer(bits, signed=False))},
    "bool": BOOL,
}


def floating(bits: int) -> ScalarType:
    """Return the type of IEEE 754 numbers of 16, 32 or 64 bits; raises ValueError."""
    found = {kind.bits: kind for kind in (FLOAT16, FLOAT32, FLOAT64)}.get(bits)
    if found is None:
        raise ValueError(f"a float has 16, 32 or 64 bits, not {bits}")
    return found


@dataclass(frozen=True)
class ArrayType:
    """An array; rank 0 is a scalar. Prints and parses as `float32[64, 32]`.

    A dimension of a named size has the name in `sizes` ("" for others, `()` where there is none) and its declared
    maximum as extent; it prints as `float32[n<=64, 32]`. Storage is always that of the maximum.
    """

    element: ScalarType
    shape: tuple[int, ...] = ()
    sizes: tuple[str, ...] = ()

    @cached_property
    def size(self) -> int:
        """The number of elements (at most, where a size is named)."""
        return prod(self.shape)

    @property
    def bits(self) -> int:
        """The number of bits of all elements."""
        return self.size * self.element.bits

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each dimension's size, "" where it has none."""
        return self.sizes or ("",) * len(self.shape)

    def named(self, names: tuple[str, ...]) -> ArrayType:
        """Return the type with other names of its sizes, one a dimension, "" where there is none."""
        return ArrayType(self.element, self.shape, names if any(names) else ())

    def __str__(self) -> str:
        if not self.shape:
            return str(self.element)
        extents = (f"{name}<={n}" if name else str(n) for name, n in zip(self.names, self.shape, strict=True))
        return f"{self.element}[{', '.join(extents)}]"


_EXTENT = re.compile(r"\s*(?:([A-Za-z_]\w*)\s*<=\s*)?([0-9]{1,10})\s*")
# An array beyond this can neither be simulated nor held on a device; it is a slip of the keyboard.
_MOST_ELEMENTS = 1 << 32


def parse_type(text: str) -> ArrayType:
    """Parse `float32[64, 32]`, `Fixed(16, 10)[n<=64]` or `int32`; raises ValueError with a message for the user."""
    reader = _Reader(text)
    element = reader.scalar()
    if not reader.take("["):
        reader.end()
        return ArrayType(element)
    extents, rest = text[reader.at :].split("]", 1) if "]" in text[reader.at :] else ("", "]")
    if rest.strip():
        raise reader.fault()
    shape, sizes = [], []
    for part in extents.split(","):
        match = _EXTENT.fullmatch(part)
        if not match or int(match[2]) < 1:
            raise ValueError(f"extent {part.strip()!r} of {text!r} must be a whole number of at least 1")
        shape.append(int(match[2]))
        sizes.append(match[1] or "")
    if prod(shape) > _MOST_ELEMENTS:
        raise ValueError(f"{text!r} has more than 2^32 elements")
    return ArrayType(element, tuple(shape), tuple(sizes) if any(sizes) else ())


_TOKEN = re.compile(r"\s*([A-Za-z_]\w*|-?[0-9]{1,10}|[(),:\[])")
_WORDS = re.compile(r"[A-Za-z_]\w*")
# Structs in structs beyond this are a slip.
_MOST_DEPTH = 16


class _Reader:
    """Reads a scalar type from the start of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def fault(self) -> ValueError:
        return ValueError(f"{self.text!r} is no type; write it like float32[64, 32], int32 or Fixed(16, 10)")

    def end(self) -> None:
        if self.text[self.at :].strip():
            raise self.fault()

    def take(self, wanted: str) -> bool:
        """Go past `wanted` where it comes next."""
        match = _TOKEN.match(self.text, self.at)
        if match is None or match[1] != wanted:
            return False
        self.at = match.end()
        return True

    def _word(self) -> str:
        match = _TOKEN.match(self.text, self.at)
        if match is None or not (_WORDS.fullmatch(match[1]) or match[1].lstrip("-").isdigit()):
            raise self.fault()
        self.at = match.end()
        return match[1]

    def _expect(self, wanted: str) -> None:
        if not self.take(wanted):
            raise self.fault()

    def scalar(self) -> ScalarType:
        word = self._word()
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise ValueError("structs are nested too deeply")
        if word in ("Fixed", "UFixed") and self.take("("):
            found = self._fixed(word == "Fixed")
        elif word == "Struct" and self.take("("):
            found = self._struct()
        elif word in ("Int", "UInt") and self.take("("):
            found = integer(self._number(), word == "Int")
            self._expect(")")
        else:
            found = self._named(word)
        self.depth -= 1
        return found

    def _named(self, word: str) -> ScalarType:
        match = re.fullmatch(r"(u?)int([1-9][0-9]{0,4})", word)
        if word in NAMED:
            return NAMED[word]
        if match:
            return integer(int(match[2]), not match[1])
        if not _WORDS.fullmatch(word):
            raise self.fault()
        known = "bool, int8, uint17, Fixed(16, 10), float16, bfloat16, float32, float64 and Struct(x: int32)"
        raise ValueError(f"unknown element type {word!r}; types are {known}")

    def _number(self) -> int:
        word = self._word()
        if not word.lstrip("-").isdigit():
            raise self.fault()
        return int(word)

    def _fixed(self, signed: bool) -> ScalarType:
        bits = self._number()
        self._expect(",")
        fraction = self._number()
        rounding = self._word() if self.take(",") else "floor"
        overflow = self._word() if self.take(",") else "wrap"
        self._expect(")")
        # `fixed` refuses what is no mode.
        return fixed(bits, fraction, signed, rounding, overflow)

    def _struct(self) -> ScalarType:
        fields: list[tuple[str, ScalarType]] = []
        while not fields or self.take(","):
            name = self._word()
            self._expect(":")
            fields.append((name, self.scalar()))
        self._expect(")")
        return struct(fields)
