"""The processing elements of an unfolded nest, and which part of an array each of them uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from allo_studio.analysis.accesses import Access, accesses
from allo_studio.diagnostics import AlloError
from allo_studio.ir import Buffer, KernelIR, walk
from allo_studio.ir.attributes import set_strings, strings, symbol
from allo_studio.ir.binding import ir
from allo_studio.primitives.base import fault

__all__ = [
    "Element",
    "Key",
    "Use",
    "accesses_outside",
    "elements_of",
    "key_of",
    "mark_element",
    "nests_of",
    "split_dims",
    "uses_of_parts",
]

# On an element's function: its nest, and the values of the loops that were unfolded.
_ELEMENT = "allo.element"
# The subscripts that say which part of an array is meant.
Key: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Element:
    """A processing element: the call in the kernel's own block, its place in it, and the values of its loops."""

    call: ir.Operation
    number: int
    function: str
    place: tuple[int, ...]

    @property
    def shown(self) -> str:
        """The element as a message has it."""
        return f"element {', '.join(map(str, self.place))}"


@dataclass(frozen=True, eq=False)
class Use:
    """What an element does with a part of an array, which it knows as `parameter`."""

    element: Element
    parameter: str
    key: Key
    reads: tuple[Access, ...]
    writes: tuple[Access, ...]


def mark_element(function: ir.Operation, nest: str, place: Sequence[int]) -> None:
    """Note in its function which element of a nest this is."""
    set_strings(function, _ELEMENT, [nest, *map(str, place)])


def nests_of(kernel: KernelIR) -> tuple[str, ...]:
    """Return the nests whose elements a kernel calls, in order."""
    marks = (_mark(kernel, op) for op in walk(kernel.body))
    return tuple(dict.fromkeys(mark[0] for mark in marks if mark))


def elements_of(kernel: KernelIR, nest: str) -> tuple[Element, ...]:
    """Return the elements of a nest in the order of their calls; raises AlloError where there are none to pass on to.

    Each has a function of its own that is called once, directly in the kernel's block.
    """
    numbers = {op.operation: number for number, op in enumerate(kernel.body.operations)}
    found = [(op, _mark(kernel, op)) for op in walk(kernel.body)]
    mine = [(op, mark) for op, mark in found if mark and mark[0] == nest]
    if not mine:
        known = nests_of(kernel)
        hint = f"unfolded nests: {', '.join(known)}" if known else f"first unfold the nest, by unfold({nest}, [0, 1])"
        message = f"{kernel.name} has no processing elements of a nest {nest!r}"
        raise AlloError(fault(message, kernel.span(kernel.function), hint))
    inside = next((op for op, _ in mine if op not in numbers), None)
    if inside is not None:
        around = inside.parent.operation
        message = f"the processing elements of {nest} are called inside of another operation ({around.name})"
        raise AlloError(fault(message, kernel.span(inside), "unfold the outermost loops of the nest"))
    made = tuple(
        Element(op, numbers[op], symbol(op, "callee"), tuple(int(value) for value in mark[1:])) for op, mark in mine
    )
    several = next((e for n, e in enumerate(made) if e.function in [other.function for other in made[:n]]), None)
    if several:
        message = f"{several.function} is called more than once"
        raise AlloError(fault(message, kernel.span(several.call), "let each processing element be called once"))
    return made


def _mark(kernel: KernelIR, op: ir.Operation) -> tuple[str, ...]:
    if op.name != "func.call" or symbol(op, "callee") not in kernel.functions:
        return ()
    return strings(kernel.at(symbol(op, "callee")).function, _ELEMENT)


# Parts of an array


def split_dims(kernel: KernelIR, buffer: Buffer, elements: Sequence[Element]) -> tuple[int, ...]:
    """Return the dimensions in which every access of every element has a constant subscript.

    Raises AlloError where an element gives the array to a function.
    """
    dims = set(range(len(buffer.type.shape)))
    for _, _, access in _all_accesses(kernel, buffer, elements):
        dims &= {d for d, s in enumerate(access.subscripts) if s is not None and s.is_constant}
    return tuple(sorted(dims))


def uses_of_parts(
    kernel: KernelIR, buffer: Buffer, elements: Sequence[Element], dims: Sequence[int]
) -> tuple[Use, ...]:
    """Return what each element does with each part of an array, in the order of the calls; raises AlloError."""
    found: dict[tuple[Element, Key], list[Access]] = {}
    parameters: dict[Element, str] = {}
    for element, parameter, access in _all_accesses(kernel, buffer, elements):
        key = key_of(access, dims)
        parameters[element] = parameter
        for d, value in zip(dims, key, strict=True):
            if not 0 <= value < buffer.type.shape[d]:
                message = f"{element.shown} accesses {buffer.name} out of range ({value} in dimension {d + 1})"
                raise AlloError(fault(message, access.span, "leave out the code that does not run in this element"))
        found.setdefault((element, key), []).append(access)
    return tuple(
        Use(
            element,
            parameters[element],
            key,
            tuple(access for access in mine if not access.is_write),
            tuple(access for access in mine if access.is_write),
        )
        for (element, key), mine in found.items()
    )


def key_of(access: Access, dims: Sequence[int]) -> Key:
    """Return the constant subscripts of an access in some dimensions."""
    values = (access.subscripts[d] for d in dims)
    return tuple(value.constant for value in values if value is not None)


def accesses_outside(kernel: KernelIR, buffer: Buffer, elements: Sequence[Element]) -> dict[int, list[Access]]:
    """Return the accesses of everything but some elements, by the place in the kernel's block."""
    mine = {element.call for element in elements}
    if all(use.owner.operation in mine for use in buffer.value.uses):
        # What all the calls of a large array do to memory takes time to find out.
        return {}
    found = [access for access in accesses(kernel) if access.buffer == buffer.name]
    outside = {}
    for number, view in enumerate(kernel.body.operations):
        op = view.operation
        inside = {op, *(inner for region in op.regions for block in region.blocks for inner in walk(block))}
        touched = [access for access in found if access.op in inside]
        if touched and op not in mine:
            outside[number] = touched
    return outside


def _all_accesses(
    kernel: KernelIR, buffer: Buffer, elements: Sequence[Element]
) -> Iterator[tuple[Element, str, Access]]:
    for element in elements:
        places = [n for n, operand in enumerate(element.call.operands) if operand == buffer.value]
        callee = kernel.at(element.function)
        for place in places:
            name = callee.arguments()[place].name
            for access in accesses(callee):
                if access.buffer != name:
                    continue
                if access.callee:
                    message = f"{element.shown} passes {buffer.name} to {access.callee}"
                    raise AlloError(fault(message, access.span, f"inline {access.callee} first"))
                yield element, name, access
