"""Kernels from text, run by the JIT: helpers of the tests of this folder."""

import numpy as np
import numpy.typing as npt

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.source import Source

Array = npt.NDArray[np.generic]
HEAD = "from allo_studio.lang import *\n"


def kernel_of(text: str, function: str = "f") -> KernelIR:
    """Return the kernel of a text, to which the import of the language is added."""
    return parse_kernel(Source("k.py", HEAD + text), function)


def run(text: str, *inputs: object) -> tuple[Array, ...]:
    """Return the outputs of a kernel `f` for these inputs."""
    found = jit(kernel_of(text))(*inputs)
    return found if isinstance(found, tuple) else (found,)


def faults_of(text: str) -> list[tuple[str, str, str]]:
    """Return the faults of a kernel `f`: code, `line:first-last` (the line in `text`, from 1), message."""
    try:
        kernel_of(text)
    except AlloError as error:
        return [(fault.code, _place(fault), fault.message) for fault in error.diagnostics]
    return []


def _place(fault: Diagnostic) -> str:
    span = fault.span
    assert span is not None
    assert fault.hint
    return f"{span.line - 1}:{span.column}-{span.end_column}"
