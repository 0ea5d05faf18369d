"""FIFOs: a token can be read from the cycle after its write on, and its room is free from that after its read on."""

from __future__ import annotations

from collections.abc import Sequence

from allo_studio.backends.rtl.circuit import Circuit, Signal

__all__ = ["fifo"]


def fifo(
    width: int, depth: int, probe: bool = False, stalls: bool = False, initial: Sequence[int] = (), name: str = ""
) -> Circuit:
    """Return a FIFO of `depth` tokens (at least one) of so many bits, with a ready and valid handshake at both ends.

    The tokens of `initial`, as bits, lie in it at reset: at most `depth`. Such a module needs a `name`.

    For simulation: with `probe`, `held` is how many tokens there are in a cycle, one that is written or read in it
    included; with `stalls` there are inputs that refuse to take a token, or to give one.
    """
    circuit = Circuit(name or f"fifo_{width}x{depth}")
    given = circuit.input("in_data", width)
    offered = circuit.input("in_valid", 1)
    wanted = circuit.input("out_ready", 1)
    bits = depth.bit_length()
    count = circuit.later(bits)
    room, some = circuit.not_(circuit.equals(count, depth)), circuit.not_(circuit.equals(count, 0))
    if stalls:
        room = circuit.and_(room, circuit.not_(circuit.input("in_stall", 1)))
        some = circuit.and_(some, circuit.not_(circuit.input("out_stall", 1)))
    push, pop = circuit.and_(offered, room), circuit.and_(wanted, some)
    # The tokens at reset are constants: the memory holds only those that were written.
    first, left = _constants(circuit, width, initial, pop)
    taken = circuit.and_(pop, circuit.not_(left)) if initial else pop
    if depth == 1:
        token = circuit.register(given, enable=push, hint="token")
    else:
        memory = circuit.memory("tokens", depth, width)
        circuit.write(memory, circuit.counter(depth, push, "write_at"), given, push)
        token = circuit.read(memory, circuit.counter(depth, taken, "read_at"))
    token = circuit.mux(left, first, token) if initial else token
    more = circuit.mux(push, circuit.constant(1, bits), circuit.constant(-1, bits))
    changed = circuit.add(count, more)
    circuit.drive(count, circuit.register(changed, enable=circuit.xor(push, pop), reset=len(initial), hint="held"))
    circuit.output("in_ready", room)
    circuit.output("out_valid", some)
    circuit.output("out_data", token)
    if probe:
        wide = circuit.resize(count, bits + 1, signed=False)
        circuit.output("held", circuit.add(wide, circuit.resize(push, bits + 1, signed=False)))
    return circuit


def _constants(circuit: Circuit, width: int, tokens: Sequence[int], pop: Signal) -> tuple[Signal, Signal]:
    """Return the next of the tokens at reset, and whether there is one left."""
    if not tokens:
        return circuit.constant(0, width), circuit.constant(0, 1)
    bits = len(tokens).bit_length()
    count = circuit.later(bits)
    left = circuit.not_(circuit.equals(count, len(tokens)))
    following = circuit.add(count, circuit.constant(1, bits))
    given = circuit.register(following, enable=circuit.and_(pop, left), reset=0, hint="given")
    circuit.drive(count, given)
    if len(set(tokens)) == 1:
        return circuit.constant(tokens[0], width), left
    return circuit.select(count, [circuit.constant(token, width) for token in tokens]), left
