"""Links in the place of an array whose parts a kernel hands on from element to element itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from allo_studio.analysis.accesses import Access, accesses
from allo_studio.analysis.stream_order import token_order
from allo_studio.analysis.streams import Refusal, consumer_orders, consumer_width, orders_of_reads, producer_order
from allo_studio.diagnostics import AlloError
from allo_studio.ir import Buffer, KernelIR, in_context, walk
from allo_studio.ir.attributes import set_text_map, symbol, text, text_map
from allo_studio.ir.binding import ir
from allo_studio.ir.build import index_constant
from allo_studio.ir.rewrite import before, erase
from allo_studio.primitives.base import fault
from allo_studio.primitives.elements import Key, accesses_outside
from allo_studio.primitives.parameters import drop_parameter
from allo_studio.primitives.part_copy import of_link
from allo_studio.primitives.peeling import loops_to_peel, peel
from allo_studio.primitives.relay_links import declare_links, give_to_elements, next_operation, settle_all
from allo_studio.primitives.relay_plan import Link, RelayPlan, part_name, part_text
from allo_studio.primitives.retype import STORES
from allo_studio.primitives.spreading import fresh_function, gathered
from allo_studio.primitives.subscripts import Subscripts
from allo_studio.source import Span

__all__ = ["links_in_place"]


@dataclass(frozen=True, eq=False)
class _End:
    """What writes or reads a part: its place in the kernel's block, and how a message calls it."""

    number: int
    shown: str
    writes: bool
    span: Span | None


@dataclass(frozen=True, eq=False)
class _Group:
    """Operations in the place of one that is about parts, which are one stage; the first is a constant of no use."""

    ops: tuple[ir.Operation, ...]
    band: str


def links_in_place(kernel: KernelIR, plan: RelayPlan, depth: int) -> KernelIR:
    """Return the kernel with a link for each part of the array, which is gone then; `kernel` is changed.

    Each is a FIFO of `depth` tokens (0: any). Loops outside of the elements that go over the parts become copies for
    each of them. Raises AlloError (code `step`) where a part has not one producer, or is not moved in order.
    """
    with in_context():
        groups = _peeled(kernel, plan)
        parts = _parts(kernel, plan, groups)
        links = {key: _link(plan, key, ends) for key, ends in sorted(parts.items())}
        values = declare_links(kernel, plan, [link for link in links.values() if link], depth)
        for group in groups.values():
            for op in _using(group, plan.buffer):
                link = links[_key_of(op, plan.dims)]
                of_link(op, values[link] if link else None, plan.rest)
        ports = [port if links[port.use.key] else replace(port, handed=None) for port in plan.ports]
        ends = give_to_elements(kernel, plan, ports, values)
        for group in groups.values():
            gathered(kernel, group.ops, fresh_function(kernel, group.band))
        _forget(kernel, plan)
        names = [text(value.owner.operation, "allo.name") or "" for value in values.values()]
    changed = settle_all(kernel, ends)
    _require_order(changed, names, {element.function for element in plan.elements})
    return changed


def _peeled(kernel: KernelIR, plan: RelayPlan) -> dict[int, _Group]:
    """Let each access outside of the elements be of one part; return what is in the place of each operation."""
    found = {}
    listed = [view.operation for view in kernel.body.operations]
    for number, touched in accesses_outside(kernel, plan.buffer, plan.elements).items():
        loops = loops_to_peel(plan.buffer, touched, plan.dims)
        band = re.sub(r"\W", "_", text(listed[number], "allo.band") or plan.buffer.name)
        start, end = index_constant(0, before(listed[number])).owner.operation, next_operation(listed[number])
        if loops:
            peel(kernel, loops)
        ops = [start]
        while next_operation(ops[-1]) != end:
            ops.append(next_operation(ops[-1]))
        found[number] = _Group(tuple(ops), band)
    return found


def _using(group: _Group, buffer: Buffer) -> list[ir.Operation]:
    """Return the operations of a group that load from or store to an array."""
    inside = [*group.ops]
    for op in group.ops:
        inside += [inner for region in op.regions for block in region.blocks for inner in walk(block)]
    return [op for op in inside if buffer.value in list(op.operands)]


def _key_of(op: ir.Operation, dims: Sequence[int]) -> Key:
    terms = Subscripts(op).terms
    return tuple(linear.constant for d in dims if (linear := terms[d].linear) is not None)


def _parts(kernel: KernelIR, plan: RelayPlan, groups: Mapping[int, _Group]) -> dict[Key, list[_End]]:
    """Return what writes and reads each part, in program order."""
    found: dict[Key, list[_End]] = {}
    for port in plan.ports:
        use = port.use
        for writes, touched in ((True, use.writes), (False, use.reads)):
            if touched:
                end = _End(use.element.number, use.element.shown, writes, touched[0].span)
                found.setdefault(use.key, []).append(end)
    for number, group in groups.items():
        for op in _using(group, plan.buffer):
            end = _End(number, f"nest {group.band}", op.name in STORES, kernel.span(op))
            found.setdefault(_key_of(op, plan.dims), []).append(end)
    return {key: sorted(ends, key=lambda end: end.number) for key, ends in found.items()}


def _link(plan: RelayPlan, key: Key, ends: Sequence[_End]) -> Link | None:
    """Return the link of a part, None where nothing takes it; raises AlloError where it has not one producer."""
    part = part_text(plan.buffer, plan.dims, key)
    writers = list({end.number: end for end in ends if end.writes}.values())
    readers = [end for end in ends if not end.writes]
    if not writers:
        message = f"{part} is read by {readers[0].shown}, and nothing writes it"
        raise AlloError(fault(message, readers[0].span, "write every part that is read"))
    if len(writers) > 1:
        message = f"{part} is written by {writers[0].shown} and by {writers[1].shown}"
        hint = f"a part that is passed on has one producer; declare {plan.buffer.name} without a first value"
        raise AlloError(fault(message, writers[1].span, hint))
    early = next((end for end in readers if end.number < writers[0].number), None)
    if early:
        message = f"{part} is read by {early.shown} before {writers[0].shown} writes it"
        raise AlloError(fault(message, early.span, "let what is passed on be written first"))
    if all(end.number == writers[0].number for end in readers):
        if readers:
            message = f"nothing but {writers[0].shown}, which writes it, reads {part}"
            raise AlloError(fault(message, writers[0].span, "use an array of its own for that"))
        return None
    return Link(part_name(plan.buffer.name, key), key)


def _forget(kernel: KernelIR, plan: RelayPlan) -> None:
    """Take the array, which nothing uses any more, away."""
    for use in list(plan.buffer.value.uses):
        call = use.owner.operation
        callee = kernel.at(symbol(call, "callee"))
        place = list(call.operands).index(plan.buffer.value)
        drop_parameter(kernel, call, callee.arguments()[place].name)
    declared = plan.buffer.value.owner.operation
    layouts = text_map(kernel.function, "allo.layouts")
    layouts.pop(plan.buffer.name, None)
    set_text_map(kernel.function, "allo.layouts", layouts)
    erase(declared)


# Proof that what is outside of the elements moves each part in order


def _require_order(kernel: KernelIR, names: Sequence[str], elements: Collection[str]) -> None:
    """Raise where something outside of the elements does not move a link's elements once, in row-major order."""
    steady = kernel.steady()
    found = accesses(steady)
    for name in names:
        touched = [access for access in found if access.buffer == name]
        refusals = [refusal for refusal in _refusals(steady, name, touched, elements) if refusal]
        if refusals:
            refusal = refusals[0]
            hint = refusal.hint or "let its loops go over each part in order"
            raise AlloError(fault(f"this cannot be a FIFO: {refusal.reason}", refusal.span, hint))


def _refusals(
    kernel: KernelIR, name: str, touched: Sequence[Access], elements: Collection[str]
) -> Iterator[Refusal | None]:
    own = [access for access in touched if not access.callee]
    for writes in (True, False):
        mine = [access for access in own if access.is_write == writes]
        if mine and writes:
            width = token_order(kernel, mine, "writes")
            yield width if isinstance(width, Refusal) else None
        for number in sorted({access.position[0] for access in mine} if not writes else ()):
            part = [access for access in mine if access.position[0] == number]
            orders = orders_of_reads(kernel, name, 1, part)
            yield orders if isinstance(orders, Refusal) else None
    for op in (use.owner.operation for use in kernel.find_buffer(name).value.uses):
        if op.name == "func.call" and symbol(op, "callee") not in elements:
            view = kernel.at(symbol(op, "callee"))
            value = kernel.find_buffer(name).value
            yield _refusal_in(view, view.arguments()[list(op.operands).index(value)].name)


def _refusal_in(view: KernelIR, name: str) -> Refusal | None:
    """Return why a function's parameter is no FIFO end."""
    if view.directions[name] == "in":
        orders = consumer_orders(view, name, consumer_width(view, name))
        return orders if isinstance(orders, Refusal) else None
    order = producer_order(view, name)
    return order if isinstance(order, Refusal) else None
