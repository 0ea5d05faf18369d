"""Reports with a schedule, for tests of the views that show it."""

from __future__ import annotations

from allo_studio.hardware.view import Piece, Row
from allo_studio.report.model import ChannelRow, LoopRow, ProcessRow, Report

LINE = "kernels/gemm.py:{}:9"

# load A and load B, then fmul, which fadd takes with what the iteration before stored.
DOT_ROWS = (
    Row("load A", 0, 1, 4, (), False, LINE.format(11), 11),
    Row("load B", 0, 1, 4, (), False, LINE.format(11), 11),
    Row("fmul", 1, 4, 4, (0, 1), False, LINE.format(12), 12),
    Row("fadd", 4, 8, 1, (2,), True, LINE.format(13), 13),
    Row("store t", 8, 8, 1, (3,), True, LINE.format(13), 13),
    Row("index", 0, 0),
)
ONCE = Piece("dot", ("i",), "segment", None, 1, (Row("store t", 0, 0),), "", "", "cascade/mm1")
DOT = Piece("dot", ("i", "if", "k (4 lanes)"), "pipeline", 5, 9, DOT_ROWS, "recurrence fadd", LINE.format(10), "cascade/mm1")  # fmt: skip  # noqa: E501
FLAT = Piece("dot", ("i", "m", "n"), "pipeline", 1, 2, (Row("load C", 0, 1, critical=True),), "each cycle", "", "cascade/mm1")  # fmt: skip  # noqa: E501
CALLED = Piece("scale", ("k",), "pipeline", 2, 3, (Row("load D", 0, 1, critical=True),), "ports", "", "cascade/mm1")
OTHER = Piece("dot", ("i",), "segment", None, 4, (Row("fdiv", 0, 3),), "", "", "cascade/mm2")
PIECES = (ONCE, DOT, FLAT, CALLED, OTHER)


def loop(name: str, depth: int, function: str = "dot", **rest: object) -> LoopRow:
    """Return a row of a loop of `cascade/mm1`."""
    values = {"source": "", "reason": "why", **rest}
    return LoopRow("cascade/mm1", name, depth, 8, 70, 12, function=function, **values)  # type: ignore[arg-type]


LOOPS = (
    loop("i", 0),
    loop("k", 1, ii=5, ii_asked=1, least=False, source=LINE.format(10), dsp=12, lut=1300, ff=77),
    loop("m", 1, ii=1),
    loop("n", 2, ii=1),
    loop("k", 0, "scale", ii=2, source=LINE.format(3)),
)


def report(pieces: tuple[Piece, ...] = PIECES, loops: tuple[LoopRow, ...] = LOOPS, depends: str = "") -> Report:
    """Return a report of two blocks in two profiles."""
    channel = ChannelRow("cascade/mm1.C->mm2.A", "fifo", "float32[64]", 256, 8, {"vitis": 6, "open": 4}, 5, "trace")
    blocks = (
        ProcessRow("cascade/mm1", "dot", 1000, 900, 24, formula="i·(1 + 5·(k - 1) + 9)", depends=depends),
        ProcessRow("cascade/mm2", "dot", 1000, 900, 24, formula="4·i"),
    )
    cycles = {"vitis": {"predicted": 35541}, "open": {"predicted": 35410}}
    return Report("p", "cascade", "xcu280", 3.33, cycles, 900, blocks, loops, channels=(channel,), pieces=pieces)


def big_piece(rows: int, cycles: int) -> Piece:
    """Return a piece of that many operations, spread over that many cycles."""
    made = tuple(
        Row(f"op {n}", n * (cycles - 8) // rows, n * (cycles - 8) // rows + 7, 1, (n - 1,) if n else ())
        for n in range(rows)
    )
    return Piece("big", ("i",), "pipeline", 1, cycles, made, "", "", "cascade/mm1")
