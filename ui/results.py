"""What a build's result says of the level that is shown. Nothing here touches Qt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from allo_studio.pipeline import BuildResult
from allo_studio.report.model import LoopRow, Report
from allo_studio.source import Source
from nodes.picture import Overlays
from ui.places import Level

__all__ = ["generated", "loop_rows", "overlays"]

_MOST_BYTES = 4 << 20


def overlays(report: Report, level: Level) -> Overlays:
    """Return what is drawn on the blocks and wires of a level."""
    prefix = f"{level.path}/"
    blocks: dict[str, list[int]] = {}
    for row in report.processes:
        if row.path.startswith(prefix):
            total = blocks.setdefault(row.path.removeprefix(prefix).partition("/")[0], [0, 0])
            total[0] = max(total[0], row.latency)
            total[1] += row.dsp
    texts = {name: f"{cycles:,} cycles  ·  {dsp} DSP" for name, (cycles, dsp) in blocks.items()}
    wires = {}
    for channel in report.channels:
        head, _, edge = channel.id.rpartition("/")
        if head == level.path:
            depth = f"  ·  depth {', '.join(map(str, channel.depth.values()))}" if channel.depth else ""
            wires[edge] = f"{channel.kind}{depth}"
    return Overlays(texts, wires)


def loop_rows(report: Report | None, path: str) -> Mapping[str, LoopRow]:
    """Return the report's rows of a block's loops by the loop's name."""
    return {row.loop: row for row in report.loops if row.path == path} if report else {}


def generated(result: BuildResult | None) -> Source | None:
    """Return the C++ that was generated, or None where there is none to read."""
    paths = [Path(artifact.path) for artifact in result.artifacts] if result else []
    for path in paths:
        if path.suffix == ".cpp" and not path.stem.endswith("_tb"):
            try:
                text = path.read_bytes()[:_MOST_BYTES].decode("utf-8", "replace")
            except OSError:
                continue
            return Source(path.name, text)
    return None
