"""Latencies add up as in reports of Vitis HLS 2022.1.2, and kernels have the cycles that follow from them.

The figures of reports are those in the Allo paper's artifact (`polybench/allo/pnr`, `polybench/scalehls/pnr`): trip
counts, intervals and depths of loops, and the latencies of the modules around them.
"""

from __future__ import annotations

import pytest

from allo_studio.diagnostics import AlloError
from allo_studio.frontend import parse_kernel
from allo_studio.hardware.committed import committed
from allo_studio.hardware.counters import Affine, Counter
from allo_studio.hardware.estimate import Estimate, estimate
from allo_studio.hardware.modulo import Limit, Placement
from allo_studio.hardware.nest import Item, Nested, Pipeline, walk
from allo_studio.hardware.operations import OperationGraph
from allo_studio.hardware.operators import load_operators
from allo_studio.hardware.resources import Resources
from allo_studio.hardware.schedule import FunctionSchedule, HardwareSchedule, schedule_kernel
from allo_studio.schedule import from_specs
from allo_studio.source import Source

LIBRARY = load_operators("vitis", 3.33)
BOTH: tuple[Estimate, ...] = ("csynth", "cosim")


def counter(trips: int, key: int = 0) -> Counter:
    return Counter(key, f"i{key}", (Affine(),), (Affine((), trips),), 1)


def loop(trips: int, interval: int, depth: int) -> Pipeline:
    placement = Placement(interval, (), depth, Limit("none", 1), True)
    return Pipeline((counter(trips),), (0,), OperationGraph((), (), LIBRARY.usable_ns), placement, interval)


def module(*items: Item) -> HardwareSchedule:
    return HardwareSchedule("k", {"k": FunctionSchedule("k", "k", items, (), Resources())}, LIBRARY)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("items", "latency"),
    [
        ((loop(390, 1, 2),), 392),
        ((loop(4100, 1, 22),), 4_122),
        ((loop(390, 1, 2), loop(4100, 1, 22), loop(390, 1, 3)), 4_912),
        ((loop(390, 1, 3), loop(3900, 1, 20)), 4_316),
        ((loop(30, 1, 13), loop(2132, 4, 57), loop(5330, 2, 96)), 19_385),
        ((loop(9_600_000, 4, 27),), 38_400_024),
        ((loop(9_600_000, 19, 29),), 182_400_011),
        ((Nested(counter(100, 1), 1, (loop(1922, 28, 60), loop(1922, 28, 50))),), 10_769_201),
    ],
)
def test_modules_take_what_reports_say(items: tuple[Item, ...], latency: int, kind: Estimate) -> None:
    assert estimate(module(*items), kind).latency == latency


def scheduled(text: str, *steps: tuple[str, dict[str, object]]) -> HardwareSchedule:
    source = Source("k.py", f"from allo_studio.lang import *\n{text}")
    return schedule_kernel(from_specs(parse_kernel(source, "k"), list(steps)).ir, LIBRARY)


def pipelines(schedule: HardwareSchedule) -> list[Pipeline]:
    return [item for item, _ in walk(schedule.items) if isinstance(item, Pipeline)]


SUM = """
def k(A: float32[8, 64]) -> float32[8]:
    s: float32[8]
    for i in range(8):
        s[i] = 0.0
    for k in range(64):
        for j in range(8):
            s[j] += A[j, k]
    r: float32[8]
    for i in range(8):
        r[i] = s[i]
    return r
"""
ROWS = ("partition", {"buffer": "A", "kind": "complete", "dim": 1})
REGISTERS = ("partition", {"buffer": "s", "kind": "complete", "dim": 1})
ASKED = ("pipeline", {"axis": "k", "initiation_interval": 1})


def test_an_interval_that_is_asked_for_comes_before_the_clock() -> None:
    # Published accumulations at 3.33 ns: bicg has 1651 cycles for 410 rows, syrk 293543 for 240 * 200.
    in_registers = scheduled(SUM, ROWS, REGISTERS, ASKED)
    assert pipelines(in_registers)[1].placement.interval == 5
    assert pipelines(committed(in_registers))[1].placement.interval == 4
    text = """
def k(A: float32[64], s: float32[4]):
    for k in range(64):
        s[0] += A[k]
"""
    for steps, interval in (((ASKED,), 6), ((), 7)):
        in_memory = scheduled(text, *steps)
        assert pipelines(in_memory)[0].placement.interval == 7
        assert pipelines(committed(in_memory))[0].placement.interval == interval


def operators(schedule: HardwareSchedule) -> set[str]:
    return {op.operator for item in pipelines(schedule) for op in item.graph.operations if "fadd" in op.operator}


def test_sums_are_in_dsps_unless_a_recurrence_wants_a_faster_core() -> None:
    text = "def k(A: float32[9], B: float32[9]):\n    for i in range(9):\n        B[i] = A[i] + 1.5\n"
    assert operators(committed(scheduled(text))) == {"fadd_dsp.f32"}
    assert operators(committed(scheduled(SUM, ROWS, REGISTERS, ASKED))) == {"fadd.f32"}
    # With eight other sums in between, the slower core is fast enough.
    inner = ("pipeline", {"axis": "j", "initiation_interval": 1})
    assert operators(committed(scheduled(SUM, inner))) == {"fadd_dsp.f32"}


def test_an_operator_that_is_shared_makes_the_last_operations_late() -> None:
    made = committed(scheduled(SUM, ROWS, REGISTERS, ASKED))
    item = pipelines(made)[1]
    assert (item.placement.interval, item.placement.depth) == (4, 6)
    # 8 sums by 2 adders, each at 4 of them; a module for the loop and the states around it.
    lone = HardwareSchedule("k", {"k": FunctionSchedule("k", "k", (item,), (), Resources())}, LIBRARY)
    assert estimate(lone, "csynth").latency == 63 * 4 + 6 - 1 + 3 + 2


ROW_WISE = """
def k(A: float32[6, 10]) -> float32[6, 8]:
    C: float32[6, 8]
    for i in range(6):
        row: float32[8]
        for j0 in range(8):
            row[j0] = 0.0
        for k in range(10):
            for j in range(8):
                row[j] += A[i, k]
        for j1 in range(8):
            C[i, j1] = row[j1]
    return C
"""


def test_a_dataflow_loop_overlaps_what_does_not_write_one_array() -> None:
    made = committed(scheduled(ROW_WISE, ("partition", {"buffer": "row", "kind": "complete", "dim": 1}), ASKED))
    clear, add, write = (
        (item.trips or 0) * item.placement.interval - item.placement.interval + item.placement.depth - 1 + 4 + late
        for item, late in zip(pipelines(made), (0, 3, 0), strict=True)
    )
    whole = clear + add + write
    one_by_one = [estimate(made, kind).latency for kind in BOTH]
    assert one_by_one == [6 * whole + 1] * 2
    assert estimate(made, "csynth", ["i"]).latency == 5 * max(clear, add, write) + whole + 1
    assert estimate(made, "cosim", ["i"]).latency == 5 * (clear + add) + whole + 1


def test_a_loop_of_varying_trips_has_the_most_in_the_estimate() -> None:
    text = """
def k(A: float32[20, 20]):
    for i in range(20):
        for j in range(i):
            A[i, j] = 1.0
"""
    made = committed(scheduled(text, ("pipeline", {"axis": "j", "initiation_interval": 1})))
    assert estimate(made, "csynth").latency > estimate(made, "cosim").latency > 190


def test_calls_are_modules_of_their_own() -> None:
    text = """
def part(A: float32[40], B: float32[40]):
    for i in range(40):
        B[i] = A[i]

def k(A: float32[40], B: float32[40]):
    for t in range(3):
        part(A, B)
    part(B, A)
"""
    # A loop of depth 2 is a module of 42 cycles; three calls in a loop, and one.
    assert [estimate(committed(scheduled(text)), kind).latency for kind in BOTH] == [
        3 * (42 + 2) + 2 + (42 + 2) - 1
    ] * 2


def test_cycles_that_depend_on_data_are_refused() -> None:
    text = "def k(A: int32[4]):\n    while A[0] > 0:\n        A[0] = A[0] - 1\n"
    with pytest.raises(AlloError, match="depend on the while loop"):
        estimate(committed(scheduled(text)), "csynth")
    text = "def k(n: int32, A: int32[9]):\n    for i in range(n):\n        A[i] = 0\n"
    with pytest.raises(AlloError, match="bounds of loop i"):
        estimate(committed(scheduled(text)), "cosim")


def test_nothing_but_placements_and_cores_change() -> None:
    schedule = scheduled(SUM, ROWS, REGISTERS, ASKED)
    for one, other in zip(pipelines(schedule), pipelines(committed(schedule)), strict=True):
        assert one.counters == other.counters
        assert [op.label for op in one.graph.operations] == [op.label for op in other.graph.operations]
