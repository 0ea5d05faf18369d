"""Running a kernel: its IR compiled by LLVM in this process, numpy arrays in and out.

The arithmetic is that of the IR, operation by operation: no fast-math, no fused multiply-add, no reordering, so results
are bit for bit those of numpy steps in the type and of C++ that is compiled with `-ffp-contract=off`. `libm.py` says
which function each math operation is.
"""

from allo_studio.execute.executable import Executable, Outputs, jit
from allo_studio.execute.libm import LIBM, libm_function

__all__ = ["LIBM", "Executable", "Outputs", "jit", "libm_function"]
