"""Two builds compared, and a report as CSV and as a page of HTML."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from report_samples import REPORT

from allo_studio.cli import main
from allo_studio.report import LoopRow, ProcessRow, Report, document, dump
from allo_studio.report.changes import differences, differences_text
from allo_studio.report.csv_form import csv_files
from allo_studio.report.html_page import html_page
from allo_studio.report.rows import tables

WORD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_same_build_has_no_differences() -> None:
    assert differences(REPORT, REPORT) == ()
    assert differences_text(REPORT, REPORT) == "no figure differs\n"


def test_each_figure_that_changed_is_told() -> None:
    first, second = REPORT.processes
    loops = (*REPORT.loops[:2], replace(REPORT.loops[0], loop="k"))
    channel = replace(REPORT.channels[0], depth={"vitis": 7, "open": 5})
    after = replace(
        REPORT,
        clock_ns=6.66,
        processes=(replace(first, dsp=60), replace(second, path="cascade/mm3")),
        loops=loops,
        channels=(channel, REPORT.channels[1]),
    )
    found = {
        (one.table, one.row, one.column): (one.before, one.after, one.change) for one in differences(REPORT, after)
    }
    ms = REPORT.latency_ms
    assert found == {
        ("design", "clock_ns", "value"): (3.33, 6.66, 1.0),
        ("design", "latency_ms", "value"): (ms, 2 * ms, 1.0),
        ("blocks", "cascade/mm1", "dsp"): (40, 60, 0.5),
        ("blocks", "cascade/mm3", ""): (False, True, None),
        ("blocks", "cascade/mm2", ""): (True, False, None),
        ("loops", "cascade/mm1 k", ""): (False, True, None),
        ("loops", "cascade/mm1 j.inner", ""): (True, False, None),
        ("channels", "cascade/mm1.C->mm2.A", "depth_vitis"): (6, 7, 7 / 6 - 1),
    }
    told = differences_text(REPORT, after)
    assert "blocks    cascade/mm1           dsp" in told
    assert "+50.0%" in told
    assert "Only after\n  blocks: cascade/mm3" in told
    assert "Only before\n  blocks: cascade/mm2" in told


def test_loops_of_one_name_are_told_apart() -> None:
    twice = replace(REPORT, loops=(LoopRow("a", "i", 0, 4, 4, 1), LoopRow("a", "i", 0, 8, 8, 1)))
    slower = replace(twice, loops=(twice.loops[0], replace(twice.loops[1], latency=16)))
    (one,) = differences(twice, slower)
    assert (one.row, one.column, one.before, one.after) == ("a i (2)", "latency", 8, 16)


def test_every_figure_is_in_the_tables() -> None:
    files = csv_files(REPORT)
    assert sorted(files) == [f"{table}.csv" for table in sorted(table.name for table in tables(REPORT))]
    blocks = read(files["blocks.csv"])
    assert [row["path"] for row in blocks] == ["cascade/mm1", "cascade/mm2"]
    for row, own in zip(blocks, REPORT.processes, strict=True):
        assert row == {name: str(value) for name, value in vars(own).items()}
    loops = read(files["loops.csv"])
    assert [(row["loop"], row["ii"], row["pipelined"]) for row in loops] == [
        ("i", "", "no"),
        ("j.outer", "2", "yes"),
        ("j.inner", "", "no"),
    ]
    channels = read(files["channels.csv"])
    assert [(row["depth_vitis"], row["depth_open"], row["observed"]) for row in channels] == [
        ("6", "5", "5"),
        ("", "", ""),
    ]
    cycles = {(row["profile"], row["origin"]): int(row["cycles"]) for row in read(files["cycles.csv"])}
    assert cycles == {
        ("vitis", "predicted"): 2117,
        ("open", "predicted"): 1028,
        ("open", "simulated"): 1028,
        ("vitis", "interval"): 2000,
    }


@given(WORD, WORD)
def test_any_names_survive_csv_and_are_no_formulas(path: str, kernel: str) -> None:
    report = replace(REPORT, processes=(ProcessRow(path, kernel, 1, 1),))
    text = csv_files(report)["blocks.csv"]
    (row,) = list(csv.reader(io.StringIO(text, newline="")))[1:]
    for cell, own in zip(row, (path, kernel), strict=False):
        assert cell.removeprefix("'") == own.removeprefix("'")
        assert cell[:1] not in ("=", "+", "-", "@")


class Page(HTMLParser):
    """Notes what stands in a page, and fails for elements that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [str(value) for name, value in attrs if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_has_all_and_needs_nothing() -> None:
    page = Page(html_page(REPORT))
    assert page.links == []
    assert "script" not in page.tags
    assert page.tags.count("svg") == 3
    said = " ".join(page.words)
    for word in ("cascade/mm1", "2,117 cycles", "two reads of B in one cycle", "4,096 elements compared", "in order"):
        assert word in said
    assert "Different from" not in said


def test_the_page_tells_what_is_different() -> None:
    slower = replace(REPORT, processes=(replace(REPORT.processes[0], latency=3000), REPORT.processes[1]))
    text = html_page(slower, REPORT)
    assert "Different from the earlier build" in "".join(Page(text).words)
    assert '<td class="figure worse">+50.0%</td>' in text
    assert "No figure differs" in html_page(REPORT, REPORT)


def test_markup_in_names_is_shown_as_it_is() -> None:
    name = "<script>alert(1)</script>&"
    report = replace(
        REPORT, project=name, notes=(name,), processes=(replace(REPORT.processes[0], path=name, kernel=name),)
    )
    page = Page(html_page(report))
    assert "script" not in page.tags
    assert name in page.words


def build(folder: Path, report: Report) -> Path:
    folder.mkdir()
    (folder / "report.json").write_text(dump(document("ok", (), report)), encoding="utf-8")
    return folder


def test_on_the_command_line(tmp_path: Path, capsys) -> None:
    one = build(tmp_path / "one", REPORT)
    two = build(tmp_path / "two", replace(REPORT, interval=1000))
    assert main(["report", str(two), "--against", str(one)]) == 0
    assert "vitis interval" in capsys.readouterr().out
    assert main(["report", str(two), "--against", str(one), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["differences"]
    assert found == {
        "table": "cycles",
        "row": "vitis interval",
        "column": "cycles",
        "before": 2000,
        "after": 1000,
        "change": -0.5,
    }
    page, folder = tmp_path / "made" / "page.html", tmp_path / "csv"
    assert main(["report", str(two), "--html", str(page), "--csv", str(folder)]) == 0
    assert capsys.readouterr().out.count("wrote ") == 1 + len(list(folder.iterdir()))
    assert page.read_text(encoding="utf-8") == html_page(replace(REPORT, interval=1000))
    assert read((folder / "blocks.csv").read_text(encoding="utf-8"))[0]["latency"] == "2000"


def test_a_vendors_report_is_not_compared(tmp_path: Path, capsys) -> None:
    sample = next((Path(__file__).parent / "data").rglob("*csynth.xml"))
    assert main(["report", str(sample), "--html", str(tmp_path / "page.html")]) == 2
    assert "of builds" in capsys.readouterr().err
    assert not (tmp_path / "page.html").exists()
