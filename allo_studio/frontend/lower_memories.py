"""Memories of a function: allocations, constant tables and state, and what they are set to where they are declared."""

from __future__ import annotations

from fractions import Fraction

from allo_studio.frontend.lower_access import store_element
from allo_studio.frontend.lower_expressions import value_of
from allo_studio.frontend.lower_state import State, fresh
from allo_studio.frontend.tree import Expression, Literal, Memory
from allo_studio.frontend.tree_statements import Declare
from allo_studio.ir import LinearExpr, array_type
from allo_studio.ir import build as make
from allo_studio.ir.attributes import set_text
from allo_studio.ir.binding import ir, memref
from allo_studio.types import ScalarType

__all__ = ["lower_declaration"]


def lower_declaration(declared: Declare, at: ir.InsertionPoint, state: State) -> None:
    """Make a memory where it lives, and the loops that set it."""
    memory, place = declared.memory, make.location_of(declared.span)
    if memory.stateful or _is_table(memory, state):
        state.memories[memory] = _global(memory, state, place)
        return
    if memory not in state.memories:
        state.memories[memory] = make.alloc(state.buffers[memory], memory.type, at, place)
        _describe(memory, state.memories[memory].owner.operation)
    if memory.contents is not None:
        _copy_table(memory, at, state, place)
    elif declared.initial is not None:
        _fill(memory, declared.initial, at, state, place)
    elif memory in state.partly_set:
        _fill(memory, Literal(0, memory.type.element, declared.span), at, state, place)


def _is_table(memory: Memory, state: State) -> bool:
    """Tell whether a memory is never anything but its first contents."""
    return memory.contents is not None and memory not in state.changed and memory not in state.memories


def _describe(memory: Memory, op: ir.Operation) -> None:
    """Note what the MLIR type does not say, and where the memory is to be."""
    if memory.type != array_type(make.memref_type(memory.type)):
        set_text(op, "allo.type", str(memory.type))
    if memory.resource:
        set_text(op, "allo.memory", memory.resource)


def _global(memory: Memory, state: State, place: ir.Location, name: str = "") -> ir.Value:
    """Make a global with a memory's first contents, and its reference at the start of the function."""
    kind = make.memref_type(memory.type)
    symbol = _symbol(name or state.buffers[memory], state)
    constant = ir.UnitAttr.get() if not memory.stateful else None
    memref.GlobalOp(
        symbol,
        ir.TypeAttr.get(kind),
        sym_visibility=ir.StringAttr.get("private"),
        initial_value=_dense(memory),
        constant=constant,
        loc=place,
        ip=ir.InsertionPoint(state.entry.owner.operation),
    )
    start = ir.InsertionPoint.at_block_begin(state.entry)
    op = memref.GetGlobalOp(kind, symbol, loc=place, ip=start).operation
    set_text(op, "allo.name", name or state.buffers[memory])
    _describe(memory, op)
    return op.result


def _symbol(name: str, state: State) -> str:
    function = ir.StringAttr(state.entry.owner.operation.attributes["sym_name"]).value
    taken = {
        str(ir.StringAttr(op.operation.attributes["sym_name"]).value)
        for op in state.module.body.operations
        if "sym_name" in op.operation.attributes
    }
    wanted = f"{function}_{name}"
    return wanted if wanted not in taken else fresh(wanted, taken)


def _dense(memory: Memory) -> ir.Attribute:
    kind = memory.type.element
    element = make.scalar_type(kind)
    contents = memory.contents or ()
    made = {value: _attribute(value, kind, element) for value in set(contents)}
    shape = ir.RankedTensorType.get(list(memory.type.shape), element)
    if len(made) == 1:
        return ir.DenseElementsAttr.get_splat(shape, next(iter(made.values())))
    return ir.DenseElementsAttr.get([made[value] for value in contents], shape)


def _attribute(value: int | float | Fraction, kind: ScalarType, element: ir.Type) -> ir.Attribute:
    if kind.is_float:
        return ir.FloatAttr.get(element, float(value))
    bits = int(Fraction(value) * Fraction(2) ** kind.fraction) % (1 << kind.bits)
    return ir.Attribute.parse(f"{bits} : {element}")


def _fill(memory: Memory, initial: Expression, at: ir.InsertionPoint, state: State, place: ir.Location) -> None:
    outer = state.nest
    subscripts, inside = _loops(memory, at, state, place)
    store_element(value_of(initial, inside, state), state.memories[memory], subscripts, inside, place)
    state.nest = outer


def _copy_table(memory: Memory, at: ir.InsertionPoint, state: State, place: ir.Location) -> None:
    """Set a memory that is written later to its first contents."""
    outer = state.nest
    table = _global(memory, state, place, state.buffer_name(f"{memory.name}_init"))
    subscripts, inside = _loops(memory, at, state, place)
    value = make.load(table, subscripts, inside, place)
    make.store(value, state.memories[memory], subscripts, inside, place)
    state.nest = outer


def _loops(
    memory: Memory, at: ir.InsertionPoint, state: State, place: ir.Location
) -> tuple[list[LinearExpr], ir.InsertionPoint]:
    """Make the loops over a memory's elements; the nest is theirs until the caller ends it."""
    subscripts = []
    name = state.buffers[memory]
    for dim, extent in enumerate(memory.type.shape):
        outermost = not state.nest
        state.nest = state.nest or state.band(None, f"{name}_init")
        loop_name = state.loop_name(f"{name}_init_{dim}", state.nest, made_up=True)
        band = state.nest if outermost else None
        loop = make.for_loop(loop_name, 0, extent, at=at, location=place, band=band, role="init")
        block = loop.regions[0].blocks[0]
        at = ir.InsertionPoint.at_block_terminator(block)
        subscripts.append(LinearExpr.of(block.arguments[0]))
    return subscripts, at
