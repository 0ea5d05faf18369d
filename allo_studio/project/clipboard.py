"""Blocks as text, to be copied and pasted between projects: a clip is written and read like a project file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from allo_studio.design.edit_copies import clip_of
from allo_studio.design.model import Project
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.project.load import parse_project
from allo_studio.project.save import dump_project

__all__ = ["copy_nodes", "read_clip"]

_MOST_CHARACTERS = 4 << 20
_HINT = "copy blocks in Allo Studio first"


def copy_nodes(project: Project, graph: str, nodes: Iterable[str], notes: Iterable[str] = ()) -> str:
    """Return the text of some blocks and notes of a graph, with the wires among them and what the blocks use.

    Raises AlloError for an unknown graph, block or note.
    """
    return dump_project(clip_of(project, graph, nodes, notes))


def read_clip(text: str) -> Project:
    """Return the clip of a text that `copy_nodes` made; raises AlloError (code `edit` where it holds no blocks)."""
    if len(text) > _MOST_CHARACTERS:
        message = f"the clipboard holds {len(text):,} characters; blocks have at most {_MOST_CHARACTERS:,}"
        raise AlloError(Diagnostic("edit", message, where="clipboard", hint="copy fewer blocks at a time"))
    if not text.startswith("format:"):
        raise AlloError(Diagnostic("edit", "the clipboard holds no blocks", where="clipboard", hint=_HINT))
    clip = parse_project(text, Path("clipboard")).project
    if clip.top not in clip.graphs or not (clip.graphs[clip.top].nodes or clip.notes.get(clip.top)):
        raise AlloError(Diagnostic("edit", "the clipboard holds no blocks", where="clipboard", hint=_HINT))
    return clip
