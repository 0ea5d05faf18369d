"""What the generated text says: golden files, pragmas, names, and faults."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from vitis_designs import GEMM, build, cascade, kernel, nested, row_wise, single

from allo_studio.backends.vitis import emit, write
from allo_studio.backends.vitis.indices import Index, index_text
from allo_studio.backends.vitis.kernel import kernel_function
from allo_studio.backends.vitis.names import Names, comment, identifier
from allo_studio.backends.vitis.tokens import find_tokens
from allo_studio.design.model import Target
from allo_studio.design.region import KernelProcess, Region
from allo_studio.diagnostics import AlloError
from allo_studio.ir import KernelIR, LinearExpr

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(("name", "region"), [("cascade", cascade("fifo", 4)), ("nested", nested())])
def test_golden_files(name: str, region: Region) -> None:
    """Run with UPDATE_GOLDEN=1 to accept the present text."""
    files = emit(region, Target(), name, "xcu280-fsvh2892-2L-e")
    assert list(files) == sorted(files)
    folder = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        write(files, folder)
    assert files == {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def source_of(ir: KernelIR) -> str:
    return emit(single(ir), Target(), "test")["top.cpp"]


def test_the_same_design_gives_the_same_bytes() -> None:
    assert emit(nested(), Target(), "x") == emit(nested(), Target(), "x")


def test_script_has_part_clock_and_top() -> None:
    script = emit(single(kernel(GEMM, "gemm")), Target(clock_ns=4.0), 'a "b" $c', "xcvu9p-flga2104-2-i")["run_hls.tcl"]
    assert "set_part {xcvu9p-flga2104-2-i}" in script
    assert "create_clock -period 4 -name default" in script
    assert "set_top top" in script
    assert "open_project -reset a__b___c_hls" in script


def test_pragmas_of_a_scheduled_kernel() -> None:
    text = emit(cascade("fifo", 4), Target(), "x")["top.cpp"]
    assert "#pragma HLS dataflow" in text
    assert "hls::stream<hls::vector<float, 4>> mm1_C" in text
    assert "#pragma HLS stream variable=mm1_C type=fifo depth=6" in text
    assert "#pragma HLS array_partition variable=C_tile type=cyclic factor=4 dim=1" in text
    assert "#pragma HLS array_partition variable=B type=cyclic factor=4 dim=2" in text
    assert "#pragma HLS pipeline II=1" in text
    assert "#pragma HLS unroll" in text
    assert "#pragma HLS interface mode=ap_memory port=E" in text
    assert "#pragma HLS interface mode=ap_ctrl_hs port=return" in text
    # The stream's end has no layout.
    assert "variable=A " not in text


def test_pingpong_and_shared_buffers_are_arrays() -> None:
    pingpong = emit(cascade("pingpong"), Target(), "x")["top.cpp"]
    assert re.search(r"float mm1_C\[16\]\[16\];.*\n#pragma HLS stream variable=mm1_C type=pipo depth=2", pingpong)
    shared = emit(cascade("shared"), Target(), "x")["top.cpp"]
    assert "float mm1_C[16][16];" in shared
    assert "dataflow" not in shared.replace("a dataflow region", "")
    assert "type=pipo" not in shared


def with_loop_attributes(attributes: str, body_attributes: str = "") -> str:
    return source_of(
        KernelIR.parse(
            f"""
    func.func @k(%A: memref<4x8xf32>, %B: memref<4x8xf32>) attributes {{
        allo.args = ["A", "B"], allo.directions = ["in", "out"],
        allo.layouts = {{A = "(complete, block 2)", B = "(-, -)"}}}} {{
      affine.for %i = 0 to 4 {{ affine.for %j = 0 to 8 {{
        %v = affine.load %A[%i, %j] : memref<4x8xf32>
        affine.store %v, %B[%i, %j] : memref<4x8xf32>
      }} {{allo.name = "j"{body_attributes}}} }} {{allo.name = "i", allo.band = "b"{attributes}}}
      return
    }}"""
        )
    )


def test_pipeline_unroll_and_flatten() -> None:
    plain = with_loop_attributes("")
    assert plain.count("#pragma HLS pipeline\n#pragma HLS loop_flatten\n") == 1
    off = with_loop_attributes("", ", allo.pipeline = 0 : i64")
    assert "#pragma HLS pipeline off" in off
    assert "loop_flatten" not in off
    asked = with_loop_attributes("", ", allo.pipeline = 2 : i64, allo.rewind")
    assert "#pragma HLS pipeline II=2 rewind" in asked
    factor = with_loop_attributes("", ", allo.unroll = 4 : i64")
    assert "#pragma HLS unroll factor=4" in factor
    outer = with_loop_attributes(", allo.pipeline = 1 : i64", ", allo.unroll = 0 : i64")
    assert outer.index("#pragma HLS pipeline II=1") < outer.index("#pragma HLS unroll\n")
    assert "loop_flatten" not in outer
    assert "#pragma HLS array_partition variable=A type=complete dim=1" in plain
    assert "#pragma HLS array_partition variable=A type=block factor=2 dim=2" in plain
    assert "variable=B" not in plain


def test_min_bounds() -> None:
    text = source_of(
        KernelIR.parse("""
    func.func @k(%B: memref<10xi32>) attributes {allo.args = ["B"], allo.directions = ["out"]} {
      affine.for %i = 0 to 3 { affine.for %j = 0 to min affine_map<(d0) -> (4, 10 - d0 * 4)>(%i) {
        %v = arith.index_cast %j : index to i32
        affine.store %v, %B[%i * 4 + %j] : memref<10xi32>
      } {allo.name = "j.inner"} } {allo.name = "j.outer", allo.band = "b"}
      return
    }""")
    )
    assert "for (int j_inner = 0; j_inner < std::min(4, 10 - 4 * j_outer); ++j_inner)" in text
    assert "#pragma HLS loop_tripcount min=2 max=4" in text
    assert "B[4 * j_outer + j_inner] = j_inner;" in text


def test_lines_of_the_source_are_named() -> None:
    text = source_of(kernel(GEMM, "gemm"))
    assert "k: for (int k = 0; k < 16; ++k) {  // gemm.py:8" in text
    assert "C[i][j] += A[i][k] * B[k][j];  // gemm.py:9" in text


def test_functions_are_shared_only_where_they_are_the_same() -> None:
    base = kernel(GEMM, "gemm")
    shared = cascade("shared")
    assert "mm1(A" not in emit(shared, Target(), "x")["top.cpp"]
    assert emit(shared, Target(), "x")["top.cpp"].count("void gemm(") == 1
    first, second = shared.processes
    other = replace(shared, processes=(replace(first, ir=base, name="mm1"), second))
    text = emit(other, Target(), "x")["top.cpp"]
    assert (text.count("void mm1("), text.count("void mm2(")) == (1, 1)


def test_blocks_of_one_name_in_two_regions_get_names_by_path() -> None:
    region = nested()
    sub, mm3 = region.processes
    assert isinstance(mm3, KernelProcess)
    renamed = replace(mm3, name="mm1", path="top/mm1")
    channels = tuple(
        replace(
            c,
            targets=tuple(("mm1" if p == "mm3" else p, q) for p, q in c.targets),
            source=("mm1", c.source[1]) if c.source[0] == "mm3" else c.source,
        )
        for c in region.channels
    )
    text = emit(replace(region, processes=(sub, renamed), channels=channels), Target(), "x")["top.cpp"]
    assert "void top_mm1(" in text
    assert "void top_sub_mm1(" in text


def faults(region: Region) -> list[str]:
    with pytest.raises(AlloError) as caught:
        emit(region, Target(), "x")
    assert {d.code for d in caught.value.diagnostics} == {"hls"}
    return [str(d) for d in caught.value.diagnostics]


def test_all_faulty_channels_are_named() -> None:
    region = cascade("fifo", 4)
    channels = tuple(replace(c, width=2, depth=0) if c.kind == "fifo" else c for c in region.channels)
    found = faults(replace(region, channels=channels))
    assert len(found) == 3
    assert "top/mm1_C: top/mm1.C moves tokens of 4, its channel carries tokens of 2" in found
    assert "top/mm1_C: a FIFO holds at least one token" in found


def test_a_stream_that_is_not_moved_once_and_in_order_is_refused() -> None:
    region = cascade("fifo", 1)
    first, second = region.processes

    def said(ir: KernelIR) -> str:
        (fault,) = faults(replace(region, processes=(replace(first, ir=ir), second)))
        return fault

    assert "the stream C is both read and written" in said(kernel(GEMM, "gemm").with_streams({"C": 1}))
    twice = GEMM.replace("C: float32[M, N] = 0.0", "C: float32[M, N]").partition("    for i")[0]
    twice += (
        "    for i, j in grid(16, 16):\n        C[i, j] = A[i, j]\n    for j in range(16):\n        C[7, j] = B[j, 0]\n"
    )
    twice = kernel(f"{twice}    return C\n", "gemm").with_streams({"C": 1})
    assert "the stream C is out of order: it writes C[7, 0] more than once" in said(twice)


def test_lanes_that_are_no_token_are_refused() -> None:
    region = cascade("fifo", 4)
    first, second = region.processes
    wrong = replace(first, ir=row_wise(8, "C = 4"))
    (fault,) = faults(replace(region, processes=(wrong, second)))
    assert "not the 4 neighbouring elements of one token" in fault


@pytest.mark.parametrize("place", ["%i * 8 + %l * 2", "%i * 8 + 3 - %l", "%i * 4 + %l + 1", "%i * 2 + %l", "%i * 4"])
def test_lanes_apart_or_off_the_start_of_a_token_are_refused(place: str) -> None:
    ir = KernelIR.parse(f"""
    func.func @k(%C: memref<64xf32>) attributes {{
        allo.args = ["C"], allo.directions = ["out"], allo.streams = {{C = 4}}}} {{
      %z = arith.constant 1.0 : f32
      affine.for %i = 0 to 8 {{ affine.for %l = 0 to 4 {{
        affine.store %z, %C[{place}] : memref<64xf32>
      }} {{allo.name = "l", allo.unroll = 0 : i64}} }} {{allo.name = "i", allo.band = "b"}}
      return
    }}""")
    with pytest.raises(AlloError) as caught:
        find_tokens(ir)
    assert "neighbouring elements" in str(caught.value)


def test_a_stepped_loop_can_stand_over_the_lanes() -> None:
    ir = KernelIR.parse("""
    func.func @k(%C: memref<2x32xf32>) attributes {
        allo.args = ["C"], allo.directions = ["out"], allo.streams = {C = 4}} {
      %z = arith.constant 1.0 : f32
      affine.for %i = 0 to 2 { affine.for %j = 0 to 32 step 4 {
        affine.for %a = 0 to 2 { affine.for %b = 0 to 2 {
          affine.store %z, %C[%i, %j + %a * 2 + %b] : memref<2x32xf32>
        } {allo.name = "b", allo.unroll = 0 : i64} } {allo.name = "a", allo.unroll = 0 : i64}
      } {allo.name = "j"} } {allo.name = "i", allo.band = "n"}
      return
    }""")
    function = kernel_function(ir)
    assert function.parameters == ("hls::stream<hls::vector<float, 4>> &C",)
    assert "C_token[2 * a + b] = 1.0f;" in function.body
    assert re.search(r"hls::vector<float, 4> C_token;\n +a: for", function.body)
    assert re.search(r"\}\n +C.write\(C_token\);  //", function.body)


def test_an_index_reads_well() -> None:
    ir = kernel(GEMM, "gemm")
    i, j, _ = (loop.induction_variable for loop in ir.loops()[-3:])
    names = {i: Index.atom("i"), j: Index.atom("j")}
    one, two = LinearExpr.of(i), LinearExpr.of(j)
    for expression, text in (
        (one * 32 + two - 1, "32 * i + j - 1"),
        (two - one, "j - i"),
        (two - one * 2 + 3, "j - 2 * i + 3"),
        (-one + two * 2, "2 * j - i"),
        (-one - two + 5, "5 - i - j"),
        (-one - 5, "-i - 5"),
        (LinearExpr.number(0), "0"),
        (LinearExpr.number(-4), "-4"),
    ):
        assert index_text(expression, names) == text


def test_a_stream_at_the_top() -> None:
    region = single(row_wise(4, "C = 4"))
    channels = tuple(replace(c, kind="fifo", width=4) if c.name == "C" else c for c in region.channels)
    files = emit(replace(region, channels=channels), Target(), "streamed")
    assert "interface mode=axis port=C\n" in files["top.cpp"]
    assert "drain(&port_C[0][0], " in files["top_tb.cpp"]


def test_an_operation_without_a_form_is_refused() -> None:
    ir = KernelIR.parse("""
    func.func @k(%A: memref<4xi32>, %B: memref<4xi32>) attributes {
        allo.args = ["A", "B"], allo.directions = ["in", "out"]} {
      affine.for %i = 0 to 4 {
        %v = affine.load %A[%i] : memref<4xi32>
        %w = math.ctpop %v : i32
        affine.store %w, %B[%i] : memref<4xi32>
      } {allo.name = "i", allo.band = "b"}
      return
    }""")
    (fault,) = faults(single(ir))
    assert "math.ctpop" in fault


def test_files_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    build(single(kernel(GEMM, "gemm")), tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert sorted(before) == ["Makefile", "hls_config.cfg", "run_hls.tcl", "top.cpp", "top.h", "top_tb.cpp"]
    build(single(kernel(GEMM, "gemm")), tmp_path)
    assert before == {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    (tmp_path / "blocked").write_text("a file, no folder")
    with pytest.raises(AlloError) as caught:
        write({"x.cpp": ""}, tmp_path / "blocked")
    assert caught.value.diagnostics[0].code == "file"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("j.outer", "j_outer"),
        ("class", "class_"),
        ("α", "u3b1"),
        ("2x", "n2x"),
        ("__a", "_a"),
        ("_B", "n_B"),
        ("", "n"),
        ("SIZE_MAX", "SIZE_MAX_"),
        ("EIO", "EIO_"),
        ("M_PI", "M_PI_"),
        ("div_t", "div_t_"),
        ("P_tmpdir", "P_tmpdir_"),
        ("P_token", "P_token"),
        ("E", "E"),
        ("MAX", "MAX"),
        ("Totals", "Totals"),
    ],
)
def test_identifiers(text: str, expected: str) -> None:
    assert identifier(text) == expected


def test_unique_names() -> None:
    names = Names(["taken"])
    assert [names.unique("taken"), names.unique("a"), names.unique("a", "b"), names.unique("a", "b")] == [
        "taken_2",
        "a",
        "b",
        "b_2",
    ]


def test_comments_stay_comments() -> None:
    assert comment("a\nint x;\\") == "a int x;"
