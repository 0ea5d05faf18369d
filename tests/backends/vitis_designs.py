"""Designs for the tests of the HLS backend, built by hand as the elaboration would build them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from allo_studio.backends.vitis import emit, tolerance_of, write
from allo_studio.design.model import Target
from allo_studio.design.region import Channel, KernelProcess, Process, Region, RegionPort, RegionProcess
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.layout import Layout
from allo_studio.simulate import CSimResult, evaluate, random_inputs, run
from allo_studio.source import Source
from allo_studio.types import ArrayType

GEMM = """
M, N, K = 16, 16, 16

def gemm(A: float32[M, K], B: float32[K, N]) -> float32[M, N]:
    C: float32[M, N] = 0.0
    for i, j in grid(M, N):
        for k in reduction(K):
            C[i, j] += A[i, k] * B[k, j]
    return C
"""


def kernel(text: str, name: str) -> KernelIR:
    """Return a kernel from source text."""
    return parse_kernel(Source(f"{name}.py", "from allo_studio.lang import *\n" + text), name, {})


def row_wise(lanes: int, streams: str = "", local_a: bool = False, size: int = 16) -> KernelIR:
    """Return the scheduled product: rows of C in a tile, `lanes` columns at once, A through a local row or as it is."""
    groups = size // lanes
    column = f"%jo * {lanes} + %ji"
    whole, row = f"memref<{size}x{size}xf32>", f"memref<{size}xf32>"

    def copy(name: str, source: str, target: str, role: str) -> str:
        return f"""
        affine.for %jo = 0 to {groups} {{ affine.for %ji = 0 to {lanes} {{
          {source}
          {target}
        }} {{allo.name = "{name}.inner", allo.unroll = 0 : i64}} }} {{allo.name = "{name}", allo.role = "{role}"}}"""

    load_a = f"%a = affine.load %A[%i, %k] : {whole}"
    fill_a = ""
    if local_a:
        load_a = f"%a = affine.load %r[%k] : {row}"
        fill_a = f'%r = memref.alloc() {{allo.name = "A_local"}} : {row}' + copy(
            "A_copy_0",
            f"%v = affine.load %A[%i, {column}] : {whole}",
            f"affine.store %v, %r[{column}] : {row}",
            "copy_in",
        )
    fill_c = copy("C_fill", "%z = arith.constant 0.0 : f32", f"affine.store %z, %t[{column}] : {row}", "fill")
    back_c = copy(
        "C_back", f"%v = affine.load %t[{column}] : {row}", f"affine.store %v, %C[%i, {column}] : {whole}", "write_back"
    )
    banks = f"cyclic {lanes}" if lanes > 1 else "-"
    stream_attribute = f", allo.streams = {{{streams}}}" if streams else ""
    return KernelIR.parse(
        f"""
    func.func @gemm(%A: {whole}, %B: {whole}, %C: {whole}) attributes {{
        allo.args = ["A", "B", "C"], allo.directions = ["in", "in", "out"],
        allo.layouts = {{B = "(-, {banks})", C = "(-, {banks})", C_tile = "({banks})"}}{stream_attribute}}} {{
      affine.for %i = 0 to {size} {{
        %t = memref.alloc() {{allo.name = "C_tile"}} : {row}
        {fill_a}{fill_c}
        affine.for %k = 0 to {size} {{ affine.for %jo = 0 to {groups} {{ affine.for %ji = 0 to {lanes} {{
          {load_a}
          %b = affine.load %B[%k, {column}] : {whole}
          %c = affine.load %t[{column}] : {row}
          %m = arith.mulf %a, %b : f32
          %s = arith.addf %c, %m : f32
          affine.store %s, %t[{column}] : {row}
        }} {{allo.name = "j.inner", allo.unroll = 0 : i64}} }} {{allo.name = "j.outer", allo.pipeline = 1 : i64}} }}
        {{allo.name = "k"}}
        {back_c}
      }} {{allo.name = "i", allo.band = "nest"}}
      return
    }}""",
        Source("gemm.py", GEMM),
    )


def channel(
    name: str,
    kind: str,
    type_: ArrayType,
    source: tuple[str, str],
    *targets: tuple[str, str],
    layout: str = "",
    width: int = 1,
    depth: int = 0,
) -> Channel:
    """Return a channel of the region `top`."""
    parsed = Layout.parse(layout) if layout else Layout.plain(len(type_.shape))
    return Channel(f"top/{name}", name, kind, type_, parsed, source, targets, "for a test", width, depth)


def port_channels(ports: tuple[RegionPort, ...], processes: tuple[Process, ...]) -> tuple[Channel, ...]:
    """Return a channel for each port, joined to the processes that name it."""
    found = []
    for port in ports:
        ends = [(p.name, a) for p in processes for a, c in p.bindings.items() if c == port.name]
        kind = "memory" if port.type.shape else "value"
        if port.direction == "in":
            found.append(channel(port.name, kind, port.type, ("", port.name), *ends))
        else:
            found.append(channel(port.name, kind, port.type, ends[0], ("", port.name)))
    return tuple(found)


def single(ir: KernelIR, base: KernelIR | None = None, *, reassociates: bool = False) -> Region:
    """Return a region that is one kernel, with the kernel's arguments as ports."""
    ports = tuple(RegionPort(a.name, "out" if a.direction == "out" else "in", a.type) for a in ir.arguments())
    bindings = {a.name: a.name for a in ir.arguments()}
    processes = (KernelProcess(ir.name, f"top/{ir.name}", ir, base or ir, bindings, reassociates),)
    return Region("top", "top", "dataflow", ports, processes, port_channels(ports, processes))


def cascade(kind: str, width: int = 1, path: str = "top") -> Region:
    """Return E = (A B) D as two products, joined by a channel of `kind`."""
    base = kernel(GEMM, "gemm")
    one = row_wise(width, f"C = {width}" if kind == "fifo" else "")
    two = row_wise(width, f"A = {width}" if kind == "fifo" else "", local_a=kind == "fifo")
    square = base.arguments()[0].type
    ports = (*(RegionPort(n, "in", square) for n in "ABD"), RegionPort("E", "out", square))
    processes = (
        KernelProcess("mm1", f"{path}/mm1", one, base, {"A": "A", "B": "B", "C": "mm1_C"}),
        KernelProcess("mm2", f"{path}/mm2", two, base, {"A": "mm1_C", "B": "D", "C": "E"}),
    )
    sizes = {"width": width, "depth": 6} if kind == "fifo" else {}
    inner = channel("mm1_C", kind, square, ("mm1", "C"), ("mm2", "A"), **sizes)
    execution = "sequential" if kind == "shared" else "dataflow"
    return Region(path.replace("/", "_"), path, execution, ports, processes, (*port_channels(ports, processes), inner))


def nested() -> Region:
    """Return F = ((A B) D) B, where (A B) D is a region of its own."""
    inner = cascade("fifo", 4, "top/sub")
    base = kernel(GEMM, "gemm")
    square = base.arguments()[0].type
    ports = (*(RegionPort(n, "in", square) for n in "ABD"), RegionPort("F", "out", square))
    processes = (
        RegionProcess("sub", "top/sub", inner, {"A": "A", "B": "B", "D": "D", "E": "sub_E"}),
        KernelProcess("mm3", "top/mm3", base, base, {"A": "sub_E", "B": "B", "C": "F"}),
    )
    joined = channel("sub_E", "shared", square, ("sub", "E"), ("mm3", "A"))
    return Region("top", "top", "sequential", ports, processes, (*port_channels(ports, processes), joined))


def product(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the product with each element summed in order of k, rounded to float32 at each step."""
    total = np.zeros((left.shape[0], right.shape[1]), np.float32)
    for k in range(left.shape[1]):
        total += left[:, k][:, None] * right[k][None, :]
    return total


def build(region: Region, folder: Path) -> dict[str, str]:
    """Write a region's files and return them."""
    files = emit(region, Target(), "test", "xcu280-fsvh2892-2L-e")
    write(files, folder)
    return files


def simulate(region: Region, folder: Path, seed: int = 0) -> CSimResult:
    """Emit a region, run its C simulation on random data, and compare with the reference."""
    build(region, folder)
    inputs = random_inputs(region.ports, seed)
    return run(folder, region.name, inputs, evaluate(region, inputs), tolerance=tolerance_of(region))
