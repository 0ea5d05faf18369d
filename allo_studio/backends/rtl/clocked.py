"""State that holds while its process stalls."""

from __future__ import annotations

from dataclasses import dataclass

from allo_studio.backends.rtl.circuit import Circuit, Signal

__all__ = ["Clocked"]


@dataclass(frozen=True)
class Clocked:
    """A circuit whose registers go on only in the local cycles of its process: those with `run` set (None: all)."""

    circuit: Circuit
    run: Signal | None = None

    def when(self, *conditions: Signal | None) -> Signal | None:
        """Return whether all conditions hold in a local cycle; None where they always do."""
        found = [condition for condition in (*conditions, self.run) if condition is not None]
        return self.circuit.and_(*found) if found else None

    def register(self, value: Signal, enable: Signal | None = None, reset: int | None = None, hint: str = "") -> Signal:
        """Return what a value was in the local cycle before, or in the last one with `enable` set."""
        return self.circuit.register(value, enable=self.when(enable), reset=reset, hint=hint)

    def delay(self, value: Signal, cycles: int, reset: int | None = None) -> Signal:
        """Return a value so many local cycles later."""
        return self.circuit.delay(value, cycles, self.run, reset)

    def held(self, value: Signal, taken: Signal, hint: str = "") -> Signal:
        """Return a value as it was when `taken` was set last, the present cycle included."""
        return self.circuit.mux(taken, value, self.register(value, taken, hint=hint))
