"""The integer operations that LLVM leaves undefined or has no routine for, as MLIR functions.

Division by zero gives all ones and its remainder the dividend, the one overflow wraps, and a shift by the width or more
gives 0 or the sign. Above 64 bits division is done bit by bit, since LLVM would call a library that is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

__all__ = ["INTEGER_HELPERS", "constant", "define", "integer_helper"]

# Up to here LLVM divides by the processor's instructions, and multiplies without a code size that explodes.
_WORD = 64
_MOST_MULTIPLIED = 512


def define(name: str, arguments: str, result: str, lines: str) -> str:
    """Return a function that LLVM may inline and drop; `lines` end with the value to return in `%r`."""
    head = f"func.func private @{name}({arguments}) -> {result} attributes {{llvm.linkage = #llvm.linkage<internal>}}"
    return f"{head} {{\n{lines}\nreturn %r : {result}\n}}\n"


def constant(value: int, bits: int) -> str:
    """Return the MLIR text of an integer constant."""
    if bits == 1:
        return f"arith.constant {'true' if value & 1 else 'false'}"
    value &= (1 << bits) - 1
    return f"arith.constant {value - (1 << bits) if value >> (bits - 1) else value} : i{bits}"


@lru_cache(maxsize=256)
def integer_helper(operation: str, bits: int) -> str:
    """Return the function that replaces an operation of `INTEGER_HELPERS` at a width, or an empty text."""
    name = f"{operation.removeprefix('arith.')}_i{bits}"
    lines = INTEGER_HELPERS[operation](operation, bits)
    return define(name, f"%a: i{bits}, %b: i{bits}", f"i{bits}", lines) if lines else ""


def _shift(operation: str, n: int) -> str:
    lines = f"%width = {constant(n, n)}\n%beyond = arith.cmpi uge, %b, %width : i{n}\n"
    if operation == "arith.shrsi":
        lines += f"%last = {constant(n - 1, n)}\n%by = arith.select %beyond, %last, %b : i{n}\n"
        return lines + f"%r = arith.shrsi %a, %by : i{n}"
    lines += f"%zero = {constant(0, n)}\n%shifted = {operation} %a, %b : i{n}\n"
    return lines + f"%r = arith.select %beyond, %zero, %shifted : i{n}"


def _divide(operation: str, n: int) -> str:
    """Divide or take the remainder; `%r` is right for a divisor of zero too."""
    kind = operation.removeprefix("arith.")
    signed, quotient = kind.endswith("si"), kind.startswith("div")
    lines = f"%zero = {constant(0, n)}\n%by_zero = arith.cmpi eq, %b, %zero : i{n}\n"
    lines += _divide_long(signed, quotient, n) if n > _WORD else _divide_word(kind, n)
    if quotient:
        lines += f"%ones = {constant(-1, n)}\n"
    return lines + f"%r = arith.select %by_zero, {'%ones' if quotient else '%a'}, %found : i{n}"


def _divide_word(kind: str, n: int) -> str:
    """Divide in a wider word where there is one, so that nothing overflows; else leave the overflow out."""
    word = 32 if n <= 32 else _WORD
    signed = kind.endswith("si")
    lines = f"%one = {constant(1, word)}\n"
    if n < word:
        extend = "arith.extsi" if signed else "arith.extui"
        lines += f"%aw = {extend} %a : i{n} to i{word}\n%bw = {extend} %b : i{n} to i{word}\n"
        lines += f"%d = arith.select %by_zero, %one, %bw : i{word}\n%w = arith.{kind} %aw, %d : i{word}\n"
        return lines + f"%found = arith.trunci %w : i{word} to i{n}\n"
    if not signed:
        return lines + f"%d = arith.select %by_zero, %one, %b : i{n}\n%found = arith.{kind} %a, %d : i{n}\n"
    lines += f"%minus = {constant(-1, n)}\n%least = {constant(1 << (n - 1), n)}\n"
    lines += f"%m = arith.cmpi eq, %b, %minus : i{n}\n%l = arith.cmpi eq, %a, %least : i{n}\n"
    lines += "%overflow = arith.andi %m, %l : i1\n%bad = arith.ori %by_zero, %overflow : i1\n"
    # By one instead of minus one, the least number keeps its bits, which is how it wraps; the remainder is 0.
    return lines + f"%d = arith.select %bad, %one, %b : i{n}\n%found = arith.{kind} %a, %d : i{n}\n"


def _divide_long(signed: bool, quotient: bool, n: int) -> str:
    lines = ""
    if signed:
        for name in "ab":
            lines += f"%{name}n = arith.cmpi slt, %{name}, %zero : i{n}\n%{name}m = arith.subi %zero, %{name} : i{n}\n"
            lines += f"%{name}u = arith.select %{name}n, %{name}m, %{name} : i{n}\n"
    one, two = ("%au", "%bu") if signed else ("%a", "%b")
    lines += _division_loop(one, two, n)
    size = "%qr#0" if quotient else "%qr#1"
    if not signed:
        return lines + f"%none = {constant(0, n)}\n%found = arith.addi {size}, %none : i{n}\n"
    lines += "%negative = arith.xori %an, %bn : i1\n" if quotient else ""
    lines += f"%minus = arith.subi %zero, {size} : i{n}\n"
    return lines + f"%found = arith.select {'%negative' if quotient else '%an'}, %minus, {size} : i{n}\n"


def _division_loop(dividend: str, divisor: str, n: int) -> str:
    """Divide as on paper in base 2: the dividend's bits leave at the top while the quotient's enter below.

    The rest is always one of the dividend's leading parts, so it never outgrows the width.
    """
    return f"""%from = arith.constant 0 : index
%to = arith.constant {n} : index
%by = arith.constant 1 : index
%bit = {constant(1, n)}
%qr:2 = scf.for %i = %from to %to step %by iter_args(%q = {dividend}, %s = %zero) -> (i{n}, i{n}) {{
  %top = arith.cmpi slt, %q, %zero : i{n}
  %q2 = arith.shli %q, %bit : i{n}
  %s2 = arith.shli %s, %bit : i{n}
  %in = arith.extui %top : i1 to i{n}
  %s3 = arith.ori %s2, %in : i{n}
  %fits = arith.cmpi uge, %s3, {divisor} : i{n}
  %less = arith.subi %s3, {divisor} : i{n}
  %s4 = arith.select %fits, %less, %s3 : i{n}
  %out = arith.extui %fits : i1 to i{n}
  %q3 = arith.ori %q2, %out : i{n}
  scf.yield %q3, %s4 : i{n}, i{n}
}}
"""


def _rounded_division(operation: str, n: int) -> str:
    """Divide rounding down or up; by zero as every division."""
    up, signed = operation.startswith("arith.ceil"), operation.endswith("si")
    core = "si" if signed else "ui"
    body = "".join(_inner(f"arith.{kind}{core}", n, kind) for kind in ("div", "rem"))
    lines = f"{body}%zero = {constant(0, n)}\n%one = {constant(1, n)}\n%z = arith.cmpi eq, %b, %zero : i{n}\n"
    lines += f"%exact = arith.cmpi eq, %rem, %zero : i{n}\n"
    if signed:
        lines += f"%rn = arith.cmpi slt, %rem, %zero : i{n}\n%bn = arith.cmpi slt, %b, %zero : i{n}\n"
        lines += "%apart = arith.xori %rn, %bn : i1\n"
        lines += "%true = arith.constant true\n%wrong = arith.xori %apart, %true : i1\n" if up else ""
    off = ("%wrong" if up else "%apart") if signed else "%yes"
    lines += "" if signed else "%yes = arith.constant true\n"
    step = "arith.addi" if up else "arith.subi"
    lines += f"%moved = {step} %div, %one : i{n}\n%o = arith.select {off}, %moved, %div : i{n}\n"
    return lines + f"%e = arith.select %exact, %div, %o : i{n}\n%r = arith.select %z, %div, %e : i{n}"


def _inner(operation: str, n: int, result: str) -> str:
    """Return an operation's lines with names of their own, its result in `%div` or `%rem`."""
    lines = _divide(operation, n).replace("%", f"%{result}_")
    for name in ("a", "b"):
        for end in (" ", ",", "\n", ")"):
            lines = lines.replace(f"%{result}_{name}{end}", f"%{name}{end}")
    return lines.replace(f"%{result}_r = ", f"%{result} = ") + "\n"


def _multiply(operation: str, n: int) -> str:
    """Multiply bit by bit where LLVM would write out the product of all words."""
    if n <= _MOST_MULTIPLIED:
        return ""
    return f"""%zero = {constant(0, n)}
%from = arith.constant 0 : index
%to = arith.constant {n} : index
%by = arith.constant 1 : index
%bit = {constant(1, n)}
%all:3 = scf.for %i = %from to %to step %by iter_args(%s = %zero, %x = %a, %y = %b) -> (i{n}, i{n}, i{n}) {{
  %odd = arith.trunci %y : i{n} to i1
  %more = arith.addi %s, %x : i{n}
  %s2 = arith.select %odd, %more, %s : i{n}
  %x2 = arith.shli %x, %bit : i{n}
  %y2 = arith.shrui %y, %bit : i{n}
  scf.yield %s2, %x2, %y2 : i{n}, i{n}, i{n}
}}
%r = arith.addi %all#0, %zero : i{n}"""


INTEGER_HELPERS: dict[str, Callable[[str, int], str]] = {
    **dict.fromkeys(("arith.shli", "arith.shrsi", "arith.shrui"), _shift),
    **dict.fromkeys(("arith.divsi", "arith.divui", "arith.remsi", "arith.remui"), _divide),
    **dict.fromkeys(("arith.floordivsi", "arith.ceildivsi", "arith.ceildivui"), _rounded_division),
    "arith.muli": _multiply,
}
