"""Running generated C++: compilers, cancelling, deadlocks, leftovers, and the comparison."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from allo_studio.design.region import RegionPort
from allo_studio.diagnostics import AlloError
from allo_studio.simulate import CSimResult, SimulationCancelled, compare, random_inputs, run, toolchain
from allo_studio.simulate.child import run_child
from allo_studio.types import parse_type

HEADER = """#ifndef DUT_H
#define DUT_H
#include <cstdint>
#include "hls_stream.h"
#include "hls_vector.h"
void dut(const int32_t a[4], int32_t b[4]);
#endif
"""
BENCH = """#include "dut.h"
#include <cstdio>
#include <string>
int main(int argc, char **argv) {
    const std::string folder = std::string(argc > 1 ? argv[1] : "data") + "/";
    int32_t a[4], b[4];
    std::FILE *in = std::fopen((folder + "a.bin").c_str(), "rb");
    if (in == nullptr || std::fread(a, 4, 4, in) != 4) return 2;
    std::fclose(in);
    dut(a, b);
    std::FILE *out = std::fopen((folder + "b.out.bin").c_str(), "wb");
    std::fwrite(b, 4, 4, out);
    std::fclose(out);
    return 0;
}
"""
A = np.array([1, 2, 3, 4], np.int32)


def simulate(folder: Path, body: str, want: list[int], **options: float) -> CSimResult:
    source = f'#include "dut.h"\nvoid dut(const int32_t a[4], int32_t b[4]) {{\n{body}\n}}\n'
    for name, text in (("dut.h", HEADER), ("dut.cpp", source), ("dut_tb.cpp", BENCH)):
        (folder / name).write_text(text)
    return run(folder, "dut", {"a": A}, {"b": np.array(want, np.int32)}, **options)  # type: ignore[arg-type]


COPY = "for (int i = 0; i < 4; ++i) b[i] = a[i];"


def error_of(error: pytest.ExceptionInfo[AlloError]) -> tuple[str, str, str]:
    (found,) = error.value.diagnostics
    return found.code, found.message, found.hint


def test_values_are_compared_whatever_the_testbench_says(tmp_path: Path) -> None:
    result = simulate(tmp_path, COPY, [1, 2, 9, 7])
    assert (result.compared, result.mismatches, result.max_error) == (4, 2, 6.0)
    assert str(result.first_mismatch) == "b[2] is 3 and should be 9"
    assert result.outputs["b"].tolist() == [1, 2, 3, 4]
    assert not result.passed


def test_an_executable_is_reused_until_its_source_changes(tmp_path: Path) -> None:
    assert simulate(tmp_path, COPY, [1, 2, 3, 4]).passed
    (first,) = (tmp_path / "csim").glob("csim-*")
    made = first.stat().st_mtime_ns
    assert simulate(tmp_path, COPY, [1, 2, 3, 4]).passed
    assert first.stat().st_mtime_ns == made
    assert simulate(tmp_path, "for (int i = 0; i < 4; ++i) b[i] = -a[i];", [-1, -2, -3, -4]).passed
    assert first not in (tmp_path / "csim").glob("csim-*")


def test_an_output_of_an_earlier_run_is_not_taken_for_this_one(tmp_path: Path) -> None:
    assert simulate(tmp_path, COPY, [1, 2, 3, 4]).passed
    with pytest.raises(AlloError) as caught:
        simulate(tmp_path, "std::exit(0);", [1, 2, 3, 4])
    assert "wrote 0 bytes for b, not 16" in error_of(caught)[1]


def test_reading_an_empty_stream_names_it(tmp_path: Path) -> None:
    body = 'hls::stream<int32_t> s("mm1_C"); s.write(1);\nfor (int i = 0; i < 4; ++i) b[i] = a[i] + s.read();'
    with pytest.raises(AlloError) as caught:
        simulate(tmp_path, body, [1, 2, 3, 4])
    code, message, hint = error_of(caught)
    assert code == "csim"
    assert "stream 'mm1_C' was read while empty, after 1 tokens" in message
    assert hint


def test_tokens_left_over_are_a_fault(tmp_path: Path) -> None:
    body = 'hls::stream<hls::vector<int32_t, 2>> s("left"); hls::vector<int32_t, 2> t(1); s << t; s.write(t);' + COPY
    result = simulate(tmp_path, body, [1, 2, 3, 4])
    assert (result.mismatches, result.passed) == (0, False)
    assert result.faults == ("stream 'left' still holds 2 tokens that no process read",)


def test_a_compiler_error_is_shown(tmp_path: Path) -> None:
    with pytest.raises(AlloError) as caught:
        simulate(tmp_path, "undeclared = 1;", [1, 2, 3, 4])
    code, message, _ = error_of(caught)
    assert code == "tool"
    assert "could not compile" in message
    assert "undeclared" in message


def test_a_crash_is_a_fault_of_the_tool(tmp_path: Path) -> None:
    with pytest.raises(AlloError) as caught:
        simulate(tmp_path, "std::abort();", [1, 2, 3, 4])
    assert error_of(caught)[0] == "tool"
    assert "signal 6" in error_of(caught)[1]


def test_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AlloError) as caught:
        simulate(tmp_path, COPY, [1, 2, 3, 4])
    code, message, hint = error_of(caught)
    assert (code, "no C++ compiler" in message) == ("tool", True)
    assert "apt install g++" in hint


def test_the_compiler_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    named = shutil.which("g++") or shutil.which("c++")
    monkeypatch.setenv("CXX", f"{named} -g")
    assert toolchain.find_compiler() == (named, "-g")
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(AlloError) as caught:
        toolchain.find_compiler()
    assert "no-such-compiler (named by CXX)" in error_of(caught)[1]


def test_products_and_sums_are_rounded_apart() -> None:
    assert "-ffp-contract=off" in toolchain.FLAGS


@pytest.mark.parametrize(("external", "standard"), [(False, 201402), (True, 201703)])
def test_generated_code_is_compiled_as_the_oldest_tool_does(tmp_path: Path, external: bool, standard: int) -> None:
    source = tmp_path / "main.cpp"
    source.write_text(f'static_assert(__cplusplus == {standard}, "the standard");\nint main() {{ return 0; }}\n')
    made = toolchain.build_executable([source], [], tmp_path, timeout_s=60.0, cancel=None, external=external)
    assert made.is_file()


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(AlloError) as caught:
        run(tmp_path, "dut", {"a": A}, {"b": A})
    assert [d.code for d in caught.value.diagnostics] == ["file"] * 3


def test_a_program_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(AlloError) as caught:
        simulate(tmp_path, "volatile int x = 0; while (a[0]) x = b[0];", [1, 2, 3, 4], timeout_s=0.3)
    assert time.monotonic() - began < 30
    assert "within 0.3 seconds" in error_of(caught)[1]


def test_cancelling_ends_the_child_and_its_children(tmp_path: Path) -> None:
    stop = threading.Event()
    script = "import subprocess, sys, time\n" + (
        "p = subprocess.Popen([sys.executable, '-c', \"import time; time.sleep(1.5); open('late', 'w')\"])\n"
        "open('started', 'w')\ntime.sleep(60)\n"
    )

    def cancel() -> bool:
        return stop.is_set() or (tmp_path / "started").exists()

    began = time.monotonic()
    with pytest.raises(SimulationCancelled):
        run_child([sys.executable, "-c", script], tmp_path, timeout_s=60, cancel=cancel)
    assert time.monotonic() - began < 20
    time.sleep(2.0)
    assert not (tmp_path / "late").exists()


def test_nans_are_equal_and_a_lone_one_is_not() -> None:
    nan, inf = float("nan"), float("inf")
    got = {"x": np.array([nan, 0.0, inf, 1.0, nan], np.float32)}
    want = {"x": np.array([nan, -0.0, inf, 1.5, 2.0], np.float32)}
    found = compare(got, want)
    assert (found.compared, found.mismatches, found.max_error) == (5, 2, inf)
    assert found.first_mismatch is not None
    assert found.first_mismatch.index == (3,)


def test_a_tolerance_is_relative_to_the_largest_and_for_floats_only() -> None:
    want = {"f": np.array([100.0, 1.0], np.float32), "n": np.array([1000, 1], np.int32)}
    near = {"f": np.array([100.0, 1.009], np.float32), "n": np.array([1000, 1], np.int32)}
    assert compare(near, want, 1e-4).mismatches == 0
    assert compare(near, want, 1e-5).mismatches == 1
    off = {"f": want["f"], "n": np.array([1000, 2], np.int32)}
    assert compare(off, want, 1.0).mismatches == 1


def test_large_integers_are_compared_exactly() -> None:
    found = compare({"n": np.array([2**31 - 1], np.int32)}, {"n": np.array([-(2**31)], np.int32)})
    assert (found.mismatches, found.max_error) == (1, 2.0**32 - 1)


def test_random_inputs_depend_on_name_and_seed_only() -> None:
    ports = [
        RegionPort("A", "in", parse_type("float32[50, 40]")),
        RegionPort("n", "in", parse_type("int32[500]")),
        RegionPort("s", "in", parse_type("float32")),
        RegionPort("C", "out", parse_type("float32[4]")),
    ]
    data = random_inputs(ports, 3)
    assert sorted(data) == ["A", "n", "s"]
    assert (data["A"].dtype, data["A"].shape, data["s"].shape) == (np.float32, (50, 40), ())
    assert -1.0 <= data["A"].min() < -0.9 < 0.9 < data["A"].max() < 1.0
    assert (data["n"].min(), data["n"].max(), data["n"].dtype) == (-10, 10, np.int32)
    assert np.array_equal(random_inputs(ports[:1], 3)["A"], data["A"])
    assert not np.array_equal(random_inputs(ports[:1], 4)["A"], data["A"])


def test_the_files_may_be_in_a_relative_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    assert simulate(Path("out"), COPY, [1, 2, 3, 4]).passed
