"""The external blocks of a design: their descriptors read, each fault noted at the first block that has it."""

from __future__ import annotations

from collections.abc import Callable

from allo_studio.design.check_notes import Notes
from allo_studio.design.model import IpNode, Project
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ip.block import IpBlock

__all__ = ["BlockLookup", "check_ip"]

# Reads the descriptor of a path in the project; raises AlloError.
BlockLookup = Callable[[str], IpBlock]


def check_ip(project: Project, blocks: BlockLookup | None, notes: Notes) -> dict[str, IpBlock]:
    """Return each external block by its path in the design; faults are noted."""
    found: dict[str, IpBlock] = {}
    read: dict[str, IpBlock | None] = {}
    first: dict[str, str] = {}
    for graph in project.graphs.values():
        for name, node in graph.nodes.items():
            if not isinstance(node, IpNode):
                continue
            where = f"{graph.name}/{name}"
            if node.path not in read:
                first[node.path] = where
                read[node.path] = _read(node.path, graph.name, name, blocks, notes)
            elif read[node.path] is None:
                message = f"the descriptor {node.path} has the faults that are told at {first[node.path]}"
                notes.node(graph.name, name, Diagnostic("ip", message, hint="mend it once"), "ip")
            block = read[node.path]
            if block is not None:
                found[where] = block
    return found


def _read(path: str, graph: str, name: str, blocks: BlockLookup | None, notes: Notes) -> IpBlock | None:
    if blocks is None:
        hint = "check the design as a project, which has a folder"
        notes.node(graph, name, Diagnostic("ip", f"the descriptor {path!r} cannot be read here", hint=hint), "ip")
        return None
    try:
        return blocks(path)
    except AlloError as error:
        for diagnostic in error.diagnostics:
            notes.node(graph, name, diagnostic, "ip")
        return None
