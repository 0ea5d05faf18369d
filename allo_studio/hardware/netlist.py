"""The operations of one iteration as they are collected, with what is known of values in registers and memory.

A value that was just stored, or loaded before, is taken as it is and not loaded again; a variable is written at most
once an iteration, with the value that it has at the end; what happens under a condition becomes a choice of values
(Ferrante, Ottenstein and Warren's conversion of control into data), or a guard on a store.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias

from allo_studio.hardware.counters import Affine
from allo_studio.hardware.operations import Constant, Guard, Index, Operand, OperationKind, Result
from allo_studio.hardware.storage import Bound
from allo_studio.source import Span
from allo_studio.types import ScalarType, integer

__all__ = ["BIT", "Draft", "Netlist", "Subscripts", "constant_of", "distinct", "truth", "wrapped"]

# What a comparison gives: -1 (all ones) where it holds.
BIT = integer(1)

Subscripts: TypeAlias = "tuple[Affine | Operand, ...]"
_Known: TypeAlias = "dict[str, dict[Subscripts, Operand]]"


@dataclass(eq=False)
class Draft:
    """An operation that is not final; `operator` is its name and its operand type in the library, or None for wires.

    `implementation` is the one that it is bound to, empty where the library may choose.
    """

    number: int
    kind: OperationKind
    function: str
    label: str
    inputs: list[Operand]
    type: ScalarType
    operator: tuple[str, str | int] | None = None
    implementation: str = ""
    buffer: Bound | None = None
    subscripts: Subscripts = ()
    guards: tuple[Guard, ...] = ()
    predicate: int = 0
    chosen: bool = False
    span: Span | None = None
    dead: bool = False
    # How many elements of a stream's token are taken, or given, so far.
    elements: int = 0

    @property
    def operands(self) -> list[Operand]:
        """All values that it takes."""
        computed = [s for s in self.subscripts if not isinstance(s, Affine)]
        return [*self.inputs, *computed, *(guard.operand for guard in self.guards)]


def distinct(one: Subscripts, two: Subscripts) -> bool:
    """Tell whether subscripts of one array differ in every iteration, by a constant in some dimension."""
    return any(
        isinstance(a, Affine) and isinstance(b, Affine) and a.terms == b.terms and a.constant != b.constant
        for a, b in zip(one, two, strict=True)
    )


@dataclass
class Netlist:
    """Collects operations in program order."""

    # In program order, and by number.
    drafts: list[Draft] = field(default_factory=list)
    made: list[Draft] = field(default_factory=list)
    guards: list[Guard] = field(default_factory=list)
    tokens: dict[str, list[Draft]] = field(default_factory=dict)
    _known: _Known = field(default_factory=dict)
    _written: dict[str, tuple[Bound, Span | None]] = field(default_factory=dict)
    _stores: dict[str, dict[Subscripts, Draft]] = field(default_factory=dict)
    _computed: dict[Hashable, Operand] = field(default_factory=dict)
    _branches: Iterator[int] = field(default_factory=count)

    def add(
        self,
        kind: OperationKind,
        function: str,
        label: str,
        inputs: list[Operand],
        type: ScalarType,
        span: Span | None = None,
    ) -> Draft:
        """Append an operation."""
        draft = Draft(len(self.made), kind, function, label, inputs, type, span=span)
        self.drafts.append(draft)
        self.made.append(draft)
        return draft

    def compute(
        self,
        function: str,
        label: str,
        inputs: list[Operand],
        type: ScalarType,
        operator: tuple[str, str | int] | None = None,
        predicate: int = 0,
        span: Span | None = None,
        implementation: str = "",
    ) -> Operand:
        """Return what a function of values is; what was computed before is taken as it is."""
        key = (function, predicate, type, implementation, tuple(map(_mark, inputs)))
        if key not in self._computed:
            draft = self.add("compute", function, label, inputs, type, span)
            draft.operator, draft.predicate, draft.implementation = operator, predicate, implementation
            self._computed[key] = Result(draft.number)
        return self._computed[key]

    def choose(self, condition: Operand, yes: Operand, no: Operand, type: ScalarType, span: Span | None) -> Operand:
        """Return one of two values that are both there."""
        if isinstance(condition, Constant):
            return yes if condition.value else no
        if same(yes, no):
            return yes
        return self.compute("arith.select", "select", [condition, yes, no], type, ("select", type.bits), span=span)

    # Memory

    def load(self, buffer: Bound, subscripts: Subscripts, span: Span | None) -> Operand:
        """Return an element of a memory or the value of a variable."""
        element = buffer.storage.type.element
        if buffer.storage.stream:
            return self._take(buffer, subscripts, element, span)
        place: Subscripts = () if buffer.variable else subscripts
        known = self._known.setdefault(buffer.name, {})
        if place in known:
            return known[place]
        if buffer.fresh and buffer.variable:
            # Nothing was put into it yet; memory starts with zeros.
            return Constant(0.0 if element.is_float else 0, element)
        draft = self.add("load", "load", f"load {buffer.storage.name}", [], element, span)
        draft.buffer, draft.subscripts = buffer, subscripts
        known[place] = Result(draft.number)
        stores = self._stores.get(buffer.name, {})
        for other in [other for other in stores if not distinct(other, place)]:
            del stores[other]
        return known[place]

    def store(self, buffer: Bound, subscripts: Subscripts, value: Operand, span: Span | None) -> None:
        """Put a value into a memory or a variable."""
        if buffer.storage.stream:
            self._give(buffer, subscripts, value, span)
            return
        known = self._known.setdefault(buffer.name, {})
        if buffer.variable:
            known[()] = value
            self._written[buffer.name] = (buffer, span)
            return
        for other in [other for other in known if not distinct(other, subscripts)]:
            del known[other]
        known[subscripts] = value
        draft = self._store(buffer, subscripts, value, span)
        stores = self._stores.setdefault(buffer.name, {})
        before = stores.get(subscripts)
        if before is not None and set(draft.guards) <= set(before.guards):
            before.dead = True
        stores[subscripts] = draft

    def _store(self, buffer: Bound, subscripts: Subscripts, value: Operand, span: Span | None) -> Draft:
        name, element = buffer.storage.name, buffer.storage.type.element
        draft = self.add("store", "store", f"store {name}", [value], element, span)
        draft.buffer, draft.subscripts, draft.guards = buffer, subscripts, tuple(self.guards)
        return draft

    def _take(self, buffer: Bound, subscripts: Subscripts, type: ScalarType, span: Span | None) -> Operand:
        """Return the next element of a stream: of the token that was read last, or of a new one."""
        token = self._token(buffer, "read", subscripts, type, span)
        draft = self.add("element", "element", f"element of {buffer.storage.name}", [Result(token.number)], type, span)
        draft.buffer, draft.subscripts = buffer, subscripts
        return Result(draft.number)

    def _give(self, buffer: Bound, subscripts: Subscripts, value: Operand, span: Span | None) -> None:
        token = self._token(buffer, "write", subscripts, buffer.storage.type.element, span)
        token.inputs.append(value)
        # It happens when its last element is there.
        self.drafts.remove(token)
        self.drafts.append(token)

    def _token(
        self, buffer: Bound, kind: OperationKind, subscripts: Subscripts, type: ScalarType, span: Span | None
    ) -> Draft:
        tokens = self.tokens.setdefault(buffer.storage.name, [])
        if not tokens or tokens[-1].elements == buffer.storage.stream:
            made = self.add(kind, kind, f"{kind} {buffer.storage.name}", [], type, span)
            made.buffer, made.subscripts, made.guards = buffer, subscripts, tuple(self.guards)
            tokens.append(made)
        tokens[-1].elements += 1
        return tokens[-1]

    # Conditions

    def branch(self, condition: Operand, then: Callable[[], object], other: Callable[[], object]) -> None:
        """Collect what happens under a condition, and what else; variables get the value of the side that is taken."""
        if isinstance(condition, Constant):
            (then if condition.value else other)()
            return
        number = next(self._branches)
        before = _copy(self._known)
        self._guarded(Guard(condition, True, number), then)
        taken, self._known = self._known, before
        before = _copy(before)
        self._guarded(Guard(condition, False, number), other)
        self._merge(condition, taken)

    def _guarded(self, guard: Guard, collect: Callable[[], object]) -> None:
        self.guards.append(guard)
        collect()
        self.guards.pop()

    def _merge(self, condition: Operand, taken: _Known) -> None:
        """Join what is known on the side that was taken with what is known on the other (the present knowledge)."""
        other = self._known
        merged: _Known = {}
        for name in {**taken, **other}:
            one, two = taken.get(name, {}), other.get(name, {})
            merged[name] = {place: value for place, value in one.items() if place in two and same(two[place], value)}
        self._known = merged
        for name, (buffer, span) in self._written.items():
            sides = taken.get(name, {}).get(()), other.get(name, {}).get(())
            if sides[0] is not None and sides[1] is not None and same(sides[0], sides[1]):
                merged[name] = {(): sides[0]}
                continue
            # What was not written there is as it was before.
            old = self.load(buffer, (Affine(),) * len(buffer.storage.type.shape), span) if None in sides else None
            yes, no = (old if side is None else side for side in sides)
            assert yes is not None
            assert no is not None
            merged[name] = {(): self.choose(condition, yes, no, buffer.storage.type.element, span)}

    def close(self) -> None:
        """Write the variables that changed and that are there after the iteration."""
        for name, (buffer, span) in self._written.items():
            value = self._known[name].get(())
            if buffer.fresh or value is None or self._is_old(value, buffer):
                continue
            self._store(buffer, (Affine(),) * len(buffer.storage.type.shape), value, span)

    def _is_old(self, value: Operand, buffer: Bound) -> bool:
        """Tell whether a value is what the variable held before."""
        if not isinstance(value, Result):
            return False
        draft = self.made[value.operation]
        return draft.kind == "load" and draft.buffer == buffer


def _copy(known: _Known) -> _Known:
    return {name: dict(entries) for name, entries in known.items()}


def same(one: Operand, two: Operand) -> bool:
    """Tell whether two operands are one value, bit for bit: equal zeros may differ in their sign."""
    return _mark(one) == _mark(two)


def _mark(operand: Operand) -> Hashable:
    """Return what tells an operand from all others."""
    return (repr(operand.value), operand.type) if isinstance(operand, Constant) else operand


def constant_of(operand: Operand) -> Operand:
    """Return a constant where an operand is a constant function of counters."""
    if isinstance(operand, Index) and operand.expression.is_constant:
        return Constant(wrapped(operand.expression.constant, operand.type), operand.type)
    return operand


def wrapped(value: int, type: ScalarType) -> int:
    """Return an integer as the bits of a type hold it, with a sign."""
    if type.name == "index":
        return value
    half = 1 << (type.bits - 1)
    return ((value + half) & ((1 << type.bits) - 1)) - half


def truth(value: bool) -> Constant:
    """Return a bit."""
    return Constant(-1 if value else 0, BIT)
