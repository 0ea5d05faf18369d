"""What all fixes share: a fix as a value, and the place of a fault with what is known there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar, cast

from allo_studio.design.checked import CheckedDesign, PortInfo
from allo_studio.design.edit_base import Edit, Several
from allo_studio.design.edit_graph import Disconnect
from allo_studio.design.model import Edge, Endpoint, Graph, Project
from allo_studio.design.sizes import Sizes
from allo_studio.diagnostics import Diagnostic
from allo_studio.types import ArrayType

__all__ = ["At", "Fix", "Rule", "Shared", "near", "removed", "without_wire"]


@dataclass(frozen=True)
class Fix:
    """What mends a fault: an edit, and what it does in words."""

    text: str
    edit: Edit


_T = TypeVar("_T")
# What was found out for one fault and holds for others, by what it is, its graph, and more.
Shared = dict[tuple[str, ...], Any]


class At:
    """The place of a fault: its graph (empty where it has none), and its wire or block, with what is known of them.

    `project` is what the fixes are edits of: the checked one, without copies of the wire that the fault is about.
    `shared` holds what was found out for other faults of the same design.
    """

    def __init__(self, checked: CheckedDesign, diagnostic: Diagnostic, project: Project, shared: Shared) -> None:
        self.checked, self.diagnostic, self.project = checked, diagnostic, project
        self._shared: Shared = shared if project is checked.project else {}
        name, _, rest = diagnostic.where.partition("/")
        self.graph = self.project.graphs.get(name.partition(".")[0], Graph(""))
        self.node = rest.partition("#")[0]
        wires = self.graph.edges if "->" in rest else ()
        self._edge = next((edge for edge in wires if edge.id == rest), None)

    @property
    def edge(self) -> Edge:
        """The wire that the fault is about."""
        assert self._edge is not None
        return self._edge

    @property
    def words(self) -> tuple[str | int, ...]:
        """What the fault is about, after the word for it."""
        return self.diagnostic.about[1:]

    def ports(self, node: str) -> tuple[PortInfo, ...]:
        """Return the known ports of a block of the graph, or the graph's own under the empty name."""
        if not node:
            return self.checked.signatures.get(self.graph.name, ())
        return self.checked.ports.get(f"{self.graph.name}/{node}", ())

    def port(self, end: Endpoint) -> PortInfo | None:
        """Return what is known of an end."""
        return next((port for port in self.ports(end.node) if port.name == end.port), None)

    def type(self, end: Endpoint) -> ArrayType | None:
        """Return the type of an end where it is known."""
        port = self.port(end)
        return port.type if port else None

    def ends(self, side: str, taken: Collection[str] = ()) -> Iterator[tuple[Endpoint, PortInfo]]:
        """Yield all ends of the graph where a wire can begin (`source`) or end (`target`), but for those `taken`.

        Those of disabled blocks are none.
        """
        for node in ("", *(name for name, node in self.graph.nodes.items() if not node.disabled)):
            prefix, direction = f"{node}." if node else "", "out" if bool(node) == (side == "source") else "in"
            for port in self.ports(node):
                if port.direction == direction and f"{prefix}{port.name}" not in taken:
                    yield Endpoint(node, port.name), port

    def share(self, make: Callable[[], _T], *name: str) -> _T:
        """Return what `make` makes of the graph and what is known of it, once for all faults; `name` says what."""
        key = (self.graph.name, *name)
        if key not in self._shared:
            self._shared[key] = make()
        return cast(_T, self._shared[key])

    @property
    def sizes(self) -> Sizes:
        """The named sizes of the graph's ends."""
        return self.share(
            lambda: Sizes(self.graph, {node: self.ports(node) for node in ("", *self.graph.nodes)}), "sizes"
        )

    def has_sizes(self) -> bool:
        """Tell whether an array of the graph has a named size."""
        nodes = "", *self.graph.nodes
        return self.share(lambda: any(p.type and p.type.sizes for node in nodes for p in self.ports(node)), "has sizes")

    def free(self, side: str, other: Endpoint) -> list[Endpoint]:
        """Return the ends of the type of another end, and of its sizes, at which no wire begins or ends yet."""
        type_ = self.type(other)
        if type_ is None:
            return []
        alike = self.share(lambda: self._free(side), "free", side).get(type_.named(()), [])
        if not self.has_sizes():
            return alike
        pairs = ((end, (end, other) if side == "source" else (other, end)) for end in alike)
        return [end for end, pair in pairs if self.sizes.may_join(*pair)]

    def _free(self, side: str) -> dict[ArrayType | None, list[Endpoint]]:
        """Return the ends without a wire by their types, without the names of sizes."""
        taken = {(edge.source if side == "source" else edge.target).text for edge in self.graph.edges}
        found: dict[ArrayType | None, list[Endpoint]] = {}
        for end, port in self.ends(side, taken):
            found.setdefault(port.type and port.type.named(()), []).append(end)
        return found

    def reached(self, node: str, forward: bool) -> set[str]:
        """Return the blocks that wires lead to from a block, or that they come from, itself among them."""
        if not node:
            return set()
        beside = self.share(lambda: self._beside(forward), "beside", str(forward))
        seen, waiting = {node}, [node]
        while waiting:
            new = beside.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += new
        return seen

    def _beside(self, forward: bool) -> dict[str, set[str]]:
        """Return the blocks that wires lead to from each block, or that they come from."""
        beside: dict[str, set[str]] = {}
        for edge in self.graph.edges:
            one, two = (edge.source.node, edge.target.node) if forward else (edge.target.node, edge.source.node)
            if one and two:
                beside.setdefault(one, set()).add(two)
        return beside


Rule = Callable[[At], Iterator[Fix]]


def near(name: str, known: Collection[str]) -> str | None:
    """Return the name that is likely meant."""
    found = get_close_matches(name, list(known), n=1)
    return found[0] if found else None


def removed(at: At, wire: str) -> Edit:
    """Return the edit that takes a wire away, however often it is drawn."""
    count = sum(edge.id == wire for edge in at.graph.edges)
    edit = Disconnect(at.graph.name, wire)
    return edit if count == 1 else Several((edit,) * count, edit.describe())


def without_wire(at: At, wire: str) -> Fix:
    """Return the fix that takes a wire away."""
    return Fix(f"remove the wire {wire}", removed(at, wire))
