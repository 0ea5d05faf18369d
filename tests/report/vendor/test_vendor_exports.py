"""What Vivado found of an export, as XML and as text, after synthesis and after routing."""

from __future__ import annotations

import pytest
from vendor_samples import BLUR, SCALE, available, read_text, used

from allo_studio.report.vendor import read_report

REPORT = BLUR / "impl/report/verilog"
USED = {"BRAM_18K": 4, "DSP": 13, "FF": 2105, "LUT": 1781, "URAM": 0, "SRL": 12}


def test_the_short_text_of_2018():
    report = read_report(SCALE / "impl/report/verilog/scale_export.rpt")
    assert report.origin == "impl"
    general = report.general
    assert (general.tool, general.version, general.part) == ("Vivado", "2018.3", "xc7z020clg484-1")
    assert general.date == "Tue Feb 05 09:41:10 CET 2019"
    timing = report.top.timing
    assert (timing.target_ns, timing.estimated_ns, timing.synthesized_ns) == (10.0, 7.488, 6.902)
    assert used(report.top.resources) == {"BRAM_18K": 2, "DSP": 3, "FF": 301, "LUT": 255, "SRL": 4, "SLICE": 97}
    assert report.slacks.met is True


def test_the_short_text_after_synthesis_alone():
    text = (SCALE / "impl/report/verilog/scale_export.rpt").read_text()
    text = text.replace("Post-Implementation Resource", "Post-Synthesis Resource")
    text = "".join(line for line in text.splitlines(keepends=True) if "post-implementation" not in line)
    report = read_text(text.replace("Timing met", "Timing NOT met"))
    assert (report.origin, report.top.timing.estimated_ns, report.slacks.met) == ("synth", 6.902, False)


def test_the_short_xml_of_2018_does_not_say_its_step():
    text = (SCALE / "impl/report/verilog/scale_export.xml").read_text()
    report = read_text(text)
    assert (report.origin, report.top.timing.estimated_ns) == ("impl", 7.488)
    assert available(report.top.resources)["BRAM_18K"] == 280
    assert "does not say which step" in report.notes[0].message
    assert read_text(text.replace("<SLICE>97<", "<SLICE>0<")).origin == "synth"


@pytest.mark.parametrize(
    ("name", "origin", "reached", "slack", "lut", "clb"),
    [("export_syn.xml", "synth", 2.871, 0.459, 1795, 0), ("export_impl.xml", "impl", 3.112, 0.218, 1781, 402)],
)
def test_the_xml_of_2024(name, origin, reached, slack, lut, clb):
    report = read_report(REPORT / name)
    assert (report.origin, report.general.top, report.general.version) == (origin, "blur", "2024.2")
    timing = report.top.timing
    assert (timing.target_ns, timing.estimated_ns, timing.synthesized_ns) == (3.33, reached, 2.871)
    assert used(report.top.resources) == USED | {"LUT": lut, "CLB": clb, "LATCH": 0}
    assert (report.slacks.wns, report.slacks.tns, report.slacks.met) == (slack, 0.0, True)
    assert report.hierarchy
    cells = [(level, i.name, i.module, used(i.resources)) for level, i in report.hierarchy.walk()]
    assert cells[1:] == [
        (1, "load_U0", "load", {"FF": 290, "LUT": 330}),
        (1, "smooth_U0", "smooth", {"BRAM_18K": 2, "DSP": 13, "FF": 850, "LUT": 880}),
        (2, "line_U", "line_RAM", {"BRAM_18K": 2}),
    ]
    (path,) = report.paths
    assert (path.slack_ns, path.levels, path.fanout, path.logic_ns) == (slack, 2, 9, 1.4)
    assert path.cells == (("smooth_U0/mul_U9/a", "ARITHMETIC.DSP.DSP48E2"),)
    assert report.notes == ()


def test_the_text_after_routing():
    report = read_report(REPORT / "export_impl.rpt")
    assert (report.origin, report.general.project, report.general.solution) == ("impl", "blur", "hls")
    timing = report.top.timing
    assert (timing.target_ns, timing.estimated_ns, timing.synthesized_ns) == (3.33, 3.112, 2.871)
    assert used(report.top.resources) == USED
    first, second = report.paths
    assert (first.slack_ns, first.delay_ns, first.logic_ns, first.route_ns) == (0.218, 2.85, 1.4, 1.45)
    assert first.cells == (("smooth_U0/mul_U9/a", "ARITHMETIC.DSP.DSP48E2"), ("smooth_U0/acc_i_3", "CLB.LUT.LUT5"))
    assert (second.source, second.cells) == ("load_U0/a/C", ())
    assert report.hierarchy
    assert [(level, i.name, used(i.resources)) for level, i in report.hierarchy.walk()][3] == (
        3 - 1,
        "line_U",
        {"BRAM_18K": 2},
    )
    (fast,) = report.tables
    assert fast.rows[2] == ("Control Sets", "24444", "41", "OK")
    assert report.notes == ()


def test_the_text_after_synthesis():
    report = read_report(REPORT / "export_syn.rpt")
    assert (report.origin, report.top.timing.estimated_ns, report.top.timing.synthesized_ns) == ("synth", 2.871, 2.871)


def test_the_short_text_of_2024():
    report = read_report(REPORT / "blur_export.rpt")
    assert used(report.top.resources) == USED | {"SLICE": 0, "LATCH": 0, "CLB": 402}


def test_cells_that_are_twice_in_a_damaged_file_cost_no_more():
    cell = '<RtlModule CELL="a{}" MODULENAME="m" DISPNAME="d"/>'
    cells = "".join(cell.format("/b" * depth) * 3 for depth in range(60))
    report = read_text(f"<profile><AreaReport/><RtlModules>{cells}</RtlModules></profile>")
    assert report.hierarchy
    assert len(list(report.hierarchy.walk())) == 60
