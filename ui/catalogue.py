"""What the palette offers for a project, as values. Kernel files are parsed, never run; nothing here touches Qt."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from allo_studio.design.model import Project
from allo_studio.diagnostics import AlloError
from allo_studio.library.catalogue import SECTIONS, LibraryBlock, library
from allo_studio.library.files import library_source
from allo_studio.source import Source

if TYPE_CHECKING:
    from allo_studio.frontend import KernelSignature

__all__ = ["Entry", "Files", "Section", "catalogue", "file_entries", "library_sections", "project_files"]

_MOST_FILES = 500
_MOST_FOLDERS = 300
_DESCRIPTOR = ".ip.yaml"
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


def catalogue(
    project: Project,
    files: Sequence[str],
    read: Callable[[str], Source],
    shown: str,
    descriptors: Sequence[str] = (),
    arrays: Sequence[tuple[str, str]] = (),
) -> tuple[Section, ...]:
    """Return the sections for a project with the kernel `files`, whose graph `shown` is on the canvas.

    `descriptors` are those of external IP, `arrays` the files of constants with the names of arrays in them.
    """
    ports = (
        Entry("Input", "input", "An input of this graph", {"kind": "input"}),
        Entry("Output", "output", "An output of this graph", {"kind": "output"}),
    )
    general = (
        Entry("Conversion", "convert", "Elements of one type become those of another", {"kind": "convert"}),
        Entry("Duplicator", "duplicate", "Copies of an array for several readers", {"kind": "duplicate"}),
        Entry("Re-layout", "relayout", "A copy between two memory layouts", {"kind": "relayout"}),
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
    sections = [Section(path, entries) for path in files if (entries := _kernels(path, read))]
    external = tuple(_external(path) for path in descriptors)
    constants = tuple(_constant(path, array) for path, array in arrays)
    own = (
        Section("External IP", external),
        Section("Constants", constants),
        Section("Graphs", graphs),
        Section("General blocks", general),
        Section("Graph ports", ports),
    )
    found = (*sections, *own, *library_sections())
    return tuple(section for section in found if section.entries)


@cache
def library_sections() -> tuple[Section, ...]:
    """Return the ready-made blocks; the titles begin alike, so that a search for `library` finds them all."""
    blocks = {title: [block for block in library() if block.section == title] for title in SECTIONS}
    return tuple(
        Section(f"Library: {title}", tuple(_ready_made(block) for block in found)) for title, found in blocks.items()
    )


def _ready_made(block: LibraryBlock) -> Entry:
    # Loaded where it is needed: a start does without it.
    from allo_studio.frontend import list_kernels

    signature = next(found for found in list_kernels(library_source(block.path)) if found.name == block.name)
    schedule = block.schedules[block.default]
    told = f"Comes with the schedule {schedule.name}: {schedule.about}"
    tip = "\n\n".join((block.about, _described(signature), told))
    return Entry(block.title, "library", tip, {"kind": "library", "block": block.name})


@dataclass(frozen=True)
class Files:
    """The files of a project that blocks can be made of, as paths inside it, sorted."""

    kernels: list[str] = field(default_factory=list)
    descriptors: list[str] = field(default_factory=list)
    arrays: list[str] = field(default_factory=list)


def project_files(root: Path) -> Files:
    """Return the Python files, descriptors and arrays of a project; hidden and generated folders are left out.

    A project file may lie in a folder with much else, so the search stops after some hundred folders, and after some
    hundred files of each kind.
    """
    found = Files()
    kinds = ((found.kernels, ".py"), (found.descriptors, _DESCRIPTOR), (found.arrays, (".npy", ".npz")))
    waiting, seen = deque([root]), 0
    while waiting and seen < _MOST_FOLDERS:
        folder = waiting.popleft()
        seen += 1
        for child in _children(folder):
            if child.is_dir():
                waiting.append(child)
                continue
            for paths, ending in kinds:
                if child.name.endswith(ending) and len(paths) < _MOST_FILES:
                    paths.append(child.relative_to(root).as_posix())
    for paths, _ in kinds:
        paths.sort()
    return found


def file_entries(path: str, read: Callable[[str], Source], arrays: Callable[[str], Sequence[str]]) -> tuple[Entry, ...]:
    """Return what one file of a project offers, nothing where no block can be made of its kind of file."""
    if path.endswith(".py"):
        return _kernels(path, read)
    if path.endswith(_DESCRIPTOR):
        return (_external(path),)
    if path.endswith((".npy", ".npz")):
        return tuple(_constant(path, array) for array in arrays(path) or ("",))
    return ()


def _external(path: str) -> Entry:
    name = PurePosixPath(path).name.removesuffix(_DESCRIPTOR)
    return Entry(name, "ip", f"External IP, {path}", {"kind": "ip", "path": path})


def _constant(path: str, array: str) -> Entry:
    told = f"The array {array} of {path}".replace("  ", " ")
    payload = {"kind": "constant", "path": path, "array": array}
    return Entry(array or PurePosixPath(path).stem, "constant", told, payload)


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(
            child
            for child in folder.iterdir()
            if not child.name.startswith(".") and child.name not in _LEFT_OUT and not child.is_symlink()
        )
    except OSError:
        return []


def _kernels(path: str, read: Callable[[str], Source]) -> tuple[Entry, ...]:
    try:
        return _entries(read(path))
    except AlloError as error:
        return _faulty(path, error)


@lru_cache(maxsize=2 * _MOST_FILES)
def _entries(source: Source) -> tuple[Entry, ...]:
    """Return the entries of a file's kernels. Asked for at every edit, so files are parsed once."""
    # Loaded where it is needed: a start does without it.
    from allo_studio.frontend import list_kernels

    try:
        return tuple(_kernel(source.path, found) for found in list_kernels(source) if _is_kernel(source, found))
    except AlloError as error:
        return _faulty(source.path, error)


def _is_kernel(source: Source, signature: KernelSignature) -> bool:
    """Tell whether a function with annotations is meant as a kernel: a project has other Python beside them."""
    ports = (*signature.arguments, *signature.results)
    return "allo" in source.text or any(port.type is not None for port in ports)


def _faulty(path: str, error: AlloError) -> tuple[Entry, ...]:
    first = error.diagnostics[0]
    return (Entry(f"{Path(path).name} has faults", "kernel", f"{first}\n{first.hint}".strip(), faulty=True),)


def _kernel(path: str, signature: KernelSignature) -> Entry:
    payload = {"kind": "kernel", "path": path, "function": signature.name}
    return Entry(f"{signature.name}", "kernel", _described(signature), payload)


def _described(signature: KernelSignature) -> str:
    """Return the signature of a kernel and what it says of itself."""
    arguments = ", ".join(f"{port.name}: {port.type or '?'}" for port in signature.arguments)
    results = ", ".join(str(port.type or "?") for port in signature.results)
    text = f"{signature.name}({arguments})" + (f" -> {results}" if results else "")
    return "\n\n".join(filter(None, (text, signature.docstring)))
