"""Saving a project: only what changed is changed in the text, and the file is replaced as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from allo_studio.design.blocks import is_generated
from allo_studio.design.model import ConstantNode, IpNode, KernelNode, Project
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.library.files import is_library
from allo_studio.project.emit import emit
from allo_studio.project.files import file_error, read_text, write_atomically
from allo_studio.project.ip.blocks import named_files
from allo_studio.project.load import LoadedProject, parse_project, project_file
from allo_studio.project.merge import merge, same
from allo_studio.project.schema import FORMAT, to_plain
from allo_studio.project.sources import sources
from allo_studio.project.splice import reordered, splice

__all__ = [
    "autosave",
    "autosave_file",
    "discard_autosave",
    "dump_project",
    "is_changed",
    "recover",
    "rewrite",
    "save_project",
    "save_project_as",
]

_MOST_BYTES = 64 << 20


def dump_project(project: Project) -> str:
    """Return the canonical text of a project file."""
    return emit(to_plain(project))


def rewrite(loaded: LoadedProject, project: Project) -> LoadedProject:
    """Return what the file would be with `project` in it: only the parts that differ are other text.

    Raises AlloError where the project cannot be a project file (such as a name that is none).
    """
    document = loaded.spans.document
    if _says_same(loaded.project, project):
        return replace(loaded, project=project)
    raw = document.root.plain
    if raw.get("format") == FORMAT:
        wanted = merge(raw, to_plain(loaded.project), to_plain(project))
        with contextlib.suppress(AlloError):
            spliced = parse_project(splice(document, wanted), loaded.file)
            if same(spliced.spans.document.root.plain, wanted):
                spliced = _in_order(spliced, project)
                if _says_same(spliced.project, project):
                    return spliced
    return parse_project(dump_project(project), loaded.file)


def _says_same(one: Project, two: Project) -> bool:
    """Tell whether two projects say the same: the order in a file means something for the ports of graphs only."""
    return same(to_plain(one), to_plain(two)) and one.argument_order() == two.argument_order()


def _in_order(loaded: LoadedProject, project: Project) -> LoadedProject:
    """Return a file with the ports of its graphs in the project's order."""
    orders: dict[tuple[str | int, ...], Sequence[str]] = {}
    known = loaded.project.argument_order()
    for graph, sides in project.argument_order().items():
        for side, found, wanted in zip(("inputs", "outputs"), known.get(graph, ((), ())), sides, strict=True):
            if found != wanted:
                orders["graphs", graph, side] = wanted
    if not orders:
        return loaded
    return parse_project(reordered(loaded.spans.document, orders), loaded.file)


def save_project(loaded: LoadedProject, project: Project, *, overwrite: bool = False) -> LoadedProject:
    """Write `project` to the file that `loaded` came from and return it as if loaded again.

    An unchanged project writes nothing. Raises AlloError, leaving the file as it was: code `file` where writing fails,
    `conflict` where the file was changed by something else since it was loaded (unless `overwrite`).
    """
    changed = rewrite(loaded, project)
    if changed.text == loaded.text and not overwrite:
        return changed
    if not overwrite and is_changed(loaded):
        message = f"{loaded.file.name} was changed by another program since it was opened"
        fixes = ("overwrite it", "open it again and lose the changes made here", "save under another name")
        raise AlloError(Diagnostic("conflict", message, where=str(loaded.file), hint=fixes[1], fixes=fixes))
    write_atomically(loaded.file, changed.text)
    return changed


def is_changed(loaded: LoadedProject) -> bool:
    """Tell whether something else changed the file since it was loaded or saved; one that is gone was not.

    Raises AlloError (code `file`) where it cannot be read.
    """
    return os.path.exists(loaded.file) and _text_of(loaded.file) != loaded.text


def save_project_as(loaded: LoadedProject, project: Project, path: Path) -> LoadedProject:
    """Write the project to another file or folder, with the kernel files that it uses, and return it as loaded.

    `path` is a YAML file, or a folder (made if absent) that gets a `project.yaml`. Raises AlloError (code `file`).
    """
    file = path if path.suffix in (".yaml", ".yml") else path / "project.yaml"
    if file.resolve() == loaded.file.resolve():
        return save_project(loaded, project)
    changed = rewrite(loaded, project)
    _make_folder(file.parent)
    if file.parent.resolve() != loaded.root.resolve():
        _copy_files(loaded.root, file.parent, project)
    write_atomically(file, changed.text)
    return parse_project(changed.text, file)


def autosave(loaded: LoadedProject, project: Project, place: int = 1) -> None:
    """Write the present state beside the project file; raises AlloError (code `file`).

    Called after each edit, so it is quick: the text is the canonical one, without the file's comments, and it isn't
    waited for the disk. What was written outlives the process at once, and a loss of power once the system has put it
    on the disk. Programs that work on the project at the same time each have a `place` of their own, from 1.
    """
    write_atomically(autosave_file(loaded.file, place), dump_project(project), durable=False)


def recover(path: Path, place: int = 1) -> Project | None:
    """Return the project that was autosaved for `path`, or None where there is none, or none that differs."""
    try:
        file = project_file(path)
        saved = parse_project(_text_of(autosave_file(file, place)), file).project
    except AlloError:
        return None
    try:
        present = parse_project(_text_of(file), file).project
    except AlloError:
        return saved
    return None if _says_same(saved, present) else saved


def discard_autosave(path: Path, place: int = 1) -> None:
    """Remove what `autosave` wrote for a project, given as a folder or a file."""
    with contextlib.suppress(AlloError, OSError):
        autosave_file(project_file(path), place).unlink(missing_ok=True)


def autosave_file(file: Path, place: int = 1) -> Path:
    """Return where `autosave` writes for a project file."""
    return file.with_name(f".autosave-{file.name}" + (f".{place}" if place > 1 else ""))


def _text_of(file: Path) -> str:
    return read_text(file, _MOST_BYTES, "project file in YAML")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the folder {str(folder)!r} cannot be made: {error.strerror or error}"
        raise file_error(message, folder, "choose another place") from error


def _copy_files(root: Path, folder: Path, project: Project) -> None:
    """Copy what the blocks name, byte by byte."""
    files = sources(root)
    nodes = [node for graph in project.graphs.values() for node in graph.nodes.values()]
    paths = {node.path for node in nodes if isinstance(node, KernelNode | ConstantNode)}
    for node in nodes:
        if isinstance(node, IpNode):
            paths |= named_files(files, node.path)
    for path in sorted(path for path in paths if not (is_generated(path) or is_library(path))):
        try:
            data = files.data(path)
        except AlloError:
            # A missing file is missing in the copy as well, and the check says so there.
            continue
        target = folder / path
        if not os.path.lexists(target):
            _make_folder(target.parent)
            write_atomically(target, data)
