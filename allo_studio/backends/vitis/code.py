"""A kernel as one piece of HLS C++, without a design around it."""

from __future__ import annotations

from allo_studio.backends.vitis.kernel import Callees, kernel_function
from allo_studio.backends.vitis.names import Names, comment
from allo_studio.backends.vitis.support import includes, support, types
from allo_studio.ir import KernelIR
from allo_studio.origins import NOWHERE, LineMap

__all__ = ["kernel_code", "kernel_lines"]


def kernel_code(kernel: KernelIR) -> str:
    """Return the text of `kernel_lines`."""
    return kernel_lines(kernel)[0]


def kernel_lines(kernel: KernelIR) -> tuple[str, LineMap]:
    """Return the C++ of a kernel and of the functions that it calls, with what they include, and what its lines are of.

    It needs no hardware schedule. Raises AlloError (code `hls`) where the kernel has no form in HLS C++.
    """
    names = Names()
    top = names.unique(kernel.name)
    callees = Callees(names)
    function = kernel_function(kernel, callees)
    parts = [(name, callees.notes[f], f) for f, name in callees.defined.items()]
    parts.append((top, f"kernel {kernel.name}", function))
    source = "\n".join(f"// {comment(note)}\n{f.definition(name)}" for name, note, f in parts)
    head = "\n".join(includes(source))
    text = f"{head}\n{types(source)}{support(source)}\n{source}"
    origins = [origin for name, _, f in parts for origin in (NOWHERE, NOWHERE, *f.definition_origins(name))]
    # An empty line stands between two functions, but none before the first.
    above = text.count("\n") - len(origins)
    return text, LineMap((NOWHERE,) * above + tuple(origins))
