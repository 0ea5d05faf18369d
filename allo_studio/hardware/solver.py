"""Placements by constraint programming (OR-tools CP-SAT): whether an interval is possible, and a lesser depth.

The solver is loaded when it is first needed. It runs with one worker, a fixed seed and a limit of its deterministic
time, so that results can be reproduced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import combinations
from typing import Any, TypeAlias

from allo_studio.hardware.bounds import Problem

__all__ = ["Verdict", "decide", "shorten"]

# Deterministic time, which is about seconds, for an interval and for the depth.
_INTERVAL_EFFORT = 0.5
_DEPTH_EFFORT = 0.3
# What is done before the search has limits of its own.
_BEFORE = {
    "presolve_probing_deterministic_time_limit": 0.1,
    "symmetry_detection_deterministic_time_limit": 0.1,
    "max_presolve_iterations": 2,
}
# Beyond these a model is not tried.
_OPERATIONS, _FORBIDDEN, _CROWDS = 1000, 20_000, 4_000

# The distances, in iterations, at which a pair of members meets; None for all.
_Meetings: TypeAlias = "dict[tuple[int, int], list[int] | None]"


@dataclass(frozen=True)
class Verdict:
    """The starts that were found, if any, and whether what was asked is settled: nothing better is possible."""

    starts: tuple[int, ...] | None
    settled: bool


def decide(problem: Problem, interval: int) -> Verdict:
    """Find a placement at an interval that fits the recurrences, or prove that there is none."""
    if interval < problem.contention.turn_bound:
        return Verdict(None, True)
    found = _solve(problem, interval, _compact(problem, interval), None)
    if found.starts is not None:
        return found
    horizon = _horizon(problem, interval)
    if horizon is None:
        return Verdict(None, False)
    return _solve(problem, interval, [horizon] * len(problem.durations), None)


def shorten(problem: Problem, interval: int, starts: tuple[int, ...], least: int) -> Verdict:
    """Find a placement of the least depth, which is no less than `least`, from one that is legal."""
    found = _solve(problem, interval, _latest(problem, interval, problem.depth(starts)), (least, starts))
    return found if found.starts is not None else Verdict(starts, False)


def _compact(problem: Problem, interval: int) -> list[int]:
    """Return latest starts for a placement that is little deeper than it must be: most are, and are found soon."""
    return _latest(problem, interval, problem.least_depth(interval) + 2 * interval)


def _latest(problem: Problem, interval: int, depth: int) -> list[int]:
    """Return the latest start of each operation in a placement of a depth."""
    # Wires after which nothing else comes are not in the depth: when all else has started, they wait for paths only.
    end = depth + max(problem.heads(interval), default=0)
    return [min(end, depth - tail) for tail in problem.tails(interval)]


def _horizon(problem: Problem, interval: int) -> int | None:
    """Return a start that none need be after: where there is a placement, there is one up to there. None: not known.

    Take any placement; look at the starts of the accesses that compete, in order, from cycle 0 on. Let L be the
    longest path, so that no order, direct or through other operations, asks for more than L cycles between two of
    them; and let meetings repeat with a period of P iterations from F on. If two neighbours are L + (F + P) *
    interval or more apart, all from the later one on can start P * interval earlier: every order between the two sides
    still holds (those back hold all the more), slots stay, and all that were in one slot meet as before, for they are
    still F iterations apart or more. So each is less than that after the one before it. Everything else starts as
    early as those allow: at most L after the last.
    """
    longest = max(problem.heads(interval), default=0)
    if not problem.contention.of:
        return longest
    repeat = problem.contention.repeat
    if repeat is None:
        return None
    return len(problem.contention.of) * (longest + sum(repeat) * interval) + longest


def _solve(
    problem: Problem, interval: int, latest: Sequence[int], shorter: tuple[int, tuple[int, ...]] | None
) -> Verdict:
    """Solve with latest starts; for the least depth, given a lower bound of it and a placement, if asked to."""
    if len(problem.durations) > _OPERATIONS:
        return Verdict(None, False)
    model = _Model(problem, interval, latest)
    if not all(model.add_group(group) for group in range(len(problem.contention.groups))):
        return Verdict(None, False)
    if shorter is not None:
        model.add_depth(*shorter)
    return model.solve(_INTERVAL_EFFORT if shorter is None else _DEPTH_EFFORT)


class _Model:
    """A model of a problem at an interval: a start for each operation and, for accesses, the slot it is in."""

    def __init__(self, problem: Problem, interval: int, latest: Sequence[int]) -> None:
        self.cp: Any = import_module("ortools.sat.python.cp_model")
        self.model = self.cp.CpModel()
        self.problem = problem
        self.interval = interval
        self.last = max(latest, default=0)
        self.possible = True
        heads = problem.heads(interval)
        if any(head > late for head, late in zip(heads, latest, strict=True)):
            self.possible = False
            return
        self.starts = [
            self.model.new_int_var(head, late, f"start{op}")
            for op, (head, late) in enumerate(zip(heads, latest, strict=True))
        ]
        for o in problem.orders:
            if o.source != o.target:
                self.model.add(self.starts[o.target] - self.starts[o.source] >= o.weight - interval * o.distance)
        self.slots = {op: self._slot(op) for op in problem.contention.of}

    def _slot(self, op: int, period: int = 1, offset: int = 0) -> Any:
        """Return the start, plus an offset in iterations, modulo the interval or so many of them.

        It is the start itself where no placement is longer than the interval.
        """
        if self.last < self.interval:
            return self.starts[op]
        modulus = self.interval * period
        slot = self.model.new_int_var(0, modulus - 1, f"slot{op}")
        wraps = self.model.new_int_var(0, self.last // modulus + 1, f"wraps{op}")
        self.model.add(self.starts[op] + self.interval * offset == slot + modulus * wraps)
        return slot

    def add_group(self, number: int) -> bool:
        """Add that the ports of a group suffice in every slot. False where that would be too much to say."""
        if not self.possible:
            return True
        contention = self.problem.contention
        ports = contention.groups[number].ports
        meetings = self._meetings(number)
        if meetings is None:
            return False
        kin = self._add_kin(number, ports)
        if ports > 1:
            return self._add_crowds(number, meetings, kin)
        # Members that always meet need not be of one class: each of two that never do may meet all others.
        every = combinations(sorted(contention.groups[number].members), 2)
        always: _Meetings = {pair: None for pair in every if contention.always(number, *pair)}
        for pair, distances in {**always, **meetings}.items():
            if not any(members.issuperset(pair) for members in kin):
                self._apart(pair, distances)
        return True

    def _add_kin(self, number: int, ports: int) -> list[frozenset[int]]:
        """Add what is known of sets of members that all compete, and return these."""
        contention = self.problem.contention
        alone = self.last < self.interval
        kin = [frozenset(members) for members in (contention.cliques if alone else contention.classes)[number]]
        for members in kin:
            self._add_class([self.slots[member] for member in sorted(members)], ports)
        for turn in () if alone else contention.turns[number]:
            kin.append(frozenset(turn.offsets))
            slots = [self._slot(member, turn.period, offset) for member, offset in turn.offsets.items()]
            self._add_class(slots, ports)
        return kin

    def _add_class(self, slots: Sequence[Any], ports: int) -> None:
        if len(slots) <= ports:
            return
        if ports == 1:
            self.model.add_all_different(slots)
            return
        ones = [self.model.new_fixed_size_interval_var(slot, 1, "access") for slot in slots]
        self.model.add_cumulative(ones, [1] * len(ones), ports)

    def _meetings(self, group: int) -> _Meetings | None:
        """Return what pairs not of a class can meet, and where; None where that is too much."""
        reach = self.last // self.interval
        contention = self.problem.contention
        found: _Meetings = {}
        total = 0
        for a, b in contention.pairs(group):
            distances = [k for k in range(-reach, reach + 1) if contention.meet_far(group, a, b, k)]
            if distances:
                full = len(distances) == 2 * reach + 1
                found[a, b] = None if full else distances
                total += 0 if full else len(distances)
            if total > _FORBIDDEN:
                return None
        return found

    def _apart(self, pair: tuple[int, int], distances: list[int] | None, unless: Any = None) -> None:
        """Add that a pair does not meet, unless a literal is true."""
        a, b = pair
        if distances is None:
            constraint = self.model.add(self.slots[a] != self.slots[b])
        else:
            forbidden = self.cp.Domain.from_values([self.interval * k for k in distances])
            allowed = forbidden.complement().intersection_with(self.cp.Domain(-self.last, self.last))
            constraint = self.model.add_linear_expression_in_domain(self.starts[a] - self.starts[b], allowed)
        if unless is not None:
            constraint.only_enforce_if(~unless)

    def _add_crowds(self, number: int, meetings: _Meetings, kin: Sequence[frozenset[int]]) -> bool:
        """Add that of more members than ports, not all of one kin, some pair does not meet."""
        literals: dict[tuple[int, int], Any] = {}
        found = (crowd for crowd in self._crowds(number, meetings) if not any(k.issuperset(crowd) for k in kin))
        for count, crowd in enumerate(found):
            if count >= _CROWDS:
                return False
            for pair in combinations(crowd, 2):
                if pair not in literals:
                    literals[pair] = self.model.new_bool_var("meet")
                    self._apart(pair, meetings.get(pair), literals[pair])
            self.model.add_bool_or([~literals[pair] for pair in combinations(crowd, 2)])
        return True

    def _crowds(self, number: int, meetings: _Meetings) -> Iterator[tuple[int, ...]]:
        """Yield one member more than there are ports, of which every pair can meet."""
        contention = self.problem.contention
        group = contention.groups[number]
        if not meetings:
            return
        crowds: list[tuple[tuple[int, ...], list[int]]] = [((), sorted(group.members))]
        while crowds:
            crowd, rest = crowds.pop()
            if len(crowd) > group.ports:
                yield crowd
                continue
            for position, one in enumerate(rest):
                after = [m for m in rest[position + 1 :] if contention.always(number, one, m) or (one, m) in meetings]
                crowds.append(((*crowd, one), after))

    def add_depth(self, least: int, known: tuple[int, ...]) -> None:
        """Ask for the least depth, from a placement that is known."""
        depth = self.model.new_int_var(least, self.problem.depth(known), "depth")
        for op, duration in enumerate(self.problem.durations):
            self.model.add_hint(self.starts[op], known[op])
            if duration:
                self.model.add(self.starts[op] + duration <= depth)
        self.model.minimize(depth)

    def solve(self, effort: float) -> Verdict:
        """Return what the solver finds in a deterministic time."""
        if not self.possible:
            return Verdict(None, True)
        solver = self.cp.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 1
        solver.parameters.max_deterministic_time = effort
        for name, value in _BEFORE.items():
            setattr(solver.parameters, name, value)
        status = solver.solve(self.model)
        assert status != self.cp.MODEL_INVALID, self.model.validate()
        if status not in (self.cp.OPTIMAL, self.cp.FEASIBLE):
            return Verdict(None, bool(status == self.cp.INFEASIBLE))
        starts = tuple(int(solver.value(start)) for start in self.starts)
        return Verdict(self.problem.settled(self.interval, starts), bool(status == self.cp.OPTIMAL))
