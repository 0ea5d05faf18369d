"""The benchmark of schedules measures what it says, and its bound is one; how long things take is not tested."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
import schedule
from hypothesis import given, settings
from hypothesis import strategies as st
from schedule_bound import bound, least_interval

from allo_studio.frontend import parse_kernel
from allo_studio.hardware.modulo import place
from allo_studio.hardware.nest import Pipeline, WhilePipeline, walk
from allo_studio.hardware.operations import Dependence, Operation, OperationGraph, PortGroup
from allo_studio.hardware.operators import load_operators
from allo_studio.hardware.schedule import HardwareSchedule, schedule_kernel
from allo_studio.source import Source
from allo_studio.types import INT32

USABLE = 2.0
LIBRARY = load_operators("vitis", 3.33)


def operation(index: int, latency: int, delay: float = 0.0) -> Operation:
    return Operation(index, "compute", "f", f"op{index}", (), INT32, latency, delay, delay)


def graph(
    operations: Sequence[Operation], dependences: Sequence[Dependence], groups: Sequence[PortGroup] = ()
) -> OperationGraph:
    return OperationGraph(tuple(operations), tuple(dependences), USABLE, tuple(groups))


def accesses(count: int, banks: int, ports: int) -> OperationGraph:
    """Return reads of neighbours, each of which goes to the next bank in each iteration."""

    def meets(a: int, b: int, later: int) -> bool:
        return (a - b - later) % banks == 0

    group = PortGroup("X#1", ports, tuple(range(count)), meets, lambda a, b: banks == 1, "read")
    return graph([operation(n, 1) for n in range(count)], (), [group])


def scheduled(text: str) -> HardwareSchedule:
    source = f"from allo_studio.lang import *\n{text}"
    return schedule_kernel(parse_kernel(Source("k.py", source), "k"), LIBRARY)


def test_a_recurrence_bounds_the_interval_by_its_cycles_over_its_iterations() -> None:
    operations = [operation(0, 4), operation(1, 3)]
    assert least_interval(graph(operations, [Dependence(0, 1), Dependence(1, 0, 2, 3)]), {}) == 4
    assert least_interval(graph(operations, [Dependence(0, 1), Dependence(1, 0, 7, 3)]), {}) == 1
    assert least_interval(graph(operations, [Dependence(0, 1)]), {}) == 1


@pytest.mark.parametrize(("delay", "interval"), [(0.6, 1), (0.7, 2)])
def test_logic_that_does_not_fit_into_a_cycle_makes_a_recurrence_longer(delay: float, interval: int) -> None:
    operations = [operation(0, 0, delay), operation(1, 0, delay), operation(2, 0, delay)]
    chain = [Dependence(0, 1), Dependence(1, 2), Dependence(2, 0, 1, 1)]
    assert least_interval(graph(operations, chain), {}) == interval


@pytest.mark.parametrize(
    ("count", "banks", "ports", "interval"), [(5, 1, 2, 3), (4, 1, 2, 2), (7, 3, 2, 2), (6, 3, 2, 1), (7, 4, 1, 2)]
)
def test_ports_bound_the_interval_by_the_accesses(count: int, banks: int, ports: int, interval: int) -> None:
    made = accesses(count, banks, ports)
    assert least_interval(made, {"X": banks}) == interval
    assert place(made).interval == interval


@st.composite
def graphs(draw: st.DrawFn) -> OperationGraph:
    count = draw(st.integers(1, 6))
    kinds = st.sampled_from([(0, 0.4), (0, 0.9), (1, 0.7), (2, 1.1), (3, 0.0)])
    operations = [operation(index, *draw(kinds)) for index in range(count)]
    links: dict[Dependence, None] = {}
    for source in range(count):
        for target in range(count):
            kind = draw(st.sampled_from(["none", "value", "order", "back"]))
            if kind == "back":
                links[Dependence(source, target, draw(st.integers(1, 3)), draw(st.integers(0, 4)))] = None
            elif kind != "none" and source < target:
                links[Dependence(source, target, 0, None if kind == "value" else draw(st.integers(0, 2)))] = None
    return graph(operations, tuple(links))


@settings(max_examples=200, deadline=None)
@given(made=graphs())
def test_without_ports_the_least_interval_is_that_of_the_schedule(made: OperationGraph) -> None:
    assert least_interval(made, {}) == place(made).interval


def test_the_bound_is_the_sum_over_the_control() -> None:
    found = scheduled("def k(A: int32[64], B: int32[64]):\n    for i in range(64):\n        B[i] = A[i] + 1\n")
    assert bound(found) == found.latency
    found = scheduled(
        "def k(A: int32[9]):\n    for t in range(5):\n        for i in range(8):\n            A[i] = A[i + 1]\n"
    )
    pipelines = [item for item, _ in walk(found.items) if isinstance(item, Pipeline | WhilePipeline)]
    assert pipelines
    assert 0.9 * found.latency < bound(found) <= found.latency


def test_quality_of_kernels() -> None:
    rows = {(row.kernel, row.form): row for row in schedule.measure_quality(("gemm", "jacobi_2d"), LIBRARY)}
    assert list(rows) == [(name, form) for name in ("gemm", "jacobi_2d") for form in ("plain", "scheduled")]
    assert all(1 <= row.ratio <= schedule.NEAR for row in rows.values())
    gemm = {row.loop: row.interval for row in rows["gemm", "plain"].loops}
    assert gemm == {"scale:j": 1, "k": 7}
    assert "II 7: k: recurrence" in rows["gemm", "plain"].text
    assert {row.loop for row in rows["gemm", "scheduled"].loops if row.interval == 1} >= {"scale:j", "product:j"}
    assert [row.interval for row in rows["jacobi_2d", "plain"].loops] == [3, 3]
    assert {row.interval for row in rows["jacobi_2d", "scheduled"].loops} == {1}
    assert rows["jacobi_2d", "scheduled"].latency < 0.6 * rows["jacobi_2d", "plain"].latency


def test_every_figure_of_speed_is_measured() -> None:
    rows = list(schedule.measure_speed(("atax", "gemm"), LIBRARY, "mini", schedulings=1, predictions=1))
    assert [(row.kernel, row.form) for row in rows] == [
        (k, f) for k in ("atax", "gemm") for f in ("plain", "scheduled")
    ]
    assert all(min(row.schedule, row.processor, row.predict, row.ratio) > 0 for row in rows)
    # Twice the extents of three loops, but not of all, are not yet eight times the iterations.
    assert all(schedule.MORE <= row.more <= 27 for row in rows)


@pytest.mark.parametrize(
    ("figures", "failing"),
    [
        ((2000.0, 50.0, 1.25), ""),
        ((2001.0, 1.0, 1.0), "schedule"),
        ((1.0, 51.0, 1.0), "predict"),
        ((1.0, 1.0, 1.3), "8"),
    ],
)
def test_a_figure_beyond_its_limit_fails(
    figures: tuple[float, float, float],
    failing: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def speed(*arguments: object) -> Iterator[schedule.Speed]:
        yield schedule.Speed("gemm", "plain", 1.0, 1.0, 1.0, 8.0, 1.0)
        yield schedule.Speed("atax", "plain", figures[0], 1.0, figures[1], 8.0, figures[2])

    def quality(*arguments: object) -> Iterator[schedule.Quality]:
        yield schedule.Quality("gemm", "plain", 200, 100, ())

    monkeypatch.setattr(schedule, "measure_speed", speed)
    monkeypatch.setattr(schedule, "measure_quality", quality)
    assert schedule.main(["--profile", "open"]) == (1 if failing else 0)
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if "DOES NOT HOLD" in line] == [
        line for line in printed if failing and line.startswith(failing) and "limit" in line
    ]
    assert "more than 1.05 x the bound: gemm, plain (2.00)" in printed
    assert sum(line.endswith("holds") for line in printed) == (2 if failing else 3)


def test_an_unknown_kernel_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        schedule.main(["gem"])
    assert "no kernel of PolyBench: gem" in capsys.readouterr().err
