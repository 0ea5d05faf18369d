"""The `return` of a kernel: which variables are its results, and whether the annotation agrees."""

from __future__ import annotations

import ast

from allo_studio.frontend.annotations import array_type, result_types
from allo_studio.frontend.faults import Faults, counted
from allo_studio.frontend.initialised import written
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.signature import Function
from allo_studio.frontend.tree import Kernel, Memory

__all__ = ["check_outputs", "check_results", "split_return"]

_COPY = "return a local variable that is set to it"


def split_return(node: Function, faults: Faults) -> tuple[list[ast.stmt], ast.Return | None]:
    """Return the statements before the first `return` at the top level, and that `return`."""
    for number, statement in enumerate(node.body):
        if isinstance(statement, ast.Return):
            if number + 1 < len(node.body):
                after = node.body[number + 1]
                faults.add("unsupported", after, "nothing can follow `return`", "move `return` to the end")
            return node.body[:number], statement
    return node.body, None


def check_results(node: Function, last: ast.Return | None, scope: Scope) -> tuple[Memory, ...]:
    """Return the returned memories in order, checked against the annotation; faults are reported."""
    parts: list[ast.expr] = []
    if last is not None and last.value is not None:
        empty = isinstance(last.value, ast.Constant) and last.value.value is None
        parts = last.value.elts if isinstance(last.value, ast.Tuple) else [] if empty else [last.value]
    results = [_result(part, scope) for part in parts]
    _check_repeated(parts, scope)
    misplaced = last is None and any(isinstance(part, ast.Return) for part in ast.walk(node))
    if node.returns is not None and not misplaced:
        _check_annotation(node.returns, last, list(zip(parts, results, strict=True)), scope)
    return tuple(memory for memory in results if memory is not None)


def check_outputs(kernel: Kernel, last: ast.Return | None, faults: Faults) -> None:
    """Report a kernel without any result, and returned arguments that are never written."""
    changed = written(kernel)
    if not kernel.results and not changed & set(kernel.arguments):
        hint = "return a variable, or write to an array argument"
        faults.add(
            "type", kernel.span, f"{kernel.name!r} has no result: it returns nothing and writes no argument", hint
        )
    for memory in kernel.results:
        if memory.argument and memory not in changed and last is not None:
            hint = "return a local variable, or leave it out: the caller has the argument already"
            faults.add("type", last, f"{memory.name!r} is returned, but it is an argument that is never written", hint)


def _result(part: ast.expr, scope: Scope) -> Memory | None:
    if not isinstance(part, ast.Name):
        hint = "assign it to a declared variable and return that"
        scope.faults.add("unsupported", part, "only variables can be returned", hint)
        return None
    meaning = scope.resolve(part)
    if isinstance(meaning, Memory) and not meaning.by_value:
        return meaning
    if isinstance(meaning, Memory):
        scope.faults.add("type", part, f"{part.id!r} is a scalar argument, which cannot be a result", _COPY)
    elif isinstance(meaning, int | float):
        scope.faults.add("type", part, f"{part.id!r} is a constant of the file, which cannot be a result", _COPY)
    return None


def _check_repeated(parts: list[ast.expr], scope: Scope) -> None:
    seen: set[str] = set()
    for part in parts:
        if isinstance(part, ast.Name):
            if part.id in seen:
                scope.faults.add("name", part, f"{part.id!r} is returned twice", "return each variable once")
            seen.add(part.id)


def _check_annotation(
    annotation: ast.expr, last: ast.Return | None, results: list[tuple[ast.expr, Memory | None]], scope: Scope
) -> None:
    promised = result_types(annotation)
    types = [array_type(part, scope) for part in promised]
    if len(promised) != len(results):
        text = f"the annotation promises {counted(len(promised), 'result')}, "
        text += f"{len(results)} returned" if results else "but nothing is returned"
        place = last if last is not None else annotation
        scope.faults.add("type", place, text, "end the kernel with `return` and the names of its results")
        return
    for (part, memory), kind in zip(results, types, strict=True):
        if memory is not None and kind is not None and memory.type != kind:
            code = "type" if memory.type.element != kind.element else "shape"
            message = f"{memory.name!r} is {memory.type}, but the annotation promises {kind}"
            scope.faults.add(code, part, message, "make the two agree")
