"""Division of 65 to 128 bits in LLVM IR.

LLVM turns it into calls of functions of the compiler's library, which a process need not have: a call of one that is
missing ends the process. So they come with the program.
"""

from __future__ import annotations

import re

__all__ = ["division_functions"]

_DIVISION = re.compile(r"\b[us](?:div|rem)(?: exact)? i(\d+)")
# Wider ones are expanded in place. Ones that are a little wider count too, since LLVM narrows them where it can.
_LEAST_BITS = 65
_COMMON = """
define internal { i128, i128 } @allo_divided(i128 %a, i128 %b) noinline {
entry:
  br label %bit
bit:
  %left = phi i32 [128, %entry], [%fewer, %bit]
  %rest = phi i128 [0, %entry], [%next_rest, %bit]
  %both = phi i128 [%a, %entry], [%next_both, %bit]
  %top = lshr i128 %both, 127
  %doubled = shl i128 %rest, 1
  %larger = or i128 %doubled, %top
  %beyond = icmp slt i128 %rest, 0
  %fits = icmp uge i128 %larger, %b
  %take = or i1 %beyond, %fits
  %smaller = sub i128 %larger, %b
  %next_rest = select i1 %take, i128 %smaller, i128 %larger
  %shifted = shl i128 %both, 1
  %digit = zext i1 %take to i128
  %next_both = or i128 %shifted, %digit
  %fewer = sub i32 %left, 1
  %more = icmp ne i32 %fewer, 0
  br i1 %more, label %bit, label %over
over:
  %quotient = insertvalue { i128, i128 } poison, i128 %next_both, 0
  %result = insertvalue { i128, i128 } %quotient, i128 %next_rest, 1
  ret { i128, i128 } %result
}

define internal i128 @allo_negated(i128 %value, i128 %sign) {
  %flipped = xor i128 %value, %sign
  %result = sub i128 %flipped, %sign
  ret i128 %result
}
"""
_UNSIGNED = """
define i128 @__u@NAMEti3(i128 %a, i128 %b) {
  %both = call { i128, i128 } @allo_divided(i128 %a, i128 %b)
  %result = extractvalue { i128, i128 } %both, @INDEX
  ret i128 %result
}
"""
_SIGNED = """
define i128 @__@NAMEti3(i128 %a, i128 %b) {
  %sign_a = ashr i128 %a, 127
  %sign_b = ashr i128 %b, 127
  %differ = xor i128 %sign_a, %sign_b
  %size_a = call i128 @allo_negated(i128 %a, i128 %sign_a)
  %size_b = call i128 @allo_negated(i128 %b, i128 %sign_b)
  %both = call { i128, i128 } @allo_divided(i128 %size_a, i128 %size_b)
  %size = extractvalue { i128, i128 } %both, @INDEX
  %result = call i128 @allo_negated(i128 %size, i128 %@SIGN)
  ret i128 %result
}
"""


def division_functions(text: str) -> str:
    """Return the functions that a program divides by, or nothing where it has no such division."""
    if not any(int(bits) >= _LEAST_BITS for bits in _DIVISION.findall(text)):
        return ""
    found = [_COMMON]
    # A quotient is negative where the signs differ, and a remainder where the dividend is.
    for name, index, sign in (("div", "0", "differ"), ("mod", "1", "sign_a")):
        for pattern in (_UNSIGNED, _SIGNED):
            found.append(pattern.replace("@NAME", name).replace("@INDEX", index).replace("@SIGN", sign))
    return "".join(found)
