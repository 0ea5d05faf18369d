"""Recorded counts against counts in Python and by hand; outputs and errors against the plain JIT."""

from __future__ import annotations

import numpy as np
import pytest
from counting_interpreter import same
from execute_kernels import kernel_of

from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.execute.recording import LoopCount, Recorder, Recording, record
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.schedule import from_specs
from allo_studio.source import Source

HEAD = "from allo_studio.lang import Stateful, float32, grid, int32, int8, reduction\n"


def parsed(text: str, name: str = "f") -> KernelIR:
    return parse_kernel(Source("k.py", HEAD + text), name, {})


def recorded(kernel: KernelIR, **inputs: object) -> Recording:
    """Return the counts, where the outputs are those of the plain JIT and the kernel is as before."""
    before = kernel.text()
    outputs, found = record(kernel, inputs)
    assert same(outputs, jit(kernel).run(inputs))
    assert kernel.text() == before
    return found


def loops_of(kernel: KernelIR, found: Recording) -> dict[str, LoopCount]:
    """Return the counts of the kernel's own loops by their ids."""
    return {loop.id: found.loops[kernel.name, number] for number, loop in enumerate(kernel.loops())}


# Kernels of each form

WHILES = """
def f(x: int32[6]) -> int32[6]:
    y: int32[6] = 0
    for i in range(6):
        a: int32 = x[i]
        while a > 1:
            b: int32 = a
            while b % 2 == 0 and b > 2:
                b = b // 2
                y[i] += 1
            if a % 3 == 0:
                y[i] += 100
            a -= 2
    return y
"""


def test_whiles_in_whiles() -> None:
    kernel, x = parsed(WHILES), np.array([7, 1, 0, 12, -3, 30], np.int32)
    outer, inner, threes = [0, 0, 0], [0, 0, 0], [0, 0]
    for value in x.tolist():
        a, start = value, outer[2]
        outer[0] += 1
        while a > 1:
            outer[2] += 1
            b, begin = a, inner[2]
            inner[0] += 1
            while b % 2 == 0 and b > 2:
                inner[2] += 1
                b //= 2
            inner[1] += inner[2] > begin
            threes[0 if a % 3 == 0 else 1] += 1
            a -= 2
        outer[1] += outer[2] > start
    found = recorded(kernel, x=x)
    counts = list(loops_of(kernel, found).values())
    assert counts[-2:] == [LoopCount(*outer, outer[2]), LoopCount(*inner, inner[2])]
    assert 0 < outer[1] < outer[0]
    assert 0 < inner[1] < inner[0]
    assert tuple(threes) in found.branches.values()


SEARCH = "def f(x: int32[5]) -> int32:\n    n: int32 = 0\n    while {}:\n        n += 1\n    return n\n"


def test_a_branch_in_the_condition_of_a_while() -> None:
    # The second comparison is evaluated only where the first holds.
    text = (
        "def f(x: int32[5]) -> int32:\n    n: int32 = 0\n    while n < 5 and x[n] > 0:\n        n += 1\n    return n\n"
    )
    kernel = parsed(text)
    for x, runs, branch in (([1, 1, 0, 1, 1], 2, (3, 0)), ([1] * 5, 5, (5, 1)), ([0] * 5, 0, (1, 0))):
        found = recorded(kernel, x=np.array(x, np.int32))
        assert loops_of(kernel, found)["while"] == LoopCount(1, int(runs > 0), runs, runs)
        assert found.branches == {("f", 0): branch}


COMPUTED = """
def f(x: int32[6]) -> int32[6]:
    y: int32[6]
    for i in range(6):
        y[i] = 0
        for j in range(x[i], 7, 2):
            y[i] += j
            if j == 3:
                y[i] += 10
        if x[i] > 4:
            y[i] -= 1
        else:
            for k in range(x[i]):
                y[i] += k
    return y
"""


def test_computed_bounds_and_branches_with_and_without_else() -> None:
    kernel = parsed(COMPUTED)
    x = np.array([3, 9, 0, 7, 6, 1], np.int32)
    found, inner = recorded(kernel, x=x), [len(range(v, 7, 2)) for v in x.tolist()]
    low = [v for v in x.tolist() if v <= 4]
    loops = loops_of(kernel, found)
    assert loops["j"] == LoopCount(6, sum(n > 0 for n in inner), sum(inner), sum(inner))
    assert loops["k"] == LoopCount(3, sum(v > 0 for v in low), sum(low), sum(low))
    threes = sum(list(range(v, 7, 2)).count(3) for v in x.tolist())
    assert found.branches == {("f", 0): (threes, sum(inner) - threes), ("f", 1): (3, 3)}


RESULTS = """
func.func @f(%x: memref<7xi32>, %y: memref<7xi32>) attributes {allo.args = ["x", "y"],
    allo.directions = ["inout", "out"], llvm.emit_c_interface} {
  %c2 = arith.constant 2 : i32
  affine.for %i = 0 to 7 {
    %a = affine.load %x[%i] : memref<7xi32>
    %big = arith.cmpi sgt, %a, %c2 : i32
    %r = scf.if %big -> (i32) {
      %even = arith.remsi %a, %c2 : i32
      %is = arith.cmpi eq, %even, %c2 : i32
      %s = scf.if %is -> (i32) {
        scf.yield %c2 : i32
      } else {
        %t = arith.muli %a, %a : i32
        scf.yield %t : i32
      }
      scf.yield %s : i32
    } else {
      affine.for %j = 0 to affine_map<(d0) -> (d0)>(%i) {
        affine.store %c2, %x[%j] : memref<7xi32>
      } {allo.name = "j"}
      scf.yield %c2 : i32
    }
    affine.store %r, %y[%i] : memref<7xi32>
  } {allo.name = "i", allo.band = "b"}
  return
}
"""


def test_branches_with_results_and_a_triangle() -> None:
    found = recorded(kernel_of(RESULTS), x=np.array([1, 5, 4, 2, 9, 0, 8], np.int32))
    assert found.branches == {("f", 0): (4, 3), ("f", 1): (0, 4)}
    assert found.loops == {("f", 0): LoopCount(1, 1, 7, 7), ("f", 1): LoopCount(3, 2, 8, 8)}


N_CALLS = 5
CALLS = """
N = 5

def once(x: int32[N], k: int32) -> int32:
    s: int32 = 0
    for q in range(N):
        if x[q] > k:
            s += x[q]
    return s

def twice(x: int32[N], k: int32) -> int32:
    return once(x, k) + once(x, k + 1)

def never(x: int32[N]):
    for z in range(N):
        x[z] = 0

def f(x: int32[N]) -> int32[N]:
    y: int32[N]
    for i in range(N):
        y[i] = twice(x, i)
        if y[i] > 6:
            y[i] = once(x, 2)
        if y[i] < 0:
            never(y)
    return y
"""


def test_calls_in_loops_and_branches() -> None:
    kernel, x = parsed(CALLS), np.array([4, 0, 3, 1, 2], np.int32)
    above = [sum(v for v in x.tolist() if v > k) for k in range(N_CALLS + 1)]
    again = sum(above[i] + above[i + 1] > 6 for i in range(N_CALLS))
    found = recorded(kernel, x=x)
    once, never = 2 * N_CALLS + again, 0
    assert 0 < again < N_CALLS
    assert found.calls == {"f": 1, "twice": N_CALLS, "once": once, "never": never}
    (loop,) = (count for (name, _), count in found.loops.items() if name == "once")
    assert loop == LoopCount(once, once, once * N_CALLS, once * N_CALLS)
    assert found.loops["never", 0] == LoopCount(0, 0, 0, 0)
    taken = sum(sum(v > k for v in x.tolist()) for i in range(N_CALLS) for k in (i, i + 1))
    taken += again * sum(v > 2 for v in x.tolist())
    assert found.branches["once", 0] == (taken, once * N_CALLS - taken)


def test_a_callee_alone_has_no_counts_of_its_callers() -> None:
    found = recorded(parsed(CALLS).at("twice"), x=np.arange(5, dtype=np.int32), k=1)
    assert found.calls == {"twice": 1, "once": 2}
    assert {name for name, _ in (*found.loops, *found.branches)} == {"once"}


GRID = """
def f(x: int32[10]) -> int32[10]:
    y: int32[10]
    for t, i in grid(3, 10):
        y[i] = x[i] + t
    return y
"""


@pytest.mark.parametrize("factor", [0, 1, 2, 3, 4, 10])
def test_groups_of_a_partly_unrolled_loop(factor: int) -> None:
    kernel = from_specs(parsed(GRID), [("unroll", {"axis": "i", "factor": factor})]).ir
    loops = loops_of(kernel, recorded(kernel, x=np.arange(10, dtype=np.int32)))
    assert loops == {"t": LoopCount(1, 1, 3, 3), "i": LoopCount(3, 3, 30, 3 * -(-10 // max(factor, 1)))}


STATE = """
def f(n: int32) -> int32:
    total: int32 @ Stateful = 2
    for i in range(total):
        total += n
    return total
"""


def test_state_starts_anew_and_a_recorder_keeps_it() -> None:
    kernel = parsed(STATE)
    for _ in range(2):
        assert loops_of(kernel, recorded(kernel, n=1))["i"] == LoopCount(1, 1, 2, 2)
    recorder, plain = Recorder.of(kernel), jit(kernel)
    for trips in (2, 4, 8):
        outputs, found = recorder.run({"n": 1})
        assert same(outputs, plain.run({"n": 1}))
        assert loops_of(kernel, found)["i"] == LoopCount(1, 1, trips, trips)
    recorder.reset()
    assert loops_of(kernel, recorder.run({"n": 0})[1])["i"].iterations == 2


def test_named_sizes_and_tables() -> None:
    kernel = parsed("""
def f(x: int32["n<=9"]) -> int32["n<=9"]:
    T: int32[4] = [5, 0, 7, 0]
    y: int32["n<=9"]
    for i in range(n):
        y[i] = x[i]
        if T[i % 4] > 0:
            y[i] += T[i % 4]
    return y
""")
    for n in (1, 4, 9):
        found = recorded(kernel, x=np.arange(n, dtype=np.int32))
        assert found.loops == {("f", 0): LoopCount(1, 1, n, n)}
        assert found.branches == {("f", 0): (-(-n // 2), n // 2)}


def test_the_counters_take_no_name_of_the_kernel() -> None:
    text = RESULTS.replace('["x", "y"]', '["times", "times_1"]')
    outputs, found = record(kernel_of(text), {"times": np.zeros(7, np.int32)})
    assert list(outputs) == ["times_out", "times_1"]
    assert found.branches["f", 0] == (0, 7)


def test_counts_of_more_than_32_bits() -> None:
    trips = 2**33 + 5
    kernel = kernel_of(f"""
func.func @f(%y: memref<i8>) attributes {{allo.args = ["y"], allo.directions = ["out"], llvm.emit_c_interface}} {{
  %c = arith.constant 1 : i8
  affine.for %i = 0 to {trips} {{
    affine.store %c, %y[] : memref<i8>
  }} {{allo.name = "i", allo.band = "b", allo.unroll = 3}}
  return
}}""")
    assert recorded(kernel).loops["f", 0] == LoopCount(1, 1, trips, -(-trips // 3))


# Faults


@pytest.mark.parametrize("inputs", [{}, {"x": np.zeros(4, np.int32)}, {"x": 1, "k": 2}, {"x": np.full(5, 9, np.int32)}])
def test_faults_are_those_of_the_plain_run(inputs: dict[str, object]) -> None:
    kernel = parsed(SEARCH.format("x[n] > 0"))
    with pytest.raises(AlloError) as plain:
        jit(kernel).run(inputs)
    with pytest.raises(AlloError) as found:
        record(kernel, inputs)
    assert found.value.diagnostics == plain.value.diagnostics


def test_an_endless_while_is_given_up() -> None:
    with pytest.raises(AlloError, match="did not end after 50 iterations"):
        record(parsed(SEARCH.format("n >= 0")), {"x": np.zeros(5, np.int32)}, most_iterations=50)


RECURSION = "func.call @f(%x) : (i32) -> ()\nreturn\n}"
NO_NAMES = "return\n}\nfunc.func @g(%x: i32) {\nreturn\n}"


@pytest.mark.parametrize(("more", "message"), [(RECURSION, "calls itself"), (NO_NAMES, "not in a kernel's form")])
def test_what_is_no_kernel(more: str, message: str) -> None:
    text = 'func.func @f(%x: i32) attributes {allo.args = ["x"], allo.directions = ["in"]} {\n' + more
    for run in (jit, Recorder.of):
        with pytest.raises(ValueError, match=message):
            run(KernelIR.parse(text, name="f"))
