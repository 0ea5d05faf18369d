"""What the files of a design say: each is asked for once a check, and the whole check goes by these answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from numpy.typing import NDArray

from allo_studio.design.blocks import block_source, is_generated
from allo_studio.design.model import ConstantNode, IpNode, KernelNode, Project
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ip.block import IpBlock
from allo_studio.source import Source

__all__ = ["Answers", "Arrays", "BlockLookup", "ask"]

# Gives an array by its file's path in the project, and its name in the file; raises AlloError.
Arrays: TypeAlias = Callable[[str, str], NDArray[Any]]
# Reads the descriptor of a path in the project; raises AlloError.
BlockLookup: TypeAlias = Callable[[str], IpBlock]
_V = TypeVar("_V")


@dataclass(frozen=True)
class Answers:
    """The kernel files, arrays and external blocks that the blocks of a design name, or why they cannot be had."""

    sources: Mapping[str, Source | AlloError]
    arrays: Mapping[tuple[str, str], NDArray[Any] | AlloError]
    blocks: Mapping[str, IpBlock | AlloError]

    def source(self, path: str) -> Source:
        """Return a kernel file, or the text of a block without one; raises AlloError."""
        return block_source(path) if is_generated(path) else _told(self.sources[path])

    def array(self, node: ConstantNode) -> NDArray[Any]:
        """Return the elements of a constant block as its file has them; raises AlloError."""
        return _told(self.arrays[node.path, node.array])

    def block(self, path: str) -> IpBlock:
        """Return an external block; raises AlloError."""
        return _told(self.blocks[path])

    def values(self) -> tuple[object, ...]:
        """Return all answers, in the order of the blocks that ask for them."""
        return *self.sources.values(), *self.arrays.values(), *self.blocks.values()


def ask(
    project: Project, sources: Callable[[str], Source], arrays: Arrays | None, blocks: BlockLookup | None
) -> Answers:
    """Ask for each file that blocks name, once; without `arrays` and `blocks` there are none of these."""
    kernels: dict[str, None] = {}
    constants: dict[tuple[str, str], None] = {}
    external: dict[str, None] = {}
    for graph in project.graphs.values():
        for node in graph.nodes.values():
            if isinstance(node, KernelNode):
                kernels[node.path] = None
            elif isinstance(node, ConstantNode):
                constants[node.path, node.array] = None
            elif isinstance(node, IpNode):
                external[node.path] = None
    return Answers(
        {path: _answer(sources, path) for path in kernels if not is_generated(path)},
        {key: _answer(arrays or _no_array, *key) for key in constants},
        {path: _answer(blocks or _no_block, path) for path in external},
    )


def _answer(lookup: Callable[..., _V], *key: str) -> _V | AlloError:
    try:
        return lookup(*key)
    except AlloError as error:
        return error


def _told(answer: _V | AlloError) -> _V:
    if isinstance(answer, AlloError):
        raise answer
    return answer


def _no_array(path: str, _: str) -> NDArray[Any]:
    raise AlloError(Diagnostic("file", f"{path} cannot be read here", hint="open the project from its folder"))


def _no_block(path: str) -> IpBlock:
    hint = "check the design as a project, which has a folder"
    raise AlloError(Diagnostic("ip", f"the descriptor {path!r} cannot be read here", hint=hint))
