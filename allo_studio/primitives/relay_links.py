"""The links that a plan of `relay` asks for, made in a kernel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod

from allo_studio.ir import Buffer, KernelIR, in_context, walk
from allo_studio.ir.attributes import set_integer_map, set_text_map, text_map
from allo_studio.ir.binding import ir
from allo_studio.ir.rewrite import before, fresh_buffer_name, fresh_name
from allo_studio.layout import Layout
from allo_studio.primitives.part_copy import declare
from allo_studio.primitives.relay_plan import Link, Port, RelayPlan
from allo_studio.primitives.relaying import Ends, give_links, settle
from allo_studio.primitives.spreading import collect_links, load_links
from allo_studio.primitives.stages import EVERY_STAGE, STREAM
from allo_studio.primitives.tile_plan import dead_initialiser, erase_initialiser
from allo_studio.types import ArrayType

__all__ = ["declare_links", "give_to_elements", "links_beside", "next_operation", "settle_all"]


def links_beside(kernel: KernelIR, plan: RelayPlan, depth: int) -> KernelIR:
    """Return the kernel with links that are loaded from the array, or collected into it; `kernel` is changed.

    Each is a FIFO of `depth` tokens (0: any).
    """
    with in_context():
        values = declare_links(kernel, plan, plan.links, depth)
        calls = sorted({port.use.element.number: port.use.element.call for port in plan.ports}.items())
        first, last = calls[0][1], next_operation(calls[-1][1])
        if plan.loaded:
            source = _earlier(kernel, plan, first) if _collects_all(plan) else plan.buffer
            load_links(kernel, source, plan.dims, {link: values[link] for link in plan.loaded}, first)
        if plan.drained:
            collect_links(kernel, plan.buffer, plan.dims, {link: values[link] for link in plan.drained}, last)
        ends = give_to_elements(kernel, plan, plan.ports, values)
    changed = settle_all(kernel, ends)
    dead = dead_initialiser(changed.steady(), plan.buffer.name) if plan.drained else None
    if dead is not None:
        with in_context():
            erase_initialiser(*dead)
    return changed


def _collects_all(plan: RelayPlan) -> bool:
    """Tell whether all of the array is collected after the elements, so that only they see what it had before."""
    return len(plan.drained) == prod(plan.buffer.type.shape[d] for d in plan.dims)


def _earlier(kernel: KernelIR, plan: RelayPlan, first: ir.Operation) -> Buffer:
    """Let all that uses the array before the elements use one of its own, which is loaded; return that.

    Else what fills the array and what collects it would be one stage, as they write one array.
    """
    buffer, body = plan.buffer, [view.operation for view in kernel.body.operations]
    earlier = body[: body.index(first)]
    name = fresh_buffer_name(kernel, f"{buffer.name}_first")
    made = declare(kernel, name, buffer.type, before(body[0]))
    layouts = text_map(kernel.function, "allo.layouts")
    if buffer.name in layouts:
        set_text_map(kernel.function, "allo.layouts", dict(sorted({**layouts, name: layouts[buffer.name]}.items())))
    for outer in earlier:
        inside = [inner for region in outer.regions for block in region.blocks for inner in walk(block)]
        for op in (outer, *inside):
            for number, operand in enumerate(op.operands):
                if operand == buffer.value:
                    op.operands[number] = made
    return kernel.find_buffer(name)


def declare_links(kernel: KernelIR, plan: RelayPlan, links: Iterable[Link], depth: int) -> dict[Link, ir.Value]:
    """Make the arrays of links, marked as FIFOs, at the start of the kernel; needs the context to be current."""
    at = before(next(iter(kernel.body.operations)))
    kind, layouts = link_type(plan), text_map(kernel.function, "allo.layouts")
    dims = tuple(plan.buffer.layout.dims[d] for d in plan.rest)
    made = {}
    taken = {buffer.name for buffer in kernel.buffers()} | {argument.name for argument in kernel.arguments()}
    for link in links:
        name = fresh_name(link.name, taken)
        taken.add(name)
        made[link] = declare(kernel, name, kind, at)
        set_integer_map(made[link].owner.operation, STREAM, {EVERY_STAGE: depth})
        if any(entry.kind != "none" for entry in dims):
            layouts[name] = str(Layout(dims))
    set_text_map(kernel.function, "allo.layouts", dict(sorted(layouts.items())))
    return made


def link_type(plan: RelayPlan) -> ArrayType:
    """Return the type of the links: a FIFO is of an array, if only of one element."""
    return ArrayType(plan.buffer.type.element, tuple(plan.buffer.type.shape[d] for d in plan.rest) or (1,))


def give_to_elements(
    kernel: KernelIR, plan: RelayPlan, ports: Sequence[Port], values: Mapping[Link, ir.Value]
) -> list[Ends]:
    """Give every element its links in the place of the array; needs the context to be current."""
    grouped: dict[int, list[Port]] = {}
    for port in ports:
        grouped.setdefault(port.use.element.number, []).append(port)
    found = []
    for mine in grouped.values():
        found += give_links(kernel, mine[0].use.element.call, mine, values, link_type(plan), plan.rest)
    return found


def settle_all(kernel: KernelIR, ends: Sequence[Ends]) -> KernelIR:
    """Return the kernel with elements whose accesses of their links are in order, and that pass on what they read."""
    for one in ends:
        kernel = settle(kernel, one)
    return kernel


def next_operation(op: ir.Operation) -> ir.Operation:
    """Return the operation after another one of its block."""
    listed = [view.operation for view in ir.InsertionPoint(op).block.operations]
    return listed[listed.index(op) + 1]
