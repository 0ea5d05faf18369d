"""How many cycles a function takes: a sum over its items.

Trip counts that are functions of outer counters and arguments are counted in closed form (`counting`). What depends on
data is counted by a run of the kernel (`execute.recording`): a latency is linear in how often each loop was entered and
went round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.execute.recording import LoopCount, Recording
from allo_studio.hardware.counters import Affine, Counter, variables
from allo_studio.hardware.counting import count
from allo_studio.hardware.indices import unsigned_name
from allo_studio.hardware.nest import Branch, Call, Item, Nested, Pipeline, Segment, WhileLoop, WhilePipeline, walk
from allo_studio.source import Span

__all__ = ["Control", "Run", "Undetermined", "arguments_needed", "constant_cycles", "total_cycles", "undetermined"]

# The items of each function by its name.
Control: TypeAlias = Mapping[str, Sequence[Item]]


@dataclass(frozen=True)
class Run:
    """What a run of a kernel tells: its control flow, and the values of whole scalar arguments by name.

    `functions` are the names in the recording of those functions whose schedule has another one.
    """

    arguments: Mapping[str, int] = field(default_factory=dict)
    recording: Recording | None = None
    functions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Undetermined:
    """Something that makes cycles depend on a run: what it is, in words, and where."""

    what: str
    span: Span | None
    data: bool


def undetermined(control: Control, name: str) -> tuple[Undetermined, ...]:
    """Return what in a function's control depends on arguments or data, in program order."""
    return tuple(_undetermined(control, name, {}))


def _undetermined(control: Control, name: str, known: Mapping[str, Affine | None]) -> Iterable[Undetermined]:
    for item, _ in walk(control[name]):
        match item:
            case Branch():
                sides = constant_cycles(control, item.then), constant_cycles(control, item.other)
                if sides[0] is None or sides[0] != sides[1]:
                    yield Undetermined("a branch", item.span, True)
            case WhileLoop() | WhilePipeline():
                yield Undetermined(f"the while loop {item.name}", item.span, True)
            case Nested() | Pipeline():
                yield from _unknown_bounds(item, known)
            case Call():
                sizes = dict(item.sizes)
                names = [spelling for name, _ in item.scalars for spelling in (name, unsigned_name(name))]
                inner = {name: sizes.get(name) for name in names}
                yield from _undetermined(control, item.function, inner)


def _unknown_bounds(item: Nested | Pipeline, known: Mapping[str, Affine | None]) -> Iterable[Undetermined]:
    for counter in item.counters if isinstance(item, Pipeline) else (item.counter,):
        # In a called function an argument that is a function of the caller's counters is known as they are.
        names = [key for key in counter.needs if isinstance(key, str)]
        words = f"the bounds of loop {counter.name}"
        if not counter.known or any(name in known and known[name] is None for name in names):
            yield Undetermined(words, counter.span, True)
        elif any(name not in known for name in names):
            yield Undetermined(words, counter.span, False)


def arguments_needed(control: Control, name: str) -> set[str]:
    """Return the scalar arguments that trip counts of a function, and of those that it calls, depend on."""
    found: set[str] = set()
    for item, _ in walk(control[name]):
        if isinstance(item, Call):
            sizes = dict(item.sizes)
            inner = arguments_needed(control, item.function) & set(sizes)
            found |= {key for argument in inner for key in variables(sizes[argument]) if isinstance(key, str)}
        elif isinstance(item, Nested | Pipeline):
            counters = item.counters if isinstance(item, Pipeline) else (item.counter,)
            found |= {key for counter in counters for key in counter.needs if isinstance(key, str)}
    return found


def constant_cycles(control: Control, items: Sequence[Item]) -> int | None:
    """Return the cycles of items where they are the same in all executions, else None."""
    total = 0
    for item in items:
        found = _constant(control, item)
        if found is None:
            return None
        total += found
    return total if items else 1


def _constant(control: Control, item: Item) -> int | None:
    match item:
        case Segment():
            return item.placement.depth
        case Pipeline():
            return None if item.trips is None else pipeline_cycles(item, item.trips, min(item.trips, 1), 1)
        case Nested():
            once, trips = constant_cycles(control, item.body), item.counter.constant_trips
            return None if once is None or trips is None else max(once * trips, 1)
        case Branch():
            sides = constant_cycles(control, item.then), constant_cycles(control, item.other)
            return sides[0] if sides[0] == sides[1] else None
        case Call():
            return constant_cycles(control, control[item.function])
    return None


def pipeline_cycles(item: Pipeline, iterations: int, nonempty: int, executions: int) -> int:
    """Return the cycles of so many iterations in so many executions, of which some are not empty."""
    working = item.placement.interval * (iterations - nonempty) + item.placement.depth * nonempty
    return working + executions - nonempty


def total_cycles(control: Control, name: str, run: Run | None = None) -> int:
    """Return the cycles of a function from its first to that of done, inclusive.

    Raises AlloError (code `hardware`) where they depend on arguments or data that `run` does not tell.
    """
    needs = undetermined(control, name)
    if any(need.data for need in needs):
        if run is None or run.recording is None:
            raise _needs_run(name, next(need for need in needs if need.data))
        return _Recorded(control, run).total(name)
    if needs and run is None:
        raise _needs_run(name, needs[0])
    return _Counted(control, run.arguments if run else {}).items(control[name], (), {}, 0)


def _needs_run(name: str, need: Undetermined) -> AlloError:
    message = (
        f"{name}: the cycles depend on {need.what}, which is known only for given {'data' if need.data else 'sizes'}"
    )
    return AlloError(Diagnostic("hardware", message, need.span, hint="simulate the kernel on data to get its cycles"))


@dataclass(frozen=True)
class _Counted:
    """Counts in closed form. Counters of called functions are renumbered so that they differ from the callers'."""

    control: Control
    arguments: Mapping[str, int]

    def items(
        self, items: Sequence[Item], outer: tuple[Counter, ...], known: Mapping[int | str, Affine], shift: int
    ) -> int:
        """Return the cycles of all executions of items under the counters around them."""
        constant = 0 if items else 1
        total = 0
        for item in items:
            found = _constant(self.control, item)
            if found is None:
                total += self._varying(item, outer, known, shift)
            else:
                constant += found
        return total + (constant * self._count(outer) if constant else 0)

    def _count(self, counters: tuple[Counter, ...], nonempty: Counter | None = None) -> int:
        return count(counters, self.arguments, nonempty)

    def _varying(self, item: Item, outer: tuple[Counter, ...], known: Mapping[int | str, Affine], shift: int) -> int:
        if isinstance(item, Pipeline):
            counters = [_shifted(counter, known, shift) for counter in item.counters]
            executions = self._count(outer)
            if not item.inner_trips:
                return executions
            iterations = self._count((*outer, *counters))
            return pipeline_cycles(item, iterations, self._count(outer, counters[0]), executions)
        if isinstance(item, Nested):
            counter = _shifted(item.counter, known, shift)
            empty = self._count(outer) - self._count(outer, counter)
            inside = {**known, item.counter.key: Affine.of(counter.key)}
            return empty + self.items(item.body, (*outer, counter), inside, shift)
        if isinstance(item, Branch):
            # Both sides take as long.
            return self.items(item.then, outer, known, shift)
        assert isinstance(item, Call)
        given: dict[int | str, Affine] = {name: sizes.substitute(known) for name, sizes in item.sizes}
        below = max((c.key for c in outer), default=-1) + 1
        return self.items(self.control[item.function], outer, given, below)


def _shifted(counter: Counter, known: Mapping[int | str, Affine], shift: int) -> Counter:
    moved = counter.substitute(known)
    return Counter(counter.key + shift, moved.name, moved.lower, moved.upper, moved.step, moved.lanes, moved.span)


@dataclass
class _Recorded:
    """Counts as a run had them. What it counts of a function are all its executions together."""

    control: Control
    run: Run
    # How often functions whose cycles vary are called by those that were looked at.
    called: dict[str, int] = field(default_factory=dict)

    def total(self, name: str) -> int:
        """Return the cycles of an execution of a function with those of what it calls."""
        total = self._items(name, self.control[name], 1)
        done: dict[str, int] = {}
        # A function calls only such as have no way back to it, so each is done when all its callers are.
        while waiting := [function for function in self.called if function not in done]:
            ready = next(f for f in waiting if not any(self._calls(other, f) for other in waiting if other != f))
            done[ready] = self._items(ready, self.control[ready], self.called[ready])
        return total + sum(done.values())

    def _calls(self, name: str, other: str) -> bool:
        inside = (item.function for item, _ in walk(self.control[name]) if isinstance(item, Call))
        return any(function == other or self._calls(function, other) for function in inside)

    def _items(self, name: str, items: Sequence[Item], executions: int) -> int:
        return sum(self._item(name, item, executions) for item in items) if items else executions

    def _item(self, name: str, item: Item, executions: int) -> int:
        constant = _constant(self.control, item)
        if constant is not None:
            return constant * executions
        match item:
            case Pipeline():
                first, last = self._loop(name, item.loops[0]), self._loop(name, item.loops[-1])
                if not item.inner_trips:
                    return first.entries
                return pipeline_cycles(item, last.groups, first.nonempty, first.entries)
            case WhilePipeline():
                return _while_cycles(item, self._loop(name, item.loop))
            case Nested():
                found = self._loop(name, item.loop)
                return found.entries - found.nonempty + self._items(name, item.body, found.iterations)
            case WhileLoop():
                found = self._loop(name, item.loop)
                tests = found.entries + found.iterations
                return self._items(name, item.test, tests) + self._items(name, item.body, found.iterations)
            case Branch():
                then, other = self._recording.branches[self._name(name), item.branch]
                return self._items(name, item.then, then) + self._items(name, item.other, other)
            case Call():
                self.called[item.function] = self.called.get(item.function, 0) + executions
                return 0
        raise AssertionError(f"an item of unknown cycles: {item}")

    def _loop(self, name: str, number: int) -> LoopCount:
        return self._recording.loops[self._name(name), number]

    def _name(self, name: str) -> str:
        return self.run.functions.get(name, name)

    @property
    def _recording(self) -> Recording:
        assert self.run.recording is not None
        return self.run.recording


def _while_cycles(item: WhilePipeline, found: LoopCount) -> int:
    """Return the cycles of all executions: each iteration but the first adds an interval."""
    repeated = item.placement.interval * (found.iterations - found.nonempty)
    return item.cycles(0) * (found.entries - found.nonempty) + item.cycles(1) * found.nonempty + repeated
