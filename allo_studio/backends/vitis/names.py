"""Identifiers that are legal in C++, unique where they stand, and as close to the user's own as can be."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["RESERVED", "Names", "comment", "identifier"]

_KEYWORDS = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class
co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype
default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline int
long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register
reinterpret_cast requires restrict return short signed sizeof static static_assert static_cast struct switch
template this thread_local throw true try typedef typeid typename union unsigned using virtual void volatile
wchar_t while xor xor_eq
"""
# Names that the generated files use, and macros that the headers around them define.
_OURS = """
hls std wrap main int32_t uint32_t int64_t INFINITY NAN INT32_MIN NULL EOF BUFSIZ RAND_MAX assert errno stdin
stdout stderr linux unix i386 ALLO_LOCAL
"""
RESERVED = frozenset((_KEYWORDS + _OURS).split())


def identifier(text: str) -> str:
    """Return `text` as a C++ identifier: dots become `_`, letters beyond ASCII their number, keywords get a `_`."""
    spelled = "".join(c if c.isascii() else f"u{ord(c):x}" for c in text)
    spelled = re.sub(r"\W", "_", spelled, flags=re.ASCII)
    if not spelled or spelled[0].isdigit():
        spelled = f"n{spelled}"
    # A leading underscore before a capital, and a double one anywhere, belong to the compiler.
    spelled = re.sub(r"__+", "_", spelled)
    if re.match(r"_[A-Z]", spelled):
        spelled = f"n{spelled}"
    return f"{spelled}_" if spelled in RESERVED else spelled


def comment(text: str) -> str:
    """Return `text` so that it can stand in a `//` comment: one line of printable characters."""
    return "".join(c if c.isprintable() else " " for c in text).rstrip("\\ ")


class Names:
    """Gives out identifiers that differ from each other and from `taken`."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def unique(self, *wishes: str) -> str:
        """Return the first of `wishes` (as identifiers) that is free, else the last with a number, and take it."""
        spelled = [identifier(wish) for wish in wishes]
        free = next((name for name in spelled if name not in self._taken), None)
        number = 2
        while free is None:
            candidate = f"{spelled[-1]}_{number}"
            free = None if candidate in self._taken else candidate
            number += 1
        self._taken.add(free)
        return free

    def inner(self) -> Names:
        """Return names for a scope inside this one: what it gives out, this one may give out again."""
        return Names(self._taken)
