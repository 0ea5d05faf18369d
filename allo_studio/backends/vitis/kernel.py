"""One kernel, with the functions that it calls, as C++ functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from allo_studio.backends.vitis.control import Control
from allo_studio.backends.vitis.expressions import Expression
from allo_studio.backends.vitis.feedback import declare_initial
from allo_studio.backends.vitis.memories import Memory, memory_pragmas, parameter, type_note
from allo_studio.backends.vitis.names import Names
from allo_studio.backends.vitis.text import Lines, kernel_fault
from allo_studio.backends.vitis.tokens import find_tokens
from allo_studio.ir import Argument, Buffer, KernelIR, walk
from allo_studio.ir.attributes import integer_map
from allo_studio.ir.binding import ir
from allo_studio.layout import Layout
from allo_studio.origins import NOWHERE, Origin
from allo_studio.values import Number

__all__ = ["Callees", "Function", "kernel_function"]

_WORD = re.compile(r"\w")


@dataclass(frozen=True)
class Function:
    """A C++ function without its name: parameters, and the body's lines. Equal functions do the same.

    `owner` tells apart functions that keep state: each block has its own. `c_linkage` is for the top of a Vitis kernel,
    which is known by its plain name.
    """

    parameters: tuple[str, ...]
    body: str
    owner: str = ""
    c_linkage: bool = False
    # What each line of the body stands for; none where that is not known.
    origins: tuple[Origin, ...] = field(default=(), compare=False, repr=False)

    def prototype(self, name: str) -> str:
        """Return the function's head, one parameter a line where one line would be long."""
        linkage = 'extern "C" ' if self.c_linkage else ""
        head = f"{linkage}void {name}("
        one_line = f"{head}{', '.join(self.parameters)})"
        if len(one_line) <= 110:
            return one_line
        return f"{head}\n    " + ",\n    ".join(self.parameters) + ")"

    def definition(self, name: str) -> str:
        """Return the whole function."""
        return f"{self.prototype(name)} {{\n{self.body}}}\n"

    def definition_origins(self, name: str) -> tuple[Origin, ...]:
        """Return what each line of `definition` stands for."""
        body = self.origins or (NOWHERE,) * self.body.count("\n")
        return (*(NOWHERE,) * (self.prototype(name).count("\n") + 1), *body, NOWHERE)


class Callees:
    """The functions that kernels call, each defined once under a name from `names`, callees before their callers.

    `called` has the names of those that each kernel calls, by the block that owns it and their symbol.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self.called: dict[str, dict[str, str]] = {}
        self.defined: dict[Function, str] = {}
        self.notes: dict[Function, str] = {}

    def name(self, symbol: str, function: Function) -> str:
        """Return the name of a function, which is new unless an equal one is there."""
        if function not in self.defined:
            self.defined[function] = self._names.unique(symbol)
            self.notes[function] = f"function {symbol}"
        return self.defined[function]


def kernel_function(
    kernel: KernelIR,
    callees: Callees | None = None,
    owner: str = "",
    initial: Mapping[str, tuple[Number, ...]] | None = None,
) -> Function:
    """Return the function of a kernel; raises AlloError (code `hls`) where it has no form in HLS C++.

    Parameters are in the order of the IR's arguments: arrays (`const` where only read), streams by reference, scalars
    by value, and scalar results by reference. The functions that it calls are put into `callees`. `owner` is the block
    whose state a stateful kernel keeps. `initial` are the elements that streams hold at reset, by argument; a function
    that counts them is no other block's.
    """
    _require_own_state(kernel)
    # What is found out of it for one loop serves the others.
    kernel = kernel.steady()
    callees = callees or Callees(Names())
    made = _function(kernel, callees, owner, callees.called.setdefault(owner, {}), initial or {})
    return replace(made, owner=owner) if initial else made


def _require_own_state(kernel: KernelIR) -> None:
    """Raise where several functions have the same state, which a C++ function keeps inside of itself."""
    users: dict[str, str] = {}
    if not any(op.operation.name == "memref.global" for op in kernel.module.body.operations):
        return
    for name in kernel.functions:
        states = [b for b in kernel.at(name).buffers() if b.kind == "state"]
        for symbol in {str(buffer.value.owner.attributes["name"]) for buffer in states}:
            if users.setdefault(symbol, name) != name:
                message = f"{users[symbol]} and {name} have the same state {symbol.lstrip('@')}"
                raise kernel_fault(kernel, message, hint="keep the state in one function")


def _function(
    kernel: KernelIR,
    callees: Callees,
    owner: str,
    made: dict[str, str],
    initial: Mapping[str, tuple[Number, ...]],
) -> Function:
    called = _calls(kernel)
    for symbol in called:
        if symbol not in made:
            made[symbol] = callees.name(symbol, _function(kernel.at(symbol), callees, owner, made, {}))
    names = Names(made[symbol] for symbol in called)
    arguments, buffers = kernel.arguments(), kernel.buffers()
    memories = _memories(kernel, arguments, buffers, names)
    lines = Lines(1)
    lines.pragma("inline off")
    for argument in arguments:
        memory = memories[argument.value]
        if note := type_note(memory):
            lines.add(f"// {memory.name}: {note}")
        for pragma in memory_pragmas(memory):
            lines.pragma(pragma)
    body = Control(kernel, lines, names, memories, made)
    sizes = integer_map(kernel.function, "allo.sizes")
    for argument in arguments:
        if argument.scalar:
            body.bind(argument.value, _scalar(memories[argument.value], sizes.get(argument.name)))
    if kernel.streams:
        body.stream(find_tokens(kernel))
    for argument in arguments:
        if argument.name in initial:
            elements = initial[argument.name]
            body.takes[argument.name] = declare_initial(lines, memories[argument.value], elements, names)
    head = lines.mark()
    body.block(kernel.body)
    text = lines.cut(head)
    said = "\n".join(line.text for line in text if not line.text.startswith("#"))
    for memory in (memories[argument.value] for argument in arguments):
        if not _says(said, memory.name):
            lines.add(f"(void){memory.name};")
    lines.restore(text)
    stateful = any(buffer.kind == "state" for buffer in buffers)
    parameters = tuple(parameter(memories[a.value]) for a in arguments)
    return Function(parameters, lines.text(), owner if stateful else "", origins=lines.origins())


def _says(text: str, name: str) -> bool:
    """Tell whether a name stands in a text as a whole word."""
    at = text.find(name)
    while at >= 0:
        around = text[max(at - 1, 0) : at] + text[at + len(name) : at + len(name) + 1]
        if not _WORD.search(around):
            return True
        at = text.find(name, at + 1)
    return False


def _calls(kernel: KernelIR) -> list[str]:
    """Return the functions that a kernel calls itself, in order."""
    if len(kernel.functions) == 1:
        return []
    calls = (op for op in walk(kernel.body) if op.name == "func.call")
    return list(dict.fromkeys(str(ir.FlatSymbolRefAttr(op.attributes["callee"]).value) for op in calls))


def _scalar(memory: Memory, size: int | None) -> Expression:
    """Return a scalar argument as an expression; a named size is at least 1 and at most its maximum."""
    found = Expression.of(memory.name, memory.cpp)
    return found if size is None else Expression(memory.name, type=memory.cpp, low=1, high=size)


def _memories(
    kernel: KernelIR, arguments: tuple[Argument, ...], buffers: tuple[Buffer, ...], names: Names
) -> Mapping[ir.Value, Memory]:
    """Return the arguments, then the local memories, each with its name in C++."""
    streams, known, found = kernel.streams, {buffer.name: buffer for buffer in buffers if buffer.kind == "argument"}, {}
    for argument in arguments:
        width = streams.get(argument.name, 0)
        plain = Layout.plain(len(argument.type.shape))
        buffer = known.get(argument.name)
        layout = buffer.layout if buffer and not width else plain
        writable = not argument.scalar and argument.direction != "in"
        storage = buffer.memory if buffer else ""
        name = names.unique(argument.name)
        found[argument.value] = Memory(name, argument.name, argument.type, layout, width, writable, storage)
    for buffer in buffers:
        if buffer.kind != "argument":
            found[buffer.value] = Memory(
                names.unique(buffer.name), buffer.name, buffer.type, buffer.layout, storage=buffer.memory
            )
    return found
