"""Control as hardware: what starts when. An item begins in the cycle in which its `go` is set and returns a signal that
is set in its last cycle; what comes after it begins in the cycle after that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from allo_studio.backends.rtl.calls import Calls
from allo_studio.backends.rtl.circuit import Signal
from allo_studio.backends.rtl.counting import Count, count_of
from allo_studio.backends.rtl.expressions import Number
from allo_studio.backends.rtl.iterations import Issue, Iterations
from allo_studio.backends.rtl.scope import Scope
from allo_studio.hardware.nest import Branch, Call, Item, Nested, Pipeline, Segment, WhileLoop, WhilePipeline
from allo_studio.hardware.operations import Operand

__all__ = ["Control"]


@dataclass
class Control:
    """Builds the control of one function.

    `rewinds` says that the function is one pipeline that takes the next invocation while it is at work on this one;
    `accepts` is then set in the cycle before the first in which it does.
    """

    scope: Scope
    calls: Calls
    rewinds: bool = False
    accepts: Signal | None = None

    def items(self, items: Sequence[Item], go: Signal) -> Signal:
        """Build what runs one after another; return when the last is in its last cycle."""
        last = go
        for number, item in enumerate(items):
            last = self._item(item, go if not number else self._after(last))
        return last

    def _after(self, last: Signal) -> Signal:
        return self.scope.clocked.register(last, reset=0, hint="go")

    def _item(self, item: Item, go: Signal) -> Signal:
        circuit = self.scope.clocked.circuit
        with circuit.at(getattr(item, "span", None)):
            match item:
                case Segment():
                    return self._segment(item, go)
                case Pipeline():
                    return self._pipeline(item, go)
                case WhilePipeline():
                    return self._while_pipeline(item, go)
                case Nested():
                    return self._nested(item, go)
                case WhileLoop():
                    return self._while(item, go)
                case Branch():
                    return self._branch(item, go)
                case Call():
                    return self.calls.add(item, go, self.scope)

    # Operations

    def _segment(self, item: Segment, go: Signal) -> Signal:
        run = Iterations(self.scope, item.graph, item.placement, Issue(go, self.scope.numbers))
        run.build()
        end = item.placement.depth - 1
        last = run.valid(end)
        for number, operand in item.graph.exports.items():
            self._export(run, number, operand, end, last)
        return last

    def _export(self, run: Iterations, number: int, operand: Operand, stage: int, last: Signal) -> None:
        """Keep a value of a segment in a register from its last cycle on."""
        clocked = self.scope.clocked
        value = run.value(operand, stage)
        if value.value is not None:
            self.scope.leave(number, lambda: value, lambda: value)
            return
        held = clocked.register(value, last, hint=f"live_{number}")
        self.scope.leave(number, lambda: held, lambda: clocked.circuit.mux(last, value, held))

    # Loops

    def _pipeline(self, item: Pipeline, go: Signal) -> Signal:
        clocked, circuit = self.scope.clocked, self.scope.clocked.circuit
        numbers: dict[int | str, Number] = dict(self.scope.numbers)
        counts: list[Count] = []
        registers: list[Signal] = []
        nonempty = circuit.constant(1, 1)
        for level, counter in enumerate(item.counters):
            count = count_of(self.scope, counter, numbers, item.bounds if not level else None)
            nonempty = circuit.and_(nonempty, count.nonempty(circuit, numbers))
            # The first iteration is issued in the cycle of `go`, with all counts 0.
            register = circuit.later(count.range.bits)
            present = circuit.mux(go, circuit.constant(0, register.width), register)
            if count.range.most == 0:
                present = circuit.constant(0, register.width)
            numbers[counter.key] = Number(present, count.range)
            counts.append(count)
            registers.append(register)
        again = circuit.later(1)
        issued = circuit.or_(circuit.and_(go, nonempty), again)
        finished = self._advance(counts, registers, numbers, issued)
        place = item.placement
        more = circuit.and_(issued, circuit.not_(finished))
        circuit.drive(again, clocked.delay(more, place.interval, reset=0))
        own = {counter.key for counter in item.counters} | {f"@{counter.key}" for counter in item.counters}
        last_count = counts[-1]
        lanes = {
            lane: last_count.more(circuit, numbers, lane) if lane else circuit.constant(1, 1)
            for lane in range(last_count.counter.lanes)
        }
        if self.rewinds:
            # The next invocation's arguments come while iterations of this one are in flight.
            own |= set(self.scope.numbers)
        issue = Issue(issued, numbers, frozenset(own), lanes)
        Iterations(self.scope, item.graph, place, issue).build()
        ended = circuit.and_(issued, finished)
        empty = circuit.and_(go, circuit.not_(nonempty))
        if self.rewinds:
            # With an interval beyond the depth the kernel is done before the next iteration would start.
            least = min(place.interval, place.depth)
            self.accepts = circuit.or_(clocked.delay(ended, least - 1, reset=0), empty)
        return circuit.or_(clocked.delay(ended, place.depth - 1, reset=0), empty)

    def _advance(
        self,
        counts: Sequence[Count],
        registers: Sequence[Signal],
        numbers: Mapping[int | str, Number],
        issued: Signal,
    ) -> Signal:
        """Count on with each iteration that is issued; return whether it is the last."""
        clocked, circuit = self.scope.clocked, self.scope.clocked.circuit
        carry = circuit.constant(1, 1)
        for count, register in reversed(list(zip(counts, registers, strict=True))):
            present = numbers[count.key].signal
            last = count.last(circuit, numbers)
            onward = circuit.add(present, circuit.resize(carry, present.width, signed=False))
            following = circuit.mux(circuit.and_(carry, last), circuit.constant(0, present.width), onward)
            circuit.drive(register, clocked.register(following, issued, hint=count.counter.name))
            carry = circuit.and_(carry, last)
        return carry

    def _nested(self, item: Nested, go: Signal) -> Signal:
        clocked, circuit = self.scope.clocked, self.scope.clocked.circuit
        around = self.scope.numbers
        numbers: dict[int | str, Number] = dict(around)
        count = count_of(self.scope, item.counter, numbers, item.bounds)
        nonempty = count.nonempty(circuit, numbers)
        register = circuit.later(count.range.bits)
        present = circuit.mux(go, circuit.constant(0, register.width), register)
        numbers[item.counter.key] = Number(present, count.range)
        again = circuit.later(1)
        begins = circuit.or_(circuit.and_(go, nonempty), again)
        self.scope.numbers = numbers
        done = self.items(item.body, begins)
        self.scope.numbers = around
        onward = circuit.add(present, circuit.resize(done, present.width, signed=False))
        circuit.drive(register, clocked.register(onward, circuit.or_(go, done), hint=item.counter.name))
        final = count.last(circuit, numbers)
        circuit.drive(again, self._after(circuit.and_(done, circuit.not_(final))))
        return circuit.or_(circuit.and_(done, final), circuit.and_(go, circuit.not_(nonempty)))

    def _while(self, item: WhileLoop, go: Signal) -> Signal:
        circuit = self.scope.clocked.circuit
        again = circuit.later(1)
        tested = self.items(item.test, circuit.or_(go, again))
        holds = self.scope.outside(item.condition, now=True)
        done = self.items(item.body, self._after(circuit.and_(tested, holds)))
        circuit.drive(again, self._after(done))
        return circuit.and_(tested, circuit.not_(holds))

    def _while_pipeline(self, item: WhilePipeline, go: Signal) -> Signal:
        clocked, circuit = self.scope.clocked, self.scope.clocked.circuit
        again = circuit.later(1)
        issued = circuit.or_(go, again)
        place, known = item.placement, item.exit
        run = Iterations(
            self.scope, item.graph, place, Issue(issued, self.scope.numbers, squash=(known, item.condition))
        )
        run.build()
        decided, holds = run.valid(known), run.value(item.condition, known)
        onward = circuit.and_(decided, holds)
        circuit.drive(again, clocked.delay(onward, place.interval - known, reset=0))
        left = circuit.and_(decided, circuit.not_(holds))
        drain = place.depth - 1 - place.interval - known
        if drain <= 0:
            return left
        # The iteration before this one, if there was one, is still at work.
        first = clocked.register(go, issued, hint="first") if known else go
        alone = circuit.and_(left, first)
        drained = clocked.delay(circuit.and_(left, circuit.not_(first)), drain, reset=0)
        return circuit.or_(alone, drained)

    def _branch(self, item: Branch, go: Signal) -> Signal:
        clocked, circuit = self.scope.clocked, self.scope.clocked.circuit
        holds = self.scope.outside(item.condition)
        taken = clocked.register(holds, go, hint="taken")
        then = self.items(item.then, circuit.and_(go, holds))
        other = self.items(item.other, circuit.and_(go, circuit.not_(holds)))
        for number, yes, no in item.results:
            self._result(number, (yes, no), taken, circuit.mux(go, holds, taken))
        return circuit.or_(then, other)

    def _result(self, number: int, sides: tuple[Operand, Operand], taken: Signal, taking: Signal) -> None:
        """Leave the value of the side of a branch that was taken."""
        circuit, scope = self.scope.clocked.circuit, self.scope
        after = circuit.mux(taken, *(scope.outside(side) for side in sides))
        now = circuit.mux(taking, *(scope.outside(side, now=True) for side in sides))
        scope.leave(number, lambda: after, lambda: now)
