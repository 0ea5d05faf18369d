"""Calls of a kernel's own functions: which instance, and whether the arguments fit.

Scalars are passed by value, cast to the argument's type. Arrays are passed by reference and as they are: element type,
extents and named sizes agree, and an array that the function writes is passed once. Results are new memories of the
caller, or those that it names.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from allo_studio.frontend.called import called_by, is_call, name_of, report_no_function
from allo_studio.frontend.faults import candidates, counted
from allo_studio.frontend.instances import instance_of
from allo_studio.frontend.module import Definition, Function, own_names
from allo_studio.frontend.scope import Poison, Scope
from allo_studio.frontend.tree import Expression, Literal, Load, Memory, Scalar
from allo_studio.frontend.tree_calls import Call, Instance
from allo_studio.frontend.tree_statements import Declare
from allo_studio.types import INT32, ArrayType

__all__ = ["check_call", "check_results", "declare_function", "report_results"]


def check_call(node: ast.Call, scope: Scope) -> Expression | None:
    """Return the one scalar result of a call, which is pushed to `scope.pending`; None after a report."""
    found = check_results(node, (), scope)
    if found is None:
        return None
    if len(found) != 1 or found[0].type.shape:
        report_results(node, found, scope)
        return None
    return Load(found[0], (), scope.faults.places.of(node))


def report_results(node: ast.Call, found: Sequence[Memory], scope: Scope) -> None:
    """Report a call whose results are not the one that its place needs."""
    result = f"gives {found[0].type}" if len(found) == 1 else f"has {counted(len(found), 'result')}"
    hint = "assign its results to variables" if found else "write the call as a statement of its own"
    scope.faults.add("type", node, f"{name_of(node)!r} {result}, where one number is needed", hint)


def check_results(node: ast.Call, targets: Sequence[Memory | str | None], scope: Scope) -> tuple[Memory, ...] | None:
    """Push a call to `scope.pending` and return the memories with its results; None after a report.

    A result goes to the target of its place where that is a memory of just its type and not an argument of the call;
    else to a new memory, which has the target's name where it is a text. A result that is an argument of the function
    is the memory that was passed for it.
    """
    definition = called_by(node, scope)
    if definition is None:
        report_no_function(node, scope)
        return None
    instance = instance_of(node, definition, scope)
    arguments = _arguments(node, definition.node, scope)
    if instance is None or arguments is None:
        return None
    passed = _passed(node, arguments, instance, scope)
    if passed is None or not _alias_free(arguments, passed, instance, scope):
        return None
    results = _push(node, instance, passed, targets, scope)
    _write_back(arguments, passed, instance, scope)
    return results


def declare_function(node: Function, scope: Scope) -> None:
    """Bind the name of a function that is defined in a kernel; it knows the compile-time values of that place."""
    place = scope.faults.places.name_of(node)
    if not scope.free(node.name, place):
        return
    hidden = dict.fromkeys(scope.variables, "it is a variable of the kernel around; pass it as an argument")
    # What the function sets itself is its own, whatever the name means here.
    own = dict.fromkeys(own_names(node), "")
    constants = {name: value for name, value in scope.own_constants.items() if name not in own}
    functions = {name: value for name, value in scope.own_functions.items() if name not in own}
    module = scope.module.binding(constants, functions, {**hidden, **own})
    scope.declare(node.name, Definition(node, module), place)


def _arguments(node: ast.Call, function: Function, scope: Scope) -> list[ast.expr] | None:
    """Return the argument expressions in the function's order; None after a report."""
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    if any(isinstance(part, ast.Starred) for part in node.args) or any(k.arg is None for k in node.keywords):
        scope.faults.add("unsupported", node, "`*` and `**` are not supported in a call", "write each argument")
        return None
    given = dict(zip(names, node.args, strict=False))
    for keyword in node.keywords:
        name = keyword.arg or ""
        if name not in names or name in given:
            fault = "is given twice" if name in given else f"is no argument of {function.name!r}"
            scope.faults.add("name", keyword, f"{name!r} {fault}", candidates(name, names, "arguments"))
            return None
        given[name] = keyword.value
    if len(node.args) > len(names) or len(given) != len(names):
        count = len(node.args) + len(node.keywords)
        message = f"{function.name!r} takes {counted(len(names), 'argument')}, not {count}"
        scope.faults.add("shape", node, message, f"write {function.name}({', '.join(names)})")
        return None
    return [given[name] for name in names]


_Passed = tuple[Memory | Expression, ...]


def _passed(node: ast.Call, given: list[ast.expr], instance: Instance, scope: Scope) -> _Passed | None:
    found = [_argument(part, formal, instance, scope) for part, formal in zip(given, instance.arguments, strict=True)]
    passed = tuple(value for value in found if value is not None)
    return passed if len(passed) == len(found) else None


def _argument(node: ast.expr, formal: Memory, instance: Instance, scope: Scope) -> Memory | Expression | None:
    assert scope.program is not None
    if formal.by_value:
        return scope.program.value(node, formal.type.element, scope)
    memory = _array(node, formal, instance, scope)
    if memory is None:
        return None
    if memory.by_value or not _fits(memory, formal):
        code = "type" if memory.type.element != formal.type.element else "shape"
        what = repr(memory.name) if isinstance(node, ast.Name) else "what is passed"
        message = f"argument {formal.name!r} of {instance.origin!r} is {formal.type}, but {what} is {memory.type}"
        hint = "arrays are passed as they are: make the two types agree"
        if memory.type.shape == formal.type.shape and not isinstance(node, ast.Name):
            hint = f"put it into an array of that type first: {formal.name}: {formal.type} = ..."
        scope.faults.add(code, node, message, hint)
        return None
    return memory


def _fits(memory: Memory, formal: Memory) -> bool:
    """Tell whether an array may be passed: a named size takes any size of its maximum, a plain extent no named one."""
    actual, wanted = memory.type, formal.type
    if (actual.element, actual.shape) != (wanted.element, wanted.shape):
        return False
    return all(size == "" or name for size, name in zip(actual.names, wanted.names, strict=True))


def _array(node: ast.expr, formal: Memory, instance: Instance, scope: Scope) -> Memory | None:
    """Return the array that an argument is; None after a report."""
    if isinstance(node, ast.Call) and is_call(node, scope):
        found = check_results(node, (), scope)
        if found is None or len(found) == 1:
            return found and found[0]
    elif isinstance(node, ast.Name):
        meaning = scope.resolve(node)
        if isinstance(meaning, Memory):
            return meaning
        if meaning is None or isinstance(meaning, Poison):
            return None
    elif scope.program is not None:
        known = len(scope.faults)
        copied = scope.program.copy(node, f"{instance.origin}_{formal.name}", scope)
        if copied is not None or len(scope.faults) > known:
            return copied
    message = f"argument {formal.name!r} of {instance.origin!r} is {formal.type}: an array is needed"
    scope.faults.add("type", node, message, "pass an array, or a slice of one")
    return None


def _owner(node: ast.expr, memory: Memory | Expression, scope: Scope) -> object:
    """Return the array of the caller that an argument is, or is a slice of."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return scope.find(node.id) if isinstance(node, ast.Name) else memory


def _alias_free(given: list[ast.expr], passed: _Passed, instance: Instance, scope: Scope) -> bool:
    """Tell whether every array that the function writes is passed once; a slice counts as its array."""
    owners = [_owner(node, value, scope) for node, value in zip(given, passed, strict=True)]
    for number, owner in enumerate(owners):
        others = [n for n, other in enumerate(owners) if n != number and other is owner]
        if isinstance(owner, Memory) and others and instance.arguments[number] in instance.changed:
            first, second = instance.arguments[number].name, instance.arguments[others[0]].name
            message = f"{owner.name!r} is passed as both {first!r}, which {instance.origin!r} writes, and {second!r}"
            scope.faults.add("type", given[max(number, others[0])], message, "pass a copy of the array")
            return False
    return True


def _write_back(given: list[ast.expr], passed: _Passed, instance: Instance, scope: Scope) -> None:
    """Push the statements that put slices which the function wrote back to where they come from."""
    assert scope.program is not None
    for node, memory, formal in zip(given, passed, instance.arguments, strict=True):
        if not isinstance(memory, Memory) or formal not in instance.changed or isinstance(node, ast.Name | ast.Call):
            continue
        statements = scope.program.write_back(memory, node, scope)
        if statements is None:
            message = f"{instance.origin!r} writes argument {formal.name!r}, and this is a value, not a place"
            scope.faults.add("type", node, message, "put it into an array of its own, and pass that")
        else:
            scope.pending += statements


def _push(
    node: ast.Call, instance: Instance, passed: _Passed, targets: Sequence[Memory | str | None], scope: Scope
) -> tuple[Memory, ...] | None:
    sizes = _sizes(node, instance, passed, scope)
    if sizes is None:
        return None
    place = scope.faults.places.of(node)
    owned = dict(zip(instance.arguments, passed, strict=True))
    made: dict[Memory, Memory] = {}
    wanted = [*targets, *[None] * len(instance.returned)]
    for result, target in zip(instance.returned, wanted, strict=False):
        if result in owned:
            continue
        kind = _type_here(result.type, instance, sizes)
        fits = isinstance(target, Memory) and target.type == kind and not target.by_value
        if isinstance(target, Memory) and fits and not any(target is one for one in (*passed, *made.values())):
            made[result] = target
            continue
        name = target if isinstance(target, str) else f"{instance.origin}_{result.name}"
        made[result] = Memory(name, kind, place)
        scope.pending.append(Declare(made[result], None, place))
    results = tuple(made[result] for result in instance.results)
    scope.pending.append(Call(instance, passed, sizes, results, place))
    return tuple(_result(result, owned, made) for result in instance.returned)


def _type_here(kind: ArrayType, instance: Instance, sizes: tuple[Expression, ...]) -> ArrayType:
    """Return the type of a result for the caller, whose sizes have other names, or are numbers."""
    known = {size.name: value for size, value in zip(instance.sizes, sizes, strict=True)}
    found = (known.get(name) for name in kind.sizes)
    names = tuple(value.memory.name if isinstance(value, Scalar) else "" for value in found)
    return ArrayType(kind.element, kind.shape, names if any(names) else ())


def _result(result: Memory, owned: dict[Memory, Memory | Expression], made: dict[Memory, Memory]) -> Memory:
    passed = owned.get(result)
    return passed if isinstance(passed, Memory) else made[result]


def _sizes(node: ast.Call, instance: Instance, passed: _Passed, scope: Scope) -> tuple[Expression, ...] | None:
    """Return the values of the instance's named sizes, from the arrays that are passed; None after a report."""
    found: dict[str, Expression] = {}
    place = scope.faults.places.of(node)
    for formal, memory in zip(instance.arguments, passed, strict=True):
        if not isinstance(memory, Memory):
            continue
        for dim, name in enumerate(formal.type.sizes):
            actual = memory.type.sizes[dim] if memory.type.sizes else ""
            value: Expression = Literal(memory.type.shape[dim], INT32, place)
            if actual:
                value = Scalar(scope.sizes[actual], place)
            if name and found.setdefault(name, value) != value:
                message = f"size {name!r} of {instance.origin!r} would have two values"
                scope.faults.add("shape", node, message, "pass arrays of one size")
                return None
    return tuple(found[size.name] for size in instance.sizes)
