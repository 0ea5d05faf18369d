"""Which lines of a generated text stand for which lines of source."""

from __future__ import annotations

from pathlib import Path

import pytest

from allo_studio.backends.vitis import kernel_lines
from allo_studio.ir.line_map import mlir_lines
from allo_studio.origins import NOWHERE, Extent, LineMap, Origin, lines_of
from allo_studio.pipeline import check_project
from allo_studio.project import load_project
from allo_studio.source import Source, Span

PROJECTS = Path(__file__).parents[1] / "projects"


def test_lines_of_a_span() -> None:
    source = Source("a.py", "one\ntwo\nthree\n")
    assert lines_of(None) == frozenset()
    assert lines_of(Span(source, 2, 1, 3, 4)) == {("a.py", 2), ("a.py", 3)}


def test_a_map_tells_origins_and_blocks() -> None:
    origin = Origin(frozenset({("a.py", 7)}))
    known = LineMap((NOWHERE, origin, NOWHERE), (Extent("top/x", 2, 2), Extent("top", 1, 3)))
    assert known.at(2) is origin
    assert [known.at(line) for line in (0, 4)] == [NOWHERE, NOWHERE]
    assert [known.blocks_at(line) for line in (1, 2, 4)] == [("top",), ("top/x", "top"), ()]
    assert list(known.within("top/x")) == [2]
    assert list(known.within("elsewhere")) == [1, 2, 3]


@pytest.mark.parametrize("name", ["attention", "image_pipeline", "mixed_ip"])
def test_the_loops_of_all_kernels_are_found_in_their_mlir_and_cpp(name: str) -> None:
    design = check_project(load_project(PROJECTS / name))
    kernels = [known.scheduled for known in design.kernels.values() if known.scheduled]
    assert kernels
    for ir in [ir for scheduled in kernels for ir in (scheduled.base, scheduled.ir)]:
        loops = {(function, loop.id) for function in ir.functions for loop in ir.at(function).loops()}
        for text, known in (mlir_lines(ir), kernel_lines(ir)):
            assert len(known.origins) == text.count("\n")
            opened = [origin.loops[-1] for origin in known.origins if origin.opens]
            assert len(opened) == len(loops)
            assert set(opened) == loops
            lines = ir.source.text.count("\n") + 1
            places = {place for origin in known.origins for place in origin.places}
            assert places
            assert all(path == ir.source.path and 1 <= line <= lines for path, line in places)
