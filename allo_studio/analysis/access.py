"""One touch of memory: a load, a store, or what a call does to an array that it is given."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from allo_studio.analysis.domains import Domain, domain_of
from allo_studio.analysis.sets import IslMap, IslSet, isl_map, isl_set, per_thread, tuple_text
from allo_studio.ir import KernelIR, LinearExpr, Loop
from allo_studio.ir.binding import ir
from allo_studio.source import Span

__all__ = ["Access", "common_places", "start_of"]


@dataclass(frozen=True, eq=False)
class Access:
    """A touch of memory by `kernel`. Valid as long as that kernel's module is not changed.

    `loops` are those around it, the outermost first, and `when` the iterations of them in which it happens.
    `subscripts` has None for one that is not linear. `elements` is the isl text of what an iteration touches, and
    `pinned` says that it touches all of that. `position` is the place in the text at every level: of the outermost
    loop in the function, of the next in its body, …, of the operation itself; branches count as if they stood one after
    the other. `scope` counts the loops around the declaration of the buffer (0 for an argument): the buffer is fresh in
    each of their iterations. `depth` is the deepest nest of the kernel. `callee` is the function that is called where
    the access is what a call does to an array; its subscripts are None then, and `called` is the isl text of its
    relation in the place of `elements`.
    """

    # Kept so that the module outlives what points into it.
    kernel: KernelIR = field(repr=False)
    op: ir.Operation = field(repr=False)
    buffer: str
    kind: Literal["read", "write"]
    loops: tuple[Loop, ...] = field(repr=False)
    when: Domain = field(repr=False)
    subscripts: tuple[LinearExpr | None, ...] = field(repr=False)
    elements: str = field(repr=False)
    pinned: bool
    position: tuple[int, ...]
    span: Span | None = field(repr=False)
    scope: int = 0
    depth: int = 0
    callee: str | None = None
    called: str = field(default="", repr=False)

    @property
    def is_write(self) -> bool:
        """Whether it writes."""
        return self.kind == "write"

    @property
    def is_store(self) -> bool:
        """Whether it is an operation that stores a value, its first operand."""
        return self.op.name in ("affine.store", "memref.store")

    @property
    def exact(self) -> bool:
        """Whether `domain` and `relation` say precisely which elements are touched, not just more than those."""
        return self.pinned and not self.when.vague

    @property
    def linear(self) -> bool:
        """Whether all subscripts are linear expressions of loop variables and symbols."""
        return None not in self.subscripts

    @property
    def domain(self) -> IslSet:
        """The iterations, as values of the induction variables; of a `while` the count of its iterations from 0."""
        return self.when.set

    @cached_property
    def key(self) -> tuple[str, str]:
        """What the relation is made of: equal keys, equal relations."""
        own = f"{self.when.notation.parameters}{{ {self.when.tuple} -> {self.elements} }}"
        return self.called or own, self.when.text

    @property
    def relation(self) -> IslMap:
        """Iterations to elements; a subscript that is not quasi-affine may be anything within the array."""
        return relation_of(self.key)

    @property
    def schedule(self) -> IslMap:
        """Iterations to time: position and induction variable alternate, padded with 0 to `2 * depth + 1` numbers."""
        time = [str(self.position[0])]
        for level, place in enumerate(self.position[1:]):
            time += [f"i{level}", str(place)]
        time += ["0"] * (2 * self.depth + 1 - len(time))
        return isl_map(f"{{ {self.when.tuple} -> {tuple_text(time)} }}").intersect_domain(self.domain)

    def common(self, other: Access) -> int:
        """Return how many loops are around both."""
        return common_places(self.position[:-1], other.position[:-1])


@per_thread
def relation_of(key: tuple[str, str]) -> IslMap:
    """Return the relation of accesses with this key."""
    text, domain = key
    return isl_map(text).intersect_domain(isl_set(domain))


def common_places(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """Return how many places two positions share from the outside."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def start_of(access: Access, level: int) -> Access:
    """Return a stand-in for a read of the same elements at the very start of the body of loop `level` around it."""
    loops, position = access.loops[: level + 1], (*access.position[: level + 1], -1)
    return replace(access, kind="read", loops=loops, when=domain_of(access.when.notation, loops), position=position)
