"""The outside of kernels: arguments and results, for the compiler and, without their bodies, for a palette."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from allo_studio.frontend.annotations import array_type, result_types
from allo_studio.frontend.bounds import check_parameter
from allo_studio.frontend.faults import Faults
from allo_studio.frontend.memories import Declared, declared_type
from allo_studio.frontend.module import Function, Module, read_module, too_deep
from allo_studio.frontend.places import Places
from allo_studio.frontend.scope import Poison, Scope
from allo_studio.frontend.tree import Memory
from allo_studio.source import Source, Span
from allo_studio.types import INT32, ArrayType

__all__ = ["KernelSignature", "SignaturePort", "check_arguments", "check_function", "list_kernels"]


@dataclass(frozen=True)
class SignaturePort:
    """An argument or a result as the text has it; `type` is None where the text names no known type."""

    name: str
    type: ArrayType | None


@dataclass(frozen=True)
class KernelSignature:
    """A kernel of a file, seen from outside."""

    name: str
    arguments: tuple[SignaturePort, ...]
    results: tuple[SignaturePort, ...]
    docstring: str
    span: Span


def list_kernels(source: Source) -> tuple[KernelSignature, ...]:
    """Return the kernels of a file in the order of the text; nothing of it is run.

    A kernel is a function at the top level with at least one argument or result that has a type annotation, and a
    name that does not start with `_`. Raises AlloError of code `syntax` where the text is not Python.
    """
    module = read_module(source)
    found = (function for function in module.functions.values() if _is_kernel(function))
    try:
        return tuple(_signature(function, module, source) for function in sorted(found, key=lambda f: f.lineno))
    except RecursionError:
        raise too_deep(Places(source)) from None


def check_function(node: Function, scope: Scope) -> None:
    """Report what a function has that a kernel cannot have."""
    faults, places = scope.faults, scope.faults.places
    if isinstance(node, ast.AsyncFunctionDef):
        faults.add("unsupported", places.name_of(node), "a kernel cannot be async", "write def")
    if not node.name.isascii():
        message = f"{node.name!r} has letters that hardware tools do not take"
        faults.add("name", places.name_of(node), message, "use a to z, A to Z, 0 to 9 and _")
    for decorator in node.decorator_list:
        faults.add("unsupported", decorator, "a kernel has no decorators: they would have to be run", "remove it")
    for parameter in getattr(node, "type_params", []):
        check_parameter(parameter, scope)
    named = node.args
    extra = [argument for argument in (named.vararg, named.kwarg, *named.kwonlyargs) if argument is not None]
    for argument in extra:
        faults.add(
            "unsupported",
            argument,
            f"{argument.arg!r}: only plain arguments are supported",
            "list every argument by name, with its type",
        )
    for default in (*named.defaults, *(d for d in named.kw_defaults if d is not None)):
        faults.add("unsupported", default, "default values of arguments are not supported", "leave it out")


def check_arguments(node: Function, scope: Scope) -> tuple[Memory, ...]:
    """Declare the arguments, and the named sizes of their types, and return them; faults are reported."""
    found = []
    for argument in (*node.args.posonlyargs, *node.args.args):
        place = scope.faults.places.of(argument)
        declared = declared_type(argument.annotation, scope) if argument.annotation else None
        if argument.annotation is None:
            hint = f"write {argument.arg}: float32 or {argument.arg}: float32[M, N]"
            scope.faults.add("type", argument, f"argument {argument.arg!r} has no type", hint)
        elif declared is not None:
            declared = _checked(argument.annotation, declared, scope)
        name_place = Span.at(place.source, place.line, place.column, len(argument.arg))
        if not scope.free(argument.arg, name_place):
            continue
        if declared is None:
            scope.declare(argument.arg, Poison(), place)
            continue
        kind = declared.type
        memory = Memory(argument.arg, kind, place, argument=True, by_value=not kind.shape, resource=declared.resource)
        scope.declare(argument.arg, memory, place)
        found.append(memory)
    return tuple(found)


def _checked(node: ast.expr, declared: Declared, scope: Scope) -> Declared | None:
    """Declare the sizes that an argument's type names, and report what only a local can be; None after a report."""
    if declared.stateful or declared.compile_time:
        kind = "Stateful" if declared.stateful else "ConstExpr"
        scope.faults.add("type", node, f"an argument cannot be {kind}", "declare a local variable, or leave it out")
        return None
    if declared.resource and not declared.type.shape:
        scope.faults.add("type", node, "a scalar argument is no memory", "leave Memory(...) out")
        return None
    place = scope.faults.places.of(node)
    for name, maximum in zip(declared.type.sizes, declared.type.shape, strict=False):
        known = scope.sizes.get(name)
        if known is not None and known.maximum != maximum:
            message = f"size {name!r} was declared with the maximum {known.maximum}, not {maximum}"
            scope.faults.add("shape", node, message, f'write "{name}" for the same size, or use another name')
            return None
        if name and known is None:
            if not scope.free(name, place):
                return None
            scope.sizes[name] = Memory(name, ArrayType(INT32), place, argument=True, by_value=True, maximum=maximum)
            scope.declare(name, scope.sizes[name], place)
    return declared


def _is_kernel(node: Function) -> bool:
    annotated = node.returns is not None or any(a.annotation for a in (*node.args.posonlyargs, *node.args.args))
    return annotated and isinstance(node, ast.FunctionDef) and not node.name.startswith("_")


def _signature(node: Function, module: Module, source: Source) -> KernelSignature:
    places = Places(source)
    # What is wrong with a type is reported when the kernel is parsed; here it is only left out.
    scope = Scope(module, Faults(places))
    arguments = tuple(
        SignaturePort(argument.arg, array_type(argument.annotation, scope) if argument.annotation else None)
        for argument in (*node.args.posonlyargs, *node.args.args)
    )
    results = _results(node, scope)
    return KernelSignature(node.name, arguments, results, ast.get_docstring(node) or "", places.name_of(node))


def _results(node: Function, scope: Scope) -> tuple[SignaturePort, ...]:
    last = node.body[-1]
    returned: list[str] = []
    if isinstance(last, ast.Return) and last.value is not None:
        parts = last.value.elts if isinstance(last.value, ast.Tuple) else [last.value]
        returned = [part.id if isinstance(part, ast.Name) else "" for part in parts]
    types = [array_type(part, scope) for part in result_types(node.returns)] if node.returns else []
    size = max(len(returned), len(types))
    names = [*returned, *[""] * (size - len(returned))]
    kinds = [*types, *[None] * (size - len(types))]
    return tuple(
        SignaturePort(name or f"result{number}", kind)
        for number, (name, kind) in enumerate(zip(names, kinds, strict=True))
    )
