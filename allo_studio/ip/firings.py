"""An external block that fires several times an invocation: its ports over all firings, and when each firing begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import prod

from allo_studio.diagnostics import Diagnostic
from allo_studio.ip.block import IpBlock, IpPort
from allo_studio.primitives.firings import Together, layout_of_all
from allo_studio.types import ArrayType

__all__ = ["ONCE", "Firings"]


@dataclass(frozen=True)
class Firings:
    """How a block fires in an invocation: once for each round of loops, of `counts` rounds, the outermost first.

    `together` is what ports are over all firings, where that is something else than what they are at one.
    """

    counts: tuple[int, ...] = ()
    together: Mapping[str, Together] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """The firings of an invocation."""
        return prod(self.counts)

    def loops(self, port: str) -> tuple[int, ...]:
        """Return the loops, by number, each of whose rounds has a part of its own of a port."""
        return self.together[port].loops if port in self.together else ()

    def rounds(self, port: str) -> tuple[int, ...]:
        """Return how many rounds those loops have."""
        return tuple(self.counts[number] for number in self.loops(port))

    def whole(self, port: IpPort) -> IpPort:
        """Return a port as the design has it: of the arrays of all firings. Values that differ are a memory."""
        together = self.together.get(port.name)
        if together is None:
            return port
        kind = ArrayType(port.type.element, together.shape)
        layout = layout_of_all(port.layout, port.type.shape, self.rounds(port.name), kind.shape)
        moves = port.moves if port.moves == "stream" else "memory" if kind.shape else "value"
        return replace(port, type=kind, layout=layout, moves=moves)

    def ports(self, block: IpBlock) -> tuple[IpPort, ...]:
        """Return a block's ports as the design has them."""
        return tuple(self.whole(port) for port in block.ports)

    def fetched(self, port: IpPort) -> bool:
        """Tell whether an input must lie in registers that hold those of one firing: it is not read by addresses."""
        return port.direction == "in" and port.storage.register and bool(self.loops(port.name))

    def lead(self, block: IpBlock) -> int:
        """Return the cycles from the start of an invocation to that of its first firing."""
        return int(any(self.fetched(port) for port in block.ports))

    def faults(self, block: IpBlock) -> Iterator[Diagnostic]:
        """Yield why a block cannot fire in this way (code `rate`)."""
        for port in block.ports:
            if port.moves == "stream":
                yield from self._of_stream(block, port)
            elif self.whole(port).layout.banks(self.whole(port).type.shape) != port.layout.banks(port.type.shape):
                message = (
                    f"the banks {port.layout} of {port.name} are in a dimension that the array of all firings has not"
                )
                hint = "give the block and what it is wired to arrays that have this dimension alike"
                yield Diagnostic("rate", message, block.span, hint=hint)

    def _of_stream(self, block: IpBlock, port: IpPort) -> Iterator[Diagnostic]:
        if self.loops(port.name) != tuple(range(len(self.counts))):
            message = (
                f"{block.name} takes the tokens of {port.name} at each of its {self.count} firings, and what is held "
                f"comes fewer times"
            )
            hint = f"let {port.name} be a memory (`moves: memory`), or bring tokens for all firings, with `rate: rows`"
            yield Diagnostic("rate", message, block.span, hint=hint)
        elif not self.whole(port).type.shape:
            message = f"{port.name} is a stream, and joined to one value"
            yield Diagnostic("rate", message, block.span, hint="let the other end be an array of one element")


ONCE = Firings()
