"""The project file: reading, checking its form, saving, autosave, new projects, and a project's kernel files."""

from __future__ import annotations

from allo_studio.project.clipboard import copy_nodes, read_clip
from allo_studio.project.load import PROJECT_FILE, LoadedProject, SpanIndex, load_project, parse_project, project_file
from allo_studio.project.new import example_folder, example_note, examples, new_project
from allo_studio.project.save import (
    autosave,
    autosave_file,
    discard_autosave,
    dump_project,
    is_changed,
    recover,
    rewrite,
    save_project,
    save_project_as,
)
from allo_studio.project.sources import KernelFiles, sources
from allo_studio.project.three_way import merge_projects, says_same

__all__ = [
    "PROJECT_FILE",
    "KernelFiles",
    "LoadedProject",
    "SpanIndex",
    "autosave",
    "autosave_file",
    "copy_nodes",
    "discard_autosave",
    "dump_project",
    "example_folder",
    "example_note",
    "examples",
    "is_changed",
    "load_project",
    "merge_projects",
    "new_project",
    "parse_project",
    "project_file",
    "read_clip",
    "recover",
    "rewrite",
    "save_project",
    "save_project_as",
    "says_same",
    "sources",
]
