"""From a descriptor's path to a block: text → plain values → descriptor → code read and compared → `IpBlock`."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ip.block import CppModel, IpBlock, Model, PythonModel
from allo_studio.project.document import Path, parse_document
from allo_studio.project.faults import Faults, Place
from allo_studio.project.ip.cpp import read_cpp
from allo_studio.project.ip.descriptor import CodeSpec, Descriptor, read_descriptor
from allo_studio.project.ip.verilog import read_verilog
from allo_studio.source import Source

__all__ = ["IpBlocks", "named_files"]

_MOST_KEPT = 256
_Key = tuple[str, tuple[tuple[str, str], ...]]
_Outcome = IpBlock | AlloError


class _Memo:
    """What came of texts that were read before; the least recently used are dropped first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, _Outcome] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: _Key) -> _Outcome | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: _Key, outcome: _Outcome) -> None:
        with self._lock:
            self._kept[key] = outcome
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)


_memo = _Memo()


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
        document = parse_document(source)
        faults = Faults(document.place, document.key_span)
        found = read_descriptor(document.root.plain, str(PurePosixPath(path).parent), document.place, faults)
        if faults.found:
            raise AlloError(faults.found)
        texts = self._texts(found, document.place)
        key = (f"{path}\0{source.text}", tuple(sorted(texts.items())))
        outcome = _memo.find(key)
        if outcome is None:
            try:
                outcome = _block(path, found, texts, document.place)
            except AlloError as error:
                outcome = error
            _memo.keep(key, outcome)
        if isinstance(outcome, AlloError):
            raise AlloError(outcome.diagnostics)
        return outcome

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
