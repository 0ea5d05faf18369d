"""What `relay` does to a processing element: links in the place of the array, each a FIFO end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from allo_studio.analysis.streams import ConsumerOrder, Refusal, consumer_orders, consumer_width, producer_order
from allo_studio.ir import Direction, KernelIR, access_of, in_context
from allo_studio.ir.binding import ir
from allo_studio.ir.build import store
from allo_studio.ir.rewrite import after, erase, fresh_buffer_name, replace_uses
from allo_studio.primitives.local_copy import read_in_order
from allo_studio.primitives.parameters import Given, add_parameters, drop_parameter
from allo_studio.primitives.part_copy import of_link, through_copy
from allo_studio.primitives.relay_plan import Link, Port
from allo_studio.primitives.retype import uses_of
from allo_studio.types import ArrayType

__all__ = ["Ends", "give_links", "settle"]


@dataclass(frozen=True, eq=False)
class Ends:
    """The FIFO ends that an element has for a part, by the names of its parameters; empty where there is none.

    `writes`: it changes the part, which may begin with the value of the constant `start`. `apart`: it reads nothing
    again that it wrote.
    """

    function: str
    taken: str
    handed: str
    start: ir.Attribute | None
    apart: bool
    writes: bool


def give_links(
    kernel: KernelIR,
    call: ir.Operation,
    ports: Sequence[Port],
    links: Mapping[Link, ir.Value],
    kind: ArrayType,
    rest: Sequence[int],
) -> list[Ends]:
    """Give an element its links in the place of the array, and let its accesses be of these; return the ends.

    `kind` is the type of every link, of the dimensions `rest` of the array. Needs the context to be current.
    """
    callee = kernel.at(ports[0].use.element.function)
    found = []
    for port in ports:
        names = {}
        for link in (port.taken, port.handed):
            if link:
                names[link] = fresh_buffer_name(callee, link.name)
                direction: Direction = "inout" if link is port.handed else "in"
                call = add_parameters(kernel, call, [Given(names[link], kind, direction, links[link])])
        _redirect(callee, port, {link: callee.find_buffer(name).value for link, name in names.items()}, rest)
        taken, handed = (names[link] if link else "" for link in (port.taken, port.handed))
        start = port.start.attributes["value"] if port.start else None
        found.append(Ends(callee.name, taken, handed, start, port.apart, bool(port.use.writes)))
    drop_parameter(kernel, call, ports[0].use.parameter)
    return found


def _redirect(callee: KernelIR, port: Port, memories: Mapping[Link, ir.Value], rest: Sequence[int]) -> None:
    """Let an element's accesses of a part be of its links."""
    taken, handed = (memories[link] if link else None for link in (port.taken, port.handed))
    for access in port.use.writes:
        of_link(access.op, handed, rest)
    for access in port.use.reads:
        if port.start and port.apart:
            value = port.start.clone(ip=ir.InsertionPoint(access.op)).operation.result
            replace_uses(access.op.result, value)
            erase(access.op)
        else:
            of_link(access.op, taken if taken is not None and port.apart else handed, rest)


# FIFO ends


def settle(kernel: KernelIR, ends: Ends) -> KernelIR:
    """Return the kernel with an element whose accesses of a part are in order, and that passes on what it reads.

    `kernel` is changed.
    """
    view = kernel.at(ends.function)
    if not ends.taken and not ends.handed:
        return kernel
    # Until it is changed, what is found out about it is kept.
    seen = view.steady()
    if ends.writes:
        if not _streams(seen, ends):
            through_copy(view, ends.taken, ends.handed, ends.start)
        return kernel
    orders = consumer_orders(seen, ends.taken, consumer_width(seen, ends.taken))
    linear = all(op.name == "affine.load" and access_of(op) for op in uses_of(seen, seen.find_buffer(ends.taken)))
    if isinstance(orders, Refusal) or (ends.handed and not linear):
        through_copy(view, ends.taken, ends.handed, None)
        return kernel
    return _passing_on(view, ends, orders[0]).at(kernel.name) if ends.handed else kernel


def _streams(view: KernelIR, ends: Ends) -> bool:
    """Tell whether an element may write its part as it is, of what it takes as it comes."""
    if not ends.apart or isinstance(producer_order(view, ends.handed), Refusal):
        return False
    if not ends.taken:
        return True
    orders = consumer_orders(view, ends.taken, consumer_width(view, ends.taken))
    return not isinstance(orders, Refusal) and orders[0].loop is None


def _passing_on(view: KernelIR, ends: Ends, order: ConsumerOrder) -> KernelIR:
    """Return an element that hands on each element of its part when it takes it."""
    changed = read_in_order(view, ends.taken, order)
    handed = changed.find_buffer(ends.handed).value
    with in_context():
        for op in uses_of(changed, changed.find_buffer(ends.taken)):
            store(op.result, handed, access_of(op) or (), after(op), op.location)
    return changed
