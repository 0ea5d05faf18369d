"""Python source → KernelIR, without running it."""

from allo_studio.frontend.parse import module_parameters, parse_kernel
from allo_studio.frontend.signature import KernelSignature, SignaturePort, list_kernels

__all__ = ["KernelSignature", "SignaturePort", "list_kernels", "module_parameters", "parse_kernel"]
