"""Random kernels that read and write an array piece by piece: loops one after another, in each other, under conditions.

A kernel reads all of its input in row-major order in one way, and then writes all of its output in another. With
`slips`, some pieces are out of place.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from allo_studio.project import LoadedProject, load_project

__all__ = ["Pieces", "design", "draw_pieces"]

_Leaf = Callable[[str, str], None]


@dataclass(frozen=True)
class Pieces:
    """A kernel `f(A) -> B` by name; `lanes` are the loops to unroll, whose lanes make a token of `width` elements."""

    name: str
    shape: tuple[int, int]
    width: int
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    lanes: tuple[str, ...]
    slips: float

    @property
    def text(self) -> str:
        """The kernel's source."""
        array = f"int32[{self.shape[0]}, {self.shape[1]}]"
        lines = [f"def {self.name}(A: {array}) -> {array}:", f"    T: {array} = 0", *self.reads]
        return "\n".join([*lines, f"    B: {array}", *self.writes, "    return B", ""])

    @property
    def steps(self) -> list[tuple[str, dict[str, str]]]:
        """The steps that make the lanes."""
        return [("unroll", {"axis": name}) for name in self.lanes]

    def moves(self, name: str) -> list[tuple[int, int]]:
        """Return the elements of the input or output in the order in which plain Python accesses them."""
        seen: list[tuple[int, int]] = []
        arrays = {other: _Recorder(seen if other == name else []) for other in "ABT"}
        lines = [*self.reads, *self.writes]
        exec("if True:\n" + "\n".join(lines), dict(arrays))
        return seen


@dataclass
class _Recorder:
    seen: list[tuple[int, int]]

    def __getitem__(self, place: tuple[int, int]) -> int:
        self.seen.append(place)
        return 0

    def __setitem__(self, place: tuple[int, int], value: Any) -> None:
        self.seen.append(place)


@dataclass
class _Writer:
    """Writes code that touches elements; `straight` lets conditions be only around what has no loops but lanes."""

    draw: random.Random
    width: int
    slips: float
    straight: bool
    stem: str
    lines: list[str] = field(default_factory=list)
    lanes: list[str] = field(default_factory=list)
    loops: int = 0

    def slip(self) -> bool:
        return self.draw.random() < self.slips

    def variable(self) -> str:
        self.loops += 1
        return f"{self.stem}{self.loops}"

    def pieces(self, first: str, count: int, leaf: _Leaf, indent: str, depth: int = 3) -> None:
        """Write code that runs through so many places from `first` on."""
        if self.slip():
            first = f"{first} + {self.draw.choice([-1, 1])}"
        if count == 1:
            leaf(first, indent)
        elif depth == 0:
            self.loop(first, count, count, leaf, indent, 0)
        elif self.draw.random() < 0.4:
            part = self.draw.randint(1, count - 1)
            two = [(first, part), (f"{first} + {part}", count - part)]
            for start, some in reversed(two) if self.slip() else two:
                self.pieces(start, some, leaf, indent, depth - 1)
        else:
            trips = self.draw.choice([n for n in range(2, count + 1) if count % n == 0])
            self.loop(first, count, trips, leaf, indent, depth - 1)

    def loop(self, first: str, count: int, trips: int, leaf: _Leaf, indent: str, depth: int) -> None:
        """Write a loop in so many iterations, some of which may do nothing, or another piece."""
        v, each = self.variable(), count // trips
        straight = each == 1 and leaf == self.element
        # Subscripts of lanes must be linear, without a division by the step.
        kinds = ["plain", "plain", "step" if self.width == 1 else "plain"]
        kinds += ["late", "early", "else"] if straight or not self.straight else []
        kind = self.draw.choice(kinds)
        low, idle, step = self.draw.choice([0, 0, 1, 3]), self.draw.randint(1, 2), 1
        inside = indent + "    "
        moved = low
        off = self.draw.choice([-1, 1]) if self.slip() else 0
        if kind == "step":
            step = self.draw.choice([2, 3])
        end = low + trips * step + (idle if kind in ("late", "early") else 0)
        head = f"range({low}, {end}, {step})" if step > 1 else f"range({low}, {end})" if low else f"range({end})"
        self.lines.append(f"{indent}for {v} in {head}:")
        if kind == "late":
            self.lines.append(f"{inside}if {v} >= {low + idle + off}:")
            inside, moved = inside + "    ", low + idle
        elif kind == "early":
            self.lines.append(f"{inside}if {v} < {low + trips + off}:")
            inside += "    "
        number = f"({v} - {moved})" if moved else v
        number = f"({number} // {step})" if step > 1 else number
        number = f"{each} * {number}" if each > 1 else number
        start = f"{first} + {number}" if first != "0" else number
        if kind != "else":
            self.pieces(start, each, leaf, inside, depth)
            return
        side = self.draw.randint(1, trips - 1)
        self.lines.append(f"{inside}if {v} < {low + side + off}:")
        self.pieces(start, each, leaf, inside + "    ", depth)
        self.lines.append(f"{inside}else:")
        self.pieces(start, each, leaf, inside + "    ", depth)

    def rows(self, shape: tuple[int, int], statement: str) -> tuple[str, ...]:
        """Write code for a whole array."""
        self.statement = statement

        def row(place: str, indent: str) -> None:
            self.row = place
            self.pieces("0", shape[1] // self.width, self.element, indent)

        self.pieces("0", shape[0], row, "    ")
        return tuple(self.lines)

    def element(self, place: str, indent: str) -> None:
        column = place
        if self.width > 1:
            lane = self.variable()
            self.lanes.append(lane)
            self.lines.append(f"{indent}for {lane} in range({self.width}):")
            column, indent = f"{self.width} * ({place}) + {lane}", indent + "    "
        self.lines.append(indent + self.statement.format(r=self.row, c=column))


def draw_pieces(
    draw: random.Random,
    shape: tuple[int, int],
    width: int = 1,
    slips: float = 0.0,
    straight: bool = True,
    name: str = "f",
) -> Pieces:
    """Return a random kernel."""
    reader, writer = (_Writer(draw, width, slips, straight, stem) for stem in "iw")
    reads = reader.rows(shape, "T[{r}, {c}] = A[{r}, {c}] * 3 + 1")
    writes = writer.rows(shape, "B[{r}, {c}] = T[{r}, {c}] + T[0, 0]")
    return Pieces(name, shape, width, reads, writes, (*reader.lanes, *writer.lanes), slips)


def design(folder: Path, seed: int, joined: bool = False) -> LoadedProject:
    """Return a random project of two such blocks with a FIFO between them.

    `joined`: they are functions that the one block calls, stages that run at the same time.
    """
    draw = random.Random(seed)
    width = draw.choice([1, 1, 2])
    shape = draw.randint(1, 4), width * draw.randint(2, 5)
    blocks = [draw_pieces(draw, shape, width, name=name) for name in ("first", "second")]
    array = f"int32[{shape[0]}, {shape[1]}]"
    # Every wire can be a stream, those at the design's own ports too.
    streams = [draw.random() < 0.5, True, draw.random() < 0.5]
    ends = ["A", "first.A", "first.B", "second.A", "second.B", "B"]
    steps = {b.name: [f"{{unroll: {{axis: '{b.name}:{lane}'}}}}" for lane in b.lanes] for b in blocks}
    text = "from allo_studio.lang import *\n\n\n" + "\n\n".join(block.text for block in blocks)
    nodes = [f'      {b.name}: {{kernel: "k.py:{b.name}", schedule: {b.name}}}' for b in blocks]
    if joined:
        text += f"\n\ndef both(A: {array}) -> {array}:\n    M: {array} = first(A)\n"
        text += f"    B: {array} = second(M)\n    return B\n"
        asked = ["{dataflow: {function: both}}", "{to: {buffer: M, dst: second}}"]
        steps = {"both": [*steps["first"], *steps["second"], *asked]}
        nodes = ['      both: {kernel: "k.py:both", schedule: both}']
        ends, streams = ["A", "both.A", "both.B", "B"], [streams[0], streams[2]]
    wires = [
        f"      - {{from: {source}, to: {target}, channel: fifo}}" if stream else f"      - {source} -> {target}"
        for source, target, stream in zip(ends[::2], ends[1::2], streams, strict=True)
    ]
    schedules = [f"  {name}: [{', '.join(own)}]" for name, own in steps.items()]
    lines = ["format: 1", "name: pieces", "top: top", "schedules:", *schedules, "graphs:", "  top:"]
    lines += [
        f'    inputs: {{A: "{array}"}}',
        f'    outputs: {{B: "{array}"}}',
        "    nodes:",
        *nodes,
        "    edges:",
        *wires,
    ]
    (folder / "k.py").write_text(text, encoding="utf-8")
    (folder / "project.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_project(folder)
