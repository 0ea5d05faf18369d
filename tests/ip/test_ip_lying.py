"""Descriptors that say something else than their code: each difference is told, with both places."""

from __future__ import annotations

from pathlib import Path

import pytest
from ip_projects import ROTATE, SCALE, block_of, check_of, faults_of, write_files

Y, CPP, SV = "ip/scale.ip.yaml", "ip/scale.cpp", "ip/scale.sv"
SIGNATURE = "void scale(hls::stream<int> &x, hls::stream<int> &y) {"
# What is changed (file, old, new), the line and column in the descriptor, and what the message says.
Change = tuple[str, str, str]
STREAMS: dict[str, tuple[list[Change], str, list[str]]] = {
    "missing function": ([(Y, "function: scale", "function: scal")], "14:13", ["no file has a function scal"]),
    "missing parameter": (
        [
            (CPP, ", hls::stream<int> &y) {", ") {"),
            (CPP, "y.write(", "(void)("),
            ("ip/scale.h", ", hls::stream<int> &y", ""),
        ],
        "14:13",
        ["ip/scale.cpp:3:6", "1 parameters (x), not 2"],
    ),
    "another parameter": (
        [(CPP, "&y) {", "&y, int k) {"), ("ip/scale.h", "&y)", "&y, int k)")],
        "14:13",
        ["ip/scale.cpp:3:6", "3 parameters (x, y, k), not 2"],
    ),
    "another name": (
        [(CPP, "&x, hls", "&in, hls"), (CPP, "x.read()", "in.read()")],
        "4:6",
        ["the port is called x", "ip/scale.cpp:3:30 'in'"],
    ),
    "another element": (
        [(CPP, "<int> &x, hls", "<short> &x, hls"), ("ip/scale.h", "<int> &x", "<short> &x")],
        "4:28",
        ["elements of x are int32", "ip/scale.cpp:3:32 `short` (int16)"],
    ),
    "another width of bits": (
        [(CPP, "<int> &x, hls", "<ap_int<31> > &x, hls"), ("ip/scale.h", "<int> &x", "<ap_int<31> > &x")],
        "4:28",
        ["`ap_int<31>` (int31)"],
    ),
    "another sign": (
        [(CPP, "<int> &x, hls", "<ap_uint<32> > &x, hls"), ("ip/scale.h", "<int> &x", "<ap_uint<32> > &x")],
        "4:28",
        ["`ap_uint<32>` (uint32)"],
    ),
    "no type of a port": (
        [
            (CPP, SIGNATURE, "struct Pair { int a; };\nvoid scale(hls::stream<Pair> &x, hls::stream<int> &y) {"),
            (CPP, "x.read()", "x.read().a"),
            ("ip/scale.h", "void scale(hls::stream<int> &x, hls::stream<int> &y);", ""),
        ],
        "4:28",
        ["`Pair`, which is no type of a port"],
    ),
    "an array for a stream": (
        [
            (CPP, "hls::stream<int> &x, hls", "const int x[16], hls"),
            ("ip/scale.h", "void scale(hls::stream<int> &x, hls::stream<int> &y);", ""),
            (CPP, "x.read()", "x[i]"),
        ],
        "4:48",
        ["x is a stream (in)", "ip/scale.cpp:3:22", "`const int[16]`"],
    ),
    "a stream for an array": (
        [
            (
                Y,
                'x: {direction: in, type: "int32[16]", moves: stream}',
                'x: {direction: in, type: "int32[16]", moves: memory}',
            ),
            (Y, "    x: {first: 0, every: 1}\n", ""),
        ],
        "4:48",
        ["x is a memory (in)", "`hls::stream<int> &`"],
    ),
    "wider tokens": (
        [(Y, "moves: stream}\n  y", "moves: stream, width: 4}\n  y")],
        "4:63",
        ["tokens of x are 4 elements", "ip/scale.cpp:3:30 1"],
    ),
    "an input that is written": (
        [(Y, "x: {direction: in,", "x: {direction: out,")],
        "4:18",
        ["x is an output, and the function reads it", "ip/scale.cpp:3:30"],
    ),
    "an output that is read": (
        [
            (Y, "y: {direction: out,", "y: {direction: in,"),
            (Y, "ports:\n", "ports:\n  z: {direction: out, type: int32, returned: true}\n"),
        ],
        "6:18",
        ["y is an input, and the function writes it"],
    ),
    "returned, but nothing is": (
        [(Y, "ports:\n", "ports:\n  z: {direction: out, type: int32, returned: true}\n")],
        "4:46",
        ["z is returned", "ip/scale.cpp:3:6 returns nothing"],
    ),
    "nothing returned, but something is": (
        [
            (CPP, "void scale(", "int scale("),
            (CPP, "    }\n}", "    }\n    return 0;\n}"),
            ("ip/scale.h", "void scale", "int scale"),
        ],
        "14:13",
        ["ip/scale.cpp:3:5 returns int"],
    ),
    "declared and not defined": (
        [
            (CPP, "void scale(", "void other("),
        ],
        "14:13",
        ["scale is declared at ip/scale.h:4:6, and no file defines it"],
    ),
    "a syntax error": (
        [(CPP, "x.read()) + i);", "x.read()) + ;")],
        "13:10",
        ["ip/scale.cpp:6:", "expected expression"],
    ),
    "a part that does not end": ([(CPP, "    }\n}\n", "    }\n")], "13:10", ["ip/scale.cpp:"]),
    "a missing header": (
        [(CPP, '"scale.h"', '"scales.h"')],
        "13:10",
        ["ip/scale.cpp:1:10", "'scales.h' file not found"],
    ),
    "an unlisted header": (
        [(Y, "[scale.cpp, scale.h]", "[scale.cpp]")],
        "13:10",
        ["ip/scale.cpp:1:10", "file not found"],
    ),
    "missing module": ([(Y, "module: scale", "module: scal")], "17:11", ["no file has a module scal"]),
    "a Verilog syntax error": (
        [(SV, "assign ready = ~busy & run;", "assign ready = ;")],
        "16:10",
        ["ip/scale.sv:", "expected expression"],
    ),
    "an unknown module inside": (
        [(SV, "endmodule", "  nothere u ();\nendmodule")],
        "16:10",
        ["unknown module 'nothere'"],
    ),
    "missing Verilog port": (
        [(SV, "input wire [31:0] x_data, ", ""), (SV, "x_data * 3", "32'd3")],
        "4:6",
        ["scale at ip/scale.sv:1:8 has no port x_data, for port x"],
    ),
    "missing control": (
        [(SV, "output wire done,", ""), (SV, "assign done =", "wire done =")],
        "17:11",
        ["has no port done, for control"],
    ),
    "another direction": (
        [
            (SV, "output wire x_ready", "input wire x_ready"),
            (SV, "  assign x_ready = takes & (~gives | y_ready);\n", ""),
        ],
        "4:6",
        ["x_ready must be an output", "ip/scale.sv:4:"],
    ),
    "another width of a port": (
        [(SV, "output wire [31:0] y_data", "output wire [15:0] y_data")],
        "5:6",
        ["y_data must have 32 bits", "ip/scale.sv:5:", "it has 16"],
    ),
    "a port of nothing": (
        [(SV, "input wire y_ready", "input wire y_ready, input wire extra")],
        "17:11",
        ["scale has a port extra at ip/scale.sv:5:"],
    ),
    "an unknown parameter": ([(Y, "{N: 16}", "{M: 16}")], "18:19", ["ip/scale.sv:1:8 has no parameter M"]),
    "an unknown signal": ([(Y, "{N: 16}", "{N: 16}\n  signals: {x_dta: x}")], "19:20", ["no signal x_dta"]),
}
R, RCPP = "ip/rotate.ip.yaml", "ip/rotate.cpp"
MEMORIES: dict[str, tuple[list[Change], str, list[str]]] = {
    "another extent": ([(RCPP, "a[16]", "a[8]")], "4:28", ["a is int32[16]", "ip/rotate.cpp:2:29", "extents are [8]"]),
    "another rank": (
        [(RCPP, "a[16]", "a[4][4]"), (RCPP, "a[15 - i]", "a[0][i]"), (RCPP, "+= a[i]", "+= a[0][i]")],
        "4:28",
        ["[4][4]"],
    ),
    "an input without const": (
        [(RCPP, "const ap_int", "ap_int")],
        "4:18",
        ["a is an input, and at ip/rotate.cpp:2:23 it can be written"],
    ),
    "an output with const": (
        [(RCPP, "int *b", "const int *b"), (RCPP, "b[i] = ", "(void)b; sum += 0 * ")],
        "6:18",
        ["b is an output", "it is const"],
    ),
    "a value by pointer": (
        [(RCPP, "int n,", "int *n,"), (RCPP, "+ n;", "+ *n;")],
        "5:6",
        ["n is a value (in)", "`int *`"],
    ),
    "another type returned": (
        [(RCPP, "int rotate", "short rotate")],
        "7:33",
        ["elements of total are int32", "`short` (int16)"],
    ),
    "another width of an address": (
        [
            ("ip/rotate.v", "output wire [3:0] b_wa", "output wire [4:0] b_wa"),
            ("ip/rotate.v", "now[3:0] - 4'd1", "now - 5'd1"),
        ],
        "6:6",
        ["b_wa must have 4 bits"],
    ),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_difference_is_told_with_both_places(name: str, tmp_path: Path) -> None:
    changes, place, said = STREAMS[name]
    write_files(tmp_path, SCALE, *changes)
    _tells(faults_of(tmp_path), f"ip/scale.ip.yaml:{place}", said)
    found = check_of(tmp_path)
    assert not found.ok
    assert "top/scale" in {d.where for d in found.diagnostics}


@pytest.mark.parametrize("name", MEMORIES)
def test_a_difference_of_a_memory_is_told_with_both_places(name: str, tmp_path: Path) -> None:
    changes, place, said = MEMORIES[name]
    write_files(tmp_path, ROTATE, *changes)
    _tells(faults_of(tmp_path, R), f"ip/rotate.ip.yaml:{place}", said)


def _tells(faults: object, place: str, said: list[str]) -> None:
    assert isinstance(faults, tuple)
    texts = [f"{fault.span}: {fault.message}" for fault in faults]
    assert all(fault.code == "ip" and fault.hint for fault in faults), texts
    assert any(str(fault.span) == place and all(part in fault.message for part in said) for fault in faults), texts


def test_what_is_not_changed_agrees(tmp_path: Path) -> None:
    write_files(tmp_path, SCALE)
    block = block_of(tmp_path)
    assert block.cpp is not None
    assert block.cpp.main == "ip/scale.cpp"
    assert block.verilog is not None
    assert block.verilog.parameters == {"N": 16}
    assert check_of(tmp_path).ok


def test_all_differences_are_told_at_once(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        SCALE,
        (Y, 'x: {direction: in, type: "int32[16]"', 'x: {direction: in, type: "int16[16]"'),
        (Y, 'y: {direction: out, type: "int32[16]"', 'y: {direction: out, type: "uint32[16]"'),
    )
    faults = faults_of(tmp_path)
    # Both ports differ from the C++, and the first also from the Verilog.
    assert [str(f.span) for f in faults] == ["ip/scale.ip.yaml:4:28", "ip/scale.ip.yaml:5:29", "ip/scale.ip.yaml:4:6"]
