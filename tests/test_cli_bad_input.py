"""Every kind of bad input: a diagnostic with a place and a hint, status 1, and the files as they were."""

import json
from dataclasses import dataclass

import pytest
from cli_samples import KERNEL, PROJECT, contents, write_project

from allo_studio.cli import main

LAST_STEP = "    - unroll: {axis: j.inner}\n"
THREES = "  threes:\n    - partition: {buffer: C, kind: cyclic, dim: 2, factor: 3}\n"
FIVES = "  fives:\n    - partition: {buffer: A, kind: block, dim: 2, factor: 5}\n"
WAVE = '  wave:\n    - reorder: {axes: ["wave:j", "wave:i"]}\n'


def project(*pairs: tuple[str, str]) -> str:
    """Return the sound project with texts replaced; each must be there."""
    text = PROJECT
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def kernel(old: str, new: str) -> str:
    assert old in KERNEL, old
    return KERNEL.replace(old, new)


def block(name: str, now: str) -> tuple[str, str]:
    return f'{name}: {{kernel: "kernels/gemm.py:gemm", schedule: row_wise}}', f"{name}: {now}"


@dataclass(frozen=True)
class Case:
    """A bad project, the code of the diagnostic (empty: any) and a part of its place."""

    code: str
    place: str
    project: str = PROJECT
    kernel: str = KERNEL


CASES = {
    "broken YAML": Case("yaml", "project.yaml:", project(("edges:", "edges: ["))),
    "YAML that is no mapping": Case("yaml", "project.yaml:", "- 1\n- 2\n"),
    "no text at all": Case("yaml", "project.yaml", ""),
    "unknown key": Case("yaml", "project.yaml:", project(("execution:", "executoin:"))),
    "unknown kind of block": Case("structure", "cascade/mm2", project(block("mm2", '{memory: "x"}'))),
    "newer format": Case("yaml", "project.yaml:", project(("format: 1", "format: 99"))),
    "missing kernel file": Case("file", "cascade/mm1", project(("gemm.py", "gone.py"))),
    "missing kernel": Case("", "cascade/mm1", project(("py:gemm", "py:gem"))),
    "syntax error in a kernel": Case("syntax", "gemm.py:", kernel=kernel("for k in", "for k on")),
    "unsupported construct": Case("unsupported", "gemm.py:", kernel=kernel("def gemm", "@fast\ndef gemm")),
    "unknown name in a kernel": Case("name", "gemm.py:12", kernel=kernel("* B[", "* X[")),
    "type mismatch": Case("type", "cascade/D->mm2.B", project(('D: "float32', 'D: "int32'))),
    "shape mismatch": Case("shape", "cascade/D->mm2.B", project(('D: "float32[16, 16]', 'D: "float32[16, 8]'))),
    "layout mismatch": Case(
        "layout",
        "mm1.C",
        project(
            (LAST_STEP, LAST_STEP + THREES + FIVES),
            block("mm1", '{kernel: "kernels/gemm.py:gemm", schedule: threes}'),
            block("mm2", '{kernel: "kernels/gemm.py:gemm", schedule: fives}'),
        ),
    ),
    "cycle": Case("structure", "cascade", project(("- A -> mm1.A", "- mm2.C -> mm1.A"))),
    "two producers": Case("structure", "mm2.B", project(("- D -> mm2.B", "- D -> mm2.B\n      - B -> mm2.B"))),
    "input without a producer": Case("structure", "mm2", project(("      - D -> mm2.B\n", ""))),
    "step that does not apply": Case("step", "cascade/mm1#0", project(("axis: j, factor", "axis: z, factor"))),
    "unknown device": Case("target", "project.yaml:4:18", project(("xcu280", "xcu28"))),
    "clock without figures": Case("target", "project.yaml:4:36", project(("3.33", "0.01"))),
    "clock of zero": Case("yaml", "project.yaml:4:36", project(("3.33", "0"))),
    "format that is a text": Case("yaml", "project.yaml:2:9", project(("format: 1", 'format: "1"'))),
    "depth of zero": Case(
        "yaml", "project.yaml:26:", project(("- mm1.C -> mm2.A", "- {from: mm1.C, to: mm2.A, depth: 0}"))
    ),
    "channel of no kind": Case(
        "yaml", "project.yaml:26:", project(("- mm1.C -> mm2.A", "- {from: mm1.C, to: mm2.A, channel: wire}"))
    ),
    "shared buffer between blocks that overlap": Case(
        "order", "project.yaml:26:9", project(("- mm1.C -> mm2.A", "- {from: mm1.C, to: mm2.A, channel: shared}"))
    ),
    "port that is a word of C++": Case("yaml", "project.yaml:", project(("D: ", "int: "), ("- D ->", "- int ->"))),
    "extent of zero": Case(
        "shape", "gemm.py:8", project(block("mm2", '{kernel: "kernels/gemm.py:gemm", params: {M: 0}}'))
    ),
    "division by zero": Case("type", "gemm.py:12", kernel=kernel("* B[k, j]", "* B[k, j] / 0")),
    "unknown step": Case("", "mm1", project(("- unroll:", "- unrol:"))),
    "step that changes the result": Case(
        "step",
        "cascade/mm1#0",
        project(
            (LAST_STEP, LAST_STEP + WAVE),
            block("mm1", '{kernel: "kernels/gemm.py:diagonal", schedule: wave}'),
            ("mm1.C", "mm1.D"),
            ("      - B -> mm1.B\n", ""),
            (' B: "float32[16, 16]",', ""),
        ),
    ),
}


@pytest.fixture(params=CASES, ids=lambda name: name.replace(" ", "-"))
def case(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = CASES[request.param]
    return write_project(tmp_path / "bad", found.project, found.kernel), found


def test_bad_input_is_a_diagnostic_with_place_and_hint(case, capsys):
    folder, wanted = case
    before = contents(folder)
    assert main(["check", str(folder)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert (f"error[{wanted.code}]" if wanted.code else "error[") in err
    assert wanted.place in err
    assert "hint:" in err
    assert contents(folder) == before


def test_bad_input_in_json(case, capsys):
    folder, wanted = case
    assert main(["check", str(folder), "--json"]) == 1
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["status"], err) == ("error", "")
    errors = [d for d in found["diagnostics"] if d["severity"] == "error"]
    assert not wanted.code or wanted.code in {d["code"] for d in errors}
    assert all(d["where"] for d in errors)
    assert [d["message"] for d in errors if not d["hint"]] == []


def test_bad_input_is_not_built(case, tmp_path, capsys):
    folder, _ = case
    before = contents(tmp_path)
    assert main(["build", str(folder), "--out", str(tmp_path / "out")]) == 1
    assert "error[" in capsys.readouterr().err
    assert contents(tmp_path) == before


def test_a_kernel_has_all_its_faults_told_at_once(tmp_path, capsys):
    faulty = kernel("* B[k, j]", "* X[k, j]").replace("A[i, k]", "Y[i, k]")
    assert main(["check", str(write_project(tmp_path, kernel=faulty))]) == 1
    err = capsys.readouterr().err
    assert "'X'" in err
    assert "'Y'" in err


def test_code_of_a_project_does_not_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    touch = f"import os\nos.system('touch {tmp_path}/ran')\nopen('{tmp_path}/ran', 'w')\n"
    folder = write_project(tmp_path / "trap", kernel=touch + KERNEL)
    for name in ("conftest.py", "sitecustomize.py", "ui.py", "PySide6.py", "allo_studio.py"):
        (folder / name).write_text(touch, encoding="utf-8")
    monkeypatch.chdir(folder)
    for words in (["check", "."], ["render", ".", "--out", "x.svg"], ["build", ".", "--no-simulate"]):
        assert main(words) in (0, 1)
    assert not (tmp_path / "ran").exists()
    assert "Traceback" not in capsys.readouterr().err


def test_project_file_that_is_no_text(tmp_path, capsys):
    folder = write_project(tmp_path / "bad")
    (folder / "project.yaml").write_bytes(b"\x00\xff\xfe" * 50)
    assert main(["check", str(folder)]) == 1
    assert "error[" in capsys.readouterr().err


def test_kernel_that_is_a_folder(tmp_path, capsys):
    folder = write_project(tmp_path / "bad")
    (folder / "kernels" / "gemm.py").unlink()
    (folder / "kernels" / "gemm.py").mkdir()
    assert main(["check", str(folder)]) == 1
    assert "error[file]" in capsys.readouterr().err
