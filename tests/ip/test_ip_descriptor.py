"""Descriptors that are malformed, hostile or incomplete: a diagnostic with a place, and nothing run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from ip_projects import PROJECT, ROTATE, SCALE, block_of, check_of, faults_of, write_files

from allo_studio.design.fixes import fixes_for
from allo_studio.design.model import IpNode
from allo_studio.layout import Layout
from allo_studio.pipeline import check_project
from allo_studio.project import load_project, save_project
from allo_studio.project.ip import asking
from allo_studio.project.save import save_project_as

Y = "ip/scale.ip.yaml"
X = 'x: {direction: in, type: "int32[16]", moves: stream}'
# What is replaced, by what, and what is said of it: place, code and a part of the message.
FAULTS: dict[str, tuple[str, str, str, str, str]] = {
    "no name": ("name: scale\n", "", "1:1", "yaml", "the descriptor has no name"),
    "a name of C++": ("name: scale", "name: while", "2:7", "yaml", "is a word of C++"),
    "another format": ("format: 1", "format: 2", "1:9", "yaml", "must be 1"),
    "an unknown key": ("resources:", "resorces:", "11:1", "yaml", "unknown key"),
    "no ports": ("ports:\n  " + X, "prts:\n  " + X, "3:1", "yaml", "unknown key"),
    "no direction": ("{direction: in, ", "{", "4:6", "yaml", "must be one of in, out"),
    "a wrong direction": ("direction: in,", "direction: inout,", "4:18", "yaml", "must be one of in, out"),
    "no type": (X, "x: {direction: in, moves: stream}", "4:6", "yaml", "the port has no type"),
    "a type that is none": (
        '"int32[16]", moves: stream}\n  y',
        '"int33x[16]", moves: stream}\n  y',
        "4:28",
        "type",
        "int33x",
    ),
    "a size at run time": (
        '"int32[16]", moves: stream}\n  y',
        '"int32[n<=16]", moves: stream}\n  y',
        "4:28",
        "type",
        "a size that is named",
    ),
    "an array that does not move": (X, 'x: {direction: in, type: "int32[16]"}', "4:6", "yaml", "how its array moves"),
    "a scalar that streams": (X, "x: {direction: in, type: int32, moves: stream}", "4:42", "yaml", "is a value"),
    "tokens across rows": (
        "moves: stream}\n  y",
        "moves: stream, width: 3}\n  y",
        "4:63",
        "yaml",
        "no whole tokens of 3",
    ),
    "a layout of a stream": (
        "moves: stream}\n  y",
        'moves: stream, layout: "(-)"}\n  y',
        "4:64",
        "yaml",
        "only a memory has a layout",
    ),
    "a layout of words": (
        "moves: stream}\n  y",
        'moves: memory, layout: "(cyclic 4 word)"}\n  y',
        "4:64",
        "yaml",
        "has words: a port has banks of its own",
    ),
    "an input returned": (
        "moves: stream}\n  y",
        "moves: stream, returned: true}\n  y",
        "4:66",
        "yaml",
        "returns one value",
    ),
    "no latency": ("  latency: 17\n", "", "6:1", "yaml", "has no latency"),
    "a latency of nothing": ("latency: 17", "latency: 0", "7:12", "yaml", "must be from 1"),
    "a latency that is text": ("latency: 17", "latency: long", "7:12", "yaml", "a whole number"),
    "an interval beyond the latency": (
        "latency: 17",
        "latency: 17\n  interval: 18",
        "8:13",
        "yaml",
        "more than the latency",
    ),
    "no tokens": ("    x: {first: 0, every: 1}\n", "", "8:3", "yaml", "it is not said when the stream x"),
    "tokens of nothing": ("    x: {first", "    z: {first: 0}\n    x: {first", "9:5", "yaml", "unknown key"),
    "too few tokens": (
        "x: {first: 0, every: 1}",
        "x: {first: 0, every: 1, count: 8}",
        "9:8",
        "yaml",
        "8 tokens are told of",
    ),
    "tokens after the end": ("x: {first: 0, every: 1}", "x: {first: 0, every: 2}", "9:8", "yaml", "moves in cycle 30"),
    "tokens out of order": (
        "x: {first: 0, every: 1}",
        "x: [{first: 8, count: 8}, {first: 0, count: 8}]",
        "9:8",
        "yaml",
        "begins before the one before it ended",
    ),
    "negative resources": ("lut: 120", "lut: -1", "11:18", "yaml", "must be from 0"),
    "no files": ("  files: [scale.cpp, scale.h]\n", "", "12:1", "yaml", "no files are named"),
    "no function": ("  function: scale\n", "", "12:1", "yaml", "the function is not named"),
    "a function that is code": ("function: scale", 'function: "scale; }"', "14:13", "ip", "no name of a C++ function"),
    "a function that ends the probe": (
        "function: scale",
        'function: "scale<sizeof(int)>; int x<1>"',
        "14:13",
        "ip",
        "no name",
    ),
    "a missing file": ("scale.cpp,", "gone.cpp,", "13:11", "file", "there is no file ip/gone.cpp"),
    "a file outside": ("scale.cpp,", "../../../etc/passwd,", "13:11", "file", "leads out of the project"),
    "an absolute file": ("scale.cpp,", "/etc/passwd,", "13:11", "file", "leads out of the project"),
    "a model of nothing": ("cpp:\n", "model: matlab\ncpp:\n", "12:8", "yaml", "is no model"),
    "two models": (
        "cpp:\n",
        'model: {python: "a.py:f", cpp: {files: [scale.cpp], function: scale}}\ncpp:\n',
        "12:8",
        "yaml",
        "one function",
    ),
    "a Python model without a function": (
        "cpp:\n",
        'model: {python: "a.py"}\ncpp:\n',
        "12:17",
        "yaml",
        "names no function",
    ),
    "a missing model": ("cpp:\n", 'model: {python: "a.py:f"}\ncpp:\n', "12:17", "file", "there is no file ip/a.py"),
    "a parameter that is text": ("{N: 16}", "{N: big}", "18:19", "yaml", "a whole number"),
    "a Python tag": ("name: scale", "name: !!python/object/apply:os.getcwd []", "2:7", "yaml", "tag"),
    "an alias": ("name: scale", "name: &n scale", "2:7", "yaml", "anchor"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_has_its_place(name: str, tmp_path: Path) -> None:
    old, new, place, code, said = FAULTS[name]
    write_files(tmp_path, SCALE, (Y, old, new))
    faults = faults_of(tmp_path)
    texts = [f"{fault.span} {fault.code}: {fault.message}" for fault in faults]
    assert any(str(f.span) == f"{Y}:{place}" and f.code == code and said in f.message for f in faults), texts
    assert all(fault.span for fault in faults)


@pytest.mark.parametrize("size", range(0, len(SCALE[Y]), 23))
def test_a_truncated_descriptor_is_told_or_read(size: int, tmp_path: Path) -> None:
    text = SCALE[Y][:size]
    found = check_of(write_files(tmp_path, {**SCALE, Y: text}))
    assert not found.ok or text.count("\n") > 10
    assert all(d.span or d.where for d in found.diagnostics)


def test_a_missing_descriptor_is_told_at_the_block(tmp_path: Path) -> None:
    folder = write_files(tmp_path, {n: t for n, t in SCALE.items() if n != Y})
    (fault,) = check_of(folder).diagnostics
    assert (fault.code, fault.where) == ("file", "top/scale")
    assert str(fault.span) == "project.yaml:12:19"
    outside = write_files(tmp_path / "b", {**SCALE, "project.yaml": PROJECT.replace("ip/scale", "../scale")})
    assert "leads out of the project" in check_of(outside).diagnostics[0].message
    (tmp_path / "c/ip/scale.ip.yaml").mkdir(parents=True)
    assert (
        check_of(write_files(tmp_path / "c", {n: t for n, t in SCALE.items() if n != Y})).diagnostics[0].code == "file"
    )


def test_faults_are_told_once_for_several_blocks(tmp_path: Path) -> None:
    project = PROJECT.replace("      add:", "      other: {ip: ip/scale.ip.yaml}\n      add:")
    folder = write_files(tmp_path, {**SCALE, "project.yaml": project}, (Y, "function: scale", "function: gone"))
    faults = [d for d in check_of(folder).diagnostics if d.code == "ip"]
    assert [d.where for d in faults] == ["top/other", "top/scale"]
    assert "are told at top/scale" in faults[0].message


def marked(word: str) -> list[tuple[str, str, str]]:
    """Return changes by which the code of the block is new, and does the same."""
    return [
        (name, old, f"// {word}\n{old}") for name, old in (("ip/scale.cpp", "static"), ("ip/scale.sv", "endmodule"))
    ]


HOSTILE = {
    "itself included": ("ip/scale.cpp", '#include "scale.h"', '#include "scale.cpp"'),
    "templates without end": (
        "ip/scale.cpp",
        "static int times",
        "template <int N> struct Deep { static const int v = Deep<N + 1>::v + Deep<N + 2>::v; };\n"
        "static int deep() { return Deep<0>::v; }\nstatic int times",
    ),
    "a constant that takes for ever": (
        "ip/scale.cpp",
        "static int times",
        "constexpr int spin() { int n = 0; while (true) ++n; return n; }\n"
        "constexpr int never = spin();\nstatic int times",
    ),
    "a file without an end": ("ip/scale.cpp", '#include "scale.h"', '#include "scale.h"\n#include </dev/zero>'),
    "Verilog without end": ("ip/scale.sv", "endmodule", "  scale #(.N(N)) again ();\nendmodule"),
    "a loop without end": (
        "ip/scale.sv",
        "endmodule",
        "  for (genvar i = 0; i >= 0; i = i) begin wire w; end\nendmodule",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_code_is_refused_in_bounded_time(name: str, tmp_path: Path) -> None:
    write_files(tmp_path, SCALE, HOSTILE[name])
    began = time.monotonic()
    faults = faults_of(tmp_path)
    assert time.monotonic() - began < 100
    assert {fault.code for fault in faults} == {"ip"}


def test_code_is_read_once_however_often_its_descriptor_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    known = asking.subprocess.run

    def run(command: list[str], **options: object) -> object:
        asked.append(Path(command[-1]).name)
        return known(command, **options)

    monkeypatch.setattr(asking.subprocess, "run", run)
    for number in (11, 12, 13):
        block_of(write_files(tmp_path, SCALE, (Y, "lut: 120", f"lut: {number}"), *marked("once")))
    assert [name for name in asked if name.startswith("parse")] == ["parse_cpp.py", "parse_verilog.py"]


def test_a_block_is_kept_by_the_project_and_copied_with_it(tmp_path: Path) -> None:
    folder = write_files(
        tmp_path / "a", {**SCALE, Y: SCALE[Y] + 'model: {python: "model.py:scale"}\n', "ip/model.py": "\n"}
    )
    loaded = load_project(folder)
    assert loaded.project.graphs["top"].nodes["scale"] == IpNode(Y)
    assert save_project(loaded, loaded.project).text == loaded.text
    save_project_as(loaded, loaded.project, tmp_path / "b")
    assert check_of(tmp_path / "b").ok
    assert (tmp_path / "b/ip/model.py").exists()


PARTITIONED = (
    ROTATE["project.yaml"]
    .replace(
        "graphs:\n", "schedules:\n  banks:\n    - partition: {buffer: y, kind: cyclic, dim: 1, factor: 2}\ngraphs:\n", 1
    )
    .replace('py:twice"}', 'py:twice", schedule: banks}')
)


def test_a_fixed_layout_wants_the_same_banks(tmp_path: Path) -> None:
    folder = write_files(tmp_path, {**ROTATE, "project.yaml": PARTITIONED})
    loaded = load_project(folder)
    checked = check_project(loaded)
    (fault,) = (d for d in checked.diagnostics if d.severity == "error")
    assert (fault.code, fault.where) == ("layout", "top/rotate")
    assert "rotate.a are fixed at - in dimension 1, but top/twice demands cyclic 2" in fault.message
    fixes = fixes_for(checked, fault)
    assert fixes[0].text == "remove step 1 of top/twice (partition)"
    for fix in fixes:
        assert not any(d.code == "layout" for d in check_project(loaded, fix.edit.apply(loaded.project)).diagnostics)
    apart = PARTITIONED.replace("execution: dataflow", "execution: sequential\n    unify: false")
    assert check_of(write_files(tmp_path / "b", {**ROTATE, "project.yaml": apart})).ok


def test_a_fixed_layout_is_demanded_of_others(tmp_path: Path) -> None:
    R = "ip/rotate.ip.yaml"
    text = ROTATE[R][: ROTATE[R].index("verilog:")]
    text = text.replace(
        'a: {direction: in, type: "int32[16]", moves: memory}',
        'a: {direction: in, type: "int32[16]", moves: memory, layout: "(cyclic 2)"}',
    )
    folder = write_files(tmp_path, {**ROTATE, R: text})
    assert block_of(folder, R).port("a").layout == Layout.parse("(cyclic 2)")
    found = check_of(folder)
    assert found.ok
    assert found.layouts["top/twice.y"] == Layout.parse("(cyclic 2)")
    block = PARTITIONED.replace("cyclic", "block")
    (fault,) = (
        d
        for d in check_of(write_files(tmp_path / "b", {**ROTATE, R: text, "project.yaml": block})).diagnostics
        if d.severity == "error"
    )
    assert fault.code == "layout"
    assert "top/rotate has cyclic 2 in dimension 1 of a, fixed by ip/rotate.ip.yaml" in fault.message


SCATTERED = """

def nothing_in_order(x: int32[16]) -> int32[16]:
    y: int32[16]
    for i in range(16):
        y[i] = x[(i * 5) % 16]
    return y
"""
ORDER: dict[str, tuple[tuple[str, str], str, str]] = {
    "a kernel that reads out of order": (('py:add"', 'py:nothing_in_order"'), "top/scale.y->add.x", "cannot be a FIFO"),
    "a sequential graph": (
        ("execution: dataflow", "execution: sequential"),
        "top/scale",
        "is a stream by its descriptor",
    ),
    "a buffer asked for": (
        ("- scale.y -> add.x", "- {from: scale.y, to: add.x, channel: pingpong}"),
        "top/scale.y->add.x",
        "a buffer was asked for",
    ),
}


@pytest.mark.parametrize("name", ORDER)
def test_a_stream_that_cannot_be_a_fifo_is_refused(name: str, tmp_path: Path) -> None:
    change, where, said = ORDER[name]
    kernel = SCALE["kernels/k.py"] + SCATTERED
    files = {**SCALE, "project.yaml": PROJECT.replace(*change), "kernels/k.py": kernel}
    faults = [d for d in check_of(write_files(tmp_path, files)).diagnostics if d.severity == "error"]
    assert {(d.code, d.where) for d in faults} == {("order", where)}, [str(d) for d in faults]
    assert said in faults[0].message
    assert faults[0].hint


def test_an_unread_stream_is_refused(tmp_path: Path) -> None:
    project = PROJECT.replace("      - scale.y -> add.x\n", "      - A -> add.x\n").replace(
        "execution: dataflow", "execution: dataflow"
    )
    project = project.replace("      - A -> twice.x\n", "      - C -> twice.x\n").replace(
        '{A: "int32[16]"}', '{A: "int32[16]", C: "int32[16]"}'
    )
    faults = check_of(write_files(tmp_path, {**SCALE, "project.yaml": project})).diagnostics
    assert [(d.code, d.where) for d in faults if d.severity == "error"] == [("order", "top/scale")]


@pytest.mark.parametrize(("package", "wanted"), [("clang", "libclang"), ("pyslang", "pyslang")])
def test_a_parser_that_is_not_installed_is_told(
    package: str, wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    (other / package).mkdir(parents=True)
    (other / package / "__init__.py").write_text(f"raise ImportError('there is no {package}')\n")
    monkeypatch.setenv("PYTHONPATH", str(other))
    # The texts are some that nothing was found out about yet.
    write_files(tmp_path, SCALE, *marked(package))
    faults = faults_of(tmp_path)
    assert [(f.code, f.hint) for f in faults] == [("tool", f"install it with Allo Studio: pip install {wanted}")]
    assert f"there is no {package}" in faults[0].message
