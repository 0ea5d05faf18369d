"""Notes and backdrops are edited like all else, go with their blocks, and change no hardware."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from allo_studio.design.diff import diff
from allo_studio.design.edits import (
    AddNote,
    CollapseNodes,
    DuplicateNodes,
    Edit,
    ExpandNode,
    MoveNodes,
    MoveNotes,
    PasteNodes,
    RemoveNotes,
    RenameGraph,
    SetNote,
    clip_of,
    note_name,
)
from allo_studio.design.end_types import EndTypes
from allo_studio.design.model import Graph, Note, Project
from allo_studio.diagnostics import AlloError
from allo_studio.project import copy_nodes, load_project, merge_projects, parse_project, read_clip
from allo_studio.types import parse_type

GEMM = Path(__file__).resolve().parents[2] / "projects" / "gemm_cascade"
HELLO = Note("hello", (8.0, 16.0))
BEHIND = Note("both", (0.0, 0.0), (400.0, 300.0), "blue", "backdrop")


@pytest.fixture
def project() -> Project:
    made = AddNote("cascade", "note", HELLO).apply(load_project(GEMM).project)
    return AddNote("cascade", "backdrop", BEHIND).apply(made)


def test_notes_are_no_part_of_what_is_built(project: Project) -> None:
    plain = load_project(GEMM).project
    assert project != plain
    assert project.built() == plain.built()


def test_a_note_is_added_changed_moved_and_removed(project: Project) -> None:
    changed = SetNote("cascade", "note", replace(HELLO, text="bye", colour="red")).apply(project)
    changed = MoveNotes("cascade", {"note": (40, 44), "backdrop": (4, 8)}).apply(changed)
    assert changed.notes["cascade"]["note"] == Note("bye", (40.0, 44.0), HELLO.size, "red")
    assert changed.notes["cascade"]["backdrop"].place == (4.0, 8.0)
    assert RemoveNotes("cascade", ("note", "backdrop")).apply(changed).notes == {}
    assert note_name(changed, "cascade", "note") == "note_2"


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (AddNote("cascade", "note", HELLO), "already a note"),
        (AddNote("cascade", "two words", HELLO), "is no name"),
        (AddNote("nowhere", "a", HELLO), "no graph"),
        (AddNote("cascade", "a", replace(HELLO, place=(float("nan"), 0.0))), "cannot lie"),
        (SetNote("cascade", "note", replace(HELLO, size=(3.0, 80.0))), "cannot be 3 by 80"),
        (SetNote("cascade", "noet", HELLO), "no note 'noet'"),
        (MoveNotes("cascade", {"note": (float("inf"), 0.0)}), "cannot lie"),
        (RemoveNotes("cascade", ("note", "other")), "no note 'other'"),
        (DuplicateNodes("cascade", ("mm1",), notes=("other",)), "no note 'other'"),
    ],
)
def test_what_cannot_be_is_refused(project: Project, edit: Edit, says: str) -> None:
    with pytest.raises(AlloError) as refused:
        edit.apply(project)
    assert says in refused.value.diagnostics[0].message


def test_notes_follow_the_name_of_their_graph(project: Project) -> None:
    assert RenameGraph("cascade", "chain").apply(project).notes == {"chain": project.notes["cascade"]}


def test_copies_of_notes_lie_beside_them_and_go_over_the_clipboard(project: Project) -> None:
    edit = DuplicateNodes("cascade", ("mm1",), notes=("note",))
    doubled = edit.apply(project)
    assert edit.note_names(project) == {"note": "note_2"}
    assert doubled.notes["cascade"]["note_2"] == replace(HELLO, place=(48.0, 56.0))
    clip = read_clip(copy_nodes(project, "cascade", [], ["note", "backdrop"]))
    pasted = PasteNodes("cascade", clip, (100.0, 200.0)).apply(project)
    assert pasted.notes["cascade"]["backdrop_2"].place == (100.0, 200.0)
    assert pasted.notes["cascade"]["note_2"].place == (108.0, 216.0)
    assert pasted.graphs == project.graphs


def test_a_clip_keeps_the_places_of_blocks_and_notes_together(project: Project) -> None:
    placed = MoveNodes("cascade", {"mm1": (120.0, 80.0)}).apply(project)
    pasted = PasteNodes("cascade", clip_of(placed, "cascade", ["mm1"], ["backdrop"]), (0.0, 400.0)).apply(placed)
    assert pasted.view["cascade"]["mm1_2"] == (120.0, 480.0)
    assert pasted.notes["cascade"]["backdrop_2"].place == (0.0, 400.0)


def test_pasted_graphs_bring_their_notes(project: Project) -> None:
    inner = AddNote("part", "note", HELLO).apply(_collapsed(project, ()))
    clip = clip_of(inner, "cascade", ["part"])
    other = PasteNodes("top", clip).apply(Project("other", graphs={"top": Graph("top")}))
    assert other.notes["part"] == {"note": HELLO}


def _collapsed(project: Project, notes: tuple[str, ...]) -> Project:
    edges = project.graphs["cascade"].edges
    kind = parse_type("float32[64, 64]")
    known = EndTypes({}, {end: kind for edge in edges for end in (edge.source, edge.target)})
    return CollapseNodes("cascade", ("mm1",), "part", (known,), notes).apply(project)


def test_chosen_notes_go_into_a_new_graph_and_come_out_again(project: Project) -> None:
    inner = _collapsed(project, ("note",))
    assert inner.notes == {"cascade": {"backdrop": BEHIND}, "part": {"note": HELLO}}
    outer = ExpandNode("cascade", "part").apply(inner)
    assert set(outer.notes) == {"cascade"}
    assert {note.text for note in outer.notes["cascade"].values()} == {"hello", "both"}


def test_a_difference_names_notes(project: Project) -> None:
    later = SetNote("cascade", "note", replace(HELLO, text="a\nb", place=(0.0, 4.0))).apply(project)
    later = RemoveNotes("cascade", ("backdrop",)).apply(later)
    texts = [change.text for change in diff(project, later)]
    assert texts == [
        "removed  note      cascade/backdrop: both",
        "changed  note      cascade/note text: hello → a / b",
        "changed  view      cascade: (none) → 1 notes moved: note",
    ]


def test_both_sides_may_write_and_move_notes_but_not_the_same_text(project: Project) -> None:
    ours = MoveNotes("cascade", {"note": (0.0, 0.0)}).apply(project)
    theirs = AddNote("cascade", "other", HELLO).apply(MoveNotes("cascade", {"note": (4.0, 4.0)}).apply(project))
    merged = merge_projects(project, ours, theirs)
    assert merged.notes["cascade"]["note"].place == (0.0, 0.0)
    assert merged.notes["cascade"]["other"] == HELLO
    ours, theirs = (SetNote("cascade", "note", replace(HELLO, text=text)).apply(project) for text in "ab")
    with pytest.raises(AlloError, match="notes"):
        merge_projects(project, ours, theirs)


HEAD = "format: 1\nname: a\nnotes:\n  top:\n    n: "


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{text: hi}", "does not say where it lies"),
        ("{at: [1]}", "a position must be two numbers"),
        ("{at: [0, 0], size: [4, 80]}", "at least 16"),
        ("{at: [0, 0], size: big}", "a size must be two numbers"),
        ("{at: [0, 0], colour: yelow}", "must be one of grey"),
        ("{at: [0, 0], kind: card}", "must be one of note, backdrop"),
        ("{at: [0, 0], text: 3}", "must be a text"),
        ("{at: [0, 0], txt: a}", "unknown key"),
        ("[0, 0]", "must be a mapping"),
        ("{at: [0, 0], text: " + "a" * 20_001 + "}", "20,001 characters"),
    ],
)
def test_a_note_in_the_file_that_is_none_is_told(text: str, says: str) -> None:
    with pytest.raises(AlloError) as refused:
        parse_project(HEAD + text + "\n", Path("project.yaml"))
    assert says in refused.value.diagnostics[0].message
    assert refused.value.diagnostics[0].span is not None


def test_a_note_may_say_no_more_than_where_it_lies() -> None:
    loaded = parse_project(HEAD + "{at: [8, 16]}\n", Path("project.yaml"))
    assert loaded.project.notes == {"top": {"n": Note("", (8.0, 16.0))}}
