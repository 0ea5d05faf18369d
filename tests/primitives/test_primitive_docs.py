"""The examples in `docs/primitives` do what the pages say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from allo_studio.analysis.ports import infer_ports
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR, Loop
from allo_studio.primitives.base import step_fields
from allo_studio.primitives.registry import STEPS
from allo_studio.schedule import from_specs
from allo_studio.source import Source

DOCS = Path(__file__).parents[2] / "docs" / "primitives"


def block(page: str, kind: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return str(found)


def line(loop: Loop) -> str:
    marks = {None: "", 0: " off"}.get(loop.pipeline, f" II={loop.pipeline}")
    lanes = {None: "", 0: " unroll"}.get(loop.unroll, f" unroll={loop.unroll}")
    return f"{'  ' * loop.depth}{loop.name} {loop.trip}{marks}{lanes}"


def kernel_of(page: str) -> KernelIR:
    return infer_ports(parse_kernel(Source("gemm.py", block(page, "python kernel")), "gemm", {}))


def test_every_step_has_a_page() -> None:
    assert {path.stem for path in DOCS.glob("*.md")} == set(STEPS)


@pytest.mark.parametrize("name", sorted(STEPS))
def test_a_page(name: str) -> None:
    page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    ir = kernel_of(page)
    steps = yaml.safe_load(block(page, "yaml"))
    assert any(name in step for step in steps)
    after = from_specs(ir, [item for step in steps for item in step.items()]).ir
    assert [line(loop) for loop in after.loops()] == block(page, "text").splitlines()
    exec(block(page, "python"), {"ir": ir})
    assert re.findall(r"^\| `(\w+)`", page, re.MULTILINE) == [f.name for f in step_fields(STEPS[name])]
