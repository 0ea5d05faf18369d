"""Operator libraries as data: latency, delays and resources of each operator at a clock period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.devices import read_resource

__all__ = ["MemoryTiming", "Operator", "OperatorLibrary", "load_operators"]


@dataclass(frozen=True)
class Operator:
    """One operator: latency in cycles, delays in ns before its first and after its last register.

    A latency of 0 is logic only, and `delay_out` is its whole delay. A resource that no source gives is None.
    """

    name: str
    latency: int
    delay_in: float
    delay_out: float
    resources: Mapping[str, int | None]


@dataclass(frozen=True)
class MemoryTiming:
    """Block memory: read latency in cycles, ports a bank, delays in ns of a read's data and of an input."""

    read_latency: int
    ports: int
    delay_out: float
    delay_in: float


@dataclass(frozen=True)
class OperatorLibrary:
    """A profile's operators at one clock. `usable_ns` is the period less the tool's clock uncertainty."""

    profile: str
    clock_ns: float
    usable_ns: float
    memory: MemoryTiming
    fifo_latency: int
    table: Mapping[str, Any]
    overrides: tuple[tuple[str, int], ...] = ()

    def operator(self, name: str) -> Operator:
        """Return the operator; raises AlloError where the library has no figure for this clock."""
        if name not in self._operators:
            entry = self.table[name]
            periods = [p for p in entry["at"] if p <= self.clock_ns + 1e-9]
            raise_at = min(entry["at"])
            if not periods:
                raise AlloError(
                    Diagnostic(
                        "target",
                        f"the {self.profile} library has no latency of {name} at {self.clock_ns:g} ns",
                        where="target.clock_ns",
                        hint=f"choose a clock of at least {raise_at:g} ns",
                    )
                )
            self._operators[name] = self._read(name, entry, entry["at"][max(periods)])
        return self._operators[name]

    def with_latency(self, name: str, latency: int) -> OperatorLibrary:
        """Return the library with another latency of one operator, to see what follows from it."""
        return replace(self, overrides=(*self.overrides, (name, latency)))

    @cached_property
    def _operators(self) -> dict[str, Operator]:
        return {}

    def _read(self, name: str, entry: Mapping[str, Any], column: Mapping[str, Any]) -> Operator:
        latency = dict(self.overrides).get(name, column["latency"])
        resources = {kind: value for kind, value in column.items() if kind != "latency"}
        return Operator(name, latency, self._delay(entry["in"]), self._delay(entry["out"]), resources)

    def _delay(self, value: float | str) -> float:
        return float(value[:-1]) / 100 * self.usable_ns if isinstance(value, str) else float(value)


def load_operators(profile: str, clock_ns: float) -> OperatorLibrary:
    """Return the library of a profile (`vitis`) for a clock period in ns."""
    data = read_resource(f"operators/{profile}.yaml")
    memory = data["memory"]
    return OperatorLibrary(
        profile=data["profile"],
        clock_ns=clock_ns,
        usable_ns=clock_ns * (1 - data["clock_uncertainty"]),
        memory=MemoryTiming(memory["read_latency"], memory["ports"], memory["out"], memory["in"]),
        fifo_latency=data["fifo_latency"],
        table=data["operators"],
    )
