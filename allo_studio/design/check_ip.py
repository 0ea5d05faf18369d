"""The external blocks of a design: their descriptors read, each fault noted at the first block that has it."""

from __future__ import annotations

from collections.abc import Callable

from allo_studio.design.check_notes import Notes
from allo_studio.design.model import IpNode, Project
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ip.block import IpBlock

__all__ = ["check_ip"]


def check_ip(project: Project, blocks: Callable[[str], IpBlock], notes: Notes) -> dict[str, IpBlock]:
    """Return each external block by its path in the design; faults are noted. `blocks` raises AlloError."""
    found: dict[str, IpBlock] = {}
    first: dict[str, str] = {}
    for graph in project.graphs.values():
        for name, node in graph.nodes.items():
            if not isinstance(node, IpNode):
                continue
            where = f"{graph.name}/{name}"
            try:
                found[where] = blocks(node.path)
            except AlloError as error:
                told = error.diagnostics
                if node.path in first:
                    message = f"the descriptor {node.path} has the faults that are told at {first[node.path]}"
                    told = (Diagnostic("ip", message, hint="mend it once"),)
                first.setdefault(node.path, where)
                for diagnostic in told:
                    notes.node(graph.name, name, diagnostic, "ip")
    return found
