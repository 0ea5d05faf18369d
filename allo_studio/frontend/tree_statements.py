"""Statements and kernels that were found correct: what checking hands to lowering, beside the values of `tree.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from allo_studio.frontend.tree import Expression, Memory, Subscript, Variable, parts_of, statements_in
from allo_studio.frontend.tree_calls import Call
from allo_studio.ir import LinearExpr
from allo_studio.source import Span

__all__ = ["Declare", "If", "Kernel", "Loop", "Statement", "Store", "While", "blocks_of", "statements_within", "walk"]


@dataclass(frozen=True)
class Declare:
    """The place where a local lives from, with what its elements are set to there (None: nothing)."""

    memory: Memory
    initial: Expression | None
    span: Span


@dataclass(frozen=True)
class Store:
    """`memory[subscripts] = value`; the value has the type of the memory's elements."""

    memory: Memory
    subscripts: tuple[Subscript, ...]
    value: Expression
    span: Span


@dataclass(frozen=True)
class Loop:
    """A loop; `band` is the name that the text gives its nest.

    The bounds are those of the variable, or `computed`: the first value and the end. A loop that stands for an array
    statement has the name of the array as `stem` of its names.
    """

    variable: Variable
    body: tuple[Statement, ...]
    span: Span
    band: str | None = None
    reduction: bool = False
    computed: tuple[Subscript, Subscript] | None = None
    stem: str = ""


@dataclass(frozen=True)
class If:
    """`if condition: body` with an `else` that may be empty; the condition is one bit."""

    condition: Expression
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True)
class While:
    """`while condition: body`; `before` runs ahead of each test of the condition."""

    before: tuple[Statement, ...]
    condition: Expression
    body: tuple[Statement, ...]
    span: Span


Statement = Declare | Store | Loop | If | While | Call


def blocks_of(statement: Statement) -> tuple[tuple[Statement, ...], ...]:
    """Return the blocks of statements inside of a statement, in the order of the text."""
    match statement:
        case Loop(body=body):
            return (body,)
        case If(body=body, otherwise=otherwise):
            return (body, otherwise)
        case While(before=before, body=body):
            return (before, body)
    return ()


def walk(body: Iterable[Statement]) -> Iterator[Statement]:
    """Yield the statements of a body at any depth, those that run inside of values too, in the order of the text."""
    for statement in body:
        for value in _values(statement):
            yield from statements_within(value)
        yield statement
        for block in blocks_of(statement):
            yield from walk(block)


def statements_within(value: Expression) -> Iterator[Statement]:
    """Yield the statements that run inside of a value and of its parts, at any depth."""
    yield from walk(statements_in(value))
    for part in parts_of(value):
        yield from statements_within(part)


def _values(statement: Statement) -> tuple[Expression, ...]:
    match statement:
        case Declare(initial=initial):
            return (initial,) if initial is not None else ()
        case Store(subscripts=subscripts, value=value):
            return (*(part for part in subscripts if not isinstance(part, LinearExpr)), value)
        case Loop(computed=bounds):
            return tuple(end for end in bounds or () if not isinstance(end, LinearExpr))
        case If(condition=condition) | While(condition=condition):
            return (condition,)
    return statement.values


@dataclass(frozen=True)
class Kernel:
    """A whole kernel; `results` are the memories it returns, in order, `sizes` the named sizes of its arrays."""

    name: str
    arguments: tuple[Memory, ...]
    results: tuple[Memory, ...]
    body: tuple[Statement, ...]
    span: Span
    sizes: tuple[Memory, ...] = ()
