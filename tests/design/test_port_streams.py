"""Ports of a design that are streams: what may be one, how wide its tokens are, and what every engine makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from allo_studio.backends.vitis import emit
from allo_studio.pipeline import build, check_project, simulate, size_project
from allo_studio.project import LoadedProject, load_project

pytestmark = pytest.mark.usefixtures("quick_cpp")

KERNELS = """\
from allo_studio.lang import *


def scale(A: int16[4, 8], s: int16) -> int16[4, 8]:
    B: int16[4, 8]
    for i, j in grid(4, 8):
        B[i, j] = A[i, j] * s
    return B


def product(X: int16[4, 8], Y: int16[8, 4]) -> int32[4, 4]:
    Z: int32[4, 4]
    for i, j in grid(4, 4):
        t: int32 = 0
        for k in range(8):
            t += X[i, k] * Y[k, j]
        Z[i, j] = t
    return Z


def columns(X: int16[4, 8]) -> int16[4, 8]:
    Y: int16[4, 8]
    for j, i in grid(8, 4):
        Y[i, j] = X[i, j] + 1
    return Y


def total(X: int16[4, 8]) -> int32:
    t: int32 = 0
    for i, j in grid(4, 8):
        t += X[i, j]
    return t
"""
HEAD = """\
format: 1
name: streams
top: top
schedules:
  lanes:
    - split: {axis: j, factor: 4}
    - unroll: {axis: j.inner}
  banks:
    - partition: {buffer: X, kind: cyclic, dim: 2, factor: 4}
graphs:
"""
INPUTS = 'A: "int16[4, 8]", s: int16, Y: "int16[8, 4]"'
JOINED = (
    "{from: A, to: one.A, channel: fifo}; s -> one.s; one.B -> two.X; Y -> two.Y; {from: two.Z, to: E, channel: fifo}"
)


def graph(name: str, nodes: str, edges: str, inputs: str = INPUTS, outputs: str = 'E: "int32[4, 4]"') -> str:
    """Return a graph's text; nodes are NAME=KERNEL/SCHEDULE or NAME==GRAPH."""
    lines = [f"  {name}:", f"    inputs: {{{inputs}}}", f"    outputs: {{{outputs}}}", "    nodes:"]
    for node in nodes.split():
        block, _, what = node.partition("=")
        kernel, _, schedule = what.partition("/")
        text = f"graph: {what[1:]}" if what.startswith("=") else f'kernel: "k.py:{kernel}"'
        lines.append(f"      {block}: {{{text}{f', schedule: {schedule}' if schedule else ''}}}")
    return "\n".join([*lines, "    edges:", *(f"      - {edge}" for edge in edges.split("; "))]) + "\n"


def project(folder: Path, *graphs: str) -> LoadedProject:
    (folder / "k.py").write_text(KERNELS, encoding="utf-8")
    (folder / "project.yaml").write_text(HEAD + "".join(graphs), encoding="utf-8")
    return load_project(folder)


def tokens(loaded: LoadedProject) -> dict[str, int]:
    """Return the elements in a token of each stream of a design."""
    region = size_project(loaded).region
    return {c.name: c.width for c in region.channels if c.kind == "fifo" and c.outside}


def orders(loaded: LoadedProject) -> list[tuple[str | None, str, str]]:
    return [(d.where, d.message, d.hint) for d in check_project(loaded).diagnostics if d.code == "order"]


def test_tokens_are_as_wide_as_what_is_read_or_written_at_once(tmp_path: Path) -> None:
    loaded = project(tmp_path, graph("top", "one=scale/lanes two=product", JOINED))
    assert tokens(loaded) == {"A": 4, "E": 1}


def test_what_is_not_read_in_order_goes_through_a_copy_as_wide_as_its_banks(tmp_path: Path) -> None:
    edges = "{from: A, to: two.X, channel: fifo}; Y -> two.Y; two.Z -> E"
    inputs = INPUTS.replace("s: int16, ", "")
    assert tokens(project(tmp_path, graph("top", "two=product", edges, inputs))) == {"A": 1}
    loaded = project(tmp_path, graph("top", "two=product/banks", edges, inputs))
    assert tokens(loaded) == {"A": 4}
    (channel,) = (c for c in size_project(loaded).region.channels if c.outside and c.kind == "fifo")
    assert "a stream of the design, as asked for" in channel.reason
    assert "top/two reads X through a local copy of 8 in loop i" in channel.reason


def test_a_stream_goes_into_a_graph_inside(tmp_path: Path) -> None:
    inner = graph("inner", "one=scale/lanes", "A -> one.A; s -> one.s; one.B -> E", INPUTS[:27], 'E: "int16[4, 8]"')
    edges = JOINED.replace("one.A", "one.A").replace("one.B", "one.E")
    loaded = project(tmp_path, graph("top", "one==inner two=product", edges), inner)
    assert tokens(loaded) == {"A": 4, "E": 1}
    report = simulate(loaded, target="rtl").report
    assert report.simulation is not None
    assert report.simulation.mismatches == 0


def test_all_engines_agree(tmp_path: Path) -> None:
    loaded = project(tmp_path, graph("top", "one=scale/lanes two=product", JOINED))
    for target in ("hls", "rtl"):
        report = build(loaded, tmp_path / target, target=target).report
        assert report.simulation is not None
        assert (report.simulation.compared, report.simulation.mismatches) == (16, 0)
        streams = {row.id: (row.kind, row.width) for row in report.channels if row.kind == "stream"}
        assert streams == {"top/A->one.A": ("stream", 64), "top/two.Z->E": ("stream", 32)}
    cycles = report.cycles["open"]
    assert cycles["simulated"] == cycles["predicted"]


def test_the_hls_top_has_axis_ports_and_its_testbench_moves_the_tokens(tmp_path: Path) -> None:
    loaded = project(tmp_path, graph("top", "one=scale/lanes two=product", JOINED))
    files = emit(size_project(loaded).region, loaded.project.target, "streams")
    assert "interface mode=axis port=A" in files["top.cpp"]
    assert "void top(hls::stream<hls::vector<int16_t, 4>> &A, int16_t s," in files["top.cpp"]
    assert "feed(&port_A[0][0], 32, stream_A);" in files["top_tb.cpp"]
    assert "drain(&port_E[0][0], 16, stream_E);" in files["top_tb.cpp"]


def test_the_rtl_top_has_a_handshake_and_its_testbench_moves_the_tokens(tmp_path: Path) -> None:
    loaded = project(tmp_path, graph("top", "one=scale/lanes two=product", JOINED))
    build(loaded, tmp_path / "out", target="rtl")
    text = (tmp_path / "out" / "top.sv").read_text(encoding="utf-8")
    head = text[: text.index(");")]
    for port in ("A_valid", "A_ready", "[63:0] A_data", "E_valid", "E_ready", "[31:0] E_data", "Y_re"):
        assert port in head
    assert "A_re" not in head.replace("A_ready", "")
    words = (tmp_path / "out" / "sim" / "A.hex").read_text(encoding="utf-8").split()
    assert [len(word) for word in words] == [16] * 8


@pytest.mark.parametrize(
    ("edges", "where", "message", "hint"),
    [
        (
            "{from: A, to: one.X, channel: fifo}; one.Y -> E",
            "top/A->one.X",
            "at top/one, it reads X[1, 0] before X[0, 1], which is not row-major order",
            "reorder the loops so that an outer loop runs over the first dimension of X and each of its iterations "
            "uses the next elements in row-major order",
        ),
        (
            "A -> one.X; {from: one.Y, to: E, channel: fifo}",
            "top/one.Y->E",
            "at top/one, it writes Y[1, 0] before Y[0, 1], which is not row-major order",
            "buffer_at(Y, ...) or a reorder of the loops brings it in order",
        ),
        (
            "{from: A, to: one.X, channel: fifo, depth: 4}; one.Y -> E",
            "top/A->one.X",
            "a depth was asked for at a port of the design, which has a memory or a stream outside",
            "take it off the edge; `channel: fifo` without a depth makes the port a stream",
        ),
        (
            "{from: A, to: one.X, channel: pingpong}; one.Y -> E",
            "top/A->one.X",
            "a pingpong channel was asked for at a port of the design, which has a memory or a stream outside",
            "take it off the edge; `channel: fifo` without a depth makes the port a stream",
        ),
    ],
)
def test_what_cannot_be(tmp_path: Path, edges: str, where: str, message: str, hint: str) -> None:
    loaded = project(tmp_path, graph("top", "one=columns", edges, 'A: "int16[4, 8]"', 'E: "int16[4, 8]"'))
    ((found, said, advice),) = orders(loaded)
    assert (found, advice) == (where, hint)
    assert said.removeprefix("this port cannot be a stream: ") == message


def test_one_value_is_no_stream(tmp_path: Path) -> None:
    text = graph("top", "one=total", "A -> one.X; {from: one.t, to: E, channel: fifo}", 'A: "int16[4, 8]"', "E: int32")
    ((where, message, _),) = orders(project(tmp_path, text))
    assert (where, message) == (
        "top/one.t->E",
        "this port cannot be a stream: at top/one, t is one value, not an array",
    )


def test_blocks_one_after_another_have_no_streams(tmp_path: Path) -> None:
    text = graph("top", "one=scale two=product", JOINED).replace("top:\n", "top:\n    execution: sequential\n", 1)
    found = orders(project(tmp_path, text))
    assert [where for where, _, _ in found] == ["top/A->one.A", "top/two.Z->E"]
    assert {message for _, message, _ in found} == {
        "a stream was asked for, but graph top runs its blocks one after another"
    }


def test_a_result_that_is_read_inside_too_is_no_stream(tmp_path: Path) -> None:
    edges = "A -> one.A; s -> one.s; {from: one.B, to: E, channel: fifo}; one.B -> two.X; Y -> two.Y; two.Z -> F"
    text = graph("top", "one=scale two=product", edges, outputs='E: "int16[4, 8]", F: "int32[4, 4]"')
    checked = check_project(project(tmp_path, text))
    assert not checked.ok


def test_inside_the_wire_around_decides(tmp_path: Path) -> None:
    inner = graph(
        "inner",
        "one=scale",
        "{from: A, to: one.A, channel: fifo}; s -> one.s; one.B -> E",
        INPUTS[:27],
        'E: "int16[4, 8]"',
    )
    edges = JOINED.replace("one.B", "one.E")
    ((where, message, hint),) = orders(project(tmp_path, graph("top", "one==inner two=product", edges), inner))
    assert where == "inner/A->one.A"
    assert message == "a channel was asked for where a wire passes a port of graph inner"
    assert hint == "ask for it on the wire to that port of the block that inner is"


def test_values_through_the_documented_script(tmp_path: Path) -> None:
    """The C++ of a streamed design compiles without a word from the compiler."""
    loaded = project(tmp_path, graph("top", "one=scale/lanes two=product", JOINED))
    build(loaded, tmp_path / "out")
    log = (tmp_path / "out" / "csim" / "csim.log").read_text(encoding="utf-8")
    assert "compared 16 mismatches 0" in log
    assert "leftover" not in log
    assert np.fromfile(tmp_path / "out" / "csim" / "data" / "E.out.bin", "<i4").shape == (16,)
