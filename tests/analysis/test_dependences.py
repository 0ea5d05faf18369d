"""Dependences against a trace: every pair of touches of one element, listed by running the loops."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import islpy as isl
import pytest
from analysis_kernels import KERNELS, kernel

from allo_studio.analysis.accesses import Access, accesses
from allo_studio.analysis.dependences import dependences, sample
from allo_studio.analysis.parallel import parallel_loops
from allo_studio.analysis.sets import loop_bounds
from allo_studio.ir import KernelIR
from allo_studio.ir.binding import ir

Touch = tuple[Access, tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def trace(kernel: KernelIR) -> list[Touch]:
    """Run the loops; return the touches in order: access, iteration, storage instance, element."""
    by_op = {a.position: a for a in accesses(kernel)}
    loops = {loop.body: loop for loop in kernel.loops()}
    found: list[Touch] = []

    def run(block: ir.Block, values: dict[ir.Value, int], path: tuple[int, ...], iteration: tuple[int, ...]) -> None:
        for number, view in enumerate(block.operations):
            op, here = view.operation, (*path, number)
            if op.name == "affine.for":
                loop = next(known for body, known in loops.items() if body == op.regions[0].blocks[0])
                lower, upper = loop_bounds(loop)
                start = max(b.evaluate(values) for b in lower)
                for value in range(start, min(b.evaluate(values) for b in upper), loop.step):
                    run(loop.body, {**values, loop.induction_variable: value}, here, (*iteration, value))
            elif here in by_op:
                access = by_op[here]
                element = tuple(s.evaluate(values) for s in access.subscripts)
                found.append((access, iteration, iteration[: access.scope], element))

    run(kernel.body, {}, (), ())
    return found


def pairs(kernel: KernelIR) -> Iterator[tuple[Access, Access, tuple[int, ...], tuple[int, ...]]]:
    for (a, i, storage, element), (b, j, other, same) in combinations(trace(kernel), 2):
        if a.buffer == b.buffer and (a.is_write or b.is_write) and (storage, element) == (other, same):
            yield a, b, i, j


def listed(kernel: KernelIR) -> set[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]]:
    found = set()
    for d in dependences(kernel):

        def add(point, d=d) -> None:
            values = [int(point.get_coordinate_val(isl.dim_type.set, n).to_python())
                      for n in range(len(d.source.loops) + len(d.sink.loops))]  # fmt: skip
            split = len(d.source.loops)
            found.add((d.source.position, d.sink.position, tuple(values[:split]), tuple(values[split:])))

        d.relation.wrap().flatten().foreach_point(add)
    return found


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_dependences_are_those_of_a_trace(name: str) -> None:
    base = kernel(name)
    expected = {(a.position, b.position, i, j) for a, b, i, j in pairs(base)}
    assert expected
    assert listed(base) == expected


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_accesses_happen_where_a_trace_has_them(name: str) -> None:
    base = kernel(name)
    counts: dict[tuple[int, ...], int] = {}
    for access, *_ in trace(base):
        counts[access.position] = counts.get(access.position, 0) + 1
    for access in accesses(base):
        assert access.domain.count_val().to_python() == counts.get(access.position, 0)
        assert access.schedule.dim(isl.dim_type.out) == 2 * access.depth + 1


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_parallel_loops_are_those_of_a_trace(name: str) -> None:
    base = kernel(name)
    free = {loop.id for loop in base.loops()}
    for a, b, i, j in pairs(base):
        common = a.common(b)
        level = next((n for n in range(common) if i[n] != j[n]), None)
        if level is not None:
            free.discard(a.loops[level].id)
    assert parallel_loops(base) == free


def test_an_accumulation_is_told_from_other_dependences() -> None:
    found = dependences(kernel("gemm"))
    marked = {(d.kind, d.accumulation) for d in found if d.source.loops[0].role is None and d.buffer == "C"}
    assert marked == {("flow", True), ("output", True), ("anti", True)}
    assert not any(d.accumulation for d in found if d.source.loops[0].role == "init")
    assert not any(d.accumulation for d in dependences(kernel("recurrence")))
    assert not any(d.accumulation for d in dependences(kernel("feedback")) if d.buffer == "y")


def test_levels_and_distances() -> None:
    by_kind = {d.kind: d for d in dependences(kernel("strided")) if d.buffer == "A_out"}
    flow = by_kind["flow"]
    assert flow.levels == (0,)
    # A step of 3 reads 6 elements back: two iterations.
    assert flow.distance(0) == 2
    carried = [d for d in dependences(kernel("gemm")) if d.accumulation and d.kind == "flow"]
    assert [(d.levels, d.distance(2), d.distance(0)) for d in carried] == [((2,), 1, None)]


def test_a_sample_is_a_real_case() -> None:
    (flow,) = [d for d in dependences(kernel("recurrence")) if d.kind == "flow" and d.source.loops[0].role is None]
    found = sample(flow)
    assert (found.source, found.sink, found.place) == ({"i": 1}, {"i": 2}, "y[1]")
    assert str(found) == "y[1] is touched at (i=1) and later at (i=2)"


def test_storage_declared_in_a_loop_is_fresh_in_each_iteration() -> None:
    base = kernel("local")
    found = [d for d in dependences(base) if d.buffer == "acc"]
    assert found
    assert all(0 not in d.levels for d in found)
    assert "i" in parallel_loops(base)
