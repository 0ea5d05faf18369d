"""Instances of functions: each is checked once for each set of template arguments and id."""

from __future__ import annotations

import ast

from allo_studio.frontend.faults import Faults
from allo_studio.frontend.initialised import written
from allo_studio.frontend.module import Definition
from allo_studio.frontend.program import Compiled, Program
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.templates import Chosen, TemplateFault, choose, read_arguments
from allo_studio.frontend.tree_calls import Instance

__all__ = ["compile_instance", "instance_of"]


def instance_of(node: ast.Call, definition: Definition, scope: Scope) -> Instance | None:
    """Return the instance of a function that a call means; None after a report."""
    chosen = _chosen(node, definition, scope)
    return None if chosen is None else _instance(node, chosen, scope)


def _chosen(node: ast.Call, definition: Definition, scope: Scope) -> Chosen | None:
    if isinstance(node.func, ast.Subscript):
        return read_arguments(node.func, definition, scope)
    try:
        return choose(definition, ())
    except TemplateFault as fault:
        scope.faults.add("type", node.func, str(fault), fault.hint)
        return None


def _instance(node: ast.Call, chosen: Chosen, scope: Scope) -> Instance | None:
    program = scope.program
    assert program is not None, "a call is checked within a program"
    key = (id(chosen.definition.node), chosen.id, chosen.definition.module.bound)
    if key in program.known:
        return program.known[key]
    # The same text again, though with other values, would need a way to end that only running it could show.
    running = [name for number, name in program.open if number == key[0]]
    if running:
        names = [name for _, name in program.open]
        way = " → ".join([*names[names.index(running[0]) :], chosen.definition.node.name])
        scope.faults.add("unsupported", node, f"a function cannot call itself: {way}", "write a loop")
        return None
    instance = compile_instance(chosen, scope.faults.at(chosen.definition.module.source), program)
    program.known[key] = instance
    return instance


def compile_instance(chosen: Chosen, faults: Faults, program: Program) -> Instance | None:
    """Check a function and add it to the program; None where it has faults, which are reported."""
    definition = chosen.definition
    name = f"{definition.node.name}_{chosen.id}" if chosen.id else definition.node.name
    program.open.append((id(definition.node), definition.node.name))
    kernel = program.check(definition, faults, program)
    program.open.pop()
    if kernel is None:
        return None
    symbol = program.symbol(name)
    results = tuple(memory for memory in kernel.results if not memory.argument)
    changed = frozenset(written(kernel.body)) & frozenset(kernel.arguments)
    instance = Instance(
        symbol,
        definition.node.name,
        chosen.id,
        chosen.template,
        kernel.arguments,
        kernel.sizes,
        kernel.results,
        results,
        changed,
    )
    program.done.append(Compiled(instance, kernel))
    return instance
