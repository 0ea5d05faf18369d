"""What a script calls loops and arrays by, beside their names: `s.get_loops()["gemm"]["i"]`, `s.A`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR, Loop

__all__ = [
    "Band",
    "Block",
    "BufferHandle",
    "BufferLike",
    "Complete",
    "Cyclic",
    "LoopHandle",
    "LoopLike",
    "Loops",
    "Partition",
]


_NUMBERED = re.compile(r"S_(\w+)_([0-9]{1,6})")


class Partition(IntEnum):
    """How an array is spread over banks."""

    Complete = 0
    Block = 1
    Cyclic = 2

    @property
    def word(self) -> str:
        """The name of the kind in a schedule."""
        return self.name.lower()


Complete, Block, Cyclic = Partition.Complete, Partition.Block, Partition.Cyclic


@dataclass(frozen=True)
class LoopHandle:
    """A loop by its full name, which stays right as long as the schedule has a loop of that name."""

    function: str
    band: str
    name: str

    def __str__(self) -> str:
        return ":".join(part for part in (self.function, self.band, self.name) if part)


@dataclass(frozen=True)
class BufferHandle:
    """An array by its full name."""

    function: str
    name: str

    def __str__(self) -> str:
        return f"{self.function}:{self.name}"


LoopLike: TypeAlias = str | LoopHandle
BufferLike: TypeAlias = str | BufferHandle


class Band(Mapping[str, LoopHandle]):
    """The loops of one nest, in the order of the program: by name, or as attributes."""

    def __init__(self, function: str, name: str, loops: tuple[Loop, ...]) -> None:
        self.name = name
        self._loops = loops
        self._handles = {loop.name: LoopHandle(function, name, loop.name) for loop in loops}

    @property
    def loops(self) -> dict[str, LoopHandle]:
        """The loops by name."""
        return dict(self._handles)

    def __getitem__(self, name: str) -> LoopHandle:
        if name in self._handles:
            return self._handles[name]
        raise _missing(f"nest {self.name!r} has no loop {name!r}", list(self._handles))

    def __getattr__(self, name: str) -> LoopHandle:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def is_written(self, names: str) -> bool:
        """Tell whether the nest was written with the loops `i_j`, whatever was made of them since."""
        bases = {name.partition(".")[0].removesuffix("_fused") for name in self._handles}
        return any(f"{names}_".startswith(f"{base}_") for base in bases)

    def __iter__(self) -> Iterator[str]:
        return iter(self._handles)

    def __len__(self) -> int:
        return len(self._handles)

    def __repr__(self) -> str:
        return "\n".join(f"{'  ' * loop.depth}{_head(loop)}" for loop in self._loops)


class Loops(Mapping[str, Band]):
    """The nests of a function, in the order of the program: by name, or as attributes.

    A nest without a name is also what Allo calls it: `S_i_j_0` is the first, written with the loops i and j. Loops that
    set what is declared do not count.
    """

    def __init__(self, ir: KernelIR) -> None:
        bands: dict[str, list[Loop]] = {}
        for loop in ir.loops():
            bands.setdefault(loop.band, []).append(loop)
        self._bands = {name: Band(ir.name, name, tuple(loops)) for name, loops in bands.items()}
        self._written = [self._bands[name] for name, loops in bands.items() if loops[0].role != "init"]

    def __getitem__(self, name: str) -> Band:
        band = self._bands.get(name) or self._numbered(name)
        if band is not None:
            return band
        raise _missing(f"there is no nest {name!r}", list(self._bands))

    def __getattr__(self, name: str) -> Band:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._bands)

    def __len__(self) -> int:
        return len(self._bands)

    def __repr__(self) -> str:
        return "\n".join(f"{name}:\n{_indented(repr(band))}" for name, band in self._bands.items())

    def _numbered(self, name: str) -> Band | None:
        match = _NUMBERED.fullmatch(name)
        band = self._written[int(match[2])] if match and int(match[2]) < len(self._written) else None
        if match is None or band is None or not band.is_written(match[1]):
            return None
        return band


class _Missing(AlloError, KeyError):
    """A name that is not there, also for those who expect what a mapping raises."""


def _missing(message: str, known: list[str]) -> AlloError:
    return _Missing(Diagnostic("step", message, hint=f"there are: {', '.join(known) or 'none'}"))


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _head(loop: Loop) -> str:
    if loop.kind == "while":
        return "while"
    bounds = f"range({_end(loop.lower)}, {_end(loop.upper)}, {loop.step})"
    if loop.lower == 0 and loop.step == 1:
        bounds = f"range({_end(loop.upper)})"
    marks = [word for word, here in (("reduction", loop.reduction), ("pipeline", loop.pipeline)) if here]
    if loop.unroll is not None:
        marks.append("unroll")
    return f"for {loop.name} in {bounds}{f'  # {chr(44).join(marks)}' if marks else ''}"


def _end(bound: int | None) -> str:
    return "..." if bound is None else str(bound)
