"""What a kernel reads and writes: every load, store and call with its loops, subscripts and place in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from allo_studio.analysis.access import Access
from allo_studio.analysis.calls import effects
from allo_studio.analysis.domains import Domain
from allo_studio.analysis.notation import index_text, linear_text, map_texts, notation_of
from allo_studio.ir import KernelIR, LinearExpr, Loop, linear_of, map_results
from allo_studio.ir.binding import ir
from allo_studio.ir.views import LOOP_KINDS

__all__ = ["Access", "accesses"]

# Operands of a load or store before its subscripts.
_OPERANDS_BEFORE = {"affine.load": 1, "memref.load": 1, "affine.store": 2, "memref.store": 2}
_PURE = ("arith.", "math.", "affine.apply", "affine.yield")
_MEMORIES = ("memref.alloc", "memref.get_global")


def accesses(kernel: KernelIR) -> tuple[Access, ...]:
    """Return all touches of memory of a kernel in program order."""
    # What is found out about a callee serves for all its calls.
    return kernel.kept("accesses", lambda: tuple(_Walker(kernel.steady()).collect()))


@dataclass(frozen=True)
class _Place:
    """Where the walk is: the loops around, when they run, and the position up to the innermost of them."""

    loops: tuple[Loop, ...]
    when: Domain
    position: tuple[int, ...] = ()


class _Walker:
    def __init__(self, kernel: KernelIR) -> None:
        self._kernel = kernel
        loops = kernel.loops()
        self._loops = iter(loops)
        self._depth = max((loop.depth + 1 for loop in loops), default=0)
        self._buffers = {buffer.value: buffer for buffer in kernel.buffers()}
        self._scopes: dict[str, int] = {}

    def collect(self) -> Iterator[Access]:
        """Yield the accesses in program order."""
        notation = notation_of(self._kernel.function)
        yield from self._block(self._kernel.body, _Place((), Domain(notation, notation.values)), [0])

    def _block(self, block: ir.Block, place: _Place, counter: list[int]) -> Iterator[Access]:
        """Yield those of a block; `counter` numbers the operations of a loop's body, through all branches."""
        for view in block.operations:
            op = view.operation
            here = (*place.position, counter[0])
            counter[0] += 1
            if op.name.startswith(_PURE):
                continue
            if op.name in LOOP_KINDS:
                yield from self._loop(op, place, here)
            elif op.name in _MEMORIES:
                self._scopes[self._buffers[op.results[0]].name] = len(place.loops)
            elif op.name in _OPERANDS_BEFORE:
                yield self._touch(op, place, here)
            elif op.name == "func.call" or any(operand in self._buffers for operand in op.operands):
                yield from self._effects(op, place, here)
            for number, region in enumerate(() if op.name in LOOP_KINDS else op.regions):
                inside = replace(place, when=place.when.enter_branch(op, number))
                for inner in region.blocks:
                    yield from self._block(inner, inside, counter)

    def _loop(self, op: ir.Operation, place: _Place, here: tuple[int, ...]) -> Iterator[Access]:
        # `KernelIR.loops` lists them in the same order as this walk meets them.
        loop = next(self._loops)
        inside = _Place((*place.loops, loop), place.when.enter_loop(loop), here)
        counter = [0]
        for region in op.regions:
            for block in region.blocks:
                yield from self._block(block, inside, counter)

    def _touch(self, op: ir.Operation, place: _Place, here: tuple[int, ...]) -> Access:
        skip = _OPERANDS_BEFORE[op.name]
        operands = list(op.operands)
        buffer = self._buffers[operands[skip - 1]]
        subscripts, texts = _subscripts(op, operands[skip:], place.when)
        kind: Literal["read", "write"] = "write" if skip == 2 else "read"
        elements, pinned = _elements(texts, buffer.type.shape, op.name.startswith("memref."))
        return self._access(op, buffer.name, kind, place, here, subscripts, elements, pinned)

    def _effects(self, op: ir.Operation, place: _Place, here: tuple[int, ...]) -> Iterator[Access]:
        """Yield what a call, or an operation that this analysis does not know, does to the memories it is given."""
        for effect in effects(self._kernel, op, self._buffers, place.when, accesses):
            subscripts = (None,) * effect.rank
            made = self._access(op, effect.buffer, effect.kind, place, here, subscripts, "", effect.sure)
            yield replace(made, callee=effect.callee or op.name, called=effect.relation)

    def _access(
        self,
        op: ir.Operation,
        name: str,
        kind: Literal["read", "write"],
        place: _Place,
        here: tuple[int, ...],
        subscripts: tuple[LinearExpr | None, ...],
        elements: str,
        pinned: bool,
    ) -> Access:
        scope = self._scopes.get(name, 0)
        span = self._kernel.span(op)
        return Access(
            self._kernel, op, name, kind, place.loops, place.when, subscripts, elements, pinned, here, span, scope,
            self._depth,
        )  # fmt: skip


def _subscripts(
    op: ir.Operation, operands: Sequence[ir.Value], when: Domain
) -> tuple[tuple[LinearExpr | None, ...], list[str | None]]:
    """Return the subscripts as linear expressions and in isl's notation, None where there is no such form."""
    if op.name.startswith("memref."):
        found = tuple(linear_of(operand) for operand in operands)
    else:
        mapping = ir.AffineMapAttr(op.attributes["map"]).value
        found = map_results(mapping, operands)
    if all(s is not None and all(v in when.names for v in s.variables) for s in found):
        return found, [linear_text(s, when.names) for s in found if s is not None]
    linear = tuple(s if s is not None and all(v in when.names for v in s.variables) else None for s in found)
    if op.name.startswith("memref."):
        return linear, [index_text(operand, when.names) for operand in operands]
    return linear, map_texts(mapping, operands, when.names)


def _elements(texts: Sequence[str | None], shape: Sequence[int], computed: bool) -> tuple[str, bool]:
    """Return the elements at subscripts in isl's notation, and whether each subscript is known.

    A `computed` subscript that is out of range ends the run, so that nothing is touched there.
    """
    entries, ranges, pinned = [], [], True
    for d, (text, extent) in enumerate(zip(texts, shape, strict=True)):
        entry = f"e{d}" if text is None else f"({text})"
        entries.append(entry)
        pinned = pinned and text is not None
        if text is None or computed:
            ranges.append(f"0 <= {entry} < {extent}")
    condition = f" : {' and '.join(ranges)}" if ranges else ""
    return f"[{', '.join(entries)}]{condition}", pinned
