"""The computation of compile-time values by an evaluator of our own: nothing of a kernel file is ever run."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from allo_studio.frontend.constant_operations import (
    DTYPES,
    FUNCTIONS,
    MATH,
    OPERATORS,
    SIGNS,
    TYPES,
    apply,
    array_type,
    bounded,
    compare,
    element,
    is_number,
    make_type,
    table,
    truth,
)
from allo_studio.frontend.constants import Constant, NotConstant, Number
from allo_studio.lang import Memory
from allo_studio.types import NAMED, ScalarType, struct

__all__ = ["Meanings", "evaluate", "fold"]


class Meanings(Protocol):
    """What names of a file stand for that have no value: names of the language (types) and modules."""

    def language_name(self, node: ast.expr) -> str | None:
        """Return which name of the language an expression is, or None."""

    def module_name(self, node: ast.expr) -> str | None:
        """Return which module an expression is, or None."""


class _Nothing:
    def language_name(self, node: ast.expr) -> str | None:
        return None

    def module_name(self, node: ast.expr) -> str | None:
        return None


def evaluate(node: ast.expr, names: Mapping[str, Constant]) -> Number:
    """Return the value of an expression as a number (truth values are none); raises NotConstant."""
    value = fold(node, names)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotConstant(node, "it is no number")
    return value


def fold(node: ast.expr, names: Mapping[str, Constant], meanings: Meanings | None = None) -> Constant:
    """Return the value of an expression of constants; raises NotConstant.

    Folded are numbers, truth values, texts, lists, types, the operators, comparisons, and calls of `min`, `max`, `abs`,
    `len`, `int`, `float`, `round`, `sum`, `range`, of `math` functions and of `np.array`.
    """
    return _Folder(names, meanings or _Nothing()).value(node)


class _Folder:
    def __init__(self, names: Mapping[str, Constant], meanings: Meanings) -> None:
        self._names = names
        self._meanings = meanings

    def value(self, node: ast.expr) -> Constant:
        match node:
            case ast.Constant(value=bool() | int() | float() | str() as value):
                return bounded(node, value)
            case ast.Constant():
                raise NotConstant(node, "it is no number")
            case ast.Name(id=name) if name in self._names:
                return self._names[name]
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp(left=left, op=kind, right=right) if type(kind) in OPERATORS:
                one, two = self.value(left), self.value(right)
                return apply(node, OPERATORS[type(kind)], (one, two))
            case ast.BoolOp(op=kind, values=parts):
                return self._logic(isinstance(kind, ast.And), parts)
            case ast.Compare():
                return self._comparison(node)
            case ast.IfExp(test=test, body=body, orelse=other):
                return self.value(body if self.value(test) else other)
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return tuple(self.value(part) for part in parts)
            case ast.Subscript():
                return self._subscript(node)
            case ast.Call():
                return self._call(node)
        return self._named(node)

    def _named(self, node: ast.expr) -> Constant:
        known = self._meanings.language_name(node)
        if known in NAMED:
            return NAMED[known]
        if isinstance(node, ast.Attribute) and node.attr in ("bits", "fracs"):
            kind = self.value(node.value)
            if isinstance(kind, ScalarType):
                return int(getattr(kind, node.attr))
        if isinstance(node, ast.Attribute) and self._meanings.module_name(node.value) in ("math", "numpy"):
            number = {"pi": math.pi, "e": math.e, "tau": math.tau}.get(node.attr)
            if number is not None:
                return number
        if isinstance(node, ast.Name):
            raise NotConstant(node, f"{node.id!r} is no constant that is known here")
        raise NotConstant(node, "only numbers, names of constants, lists and + - * / // % ** are folded")

    def _unary(self, node: ast.UnaryOp) -> Constant:
        value = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return not truth(node, value)
        return apply(node, SIGNS[type(node.op)], (value,))

    def _logic(self, conjunction: bool, parts: Sequence[ast.expr]) -> Constant:
        value: Constant = conjunction
        for part in parts:
            value = self.value(part)
            if truth(part, value) != conjunction:
                break
        return value

    def _comparison(self, node: ast.Compare) -> Constant:
        left = self.value(node.left)
        for kind, part in zip(node.ops, node.comparators, strict=True):
            right = self.value(part)
            if not compare(node, kind, left, right):
                return False
            left = right
        return True

    def _subscript(self, node: ast.Subscript) -> Constant:
        value, at = self.value(node.value), self.value(node.slice)
        if isinstance(value, ScalarType):
            return array_type(node, value, at)
        if isinstance(value, np.ndarray):
            parts = at if isinstance(at, tuple) else (at,)
            return element(node, value, parts)
        if isinstance(value, tuple | str) and is_number(at) and isinstance(at, int):
            if -len(value) <= at < len(value):
                return value[at]
            raise NotConstant(node, f"index {at} is outside of the list")
        raise NotConstant(node, "only lists, tables and types take subscripts here")

    def _call(self, node: ast.Call) -> Constant:
        known = self._meanings.language_name(node.func)
        if known == "Struct" and len(node.args) == 1 and isinstance(node.args[0], ast.Dict):
            return self._struct(node, node.args[0])
        if known == "Memory":
            return self._memory(node)
        made = TYPES.get(known or "")
        if made is not None:
            return make_type(node, made, [self.value(part) for part in node.args], self._keywords(node))
        if isinstance(node.func, ast.Attribute):
            return self._module_call(node, node.func)
        if known in NAMED or not isinstance(node.func, ast.Name) or node.func.id in self._names or node.keywords:
            raise NotConstant(node, "this call is not folded")
        operation = FUNCTIONS.get(node.func.id)
        if operation is None:
            raise NotConstant(node, "this call is not folded")
        return apply(node, operation, tuple(self.value(part) for part in node.args))

    def _struct(self, node: ast.Call, entries: ast.Dict) -> Constant:
        fields = []
        for key, part in zip(entries.keys, entries.values, strict=True):
            name, kind = self.value(key) if key else None, self.value(part)
            if not isinstance(name, str) or not isinstance(kind, ScalarType):
                raise NotConstant(node, 'a Struct is made of names and types: Struct({"x": int32})')
            fields.append((name, kind))
        return make_type(node, struct, [tuple(fields)], {})

    def _memory(self, node: ast.Call) -> Memory:
        values: list[Any] = [self.value(part) for part in node.args]
        named: dict[str, Any] = dict(self._keywords(node))
        try:
            return Memory(*values, **named)
        except TypeError:
            raise NotConstant(node, "these are no arguments of Memory") from None

    def _keywords(self, node: ast.Call) -> dict[str, Constant]:
        return {entry.arg or "": self.value(entry.value) for entry in node.keywords}

    def _module_call(self, node: ast.Call, called: ast.Attribute) -> Constant:
        module = self._meanings.module_name(called.value)
        if module == "math" and called.attr in MATH and not node.keywords:
            return apply(node, getattr(math, called.attr), tuple(self.value(part) for part in node.args))
        if module == "numpy" and called.attr == "array" and len(node.args) == 1:
            return table(node, self.value(node.args[0]), [self._dtype(entry) for entry in node.keywords])
        raise NotConstant(node, "this call is not folded")

    def _dtype(self, entry: ast.keyword) -> str:
        node = entry.value
        plain = isinstance(node, ast.Attribute) and self._meanings.module_name(node.value) == "numpy"
        if entry.arg == "dtype" and plain and isinstance(node, ast.Attribute) and node.attr in DTYPES:
            return node.attr
        raise NotConstant(entry.value, "this keyword is not folded")
