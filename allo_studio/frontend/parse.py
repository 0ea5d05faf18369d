"""The entry: from a kernel's source to its IR, or to all of its faults at once. Nothing of the file is run."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from typing import TypeGuard

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.frontend.constants import Constant, Number
from allo_studio.frontend.expressions import check_expression
from allo_studio.frontend.faults import Faults, candidates
from allo_studio.frontend.initialised import check_initialised
from allo_studio.frontend.instances import compile_instance
from allo_studio.frontend.lower import lower
from allo_studio.frontend.module import Definition, Module, named_sizes, read_module
from allo_studio.frontend.places import Places
from allo_studio.frontend.program import Program
from allo_studio.frontend.results import check_outputs, check_results, split_return
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.signature import check_arguments, check_function
from allo_studio.frontend.slices import is_view, view_of
from allo_studio.frontend.statements import check_block
from allo_studio.frontend.struct_values import check_as
from allo_studio.frontend.templates import TemplateFault, choose, parameters_of
from allo_studio.frontend.tensors import check_tensor, is_tensor, materialise
from allo_studio.frontend.tree import Expression, Memory
from allo_studio.frontend.tree_statements import Kernel, Statement
from allo_studio.ir import KernelIR
from allo_studio.source import Source, Span
from allo_studio.types import ArrayType, ScalarType, parse_type

__all__ = ["Parameter", "argument_types", "compile_kernel", "kernel_parameters", "module_parameters", "parse_kernel"]

# A type is given as text.
Parameter = Number | str


def parse_kernel(source: Source, function: str, params: Mapping[str, Parameter] | None = None) -> KernelIR:
    """Return the IR of the kernel `function` of a file, with `params` in the place of the file's constants.

    `params` also set the parameters of a template (`def gemm[T, M](...)`), and named sizes, which are no arguments
    then. Raises AlloError with every fault of the kernel: codes `syntax`, `name`, `type`, `shape`, `bounds`,
    `uninitialised` and `unsupported` have a span in the source; `params` is about the overrides.
    """
    definition = _definition(source, function)
    return compile_kernel(definition, _checked_params(source, definition, params or {}))


def argument_types(source: Source, function: str, params: Mapping[str, Parameter]) -> dict[str, ArrayType]:
    """Return the types of a kernel's arguments and results by name; for a kernel without named sizes.

    The kernel is checked as by `parse_kernel`, with the same errors, but no IR is made, which takes several times as
    long.
    """
    definition = _definition(source, function)
    program = _program(definition, _checked_params(source, definition, params))
    instance = program.done[-1].instance
    return {memory.name: memory.type for memory in (*instance.arguments, *instance.results)}


def compile_kernel(definition: Definition, given: Sequence[Constant] | Mapping[str, Constant] = ()) -> KernelIR:
    """Return the IR of a function and those that it calls, for template arguments `given`; raises AlloError."""
    source = definition.module.source
    try:
        return lower(_program(definition, given), source)
    except RecursionError:
        raise _too_deep(source) from None


def _definition(source: Source, function: str) -> Definition:
    module = read_module(source)
    definition = module.definition(function)
    if definition is None:
        hint = candidates(function, list(module.functions), "functions of the file")
        message = f"{source.path} has no kernel {function!r}"
        raise AlloError(Diagnostic("name", message, Span.at(source, 1, 1), hint=hint))
    return definition


def _program(definition: Definition, given: Sequence[Constant] | Mapping[str, Constant]) -> Program:
    """Return a function that was found correct, with those that it calls; raises AlloError."""
    source = definition.module.source
    try:
        chosen = choose(definition, given)
    except TemplateFault as fault:
        place = Places(source).name_of(definition.node)
        raise AlloError(Diagnostic("params", str(fault), place, hint=fault.hint)) from None
    faults = Faults(Places(source))
    program = Program(_check_kernel, _check_value, _copy, _write_back)
    try:
        compile_instance(chosen, faults, program)
    except RecursionError:
        raise _too_deep(source) from None
    faults.raise_if_any()
    return program


def _too_deep(source: Source) -> AlloError:
    hint = "split long expressions over several statements"
    return AlloError(Diagnostic("unsupported", "the kernel is nested too deeply", Span.at(source, 1, 1), hint=hint))


def module_parameters(source: Source) -> dict[str, Number]:
    """Return the constants of a file, which are its kernels' parameters, in the order of the text.

    Raises AlloError of code `syntax`. What is set in any other way than by folding constants is left out.
    """
    return {name: value for name, value in read_module(source).parameters.items() if _is_parameter(value)}


def kernel_parameters(source: Source, function: str) -> dict[str, Parameter | None]:
    """Return what `params` may set for a kernel: its template's parameters, the constants of its file, its named sizes.

    Types are given as text. A template's parameter has no value of its own: None. A named size, which a run tells where
    nothing sets it, is an empty text. Raises AlloError of code `syntax`.
    """
    module = read_module(source)
    definition = module.definition(function)
    own = parameters_of(definition) if definition else ()
    found: dict[str, Parameter | None] = dict.fromkeys(own)
    for name, value in _overridable(module).items():
        if name not in found:
            found[name] = str(value) if isinstance(value, ScalarType) else value
    sizes = named_sizes(definition.node) if definition else ()
    return {**found, **dict.fromkeys((name for name in sizes if name not in found), "")}


def _is_parameter(value: object) -> TypeGuard[Number]:
    return isinstance(value, float) or (_is_whole(value) and value.bit_length() <= 63)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_kernel(definition: Definition, faults: Faults, program: Program) -> Kernel | None:
    """Return a function that was found correct; None after reports."""
    node, known = definition.node, len(faults)
    scope = Scope(definition.module, faults, program, definition.fixed)
    check_function(node, scope)
    arguments = check_arguments(node, scope)
    statements, last = split_return(node, faults)
    body = check_block(statements, scope)
    results, copies = check_results(node, last, body, scope)
    if len(faults) > known:
        return None
    kernel = Kernel(
        node.name, arguments, results, (*body, *copies), faults.places.name_of(node), tuple(scope.sizes.values())
    )
    # These look at the whole, so what is wrong with a part would only mislead them.
    check_initialised(kernel, faults)
    check_outputs(kernel, faults)
    return kernel if len(faults) == known else None


def _check_value(node: ast.expr, kind: ScalarType, scope: Scope) -> Expression | None:
    return check_as(node, kind, scope)


def _copy(node: ast.expr, name: str, scope: Scope) -> Memory | None:
    return materialise(node, name, scope) if is_tensor(node, scope) else None


def _write_back(memory: Memory, node: ast.expr, scope: Scope) -> tuple[Statement, ...] | None:
    if not is_view(node, scope):
        return None
    view = view_of(node, scope, check_expression)
    # A name that no text can have.
    name = ast.copy_location(ast.Name(f"{memory.name} "), node)
    scope.declare(name.id, memory, memory.span)
    return None if view is None else check_tensor(name, view, scope, node)


def _checked_params(source: Source, definition: Definition, params: Mapping[str, Parameter]) -> dict[str, Constant]:
    """Return the overrides as values of the constants' own types; raises AlloError of code `params`."""
    faults: list[Diagnostic] = []
    checked: dict[str, Constant] = {}
    own, constants = parameters_of(definition), _overridable(definition.module)
    sizes = set(named_sizes(definition.node)) - {*own, *definition.module.parameters}
    for name, value in params.items():
        if name in own or name in sizes:
            checked[name] = _template_value(name, value, faults)
        elif name not in constants:
            hint = candidates(name, [*own, *constants, *sorted(sizes)], "constants of the file")
            faults.append(Diagnostic("params", f"{source.path} has no constant {name!r} to override", hint=hint))
        elif isinstance(constants[name], ScalarType):
            checked[name] = _template_value(name, value, faults)
        elif not _is_like(value, constants[name]):
            wanted = "a whole number" if isinstance(constants[name], int) else "a number"
            message = f"parameter {name!r} must be {wanted} of at most 63 bits, not {_shown(value)}"
            faults.append(Diagnostic("params", message, hint=f"the file has {name} = {constants[name]}"))
        else:
            checked[name] = float(value) if isinstance(constants[name], float) else value
    if faults:
        raise AlloError(faults)
    return checked


def _overridable(module: Module) -> dict[str, Number | ScalarType]:
    """Return the constants that a project may set: numbers and types of elements."""
    return {
        name: value
        for name, value in module.parameters.items()
        if _is_parameter(value) or isinstance(value, ScalarType)
    }


def _template_value(name: str, value: Parameter, faults: list[Diagnostic]) -> Constant:
    """Return a number, or the type that a text names."""
    if not isinstance(value, str):
        if isinstance(value, int | float) and not isinstance(value, bool) and _is_parameter(value):
            return value
        faults.append(
            Diagnostic("params", f"parameter {name!r} must be a number or the text of a type", hint="T: float32")
        )
        return 0
    try:
        kind: ArrayType = parse_type(value)
    except ValueError as fault:
        faults.append(Diagnostic("params", f"parameter {name!r}: {fault}", hint="T: float32"))
        return 0
    return kind if kind.shape else kind.element


def _is_like(value: object, known: Constant) -> bool:
    if _is_whole(value):
        return value.bit_length() <= 63
    return isinstance(known, float) and isinstance(value, float) and math.isfinite(value)


def _shown(value: object) -> str:
    return f"a {type(value).__name__}" if _is_whole(value) else repr(value)[:40]
