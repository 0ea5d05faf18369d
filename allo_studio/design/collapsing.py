"""What is found out before blocks become a graph: the types of their wires in each instance, and at other values of
the parameters of the graph that they are in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from allo_studio.design.checked import CheckedDesign
from allo_studio.design.edit_base import find_graph
from allo_studio.design.edit_hierarchy import CollapseNodes
from allo_studio.design.end_types import EndTypes
from allo_studio.design.instances import opened, specialise, used_params
from allo_studio.design.model import Endpoint, Graph, KernelNode, Node, ParamValue
from allo_studio.diagnostics import AlloError
from allo_studio.source import Source
from allo_studio.types import ArrayType

__all__ = ["collapsing"]

# Types to try in the place of one that a parameter is.
_TYPES = ("int8", "uint16", "float32", "Fixed(12, 4)")


def collapsing(
    checked: CheckedDesign, sources: Callable[[str], Source], graph: str, nodes: Sequence[str], name: str
) -> CollapseNodes:
    """Return the edit that makes a graph `name` of some blocks of a graph of a checked design.

    `sources` reads a kernel file by its path, as for the check. Raises AlloError for an unknown graph.
    """
    drawn = find_graph(checked.project, graph)
    blocks = _at_wires_that_cross(drawn, set(nodes))
    known = [*_instances(checked, drawn, blocks), *_Tries(checked, sources, drawn, blocks).found()]
    return CollapseNodes(graph, tuple(nodes), name, tuple(known))


def _at_wires_that_cross(graph: Graph, inside: Collection[str]) -> set[str]:
    """Return the blocks that have a wire to or from an end at which a wire crosses."""
    crossing = {e.source for e in graph.edges if (e.source.node in inside) != (e.target.node in inside)}
    wires = [edge for edge in graph.edges if edge.source in crossing]
    return {end.node for edge in wires for end in (edge.source, edge.target)} & graph.nodes.keys()


def _instances(checked: CheckedDesign, graph: Graph, blocks: Collection[str]) -> Iterator[EndTypes]:
    """Yield what was found out of the graph as it is drawn, and then of its instances that differ."""
    instances = specialise(checked.project)
    made = {name: values for name, values in instances.values.items() if instances.drawn(name) == graph.name}
    for name, values in {graph.name: graph.params, **made}.items():
        paths = {block: f"{name}/{block}" for block in graph.nodes}
        ends = {Endpoint("", port.name): port.type for port in checked.signatures.get(name, ())}
        for block in blocks:
            ends |= {Endpoint(block, port.name): port.type for port in checked.ports.get(paths[block], ())}
        firings = {block: checked.firings[path] for block, path in paths.items() if path in checked.firings}
        yield EndTypes(values, {end: kind for end, kind in ends.items() if kind}, firings)


class _Tries:
    """The ports that kernel blocks of a graph have where one of its parameters is another than it is."""

    def __init__(
        self, checked: CheckedDesign, sources: Callable[[str], Source], graph: Graph, blocks: Collection[str]
    ) -> None:
        self._checked, self._sources = checked, sources
        kernels = {name: graph.nodes[name] for name in blocks if isinstance(graph.nodes[name], KernelNode)}
        self._graph = replace(graph, nodes=kernels)

    def found(self) -> Iterator[EndTypes]:
        """Yield the types at each value that was tried; what no kernel can be made for has none."""
        for param, value in used_params(self._graph, self._graph.nodes.values(), ()).items():
            users = {n: node for n, node in self._graph.nodes.items() if param in used_params(self._graph, [node], ())}
            for other in _others(value):
                made = opened(replace(self._graph, nodes=users), {param: other}, {})
                types = {
                    Endpoint(name, port): kind for name, node in made.items() for port, kind in self._ports(name, node)
                }
                yield EndTypes({**self._graph.params, param: other}, types, None)

    def _ports(self, name: str, node: Node) -> Iterator[tuple[str, ArrayType]]:
        """Yield the ports of a kernel block with other values, by name; none where there is no such kernel."""
        # Loaded where it is needed: a start does without it.
        from allo_studio.design.check_kernels import kernel_result

        assert isinstance(node, KernelNode)
        path = f"{self._graph.name}/{name}"
        kernel = self._checked.kernels.get(path)
        if kernel is None or kernel.base is None:
            return
        # A schedule need not apply to other values: it counts only where it changes what the ports are.
        plain = {(argument.name, argument.type) for argument in kernel.base.arguments()}
        changes = plain != {(port.name, port.type) for port in self._checked.ports.get(path, ())}
        steps = self._checked.project.schedules.get(node.schedule or "", ()) if changes else ()
        try:
            result = kernel_result(self._sources(node.path), node, steps)
        except AlloError:
            return
        if not result.step_faults:
            yield from ((port.name, port.type) for port in result.ports if port.type)


def _others(value: ParamValue) -> list[ParamValue]:
    """Return values to try in the place of one: a kernel may need a multiple of something, or a power of two."""
    if isinstance(value, str):
        return [kind for kind in _TYPES if kind != value]
    near = (2 * value, 3 * value, 4 * value, 16 * value, value + 1, value // 2, 1, 2)
    return [other for other in dict.fromkeys(near) if other != value]
