"""The code in docs/kernel-language.md is correct, and the language's claims there hold."""

import re
from pathlib import Path

import numpy as np
import pytest

from allo_studio.diagnostics import AlloError, render
from allo_studio.execute import jit
from allo_studio.frontend import list_kernels, parse_kernel
from allo_studio.source import Source

DOCUMENT = (Path(__file__).parents[2] / "docs/kernel-language.md").read_text(encoding="utf-8")
BLOCKS = [
    Source(f"block{n}.py", text) for n, text in enumerate(re.findall(r"^```python\n(.*?)^```", DOCUMENT, re.S | re.M))
]
KERNELS = {kernel.name: source for source in BLOCKS for kernel in list_kernels(source)}


def test_the_document_has_the_kernels_that_are_tried_here() -> None:
    assert list(KERNELS) == ["gemm", "weights", "accumulate", "solve", "smooth"]


@pytest.mark.parametrize("name", list(KERNELS))
def test_each_kernel_is_correct_and_runs(name: str) -> None:
    run = jit(parse_kernel(KERNELS[name], name))
    ones = {a.name: np.ones(a.type.shape, a.type.element.dtype) for a in run.inputs}
    assert all(np.isfinite(output).all() for output in run.run(ones).values())


def test_what_the_kernels_compute() -> None:
    runs = {name: jit(parse_kernel(source, name)) for name, source in KERNELS.items()}
    ones = np.ones((12, 12), np.float32)
    assert runs["smooth"](ones).sum() == 900
    y, z = runs["weights"](3, np.full(16, 8, np.float32))
    assert (y == 0.5).all()
    assert z.tolist() == list(range(3, 51, 3))
    total = runs["accumulate"].run({"total": np.ones(8, np.float32), "x": np.ones(8, np.float32), "scale": 2.0})
    assert total["total_out"].tolist() == [3.0] * 8


def test_the_diagnostic_shown_is_the_one_that_is_given() -> None:
    shown = DOCUMENT[DOCUMENT.index("    kernels/gemm.py:") :]
    text = KERNELS["gemm"].text.replace("A[i, k] * B[k, j]", "B[k, j] * AA[i, k]")
    with pytest.raises(AlloError) as caught:
        parse_kernel(Source("kernels/gemm.py", text), "gemm")
    (fault,) = caught.value.diagnostics
    assert "".join(f"    {line}\n" for line in render(fault).splitlines()) == shown


def test_the_codes_listed_are_those_that_the_frontend_uses() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", DOCUMENT, re.M))
    folder = Path(__file__).parents[2] / "allo_studio/frontend"
    texts = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    used = set(re.findall(r'faults\.add\(\s*"(\w+)"', texts)) | set(re.findall(r'Diagnostic\("(\w+)"', texts))
    assert used == listed
