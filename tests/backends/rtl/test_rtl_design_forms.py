"""One small design for each way in which blocks are joined: the JIT's bits, exactly the predicted cycles."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from design_checks import assert_same, check_held, check_plain
from rtl_checks import OPEN

from allo_studio.backends.rtl.emit import generate
from allo_studio.design.timing import SizedDesign
from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import size_project
from allo_studio.project import LoadedProject, load_project
from allo_studio.simulate.cycle.design import RunningDesign

KERNELS = """\
from allo_studio.lang import *

N = 6
TAPS = [3, -1, 4, 1, -5, 9]


def turn(X: int32[N]) -> int32[N]:
    Y: int32[N]
    for i in range(N):
        Y[i] = X[N - 1 - i] * 3
    return Y


def raised(X: int32[N]) -> int32[N]:
    Y: int32[N]
    for i in range(N):
        Y[i] = X[i] + 1
    return Y


def product(X: int32[N], Z: int32[N]) -> int32[N]:
    Y: int32[N]
    for i in range(N):
        Y[i] = X[i] * Z[N - 1 - i]
    return Y


def weighted(X: int32[N]) -> int32[N]:
    taps: int8[N] = TAPS
    Y: int32[N]
    for i in range(N):
        Y[i] = X[i] * taps[i]
    return Y


def scaled(X: int32[N], s: int32, t: int8) -> (int32[N], int32):
    Y: int32[N]
    m: int32 = t
    for i in range(N):
        Y[i] = X[i] * s
        m = max(m, X[i])
    return Y, m


def sum_of(X: int32[N]) -> int32:
    s: int32 = 0
    for i in range(N):
        s += X[i]
    return s


def centred(X: int32[N]) -> int32[N]:
    Y: int32[N]
    for i in range(N):
        Y[i] = X[i] - sum_of(X)
    return Y


def counted(X: int32[N]) -> (int32[N], int32):
    calls: int32 @ Stateful = 5
    Y: int32[N]
    for i in range(N):
        Y[i] = X[i] + calls
    calls += 1
    n: int32 = calls
    return Y, n


def gathered(X: int32[N], s: int32) -> int32[N]:
    total: int32 @ Stateful = 0
    Y: int32[N]
    for i in range(N):
        Y[i] = X[i] * s
    for i in range(2 * N):
        total = total * 3 + s
    Y[0] = total
    return Y


def halves(X: int32[N]) -> int32[N]:
    Y: int32[N]
    for i in range(N):
        n: int32 = X[i]
        k: int32 = 0
        while n > 0:
            n = n >> 1
            k += 1
        Y[i] = k
    return Y


def wide(X: Int(100)[N]) -> Int(100)[N]:
    Y: Int(100)[N]
    for i in range(N):
        Y[i] = X[i] * 3 - i
    return Y


def updated(A: int32[N], X: int32[N]):
    for i in range(1, N):
        A[i] += A[i - 1] * X[i]


def divided(X: float32[N]) -> float32[N]:
    Y: float32[N]
    for i in range(N):
        Y[i] = 1.0 / X[i]
    return Y
"""
VECTOR = "int32[6]"


def load(folder: Path, graphs: str, schedules: str = "") -> LoadedProject:
    """Write a project of these kernels and load it."""
    (folder / "k.py").write_text(KERNELS)
    heads = "format: 1\nname: forms\ntop: top\n"
    (folder / "project.yaml").write_text(f"{heads}{schedules}graphs:\n{graphs}")
    return load_project(folder)


def graph(
    name: str, nodes: str, wires: str, inputs: str = f"A: {VECTOR}", outputs: str = f"E: {VECTOR}", more: str = ""
) -> str:
    """Return a graph's text: blocks such as `one=turn`, `two=turn/steps` or `sub==inner`, and wires, by `;`."""

    def ports(given: str) -> str:
        pairs = (entry.split(": ") for entry in given.split("; ") if entry)
        return ", ".join(f'{port}: "{kind}"' for port, kind in pairs)

    lines = [f"  {name}:", *([f"    {more}"] if more else [])]
    lines += [f"    inputs: {{{ports(inputs)}}}", f"    outputs: {{{ports(outputs)}}}", "    nodes:"]
    for node in nodes.split():
        block, _, what = node.partition("=")
        function, _, steps = what.partition("/")
        chosen = f", schedule: {steps}" if steps else ""
        text = f"graph: {what[1:]}" if what.startswith("=") else f'kernel: "k.py:{function}"{chosen}'
        lines.append(f"      {block}: {{{text}}}")
    return "\n".join([*lines, "    edges:", *(f"      - {wire}" for wire in wires.split("; "))]) + "\n"


def sized(graphs: str, schedules: str = "") -> SizedDesign:
    """Return a design, which must have circuits."""
    with tempfile.TemporaryDirectory() as folder:
        return size_project(load(Path(folder), graphs, schedules), library=OPEN[3.33])


def kinds(design: SizedDesign) -> list[str]:
    """Return the kinds of the channels at the top, sorted."""
    return sorted(channel.kind for channel in design.region.channels)


CHAIN = "A -> one.X; one.Y -> two.X; two.Y -> E"
SEQUENTIAL = "execution: sequential"


def test_pingpong_of_a_memory() -> None:
    design = sized(graph("top", "one=raised two=turn", CHAIN))
    assert "pingpong" in kinds(design)
    check_plain(design)


def test_pingpong_of_registers() -> None:
    schedules = """\
schedules:
  one:
    - partition: {buffer: Y, kind: complete}
  two:
    - partition: {buffer: X, kind: complete}
    - unroll: {axis: i}
"""
    design = sized(graph("top", "one=raised/one two=turn/two", CHAIN), schedules)
    (buffer,) = (channel for channel in design.region.channels if channel.kind == "pingpong")
    assert buffer.layout.banks(buffer.type.shape) == 6
    check_plain(design)


def test_blocks_that_rewind() -> None:
    schedules = """\
schedules:
  slow:
    - pipeline: {axis: i, initiation_interval: 7, rewind: true}
  fast:
    - pipeline: {axis: i, rewind: true}
"""
    for steps in ("slow", "fast"):
        check_plain(sized(graph("top", f"one=turn/{steps} two=turn/{steps}", CHAIN), schedules))


def test_a_fifo_between_blocks_of_one_kernel() -> None:
    design = sized(graph("top", "one=raised two=raised", CHAIN))
    assert "fifo" in kinds(design)
    check_held(design)


def test_blocks_one_after_another_with_banks() -> None:
    schedules = """\
schedules:
  lanes:
    - partition: {buffer: X, kind: cyclic, factor: 2}
    - partition: {buffer: Y, kind: cyclic, factor: 2}
    - unroll: {axis: i, factor: 2}
"""
    design = sized(graph("top", "one=turn/lanes two=turn/lanes", CHAIN, more=SEQUENTIAL), schedules)
    check_plain(design)


@pytest.mark.parametrize("more", [SEQUENTIAL, ""])
def test_a_block_that_reads_one_array_through_two_ports(more: str) -> None:
    """In a dataflow graph an array has one reader, which may be a graph that reads it several times."""
    wires = "A -> one.X; A -> one.Z; one.Y -> two.X; A -> two.Z; two.Y -> E"
    inner = graph("inner", "one=product two=product", wires, more=SEQUENTIAL)
    top = graph("top", "one=turn sub==inner", "A -> one.X; one.Y -> sub.A; sub.E -> E", more=more)
    check_plain(sized(top + inner))


def test_an_array_that_several_blocks_and_ports_read() -> None:
    wires = "A -> one.X; one.Y -> two.X; A -> two.Z; two.Y -> E; one.Y -> F; A -> three.X; three.Y -> G"
    outputs = "; ".join(f"{port}: {VECTOR}" for port in "EFG")
    nodes = "one=turn two=product three=raised"
    check_plain(sized(graph("top", nodes, wires, outputs=outputs, more=SEQUENTIAL)))


@pytest.mark.parametrize("more", [SEQUENTIAL, ""])
def test_scalars_in_and_out(more: str) -> None:
    wires = "A -> one.X; s -> one.s; t -> one.t; one.Y -> two.X; one.m -> two.s; t -> two.t; two.Y -> E; two.m -> m"
    inputs, outputs = f"A: {VECTOR}; s: int32; t: int8", f"E: {VECTOR}; m: int32"
    check_plain(sized(graph("top", "one=scaled two=scaled", wires, inputs, outputs, more)))


@pytest.mark.parametrize("more", [SEQUENTIAL, ""])
def test_scalars_are_taken_as_they_are_at_the_start(more: str) -> None:
    """The last block takes its scalar of an invocation when the design has taken the starts of later ones."""
    wires = "A -> one.X; one.Y -> two.X; two.Y -> three.X; s -> three.s; three.Y -> E"
    design = sized(graph("top", "one=turn two=turn three=gathered", wires, f"A: {VECTOR}; s: int32", more=more))
    given = {"A": np.arange(6, dtype=np.int32), "s": np.int32(0)}
    running = RunningDesign(generate(design))
    scalars = [7, -3, 1000, 2, 55]
    running.begin(given, len(scalars))
    taken = done = total = 0
    for _ in range(2 * len(scalars) * design.latency):
        running.model.poke("s", scalars[taken] if taken < len(scalars) else -1)
        taken += taken < len(scalars) and running.model.peek("ready")
        running.model.run(1, stop="done")
        done += running.model.stopped
    assert done == len(scalars)
    for s in scalars:
        for _ in range(12):
            total = (total * 3 + s) % 2**32
    want = given["A"] * 9 * scalars[-1]
    want[0] = np.uint32(total).astype(np.int32)
    assert_same(design, running.outputs(), {"E": want.astype(np.int32)})


@pytest.mark.parametrize(("outer", "inner"), [(SEQUENTIAL, ""), ("", SEQUENTIAL), ("", ""), (SEQUENTIAL, SEQUENTIAL)])
def test_graphs_in_graphs(outer: str, inner: str) -> None:
    wires = "A -> one.X; one.Y -> sub.A; sub.E -> two.X; two.Y -> E"
    top = graph("top", "one=raised sub==inner two=turn", wires, more=outer)
    wires = "A -> one.X; one.Y -> two.X; two.Y -> three.X; three.Y -> E"
    check_held(sized(top + graph("inner", "one=raised two=raised three=turn", wires, more=inner)))


def test_a_table_and_a_function_in_a_block() -> None:
    check_plain(sized(graph("top", "one=weighted two=centred", CHAIN)))


def test_an_array_that_a_block_changes() -> None:
    wires = "A -> one.X; one.Y -> two.A; B -> two.X; two.A_out -> E"
    check_plain(sized(graph("top", "one=turn two=updated", wires, f"A: {VECTOR}; B: {VECTOR}", more=SEQUENTIAL)))


def test_elements_of_a_hundred_bits() -> None:
    kind = "Int(100)[6]"
    check_held(sized(graph("top", "one=wide two=wide", CHAIN, f"A: {kind}", f"E: {kind}")))


@pytest.mark.parametrize("more", [SEQUENTIAL, ""])
def test_a_block_whose_cycles_depend_on_data(more: str) -> None:
    check_plain(sized(graph("top", "one=raised two=halves", CHAIN, more=more)))


def test_state_goes_on_from_invocation_to_invocation() -> None:
    wires = "A -> one.X; one.Y -> two.X; one.n -> n; two.Y -> E"
    design = sized(graph("top", "one=counted two=turn", wires, outputs=f"E: {VECTOR}; n: int32"))
    running = RunningDesign(generate(design))
    given: dict[str, Any] = {"A": np.arange(6, dtype=np.int32)}
    for invocations in (1, 4):
        found = running.run(given, invocations)
        # As if there had been none before: a run begins with a reset.
        assert_same(design, dict(found.outputs), {"E": (given["A"][::-1] + 4 + invocations) * 3, "n": 5 + invocations})
    assert (found.cycles[0], found.cycles[-1]) == (design.latency, design.interval)


def test_names_that_are_the_same_as_modules() -> None:
    """A block is called as another with a function of its kernel, and two paths are the same with `_` for `/`."""
    top = graph(
        "top",
        "centred=centred centred_sum_of=raised a==x a_b==y",
        "A -> centred.X; centred.Y -> centred_sum_of.X; centred_sum_of.Y -> a.A; a.E -> a_b.A; a_b.E -> E",
        more=SEQUENTIAL,
    )
    inner = graph("x", "b_c=turn", "A -> b_c.X; b_c.Y -> E") + graph("y", "c=raised", "A -> c.X; c.Y -> E")
    design = sized(top + inner)
    names = [circuit.name for circuit in generate(design).modules.circuits]
    assert len(names) == len(set(names))
    check_plain(design)


def test_a_port_and_blocks_with_the_names_of_the_top_and_of_what_is_inside() -> None:
    wires = "top -> Y.X; Y.Y -> taps.X; taps.Y -> E"
    check_plain(sized(graph("top", "Y=weighted taps=weighted", wires, f"top: {VECTOR}")))


def test_words_of_verilog_as_names() -> None:
    wires = "input -> reg.X; reg.Y -> wire.X; wire.Y -> output"
    check_plain(sized(graph("top", "reg=raised wire=turn", wires, f"input: {VECTOR}", f"output: {VECTOR}")))


def test_all_operators_without_circuits_are_told_with_their_blocks(tmp_path: Path) -> None:
    text = graph("top", "one=divided two=divided", CHAIN, "A: float32[6]", "E: float32[6]")
    design = size_project(load(tmp_path, text), library=OPEN[3.33])
    with pytest.raises(AlloError) as caught:
        generate(design)
    faults = caught.value.diagnostics
    assert [fault.where for fault in faults] == ["top/one", "top/two"]
    assert {fault.code for fault in faults} == {"rtl"}
    for fault in faults:
        assert fault.span is not None
        assert fault.span.source.line(fault.span.line).strip() == "Y[i] = 1.0 / X[i]"
        assert fault.hint
