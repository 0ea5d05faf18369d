"""What co-simulations write, in the formats of 2018.3 and 2024.2."""

from __future__ import annotations

import pytest
from vendor_samples import BLUR, SCALE, read_text

from allo_studio.diagnostics import AlloError
from allo_studio.report.vendor import Range, Transaction, read_report

RPT = BLUR / "sim/report/blur_cosim.rpt"


def test_the_table_of_2024():
    report = read_report(RPT)
    assert (report.origin, report.general.solution) == ("cosim", "hls")
    assert report.general.date == "Mon Dec  2 10:12:30 AM CET 2024"
    # The other language was not simulated.
    (run,) = report.simulated
    assert (run.language, run.status, run.total) == ("Verilog", "Pass", 4849)
    assert (run.latency, run.average) == (Range(2391, 2604), 2533)
    assert (run.interval, run.average_interval) == (Range(1103, 1127), 1119)
    assert report.notes == ()


def test_the_latency_of_a_design_is_that_of_the_run_that_passed():
    latency = read_report(RPT).latency
    assert (latency.best, latency.average, latency.worst, latency.interval) == (2391, 2533, 2604, Range(1103, 1127))


def test_the_table_of_2018_has_no_unit_and_no_total():
    (run,) = read_report(SCALE / "sim/report/scale_cosim.rpt").simulated
    assert (run.latency, run.average, run.interval, run.total) == (Range(37, 289), 121, Range(38, 290), None)


def test_a_run_that_failed_has_no_figures():
    text = RPT.read_text().replace("|      Pass|           2391|", "|      Fail|             NA|")
    report = read_text(text)
    assert (report.simulated[0].status, report.simulated[0].latency.low) == ("Fail", None)
    assert report.latency.worst is None


def test_lat_rpt_is_of_the_language_of_its_folder():
    (run,) = read_report(BLUR / "sim/report/verilog/lat.rpt").simulated
    assert (run.language, run.status, run.latency, run.average) == ("Verilog", "", Range(2391, 2604), 2533)
    assert (run.interval, run.average_interval, run.total) == (Range(1103, 1127), 1119, 4849)
    assert read_text('$MAX_LATENCY = "3"\n', "lat.rpt").simulated[0].language == ""


def test_lat_rpt_that_lacks_a_figure_says_so():
    report = read_text('$MAX_LATENCY = "3"\n$MIN_LATENCY = "x"\n', "lat.rpt")
    assert report.simulated[0].latency == Range(None, 3)
    told = [note.message for note in report.notes]
    assert "MIN_LATENCY is 'x', where a whole number was expected" in told
    assert "the file gives no AVER_LATENCY" in told


def test_transactions():
    report = read_report(BLUR / "sim/report/verilog/result.transaction.rpt")
    assert report.transactions == (Transaction(2391, 1103), Transaction(2604, 1127), Transaction(2604, None))


def test_transactions_of_2019_are_in_a_file_that_is_called_xml():
    text = "                latency            interval\ntransaction        0            11            0\n"
    assert read_text(text, "sum.performance.result.transaction.xml").transactions == (Transaction(11, 0),)


@pytest.mark.parametrize(
    "text", ["Report time       : now.\n", "Report time : now.\n+--+\n|RTL|\n", "transaction 0: 1\n"]
)
def test_a_report_that_is_cut_off_is_refused(text):
    with pytest.raises(AlloError, match=r"no (table|transactions)") as caught:
        read_text(text)
    assert caught.value.diagnostics[0].hint
