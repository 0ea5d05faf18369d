"""The rule for names of graphs, blocks, ports and schedules: they become identifiers in the generated C++."""

from __future__ import annotations

import re

__all__ = ["CPP_WORDS", "MOST_CHARACTERS", "fresh_name", "name_fault"]

MOST_CHARACTERS = 100
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class
    co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype default
    delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline int long
    mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register
    reinterpret_cast requires return short signed sizeof static static_assert static_cast struct switch template this
    thread_local throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t while xor
    xor_eq main std hls
"""
# What no name of a design may be, and no name in the generated code is.
CPP_WORDS = frozenset(_WORDS.split())


def name_fault(name: str) -> str | None:
    """Return why `name` cannot be a name in a design, in words for the user, or None where it can."""
    if not _IDENTIFIER.fullmatch(name):
        return f"{name!r} is no name; use letters, digits and _, and begin with a letter or _"
    if len(name) > MOST_CHARACTERS:
        return f"{name[:20] + '…'!r} has {len(name)} characters; a name has at most {MOST_CHARACTERS}"
    if name in CPP_WORDS:
        return f"{name!r} is a word of C++; the generated code could not use it as a name, so choose another"
    return None


def fresh_name(wish: str, taken: set[str]) -> str:
    """Return a legal name like `wish` that is not in `taken` (`gemm`, then `gemm_2`, `gemm_3`, …)."""
    base = re.sub(r"\W", "_", wish, flags=re.ASCII) or "block"
    base = f"_{base}" if base[0].isdigit() else base
    base = f"{base}_" if name_fault(base) and base in CPP_WORDS else base[: MOST_CHARACTERS - 8]
    if base not in taken:
        return base
    number = 2
    while f"{base}_{number}" in taken:
        number += 1
    return f"{base}_{number}"
