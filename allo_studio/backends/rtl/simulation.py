"""A circuit as a program that computes one cycle after another, and where in its state everything lies.

It is a plain value, so that it can be sent from the process that makes it to the one that runs it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["MemoryPlace", "Place", "Simulation"]


@dataclass(frozen=True)
class Place:
    """A value in the state: so many bits from a byte on, little endian; the bits above it in its last byte are zero.

    `name` is the path through the instances, such as `u0/count`.
    """

    name: str
    offset: int
    width: int

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        return (self.width + 7) // 8


@dataclass(frozen=True)
class MemoryPlace:
    """A memory in the state: so many words of so many bits, one every `stride` bytes from a byte on."""

    name: str
    offset: int
    words: int
    width: int
    stride: int


@dataclass(frozen=True)
class Simulation:
    """The program as LLVM IR and a map of the state that it works on, which has `size` bytes.

    `entry` takes the state and computes everything anew; where the clock has risen since the last call it makes a step.
    `clock` and `edge` are the bytes of the clock and of what that was in the last call; `edge` is -1 where nothing
    depends on the clock. `initial` is a function that takes the state and gives registers their first values, or empty.
    """

    top: str
    llvm: str
    size: int
    entry: str
    initial: str
    clock: int
    edge: int
    inputs: tuple[Place, ...]
    outputs: tuple[Place, ...]
    states: tuple[Place, ...]
    memories: tuple[MemoryPlace, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Simulation:
        """Return what `to_json` was called on."""
        places = {name: tuple(Place(**place) for place in data[name]) for name in ("inputs", "outputs", "states")}
        memories = tuple(MemoryPlace(**place) for place in data["memories"])
        return cls(**{**data, **places, "memories": memories})
