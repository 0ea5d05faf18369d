"""Streamed arguments: where their accesses lie, and how their elements are packed into tokens.

With one element a token, a load is a read of the FIFO and a store a write. With W, the W lanes of the fully unrolled
loops around the access share one token, which is read before the outermost of those loops or written after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from allo_studio.analysis.accesses import accesses as known_accesses
from allo_studio.analysis.stream_order import Refusal, token_order
from allo_studio.backends.vitis.loops import fully_unrolled
from allo_studio.backends.vitis.text import kernel_fault
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Argument, KernelIR, LinearExpr, Loop, access_of, walk
from allo_studio.ir.binding import ir

__all__ = ["Token", "find_tokens"]

_LOADS = frozenset(("affine.load", "memref.load"))
# Operations that may move what a stream carries.
_MOVES = _LOADS | {"affine.store", "memref.store", "func.call"}


@dataclass(frozen=True)
class Token:
    """How one access of a streamed argument, `op`, moves it. `lane` picks an element of the token; `around` is the loop
    that it is read before or written after (None with one element a token)."""

    argument: Argument
    op: ir.Operation
    width: int
    writes: bool
    lane: LinearExpr
    around: Loop | None


def find_tokens(kernel: KernelIR) -> list[Token]:
    """Return the tokens of all accesses of streamed arguments; raises AlloError (code `hls`) with every fault."""
    arguments = {argument.name: argument for argument in kernel.arguments()}
    loops = {loop.induction_variable: loop for loop in kernel.loops() if loop.kind != "while"}
    # One walk for all streams: it takes longer than what is done with what it finds.
    moves = [op for op in walk(kernel.body) if op.name in _MOVES]
    tokens: list[Token] = []
    faults: list[Diagnostic] = []
    for name, width in sorted(kernel.streams.items()):
        try:
            tokens += _tokens(kernel, arguments[name], width, loops, moves)
        except AlloError as fault:
            faults += fault.diagnostics
    if faults:
        raise AlloError(faults)
    return tokens


def _tokens(
    kernel: KernelIR, argument: Argument, width: int, loops: dict[ir.Value, Loop], moves: Sequence[ir.Operation]
) -> list[Token]:
    accesses = [op for op in moves if _accesses(op, argument.value)]
    hint = "keep a local copy of the array, so that each element is moved once"
    if not accesses:
        raise kernel_fault(kernel, f"the stream {argument.name} is not accessed", None, hint)
    touched = [access for access in known_accesses(kernel) if access.buffer == argument.name]
    if len({access.kind for access in touched}) > 1:
        raise kernel_fault(kernel, f"the stream {argument.name} is both read and written", accesses[1], hint)
    if len(accesses) > 1:
        order = token_order(kernel, touched, f"{touched[0].kind}s")
        if isinstance(order, Refusal):
            raise kernel_fault(kernel, f"the stream {argument.name} is out of order: {order.reason}", accesses[1], hint)
    return [_token(kernel, argument, width, op, loops) for op in accesses]


def _token(kernel: KernelIR, argument: Argument, width: int, op: ir.Operation, loops: dict[ir.Value, Loop]) -> Token:
    writes = op.name == "affine.store"
    if width == 1:
        return Token(argument, op, 1, writes, LinearExpr.number(0), None)
    lanes = _of_token(_unrolled_around(op, loops), width)
    lane = _lane(kernel, argument, width, op, lanes, loops)
    return Token(argument, op, width, writes, lane, lanes[0] if lanes else None)


def _accesses(op: ir.Operation, memory: ir.Value) -> bool:
    if op.name in _LOADS:
        return bool(op.operands[0] == memory)
    if op.name == "func.call":
        return any(operand == memory for operand in op.operands)
    return bool(op.operands[1] == memory)


def _unrolled_around(op: ir.Operation, loops: dict[ir.Value, Loop]) -> list[Loop]:
    """Return the innermost run of fully unrolled loops around `op`, the outermost first."""
    found: list[Loop] = []
    block = op.block
    while (loop := loops.get(block.arguments[0]) if len(block.arguments) == 1 else None) and fully_unrolled(loop):
        found.insert(0, loop)
        block = loop.op.block
    return found


def _of_token(lanes: list[Loop], width: int) -> list[Loop]:
    """Return the innermost of the unrolled loops that make one token; all of them where none do."""
    for first in range(len(lanes), -1, -1):
        if prod(loop.trip or 0 for loop in lanes[first:]) == width:
            return lanes[first:]
    return lanes


def _lane(
    kernel: KernelIR, argument: Argument, width: int, op: ir.Operation, lanes: list[Loop], loops: dict[ir.Value, Loop]
) -> LinearExpr:
    subscripts = access_of(op)
    if subscripts is None:
        raise kernel_fault(kernel, f"the subscripts of stream {argument.name} are not linear", op)
    linear = LinearExpr.number(0)
    for subscript, extent in zip(subscripts, argument.type.shape, strict=True):
        linear = linear * extent + subscript
    inner = {loop.induction_variable: loop for loop in lanes}
    base = LinearExpr(tuple((v, f) for v, f in linear.terms if v not in inner), linear.constant)
    lane = LinearExpr(tuple((v, f) for v, f in linear.terms if v in inner))
    if _starts_token(base, width, loops) and _covers(lane, width, lanes):
        return lane
    message = f"the lanes of stream {argument.name} are not the {width} neighbouring elements of one token"
    raise kernel_fault(
        kernel, message, op, "unroll the loop over the array's last dimension, by a factor of the extent"
    )


def _starts_token(base: LinearExpr, width: int, loops: dict[ir.Value, Loop]) -> bool:
    """Tell whether `base` is a multiple of `width` in every iteration of the outer loops."""
    return base.constant % width == 0 and all(_stays(factor, loops[value], width) for value, factor in base.terms)


def _stays(factor: int, loop: Loop, width: int) -> bool:
    """Tell whether `factor` times the loop's variable is always a multiple of `width`."""
    if factor % width == 0:
        return True
    return loop.lower is not None and factor * loop.lower % width == 0 and factor * loop.step % width == 0


def _covers(lane: LinearExpr, width: int, lanes: list[Loop]) -> bool:
    """Tell whether the unrolled loops run over the offsets 0 to width-1, each once."""
    if any(loop.trip is None or loop.lower != 0 for loop in lanes) or prod(loop.trip or 0 for loop in lanes) != width:
        return False
    offsets = [0]
    for loop in lanes:
        factor = lane.coefficient(loop.induction_variable) * loop.step
        offsets = [offset + factor * k for offset in offsets for k in range(loop.trip or 0)]
    return sorted(offsets) == list(range(width))
