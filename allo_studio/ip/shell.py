"""An external block as the stages between the check and the hardware see it: a kernel's ports without a kernel.

A shell is a `KernelIR` of an empty function with the block's ports, layouts and streams. No engine runs it.
"""

from __future__ import annotations

import json

from allo_studio.analysis import streams
from allo_studio.analysis.streams import ConsumerOrder, ProducerOrder, Refusal
from allo_studio.ip.block import IpBlock, IpPort
from allo_studio.ip.firings import ONCE, Firings
from allo_studio.ir import KernelIR
from allo_studio.ir.attributes import text
from allo_studio.source import Source

__all__ = ["consumer_orders", "consumer_width", "declared_streams", "is_shell", "producer_order", "shell"]

_MARK = "allo.ip"


def shell(block: IpBlock, firings: Firings = ONCE) -> KernelIR:
    """Return the shell of a block with all its firings; its streams are those that the descriptor declares."""
    ports = firings.ports(block)
    arguments = ", ".join(f"%{port.name}: {_mlir(port)}" for port in ports)
    names = ", ".join(_quoted(port.name) for port in ports)
    directions = ", ".join(_quoted(port.direction) for port in ports)
    types = ", ".join(f"{port.name} = {_quoted(str(port.type))}" for port in ports)
    kernel = KernelIR.parse(
        f"func.func @{block.name}({arguments}) attributes {{allo.args = [{names}], allo.directions = [{directions}], "
        f"allo.types = {{{types}}}, {_MARK} = {_quoted(block.path)}, llvm.emit_c_interface}} {{ return }}",
        Source(block.path, ""),
    )
    for port in ports:
        if port.moves == "memory":
            kernel = kernel.with_layout(port.name, port.layout)
    return kernel.with_streams({port.name: port.width for port in ports if port.moves == "stream"}).freeze()


def is_shell(kernel: KernelIR) -> bool:
    """Tell whether a kernel is the shell of an external block."""
    return kernel.kept("shell", lambda: text(kernel.function, _MARK) is not None)


def declared_streams(kernel: KernelIR) -> dict[str, int]:
    """Return the streams of the shell of an external block, with the elements of a token; of a kernel none."""
    return kernel.kept("declared streams", lambda: kernel.streams) if is_shell(kernel) else {}


def producer_order(kernel: KernelIR, argument: str) -> ProducerOrder | Refusal:
    """Tell whether an output may be written into a FIFO: proven of a kernel, declared of a shell."""
    if not is_shell(kernel):
        return streams.producer_order(kernel, argument)
    width = kernel.streams.get(argument)
    return ProducerOrder(width) if width else _memory(kernel, argument)


def consumer_orders(kernel: KernelIR, argument: str, width: int) -> tuple[ConsumerOrder, ...] | Refusal:
    """Return the ways to read an input from a FIFO with tokens of `width` elements; a shell has one at most."""
    if not is_shell(kernel):
        return streams.consumer_orders(kernel, argument, width)
    declared = kernel.streams.get(argument)
    if declared is None:
        return _memory(kernel, argument)
    if declared == width:
        return (ConsumerOrder(width),)
    hint = f"let the producer write {declared} elements at once (unroll its innermost loop by {declared}), or 1"
    return Refusal(f"{argument} of {kernel.name} takes {declared} elements a token, and {width} are written", hint)


def consumer_width(kernel: KernelIR, argument: str) -> int:
    """Return how many elements a token from outside should have."""
    if not is_shell(kernel):
        return streams.consumer_width(kernel, argument)
    return kernel.streams.get(argument, 1)


def _memory(kernel: KernelIR, argument: str) -> Refusal:
    return Refusal(f"{argument} of {kernel.name} is no stream by its descriptor", "let the channel be a buffer")


def _mlir(port: IpPort) -> str:
    element = port.type.element.mlir
    if not port.type.shape:
        return element if port.direction == "in" else f"memref<{element}>"
    return f"memref<{''.join(f'{extent}x' for extent in port.type.shape)}{element}>"


def _quoted(value: str) -> str:
    return json.dumps(value)
