"""How many tokens a loop of processes must hold at reset to run."""

from __future__ import annotations

from collections.abc import Sequence

from allo_studio.design.fifo import FifoRequest
from allo_studio.design.recurrence import ProcessTrace, TokenGraph

__all__ = ["wished_tokens"]


def wished_tokens(
    traces: Sequence[ProcessTrace],
    orders: Sequence[ProcessTrace] | None,
    requests: Sequence[FifoRequest],
    fifo_latency: int,
) -> tuple[str, int] | None:
    """Return a channel that holds tokens at reset, and how many it would need to for endless FIFOs not to deadlock.

    Of several such channels it is the one that needs the fewest more; None where they run as they are, or where no
    single one helps. `orders` are the traces without overlap, where those must not deadlock either.
    """
    initial = {request.channel: request.initial for request in requests if request.initial}
    sides = [(traces, fifo_latency)] + ([(orders, 1)] if orders is not None else [])

    def runs(tokens: dict[str, int]) -> bool:
        return all(TokenGraph(side, latency, tokens).deadlocked({}) is None for side, latency in sides)

    if runs(initial):
        return None
    whole = {channel: cycles.size for trace in traces for channel, cycles in trace.reads.items()}
    found: list[tuple[int, str, int]] = []
    for channel, tokens in initial.items():
        # With as many as an invocation takes, nothing ever waits for one.
        low, high = tokens + 1, max(whole.get(channel, 0), tokens + 1)
        if not runs({**initial, channel: high}):
            continue
        while low < high:
            middle = (low + high) // 2
            if runs({**initial, channel: middle}):
                high = middle
            else:
                low = middle + 1
        found.append((low - tokens, channel, low))
    return min(found)[1:] if found else None
