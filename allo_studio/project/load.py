"""Opening a project: text → tree → plain values → the newest format → Project. Nothing in the project is run."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from allo_studio.design.edit_base import unknown_kind
from allo_studio.design.model import Project, UnknownNode
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.project.document import Document, Key, parse_document
from allo_studio.project.faults import Faults
from allo_studio.project.files import file_error, read_text
from allo_studio.project.migrate import migrate
from allo_studio.project.schema import read_project
from allo_studio.source import Source, Span

__all__ = ["PROJECT_FILE", "LoadedProject", "SpanIndex", "load_project", "parse_project", "project_file"]

PROJECT_FILE = "project.yaml"
_MOST_BYTES = 4 << 20


@dataclass(frozen=True)
class SpanIndex:
    """Where the values of a project file stand in its text. Call it with a path of keys and list indices."""

    document: Document

    def __call__(self, path: tuple[Key, ...]) -> Span | None:
        """Return the place of the value at `path` (`("graphs", "cascade", "edges", 2)`), or of what is around it."""
        return self.document.place(path)


@dataclass(frozen=True)
class LoadedProject:
    """A project as it was read. `diagnostics` tell what could be read around, such as nodes of an unknown kind.

    `root` is the folder that kernel paths are relative to, `file` the YAML file, `text` its contents.
    """

    project: Project
    root: Path
    file: Path
    text: str
    diagnostics: tuple[Diagnostic, ...]
    spans: SpanIndex


def project_file(path: Path) -> Path:
    """Return the YAML file of a project given as a folder or a file; raises AlloError (code `file`)."""
    # The functions of os.path answer no where a path cannot be looked at; those of Path may raise.
    if not os.path.isdir(path):
        if not os.path.lexists(path):
            hint = "give a folder with a project.yaml, or a YAML file; `allo-studio new NAME` makes one"
            raise file_error(f"there is no project {str(path)!r}", path, hint)
        return path
    file = path / PROJECT_FILE
    if not os.path.lexists(file):
        others = sorted(p.name for p in path.glob("*.y*ml"))[:3]
        hint = f"name the file itself: {', '.join(others)}" if others else "`allo-studio new NAME` makes a project"
        raise file_error(f"the folder {str(path)!r} has no {PROJECT_FILE}", path, hint)
    return file


def load_project(path: Path) -> LoadedProject:
    """Read a project given as a folder or a YAML file; raises AlloError with every fault that it has."""
    file = project_file(Path(path))
    text = read_text(file, _MOST_BYTES, "project file in YAML")
    return parse_project(text, file)


def parse_project(text: str, file: Path) -> LoadedProject:
    """Read a project from its text as if it stood in `file`; raises AlloError with every fault that it has."""
    document = parse_document(Source(file.name, text))
    faults = Faults(document.place, document.key_span)
    plain = migrate(document.root.plain, faults)
    if faults.found and _has_number(plain):
        # The keys of an unknown format mean nothing here: further faults would mislead.
        raise AlloError(faults.found)
    project = read_project(plain, faults)
    spans = SpanIndex(document)
    diagnostics = tuple(
        replace(unknown_kind(graph.name, name, node), span=spans(("graphs", graph.name, "nodes", name)))
        for graph in project.graphs.values()
        for name, node in graph.nodes.items()
        if isinstance(node, UnknownNode) and not node.disabled
    )
    if faults.found:
        raise AlloError([*faults.found, *diagnostics])
    return LoadedProject(project, file.parent, file, text, diagnostics, spans)


def _has_number(plain: object) -> bool:
    number = plain.get("format") if isinstance(plain, dict) else None
    return isinstance(number, int) and not isinstance(number, bool)
