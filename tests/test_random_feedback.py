"""Random graphs with loops: the reference, the JIT and the generated C++ give the same, in each invocation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from random_feedback import loops

from allo_studio.backends.vitis import emit, write
from allo_studio.design.model import Interface, Project
from allo_studio.design.region import RelayoutProcess
from allo_studio.design.timing import SizedDesign
from allo_studio.hardware.operators import load_operators
from allo_studio.pipeline import size_project
from allo_studio.project import LoadedProject, load_project, save_project
from allo_studio.simulate.child import run_child
from allo_studio.simulate.compare import compare
from allo_studio.simulate.csim import run
from allo_studio.simulate.data import random_inputs
from allo_studio.simulate.jit import evaluate_jit
from allo_studio.simulate.reference import evaluate
from allo_studio.simulate.toolchain import build_executable

pytestmark = pytest.mark.usefixtures("quick_cpp")
VITIS = load_operators("vitis", 3.33)


def assert_engines_agree(sized: SizedDesign, project: Project, folder: Path, seed: int = 0) -> None:
    """Compare all engines; the seed chooses the interface of the generated C++."""
    inputs = random_inputs(sized.region.ports)
    for invocations in (1, 2, 3):
        want = evaluate(sized.region, inputs, invocations)
        verdict = compare(evaluate_jit(sized.region, inputs, invocations), want, 0.0)
        assert verdict.compared
        assert not verdict.mismatches, f"{invocations}: {verdict.first_mismatch}"
    folder.mkdir()
    choices = get_args(Interface)
    target = replace(project.target, interface=choices[seed % len(choices)])
    write(emit(sized.region, target, project.name, "part"), folder)
    types = {port.name: port.type for port in sized.region.ports}
    found = run(folder, sized.region.name, inputs, evaluate(sized.region, inputs), types=types)
    assert found.passed, f"{found.first_mismatch} {found.faults}"


@pytest.mark.parametrize("seed", [0, 2, 3, 5, 9, 11, 13, 14, 22, 29, 31, 33])
def test_engines(tmp_path: Path, seed: int) -> None:
    loaded = loops(tmp_path, seed)
    sized = size_project(loaded, library=VITIS)
    assert any(channel.initial for channel in sized.region.channels)
    assert_engines_agree(sized, loaded.project, tmp_path / "out", seed)


@pytest.mark.parametrize("seed", [3, 10, 13])
def test_engines_with_adapters(tmp_path: Path, seed: int) -> None:
    loaded = loops(tmp_path, seed, mixed=True)
    sized = size_project(loaded, library=VITIS)
    assert any(isinstance(process, RelayoutProcess) for process in sized.region.processes)
    assert_engines_agree(sized, loaded.project, tmp_path / "out")


NESTED = """\
format: 1
name: nested
top: top
graphs:
  top:
    inputs: {A: "int32[6]"}
    outputs: {Q: "int32[6]"}
    nodes:
      meet: {kernel: "k.py:meet"}
      inner: {graph: inner}
      last: {kernel: "k.py:step"}
    edges:
      - A -> meet.X
      - meet.Y -> inner.I
      - inner.O -> last.X
      - last.Y -> Q
      - {from: inner.P, to: meet.Z, initial: [1, -2, 3]}
  inner:
    inputs: {I: "int32[6]"}
    outputs: {O: "int32[6]", P: "int32[6]"}
    nodes:
      both: {kernel: "k.py:both"}
      fork: {kernel: "k.py:fork"}
      count: {kernel: "k.py:count"}
    edges:
      - I -> both.X
      - both.Y -> fork.X
      - fork.Z -> P
      - {from: both.W, to: both.Z, initial: 5}
      - {from: fork.Y, to: count.X, initial: {count: 8, value: 4}}
      - count.Y -> O
"""
KERNELS = """\
from allo_studio.lang import *

N = 6


def meet(X: int32[N], Z: int32[N]) -> int32[N]:
    Y: int32[N]
    for i in range(N):
        Y[i] = X[i] - 3 * Z[i]
    return Y


def both(X: int32[N], Z: int32[N]) -> (int32[N], int32[N]):
    Y: int32[N]
    W: int32[N]
    for i in range(N):
        s: int32 = X[i] + Z[i]
        Y[i] = s
        W[i] = s
    return Y, W


def fork(X: int32[N]) -> (int32[N], int32[N]):
    Y: int32[N]
    Z: int32[N]
    for i in range(N):
        x: int32 = X[i]
        Y[i] = x
        Z[i] = x
    return Y, Z


def step(X: int32[N]) -> int32[N]:
    Y: int32[N]
    for i in range(N):
        Y[i] = X[i] * 5
    return Y


def count(X: int32[N]) -> int32[N]:
    Y: int32[N]
    for i in range(N):
        Y[i] = X[i] + i
    return Y
"""


def nested(folder: Path) -> LoadedProject:
    (folder / "k.py").write_text(KERNELS, encoding="utf-8")
    (folder / "project.yaml").write_text(NESTED, encoding="utf-8")
    return load_project(folder)


def by_hand(given: np.ndarray, invocations: int) -> np.ndarray:
    """Return what the nested loops make, element by element."""
    outer, inner, delayed = [1, -2, 3], [5], [4] * 8
    made = np.zeros(6, np.int64)
    for _ in range(invocations):
        for i in range(6):
            s = int(given[i]) - 3 * outer.pop(0) + inner.pop(0)
            inner.append(s)
            outer.append(s)
            delayed.append(s)
            made[i] = (delayed.pop(0) + i) * 5
    return made


def test_loops_in_loops_and_a_delay(tmp_path: Path) -> None:
    loaded = nested(tmp_path)
    sized = size_project(loaded, library=VITIS)
    given = {"A": np.array([7, -1, 4, 0, 9, 2], np.int32)}
    for invocations in (1, 2, 3):
        want = by_hand(given["A"], invocations).astype(np.int32).tolist()
        assert evaluate(sized.region, given, invocations)["Q"].tolist() == want
        assert evaluate_jit(sized.region, given, invocations)["Q"].tolist() == want
    assert_engines_agree(sized, loaded.project, tmp_path / "out")


COLUMNS = """\
from allo_studio.lang import *


def add(X: int16[3, 4], Z: int16[3, 4]) -> (int16[3, 4], int16[3, 4]):
    Y: int16[3, 4]
    W: int16[3, 4]
    for j, i in grid(4, 3):
        s: int16 = X[i, j] + 3 * Z[i, j]
        Y[i, j] = s
        W[i, j] = s
    return Y, W
"""


def test_a_kernel_whose_schedule_brings_it_in_order(tmp_path: Path) -> None:
    """As it is written it goes by columns: the reference cannot take its elements one after another."""
    text = """\
format: 1
name: columns
top: top
schedules: {rows: [{reorder: {axes: [i, j]}}]}
graphs:
  top:
    inputs: {A: "int16[3, 4]"}
    outputs: {Q: "int16[3, 4]"}
    nodes: {add: {kernel: "k.py:add", schedule: rows}}
    edges:
      - A -> add.X
      - add.Y -> Q
      - {from: add.W, to: add.Z, initial: [1, -7]}
"""
    (tmp_path / "k.py").write_text(COLUMNS, encoding="utf-8")
    (tmp_path / "project.yaml").write_text(text, encoding="utf-8")
    loaded = load_project(tmp_path)
    sized = size_project(loaded, library=VITIS)
    given = np.arange(12, dtype=np.int16).reshape(3, 4) * 5
    held, want = [1, -7], np.zeros(12, np.int16)
    for _ in range(2):
        for place, x in enumerate(given.ravel().tolist()):
            held.append(int(np.array(x + 3 * held.pop(0)).astype(np.int16)))
            want[place] = held[-1]
    assert evaluate(sized.region, {"A": given}, 2)["Q"].ravel().tolist() == want.tolist()
    assert_engines_agree(sized, loaded.project, tmp_path / "out")


def test_generated_code_goes_on_from_call_to_call(tmp_path: Path) -> None:
    """The function is called twice by a program of its own: streams and counters keep what they hold."""
    loaded = nested(tmp_path)
    sized = size_project(loaded, library=VITIS)
    folder = tmp_path / "out"
    folder.mkdir()
    write(emit(sized.region, loaded.project.target, "nested", "part"), folder)
    given = np.array([7, -1, 4, 0, 9, 2], np.int32)
    main = folder / "main.cpp"
    numbers = ", ".join(map(str, given))
    main.write_text(
        '#include "top.h"\n#include <cstdio>\nint main() {\n'
        f"    const int32_t A[6] = {{{numbers}}};\n    int32_t Q[6];\n"
        "    for (int call = 0; call < 3; ++call) {\n        top(A, Q);\n"
        '        for (int32_t q : Q) {\n            std::printf("%d ", q);\n        }\n'
        '        std::printf("\\n");\n    }\n}\n',
        encoding="utf-8",
    )
    sources = [(folder / name).resolve() for name in ("top.cpp", "main.cpp")]
    program = build_executable(sources, [folder.resolve() / "top.h"], folder.resolve(), timeout_s=300.0, cancel=None)
    done = run_child([str(program)], folder, timeout_s=60.0, cancel=None)
    assert done.status == 0
    lines = [[int(word) for word in line.split()] for line in done.log.splitlines()]
    assert lines == [by_hand(given, n).astype(np.int32).tolist() for n in (1, 2, 3)]


def test_a_project_file_keeps_its_elements(tmp_path: Path) -> None:
    loaded = nested(tmp_path)
    inner = loaded.project.graphs["inner"]
    assert [edge.initial for edge in inner.edges] == [(), (), (), (5,), (4,) * 8, ()]
    again = save_project(loaded, loaded.project)
    assert (tmp_path / "project.yaml").read_text(encoding="utf-8") == NESTED
    assert again.project == loaded.project
