"""Laws: saving and loading give the same project; nothing that a person writes ends in a traceback."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from project_strategies import damaged, projects

from allo_studio.design.model import Project
from allo_studio.diagnostics import AlloError, Diagnostic, render_all
from allo_studio.project import LoadedProject, dump_project, parse_project, rewrite
from allo_studio.project.schema import to_plain

FILE = Path("project.yaml")
EXAMPLE = (Path(__file__).parents[2] / "projects" / "gemm_cascade" / "project.yaml").read_text()
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(projects())
def test_what_is_saved_loads_as_the_same(project: Project) -> None:
    assert parse_project(dump_project(project), FILE).project == project


@quick
@given(projects())
def test_saving_an_unchanged_project_changes_no_byte(project: Project) -> None:
    loaded = parse_project(dump_project(project), FILE)
    assert rewrite(loaded, loaded.project).text == loaded.text


@quick
@given(projects(), projects(), st.sampled_from(["\n", "\r\n"]))
def test_any_change_can_be_written_into_any_text(before: Project, after: Project, newline: str) -> None:
    text = "# kept\n" + dump_project(before)
    loaded = parse_project(text.replace("\n", newline), FILE)
    changed = rewrite(loaded, after)
    assert to_plain(changed.project) == to_plain(after)
    assert parse_project(changed.text, FILE).project == after


def _parsed(text: str) -> tuple[LoadedProject | None, tuple[Diagnostic, ...]]:
    try:
        loaded = parse_project(text, FILE)
    except AlloError as error:
        return None, error.diagnostics
    return loaded, loaded.diagnostics


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged(EXAMPLE))
def test_damaged_text_gives_diagnostics_only(text: str) -> None:
    loaded, diagnostics = _parsed(text)
    assert all(d.span is not None and d.code in ("yaml", "structure") for d in diagnostics)
    assert len(render_all(diagnostics)) >= len(diagnostics)
    if loaded is None:
        return
    again = parse_project(dump_project(loaded.project), FILE)
    assert again.project == loaded.project
    assert rewrite(loaded, loaded.project).text == text


@quick
@given(projects(), projects(), st.sampled_from([None, True, False]), st.booleans(), st.sampled_from([30, 80, 1000]))
def test_a_text_in_another_style_is_changed_in_place(
    before: Project, after: Project, flow: bool | None, explicit: bool, width: int
) -> None:
    text = yaml.safe_dump(to_plain(before), default_flow_style=flow, explicit_start=explicit, width=width)
    loaded = _parsed(f"# kept\n{text}# end\n")[0]
    assume(loaded is not None)
    assert loaded is not None
    changed = rewrite(loaded, after)
    assert parse_project(changed.text, FILE).project == after
    # Explicit keys (`? key`) are the one form that is not changed in place.
    assert changed.text.startswith("# kept\n") or re.search(r"^\s*\? ", text, re.MULTILINE)
