"""The form of a descriptor, `*.ip.yaml`: from plain values to what it says, with every fault noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any, Literal, cast

from allo_studio.ip.block import IpPort, IpTiming, Moves, TokenRun
from allo_studio.layout import Layout
from allo_studio.project.document import Path
from allo_studio.project.faults import Faults, Place
from allo_studio.types import ArrayType, parse_type

__all__ = ["FORMAT", "CodeSpec", "Descriptor", "read_descriptor"]

FORMAT = 1
_TOP_KEYS = ("format", "name", "ports", "timing", "resources", "cpp", "verilog", "model")
_PORT_KEYS = ("direction", "type", "moves", "width", "layout", "returned")
_CPP_KEYS = ("files", "include", "function")
_VERILOG_KEYS = ("files", "include", "module", "parameters", "signals")
_MOST_BANKS = 1024
_MOST_TOKENS = 1 << 26
# The keys of the resources, and what a device calls them.
_RESOURCES = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "bram": "BRAM_18K", "uram": "URAM"}


@dataclass(frozen=True)
class CodeSpec:
    """Code that a descriptor names: paths in the project, folders of headers, the function or module, and more.

    `at` is the section's place in the descriptor.
    """

    at: Path
    files: tuple[str, ...]
    include: tuple[str, ...]
    top: str
    parameters: Mapping[str, int] = field(default_factory=dict)
    signals: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Descriptor:
    """What a descriptor says. `model` is C++ of its own, a Python function (path, name), or None: that of `cpp`."""

    name: str
    ports: tuple[IpPort, ...]
    timing: IpTiming
    resources: Counter[str] | None
    cpp: CodeSpec | None
    verilog: CodeSpec | None
    model: CodeSpec | tuple[str, str] | None


def read_descriptor(plain: Any, folder: str, place: Place, faults: Faults) -> Descriptor:
    """Return what the plain values of a descriptor in a `folder` of the project say; where `faults` are, in part."""
    return _Reader(folder, place, faults).read(plain)


class _Reader:
    def __init__(self, folder: str, place: Place, faults: Faults) -> None:
        self.folder, self.place, self.faults = folder, place, faults

    def read(self, plain: Any) -> Descriptor:
        faults = self.faults
        top = faults.take_mapping(plain, (), _TOP_KEYS)
        self._format(top)
        for key, hint in (
            ("name", "add `name: scale`"),
            ("ports", "add `ports` with an entry for each"),
            ("timing", "add `timing: {latency: 10}`, with the tokens of each stream"),
        ):
            if isinstance(plain, dict) and key not in plain:
                faults.add((), f"the descriptor has no {key}", hint)
        name = faults.take_name(top["name"], ("name",)) if "name" in top else None
        ports = tuple(
            port
            for key, value in faults.take_named(top.get("ports", {}), ("ports",)).items()
            if (port := self._port(key, value)) is not None
        )
        self._require_ports(top, ports)
        cpp = self._code(top["cpp"], ("cpp",), _CPP_KEYS, "function") if "cpp" in top else None
        verilog = self._code(top["verilog"], ("verilog",), _VERILOG_KEYS, "module") if "verilog" in top else None
        if isinstance(plain, dict) and "cpp" not in top and "verilog" not in top:
            hint = "add a section `cpp` for the hls target, `verilog` for the rtl target, or both"
            faults.add((), "the descriptor names no code", hint)
        return Descriptor(
            name=name or "ip",
            ports=ports,
            timing=self._timing(top.get("timing", {}), ports),
            resources=self._resources(top["resources"]) if "resources" in top else None,
            cpp=cpp,
            verilog=verilog,
            model=self._model(top.get("model"), cpp is not None or "cpp" in top),
        )

    def _format(self, top: Mapping[str, Any]) -> None:
        number = top.get("format", FORMAT)
        if number != FORMAT or isinstance(number, bool):
            hint = f"this version reads format {FORMAT}"
            self.faults.add(("format",), f"must be {FORMAT}, not {number!r}"[:80], hint)

    # Ports

    def _port(self, name: str, value: Any) -> IpPort | None:
        path: Path = ("ports", name)
        entries = self.faults.take_mapping(value, path, _PORT_KEYS)
        direction = self.faults.take_choice(entries.get("direction"), (*path, "direction"), ("in", "out"))
        kind = self._type(entries, path)
        if kind is None or direction is None:
            return None
        moves = self._moves(entries, kind, path)
        if moves is None:
            return None
        return IpPort(
            name=name,
            direction=cast(Literal["in", "out"], direction),
            type=kind,
            moves=moves,
            layout=self._layout(entries, kind, moves, path),
            width=self._width(entries, kind, moves, path),
            returned=self._returned(entries, direction, moves, path),
            span=self.place(path),
        )

    def _type(self, entries: Mapping[str, Any], path: Path) -> ArrayType | None:
        if "type" not in entries:
            self.faults.add(path, "the port has no type", 'add `type: "int32[64]"`')
            return None
        text = self.faults.take_text(entries["type"], (*path, "type"))
        if text is None:
            return None
        try:
            kind = parse_type(text)
        except ValueError as fault:
            self.faults.add((*path, "type"), str(fault), "write it like float32[64, 32]", code="type")
            return None
        if any(kind.sizes):
            hint = "give the extents as numbers: an external block has one size"
            self.faults.add((*path, "type"), f"{kind} has a size that is named", hint, code="type")
            return None
        return kind

    def _moves(self, entries: Mapping[str, Any], kind: ArrayType, path: Path) -> Moves | None:
        if not kind.shape:
            if entries.get("moves", "value") != "value":
                hint = "leave `moves` out, or make the type an array"
                self.faults.add((*path, "moves"), f"a port of type {kind} is a value", hint)
            return "value"
        if "moves" not in entries:
            self.faults.add(path, "the port does not say how its array moves", "add `moves: stream` or `moves: memory`")
            return None
        found = self.faults.take_choice(entries["moves"], (*path, "moves"), ("stream", "memory"))
        return cast("Moves | None", found)

    def _width(self, entries: Mapping[str, Any], kind: ArrayType, moves: Moves, path: Path) -> int:
        if moves == "stream" and kind.size > _MOST_TOKENS:
            hint = f"a stream moves at most {_MOST_TOKENS} elements an invocation"
            self.faults.add((*path, "type"), f"{kind} is too large for a stream", hint)
        if "width" not in entries:
            return 1
        width = self.faults.take_int(entries["width"], (*path, "width"), 1) or 1
        if moves != "stream":
            self.faults.add((*path, "width"), "only a stream has tokens", "remove it, or write `moves: stream`")
        elif kind.shape[-1] % width:
            hint = f"a token is a part of a row: take a divisor of {kind.shape[-1]}"
            self.faults.add((*path, "width"), f"rows of {kind} are no whole tokens of {width}", hint)
        else:
            return width
        return 1

    def _layout(self, entries: Mapping[str, Any], kind: ArrayType, moves: Moves, path: Path) -> Layout:
        plain = Layout.plain(len(kind.shape))
        if "layout" not in entries:
            return plain
        here = (*path, "layout")
        text = self.faults.take_text(entries["layout"], here)
        if text is None:
            return plain
        if moves != "memory":
            self.faults.add(here, "only a memory has a layout", "remove it, or write `moves: memory`")
            return plain
        try:
            layout = Layout.parse(text)
        except ValueError as fault:
            self.faults.add(here, str(fault), 'write it like "(-, cyclic 4)"')
            return plain
        if len(layout.dims) != len(kind.shape):
            message = f"{layout} has {len(layout.dims)} dimensions, {kind} has {len(kind.shape)}"
            self.faults.add(here, message, "give one entry a dimension")
            return plain
        if layout.joined:
            self.faults.add(here, f"{layout} has words: a port has banks of its own", "leave out `word`")
            return plain
        layout = layout.normal(kind.shape)
        if layout.banks(kind.shape) > _MOST_BANKS:
            self.faults.add(here, f"{layout.banks(kind.shape)} banks are too many", f"use at most {_MOST_BANKS}")
            return plain
        return layout

    def _returned(self, entries: Mapping[str, Any], direction: str, moves: Moves, path: Path) -> bool:
        if "returned" not in entries:
            return False
        found = self.faults.take_bool(entries["returned"], (*path, "returned")) is True
        if found and (direction != "out" or moves != "value"):
            self.faults.add((*path, "returned"), "a function returns one value, an output", "remove `returned`")
        return found

    def _require_ports(self, top: Mapping[str, Any], ports: tuple[IpPort, ...]) -> None:
        if "ports" in top and not self.faults.found and not any(port.direction == "out" for port in ports):
            self.faults.add(("ports",), "the block has no output", "add a port with `direction: out`")
        returned = [port.name for port in ports if port.returned]
        if len(returned) > 1:
            message = f"{' and '.join(returned)} are both returned"
            self.faults.add(("ports", returned[1], "returned"), message, "a function returns one value")

    # Timing and resources

    def _timing(self, value: Any, ports: tuple[IpPort, ...]) -> IpTiming:
        path: Path = ("timing",)
        entries = self.faults.take_mapping(value, path, ("latency", "interval", "tokens"))
        if isinstance(value, dict) and value and "latency" not in entries:
            self.faults.add(path, "the timing has no latency", "add `latency`, in cycles from start to done")
        latency = self._whole(entries, "latency", path, 1)
        interval = self._whole(entries, "interval", path, latency)
        if interval > latency:
            hint = f"it is at most the latency, {latency}: the block takes its next start when it is done"
            self.faults.add((*path, "interval"), f"{interval} is more than the latency", hint)
        given = self.faults.take_mapping(entries.get("tokens", {}), (*path, "tokens"))
        streams = {port.name: port for port in ports if port.moves == "stream"}
        for name in given:
            if name not in streams:
                self.faults.unknown_key((*path, "tokens"), name, list(streams) or ["no port: none is a stream"])
        tokens = {}
        for name, port in streams.items():
            if name not in given:
                hint = f"add `{name}: {{first: 0, every: 1}}` to the tokens: when it moves the first, and each next one"
                self.faults.add((*path, "tokens"), f"it is not said when the stream {name} moves its tokens", hint)
                continue
            tokens[name] = self._runs(given[name], port, latency, (*path, "tokens", name))
        return IpTiming(latency, interval, tokens)

    def _whole(self, entries: Mapping[str, Any], key: str, path: Path, default: int, least: int = 1) -> int:
        if key not in entries:
            return default
        found = self.faults.take_int(entries[key], (*path, key), least)
        return default if found is None else found

    def _runs(self, value: Any, port: IpPort, latency: int, path: Path) -> tuple[TokenRun, ...]:
        parts = value if isinstance(value, list) else [value]
        runs: list[TokenRun] = []
        clean = len(self.faults.found)
        for index, part in enumerate(parts):
            here = (*path, index) if isinstance(value, list) else path
            entries = self.faults.take_mapping(part, here, ("first", "every", "count"))
            count = self._whole(entries, "count", here, port.tokens)
            runs.append(
                TokenRun(self._whole(entries, "first", here, 0, 0), self._whole(entries, "every", here, 1), count)
            )
        if len(self.faults.found) > clean:
            return ()
        if sum(run.count for run in runs) != port.tokens:
            message = f"{sum(run.count for run in runs)} tokens are told of, and {port.type} has {port.tokens}"
            self.faults.add(path, message, f"let the counts add up to {port.tokens}")
        elif any(one.last >= two.first for one, two in pairwise(runs)):
            self.faults.add(path, "a run of tokens begins before the one before it ended", "put them in order")
        elif runs[-1].last >= latency:
            message = f"the last token moves in cycle {runs[-1].last}, and the block is done in cycle {latency - 1}"
            self.faults.add(path, message, f"cycles count from 0; let the latency be {runs[-1].last + 1} or more")
        else:
            return tuple(runs)
        return ()

    def _resources(self, value: Any) -> Counter[str]:
        path: Path = ("resources",)
        entries = self.faults.take_mapping(value, path, tuple(_RESOURCES))
        found: Counter[str] = Counter()
        for key, entry in entries.items():
            if key in _RESOURCES:
                found[_RESOURCES[key]] = self.faults.take_int(entry, (*path, key), 0) or 0
        return found

    # Code

    def _code(self, value: Any, path: Path, keys: tuple[str, ...], top: str) -> CodeSpec | None:
        entries = self.faults.take_mapping(value, path, keys)
        if not entries:
            return None
        files = self._paths(entries.get("files"), (*path, "files"))
        if not files:
            self.faults.add(path, "no files are named", "add `files: [...]`, paths from the descriptor's folder")
        name = self.faults.take_text(entries[top], (*path, top)) if top in entries else None
        if top not in entries:
            self.faults.add(path, f"the {top} is not named", f"add `{top}`")
        elif name is not None and not name.strip():
            self.faults.add((*path, top), f"the {top} is not named", f"give the name of the {top}")
        return CodeSpec(
            at=path,
            files=files,
            include=self._paths(entries.get("include"), (*path, "include")),
            top=(name or "").strip(),
            parameters={
                key: number
                for key, entry in self.faults.take_mapping(entries.get("parameters", {}), (*path, "parameters")).items()
                if (number := self._parameter(entry, (*path, "parameters", key))) is not None
            },
            signals={
                key: text
                for key, entry in self.faults.take_mapping(entries.get("signals", {}), (*path, "signals")).items()
                if (text := self.faults.take_name(entry, (*path, "signals", key))) is not None
            },
        )

    def _parameter(self, value: Any, path: Path) -> int | None:
        least = -(1 << 31)
        return self.faults.take_int(value, path, least)

    def _paths(self, value: Any, path: Path) -> tuple[str, ...]:
        """Return paths in the project of a list of paths from the descriptor's folder."""
        if value is None:
            return ()
        found = []
        for index, entry in enumerate(self.faults.take_list(value, path)):
            text = self.faults.take_text(entry, (*path, index))
            if text is not None:
                found.append(self._path(text))
        return tuple(dict.fromkeys(found))

    def _path(self, text: str) -> str:
        parts: list[str] = []
        pure = PurePosixPath(self.folder) / text
        for part in pure.parts:
            # What leads out of the project keeps its `..`, which the reader of files refuses.
            if part == ".." and parts and parts[-1] != "..":
                parts.pop()
            else:
                parts.append(part)
        return str(PurePosixPath(*parts)) if parts else "."

    def _model(self, value: Any, has_cpp: bool) -> CodeSpec | tuple[str, str] | None:
        path: Path = ("model",)
        if value is None or value == "cpp":
            if not has_cpp:
                hint = 'add `model: {python: "scale.py:scale"}` or `model: {cpp: {files: [...], function: scale}}`'
                self.faults.add(path, "nothing says what the block computes, so that it can be simulated", hint)
            return None
        if isinstance(value, str):
            self.faults.add(path, f"{value[:40]!r} is no model", "write cpp, {python: ...} or {cpp: ...}")
            return None
        entries = self.faults.take_mapping(value, path, ("cpp", "python"))
        if len(entries) != 1:
            self.faults.add(path, "a model is one function", "give either `python` or `cpp`")
            return None
        if "cpp" in entries:
            return self._code(entries["cpp"], (*path, "cpp"), _CPP_KEYS, "function")
        text = self.faults.take_text(entries.get("python"), (*path, "python")) or ""
        file, _, function = text.rpartition(":")
        if not file or not function.isidentifier():
            self.faults.add((*path, "python"), f"{text[:60]!r} names no function", 'write "scale.py:scale"')
            return None
        return self._path(file), function
