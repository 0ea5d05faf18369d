"""Where an operator's registers go: it is written as steps, and its latency is spread over the cuts between them.

Weights of steps are estimated delays in ns, as in the data of the open library (for UltraScale+).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from allo_studio.backends.rtl.circuit import Circuit, Signal

__all__ = ["CHOICE", "CORE", "LOGIC", "Ends", "Site", "Stages", "carry", "levels", "spread"]

# The shares of a cycle that the first and the last part of an operator may fill: what the library declares of a
# pipelined core, and of logic with registers in it.
Ends = tuple[float, float]
CORE: Ends = (0.40, 0.85)
LOGIC: Ends = (1.0, 1.0)

# The weight of a choice of one of two.
CHOICE = 0.3


def carry(bits: int) -> float:
    """Return the weight of a sum of so many bits; a comparison is as a sum of half of them."""
    return 0.5 + 0.016 * bits


def levels(bits: int) -> float:
    """Return the weight of a shift of so many bits, of counting their leading zeros, or of whether any is set."""
    return 0.175 * max((bits - 1).bit_length(), 1)


@dataclass(frozen=True)
class Site:
    """Where an operator is built: its circuit, its latency in cycles, and what its registers are enabled by."""

    circuit: Circuit
    latency: int = 0
    enable: Signal | None = None

    def late(self, signal: Signal, cycles: int | None = None) -> Signal:
        """Return a signal so many cycles later, by default the whole latency."""
        return self.circuit.delay(signal, self.latency if cycles is None else cycles, self.enable)

    def stages(self, weights: Sequence[float], ends: Ends = CORE) -> Stages:
        """Return the cuts between steps of these weights."""
        return Stages(self, spread(tuple(weights), self.latency, ends))

    def pieces(self, width: int) -> int:
        """Return into how many pieces logic of some width is cut, so that each cycle has one."""
        return min(self.latency + 1, width)


@dataclass
class Stages:
    """The cuts between the steps of one operator, which are taken in order."""

    site: Site
    registers: tuple[int, ...]
    _passed: int = 0

    def cut(self, *signals: Signal) -> tuple[Signal, ...]:
        """Return signals as the next step takes them. What is used after a cut must have gone through it."""
        assert self._passed < len(self.registers) - 1, "more cuts than steps"
        cycles = self.registers[self._passed]
        self._passed += 1
        return tuple(self.site.late(signal, cycles) for signal in signals)

    def finish(self, result: Signal) -> Signal:
        """Return the result of the last step at the end of the latency."""
        assert self._passed == len(self.registers) - 1, "fewer cuts than steps"
        return self.site.late(result, self.registers[-1])


@lru_cache(maxsize=1024)
def spread(weights: tuple[float, ...], registers: int, ends: Ends = LOGIC) -> tuple[int, ...]:
    """Return how many registers follow each step, so that the heaviest part between two of them is as light as can be.

    There is at most one between two steps; the rest follow the last.
    """
    cuts = len(weights) - 1
    if registers >= cuts:
        return (*(1,) * cuts, registers - cuts)
    if not registers:
        return (0,) * len(weights)
    chosen = _cuts(weights, registers, ends)
    return tuple(int(step + 1 in chosen) for step in range(len(weights)))


def _cuts(weights: tuple[float, ...], registers: int, ends: Ends) -> tuple[int, ...]:
    """Return after how many steps each register stands, by the best ends of ever more parts."""
    sums = (0.0, *accumulate(weights))
    # By the number of steps: the load of the heaviest part, the sum of the loads' squares, and the cuts so far.
    best = {steps: _loaded((0.0, 0.0), sums[steps] / ends[0]) for steps in range(1, len(sums))}
    chosen: dict[int, tuple[int, ...]] = dict.fromkeys(best, ())
    for part in range(1, registers + 1):
        share = ends[1] if part == registers else 1.0
        found, made = {}, {}
        for steps in range(part + 1, len(sums)):
            found[steps], cut = min(
                (_loaded(best[cut], (sums[steps] - sums[cut]) / share), cut) for cut in range(part, steps)
            )
            made[steps] = (*chosen[cut], cut)
        best, chosen = found, made
    return chosen[len(weights)]


def _loaded(before: tuple[float, float], load: float) -> tuple[float, float]:
    return max(before[0], load), before[1] + load * load
