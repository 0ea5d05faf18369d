"""External C++ in an HLS project: a function of ours around each, with the types that generated code has.

The functions stand in files of their own, each of which includes a file of the project that defines what they call, so
that nothing of that is seen by the generated code. Where a parameter's C++ type is not the one that generated code has
for the port's type, the values are copied on their way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from allo_studio.backends.vitis.cpp_types import cpp_type
from allo_studio.backends.vitis.kernel import Function
from allo_studio.backends.vitis.memories import Memory, parameter, partition_pragmas
from allo_studio.backends.vitis.names import Names, comment
from allo_studio.backends.vitis.support import includes
from allo_studio.backends.vitis.text import Lines
from allo_studio.design.region import IpProcess, Region, RegionProcess
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ip.block import CppArgument, CppCode, IpBlock, IpPort
from allo_studio.layout import Layout
from allo_studio.types import ScalarType

__all__ = ["Compilation", "compilation", "external_files", "external_function", "taken_names"]

_FOLDER = "ip"
_SOURCES = (".cpp", ".cc", ".cxx", ".c++")
# What C++ calls the types that generated code uses, where a name is another's.
_CANONICAL = {
    "int8_t": "signed char",
    "int16_t": "short",
    "int32_t": "int",
    "int64_t": "long",
    "uint8_t": "unsigned char",
    "uint16_t": "unsigned short",
    "uint32_t": "unsigned int",
    "uint64_t": "unsigned long",
}
# Names that the copying loops use.
_LOCAL_NAMES = ("token", "lane", "given", "made", *(f"at_{depth}" for depth in range(32)))
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
    """Return our function around an external block's; raises AlloError (code `ip`) where it has no C++."""
    code = process.block.cpp
    if code is None:
        raise AlloError(Diagnostic("ip", f"{process.block.name} has no C++", where=process.path))
    names = Names((*code.names, *_LOCAL_NAMES))
    ports = [_Port.of(port, code.arguments[port.name], names) for port in process.block.ports]
    lines = Lines(1)
    lines.pragma("inline off")
    if any(port.copied and port.port.moves == "stream" for port in ports):
        lines.pragma("dataflow")
    for port in ports:
        for pragma in partition_pragmas(port.memory):
            lines.pragma(pragma)
    for port in ports:
        port.before(lines)
    passed = ", ".join(port.passed() for port in ports if not port.port.returned)
    call = f"{code.function}({passed})"
    returned = next((port for port in ports if port.port.returned), None)
    lines.add(f"{returned.memory.name} = {returned.ours(call)};" if returned else f"{call};")
    for port in ports:
        port.after(lines)
    return Function(tuple(parameter(port.memory) for port in ports), lines.text(), process.block.path)


@dataclass(frozen=True)
class _Port:
    """A port on both sides of our function: `memory` as generated code has it, `local` the name of a copy."""

    port: IpPort
    argument: CppArgument
    memory: Memory
    local: str

    @classmethod
    def of(cls, port: IpPort, argument: CppArgument, names: Names) -> _Port:
        width = port.width if port.moves == "stream" else 0
        layout = port.layout if port.moves == "memory" else Layout.plain(len(port.type.shape))
        name = names.unique(port.name)
        memory = Memory(name, port.name, port.type, layout, width, port.direction == "out")
        return cls(port, argument, memory, names.unique(f"{port.name}_copy"))

    @property
    def element(self) -> ScalarType:
        return self.port.type.element

    @property
    def copied(self) -> bool:
        """Whether its C++ types differ, so that the values are copied; a returned value is converted anyway."""
        if self.argument.kind == "returned" or (self.port.moves == "value" and self.port.direction == "in"):
            return False
        if self.port.moves == "stream" and self.argument.token != (self.port.width if self.port.width > 1 else 0):
            return True
        return not self._same

    @property
    def _same(self) -> bool:
        """Whether an element's type is the same on both sides."""
        return _CANONICAL.get(self.memory.element_type, self.memory.element_type) == self.argument.element

    def theirs(self, value: str) -> str:
        """Return a value of generated code in the block's own type."""
        if self.element.kind == "fixed":
            return f"allo_of_bits<{self.argument.element}, {self.element.bits}>({value})"
        return value if self._same else f"static_cast<{self.argument.element}>({value})"

    def ours(self, value: str) -> str:
        """Return a value of the block's own type as generated code has it."""
        if self.element.kind == "fixed":
            return f"allo_bits_of<{cpp_type(self.element).name}, {self.element.bits}>({value})"
        return value if self._same else f"static_cast<{self.memory.element_type}>({value})"

    def passed(self) -> str:
        """Return what the call passes."""
        name = self.local if self.copied else self.memory.name
        if self.port.moves == "value" and self.port.direction == "in":
            return self.theirs(name)
        if self.argument.kind == "pointer":
            return f"&{name}{'[0]' * len(self.port.type.shape)}"
        return name

    def before(self, lines: Lines) -> None:
        """Declare the copy, and fill it for an input."""
        if not self.copied:
            return
        if self.port.moves == "stream":
            lines.add(f'hls::stream<{self._token}> {self.local}("{self.local}");')
        else:
            extents = "".join(f"[{extent}]" for extent in self.port.type.shape)
            lines.add(f"{self.argument.element} {self.local}{extents};")
            for pragma in partition_pragmas(self.memory):
                lines.pragma(pragma.replace(f"variable={self.memory.name} ", f"variable={self.local} "))
        if self.port.direction == "in":
            self._copy(lines, into=True)

    def after(self, lines: Lines) -> None:
        """Copy an output back."""
        if self.copied and self.port.direction == "out":
            self._copy(lines, into=False)

    @property
    def _token(self) -> str:
        element, width = self.argument.element, self.argument.token
        return f"hls::vector<{element}, {width}>" if width else element

    def _copy(self, lines: Lines, into: bool) -> None:
        if self.port.moves == "stream":
            self._copy_stream(lines, into)
            return
        shape = self.port.type.shape
        for depth, extent in enumerate(shape):
            index = f"at_{depth}"
            lines.restore([f"{'    ' * (depth + 1)}for (int {index} = 0; {index} < {extent}; ++{index}) {{"])
        at = "".join(f"[at_{depth}]" for depth in range(len(shape)))
        mine, local = f"{self.memory.name}{at}", f"{self.local}{at}"
        done = f"{local} = {self.theirs(mine)};" if into else f"{mine} = {self.ours(local)};"
        lines.restore([f"{'    ' * (len(shape) + 1)}{done}"])
        for depth in reversed(range(len(shape))):
            lines.restore([f"{'    ' * (depth + 1)}}}"])

    def _copy_stream(self, lines: Lines, into: bool) -> None:
        source, target = (self.memory.name, self.local) if into else (self.local, self.memory.name)
        taken, made = (self.memory.token_type, self._token) if into else (self._token, self.memory.token_type)
        convert = self.theirs if into else self.ours
        lines.add(f"for (int token = 0; token < {self.port.tokens}; ++token) {{")
        lines.pragma("pipeline II=1")
        with lines.indented():
            lines.add(f"const {taken} given = {source}.read();")
            lines.add(f"{made} made;")
            if self.port.width == 1:
                given = "given[0]" if into is False and self.argument.token else "given"
                kept = "made[0]" if into and self.argument.token else "made"
                lines.add(f"{kept} = {convert(given)};")
            else:
                lines.add(f"for (int lane = 0; lane < {self.port.width}; ++lane) {{")
                with lines.indented():
                    lines.add(f"made[lane] = {convert('given[lane]')};")
                lines.add("}")
            lines.add(f"{target}.write(made);")
        lines.add("}")
