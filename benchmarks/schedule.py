"""How good the schedules of the 30 kernels of PolyBench are, and how long it takes to make them and to predict cycles.

    python benchmarks/schedule.py [--profile vitis|open] [kernel ...]           (or `make bench-schedule`)

The first part has, for each kernel as it is written and with its `SCHEDULE`, at the medium size: the latency, a bound
that no schedule of the same control is below, and the interval of each pipelined loop with what limits it. The bound is
computed by `schedule_bound`, from the operations and dependences alone.

The second part has times at PolyBench's extra large sizes, medians by the clock in one warm process. A kernel is
scheduled in a fresh thread, for which no sets of the dependence analysis are kept. Cycles are predicted from a fresh
`HardwareSchedule`, and, in turns with that, from one of the same kernel that has at least eight times the iterations;
the two are compared by time of the processor, which the machine's other work does not touch.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import polybench
from schedule_bound import bound

from allo_studio.frontend import parse_kernel
from allo_studio.hardware.counting import count
from allo_studio.hardware.explain import LoopRow
from allo_studio.hardware.nest import Nested, Pipeline, walk
from allo_studio.hardware.operators import OperatorLibrary, load_operators
from allo_studio.hardware.schedule import HardwareSchedule, schedule_kernel
from allo_studio.ir import KernelIR
from allo_studio.schedule import from_specs

__all__ = ["LIMITS", "Quality", "Speed", "main", "measure_quality", "measure_speed"]

CLOCK_NS = 3.33
PROFILES = ("vitis", "open")
SCHEDULINGS = 3
PREDICTIONS = 21
MORE = 8
# What takes less is timed several times at once.
_SAMPLE_MS = 5.0
# Schedules further from the bound than that are named.
NEAR = 1.05
# The greatest that each kernel may have: milliseconds, and how many times as long a prediction for more iterations may
# take: it must not depend on their number, and two medians of one work differ by up to a quarter on a busy machine.
LIMITS = {"schedule": 2000.0, "predict": 50.0, f"{MORE} times the trips": 1.25}
# Milliseconds by the clock, and of the processor.
_Times: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Quality:
    """A kernel in one form (`plain` or `scheduled`): cycles, a bound that they cannot be below, its pipelined loops."""

    kernel: str
    form: str
    latency: int
    bound: int
    loops: tuple[LoopRow, ...]

    @property
    def ratio(self) -> float:
        """How many times the bound the latency is."""
        return self.latency / self.bound

    @property
    def text(self) -> str:
        """The lines that are printed."""
        lines = [f"{self.kernel:<15}{self.form:<10}{self.latency:>15,}{self.bound:>15,}{self.ratio:>8.3f}"]
        every_cycle = [row.loop for row in self.loops if row.interval == 1]
        if every_cycle:
            lines.append(f"    II 1: {', '.join(every_cycle)}: a new iteration every cycle")
        slower = (row for row in self.loops if row.interval != 1)
        return "\n".join([*lines, *(f"    II {row.interval}: {row.loop}: {row.reason}" for row in slower)])


@dataclass(frozen=True)
class Speed:
    """How long a kernel in one form takes, in milliseconds: to schedule, and to predict once it is scheduled.

    `processor` is the processor's part of the first: far less where the machine had other work too.
    `ratio` is how many times as long the prediction takes where it has `more` times the iterations.
    """

    kernel: str
    form: str
    schedule: float
    processor: float
    predict: float
    more: float
    ratio: float

    @property
    def figures(self) -> tuple[float, float, float]:
        """What the limits are for, in their order."""
        return self.schedule, self.predict, self.ratio

    @property
    def text(self) -> str:
        """The line that is printed."""
        times = (
            f"{self.schedule:>13.1f}{self.processor:>11.1f}{self.predict:>12.2f}{self.more:>12.1f}{self.ratio:>8.2f}"
        )
        return f"{self.kernel:<15}{self.form:<10}{times}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; return 1 where a limit does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("kernels", nargs="*", metavar="kernel", help="all where none is named")
    parser.add_argument("--profile", choices=PROFILES, help="one operator profile only")
    chosen = parser.parse_args(arguments)
    if unknown := sorted(set(chosen.kernels) - set(polybench.NAMES)):
        parser.error(f"no kernel of PolyBench: {', '.join(unknown)}")
    names = tuple(chosen.kernels) or polybench.NAMES
    held = [_report(names, profile) for profile in ([chosen.profile] if chosen.profile else PROFILES)]
    return 0 if all(held) else 1


def _report(names: tuple[str, ...], profile: str) -> bool:
    """Print the tables of an operator profile; return whether all limits hold."""
    library = load_operators(profile, CLOCK_NS)
    print(f"{f'{profile}, {CLOCK_NS} ns, medium':<25}{'cycles':>15}{'bound':>15}{'ratio':>8}")
    wide = []
    for quality in measure_quality(names, library):
        print(quality.text, flush=True)
        if quality.ratio > NEAR:
            wide.append(f"{quality.kernel}, {quality.form} ({quality.ratio:.2f})")
    print(f"\nmore than {NEAR} x the bound: {'; '.join(wide) or 'none'}")
    title = f"{profile}, {CLOCK_NS} ns, extra large"
    print(f"\n{title:<25}{'schedule ms':>13}{'processor':>11}{'predict ms':>12}{'x the trips':>12}{'ratio':>8}")
    rows = []
    for row in measure_speed(names, library):
        rows.append(row)
        print(row.text, flush=True)
    verdicts = list(_verdicts(rows))
    print("\n".join(["", *(text for text, _ in verdicts), ""]))
    return all(holds for _, holds in verdicts)


def _verdicts(rows: Sequence[Speed]) -> Iterator[tuple[str, bool]]:
    for number, (name, limit) in enumerate(LIMITS.items()):
        worst = max(rows, key=lambda row: row.figures[number])
        holds = worst.figures[number] <= limit
        verdict = "holds" if holds else "DOES NOT HOLD"
        processor = f", {worst.processor:.0f} of the processor" if name == "schedule" else ""
        greatest = f"{worst.figures[number]:.2f} ({worst.kernel}, {worst.form}{processor})"
        yield f"{name}: limit {limit:g}, the greatest is {greatest}: {verdict}", holds


def measure_quality(names: tuple[str, ...], library: OperatorLibrary) -> Iterator[Quality]:
    """Yield how good the schedules of kernels are at the medium size, plain before scheduled."""
    for name in names:
        for form, kernel in _forms(name, polybench.load(name).sizes("medium")):
            found = schedule_kernel(kernel, library)
            loops = (row for row in found.loops() if row.pipelined and not row.reason.startswith("flattened"))
            yield Quality(name, form, found.latency, bound(found), tuple(loops))


def measure_speed(
    names: tuple[str, ...],
    library: OperatorLibrary,
    size: str = "extralarge",
    schedulings: int = SCHEDULINGS,
    predictions: int = PREDICTIONS,
) -> Iterator[Speed]:
    """Yield how long the kernels take at a size, plain before scheduled, each timed several times."""
    for name in names:
        sizes = polybench.load(name).sizes(size)
        for form, kernel in _forms(name, sizes):
            found = schedule_kernel(kernel, library)
            scheduled = _medians([_fresh(partial(schedule_kernel, kernel, library)) for _ in range(schedulings)])
            larger = _larger(name, form, sizes, library, MORE * _iterations(found))
            few, many = map(_medians, _in_turns(found, larger, predictions))
            more = _iterations(larger) / _iterations(found)
            yield Speed(name, form, *scheduled, few[0], more, many[1] / few[1])


def _medians(times: Sequence[_Times]) -> _Times:
    return statistics.median(wall for wall, _ in times), statistics.median(processor for _, processor in times)


def _forms(name: str, sizes: Mapping[str, int]) -> list[tuple[str, KernelIR]]:
    kernel = polybench.load(name)
    found = from_specs(parse_kernel(kernel.source, name, dict(sizes)), kernel.schedule)
    return [("plain", found.base), ("scheduled", found.ir)]


def _larger(
    name: str, form: str, sizes: Mapping[str, int], library: OperatorLibrary, iterations: int
) -> HardwareSchedule:
    """Return the schedule of a kernel with all sizes so many times as large that it has that many iterations."""
    factor = 2
    while True:
        grown = {constant: size * factor for constant, size in sizes.items()}
        found = schedule_kernel(dict(_forms(name, grown))[form], library)
        if _iterations(found) >= iterations:
            return found
        factor += 1


def _iterations(schedule: HardwareSchedule) -> int:
    """Return how many iterations the pipelined loops of a kernel that calls nothing have together."""
    total = 0
    for item, outer in walk(schedule.items):
        if isinstance(item, Pipeline):
            around = [loop.counter for loop in outer if isinstance(loop, Nested)]
            total += count([*around, *item.counters], schedule.sizes)
    return total


def _fresh(work: Callable[[], object]) -> _Times:
    """Return how long something takes in a thread of its own."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(_timed, work).result()


def _in_turns(few: HardwareSchedule, many: HardwareSchedule, runs: int) -> tuple[list[_Times], list[_Times]]:
    """Return the times of predictions from each of two schedules."""
    first, _ = _timed(partial(_predict, [replace(few)]))
    repeats = max(1, round(_SAMPLE_MS / first))
    times: tuple[list[_Times], list[_Times]] = ([], [])
    for _ in range(runs):
        for schedule, found in zip((few, many), times, strict=True):
            # What a schedule has computed once it keeps; a copy has nothing.
            wall, processor = _timed(partial(_predict, [replace(schedule) for _ in range(repeats)]))
            found.append((wall / repeats, processor / repeats))
    return times


def _predict(schedules: Sequence[HardwareSchedule]) -> list[int]:
    return [schedule.latency for schedule in schedules]


def _timed(work: Callable[[], object]) -> _Times:
    """Return the milliseconds that something takes by the clock, and of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - wall) * 1e3, (time.process_time() - processor) * 1e3


if __name__ == "__main__":
    sys.exit(main())
