"""Modulo scheduling against exhaustive search: the least interval, the least depth, and every rule of a placement."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, permutations, product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.hardware.bounds import port_bound, recurrence_bound
from allo_studio.hardware.chaining import Order, orders
from allo_studio.hardware.contention import Contention
from allo_studio.hardware.modulo import Limit, Placement, place, place_once
from allo_studio.hardware.operations import Dependence, Operation, OperationGraph, PortGroup
from allo_studio.types import INT32

USABLE = 2.0
# Any beyond all starts.
ONCE = 10_000


def operation(index: int, latency: int = 0, delay_in: float = 0.0, delay_out: float = 0.0) -> Operation:
    return Operation(index, "compute", "f", f"op{index}", (), INT32, latency, delay_in, delay_out)


def everywhere(members: Sequence[int], ports: int = 1) -> PortGroup:
    """Return accesses of one bank."""
    return PortGroup("X", ports, tuple(members), lambda a, b, later: True, lambda a, b: True, "read")


def moving(members: Sequence[int], banks: int, stride: int, ports: int = 1) -> PortGroup:
    """Return accesses of which each goes to the bank of its number, and `stride` banks further in each iteration."""

    def meets(a: int, b: int, later: int) -> bool:
        return (a - b - stride * later) % banks == 0

    return PortGroup("X", ports, tuple(members), meets, lambda a, b: stride % banks == (a - b) % banks == 0)


def scattered(draw: st.DrawFn, members: tuple[int, ...], array: str) -> PortGroup:
    """Return a group of random meetings, which repeat with a period of one to three iterations."""
    classes = {member: draw(st.sampled_from([0, 1, 10 + member, 10 + member])) for member in members}
    period = draw(st.sampled_from([1, 1, 2, 3]))
    rows = {pair: draw(st.lists(st.booleans(), min_size=period, max_size=period)) for pair in combinations(members, 2)}

    def always(a: int, b: int) -> bool:
        return classes[a] == classes[b]

    def meets(a: int, b: int, later: int) -> bool:
        if always(a, b):
            return True
        return rows[a, b][later % period] if a < b else rows[b, a][-later % period]

    ports = draw(st.sampled_from([1, 1, 2]))
    return PortGroup(array, ports, members, meets, always, draw(st.sampled_from(["any", "read", "write"])))


KINDS = [(0, 0.0, 0.0), (0, 0.6, 0.6), (0, 1.1, 1.1), (1, 0.6, 0.6), (2, 0.0, 1.5), (3, 1.1, 0.0)]


@st.composite
def graphs(draw: st.DrawFn, most: int = 4, ports: bool = True) -> OperationGraph:
    """Return a graph: values and orders go forward in an iteration, and any way to later ones."""
    count = draw(st.integers(1, most))
    operations = []
    for index in range(count):
        found = operation(index, *draw(st.sampled_from(KINDS)))
        operations.append(replace(found, wire=found.latency == 0 == found.delay_out and draw(st.booleans())))
    links: dict[Dependence, None] = {}
    for source, target in product(range(count), repeat=2):
        kind = draw(st.sampled_from(["none", "none", "value", "order", "back"]))
        if kind == "value" and source < target:
            links[Dependence(source, target)] = None
        elif kind == "order" and source < target:
            links[Dependence(source, target, 0, draw(st.integers(-1, 2)))] = None
        elif kind == "back":
            links[Dependence(source, target, draw(st.integers(1, 3)), draw(st.integers(-2, 4)))] = None
    timed = [n for n, op in enumerate(operations) if not op.wire]
    groups = []
    for array in draw(st.sampled_from(["X", "XY"])) if ports else "":
        members = tuple(n for n in timed if draw(st.integers(0, 5)))
        groups.append(scattered(draw, members, array))
    return OperationGraph(tuple(operations), tuple(links), USABLE, tuple(groups))


def crowded(group: PortGroup, starts: dict[int, int], interval: int) -> bool:
    """Whether, of the members that have a start, more meet pairwise than the group has ports."""

    def meet(a: int, b: int) -> bool:
        iterations, rest = divmod(starts[a] - starts[b], interval)
        return rest == 0 and group.meets(a, b, iterations)

    members = [member for member in group.members if member in starts]
    crowds = combinations(members, group.ports + 1)
    return any(all(meet(a, b) for a, b in combinations(crowd, 2)) for crowd in crowds)


def depth(graph: OperationGraph, starts: Sequence[int]) -> int:
    ends = (s + op.latency + 1 for s, op in zip(starts, graph.operations, strict=True) if not op.wire)
    return max(ends, default=0)


def assert_legal(graph: OperationGraph, found: Placement, interval: int) -> None:
    """Check a placement by the rules. (That orders are those of arrival times is tested with them.)"""
    assert len(found.starts) == len(graph.operations)
    assert all(start >= 0 for start in found.starts)
    for o in orders(graph):
        if interval < ONCE or not o.distance:
            assert found.starts[o.target] + interval * o.distance >= found.starts[o.source] + o.weight
    assert not any(crowded(group, dict(enumerate(found.starts)), interval) for group in graph.groups)
    assert found.depth == depth(graph, found.starts)


def reachable(links: Sequence[tuple[int, int, int]], count: int, residues: dict[int, int], modulus: int) -> bool:
    """Whether there are starts that keep the links, of which some are given modulo `modulus`: raise them step by step.

    Were they ever beyond the end, they would go on rising: there are four operations, and no weight is above 8.
    """
    starts = [residues.get(op, 0) for op in range(count)]
    changed = True
    while changed:
        changed = False
        for source, target, weight in links:
            least = starts[source] + weight
            if least > starts[target]:
                starts[target] = least + ((residues[target] - least) % modulus if target in residues else 0)
                changed = True
        if max(starts) > count * (modulus + 8 * count):
            return False
    return True


def possible(graph: OperationGraph, found: Sequence[Order], interval: int) -> bool:
    """Search all placements at an interval, however deep.

    Meetings of a group repeat with a period of 1, 2 or 3 iterations: of a member's start only the value modulo so many
    intervals matters (six, or fewer where that will do). The first member's may be 0: all starts can be shifted.
    """
    links = [(o.source, o.target, o.weight - interval * o.distance) for o in found]
    count = len(graph.operations)
    members = sorted({member for group in graph.groups for member in group.members})
    period = next(p for p in (1, 2, 3, 6) if all(repeats(group, p) for group in graph.groups))
    modulus = interval * period

    def search(residues: dict[int, int], left: Sequence[int]) -> bool:
        if any(crowded(group, residues, interval) for group in graph.groups):
            return False
        if not reachable(links, count, residues, modulus):
            return False
        choices = range(modulus) if residues else range(1)
        return not left or any(search({**residues, left[0]: residue}, left[1:]) for residue in choices)

    return search({}, members)


def repeats(group: PortGroup, period: int) -> bool:
    return all(
        group.meets(a, b, later) == group.meets(a, b, later + period)
        for a, b in combinations(group.members, 2)
        for later in range(6)
    )


def shallower(graph: OperationGraph, found: Sequence[Order], interval: int, less: int) -> bool:
    """Whether there is a placement of a depth of at most `less` at an interval, by a search over all starts."""
    links = [(o.source, o.target, o.weight - interval * o.distance) for o in found]

    def search(starts: dict[int, int]) -> bool:
        if any(s in starts and t in starts and starts[t] < starts[s] + weight for s, t, weight in links):
            return False
        if any(crowded(group, starts, interval) for group in graph.groups):
            return False
        op = len(starts)
        if op == len(graph.operations):
            return True
        operation = graph.operations[op]
        # A wire is not in the depth; nothing asks for more than 16 cycles between two operations.
        last = less + 16 if operation.wire else less - operation.latency - 1
        return any(search({**starts, op: start}) for start in range(last + 1))

    return search({})


@settings(max_examples=400, deadline=None)
@given(graphs(), st.integers(1, 4))
def test_the_interval_and_the_depth_are_the_least(graph: OperationGraph, asked: int) -> None:
    found, rules = place(graph, asked), orders(graph)
    assert_legal(graph, found, found.interval)
    assert found.proven
    least = next(interval for interval in range(asked, 60) if possible(graph, rules, interval))
    assert found.interval == least
    assert found.depth == 0 or not shallower(graph, rules, least, found.depth - 1)
    assert_limit(graph, found, asked)


def assert_limit(graph: OperationGraph, found: Placement, asked: int) -> None:
    limit = found.limit
    bounds = max(recurrence_bound(len(graph.operations), orders(graph)).bound, port_bound(graph.groups).bound)
    if limit.kind == "packing":
        assert limit.bound == found.interval > max(bounds, asked)
    else:
        assert limit.bound == bounds
        assert found.interval == max(bounds, asked)
    assert (limit.kind == "none") == (limit.bound == 1)
    if limit.kind == "port":
        group = next(g for g in graph.groups if set(limit.operations) <= set(g.members) and g.array == limit.array)
        assert all(group.always(a, b) for a, b in combinations(limit.operations, 2))
        assert limit.bound == -(-len(limit.operations) // group.ports)
        assert (limit.port_kind, limit.ports) == (group.kind, group.ports)


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_code_that_runs_once_is_of_the_least_depth(graph: OperationGraph) -> None:
    found = place_once(graph)
    assert_legal(graph, found, ONCE)
    assert found.proven
    assert found.interval == found.depth
    rules = [o for o in orders(graph) if not o.distance]
    assert found.depth == 0 or not shallower(graph, rules, ONCE, found.depth - 1)


@settings(max_examples=100, deadline=None)
@given(graphs(8, ports=False))
def test_without_ports_the_depth_is_the_longest_path(graph: OperationGraph) -> None:
    starts = [0] * len(graph.operations)
    for o in sorted(orders(graph), key=lambda o: o.source):
        if not o.distance:
            starts[o.target] = max(starts[o.target], starts[o.source] + o.weight)
    assert place_once(graph).depth == depth(graph, starts)
    # At an interval beyond all paths later iterations bind nothing.
    assert place(graph, 200).depth == depth(graph, starts)


@settings(max_examples=60, deadline=None)
@given(graphs(12), st.integers(1, 9))
def test_a_placement_of_more_operations_keeps_every_rule(graph: OperationGraph, asked: int) -> None:
    found = place(graph, asked)
    assert_legal(graph, found, found.interval)
    assert found.interval >= max(asked, found.limit.bound)
    assert_legal(graph, place_once(graph), ONCE)


def cycles(found: Sequence[Order], count: int) -> Iterator[tuple[Order, ...]]:
    """Yield every cycle of orders through distinct operations."""
    for length in range(1, count + 1):
        for nodes in permutations(range(count), length):
            if nodes[0] == min(nodes):
                steps = zip(nodes, (*nodes[1:], nodes[0]), strict=True)
                yield from product(*[[o for o in found if (o.source, o.target) == step] for step in steps])


def ratio(cycle: Sequence[Order]) -> int:
    return -(-sum(o.weight for o in cycle) // sum(o.distance for o in cycle))


@settings(max_examples=150, deadline=None)
@given(graphs(5, ports=False))
def test_the_recurrence_bound_is_that_of_the_tightest_cycle(graph: OperationGraph) -> None:
    rules, count = orders(graph), len(graph.operations)
    found = recurrence_bound(count, rules)
    assert found.bound == max([1, *(ratio(cycle) for cycle in cycles(rules, count))])
    if found.kind == "none":
        return
    first = found.operations.index(min(found.operations))
    named = (*found.operations[first:], *found.operations[:first])
    alike = [c for c in cycles(rules, count) if tuple(o.source for o in c) == named]
    assert (found.bound, found.distance) in {(ratio(c), sum(o.distance for o in c)) for c in alike}


def test_operations_that_wait_for_each_other_are_refused() -> None:
    graph = OperationGraph((operation(0), operation(1)), (Dependence(0, 1, 0, 1), Dependence(1, 0, 0, 0)), USABLE)
    for function in (place, place_once):
        with pytest.raises(AssertionError, match="wait for each other"):
            function(graph)


@pytest.mark.parametrize("ports", [1, 2])
def test_operations_bound_to_one_cycle_need_a_port_each(ports: int) -> None:
    links = (Dependence(0, 1, 0, 0), Dependence(1, 0, 0, 0))
    graph = OperationGraph((operation(0), operation(1)), links, USABLE, (everywhere((0, 1), ports),))
    for function in (place, place_once):
        if ports == 2:
            assert function(graph).starts == (0, 0)
        else:
            with pytest.raises(AssertionError, match="no schedule"):
                function(graph)


def test_an_interval_above_both_bounds() -> None:
    """Two accesses of one port, exactly two cycles apart: at II=2 they meet, though both bounds are 2."""
    links = (Dependence(0, 1, 0, 2), Dependence(1, 0, 1, 0))
    graph = OperationGraph((operation(0), operation(1)), links, USABLE, (everywhere((0, 1)),))
    found = place(graph)
    assert_legal(graph, found, 3)
    assert (found.interval, found.proven) == (3, True)
    assert found.limit == Limit("packing", 3, (0, 1), "X", 0, "read", 1)


def test_accesses_of_which_two_exclude_each_other_still_meet_the_third() -> None:
    """Two sides of an `if` share a port; each competes with what is outside of it, two cycles apart as above."""

    def together(a: int, b: int) -> bool:
        return {a, b} != {1, 2}

    group = PortGroup("X", 1, (0, 1, 2), lambda a, b, later: together(a, b) or later != 0, together, "write")
    links = (Dependence(0, 2, 0, 2), Dependence(2, 0, 1, 0))
    graph = OperationGraph(tuple(map(operation, range(3))), links, USABLE, (group,))
    found = place(graph)
    assert_legal(graph, found, 3)
    assert (found.interval, found.proven) == (3, True)


def test_accesses_may_go_apart_until_they_no_longer_meet() -> None:
    """Two accesses meet up to two iterations apart: at II=1 one starts three later than the other."""
    group = PortGroup("X", 1, (0, 1), lambda a, b, later: abs(later) < 3, lambda a, b: False)
    found = place(OperationGraph((operation(0), operation(1)), (), USABLE, (group,)))
    assert (found.interval, sorted(found.starts), found.depth) == (1, [0, 3], 4)
    contention = Contention((group,))
    assert (contention.repeat, contention.turns, contention.turn_bound) == ((3, 1), [[]], 1)


def test_banks_that_move_on_are_used_in_turn() -> None:
    """Of four accesses in four banks that move one further an iteration, each is where another one was before."""
    graph = OperationGraph(tuple(map(operation, range(4))), (), USABLE, (moving(range(4), 4, 1),))
    found = place(graph)
    assert (found.interval, found.starts) == (1, (0, 0, 0, 0))
    # Five accesses of four banks have four ports in a cycle, wherever each is.
    found = place(OperationGraph(tuple(map(operation, range(5))), (), USABLE, (moving(range(5), 4, 1),)))
    assert (found.interval, found.proven, found.limit.kind) == (2, True, "packing")


@pytest.mark.parametrize(("banks", "stride", "ports"), [(4, 1, 1), (4, 2, 2), (8, 3, 1), (6, 4, 2)])
def test_a_crowd_in_banks_that_move_on_fills_them(banks: int, stride: int, ports: int) -> None:
    """Each bank that is ever reached serves its ports' number of accesses in each cycle, and no schedule more."""
    graph = OperationGraph(tuple(map(operation, range(24))), (), USABLE, (moving(range(24), banks, stride, ports),))
    found = place(graph)
    assert_legal(graph, found, found.interval)
    assert (found.interval, found.proven) == (24 // (banks * ports), True)


def test_accesses_that_may_meet_anywhere_take_turns_at_one_port() -> None:
    """Subscripts computed from data: nothing is sure to meet, but all may."""
    group = PortGroup("X", 2, tuple(range(48)), lambda a, b, later: True, lambda a, b: a == b)
    graph = OperationGraph(tuple(map(operation, range(48))), (), USABLE, (group,))
    found = place(graph)
    assert_legal(graph, found, found.interval)
    assert (found.interval, found.depth, found.proven) == (24, 24, True)


def test_more_accesses_than_an_interval_has_slots() -> None:
    graph = OperationGraph(tuple(map(operation, range(7))), (), USABLE, (everywhere(range(7), 2),))
    found = place(graph)
    assert (found.interval, found.depth) == (4, 4)
    assert found.limit == Limit("port", 4, tuple(range(7)), "X", 0, "read", 2)
    assert place(graph, 6).limit.bound == 4
    assert (place(graph, 6).interval, place_once(graph).depth) == (6, 4)


def test_operations_chain_in_a_cycle_as_far_as_the_period_goes() -> None:
    operations = tuple(operation(n, 0, 0.9, 0.9) for n in range(5))
    graph = OperationGraph(operations, tuple(Dependence(n, n + 1) for n in range(4)), USABLE)
    for found in (place(graph), place_once(graph)):
        assert found.starts == (0, 0, 1, 1, 2)
        assert found.depth == 3


def test_nothing_takes_no_time() -> None:
    empty = OperationGraph((), (), USABLE)
    assert place(empty) == Placement(1, (), 0, Limit("none", 1), True)
    assert place_once(empty) == Placement(0, (), 0, Limit("none", 1), True)


def test_what_cannot_be_decided_is_not_called_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allo_studio.hardware.solver._OPERATIONS", 0)
    links = (Dependence(0, 1, 0, 2), Dependence(1, 0, 1, 0))
    graph = OperationGraph((operation(0), operation(1)), links, USABLE, (everywhere((0, 1)),))
    found = place(graph)
    assert_legal(graph, found, found.interval)
    assert (found.interval, found.proven, found.limit.kind) == (3, False, "recurrence")


def lanes(count: int, banks: int, rest: int) -> OperationGraph:
    """Return loads from one array, each with a product that goes into a chain of sums, and what else there is."""
    operations: list[Operation] = []
    links: list[Dependence] = []
    for n in range(count):
        operations += [operation(3 * n, 1, 0.2, 1.2), operation(3 * n + 1, 3, 0.5, 0.5)]
        operations.append(operation(3 * n + 2, 0, 0.7, 0.7))
        links += [Dependence(3 * n, 3 * n + 1), Dependence(3 * n + 1, 3 * n + 2)]
        if n:
            links.append(Dependence(3 * n - 1, 3 * n + 2))
    for n in range(3 * count, 3 * count + rest):
        operations.append(operation(n, n % 2, 0.6, 0.6))
        links.append(Dependence(n * 7919 % n, n))
    links.append(Dependence(3 * count - 1, 2, 1, 1))
    accesses = range(0, 3 * count, 3)

    def same(a: int, b: int) -> bool:
        return (a - b) // 3 % banks == 0

    group = PortGroup("X", 1, tuple(accesses), lambda a, b, later: same(a, b), same, "read")
    return OperationGraph(tuple(operations), tuple(links), USABLE, (group,))


@pytest.mark.parametrize(("banks", "interval"), [(1, 64), (4, 32), (64, 32)])
def test_two_thousand_operations_take_a_moment(banks: int, interval: int) -> None:
    graph = lanes(64, banks, 1800)
    found = place(graph)
    assert (found.interval, found.proven) == (interval, True)
    assert place(graph, 100).interval == 100


def test_meetings_are_asked_for_once() -> None:
    asked: set[tuple[int, int, int]] = set()

    def meets(a: int, b: int, later: int) -> bool:
        assert not {(a, b, later), (b, a, -later)} & asked
        asked.add((a, b, later))
        return (a - b + later) % 3 == 0

    group = PortGroup("X", 1, tuple(range(8)), meets, lambda a, b: a == b)
    place(OperationGraph(tuple(map(operation, range(8))), (), USABLE, (group,)))
    assert asked


def test_the_solver_is_not_loaded_for_what_is_easy() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from test_modulo import lanes, place; "
        "place(lanes(8, 2, 6)); assert not any(name.startswith('ortools') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_a_placement_does_not_change_from_run_to_run() -> None:
    graph = OperationGraph(
        tuple(operation(n, n % 3, 0.6, 0.6) for n in range(9)),
        tuple(Dependence(n, (n * 5 + 4) % 9, 1, 3) for n in range(9)),
        USABLE,
        (everywhere((0, 2, 4)), moving((1, 3, 5, 7), 3, 1)),
    )
    assert place(graph) == place(replace(graph))
