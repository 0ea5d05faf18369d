"""How elements lie outside of a design, in buffers that XRT moves and in packets of AXI streams.

An element takes the least power of two of bits, at least 8, that holds it: a number as that number (signed ones with
their sign carried on), fixed-point numbers and structs as the integers of their bits.
"""

from __future__ import annotations

from dataclasses import dataclass

from allo_studio.backends.vitis.cpp_types import CppType, integer_type

__all__ = ["MOST_BITS", "Storage"]

# The widest data of an AXI memory port or AXI stream (UG1399), and of an ap_int without further ado (AP_INT_MAX_W).
MOST_BITS = 1024
_BYTE = 8


@dataclass(frozen=True)
class Storage:
    """How one element of a C++ type is kept outside: as the C++ type `word`, of `bits` bits."""

    element: CppType
    word: CppType

    @classmethod
    def of(cls, element: CppType) -> Storage:
        """Return how elements of a type are kept."""
        if element.kind == "float":
            return cls(element, integer_type(16, False) if element.name == "bfloat16" else element)
        bits = _BYTE
        while bits < element.bits:
            bits *= 2
        return cls(element, integer_type(bits, element.signed))

    @property
    def bits(self) -> int:
        """The bits of a word."""
        return self.word.bits

    @property
    def plain(self) -> bool:
        """Whether words are elements as they are."""
        return self.element == self.word

    def packed(self, value: str) -> str:
        """Return an element, which is C++ text, as a word."""
        if self.plain:
            return value
        if self.element.kind == "float":
            return f"wrap::same_bits<{self.word.name}>({value})"
        return f"static_cast<{self.word.name}>({value})"

    def unpacked(self, word: str) -> str:
        """Return the element of a word."""
        if self.plain:
            return word
        if self.element.kind == "float":
            return f"wrap::same_bits<{self.element.name}>({word})"
        if self.element.name == "bool":
            return f"({word} & 1) != 0"
        return f"static_cast<{self.element.name}>({word})"

    def to_bits(self, value: str) -> str:
        """Return the bits of an element's word as an integer without sign."""
        unsigned = integer_type(self.bits, False).name
        if self.element.kind == "float":
            return f"wrap::same_bits<{unsigned}>({value})"
        packed = self.packed(value)
        return packed if self.word.name == unsigned else f"static_cast<{unsigned}>({packed})"

    def of_bits(self, bits: str) -> str:
        """Return the element of a word's bits, which are C++ text of type `ap_uint`."""
        unsigned = integer_type(self.bits, False).name
        if self.element.kind == "float":
            return f"wrap::same_bits<{self.element.name}>(static_cast<{unsigned}>({bits}))"
        return self.unpacked(f"static_cast<{self.word.name}>({bits})")
