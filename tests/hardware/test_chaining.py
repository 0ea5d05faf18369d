"""Chains of logic as difference constraints, against the arrival times within cycles that placements lead to."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.hardware.chaining import Order, longest_chain, orders
from allo_studio.hardware.operations import Dependence, Operation, OperationGraph
from allo_studio.types import INT32

USABLE = 2.0


def operation(index: int, latency: int, delay_in: float, delay_out: float, wire: bool = False) -> Operation:
    return Operation(index, "compute", "f", f"op{index}", (), INT32, latency, delay_in, delay_out, wire=wire)


@st.composite
def graphs(draw: st.DrawFn, most: int = 5) -> OperationGraph:
    """Return a graph of values, in an order of the operations that need not be the program's, and a few orders."""
    count = draw(st.integers(1, most))
    operations = []
    for index in range(count):
        latency = draw(st.sampled_from([0, 0, 0, 1, 2]))
        out = draw(st.sampled_from([0.0, 0.4, 0.7, 0.9, 1.3, 2.5]))
        into = draw(st.sampled_from([0.0, 0.4, 0.7, 1.3, 2.5]))
        operations.append(operation(index, latency, into if latency else min(into, out), out))
    sequence = draw(st.permutations(range(count)))
    links = []
    for source, target in ((sequence[i], sequence[j]) for j in range(count) for i in range(j)):
        kind = draw(st.sampled_from(["value", "value", "none", "order"]))
        if kind == "value":
            links.append(Dependence(source, target))
        elif kind == "order":
            links.append(Dependence(source, target, draw(st.integers(0, 1)), draw(st.integers(0, 2))))
    return OperationGraph(tuple(operations), tuple(links), USABLE)


def fits(graph: OperationGraph, starts: tuple[int, ...]) -> bool:
    """Simulate a placement: no result is taken before it is there, and what is computed in a cycle gets ready in it."""
    for d in graph.dependences:
        wait = graph.operations[d.source].latency if d.weight is None else d.weight
        # At an interval of 1, for one.
        if starts[d.target] + d.distance < starts[d.source] + wait:
            return False
    values = [d for d in graph.dependences if d.weight is None]
    arrival: dict[int, float | None] = {}

    def arrive(op: int) -> float | None:
        """Return when the last input of a chain comes, in ns; None where all come from registers at rest."""
        if op not in arrival:
            late = [ready(d.source) for d in values if d.target == op and leaves(d.source) == starts[op]]
            arrival[op] = max(late, default=None)
        return arrival[op]

    def ready(op: int) -> float:
        before = arrive(op) if graph.operations[op].latency == 0 else None
        return (before or 0.0) + graph.operations[op].delay_out

    def leaves(op: int) -> int:
        return starts[op] + graph.operations[op].latency

    for op in graph.operations:
        late = arrive(op.index)
        if late is not None and late + op.delay_in > graph.usable_ns + 1e-6:
            return False
    return True


def keeps(found: tuple[Order, ...], starts: tuple[int, ...]) -> bool:
    return all(starts[o.target] + o.distance >= starts[o.source] + o.weight for o in found)


@settings(max_examples=400, deadline=None)
@given(graphs(), st.data())
def test_orders_hold_exactly_where_every_cycle_is_long_enough(graph: OperationGraph, data: st.DataObject) -> None:
    found = orders(graph)
    count = len(graph.operations)
    # The earliest placement, with everything moved a little later or earlier: about as many are legal as are not.
    starts = [0] * count
    for _ in range(count):
        for o in found:
            starts[o.target] = max(starts[o.target], starts[o.source] + o.weight - o.distance)
    assert fits(graph, tuple(starts))
    for moves in data.draw(st.lists(st.tuples(*[st.integers(-1, 1)] * count), min_size=10, max_size=10)):
        moved = tuple(start + move for start, move in zip(starts, moves, strict=True))
        assert keeps(found, moved) == fits(graph, moved)


@settings(max_examples=150, deadline=None)
@given(graphs(4))
def test_orders_hold_exactly_in_all_placements_of_small_graphs(graph: OperationGraph) -> None:
    found = orders(graph)
    for starts in product(range(4), repeat=len(graph.operations)):
        assert keeps(found, starts) == fits(graph, starts)


def test_a_chain_is_cut_between_its_ends_only() -> None:
    """Of five adders of 0.7 ns two fit in a cycle of 2 ns: the first and the third do not."""
    graph = OperationGraph(
        tuple(operation(n, 0, 0.7, 0.7) for n in range(5)), tuple(Dependence(n, n + 1) for n in range(4)), USABLE
    )
    follow = {Order(n, n + 1, 0) for n in range(4)}
    assert set(orders(graph)) == follow | {Order(n, n + 2, 1) for n in range(3)}


def test_a_chain_starts_at_a_register_and_ends_at_one() -> None:
    """A multiplier's result comes 0.9 ns into the cycle; an addition fits, and what the adder takes ends the chain."""
    operations = (operation(0, 3, 0.2, 0.9), operation(1, 0, 0.8, 0.8), operation(2, 3, 0.2, 0.9))
    links = (Dependence(0, 1), Dependence(1, 2))
    assert orders(OperationGraph(operations, links, USABLE)) == (Order(0, 1, 3), Order(1, 2, 0))
    late = orders(OperationGraph(operations, links, 1.85))
    assert late == (Order(0, 1, 3), Order(0, 2, 4), Order(1, 2, 0))


def test_what_follows_from_a_part_of_a_chain_is_not_said_again() -> None:
    """The second and the third operation do not fit in a cycle; that the first comes before both is enough."""
    operations = tuple(operation(n, 0, delay, delay) for n, delay in enumerate((0.1, 1.5, 1.0)))
    graph = OperationGraph(operations, (Dependence(0, 1), Dependence(1, 2)), USABLE)
    assert orders(graph) == (Order(0, 1, 0), Order(1, 2, 1))


def test_the_sum_of_delays_may_reach_the_period_but_for_rounding() -> None:
    operations = tuple(operation(n, 0, 0.1, 0.1) for n in range(4))
    links = tuple(Dependence(n, n + 1) for n in range(3))
    assert all(o.weight == 0 for o in orders(OperationGraph(operations, links, 0.4)))
    assert orders(OperationGraph(operations, links, 0.39))[1] == Order(0, 3, 1)


def test_an_operation_that_is_too_long_by_itself_is_alone_in_its_cycle() -> None:
    operations = tuple(operation(n, 0, delay, delay) for n, delay in enumerate((0.5, 2.5, 0.5)))
    graph = OperationGraph(operations, (Dependence(0, 1), Dependence(1, 2)), USABLE)
    assert orders(graph) == (Order(0, 1, 1), Order(1, 2, 1))
    assert orders(OperationGraph((operation(0, 0, 2.5, 2.5),), (), USABLE)) == ()


def test_only_the_heaviest_of_parallel_orders_is_kept() -> None:
    links = (Dependence(0, 1, 1, 2), Dependence(0, 1, 1, 3), Dependence(0, 1, 2, 9), Dependence(0, 1))
    graph = OperationGraph((operation(0, 2, 0.1, 0.1), operation(1, 0, 0.1, 0.1)), links, USABLE)
    assert orders(graph) == (Order(0, 1, 2), Order(0, 1, 3, 1), Order(0, 1, 9, 2))


def test_a_loop_of_values_is_refused() -> None:
    operations = (operation(0, 0, 0.1, 0.1), operation(1, 0, 0.1, 0.1))
    with pytest.raises(AssertionError, match="take each other's results"):
        orders(OperationGraph(operations, (Dependence(0, 1), Dependence(1, 0)), USABLE))


def chain(count: int, delay: float) -> OperationGraph:
    operations = tuple(operation(n, 0, delay, delay) for n in range(count))
    links = tuple(Dependence(n, t) for n in range(count) for t in (n + 1, n + 2) if t < count)
    return OperationGraph(operations, links, USABLE)


@pytest.mark.parametrize("delay", [0.7, 0.15, 0.0])
def test_twenty_thousand_operations_in_a_chain_take_a_moment(delay: float) -> None:
    graph = chain(20_000, delay)
    found = orders(graph)
    fit = int(USABLE / delay + 1e-9) if delay else None
    cuts = [o for o in found if o.weight]
    assert cuts == ([Order(n, n + fit, 1) for n in range(20_000 - fit)] if fit else [])


def arrivals(graph: OperationGraph, starts: tuple[int, ...]) -> float:
    """Return the longest time that a value of a cycle needs, found by following every way through the graph."""
    values = [d for d in graph.dependences if d.weight is None]

    def onward(op: int, before: float) -> float:
        made = graph.operations[op]
        so_far = before + made.delay_in
        if made.latency:
            return so_far
        ready = before + made.delay_out
        return max([so_far, ready, *taken(op, ready)])

    def taken(op: int, ready: float) -> list[float]:
        end = starts[op] + graph.operations[op].latency
        return [onward(d.target, ready) for d in values if d.source == op and starts[d.target] == end]

    begins = [[op.delay_out, op.delay_in, *taken(op.index, op.delay_out)] for op in graph.operations]
    return max(max(found) for found in begins)


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_the_longest_chain_is_that_of_all_ways_through_a_cycle(graph: OperationGraph) -> None:
    # As the table of operators says of logic: what it takes is what it gives.
    logic = tuple(op if op.latency else replace(op, delay_in=op.delay_out) for op in graph.operations)
    graph = replace(graph, operations=logic)
    found = orders(graph)
    starts = [0] * len(graph.operations)
    for _ in graph.operations:
        for o in found:
            starts[o.target] = max(starts[o.target], starts[o.source] + o.weight - o.distance)
    longest = longest_chain(graph, starts)
    assert longest == pytest.approx(arrivals(graph, tuple(starts)))
    alone = max(max(op.delay_in, op.delay_out) for op in graph.operations)
    assert longest <= max(graph.usable_ns, alone) + 1e-9, "the placement keeps the period"


def test_two_adders_in_a_cycle_are_a_chain_of_both() -> None:
    graph = OperationGraph(
        tuple(operation(n, 0, 0.7, 0.7) for n in range(3)), tuple(Dependence(n, n + 1) for n in range(2)), USABLE
    )
    assert longest_chain(graph, (0, 0, 1)) == pytest.approx(1.4)
    assert longest_chain(graph, (0, 1, 2)) == pytest.approx(0.7)
