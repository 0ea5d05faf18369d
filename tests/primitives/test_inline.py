"""`inline`: names, lifetimes, layouts and symbols after the calls are gone."""

from __future__ import annotations

import pytest
from call_kernels import CALLS, ROWS, STATE, TWICE, called, names_of, refusal, replays
from step_kernels import assert_same

from allo_studio.ir import KernelIR
from allo_studio.primitives.inline import Inline
from allo_studio.primitives.pipeline import Pipeline


@pytest.mark.parametrize("name", sorted(CALLS))
def test_results_stay_and_the_functions_are_gone(name: str) -> None:
    base = called(name)
    text, step = base.text(), Inline()
    after = step.apply(base)
    assert after.functions == (name,)
    assert "call @" not in after.text()
    assert replays(step, base, after)
    assert base.text() == text
    assert_same(base, after)


def test_names_are_new_and_bands_stay_apart() -> None:
    after = Inline("smooth").apply(called("twice"))
    assert names_of(after) == [
        ("turn", "i", 0),
        ("square", "i", 0),
        ("turn_1", "i", 0),
        ("square_1", "i", 0),
        ("turn_2", "i", 0),
    ]
    assert [b.name for b in after.buffers()] == ["X", "Y", "t", "t_1", "t_2"]


def test_layouts_and_memories_come_along() -> None:
    after = Inline("smooth").apply(called("twice"))
    assert {name: str(layout) for name, layout in after.layouts().items()} == {
        "X": "(cyclic 6)",
        "t": "(cyclic 2)",
        "t_1": "(complete)",
        "t_2": "(complete)",
    }
    assert [b.memory for b in after.buffers() if b.name.startswith("t_")] == ["Memory(resource='LUTRAM')"] * 2


def test_loops_become_part_of_the_nest_around_the_call() -> None:
    after = Inline("row").apply(called("rows"))
    assert names_of(after) == [("all", "i", 0), ("all", "j", 1), ("all", "j_1", 1)]
    inner, fixed = after.find_loop("j"), after.find_loop("j_1")
    assert (inner.upper, fixed.upper) == (None, 6)
    assert inner.upper_expr is not None
    assert inner.upper_expr.variables == (after.find_loop("i").induction_variable,)
    # Every iteration has a memory of its own.
    assert all(
        b.value.owner.operation.parent.operation.name == "affine.for" for b in after.buffers() if b.kind == "local"
    )


def test_one_function_of_several() -> None:
    base = called("deep")
    after = Inline("add").apply(base)
    assert after.functions == ("both", "deep")
    assert_same(base, after)
    assert_same(base, Inline("both").apply(after))
    assert Inline("both").apply(base).functions == ("add", "deep")


def test_an_instance_is_named_by_itself_or_by_its_source() -> None:
    text = TWICE.replace("@smooth", "@smooth_K1")
    base = called("twice", text)
    assert Inline("smooth").apply(base).text() == Inline("smooth_K1").apply(base).text()


def test_state_is_shared_by_what_the_calls_become() -> None:
    after = Inline("count").apply(called("state"))
    assert [b.name for b in after.buffers() if b.kind in ("state", "constant")] in (["w", "total"], ["total", "w"])
    assert_same(called("state"), after)


def test_state_does_not_come_to_two_functions() -> None:
    other = """
func.func @other(%x: memref<4xi32>) attributes {
    allo.args = ["x"], allo.directions = ["inout"], allo.origin = "other"} {
  func.call @count(%x) : (memref<4xi32>) -> ()
  return
}
func.func @state("""
    text = STATE.replace("func.func @state(", other).replace("func.call @count(%B)", "func.call @other(%B)", 1)
    assert refusal(Inline("count"), called("state", text)) == (
        "total keeps its contents between calls, and other and state would both hold it",
        "make an instance of the function for each of them",
    )


def test_a_function_that_is_not_called() -> None:
    base = called("twice")
    assert refusal(Inline("rough"), base) == ("twice does not call a function 'rough'", "twice calls smooth")
    assert refusal(Inline("twice"), base) == ("twice does not call a function 'twice'", "twice calls smooth")
    message = "twice calls no function, so there is nothing to inline"
    assert refusal(Inline(), Inline().apply(base)) == (message, "leave the step out")


def test_a_computed_value_is_no_subscript() -> None:
    line = "%i0 = arith.index_cast %i : index to i32"
    loaded = "%i0 = affine.load %A[%i, 2] : memref<6x8xi32>"
    assert refusal(Inline("row"), called("rows", ROWS.replace(line, loaded))) == (
        "r of row is in subscripts or bounds, and this call gives it a computed value",
        "give it a constant, an argument or a loop's variable, or do not inline it",
    )


def test_two_declarations_of_one_memory() -> None:
    asked = "allo.memories = {B = \"Memory(resource='URAM')\"}"
    text = TWICE.replace('allo.origin = "smooth",', f'allo.origin = "smooth", {asked},')
    after = Inline().apply(called("twice", text))
    assert after.find_buffer("t").memory == after.find_buffer("Y").memory == "Memory(resource='URAM')"
    given = TWICE.replace('{allo.name = "t"}', '{allo.name = "t", allo.memory = "Memory(resource=\'BRAM\')"}')
    text = given.replace('allo.origin = "smooth",', f'allo.origin = "smooth", {asked},')
    message, hint = refusal(Inline(), called("twice", text))
    assert message == (
        "t is declared as Memory(resource='BRAM') in twice and as Memory(resource='URAM') in smooth, where it is B"
    )
    assert hint == "declare both in the same way"


def test_a_pipelined_loop_around_the_call_unrolls_what_comes() -> None:
    piped = _piped(ROWS)
    message, hint = refusal(Inline("row"), piped)
    assert message == "loop j of row has no constant trip count, and pipelined loop i unrolls it"
    assert hint == "inline row before i is pipelined, and pipeline j"
    fixed = ROWS.replace("affine_map<()[s0] -> (s0 + 2)>()[%1]", "5")
    after = Inline("row").apply(_piped(fixed))
    assert [(loop.name, loop.pipeline, loop.unroll) for loop in after.loops()] == [
        ("i", 1, None),
        ("j", None, 0),
        ("j_1", None, 0),
    ]
    assert_same(called("rows", fixed), after)
    inner = fixed.replace(
        '{allo.band = "sum", allo.name = "j"}', '{allo.band = "sum", allo.name = "j", allo.pipeline = 1}'
    )
    message, _ = refusal(Inline("row"), _piped(inner))
    assert message == "loop j of row is pipelined, and pipelined loop i would unroll it"


def _piped(text: str) -> KernelIR:
    return Pipeline("i").apply(called("rows", text))
