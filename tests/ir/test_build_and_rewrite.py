"""Making operations and moving them: the result is text that can be read, and it verifies."""

import pytest

from allo_studio.ir import KernelIR, LinearExpr, in_context, rewrite, walk
from allo_studio.ir import build as make
from allo_studio.source import Source, Span
from allo_studio.types import FLOAT32, INT32, ArrayType

EMPTY = """
func.func @f(%A: memref<8x4xf32>, %n: i32) attributes {allo.args = ["A", "n"], allo.directions = ["inout", "in"]} {
  return
}
"""


@pytest.fixture
def kernel() -> KernelIR:
    return KernelIR.parse(EMPTY, Source("k.py", "a\nb\n"))


def lines(kernel: KernelIR) -> list[str]:
    """Return the lines of the function's body, with the maps that MLIR prints under a name left out."""
    text = [line.strip() for line in kernel.text().splitlines() if line.strip()]
    first = next(number for number, line in enumerate(text) if line.startswith("func.func"))
    return text[first + 1 : -3]


def test_a_nest_with_a_local_and_every_kind_of_value(kernel: KernelIR) -> None:
    place = Span(kernel.source, 1, 1, 2, 2)
    with in_context():
        where = make.location_of(place)
        outer = make.for_loop("i", 0, 4, 2, at=rewrite.at_end(kernel.body), location=where, band="nest", pipeline=1)
        i = LinearExpr.of(kernel.find_loop("i").induction_variable)
        inner = make.for_loop(
            "j", i, i * 2 + 1, at=rewrite.at_end(kernel.find_loop("i").body), reduction=True, unroll=0
        )
        j = LinearExpr.of(inner.regions[0].blocks[0].arguments[0])
        at = rewrite.at_end(inner.regions[0].blocks[0])
        memory = make.alloc("t", ArrayType(FLOAT32, (3,)), rewrite.before(inner))
        value = make.load(kernel.find_buffer("A").value, [i + j, LinearExpr.number(1)], at)
        for operator in "+-*/":
            value = make.binary(operator, value, make.constant(1.5, FLOAT32, at), FLOAT32, at)
        make.store(make.negate(value, FLOAT32, at), memory, [LinearExpr.number(2)], at)
        index = make.index_to_integer(make.apply(j * 3 - i, at), INT32, at)
        make.binary("/", make.negate(index, INT32, at), make.constant(-7, INT32, at), INT32, at)
    kernel.verify()
    maps = [line.split("affine_map")[1] for line in kernel.text().splitlines() if line.startswith("#map")]
    assert maps == ["<(d0) -> (d0)>", "<(d0) -> (d0 * 2 + 1)>", "<(d0, d1) -> (d0 * 3 - d1)>"]
    assert kernel.span(outer) == place
    assert kernel.span(inner) is None
    assert lines(kernel) == [
        "affine.for %arg2 = 0 to 4 step 2 {",
        '%alloc = memref.alloc() {allo.name = "t"} : memref<3xf32>',
        "affine.for %arg3 = #map(%arg2) to #map1(%arg2) {",
        "%0 = affine.load %arg0[%arg2 + %arg3, 1] : memref<8x4xf32>",
        "%cst = arith.constant 1.500000e+00 : f32",
        "%1 = arith.addf %0, %cst : f32",
        "%cst_0 = arith.constant 1.500000e+00 : f32",
        "%2 = arith.subf %1, %cst_0 : f32",
        "%cst_1 = arith.constant 1.500000e+00 : f32",
        "%3 = arith.mulf %2, %cst_1 : f32",
        "%cst_2 = arith.constant 1.500000e+00 : f32",
        "%4 = arith.divf %3, %cst_2 : f32",
        "%5 = arith.negf %4 : f32",
        "affine.store %5, %alloc[2] : memref<3xf32>",
        "%6 = affine.apply #map2(%arg3, %arg2)",
        "%7 = arith.index_cast %6 : index to i32",
        "%c0_i32 = arith.constant 0 : i32",
        "%8 = arith.subi %c0_i32, %7 : i32",
        "%c-7_i32 = arith.constant -7 : i32",
        "%9 = arith.divsi %8, %c-7_i32 : i32",
        '} {allo.name = "j", allo.reduction, allo.unroll = 0 : i64}',
        '} {allo.band = "nest", allo.name = "i", allo.pipeline = 1 : i64}',
    ]


def test_apply_of_a_lone_variable_makes_nothing(kernel: KernelIR) -> None:
    with in_context():
        loop = make.for_loop("i", 0, 4, at=rewrite.at_end(kernel.body))
        block = loop.regions[0].blocks[0]
        variable = block.arguments[0]
        assert make.apply(LinearExpr.of(variable), rewrite.at_end(block)) == variable
        assert rewrite.operations(block) == ()
        assert make.index_constant(4, rewrite.at_end(block)).owner.operation.name == "arith.constant"


def test_moving_a_body_and_replacing_the_variable(kernel: KernelIR) -> None:
    with in_context():
        old = make.for_loop("i", 0, 8, at=rewrite.at_end(kernel.body))
        block = old.regions[0].blocks[0]
        i = LinearExpr.of(block.arguments[0])
        memory = kernel.find_buffer("A").value
        make.store(make.load(memory, [i, i - i], rewrite.at_end(block)), memory, [i, i * 0 + 1], rewrite.at_end(block))
        new = make.for_loop("q", 1, 7, at=rewrite.before(old))
        target = new.regions[0].blocks[0]
        rewrite.move_body(block, target)
        rewrite.replace_uses(block.arguments[0], target.arguments[0])
        assert rewrite.is_inside(next(iter(target.operations)), new)
        assert not rewrite.is_inside(new, new)
        rewrite.erase(old)
    kernel.verify()
    assert [loop.name for loop in kernel.loops()] == ["q"]
    assert lines(kernel)[1:3] == [
        "%0 = affine.load %arg0[%arg2, 0] : memref<8x4xf32>",
        "affine.store %0, %arg0[%arg2, 1] : memref<8x4xf32>",
    ]


def test_replacing_uses_in_one_block_leaves_the_others(kernel: KernelIR) -> None:
    with in_context():
        at = rewrite.at_start(kernel.body)
        one, two = make.constant(1, INT32, at), make.constant(2, INT32, at)
        outside = make.binary("+", one, one, INT32, at)
        loop = make.for_loop("i", 0, 8, at=at)
        inside = make.binary("+", one, one, INT32, rewrite.at_end(loop.regions[0].blocks[0]))
        rewrite.replace_uses(one, two, within=loop.regions[0].blocks[0])
    assert [operand == two for operand in inside.owner.operands] == [True, True]
    assert [operand == one for operand in outside.owner.operands] == [True, True]


def test_points_of_insertion(kernel: KernelIR) -> None:
    with in_context():
        second = make.constant(2, INT32, rewrite.at_end(kernel.body)).owner
        make.constant(3, INT32, rewrite.after(second))
        make.constant(1, INT32, rewrite.before(second))
        make.constant(0, INT32, rewrite.at_start(kernel.body))
        make.constant(4, INT32, rewrite.at_end(kernel.body))
    found = [op.attributes["value"].value for op in walk(kernel.body) if op.name == "arith.constant"]
    assert found == [0, 1, 2, 3, 4]


def test_fresh_names(kernel: KernelIR) -> None:
    with in_context():
        make.for_loop("i", 0, 8, at=rewrite.at_end(kernel.body))
        make.alloc("t", ArrayType(FLOAT32), rewrite.at_end(kernel.body))
        make.alloc("t_1", ArrayType(FLOAT32), rewrite.at_end(kernel.body))
    assert rewrite.fresh_loop_name(kernel, "i") == "i_1"
    assert rewrite.fresh_loop_name(kernel, "j") == "j"
    assert [rewrite.fresh_buffer_name(kernel, name) for name in ("t", "n", "A", "u")] == ["t_2", "n_1", "A_1", "u"]
