"""The command line with `--target rtl`: what is built, that cycles are as predicted, and what it refuses."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from cli_samples import KERNEL, write_project

from allo_studio.cli import main


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_project(tmp_path / "small")


def test_a_build_is_exact(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", str(project), "--target", "rtl", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    counts = found["report"]["cycles"]["open"]
    assert counts["simulated"] == counts["predicted"]
    assert counts["simulated_interval"] == found["report"]["interval"]
    assert found["report"]["cycles"]["vitis"].keys() == {"predicted"}
    assert found["simulation"] == {"compared": 256, "mismatches": 0, "max_error": 0.0, "engine": "RTL simulation"}
    (channel,) = found["report"]["channels"]
    assert 1 <= channel["observed"] <= channel["depth"]["open"]
    kinds = Counter(artifact["kind"] for artifact in found["artifacts"])
    assert kinds["verilog"] == 4
    assert kinds["report"] == 1
    out = Path("build/small-rtl")
    assert all(Path(artifact["path"]).is_file() for artifact in found["artifacts"])
    modules = (out / "files.f").read_text(encoding="utf-8").split()
    assert sorted(modules) == sorted(path.name for path in out.glob("*.sv"))
    text = (out / "cascade_mm1.sv").read_text(encoding="utf-8")
    assert "// kernels/gemm.py:12:13" in text
    assert "unknown" not in text
    # The same design gives the same files.
    again = Path("again")
    assert main(["build", str(project), "--target", "rtl", "--out", str(again), "--no-simulate"]) == 0
    for name in (*modules, "files.f", "sim/bench.sv"):
        assert (again / name).read_bytes() == (out / name).read_bytes()


def test_what_rtl_has_one_of_is_told_in_a_note(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = project / "project.yaml"
    text = file.read_text(encoding="utf-8")
    head = "  row_wise:\n"
    file.write_text(text.replace(head, f"{head}    - bind_op: {{op: fadd, impl: fulldsp}}\n"), encoding="utf-8")
    assert main(["build", str(project), "--target", "rtl", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == "ok"
    notes = [d for d in found["diagnostics"] if d["severity"] == "note"]
    assert [note["where"] for note in notes] == ["cascade/mm1", "cascade/mm2"]
    assert "bind_op asks for implementations of fadd.f32, of which RTL has one each" in notes[0]["message"]
    assert main(["build", str(project), "--json", "--no-simulate"]) == 0
    assert not [d for d in json.loads(capsys.readouterr().out)["diagnostics"] if d["severity"] == "note"]


def test_words_are_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = project / "project.yaml"
    text = file.read_text(encoding="utf-8")
    step = "    - partition: {buffer: C_tile, kind: cyclic, dim: 1, factor: 4, words: true}\n"
    file.write_text(
        text.replace("    - partition: {buffer: B,", f"{step}    - partition: {{buffer: B,"), encoding="utf-8"
    )
    assert main(["build", str(project), "--target", "rtl"]) == 1
    told = capsys.readouterr().err
    assert "the open library has no memories of words, as C_tile asks for by its partition" in told
    assert "--target hls" in told
    assert main(["build", str(project), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["simulation"]["mismatches"] == 0
    assert set(found["report"]["cycles"]) == {"vitis"}


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="Icarus Verilog is not installed")
def test_the_testbench_passes_in_another_simulator(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", str(project), "--target", "rtl"]) == 0
    folder = Path("build/small-rtl/sim")
    modules = [f"../{name}" for name in (folder / "../files.f").read_text(encoding="utf-8").split()]
    command = ["iverilog", "-g2012", "-Wall", "-o", "run", *modules, "bench.sv", "testbench.sv"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert made.stderr == ""
    ran = subprocess.run(["vvp", "run"], cwd=folder, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("PASSED: 256 words")
    # A wrong word is seen.
    words = (folder / "expected_E_0.hex").read_text(encoding="utf-8").split()
    words[3] = f"{int(words[3], 16) ^ 1:08x}"
    (folder / "expected_E_0.hex").write_text("\n".join(words), encoding="utf-8")
    ran = subprocess.run(["vvp", "run"], cwd=folder, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("FAILED: 1 words differ")


def test_a_simulation_tells_both_cycles(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(project), "--target", "rtl"]) == 0
    text = capsys.readouterr().out
    assert "passed (RTL simulation): 256 elements compared, 0 differ" in text
    assert "predicted" in text
    assert not Path("build").exists()


def test_an_operator_without_a_circuit_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = project / "kernels" / "gemm.py"
    file.write_text(KERNEL.replace("A[i, k] * B[k, j]", "A[i, k] / B[k, j]"), encoding="utf-8")
    assert main(["build", str(project), "--target", "rtl"]) == 1
    errors = capsys.readouterr().err
    assert "kernels/gemm.py:12:24: error[rtl]: the RTL has no division of float32 yet" in errors
    assert "^^^^" in errors
    assert "--target hls" in errors
    assert not Path("build").exists()
    # The other target takes it.
    assert main(["build", str(project), "--no-simulate"]) == 0


def test_a_waveform_is_written_on_demand(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(project), "--target", "rtl", "--vcd", "waves.vcd"]) == 0
    text = Path("waves.vcd").read_text(encoding="ascii")
    assert "$scope module mm1 $end" in text
    assert "$enddefinitions $end" in text
    capsys.readouterr()
    assert main(["simulate", str(project), "--target", "jit", "--vcd", "other.vcd"]) == 2
    assert "hint: add --target rtl" in capsys.readouterr().err
    assert not Path("other.vcd").exists()
