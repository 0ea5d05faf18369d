"""A design as the files of an HLS project: header, source, testbench and Tcl script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from allo_studio.backends.vitis.calls import CONCURRENTLY
from allo_studio.backends.vitis.external import compilation, external_files, external_function, taken_names
from allo_studio.backends.vitis.feedback import places, regions_in_loops
from allo_studio.backends.vitis.flow import flow_files
from allo_studio.backends.vitis.interface import Part, interface_functions
from allo_studio.backends.vitis.kernel import Callees, Function, kernel_function
from allo_studio.backends.vitis.memories import Memory
from allo_studio.backends.vitis.names import Names, comment, identifier
from allo_studio.backends.vitis.outer_port import OuterPort, outer_ports
from allo_studio.backends.vitis.region import port_memory, region_function
from allo_studio.backends.vitis.script import Setup
from allo_studio.backends.vitis.support import includes, support, types
from allo_studio.backends.vitis.testbench import testbench
from allo_studio.design.model import Interface, Target
from allo_studio.design.region import (
    IpProcess,
    KernelProcess,
    LeafProcess,
    Process,
    Region,
    RegionProcess,
    RelayoutProcess,
)
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.origins import NOWHERE, Extent, LineMap, Origin
from allo_studio.verification import REASSOCIATION_TOLERANCE, tolerance_for

__all__ = [
    "REASSOCIATION_TOLERANCE",
    "FunctionName",
    "Translation",
    "emit",
    "function_names",
    "tolerance_of",
    "translate",
]

_TOPS = {"kernel": "the top as a Vitis kernel", "stream": "the top with AXI streams"}


@dataclass(frozen=True)
class FunctionName:
    """A function of the C++: the instance path of the block or region that it is of, the first where several share it.

    `symbol` is the function of the block's kernel, empty for a region. The path is empty for functions around the
    design that make its interface.
    """

    name: str
    path: str
    symbol: str = ""


@dataclass(frozen=True)
class _Program:
    """The functions of a design in an order in which each is defined before it is called; the last is the top.

    `external` are those around external blocks by path, which stand in files of their own. `names` are of the
    functions of blocks with a kernel and of regions, `paths` all blocks and regions with their functions, `called`
    the functions that blocks' own functions call.
    """

    functions: tuple[tuple[str, str, Function], ...]  # name, what it is, function
    top: str
    external: Mapping[str, tuple[str, Function]]
    names: tuple[FunctionName, ...]
    paths: Mapping[str, str]
    called: tuple[tuple[str, str], ...] = ()  # path, name

    def line_map(self, above: int) -> LineMap:
        """Return what the lines of `text` stand for where `above` lines come before it."""
        text = self.text()
        origins: list[Origin] = [NOWHERE] * (above + text.count("\n"))
        extents: dict[str, tuple[int, int]] = {}
        at = len(origins)
        # From the last on: what comes before the first is not of them.
        for name, _, function in reversed(self.functions):
            lines = function.definition_origins(name)
            at -= len(lines)
            origins[at : at + len(lines)] = lines
            extents[name] = (at + 1, at + len(lines))
            # The comment above it, and the empty line before that.
            at -= 2
        blocks = [*self.paths.items(), *self.called]
        found = [Extent(path, *extents[name]) for path, name in blocks if name in extents]
        return LineMap(tuple(origins), tuple(sorted(found, key=lambda extent: (extent.first, extent.path))))

    def text(self) -> str:
        called = dict(self.external.values())
        prototypes = "".join(f"{function.prototype(name)};\n" for name, function in called.items())
        parts = [f"// External blocks.\n{prototypes}"] if prototypes else []
        parts += [f"// {comment(note)}\n{function.definition(name)}" for name, note, function in self.functions]
        return "\n".join(parts)


@dataclass(frozen=True)
class Translation:
    """A design as HLS C++: its files by name, and the function of each block and graph by instance path.

    `lines` tells what the lines of `TOP.cpp` stand for.
    """

    files: dict[str, str]
    functions: Mapping[str, str]
    lines: LineMap


def emit(region: Region, target: Target, project_name: str, part: str | None = None) -> dict[str, str]:
    """Return the files of `translate`."""
    return translate(region, target, project_name, part).files


def translate(region: Region, target: Target, project_name: str, part: str | None = None) -> Translation:
    """Return a design's files by name, sorted: `TOP.h`, `TOP.cpp`, `TOP_tb.cpp`, and those of `flow_files`.

    TOP is the region's name. `part` is the device's part number (the target's device where None). The same design
    gives the same bytes. With external blocks there are also their files, under `ip/`, and those that call them. Of the
    top the function is the one with its interface. Raises AlloError (code `hls`) with every fault found where the
    design has no form in HLS C++, and code `ip` where an external block has none.
    """
    top = region.name
    inside, ports = _ports(region, target)
    program = _program(region, target.interface, ports)
    source = program.text()
    outside = compilation(region)
    code = _source(top, source, project_name)
    files = {
        **outside.files,
        **external_files(region, program.external),
        f"{top}.h": _header(top, program, source),
        f"{top}.cpp": code,
        f"{top}_tb.cpp": testbench(top, program.top, ports, tolerance_of(region)),
    }
    loops, part = f"{CONCURRENTLY}(" in source, part or target.device
    setup = Setup(top, program.top, project_name, part, target.clock_ns, loops, outside, target.interface)
    files |= flow_files(setup, inside, tolerance_of(region))
    lines = program.line_map(code.count("\n") - source.count("\n"))
    return Translation(dict(sorted(files.items())), {**program.paths, region.path: program.top}, lines)


def function_names(region: Region, target: Target) -> tuple[FunctionName, ...]:
    """Return what the functions in the C++ of a design are of, each name once; raises AlloError as `translate` does."""
    return _program(region, target.interface, _ports(region, target)[1]).names


def _ports(region: Region, target: Target) -> tuple[list[Memory], Sequence[OuterPort]]:
    """Return the ports of a design's own function, and of the one with its interface."""
    inside = [port_memory(region, port, name) for port, name in zip(region.ports, _port_names(region), strict=True)]
    return inside, outer_ports(inside, target.interface, region.path)


def tolerance_of(region: Region) -> float:
    """Return the tolerance that outputs are compared with: 0 unless a schedule changes the order of float additions."""
    return tolerance_for(_reassociates(region))


def _program(top: Region, interface: Interface, ports: Sequence[OuterPort]) -> _Program:
    """Return the functions of a design. Around an interface that is no plain IP's the design's own has another name."""
    regions = list(_regions(top))
    names = Names(taken_names(top))
    plain = interface == "ip"
    outer = "" if plain else names.unique(top.name)
    if not plain:
        for port in ports:
            names.unique(port.memory.name)
    wishes = {region.name: region.name for region in regions} | ({} if plain else {top.name: f"{top.name}_core"})
    region_names = {region.name: names.unique(wishes[region.name]) for region in reversed(regions)}
    callees = Callees(names)
    kernels = _kernel_functions(regions, callees)
    kernel_names = _name_kernels(kernels, names)
    external = {
        path: (kernel_names[function], function)
        for path, (process, function) in kernels.items()
        if isinstance(process, IpProcess)
    }
    outside = {function for _, function in external.values()}
    defined = [(name, callees.notes[f], f) for f, name in callees.defined.items()]
    defined += [(name, _kernel_note(kernels, f), f) for f, name in kernel_names.items() if f not in outside]
    loops = set(regions_in_loops(top))
    for region in regions:
        called = {
            p.name: region_names[p.region.name] if isinstance(p, RegionProcess) else kernel_names[kernels[p.path][1]]
            for p in region.processes
        }
        function = region_function(region, called, plain and region is top, region.name in loops)
        defined.append((region_names[region.name], f"{region.path}: a {region.execution} region", function))
    core = region_names[top.name]
    of_regions = {region.path: region_names[region.name] for region in regions}
    known = _known_names(kernels, kernel_names, callees, of_regions)
    paths = {path: kernel_names[function] for path, (_, function) in kernels.items()} | of_regions
    inner = tuple((path, name) for path in kernels for name in callees.called.get(path, {}).values())
    if plain:
        return _Program(tuple(defined), core, external, known, paths, inner)
    own = Part(outer, f"{top.path}: {_TOPS[interface]}", defined[-1][2])
    around = interface_functions(ports, core, top.execution, interface, own, names)
    known += tuple(FunctionName(part.name, "") for part in around)
    functions = (*defined, *((part.name, part.note, part.function) for part in around))
    return _Program(functions, outer, external, known, paths, inner)


def _known_names(
    kernels: _Kernels, kernel_names: Mapping[Function, str], callees: Callees, regions: Mapping[str, str]
) -> tuple[FunctionName, ...]:
    found: dict[str, FunctionName] = {}
    for path, (process, function) in kernels.items():
        if isinstance(process, IpProcess):
            continue
        own = {process.ir.name: kernel_names[function], **callees.called.get(path, {})}
        for symbol, name in own.items():
            found.setdefault(name, FunctionName(name, path, symbol))
    for path, name in regions.items():
        found.setdefault(name, FunctionName(name, path))
    return tuple(found.values())


def _regions(region: Region) -> Iterator[Region]:
    """Yield the regions of a design, each after those inside it."""
    for process in region.processes:
        if isinstance(process, RegionProcess):
            yield from _regions(process.region)
    yield region


_Kernels = Mapping[str, tuple[LeafProcess, Function]]


def _kernel_functions(regions: list[Region], callees: Callees) -> _Kernels:
    """Return each kernel process with its function by path; raises AlloError with the faults of all."""
    found: dict[str, tuple[LeafProcess, Function]] = {}
    faults: list[Diagnostic] = []
    # The last region is the top.
    for place in places(regions[-1]):
        process = place.process
        if isinstance(process, IpProcess):
            if place.initial:
                faults.append(_needs_reader(process, next(iter(place.initial))))
            found[process.path] = (process, external_function(process))
            continue
        try:
            function = kernel_function(process.ir, callees, process.path, place.initial)
            found[process.path] = (process, function)
        except AlloError as error:
            faults += [replace(d, where=d.where or process.path) for d in error.diagnostics]
    if faults:
        raise AlloError(faults)
    return found


def _needs_reader(process: IpProcess, port: str) -> Diagnostic:
    return Diagnostic(
        "hls",
        f"the stream at {port} holds elements at reset, and streams of Vitis HLS are empty then",
        where=process.path,
        hint="put a block between that reads them, such as a conversion to the same type: its code gives them first",
    )


def _name_kernels(kernels: _Kernels, names: Names) -> dict[Function, str]:
    """Name each function: after its block, after the kernel where blocks share it, by path where that is taken."""
    users: dict[Function, list[LeafProcess]] = {}
    for process, function in kernels.values():
        users.setdefault(function, []).append(process)
    wishes = {f: blocks[0].name if len(blocks) == 1 else blocks[0].ir.name for f, blocks in users.items()}
    counts = Counter(identifier(wish) for wish in wishes.values())
    chosen = {}
    for function, blocks in users.items():
        by_path = blocks[0].path.replace("/", "_")
        short = [wishes[function]] if counts[identifier(wishes[function])] == 1 else []
        chosen[function] = names.unique(*short, by_path)
    return chosen


def _kernel_note(kernels: _Kernels, function: Function) -> str:
    blocks = [process for process, used in kernels.values() if used == function]
    what = f"kernel {blocks[0].ir.name}"
    if isinstance(blocks[0], RelayoutProcess):
        what = "a change of the tokens' width" if blocks[0].ir.streams else "a change of layout"
    return f"{', '.join(block.path for block in blocks)}: {what}"


def _reassociates(region: Region) -> bool:
    return any(_process_reassociates(process) for process in region.processes)


def _process_reassociates(process: Process) -> bool:
    if isinstance(process, RegionProcess):
        return _reassociates(process.region)
    return isinstance(process, KernelProcess) and process.reassociates


def _port_names(region: Region) -> list[str]:
    names = Names()
    return [names.unique(port.name) for port in region.ports]


def _header(top: str, program: _Program, source: str) -> str:
    guard = f"ALLO_STUDIO_{identifier(top).upper()}_H"
    prototype = program.functions[-1][2].prototype(program.top)
    lines = "\n".join([f"#ifndef {guard}", f"#define {guard}", "", *includes(source), ""])
    return f"{lines}{types(source)}\n{prototype};\n\n#endif\n"


def _source(top: str, source: str, project_name: str) -> str:
    what = f"// {comment(project_name)}: the design {top} as HLS C++, for Vitis HLS and for any C++14 compiler."
    head = f'{what}\n#include "{top}.h"\n'
    return f"{head}{support(source)}\n{source}"
