"""What the palette offers for a project, as values. Kernel files are parsed, never run; nothing here touches Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from allo_studio.design.model import Project
from allo_studio.diagnostics import AlloError
from allo_studio.frontend import KernelSignature, list_kernels
from allo_studio.source import Source

__all__ = ["Entry", "Section", "catalogue", "kernel_files"]

_MOST_FILES = 500
_LEFT_OUT = {"build", "dist", "node_modules", "__pycache__", "site-packages"}


@dataclass(frozen=True)
class Entry:
    """One thing to add. `payload` says what it is (`kind` and what that needs); a `faulty` one can't be added."""

    title: str
    icon: str
    tip: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    faulty: bool = False


@dataclass(frozen=True)
class Section:
    """A titled group of entries."""

    title: str
    entries: tuple[Entry, ...]


def catalogue(project: Project, root: Path, read: Callable[[str], Source], shown: str) -> tuple[Section, ...]:
    """Return the sections for a project whose graph `shown` is on the canvas."""
    ports = (
        Entry("Input", "input", "An input of this graph", {"kind": "input"}),
        Entry("Output", "output", "An output of this graph", {"kind": "output"}),
    )
    graphs = tuple(
        Entry(
            name,
            "graph",
            f"{len(graph.nodes)} blocks, {graph.execution}",
            {"kind": "graph", "graph": name},
        )
        for name, graph in sorted(project.graphs.items())
        if name != shown
    )
    sections = [Section(path, entries) for path in kernel_files(root) if (entries := _kernels(path, read))]
    found = (*sections, Section("Graphs", graphs), Section("Graph ports", ports))
    return tuple(section for section in found if section.entries)


def kernel_files(root: Path) -> list[str]:
    """Return the Python files of a project as paths inside it, sorted; hidden and generated folders are left out."""
    return sorted(islice(_walk(root, root), _MOST_FILES))


def _walk(folder: Path, root: Path) -> Iterator[str]:
    try:
        children = sorted(folder.iterdir())
    except OSError:
        return
    for child in children:
        if child.name.startswith(".") or child.name in _LEFT_OUT or child.is_symlink():
            continue
        if child.is_dir():
            yield from _walk(child, root)
        elif child.suffix == ".py":
            yield child.relative_to(root).as_posix()


def _kernels(path: str, read: Callable[[str], Source]) -> tuple[Entry, ...]:
    try:
        found = list_kernels(read(path))
    except AlloError as error:
        first = error.diagnostics[0]
        return (Entry(f"{Path(path).name} has faults", "kernel", f"{first}\n{first.hint}".strip(), faulty=True),)
    return tuple(_kernel(path, signature) for signature in found)


def _kernel(path: str, signature: KernelSignature) -> Entry:
    arguments = ", ".join(f"{port.name}: {port.type or '?'}" for port in signature.arguments)
    results = ", ".join(str(port.type or "?") for port in signature.results)
    text = f"{signature.name}({arguments})" + (f" -> {results}" if results else "")
    tip = "\n\n".join(filter(None, (text, signature.docstring)))
    return Entry(f"{signature.name}", "kernel", tip, {"kind": "kernel", "path": path, "function": signature.name})
