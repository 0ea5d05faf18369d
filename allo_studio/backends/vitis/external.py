"""External C++ in an HLS project: a function of ours around each, with the types that generated code has.

The functions stand in files of their own, each of which includes a file of the project that defines what they call, so
that nothing of that is seen by the generated code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from allo_studio.backends.vitis.external_port import LOCAL_NAMES, ExternalPort
from allo_studio.backends.vitis.kernel import Function
from allo_studio.backends.vitis.memories import parameter, partition_pragmas
from allo_studio.backends.vitis.names import Names, comment
from allo_studio.backends.vitis.support import includes
from allo_studio.backends.vitis.text import Lines
from allo_studio.design.region import IpProcess, Region, RegionProcess
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ip.block import CppCode, IpBlock

__all__ = ["Compilation", "compilation", "external_files", "external_function", "taken_names"]

_FOLDER = "ip"
_SOURCES = (".cpp", ".cc", ".cxx", ".c++")
_BITS = """\
template <typename T, int BITS, typename V> inline T allo_of_bits(const V &value) {
    T result;
    result.range(BITS - 1, 0) = ap_uint<BITS>(value);
    return result;
}

template <typename V, int BITS, typename T> inline V allo_bits_of(const T &value) {
    const ap_uint<BITS> bits = value.range(BITS - 1, 0);
    return V(bits);
}

"""


@dataclass(frozen=True)
class Compilation:
    """What to compile beside the generated source: files, all files with a content, folders of headers; by name."""

    sources: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    include: tuple[str, ...] = ()


def _blocks(region: Region) -> Iterator[tuple[str, IpBlock]]:
    for process in region.processes:
        if isinstance(process, RegionProcess):
            yield from _blocks(process.region)
        elif isinstance(process, IpProcess):
            yield process.path, process.block


def _codes(region: Region) -> dict[str, CppCode]:
    """Return the C++ of each external block by path; raises AlloError (code `ip`) where one has none."""
    found, faults = {}, []
    for path, block in _blocks(region):
        code = block.cpp
        if code is None:
            hint = f"add a section `cpp` to {block.path}, or build it with --target rtl"
            message = f"the external block {block.name} has no C++, so it cannot be in an HLS project"
            faults.append(Diagnostic("ip", message, block.span, where=path, hint=hint))
        else:
            found[path] = code
    if faults:
        raise AlloError(faults)
    return found


def taken_names(region: Region) -> set[str]:
    """Return the names that the external files of a design give; generated functions must have others."""
    return {name for code in _codes(region).values() for name in code.names}


def compilation(region: Region) -> Compilation:
    """Return the project's files of the external blocks, under the names that they have in the HLS project.

    Raises AlloError (code `ip`) where a block has no C++.
    """
    codes = list(_codes(region).values())
    files = {_copied(path): text for code in codes for path, text in code.files.items()}
    mains = {code.main for code in codes}
    others = [path for code in codes for path in code.files if path.endswith(_SOURCES) and path not in mains]
    folders = [_copied(folder) for code in codes for folder in code.include]
    sources = [*_units(codes).values(), *map(_copied, others)]
    return Compilation(tuple(dict.fromkeys(sources)), files, tuple(dict.fromkeys(folders)))


def _copied(path: str) -> str:
    return str(PurePosixPath(_FOLDER) / path)


def _units(codes: Sequence[CppCode]) -> dict[str, str]:
    """Return the file of our functions for each file that they include."""
    names = Names()
    mains = dict.fromkeys(code.main for code in codes)
    return {main: f"{names.unique(f'{_FOLDER}_{PurePosixPath(main).stem}')}.cpp" for main in mains}


def external_files(region: Region, functions: Mapping[str, tuple[str, Function]]) -> dict[str, str]:
    """Return the files of our functions, by name. `functions` are name and function by the block's path."""
    codes = _codes(region)
    blocks = dict(_blocks(region))
    units = _units(list(codes.values()))
    found = {}
    for main, unit in units.items():
        own = {functions[path]: path for path, code in codes.items() if code.main == main}
        text = "\n".join(
            f"// {comment(f'{path}: external block {blocks[path].name}, {codes[path].function} of {main}')}\n"
            f"{function.definition(name)}"
            for (name, function), path in own.items()
        )
        helpers = _BITS if "allo_of_bits" in text or "allo_bits_of" in text else ""
        # The file comes first, as it was written to stand alone.
        head = "\n".join([f'#include "{_copied(main)}"', "", *includes(text + helpers)])
        found[unit] = f"{head}\n\n{helpers}{text}"
    return found


def external_function(process: IpProcess) -> Function:
    """Return our function around an external block's, which calls it for each firing.

    Raises AlloError (code `ip`) where it has no C++.
    """
    code = process.block.cpp
    if code is None:
        raise AlloError(Diagnostic("ip", f"{process.block.name} has no C++", where=process.path))
    names = Names((*code.names, *LOCAL_NAMES))
    ports = [ExternalPort.of(port, process.firings, code.arguments[port.name], names) for port in process.block.ports]
    lines = Lines(1)
    lines.pragma("inline off")
    for port in ports:
        for pragma in partition_pragmas(port.memory):
            lines.pragma(pragma)
    # What is the same at all firings is copied once.
    same = [port for port in ports if process.firings.counts and port.constant]
    for port in same:
        port.before(lines)
    with ExitStack() as loops:
        for number, count in enumerate(process.firings.counts):
            name = f"firing_{number}"
            lines.add(f"for (int {name} = 0; {name} < {count}; ++{name}) {{")
            loops.callback(lines.add, "}")
            loops.enter_context(lines.indented())
        _firing(lines, code, ports, [port for port in ports if port not in same])
    return Function(tuple(parameter(port.memory) for port in ports), lines.text(), process.block.path)


def _firing(lines: Lines, code: CppCode, ports: Sequence[ExternalPort], own: Sequence[ExternalPort]) -> None:
    """Write one firing: the call, with the copies that are its own."""
    if any(port.copied and port.port.moves == "stream" for port in ports):
        lines.pragma("dataflow")
    for port in own:
        port.before(lines)
    call = f"{code.function}({', '.join(port.passed() for port in ports if not port.port.returned)})"
    returned = next((port for port in ports if port.port.returned), None)
    lines.add(f"{returned.element} = {returned.ours(call)};" if returned else f"{call};")
    for port in ports:
        port.after(lines)
