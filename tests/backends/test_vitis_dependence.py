"""What the C++ says of dependences between iterations: true by enumeration, and said where it is of use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vitis_designs import GEMM, kernel

from allo_studio.backends.vitis import kernel_code
from allo_studio.primitives.registry import parse_step
from allo_studio.schedule import schedule

_PRAGMA = re.compile(
    r"dependence variable=(\w+) type=inter(?: direction=(RAW))?(?: distance=(\d+))? dependent=(true|false)"
)


@dataclass(frozen=True)
class Said:
    """One pragma: a distance of 0 is none, no direction is all of them."""

    variable: str
    direction: str
    distance: int
    dependent: bool


def said_of(text: str, label: str) -> list[Said]:
    """Return what is said of a loop's dependences."""
    match = re.search(rf"^ *{label}: for .*\n((?:#pragma HLS .*\n)*)", text, re.MULTILINE)
    assert match is not None
    found = [line for line in match[1].splitlines() if "dependence" in line]
    parsed = [_PRAGMA.fullmatch(line.removeprefix("#pragma HLS ")) for line in found]
    assert None not in parsed
    return [Said(m[1], m[2] or "", int(m[3] or 0), m[4] == "true") for m in parsed if m]


def code(text: str, name: str, *steps: tuple[str, dict[str, object]]) -> str:
    found = schedule(kernel(text, name), [parse_step(step, args) for step, args in steps])
    return kernel_code(found.ir)


# Enumeration: the nest is run as Python, on arrays that note who touches them when.

Touch = tuple[tuple[int, ...], bool, tuple[int, ...]]


class Noting:
    """An array that notes its touches: the iteration, whether it is written, the element."""

    def __init__(self, clock: list[tuple[int, ...]]) -> None:
        self.clock, self.touches = clock, list[Touch]()

    def _note(self, element: object, write: bool) -> None:
        self.touches.append((self.clock[-1], write, element if isinstance(element, tuple) else (element,)))

    def __getitem__(self, element: object) -> int:
        self._note(element, False)
        return 1

    def __setitem__(self, element: object, value: int) -> None:
        self._note(element, True)


@dataclass(frozen=True)
class Nest:
    """A perfect nest: variables with start, stop and step, and the statements of the body, each a line."""

    loops: tuple[tuple[str, int, int, int], ...]
    body: tuple[str, ...]

    def lines(self, innermost: str = "") -> Iterator[str]:
        for depth, (name, start, stop, step) in enumerate(self.loops):
            yield f"{'    ' * (depth + 1)}for {name} in range({start}, {stop}, {step}):"
        for line in ((innermost,) if innermost else ()) + self.body:
            yield "    " * (len(self.loops) + 1) + line

    @property
    def kernel(self) -> str:
        return "\n".join(["def f(A: int32[40], B: int32[12, 12]):", *self.lines()]) + "\n"

    def run(self) -> tuple[list[tuple[int, ...]], dict[str, list[Touch]]]:
        """Return all iterations in order, and the touches of each array."""
        clock: list[tuple[int, ...]] = []
        arrays = {"A": Noting(clock), "B": Noting(clock)}
        names = ", ".join(name for name, *_ in self.loops)
        source = "\n".join(["def f(A, B, clock):", *self.lines(f"clock.append(({names},))")])
        scope: dict[str, object] = {}
        exec(source, scope)  # the text is this test's own
        scope["f"](arrays["A"], arrays["B"], clock)  # type: ignore[operator]
        return clock, {name: found.touches for name, found in arrays.items()}


def distances(nest: Nest, flattened: int) -> dict[str, dict[str, set[int]]]:
    """Return the distances of every dependence between iterations where the innermost loops are one, by array."""
    clock, touches = nest.run()
    outer = len(nest.loops) - flattened
    number = {}
    for _, group in groupby(clock, key=lambda iteration: iteration[:outer]):
        number |= {iteration: place for place, iteration in enumerate(group)}
    found: dict[str, dict[str, set[int]]] = {}
    for name, mine in touches.items():
        kinds = found.setdefault(name, {"RAW": set(), "WAR": set(), "WAW": set()})
        for place, (first, wrote, element) in enumerate(mine):
            for second, writes, other in mine[place + 1 :]:
                if element == other and (wrote or writes) and first != second and first[:outer] == second[:outer]:
                    kind = "WAR" if not wrote else "WAW" if writes else "RAW"
                    kinds[kind].add(number[second] - number[first])
    return found


def check_truth(nest: Nest, said: list[Said]) -> None:
    """Every claim is true however many of the innermost loops are made one."""
    for flattened in range(1, len(nest.loops) + 1):
        real = distances(nest, flattened)
        for claim in said:
            kinds = (claim.direction,) if claim.direction else ("RAW", "WAR", "WAW")
            apart = set().union(*(real[claim.variable][kind] for kind in kinds))
            if claim.dependent:
                assert claim.distance >= 2
                assert not apart or min(apart) >= claim.distance, (claim, nest)
            else:
                assert not apart, (claim, nest)


def subscripts(draw: st.DrawFn, loops: tuple[tuple[str, int, int, int], ...], extent: int) -> str:
    """Return a subscript that stays within the extent: linear, or one that goes round or divides."""
    names = [name for name, *_ in loops]
    terms = [(draw(st.integers(0, 3)), name) for name in draw(st.permutations(names))]
    constant = draw(st.integers(0, 8))
    text = " + ".join([*(f"{factor} * {name}" for factor, name in terms if factor), str(constant)])
    most = constant + sum(factor * (stop - 1) for factor, name in terms for n, _, stop, _ in loops if n == name)
    if draw(st.booleans()):
        return f"({text}) % {draw(st.integers(2, extent))}"
    if draw(st.booleans()) and most // 3 < extent:
        return f"({text}) // 3"
    return text if most < extent else f"({text}) % {extent}"


@st.composite
def nests(draw: st.DrawFn) -> Nest:
    loops = []
    for name in "ijk"[: draw(st.integers(1, 3))]:
        start, step = draw(st.integers(0, 2)), draw(st.sampled_from((1, 1, 2)))
        loops.append((name, start, start + draw(st.integers(2, 5)), step))
    known = tuple(loops)

    def element() -> str:
        if draw(st.booleans()):
            return f"A[{subscripts(draw, known, 40)}]"
        return f"B[{subscripts(draw, known, 12)}, {subscripts(draw, known, 12)}]"

    body = []
    for _ in range(draw(st.integers(1, 2))):
        statement = f"{element()} = {element()} + {element()}"
        if draw(st.integers(0, 3)) == 0:
            guard = f"if {known[-1][0]} > {draw(st.integers(0, 4))}:"
            body += [guard, f"    {statement}"]
        else:
            body.append(statement)
    return Nest(known, tuple(body))


@settings(max_examples=150, deadline=None)
@given(nest=nests())
def test_every_claim_is_true_by_enumeration(nest: Nest) -> None:
    check_truth(nest, said_of(code(nest.kernel, "f"), nest.loops[-1][0]))


I8 = (("i", 0, 8, 1),)
GRID = (("i", 0, 3, 1), ("j", 0, 4, 1))


@pytest.mark.parametrize(
    ("loops", "line", "said"),
    [
        # Even and odd elements.
        (I8, "A[2 * i] = A[2 * i + 1] + 1", Said("A", "", 0, False)),
        # What is read was never written, but is overwritten later.
        (I8, "A[i] = A[i + 1] + 1", Said("A", "RAW", 0, False)),
        (I8, "A[i + 4] = A[i] + 1", Said("A", "RAW", 4, True)),
        (I8, "A[i + 1] = A[i] + 1", None),
        # In turn through three elements.
        (I8, "A[i % 3] = A[i % 3] + 1", Said("A", "RAW", 3, True)),
        # A row follows a row: as far apart as a row is long, and none in a row alone.
        (GRID, "B[i + 1, j] = B[i, j] + 1", Said("B", "RAW", 4, True)),
        (GRID, "B[i + 1, j] = B[i, j + 1] + 1", Said("B", "RAW", 3, True)),
        # The end of a row hands on to the start of the next one: nothing of the row alone is true of both.
        (GRID, "A[j] = A[3 - j] + i", None),
        (GRID, "A[j] = A[j] + i", Said("A", "RAW", 4, True)),
        (GRID, "B[i, j] = B[i, j] + i", Said("B", "", 0, False)),
        # A tool can see that of one loop.
        (I8, "A[i] = A[i] + 1", None),
    ],
)
def test_what_is_said(loops: tuple[tuple[str, int, int, int], ...], line: str, said: Said | None) -> None:
    nest = Nest(loops, (line,))
    found = said_of(code(nest.kernel, "f"), loops[-1][0])
    assert found == ([said] if said else [])
    check_truth(nest, found)


def test_computed_subscripts_are_no_claim() -> None:
    text = "def f(A: int32[40], N: int32[8]):\n    for i in range(8):\n        A[N[i]] = A[i] + 1\n"
    assert said_of(code(text, "f"), "i") == []


def test_a_tile_inside_of_a_nest_that_may_become_one_is_no_claim() -> None:
    """Each iteration of i has its own in the language; in C++ all have the same, and the declaration is no obstacle."""
    text = """
def f(A: int32[4, 8], B: int32[4, 8]):
    for i in range(4):
        t: int32[16]
        for j in range(8):
            t[2 * j] = A[i, j]
            B[i, j] = t[2 * j] + 1
"""
    assert said_of(code(text, "f"), "j") == []
    both = (("parallel", {"axis": "i"}), ("parallel", {"axis": "j"}))
    assert said_of(code(text, "f", *both), "j") == [Said("B", "", 0, False)]


def test_a_scalar_between_two_loops_does_not_keep_them_apart() -> None:
    """A tool may move it, and make one loop of both: in that one, elements follow each other from row to row."""
    text = """
def f(A: int32[8], B: int32[4]):
    for i in range(4):
        s: int32 = B[i]
        for j in range(4):
            A[j + 4] = A[7 - j] + s
"""
    assert said_of(code(text, "f"), "j") == []
    # A store into an array does keep them apart, so that only what happens in one row counts.
    apart = text.replace("s: int32 = B[i]", "B[i] = 0").replace("+ s", "+ i").replace("A[7 - j]", "A[j]")
    assert said_of(code(apart, "f"), "j") == [Said("A", "", 0, False)]
    together = apart.replace("        B[i] = 0\n", "")
    assert said_of(code(together, "f"), "j") == [Said("A", "RAW", 0, False)]


def test_pipelines_that_rewind_and_state_are_no_claim() -> None:
    line = Nest(GRID, ("B[i + 1, j] = B[i, j] + 1",)).kernel
    rewinding = code(line, "f", ("pipeline", {"axis": "j", "rewind": True}))
    assert said_of(rewinding, "j") == []
    free = Nest(GRID, ("B[i, j] = B[i, j] + 1",)).kernel
    both = [("parallel", {"axis": axis}) for axis in "ij"]
    assert "dependence" in code(free, "f", *both, ("pipeline", {"axis": "j"}))
    assert "dependence" not in code(free, "f", *both, ("pipeline", {"axis": "j", "rewind": True}))
    state = """
def f(x: int32) -> int32:
    S: int32[16] @ Stateful = 0
    y: int32 = 0
    for i in range(8):
        S[2 * i] = S[2 * i + 1] + x
    y = S[0]
    return y
"""
    assert said_of(code(state, "f"), "i") == []


def test_lanes_of_a_loop_that_is_unrolled_in_part_have_no_distance() -> None:
    line = Nest(I8, ("A[i + 4] = A[i] + 1",)).kernel
    assert said_of(code(line, "f", ("unroll", {"axis": "i", "factor": 2})), "i") == []


def test_unrolled_loops_are_part_of_an_iteration() -> None:
    outer = code(GEMM, "gemm", ("pipeline", {"axis": "j"}))
    assert said_of(outer, "j") == [Said("C", "", 0, False)]
    assert said_of(code(GEMM, "gemm"), "k") == []
    rows = code(GEMM, "gemm", ("reorder", {"axes": ["k", "i", "j"]}))
    assert said_of(rows, "j") == [Said("C", "RAW", 256, True)]
