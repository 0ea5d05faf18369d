"""What `relay` makes of an array: which links between stages, and what each processing element takes and hands on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from allo_studio.analysis.accesses import Access
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Buffer, KernelIR
from allo_studio.ir.binding import ir
from allo_studio.primitives.base import fault
from allo_studio.primitives.elements import (
    Element,
    Key,
    Use,
    accesses_outside,
    elements_of,
    split_dims,
    uses_of_parts,
)
from allo_studio.primitives.first_values import first_value, needs_contents, reads_first

__all__ = ["Link", "Port", "RelayPlan", "part_name", "part_text", "plan_relay"]


@dataclass(frozen=True)
class Link:
    """An array between two stages, for the part `key` of the one that is relayed."""

    name: str
    key: Key


@dataclass(frozen=True, eq=False)
class Port:
    """What an element does with its part: the links that it takes it from and hands it on to.

    Where nothing is taken, the part may `start` with one value everywhere, that of a constant. `apart`: no element of
    it is read after this processing element wrote it.
    """

    use: Use
    taken: Link | None
    handed: Link | None
    start: ir.Operation | None = None
    apart: bool = True


@dataclass(frozen=True, eq=False)
class RelayPlan:
    """How an array is relayed. `dims` are the dimensions whose subscripts say which part is meant.

    `loaded` are filled from the array before the first element, `drained` collected into it after the last. `direct`:
    the links take the array's place everywhere.
    """

    buffer: Buffer
    elements: tuple[Element, ...]
    dims: tuple[int, ...]
    ports: tuple[Port, ...]
    loaded: tuple[Link, ...] = ()
    drained: tuple[Link, ...] = ()
    direct: bool = False

    @property
    def rest(self) -> tuple[int, ...]:
        """The dimensions that the links have too."""
        return tuple(d for d in range(len(self.buffer.type.shape)) if d not in self.dims)

    @property
    def links(self) -> tuple[Link, ...]:
        """All links, in the order of the elements that take them."""
        found = [link for port in self.ports for link in (port.taken, port.handed) if link]
        return tuple(dict.fromkeys(found))


def plan_relay(kernel: KernelIR, name: str, nest: str, axis: int | None) -> RelayPlan:
    """Return how an array goes through the elements of a nest; raises AlloError (code `step`) where it cannot.

    `axis` is the axis of the elements along which they pass it on, None for any or none.
    """
    buffer = kernel.find_buffer(name)
    _require_array(buffer)
    elements = elements_of(kernel, nest)
    rank = len(elements[0].place)
    if axis is not None and not 0 <= axis < rank:
        axes = "axis 0 only" if rank == 1 else f"axes 0 to {rank - 1}"
        message = f"the processing elements of {nest} have no axis {axis}"
        raise AlloError(fault(message, buffer.span, f"they have {axes}; the outermost loop is 0"))
    dims = split_dims(kernel, buffer, elements)
    uses = uses_of_parts(kernel, buffer, elements, dims)
    if not uses:
        message = f"no processing element of {nest} uses {name}"
        raise AlloError(fault(message, buffer.span, _hint_used(kernel, elements)))
    parts = _Parts(kernel, buffer, elements, dims, uses, axis, nest)
    if buffer.kind == "local" and parts.handed_over:
        return parts.as_it_is()
    return parts.versions() if any(use.writes for use in uses) else parts.feeds()


def _require_array(buffer: Buffer) -> None:
    name = buffer.name
    if buffer.kind in ("constant", "state"):
        what = "a table of constants" if buffer.kind == "constant" else "state, which outlives a call"
        raise AlloError(fault(f"{name} is {what}, so it is not passed on", buffer.span, "name another array"))
    if not buffer.type.shape:
        raise AlloError(fault(f"{name} is one value, not an array", buffer.span, "leave it as it is"))
    if buffer.type.sizes:
        message = f"{name} is {buffer.type}: an array of a named size is not passed on"
        raise AlloError(fault(message, buffer.span, "give it constant extents"))


def _hint_used(kernel: KernelIR, elements: Sequence[Element]) -> str:
    given = {operand for element in elements for operand in element.call.operands}
    return f"arrays that they use: {', '.join(b.name for b in kernel.buffers() if b.value in given) or 'none'}"


def part_name(array: str, numbers: Sequence[int]) -> str:
    """Return what an array for a part is called."""
    return "_".join([array, *map(str, numbers)])


def part_text(buffer: Buffer, dims: Sequence[int], key: Key) -> str:
    """Return a part as a message has it, such as `A[2, :]`."""
    places = dict(zip(dims, key, strict=True))
    inside = [str(places.get(d, ":")) for d in range(len(buffer.type.shape))]
    return f"{buffer.name}[{', '.join(inside)}]"


@dataclass(frozen=True, eq=False)
class _Parts:
    """An array of which elements use parts, before it is decided what links there are."""

    kernel: KernelIR
    buffer: Buffer
    elements: tuple[Element, ...]
    dims: tuple[int, ...]
    uses: tuple[Use, ...]
    axis: int | None
    nest: str

    @property
    def handed_over(self) -> bool:
        """Whether the kernel itself has the links: one element writes a part, and others read it."""
        groups = list(self._by_key().values())
        if any(sum(bool(use.writes) for use in group) > 1 for group in groups):
            return False
        return any(len(group) > 1 and group[0].writes for group in groups)

    def as_it_is(self) -> RelayPlan:
        """Return the plan in which each part is a link."""
        groups = self._by_key()
        self._require_along([group for group in groups.values() if len(group) > 1])
        for group in groups.values():
            late = next((use for use in group[1:] if use.writes), None)
            if late:
                message = f"{group[0].element.shown} reads {self._text(late.key)} before {late.element.shown} writes it"
                raise AlloError(fault(message, group[0].reads[0].span, "let what is passed on be written first"))
        ports = []
        for use in self.uses:
            link = Link(part_name(self.buffer.name, use.key), use.key)
            if use.writes and needs_contents(use, self.dims, self.buffer.type.shape):
                message = f"{use.element.shown} may read {self._text(use.key)} before it writes it, or not write it all"
                hint = "let the element that hands a part on write every element of it"
                raise AlloError(fault(message, use.writes[0].span, hint))
            ports.append(
                Port(
                    use,
                    None if use.writes else link,
                    link if use.writes else None,
                    apart=not (use.reads and use.writes),
                )
            )
        return RelayPlan(self.buffer, self.elements, self.dims, tuple(ports), direct=True)

    def feeds(self) -> RelayPlan:
        """Return the plan for an array that the elements only read: with an axis, they pass it on along that."""
        self._require_still(lambda access: access.is_write, "written")
        rows: dict[tuple[tuple[int, ...], Key], list[Use]] = {}
        for use in self.uses:
            place = use.element.place if self.axis is None else self._across(use.element)
            rows.setdefault((place, use.key), []).append(use)
        if self.axis is not None and all(len(row) == 1 for row in rows.values()):
            raise AlloError(self._nothing_shared())
        ports, loaded = [], []
        for row in rows.values():
            links = [self._link(use) for use in row]
            loaded.append(links[0])
            ports += [Port(use, *pair) for use, pair in zip(row, pairwise([*links, None]), strict=True)]
        return RelayPlan(self.buffer, self.elements, self.dims, tuple(ports), tuple(loaded))

    def versions(self) -> RelayPlan:
        """Return the plan for an array that elements write: each part goes through those that use it, in order."""
        self._require_still(lambda access: True, "used")
        groups = self._by_key()
        shared = [group for group in groups.values() if len(group) > 1]
        self._require_along(shared)
        if self.axis is not None and not shared:
            message = f"every part of {self.buffer.name} is used by one processing element alone"
            hint = f"nothing is passed on along axis {self.axis}: leave axis out"
            raise AlloError(fault(message, self.buffer.span, hint))
        before = self._first_value()
        plan = RelayPlan(self.buffer, self.elements, self.dims, ())
        for group in groups.values():
            plan = self._through(plan, group, before)
        return plan

    def _through(self, plan: RelayPlan, group: Sequence[Use], before: ir.Operation | None) -> RelayPlan:
        """Return the plan with one part added."""
        links: list[Link | None] = [self._link(use) for use in group]
        written, shape = any(use.writes for use in group), self.buffer.type.shape
        start = None
        if written and not (group[0].reads and not group[0].writes):
            if not needs_contents(group[0], self.dims, shape):
                links[0] = None
            elif before:
                links[0], start = None, before
        loaded = links[0]
        last = None
        if written:
            name = part_name(self.buffer.name, group[-1].element.place)
            last = Link(f"{name}_out" if links[-1] else name, group[-1].key)
        ends = pairwise([*links, last])
        ports = [
            Port(use, taken, handed, None if number else start, reads_first(use))
            for number, (use, (taken, handed)) in enumerate(zip(group, ends, strict=True))
        ]
        return replace(
            plan,
            ports=(*plan.ports, *ports),
            loaded=(*plan.loaded, loaded) if loaded else plan.loaded,
            drained=(*plan.drained, last) if last else plan.drained,
        )

    def _by_key(self) -> dict[Key, list[Use]]:
        found: dict[Key, list[Use]] = {}
        for use in self.uses:
            found.setdefault(use.key, []).append(use)
        return found

    def _link(self, use: Use) -> Link:
        """Return the link from which an element takes a part."""
        several = sum(other.element is use.element for other in self.uses) > 1
        return Link(part_name(self.buffer.name, (*use.element.place, *(use.key if several else ()))), use.key)

    def _text(self, key: Key) -> str:
        return part_text(self.buffer, self.dims, key)

    def _across(self, element: Element) -> tuple[int, ...]:
        """Return the element's place without its axis."""
        assert self.axis is not None
        return element.place[: self.axis] + element.place[self.axis + 1 :]

    def _require_along(self, groups: Sequence[Sequence[Use]]) -> None:
        """Raise where elements would pass a part on along another axis."""
        for group in groups if self.axis is not None else ():
            for one, two in pairwise(group):
                if self._across(one.element) != self._across(two.element):
                    message = f"{self._text(one.key)} goes from {one.element.shown} to {two.element.shown}"
                    hint = f"that is not along axis {self.axis} of {self.nest}; leave axis out, or name another"
                    raise AlloError(fault(message, (*two.reads, *two.writes)[0].span, hint))

    def _nothing_shared(self) -> Diagnostic:
        """Return why nothing can be passed on along the axis: neighbours read different parts."""
        one, two = next(
            (pair for pair in pairwise(self.uses) if pair[0].element is not pair[1].element),
            (self.uses[0], self.uses[-1]),
        )
        for other in self.uses:
            if other.element is not one.element and self._across(other.element) == self._across(one.element):
                two = other
                break
        message = (
            f"along axis {self.axis} of {self.nest}, elements read different parts of {self.buffer.name}: "
            f"{one.element.shown} reads {self._text(one.key)}, {two.element.shown} reads {self._text(two.key)}"
        )
        hint = "name the axis along which they read the same, or leave axis out"
        return fault(message, two.reads[0].span, hint)

    def _require_still(self, wrong: Callable[[Access], bool], what: str) -> None:
        """Raise where something between the elements does what would come at another time."""
        numbers = [use.element.number for use in self.uses]
        for number, touched in accesses_outside(self.kernel, self.buffer, self.elements).items():
            found = next((access for access in touched if wrong(access)), None)
            if min(numbers) < number < max(numbers) and found:
                message = f"{self.buffer.name} is {what} between the processing elements of {self.nest}"
                raise AlloError(fault(message, found.span, f"move that before or after {self.nest}"))

    def _first_value(self) -> ir.Operation | None:
        """Return the one value that the array has everywhere before the first element, where there is one."""
        first = min(use.element.number for use in self.uses)
        outside = accesses_outside(self.kernel, self.buffer, self.elements)
        earlier = [number for number in outside if number < first]
        return first_value(self.kernel, self.buffer, earlier[-1], outside[earlier[-1]]) if earlier else None
