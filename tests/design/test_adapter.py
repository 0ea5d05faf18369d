"""Adapters between tokens of two widths: what they are made for, their cycles, and where they stand."""

from __future__ import annotations

from itertools import product
from math import prod
from pathlib import Path

import numpy as np
import pytest

from allo_studio.design.adapter import adapter_kernel, can_adapt
from allo_studio.design.region import RelayoutProcess
from allo_studio.design.relayout import relayout_kernel
from allo_studio.execute import jit
from allo_studio.hardware.operators import load_operators
from allo_studio.hardware.schedule import schedule_kernel
from allo_studio.layout import Layout
from allo_studio.pipeline import predict, size_project
from allo_studio.project import LoadedProject, load_project
from allo_studio.types import INT32, ArrayType, parse_type

OPEN = load_operators("open", 3.33)
PAIRS = [
    (shape, given, taken)
    for shape in ((12,), (4, 6), (2, 3, 4))
    for given, taken in product(range(1, 25), repeat=2)
    if can_adapt(shape, given, taken)
]


def test_which_widths_go_together() -> None:
    assert [(g, t) for s, g, t in PAIRS if s == (12,)] == [
        *((1, t) for t in (2, 3, 4, 6, 12)),
        *((2, t) for t in (1, 4, 6, 12)),
        *((3, t) for t in (1, 6, 12)),
        *((4, t) for t in (1, 2, 12)),
        *((6, t) for t in (1, 2, 3, 12)),
        *((12, t) for t in (1, 2, 3, 4, 6)),
    ]
    # A token is a part of a row or so many whole rows.
    assert can_adapt((4, 6), 12, 2)
    assert not can_adapt((4, 6), 8, 2)
    assert not can_adapt((4, 6), 18, 6)
    assert not can_adapt((4, 6), 6, 6)


@pytest.mark.parametrize(("shape", "given", "taken"), PAIRS)
def test_a_narrow_token_a_cycle(shape: tuple[int, ...], given: int, taken: int) -> None:
    kernel = adapter_kernel("adapt", ArrayType(INT32, shape), given, taken)
    kernel.verify()
    found = schedule_kernel(kernel, OPEN)
    size, wide, narrow = prod(shape), max(given, taken), min(given, taken)
    assert found.latency <= size // narrow + 2
    for port, width, other in (("source", given, taken), ("target", taken, given)):
        moves = found.trace(port)
        assert moves.size == size // width
        if moves.size > 1 and width > other:
            assert set(np.diff(moves)) == {wide // narrow}
    values = np.arange(size, dtype=np.int32).reshape(shape)
    assert np.array_equal(jit(kernel).run({"source": values})["target"], values)
    # What waits for the rest of a wide token is in registers.
    assert found.resources.counts["FF"] > 0


KERNELS = """\
from allo_studio.lang import *

N = 24


def make(X: int32[N]) -> int32[N]:
    Y: int32[N]
    for i in range(N):
        Y[i] = X[i] + 1
    return Y
"""


def chain(folder: Path, first: str, second: str, channel: str = "") -> LoadedProject:
    lanes = []
    for n in (2, 3, 4, 6, 12):
        steps = f"{{split: {{axis: i, factor: {n}}}}}, {{pipeline: {{axis: i.outer}}}}, {{unroll: {{axis: i.inner}}}}"
        lanes.append(f"  by{n}: [{steps}]")
    text = f"""\
format: 1
name: chain
top: top
schedules:
{chr(10).join(lanes)}
graphs:
  top:
    inputs: {{A: "int32[24]"}}
    outputs: {{Q: "int32[24]"}}
    nodes:
      one: {{kernel: "k.py:make"{first and f", schedule: {first}"}}}
      sub: {{graph: inner}}
    edges:
      - A -> one.X
      - {{from: one.Y, to: sub.I{channel}}}
      - sub.O -> Q
  inner:
    inputs: {{I: "int32[24]"}}
    outputs: {{O: "int32[24]"}}
    nodes:
      two: {{kernel: "k.py:make"{second and f", schedule: {second}"}}}
    edges:
      - I -> two.X
      - two.Y -> O
"""
    (folder / "k.py").write_text(KERNELS, encoding="utf-8")
    (folder / "project.yaml").write_text(text, encoding="utf-8")
    loaded = load_project(folder)
    assert loaded.diagnostics == ()
    return loaded


@pytest.mark.parametrize(("first", "second", "given", "taken"), [("by4", "by2", 4, 2), ("", "by3", 1, 3)])
def test_an_adapter_stands_between_blocks_of_two_widths(
    tmp_path: Path, first: str, second: str, given: int, taken: int
) -> None:
    loaded = chain(tmp_path, first, second, ", channel: fifo, depth: 7")
    sized = size_project(loaded, library=OPEN)
    (adapter,) = [p for p in sized.region.processes if isinstance(p, RelayoutProcess)]
    assert (adapter.name, adapter.ir.streams) == ("adapt_sub_I", {"source": given, "target": taken})
    widths = {c.id: (c.kind, c.width, c.depth) for c in sized.region.channels if c.kind == "fifo"}
    # What was asked of the edge is asked of the FIFO that its producer fills.
    assert widths["top/one.Y->sub.I"] == ("fifo", given, 7)
    assert widths["top/adapt_sub_I.target->sub.I"][:2] == ("fifo", taken)
    report, _ = predict(loaded)
    assert {row.path: row.kernel for row in report.processes}["top/adapt_sub_I"] == "token adapter"
    (reason,) = [row.reason for row in report.channels if row.id == "top/one.Y->sub.I"]
    assert f"an adapter makes tokens of {taken} elements of those of {given}" in reason


def test_widths_that_do_not_go_together_are_a_buffer(tmp_path: Path) -> None:
    sized = size_project(chain(tmp_path, "by4", "by6"), library=OPEN)
    (channel,) = [c for c in sized.region.channels if c.id == "top/one.Y->sub.I"]
    # Unless the reader takes a copy.
    assert channel.kind == "pingpong"
    assert "read 6 elements at a time, not 4" in channel.reason


@pytest.mark.parametrize("kind", ["Fixed(16, 8)[6, 4]", "uint5[6, 4]", "Struct(x: int3, y: uint8)[6, 4]"])
def test_copies_know_their_elements(kind: str) -> None:
    array = parse_type(kind)
    for kernel in (adapter_kernel("adapt", array, 4, 2), relayout_kernel("copy", array, *[Layout.plain(2)] * 2)):
        kernel.verify()
        assert [argument.type for argument in kernel.arguments()] == [array, array]
