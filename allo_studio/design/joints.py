"""How a wire of a dataflow graph joins two blocks: by a FIFO, with the reason, or why there can be none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from allo_studio.analysis.streams import ConsumerOrder, ProducerOrder, Refusal
from allo_studio.design.adapter import can_adapt
from allo_studio.design.model import Edge
from allo_studio.design.region import ChannelKind
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.ip.shell import consumer_orders, consumer_width
from allo_studio.ir import KernelIR

__all__ = ["Decision", "Fifo", "Joint", "Leaf", "Way", "explain", "no_fifo", "refused_at", "unfit", "ways"]

_PLAIN_ORDER = ConsumerOrder(1)
_NO_REFUSAL = Refusal("", "")


@dataclass(frozen=True)
class Decision:
    """What an edge of a dataflow graph becomes: its kind, the elements of a token, and why.

    Of edges at the design's own ports only those that were asked to be streams have one. The consumer takes tokens of
    `taken` elements where those are others than the producer's, through an adapter.
    """

    kind: ChannelKind
    width: int
    reason: str
    taken: int | None = None


class Leaf(NamedTuple):
    """A kernel's port that an edge ends at, and the ports of subgraphs on the way to it."""

    path: str
    port: str
    trail: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Joint:
    """Two ends of a FIFO: the consumer's kernel, the elements of a token that is written, and how it is read.

    Or why there can be none, and whether that is the producer's fault. `declared`: one end is an external block's.
    """

    kernel: KernelIR
    width: int = 1
    order: ConsumerOrder = _PLAIN_ORDER
    declared: bool = False
    refusal: Refusal | None = None
    at_producer: bool = False


@dataclass(frozen=True)
class Way:
    """What a wire between two blocks of a dataflow graph is where nobody asks for anything else.

    Either `joint` tells how a FIFO joins them, or `refusal` why there can be none.
    """

    decision: Decision
    joint: Joint | None = None
    refusal: Refusal = _NO_REFUSAL


class Fifo(NamedTuple):
    """A wire that is a FIFO though nobody asked for one, with all that this was found out from.

    `kernels` are the producer's and the consumer's before this one, and `streams` the consumer's; `copies`: it costs a
    local copy or an adapter.
    """

    edge: Edge
    library: OperatorLibrary
    kernels: tuple[KernelIR, KernelIR]
    streams: Mapping[str, int]
    place: str
    producer: Leaf
    consumer: Leaf
    joint: Joint
    decision: Decision
    copies: bool


def unfit(leaf: Leaf, kernel: KernelIR) -> Refusal | None:
    """Return the refusal of a port that is a scalar, or an array of a size that has a name."""
    kind = next((a.type for a in kernel.arguments() if a.name == leaf.port), None)
    if kind is not None and not kind.shape:
        return Refusal(f"{leaf.port} is one value, not an array", "")
    name = next((name for name in kind.sizes if name), None) if kind is not None else None
    if name is None:
        return None
    # With fewer tokens other ones wait elsewhere, and deeper FIFOs may be needed than for the most.
    reason = f"{leaf.port} has {name} elements, and how many that is only a run tells"
    return Refusal(reason, f"set `params: {{{name}: ...}}` where it is always the same number")


def ways(kernel: KernelIR, port: str, width: int) -> tuple[ConsumerOrder, ...] | Refusal:
    """Return the ways to read an input from a FIFO whose producer moves `width` elements at once.

    A way with tokens of another width takes an adapter: where they are what is read directly, or else the widest that a
    local copy can be filled with.
    """
    orders = consumer_orders(kernel, port, width)
    known = () if isinstance(orders, Refusal) else orders
    shape, own = kernel.find_buffer(port).type.shape, consumer_width(kernel, port)
    if can_adapt(shape, width, own) and all(order.loop for order in known):
        wider = consumer_orders(kernel, port, own)
        direct = () if isinstance(wider, Refusal) else tuple(order for order in wider if not order.loop)
        known = (*known, *direct)
    if known:
        return known
    for taken in range(width - 1, 0, -1):
        if can_adapt(shape, width, taken):
            narrower = consumer_orders(kernel, port, taken)
            if not isinstance(narrower, Refusal):
                return narrower
    return orders


def no_fifo(refusal: Refusal) -> Way:
    """Return a buffer, with why there can be no FIFO."""
    return Way(Decision("pingpong", 1, f"no FIFO, as {refusal.reason}; {refusal.hint}".rstrip("; ")), refusal=refusal)


def refused_at(leaf: Leaf, refusal: Refusal) -> Refusal:
    """Return the refusal with the block named."""
    return Refusal(f"at {leaf.path}, {refusal.reason}", refusal.hint, refusal.span)


def explain(leaf: Leaf, order: ConsumerOrder | ProducerOrder, subject: str = "it moves", declared: bool = False) -> str:
    """Return why a port is in order, in words, with the local copy that it takes."""
    how = "as declared of external blocks" if declared else "proven"
    proven = f"{subject} every element once, in row-major order ({how})"
    if isinstance(order, ProducerOrder) or order.loop is None:
        return proven
    size = "x".join(str(dim.extent) for dim in order.tile if dim.extent > 1) or "1"
    return f"{proven}; {leaf.path} reads {leaf.port} through a local copy of {size} in loop {order.loop}"
