"""What calls, branches and memories that keep their contents mean for dependences, coverage and ports."""

from __future__ import annotations

import islpy as isl
import pytest

from allo_studio.analysis.accesses import accesses
from allo_studio.analysis.coverage import uncovered, unwritten
from allo_studio.analysis.dependences import dependences
from allo_studio.analysis.legality import carried_violations, clearest, private_buffers
from allo_studio.analysis.parallel import parallel_loops
from allo_studio.analysis.ports import infer_ports
from allo_studio.diagnostics import AlloError
from allo_studio.ir import KernelIR

_CALLEES = """
memref.global @kept : memref<i32>
func.func @fill(%v: i32, %o: memref<4xi32>) attributes {allo.args = ["v", "o"], allo.directions = ["in", "out"]} {
  affine.for %i = 0 to 4 { affine.store %v, %o[%i] : memref<4xi32> } {allo.name = "i", allo.band = "b"}
  return
}
func.func @half(%v: i32, %o: memref<4xi32>) attributes {allo.args = ["v", "o"], allo.directions = ["in", "out"]} {
  affine.for %i = 0 to 2 { affine.store %v, %o[%i] : memref<4xi32> } {allo.name = "i", allo.band = "b"}
  return
}
func.func @sum(%a: memref<4xi32>, %s: memref<i32>) attributes {allo.args = ["a", "s"],
    allo.directions = ["in", "out"]} {
  %zero = arith.constant 0 : i32
  affine.store %zero, %s[] : memref<i32>
  affine.for %i = 0 to 4 {
    %0 = affine.load %s[] : memref<i32>
    %1 = affine.load %a[%i] : memref<4xi32>
    %2 = arith.addi %0, %1 : i32
    affine.store %2, %s[] : memref<i32>
  } {allo.name = "i", allo.band = "b"}
  return
}
func.func @count(%s: memref<i32>) attributes {allo.args = ["s"], allo.directions = ["out"]} {
  %k = memref.get_global @kept : memref<i32> {allo.name = "k"}
  %0 = affine.load %k[] : memref<i32>
  affine.store %0, %s[] : memref<i32>
  affine.store %0, %k[] : memref<i32>
  return
}
func.func @outer(%s: memref<i32>) attributes {allo.args = ["s"], allo.directions = ["out"]} {
  func.call @count(%s) : (memref<i32>) -> ()
  return
}
func.func @sized(%n: i32, %o: memref<4xi32>) attributes {allo.args = ["n", "o"], allo.directions = ["in", "out"],
    allo.sizes = {n = 4 : i64}, allo.types = {o = "int32[n<=4]"}} {
  %sn = arith.index_cast %n : i32 to index
  affine.for %i = 0 to %sn { affine.store %n, %o[%i] : memref<4xi32> } {allo.name = "i", allo.band = "b"}
  return
}
"""


def kernel(body: str, arguments: str = "%A: memref<4xi32>, %v: i32", directions: str = '["inout", "in"]') -> KernelIR:
    names = [word.split(":")[0].strip().removeprefix("%") for word in arguments.split(",")]
    listed = ", ".join(f'"{name}"' for name in names)
    head = f"func.func @f({arguments}) attributes {{allo.args = [{listed}], allo.directions = {directions}}}"
    return KernelIR.parse(f"{_CALLEES}\n{head} {{\n{body}\nreturn\n}}", name="f")


def effects(ir: KernelIR) -> list[tuple[str, str, bool]]:
    return [(a.buffer, a.kind, a.exact) for a in accesses(ir) if a.callee]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("func.call @fill(%v, %A) : (i32, memref<4xi32>) -> ()", [("A", "write", True)]),
        ("func.call @half(%v, %A) : (i32, memref<4xi32>) -> ()", [("A", "write", True)]),
        (
            '%s = memref.alloc() {allo.name = "s"} : memref<i32>\n'
            "func.call @sum(%A, %s) : (memref<4xi32>, memref<i32>) -> ()",
            [("A", "read", True), ("s", "write", True)],
        ),
        (
            '%s = memref.alloc() {allo.name = "s"} : memref<i32>\nfunc.call @outer(%s) : (memref<i32>) -> ()',
            [("s", "write", True), ("@kept", "read", False), ("@kept", "write", False)],
        ),
    ],
)
def test_what_a_call_does_is_what_its_function_does(call: str, expected: list[tuple[str, str, bool]]) -> None:
    assert effects(kernel(call)) == expected


def test_a_named_size_covers_as_much_as_it_is_known_to_be() -> None:
    call = "func.call @sized({}, %A) : (i32, memref<4xi32>) -> ()"
    (known,) = accesses(kernel("%k = arith.constant 3 : i32\n" + call.format("%k")))
    assert known.exact
    left = unwritten((4,), [known])
    assert left.count_val().to_python() == 1
    (unknown,) = accesses(kernel(call.format("%v")))
    assert not unknown.exact


def test_a_call_is_in_the_way_of_what_it_touches() -> None:
    ir = kernel("""
  affine.for %i = 0 to 4 {
    func.call @fill(%v, %A) : (i32, memref<4xi32>) -> ()
    %0 = affine.load %A[%i] : memref<4xi32>
    affine.store %0, %B[%i] : memref<4xi32>
  } {allo.name = "i", allo.band = "b"}
""", "%A: memref<4xi32>, %v: i32, %B: memref<4xi32>", '["inout", "in", "out"]')  # fmt: skip
    assert parallel_loops(ir) == set()
    found = clearest(carried_violations(dependences(ir), ir.find_loop("i")))
    assert str(found) == "A[1] is written by the call of fill at (i=0) and read at (i=1)"


def test_contents_kept_between_calls_order_the_calls() -> None:
    body = """
  affine.for %i = 0 to 4 {
    %s = memref.alloc() {allo.name = "s"} : memref<i32>
    func.call @CALLEE : (CALLED) -> ()
  } {allo.name = "i", allo.band = "b"}
"""
    assert parallel_loops(kernel(body.replace("CALLEE", "outer(%s)").replace("CALLED", "memref<i32>"))) == set()
    plain = body.replace("CALLEE", "sum(%A, %s)").replace("CALLED", "memref<4xi32>, memref<i32>")
    assert parallel_loops(kernel(plain)) == {"i"}


_BRANCH = """
  %zero = arith.constant 0 : i32
  %T = memref.alloc() {allo.name = "T"} : memref<4xi32>
  affine.for %i = 0 to 4 {
    %x = affine.load %A[%i] : memref<4xi32>
    %c = arith.cmpi sgt, %x, %v : i32
    scf.if %c {
      affine.store %x, %T[%i] : memref<4xi32>
    } else {
      ELSE
    }
    %y = affine.load %T[%i] : memref<4xi32>
    affine.store %y, %A[%i] : memref<4xi32>
  } {allo.name = "i", allo.band = "b"}
"""


def test_what_both_branches_write_is_written() -> None:
    store = "affine.store %zero, %T[{}] : memref<4xi32>"
    assert infer_ports(kernel(_BRANCH.replace("ELSE", store.format("%i")))).directions["A_out"] == "out"
    for other in ("", store.format("0")):
        with pytest.raises(AlloError, match="may be read before it is written") as caught:
            infer_ports(kernel(_BRANCH.replace("ELSE", other)))
        (found,) = caught.value.diagnostics
        assert "T[" in found.message


def test_a_run_of_a_while_covers_itself_only() -> None:
    ir = kernel("""
  %zero = arith.constant 0 : i32
  %T = memref.alloc() {allo.name = "T"} : memref<4xi32>
  scf.while : () -> () {
    %x = affine.load %A[0] : memref<4xi32>
    %c = arith.cmpi sgt, %x, %v : i32
    scf.condition(%c)
  } do {
    affine.store %zero, %T[1] : memref<4xi32>
    %y = affine.load %T[1] : memref<4xi32>
    affine.store %y, %A[0] : memref<4xi32>
    scf.yield
  } attributes {allo.name = "w", allo.band = "b"}
  %z = affine.load %T[1] : memref<4xi32>
  affine.store %z, %A[1] : memref<4xi32>
""")
    found = [a for a in accesses(ir) if a.buffer == "T"]
    inside, after = (a for a in found if not a.is_write)
    writes = [a for a in found if a.is_write]
    assert uncovered(inside, writes).is_empty()
    assert not uncovered(after, writes).is_empty()


def test_private_contents_bind_no_iteration() -> None:
    body = """
  %T = memref.alloc() {allo.name = "T"} : memref<i32>
  affine.for %i = 0 to 4 {
    FIRST
    %x = affine.load %A[%i] : memref<4xi32>
    affine.store %x, %T[] : memref<i32>
    %y = affine.load %T[] : memref<i32>
    affine.store %y, %A[%i] : memref<4xi32>
  } {allo.name = "i", allo.band = "b"}
  LAST
"""

    def private(first: str, last: str) -> frozenset[str]:
        ir = kernel(body.replace("FIRST", first).replace("LAST", last))
        return private_buffers(accesses(ir), ir.find_loop("i"))

    assert private("", "") == {"T"}
    assert private("%z = affine.load %T[] : memref<i32>", "") == frozenset()
    assert private("", "%z = affine.load %T[] : memref<i32>") == frozenset()


def test_an_earlier_run_of_a_branch_is_not_sure() -> None:
    ir = kernel("""
  %T = memref.alloc() {allo.name = "T"} : memref<4xi32>
  affine.for %i = 0 to 4 {
    %x = affine.load %A[%i] : memref<4xi32>
    %c = arith.cmpi sgt, %x, %v : i32
    scf.if %c {
      affine.store %x, %T[%i] : memref<4xi32>
      %y = affine.load %T[%i] : memref<4xi32>
      %z = affine.load %T[0] : memref<4xi32>
      affine.store %y, %A[%i] : memref<4xi32>
      affine.store %z, %A[%i] : memref<4xi32>
    }
  } {allo.name = "i", allo.band = "b"}
""")
    found = [a for a in accesses(ir) if a.buffer == "T"]
    same, first = (a for a in found if not a.is_write)
    writes = [a for a in found if a.is_write]
    assert uncovered(same, writes).is_empty()
    # Only the first iteration writes T[0], and its branch may not have run.
    left = uncovered(first, writes)
    left = left.project_out(isl.dim_type.param, 0, left.dim(isl.dim_type.param))
    assert left.count_val().to_python() == 3
