"""CIRCT: the text of a circuit becomes SystemVerilog, or a program that simulates it.

This is the only module that imports pycde. It belongs in a worker process (see `worker`), since faults of CIRCT end
the process that they happen in.
"""

from __future__ import annotations

import io
import logging
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from pycde import circt
from pycde.circt import ir
from pycde.circt.dialects import hw
from pycde.circt.passmanager import PassManager

from allo_studio.backends.rtl.reserved import RESERVED
from allo_studio.backends.rtl.simulation import MemoryPlace, Place, Simulation
from allo_studio.backends.rtl.unused import partly_used, unread_arrays, unused_bits

__all__ = ["CirctError", "simulation", "verilog"]

_log = logging.getLogger(__name__)

_OPTIONS = "disallowLocalVariables,disallowPackedArrays,locationInfoStyle=plain,omitVersionComment"
_TO_VERILOG = (
    "hw.module(lower-seq-fifo,lower-seq-hlmem,lower-seq-shiftreg)",
    "hw-flatten-io{recursive=true},canonicalize,cse,hw.module(hw-aggregate-to-comb)",
    "lower-sim-to-sv,lower-seq-to-sv{disable-reg-randomization}",
    "canonicalize,cse,hw.module(hw-cleanup,hw-legalize-modules,prettify-verilog)",
)
# Nothing here simplifies terms, which LLVM does anyway: neither `canonicalize` nor `arc-canonicalizer`, which end the
# process on some of them, nor `arc-infer-state-properties`, which takes some of them for resets that are none.
_TO_STORAGE = (
    "hw.module(lower-seq-fifo,lower-seq-hlmem,lower-seq-shiftreg),lower-seq-firmem",
    "arc-strip-sv,arc-infer-memories{tap-ports=false},cse",
    "convert-to-arcs,arc-dedup,hw-flatten-modules,cse",
    "arc-split-loops,cse",
    "arc-lower-state,arc-inline,arc-merge-ifs,cse",
    "arc-lower-arcs-to-funcs,arc-remove-i0-types,arc.model(arc-allocate-state),arc-lower-clocks-to-funcs,cse",
)
_TO_LLVM = ("hw-convert-bitcasts{allow-partial-conversion=false}", "arc-infer-context,lower-arc-to-llvm,cse")
# What the exporter writes in place of what it doesn't know.
_FAULT = re.compile(r"unknown MLIR operation.*|<<(?:unsupported|invalid|unknown).*", re.IGNORECASE)
# A comment that points into the circuit's text, which is no source, and the places in it.
_OWN_COMMENT = re.compile(r"\t// ((?:-:|[^\n]*, -:)[^\n]*)$", re.MULTILINE)
_PLACE_END = re.compile(r", (?![^{]*})")
_MEMORY_TYPE = re.compile(r"<(\d+) x (\d+)>")
_ARRAY_TYPE = re.compile(r"<(\d+)xi(\d+)>")
_ALLOCATED_TYPE = re.compile(r"<(\d+) x i(\d+), i\d+>")
_STATE_TYPE = re.compile(r"<i(\d+)>")
_DIVISIONS = ("comb.divu", "comb.divs", "comb.modu", "comb.mods")
_EQUAL = 0
# What the lowering of memories adds to a name.
_MEMORY_SUFFIX = "_ext"
# A name that Verilator knows: what is used by nothing else than this is not reported.
_UNUSED = "_unused"
_NAMES = {"hw.instance": "instanceName", "seq.firmem": "name"}

# The bindings look for a module of a dialect at each operation anew where there is none; that takes most of the time.
for _dialect in ("arc", "builtin", "scf"):
    sys.modules.setdefault(f"pycde.circt.dialects.{_dialect}", ModuleType(_dialect))


class CirctError(Exception):
    """What CIRCT said when it refused a circuit."""


def verilog(text: str) -> str:
    """Return all modules of a text of hw, comb and seq as one text of SystemVerilog.

    A memory becomes an array in its own module, under the name that `simulation` gives it, also where nothing writes
    or reads it. Its latencies must be those that `Circuit` gives it. Raises CirctError.
    """
    with _parsed(text) as module:
        for each in _modules(module):
            for memory in _found(each, "seq.firmem"):
                _make_array(memory)
        _run(module, _TO_VERILOG)
        for each in _modules(module):
            _use_the_unused(each)
        module.operation.attributes["circt.loweringOptions"] = ir.StringAttr.get(_OPTIONS)
        found = io.StringIO()
        with _complaints("the export to Verilog", module.context):
            circt.export_verilog(module, found)
    fault = _FAULT.search(found.getvalue())
    if fault:
        raise CirctError(f"the export to Verilog left in the text: {fault.group()}")
    return _OWN_COMMENT.sub(_without_own_places, found.getvalue()).strip("\n") + "\n"


def simulation(text: str, top: str) -> Simulation:
    """Return a program that simulates a module of a text of hw, comb and seq. Raises CirctError.

    Memories and registers go by their paths of instances and their own names; registers that change no output and no
    memory may be missing, and of equal ones all but one. The files that memories start with are not read.
    """
    with _parsed(text) as module:
        _make_private(module, top)
        for each in _modules(module):
            for found in _found(each, *_SIMULATED):
                _SIMULATED[found.name](found)
        _run(module, _TO_STORAGE)
        layout = _layout(module, top)
        _run(module, _TO_LLVM)
        llvm = io.StringIO()
        with _complaints("the export to LLVM", module.context):
            circt.export_llvm_ir(module, llvm)
    return Simulation(top=top, llvm=llvm.getvalue(), entry=f"{top}_eval", **layout)


# Modules


@contextmanager
def _parsed(text: str) -> Iterator[ir.Module]:
    """Provide the module of a text, with its names made fit for Verilog."""
    context = ir.Context()
    # Threads gain nothing for circuits of this size.
    context.enable_multithreading(False)
    circt.register_dialects(context)
    with context, ir.Location.unknown():
        try:
            module = ir.Module.parse(text)
        except ir.MLIRError as error:
            raise CirctError(f"the circuit's text is faulty: {error}") from None
        for each in _modules(module):
            _make_names_fit(each)
        yield module


def _run(module: ir.Module, passes: Sequence[str]) -> None:
    for each in passes:
        _log.debug("%s", each)
        try:
            manager = PassManager.parse(f"builtin.module({each})")
            # The module is verified in the end: after each pass it takes as long as the passes.
            manager.enable_verifier(False)
            manager.run(module.operation)
        except ir.MLIRError as error:
            raise CirctError(f"{each}: {error}") from None
    try:
        module.operation.verify()
    except ir.MLIRError as error:
        raise CirctError(f"the passes to {passes[-1]}: {error}") from None


@contextmanager
def _complaints(stage: str, context: ir.Context) -> Iterator[None]:
    """Raise what is reported within: the exporters report a fault and go on."""
    found: list[str] = []

    def take(diagnostic: ir.Diagnostic) -> bool:
        if diagnostic.severity == ir.DiagnosticSeverity.ERROR:
            found.append(diagnostic.message)
        return True

    handler = context.attach_diagnostic_handler(take)
    try:
        yield
    finally:
        handler.detach()
    if found:
        raise CirctError(f"{stage}: {'; '.join(found)}")


def _modules(module: ir.Module) -> list[ir.Operation]:
    return [view.operation for view in module.body.operations if view.operation.name == "hw.module"]


def _found(module: ir.Operation, *names: str) -> list[ir.Operation]:
    """Return the operations of a module's own that go by these names."""
    return [view.operation for view in module.regions[0].blocks[0].operations if view.operation.name in names]


def _make_private(module: ir.Module, top: str) -> None:
    """Leave only the top public: each public module would become a program."""
    names = []
    for each in _modules(module):
        names.append(each.attributes["sym_name"].value)
        if names[-1] != top:
            each.attributes["sym_visibility"] = ir.StringAttr.get("private")
        elif "sym_visibility" in each.attributes:
            del each.attributes["sym_visibility"]
    if top not in names:
        raise CirctError(f"there is no module {top}")


def _make_names_fit(module: ir.Operation) -> None:
    """Rename memories and instances that Verilog would rename: paths shall be the same in it and in a simulation."""
    ports = hw.ModuleType(module.attributes["module_type"].value)
    taken = {*RESERVED, *ports.input_names, *ports.output_names}
    for each in _found(module, *_NAMES):
        attribute = _NAMES[each.name]
        given = each.attributes[attribute].value if attribute in each.attributes else ""
        base = name = given or "memory"
        count = 0
        while name in taken:
            name = f"{base}_{count}"
            count += 1
        taken.add(name)
        if name != given:
            each.attributes[attribute] = ir.StringAttr.get(name)


def _without_own_places(comment: re.Match[str]) -> str:
    kept: list[str] = []
    file = ""
    for place in _PLACE_END.split(comment[1]):
        # A place without a file is in that of the place before it.
        file = file if place.startswith(":") else place.partition(":")[0]
        if file != "-":
            kept.append(place)
    return f"\t// {', '.join(kept)}" if kept else ""


# Memories in Verilog


def _make_array(memory: ir.Operation) -> None:
    """Replace a memory by an array.

    CIRCT's own lowering drops what nothing writes, makes a module with ports that nothing uses of each memory, and
    reads a file by a `bind`, which few tools know.
    """
    latencies = memory.attributes["readLatency"].value, memory.attributes["writeLatency"].value
    shape = _MEMORY_TYPE.search(str(memory.results[0].type))
    if latencies != (0, 1) or shape is None:
        raise CirctError(f"a memory must be read within a cycle and written at its end: {memory}")
    words, width = shape.groups()
    name = memory.attributes["name"].value
    # A symbol keeps the array where nothing reads or writes it.
    named = {"name": ir.StringAttr.get(name), "inner_sym": ir.Attribute.parse(f"#hw<innerSym@{name}>")}
    kind = ir.Type.parse(f"!hw.inout<uarray<{words}xi{width}>>")
    with memory.location, ir.InsertionPoint(memory):
        array = ir.Operation.create("sv.reg", [kind], [], named).results[0]
        if "init" in memory.attributes:
            _read_file(array, str(memory.attributes["init"]))
    for port in [use.owner.operation for use in memory.results[0].uses]:
        with port.location, ir.InsertionPoint(port):
            if port.name == "seq.firmem.read_port":
                port.results[0].replace_all_uses_with(_read_word(array, port.operands[1], width))
            elif port.name == "seq.firmem.write_port" and "mask" not in str(memory.results[0].type):
                _write_word(array, port, width)
            else:
                raise CirctError(f"a memory has ports for reading and for writing whole words only: {port}")
        port.erase()
    memory.erase()


def _read_file(array: ir.Value, initial: str) -> None:
    match = re.search(r'"((?:[^"\\]|\\.)*)"', initial)
    assert match is not None
    first = _block(ir.Operation.create("sv.initial", [], [], {}, regions=1))
    named = {"base": ir.Attribute.parse("1 : i32"), "filename": ir.Attribute.parse(match.group())}
    with ir.InsertionPoint(first):
        ir.Operation.create("sv.readmem", [], [array], named)


def _read_word(array: ir.Value, address: ir.Value, width: str) -> ir.Value:
    place = _word(array, address, width)
    return ir.Operation.create("sv.read_inout", [ir.Type.parse(f"i{width}")], [place]).results[0]


def _write_word(array: ir.Value, port: ir.Operation, width: str) -> None:
    _, address, clock, *enable, data = port.operands
    bit = ir.IntegerType.get_signless(1)
    edge = ir.Operation.create("seq.from_clock", [bit], [clock]).results[0]
    block = _block(ir.Operation.create("sv.always", [], [edge], {"events": ir.Attribute.parse("[0 : i32]")}, regions=1))
    if enable:
        with ir.InsertionPoint(block):
            block = _block(ir.Operation.create("sv.if", [], enable, {}, regions=2))
    with ir.InsertionPoint(block):
        ir.Operation.create("sv.passign", [], [_word(array, address, width), data])


def _word(array: ir.Value, address: ir.Value, width: str) -> ir.Value:
    kind = ir.Type.parse(f"!hw.inout<i{width}>")
    return ir.Operation.create("sv.array_index_inout", [kind], [array, address]).results[0]


def _block(operation: ir.Operation) -> ir.Block:
    return operation.regions[0].blocks.append()


# Lint


def _use_the_unused(module: ir.Operation) -> None:
    """Use what nothing uses in a wire whose name says so, as Verilator's manual advises.

    The wire is zero whatever that is, so that no tool makes anything of it.
    """
    for term in partly_used(module):
        # It becomes a wire of the module in any case.
        term.move_before(_outermost(term))
    bits = unused_bits(module)
    arrays = unread_arrays(module)
    if not bits and not arrays:
        return
    end = list(module.regions[0].blocks[0].operations)[-1]
    with ir.InsertionPoint(end):
        parts = [_constant(0, 1), *(_part(*stretch) for stretch in bits), *(_first_word(array) for array in arrays)]
        width = sum(part.type.width for part in parts)
        whole = ir.Operation.create("comb.concat", [_integer(width)], parts).results[0]
        every = _compared(_EQUAL, whole, _constant(-1, width))
        named = {"name": ir.StringAttr.get(_UNUSED)}
        wire = ir.Operation.create("sv.wire", [ir.Type.parse("!hw.inout<i1>")], [], named).results[0]
        ir.Operation.create("sv.assign", [], [wire, every])


def _outermost(operation: ir.Operation) -> ir.Operation:
    """Return the operation of a module's body that an operation is in."""
    while operation.parent.name != "hw.module":
        operation = operation.parent
    return operation


def _part(value: ir.Value, low: int, width: int) -> ir.Value:
    if width == value.type.width:
        return value
    named = {"lowBit": ir.Attribute.parse(f"{low} : i32")}
    return ir.Operation.create("comb.extract", [_integer(width)], [value], named).results[0]


def _first_word(array: ir.Operation) -> ir.Value:
    shape = _ARRAY_TYPE.search(str(array.results[0].type))
    assert shape is not None
    return _read_word(array.results[0], _constant(0, max(1, (int(shape[1]) - 1).bit_length())), shape[2])


def _constant(value: int, width: int) -> ir.Value:
    value %= 1 << width
    signed = value - (1 << width) if value >> (width - 1) else value
    named = {"value": ir.Attribute.parse(f"{signed} : i{width}")}
    return ir.Operation.create("hw.constant", [_integer(width)], [], named).results[0]


def _integer(width: int) -> ir.Type:
    return ir.IntegerType.get_signless(width)


def _compared(predicate: int, a: ir.Value, b: ir.Value) -> ir.Value:
    named = {"predicate": ir.IntegerAttr.get(_integer(64), predicate), "twoState": ir.UnitAttr.get()}
    return ir.Operation.create("comb.icmp", [_integer(1)], [a, b], named).results[0]


def _combined(kind: str, *operands: ir.Value) -> ir.Value:
    named = {"twoState": ir.UnitAttr.get()}
    return ir.Operation.create(f"comb.{kind}", [operands[-1].type], list(operands), named).results[0]


# Simulation


def _make_plain(register: ir.Operation) -> None:
    """Let a register take a term in each cycle, in place of its having an enable and a reset.

    An enable would look like a combinational loop to the passes, and of resets they know but those to zero.
    """
    has_enable = register.name == "seq.compreg.ce"
    following, clock, *others = register.operands
    enable = others.pop(0) if has_enable else None
    if len(others) not in (0, 2):
        raise CirctError(f"a register has a first value but no reset: {register}")
    sizes = {"operandSegmentSizes": ir.Attribute.parse("array<i32: 1, 1, 0, 0, 0>")}
    named = {"name": register.attributes["name"], **sizes} if "name" in register.attributes else sizes
    with register.location, ir.InsertionPoint(register):
        plain = ir.Operation.create("seq.compreg", [following.type], [following, clock], named)
        if enable is not None:
            following = _combined("mux", enable, following, plain.results[0])
        if others:
            reset, value = others
            following = _combined("mux", reset, value, following)
    plain.operands[0] = following
    register.results[0].replace_all_uses_with(plain.results[0])
    register.erase()


def _forget_file(memory: ir.Operation) -> None:
    if "init" in memory.attributes:
        del memory.attributes["init"]


def _make_total(division: ir.Operation) -> None:
    """Let a division by zero give zero, as Verilator does, and one that overflows wrap: a processor would trap."""
    a, b = division.operands
    width = b.type.width
    with division.location, ir.InsertionPoint(division):
        is_zero = _compared(_EQUAL, b, _constant(0, width))
        trap = is_zero
        if division.name in ("comb.divs", "comb.mods"):
            least = _compared(_EQUAL, a, _constant(1 << (width - 1), width))
            trap = _combined("or", is_zero, _combined("and", least, _compared(_EQUAL, b, _constant(-1, width))))
        divisor = _combined("mux", trap, _constant(1, width), b)
        quotient = _combined(division.name.removeprefix("comb."), a, divisor)
        division.results[0].replace_all_uses_with(_combined("mux", is_zero, _constant(0, width), quotient))
    division.erase()


# What is done to an operation before a circuit is simulated.
_SIMULATED: Mapping[str, Callable[[ir.Operation], None]] = {
    "seq.firmem": _forget_file,
    **dict.fromkeys(_DIVISIONS, _make_total),
    **dict.fromkeys(("seq.compreg", "seq.compreg.ce"), _make_plain),
}


def _layout(module: ir.Module, top: str) -> dict[str, Any]:
    """Return the fields of a `Simulation` that say where everything lies."""
    models = [view.operation for view in module.body.operations if view.operation.name == "arc.model"]
    model = next(each for each in models if each.attributes["sym_name"].value == top)
    places: dict[str, list[Place]] = {"arc.root_input": [], "arc.root_output": [], "arc.alloc_state": []}
    clocks = []
    for each in _found(model, *places):
        offset, width = each.attributes["offset"].value, _STATE_TYPE.search(str(each.results[0].type))
        if width is None:
            clocks.append(offset)
            continue
        places[each.name] += [Place(name, offset, int(width[1])) for name in _names(each)]
    if len(clocks) != 1:
        raise CirctError(f"{top} must have one clock, and has {len(clocks)}")
    return {
        "size": model.attributes["storageBytes"].value,
        "initial": model.attributes["initializer"].value if "initializer" in model.attributes else "",
        "clock": clocks[0],
        "edge": _edge(model, clocks[0]),
        "inputs": tuple(places["arc.root_input"]),
        "outputs": tuple(places["arc.root_output"]),
        "states": tuple(places["arc.alloc_state"]),
        "memories": tuple(_memory_place(each) for each in _found(model, "arc.alloc_memory")),
    }


def _memory_place(memory: ir.Operation) -> MemoryPlace:
    shape = _ALLOCATED_TYPE.search(str(memory.results[0].type))
    assert shape is not None
    named = memory.attributes
    name = named["name"].value.removesuffix(_MEMORY_SUFFIX)
    return MemoryPlace(name, named["offset"].value, int(shape[1]), int(shape[2]), named["stride"].value)


def _names(state: ir.Operation) -> list[str]:
    if "name" in state.attributes:
        return [state.attributes["name"].value]
    return [name.value for name in state.attributes["names"]] if "names" in state.attributes else []


def _edge(model: ir.Operation, clock: int) -> int:
    """Return where a model keeps what the clock was, or -1 where it does not."""
    kept = set()
    for level in _found(model, "seq.from_clock"):
        if _offset(level.operands[0].owner.operands[0]) == clock:
            users = [use.owner.operation for use in level.results[0].uses]
            kept |= {_offset(user.operands[0]) for user in users if user.name == "arc.state_write"}
    if len(kept) > 1:
        raise CirctError("the clock is more than a clock")
    return kept.pop() if kept else -1


def _offset(state: ir.Value) -> int:
    offset: int = state.owner.attributes["offset"].value
    return offset
