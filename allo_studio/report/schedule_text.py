"""The schedule view of a report as text for a terminal: each block's latency and its operations by cycle."""

from __future__ import annotations

from collections.abc import Iterator

from allo_studio.hardware.view import Piece, piece_text
from allo_studio.report.model import ProcessRow, Report

__all__ = ["schedule_text"]


def schedule_text(report: Report) -> str:
    """Return the view of all blocks as text that ends in a line end. Cycles are of the report's profile."""
    parts = [_block(report, row) for row in report.processes]
    return "\n\n".join(parts) + "\n" if parts else "there are no blocks\n"


def _block(report: Report, row: ProcessRow) -> str:
    lines = [f"{row.path}: {row.latency:,} cycles at {report.clock_ns:g} ns ({report.profile})"]
    lines.append(f"latency = {row.formula}")
    if row.depends:
        lines.append(f"of the test data, since they depend on {row.depends}")
    return "\n".join([*lines, *_pieces(report, row)])


def _pieces(report: Report, row: ProcessRow) -> Iterator[str]:
    for piece in report.pieces:
        if piece.path == row.path:
            yield ""
            yield _titled(piece, row)


def _titled(piece: Piece, row: ProcessRow) -> str:
    return piece_text(piece) if piece.function == row.kernel else f"in {piece.function}, {piece_text(piece)}"
