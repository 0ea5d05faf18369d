"""A kernel that fires several times an invocation, as one that does all of that: its body in a loop over the firings.

An argument becomes the array of all firings, one part after another; one that is the same for all stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Argument, KernelIR, LinearExpr, in_context, walk
from allo_studio.ir.attributes import remove, set_text, set_text_map, symbol
from allo_studio.ir.binding import ir as mlir
from allo_studio.ir.build import alloc, for_loop, load, memref_type, store
from allo_studio.ir.rewrite import (
    at_end,
    at_start,
    erase,
    fresh_buffer_name,
    fresh_loop_name,
    move_before,
    operations,
)
from allo_studio.ir.views import LOOP_KINDS
from allo_studio.layout import Layout
from allo_studio.primitives.affine_maps import is_affine, without_symbols
from allo_studio.primitives.inlining import calls_in, expand
from allo_studio.primitives.reshape import carried, regrouped
from allo_studio.primitives.retype import fit_function_type, forget_tiles, retype, set_declared, uses_of
from allo_studio.primitives.rewrite import is_pure
from allo_studio.primitives.subscripts import Subscripts, Term
from allo_studio.types import ArrayType

__all__ = ["Together", "fire", "layout_of_all"]

_LOOP = "firing"


@dataclass(frozen=True)
class Together:
    """What an argument is over all firings: its extents, and the loops (by number) each of whose rounds has a part."""

    shape: tuple[int, ...]
    loops: tuple[int, ...]


def fire(kernel: KernelIR, counts: Sequence[int], arguments: Mapping[str, Together]) -> KernelIR:
    """Return the kernel that does all its firings, in one loop for each of `counts`, the outermost first.

    rewrite:
                                             for firing in range(8):
        for i in range(16):         ->           for i in range(16):
            y[i] = S(x[i])                           y[firing, i] = S(x[firing, i])

    `arguments` are those that differ between firings; others are the same for all. State goes on from one to the next.
    Raises AlloError (code `rate`) where one of these is a scalar that bounds or subscripts need.
    """
    changed = kernel.clone()
    with in_context():
        _inline(changed, set(arguments))
        for op in walk(changed.body):
            without_symbols(op)
        differing = {a.value for a in changed.arguments() if a.name in arguments}
        variables = _enclose(changed, counts, differing)
        for argument in changed.arguments():
            together = arguments.get(argument.name)
            if together is not None:
                rounds = [(variables[n], counts[n]) for n in together.loops]
                if not argument.type.shape and argument.direction == "out" and rounds:
                    _keep_in_register(changed, argument, rounds)
                (_differ_by_value if argument.scalar else _differ)(changed, argument, together.shape, rounds)
        layouts = dict(changed.layouts())
        for name in layouts.keys() & arguments.keys():
            together, part = arguments[name], kernel.find_buffer(name)
            rounds_of = [counts[n] for n in together.loops]
            layouts[name] = layout_of_all(part.layout, part.type.shape, rounds_of, together.shape)
        set_text_map(changed.function, "allo.layouts", {name: str(layout) for name, layout in layouts.items()})
    changed.verify()
    return changed


def layout_of_all(layout: Layout, shape: Sequence[int], counts: Sequence[int], whole: Sequence[int]) -> Layout:
    """Return the layout of the array of all firings whose parts have a layout, for as many rounds of loops."""
    return carried(Layout((*Layout.plain(len(counts)).dims, *layout.dims)), (*counts, *shape), whole)


def _inline(kernel: KernelIR, arguments: set[str]) -> None:
    """Expand the calls that take one of these arguments: a function cannot be given a part of an array."""
    memories = {a.value for a in kernel.arguments() if a.name in arguments and not a.scalar}
    expanded: set[str] = set()
    while call := next((c for c in calls_in(kernel) if any(value in memories for value in c.operands)), None):
        expanded.add(symbol(call, "callee"))
        expand(kernel, call)
    called = {symbol(call, "callee") for name in kernel.functions for call in calls_in(kernel.at(name))}
    for name in expanded - called:
        erase(kernel.at(name).function)


def _enclose(kernel: KernelIR, counts: Sequence[int], differing: set[mlir.Value]) -> list[mlir.Value]:
    """Put the body, but for what only knows the other arguments, into loops; return their variables."""
    free = _free(kernel, differing)
    moved = [op for op in operations(kernel.body) if op not in free]
    _rename(kernel)
    block, variables = kernel.body, list[mlir.Value]()
    for number, count in enumerate(counts):
        name = fresh_loop_name(kernel, _LOOP)
        location = kernel.function.location
        loop = for_loop(name, 0, count, at=at_end(block), location=location, band=None if number else _LOOP)
        block = loop.regions[0].blocks[0]
        variables.append(block.arguments[0])
    move_before(moved, list(block.operations)[-1].operation)
    return variables


def _free(kernel: KernelIR, differing: set[mlir.Value]) -> list[mlir.Operation]:
    """Return the operations that stay outside: state, tables, and what is computed of arguments that are the same."""
    found: list[mlir.Operation] = []
    values = set(kernel.body.arguments) - differing
    for op in operations(kernel.body):
        if op.name == "memref.get_global" or (is_pure(op) and all(value in values for value in op.operands)):
            found.append(op)
            values.update(op.results)
    return found


def _rename(kernel: KernelIR) -> None:
    """Let the loops of all nests be told apart in one."""
    taken: set[str] = set()
    for loop in kernel.loops():
        wish = loop.name if loop.name not in taken else f"{loop.band}_{loop.name}"
        name, number = wish, 1
        while name in taken:
            name, number = f"{wish}_{number}", number + 1
        taken.add(name)
        set_text(loop.op, "allo.name", name)
    for op in walk(kernel.body):
        if op.name in LOOP_KINDS:
            remove(op, "allo.band")


# A variable of a loop over firings, and how many rounds it has.
_Round = tuple[mlir.Value, int]


def _differ(kernel: KernelIR, argument: Argument, shape: Sequence[int], rounds: Sequence[_Round]) -> None:
    """Let an array be that of all firings."""
    buffer = kernel.find_buffer(argument.name)
    parts = [Term(LinearExpr.of(variable)) for variable, _ in rounds]
    extents = (*(count for _, count in rounds), *buffer.type.shape)
    for op in uses_of(kernel, buffer):
        access = Subscripts(op)
        access.replace(regrouped(access, [*parts, *access.terms], extents, shape))
    forget_tiles(kernel, buffer)
    retype(kernel, buffer, ArrayType(buffer.type.element, tuple(shape)))


def _keep_in_register(kernel: KernelIR, argument: Argument, rounds: Sequence[_Round]) -> None:
    """Let the body work on a value of its own, as it does where it fires once, and write that at its end."""
    block = rounds[-1][0].owner
    inside = operations(block)
    own = alloc(fresh_buffer_name(kernel, f"{argument.name}_own"), argument.type, at_start(block))
    for op in inside:
        _replace_in(op, argument.value, own)
    store(load(own, [], at_end(block)), argument.value, [], at_end(block))


def _replace_in(op: mlir.Operation, value: mlir.Value, new: mlir.Value) -> None:
    for number, operand in enumerate(op.operands):
        if operand == value:
            op.operands[number] = new
    for region in op.regions:
        for block in region.blocks:
            for inner in block.operations:
                _replace_in(inner.operation, value, new)


def _differ_by_value(kernel: KernelIR, argument: Argument, shape: Sequence[int], rounds: Sequence[_Round]) -> None:
    """Let a scalar be an array of one for each firing, which reads its own first."""
    value = argument.value
    places = (taken for op in walk(kernel.body) if is_affine(op) for taken in op.operands)
    if any(isinstance(place.type, mlir.IndexType) and _comes_of(place, value) for place in places):
        message = f"{argument.name} of {kernel.name} is in bounds or subscripts, which cannot differ between firings"
        raise AlloError(Diagnostic("rate", message, hint="give all firings the same: let the wire to it be `held`"))
    block = rounds[-1][0].owner
    inside = operations(block)
    kind = ArrayType(argument.type.element, tuple(shape))
    value.set_type(memref_type(kind))
    own = load(value, [LinearExpr.of(variable) for variable, _ in rounds], at_start(block))
    for op in inside:
        _replace_in(op, value, own)
    access = Subscripts(own.owner.operation)
    access.replace(regrouped(access, access.terms, [count for _, count in rounds], shape))
    set_declared(kernel, argument.name, kind)
    fit_function_type(kernel)


def _comes_of(value: mlir.Value, argument: mlir.Value) -> bool:
    """Tell whether a value is computed of another."""
    if value == argument:
        return True
    if isinstance(value.owner, mlir.Block) or not is_pure(value.owner.operation):
        return False
    return any(_comes_of(operand, argument) for operand in value.owner.operation.operands)
