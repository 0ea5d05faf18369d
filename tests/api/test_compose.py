"""Composition: a function's own schedule, on its instances in a kernel that calls it."""

import numpy as np
import pytest

import allo_studio as allo
from allo_studio import Partition, Schedule, int32
from allo_studio.diagnostics import AlloError

M = 8


def add(A: int32[M, M], x: int32) -> int32[M, M]:
    B: int32[M, M] = 0
    for i, j in allo.grid(M, M, name="work"):
        B[i, j] = A[i, j] + x
    return B


def twice(A: int32[M, M]) -> int32[M, M]:
    B = add(A, 1)
    return add(B, 2)


def deep(A: int32[M, M]) -> int32[M, M]:
    return twice(A)


def two(A: int32[M, M]) -> int32[M, M]:
    B = add["left"](A, 1)
    return add["right"](B, 2)


DATA = np.arange(M * M, dtype=np.int32).reshape(M, M)


def same(s: Schedule) -> None:
    np.testing.assert_array_equal(s.build()(DATA), DATA + 3)  # type: ignore[operator]


def pipelined(s: Schedule) -> dict[str, list[str]]:
    return {name: [loop.name for loop in s.ir.at(name).loops() if loop.pipeline] for name in s.ir.functions}


def test_to_depth_three() -> None:
    own = allo.customize(add)
    own.split("j", 4)
    own.pipeline("j.outer")
    middle = allo.customize(twice)
    middle.compose(own)
    s = allo.customize(deep)
    s.compose(middle)
    assert pipelined(s) == {"add": ["j.outer"], "twice": [], "deep": []}
    same(s)
    direct = allo.customize(deep)
    direct.compose(own)
    assert direct.ir.text() == s.ir.text()


def test_two_instances_have_schedules_of_their_own() -> None:
    left, right = allo.customize(add), allo.customize(add)
    left.pipeline("j")
    right.reorder("j", "i")
    right.pipeline("work:i")
    s = allo.customize(two)
    s.compose(left, id="left")
    s.compose(right, id="right")
    assert pipelined(s) == {"add_left": ["j"], "add_right": ["i"], "two": []}
    same(s)


def test_without_an_id_every_instance_is_scheduled() -> None:
    own = allo.customize(add)
    own.pipeline("j")
    s = allo.customize(two)
    s.compose([own])
    assert pipelined(s) == {"add_left": ["j"], "add_right": ["j"], "two": []}


def test_composing_is_the_same_as_applying_to_the_function() -> None:
    own = allo.customize(add)
    own.split("i", 2)
    own.reorder("j", "i.inner")
    s, direct = allo.customize(twice), allo.customize(twice)
    s.compose(own)
    direct.split("add:i", 2)
    direct.reorder("add:work:j", "add:i.inner")
    assert s.ir.text() == direct.ir.text()
    assert [str(step) for step in s.steps]


def test_a_partition_reaches_both_sides_of_every_call() -> None:
    own = allo.customize(add)
    own.partition(own.A, Partition.Cyclic, dim=2, factor=4)
    s = allo.customize(deep)
    s.compose(own)
    layouts = {(f, name): str(layout) for f in s.ir.functions for name, layout in s.ir.at(f).layouts().items()}
    # twice passes its argument and then its local array as A.
    assert set(layouts.values()) == {"(-, cyclic 4)"}
    assert {("add", "A"), ("twice", "A"), ("twice", "B"), ("deep", "A")} <= set(layouts)
    same(s)


def test_partitions_meet_or_conflict() -> None:
    s = allo.customize(deep)
    s.partition("add:A", "cyclic", dim=2, factor=2)
    assert s.ir.layout("A") == s.ir.at("add").layout("A")
    with pytest.raises(AlloError) as caught:
        s.partition("twice:B", "block", dim=2, factor=2)
    assert "already partitioned" in str(caught.value)


def test_two_demands_that_have_nothing_in_common_are_a_conflict() -> None:
    def reader(A: int32[M]) -> int32:
        s: int32 = 0
        for i in range(M):
            s += A[i]
        return s

    def top(A: int32[M]) -> int32:
        B: int32[M] = 0
        for i in range(M):
            B[i] = A[i]
        return reader(B)

    s = allo.customize(top)
    s.partition("top:B", "cyclic", dim=1, factor=2)
    assert str(s.ir.at("reader").layout("A")) == "(cyclic 2)"
    inner = allo.customize(reader)
    inner.partition("A", "block", dim=1, factor=2)
    with pytest.raises(AlloError) as caught:
        s.compose(inner)
    (fault,) = caught.value.diagnostics
    assert fault.where == "reader#0"


def test_steps_that_make_arrays_are_composed() -> None:
    own = allo.customize(add)
    own.buffer_at(own.B, "i")
    own.partition("B_tile", dim=1)
    own.pipeline("j")
    s = allo.customize(two)
    s.compose(own)
    assert {buffer.name for buffer in s.ir.at("add_left").buffers()} == {"A", "B", "B_tile"}
    same(s)


def test_what_does_not_apply_changes_nothing() -> None:
    own, s = allo.customize(add), allo.customize(two)
    own.pipeline("j")
    s.pipeline("add_right:i")
    before = s.ir.text()
    with pytest.raises(AlloError) as caught:
        s.compose(own)
    assert {fault.where for fault in caught.value.diagnostics} == {"add#0"}
    assert s.ir.text() == before


@pytest.mark.parametrize(("id", "word"), [("middle", "with the id 'middle'"), ("", "with the id ''")])
def test_an_instance_that_is_not_there(id: str, word: str) -> None:
    s = allo.customize(two)
    with pytest.raises(AlloError, match=word) as caught:
        s.compose(allo.customize(add), id=id)
    assert "add_left (id 'left')" in caught.value.diagnostics[0].hint


def test_a_schedule_of_something_else() -> None:
    with pytest.raises(AlloError, match="no instance of 'twice'"):
        allo.customize(two).compose(allo.customize(twice))
