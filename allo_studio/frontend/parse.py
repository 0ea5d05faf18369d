"""The entry: from a kernel's source to its IR, or to all of its faults at once. Nothing of the file is run."""

from __future__ import annotations

import math
from collections.abc import Mapping

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.frontend.constants import Number
from allo_studio.frontend.faults import Faults, candidates
from allo_studio.frontend.initialised import check_initialised
from allo_studio.frontend.lower import lower
from allo_studio.frontend.module import Module, read_module
from allo_studio.frontend.places import Places
from allo_studio.frontend.results import check_outputs, check_results, split_return
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.signature import Function, check_arguments, check_function
from allo_studio.frontend.statements import check_block
from allo_studio.frontend.tree import Kernel
from allo_studio.ir import KernelIR
from allo_studio.source import Source, Span

__all__ = ["module_parameters", "parse_kernel"]


def parse_kernel(source: Source, function: str, params: Mapping[str, Number] | None = None) -> KernelIR:
    """Return the IR of the kernel `function` of a file, with `params` in the place of the file's constants.

    Raises AlloError with every fault of the kernel: codes `syntax`, `name`, `type`, `shape`, `bounds`,
    `uninitialised` and `unsupported` have a span in the source; `params` is about the overrides.
    """
    try:
        return lower(_check(source, function, dict(params or {})), source)
    except RecursionError:
        place = Span.at(source, 1, 1)
        hint = "split long expressions over several statements"
        raise AlloError(Diagnostic("unsupported", "the kernel is nested too deeply", place, hint=hint)) from None


def module_parameters(source: Source) -> dict[str, Number]:
    """Return the constants of a file, which are its kernels' parameters, in the order of the text.

    Raises AlloError of code `syntax`. What is set in any other way than by folding constants is left out.
    """
    return dict(read_module(source).parameters)


def _check(source: Source, function: str, params: Mapping[str, Number]) -> Kernel:
    module = read_module(source)
    if params:
        module = read_module(source, _checked_params(source, module, params))
    node = module.functions.get(function)
    if node is None:
        hint = candidates(function, list(module.functions), "functions of the file")
        message = f"{source.path} has no kernel {function!r}"
        raise AlloError(Diagnostic("name", message, Span.at(source, 1, 1), hint=hint))
    return _check_kernel(node, module, source)


def _check_kernel(node: Function, module: Module, source: Source) -> Kernel:
    places = Places(source)
    faults = Faults(places)
    scope = Scope(module, faults)
    check_function(node, scope)
    arguments = check_arguments(node, scope)
    statements, last = split_return(node, faults)
    body = check_block(statements, scope)
    results = check_results(node, last, scope)
    faults.raise_if_any()
    kernel = Kernel(node.name, arguments, results, body, places.name_of(node))
    # These look at the whole, so what is wrong with a part would only mislead them.
    check_initialised(kernel, faults)
    check_outputs(kernel, last, faults)
    faults.raise_if_any()
    return kernel


def _checked_params(source: Source, module: Module, params: Mapping[str, Number]) -> dict[str, Number]:
    """Return the overrides as numbers of the constants' own types; raises AlloError of code `params`."""
    faults = []
    checked: dict[str, Number] = {}
    for name, value in params.items():
        known = module.parameters.get(name)
        if known is None:
            hint = candidates(name, list(module.parameters), "constants of the file")
            faults.append(Diagnostic("params", f"{source.path} has no constant {name!r} to override", hint=hint))
        elif not _is_like(value, known):
            wanted = "a whole number" if isinstance(known, int) else "a number"
            message = f"parameter {name!r} must be {wanted} of at most 63 bits, not {_shown(value)}"
            faults.append(Diagnostic("params", message, hint=f"the file has {name} = {known}"))
        else:
            checked[name] = float(value) if isinstance(known, float) else value
    if faults:
        raise AlloError(faults)
    return checked


def _is_like(value: object, known: Number) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return value.bit_length() <= 63
    return isinstance(known, float) and isinstance(value, float) and math.isfinite(value)


def _shown(value: object) -> str:
    return f"a {type(value).__name__}" if isinstance(value, int) and not isinstance(value, bool) else repr(value)[:40]
