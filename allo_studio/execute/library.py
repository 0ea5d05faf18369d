"""The functions that a lowered kernel calls beside its own: each is added once, and LLVM inlines what is short."""

from __future__ import annotations

from allo_studio.execute.integers import constant
from allo_studio.execute.libm import LIBM_OPERANDS
from allo_studio.ir.binding import ir

__all__ = ["Library"]


class Library:
    """Collects the functions that calls need; `link` puts them into the module. Needs the context to be current."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._math: set[str] = set()

    @property
    def math(self) -> tuple[str, ...]:
        """The functions of the C library that are called, each by the symbol `libm_NAME`."""
        return tuple(sorted(self._math))

    def call(
        self, text: str, operands: list[ir.Value], result: ir.Type, at: ir.InsertionPoint, location: ir.Location
    ) -> ir.Value:
        """Make a call of the function with that text."""
        name = text.split("@", 1)[1].split("(", 1)[0]
        self._texts[name] = text
        return self._call(name, operands, result, at, location)

    def call_math(
        self, name: str, operands: list[ir.Value], result: ir.Type, at: ir.InsertionPoint, location: ir.Location
    ) -> ir.Value:
        """Make a call of a function of the C library on doubles."""
        arguments = ", ".join(["f64"] * LIBM_OPERANDS[name])
        self._math.add(name)
        self._texts[name] = f"func.func private @libm_{name}({arguments}) -> f64 attributes {{llvm.emit_c_interface}}\n"
        return self._call(f"libm_{name}", operands, result, at, location)

    def link(self, module: ir.Module) -> None:
        """Put all functions that were called at the end of the module."""
        if not self._texts:
            return
        made = ir.Module.parse("".join(text for _, text in sorted(self._texts.items())))
        for op in made.body.operations:
            module.body.append(op.operation.clone())

    def _call(
        self, name: str, operands: list[ir.Value], result: ir.Type, at: ir.InsertionPoint, location: ir.Location
    ) -> ir.Value:
        callee = {"callee": ir.FlatSymbolRefAttr.get(name)}
        made = ir.Operation.create("func.call", [result], operands, callee, loc=location, ip=at)
        return made.results[0]


def check_text() -> str:
    """Return `check_subscript`: the subscript where it is in range; else 0, and the first such fault is recorded.

    The record is of four words: the number of the place from 1, and the subscript.
    """
    return f"""func.func private @check_subscript(%record: memref<4xi64>, %s: index, %extent: index,
    %place: i64) -> index
    attributes {{llvm.linkage = #llvm.linkage<internal>}} {{
  %good = arith.cmpi ult, %s, %extent : index
  %zero = arith.constant 0 : index
  scf.if %good {{
  }} else {{
    %none = {constant(0, 64)}
    %known = memref.load %record[%zero] : memref<4xi64>
    %new = arith.cmpi eq, %known, %none : i64
    scf.if %new {{
      %one = arith.constant 1 : index
      %n = arith.index_cast %s : index to i64
      memref.store %place, %record[%zero] : memref<4xi64>
      memref.store %n, %record[%one] : memref<4xi64>
    }}
  }}
  %r = arith.select %good, %s, %zero : index
  return %r : index
}}
"""
