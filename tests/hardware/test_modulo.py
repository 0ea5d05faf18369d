"""Modulo scheduling against brute force: the least interval, and every rule that a placement must keep."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterator
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.hardware.modulo import place, place_once, port_bound, recurrence_bound
from allo_studio.hardware.operations import (
    Dependence,
    Operation,
    OperationGraph,
    PortUse,
    ports_needed,
    ports_of_iteration,
)

USABLE = 2.0
ARRAYS = {"X": 1, "Y": 2}


@st.composite
def graphs(draw: st.DrawFn, most: int = 7) -> OperationGraph:
    """Return a small graph: values flow forward, memory orders go both ways, some operations take ports."""
    count = draw(st.integers(1, most))
    operations = []
    for index in range(count):
        use = None
        if draw(st.booleans()):
            array = draw(st.sampled_from(sorted(ARRAYS)))
            group = draw(st.sampled_from([None, "i"]))
            bank, write = draw(st.integers(0, 1)), draw(st.booleans())
            use = PortUse(array, ARRAYS[array], group, (bank,), (bank, draw(st.integers(0, 1))), write)
        latency = draw(st.integers(0, 3))
        delays = draw(st.sampled_from([0.0, 0.6, 1.1])), draw(st.sampled_from([0.0, 0.6, 1.5]))
        operations.append(Operation(index, "op", f"op{index}", latency, *delays, use=use))
    links: dict[Dependence, None] = {}
    for source in range(count):
        for target in range(count):
            kind = draw(st.sampled_from(["none", "none", "value", "order", "back"]))
            if kind == "value" and source < target:
                links[Dependence(source, target)] = None
            elif kind == "order" and source < target:
                links[Dependence(source, target, 0, draw(st.integers(0, 1)))] = None
            elif kind == "back":
                links[Dependence(source, target, draw(st.integers(1, 3)), draw(st.integers(0, 4)))] = None
    return OperationGraph(tuple(operations), tuple(links), USABLE)


def arrivals(graph: OperationGraph, starts: tuple[int, ...]) -> dict[int, float] | None:
    """Return how far into its cycle each operation begins by chaining alone; None where a cycle is too full."""
    offset: dict[int, float] = {}
    for op in graph.operations:
        late = 0.0
        for d in graph.dependences:
            if d.target != op.index or d.weight is not None or d.distance:
                continue
            source = graph.operations[d.source]
            if starts[d.source] + source.latency == starts[op.index]:
                late = max(late, source.delay_out + (offset[d.source] if source.latency == 0 else 0.0))
        if late > 0 and late + op.delay_in > graph.usable_ns + 1e-6:
            return None
        offset[op.index] = late
    return offset


def uses_in_a_bank(graph: OperationGraph, starts: tuple[int, ...], interval: int) -> Iterator[tuple[str, int]]:
    """Yield, for each array and slot, the accesses that at worst meet in one bank.

    Accesses of one iteration and group are apart where their banks are, and one where they read one element; other
    accesses can be anywhere.
    """
    slots: dict[tuple[str, int], list[tuple[int, Operation]]] = defaultdict(list)
    for op in graph.operations:
        if op.use:
            slots[op.use.array, starts[op.index] % interval].append((starts[op.index], op))
    for (array, _), found in slots.items():
        groups: dict[object, dict[tuple[int, ...], set[object]]] = defaultdict(lambda: defaultdict(set))
        for start, op in found:
            assert op.use
            who = None if op.use.group is None else (start, op.use.group)
            groups[who][op.use.bank].add(
                ("write", op.index) if op.use.write else ("read", start, op.use.group, op.use.address)
            )
        yield array, sum(max(len(users) for users in banks.values()) for banks in groups.values())


def assert_legal(graph: OperationGraph, starts: tuple[int, ...], interval: int) -> None:
    assert len(starts) == len(graph.operations)
    assert min(starts) >= 0
    for d in graph.dependences:
        gap = starts[d.target] + interval * d.distance - starts[d.source]
        assert gap >= (graph.operations[d.source].latency if d.weight is None else d.weight), d
    assert arrivals(graph, starts) is not None
    for array, count in uses_in_a_bank(graph, starts, interval):
        assert count <= ARRAYS[array]


def least_interval(graph: OperationGraph, limit: int) -> int:
    """Return the least interval of all schedules of at most `limit` cycles for the starts, by exhaustive search."""
    interval = 1
    while not _search(graph, interval, limit, ()):
        interval += 1
    return interval


def _search(graph: OperationGraph, interval: int, limit: int, starts: tuple[int, ...]) -> bool:
    if len(starts) == len(graph.operations):
        return True
    index = len(starts)
    for start in range(limit):
        tried = (*starts, start)
        if _legal_so_far(graph, tried, interval, index) and _search(graph, interval, limit, tried):
            return True
    return False


def _legal_so_far(graph: OperationGraph, starts: tuple[int, ...], interval: int, last: int) -> bool:
    for d in graph.dependences:
        if max(d.source, d.target) == last:
            gap = starts[d.target] + interval * d.distance - starts[d.source]
            if gap < (graph.operations[d.source].latency if d.weight is None else d.weight):
                return False
    part = OperationGraph(
        graph.operations[: last + 1],
        tuple(d for d in graph.dependences if max(d.source, d.target) <= last),
        graph.usable_ns,
    )
    if arrivals(part, starts) is None:
        return False
    return all(count <= ARRAYS[array] for array, count in uses_in_a_bank(part, starts, interval))


@settings(max_examples=300, deadline=None)
@given(graphs(10), st.integers(1, 9))
def test_a_placement_keeps_every_rule(graph: OperationGraph, asked: int) -> None:
    found = place(graph, asked)
    assert_legal(graph, found.starts, found.interval)
    assert found.interval >= max(asked, found.limit.bound)
    assert found.depth == max(s + op.latency + 1 for s, op in zip(found.starts, graph.operations, strict=True))


@settings(max_examples=200, deadline=None)
@given(graphs(10))
def test_code_that_runs_once_overlaps_with_nothing(graph: OperationGraph) -> None:
    forward = OperationGraph(graph.operations, tuple(d for d in graph.dependences if not d.distance), USABLE)
    found = place_once(forward)
    assert_legal(forward, found.starts, found.depth + 1)
    assert found.interval == found.depth


_LEAST: Tally[str] = Tally()


@settings(max_examples=250, deadline=None)
@given(graphs(4))
def _compare(graph: OperationGraph) -> None:
    found = place(graph)
    # Beyond two intervals and all latencies in a row nothing is gained by starting later.
    limit = sum(op.latency + 2 for op in graph.operations) + 4
    least = least_interval(graph, limit)
    assert found.interval >= least, "below what any schedule reaches: a rule is not kept"
    assert max(recurrence_bound(graph).bound, port_bound(graph).bound) <= least, "a bound that is none"
    _LEAST["equal" if found.interval == least else "above"] += 1
    assert found.interval <= least + 2


def test_the_interval_is_nearly_always_the_least() -> None:
    _LEAST.clear()
    _compare()
    rate = _LEAST["equal"] / _LEAST.total()
    print(f"least interval found for {rate:.1%} of {_LEAST.total()} graphs")
    assert rate >= 0.97


def simple_cycles(graph: OperationGraph) -> Iterator[tuple[Dependence, ...]]:
    """Yield every cycle through distinct operations, once for each choice of dependences."""
    count = len(graph.operations)
    for length in range(1, count + 1):
        for nodes in permutations(range(count), length):
            if nodes[0] == min(nodes):
                yield from _along(graph, nodes, ())


def _along(
    graph: OperationGraph, nodes: tuple[int, ...], taken: tuple[Dependence, ...]
) -> Iterator[tuple[Dependence, ...]]:
    if len(taken) == len(nodes):
        yield taken
        return
    source, target = nodes[len(taken)], nodes[(len(taken) + 1) % len(nodes)]
    for d in graph.dependences:
        if (d.source, d.target) == (source, target):
            yield from _along(graph, nodes, (*taken, d))


@settings(max_examples=150, deadline=None)
@given(graphs(5))
def test_the_recurrence_bound_is_that_of_the_tightest_cycle(graph: OperationGraph) -> None:
    bound = 1
    for cycle in simple_cycles(graph):
        weight, distance = sum(graph.least_weight(d) for d in cycle), sum(d.distance for d in cycle)
        bound = max(bound, -(-weight // distance))
    found = recurrence_bound(graph)
    assert found.bound == bound
    if found.kind == "recurrence":
        named = set(found.operations)
        assert any(
            {d.source for d in cycle} == named
            and -(-sum(graph.least_weight(d) for d in cycle) // sum(d.distance for d in cycle)) == bound
            for cycle in simple_cycles(graph)
        )


_USES = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.builds(
            PortUse,
            st.just("X"),
            st.just(1),
            st.sampled_from([None, "i"]),
            st.tuples(st.integers(0, 2)),
            st.integers(0, 2),
            st.booleans(),
        ),
    ),
    max_size=6,
)


@given(_USES)
def test_ports_are_enough_for_every_place_the_accesses_can_be(uses: list[tuple[int, PortUse]]) -> None:
    """Move each group (of an iteration) by any number of banks: no bank ever needs more ports than are counted."""
    groups = sorted({(c, u.group) for c, u in uses if u.group is not None}, key=str)
    worst = 0
    for shifts in _all_shifts(len(groups), 3):
        moved = dict(zip(groups, shifts, strict=True))
        banks: dict[int, set[object]] = defaultdict(set)
        for number, (cycle, use) in enumerate(uses):
            shift = moved.get((cycle, use.group), 0)
            who = ("w", number) if use.write else ("r", cycle, use.group, use.address)
            banks[(use.bank[0] + shift) % 3].add(who)
        worst = max([worst, *(len(users) for users in banks.values())])
    assert ports_needed(uses) >= worst
    if len(groups) <= 1 and all(u.group is not None for _, u in uses):
        assert ports_needed(uses) == worst


def _all_shifts(count: int, banks: int) -> Iterator[tuple[int, ...]]:
    if not count:
        yield ()
        return
    for first in range(banks):
        for rest in _all_shifts(count - 1, banks):
            yield (first, *rest)


def test_an_interval_above_both_bounds() -> None:
    """Two accesses of one port, exactly two cycles apart: at II=2 they meet, though both bounds are 2."""
    uses = [PortUse("X", 1, None, (), address, False) for address in (0, 1)]
    operations = tuple(Operation(n, "load", "load", 0, 0.0, 0.0, use=use) for n, use in enumerate(uses))
    graph = OperationGraph(operations, (Dependence(0, 1, 0, 2), Dependence(1, 0, 1, 0)), USABLE)
    assert (recurrence_bound(graph).bound, port_bound(graph).bound) == (2, 2)
    found = place(graph)
    assert found.interval == least_interval(graph, 8) == 3
    assert_legal(graph, found.starts, 3)


def test_operations_chain_in_a_cycle_as_far_as_the_period_goes() -> None:
    operations = tuple(Operation(n, "add", "add", 0, 0.9, 0.9) for n in range(5))
    graph = OperationGraph(operations, tuple(Dependence(n, n + 1) for n in range(4)), USABLE)
    for found in (place(graph), place_once(graph)):
        assert found.starts == (0, 0, 1, 1, 2)
        assert found.depth == 3


def test_reads_of_one_element_share_a_port_only_between_its_writes() -> None:
    read = PortUse("C", 2, "g", (0,), "here", False)
    write = PortUse("C", 2, "g", (0,), "here", True)
    assert ports_of_iteration([read, read, read]) == 1
    assert ports_of_iteration([read, read, write, read, write]) == 4
    assert ports_of_iteration([read, PortUse("C", 2, "g", (1,), "there", False), write]) == 2
