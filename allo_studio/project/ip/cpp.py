"""The C++ of an external block: its function is looked up, and every difference from the descriptor is a fault."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from allo_studio.backends.vitis.cpp_types import cpp_type
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ip.block import CppArgument, CppCode, IpPort
from allo_studio.project.document import Path
from allo_studio.project.faults import Place
from allo_studio.project.ip.asking import ask
from allo_studio.project.ip.descriptor import CodeSpec
from allo_studio.simulate.toolchain import find_compiler, include_dirs
from allo_studio.types import ScalarType, fixed, integer, parse_type

__all__ = ["read_cpp"]

_PACKAGE = "libclang"
_SOURCES = (".cpp", ".cc", ".cxx", ".c++")
_FUNCTION = re.compile(r"(::)?[A-Za-z_]\w*(::[A-Za-z_]\w*)*(<[\w\s,<>:()+*/-]*>)?")
_NATIVE = {
    "bool": "bool",
    "char": "int8",
    "signed char": "int8",
    "unsigned char": "uint8",
    "short": "int16",
    "unsigned short": "uint16",
    "int": "int32",
    "unsigned int": "uint32",
    "long": "int64",
    "unsigned long": "uint64",
    "long long": "int64",
    "unsigned long long": "uint64",
    "half": "float16",
    "float": "float32",
    "double": "float64",
}
_AP_INT = re.compile(r"ap_(u?)int<(\d+)>")
_AP_FIXED = re.compile(r"ap_(u?)fixed<(\d+), (-?\d+)(?:, (\w+))?(?:, (\w+))?(?:, (\d+))?>")
_ROUNDINGS = {
    "AP_TRN": "floor",
    "AP_TRN_ZERO": "zero",
    "AP_RND": "half_up",
    "AP_RND_ZERO": "half_zero",
    "AP_RND_INF": "half_away",
    "AP_RND_MIN_INF": "half_down",
    "AP_RND_CONV": "half_even",
}
_OVERFLOWS = {
    "AP_WRAP": "wrap",
    "AP_SAT": "saturate",
    "AP_SAT_ZERO": "saturate_zero",
    "AP_SAT_SYM": "saturate_symmetric",
}


def read_cpp(spec: CodeSpec, ports: tuple[IpPort, ...], files: Mapping[str, str], place: Place) -> CppCode:
    """Return the code that a descriptor names; raises AlloError (code `ip`) with every difference from the ports."""
    at: Path = (*spec.at, "function")
    if not _FUNCTION.fullmatch(spec.top):
        hint = "write it like scale, filters::scale or scale<16, int>"
        raise AlloError(Diagnostic("ip", f"{spec.top!r} is no name of a C++ function", place(at), hint=hint))
    sources = [path for path in spec.files if path.endswith(_SOURCES)] or list(spec.files)
    question = {
        "files": dict(files),
        "sources": sources,
        "include": list(spec.include),
        "headers": [*map(str, include_dirs()), *_system_headers()],
        "function": spec.top.removeprefix("::"),
    }
    answer = ask("parse_cpp.py", _PACKAGE, question, place(at))
    faults = [_syntax(error, spec, place) for error in answer["errors"]]
    if faults:
        raise AlloError(faults)
    found = answer["function"]
    if found is None:
        hint = f"its files are {', '.join(spec.files)}; give the name with its namespace and its template's arguments"
        raise AlloError(Diagnostic("ip", f"no file has a function {spec.top}", place(at), hint=hint))
    if not found["defined"]:
        hint = "add the file with its body to `files`"
        message = f"{spec.top} is declared at {_where(found)}, and no file defines it"
        raise AlloError(Diagnostic("ip", message, place(at), hint=hint))
    faults = [Diagnostic("ip", m, place(path), hint=h) for path, m, h in _differences(spec, ports, found, at)]
    if faults:
        raise AlloError(faults)
    return CppCode(dict(files), found["path"], spec.include, spec.top, _arguments(ports, found), tuple(answer["names"]))


def _syntax(error: Mapping[str, Any], spec: CodeSpec, place: Place) -> Diagnostic:
    if error["message"] == "overloaded":
        hint = "give a template's arguments, as in scale<16>, or a function of its own a name of its own"
        message = f"{spec.top} is a template, or several functions, and it is not said which is meant"
        return Diagnostic("ip", message, place((*spec.at, "function")), hint=hint)
    where = _where(error) if error["path"] else "a header of the compiler"
    hint = "mend it there; headers that it includes are to be listed in `files` too"
    return Diagnostic("ip", f"{where}: {error['message']}", place((*spec.at, "files")), hint=hint)


def _where(found: Mapping[str, Any]) -> str:
    return f"{found['path']}:{found['line']}:{found['column']}"


def _system_headers() -> tuple[str, ...]:
    """Return the folders of the standard library's headers, as the compiler of this machine tells; none without one."""
    try:
        return _headers_of(find_compiler())
    except (AlloError, OSError, subprocess.TimeoutExpired):
        return ()


# Of a compiler that does not answer nothing is kept: it may by the next time.
@lru_cache(maxsize=8)
def _headers_of(compiler: tuple[str, ...]) -> tuple[str, ...]:
    command = [*compiler, "-E", "-v", "-x", "c++", "-"]
    said = subprocess.run(command, input=b"", capture_output=True, timeout=30, check=False).stderr.decode()
    listed = said.partition("search starts here:\n#include <...>")[2] or said
    folders = listed.partition("search starts here:")[2].partition("End of search list")[0]
    return tuple(line.strip() for line in folders.splitlines() if line.strip().startswith("/"))


# Differences: the place in the descriptor, the message, and what to do.
_Difference = tuple[Path, str, str]


def _differences(
    spec: CodeSpec, ports: tuple[IpPort, ...], found: Mapping[str, Any], at: Path
) -> Iterator[_Difference]:
    passed = [port for port in ports if not port.returned]
    parameters = found["parameters"]
    yield from _result(spec, ports, found)
    if len(passed) != len(parameters):
        names = ", ".join(p["name"] or "(unnamed)" for p in parameters) or "none"
        message = f"{spec.top} at {_where(found)} has {len(parameters)} parameters ({names}), not {len(passed)}"
        yield at, message, f"list a port for each, in order; the ports are {', '.join(p.name for p in passed)}"
        return
    for port, parameter in zip(passed, parameters, strict=True):
        path: Path = ("ports", port.name)
        if parameter["name"] != port.name:
            message = f"the port is called {port.name}, and the parameter at {_where(parameter)} {parameter['name']!r}"
            yield path, message, "give both one name; ports are in the order of the parameters"
            continue
        yield from _parameter(port, parameter, path)


def _result(spec: CodeSpec, ports: tuple[IpPort, ...], found: Mapping[str, Any]) -> Iterator[_Difference]:
    returned = next((port for port in ports if port.returned), None)
    result = found["result"]
    if returned is None:
        if result["element"] != "void":
            message = f"{spec.top} at {_where(found)} returns {result['spelled']}, and no port is returned"
            yield (*spec.at, "function"), message, "add a port {direction: out, type: ..., returned: true}"
        return
    path: Path = ("ports", returned.name)
    if result["element"] == "void":
        message = f"{returned.name} is returned, but {spec.top} at {_where(found)} returns nothing"
        yield (*path, "returned"), message, "remove `returned`, or return the value"
    else:
        yield from _element(returned, result, path)


def _parameter(port: IpPort, parameter: Mapping[str, Any], path: Path) -> Iterator[_Difference]:
    kind = parameter["kind"]
    if kind not in _wanted(port):
        message = f"{port.name} is {_said(port)}, and at {_where(parameter)} it is `{parameter['spelled']}`"
        yield (*path, "moves"), message, f"declare the parameter as {_example(port)}"
        return
    yield from _element(port, parameter, path)
    if kind == "stream":
        yield from _stream(port, parameter, path)
    else:
        yield from _direction(port, parameter, path)
    if port.type.shape and kind == "array":
        yield from _extents(port, parameter, path)


def _wanted(port: IpPort) -> tuple[str, ...]:
    """Return the kinds of parameters that a port may be."""
    if port.moves == "stream":
        return ("stream",)
    if port.moves == "memory":
        return ("array", "pointer")
    return ("value", "reference") if port.direction == "in" else ("reference", "pointer")


def _said(port: IpPort) -> str:
    what = {"stream": "a stream", "memory": "a memory", "value": "a value"}[port.moves]
    return f"{what} ({port.direction})"


def _example(port: IpPort) -> str:
    element = cpp_type(port.type.element).name
    if port.moves == "stream":
        token = f"hls::vector<{element}, {port.width}>" if port.width > 1 else element
        return f"hls::stream<{token}> &{port.name}"
    extents = "".join(f"[{extent}]" for extent in port.type.shape)
    if port.moves == "memory":
        return f"{'const ' if port.direction == 'in' else ''}{element} {port.name}{extents}"
    return f"{element} {'&' if port.direction == 'out' else ''}{port.name}"


def _element(port: IpPort, parameter: Mapping[str, Any], path: Path) -> Iterator[_Difference]:
    element = scalar_of(parameter["element"])
    if element == port.type.element:
        return
    means = f" ({element})" if element else ", which is no type of a port"
    message = f"elements of {port.name} are {port.type.element}, and at {_where(parameter)} `{parameter['element']}`"
    yield (*path, "type"), message + means, f"declare it as {_example(port)}, or change the type here"


def _stream(port: IpPort, parameter: Mapping[str, Any], path: Path) -> Iterator[_Difference]:
    width = parameter["token"] or 1
    if width != port.width:
        message = f"tokens of {port.name} are {port.width} elements, and at {_where(parameter)} {width}"
        yield (*path, "width"), message, f"declare it as {_example(port)}, or write `width: {width}`"
    # Whether a function reads or writes a stream is not in its type, so what its body does with it is looked at.
    uses = parameter["uses"]
    if uses == ["write"] and port.direction == "in":
        message = f"{port.name} is an input, and the function writes it (declared at {_where(parameter)})"
        yield (*path, "direction"), message, "write `direction: out`"
    if uses == ["read"] and port.direction == "out":
        message = f"{port.name} is an output, and the function reads it (declared at {_where(parameter)})"
        yield (*path, "direction"), message, "write `direction: in`"


def _direction(port: IpPort, parameter: Mapping[str, Any], path: Path) -> Iterator[_Difference]:
    if parameter["kind"] == "value":
        return
    if port.direction == "in" and not parameter["const"]:
        message = f"{port.name} is an input, and at {_where(parameter)} it can be written: `{parameter['spelled']}`"
        yield (*path, "direction"), message, f"declare it as {_example(port)}, or write `direction: out`"
    if port.direction == "out" and parameter["const"]:
        message = f"{port.name} is an output, and at {_where(parameter)} it is const: `{parameter['spelled']}`"
        yield (*path, "direction"), message, f"declare it as {_example(port)}, or write `direction: in`"


def _extents(port: IpPort, parameter: Mapping[str, Any], path: Path) -> Iterator[_Difference]:
    extents = tuple(parameter["extents"])
    same = len(extents) == len(port.type.shape)
    same = same and all(a is None or a == b for a, b in zip(extents, port.type.shape, strict=False))
    if not same:
        shown = "".join(f"[{'' if extent is None else extent}]" for extent in extents)
        message = f"{port.name} is {port.type}, and at {_where(parameter)} its extents are {shown}"
        yield (*path, "type"), message, f"declare it as {_example(port)}, or change the type here"


def scalar_of(spelled: str) -> ScalarType | None:
    """Return the element type that a C++ type in its canonical spelling is; None where a port has none such."""
    if spelled in _NATIVE:
        return parse_type(_NATIVE[spelled]).element
    whole = _AP_INT.fullmatch(spelled)
    try:
        if whole:
            return integer(int(whole[2]), not whole[1])
        point = _AP_FIXED.fullmatch(spelled)
        if point:
            bits, before = int(point[2]), int(point[3])
            rounding, overflow = _ROUNDINGS[point[4] or "AP_TRN"], _OVERFLOWS[point[5] or "AP_WRAP"]
            return fixed(bits, bits - before, not point[1], rounding, overflow)
    except (ValueError, KeyError):
        return None
    return None


def _arguments(ports: tuple[IpPort, ...], found: Mapping[str, Any]) -> dict[str, CppArgument]:
    passed = [port for port in ports if not port.returned]
    arguments = {
        port.name: CppArgument(parameter["kind"], parameter["element"], parameter["token"])
        for port, parameter in zip(passed, found["parameters"], strict=True)
    }
    for port in ports:
        if port.returned:
            arguments[port.name] = CppArgument("returned", found["result"]["element"])
    return arguments
