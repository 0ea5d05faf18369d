"""Waveforms as value change dumps (IEEE 1364-2005, clause 18), which GTKWave opens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

__all__ = ["cycles_within", "write_vcd"]

_FIRST, _SIGNS = 33, 94
# The most that a line with a time takes, of which a cycle has two.
_TIME_BYTES = 14


@dataclass
class _Scope:
    """A module instance: what lies in it, and its signals with their identifiers."""

    inner: dict[str, _Scope] = field(default_factory=dict)
    signals: list[tuple[str, str]] = field(default_factory=list)


def write_vcd(
    path: Path,
    samples: Mapping[str, NDArray[Any]],
    widths: Mapping[str, int],
    *,
    top: str = "top",
    clock: str = "clk",
    period_ns: int = 10,
) -> None:
    """Write what signals were in each cycle, as `Model.trace` returns it, to a file.

    A name's parts between `/` or `.` are the instances that it lies in, within `top`. `widths` are in bits. A clock of
    this name is added: it rises where a cycle begins, and falls `period_ns` / 2 later.
    """
    lengths = {len(array) for array in samples.values()}
    if len(lengths) > 1:
        raise ValueError(f"the signals have values for different numbers of cycles: {sorted(lengths)}")
    if period_ns < 2 or period_ns % 2:
        raise ValueError(f"a clock's period must be an even number of nanoseconds, and is {period_ns}")
    identifiers = {name: _identifier(number) for number, name in enumerate(samples, 1)}
    with path.open("w", encoding="ascii", errors="replace", newline="\n") as file:
        _write_head(file, top, clock, identifiers, widths)
        cycles = lengths.pop() if lengths else 0
        changes = _changes(samples, identifiers, widths)
        tick, at, text = _identifier(0), *next(changes, (cycles, ""))
        for cycle in range(cycles):
            file.write(f"#{cycle * period_ns}\n1{tick}\n")
            while at == cycle:
                file.write(text)
                at, text = next(changes, (cycles, ""))
            file.write(f"#{cycle * period_ns + period_ns // 2}\n0{tick}\n")
        file.write(f"#{cycles * period_ns}\n")


def cycles_within(samples: Mapping[str, NDArray[Any]], widths: Mapping[str, int], most_bytes: int) -> int:
    """Return how many of the first cycles a file of so many bytes has room for, at least 1 where there is one."""
    cycles = max((len(array) for array in samples.values()), default=0)
    costs = np.full(cycles, 2 * (_TIME_BYTES + len(_identifier(0)) + 2), np.int64)
    for number, (name, array) in enumerate(samples.items(), 1):
        # A line: the bits, the name, and what is around them.
        costs[_changed(array)] += len(_identifier(number)) + (widths[name] + 3 if widths[name] > 1 else 2)
    fits = int(np.searchsorted(np.cumsum(costs), most_bytes, side="right"))
    return min(max(fits, 1), cycles)


def _write_head(file: TextIO, top: str, clock: str, identifiers: Mapping[str, str], widths: Mapping[str, int]) -> None:
    root = _Scope(signals=[(clock, _identifier(0))])
    sizes = {_identifier(0): 1}
    for name, identifier in identifiers.items():
        *path, last = re.split(r"[/.]", name)
        scope = root
        for part in path:
            scope = scope.inner.setdefault(part, _Scope())
        scope.signals.append((last, identifier))
        sizes[identifier] = widths[name]
    file.write("$timescale 1ns $end\n")
    _write_scope(file, top, root, sizes)
    file.write("$enddefinitions $end\n")


def _write_scope(file: TextIO, name: str, scope: _Scope, sizes: Mapping[str, int]) -> None:
    file.write(f"$scope module {_word(name)} $end\n")
    for signal, identifier in scope.signals:
        size = sizes[identifier]
        bits = f" [{size - 1}:0]" if size > 1 else ""
        file.write(f"$var wire {size} {identifier} {_word(signal)}{bits} $end\n")
    for inner, found in scope.inner.items():
        _write_scope(file, inner, found, sizes)
    file.write("$upscope $end\n")


def _changes(
    samples: Mapping[str, NDArray[Any]], identifiers: Mapping[str, str], widths: Mapping[str, int]
) -> Iterator[tuple[int, str]]:
    """Yield a cycle and the line that says what a signal becomes in it, in the order of cycles."""
    names = list(samples)
    found = [_changed(samples[name]) for name in names]
    cycles = np.concatenate([*found, np.zeros(0, np.int64)])
    owners = np.repeat(np.arange(len(names)), [len(each) for each in found])
    for position in np.argsort(cycles, kind="stable").tolist():
        cycle, name = int(cycles[position]), names[owners[position]]
        bits = f"{_number(samples[name][cycle]):b}"
        yield cycle, f"b{bits} {identifiers[name]}\n" if widths[name] > 1 else f"{bits}{identifiers[name]}\n"


def _changed(array: NDArray[Any]) -> NDArray[np.int64]:
    """Return the cycles in which a signal is not what it was, with the first."""
    differs = array[1:] != array[:-1]
    if differs.ndim > 1:
        differs = differs.any(axis=1)
    return np.concatenate([np.zeros(min(1, len(array)), np.int64), np.flatnonzero(differs) + 1])


def _number(value: Any) -> int:
    return int.from_bytes(value.tobytes(), "little") if getattr(value, "ndim", 0) else int(value)


def _word(name: str) -> str:
    return re.sub(r"\s", "_", name) or "_"


def _identifier(number: int) -> str:
    """Return a short name of printable signs for a signal."""
    found = chr(_FIRST + number % _SIGNS)
    while number >= _SIGNS:
        number = number // _SIGNS - 1
        found = chr(_FIRST + number % _SIGNS) + found
    return found
