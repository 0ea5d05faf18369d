"""External blocks in the RTL: the signals that a module must have, and the files that it is in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from allo_studio.backends.rtl.buffers import bank_ports, element_ports, port_base
from allo_studio.backends.rtl.foreign import Foreign
from allo_studio.backends.rtl.places import bank_words
from allo_studio.design.region import IpProcess, Region, RegionProcess
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ip.block import IpBlock, IpPort, VerilogCode

__all__ = [
    "CONTROL",
    "ModulePort",
    "external_processes",
    "foreign_module",
    "module_ports",
    "port_signals",
    "require_modules",
    "source_files",
]

_FOLDER = "ip"
_SOURCES = (".v", ".sv")
_INCLUDE = re.compile(r'^[ \t]*`include[ \t]+"([^"\n]+)"[^\n]*$', re.MULTILINE)
_MOST_DEPTH = 16

Direction = Literal["in", "out"]


@dataclass(frozen=True)
class ModulePort:
    """A signal that a module must have. `name` is ours, `port` the block's port that it is for (empty: control)."""

    name: str
    direction: Direction
    width: int
    port: str = ""


# `clk` and `rst` are not among a circuit's own inputs.
CONTROL = (
    ModulePort("clk", "in", 1),
    ModulePort("rst", "in", 1),
    ModulePort("start", "in", 1),
    ModulePort("ready", "out", 1),
    ModulePort("done", "out", 1),
)


def module_ports(block: IpBlock) -> tuple[ModulePort, ...]:
    """Return all signals of a block's module, control first."""
    return (*CONTROL, *(signal for port in block.ports for signal in port_signals(port)))


def port_signals(port: IpPort) -> Iterator[ModulePort]:
    """Yield the signals of a port."""
    if port.moves == "stream":
        yield from _stream(port)
    elif port.moves == "value" and port.direction == "in":
        yield ModulePort(port_base(port.name), "in", port.type.bits, port.name)
    else:
        yield from _memory(port)


def _stream(port: IpPort) -> Iterator[ModulePort]:
    base, into = port_base(port.name), port.direction
    back: Direction = "out" if into == "in" else "in"
    yield ModulePort(f"{base}_data", into, port.width * port.type.element.bits, port.name)
    yield ModulePort(f"{base}_valid", into, 1, port.name)
    yield ModulePort(f"{base}_ready", back, 1, port.name)


def _memory(port: IpPort) -> Iterator[ModulePort]:
    storage, bits = port.storage, port.type.element.bits
    if storage.register:
        for element in element_ports(storage, port.name):
            if port.direction == "in":
                yield ModulePort(element, "in", bits, port.name)
            else:
                yield ModulePort(f"{element}_we", "out", 1, port.name)
                yield ModulePort(f"{element}_wd", "out", bits, port.name)
        return
    address = max(1, (bank_words(storage) - 1).bit_length())
    for bank in bank_ports(storage, port.name):
        enable, where, data = bank.read if port.direction == "in" else bank.write
        yield ModulePort(enable, "out", 1, port.name)
        yield ModulePort(where, "out", address, port.name)
        yield ModulePort(data, port.direction, bits, port.name)


def external_processes(region: Region) -> Iterator[IpProcess]:
    """Yield the external blocks of a region and of those inside it."""
    for process in region.processes:
        if isinstance(process, RegionProcess):
            yield from external_processes(process.region)
        elif isinstance(process, IpProcess):
            yield process


def require_modules(region: Region) -> None:
    """Raise AlloError (code `ip`) where an external block has no Verilog, or two files have a module of one name."""
    faults = []
    homes: dict[str, tuple[str, str]] = {}
    for process in external_processes(region):
        block, code = process.block, process.block.verilog
        if code is None:
            hint = f"add a section `verilog` to {block.path}, or build it with --target hls"
            message = f"the external block {block.name} has no Verilog, so it cannot be in the RTL"
            faults.append(Diagnostic("ip", message, block.span, where=process.path, hint=hint))
            continue
        for name, file in code.names.items():
            known = homes.setdefault(name, (file, code.files.get(file, "")))
            if known != (file, code.files.get(file, "")):
                message = f"module {name} is in {known[0]} and in {file}"
                faults.append(Diagnostic("ip", message, block.span, where=process.path, hint="rename one of them"))
    if faults:
        raise AlloError(list(dict.fromkeys(faults)))


def foreign_module(block: IpBlock) -> Foreign:
    """Return a block's own module, without a symbol."""
    code = block.verilog
    assert code is not None, f"{block.name} has no Verilog"
    spelled = {signal.name: code.signals.get(signal.name, signal.name) for signal in module_ports(block)}
    made = Foreign(code.module, parameters=tuple(sorted(code.parameters.items())))
    made.clock, made.reset = spelled["clk"], spelled["rst"]
    for signal in module_ports(block):
        if signal.name not in ("clk", "rst"):
            made.declare(spelled[signal.name], signal.width, signal.direction == "out")
    return made


def source_files(region: Region) -> dict[str, str]:
    """Return the Verilog of the external blocks, under the names that it has beside the RTL.

    What a file includes stands in it, so that a simulator needs no folders to look in.
    """
    found: dict[str, str] = {}
    for process in external_processes(region):
        code = process.block.verilog
        if code is not None:
            sources = [path for path in code.files if path.endswith(_SOURCES)] or list(code.files)
            found |= {str(PurePosixPath(_FOLDER) / path): _expanded(code, path, 0) for path in sources}
    return found


def _expanded(code: VerilogCode, path: str, depth: int) -> str:
    def included(match: re.Match[str]) -> str:
        inner = _find(code, path, match[1])
        return match[0] if inner is None or depth >= _MOST_DEPTH else _expanded(code, inner, depth + 1)

    return _INCLUDE.sub(included, code.files[path])


def _find(code: VerilogCode, path: str, wanted: str) -> str | None:
    folders: Iterable[str] = (str(PurePosixPath(path).parent), *code.include)
    return next((p for folder in folders if (p := str(PurePosixPath(folder) / wanted)) in code.files), None)
