"""Which operator does each MLIR operation that kernels consist of."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["OPERATORS"]

_INTEGER_OPERATORS = {
    "add": "addi subi",
    "mul": "muli",
    "div": "divsi divui floordivsi ceildivsi ceildivui",
    "rem": "remsi remui",
    "shift": "shli shrsi shrui",
    "logic": "andi ori xori",
    "icmp": "cmpi",
    "select": "select",
    "min": "minsi minui",
    "max": "maxsi maxui",
    "": "constant extsi extui trunci bitcast index_cast index_castui",
}
_FLOAT_OPERATORS = {
    "fadd": "addf subf",
    "fmul": "mulf",
    "fdiv": "divf",
    "frem": "remf",
    "fneg": "negf",
    "fcmp": "cmpf",
    "fmin": "minimumf minnumf",
    "fmax": "maximumf maxnumf",
    "fext": "extf",
    "ftrunc": "truncf",
    "itof": "sitofp uitofp",
    "ftoi": "fptosi fptoui",
}
_FUNCTIONS = {
    "fabs": "absf",
    "fsqrt": "sqrt",
    "fexp": "exp",
    "flog": "log log2 log10",
    "fsin": "sin",
    "fcos": "cos",
    "ftan": "tan",
    "ftanh": "tanh",
    "fpow": "powf",
}
# The operator that does each MLIR operation, by its base name; empty for wires. A shift by a constant is a wire too.
OPERATORS: Mapping[str, str] = MappingProxyType(
    {
        f"{dialect}.{name}": base
        for dialect, table in (("arith", _INTEGER_OPERATORS | _FLOAT_OPERATORS), ("math", _FUNCTIONS))
        for base, names in table.items()
        for name in names.split()
    }
)
