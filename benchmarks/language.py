"""How long the language takes: the 30 kernels of PolyBench, customized, scheduled, compiled and written as HLS C++.

    python benchmarks/language.py           (or `make bench-language`)

The kernels have their medium sizes. All figures are medians over the kernels, in milliseconds, in one warm process:
every kernel is done once before it is timed, and then several times; only of `applicable` it is the slowest kernel
that counts. What is imported is imported by a fresh process.

Each figure is there as time on the clock, which is held against the limit, and as time of the processor: where the
second is far less, the machine had other work too. Each is also given relative to a fixed piece of work, MLIR's own
lowering of one fixed module to LLVM, timed beside it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polybench

from allo_studio.api import Schedule, customize
from allo_studio.ir import KernelIR
from allo_studio.ir.binding import PassManager, in_context, ir
from allo_studio.primitives.registry import parse_step
from allo_studio.schedule import applicable

__all__ = ["LIMITS", "Row", "Time", "main", "measure"]

RUNS = 5
IMPORTS = 7
# Each figure's limit, and what Allo 0.5 takes for it on a machine of this kind; milliseconds.
LIMITS: dict[str, tuple[float | None, str]] = {
    "customize + schedule": (60.0, "530 (67 without its garbage collections)"),
    "JIT until callable": (45.0, "86"),
    "HLS C++ text": (10.0, "10"),
    "import": (350.0, "1000"),
    "import + first customize": (None, ""),
    "applicable, the slowest kernel": (50.0, ""),
}
FIXED = """
func.func @fixed(%A: memref<64x64xf32>, %B: memref<64x64xf32>, %C: memref<64x64xf32>) {
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to 64 {
      affine.for %k = 0 to 64 {
        %a = affine.load %A[%i, %k] : memref<64x64xf32>
        %b = affine.load %B[%k, %j] : memref<64x64xf32>
        %c = affine.load %C[%i, %j] : memref<64x64xf32>
        %p = arith.mulf %a, %b : f32
        %s = arith.addf %c, %p : f32
        affine.store %s, %C[%i, %j] : memref<64x64xf32>
      }
    }
  }
  return
}
"""
_LOWERING = (
    "builtin.module(canonicalize,cse,lower-affine,convert-scf-to-cf,expand-strided-metadata,finalize-memref-to-llvm,"
    "convert-arith-to-llvm,convert-cf-to-llvm,convert-func-to-llvm,reconcile-unrealized-casts)"
)


# What a fresh process does: the kernel's own file is loaded outside of what is timed.
_FRESH = """
import sys, time
def now():
    return time.perf_counter(), time.process_time()
a = now()
from allo_studio import customize
b = now()
sys.path.insert(0, "benchmarks")
from polybench.gemm import gemm
c = now()
customize(gemm)
d = now()
print(*(y - x for x, y in zip(a, b)), *(y - x for x, y in zip(c, d)))
"""


@dataclass(frozen=True)
class Time:
    """A time in milliseconds, by the clock and of the processor."""

    wall: float
    processor: float

    def __add__(self, other: Time) -> Time:
        return Time(self.wall + other.wall, self.processor + other.processor)


@dataclass(frozen=True)
class Row:
    """One figure: its time, its limit (None where there is none), how long the fixed piece of work took, a remark."""

    name: str
    time: Time
    limit: float | None
    fixed: Time
    slowest: str

    @property
    def holds(self) -> bool:
        """Whether the time is within the limit."""
        return self.limit is None or self.time.wall <= self.limit

    @property
    def text(self) -> str:
        """The line that is printed."""
        limit = "" if self.limit is None else f"{self.limit:.0f}"
        verdict = "" if self.limit is None else "holds" if self.holds else "DOES NOT HOLD"
        figures = f"{self.time.wall:8.1f}{self.time.processor:11.1f}{limit:>8}"
        return f"{self.name:<34}{figures}{self.time.wall / self.fixed.wall:9.2f}  {verdict:<14}{self.slowest}"


def main() -> int:
    """Print the table; return 1 where a limit does not hold."""
    rows = measure()
    title = f"medians over {len(polybench.NAMES)} kernels"
    print(f"{title:<34}{'ms':>8}{'processor':>11}{'limit':>8}{'x fixed':>9}")
    for row in rows:
        print(row.text)
    for name, (_, theirs) in LIMITS.items():
        if theirs:
            print(f"  Allo, {name}: {theirs} ms")
    return 0 if all(row.holds for row in rows) else 1


def measure(names: tuple[str, ...] = polybench.NAMES, runs: int = RUNS, imports: int = IMPORTS) -> list[Row]:
    """Return the table's rows for the kernels `names`, each timed `runs` times."""
    times: dict[str, dict[str, Time]] = {name: {} for name in LIMITS}
    fixed: list[Time] = []
    for name in names:
        for figure, found in _time_kernel(polybench.load(name), runs, fixed).items():
            times[figure][name] = found
    _fresh()  # The first one writes the bytecode.
    for number in range(imports):
        imported, customized = _fresh()
        times["import"][str(number)] = imported
        times["import + first customize"][str(number)] = imported + customized
    unit = _median(fixed)
    return [_row(figure, found, unit) for figure, found in times.items()]


def _row(figure: str, found: dict[str, Time], unit: Time) -> Row:
    worst = max(found, key=lambda name: found[name].wall)
    # Every kernel must open its menu in time; the others are medians.
    value = found[worst] if figure.startswith("applicable") else _median(list(found.values()))
    slowest = "" if figure.startswith("import") else f"slowest {worst} {found[worst].wall:.1f}"
    return Row(figure, value, LIMITS[figure][0], unit, slowest)


def _time_kernel(kernel: polybench.PolyBench, runs: int, fixed: list[Time]) -> dict[str, Time]:
    sizes = kernel.sizes("medium")

    def scheduled() -> Schedule:
        made = customize(kernel.function, instantiate=sizes)
        for name, arguments in kernel.schedule:
            made.apply(parse_step(name, arguments))
        return made

    def fresh() -> KernelIR:
        return customize(kernel.function, instantiate=sizes).ir

    ready = scheduled()
    works: dict[str, Callable[[], Time]] = {
        "customize + schedule": lambda: _timed(scheduled),
        "JIT until callable": lambda: _timed(ready.build),
        "HLS C++ text": lambda: _timed(lambda: ready.build(target="vhls")),
        # Of a kernel that was asked before, the answers are kept.
        "applicable, the slowest kernel": lambda: _timed(applicable, fresh()),
    }
    found = {}
    for figure, work in works.items():
        work()
        timed = []
        for _ in range(runs):
            fixed.append(_timed(_lower_fixed))
            timed.append(work())
        found[figure] = _median(timed)
    return found


def _timed(work: Callable[..., object], *arguments: object) -> Time:
    wall, processor = time.perf_counter(), time.process_time()
    work(*arguments)
    return Time((time.perf_counter() - wall) * 1e3, (time.process_time() - processor) * 1e3)


def _median(times: list[Time]) -> Time:
    return Time(statistics.median(t.wall for t in times), statistics.median(t.processor for t in times))


def _lower_fixed() -> None:
    with in_context():
        PassManager.parse(_LOWERING).run(ir.Module.parse(FIXED).operation)


def _fresh() -> tuple[Time, Time]:
    """Return how long a fresh process takes to import `customize`, and then for its first use."""
    root = Path(__file__).resolve().parents[1]
    # An installed package has its bytecode; so shall this one, whatever the caller's environment says.
    setting = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", _FRESH]
    done = subprocess.run(command, cwd=root, env=setting, capture_output=True, text=True, check=True)
    first, second, third, fourth = (float(word) * 1e3 for word in done.stdout.split())
    return Time(first, second), Time(third, fourth)


if __name__ == "__main__":
    sys.exit(main())
