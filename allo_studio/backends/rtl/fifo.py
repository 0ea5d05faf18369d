"""FIFOs: a token can be read from the cycle after its write on, and its room is free from that after its read on."""

from __future__ import annotations

from allo_studio.backends.rtl.circuit import Circuit

__all__ = ["fifo"]


def fifo(width: int, depth: int, probe: bool = False, stalls: bool = False) -> Circuit:
    """Return a FIFO of `depth` tokens (at least one) of so many bits, with a ready and valid handshake at both ends.

    For simulation: with `probe`, `held` is how many tokens there are in a cycle, one that is written or read in it
    included; with `stalls` there are inputs that refuse to take a token, or to give one.
    """
    circuit = Circuit(f"fifo_{width}x{depth}")
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
    if depth == 1:
        token = circuit.register(given, enable=push, hint="token")
    else:
        memory = circuit.memory("tokens", depth, width)
        circuit.write(memory, circuit.counter(depth, push, "write_at"), given, push)
        token = circuit.read(memory, circuit.counter(depth, pop, "read_at"))
    more = circuit.mux(push, circuit.constant(1, bits), circuit.constant(-1, bits))
    changed = circuit.add(count, more)
    circuit.drive(count, circuit.register(changed, enable=circuit.xor(push, pop), reset=0, hint="held"))
    circuit.output("in_ready", room)
    circuit.output("out_valid", some)
    circuit.output("out_data", token)
    if probe:
        wide = circuit.resize(count, bits + 1, signed=False)
        circuit.output("held", circuit.add(wide, circuit.resize(push, bits + 1, signed=False)))
    return circuit
