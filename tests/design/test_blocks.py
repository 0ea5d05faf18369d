"""Conversions and duplicators: what a file says of them, what they compute in every engine, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from allo_studio.design.blocks import block_source, conversion, described, duplicator, relayout
from allo_studio.design.edits import AddNode, SetParam
from allo_studio.design.fixes import fixes_for
from allo_studio.design.model import KernelNode
from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.pipeline import Engine, check_project, simulate, size_project
from allo_studio.project import LoadedProject, load_project, save_project, save_project_as

pytestmark = pytest.mark.usefixtures("quick_cpp")

KERNELS = """\
from allo_studio.lang import *


def inc(X: int16[4, 6]) -> int16[4, 6]:
    Y: int16[4, 6]
    for i, j in grid(4, 6):
        Y[i, j] = X[i, j] + 1
    return Y


def add(X: int8[4, 6], Z: "Fixed(16, 4)[4, 6]") -> int32[4, 6]:
    Y: int32[4, 6]
    for i, j in grid(4, 6):
        Y[i, j] = X[i, j] + Z[i, j]
    return Y
"""
PROJECT = """\
format: 1
name: blocks
top: top
schedules:
  fast: [{pipeline: {axis: j, initiation_interval: 1}}]
graphs:
  top:
    inputs: {A: "int16[4, 6]", s: int8}
    outputs: {E: "int32[4, 6]", t: float32}
    nodes:
      inc: {kernel: "k.py:inc"}
      two: {duplicate: "int16[4, 6]", schedule: fast}
      low: {convert: "int16[4, 6]", to: int8}
      fix: {convert: "int16[4, 6]", to: "Fixed(16, 4)"}
      add: {kernel: "k.py:add"}
      one: {convert: int8, to: float32}
    edges:
      - A -> inc.X
      - inc.Y -> two.x
      - two.y0 -> low.x
      - two.y1 -> fix.x
      - low.y -> add.X
      - fix.y -> add.Z
      - add.Y -> E
      - s -> one.x
      - one.y -> t
"""


def project(folder: Path, text: str = PROJECT) -> LoadedProject:
    (folder / "k.py").write_text(KERNELS, encoding="utf-8")
    (folder / "project.yaml").write_text(text, encoding="utf-8")
    return load_project(folder)


@pytest.mark.parametrize("target", ["hls", "rtl", "jit"])
def test_every_engine_computes_them(tmp_path: Path, target: Engine) -> None:
    report = simulate(project(tmp_path), target=target).report
    assert report.simulation is not None
    assert (report.simulation.compared, report.simulation.mismatches) == (25, 0)


@pytest.mark.parametrize("target", ["hls", "rtl"])
@pytest.mark.parametrize("execution", ["dataflow", "sequential"])
def test_a_relayout_lies_between_two_layouts(tmp_path: Path, target: Engine, execution: str) -> None:
    """Two kernels whose partitions conflict: told without the block, and computed with it."""
    text = f"""\
format: 1
name: layouts
top: top
schedules:
  cyclic: [{{partition: {{buffer: Y, kind: cyclic, dim: 1, factor: 2}}}}]
  block: [{{partition: {{buffer: X, kind: block, dim: 1, factor: 2}}}}]
graphs:
  top:
    execution: {execution}
    inputs: {{A: "int16[4, 6]"}}
    outputs: {{E: "int16[4, 6]"}}
    nodes:
      one: {{kernel: "k.py:inc", schedule: cyclic}}
      two: {{kernel: "k.py:inc", schedule: block}}
    edges: [A -> one.X, one.Y -> two.X, two.Y -> E]
"""
    loaded = project(tmp_path, text)
    checked = check_project(loaded)
    (fault,) = checked.diagnostics
    assert fault.code == "layout"
    fix = next(fix for fix in fixes_for(checked, fault) if "re-layout" in fix.text)
    mended = fix.edit.apply(loaded.project)
    assert mended.graphs["top"].nodes["relayout"] == relayout("int16[4, 6]")
    result = simulate(loaded, target=target, project=mended)
    assert result.ok
    assert result.report.simulation
    saved = save_project(loaded, mended)
    assert 'relayout: {relayout: "int16[4, 6]"}' in saved.text
    assert load_project(tmp_path).project == mended


def test_they_stream(tmp_path: Path) -> None:
    sized = size_project(project(tmp_path))
    assert {channel.kind for channel in sized.region.channels if not channel.outside} == {"fifo"}


def test_a_file_says_what_was_loaded(tmp_path: Path) -> None:
    loaded = project(tmp_path)
    nodes = loaded.project.graphs["top"].nodes
    assert nodes["low"] == conversion("int16[4, 6]", "int8")
    assert nodes["two"] == duplicator("int16[4, 6]", 2, "fast")
    changed = AddNode("top", "more", duplicator("int8[3]", 5)).apply(loaded.project)
    changed = AddNode("top", "other", conversion("Struct(x: int8, y: int8)[3]", "int8")).apply(changed)
    saved = save_project(loaded, changed)
    assert 'more: {duplicate: "int8[3]", copies: 5}' in (tmp_path / "project.yaml").read_text(encoding="utf-8")
    assert load_project(tmp_path).project == saved.project == changed


def test_a_copy_of_a_project_needs_no_file_of_them(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    loaded = project(tmp_path / "a")
    save_project_as(loaded, loaded.project, tmp_path / "b")
    assert {path.name for path in (tmp_path / "b").iterdir()} == {"k.py", "project.yaml"}
    assert check_project(load_project(tmp_path / "b")).ok


@pytest.mark.parametrize(
    ("node", "code", "message"),
    [
        ('{convert: "int16[4, 6", to: int8}', "type", "convert: "),
        ('{convert: "int16[4, 6]", to: "int8[2]"}', "type", "int8[2] is an array, and elements are converted"),
        ('{convert: "Struct(x: int8)[4]", to: int8}', "type", "structs are not converted"),
        ('{convert: "int16[4]"}', "yaml", "a conversion must say what it converts to"),
        ('{convert: "int16[4]", to: int8, copies: 2}', "yaml", "copies"),
        ("{convert: 3, to: int8}", "yaml", "must be"),
        ('{duplicate: "int8[4]", copies: 1}', "yaml", "copies"),
        ('{duplicate: "int8[4]", copies: 1000}', "yaml", "at most 64"),
        ('{kernel: "@duplicate/int8[4]/x:duplicate"}', "yaml", "names no kernel"),
    ],
)
def test_what_is_refused(tmp_path: Path, node: str, code: str, message: str) -> None:
    text = PROJECT.replace('low: {convert: "int16[4, 6]", to: int8}', f"low: {node}")
    try:
        found = check_project(project(tmp_path, text)).diagnostics
    except AlloError as error:
        found = error.diagnostics
    assert any(d.code == code and message in d.message for d in found), [str(d) for d in found]


def test_named_sizes_go_through() -> None:
    for path, function, out in (
        ("@convert/float32[n<=8, 3, i<=4]/int8", "convert", {"y": "int8[n<=8, 3, i<=4]"}),
        ("@duplicate/float32[n<=8]/2", "duplicate", {"y0": "float32[n<=8]", "y1": "float32[n<=8]"}),
        ("@relayout/float32[3, n<=8]/", "relayout", {"y": "float32[3, n<=8]"}),
    ):
        kernel = parse_kernel(block_source(path), function)
        found = {a.name: str(a.type) for a in kernel.arguments()}
        assert found["n"] == "int32"
        assert {name: found[name] for name in out} == out
    small = np.arange(4, dtype=np.float32).reshape(2, 2, 1)
    kernel = parse_kernel(block_source("@convert/float32[n<=8, 2, i<=4]/int8"), "convert")
    assert np.array_equal(jit(kernel)(small), small.astype(np.int8))


def test_the_hints_name_the_block_that_mends_it(tmp_path: Path) -> None:
    text = PROJECT.replace("two.y0 -> low.x", "two.y0 -> add.X").replace("- low.y -> add.X\n      ", "")
    hints = [d.hint for d in check_project(project(tmp_path, text)).diagnostics]
    assert any('{convert: "int16[4, 6]", to: "int8"}' in hint for hint in hints)
    text = PROJECT.replace("two.y1 -> fix.x", "two.y0 -> fix.x")
    hints = [d.hint for d in check_project(project(tmp_path, text)).diagnostics]
    assert any('{duplicate: "int16[4, 6]", copies: 2}' in hint for hint in hints)


def test_they_have_no_parameters(tmp_path: Path) -> None:
    loaded = project(tmp_path)
    with pytest.raises(AlloError, match="no kernel file and no parameters"):
        SetParam("top", "low", "N", 3).apply(loaded.project)


def test_what_they_do_is_told_in_words() -> None:
    assert described(conversion("int16[4]", "int8")) == "int16[4] to int8"
    assert described(duplicator("int16[4]", 3)) == "3 copies of int16[4]"
    assert described(KernelNode("k.py", "inc")) == "k.py:inc"
