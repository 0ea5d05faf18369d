"""Disabling blocks: they stay in the file and on the canvas, and are left out of what is checked and built."""

from __future__ import annotations

from dataclasses import dataclass, replace

from allo_studio.design.edit_base import Edit, find_graph, find_node, refuse, with_graph, without
from allo_studio.design.model import Disabled, Node, Project, UnknownNode

__all__ = ["SetDisabled"]


@dataclass(frozen=True)
class SetDisabled(Edit):
    """Leave some blocks out (`off`), put a wire in their place (`bypass`), or enable them (an empty text)."""

    graph: str
    nodes: tuple[str, ...]
    disabled: Disabled = "off"

    def apply(self, project: Project) -> Project:
        """Return the project with the choice; refused for an unknown block."""
        graph = find_graph(project, self.graph)
        if not self.nodes:
            raise refuse("no blocks are selected", self.graph, "select the blocks that are to be disabled")
        changed = {name: self._changed(find_node(graph, name)) for name in self.nodes}
        return with_graph(project, replace(graph, nodes={**graph.nodes, **changed}))

    def _changed(self, node: Node) -> Node:
        if node.disabled == self.disabled:
            return node
        if isinstance(node, UnknownNode):
            own = {"disabled": True if self.disabled == "off" else self.disabled} if self.disabled else {}
            return UnknownNode({**without(node.raw, "disabled"), **own})
        return replace(node, disabled=self.disabled)

    def describe(self) -> str:
        """Return the text for the undo menu."""
        word = {"": "Enable", "off": "Disable", "bypass": "Bypass"}[self.disabled]
        return f"{word} {self.nodes[0] if len(self.nodes) == 1 else f'{len(self.nodes)} blocks'}"
