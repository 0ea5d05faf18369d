"""What a call does to the arrays that it is given, and to the memories that keep their contents between calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from allo_studio.analysis.access import Access
from allo_studio.analysis.domains import Domain
from allo_studio.analysis.footprints import Footprint, footprints, relation_at, whole
from allo_studio.analysis.notation import index_text
from allo_studio.analysis.sets import extreme
from allo_studio.ir import Buffer, KernelIR
from allo_studio.ir.attributes import symbol, text
from allo_studio.ir.binding import ir

__all__ = ["Effect", "effects", "state_of"]

_SIGNS = {"arith.addi": "+", "arith.subi": "-", "arith.muli": "*"}

Finder = Callable[[KernelIR], tuple[Access, ...]]


@dataclass(frozen=True)
class Effect:
    """What one operation does to one memory: contents from before that it reads, or elements that it writes.

    `relation` is the isl text of the relation from iterations of the operation to elements, and `sure` says that it
    touches all of them. `callee` is the function called, `rank` the number of the memory's dimensions.
    """

    buffer: str
    kind: Literal["read", "write"]
    rank: int
    relation: str
    sure: bool
    callee: str = ""


def state_of(buffer: Buffer) -> str | None:
    """Return the module's name of a memory that keeps its contents, `@name`; None for any other memory."""
    return "@" + symbol(buffer.value.owner.operation, "name") if buffer.kind == "state" else None


def effects(
    kernel: KernelIR, op: ir.Operation, buffers: Mapping[ir.Value, Buffer], when: Domain, find: Finder
) -> Iterator[Effect]:
    """Yield what an operation of `kernel` that is no load or store, and runs `when`, does to memories.

    `find` gives the accesses of a function. What is not known to this analysis may read and write what it is given.
    Reads come first.
    """
    operands = list(op.operands)
    if op.name == "memref.copy":
        source, target = (buffers[operand] for operand in operands)
        yield _whole(source, "read", True, when)
        yield _whole(target, "write", True, when)
        return
    callee = symbol(op, "callee") if op.name == "func.call" else ""
    if callee in kernel.functions:
        yield from _Call(kernel, op, kernel.at(callee), buffers, when).effects(find)
        return
    for buffer in (buffers[operand] for operand in operands if operand in buffers):
        yield _whole(buffer, "read", False, when, callee)
        yield _whole(buffer, "write", False, when, callee)


def _whole(buffer: Buffer, kind: Literal["read", "write"], sure: bool, when: Domain, callee: str = "") -> Effect:
    shape = buffer.type.shape
    relation = relation_at(whole(kind, shape, sure).text, (), when.notation.parameters, when.tuple)
    return Effect(buffer.name, kind, len(shape), relation, sure, callee)


@dataclass(frozen=True)
class _Call:
    """A call of a function of the module."""

    kernel: KernelIR
    op: ir.Operation
    called: KernelIR
    buffers: Mapping[ir.Value, Buffer]
    when: Domain

    def effects(self, find: Finder) -> Iterator[Effect]:
        """Yield what the call does to the arrays that it is given, then to state."""
        summary = _summary(self.called, find)
        names = [argument.name for argument in self.called.arguments()]
        given = dict(zip(names, self.op.operands, strict=True))
        values = tuple(self._values(given))
        for name, value in given.items():
            if value in self.buffers:
                known = self.buffers[value]
                for part in summary.pop(name, ()):
                    yield self._effect(known.name, len(known.type.shape), part, part.sure, values)
        states = {state_of(buffer): buffer.name for buffer in self.buffers.values()}
        for name, parts in summary.items():
            for part in parts if name.startswith("@") else ():
                rank = len(_global_shape(self.called, name))
                yield self._effect(states.get(name, name), rank, part, False, values)

    def _effect(
        self, buffer: str, rank: int, part: Footprint, sure: bool, values: tuple[tuple[str, str], ...]
    ) -> Effect:
        relation = relation_at(part.text, values, self.when.notation.parameters, self.when.tuple)
        # What depends on a value that is not known here may be any part of what it is for all values.
        known = part.symbols <= {name for name, _ in values}
        return Effect(buffer, part.kind, rank, relation, sure and known, self.called.name)

    def _values(self, given: Mapping[str, ir.Value]) -> Iterator[tuple[str, str]]:
        """Yield the symbols of the function whose values are known here, in the caller's notation."""
        for name, value in given.items():
            if value not in self.buffers and isinstance(value.type, ir.IntegerType):
                for prefix in ("n", "u"):
                    known = self._value(value, prefix)
                    if known is not None:
                        yield f"{prefix}_{name}", known

    def _value(self, value: ir.Value, prefix: str) -> str | None:
        """Return a scalar in isl's notation, as a signed number (`n`) or an unsigned one (`u`); None where unknown."""
        if isinstance(value.owner, ir.Block):
            label = next((argument.name for argument in self.kernel.arguments() if argument.value == value), "")
            wanted = f"{prefix}_{label}"
            return wanted if any(s.name == wanted for s in self.when.notation.symbols) else None
        if value.owner.operation.name == "arith.constant" and prefix == "u":
            return str(_constant(value.owner.operation) % 2**value.type.width)
        known = self._number(value)
        return known if known is not None and (prefix == "n" or self._within(known, 0, 2**63)) else None

    def _number(self, value: ir.Value) -> str | None:
        """Return a computed integer, a signed number that no step of its way wraps; None where that is not known."""
        if isinstance(value.owner, ir.Block):
            return self._value(value, "n")
        op = value.owner.operation
        if op.name == "arith.constant":
            return str(_constant(op))
        if op.name == "arith.index_cast":
            known = index_text(op.operands[0], self.when.names)
        elif op.name in ("arith.extsi", "arith.trunci"):
            known = self._number(op.operands[0])
        elif op.name in _SIGNS:
            known = _joined(_SIGNS[op.name], [self._number(operand) for operand in op.operands])
        else:
            return None
        # Beyond its width it would be another number.
        most = 2 ** (int(value.type.width) - 1) - 1
        return known if known is not None and self._within(known, -most - 1, most) else None

    def _within(self, value: str, least: int, most: int) -> bool:
        domain, parameters, depth = self.when.text, self.when.notation.parameters, self.when.depth
        low = extreme(domain, parameters, value, depth, True)
        high = extreme(domain, parameters, value, depth, False)
        return low is not None and high is not None and least <= low and high <= most


def _constant(op: ir.Operation) -> int:
    return int(ir.IntegerAttr(op.attributes["value"]).value)


def _joined(sign: str, parts: Sequence[str | None]) -> str | None:
    """Return a sum, a difference or a multiple in isl's notation, None where it is not known or no such thing."""
    left, right = parts
    if left is None or right is None:
        return None
    if sign == "*" and not any(part.lstrip("-").isdigit() for part in (left, right)):
        return None
    return f"(({left}) {sign} ({right}))"


def _summary(called: KernelIR, find: Finder) -> dict[str, tuple[Footprint, ...]]:
    """Return what a function does to its array arguments, by name, and to state, by `@name`."""
    return dict(called.kept("footprints", lambda: dict(_footprints_of(called, find(called)))))


def _footprints_of(called: KernelIR, found: tuple[Access, ...]) -> Iterator[tuple[str, tuple[Footprint, ...]]]:
    for buffer in called.buffers():
        mine = [access for access in found if access.buffer == buffer.name]
        if mine and buffer.kind not in ("local", "constant"):
            yield state_of(buffer) or buffer.name, tuple(footprints(mine, buffer.type.shape))
    for name in sorted({access.buffer for access in found if access.buffer.startswith("@")}):
        mine = [access for access in found if access.buffer == name]
        yield name, tuple(footprints(mine, _global_shape(called, name)))


def _global_shape(called: KernelIR, name: str) -> tuple[int, ...]:
    for op in called.module.body.operations:
        if op.operation.name == "memref.global" and f"@{text(op.operation, 'sym_name')}" == name:
            return tuple(ir.MemRefType(ir.TypeAttr(op.operation.attributes["type"]).value).shape)
    return ()
