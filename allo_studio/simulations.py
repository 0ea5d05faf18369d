"""Runs of a sized design on data in each engine, compared with the reference, as rows of a report and faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from allo_studio.backends.rtl.cancelling import cancelling
from allo_studio.backends.rtl.emit import RtlDesign
from allo_studio.backends.rtl.worker import WorkerCancelled
from allo_studio.backends.vitis import compilation, tolerance_of, write
from allo_studio.design.deadlock import deadlock_fault, waits_of
from allo_studio.design.timing import SizedDesign
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.progress import Cancelled
from allo_studio.report import SimulationRow
from allo_studio.simulate.blame import whose_fault
from allo_studio.simulate.child import SimulationCancelled
from allo_studio.simulate.compare import compare
from allo_studio.simulate.csim import CSimDeadlock, CSimResult
from allo_studio.simulate.csim import run as run_csim
from allo_studio.simulate.cycle.design import CycleRun
from allo_studio.simulate.cycle.export import testbench_files
from allo_studio.simulate.cycle.run import run_rtl
from allo_studio.simulate.cycle.waves import Waves
from allo_studio.simulate.data import require_memory
from allo_studio.simulate.jit import evaluate_jit
from allo_studio.simulate.reference import evaluate
from allo_studio.simulate.sizes import all_inputs, greatest_inputs, meant, sizes_of

__all__ = ["c_simulation", "cancellable", "jit_simulation", "rtl_simulation", "testbench"]

# Invocations that a cycle simulation runs back to back.
_INVOCATIONS = 4
# More cycles than these take too long to simulate.
_MOST_CYCLES = 2_000_000_000
# Beyond these, one invocation is simulated, and FIFOs are not watched.
_MOST_WATCHED = 5_000_000
# What some work makes.
Made = TypeVar("Made")


def _total(rows: Sequence[SimulationRow]) -> SimulationRow:
    """Return several runs of one engine as one."""
    compared, mismatches = sum(row.compared for row in rows), sum(row.mismatches for row in rows)
    return SimulationRow(compared, mismatches, max(row.max_error for row in rows), rows[0].engine)


def c_simulation(
    sized: SizedDesign, folder: Path, cancel: Callable[[], bool] | None
) -> tuple[SimulationRow, tuple[Diagnostic, ...]]:
    """Compile and run the C++ of a design in `folder`; raises AlloError (`tool`, `csim`, `deadlock`), Cancelled."""
    require_memory(sized.region.ports)
    results = [_c_run(sized, folder, inputs, cancel) for inputs in all_inputs(sized.region)]
    rows = [SimulationRow(r.compared, r.mismatches, r.max_error, "C simulation") for r in results]
    return _total(rows), tuple(dict.fromkeys(fault for result in results for fault in _csim_faults(sized, result)))


def _c_run(
    sized: SizedDesign, folder: Path, inputs: Mapping[str, NDArray[Any]], cancel: Callable[[], bool] | None
) -> CSimResult:
    region = sized.region
    expected = cancellable(cancel, lambda: evaluate(region, inputs, cancel=cancel))
    try:
        return run_csim(
            folder,
            region.name,
            inputs,
            meant(region.ports, inputs, expected),
            types={port.name: port.type for port in region.ports},
            tolerance=tolerance_of(region),
            cancel=cancel,
            outside=compilation(region),
        )
    except CSimDeadlock as stuck:
        raise AlloError(deadlock_fault(region, waits_of(region, stuck.waits), by=" in the C simulation")) from None
    except SimulationCancelled:
        raise Cancelled from None


def testbench(design: RtlDesign, folder: Path) -> dict[str, str]:
    """Write a testbench for other simulators, with the data of the simulation."""
    inputs = greatest_inputs(design.sized.region)
    files = testbench_files(design, inputs, evaluate_jit(design.sized.region, inputs))
    write(files, folder)
    return files


def cancellable(cancel: Callable[[], bool] | None, work: Callable[[], Made]) -> Made:
    """Return what some work makes that asks the process in which CIRCT runs; raises Cancelled."""
    try:
        with cancelling(cancel):
            return work()
    except (SimulationCancelled, WorkerCancelled):
        raise Cancelled from None


def rtl_simulation(
    design: RtlDesign, cancel: Callable[[], bool] | None, waves: Waves | None = None
) -> tuple[SimulationRow, CycleRun, tuple[Diagnostic, ...]]:
    """Run a design's circuits on random data; every bit is compared with the JIT, the cycles with the prediction."""
    sized = design.sized
    require_memory(sized.region.ports)
    if sized.latency > _MOST_CYCLES:
        raise AlloError(
            Diagnostic(
                "simulation",
                f"an invocation takes {sized.latency:,} cycles, too many to simulate one by one",
                where=sized.region.path,
                hint="build it with --no-simulate, or simulate it for smaller sizes",
            )
        )
    watched = tuple(design.probed.fifos) if sized.latency < _MOST_WATCHED else ()
    invocations = _INVOCATIONS if sized.latency < _MOST_WATCHED else 1
    *others, greatest = all_inputs(sized.region)
    found, row, faults = _rtl_run(design, greatest, invocations, watched, cancel, waves)
    if found.waves:
        faults.append(Diagnostic("simulation", found.waves, severity="note", where=sized.region.path))
    rows = [row]
    for inputs in others:
        _, row, more = _rtl_run(design, inputs, 1, (), cancel, None)
        rows.append(row)
        faults += more
    if not sizes_of(sized.region).greatest:
        # The predicted cycles are those of the greatest sizes, and here data tell them.
        return _total(rows), found, tuple(faults)
    expected = (sized.latency, *[sized.interval] * (invocations - 1))
    # The interval is that of the steady state.
    if found.cycles[0] != expected[0] or found.cycles[-1] != expected[-1]:
        took = f"the RTL took {found.cycles[0]} cycles and then {found.cycles[-1]}"
        message = f"{took}, not {expected[0]} and {expected[-1]}"
        faults.append(Diagnostic("simulation", message, where=sized.region.path, hint=whose_fault(sized.region)))
    return _total(rows), found, tuple(faults)


def _rtl_run(
    design: RtlDesign,
    inputs: Mapping[str, NDArray[Any]],
    invocations: int,
    watched: Sequence[str],
    cancel: Callable[[], bool] | None,
    waves: Waves | None,
) -> tuple[CycleRun, SimulationRow, list[Diagnostic]]:
    sized = design.sized
    found = cancellable(cancel, lambda: run_rtl(design, inputs, invocations, watched, cancel, waves))
    right = cancellable(cancel, lambda: evaluate_jit(sized.region, inputs, invocations, cancel))
    right = meant(sized.region.ports, inputs, right)
    got = meant(sized.region.ports, {**inputs, **right}, found.outputs)
    verdict = compare(got, right, 0.0)
    row = SimulationRow(verdict.compared, verdict.mismatches, verdict.max_error, "RTL simulation")
    if not verdict.mismatches:
        return found, row, []
    count = f"{verdict.mismatches} of {verdict.compared}"
    return found, row, [_differs(sized, "RTL simulation", count, str(verdict.first_mismatch))]


def _csim_faults(sized: SizedDesign, result: CSimResult) -> Iterator[Diagnostic]:
    if result.mismatches:
        yield _differs(sized, "C simulation", f"{result.mismatches} of {result.compared}", str(result.first_mismatch))
    for fault in result.faults:
        yield Diagnostic("simulation", f"the C simulation found: {fault}", where=sized.region.path)


def jit_simulation(sized: SizedDesign) -> tuple[SimulationRow, tuple[Diagnostic, ...]]:
    """Run each kernel's final IR by LLVM; raises AlloError."""
    require_memory(sized.region.ports)
    region, rows, faults = sized.region, list[SimulationRow](), list[Diagnostic]()
    for inputs in all_inputs(region):
        right = meant(region.ports, inputs, evaluate(region, inputs))
        got = meant(region.ports, {**inputs, **right}, evaluate_jit(region, inputs))
        verdict = compare(got, right, tolerance_of(region))
        rows.append(SimulationRow(verdict.compared, verdict.mismatches, verdict.max_error, "JIT"))
        if verdict.mismatches:
            count = f"{verdict.mismatches} of {verdict.compared}"
            faults.append(_differs(sized, "JIT", count, str(verdict.first_mismatch)))
    return _total(rows), tuple(faults)


def _differs(sized: SizedDesign, engine: str, count: str, first: str) -> Diagnostic:
    return Diagnostic(
        "simulation",
        f"the {engine} differs from the reference in {count} elements; the first is {first}",
        where=sized.region.path,
        hint=whose_fault(sized.region),
    )
