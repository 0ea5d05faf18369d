"""Conversions of floats as MLIR functions, correctly rounded and the same on every processor.

LLVM leaves a float that does not fit an integer undefined, calls a library for the 16-bit floats, and has no routine
for integers above 64 bits. So the 16-bit floats are computed in f64 and rounded once, to the nearest, ties to even:
f64 has more than twice their digits, so that the result of `+ - * /` and of a square root is the correctly rounded one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from allo_studio.execute.integers import constant, define

__all__ = ["HALVES", "float_to_integer", "integer_to_float", "narrow", "nearest_number", "widen"]


@dataclass(frozen=True)
class _Half:
    """A 16-bit float: the bits of its fraction, and the bias of its exponent."""

    fraction: int
    bias: int


HALVES = {"f16": _Half(10, 15), "bf16": _Half(7, 127)}
_WORD = 64
_F64_BIAS = 1023
_F64_FRACTION = 52


def _power(exponent: int) -> str:
    """Return the MLIR text of the f64 constant 2^exponent, by its bits."""
    bits = (exponent + _F64_BIAS) << _F64_FRACTION if exponent <= _F64_BIAS else 0x7FF << _F64_FRACTION
    return f"arith.constant 0x{bits:016X} : f64"


@cache
def widen(kind: str) -> str:
    """Return `widen_KIND`: the f64 that a 16-bit float is."""
    half = HALVES[kind]
    shift = _F64_FRACTION - half.fraction
    lines = f"""%h = arith.bitcast %a : {kind} to i16
%w = arith.extui %h : i16 to i64
%mask = {constant(0x7FFF, 64)}
%m = arith.andi %w, %mask : i64
%by = {constant(shift, 64)}
%offset = {constant((_F64_BIAS - half.bias) << _F64_FRACTION, 64)}
%up = arith.shli %m, %by : i64
%n = arith.addi %up, %offset : i64
%normal = arith.bitcast %n : i64 to f64
%most = {constant(0x7FFF >> half.fraction << half.fraction, 64)}
%special = arith.cmpi uge, %m, %most : i64
%top = {constant(0x7FF << _F64_FRACTION, 64)}
%sb = arith.ori %up, %top : i64
%beyond = arith.bitcast %sb : i64 to f64
%first = {constant(1 << half.fraction, 64)}
%small = arith.cmpi ult, %m, %first : i64
%count = arith.sitofp %m : i64 to f64
%unit = {_power(1 - half.bias - half.fraction)}
%tiny = arith.mulf %count, %unit : f64
%x = arith.select %special, %beyond, %normal : f64
%size = arith.select %small, %tiny, %x : f64
%bits = arith.bitcast %size : f64 to i64
%s16 = {constant(48, 64)}
%hs = arith.shli %w, %s16 : i64
%sign = {constant(1 << 63, 64)}
%sm = arith.andi %hs, %sign : i64
%all = arith.ori %bits, %sm : i64
%r = arith.bitcast %all : i64 to f64"""
    return define(f"widen_{kind}", f"%a: {kind}", "f64", lines)


@cache
def narrow(kind: str) -> str:
    """Return `narrow_KIND`: an f64 rounded to a 16-bit float.

    Adding and subtracting 2^52 units of the last place leaves the nearest multiple of that unit, ties to even.
    """
    half = HALVES[kind]
    shift, least = _F64_FRACTION - half.fraction, 1 - half.bias
    lines = f"""%b = arith.bitcast %a : f64 to i64
%mask = {constant((1 << 63) - 1, 64)}
%m = arith.andi %b, %mask : i64
%size = arith.bitcast %m : i64 to f64
%exponents = {constant(0x7FF << _F64_FRACTION, 64)}
%own = arith.andi %m, %exponents : i64
%lowest = {constant((least + _F64_BIAS) << _F64_FRACTION, 64)}
%e = arith.maxui %own, %lowest : i64
%up = {constant(shift << _F64_FRACTION, 64)}
%mb = arith.addi %e, %up : i64
%magic = arith.bitcast %mb : i64 to f64
%far = arith.addf %size, %magic : f64
%near = arith.subf %far, %magic : f64
%nb = arith.bitcast %near : f64 to i64
%by = {constant(shift, 64)}
%down = arith.shrui %nb, %by : i64
%offset = {constant((_F64_BIAS - half.bias) << half.fraction, 64)}
%normal = arith.subi %down, %offset : i64
%units = {_power(half.bias - 1 + half.fraction)}
%scaled = arith.mulf %near, %units : f64
%tiny = arith.fptosi %scaled : f64 to i64
%first = {_power(least)}
%small = arith.cmpf olt, %near, %first : f64
%finite = arith.select %small, %tiny, %normal : i64
%limit = {_power(half.bias + 1)}
%over = arith.cmpf oge, %near, %limit : f64
%large = arith.cmpf oge, %size, %limit : f64
%huge = arith.ori %over, %large : i1
%inf = {constant(0x7FFF >> half.fraction << half.fraction, 64)}
%whole = arith.select %huge, %inf, %finite : i64
%none = arith.cmpf uno, %a, %a : f64
%nan = {constant((0x7FFF >> half.fraction << half.fraction) | 1 << (half.fraction - 1), 64)}
%value = arith.select %none, %nan, %whole : i64
%s48 = {constant(48, 64)}
%sh = arith.shrui %b, %s48 : i64
%sign = {constant(0x8000, 64)}
%sm = arith.andi %sh, %sign : i64
%all = arith.ori %value, %sm : i64
%low = arith.trunci %all : i64 to i16
%r = arith.bitcast %low : i16 to {kind}"""
    return define(f"narrow_{kind}", "%a: f64", kind, lines)


@lru_cache(maxsize=256)
def float_to_integer(signed: bool, n: int) -> str:
    """Return `fptosi_iN` or `fptoui_iN` of an f64: towards zero, saturating, NaN to 0."""
    name = f"{'fptosi' if signed else 'fptoui'}_i{n}"
    top = n - 1 if signed else n
    lines = _whole_long(signed, n) if n > _WORD else _whole_word(signed, n)
    lines += f"""%least = {constant(1 << top if signed else 0, n)}
%greatest = {constant((1 << top) - 1, n)}
%end = {_power(top)}
%over = arith.cmpf oge, %a, %end : f64
%start = {"arith.negf %end : f64" if signed else "arith.constant 1.0 : f64"}
%under = arith.cmpf {"ole" if signed else "ult"}, %a, %start : f64
%nan = arith.cmpf uno, %a, %a : f64
%none = {constant(0, n)}
%x = arith.select %over, %greatest, %found : i{n}
%y = arith.select %under, %least, %x : i{n}
%r = arith.select %nan, %none, %y : i{n}"""
    return define(name, "%a: f64", f"i{n}", lines)


def _whole_word(signed: bool, n: int) -> str:
    convert = "arith.fptoui" if n == _WORD and not signed else "arith.fptosi"
    lines = f"%word = {convert} %a : f64 to i64\n"
    if n < _WORD:
        return lines + f"%found = arith.trunci %word : i64 to i{n}\n"
    return lines + f"%n0 = {constant(0, 64)}\n%found = arith.addi %word, %n0 : i64\n"


def _whole_long(signed: bool, n: int) -> str:
    """Shift the digits of the f64 to where they stand; what is out of range is put right by the caller."""
    fraction = (1 << _F64_FRACTION) - 1
    lines = f"""%bits = arith.bitcast %a : f64 to i64
%fraction = {constant(fraction, 64)}
%hidden = {constant(fraction + 1, 64)}
%f = arith.andi %bits, %fraction : i64
%digits = arith.ori %f, %hidden : i64
%place = {constant(_F64_FRACTION, 64)}
%e0 = arith.shrui %bits, %place : i64
%emask = {constant(0x7FF, 64)}
%e1 = arith.andi %e0, %emask : i64
%bias = {constant(_F64_BIAS + _F64_FRACTION, 64)}
%e = arith.subi %e1, %bias : i64
%zero64 = {constant(0, 64)}
%left = arith.cmpi sge, %e, %zero64 : i64
%minus = arith.subi %zero64, %e : i64
%most = {constant(63, 64)}
%down = arith.minui %minus, %most : i64
%small = arith.shrui %digits, %down : i64
%last = {constant(n - 1, 64)}
%up = arith.minui %e, %last : i64
%upn = arith.extui %up : i64 to i{n}
%wide = arith.extui %digits : i64 to i{n}
%large = arith.shli %wide, %upn : i{n}
%less = arith.extui %small : i64 to i{n}
%size = arith.select %left, %large, %less : i{n}
%zero = {constant(0, n)}
"""
    if not signed:
        return lines + f"%found = arith.addi %size, %zero : i{n}\n"
    lines += f"%opposite = arith.subi %zero, %size : i{n}\n%sign = arith.cmpi slt, %bits, %zero64 : i64\n"
    return lines + f"%found = arith.select %sign, %opposite, %size : i{n}\n"


@lru_cache(maxsize=256)
def integer_to_float(signed: bool, n: int, digits: int) -> str:
    """Return `sitofpDIGITS_iN` or `uitofpDIGITS_iN`: an f64 that rounds to a float as the integer itself would.

    It keeps the integer's first `digits` bits, the last of which tells whether anything below is not 0: at least two
    more than the float has, and 55 where the float is an f64 itself.
    """
    name = f"{'sitofp' if signed else 'uitofp'}{digits}_i{n}"
    lines = f"%zero = {constant(0, n)}\n"
    if signed:
        lines += f"%negative = arith.cmpi slt, %a, %zero : i{n}\n%minus = arith.subi %zero, %a : i{n}\n"
        lines += f"%size = arith.select %negative, %minus, %a : i{n}\n"
    else:
        lines += f"%size = arith.addi %a, %zero : i{n}\n"
    lines += f"""%lead = math.ctlz %size : i{n}
%spare = {constant(n - digits, n)}
%drop0 = arith.subi %spare, %lead : i{n}
%wide = arith.cmpi ugt, %spare, %lead : i{n}
%drop = arith.select %wide, %drop0, %zero : i{n}
%top = arith.shrui %size, %drop : i{n}
%back = arith.shli %top, %drop : i{n}
%more = arith.cmpi ne, %back, %size : i{n}
%word = arith.{"trunci" if n > 64 else "extui"} %top : i{n} to i64
%sticky = arith.extui %more : i1 to i64
%kept = arith.ori %word, %sticky : i64
%value = arith.sitofp %kept : i64 to f64
%d = arith.{"trunci" if n > 64 else "extui"} %drop : i{n} to i64
%bias = {constant(_F64_BIAS, 64)}
%most = {constant(2 * _F64_BIAS + 1, 64)}
%e0 = arith.addi %d, %bias : i64
%e = arith.minui %e0, %most : i64
%place = {constant(_F64_FRACTION, 64)}
%eb = arith.shli %e, %place : i64
%scale = arith.bitcast %eb : i64 to f64
%found = arith.mulf %value, %scale : f64
"""
    if n == _WORD:
        lines = lines.replace("%word = arith.extui %top : i64 to i64", "%word = arith.addi %top, %zero : i64")
        lines = lines.replace("%d = arith.extui %drop : i64 to i64", "%d = arith.addi %drop, %zero : i64")
    if signed:
        lines += "%opposite = arith.negf %found : f64\n%r = arith.select %negative, %opposite, %found : f64"
    else:
        lines += "%r = arith.select %wide, %found, %value : f64"
    return define(name, f"%a: i{n}", "f64", lines)


@cache
def nearest_number(operation: str, kind: str) -> str:
    """Return `maxnumf_KIND` or `minnumf_KIND`: the other operand where one is NaN, and +0 above -0."""
    name = operation.removeprefix("arith.")
    lines = f"""%x = arith.cmpf uno, %a, %a : {kind}
%y = arith.cmpf uno, %b, %b : {kind}
%m = arith.{"maximumf" if name == "maxnumf" else "minimumf"} %a, %b : {kind}
%u = arith.select %y, %a, %m : {kind}
%r = arith.select %x, %b, %u : {kind}"""
    return define(f"{name}_{kind}", f"%a: {kind}, %b: {kind}", kind, lines)
