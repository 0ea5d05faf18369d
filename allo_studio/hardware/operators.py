"""Operator libraries as data: latency, delays and resources of each operator at a clock period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from math import ceil, isfinite
from typing import Literal, TypeAlias

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.calibration import Calibration
from allo_studio.hardware.devices import read_resource
from allo_studio.hardware.operator_names import OPERATORS
from allo_studio.hardware.operator_table import (
    CORE_KINDS,
    FLOAT_TYPES,
    Column,
    Columns,
    Cycles,
    Entry,
    Family,
    Logic,
    Profile,
    Source,
    read_profile,
)
from allo_studio.types import MOST_BITS

__all__ = [
    "OPERATORS",
    "FigureSource",
    "MemoryTiming",
    "Operator",
    "OperatorLibrary",
    "load_operators",
    "profile_families",
    "profile_names",
]

# Where an operator's figures are from: the library's own sources, or reports of the project (`calibration`).
FigureSource: TypeAlias = Source | Literal["calibrated"]

# A delay that is the usable period fits it, whatever the last bit of the quotient is.
_SLACK = 1e-9
_MOST_CALIBRATIONS = 8
_UNKNOWN: Mapping[str, int | None] = dict.fromkeys(CORE_KINDS)


@dataclass(frozen=True)
class Operator:
    """One operator: latency in cycles, delays in ns before its first and after its last register.

    A latency of 0 is logic only: `delay_out` is its whole delay, and `delay_in` the same. A resource that no source
    gives is None. `source` tells where the figures are from, and `shared` whether operations in different cycles
    should share one rather than have their own.
    """

    name: str
    latency: int
    delay_in: float
    delay_out: float
    resources: Mapping[str, int | None]
    source: FigureSource = "estimated"
    shared: bool = False


@dataclass(frozen=True)
class MemoryTiming:
    """Block memory: read latency in cycles, delays in ns of a read's data and of an input, ports a bank by kind.

    `ports` is of the kind `any`, or of the kinds `read` and `write`.
    """

    read_latency: int
    delay_out: float
    delay_in: float
    ports: Mapping[str, int]


@dataclass(frozen=True)
class OperatorLibrary:
    """A profile's operators at one clock. `usable_ns` is the period less the tool's clock uncertainty.

    Figures of a `calibration` come before the profile's.
    """

    data: Profile
    clock_ns: float
    family: str
    overrides: tuple[tuple[str, int], ...] = ()
    calibration: Calibration | None = None

    @property
    def profile(self) -> str:
        """The profile's name."""
        return self.data.name

    @property
    def usable_ns(self) -> float:
        """The part of the clock period in ns that logic may fill."""
        return self.clock_ns * (1 - self.data.clock_uncertainty)

    @property
    def fifo_latency(self) -> int:
        """A token written in cycle t can be read from t + this."""
        return self.data.fifo_latency

    @cached_property
    def memory(self) -> MemoryTiming:
        """The timing of a memory; where its data takes longer than a cycle, a read has further registers."""
        family = self._family
        out, into = (delay * family.delay_factor for delay in (family.memory_out, family.memory_in))
        more = _stages(out, self.usable_ns)
        if self.calibration and self.calibration.memory:
            more = max(self.calibration.memory.read_latency - family.read_latency, 0)
        return MemoryTiming(family.read_latency + more, out / (more + 1), into, family.ports)

    @property
    def tells_implementations(self) -> bool:
        """Whether there are several implementations of operations to choose from."""
        return bool(self._family.implementations)

    @property
    def names(self) -> Mapping[str, tuple[str, ...]]:
        """The operators' base names, and the types of each: `f16` to `f64`, or `int` for any width."""
        return {
            name: tuple(FLOAT_TYPES) if "float" in entries else tuple(kind for kind in entries)
            for name, entries in sorted(self._family.table.items())
        }

    def operator(self, name: str, type: str | int, implementation: str = "") -> Operator:
        """Return an operator for a type: `f16`, `bf16`, `f32` or `f64`, or an integer's width in bits.

        A conversion between floats goes by the type of its operand, one from or to an integer by that of the float. An
        operator of bits, such as `select`, takes a float's type for its width. Of several implementations it is the
        one that is named (`fulldsp`), else the profile's choice; a profile that tells none apart has one of each.
        Raises AlloError (code `target`) where the library has no figures.
        """
        if implementation and self.tells_implementations:
            name = self._implemented(name, type, implementation)
        if (name, type) not in self._operators:
            self._operators[name, type] = self._find(name, type)
        return self._operators[name, type]

    def _implemented(self, name: str, type: str | int, implementation: str) -> str:
        """Return the operator of the library that is an implementation of another."""
        known = self._family.implementations.get(name, {}).get("int" if isinstance(type, int) else type, {})
        width = type if isinstance(type, int) else FLOAT_TYPES.get(type, 0)
        there = {impl: one.operator for impl, one in known.items() if one.least <= width <= one.most}
        if implementation not in there:
            kind = f"{width} bits" if isinstance(type, int) else type
            message = f"the {self.profile} library has no figures of {name} in {implementation} for {kind}"
            listing = f"those that it has figures of are {', '.join(there)}" if there else "leave bind_op out"
            raise _missing(f"{message} on {self.family}", listing)
        return there[implementation]

    def with_latency(self, name: str, latency: int) -> OperatorLibrary:
        """Return the library with another latency of an operator (`fadd`, or `fadd.f32` alone), to see what follows.

        Of several that are given for one operator the last counts. Raises AlloError (code `target`) for an unknown
        operator and ValueError for a latency below 0.
        """
        if latency < 0:
            raise ValueError(f"a latency is at least 0 cycles, not {latency}")
        base, _, type = name.partition(".")
        # Without a type any will do to see that there is such an operator.
        some = next(iter(self.names.get(base, ())), "int")
        self._entry(base, int(type) if type.isdecimal() else type or (1 if some == "int" else some))
        return replace(self, overrides=(*self.overrides, (name, latency)))

    def calibrated(self, calibration: Calibration | None) -> OperatorLibrary:
        """Return the library with the figures of a calibration, and no others of an earlier one.

        It is the library itself where nothing changes, and the same value each time for the same library and
        calibration. Raises ValueError where the calibration is of another family of devices or clock.
        """
        if calibration == self.calibration:
            return self
        if calibration and not calibration.fits(self.family, self.clock_ns):
            raise ValueError(f"it is of {calibration.family} at {calibration.clock_ns:g} ns")
        plain = self if self.calibration is None else replace(self, calibration=None)
        return plain if calibration is None else plain._kept(calibration)

    def _kept(self, calibration: Calibration) -> OperatorLibrary:
        found = self._calibrated.get(calibration)
        if found is None:
            # An edited file makes another one each time; only a few are of use.
            if len(self._calibrated) >= _MOST_CALIBRATIONS:
                self._calibrated.clear()
            found = self._calibrated[calibration] = replace(self, calibration=calibration)
        return found

    @cached_property
    def _calibrated(self) -> dict[Calibration, OperatorLibrary]:
        return {}

    @cached_property
    def _operators(self) -> dict[tuple[str, str | int], Operator]:
        return {}

    @property
    def _family(self) -> Family:
        return self.data.families[self.family]

    def _find(self, name: str, type: str | int) -> Operator:
        entry, full, width = self._entry(name, type)
        measured = self.calibration.by_name.get(full) if self.calibration else None
        if isinstance(entry, Columns):
            # A core that was built has figures whatever clocks the profile knows.
            known = measured is None or any(period <= self.clock_ns + _SLACK for period in entry.at)
            found = self._of_columns(entry, full, type) if known else self._core(full, 1, _UNKNOWN, "estimated")
        elif isinstance(entry, Cycles):
            found = self._of_cycles(entry, full, width)
        else:
            found = self._of_logic(entry, full, width)
        if measured:
            resources = {**found.resources, **dict(measured.resources)}
            found = replace(self._with(found, measured.latency), resources=resources, source="calibrated")
        override = next((n for given, n in reversed(self.overrides) if given in (name, full)), None)
        return found if override is None else self._with(found, override)

    def _entry(self, name: str, type: str | int) -> tuple[Entry, str, int]:
        """Return an operator's entry, full name and width."""
        entries = self._family.table.get(name)
        if entries is None:
            known = ", ".join(sorted(self._family.table))
            raise _missing(f"the {self.profile} library has no operator {name!r}", f"known are {known}")
        width = type if isinstance(type, int) else FLOAT_TYPES.get(type, 0)
        if not 1 <= width <= MOST_BITS or isinstance(type, bool):
            hint = f"types are {', '.join(FLOAT_TYPES)}, and widths from 1 to {MOST_BITS} bits"
            raise _missing(f"there is no type {type!r} for {name}", hint)
        if "int" in entries:
            return entries["int"], f"{name}.{width}", width
        entry = entries.get(str(type), entries.get("float") if isinstance(type, str) else None)
        if entry is None:
            message = f"the {self.profile} library has no figures of {name} for {type} on {self.family}"
            raise _missing(message, f"choose one of the types {', '.join(self.names[name])}, or another profile")
        return entry, f"{name}.{type}", width

    def _of_columns(self, entry: Columns, full: str, type: str | int) -> Operator:
        periods = [period for period in entry.at if period <= self.clock_ns + _SLACK]
        if not periods:
            name = full.partition(".")[0]
            message = f"the {self.profile} library has no latency of {name} at {self.clock_ns:g} ns"
            hint = f"choose a clock of at least {min(entry.at):g} ns"
            raise AlloError(
                Diagnostic("target", f"{message} ({type} on {self.family})", where="target.clock_ns", hint=hint)
            )
        column: Column = entry.at[max(periods)]
        return self._core(full, column.latency, column.resources, column.source)

    def _of_cycles(self, entry: Cycles, full: str, width: int) -> Operator:
        step = (entry.step(width) or 0) * self._family.delay_factor if entry.step else 0
        slower = _stages(step, self.usable_ns)
        latency = ceil(entry.cycles(width) or 0) * (slower + 1)
        source: Source = "published" if width in entry.published and not slower else entry.source
        return self._core(full, latency, _resources(entry, width), source)

    def _of_logic(self, entry: Logic, full: str, width: int) -> Operator:
        delay = (entry.delay(width) or 0) * self._family.delay_factor
        latency = _stages(delay, self.usable_ns)
        resources = _resources(entry, width)
        source: Source = "published" if width in entry.published else entry.source
        if latency and entry.pipelined:
            return self._core(full, max(latency, ceil(entry.pipelined(width) or 0)), resources, source)
        # Each further stage holds as much as the result; logic in one cycle holds nothing.
        registers = resources["FF"] if latency else 0
        resources["FF"] = None if registers is None else registers + latency * width
        shares = delay / (latency + 1)
        return Operator(full, latency, shares, shares, resources, source, bool(resources["DSP"]))

    def _core(self, full: str, latency: int, resources: Mapping[str, int | None], source: Source) -> Operator:
        """Return a pipelined core, which is cut to fill the period that it is built for."""
        into, out = (share * self.usable_ns for share in (self.data.core_in, self.data.core_out))
        # A core without a register is all logic between its operands and its result.
        return Operator(full, latency, into if latency else out, out, resources, source, True)

    def _with(self, found: Operator, latency: int) -> Operator:
        """Return an operator with another latency: logic is cut into as many stages, and a core keeps its delays."""
        if found.latency == latency:
            return found
        changed = replace(found, latency=latency, source="estimated")
        if found.delay_in == found.delay_out:
            share = found.delay_out * (found.latency + 1) / (latency + 1)
            return replace(changed, delay_in=share, delay_out=share)
        return changed if latency else replace(changed, delay_in=found.delay_out)


def _stages(delay: float, usable: float) -> int:
    """Return how many registers logic of that delay needs so that each part of it fits the usable period."""
    return max(ceil(delay / usable - _SLACK), 1) - 1


def _resources(entry: Cycles | Logic, width: int) -> dict[str, int | None]:
    found = {kind: entry.resources[kind](width) for kind in CORE_KINDS}
    return {kind: None if value is None else ceil(value - _SLACK) for kind, value in found.items()}


def _missing(message: str, hint: str) -> AlloError:
    return AlloError(Diagnostic("target", message, where="target.device", hint=hint))


def profile_names() -> tuple[str, ...]:
    """Return the names of all profiles, sorted."""
    found = files("resources").joinpath("operators").iterdir()
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in found if entry.name.endswith(".yaml")))


def profile_families(name: str) -> tuple[str, ...]:
    """Return the families of devices that a profile has figures for; raises AlloError (code `target`)."""
    return tuple(sorted(_profile(name).families))


@cache
def _profile(name: str) -> Profile:
    return read_profile(read_resource(f"operators/{name}.yaml"), f"operators/{name}.yaml")


@lru_cache(maxsize=64, typed=True)
def _library(profile: str, clock_ns: float, family: str) -> OperatorLibrary:
    # The same value each time, so that what is kept of it is found.
    return OperatorLibrary(_profile(profile), clock_ns, family)


def load_operators(profile: str, clock_ns: float, family: str = "ultrascale+") -> OperatorLibrary:
    """Return the library of a profile (`vitis` or `open`) for a clock period in ns and a family of devices.

    Raises AlloError (code `target`) for an unknown profile, a family that the profile has no figures for, and a clock
    that is no positive number or is faster than the family's memories and registers can be.
    """
    if profile not in profile_names():
        raise _missing(f"unknown profile {profile!r}", f"known: {', '.join(profile_names())}")
    data = _profile(profile)
    if family not in data.families:
        known = ", ".join(sorted(data.families))
        message = f"the {profile} library has no figures for devices of the family {family!r}"
        raise _missing(message, f"choose a device of one of the families {known}, or another profile")
    least = data.families[family].least_clock_ns
    if not (isfinite(clock_ns) and clock_ns >= least - _SLACK):
        message = f"a clock period of {clock_ns:g} ns is not possible on {family}"
        raise AlloError(
            Diagnostic("target", message, where="target.clock_ns", hint=f"choose a clock of at least {least:g} ns")
        )
    return _library(profile, clock_ns, family)
