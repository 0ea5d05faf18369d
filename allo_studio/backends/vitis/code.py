"""A kernel as one piece of HLS C++, without a design around it."""

from __future__ import annotations

from allo_studio.backends.vitis.kernel import Callees, kernel_function
from allo_studio.backends.vitis.names import Names, comment
from allo_studio.backends.vitis.support import includes, support, types
from allo_studio.ir import KernelIR

__all__ = ["kernel_code"]


def kernel_code(kernel: KernelIR) -> str:
    """Return the C++ of a kernel and of the functions that it calls, with what they include.

    It needs no hardware schedule. Raises AlloError (code `hls`) where the kernel has no form in HLS C++.
    """
    names = Names()
    top = names.unique(kernel.name)
    callees = Callees(names)
    function = kernel_function(kernel, callees)
    parts = [f"// {comment(callees.notes[f])}\n{f.definition(name)}" for f, name in callees.defined.items()]
    parts.append(f"// kernel {comment(kernel.name)}\n{function.definition(top)}")
    source = "\n".join(parts)
    head = "\n".join(includes(source))
    return f"{head}\n{types(source)}{support(source)}\n{source}"
