"""One sitting at the studio: open, re-route, schedule, undo, save, build, all through the window."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from allo_studio.project import load_project
from ui.window import Window


def test_a_project_is_edited_undone_saved_and_built(studio: Window, project: Path, mouse: Any, qtbot: Any) -> None:
    before = (project / "project.yaml").read_bytes()
    canvas = studio.panels.canvas

    # B and D change places: each wire is taken at its end and led to the other block.
    mouse.drag(canvas.port("mm1", "B", False).centre, canvas.port("mm2", "B", False).centre)
    mouse.drag(canvas.port("@D", "D", True).centre, canvas.port("mm1", "B", False).centre)
    graph = studio.session.graph
    assert graph is not None
    assert {"B->mm2.B", "D->mm1.B"} < {edge.id for edge in graph.edges}
    assert studio.session.problems() == ()

    canvas.select("mm1")
    panel = studio.panels.inspector.kernel_page.schedule
    panel.add_step()
    panel.form.choose("partition", buffer="A", kind="cyclic", dim=2, factor=4)
    panel.form.accept.click()
    assert panel.steps.item(panel.steps.count() - 1).text() == "8   partition   A, cyclic, dim 2, factor 4"
    studio.do_undo()
    assert panel.steps.count() == 7
    studio.do_redo()
    assert panel.steps.count() == 8

    assert studio.do_save()
    saved = load_project(project).project
    assert [step.name for step in saved.schedules["row_wise"]][-1] == "partition"
    assert {"B->mm2.B", "D->mm1.B"} < {edge.id for edge in saved.graphs["cascade"].edges}

    studio.actions_by_id["build"].trigger()
    qtbot.waitUntil(lambda: not studio.builder.running, timeout=180_000)
    assert studio.session.result is not None, studio.panels.log.log.toPlainText()
    found = json.loads((project / "build" / "gemm_cascade" / "report.json").read_text())
    assert found["simulation"] == {"compared": 4096, "mismatches": 0, "max_error": 0.0, "engine": "C simulation"}
    (channel,) = found["report"]["channels"]
    assert (channel["kind"], channel["depth"]["vitis"] >= 1) == ("fifo", True)
    # D now goes into the first product.
    source = (project / "build" / "gemm_cascade" / "cascade.cpp").read_text()
    assert "mm1(A, D, mm1_C);" in source

    while studio.session.history.can_undo:
        studio.do_undo()
    assert studio.do_save()
    assert (project / "project.yaml").read_bytes() == before
