"""Steps as data: from YAML and back, with every fault told."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.primitives.base import LoopRef, Step, step_fields
from allo_studio.primitives.bind_op import BindOp
from allo_studio.primitives.buffer_at import BufferAt
from allo_studio.primitives.compute_at import ComputeAt
from allo_studio.primitives.dataflow import Dataflow
from allo_studio.primitives.fuse import Fuse
from allo_studio.primitives.inline import Inline
from allo_studio.primitives.outline import Outline
from allo_studio.primitives.pack import Pack
from allo_studio.primitives.parallel import Parallel
from allo_studio.primitives.partition import Partition
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.quantize import Quantize
from allo_studio.primitives.reduce_tree import ReduceTree
from allo_studio.primitives.registry import STEPS, parse_step, step_to_dict
from allo_studio.primitives.relay import Relay
from allo_studio.primitives.reorder import Reorder
from allo_studio.primitives.reshape import Reshape
from allo_studio.primitives.reuse_at import ReuseAt
from allo_studio.primitives.split import Split
from allo_studio.primitives.to import To
from allo_studio.primitives.unfold import Unfold
from allo_studio.primitives.unroll import Unroll

FORMS: list[tuple[str, Step]] = [
    ("split: {axis: j, factor: 32}", Split("j", 32)),
    ("reorder: {axes: [k, j.outer, j.inner]}", Reorder(("k", "j.outer", "j.inner"))),
    ("buffer_at: {buffer: C, axis: i}", BufferAt("C", "i")),
    ("partition: {buffer: B, kind: cyclic, dim: 2, factor: 32}", Partition("B", "cyclic", 2, 32)),
    ("partition: {buffer: B}", Partition("B")),
    ("pipeline: {axis: j.outer, initiation_interval: 1, rewind: false}", Pipeline("j.outer")),
    ("pipeline: {axis: j.outer, initiation_interval: 2, rewind: true}", Pipeline("j.outer", 2, True)),
    ("pipeline: {axis: j, off: true}", Pipeline("j", off=True)),
    ("unroll: {axis: j.inner, factor: 0}", Unroll("j.inner")),
    ("unroll: {axis: 'mm:j'}", Unroll("mm:j")),
    ("fuse: {axes: [i, j]}", Fuse(("i", "j"))),
    ("parallel: {axis: j}", Parallel("j")),
    ("compute_at: {from_loop: i, target_loop: 'use:i'}", ComputeAt("i", "use:i")),
    ("reuse_at: {buffer: A, axis: i}", ReuseAt("A", "i")),
    ("inline: {function: gemm}", Inline("gemm")),
    ("inline: {}", Inline()),
    ("outline: {axis: j.inner, function: row}", Outline("j.inner", "row")),
    ("reduce_tree: {axis: k, factor: 4}", ReduceTree("k", 4)),
    ("unfold: {band: nest, axes: [0, 1]}", Unfold("nest", (0, 1))),
    ("reshape: {buffer: C, shape: [4, 128]}", Reshape("C", (4, 128))),
    ("pack: {buffer: C, factor: 4}", Pack("C", 4)),
    ("bind_op: {op: fadd, impl: fulldsp}", BindOp("fadd", "fulldsp")),
    ("bind_op: {op: fadd, impl: fabric, buffer: C, axis: k}", BindOp("fadd", "fabric", "C", "k")),
    ("bind_op: {op: mul, impl: dsp, function: row}", BindOp("mul", "dsp", function="row")),
    ("quantize: {target: C, type: 'Fixed(16, 10)'}", Quantize("C", "Fixed(16, 10)")),
    ("reuse_at: {buffer: A, axis: i, inside: true}", ReuseAt("A", "i", True)),
    ("dataflow: {function: gemm}", Dataflow("gemm")),
    ("relay: {buffer: A, dst: PE}", Relay("A", "PE")),
    ("relay: {buffer: A, dst: PE, axis: 1, depth: 4}", Relay("A", "PE", 1, 4)),
    ("to: {buffer: T, dst: second}", To("T", "second")),
    ("to: {buffer: T, dst: second, axis: i, depth: 4}", To("T", "second", "i", 4)),
]


@pytest.mark.parametrize(("text", "step"), FORMS)
def test_the_yaml_form_of_every_step(text: str, step: Step) -> None:
    ((name, args),) = yaml.safe_load(text).items()
    assert parse_step(name, args) == step
    ((again, plain),) = yaml.safe_load(yaml.safe_dump(step_to_dict(step))).items()
    assert parse_step(again, plain) == step


def test_every_step_has_a_form_here() -> None:
    assert {type(step) for _, step in FORMS} == set(STEPS.values())
    assert list(STEPS)[:6] == ["split", "reorder", "unroll", "pipeline", "partition", "buffer_at"]


def faults(name: Any, args: Any) -> tuple[Diagnostic, ...]:
    with pytest.raises(AlloError) as caught:
        parse_step(name, args)
    assert {d.code for d in caught.value.diagnostics} == {"step"}
    return caught.value.diagnostics


def test_an_unknown_step_is_told_with_the_nearest_one() -> None:
    (found,) = faults("splitt", {})
    assert (found.message, found.hint) == ("there is no step 'splitt'", "did you mean split?")
    (found,) = faults("zzz", {})
    assert found.hint == f"known steps are {', '.join(sorted(STEPS))}"


def test_all_faults_of_the_arguments_are_told_at_once() -> None:
    found = faults("split", {"axes": "j", "factor": "8"})
    assert [d.message for d in found] == [
        "split has no argument 'axes'",
        "split: axis is missing",
        "split: factor: expected a whole number, not '8'",
    ]
    assert [d.hint for d in found][:2] == ["did you mean axis?", "write it like split: {axis: j, factor: 8}"]


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("split", "j", "split: expected its arguments by name, not 'j'"),
        ("split", None, "split: expected its arguments by name, not None"),
        ("split", {"axis": 3, "factor": 2}, "split: axis: expected the name of a loop like j, j.outer or band:j,"),
        ("split", {"axis": "a b", "factor": 2}, "band:j, not 'a b'"),
        ("split", {"axis": "j", "factor": True}, "split: factor: expected a whole number, not True"),
        ("split", {"axis": "j", "factor": 2.0}, "split: factor: expected a whole number, not 2.0"),
        ("split", {"axis": "j", "factor": 10**20}, f"split: factor: {10**20} is too large"),
        ("reorder", {"axes": "ij"}, "reorder: axes: expected a list of loops like [k, j], not 'ij'"),
        ("pipeline", {"axis": "j", "rewind": 1}, "pipeline: rewind: expected true or false, not 1"),
        ("partition", {"buffer": "B", "kind": "ring"}, "expected one of complete, block, cyclic, not 'ring'"),
        ("partition", {"buffer": "B", "kind": []}, "partition: kind: expected one of complete, block, cyclic, not []"),
        ("buffer_at", {"buffer": None, "axis": "j"}, "buffer: expected the name of an array like C, not None"),
    ],
)  # fmt: skip
def test_ill_typed_arguments(name: str, args: Any, message: str) -> None:
    assert any(message in d.message for d in faults(name, args))


@given(
    name=st.one_of(st.sampled_from(list(STEPS)), st.text(max_size=8), st.none()),
    args=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=6),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["axis", "axes", "factor", "buffer", "kind", "dim", "x"]), inner, max_size=4
            )
        ),
        max_leaves=8,
    ),
)
def test_anything_at_all_is_a_step_or_a_diagnostic(name: Any, args: Any) -> None:
    try:
        step = parse_step(name, args)
    except AlloError as error:
        told = [d.message for d in error.diagnostics]
    else:
        told = []
        ((known, plain),) = step_to_dict(step).items()
        assert parse_step(known, plain) == step
    assert all(told)


def test_steps_made_in_python_are_checked_too() -> None:
    with pytest.raises(AlloError) as caught:
        Split("", "x")  # type: ignore[arg-type]
    assert len(caught.value.diagnostics) == 2
    assert isinstance(Split("j", 2).axis, LoopRef)


def test_steps_are_values() -> None:
    assert Split("j", 2) == Split("j", 2)
    assert len({Split("j", 2), Split("j", 2), Split("j", 4)}) == 2
    with pytest.raises(FrozenInstanceError):
        Split("j", 2).factor = 4  # type: ignore[misc]


def test_fields_describe_forms() -> None:
    described = {f.name: f for f in step_fields(Partition)}
    assert list(described) == ["buffer", "kind", "dim", "factor", "words"]
    assert described["kind"].choices == ("complete", "block", "cyclic")
    assert (described["buffer"].required, described["dim"].required, described["dim"].default) == (True, False, 0)
    assert [f.kind for f in step_fields(Pipeline)] == ["loop", "int", "bool", "bool"]
    assert all(f.help for cls in STEPS.values() for f in step_fields(cls))
