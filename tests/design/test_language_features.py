"""Every feature of the language in a project: ports and wires have its types, and what cannot be built is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from allo_studio.design.edits import SetParam
from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import check_project, simulate
from allo_studio.project import LoadedProject, dump_project, load_project, parse_project

HEAD = "from allo_studio.lang import *\n\n"
# The kernel `k`, the type of its input A, and that of its output.
FEATURES: dict[str, tuple[str, str, str]] = {
    "branch": (
        """def k(A: float32[8]) -> float32[8]:
    B: float32[8] = 0
    for i in range(8):
        if A[i] > 0.0:
            B[i] = A[i]
        else:
            B[i] = 0.0 - A[i]
    return B
""",
        "float32[8]",
        "float32[8]",
    ),
    "call": (
        """def inc(x: int32[8]) -> int32[8]:
    y: int32[8] = 0
    for i in range(8):
        y[i] = x[i] + 1
    return y

def k(A: int32[8]) -> int32[8]:
    B: int32[8] = inc(A)
    return B
""",
        "int32[8]",
        "int32[8]",
    ),
    "narrow": (
        "def k(A: int8[8]) -> int16[8]:\n    B: int16[8] = 0\n    for i in range(8):\n        B[i] = A[i] * 2\n"
        "    return B\n",
        "int8[8]",
        "int16[8]",
    ),
    "fixed": (
        "def k(A: Fixed(12, 4)[8]) -> Fixed(12, 4)[8]:\n    B: Fixed(12, 4)[8] = 0\n    for i in range(8):\n"
        "        B[i] = A[i] + A[i]\n    return B\n",
        "Fixed(12, 4)[8]",
        "Fixed(12, 4)[8]",
    ),
    "wide fixed": (
        "def k(A: Fixed(32, 8)[8]) -> Fixed(32, 8)[8]:\n    B: Fixed(32, 8)[8] = 0\n    for i in range(8):\n"
        "        B[i] = A[i]\n    return B\n",
        "Fixed(32, 8)[8]",
        "Fixed(32, 8)[8]",
    ),
    "struct": (
        'P = Struct({"x": int32, "y": float32})\n\n'
        'def k(A: P[8]) -> int32[8]:\n    B: int32[8] = 0\n    for i in range(8):\n        B[i] = A[i]["x"]\n'
        "    return B\n",
        "Struct(x: int32, y: float32)[8]",
        "int32[8]",
    ),
    "while": (
        "def k(A: int32[8]) -> int32:\n    B: int32 = 0\n    while B < 8:\n        B += 1\n    return B\n",
        "int32[8]",
        "int32",
    ),
    "state": (
        "def k(A: int32[8]) -> int32:\n    acc: int32 @ Stateful = 0\n    for i in range(8):\n        acc += A[i]\n"
        "    B: int32 = acc\n    return B\n",
        "int32[8]",
        "int32",
    ),
    "function": (
        "def k(A: float32[8]) -> float32[8]:\n    B: float32[8] = 0\n    for i in range(8):\n        B[i] = exp(A[i])\n"
        "    return B\n",
        "float32[8]",
        "float32[8]",
    ),
    "tensors": ("def k(A: int32[8]) -> int32[8]:\n    B: int32[8] = A + A\n    return B\n", "int32[8]", "int32[8]"),
    "memory": (
        'def k(A: int32[8] @ Memory(resource="URAM")) -> int32[8]:\n    B: int32[8] @ Memory(resource="BRAM") = 0\n'
        "    for i in range(8):\n        B[i] = A[i]\n    return B\n",
        "int32[8]",
        "int32[8]",
    ),
}


def project(folder: Path, kernel: str, graph: str) -> LoadedProject:
    """Write a project whose file goes on with `graph` after its head, and load it."""
    (folder / "k.py").write_text(HEAD + kernel, encoding="utf-8")
    text = f"format: 1\nname: p\ntop: top\ngraphs:\n  top:\n{graph}"
    (folder / "project.yaml").write_text(text, encoding="utf-8")
    return load_project(folder)


def one_block(folder: Path, kernel: str, source: str, target: str, params: str = "{}") -> LoadedProject:
    return project(
        folder,
        kernel,
        f"    inputs: {{A: '{source}'}}\n    outputs: {{B: '{target}'}}\n"
        f"    nodes:\n      b: {{kernel: 'k.py:k', params: {params}}}\n"
        "    edges:\n      - A -> b.A\n      - b.B -> B\n",
    )


@pytest.mark.parametrize("name", sorted(FEATURES))
def test_a_block_checks_out_and_is_built(tmp_path: Path, name: str) -> None:
    kernel, source, target = FEATURES[name]
    loaded = one_block(tmp_path, kernel, source, target)
    checked = check_project(loaded)
    assert checked.diagnostics == ()
    assert [str(port.type) for port in checked.ports["top/b"]] == [source, target]
    assert [str(edge.type) for edge in checked.edges.values()] == [source, target]
    result = simulate(loaded, target="jit")
    assert result.ok
    assert result.report.latency > 0


@pytest.mark.parametrize("name", [n for n, (_, one, two) in sorted(FEATURES.items()) if one == two])
@pytest.mark.parametrize("execution", ["dataflow", "sequential"])
def test_two_blocks_in_a_row(tmp_path: Path, name: str, execution: str) -> None:
    kernel, source, _ = FEATURES[name]
    loaded = project(
        tmp_path,
        kernel,
        f"    execution: {execution}\n    inputs: {{A: '{source}'}}\n    outputs: {{B: '{source}'}}\n    nodes:\n"
        "      b: {kernel: 'k.py:k'}\n      c: {kernel: 'k.py:k'}\n"
        "    edges:\n      - A -> b.A\n      - b.B -> c.A\n      - c.B -> B\n",
    )
    assert check_project(loaded).diagnostics == ()
    assert simulate(loaded, target="jit").ok


TEMPLATE = """T = float32
N = 8

def k(A: T[N]) -> T[N]:
    B: T[N] = 0
    for i in range(N):
        B[i] = A[i]
    return B
"""


def test_types_are_parameters_of_a_block(tmp_path: Path) -> None:
    loaded = one_block(tmp_path, TEMPLATE, "int32[4]", "int32[4]", "{T: int32, N: 4}")
    assert loaded.project.graphs["top"].nodes["b"].params == {"T": "int32", "N": 4}  # type: ignore[union-attr]
    assert check_project(loaded).ok
    assert simulate(loaded, target="jit").ok
    text = dump_project(loaded.project)
    assert 'params: {T: int32, "N": 4}' in text
    assert parse_project(text, loaded.file).project == loaded.project


@pytest.mark.skipif(sys.version_info < (3, 12), reason="def k[T] is of Python 3.12")
def test_a_templates_own_parameters_are_set_by_a_block(tmp_path: Path) -> None:
    kernel = TEMPLATE.partition("\n\n")[2].replace("def k(", "def k[T, N](")
    loaded = one_block(tmp_path, kernel, "int32[4]", "int32[4]", "{T: int32, N: 4}")
    assert check_project(loaded).ok
    assert simulate(loaded, target="jit").ok
    checked = check_project(loaded, SetParam("top", "b", "N", None).apply(loaded.project))
    assert any("needs a value for N" in d.message and d.where == "top/b" for d in checked.diagnostics)


def test_a_parameter_of_the_wrong_kind_is_told_at_the_block(tmp_path: Path) -> None:
    loaded = one_block(tmp_path, TEMPLATE, "float32[8]", "float32[8]")
    for name, value, words in (
        ("T", 5, "must be a number or the text of a type|is no type|'T'"),
        ("N", "int8", "must be a whole number"),
        ("Q", 3, "has no constant 'Q'"),
    ):
        checked = check_project(loaded, SetParam("top", "b", name, value).apply(loaded.project))
        errors = [d for d in checked.diagnostics if d.severity == "error" and d.where == "top/b"]
        assert errors, (name, value)
        assert any(word in d.message for d in errors for word in words.split("|")), errors
    with pytest.raises(AlloError, match="must be a number or a type"):
        SetParam("top", "b", "T", "floot").apply(loaded.project)


SIZES = (
    'def k(A: float32["n<=8"]) -> float32["n<=8"]:\n    B: float32["n<=8"] = 0\n    for i in range(n):\n'
    "        B[i] = A[i]\n    return B\n"
)


def sized(folder: Path, kind: str) -> LoadedProject:
    return project(
        folder,
        SIZES,
        f"    inputs: {{n: int32, A: '{kind}'}}\n    outputs: {{B: '{kind}'}}\n"
        "    nodes:\n      b: {kernel: 'k.py:k'}\n"
        "    edges:\n      - n -> b.n\n      - A -> b.A\n      - b.B -> B\n",
    )


def test_named_sizes_are_part_of_a_wires_type(tmp_path: Path) -> None:
    checked = check_project(sized(tmp_path, "float32[n<=8]"))
    assert checked.ok, checked.diagnostics
    assert {p.name: str(p.type) for p in checked.ports["top/b"]} == {
        "A": "float32[n<=8]",
        "n": "int32",
        "B": "float32[n<=8]",
    }
    found = [d for d in check_project(sized(tmp_path, "float32[8]")).diagnostics if d.code == "shape"]
    assert {d.where for d in found} == {"top/A->b.A", "top/b.B->B"}
    assert all("the sizes differ in dimension 1" in d.message and "params: {n: 8}" in d.hint for d in found)
