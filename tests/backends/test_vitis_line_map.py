"""What the lines of generated C++ stand for."""

from __future__ import annotations

from pathlib import Path

import pytest

from allo_studio.backends.vitis import kernel_code, kernel_lines, translate
from allo_studio.backends.vitis.text import Lines
from allo_studio.design.model import Interface, Target
from allo_studio.design.region import KernelProcess, Region
from allo_studio.origins import LineMap
from allo_studio.pipeline import size_project
from allo_studio.project import load_project
from allo_studio.source import Source, Span


def commented(text: str, known: LineMap) -> None:
    """Check a map by the comments, which say the first line of the same place."""
    lines = text.split("\n")
    assert len(known.origins) == text.count("\n")
    said = 0
    for number, line in enumerate(lines, 1):
        code, _, note = line.partition("  // ")
        path, _, place = note.rpartition(":")
        if place.isdecimal() and not line.strip().startswith("//"):
            said += 1
            assert (path, int(place)) in known.at(number).places, line
        elif not code.startswith("#pragma"):
            assert not known.at(number).places, line
    assert said > 5


PROJECTS = Path(__file__).parents[2] / "projects"


def region_of(name: str) -> Region:
    return size_project(load_project(PROJECTS / name)).region


@pytest.fixture(scope="module")
def cascade() -> Region:
    return region_of("gemm_cascade")


@pytest.mark.parametrize("interface", ["ip", "kernel", "stream"])
def test_the_map_of_a_design_agrees_with_its_comments(cascade: Region, interface: Interface) -> None:
    made = translate(cascade, Target(interface=interface), "design")
    commented(made.files["cascade.cpp"], made.lines)


def test_the_map_of_a_design_with_graphs_and_streams_agrees_with_its_comments() -> None:
    region = region_of("attention")
    made = translate(region, Target(), "design")
    commented(made.files[f"{region.name}.cpp"], made.lines)


def test_the_lines_of_a_block_are_its_function(cascade: Region) -> None:
    made = translate(cascade, Target(), "design")
    lines = made.files["cascade.cpp"].split("\n")
    assert {"cascade", "cascade/mm1", "cascade/mm2"} <= set(made.functions)
    for path, function in made.functions.items():
        (extent,) = [extent for extent in made.lines.blocks if extent.path == path]
        assert lines[extent.first - 1].startswith(f"void {function}(")
        assert lines[extent.last - 1] == "}"
        assert lines[extent.first - 2].startswith("// ")


def test_the_map_of_one_kernel_agrees_with_its_comments(cascade: Region) -> None:
    kernels = [process for process in cascade.processes if isinstance(process, KernelProcess)]
    assert kernels
    for process in kernels:
        text, known = kernel_lines(process.ir)
        assert text == kernel_code(process.ir)
        commented(text, known)
        heads = [origin.loops[-1] for origin in known.origins if origin.opens]
        assert [loop for loop in heads if not loop[1].startswith("A_copy")] == [
            (process.ir.name, loop.id) for loop in process.ir.loops() if not loop.id.startswith("A_copy")
        ]


def test_a_pragma_is_of_the_line_before_it_and_cut_lines_keep_what_they_are() -> None:
    source = Source("a.py", "x = 1\n")
    lines = Lines(1)
    mark = lines.mark()
    with lines.loop(("f", "i")):
        lines.add("for (;;) {", span=Span.at(source, 1, 1), opens=True)
        lines.pragma("pipeline")
        lines.add("}")
    lines.add("static int t[2] = {1,\n2};", "a table")
    taken = lines.cut(mark)
    assert lines.text() == ""
    lines.restore(taken, deeper=True)
    text = (
        "        for (;;) {  // a.py:1\n#pragma HLS pipeline\n        }\n        static int t[2] = {1,\n"
        "    2};  // a table\n"
    )
    assert lines.text() == text
    assert [sorted(origin.places) for origin in lines.origins()] == [[("a.py", 1)], [("a.py", 1)], [], [], []]
    assert [origin.opens for origin in lines.origins()] == [True, False, False, False, False]
    assert [bool(origin.loops) for origin in lines.origins()] == [True, True, True, False, False]
