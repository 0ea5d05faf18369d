"""From a correct kernel to MLIR, in the form that ARCHITECTURE.md describes."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from allo_studio.frontend.initialised import written
from allo_studio.frontend.tree import (
    Binary,
    Declare,
    Expression,
    Index,
    Kernel,
    Literal,
    Load,
    Loop,
    Memory,
    Scalar,
    Statement,
    Store,
    Variable,
)
from allo_studio.ir import KernelIR, LinearExpr, in_context
from allo_studio.ir import build as make
from allo_studio.ir.attributes import set_flag, set_strings
from allo_studio.ir.binding import func, ir
from allo_studio.ir.rewrite import at_end
from allo_studio.source import Source
from allo_studio.types import INT32

__all__ = ["lower"]


@dataclass
class _State:
    """What has been made so far: values of memories and variables, and the names taken."""

    memories: dict[Memory, ir.Value] = field(default_factory=dict)
    variables: dict[Variable, ir.Value] = field(default_factory=dict)
    buffers: dict[Memory, str] = field(default_factory=dict)
    bands: set[str] = field(default_factory=set)
    written_names: set[str] = field(default_factory=set)
    loop_names: dict[str, set[str]] = field(default_factory=dict)


def lower(kernel: Kernel, source: Source) -> KernelIR:
    """Return the kernel as a verified module."""
    with in_context():
        place = make.location_of(kernel.span)
        module = ir.Module.create(place)
        body = _function(kernel, module, place)
        outputs = [memory for memory in kernel.results if not memory.argument]
        state = _State()
        ports = (*kernel.arguments, *outputs)
        state.memories.update(zip(ports, body.arguments, strict=True))
        _name_buffers(kernel, ports, state)
        _name_loops(kernel.body, state)
        _block(kernel.body, body, "", state)
        func.ReturnOp([], loc=place, ip=ir.InsertionPoint(body))
    lowered = KernelIR(module, kernel.name, source)
    lowered.verify()
    return lowered


def _function(kernel: Kernel, module: ir.Module, place: ir.Location) -> ir.Block:
    outputs = [memory for memory in kernel.results if not memory.argument]
    ports = [*kernel.arguments, *outputs]
    types = [make.scalar_type(p.type.element) if p.by_value else make.memref_type(p.type) for p in ports]
    made = func.FuncOp(kernel.name, (types, []), loc=place, ip=ir.InsertionPoint(module.body))
    made.add_entry_block([make.location_of(port.span) for port in ports])
    changed = written(kernel)
    directions = ["out" if p in outputs else "inout" if p in changed else "in" for p in ports]
    op = made.operation
    set_strings(op, "allo.args", [port.name for port in ports])
    set_strings(op, "allo.directions", directions)
    set_flag(op, "llvm.emit_c_interface")
    return op.regions[0].blocks[0]


def _name_buffers(kernel: Kernel, ports: tuple[Memory, ...], state: _State) -> None:
    """Give each memory a name of its own: a name that is declared in two loops becomes `x` and `x_1`."""
    locals_ = _declared(kernel.body)
    taken = {memory.name for memory in (*ports, *locals_)}
    used: set[str] = set()
    for memory in (*ports, *(local for local in locals_ if local not in ports)):
        name = memory.name if memory.name not in used else _fresh(memory.name, taken | used)
        used.add(name)
        state.buffers[memory] = name


def _name_loops(body: tuple[Statement, ...], state: _State) -> None:
    """Note the names that the text gives to nests and loops, so that made-up ones keep clear of them."""
    for statement in body:
        if isinstance(statement, Loop):
            state.written_names.add(statement.variable.name)
            if statement.band:
                state.bands.add(statement.band)
            _name_loops(statement.body, state)


def _declared(body: tuple[Statement, ...]) -> list[Memory]:
    found = []
    for statement in body:
        if isinstance(statement, Declare):
            found.append(statement.memory)
        elif isinstance(statement, Loop):
            found += _declared(statement.body)
    return found


def _fresh(wanted: str, taken: set[str]) -> str:
    return next(name for number in count(1) if (name := f"{wanted}_{number}") not in taken)


def _block(body: tuple[Statement, ...], block: ir.Block, band: str, state: _State) -> None:
    for statement in body:
        match statement:
            case Loop():
                _loop(statement, block, band, state)
            case Declare():
                _declare(statement, block, band, state)
            case Store():
                _store(statement, block, state)


def _band(wanted: str | None, stem: str, state: _State) -> str:
    if wanted:
        return wanted
    first = next(name for number in count() if (name := f"{stem}{number or ''}") not in state.bands)
    state.bands.add(first)
    return first


def _loop_name(wanted: str, band: str, state: _State, made_up: bool = False) -> str:
    """Return a name that no other loop of the nest has; made-up names also keep clear of those in the text."""
    taken = state.loop_names.setdefault(band, set())
    clash = wanted in taken or (made_up and wanted in state.written_names)
    name = _fresh(wanted, taken | state.written_names) if clash else wanted
    taken.add(name)
    return name


def _loop(loop: Loop, block: ir.Block, band: str, state: _State) -> None:
    outermost = not band
    if outermost:
        band = _band(loop.band, "nest", state)
    variable = loop.variable
    made = make.for_loop(
        _loop_name(variable.name, band, state),
        _index(variable.lower, state),
        _index(variable.upper, state),
        variable.step,
        at=at_end(block),
        location=make.location_of(loop.span),
        band=band if outermost else None,
        reduction=loop.reduction,
    )
    inside = made.regions[0].blocks[0]
    state.variables[variable] = inside.arguments[0]
    _block(loop.body, inside, band, state)


def _declare(declared: Declare, block: ir.Block, band: str, state: _State) -> None:
    memory, place = declared.memory, make.location_of(declared.span)
    name = state.buffers[memory]
    if memory not in state.memories:
        state.memories[memory] = make.alloc(name, memory.type, at_end(block), place)
    if declared.initial is None:
        return
    subscripts = []
    for dim, extent in enumerate(memory.type.shape):
        outermost = not band
        band = band or _band(None, f"{name}_init", state)
        loop_name = _loop_name(f"{name}_init_{dim}", band, state, made_up=True)
        loop = make.for_loop(
            loop_name, 0, extent, at=at_end(block), location=place, band=band if outermost else None, role="init"
        )
        block = loop.regions[0].blocks[0]
        subscripts.append(LinearExpr.of(block.arguments[0]))
    value = _value(declared.initial, block, state)
    make.store(value, state.memories[memory], subscripts, at_end(block), place)


def _store(store: Store, block: ir.Block, state: _State) -> None:
    value = _value(store.value, block, state)
    at = [_index(part, state) for part in store.subscripts]
    make.store(value, state.memories[store.memory], at, at_end(block), make.location_of(store.span))


def _index(expression: LinearExpr, state: _State) -> LinearExpr:
    terms = tuple((state.variables[variable], factor) for variable, factor in expression.terms)
    return LinearExpr(terms, expression.constant)


def _value(value: Expression, block: ir.Block, state: _State) -> ir.Value:
    at, place = at_end(block), make.location_of(value.span)
    match value:
        case Literal(value=number, type=kind):
            return make.constant(number, kind, at, place)
        case Index(variable=variable):
            return make.index_to_integer(state.variables[variable], INT32, at, place)
        case Scalar(memory=memory):
            return state.memories[memory]
        case Load(memory=memory, subscripts=subscripts):
            return make.load(state.memories[memory], [_index(part, state) for part in subscripts], at, place)
        case Binary(operator=operator, left=left, right=right, type=kind):
            one, two = _value(left, block, state), _value(right, block, state)
            return make.binary(operator, one, two, kind, at_end(block), place)
    return make.negate(_value(value.operand, block, state), value.type, at_end(block), place)
