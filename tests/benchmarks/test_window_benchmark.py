"""What `make bench-ui` prints is what its parts found, and it fails where a figure is above its limit."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6")

import window
import window_design

from allo_studio.pipeline import check_project
from allo_studio.project import load_project

STOCK = {"first": 2000.0, "fit": 10_000.0, "whole": [60.0, 50.0, 55.0], "full": [5.0], "memory": 300.0}
OURS = {
    "first": 1500.0,
    "blocks": 1100,
    "wires": 2050,
    "fit": 100.0,
    "whole": [11.0],
    "full": [4.0, 2.0, 3.0],
    "drag": [1.0, 20.0],
    "undo": [{"edit": "move a block", "ms": 40.0, "longest": 90.0, "items": 5}],
    "memory": 400.0,
    "routed": [700.0],
}
PARTS = Path(__file__).resolve().parents[2] / "benchmarks"


def run(**changed: Any) -> Any:
    """Return what stands in for the processes: made figures, in the place of measuring them."""

    def found(part: str, *_: str) -> dict[str, Any]:
        if part == "start":
            return {"at": time.time() + 1.0}
        if part == "build":
            return {"seconds": 3.0, "ok": True, "waits": [1.0, changed.get("wait", 20.0)]}
        return STOCK if part == "stock" else {**OURS, **changed}

    return found


def test_the_design_is_what_is_said_and_without_faults(tmp_path: Path) -> None:
    file = window_design.write_design(tmp_path, 4, 3)
    loaded = load_project(file)
    graph = loaded.project.graphs["top"]
    assert len(graph.nodes) == 12
    assert len(graph.edges) == len(window_design.wires(4, 3)) + 4 * 3
    assert check_project(loaded).diagnostics == ()
    assert window_design.COLUMNS * window_design.ROWS == 1000
    assert len(window_design.wires(window_design.COLUMNS, window_design.ROWS)) + 4 * window_design.ROWS >= 2000


def test_figures_are_ratios_of_the_same_turn() -> None:
    fit, whole, full = window.compared([STOCK, STOCK], [OURS, {**OURS, "fit": 200.0}])
    assert fit.value == pytest.approx((0.01 + 0.02) / 2)
    assert whole.value == pytest.approx(0.2)
    assert full.value == pytest.approx(0.6)
    assert all(figure.holds for figure in (fit, whole, full))


def test_an_undo_may_take_longer_the_more_it_draws() -> None:
    figures = {figure.name: figure for figure in window.measured([OURS])}
    assert figures["undo: move a block"].limit == 65.0
    assert figures["longest event while a wire is drawn"].value == 20.0


@pytest.mark.parametrize(
    ("changed", "status"),
    [({}, 0), ({"fit": 5000.0}, 1), ({"memory": 700.0}, 1), ({"wait": 51.0}, 1), ({"drag": [60.0]}, 1)],
)
def test_it_fails_where_a_figure_is_above_its_limit(
    changed: dict[str, Any], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert window.main(run(**changed), turns=2) == status
    assert ("ABOVE" in capsys.readouterr().out) == bool(status)


def test_a_part_that_fails_is_told_with_what_it_printed() -> None:
    with pytest.raises(RuntimeError, match="no_such_part"):
        window.run_part("no_such_part")
