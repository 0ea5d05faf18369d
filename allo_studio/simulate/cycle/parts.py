"""Long blocks of a text of LLVM in parts, for the sake of how long they take to compile.

Without optimisation LLVM translates an instruction at a time, until it comes upon one that this way does not know: then
it translates the rest of the block in another way, which takes many times as long. In short blocks the rest is little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

__all__ = ["in_parts"]

_MOST = 40
_PHI = re.compile(r"^  %\S+ = phi ")
_FROM = re.compile(r", (%[\w.]+) \]")
_LABEL = re.compile(r"^([\w.]+):")
_PARAMETER = re.compile(r"[(,] ?[^(),]* %(\d+)")
# What ends a block, in one line or in several, and must stay where it is.
_ENDS = ("  br ", "  ret ", "  switch ", "  unreachable", "    ", "  ]")


def in_parts(text: str, most: int = _MOST) -> str:
    """Return a text of LLVM of which no block has many more instructions, except those that a phi comes from."""
    found: list[str] = []
    function: list[str] | None = None
    for line in text.split("\n"):
        if line.startswith("define "):
            function = []
        if function is None:
            found.append(line)
            continue
        function.append(line)
        if line.startswith("}"):
            found += _divided(function, most)
            function = None
    return "\n".join(found)


def _divided(function: Sequence[str], most: int) -> Iterator[str]:
    sources = {source for line in function if _PHI.match(line) for source in _FROM.findall(line)}
    # The first block has no label, but is counted among the values that have no names, after the parameters.
    block = f"%{len(_PARAMETER.findall(function[0]))}"
    length = parts = 0
    for line in function:
        label = _LABEL.match(line)
        if label:
            block, length = f"%{label[1]}", 0
        elif line.startswith("  ") and not _PHI.match(line) and not line.startswith(_ENDS):
            if length == most and block not in sources:
                parts, length = parts + 1, 0
                yield f"  br label %part.{parts}"
                yield f"part.{parts}:"
            length += 1
        yield line
