"""Fixes of faults that only an instance of a graph has, as it sets something of what is inside."""

from __future__ import annotations

from collections.abc import Iterator

from allo_studio.design.edit_names import SetNode
from allo_studio.design.fix_base import At, Fix, Rule
from allo_studio.design.instances import specialise
from allo_studio.design.model import GraphNode

__all__ = ["INSTANCE_RULES"]


def _instance(at: At) -> Iterator[Fix]:
    """Let the instance be as its graph is drawn, where nothing from further out sets anything of it."""
    owner = str(at.words[0])
    graph, _, name = owner.partition("/")
    node = at.project.graphs[graph].nodes[name]
    if isinstance(node, GraphNode) and (node.params or node.inside):
        edit = SetNode(graph, name, GraphNode(node.graph))
        if owner not in specialise(edit.apply(at.project)).owners.values():
            yield Fix(f"let {owner} be as graph {node.graph} is drawn", edit)


INSTANCE_RULES: dict[str, Rule] = {"instance": _instance}
