"""Schedules: replay, truncation, specs, and where faults are."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from allo_studio.analysis.ports import infer_ports
from allo_studio.design.model import StepSpec
from allo_studio.diagnostics import AlloError
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.primitives.buffer_at import BufferAt
from allo_studio.primitives.partition import Partition
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.reorder import Reorder
from allo_studio.primitives.split import Split
from allo_studio.primitives.unroll import Unroll
from allo_studio.schedule import applicable, from_specs, schedule
from allo_studio.source import Source

PROJECT = Path(__file__).parent.parent / "projects" / "gemm_cascade"
ROW_WISE = (
    Split("j", 8),
    Reorder(("k", "j.outer", "j.inner")),
    BufferAt("C", "i"),
    Partition("B", "cyclic", 2, 8),
    Partition("C", "cyclic", 2, 8),
    Pipeline("j.outer"),
    Unroll("j.inner"),
)


def gemm(**params: int) -> KernelIR:
    text = (PROJECT / "kernels" / "gemm.py").read_text()
    return infer_ports(parse_kernel(Source("kernels/gemm.py", text), "gemm", params))


def project_specs() -> list[StepSpec]:
    steps = yaml.safe_load((PROJECT / "project.yaml").read_text())["schedules"]["row_wise"]
    return [StepSpec(name, args) for step in steps for name, args in step.items()]


def tree(ir: KernelIR) -> list[str]:
    lines = []
    for loop in ir.loops():
        notes = [f"II={loop.pipeline}"] if loop.pipeline else []
        notes += ["unroll"] if loop.unroll == 0 else []
        lines.append(f"{'  ' * loop.depth}{loop.name} {loop.trip} {' '.join(notes)}".rstrip())
    return lines


def test_the_project_s_schedule() -> None:
    scheduled = from_specs(gemm(), project_specs())
    assert scheduled.steps == ROW_WISE
    assert tree(scheduled.ir) == [
        "i 64",
        "  C_tile_fill_0.outer 8",
        "    C_tile_fill_0.inner 8 unroll",
        "  k 64",
        "    j.outer 8 II=1",
        "      j.inner 8 unroll",
        "  C_tile_back_0.outer 8",
        "    C_tile_back_0.inner 8 unroll",
    ]
    assert {b.name: str(b.layout) for b in scheduled.ir.buffers()} == {
        "A": "(-, -)",
        "B": "(-, cyclic 8)",
        "C": "(-, cyclic 8)",
        "C_tile": "(cyclic 8)",
    }
    assert not scheduled.reassociates


def test_replay_is_direct_application_and_truncation_its_inverse() -> None:
    base = gemm()
    scheduled = schedule(base, ROW_WISE)
    assert len(scheduled.irs) == len(ROW_WISE) + 1
    assert scheduled.irs[0] is base
    for count in range(len(ROW_WISE) + 1):
        shorter = scheduled.truncate(count)
        assert shorter.steps == ROW_WISE[:count]
        assert shorter.ir.text() == schedule(base, ROW_WISE[:count]).ir.text()
        assert schedule(base, ROW_WISE[:count]).ir.text() == scheduled.irs[count].text()
    with pytest.raises(ValueError, match="there are 7 steps, not 8"):
        scheduled.truncate(8)


def test_specs_round_trip() -> None:
    scheduled = schedule(gemm(), ROW_WISE)
    assert from_specs(scheduled.base, scheduled.to_specs()).ir.text() == scheduled.ir.text()
    assert dict(scheduled.to_specs())["unroll"] == {"axis": "j.inner"}


def test_a_step_that_does_not_apply_is_placed() -> None:
    with pytest.raises(AlloError) as caught:
        schedule(gemm(), [Split("j", 8), Split("j", 4)])
    (found,) = caught.value.diagnostics
    assert (found.where, found.code) == ("#1", "step")
    assert "has no loop 'j'" in found.message


def test_faults_of_all_specs_are_told_with_the_first_that_does_not_apply() -> None:
    specs = [
        ("split", {"axis": "j", "factor": 8}),
        ("split", {"axis": "q", "factor": 8}),
        ("spilt", {}),
        ("unroll", {}),
    ]
    with pytest.raises(AlloError) as caught:
        from_specs(gemm(), specs)
    assert [d.where for d in caught.value.diagnostics] == ["#1", "#2", "#3"]


def test_a_rounding_schedule_says_so() -> None:
    base = schedule(gemm(), [Split("k", 8)])
    assert not base.reassociates
    turned = base.apply(Reorder(("k.inner", "k.outer")))
    assert turned.reassociating == (False, True)
    assert turned.reassociates
    assert not turned.truncate(1).reassociates


def test_there_is_something_to_apply_after_every_step() -> None:
    scheduled = schedule(gemm(), ROW_WISE)
    assert all(applicable(ir) for ir in scheduled.irs)


def test_a_large_kernel_takes_the_same_steps() -> None:
    large = schedule(gemm(M=1024, N=1024, K=1024), ROW_WISE)
    assert large.to_specs() == schedule(gemm(), ROW_WISE).to_specs()
