"""The kernel that copies an array from one memory layout to another, an element a cycle, and what all copies have."""

from __future__ import annotations

from allo_studio.ir import KernelIR, LinearExpr, in_context
from allo_studio.ir.attributes import set_text_map
from allo_studio.ir.build import for_loop, load, store
from allo_studio.ir.rewrite import at_end, at_start
from allo_studio.layout import Layout
from allo_studio.source import Source
from allo_studio.types import ArrayType

__all__ = ["copying_kernel", "relayout_kernel"]


def relayout_kernel(name: str, kind: ArrayType, source: Layout, target: Layout) -> KernelIR:
    """Return a kernel of that name with an input `source` and an output `target` of type `kind`, in these layouts."""
    kernel = copying_kernel(name, kind)
    block = kernel.body
    memories = list(block.arguments)
    subscripts: list[LinearExpr] = []
    with in_context():
        for number, extent in enumerate(kind.shape):
            at = at_end(block) if number else at_start(block)
            loop = for_loop(f"d{number}", 0, extent, at=at, band=name if not number else None)
            block = loop.regions[0].blocks[0]
            subscripts.append(LinearExpr.of(block.arguments[0]))
        value = load(memories[0], subscripts, at_end(block))
        store(value, memories[1], subscripts, at_end(block))
    return kernel.with_layout("source", source).with_layout("target", target)


def copying_kernel(name: str, kind: ArrayType) -> KernelIR:
    """Return a kernel without a body, with an input `source` and an output `target` of a type."""
    memory = f"memref<{''.join(f'{extent}x' for extent in kind.shape)}{kind.element.mlir}>"
    kernel = KernelIR.parse(
        f"func.func @{name}(%source: {memory}, %target: {memory}) attributes {{"
        'allo.args = ["source", "target"], allo.directions = ["in", "out"], llvm.emit_c_interface} { return }',
        Source(name, ""),
    )
    if kernel.arguments()[0].type != kind:
        # What MLIR's type does not say of an element.
        with in_context():
            set_text_map(kernel.function, "allo.types", {"source": str(kind), "target": str(kind)})
    return kernel
