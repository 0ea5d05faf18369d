"""HLS C++ of trees: the grouping is that of the kernel, bit by bit, in a compiled program."""

from __future__ import annotations

from pathlib import Path

import pytest
from sanitized import SANITIZED
from vitis_designs import kernel, simulate, single

from allo_studio.schedule import from_specs
from allo_studio.simulate import toolchain


@pytest.fixture(autouse=True)
def strict_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever C++ leaves undefined, such as a signed overflow, ends the program.
    checks = ("-Werror", *SANITIZED)
    monkeypatch.setattr(toolchain, "FLAGS", (*toolchain.FLAGS, *checks))


@pytest.mark.parametrize("factor", [0, 3])
@pytest.mark.parametrize("kind", ["float32", "int8", "uint16"])
def test_a_tree_comes_out_as_it_is_written(kind: str, factor: int, tmp_path: Path) -> None:
    text = (
        f"def rows(A: {kind}[5, 12], b: {kind}[12]) -> ({kind}[5], {kind}[5], {kind}[5]):\n"
        f"    x: {kind}[5] = 1\n    y: {kind}[5] = 2\n    z: {kind}[5] = 0\n    for i in range(5):\n"
        f"        for k in range(12):\n            t: {kind} = A[i, k] * b[k]\n            x[i] += t\n"
        "        for l in range(12):\n            y[i] = y[i] - A[i, l] + b[l]\n"
        "        for m in range(12):\n            z[i] = max(z[i], A[i, m])\n    return x, y, z\n"
    )
    steps = [("reduce_tree", {"axis": axis, "factor": factor}) for axis in "klm"]
    base = kernel(text, "rows")
    scheduled = from_specs(base, steps)
    # The reference evaluates the same trees with numpy, so nothing may differ.
    result = simulate(single(scheduled.ir, scheduled.ir), tmp_path)
    assert (result.first_mismatch, result.faults) == (None, ())
    assert (result.compared, result.mismatches, result.max_error) == (15, 0, 0.0)
    # Against the kernel as it was written sums of floats are within the tolerance, and all else is the same.
    again = simulate(single(scheduled.ir, base, reassociates=scheduled.reassociates), tmp_path / "base")
    assert again.passed
    assert scheduled.reassociates == kind.startswith("float")
    assert scheduled.reassociates or again.mismatches == 0
