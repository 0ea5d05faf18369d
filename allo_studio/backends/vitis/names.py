"""Identifiers that are legal in C++, unique where they stand, and as close to the user's own as can be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from allo_studio.design.names import CPP_WORDS

__all__ = ["Names", "comment", "identifier", "quoted"]

# Names that the generated files use, and macros that the headers around them define.
_OURS = """
restrict wrap csim testbench half bfloat16 ap_int ap_uint
INFINITY NAN NULL BUFSIZ RAND_MAX assert errno stdin stdout stderr linux unix i386
ALLO_LOCAL FILE signgam daylight timezone tzname offsetof alloca WEOF MAXFLOAT math_errhandling
"""
_RESERVED = CPP_WORDS | frozenset(_OURS.split())
# Families of names that the C and POSIX headers keep for their macros and types, whichever of them a header brings in.
_FAMILIES = re.compile(
    r"""
    E[A-Z][A-Z0-9]+ | E2BIG                              # numbers of errors, EOF
    | (?:U?INT|U?CHAR|WCHAR|WINT|S?SIZE|PTRDIFF)\w*_\w+  # limits and constants of integer types
    | (?:SIG_ATOMIC|FOPEN|FILENAME|PATH|TMP|U?L?LONG|U?SHRT|FLT|L?DBL|MB)_\w+
    | (?:M|FP|FE|MATH)_\w+ | HUGE_VAL\w* | SNAN\w*       # mathematics
    | L_(?:tmpnam|ctermid|cuserid) | P_(?:ALL|PID|PGID|PIDFD|tmpdir)
    | (?:EXIT|LC|SEEK|CLOCKS?|TIMER?|SIG|SCHED|PTHREAD|BYTE|LITTLE|BIG|PDP|AP)_\w+
    | [a-z]\w*_t                                         # types
    """,
    re.VERBOSE,
)


@lru_cache(maxsize=4096)
def identifier(text: str) -> str:
    """Return `text` as a C++ identifier: dots become `_`, letters beyond ASCII their number.

    A word of C++, or a name that its headers keep for themselves, gets a `_`.
    """
    spelled = "".join(c if c.isascii() else f"u{ord(c):x}" for c in text)
    spelled = re.sub(r"\W", "_", spelled, flags=re.ASCII)
    if not spelled or spelled[0].isdigit():
        spelled = f"n{spelled}"
    # A leading underscore before a capital, and a double one anywhere, belong to the compiler.
    spelled = re.sub(r"__+", "_", spelled)
    if re.match(r"_[A-Z]", spelled):
        spelled = f"n{spelled}"
    return f"{spelled}_" if spelled in _RESERVED or _FAMILIES.fullmatch(spelled) else spelled


@lru_cache(maxsize=4096)
def comment(text: str) -> str:
    """Return `text` so that it can stand in a `//` comment: one line of printable characters."""
    return "".join(c if c.isprintable() else " " for c in text).rstrip("\\ ")


def quoted(text: str) -> str:
    """Return `text` as a C++ string literal."""
    escaped = re.sub(r'(["\\?])', r"\\\1", comment(text))
    return f'"{escaped}"'


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
