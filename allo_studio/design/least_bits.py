"""The depths of fewest bits that an oracle accepts, with a bound that proves how few there can be.

Whatever is accepted stays so with greater depths. A vector of depths that is refused comes with channels of which one
must be deeper, whatever the others hold: each such finding is a clause, and a vector of fewest bits that satisfies all
clauses found so far is either accepted, and then the optimum, or gives another clause (logic-based Benders
decomposition; J. N. Hooker and G. Ottosson, Mathematical Programming 96, 2003).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from typing import Any, TypeAlias

__all__ = ["Found", "Oracle", "least_bits"]

Depths: TypeAlias = dict[str, int]
# Returns None where depths are accepted, else channels of which one must be deeper (none: no depths are).
Oracle: TypeAlias = Callable[[Mapping[str, int]], "Sequence[str] | None"]

# The solver's own measure of time, the same on every machine. It proves most of these at once.
_SOLVER_TIME = 2.0
# Questions to the solver: of 300 graphs of up to 60 processes few need more, and come within percents of the bound.
_MOST_ROUNDS = 60


@dataclass(frozen=True)
class Found:
    """Depths that are accepted, none of which can be less by itself, and bits that no accepted depths are below."""

    depths: Mapping[str, int]
    bound: int


def least_bits(
    weights: Mapping[str, int],
    most: Mapping[str, int],
    enough: Mapping[str, int],
    oracle: Oracle,
    questions: int,
    floors: Mapping[str, int] | None = None,
) -> Found:
    """Return the depths of fewest bits, or good ones where so many questions do not suffice to prove any the best.

    `weights` are the bits of a token by channel. `most` must be accepted: no depth is above it. So must `enough` for
    any one channel, with the others at their most. `floors` are the least depths that there are, 1 where none is given.
    """
    return _Search(weights, most, enough, oracle, questions, floors or {}).run()


@dataclass
class _Search:
    weights: Mapping[str, int]
    most: Mapping[str, int]
    enough: Mapping[str, int]
    oracle: Oracle
    left: int
    floors: Mapping[str, int]
    least: Depths = field(default_factory=dict)
    # Each says that of these channels one must have more than so many tokens.
    clauses: list[Depths] = field(default_factory=list)

    def run(self) -> Found:
        for channel in self.weights:
            self.least[channel] = self._alone({**self.most, channel: self.enough[channel]}, channel)
        depths, bound = dict(self.least), self._bits(self.least)
        best: Depths | None = None
        for round_ in count():
            if self._ask(depths) is None:
                break
            # One vector after another from there to one that is accepted: many clauses for one question to the solver.
            repaired = self._repaired(depths)
            if best is None or self._bits(repaired) < self._bits(best):
                best = self._lessened(repaired)
            solved = _Master(self.weights, self.least, self.clauses).solve() if self._goes_on(round_) else None
            if solved is None:
                return Found(best, bound)
            depths, bound = solved[0], max(bound, solved[1])
            if bound >= self._bits(best):
                return Found(best, bound)
        # A solver that ran out of time may have returned more than it had to.
        return Found(depths if self._bits(depths) == bound else self._lessened(depths), bound)

    def _goes_on(self, round_: int) -> bool:
        return self.left > 0 and round_ < _MOST_ROUNDS

    def _repaired(self, depths: Mapping[str, int]) -> Depths:
        """Return accepted depths that are no less, and remember why each less one was refused."""
        found = dict(depths)
        while (blamed := self._ask(found)) is not None:
            clause = self._strengthened(found, blamed)
            self.clauses.append(clause)
            cheapest = min(clause, key=lambda name: ((clause[name] + 1 - found[name]) * self.weights[name], name))
            found[cheapest] = clause[cheapest] + 1
        return found

    def _ask(self, depths: Mapping[str, int]) -> Sequence[str] | None:
        self.left -= 1
        return self.oracle(depths)

    def _bits(self, depths: Mapping[str, int]) -> int:
        return sum(self.weights[channel] * depth for channel, depth in depths.items())

    def _alone(self, depths: Depths, channel: str) -> int:
        """Return the least depth of a channel that is accepted with the others as they are, which these are."""
        low, high, reach = self.least.get(channel, self.floors.get(channel, 1)), depths[channel], 1
        # Mostly it is the least already, or small: double first.
        if low < high and self._ask({**depths, channel: high - 1}) is not None:
            return high
        high = max(low, high - 1)
        while low < high:
            middle = max(low, min(reach, (low + high) // 2))
            reach *= 2
            if self._ask({**depths, channel: middle}) is None:
                high = middle
            else:
                low = middle + 1
        return high

    def _strengthened(self, depths: Mapping[str, int], blamed: Sequence[str]) -> Depths:
        """Return a clause: as great depths of as few channels as are refused, the others being as deep as can be."""
        held = {channel: depths[channel] for channel in blamed}
        again = self._ask({**self.most, **held})
        assert again is not None, "depths were refused for channels that are not the reason"
        held = {channel: held[channel] for channel in again if channel in held} or held
        for channel in sorted(held, key=lambda name: (-self.weights[name], name)):
            low, high = held[channel], self.most[channel]
            while low < high:
                middle = (low + high + 1) // 2
                if self._ask({**self.most, **held, channel: middle}) is None:
                    high = middle - 1
                else:
                    low = middle
            held[channel] = low
        return {channel: depth for channel, depth in held.items() if depth < self.most[channel]}

    def _lessened(self, start: Mapping[str, int]) -> Depths:
        """Return accepted depths none of which can be less by itself, the widest lessened first."""
        depths = dict(start)
        for channel in sorted(self.weights, key=lambda name: (-self.weights[name], name)):
            depths[channel] = self._alone(depths, channel)
        return depths


class _Master:
    """The fewest bits under the clauses that are known.

    A depth is the least of its channel, or one more than what one of the clauses says: each such step up is a literal
    that implies the steps below it and costs the bits in between.
    """

    def __init__(
        self, weights: Mapping[str, int], least: Mapping[str, int], clauses: Sequence[Mapping[str, int]]
    ) -> None:
        # It takes half a second to load, and most designs have no need of it.
        self.cp: Any = import_module("ortools.sat.python.cp_model")
        self.model: Any = self.cp.CpModel()
        self.least = least
        steps: dict[str, set[int]] = {channel: set() for channel in weights}
        for clause in clauses:
            for channel, depth in clause.items():
                steps[channel].add(depth + 1)
        self.steps: dict[tuple[str, int], Any] = {}
        cost: list[Any] = []
        for channel, depths in steps.items():
            below, before = least[channel], None
            for depth in sorted(depths):
                literal = self.steps[channel, depth] = self.model.NewBoolVar(f"{channel} >= {depth}")
                if before is not None:
                    self.model.AddImplication(literal, before)
                cost.append(literal * (weights[channel] * (depth - below)))
                below, before = depth, literal
        for clause in clauses:
            self.model.AddBoolOr([self.steps[channel, depth + 1] for channel, depth in clause.items()])
        self.model.Minimize(sum(cost) + sum(weights[channel] * depth for channel, depth in least.items()))

    def solve(self) -> tuple[Depths, int] | None:
        """Return depths, and a bound of the bits; None where none were found in time."""
        solver = self.cp.CpSolver()
        # One worker and its own measure of time: the same depths on every machine.
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 1
        solver.parameters.max_deterministic_time = _SOLVER_TIME
        # The relaxation of clauses is nearly whole; without it the search takes a hundred times as long.
        solver.parameters.linearization_level = 2
        status = solver.Solve(self.model)
        if status not in (self.cp.OPTIMAL, self.cp.FEASIBLE):
            return None
        depths = dict(self.least)
        for (channel, depth), literal in self.steps.items():
            if solver.Value(literal):
                depths[channel] = max(depths[channel], depth)
        return depths, round(solver.BestObjectiveBound())
