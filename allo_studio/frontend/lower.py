"""From a correct kernel to MLIR, in the form that ARCHITECTURE.md describes."""

from __future__ import annotations

from collections.abc import Mapping

from allo_studio.frontend.initialised import partly_set, written
from allo_studio.frontend.lower_state import State, fresh
from allo_studio.frontend.lower_statements import lower_block
from allo_studio.frontend.program import Compiled, Program
from allo_studio.frontend.tree import Memory
from allo_studio.frontend.tree_calls import Instance
from allo_studio.frontend.tree_statements import Declare, Kernel, Loop, Statement, blocks_of, walk
from allo_studio.ir import KernelIR, array_type, in_context
from allo_studio.ir import build as make
from allo_studio.ir.attributes import set_flag, set_integer_map, set_strings, set_text, set_text_map
from allo_studio.ir.binding import func, ir
from allo_studio.source import Source

__all__ = ["lower"]


def lower(program: Program, source: Source) -> KernelIR:
    """Return the functions of a program as a verified module, seen from the last, which calls the others."""
    top = program.done[-1]
    with in_context():
        module = ir.Module.create(make.location_of(top.kernel.span))
        for compiled in program.done:
            _lower_function(compiled, module, compiled is not top)
    lowered = KernelIR(module, top.instance.name, source)
    lowered.verify()
    return lowered


def _lower_function(compiled: Compiled, module: ir.Module, called: bool) -> None:
    kernel, place = compiled.kernel, make.location_of(compiled.kernel.span)
    ports = (*kernel.arguments, *kernel.sizes, *compiled.instance.results)
    names = _buffer_names(kernel, ports)
    body = _function(compiled, ports, names, module, place)
    if called:
        _mark_callee(body.owner.operation, compiled.instance)
    state = State(module, body, lower_block, changed=written(kernel.body), partly_set=partly_set(kernel.body))
    state.memories.update(zip(ports, body.arguments, strict=True))
    state.buffers.update(names)
    _name_loops(kernel.body, state)
    end = func.ReturnOp([], loc=place, ip=ir.InsertionPoint(body))
    lower_block(kernel.body, ir.InsertionPoint(end), state)


def _function(
    compiled: Compiled, ports: tuple[Memory, ...], names: Mapping[Memory, str], module: ir.Module, place: ir.Location
) -> ir.Block:
    types = [make.scalar_type(p.type.element) if p.by_value else make.memref_type(p.type) for p in ports]
    made = func.FuncOp(compiled.instance.name, (types, []), loc=place, ip=ir.InsertionPoint(module.body))
    made.add_entry_block([make.location_of(port.span) for port in ports])
    outputs, changed = compiled.instance.results, compiled.instance.changed
    directions = ["out" if p in outputs else "inout" if p in changed else "in" for p in ports]
    op = made.operation
    set_strings(op, "allo.args", [names[port] for port in ports])
    set_strings(op, "allo.directions", directions)
    # The type in MLIR does not tell signs, scales, fields and names of sizes.
    plain = {port: array_type(kind) for port, kind in zip(ports, types, strict=True)}
    listed = sorted(ports, key=names.__getitem__)
    set_text_map(op, "allo.types", {names[p]: str(p.type) for p in listed if p.type != plain[p]})
    set_text_map(op, "allo.memories", {names[p]: p.resource for p in listed if p.resource})
    set_integer_map(op, "allo.sizes", {names[p]: p.maximum for p in listed if p.maximum is not None})
    if any(memory.argument for memory in compiled.instance.returned):
        set_strings(op, "allo.returns", [names[memory] for memory in compiled.instance.returned])
    set_flag(op, "llvm.emit_c_interface")
    return op.regions[0].blocks[0]


def _mark_callee(op: ir.Operation, instance: Instance) -> None:
    """Note of what function, with which arguments and id, an instance is: schedules are found by it."""
    set_text(op, "allo.origin", instance.origin)
    if instance.id:
        set_text(op, "allo.id", instance.id)
    set_text_map(op, "allo.template", dict(instance.template))


def _buffer_names(kernel: Kernel, ports: tuple[Memory, ...]) -> dict[Memory, str]:
    """Return a name of its own for each memory: a name that is declared in two loops becomes `x` and `x_1`."""
    locals_ = _declared(kernel.body)
    taken = {memory.name for memory in (*ports, *locals_)}
    names: dict[Memory, str] = {}
    used: set[str] = set()
    for memory in (*ports, *(local for local in locals_ if local not in ports)):
        names[memory] = memory.name if memory.name not in used else fresh(memory.name, taken | used)
        used.add(names[memory])
    return names


def _name_loops(body: tuple[Statement, ...], state: State) -> None:
    """Note the names that the text gives to nests and loops, so that made-up ones keep clear of them."""
    for statement in body:
        if isinstance(statement, Loop) and not statement.stem:
            state.written_names.add(statement.variable.name)
            if statement.band:
                state.bands.add(statement.band)
        for block in blocks_of(statement):
            _name_loops(block, state)


def _declared(body: tuple[Statement, ...]) -> list[Memory]:
    return [statement.memory for statement in walk(body) if isinstance(statement, Declare)]
