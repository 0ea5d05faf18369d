"""The contents that tables and state start with, and the files that hold them for memories."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from allo_studio.backends.rtl.buffers import bank_ports
from allo_studio.backends.rtl.places import bank_words, locate
from allo_studio.backends.rtl.values import number_bits
from allo_studio.hardware.counters import Affine
from allo_studio.hardware.storage import Storage
from allo_studio.ir import KernelIR
from allo_studio.ir.tables import initial_elements

__all__ = ["Contents", "spread"]


def spread(storage: Storage, elements: list[int]) -> list[list[int]]:
    """Return the words of each bank that hold elements, given row by row."""
    found = [[0] * bank_words(storage) for _ in range(storage.banks)]
    for subscripts, element in zip(product(*map(range, storage.type.shape)), elements, strict=True):
        place = locate(storage, [Affine((), subscript) for subscript in subscripts])
        found[place.bank.constant][place.offset.constant] = element
    return found


class Contents:
    """The contents of a kernel's module-level memories.

    `files` gathers the text of those that are kept, `memories` the memory in the kernel's module that each is of.
    """

    def __init__(self, kernel: KernelIR, name: str) -> None:
        self.kernel, self.name = kernel, name
        self.files: dict[str, str] = {}
        self.memories: dict[str, str] = {}

    def elements(self, storage: Storage) -> list[int]:
        """Return the bits of each element, row by row."""
        kind, elements = initial_elements(self.kernel.module, storage.symbol)
        return [number_bits(element, kind.element) for element in elements]

    def banks(self, storage: Storage) -> dict[str, str]:
        """Return the text of a file for each bank, by the name that it shall have."""
        digits = -(-storage.type.element.bits // 4)
        banks = zip(bank_ports(storage, storage.key), spread(storage, self.elements(storage)), strict=True)
        return {
            f"{self.name}_{ports.base}.hex": "".join(f"{word:0{digits}x}\n" for word in words) for ports, words in banks
        }

    def keep(self, files: Mapping[str, str], memories: Mapping[str, str]) -> None:
        """Keep the files of banks that there are, with the memory of each."""
        self.files |= {name: files[name] for name in memories}
        self.memories |= memories
