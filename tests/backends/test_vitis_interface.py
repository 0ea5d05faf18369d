"""The top as a Vitis kernel and with AXI streams computes what it does as a plain IP, on the same data, bit for bit."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from random_engines import Case, difference, run_as_cpp
from vitis_designs import cascade, kernel, nested, row_wise, single

from allo_studio.backends.vitis import emit, tolerance_of, write
from allo_studio.design.model import Interface, Target
from allo_studio.design.region import Region
from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.layout import Layout
from allo_studio.pipeline import simulate
from allo_studio.project import load_project
from allo_studio.simulate import CSimResult, evaluate, evaluate_kernel, random_inputs, run, toolchain

PROJECTS = Path(__file__).parents[2] / "projects"
INTERFACES: tuple[Interface, ...] = get_args(Interface)
OTHERS = INTERFACES[1:]

TYPES = """
S = Struct({"x": int5, "y": Fixed(9, 4), "z": uint6})

def mixed(a: bool[3], b: int11[2, 3], c: uint3[4], d: Fixed(12, 5)[5], e: S[3], f: float16[4], g: bfloat16[4],
          h: float64[2], w: Int(100)[2], v: UFixed(70, 60)[2], p: int1[3], s: int7, t: bfloat16) -> (
          bool[3], int11[2, 3], uint3[4], Fixed(12, 5)[5], S[3], float16[4], bfloat16[4], float64[2], Int(100)[2],
          UFixed(70, 60)[2], int1[3], int7, bfloat16, bool, Int(100)):
    A: bool[3]
    B: int11[2, 3]
    C: uint3[4]
    D: Fixed(12, 5)[5]
    E: S[3]
    F: float16[4]
    G: bfloat16[4]
    H: float64[2]
    W: Int(100)[2]
    V: UFixed(70, 60)[2]
    P: int1[3]
    T: bfloat16 = t
    X: int7 = s
    Y: bool = a[1]
    Z: Int(100) = w[0]
    for i in range(3):
        A[i] = a[2 - i]
        P[i] = p[2 - i]
        E[i] = e[2 - i]
    for i, j in grid(2, 3):
        B[i, j] = b[1 - i, 2 - j]
    for i in range(4):
        C[i] = c[3 - i]
        F[i] = f[3 - i]
        G[i] = g[3 - i]
    for i in range(5):
        D[i] = d[4 - i]
    for i in range(2):
        H[i] = h[1 - i]
        W[i] = w[1 - i]
        V[i] = v[1 - i]
    return A, B, C, D, E, F, G, H, W, V, P, X, T, Y, Z
"""

SIZED = """
def scaled(A: int9["n<=6", 4], flags: bool["m<=5"], gain: int9) -> (int9["n", 4], bool["m"]):
    B: int9["n", 4]
    out: bool["m"]
    for i in range(n):
        for j in range(4):
            B[i, j] = A[i, j] * gain
    for i in range(m):
        out[i] = not flags[i]
    return B, out
"""


@pytest.fixture(autouse=True, scope="module")
def strict_compiler() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(toolchain, "FLAGS", (*toolchain.FLAGS, "-Werror", "-O0"))
        yield


def simulated(region: Region, folder: Path, interface: Interface) -> CSimResult:
    write(emit(region, Target(interface=interface), "test"), folder)
    inputs = random_inputs(region.ports)
    types = {port.name: port.type for port in region.ports}
    expected = evaluate(region, inputs)
    return run(folder, region.name, inputs, expected, types=types, tolerance=tolerance_of(region))


def streamed() -> Region:
    """Return a product whose left factor and result are streams of the design, of 1 and of 4 elements a token."""
    region = single(row_wise(4, "A = 1, C = 4", local_a=True))
    widths = {"A": 1, "C": 4}
    channels = (replace(c, kind="fifo", width=widths[c.name]) if c.name in widths else c for c in region.channels)
    return replace(region, channels=tuple(channels))


@pytest.mark.parametrize("interface", OTHERS)
def test_designs_in_each_interface(tmp_path: Path, interface: Interface) -> None:
    for name, region in (("cascade", cascade("fifo", 4)), ("shared", nested())):
        result = simulated(region, tmp_path / name, interface)
        assert (result.compared, result.mismatches, result.faults) == (256, 0, ())


@pytest.mark.parametrize("interface", INTERFACES)
def test_elements_of_every_type_arrive_as_they_were(tmp_path: Path, interface: Interface) -> None:
    ir = kernel(TYPES, "mixed")
    inputs = random_inputs(single(ir).ports, seed=3)
    want = evaluate_kernel(ir, inputs)
    case = Case(inputs, want, jit(ir).run(inputs))
    (got,) = run_as_cpp([ir], [case], tmp_path, interface)
    assert difference(ir, want, got) == ""
    assert len(want) == 15


@pytest.mark.parametrize("interface", OTHERS)
def test_only_what_is_within_named_sizes_moves(tmp_path: Path, interface: Interface) -> None:
    """A buffer has the greatest extents; a stream has no tokens beyond the sizes, and TLAST on the last within."""
    region = single(kernel(SIZED, "scaled"))
    files = emit(region, Target(interface=interface), "test")
    write(files, tmp_path)
    assert "for (int i = 0; i < n; ++i)" in files["top.cpp"]
    assert "#pragma HLS loop_tripcount min=1 max=6" in files["top.cpp"]
    inputs = random_inputs(region.ports, sizes={"n": 3, "m": 2})
    expected = evaluate(region, inputs)
    types = {port.name: port.type for port in region.ports}
    cut = {"B": expected["B"][:3], "out": expected["out"][:2]}
    result = run(tmp_path, "top", inputs, cut, types=types)
    assert (result.compared, result.mismatches, result.faults) == (14, 0, ())
    if interface == "stream":
        assert "packet.last = i == n - 1 && j == 3;" in files["top.cpp"]


def test_a_kernel_for_xrt() -> None:
    region = cascade("fifo", 4)
    banks = {"B": Layout.parse("(-, cyclic 4)")}
    channels = tuple(replace(c, layout=banks.get(c.name, c.layout)) for c in region.channels)
    files = emit(replace(region, channels=channels), Target(interface="kernel"), "test")
    text = files["top.cpp"]
    assert 'extern "C" void top(const float *A, const float *B, const float *D, float *E) {' in text
    assert 'extern "C" void top(const float *A, ' in files["top.h"]
    for name in "ABDE":
        assert f"#pragma HLS interface mode=m_axi port={name} bundle=gmem_{name} offset=slave depth=256\n" in text
        assert f"#pragma HLS interface mode=s_axilite port={name} bundle=control\n" in text
    assert "#pragma HLS interface mode=s_axilite port=return bundle=control\n" in text
    assert "#pragma HLS interface mode=ap_ctrl_chain port=return\n" in text
    top = text[text.index('extern "C"') :]
    assert "#pragma HLS dataflow\n" in top
    # A port of the design in banks is in memory as it was written; the copy inside has the banks.
    assert "#pragma HLS array_partition variable=B_local type=cyclic factor=4 dim=2\n" in top
    calls = ["load_A(A, A_local);", "load_B(B, B_local);", "load_D(D, D_local);"]
    calls += ["top_core(A_local, B_local, D_local, E_local);", "store_E(E_local, E);"]
    assert re.findall(r"^    (\w+\(.*\);)$", top, re.MULTILINE) == calls
    # Consecutive addresses, an element a cycle.
    assert "#pragma HLS pipeline II=1\n#pragma HLS loop_flatten\n            A_local[i][j] = A[16 * i + j];\n" in text
    assert "interface" not in text[: text.index('extern "C"')]


def test_bursts_are_longer_where_there_is_more_to_move() -> None:
    region = single(row_wise(4, size=64))
    text = emit(region, Target(interface="kernel"), "test")["top.cpp"]
    assert "port=A bundle=gmem_A offset=slave depth=4096 max_read_burst_length=64\n" in text
    assert "port=C bundle=gmem_C offset=slave depth=4096 max_write_burst_length=64\n" in text


def test_streams_of_the_design(tmp_path: Path) -> None:
    region = streamed()
    kernel_text = emit(region, Target(interface="kernel"), "test")["top.cpp"]
    assert "hls::stream<float> &A, const float *B, hls::stream<hls::vector<float, 4>> &C" in kernel_text
    assert "#pragma HLS interface mode=axis port=C\n" in kernel_text
    text = emit(region, Target(interface="stream"), "test")["top.cpp"]
    assert "hls::stream<ap_axiu<32, 0, 0, 0>> &A" in text
    assert "hls::stream<ap_axiu<128, 0, 0, 0>> &C" in text
    # Nothing is kept of what goes through in order.
    assert "C_local" not in text
    assert "#pragma HLS stream variable=C_tokens type=fifo depth=2\n" in text
    for interface in OTHERS:
        assert simulated(region, tmp_path / interface, interface).passed


def test_scalars() -> None:
    region = single(kernel("def f(x: int7, y: bfloat16) -> (int7, bool):\n    a: int7 = x\n    return a, x > 1\n", "f"))
    (result,) = (port.name for port in region.ports[3:])
    xrt = emit(region, Target(interface="kernel"), "test")["top.cpp"]
    # XRT reads no registers: a result is one element in memory.
    assert "top(ap_int<7> x, bfloat16 y, int8_t *a, uint8_t *" in xrt
    assert "#pragma HLS interface mode=m_axi port=a bundle=gmem_a offset=slave depth=1\n" in xrt
    assert "    *a = static_cast<int8_t>(a_value);\n" in xrt
    axis = emit(region, Target(interface="stream"), "test")["top.cpp"]
    assert f"top(ap_int<7> x, bfloat16 y, ap_int<7> &a, bool &{result})" in axis
    assert "#pragma HLS interface mode=s_axilite port=a bundle=control\n" in axis


def test_names_of_ports_stay_where_functions_want_them() -> None:
    text = "def load_A(A: int32[4], top_core: int32[4]) -> int32[4]:\n    send_A: int32[4]\n    for i in range(4):\n"
    region = single(kernel(f"{text}        send_A[i] = A[i] + top_core[i]\n    return send_A\n", "load_A"))
    for interface, kind in (("kernel", r"int32_t \*"), ("stream", r"hls::stream<\S+ 0, 0, 0>> &")):
        files = emit(region, Target(interface=interface), "test")  # type: ignore[arg-type]
        head = re.search(r"void top\(\s*(.*)\);", files["top.h"], re.DOTALL)
        assert head is not None
        assert re.fullmatch(rf"(?:const )?{kind}A,\s+(?:const )?{kind}top_core,\s+{kind}send_A", head[1])


def test_what_is_too_wide_is_refused() -> None:
    wide = single(
        kernel(
            "def f(A: Int(1100)[2]) -> Int(1100)[2]:\n    B: Int(1100)[2]\n    for i in range(2):\n"
            "        B[i] = A[i]\n    return B\n",
            "f",
        )
    )
    for interface in OTHERS:
        with pytest.raises(AlloError) as caught:
            emit(wide, Target(interface=interface), "test")
        assert [(d.code, d.where) for d in caught.value.diagnostics] == [("hls", "top.A"), ("hls", "top.B")]
        assert "take 2048 bits" in caught.value.diagnostics[0].message
    emit(wide, Target(), "test")


def test_a_wrong_tlast_is_a_fault(tmp_path: Path) -> None:
    region = cascade("shared")
    files = emit(region, Target(interface="stream"), "test")
    inputs = random_inputs(region.ports)
    for right, wrong, said in (
        ("packet.last = i == 15 && j == 15;", "packet.last = i != 15;", {"set before", "not set in"}),
        ("packet.keep = -1;", "packet.keep = 7;", {"leaves out bytes"}),
    ):
        assert right in files["top.cpp"]
        folder = tmp_path / right[7:11]
        write({**files, "top.cpp": files["top.cpp"].replace(right, wrong)}, folder)
        result = run(folder, "top", inputs, evaluate(region, inputs))
        assert (result.mismatches, result.passed) == (0, False)
        assert all(any(words in fault for fault in result.faults) for words in said)


@pytest.mark.parametrize(
    ("name", "interface"),
    [("image_pipeline", "stream"), ("gemm_cascade", "kernel"), ("mixed_ip", "kernel"), ("feedback", "stream")],
)
def test_example_projects(name: str, interface: Interface) -> None:
    loaded = load_project(PROJECTS / name)
    project = replace(loaded.project, target=replace(loaded.project.target, interface=interface))
    result = simulate(loaded, project=project)
    assert result.ok, result.diagnostics
    assert result.report.simulation is not None
    assert result.report.simulation.mismatches == 0
