"""Functions and loops of a report by the names of the C++."""

from __future__ import annotations

import pytest
from synthesis_reports import LoopSaid, ModuleSaid, csynth_xml

from allo_studio.report.vendor import parse_report
from allo_studio.report.vendor.matching import ReportNames


def names(*modules: ModuleSaid) -> ReportNames:
    text = csynth_xml("top", [ModuleSaid("top"), *modules])
    return ReportNames(parse_report(text.encode(), "csynth.xml"))


def loop(name: str, trips: int = 4) -> LoopSaid:
    return LoopSaid(name, trips, 10, 3, 1)


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        (["i_j_k"], "i_j_k"),
        (["i", "j_k"], "j_k"),
        (["i", "j", "k"], "k"),
        (["i_j"], None),
        (["i"], None),
        (["j", "i_k"], None),
        ([], None),
    ],
)
def test_a_nest_is_what_ends_with_its_innermost_loop(listed: list[str], found: str | None) -> None:
    said = names(ModuleSaid("mm", loops=[loop(name) for name in listed]))
    loop_ = said.loop("mm", ["i", "j", "k"])
    assert (loop_.name if loop_ else None) == found


def test_a_loop_may_be_in_a_module_of_its_own() -> None:
    said = names(
        ModuleSaid("mm", loops=[loop("i", 4)]),
        ModuleSaid("mm_Pipeline_j_k", loops=[loop("j_k", 16)]),
        ModuleSaid("mm2_Pipeline_j_k", loops=[loop("j_k", 99)]),
    )
    found = said.loop("mm", ["j", "k"])
    assert found is not None
    assert found.trip_count.exact == 16
    assert said.loop("mm2", ["j", "k"]).trip_count.exact == 99  # type: ignore[union-attr]
    assert said.loop("m", ["j", "k"]) is None


def test_what_was_not_asked_for_is_left() -> None:
    said = names(ModuleSaid("mm"), ModuleSaid("mm_Pipeline_k", loops=[loop("k")]), ModuleSaid("other"))
    assert said.module("mm") is not None
    assert said.module("gone") is None
    assert said.left() == ("other", "top")
