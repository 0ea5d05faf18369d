"""Which stores are updates `x = x ⊕ e` whose instances may change places."""

from __future__ import annotations

import pytest

from allo_studio.analysis.accesses import accesses
from allo_studio.analysis.updates import updates
from allo_studio.ir import KernelIR


def is_update(lines: str, kind: str = "i8") -> bool:
    """Tell whether the lines make `%new` an update of `%old`, the element of `s`, with `%e`."""
    ir = KernelIR.parse(f"""
func.func @f(%A: memref<4x{kind}>, %s: memref<{kind}>, %B: memref<4x{kind}>) attributes {{
    allo.args = ["A", "s", "B"], allo.directions = ["in", "inout", "inout"]}} {{
  affine.for %i = 0 to 4 {{
    %e = affine.load %A[%i] : memref<4x{kind}>
    %old = affine.load %s[] : memref<{kind}>
    {lines}
    affine.store %new, %s[] : memref<{kind}>
  }} {{allo.name = "i", allo.band = "b"}}
  return
}}
""")
    return bool(updates(accesses(ir)))


_WIDE = "%a = arith.extsi %old : i8 to i16\n%b = arith.extsi %e : i8 to i16\n"


@pytest.mark.parametrize("word", ["addi", "muli", "subi", "andi", "ori", "xori", "maxsi", "minsi", "maxui", "minui"])
def test_integer_updates(word: str) -> None:
    assert is_update(f"%new = arith.{word} %old, %e : i8")
    assert is_update(f"%new = arith.{word} %e, %old : i8") == (word != "subi")
    assert is_update(_WIDE + f"%w = arith.{word} %a, %b : i16\n%new = arith.trunci %w : i16 to i8") == (
        word[:3] not in ("max", "min")
    )


@pytest.mark.parametrize("word", ["addf", "mulf", "subf", "maximumf", "minimumf"])
def test_float_updates(word: str) -> None:
    assert is_update(f"%new = arith.{word} %old, %e : f32", "f32")


@pytest.mark.parametrize("word", ["divsi", "shli", "remsi"])
def test_what_is_no_update(word: str) -> None:
    assert not is_update(f"%new = arith.{word} %old, %e : i8")


def test_a_choice_of_two_compared_integers_is_an_extreme() -> None:
    compare = "%c = arith.cmpi sgt, %old, %e : i8\n"
    assert is_update(compare + "%new = arith.select %c, %old, %e : i8")
    assert is_update(compare + "%new = arith.select %c, %e, %old : i8")
    # Not a choice of the two, or one in which a NaN makes the order count.
    assert not is_update(compare + "%d = arith.addi %e, %e : i8\n%new = arith.select %c, %old, %d : i8")
    assert not is_update("%c = arith.cmpi eq, %old, %e : i8\n%new = arith.select %c, %old, %e : i8")
    assert not is_update("%c = arith.cmpf ogt, %old, %e : f32\n%new = arith.select %c, %old, %e : f32", "f32")


def test_saturation_counts_on_the_order() -> None:
    total = _WIDE + "%w = arith.addi %a, %b : i16\n%most = arith.constant 127 : i16\n"
    ends = "%new = arith.trunci %m : i16 to i8"
    assert not is_update(total + "%m = arith.minsi %w, %most : i16\n" + ends)
    chosen = "%c = arith.cmpi sgt, %w, %most : i16\n%m = arith.select %c, %most, %w : i16\n"
    assert not is_update(total + chosen + ends)


def test_bits_lost_on_the_way_count() -> None:
    lossy = "%n = arith.trunci %old : i8 to i4\n%a = arith.extsi %n : i4 to i8\n%new = arith.addi %a, %e : i8"
    assert not is_update(lossy)


def test_mixed_operators_are_no_update() -> None:
    assert not is_update("%a = arith.addi %old, %e : i8\n%new = arith.muli %a, %e : i8")
    assert is_update("%a = arith.addi %old, %e : i8\n%new = arith.subi %a, %e : i8")
    assert not is_update("%new = arith.addi %old, %old : i8")


def test_a_value_that_someone_else_sees_on_the_way_is_no_update() -> None:
    seen = "affine.store {}, %B[%i] : memref<4xi8>\n"
    assert not is_update("%new = arith.addi %old, %e : i8\n" + seen.format("%new"))
    assert not is_update("%new = arith.addi %old, %e : i8\n" + seen.format("%old"))
    assert is_update("%new = arith.addi %old, %e : i8\n" + seen.format("%e"))
