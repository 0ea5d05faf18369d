"""What is refused in a project file, and where the message points."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from allo_studio.design.model import Edge, Endpoint, GraphNode, KernelNode, StepSpec, Target, UnknownNode
from allo_studio.diagnostics import AlloError, Diagnostic, render
from allo_studio.primitives.registry import parse_step, step_to_dict
from allo_studio.project import dump_project, load_project, parse_project
from allo_studio.project.migrate import migrate

EXAMPLE = Path(__file__).parents[2] / "projects" / "gemm_cascade"
HEAD = "format: 1\nname: p\n"


def faults(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(AlloError) as raised:
        parse_project(text, Path("project.yaml"))
    return raised.value.diagnostics


def at(diagnostic: Diagnostic) -> tuple[int, int]:
    assert diagnostic.span is not None
    return diagnostic.span.line, diagnostic.span.column


def test_the_example_reads_as_what_it_says() -> None:
    loaded = load_project(EXAMPLE)
    project = loaded.project
    assert loaded.diagnostics == ()
    assert loaded.root == EXAMPLE
    assert project.target == Target("xcu280", 3.33, 0)
    assert project.schedules["row_wise"][0] == StepSpec("split", {"axis": "j", "factor": 8})
    cascade = project.graphs["cascade"]
    assert cascade.nodes["mm1"] == KernelNode("kernels/gemm.py", "gemm", {}, "row_wise")
    assert cascade.edges[2] == Edge(Endpoint("mm1", "C"), Endpoint("mm2", "A"), "fifo")
    assert cascade.execution == "dataflow"
    assert project.view["cascade"]["mm2"] == (420.0, 80.0)
    assert load_project(EXAMPLE / "project.yaml").project == project


def test_the_example_is_in_canonical_form() -> None:
    loaded = load_project(EXAMPLE)
    assert loaded.text.partition("\n")[2] == dump_project(loaded.project)


def test_all_that_a_file_may_say() -> None:
    text = HEAD + (
        "target: {device: d, clock_ns: 5, fifo_margin: 2, interface: kernel}\ntop: g\n"
        "graphs:\n  g:\n    execution: sequential\n    unify: false\n    inputs: {A: int32}\n"
        "    nodes:\n      s: {graph: h}\n      k: {kernel: 'a:b.py:f', params: {N: 4, x: 0.5, T: 'Fixed(16, 10)'}}\n"
        "    edges:\n      - {from: A, to: s.A, channel: shared}\n      - {from: s.B, to: k.B, depth: 3}\n  h: {}\n"
    )
    project = parse_project(text, Path("p.yaml")).project
    graph = project.graphs["g"]
    assert project.target == Target("d", 5.0, 2, interface="kernel")
    assert (graph.execution, graph.unify) == ("sequential", False)
    assert graph.nodes == {
        "s": GraphNode("h"),
        "k": KernelNode("a:b.py", "f", {"N": 4, "x": 0.5, "T": "Fixed(16, 10)"}),
    }
    assert [(e.channel, e.depth) for e in graph.edges] == [("shared", None), (None, 3)]


def test_words_of_old_yaml_are_texts() -> None:
    text = HEAD + "schedules:\n  s:\n    - pipeline: {axis: y, off: true}\n"
    steps = parse_project(text, Path("p.yaml")).project.schedules["s"]
    assert steps == (StepSpec("pipeline", {"axis": "y", "off": True}),)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (HEAD + "graphs: [\n", (3, 9), "broken YAML"),
        (HEAD + "a: b: c\n", (3, 5), "broken YAML"),
        (HEAD + "x: \x01\n", (3, 4), "broken YAML"),
        (HEAD + "name: q\n", (3, 1), "'name' is given twice"),
        (HEAD + "grpahs: {}\n", (3, 1), "grpahs: unknown key"),
        (HEAD + "target: {clock_ns: .nan}\n", (3, 20), "no finite number"),
        (HEAD + "target: {clock_ns: 1e400}\n", (3, 20), "no finite number"),
        (HEAD + "target: {clock_ns: -1}\n", (3, 20), "above 0"),
        (HEAD + "target: {clock_ns: '5'}\n", (3, 20), "must be a number, not '5'"),
        (HEAD + "target: {fifo_margin: true}\n", (3, 23), "must be a whole number, not true"),
        (HEAD + "target: {interface: kernal}\n", (3, 21), "must be one of ip, kernel, stream, not 'kernal'"),
        (HEAD + "target: {interface: 1}\n", (3, 21), "must be one of ip, kernel, stream"),
        (HEAD + "target: 5\n", (3, 9), "must be a mapping, not 5"),
        (HEAD + "top: &t g\n", (3, 6), "anchor &t"),
        (HEAD + "top: !!python/object:os.system x\n", (3, 6), "tag"),
        (HEAD + "---\na: 1\n", (3, 1), "second document"),
        (HEAD + "x: " + "[" * 30 + "]" * 30 + "\n", (3, 23), "levels of nesting"),
        (HEAD + "? [a]\n: b\n", (3, 3), "a key must be a text"),
        ("- a\n", (1, 1), "must be a mapping, not a list"),
        ("5\n", (1, 1), "must be a mapping"),
        ("", (1, 1), "empty"),
        ("# nothing\n", (1, 1), "empty"),
        ("format: 1\n", (1, 1), "has no name"),
        ("name: p\n", (1, 1), "does not say its format"),
        ("format: 2\nname: p\nfuture: 1\n", (1, 9), "format 2 is newer"),
        ("format: one\nname: p\n", (1, 9), "whole number"),
        (HEAD + "graphs:\n  class: {}\n", (4, 3), "a word of C++"),
        (HEAD + "graphs:\n  1g: {}\n", (4, 3), "is no name"),
        (HEAD + "graphs:\n  g: {execution: dataflw}\n", (4, 18), "must be one of dataflow, sequential"),
        (HEAD + "graphs:\n  g: {inputs: {A: int32}, outputs: {A: int32}}\n", (4, 37), "also the name of an input"),
        (HEAD + "graphs:\n  g: {inputs: {A: 3}}\n", (4, 19), "must be a text, not 3"),
        (HEAD + "graphs:\n  g:\n    nodes:\n      m: 5\n", (6, 10), "must be a mapping, not 5"),
        (HEAD + "graphs:\n  g:\n    nodes:\n      m: {kernel: gemm}\n", (6, 19), "names no kernel"),
        (HEAD + "graphs:\n  g:\n    nodes:\n      m: {kernel: 'a:b', parms: {}}\n", (6, 26), "unknown key"),
        (HEAD + "graphs:\n  g:\n    nodes:\n      m: {kernel: 'a:b', params: {N: x}}\n", (6, 38), "must be a number"),
        (HEAD + "graphs:\n  g:\n    nodes:\n      m: {kernel: 'a:b', params: {T: [8]}}\n", (6, 38), "not a list"),
        (HEAD + "graphs:\n  g:\n    nodes:\n      m: {kernel: 'a:b', graph: h}\n", (6, 11), "unknown key"),
        (HEAD + "graphs:\n  g:\n    edges:\n      - A B\n", (6, 9), "is no wire"),
        (HEAD + "graphs:\n  g:\n    edges:\n      - A -> a.b.c\n", (6, 9), "is no port"),
        (HEAD + "graphs:\n  g:\n    edges:\n      - {from: A}\n", (6, 9), "has no `to`"),
        (HEAD + "graphs:\n  g:\n    edges:\n      - {from: A, to: B, depth: 0}\n", (6, 33), "must be from 1"),
        (
            HEAD + "graphs:\n  g:\n    edges:\n      - {from: A, to: B, channel: shared, depth: 2}\n",
            (6, 50),
            "no depth",
        ),
        (HEAD + "graphs:\n  g:\n    edges:\n      - {from: A, to: B, initial: x}\n", (6, 35), "must be a number"),
        (HEAD + "graphs:\n  g:\n    edges:\n      - {from: A, to: B, initial: []}\n", (6, 35), "has at least one"),
        (HEAD + "graphs:\n  g:\n    edges:\n      - {from: A, to: B, initial: [0, no]}\n", (6, 39), "a number"),
        (
            HEAD + "graphs:\n  g:\n    edges:\n      - {from: A, to: B, initial: {count: 0, value: 1}}\n",
            (6, 43),
            "must be from 1",
        ),
        (
            HEAD + "graphs:\n  g:\n    edges:\n      - {from: A, to: B, initial: {count: 2000000, value: 1}}\n",
            (6, 43),
            "at most 1048576",
        ),
        (HEAD + "graphs:\n  g:\n    edges:\n      - {from: A, to: B, initial: {count: 2}}\n", (6, 35), "a `value`"),
        (HEAD + "schedules:\n  s:\n    - {split: {}, unroll: {}}\n", (5, 7), "it has 2 keys"),
        (HEAD + "schedules:\n  s:\n    - split\n", (5, 7), "a mapping with one key"),
        (HEAD + "schedules:\n  s:\n    - {disabled: true}\n", (5, 7), "it has 0 keys"),
        (HEAD + "schedules:\n  s:\n    - {split: {}, disabled: 3}\n", (5, 29), "true or false"),
        (HEAD + "schedules:\n  s:\n    - split: j\n", (5, 14), "arguments of a step"),
        (HEAD + "schedules: {s: 3}\n", (3, 16), "must be a list, not 3"),
        (HEAD + "view:\n  g: {m: [1]}\n", (4, 10), "two numbers"),
        (HEAD + "view:\n  g: {m: [1, 1e9]}\n", (4, 10), "off the canvas"),
    ],
)
def test_each_fault_points_at_its_place(text: str, place: tuple[int, int], words: str) -> None:
    found = [d for d in faults(text) if words in d.message]
    assert [at(d) for d in found] == [place]
    assert "^" in render(found[0]) or not text.strip()


def test_a_slip_of_the_keyboard_gets_a_suggestion() -> None:
    (fault,) = faults(HEAD + "schedule: {}\n")
    assert fault.hint == "did you mean schedules?"
    assert fault.where == "schedule"


def test_all_faults_are_told_at_once() -> None:
    text = HEAD + "tpo: x\ntarget: {clock_ns: 0}\ngraphs:\n  g:\n    edges: [A, {from: B}]\n    nodes: {m: 1}\n"
    assert [d.where for d in faults(text)] == [
        "tpo",
        "graphs.g.nodes.m",
        "graphs.g.edges[0]",
        "graphs.g.edges[1]",
        "target.clock_ns",
        "g/m",
    ]


def test_a_node_of_unknown_kind_is_kept_and_told() -> None:
    text = (
        HEAD + "graphs:\n  g:\n    nodes:\n      w: {measure: weights.npy, x: [1, {y: 2}]}\n      k: {kernal: 'a:b'}\n"
    )
    loaded = parse_project(text, Path("project.yaml"))
    assert loaded.project.graphs["g"].nodes["w"] == UnknownNode({"measure": "weights.npy", "x": [1, {"y": 2}]})
    assert [(d.where, at(d), d.severity) for d in loaded.diagnostics] == [
        ("g/w", (6, 10), "error"),
        ("g/k", (7, 10), "error"),
    ]
    assert loaded.diagnostics[1].hint == "did you mean kernel?"


def test_spans_of_paths() -> None:
    spans = load_project(EXAMPLE).spans
    mm1 = spans(("graphs", "cascade", "nodes", "mm1"))
    edge = spans(("graphs", "cascade", "edges", 2))
    assert mm1 is not None
    assert edge is not None
    assert mm1.source.line(mm1.line)[mm1.column - 1 :] == '{kernel: "kernels/gemm.py:gemm", schedule: row_wise}'
    assert (
        edge.source.line(edge.line)[edge.column - 1 : edge.end_column - 1] == "{from: mm1.C, to: mm2.A, channel: fifo}"
    )
    missing = spans(("graphs", "cascade", "nodes", "mm9", "params"))
    assert missing is not None
    assert missing.source.line(missing.line).strip() == "nodes:"


def test_faults_of_files(tmp_path: Path) -> None:
    def message(path: Path) -> str:
        with pytest.raises(AlloError) as raised:
            load_project(path)
        assert raised.value.diagnostics[0].code == "file"
        assert raised.value.diagnostics[0].hint
        return raised.value.diagnostics[0].message

    assert "there is no project" in message(tmp_path / "absent")
    assert "there is no project" in message(tmp_path / ("x" * 5000))
    assert "there is no project" in message(tmp_path / "a\0b")
    assert "has no project.yaml" in message(tmp_path)
    (tmp_path / "project.yaml").symlink_to("project.yaml")
    assert "cannot be read" in message(tmp_path)
    (tmp_path / "project.yaml").unlink()
    file = tmp_path / "project.yaml"
    file.write_bytes(b"format: 1\nname: \xff\n")
    assert "no UTF-8 text (line 2" in message(tmp_path)
    file.write_bytes(b"#" * (4 << 20) + b"#")
    assert "larger than 4 MB" in message(tmp_path)
    file.unlink()
    os.mkfifo(file)
    assert "no regular file" in message(tmp_path)


def test_older_formats_are_brought_up_step_by_step() -> None:
    table = {1: lambda p: {**p, "b": p["a"] + 1}, 2: lambda p: {**p, "c": p["b"] + 1}}
    assert migrate({"format": 1, "a": 1}, None, table, newest=3) == {"format": 3, "a": 1, "b": 2, "c": 3}  # type: ignore[arg-type]


def test_every_step_goes_through_a_file_and_back() -> None:
    """With every kind of field: loops of a called function, lists of numbers, types, new names."""
    steps = (
        StepSpec("fuse", {"axes": ["nest:i", "nest:j"]}),
        StepSpec("unfold", {"band": "part:nest:i", "axes": [0, 1]}),
        StepSpec("reshape", {"buffer": "part:A", "shape": [8, 8]}),
        StepSpec("quantize", {"target": "C", "type": "Fixed(16, 10, half_even, saturate)"}),
        StepSpec("quantize", {"target": "D", "type": "int7"}),
        StepSpec("outline", {"axis": "i", "function": "part"}),
        StepSpec("inline", {}),
        StepSpec("inline", {"function": "part"}),
        StepSpec("compute_at", {"from_loop": "y", "target_loop": "nest:j.outer"}),
        StepSpec("pipeline", {"axis": "k", "initiation_interval": 2, "rewind": True}),
    )
    project = replace(load_project(EXAMPLE).project, schedules={"row_wise": steps})
    found = parse_project(dump_project(project), Path("p.yaml")).project.schedules["row_wise"]
    assert found == steps
    for spec in found:
        assert step_to_dict(parse_step(spec.name, spec.args)) == {spec.name: dict(spec.args)}
