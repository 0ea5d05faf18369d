"""A kernel as text to compare: its loops and memories, its MLIR, its C++. Nothing here touches Qt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from allo_studio.diagnostics import AlloError

if TYPE_CHECKING:
    from allo_studio.ir import KernelIR, Loop

__all__ = ["FORMS", "text_of"]

# The forms by name, each with its language for colours.
FORMS = {"Loops": "", "MLIR": "mlir", "C++": "cpp"}


def text_of(kernel: KernelIR, form: str) -> str:
    """Return a kernel in one of `FORMS`; as C++ it is why it has no such form, where that is so."""
    if form == "MLIR":
        return kernel.text()
    if form == "C++":
        # What only builds need is not loaded at the start.
        from allo_studio.backends.vitis import kernel_code

        try:
            return kernel_code(kernel)
        except AlloError as error:
            return "".join(f"// {line}\n" for line in str(error).splitlines())
    return "".join(f"{line}\n" for line in _loops(kernel))


def _loops(kernel: KernelIR) -> Iterator[str]:
    for name in (kernel.name, *(name for name in kernel.functions if name != kernel.name)):
        function = kernel.at(name)
        yield f"{name}()"
        for loop in function.top_loops():
            yield from _loop(loop, 1)
        for buffer in function.buffers():
            yield f"    {buffer.direction or 'local'} {buffer.name}: {buffer.type}  layout {buffer.layout}"
        yield ""


def _loop(loop: Loop, depth: int) -> Iterator[str]:
    trip = "" if loop.kind == "while" else f" of {'a varying count' if loop.trip is None else f'{loop.trip:,}'}"
    words = [f"{'while' if loop.kind == 'while' else 'loop'} {loop.id}{trip}"]
    if loop.pipeline is not None:
        words.append("not pipelined" if loop.pipeline == 0 else f"pipeline II={loop.pipeline}")
    if loop.unroll is not None:
        words.append("unrolled" if loop.unroll == 0 else f"unrolled by {loop.unroll}")
    words += ["reduction"] * loop.reduction + ["parallel"] * ("allo.parallel" in loop.op.attributes)
    if loop.role:
        words.append(loop.role.replace("_", " "))
    yield f"{'    ' * depth}{', '.join(words)}"
    for child in loop.children:
        yield from _loop(child, depth + 1)
