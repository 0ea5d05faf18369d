"""The `return` of a kernel: which variables are its results, and whether the annotation agrees."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from allo_studio.frontend.annotations import array_type, result_types
from allo_studio.frontend.array_calls import run_calls
from allo_studio.frontend.called import is_call
from allo_studio.frontend.calls import check_results as check_call_results
from allo_studio.frontend.conversions import settle
from allo_studio.frontend.expressions import check_expression
from allo_studio.frontend.faults import Faults, counted
from allo_studio.frontend.initialised import written
from allo_studio.frontend.module import Function
from allo_studio.frontend.scope import Poison, Scope
from allo_studio.frontend.slices import whole
from allo_studio.frontend.struct_values import check_as
from allo_studio.frontend.tensors import check_tensor, is_tensor, materialise, shape_of, shape_text
from allo_studio.frontend.tree import Memory
from allo_studio.frontend.tree_statements import Declare, Kernel, Statement
from allo_studio.types import ArrayType

__all__ = ["check_outputs", "check_results", "split_return"]


def split_return(node: Function, faults: Faults) -> tuple[list[ast.stmt], ast.Return | None]:
    """Return the statements before the first `return` at the top level, and that `return`."""
    for number, statement in enumerate(node.body):
        if isinstance(statement, ast.Return):
            if number + 1 < len(node.body):
                after = node.body[number + 1]
                faults.add("unsupported", after, "nothing can follow `return`", "move `return` to the end")
            return node.body[:number], statement
    return node.body, None


@dataclass(frozen=True)
class _Result:
    """A returned memory, None after a report; a `made` one was made for the `return`, so its type is as promised."""

    part: ast.expr
    memory: Memory | None
    made: bool = False


def check_results(
    node: Function, last: ast.Return | None, body: tuple[Statement, ...], scope: Scope
) -> tuple[tuple[Memory, ...], tuple[Statement, ...]]:
    """Return the returned memories in order, and the statements that set those that only the `return` makes.

    They are checked against the annotation; faults are reported.
    """
    value = last.value if last is not None else None
    parts: list[ast.expr] = []
    if value is not None and not (isinstance(value, ast.Constant) and value.value is None):
        parts = value.elts if isinstance(value, ast.Tuple) else [value]
    promised = [array_type(part, scope) for part in result_types(node.returns)] if node.returns else []
    scope.pending, changed = [], written(body)
    results: list[_Result] = []
    for part in parts:
        run_calls(part, scope)
        if isinstance(part, ast.Call) and is_call(part, scope):
            results += _called(part, len(parts) == 1, scope)
            continue
        kind = promised[len(results)] if len(results) < len(promised) else None
        results.append(_result(part, kind, len(results), changed, scope))
    copies, scope.pending = tuple(scope.pending), []
    _check_repeated(results, scope)
    misplaced = last is None and any(isinstance(part, ast.Return) for part in ast.walk(node))
    if node.returns is not None and not misplaced:
        _check_annotation(node.returns, last, promised, results, scope)
    return tuple(result.memory for result in results if result.memory is not None), copies


def check_outputs(kernel: Kernel, faults: Faults) -> None:
    """Report a kernel without any result."""
    if not kernel.results and not written(kernel.body) & set(kernel.arguments):
        message = f"{kernel.name!r} has no result: it returns nothing and writes no argument"
        faults.add("type", kernel.span, message, "return a variable, or write to an array argument")


def _called(part: ast.Call, alone: bool, scope: Scope) -> list[_Result]:
    """Return the results of a call that is returned: as many as it has where it is returned alone."""
    found = check_call_results(part, (), scope)
    if found is not None and not alone and len(found) != 1:
        message = f"this call gives {counted(len(found), 'result')}, and one is returned here"
        scope.faults.add("shape", part, message, "assign them first: a, b = f(x)")
        return [_Result(part, None)]
    return [_Result(part, memory) for memory in found] if found is not None else [_Result(part, None)]


def _result(part: ast.expr, kind: ArrayType | None, number: int, changed: set[Memory], scope: Scope) -> _Result:
    if isinstance(part, ast.Name):
        meaning = scope.resolve(part)
        if meaning is None or isinstance(meaning, Poison):
            return _Result(part, None)
        # A new memory takes what is not the kernel's own to give away: unwritten arguments, state, tables.
        if isinstance(meaning, Memory) and _is_own(meaning, changed):
            return _Result(part, meaning)
    name = f"{part.id}_out" if isinstance(part, ast.Name) else f"result{number}"
    while scope.find(name) is not None:
        name += "_"
    if isinstance(part, ast.Name) and _differs(part, kind, scope):
        return _Result(part, None)
    if is_tensor(part, scope):
        return _Result(part, _array(part, kind, name, scope), made=kind is not None)
    value = check_as(part, kind.element, scope) if _is_record(part, kind) and kind else check_expression(part, scope)
    if value is None:
        return _Result(part, None)
    if kind is not None and kind.shape:
        message = f"this is one {value.type}, but the annotation promises {kind}"
        scope.faults.add("shape", part, message, "make the two agree")
        return _Result(part, None)
    settled = settle(value, kind.element if kind else value.type, scope)
    place = scope.faults.places.of(part)
    made = Memory(name, ArrayType(settled.type), place) if settled else None
    if made is not None:
        scope.pending.append(Declare(made, settled, place))
    return _Result(part, made, made=True)


def _is_record(part: ast.expr, kind: ArrayType | None) -> bool:
    return isinstance(part, ast.Dict) and kind is not None and not kind.shape


def _differs(part: ast.Name, kind: ArrayType | None, scope: Scope) -> bool:
    """Report a variable whose type is not the promised one."""
    memory = scope.find(part.id)
    if kind is None or not isinstance(memory, Memory) or memory.type == kind:
        return False
    _report_difference(part, memory, kind, scope)
    return True


def _report_difference(part: ast.expr, memory: Memory, kind: ArrayType, scope: Scope) -> None:
    code = "type" if memory.type.element != kind.element else "shape"
    message = f"{memory.name!r} is {memory.type}, but the annotation promises {kind}"
    scope.faults.add(code, part, message, "make the two agree")


def _is_own(memory: Memory, changed: set[Memory]) -> bool:
    if memory.by_value or memory.stateful:
        return False
    return memory in changed or not (memory.argument or memory.contents is not None)


def _array(part: ast.expr, kind: ArrayType | None, name: str, scope: Scope) -> Memory | None:
    """Return a new array of the promised type with the elements of an expression."""
    if kind is None:
        return materialise(part, name, scope)
    place = scope.faults.places.of(part)
    made = Memory(name, kind, place)
    if not kind.shape:
        scope.faults.add("shape", part, f"this is an array, but the annotation promises {kind}", "make the two agree")
        return None
    given, wanted = shape_of(part, scope), shape_text(made, scope)
    if given is not None and given != wanted:
        message = f"this is an array of {given}, but the annotation promises {kind}"
        scope.faults.add("shape", part, message, "make the two agree")
        return None
    stored = check_tensor(part, whole(made, scope), scope, part)
    scope.pending += (Declare(made, None, place), *(stored or ()))
    return made if stored is not None else None


def _check_repeated(results: list[_Result], scope: Scope) -> None:
    seen: set[Memory] = set()
    for result in results:
        if result.memory is not None and result.memory in seen:
            message = f"{result.memory.name!r} is returned twice"
            scope.faults.add("name", result.part, message, "return each variable once")
        if result.memory is not None:
            seen.add(result.memory)


def _check_annotation(
    annotation: ast.expr,
    last: ast.Return | None,
    promised: list[ArrayType | None],
    results: list[_Result],
    scope: Scope,
) -> None:
    if len(promised) != len(results):
        text = f"the annotation promises {counted(len(promised), 'result')}, "
        text += f"{len(results)} returned" if results else "but nothing is returned"
        place = last if last is not None else annotation
        scope.faults.add("type", place, text, "end the kernel with `return` and its results")
        return
    for result, kind in zip(results, promised, strict=True):
        memory = result.memory
        if memory is not None and kind is not None and memory.type != kind and not result.made:
            _report_difference(result.part, memory, kind, scope)
