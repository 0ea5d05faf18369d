"""The clock period against the longest chain, the interfaces, and the depths that wires ask for, in a report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from allo_studio.pipeline import predict
from allo_studio.project import load_project
from allo_studio.report import Report, document, dump, table
from allo_studio.report.csv_form import csv_files
from allo_studio.report.document import parse_document
from allo_studio.report.html_page import html_page

PROJECTS = Path(__file__).resolve().parents[2] / "projects"


@pytest.fixture(scope="module")
def cascade() -> Report:
    return predict(load_project(PROJECTS / "gemm_cascade"))[0]


def test_the_slack_is_what_uncertainty_and_the_longest_chain_leave_of_the_period(cascade: Report) -> None:
    assert cascade.uncertainty_ns == pytest.approx(0.27 * 3.33)
    chains = [row.chain_ns for row in cascade.loops if row.chain_ns is not None]
    assert cascade.estimated_ns == max(chains), "in this design the longest chain is in a loop"
    assert cascade.slack_ns == pytest.approx(3.33 - 0.27 * 3.33 - max(chains), abs=1e-5)
    assert cascade.slack_ns > 0
    # Loops whose iterations run one after another have no cycle of their own.
    assert all((row.chain_ns is None) != row.pipelined for row in cascade.loops)
    assert f"slack {cascade.slack_ns:+.3f} ns" in table(cascade)
    assert f"{cascade.slack_ns:+.3f} ns" in html_page(cascade)
    assert f"slack_ns,{cascade.slack_ns}" in csv_files(cascade)["design.csv"]


def test_a_chain_that_is_longer_than_the_period_has_a_slack_below_zero(cascade: Report) -> None:
    late = replace(cascade, estimated_ns=3.0)
    assert late.slack_ns == pytest.approx(3.33 - 0.8991 - 3.0)
    assert replace(cascade, uncertainty_ns=None).slack_ns is None


def test_the_ports_of_the_top_are_its_interfaces(cascade: Report) -> None:
    ports = {row.path: row for row in cascade.ports}
    assert list(ports) == ["cascade.A", "cascade.B", "cascade.D", "cascade.E"]
    assert [ports[f"cascade.{name}"].banks for name in "ABDE"] == [1, 8, 8, 8]
    assert ports["cascade.E"].direction == "out"
    assert (ports["cascade.A"].kind, ports["cascade.A"].bits, ports["cascade.A"].words) == ("memory", 32, 4096)
    assert 'cascade.E,out,"float32[64, 64]",memory,32,4096,8' in csv_files(cascade)["ports.csv"]
    image = {row.path: row for row in predict(load_project(PROJECTS / "image_pipeline"))[0].ports}
    assert (image["edges.image"].kind, image["edges.image"].words) == ("stream", 3072)
    assert (image["edges.level"].kind, image["edges.level"].words) == ("value", 1)


def test_a_depth_that_a_wire_asks_for_stands_beside_the_chosen_one() -> None:
    loaded = load_project(PROJECTS / "gemm_cascade")
    graph = loaded.project.graphs["cascade"]
    edges = tuple(replace(e, depth=7) if e.id == "mm1.C->mm2.A" else e for e in graph.edges)
    project = replace(loaded.project, graphs={**loaded.project.graphs, "cascade": replace(graph, edges=edges)})
    (row,) = predict(loaded, project)[0].channels
    assert (row.asked, row.depth["vitis"]) == (7, 7)
    (free,) = predict(loaded)[0].channels
    assert free.asked is None


def test_the_document_keeps_them_and_older_documents_lack_them(cascade: Report) -> None:
    text = dump(document("ok", report=cascade))
    assert parse_document(text, "it") == cascade
    found = json.loads(text)
    for key in ("uncertainty_ns", "estimated_ns", "interface"):
        del found["report"]["target"][key]
    del found["report"]["ports"]
    older = parse_document(json.dumps(found), "it")
    assert (older.slack_ns, older.ports, older.interface) == (None, (), "")
