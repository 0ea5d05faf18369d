"""The waveform of a design's invocations: which signals, how many cycles, and the save file that groups them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allo_studio.backends.rtl.emit import BENCH
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.simulate.cycle.design import RunningDesign
from allo_studio.simulate.cycle.vcd import cycles_within, write_vcd

__all__ = ["Waves", "cut_short", "save_file", "shortened", "write_waves"]

# What the values of all cycles may take in memory.
_MOST_MEMORY = 1 << 30
# Cycles after the last one of the invocations, so that their end can be seen.
_AFTER = 4
# Registers that hold data on their way through a pipeline, and what memories give.
_DATA = re.compile(r"(?:^|[/.])(?:stage(?:_\d+)?|.*_(?:q|rd)(?:_\d+)?)$")


@dataclass(frozen=True)
class Waves:
    """What waveform is wanted, as a VCD in the file `path`.

    Without `data`, the registers inside of pipelines and what memories give are left out: what stays are handshakes,
    counters, states and the tokens in FIFOs. With `most_bytes` the file has as many of the first cycles as fit.
    """

    path: Path
    invocations: int = 1
    data: bool = True
    most_bytes: int | None = None


def write_waves(running: RunningDesign, inputs: Mapping[str, Any], waves: Waves) -> str:
    """Run invocations and write what ports and registers were in each cycle to a VCD file.

    The clock's period is drawn as 10 ns. Returns how the file was cut short, in words, empty where it was not. Raises
    AlloError (code `simulation`) where `most_bytes` is not given and the values are more than a gigabyte.
    """
    sized, places = running.design.sized, running.model.simulation
    wanted = sized.latency + (waves.invocations - 1) * sized.interval + _AFTER
    signals = {place.name: place for place in (*places.inputs, *places.outputs, *places.states)}
    signals.pop("clk", None)
    if not waves.data:
        signals = {name: place for name, place in signals.items() if not _DATA.search(name)}
    # An element of a trace takes a power of two of bytes.
    bytes_a_cycle = sum(2 * place.size for place in signals.values()) or 1
    cycles = min(wanted, _MOST_MEMORY // bytes_a_cycle)
    if cycles < wanted and waves.most_bytes is None:
        hint = "write the waveform of a design of smaller sizes"
        message = f"{len(signals):,} signals over {wanted:,} cycles are too much for a waveform"
        raise AlloError(Diagnostic("simulation", message, where=sized.region.path, hint=hint))
    running.begin(inputs, waves.invocations)
    samples = running.model.trace(cycles, signals)
    widths = {name: place.width for name, place in signals.items()}
    if waves.most_bytes is not None:
        cycles = cycles_within(samples, widths, waves.most_bytes)
        samples = {name: array[:cycles] for name, array in samples.items()}
    write_vcd(waves.path, samples, widths, top=BENCH)
    return "" if cycles == wanted else shortened(f"has the first {cycles:,} of {wanted:,} cycles")


def shortened(what: str) -> str:
    """Return the words for a waveform that is cut short."""
    return f"the waveform {what}, so as not to grow too large; smaller sizes give all of it"


def cut_short(path: Path, most_bytes: int) -> str:
    """Cut a VCD file of a simulator before the first time that does not fit; return that in words, empty otherwise."""
    if path.stat().st_size <= most_bytes:
        return ""
    with path.open("rb+") as file:
        head = file.read(most_bytes)
        file.truncate(head.rfind(b"\n#") + 1)
    return shortened(f"has its first {most_bytes >> 20} MB only")


_VARIABLE = re.compile(r"\$var\s+\w+\s+(\d+)\s+\S+\s+(\S+)(?:\s+(\[[^\]]*\]))?\s+\$end")
_SCOPE = re.compile(r"\$scope\s+\w+\s+(\S+)\s+\$end")
# GTKWave's flags of a line: a bit, a number in hexadecimal, the start and the end of a group that is open.
_BIT, _HEX, _OPEN, _CLOSE = "@28", "@22", "@800200", "@1000200"
# Names that tell most, first.
_FIRST = ("clk", "rst", "start", "ready", "done", "go", "busy")


def save_file(head: Iterable[str]) -> str:
    """Return a save file of GTKWave for a VCD, given the lines of its head: a group for each instance."""
    groups: dict[tuple[str, ...], list[tuple[str, int, str]]] = {}
    path: list[str] = []
    for line in head:
        if "$enddefinitions" in line:
            break
        if scope := _SCOPE.search(line):
            path.append(scope[1])
        elif "$upscope" in line:
            path.pop()
        elif found := _VARIABLE.search(line):
            groups.setdefault(tuple(path), []).append((found[2], int(found[1]), found[3] or ""))
    lines = ["[timestart] 0"]
    for scopes, signals in groups.items():
        name = "/".join(scopes[1:]) or scopes[0]
        lines += [_OPEN, f"-{name}", *_rows(scopes, signals), _CLOSE, f"-{name}"]
    return "\n".join([*lines, ""])


def _rows(scopes: Sequence[str], signals: Sequence[tuple[str, int, str]]) -> list[str]:
    lines = []
    for name, width, bits in sorted(signals, key=lambda signal: (_rank(signal[0]), signal[0])):
        lines += [_BIT if width == 1 else _HEX, f"{'.'.join(scopes)}.{name}{bits}"]
    return lines


def _rank(name: str) -> int:
    """Return 0 for a handshake, 1 for a FIFO's tokens, 2 for the rest."""
    if any(name == first or name.startswith(f"{first}_") for first in _FIRST) or name.endswith(("_works", "_valid")):
        return 0
    return 1 if name.endswith("_held") else 2
