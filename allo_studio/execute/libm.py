"""The math functions of every engine: those of the C library on doubles.

A function of float16, bfloat16 or float32 is computed in float64 by the C library's function and rounded once to the
type; of float64 it is the C library's. The engines call, for each operation of MLIR:

| operation | JIT and numpy reference | C++ |
|---|---|---|
| `math.exp`, `math.exp2`, `math.expm1` | `exp`, `exp2`, `expm1` | `std::exp(double)`, ... |
| `math.log`, `math.log2`, `math.log10`, `math.log1p` | `log`, `log2`, `log10`, `log1p` | `std::log(double)`, ... |
| `math.sin`, `math.cos`, `math.tan` | `sin`, `cos`, `tan` | `std::sin(double)`, ... |
| `math.asin`, `math.acos`, `math.atan`, `math.atan2` | `asin`, `acos`, `atan`, `atan2` | `std::asin(double)`, ... |
| `math.sinh`, `math.cosh`, `math.tanh` | `sinh`, `cosh`, `tanh` | `std::sinh(double)`, ... |
| `math.powf`, `math.erf`, `math.cbrt` | `pow`, `erf`, `cbrt` | `std::pow(double, double)`, ... |
| `math.floor`, `math.ceil` | `floor`, `ceil` | `std::floor(double)`, ... |
| `math.trunc`, `math.round` | `trunc`, `round` | `std::trunc(double)`, ... |
| `math.roundeven` | `rint` | `std::rint(double)` |
| `arith.remf` | `fmod` | `std::fmod(double, double)` |

`math.sqrt`, `math.absf` and `math.copysign` are correctly rounded or exact everywhere, so any function will do. No
compiler may compute a call itself or put another function in its place (C++: `-fno-builtin`).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

__all__ = ["LIBM", "LIBM_OPERANDS", "libm_function"]

_SAME: tuple[str, ...] = (
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "atan2",
)
_SAME += ("sinh", "cosh", "tanh", "erf", "cbrt", "floor", "ceil", "trunc", "round")
# The function of the C library for each operation.
LIBM: dict[str, str] = {
    **{f"math.{name}": name for name in _SAME},
    "math.powf": "pow",
    "math.roundeven": "rint",
    "arith.remf": "fmod",
}
LIBM_OPERANDS: dict[str, int] = {name: 2 if name in ("pow", "atan2", "fmod") else 1 for name in LIBM.values()}


@cache
def libm_function(name: str) -> Callable[..., float]:
    """Return a function of the C library on doubles, as a ctypes function."""
    kind = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_double] * LIBM_OPERANDS[name])
    return kind((name, ctypes.CDLL(None)))
