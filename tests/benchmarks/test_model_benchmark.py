"""The benchmark of the model against Vitis HLS compares what it says, and fails where too little is met."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import model
import pytest

from allo_studio.design.estimate import DesignEstimate
from allo_studio.project import load_project


def test_the_designs_are_those_of_the_project() -> None:
    graphs = load_project(model.PROJECT).project.graphs
    assert set(model.DESIGNS) == set(model.CSYNTH) == set(graphs)
    assert set(model.COSIM) < set(model.CSYNTH)
    for name, design in model.DESIGNS.items():
        blocks = {f"{name}/{node}" for node in graphs[name].nodes}
        assert set(design.loops) <= blocks
        wires = {f"{name}/{edge.source}->{edge.target}" for edge in graphs[name].edges}
        assert set(design.streams) <= wires


def test_a_design_is_near_to_what_is_published() -> None:
    (row,) = model.measure(["atax"])
    assert row.csynth_holds
    assert row.cosim_holds
    # The estimate ends with the first stage, for the last tokens of which the second waits.
    assert row.model.cosim > 1.7 * row.model.csynth


@pytest.mark.parametrize(
    ("csynth", "cosim", "status"), [(1.0, 1.0, 0), (1.09, 0.91, 0), (1.11, 1.0, 1), (1.0, 0.89, 1)]
)
def test_a_figure_that_is_far_off_fails(
    csynth: float,
    cosim: float,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def measure(names: Sequence[str]) -> Iterator[model.Row]:
        for name in names:
            published = model.CSYNTH[name], model.COSIM.get(name)
            found = DesignEstimate(round(csynth * published[0]), round(cosim * (published[1] or 1)))
            yield model.Row(name, found, *published, "")

    monkeypatch.setattr(model, "measure", measure)
    assert model.main([]) == status
    printed = capsys.readouterr().out
    assert ("DOES NOT HOLD" in printed) == bool(status)
    assert "of 13 within 10%" in printed


def test_some_figures_may_be_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(names: Sequence[str]) -> Iterator[model.Row]:
        for number, name in enumerate(names):
            off = 2 if number < missed else 1
            found = DesignEstimate(off * model.CSYNTH[name], model.COSIM.get(name, 1))
            yield model.Row(name, found, model.CSYNTH[name], model.COSIM.get(name), "")

    monkeypatch.setattr(model, "measure", measure)
    missed = 3
    assert model.main([]) == 0
    missed = 4
    assert model.main([]) == 1


def test_an_unknown_design_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        model.main(["2mm"])
    assert "no design of Fig. 10: 2mm" in capsys.readouterr().err
