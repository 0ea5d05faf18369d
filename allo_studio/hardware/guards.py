"""In which iterations the guards of an operation hold, where they are functions of counters: arrays, no run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from allo_studio.hardware.counters import Environment, Integers
from allo_studio.hardware.nest import Item, Pipeline, Segment, walk
from allo_studio.hardware.operations import Constant, Guard, Index, Live, Operand, Operation, OperationGraph, Result
from allo_studio.types import INDEX

__all__ = ["Left", "holds", "left_values"]

# Where the value is computed that an earlier item leaves, by its number.
Left: TypeAlias = "Mapping[int, tuple[OperationGraph, Operand]]"

_Binary: TypeAlias = Callable[[Any, Any], Any]
# What is said of bits, of which a true one is -1.
_BITWISE: Mapping[str, _Binary] = {
    "arith.andi": np.bitwise_and,
    "arith.ori": np.bitwise_or,
    "arith.xori": np.bitwise_xor,
}
# Comparisons of numbers with a sign, by predicate.
_COMPARED: Mapping[int, _Binary] = {
    0: np.equal,
    1: np.not_equal,
    2: np.less,
    3: np.less_equal,
    4: np.greater,
    5: np.greater_equal,
}


class _Unknown(Exception):
    """A value is no function of counters."""


def left_values(items: Sequence[Item]) -> dict[int, tuple[OperationGraph, Operand]]:
    """Return where values are computed that straight code leaves to later items."""
    found: dict[int, tuple[OperationGraph, Operand]] = {}
    for item, _ in walk(items):
        if isinstance(item, Segment | Pipeline):
            found |= {number: (item.graph, operand) for number, operand in item.graph.exports.items()}
    return found


def holds(graph: OperationGraph, guards: Sequence[Guard], env: Environment, count: int, left: Left) -> Integers | None:
    """Return which of `count` iterations all guards hold in, as booleans; None where that depends on data.

    `env` has the values of all counters around.
    """
    known = np.ones(count, dtype=bool)
    evaluator = _Evaluator(env, count, left)
    try:
        for guard in guards:
            known &= (evaluator.operand(graph, guard.operand) != 0) == guard.truth
    except _Unknown:
        return None
    return known


@dataclass
class _Evaluator:
    env: Environment
    count: int
    left: Left

    def operand(self, graph: OperationGraph, operand: Operand) -> Integers:
        """Return a value in each iteration; raises _Unknown."""
        match operand:
            case Constant() if isinstance(operand.value, int):
                return np.full(self.count, operand.value, dtype=np.int64)
            case Index() if operand.type == INDEX:
                try:
                    return operand.expression.at(self.env, self.count)
                except KeyError:
                    raise _Unknown from None
            case Result():
                return self._result(graph, graph.operations[operand.operation])
            case Live() if operand.number in self.left:
                return self.operand(*self.left[operand.number])
        raise _Unknown

    def _result(self, graph: OperationGraph, op: Operation) -> Integers:
        if op.kind != "compute":
            raise _Unknown
        if op.function == "arith.select":
            condition, yes, no = (self.operand(graph, operand) for operand in op.inputs)
            return np.where(condition != 0, yes, no)
        bitwise = _BITWISE.get(op.function)
        if bitwise is not None and op.type.bits == 1:
            return np.asarray(bitwise(*(self.operand(graph, operand) for operand in op.inputs)), dtype=np.int64)
        if op.function == "arith.cmpi" and op.predicate in _COMPARED:
            sides = [self.operand(graph, operand) for operand in op.inputs]
            return np.where(_COMPARED[op.predicate](*sides), -1, 0)
        raise _Unknown
