"""Templates: functions whose types and sizes are given where they are called, or by `instantiate`.

A function's own parameters (`def gemm[T, M](...)`) take a list in their order or names; constants of the file, which
are the parameters of every function in it, take names. So do a function's named sizes: one that is set is no argument.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from allo_studio.frontend.constants import Constant, NotConstant, shown
from allo_studio.frontend.faults import candidates, counted
from allo_studio.frontend.module import Definition, named_sizes, read_module
from allo_studio.frontend.scope import Scope

__all__ = ["Chosen", "TemplateFault", "choose", "parameters_of", "read_arguments"]


@dataclass(frozen=True)
class Chosen:
    """What an instance is made of: the function with its parameters set, their text, and the instance's id."""

    definition: Definition
    template: tuple[tuple[str, str], ...] = ()
    id: str = ""


class TemplateFault(Exception):
    """Raised with a message and a hint where template arguments do not fit."""

    def __init__(self, message: str, hint: str) -> None:
        self.hint = hint
        super().__init__(message)


def parameters_of(definition: Definition) -> tuple[str, ...]:
    """Return the names of a function's own type parameters."""
    return tuple(str(parameter.name) for parameter in getattr(definition.node, "type_params", []))


def choose(definition: Definition, given: Sequence[Constant] | Mapping[str, Constant], id: str = "") -> Chosen:
    """Return the instance of a function for template arguments; raises TemplateFault where they do not fit it."""
    known = parameters_of(definition)
    if isinstance(given, Mapping):
        values = dict(given)
    else:
        if len(given) != len(known):
            raise _miscounted(definition, known, len(given))
        values = dict(zip(known, given, strict=True))
    missing = [name for name in known if name not in values]
    if missing:
        raise TemplateFault(
            f"{definition.node.name!r} needs a value for {', '.join(missing)}", _hint(definition, known)
        )
    outside = {**read_module(definition.module.source).parameters, **definition.module.parameters} if values else {}
    fixed = frozenset(named_sizes(definition.node)).intersection(values) - {*known, *outside}
    for name in values:
        if name not in known and name not in outside and name not in fixed:
            hint = candidates(name, [*known, *outside, *named_sizes(definition.node)], "parameters and constants")
            raise TemplateFault(f"{definition.node.name!r} has no parameter {name!r}", hint)
    if not values:
        return Chosen(definition, (), id)
    own = {name: value for name, value in values.items() if name in known or name in fixed}
    module = definition.module.with_constants({name: value for name, value in values.items() if name not in own})
    module = module.binding(own, {}, {}) if own else module
    chosen = replace(definition, module=module, fixed=fixed)
    return Chosen(chosen, tuple((name, shown(v)) for name, v in values.items()), id)


def _miscounted(definition: Definition, known: Sequence[str], given: int) -> TemplateFault:
    message = f"{definition.node.name!r} has {counted(len(known), 'template parameter')}, not {given}"
    return TemplateFault(message, _hint(definition, known))


def _hint(definition: Definition, known: Sequence[str]) -> str:
    name = definition.node.name
    return (
        f"write {name}[{', '.join(known)}](...)"
        if known
        else f"call it as {name}(...), or with an id: {name}['a'](...)"
    )


def read_arguments(node: ast.Subscript, definition: Definition, scope: Scope) -> Chosen | None:
    """Return the instance that `gemm[float32, 4, "K1"]` names; None after a report.

    Allowed are the function's parameters in order, or a dictionary of names, and an id as the last: a text.
    """
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    names: dict[str, Constant] = {}
    values: list[Constant] = []
    try:
        for part in parts:
            if isinstance(part, ast.Dict):
                names |= _named(part, scope)
            else:
                values.append(scope.constant(part))
        id = _take_id(values, parameters_of(definition))
        return choose(definition, names if names and not values else values, id)
    except NotConstant as fault:
        message = f"a template argument must be known when the kernel is compiled: {fault.reason}"
        scope.faults.add("type", fault.node, message, "use numbers, types and constants")
    except TemplateFault as fault:
        scope.faults.add("type", node, str(fault), fault.hint)
    return None


def _named(node: ast.Dict, scope: Scope) -> dict[str, Constant]:
    found: dict[str, Constant] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
            raise NotConstant(key or node, "the names of parameters are texts")
        found[key.value] = scope.constant(value)
    return found


def _take_id(values: list[Constant], known: Sequence[str]) -> str:
    """Remove the id from the end of template arguments and return it; "" where there is none."""
    if len(values) != len(known) + 1 and not (len(values) == 1 and isinstance(values[0], str)):
        return ""
    if not isinstance(values[-1], str):
        return ""
    id = str(values.pop())
    if not id.replace("_", "a").isalnum() or not id.isascii():
        raise TemplateFault(f"{id!r} cannot be the id of an instance", "an id is made of letters, digits and _")
    return id
