"""The kernels of the model's designs compute what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import model
import numpy as np
import numpy.typing as npt
import pytest

from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.source import Source

Array = npt.NDArray[np.float32]
Expected = Callable[..., Mapping[str, Array]]
RANDOM = np.random.default_rng(0)


def array(*shape: int) -> Array:
    return RANDOM.random(shape, np.float32)


def correlated(data: Array) -> Mapping[str, Array]:
    """Return the triangle below the diagonal of the products of all columns, and ones on it."""
    return {"corr": np.tril(data.T @ data, -1) + np.eye(data.shape[1], dtype=np.float32)}


def centred(data: Array, mean: Array, deviation: Array) -> Mapping[str, Array]:
    return {"out": (data - mean) / (deviation * np.sqrt(np.float32(260)))}


def triangular(A: Array, B: Array) -> Mapping[str, Array]:
    """Return each row times 1 + A[i, k] for all k above i, as the artifact has it."""
    return {"B_out": B * np.array([np.prod(1 + row[i + 1 :]) for i, row in enumerate(A)])[:, None]}


def updated(A: Array, B: Array, S: Array, C: Array) -> Mapping[str, Array]:
    found = C.copy()
    for i in range(len(A)):
        found[:i] += 1.5 * A[i, :i, None] * B[i]
        found[i] = 1.2 * found[i] + 1.5 * A[i, i] * B[i] + 1.5 * S[i]
    return {"C_out": found}


def two_stencils(A: Array, B: Array) -> Mapping[str, Array]:
    for _ in range(3):
        for X, Y in ((A, B), (B, A)):
            Y[1:-1, 1:-1] = (X[1:-1, 1:-1] + X[:-2, 1:-1] + X[2:, 1:-1] + X[1:-1, :-2] + X[1:-1, 2:]) / 5
    return {"A_out": A, "B_out": B}


CASES: list[tuple[str, str, dict[str, int], dict[str, Array], Expected]] = [
    ("products", "load", {"M": 3, "N": 4}, {"X": array(3, 4)}, lambda X: {"Y": X}),
    (
        "products",
        "product",
        {"M": 3, "N": 4, "K": 5},
        {"A": array(3, 5), "B": array(5, 4)},
        lambda A, B: {"C": A @ B},
    ),
    (
        "products",
        "weighted",
        {"M": 3, "N": 4},
        {"X": array(3, 4), "Y": array(3, 4)},
        lambda X, Y: {"Z": 0.5 * X + 0.1 * Y},
    ),
    ("products", "added", {"M": 3, "N": 4}, {"X": array(3, 4), "Y": array(3, 4)}, lambda X, Y: {"Z": X + 0.1 * Y}),
    ("vectors", "by_columns", {"M": 3, "N": 4}, {"A": array(3, 4), "x": array(4)}, lambda A, x: {"y": A @ x}),
    (
        "vectors",
        "by_rows",
        {"M": 3, "N": 4},
        {"A": array(3, 4), "x": array(3), "y": array(4)},
        lambda A, x, y: {"y_out": y + x @ A},
    ),
    (
        "vectors",
        "onto_rows",
        {"M": 3, "N": 4},
        {"A": array(4, 3), "r": array(4), "s": array(3)},
        lambda A, r, s: {"s_out": s + r @ A},
    ),
    (
        "vectors",
        "onto_columns",
        {"M": 3, "N": 4},
        {"A": array(4, 3), "p": array(3), "q": array(4)},
        lambda A, p, q: {"q_out": q + A @ p},
    ),
    (
        "vectors",
        "inner",
        {"N": 4},
        {"x": array(4), "A": array(4, 4), "y": array(4)},
        lambda x, A, y: {"z": x + A @ y},
    ),
    (
        "vectors",
        "inner_transposed",
        {"N": 4},
        {"x": array(4), "A": array(4, 4), "y": array(4)},
        lambda x, A, y: {"z": x + y @ A},
    ),
    ("vectors", "zeros", {"N": 4}, {}, lambda: {"y": np.zeros(4, np.float32)}),
    (
        "vectors",
        "two_sums",
        {"N": 4},
        {"y0": array(4), "A": array(4, 4), "B": array(4, 4), "x": array(4)},
        lambda y0, A, B, x: {"t": A @ x, "y": y0 + B @ x},
    ),
    (
        "vectors",
        "weighted_sum",
        {"N": 4},
        {"t": array(4), "y": array(4)},
        lambda t, y: {"z": 0.1 * t + 0.1 * y},
    ),
    ("correlation", "means", {"M": 3}, {"data": array(260, 3)}, lambda data: {"mean": data.mean(0)}),
    (
        "correlation",
        "deviations",
        {"M": 3},
        {"data": array(260, 3), "mean": array(3)},
        lambda data, mean: {"deviation": np.sqrt(((data - mean) ** 2).mean(0)), "passed": mean},
    ),
    (
        "correlation",
        "centred",
        {"M": 3},
        {"data": array(260, 3), "mean": array(3), "deviation": 1 + array(3)},
        centred,
    ),
    ("correlation", "products", {"M": 5, "N": 7}, {"data": array(7, 5)}, correlated),
    ("updates", "scaled_triangle", {"N": 4}, {"C": array(4, 4)}, lambda C: {"D": 1.2 * np.tril(C)}),
    (
        "updates",
        "rank_one",
        {"N": 4, "K": 3},
        {"A": array(4, 3), "B": array(4, 3), "C": array(4, 4)},
        lambda A, B, C: {"D": C + np.tril(1.5 * A @ B.T)},
    ),
    (
        "updates",
        "rank_two",
        {"N": 4, "K": 3},
        {name: array(4, 3) for name in ("A", "A1", "B", "B1")} | {"C": array(4, 4)},
        lambda A, A1, B, B1, C: {"D": C + np.tril(1.5 * (B1 @ A.T + A1 @ B.T))},
    ),
    (
        "symm",
        "sums",
        {"M": 4, "N": 3},
        {"A": array(4, 4), "B": array(4, 3)},
        lambda A, B: {"S": np.tril(A, -1) @ B},
    ),
    (
        "symm",
        "update",
        {"M": 4, "N": 3},
        {"A": array(4, 4), "B": array(4, 3), "S": array(4, 3), "C": array(4, 3)},
        updated,
    ),
    ("trmm", "rows", {"M": 4, "N": 3}, {"A": array(4, 4), "B": array(4, 3)}, triangular),
    ("trmm", "scaled", {"M": 4, "N": 3}, {"B": array(4, 3)}, lambda B: {"B_out": 1.5 * B}),
    ("jacobi_2d", "jacobi_2d", {"T": 3, "N": 6}, {"A": array(6, 6), "B": array(6, 6)}, two_stencils),
]


@pytest.mark.parametrize(("file", "name", "params", "inputs", "expected"), CASES, ids=[case[1] for case in CASES])
def test_a_kernel_is_its_reference(
    file: str, name: str, params: dict[str, int], inputs: dict[str, Any], expected: Expected
) -> None:
    path = Path(model.PROJECT) / "kernels" / f"{file}.py"
    kernel = parse_kernel(Source(str(path), path.read_text(encoding="utf-8")), name, params)
    found = jit(kernel).run({key: value.copy() for key, value in inputs.items()})
    wanted = expected(**{key: value.copy() for key, value in inputs.items()})
    assert set(found) == set(wanted)
    for key, value in wanted.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-5, atol=1e-5)
