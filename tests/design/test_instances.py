"""Instances of a graph with parameters, schedules and blocks of their own: what they are, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from design_projects import read
from numpy.typing import NDArray

from allo_studio.design import edits
from allo_studio.design.check import check
from allo_studio.design.collapsing import collapsing
from allo_studio.design.edits import Edit, RenameNode, SetGraphParam, SetInside, SetParam
from allo_studio.design.fixes import fixes_for
from allo_studio.design.instances import MOST_MADE, specialise
from allo_studio.design.model import Graph, GraphNode, KernelNode, Override, Project
from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import Engine, check_project, simulate, size_project
from allo_studio.project import LoadedProject, load_project, save_project, sources
from allo_studio.simulate.jit import evaluate_jit

KERNEL = """\
from allo_studio.lang import *

N = 8
G = 1


def scale(x: "int32[N]") -> "int32[N]":
    y: "int32[N]"
    for i in range(N):
        y[i] = x[i] * G
    return y
"""
PROJECT = """\
format: 1
name: instances
top: top
schedules:
  four:
    - split: {axis: i, factor: 4}
    - unroll: {axis: i.inner}
    - partition: {buffer: x, kind: cyclic, dim: 1, factor: 4}
graphs:
  top:
    inputs: {a: "int32[8]", b: "int32[16]"}
    outputs: {c: "int32[8]", d: "int32[16]"}
    nodes:
      left: {graph: pair}
      # The right one is twice as long.
      right: {graph: pair, params: {M: 16}, inside: {one/s: {schedule: four}, two: {params: {G: 7}}}}
    edges: [a -> left.x, left.y -> c, b -> right.x, right.y -> d]
  pair:
    params: {M: 8}
    inputs: {x: "int32[M]"}
    outputs: {y: "int32[M]"}
    nodes:
      one: {graph: single, params: {K: M, F: 3}}
      two: {kernel: "k.py:scale", params: {N: M}}
    edges: [x -> one.x, one.y -> two.x, two.y -> y]
  single:
    params: {K: 4, F: 2}
    inputs: {x: "int32[K]"}
    outputs: {y: "int32[K]"}
    nodes:
      s: {kernel: "k.py:scale", params: {N: K, G: F}}
    edges: [x -> s.x, s.y -> y]
"""


def _project(folder: Path, text: str = PROJECT) -> LoadedProject:
    (folder / "k.py").write_text(KERNEL)
    (folder / "project.yaml").write_text(text)
    return load_project(folder)


def _run(loaded: LoadedProject, project: Project | None = None) -> dict[str, NDArray[Any]]:
    inputs = {"a": np.arange(8, dtype=np.int32), "b": np.arange(16, dtype=np.int32)}
    return evaluate_jit(size_project(loaded, project).region, inputs)


def test_each_instance_has_its_own(tmp_path: Path) -> None:
    loaded = _project(tmp_path)
    found = _run(loaded)
    assert found["c"].tolist() == [3 * n for n in range(8)]
    assert found["d"].tolist() == [21 * n for n in range(16)]
    checked = check_project(loaded)
    assert [checked.graph_at(path) for path in ("top", "top/left")] == ["top", "pair"]
    made = checked.graph_at("top/right")
    assert str(checked.signatures[made][0].type) == "int32[16]"
    # Only the instance that asks for lanes has them.
    widths = {c.id: c.width for c in _channels(loaded)}
    assert widths["top/left/one.y->two.x"] == 1
    assert {d.where for d in checked.diagnostics} == set()


def _channels(loaded: LoadedProject) -> list[Any]:
    region = size_project(loaded).region
    return [c for process in region.processes for c in process.region.channels]  # type: ignore[union-attr]


def test_the_window_sees_the_instance_under_the_graphs_name(tmp_path: Path) -> None:
    checked = check_project(_project(tmp_path))
    assert [str(checked.at(p).ports["pair/two"][0].type) for p in ("top/left", "top/right")] == [
        "int32[8]",
        "int32[16]",
    ]
    assert checked.at("top/left") is checked
    assert checked.at("top/none") is checked


@pytest.mark.parametrize("target", ["hls", "rtl"])
def test_every_engine_builds_them(tmp_path: Path, target: Engine) -> None:
    result = simulate(_project(tmp_path), target=target)
    assert result.ok
    assert result.report.simulation
    assert result.report.simulation.compared == 24


def test_they_equal_graphs_written_out(tmp_path: Path) -> None:
    """The same design with each instance's graph drawn by hand gives the same cycles and circuits."""
    by_hand = """\
  top:
    inputs: {a: "int32[8]", b: "int32[16]"}
    outputs: {c: "int32[8]", d: "int32[16]"}
    nodes: {left: {graph: small}, right: {graph: large}}
    edges: [a -> left.x, left.y -> c, b -> right.x, right.y -> d]
  small:
    inputs: {x: "int32[8]"}
    outputs: {y: "int32[8]"}
    nodes: {one: {graph: small_one}, two: {kernel: "k.py:scale"}}
    edges: [x -> one.x, one.y -> two.x, two.y -> y]
  large:
    inputs: {x: "int32[16]"}
    outputs: {y: "int32[16]"}
    nodes: {one: {graph: large_one}, two: {kernel: "k.py:scale", params: {N: 16, G: 7}}}
    edges: [x -> one.x, one.y -> two.x, two.y -> y]
  small_one:
    inputs: {x: "int32[8]"}
    outputs: {y: "int32[8]"}
    nodes: {s: {kernel: "k.py:scale", params: {G: 3}}}
    edges: [x -> s.x, s.y -> y]
  large_one:
    inputs: {x: "int32[16]"}
    outputs: {y: "int32[16]"}
    nodes: {s: {kernel: "k.py:scale", params: {N: 16, G: 3}, schedule: four}}
    edges: [x -> s.x, s.y -> y]
"""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one = size_project(_project(tmp_path / "one"))
    two = size_project(_project(tmp_path / "two", PROJECT[: PROJECT.index("  top:\n")] + by_hand))
    assert (one.latency, one.interval) == (two.latency, two.interval)
    kernels = [sorted(p.ir.text() for p in _leaves(sized.region)) for sized in (one, two)]
    assert kernels[0] == kernels[1]


def _leaves(region: Any) -> list[Any]:
    inner = [_leaves(p.region) if hasattr(p, "region") else [p] for p in region.processes]
    return [leaf for leaves in inner for leaf in leaves]


def test_it_round_trips(tmp_path: Path) -> None:
    loaded = _project(tmp_path)
    node = loaded.project.graphs["top"].nodes["right"]
    assert node == GraphNode("pair", {"M": 16}, {"one/s": Override({}, "four"), "two": Override({"G": 7})})
    assert save_project(loaded, loaded.project).text == PROJECT
    changed = SetInside("top", "left", "two", Override({"G": 9})).apply(loaded.project)
    saved = save_project(loaded, changed)
    assert saved.project == changed
    assert "# The right one is twice as long." in saved.text


FAULTS = [
    ("{M: 16}", "{L: 16}", "top/right", "has no parameter 'L'"),
    ("one/s:", "one/t:", "top/right", "graph single has no block 't'"),
    ("one/s:", "two/s:", "top/right", "is in no graph"),
    ("one/s:", "one:", "top/right", "is a graph and has no schedule"),
    ("schedule: four}", "schedule: five}", "single/s", "in pair/one: there is no schedule 'five'"),
    ("{M: 16}", "{M: 12}", "top/b->right.x", "the extents differ"),
    ("{G: 7}", "{H: 7}", "pair/two", "in top/right:"),
]


@pytest.mark.parametrize(("old", "new", "where", "words"), FAULTS)
def test_faults_are_told_where_they_are_drawn(tmp_path: Path, old: str, new: str, where: str, words: str) -> None:
    checked = check_project(_project(tmp_path, PROJECT.replace(old, new, 1)))
    found = [d for d in checked.diagnostics if d.where == where and words in d.message]
    assert found
    assert found[0].hint
    assert found[0].span
    assert not any("@" in f"{d.where} {d.message} {d.hint}" for d in checked.diagnostics)


def test_a_fault_that_instances_share_is_told_once(tmp_path: Path) -> None:
    checked = check_project(_project(tmp_path, PROJECT.replace("edges: [x -> one.x, one.y", "edges: [one.y")))
    assert [d.where for d in checked.diagnostics if d.severity == "error"] == ["pair/one"]


def test_what_is_no_parameter_is_told_by_its_place(tmp_path: Path) -> None:
    for old, new in (("{N: M}", "{N: Q}"), ("{M: 16}", "{1M: 16}"), ("inside: {", "inner: {")):
        with pytest.raises(AlloError) as raised:
            _project(tmp_path, PROJECT.replace(old, new, 1))
        assert raised.value.diagnostics[0].span


def test_a_name_follows_its_block_and_its_graph(tmp_path: Path) -> None:
    loaded = _project(tmp_path)
    before = _run(loaded)
    project = loaded.project
    steps: list[Edit] = [
        RenameNode("single", "s", "scaler"),
        RenameNode("pair", "one", "first"),
        edits.RenameGraph("pair", "couple"),
    ]
    for edit in steps:
        project = edit.apply(project)
    node = project.graphs["top"].nodes["right"]
    assert isinstance(node, GraphNode)
    assert list(node.inside) == ["first/scaler", "two"]
    after = _run(loaded, project)
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_edits_of_settings(tmp_path: Path) -> None:
    project = _project(tmp_path).project
    changed = SetParam("top", "left", "M", 8).apply(project)
    assert changed.graphs["top"].nodes["left"] == GraphNode("pair", {"M": 8})
    assert SetParam("top", "left", "M", None).apply(changed) == project
    changed = SetGraphParam("single", "Q", 4).apply(project)
    assert changed.graphs["single"].params == {"K": 4, "F": 2, "Q": 4}
    assert SetGraphParam("single", "Q", None).apply(changed) == project
    assert SetInside("top", "right", "two", None).apply(project).graphs["top"].nodes["right"] == GraphNode(
        "pair", {"M": 16}, {"one/s": Override({}, "four")}
    )
    assert SetParam("pair", "two", "G", "M").apply(project).graphs["pair"].nodes["two"]
    wrong: list[Edit] = [
        SetInside("top", "left", "three", Override()),
        SetInside("top", "left", "two", Override({}, "none")),
        SetInside("pair", "two", "x", Override()),
        SetInside("top", "left", "two", Override({"G": float("nan")})),
        SetGraphParam("single", "1", 4),
        SetGraphParam("none", "Q", 4),
        SetParam("pair", "two", "G", "Z"),
        edits.RemoveSchedule("four"),
    ]
    for edit in wrong:
        with pytest.raises(AlloError):
            edit.apply(project)


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (GraphNode("pair", {"Z": 1}), "graph pair has no parameter 'Z'"),
        (GraphNode("pair", {}, {"three": Override()}), "there is no block 'three' in 'pair'"),
        (GraphNode("pair", {}, {"one/t": Override()}), "there is no block 't' in 'single'"),
        (GraphNode("pair", {}, {"two": Override({}, "none")}), "there is no schedule 'none'"),
    ],
)
def test_a_block_that_sets_what_is_not_there_is_refused(tmp_path: Path, node: GraphNode, message: str) -> None:
    project = _project(tmp_path).project
    good = replace(node, params={"M": 8}, inside={"two": Override({}, "four")})
    for edit in (edits.AddNode("top", "third", node), edits.SetNode("top", "left", node)):
        with pytest.raises(AlloError, match=message):
            edit.apply(project)
        assert good in replace(edit, node=good).apply(project).graphs["top"].nodes.values()


def test_instances_that_multiply_are_bounded() -> None:
    """Each level has two instances that differ: the count doubles from level to level."""
    graphs = {
        f"g{level}": Graph(
            f"g{level}",
            params={"P": 0},
            nodes={
                name: GraphNode(f"g{level + 1}", {"P": number}, {"a/a": Override({"P": number})})
                for number, name in enumerate("ab", start=2 * level)
            }
            if level < 30
            else {},
        )
        for level in range(31)
    }
    made = specialise(Project("p", top="g0", graphs=graphs))
    assert len(made.owners) <= MOST_MADE


def test_a_graph_that_contains_itself_with_settings_ends() -> None:
    node = GraphNode("g", {"P": 1}, {"a": Override({"P": 2})})
    made = specialise(Project("p", top="g", graphs={"g": Graph("g", params={"P": 0}, nodes={"a": node})}))
    assert not made.owners


def test_a_graph_that_contains_itself_through_an_instance_is_told_with_its_fixes() -> None:
    graphs = {
        "top": Graph("top", nodes={"a": GraphNode("g", {"P": 1})}),
        "g": Graph("g", params={"P": 0}, nodes={"inner": GraphNode("h", {"Q": "P"})}),
        "h": Graph("h", params={"Q": 0}, nodes={"back": GraphNode("g", {"P": "Q"})}),
    }
    project = Project("p", top="top", graphs=graphs)
    found = [d for d in check(project, read()).diagnostics if d.about[:1] == ("contains",)]
    assert found
    for fault in found:
        assert "@" not in fault.message
    fixes = [fix for fault in found for fix in fixes_for(check(project, read()), fault)]
    assert {fix.text for fix in fixes} == {"remove inner from g", "remove back from h"}
    for fix in fixes:
        after = check(fix.edit.apply(project), read())
        assert not any(d.about[:1] == ("contains",) for d in after.diagnostics)


def _same(one: dict[str, NDArray[Any]], two: dict[str, NDArray[Any]]) -> bool:
    return one.keys() == two.keys() and all(np.array_equal(one[name], two[name]) for name in one)


def test_settings_follow_blocks_between_levels(tmp_path: Path) -> None:
    loaded = _project(tmp_path)
    before, project = _run(loaded), loaded.project
    files = sources(loaded.root)
    collapsed = collapsing(check_project(loaded), files, "pair", ("one",), "first").apply(project)
    collapsed = collapsing(check_project(loaded, collapsed), files, "pair", ("two",), "second").apply(collapsed)
    right = collapsed.graphs["top"].nodes["right"]
    assert isinstance(right, GraphNode)
    assert list(right.inside) == ["first/one/s", "second/two"]
    assert collapsed.graphs["pair"].nodes["second"] == GraphNode("second", {"M": "M"})
    assert _same(_run(loaded, collapsed), before)
    expanded = edits.ExpandNode("pair", "first").apply(collapsed)
    assert _same(_run(loaded, expanded), before)
    flat = edits.ExpandNode("top", "right").apply(edits.ExpandNode("pair", "one").apply(project))
    kernel = flat.graphs["top"].nodes["s"]
    assert isinstance(kernel, KernelNode)
    assert (kernel.params, kernel.schedule) == ({"N": 16, "G": 3}, "four")
    assert _same(_run(loaded, flat), before)


def test_settings_are_copied_with_their_blocks(tmp_path: Path) -> None:
    loaded = _project(tmp_path)
    clip = edits.clip_of(loaded.project, "top", ["right"])
    assert list(clip.schedules) == ["four"]
    other = edits.RemoveNodes("top", ("right",)).apply(loaded.project)
    other = edits.RenameSchedule("four", "lanes").apply(other)
    other = edits.AddSchedule("four").apply(other)
    pasted = edits.PasteNodes("top", clip).apply(other).graphs["top"].nodes["right"]
    assert isinstance(pasted, GraphNode)
    assert pasted.params == {"M": 16}
    assert pasted.inside["one/s"].schedule not in ("four", "")
    # What a graph's parameter was is in the copy.
    kernel = edits.clip_of(loaded.project, "pair", ["two"]).graphs["clip"].nodes["two"]
    assert isinstance(kernel, KernelNode)
    assert kernel.params == {"N": 8}
    renamed = edits.RenameSchedule("four", "lanes").apply(loaded.project).graphs["top"].nodes["right"]
    assert isinstance(renamed, GraphNode)
    assert renamed.inside["one/s"].schedule == "lanes"
