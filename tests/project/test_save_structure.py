"""Comments and the order of what a person wrote survive edits of a design's structure."""

from __future__ import annotations

from pathlib import Path

import pytest

from allo_studio.design import edits
from allo_studio.design.blocks import conversion
from allo_studio.design.end_types import EndTypes
from allo_studio.design.model import Endpoint, GraphNode
from allo_studio.project import copy_nodes, parse_project, read_clip, rewrite
from allo_studio.project.three_way import says_same
from allo_studio.types import parse_type

COMMENTED = """\
# head
format: 1
name: p  # the name
top: g
schedules:
  # about s
  s:
    - unroll: {axis: i}  # lanes
graphs:
  g:  # the top
    inputs: {A: "float32[16]"}
    outputs: {E: "float32[16]"}
    nodes:
      # first
      b2: {kernel: "copy.py:copy", schedule: s}  # two
      b1: {kernel: "copy.py:copy"}  # one
      # before three
      b3: {kernel: "copy.py:copy"}  # three
    edges:
      # in
      - A -> b1.X  # a1
      - b1.Y -> b2.X  # a2
      - {from: b2.Y, to: b3.X, channel: fifo}  # a3
      - b3.Y -> E  # out
# tail
"""


def _structural() -> dict[str, tuple[edits.Edit, set[str]]]:
    """Return edits with the comments of lines that go with what they are about."""
    ends = {Endpoint(f"b{n}", port): parse_type("float32[16]") for n in (1, 2, 3) for port in "XY"}
    project = parse_project(COMMENTED, Path("p.yaml")).project
    clip = read_clip(copy_nodes(project, "g", ("b2", "b3")))
    insert = edits.InsertBlock("g", "convert", conversion("float32[16]", "float64"), "x", {"b1.Y->b2.X": "y"})
    return {
        "collapse": (edits.CollapseNodes("g", ("b1", "b2"), "part", (EndTypes({}, ends),)), {"# one", "# two", "# a2"}),
        "duplicate": (edits.DuplicateNodes("g", ("b1", "b2")), set()),
        "paste": (edits.PasteNodes("g", clip, (0, 0)), set()),
        "replace": (edits.SetNode("g", "b1", GraphNode("g")), set()),
        "rename a schedule": (edits.RenameSchedule("s", "t"), set()),
        "rename a port": (edits.RenameGraphPort("g", "A", "Z"), set()),
        "insert": (insert, set()),
    }


@pytest.mark.parametrize("name", _structural())
def test_comments_and_order_survive_edits_of_the_structure(name: str) -> None:
    edit, gone = _structural()[name]
    loaded = parse_project(COMMENTED, Path("p.yaml"))
    changed = rewrite(loaded, edit.apply(loaded.project))
    comments = [part for line in COMMENTED.splitlines() if (part := line.partition("#")[1] + line.partition("#")[2])]
    kept = [part for line in changed.text.splitlines() if (part := line.partition("#")[1] + line.partition("#")[2])]
    assert kept == [comment for comment in comments if comment not in gone]
    assert says_same(changed.project, edit.apply(loaded.project))
