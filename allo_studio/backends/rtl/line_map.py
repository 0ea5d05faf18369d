"""What the lines of generated Verilog stand for, as the comments at their ends say."""

from __future__ import annotations

import re

from allo_studio.origins import Extent, LineMap, Origin, Place

__all__ = ["verilog_lines"]

# `\t// kernels/a.py:12:5, :14:{9,13}, kernels/b.py:3:1` at the last line of what it is about.
_COMMENT = re.compile(r"\t// (.*:\d+:[\d{].*)$")
_PLACE_END = re.compile(r", (?![^{]*})")
_PLACE = re.compile(r"^(.*?):(\d+):(?:\d+|{[\d,]+})$")
# What ends a statement, or is the head of one.
_STATEMENT_END = re.compile(
    r"(?:;|\bbegin|\bend|\belse|endmodule|endcase|:)\s*(?://.*)?$"
    r"|^\s*(?:end )?(?:else )?(?:if|case\w?|for|always\w*|initial|module)\b|^\s*//"
)


def verilog_lines(verilog: str, path: str = "") -> LineMap:
    """Return what each line stands for; `path` is the instance path of the block whose module it is, if it is one's.

    A statement over several lines has one comment, at its end; all its lines stand for the same.
    """
    lines = verilog.split("\n")[: verilog.count("\n")]
    found = [_places(line) for line in lines]
    for number in range(len(lines) - 2, -1, -1):
        if (
            not found[number]
            and found[number + 1]
            and lines[number].strip()
            and not _STATEMENT_END.search(lines[number])
        ):
            found[number] = found[number + 1]
    blocks = (Extent(path, 1, len(lines)),) if path and lines else ()
    return LineMap(tuple(Origin(places) for places in found), blocks)


def _places(line: str) -> frozenset[Place]:
    comment = _COMMENT.search(line)
    if comment is None:
        return frozenset()
    found: set[Place] = set()
    file = ""
    for text in _PLACE_END.split(comment[1]):
        if place := _PLACE.match(text):
            # A place without a file is in that of the place before it.
            file = place[1] or file
            found.add((file, int(place[2])))
    return frozenset(found)
