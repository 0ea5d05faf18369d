"""The IR that kernels become: names, bands, roles, directions, places and affine subscripts."""

from pathlib import Path

import pytest

from allo_studio.frontend import module_parameters, parse_kernel
from allo_studio.ir import KernelIR, access_of, walk
from allo_studio.source import Source

HEAD = "from allo_studio.lang import float32, grid, int32, reduction\nM, N = 8, 4\n"
GEMM = Path(__file__).parents[2] / "projects/gemm_cascade/kernels/gemm.py"


def parsed(text: str, **params: int | float) -> KernelIR:
    return parse_kernel(Source("k.py", HEAD + text), "f", params)


def operations(kernel: KernelIR) -> list[str]:
    return [op.name for op in walk(kernel.body)]


def test_the_form_of_a_matrix_product() -> None:
    kernel = parse_kernel(Source("gemm.py", GEMM.read_text()), "gemm")
    assert kernel.directions == {"A": "in", "B": "in", "C": "out"}
    assert [(loop.id, loop.band, loop.role, loop.reduction) for loop in kernel.loops()] == [
        ("C_init_0", "C_init", "init", False),
        ("C_init_1", "C_init", "init", False),
        ("i", "nest", None, False),
        ("j", "nest", None, False),
        ("k", "nest", None, True),
    ]
    assert [(str(b.type), b.kind) for b in kernel.buffers()] == [("float32[64, 64]", "argument")] * 3
    inner = kernel.find_loop("k").body
    assert [op.operation.name for op in inner.operations] == [
        "affine.load", "affine.load", "affine.load", "arith.mulf", "arith.addf", "affine.store", "affine.yield",
    ]  # fmt: skip
    kernel.verify()


def test_every_operation_knows_its_place() -> None:
    kernel = parsed(
        "def f(A: float32[M]) -> float32[M]:\n"
        "    C: float32[M]\n"
        "    for i in range(M):\n"
        "        C[i] = A[i] * 2\n"
        "    return C\n"
    )
    places = {op.name: kernel.span(op) for op in walk(kernel.body)}
    shown = {name: f"{s.line}:{s.column}-{s.end_line}:{s.end_column}" for name, s in places.items() if s}
    assert shown == {
        "affine.for": "5:5-5:22",
        "affine.load": "6:16-6:20",
        "arith.constant": "6:23-6:24",
        "arith.mulf": "6:16-6:24",
        "affine.store": "6:9-6:24",
        "affine.yield": "5:5-5:22",
        "func.return": "3:1-3:6",
    }
    assert str(kernel.find_buffer("A").span) == "k.py:3:7"
    assert str(kernel.find_buffer("C").span) == "k.py:4:5"


def test_parameters_fold_and_follow_an_override() -> None:
    text = "K = 2 * M\ndef f(A: float32[K]):\n    for i in range(K - 1):\n        A[i + 1] = 0.5\n"
    assert str(parsed(text).find_buffer("A").type) == "float32[16]"
    assert str(parsed(text, M=3).find_buffer("A").type) == "float32[6]"
    assert str(parsed(text, K=5).find_buffer("A").type) == "float32[5]"
    assert parsed(text, M=3).find_loop("i").trip == 5


def test_a_float_parameter_takes_a_whole_number() -> None:
    text = "scale = 0.5\ndef f(A: float32[M]):\n    for i in range(M):\n        A[i] *= scale\n"
    assert "arith.constant 5.000000e-01 : f32" in parsed(text).text()
    assert "arith.constant 3.000000e+00 : f32" in parsed(text, scale=3).text()


def test_a_written_argument_is_inout_and_may_be_returned() -> None:
    kernel = parsed(
        "def f(A: float32[M], B: float32[M]) -> float32[M]:\n"
        "    for i in range(M):\n"
        "        A[i] = B[i]\n"
        "    return A\n"
    )
    assert kernel.directions == {"A": "inout", "B": "in"}


def test_results_follow_the_arguments_in_the_order_returned_and_scalars_have_rank_0() -> None:
    kernel = parsed(
        "def f(n: int32) -> tuple[float32[M], int32]:\n    y: int32 = n\n    x: float32[M] = 1\n    return x, y\n"
    )
    assert [(a.name, str(a.type), a.direction, a.scalar) for a in kernel.arguments()] == [
        ("n", "int32", "in", True),
        ("x", "float32[8]", "out", False),
        ("y", "int32", "out", False),
    ]
    assert "memref<i32>" in kernel.text()


def test_bounds_and_subscripts_stay_affine() -> None:
    kernel = parsed(
        "def f(A: float32[20, 20]):\n"
        "    for i in range(2, 10, 3):\n"
        "        for j in range(i, 2 * i + 1):\n"
        "            A[2 * i + 1, j - i] = 0\n"
    )
    i, j = kernel.loops()
    assert (i.lower, i.upper, i.step, i.trip) == (2, 10, 3, 3)
    assert j.upper_expr is not None
    assert (j.upper_expr.coefficient(i.induction_variable), j.upper_expr.constant) == (2, 1)
    (store,) = [op for op in walk(kernel.body) if op.name == "affine.store"]
    row, column = access_of(store) or ()
    assert (row.coefficient(i.induction_variable), row.constant) == (2, 1)
    assert [column.coefficient(v.induction_variable) for v in (i, j)] == [-1, 1]


def test_names_of_nests_loops_and_locals_are_made_unique() -> None:
    kernel = parsed(
        "def f(A: float32[M]):\n"
        '    for i in grid(M, name="nest"):\n'
        "        t: float32 = 0.0\n"
        "        A[i] += t\n"
        "    for i in range(M):\n"
        "        t: float32 = 1.0\n"
        "        T: float32[N] = 0.0\n"
        "        for k in range(N):\n"
        "            T[k] += t\n"
        "        for k in range(N):\n"
        "            A[i] += T[k]\n"
    )
    assert [loop.id for loop in kernel.loops()] == ["nest:i", "nest1:i", "T_init_0", "k", "k_1"]
    assert [b.name for b in kernel.buffers()] == ["A", "t", "t_1", "T"]
    kernel.verify()


def test_made_up_names_keep_clear_of_those_in_the_text() -> None:
    kernel = parsed(
        "def f(A: float32[M]):\n"
        "    for A_init_0 in range(M):\n"
        "        B: float32[N] = 0.0\n"
        "        C: float32[N] = 0.0\n"
        "        for B_init_0 in range(N):\n            A[A_init_0] += B[B_init_0] + C[B_init_0]\n"
    )
    assert [loop.name for loop in kernel.loops()] == ["A_init_0", "B_init_0_1", "C_init_0", "B_init_0"]


def test_integer_arithmetic_and_loop_variables_as_values() -> None:
    kernel = parsed("def f(A: int32[M]):\n    for i in range(M):\n        A[i] = -(A[i] - i * M) / 3\n")
    found = operations(kernel)
    assert [name for name in found if name.startswith("arith") and name != "arith.constant"] == [
        "arith.extsi", "arith.index_cast", "arith.muli", "arith.subi", "arith.subi", "arith.divsi", "arith.trunci",
    ]  # fmt: skip


def test_extreme_numbers_keep_their_value() -> None:
    text = parsed(
        "def f(A: int32[2], B: float32[2]):\n"
        "    A[0] = -2147483648\n"
        "    A[1] = -0\n"
        "    B[0] = -0.0\n"
        "    B[1] = 16777217\n"
    ).text()
    assert "arith.constant -2147483648 : i32" in text
    assert "arith.constant -0.000000e+00 : f32" in text
    assert "arith.constant 0x4B800000 : f32" in text or "arith.constant 1.677721" in text


@pytest.mark.parametrize(
    "text",
    [
        "import allo_studio.lang as al\ndef f(A: al.float32[4]):\n    for i in al.grid(4):\n        A[i] = 0\n",
        "import allo_studio as allo\ndef f(A: allo.float32[4]):\n    for i in allo.lang.grid(4):\n        A[i] = 0\n",
        "from allo_studio import lang\ndef f(A: lang.float32[4]):\n    for i in lang.grid(4):\n        A[i] = 0\n",
        "from allo_studio.lang import float32 as F, grid as g\ndef f(A: F[4]):\n    for i in g(4):\n        A[i] = 0\n",
        "from allo_studio.lang import *\ndef f(A: float32[4]):\n    for i in grid(4):\n        A[i] = 0\n",
    ],
)
def test_the_language_may_be_imported_in_any_way(text: str) -> None:
    assert str(parse_kernel(Source("k.py", text), "f").find_buffer("A").type) == "float32[4]"


def test_nothing_of_the_file_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    text = f"import os\nos.system('touch {mark}')\nopen({str(mark)!r}, 'w')\n{HEAD}X = open({str(mark)!r}, 'w') or 3\n"
    text += "@open(str(mark))\ndef g(): pass\ndef f(A: float32[M]):\n    A[0] = 0\n"
    parse_kernel(Source("k.py", text), "f")
    assert module_parameters(Source("k.py", text)) == {"M": 8, "N": 4}
    assert not mark.exists()


@pytest.mark.parametrize(
    "body",
    [
        "x: float32\n    for i in range(M):\n        for j in range(i):\n            A[j] += x\n        x = A[i]",
        "x: float32\n    x = A[0]\n    x += 1.0\n    A[0] = x",
        "T: float32[M]\n    for i in range(1, M):\n        T[i] = A[i]\n    for i in range(1, M):\n        A[i] = T[i]",
    ],
    ids=["written in an earlier iteration", "written first", "written in part"],
)
def test_locals_that_may_be_set_before_they_are_read_are_let_through(body: str) -> None:
    parsed(f"def f(A: float32[M]):\n    {body}\n").verify()
