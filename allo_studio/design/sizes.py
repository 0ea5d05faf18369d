"""Named sizes within one graph: which scalar port tells a size, and what is wired to it.

An array port `float32[n<=8]` of a block has as many elements as the block's scalar port `n` says. A name in the type of
a graph's own port means that graph's scalar of that name: an input, or at an output also an output.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from allo_studio.design.checked import PortInfo
from allo_studio.design.model import Endpoint, Graph
from allo_studio.types import INT32, ArrayType

__all__ = ["SIZE", "Sizes", "alike", "renamed_size", "with_sizes"]

# What tells a size is a number of this type.
SIZE = ArrayType(INT32)


def alike(one: ArrayType | None, two: ArrayType | None) -> bool:
    """Tell whether two types are known, and the same but for the names of their sizes."""
    return one is not None and two is not None and (one.element, one.shape) == (two.element, two.shape)


def renamed_size(text: str, old: str, new: str) -> str:
    """Return the text of a type with another name of a size."""
    return re.sub(rf"\b{re.escape(old)}(?=\s*<=)", new, text)


def with_sizes(text: str, names: Sequence[str]) -> str:
    """Return the text of an array's type with these names of its sizes, "" where there is none.

    The text may name a graph's parameters as extents.
    """
    head, _, rest = text.partition("[")
    extents = [part.rpartition("<=")[2].strip() for part in rest.rstrip().removesuffix("]").split(",")]
    named = (f"{name}<={extent}" if name else extent for name, extent in zip(names, extents, strict=True))
    return f"{head}[{', '.join(named)}]"


class Sizes:
    """The sizes of one graph. `ports` has the ports of its blocks, and the graph's own under the empty name."""

    def __init__(self, graph: Graph, ports: Mapping[str, tuple[PortInfo, ...]]) -> None:
        self._graph = graph
        self._ports = {Endpoint(node, p.name): p for node, found in ports.items() for p in found}
        self._of_node = {node: tuple(Endpoint(node, p.name) for p in found) for node, found in ports.items()}
        self._fed: dict[Endpoint, Endpoint] = {}
        for edge in graph.edges:
            self._fed.setdefault(edge.target, edge.source)

    def of(self, end: Endpoint) -> tuple[Endpoint | int, ...]:
        """Return what tells each extent of an end: a scalar port of the same block, or the extent itself."""
        port = self._ports.get(end)
        if port is None or port.type is None:
            return ()
        extents = zip(port.type.names, port.type.shape, strict=True)
        return tuple(Endpoint(end.node, name) if name else extent for name, extent in extents)

    def of_block(self, node: str) -> tuple[Endpoint, ...]:
        """Return the scalar ports of a block that tell sizes of its arrays."""
        found = (size for end in self._of_node.get(node, ()) for size in self.of(end))
        return tuple(dict.fromkeys(size for size in found if isinstance(size, Endpoint)))

    def begins(self, end: Endpoint) -> bool:
        """Tell whether wires begin at an end: an output of a block, or an input of the graph."""
        port = self._ports.get(end)
        return port is not None and (port.direction == "out") == bool(end.node)

    def told(self, size: Endpoint) -> Endpoint | None:
        """Return the end of the graph where a scalar port has its value from; None where it has no wire."""
        return size if self.begins(size) else self._fed.get(size)

    def is_size(self, end: Endpoint) -> bool:
        """Tell whether a scalar port tells a size of an array port of its block."""
        port = self._ports.get(end)
        return port is not None and port.type == SIZE and end in self.of_block(end.node)

    def may_join(self, source: Endpoint, target: Endpoint) -> bool:
        """Tell whether nothing says that two ends of the same extents have, or are, different sizes."""
        if self.is_size(target):
            return self.wanted(target) in (None, source)
        return all(self._may_equal(a, b) for a, b in zip(self.of(source), self.of(target), strict=True))

    def _may_equal(self, one: Endpoint | int, two: Endpoint | int) -> bool:
        if isinstance(one, int) or isinstance(two, int):
            return one == two
        told = self.told(one), self.told(two)
        return None in told or told[0] == told[1]

    def wanted(self, size: Endpoint) -> Endpoint | int | None:
        """Return what the arrays of a block say that a size without a wire must be: an end that tells it, or a number.

        None where they do not say it, as all that they are wired to has no wire for its sizes either.
        """
        seen, waiting = {size}, [size]
        for known in waiting:
            for other in self._joined(known):
                if isinstance(other, int):
                    return other
                found = self.told(other)
                if found is not None:
                    return found
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
        return None

    def _joined(self, size: Endpoint) -> Iterator[Endpoint | int]:
        """Yield what must be the same number as a size, by the wires of the arrays that have it."""
        for edge in self._graph.edges:
            for mine, other in ((edge.source, edge.target), (edge.target, edge.source)):
                if mine.node == size.node and size in self.of(mine):
                    yield from (b for a, b in zip(self.of(mine), self.of(other), strict=False) if a == size)

    def outside(self, end: Endpoint, output: bool) -> ArrayType | None:
        """Return the type of an end with the names that its sizes have at the graph's own ports.

        None where a size is told by nothing that an input of the graph (an output, for `output`) can name.
        """
        port = self._ports.get(end)
        if port is None or port.type is None or not port.type.sizes:
            return port.type if port else None
        names = [self._name(size, output) if isinstance(size, Endpoint) else "" for size in self.of(end)]
        if any(name is None for name in names):
            return None
        return port.type.named(tuple(name or "" for name in names))

    def _name(self, size: Endpoint, output: bool) -> str | None:
        told = self.told(size)
        if told is None or not told.node:
            return told.port if told else None
        given = (name for name in self._graph.outputs if self._fed.get(Endpoint("", name)) == told)
        return next(given, None) if output else None
