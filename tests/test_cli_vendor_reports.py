"""`allo-studio report` on reports of a vendor's tools: files, folders, JSON, and what is told of damaged ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from allo_studio.cli import main

DATA = Path(__file__).parent / "report" / "data" / "vendor"
SCALE, BLUR = DATA / "scale_2018" / "solution1", DATA / "blur_2024" / "hls"
FILES = sorted(path for path in DATA.rglob("*") if path.is_file())


@pytest.fixture
def run(capsys):
    def call(*words):
        status = main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return SimpleNamespace(status=status, out=out, err=err)

    return call


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DATA)))
def test_each_kind_of_report_is_printed(run, path):
    done = run("report", path)
    assert done.status == 0
    assert done.out.startswith("== ")
    assert path.name in done.out


@pytest.mark.parametrize(
    "folder", [SCALE, SCALE.parent, SCALE / "syn" / "report"], ids=["solution", "project", "files"]
)
def test_a_folder_of_reports_is_printed(run, folder):
    done = run("report", folder)
    assert done.status == 0
    assert "== scale: estimated by high-level synthesis" in done.out
    assert "o Loop2.1" in done.out
    assert "left out: gone" in done.err
    assert ("after placement and routing" in done.out) == (folder != SCALE / "syn/report")


def test_json_has_all_origins(run):
    done = run("report", BLUR, "--json")
    assert (done.status, done.err) == (0, "")
    found = json.loads(done.out)
    assert (found["format"], found["status"], found["artifacts"]) == (1, "ok", [])
    assert "report" not in found
    assert [report["origin"] for report in found["vendor"]] == ["csynth", "cosim", "synth", "impl"]
    top = next(module for module in found["vendor"][0]["modules"] if module["name"] == "blur")
    assert (top["latency"]["worst"], top["resources"][3]["used"]) == (2085, 2500)
    warning = next(d for d in found["diagnostics"] if d["severity"] == "warning")
    assert (warning["code"], "says otherwise" in warning["message"]) == ("report", True)


def test_a_figure_that_is_none_is_told_with_its_place(run, tmp_path):
    text = (SCALE / "syn/report/csynth.xml").read_text()
    path = tmp_path / "csynth.xml"
    path.write_text(text.replace("<Worst-caseLatency>289<", "<Worst-caseLatency>28x<"))
    done = run("report", path)
    assert done.status == 0
    assert f"{path}:26:1: warning[report]: Worst-caseLatency of scale is '28x'" in done.err
    assert "26 | <Worst-caseLatency>28x</Worst-caseLatency>" in done.err


def test_a_damaged_report_is_status_1_with_its_place(run, tmp_path):
    path = tmp_path / "csynth.xml"
    path.write_text((SCALE / "syn/report/csynth.xml").read_text()[:400])
    done = run("report", path)
    assert (done.status, done.out) == (1, "")
    assert f"{path}:19:1: error[report]" in done.err
    assert "its XML is damaged" in done.err
    assert "hint: " in done.err
    found = json.loads(run("report", path, "--json").out)
    assert found["status"] == "error"
    assert found["diagnostics"][0]["place"].startswith(f"{path}:19:")


@pytest.mark.parametrize("name", ["notes.txt", "x.rpt", "x.xml"])
def test_a_file_that_is_no_report(run, tmp_path, name):
    (tmp_path / name).write_text("Dear diary,\n")
    done = run("report", tmp_path / name)
    assert done.status == 1
    assert "error[report]" in done.err
    assert "csynth.xml" in done.err


def test_a_path_that_is_not_there(run, tmp_path):
    done = run("report", tmp_path / "csynth.rpt")
    assert done.status == 1
    assert "error[file]" in done.err


def test_a_project_with_two_solutions_wants_one(run, tmp_path):
    shutil.copytree(SCALE, tmp_path / "solution1")
    shutil.copytree(SCALE, tmp_path / "solution2")
    done = run("report", tmp_path)
    assert done.status == 1
    assert "several solutions: solution1, solution2" in done.err


def test_a_build_of_ours_beside_reports_is_still_ours(run, tmp_path):
    shutil.copy(SCALE / "syn/report/csynth.xml", tmp_path)
    (tmp_path / "report.json").write_text('{"format": 99}')
    done = run("report", tmp_path)
    assert done.status == 1
    assert "its format is 99" in done.err
    # A file is told by what stands in it.
    shutil.copy(tmp_path / "report.json", tmp_path / "mine.txt")
    assert "its format is 99" in run("report", tmp_path / "mine.txt").err
