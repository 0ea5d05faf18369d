"""From a descriptor's path to a block: text → plain values → descriptor → code read and compared → `IpBlock`."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import Generic, TypeVar

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ip.block import CppModel, IpBlock, Model, PythonModel
from allo_studio.project.document import Path, parse_document
from allo_studio.project.faults import Faults, Place
from allo_studio.project.ip.descriptor import CodeSpec, Descriptor, read_descriptor
from allo_studio.source import Source

__all__ = ["IpBlocks", "named_files"]

_MOST_KEPT = 256
_T = TypeVar("_T")


class _Memo(Generic[_T]):
    """What came of texts that were read before; the least recently used are dropped first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, _T | AlloError] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """Return what `make` makes, once for each key; raises AlloError where it does."""
        with self._lock:
            outcome = self._kept.get(key)
        if outcome is None:
            try:
                outcome = make()
            except AlloError as error:
                outcome = error
        with self._lock:
            self._kept[key] = outcome
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        if isinstance(outcome, AlloError):
            raise AlloError(outcome.diagnostics)
        return outcome


_descriptors: _Memo[tuple[Descriptor, Place]] = _Memo()
_blocks: _Memo[IpBlock] = _Memo()


class IpBlocks:
    """Called with the path of a descriptor in the project, returns its block.

    Raises AlloError with every fault that the descriptor has (codes `file`, `yaml`, `type`), and every difference from
    its code (code `ip`). Texts that did not change are not read again.
    """

    def __init__(self, sources: Callable[[str], Source]) -> None:
        self._sources = sources

    def __call__(self, path: str) -> IpBlock:
        """Return the block that a descriptor describes."""
        source = self._sources(path)
        found, place = _descriptors.find((path, source.text), partial(_described, path, source))
        texts = self._texts(found, place)
        key = path, source.text, tuple(sorted(texts.items()))
        return _blocks.find(key, partial(_block, path, found, texts, place))

    def _texts(self, found: Descriptor, place: Place) -> dict[str, str]:
        """Return the texts of all files that a descriptor names; raises AlloError (code `file`)."""
        texts, faults = {}, list[Diagnostic]()
        for path, at in _wanted(found).items():
            try:
                texts[path] = self._sources(path).text
            except AlloError as error:
                faults += [replace(d, span=place(at)) for d in error.diagnostics]
        if faults:
            raise AlloError(faults)
        return texts


def _described(path: str, source: Source) -> tuple[Descriptor, Place]:
    """Return a descriptor and where its values stand; raises AlloError with every fault that it has."""
    document = parse_document(source)
    faults = Faults(document.place, document.key_span)
    found = read_descriptor(document.root.plain, str(PurePosixPath(path).parent), document.place, faults)
    if faults.found:
        raise AlloError(faults.found)
    return found, document.place


def _wanted(found: Descriptor) -> dict[str, Path]:
    """Return the files that a descriptor names, each with its place there."""
    wanted: dict[str, Path] = {}
    for spec in (found.cpp, found.verilog, found.model):
        if isinstance(spec, CodeSpec):
            wanted |= {path: (*spec.at, "files", n) for n, path in enumerate(spec.files)}
    if isinstance(found.model, tuple):
        wanted[found.model[0]] = ("model", "python")
    return wanted


def named_files(read: Callable[[str], Source], path: str) -> set[str]:
    """Return the paths of a descriptor and of all files that it names, as far as it can be read."""
    try:
        source = read(path)
        document = parse_document(source)
    except AlloError:
        return {path}
    faults = Faults(document.place, document.key_span)
    found = read_descriptor(document.root.plain, str(PurePosixPath(path).parent), document.place, faults)
    return {path, *_wanted(found)}


def _block(path: str, found: Descriptor, texts: dict[str, str], place: Place) -> IpBlock:
    # What reads code loads much, and most projects have no block of that kind.
    from allo_studio.project.ip.cpp import read_cpp
    from allo_studio.project.ip.verilog import read_verilog

    faults: list[Diagnostic] = []
    cpp = verilog = None
    model: Model | None = None
    if found.cpp is not None:
        try:
            cpp = read_cpp(found.cpp, found.ports, _own(found.cpp, texts), place)
        except AlloError as error:
            faults += error.diagnostics
    if isinstance(found.model, CodeSpec):
        try:
            model = CppModel(read_cpp(found.model, found.ports, _own(found.model, texts), place))
        except AlloError as error:
            faults += error.diagnostics
    elif found.model is not None:
        model = PythonModel(found.model[0], texts[found.model[0]], found.model[1])
    elif cpp is not None:
        model = CppModel(cpp)
    # The module is compared with a block that has no code yet: only the ports matter.
    bare = IpBlock(
        found.name,
        path,
        found.ports,
        found.timing,
        found.resources,
        model or PythonModel("", "", ""),
        cpp,
        span=place(("name",)),
    )
    if found.verilog is not None:
        try:
            verilog = read_verilog(found.verilog, bare, _own(found.verilog, texts), place)
        except AlloError as error:
            faults += error.diagnostics
    if faults:
        raise AlloError(faults)
    return replace(bare, verilog=verilog)


def _own(spec: CodeSpec, texts: dict[str, str]) -> dict[str, str]:
    return {path: texts[path] for path in spec.files}
