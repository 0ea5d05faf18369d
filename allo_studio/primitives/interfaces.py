"""Layouts of arrays that are passed to functions: one array has one layout, on both sides of every call.

The layouts that the functions' schedules ask for meet (see `layout.py`); two that have nothing in common are a
conflict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Buffer, KernelIR, in_context, walk
from allo_studio.ir.attributes import set_text_map, symbol
from allo_studio.layout import Layout
from allo_studio.primitives.tiles import follow
from allo_studio.primitives.widen import widen_copies

__all__ = ["conflicts", "unified"]

# A function and one of its buffers.
_Node = tuple[str, str]


@dataclass
class _Interfaces:
    """The arrays of a module, and which of them are one array by the calls that pass them."""

    buffers: dict[_Node, Buffer] = field(default_factory=dict)
    neighbours: dict[_Node, list[_Node]] = field(default_factory=dict)

    def connected(self, start: _Node) -> Iterator[_Node]:
        """Yield the nodes that are one array with `start`, itself first."""
        found, waiting = {start}, [start]
        while waiting:
            node = waiting.pop(0)
            yield node
            new = [other for other in self.neighbours.get(node, ()) if other not in found]
            found.update(new)
            waiting += new


def conflicts(ir: KernelIR, function: str, demands: Mapping[str, Layout]) -> tuple[Diagnostic, ...]:
    """Return why arrays of `function` cannot have these layouts: what calls pass them to asks for another one."""
    if len(ir.functions) == 1 or not demands:
        return ()
    interfaces = _read(ir)
    return tuple(
        fault
        for name, layout in demands.items()
        for fault in _faults(interfaces, (function, name), {(function, name): layout})
    )


def unified(ir: KernelIR) -> KernelIR:
    """Give every array the layout that all functions which it is passed to ask for; `ir` is a step's clone.

    Raises AlloError of code `layout` on a conflict.
    """
    if len(ir.functions) == 1:
        return ir
    interfaces, done = _read(ir), set[_Node]()
    changed: list[tuple[_Node, Layout]] = []
    for node in interfaces.neighbours:
        if node not in done:
            done.update(interfaces.connected(node))
            faults = tuple(_faults(interfaces, node, {}))
            if faults:
                raise AlloError(faults)
            met = _meet(interfaces, node)
            changed += [(n, met) for n in interfaces.connected(node) if interfaces.buffers[n].layout != met]
    for node, layout in changed:
        ir = _set(ir, node, layout)
    return ir


def _set(ir: KernelIR, node: _Node, layout: Layout) -> KernelIR:
    function, name = node
    seen = ir.at(function)
    printed = {known: str(entry) for known, entry in {**seen.layouts(), name: layout}.items()}
    with in_context():
        set_text_map(seen.function, "allo.layouts", dict(sorted(printed.items())))
    changed = follow(seen, name)
    widen_copies(changed, [name])
    return changed.at(ir.name)


def _read(ir: KernelIR) -> _Interfaces:
    found = _Interfaces()
    values = {}
    for function in ir.functions:
        seen = ir.at(function)
        for buffer in seen.buffers():
            found.buffers[function, buffer.name] = buffer
            values[function, buffer.value] = buffer.name
    for function in ir.functions:
        for op in walk(ir.at(function).body):
            if op.name == "func.call":
                callee = ir.at(symbol(op, "callee"))
                for value, argument in zip(op.operands, callee.arguments(), strict=True):
                    name = values.get((function, value))
                    if name is not None and argument.type.shape:
                        _join(found, (function, name), (callee.name, argument.name))
    return found


def _join(interfaces: _Interfaces, one: _Node, two: _Node) -> None:
    interfaces.neighbours.setdefault(one, []).append(two)
    interfaces.neighbours.setdefault(two, []).append(one)


def _meet(interfaces: _Interfaces, node: _Node) -> Layout:
    shape = interfaces.buffers[node].type.shape
    met = Layout.plain(len(shape))
    for other in interfaces.connected(node):
        met = met.meet(interfaces.buffers[other].layout, shape)
    return met


def _faults(interfaces: _Interfaces, node: _Node, demands: Mapping[_Node, Layout]) -> Iterator[Diagnostic]:
    """Yield the pairs of demands that only a complete partition would meet, though neither asks for one."""
    shape = interfaces.buffers[node].type.shape
    asked: list[tuple[_Node, Layout]] = []
    for other in interfaces.connected(node):
        layout = demands.get(other, interfaces.buffers[other].layout)
        for before, known in asked:
            if _conflict(known, layout, shape):
                message = (
                    f"{_shown(before)} asks for the layout {known} and {_shown(other)} for {layout}, and a call makes "
                    "them one array: the two have no banks in common"
                )
                span = interfaces.buffers[other].span
                yield Diagnostic("layout", message, span, hint="partition both in the same way")
                return
        asked.append((other, layout))


def _shown(node: _Node) -> str:
    return f"{node[1]} of {node[0]}"


def _conflict(one: Layout, two: Layout, shape: tuple[int, ...]) -> bool:
    one, two = one.normal(shape), two.normal(shape)
    met = one.meet(two, shape)
    triples = zip(one.dims, two.dims, met.dims, strict=True)
    return any(m.kind == "complete" and "complete" not in (a.kind, b.kind) for a, b, m in triples)
