import copy
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import REPORT

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.report import FORMAT, SimulationRow, document, dump, parse_document, read_report, table

DOCUMENT = document("ok", (), REPORT)


def code(text: str) -> str:
    with pytest.raises(AlloError) as caught:
        parse_document(text, "report.json")
    (found,) = caught.value.diagnostics
    assert found.hint
    return f"{found.code}: {found.message}"


def test_document_has_the_parts_that_others_rely_on():
    found = json.loads(dump(DOCUMENT))
    assert found["format"] == 1
    assert found["status"] == "ok"
    assert found["diagnostics"] == []
    assert found["artifacts"] == []
    assert found["simulation"] == {"compared": 4096, "mismatches": 0, "max_error": 0.0, "engine": "C simulation"}
    report = found["report"]
    assert report["cycles"] == {"vitis": {"predicted": 2117}, "open": {"predicted": 1028, "simulated": 1028}}
    assert report["resources"]["DSP"] == {"used": 80, "available": 9024}
    channel = report["channels"][0]
    assert (channel["id"], channel["kind"], channel["width"]) == ("cascade/mm1.C->mm2.A", "fifo", 256)
    assert (channel["depth"], channel["observed"], channel["reason"]) == ({"vitis": 6, "open": 5}, 5, "in order")
    assert report["latency_ms"] == pytest.approx(2117 * 3.33e-6)


def test_document_of_an_error_has_diagnostics_and_no_report():
    found = document("error", [Diagnostic("type", "no", where="cascade/mm1")])
    assert "report" not in found
    assert found["diagnostics"][0]["where"] == "cascade/mm1"


def test_parse_document_gives_the_report_back():
    assert parse_document(dump(DOCUMENT), "x") == REPORT


def test_infinite_error_is_null_in_json_and_comes_back():
    report = replace(REPORT, simulation=SimulationRow(4, 1, math.inf, "C simulation"))
    text = dump(document("ok", (), report))
    assert json.loads(text)["simulation"]["max_error"] is None
    assert parse_document(text, "x") == report


def test_keys_of_a_later_version_are_read_around():
    found = copy.deepcopy(DOCUMENT)
    found["more"] = found["report"]["loops"][0]["more"] = 1
    assert parse_document(dump(found), "x") == REPORT


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ("[]", "no mapping"),
        ("{}", "no format"),
        ('{"format": true}', "no format"),
        (f'{{"format": {FORMAT + 1}}}', "format is"),
        ('{"format": 1}', "report is no mapping"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_text_that_is_no_report_is_refused(text, said):
    assert said in code(text)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("report", "cycles", "vitis"), {}, "no predicted cycles of vitis"),
        (("report", "interval"), 1.5, "report.interval is no whole number"),
        (("report", "loops", 0, "pipelined"), 1, "report.loops[0].pipelined is neither"),
        (("report", "loops", 0, "loop"), None, "report.loops[0].loop is no text"),
        (("report", "channels", 1, "depth"), [], "report.channels[1].depth is no mapping"),
        (("report", "channels", 0, "observed"), "5", "report.channels[0].observed is no whole number"),
        (("report", "resources", "DSP"), {"used": 1}, "report.resources.DSP lacks"),
        (("report", "target", "clock_ns"), "fast", "report.target.clock_ns is no number"),
        (("report", "target", "clock_ns"), 0, "report.target.clock_ns is no positive number"),
        (("simulation", "max_error"), 10**400, "simulation.max_error is no finite number"),
        (("report", "notes"), "x", "report.notes is no list"),
        (("simulation", "compared"), None, "simulation.compared is no whole number"),
    ],
)
def test_wrong_value_is_named_by_its_path(path, value, said):
    found = copy.deepcopy(DOCUMENT)
    place = found
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert said in code(json.dumps(found))


def test_missing_key_of_a_row_is_named():
    found = copy.deepcopy(DOCUMENT)
    del found["report"]["processes"][1]["kernel"]
    assert "report.processes[1] lacks a key" in code(json.dumps(found))


def test_read_report_takes_a_folder_or_a_file(tmp_path):
    (tmp_path / "report.json").write_text(dump(DOCUMENT), encoding="utf-8")
    assert read_report(tmp_path) == read_report(tmp_path / "report.json") == REPORT


def test_read_report_of_what_is_not_there_is_a_diagnostic(tmp_path):
    for path in (tmp_path, tmp_path / "gone", tmp_path / "\0"):
        with pytest.raises(AlloError) as caught:
            read_report(path)
        assert caught.value.diagnostics[0].code == "file"


def test_report_of_a_vendor_is_refused_by_name(tmp_path):
    (tmp_path / "csynth.xml").write_text("<profile/>", encoding="utf-8")
    with pytest.raises(AlloError, match="vendor"):
        read_report(tmp_path / "csynth.xml")


def test_read_report_of_bytes_that_are_no_text(tmp_path):
    (tmp_path / "report.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AlloError) as caught:
        read_report(Path(tmp_path))
    assert caught.value.diagnostics[0].code == "report"


def places(value, path=()):
    """Return the path of every value in a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [p for key, part in inside for p in places(part, (*path, key))]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(places(DOCUMENT)), st.sampled_from([None, 0, -1, 0.5, "x", [], {}, True, [{}], {"a": 1}, 10**400])
)
def test_any_value_replaced_is_read_or_refused_with_a_diagnostic(path, value):
    found = copy.deepcopy(DOCUMENT)
    place = found
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    try:
        table(parse_document(json.dumps(found), "x"))
    except AlloError as error:
        codes = {d.code for d in error.diagnostics}
        assert codes == {"report"}
