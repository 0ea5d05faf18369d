"""A checked design: what the check found out, by the paths of the design."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeVar

from allo_studio.design.model import GraphNode, Project
from allo_studio.diagnostics import Diagnostic, has_errors
from allo_studio.layout import Layout
from allo_studio.types import ArrayType

if TYPE_CHECKING:
    from allo_studio.design.constants import Constant
    from allo_studio.ip.block import IpBlock
    from allo_studio.ir import KernelIR
    from allo_studio.schedule import ScheduledKernel

__all__ = ["CheckedDesign", "CheckedKernel", "EdgeInfo", "PortInfo"]


V = TypeVar("V")


@dataclass(frozen=True)
class PortInfo:
    """A port of a block or graph. `type` is None where it cannot be known, such as behind a faulty kernel.

    `layout` is the block's own demand (what its schedule says), before interfaces are unified; rank 0 has `()`.
    """

    name: str
    direction: Literal["in", "out"]
    type: ArrayType | None = None
    layout: Layout | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.type or 'unknown'}"


@dataclass(frozen=True)
class EdgeInfo:
    """What is known of a wire. `type` is the source's; None unless both ends are known and have the same one.

    Their sizes may have other names.

    `relayout` tells that its ends keep different layouts (`unify: false`), so that a copy is made between them.
    """

    type: ArrayType | None
    ok: bool
    diagnostics: tuple[Diagnostic, ...] = ()
    relayout: bool = False


@dataclass(frozen=True)
class CheckedKernel:
    """A kernel block: the kernel with its ports inferred, and its schedule's replay; None where faulty."""

    base: KernelIR | None
    scheduled: ScheduledKernel | None

    @property
    def ir(self) -> KernelIR | None:
        """The kernel after its whole schedule, or None where it is faulty."""
        return self.scheduled.ir if self.scheduled else None


@dataclass(frozen=True)
class CheckedDesign:
    """A project with what was found out about it.

    `kernels`, `external` and `ports` are by block (`cascade/mm1`), `edges` by wire (`cascade/mm1.C->mm2.A`), and
    `signatures` by graph. A block that is absent from `ports` has ports that cannot be known.
    `layouts` holds the unified layout of each array port of each instance, from the top down: `cascade.A` for the top's
    own ports, `cascade/sub/mm.C` for a block's. `constants` are the elements of the constant blocks, by block.
    `firings` are how often blocks fire in one firing of their graph that do so more than once.
    `expanded` is the project without what is disabled and with a graph for each instance that differs, where there are
    such; what is found is by its graphs too. Of a disabled block the kernel, the constant and the ports are known.
    `around` gives, for each wire around a block that is bypassed, the drawn wire that it stands for.
    `pending` says that a check of the project is going on: what is found is of an earlier state, or nothing yet.
    """

    project: Project
    diagnostics: tuple[Diagnostic, ...]
    kernels: Mapping[str, CheckedKernel] = field(default_factory=dict)
    ports: Mapping[str, tuple[PortInfo, ...]] = field(default_factory=dict)
    edges: Mapping[str, EdgeInfo] = field(default_factory=dict)
    signatures: Mapping[str, tuple[PortInfo, ...]] = field(default_factory=dict)
    layouts: Mapping[str, Layout] = field(default_factory=dict)
    external: Mapping[str, IpBlock] = field(default_factory=dict)
    constants: Mapping[str, Constant] = field(default_factory=dict)
    expanded: Project | None = None
    firings: Mapping[str, int] = field(default_factory=dict)
    around: Mapping[str, str] = field(default_factory=dict)
    pending: bool = False

    @property
    def ok(self) -> bool:
        """Whether the design has no errors (it may have warnings)."""
        return not has_errors(self.diagnostics)

    @property
    def whole(self) -> Project:
        """The project that is built: each graph is what all of its instances are."""
        return self.expanded or self.project

    def graph_at(self, path: str) -> str:
        """Return the graph of `whole` that an instance path (`cascade/left`) leads to; raises KeyError."""
        top, *names = path.split("/")
        graph = self.whole.graphs[top]
        for name in names:
            node = graph.nodes[name]
            if not isinstance(node, GraphNode):
                raise KeyError(path)
            graph = self.whole.graphs[node.graph]
        return graph.name

    def at(self, path: str) -> CheckedDesign:
        """Return what is known of the graph instance at a path, under the name of the graph as drawn."""
        try:
            made = self.graph_at(path)
        except KeyError:
            return self
        drawn = made.partition("@")[0]
        if made == drawn:
            return self
        ports = {**self.ports, **_renamed(self.ports, made, drawn)}
        edges = {**self.edges, **_renamed(self.edges, made, drawn)}
        signatures = {**self.signatures, drawn: self.signatures[made]}
        firings = {**self.firings, **_renamed(self.firings, made, drawn)}
        return replace(self, ports=ports, edges=edges, signatures=signatures, firings=firings)

    def signature(self, graph: str) -> tuple[PortInfo, ...]:
        """Return the boundary ports of a graph, inputs first; raises KeyError."""
        return self.signatures[graph]

    def shown_ports(self, graph: str, node: str) -> tuple[PortInfo, ...]:
        """Return a block's ports to be drawn: where they cannot be known, those that wires name (type None)."""
        known = self.ports.get(f"{graph}/{node}")
        if known is not None:
            return known
        ends = [(e.target, "in") for e in self.project.graphs[graph].edges]
        ends += [(e.source, "out") for e in self.project.graphs[graph].edges]
        named = dict.fromkeys((end.port, direction) for end, direction in ends if end.node == node)
        return tuple(PortInfo(port, "in" if direction == "in" else "out") for port, direction in named)

    def of(self, where: str) -> tuple[Diagnostic, ...]:
        """Return the diagnostics of a block, wire or graph, with those of a block's steps and ports."""
        return tuple(self._by_place.get(where, ()))

    @cached_property
    def _by_place(self) -> Mapping[str, list[Diagnostic]]:
        """The diagnostics by what they are of, and by what that is a part of: up to each `#` and each dot."""
        found = defaultdict[str, list[Diagnostic]](list)
        for diagnostic in self.diagnostics:
            where = diagnostic.where
            for place in {where, *(where[: mark.start()] for mark in _PART.finditer(where))}:
                found[place].append(diagnostic)
        return found


# Begins the number of a step or the name of a port.
_PART = re.compile("[#.]")


def _renamed(found: Mapping[str, V], made: str, drawn: str) -> dict[str, V]:
    """Return what is known by paths in one graph by the same paths in another."""
    return {f"{drawn}/{path.removeprefix(f'{made}/')}": v for path, v in found.items() if path.startswith(f"{made}/")}
