"""Allo Studio: compose spatial accelerators from kernels, check every edge, and build hardware.

A script writes `import allo_studio as allo` and uses what is listed here; everything is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from allo_studio.api import Partition, Schedule, customize, verify
    from allo_studio.diagnostics import AlloError
    from allo_studio.lang import (
        ConstExpr,
        Fixed,
        Float,
        Int,
        Memory,
        Stateful,
        Struct,
        UFixed,
        UInt,
        bfloat16,
        cos,
        exp,
        float16,
        float32,
        float64,
        grid,
        index,
        int8,
        int16,
        int32,
        int64,
        log,
        log2,
        log10,
        meta_elif,
        meta_else,
        meta_for,
        meta_if,
        power,
        reduction,
        sin,
        sqrt,
        tan,
        tanh,
        uint8,
        uint16,
        uint32,
        uint64,
    )

__version__ = "0.1.0"
__all__ = [
    "AlloError",
    "ConstExpr",
    "Fixed",
    "Float",
    "Int",
    "Memory",
    "Partition",
    "Schedule",
    "Stateful",
    "Struct",
    "UFixed",
    "UInt",
    "bfloat16",
    "cos",
    "customize",
    "exp",
    "float16",
    "float32",
    "float64",
    "grid",
    "index",
    "int8",
    "int16",
    "int32",
    "int64",
    "log",
    "log2",
    "log10",
    "meta_elif",
    "meta_else",
    "meta_for",
    "meta_if",
    "power",
    "reduction",
    "sin",
    "sqrt",
    "tan",
    "tanh",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "verify",
]

_API = frozenset({"Partition", "Schedule", "customize", "verify"})


def __getattr__(name: str) -> object:
    """Load a name when it is first used; other widths of integers and `bool`, `abs`, `min`, `max` are here too."""
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "api" if name in _API else "diagnostics" if name == "AlloError" else "lang"
    found = getattr(import_module(f"{__name__}.{home}"), name, _MISSING)
    if found is _MISSING or (home == "lang" and name not in import_module(f"{__name__}.lang").__all__):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


_MISSING = object()


def __dir__() -> list[str]:
    """Return the names that are here, loaded or not."""
    return sorted({*globals(), *__all__})
