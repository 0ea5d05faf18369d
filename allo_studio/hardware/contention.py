"""Which accesses compete for a memory's ports, and which of them a cycle can hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import lcm

import numpy as np

from allo_studio.hardware.operations import PortGroup

__all__ = ["Contention", "Occupancy", "Turn"]

# How many iterations are looked at to find after how many the meetings of accesses repeat: up to half of these.
_LOOK = 64


@dataclass(frozen=True)
class Turn:
    """Members of which `a` and `b` meet just where the iteration of `b` is `offsets[b] - offsets[a]` later.

    That is modulo `period`: over so many intervals each bank serves each of them once. A period of 1 is that of members
    which meet in whatever iterations.
    """

    period: int
    offsets: dict[int, int]


class Contention:
    """The port groups of a graph. It asks whether accesses meet once only for each pair and distance."""

    def __init__(self, groups: Sequence[PortGroup]) -> None:
        self.groups = tuple(group for group in groups if len(group.members) > group.ports)
        self.of: dict[int, list[int]] = defaultdict(list)
        for number, group in enumerate(self.groups):
            for member in group.members:
                self.of[member].append(number)
        self.classes = [_classes(group) for group in self.groups]
        self._known: dict[tuple[int, int, int, int], bool] = {}

    def always(self, group: int, a: int, b: int) -> bool:
        """Whether two members want one bank in all iterations."""
        return a == b or self.groups[group].always(a, b)

    def meet(self, group: int, a: int, b: int, later: int) -> bool:
        """Whether member `a` of an iteration and `b` of the iteration `later` after it may want one bank."""
        if self.always(group, a, b):
            return True
        key = (group, a, b, later) if a < b else (group, b, a, -later)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self.groups[group].meets(*key[1:])
        return known

    def pairs(self, group: int) -> list[tuple[int, int]]:
        """Return the pairs of members that do not always meet."""
        members = sorted(self.groups[group].members)
        return [(a, b) for a, b in combinations(members, 2) if not self.always(group, a, b)]

    @cached_property
    def cliques(self) -> list[list[list[int]]]:
        """For each group, its classes, joined where all their members meet in one iteration."""
        found: list[list[list[int]]] = []
        for group, classes in enumerate(self.classes):
            cliques: list[list[int]] = []
            for members in sorted(classes, key=len, reverse=True):
                fits = (c for c in cliques if all(self.meet(group, a, b, 0) for a in c for b in members))
                clique = next(fits, None)
                if clique is None:
                    cliques.append(list(members))
                else:
                    clique += members
            found.append(cliques)
        return found

    @cached_property
    def repeats(self) -> list[tuple[int, int] | None]:
        """From how many iterations on, and with what period, meetings of each group repeat; None where not seen.

        They do where banks are quasi-affine functions of the iteration's number. What is seen over `_LOOK` iterations
        is taken to go on.
        """
        return [self._find_repeat(group) for group in range(len(self.groups))]

    def _find_repeat(self, group: int) -> tuple[int, int] | None:
        rows = [
            [self.meet(group, a, b, sign * later) for later in range(_LOOK + 1)]
            for a, b in self.pairs(group)
            for sign in (1, -1)
        ]
        table = np.array(rows, dtype=bool).reshape(len(rows), _LOOK + 1)
        best: tuple[int, int] | None = None
        for period in range(1, _LOOK // 2 + 1):
            differs = np.flatnonzero((table[:, period:] != table[:, :-period]).any(axis=0))
            first = int(differs[-1]) + 1 if differs.size else 0
            if first + period <= _LOOK // 2 and (best is None or first + period < sum(best)):
                best = (first, period)
        return best

    @property
    def repeat(self) -> tuple[int, int] | None:
        """The same as `repeats` for all groups together."""
        found = [repeat for repeat in self.repeats if repeat is not None]
        if len(found) < len(self.groups):
            return None
        return max((first for first, _ in found), default=0), lcm(*(period for _, period in found))

    def meet_far(self, group: int, a: int, b: int, later: int) -> bool:
        """Tell the same as `meet`, for distances that were not looked at from what repeats."""
        repeat = self.repeats[group] if abs(later) > _LOOK else None
        if repeat is None:
            return self.meet(group, a, b, later)
        first, period = repeat
        size = abs(later)
        size = size if size < first + period else first + (size - first) % period
        return self.meet(group, a, b, size if later >= 0 else -size)

    @cached_property
    def turns(self) -> list[list[Turn]]:
        """For each group, members that take turns: of banks that all move on alike from iteration to iteration."""
        return [self._find_turns(group) for group in range(len(self.groups))]

    def _find_turns(self, group: int) -> list[Turn]:
        repeat = self.repeats[group]
        if repeat is None or repeat[0]:
            return []
        turns: list[Turn] = []
        left = list(self.groups[group].members)
        for period in (p for p in range(1, repeat[1] + 1) if repeat[1] % p == 0):
            found: list[Turn] = []
            for member in left:
                if not any(self._join(group, turn, member, repeat[1]) for turn in found):
                    found.append(Turn(period, {member: 0}))
            turns += [turn for turn in found if len(turn.offsets) > 1]
            left = [member for member in left if not any(member in turn.offsets for turn in turns)]
        return turns

    def _join(self, group: int, turn: Turn, member: int, repeat: int) -> bool:
        """Add a member to a turn that it fits in; False where it does not."""
        offset: int | None = None
        for other, at in turn.offsets.items():
            meets = [self.meet(group, other, member, k) for k in range(repeat)]
            if offset is None:
                offset = meets.index(True) if True in meets else 0
            if meets != [(k - offset + at) % turn.period == 0 for k in range(repeat)]:
                return False
        turn.offsets[member] = offset or 0
        return True

    @property
    def turn_bound(self) -> int:
        """The least interval at which the banks can serve the members that take turns."""
        return max(
            (
                -(-len(turn.offsets) // (group.ports * turn.period))
                for group, turns in zip(self.groups, self.turns, strict=True)
                for turn in turns
            ),
            default=1,
        )


def _classes(group: PortGroup) -> list[list[int]]:
    """Return the members in classes of those that always meet."""
    classes: list[list[int]] = []
    for member in group.members:
        # Not an equivalence: stores on two sides of an `if` may each meet what is outside of it.
        same = next((found for found in classes if all(group.always(other, member) for other in found)), None)
        if same is None:
            classes.append([member])
        else:
            same.append(member)
    return classes


class Occupancy:
    """The members that are placed at an interval, and whether there is a port for another one."""

    def __init__(self, contention: Contention, interval: int) -> None:
        self.contention = contention
        self.interval = interval
        self.slots: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)

    def add(self, member: int, start: int) -> None:
        """Note that `member` starts in the cycle `start` of its iteration."""
        for group in self.contention.of.get(member, ()):
            self.slots[group, start % self.interval][member] = start

    def remove(self, member: int, start: int) -> None:
        """Forget what `add` noted."""
        for group in self.contention.of.get(member, ()):
            del self.slots[group, start % self.interval][member]

    def crowd(self, member: int, start: int) -> tuple[int, ...]:
        """Return placed members that together take all ports that `member` could use at `start`; none if one is free.

        They meet each other and `member` pairwise.
        """
        for group in self.contention.of.get(member, ()):
            present = self.slots[group, start % self.interval]
            ports = self.contention.groups[group].ports
            if len(present) < ports:
                continue
            met = [other for other in present.items() if self._meet(group, (member, start), other)]
            crowd = self._clique(group, met, ports)
            if crowd is not None:
                return crowd
        return ()

    def _meet(self, group: int, a: tuple[int, int], b: tuple[int, int]) -> bool:
        return self.contention.meet(group, a[0], b[0], (a[1] - b[1]) // self.interval)

    def _clique(self, group: int, candidates: list[tuple[int, int]], size: int) -> tuple[int, ...] | None:
        """Return `size` candidates (member and start) that meet pairwise, or None."""
        if size == 0:
            return ()
        for number in range(len(candidates) - size + 1):
            one = candidates[number]
            met = [other for other in candidates[number + 1 :] if self._meet(group, one, other)]
            rest = self._clique(group, met, size - 1)
            if rest is not None:
                return (one[0], *rest)
        return None
