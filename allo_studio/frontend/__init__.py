"""Python source → KernelIR, without running it; or the same for a function of the running program."""

from allo_studio.frontend.environment import constant_of, definition_of
from allo_studio.frontend.parse import (
    Parameter,
    argument_types,
    compile_kernel,
    kernel_parameters,
    module_parameters,
    parse_kernel,
)
from allo_studio.frontend.signature import KernelSignature, SignaturePort, list_kernels

__all__ = [
    "KernelSignature",
    "Parameter",
    "SignaturePort",
    "argument_types",
    "compile_kernel",
    "constant_of",
    "definition_of",
    "kernel_parameters",
    "list_kernels",
    "module_parameters",
    "parse_kernel",
]
