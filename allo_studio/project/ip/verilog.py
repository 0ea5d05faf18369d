"""The Verilog of an external block: its module is looked up, and every difference from the descriptor is a fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from allo_studio.backends.rtl.external import CONTROL, ModulePort, module_ports
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ip.block import IpBlock, VerilogCode
from allo_studio.project.document import Path
from allo_studio.project.faults import Place
from allo_studio.project.ip.asking import ask
from allo_studio.project.ip.descriptor import CodeSpec

__all__ = ["read_verilog"]

_PACKAGE = "pyslang"
_SOURCES = (".v", ".sv")
# What differs: the place in the descriptor, the message, what to do.
_Difference = tuple[Path, str, str]


def read_verilog(spec: CodeSpec, block: IpBlock, files: Mapping[str, str], place: Place) -> VerilogCode:
    """Return the code that a descriptor names; raises AlloError (code `ip`) with every difference from the ports."""
    at: Path = (*spec.at, "module")
    if not spec.top.isidentifier() or not spec.top.isascii():
        raise AlloError(
            Diagnostic("ip", f"{spec.top!r} is no name of a module", place(at), hint="write `module: scale`")
        )
    question = {
        "files": dict(files),
        "sources": [path for path in spec.files if path.endswith(_SOURCES)] or list(spec.files),
        "include": list(spec.include),
        "module": spec.top,
        "parameters": dict(spec.parameters),
    }
    answer = ask("parse_verilog.py", _PACKAGE, question, place(at))
    hint = "mend it there; files that it includes are to be listed in `files` too"
    faults = [
        Diagnostic("ip", f"{_where(error)}: {error['message']}", place((*spec.at, "files")), hint=hint)
        for error in answer["errors"]
    ]
    if faults:
        raise AlloError(faults)
    module = answer["module"]
    if module is None:
        known = ", ".join(answer["names"]) or "none"
        raise AlloError(
            Diagnostic("ip", f"no file has a module {spec.top}", place(at), hint=f"the files' modules are: {known}")
        )
    faults = [Diagnostic("ip", m, place(path), hint=h) for path, m, h in _differences(spec, block, module)]
    if faults:
        raise AlloError(faults)
    return VerilogCode(
        dict(files), spec.include, spec.top, dict(spec.parameters), dict(spec.signals), dict(answer["names"])
    )


def _where(found: Mapping[str, Any]) -> str:
    return f"{found['path']}:{found['line']}:{found['column']}"


def _differences(spec: CodeSpec, block: IpBlock, module: Mapping[str, Any]) -> Iterator[_Difference]:
    for name in spec.parameters:
        if name not in module["parameters"]:
            known = ", ".join(module["parameters"]) or "none"
            message = f"{spec.top} at {_where(module)} has no parameter {name}"
            yield (*spec.at, "parameters", name), message, f"its parameters are: {known}"
    wanted = module_ports(block)
    for name in spec.signals:
        if all(name != signal.name for signal in wanted):
            known = ", ".join(signal.name for signal in wanted)
            yield (*spec.at, "signals", name), f"the block has no signal {name}", f"signals are: {known}"
    there = {port["name"]: port for port in module["ports"]}
    for signal in wanted:
        name = spec.signals.get(signal.name, signal.name)
        path: Path = ("ports", signal.port) if signal.port else (*spec.at, "module")
        if name not in there:
            purpose = f"for port {signal.port}" if signal.port else f"for control ({_control()})"
            message = f"{spec.top} at {_where(module)} has no port {name}, {purpose}"
            yield path, message, f"add `{_declared(signal, name)}`, or give its own name under `signals`"
        else:
            yield from _port(signal, name, there[name], path)
    names = {spec.signals.get(signal.name, signal.name) for signal in wanted}
    for name, port in there.items():
        if name not in names:
            message = f"{spec.top} has a port {name} at {_where(port)} that belongs to no port of the block"
            yield (*spec.at, "module"), message, "list its port, remove it, or give its name under `signals`"


def _port(signal: ModulePort, name: str, port: Mapping[str, Any], path: Path) -> Iterator[_Difference]:
    if port["direction"] != signal.direction:
        words = {"in": "an input", "out": "an output"}
        found = words.get(port["direction"], "an inout or interface")
        message = f"{name} must be {words[signal.direction]}, and at {_where(port)} it is {found}"
        yield path, message, f"declare it as `{_declared(signal, name)}`, or change the direction here"
    elif port["width"] != signal.width:
        message = f"{name} must have {signal.width} bits, and at {_where(port)} it has {port['width']}"
        yield path, message, f"declare it as `{_declared(signal, name)}`, or change the type here"


def _declared(signal: ModulePort, name: str) -> str:
    width = f" [{signal.width - 1}:0]" if signal.width > 1 else ""
    return f"{signal.direction}put{width} {name}"


def _control() -> str:
    return ", ".join(signal.name for signal in CONTROL)
