"""What a kernel reads and writes: every load and store with its loops, subscripts and place in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from allo_studio.analysis.sets import (
    IslMap,
    IslSet,
    domain_set,
    isl_map,
    linear_text,
    tuple_text,
    variable_names,
)
from allo_studio.ir import KernelIR, LinearExpr, Loop, map_results
from allo_studio.ir.binding import ir
from allo_studio.source import Span

__all__ = ["Access", "accesses"]

_OPERANDS_BEFORE = {"affine.load": 1, "affine.store": 2}


@dataclass(frozen=True, eq=False)
class Access:
    """A load or a store of `kernel`. Valid as long as that kernel's module is not changed.

    `loops` are those around it, the outermost first. `subscripts` has None for one that is not linear. `position` is
    the place in the text at every level: of the outermost loop in the function, of the next in its body, …, of the
    operation itself. `scope` counts the loops around the declaration of the buffer (0 for an argument): the buffer is
    fresh in each of their iterations. `depth` is the deepest nest of the kernel.
    """

    # Kept so that the module outlives what points into it.
    kernel: KernelIR = field(repr=False)
    op: ir.Operation = field(repr=False)
    buffer: str
    kind: Literal["read", "write"]
    loops: tuple[Loop, ...] = field(repr=False)
    subscripts: tuple[LinearExpr | None, ...] = field(repr=False)
    position: tuple[int, ...]
    span: Span | None = field(repr=False)
    scope: int = 0
    depth: int = 0

    @property
    def is_write(self) -> bool:
        """Whether it is a store."""
        return self.kind == "write"

    @property
    def exact(self) -> bool:
        """Whether `domain` and `relation` say precisely which elements are touched, not just more than those."""
        return None not in self.subscripts

    @cached_property
    def domain(self) -> IslSet:
        """The iterations, as values of the induction variables."""
        return domain_set(self.loops)

    @cached_property
    def relation(self) -> IslMap:
        """Iterations to elements; a subscript that is not linear may be anything."""
        names = variable_names(self.loops)
        elements = [f"e{d}" for d in range(len(self.subscripts))]
        equal = [
            f"{element} = {linear_text(subscript, names)}"
            for element, subscript in zip(elements, self.subscripts, strict=True)
            if subscript is not None and all(v in names for v in subscript.variables)
        ]
        condition = f" : {' and '.join(equal)}" if equal else ""
        text = f"{{ {tuple_text(names.values())} -> {tuple_text(elements)}{condition} }}"
        return isl_map(text).intersect_domain(self.domain)

    @cached_property
    def schedule(self) -> IslMap:
        """Iterations to time: position and induction variable alternate, padded with 0 to `2 * depth + 1` numbers."""
        names = list(variable_names(self.loops).values())
        time = [str(self.position[0])]
        for name, place in zip(names, self.position[1:], strict=True):
            time += [name, str(place)]
        time += ["0"] * (2 * self.depth + 1 - len(time))
        return isl_map(f"{{ {tuple_text(names)} -> {tuple_text(time)} }}").intersect_domain(self.domain)

    def common(self, other: Access) -> int:
        """Return how many loops are around both."""
        return _common(self.position[:-1], other.position[:-1])


def _common(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def accesses(kernel: KernelIR) -> tuple[Access, ...]:
    """Return all loads and stores of a kernel in program order."""
    walker = _Walker(kernel)
    return tuple(walker.collect(kernel.body, (), ()))


class _Walker:
    def __init__(self, kernel: KernelIR) -> None:
        self._kernel = kernel
        loops = kernel.loops()
        self._loops = iter(loops)
        self._depth = max((loop.depth + 1 for loop in loops), default=0)
        self._buffers = {buffer.value: buffer.name for buffer in kernel.buffers()}
        self._scopes: dict[str, int] = {}

    def collect(self, block: ir.Block, loops: tuple[Loop, ...], position: tuple[int, ...]) -> Iterator[Access]:
        for number, view in enumerate(block.operations):
            op = view.operation
            here = (*position, number)
            if op.name == "affine.for":
                # `KernelIR.loops` lists them in the same order as this walk meets them.
                loop = next(self._loops)
                yield from self.collect(loop.body, (*loops, loop), here)
            elif op.name == "memref.alloc":
                self._scopes[self._buffers[op.result]] = len(loops)
            elif op.name in _OPERANDS_BEFORE:
                yield self._access(op, loops, here)

    def _access(self, op: ir.Operation, loops: tuple[Loop, ...], position: tuple[int, ...]) -> Access:
        skip = _OPERANDS_BEFORE[op.name]
        operands = list(op.operands)
        name = self._buffers[operands[skip - 1]]
        subscripts = map_results(ir.AffineMapAttr(op.attributes["map"]).value, operands[skip:])
        span = self._kernel.span(op)
        kind: Literal["read", "write"] = "write" if skip == 2 else "read"
        return Access(
            self._kernel, op, name, kind, loops, subscripts, position, span, self._scopes.get(name, 0), self._depth
        )
