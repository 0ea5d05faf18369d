"""Accesses, dependences, coverage and orders against a walk through random programs, iteration by iteration."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

import islpy as isl
from hypothesis import given, settings
from hypothesis import strategies as st
from loop_programs import EXTENT, Program, Touch, draw_program

from allo_studio.analysis.accesses import Access, accesses
from allo_studio.analysis.coverage import unfed, unwritten
from allo_studio.analysis.dependences import dependences, dependences_of
from allo_studio.analysis.legality import old_time, order_violations
from allo_studio.analysis.sets import isl_set

seeds = st.integers(0, 10**6)
programs = st.builds(lambda seed, rich: draw_program(random.Random(seed), rich=rich), seeds, st.booleans())
plain = st.builds(lambda seed: draw_program(random.Random(seed), rich=False), seeds)
symbols = st.tuples(st.integers(1, 4), st.integers(-1, 4))


def points(relation, n: int, m: int) -> set[tuple[int, ...]]:
    """Return the points of a bounded relation, or set, at these values of the symbols."""
    found = relation.wrap().flatten() if isinstance(relation, isl.Map) else relation
    found = found.intersect_params(isl_set(f"[n_n, n_m] -> {{ : n_n = {n} and n_m = {m} }}").params())
    found = found.project_out(isl.dim_type.param, 0, found.dim(isl.dim_type.param))
    listed: set[tuple[int, ...]] = set()
    dims = range(found.dim(isl.dim_type.set))
    found.foreach_point(
        lambda p: listed.add(tuple(int(p.get_coordinate_val(isl.dim_type.set, d).to_python()) for d in dims))
    )
    return listed


def holds(relation, n: int, m: int, point: Sequence[int]) -> bool:
    """Tell whether a point is in a relation."""
    found = relation.wrap().flatten()
    dims = [f"x{d}" for d in range(len(point))]
    said = [f"{dim} = {value}" for dim, value in zip(dims, point, strict=True)]
    one = isl_set(f"[n_n, n_m] -> {{ [{', '.join(dims)}] : {' and '.join(['n_n = ' + str(n), f'n_m = {m}', *said])} }}")
    return not found.intersect(one).is_empty()


def taken(program: Program) -> tuple[Access, ...]:
    found = accesses(program.kernel)
    assert len(found) == program.accesses
    return found


@settings(max_examples=120, deadline=None)
@given(programs, symbols, st.integers(0, 1000))
def test_accesses_are_those_that_happen(program: Program, values: tuple[int, int], seed: int) -> None:
    found = taken(program)
    touched: dict[int, set[tuple[int, ...]]] = {number: set() for number in range(len(found))}
    for touch in program.walk(*values, random.Random(seed)):
        touched[touch.access].add((*touch.iteration, *touch.element))
    for number, access in enumerate(found):
        if access.exact:
            assert points(access.relation, *values) == touched[number]
        else:
            assert all(holds(access.relation, *values, point) for point in touched[number])
    if not program.rich:
        assert all(access.exact for access in found)


def _pairs(touches: Sequence[Touch]) -> Iterable[tuple[Touch, Touch]]:
    for n, one in enumerate(touches):
        for other in touches[n + 1 :]:
            same = (one.buffer, one.storage, one.element) == (other.buffer, other.storage, other.element)
            if same and (one.write or other.write):
                yield one, other


@settings(max_examples=80, deadline=None)
@given(programs, symbols, st.integers(0, 1000))
def test_dependences_are_those_that_happen(program: Program, values: tuple[int, int], seed: int) -> None:
    found = taken(program)
    number = {id(access): n for n, access in enumerate(found)}
    expected: dict[tuple[int, int], set[tuple[int, ...]]] = {}
    for one, other in _pairs(program.walk(*values, random.Random(seed))):
        expected.setdefault((one.access, other.access), set()).add((*one.iteration, *other.iteration))
    for dependence in dependences_of(found):
        ends = number[id(dependence.source)], number[id(dependence.sink)]
        happened = expected.pop(ends, set())
        if dependence.exact:
            assert points(dependence.relation, *values) == happened
        else:
            assert all(holds(dependence.relation, *values, point) for point in happened)
    assert not expected


@settings(max_examples=80, deadline=None)
@given(programs, symbols, st.integers(0, 1000))
def test_what_is_covered_was_written_before(program: Program, values: tuple[int, int], seed: int) -> None:
    found = taken(program)
    writes = {buffer: [a for a in found if a.is_write and a.buffer == buffer] for buffer in {a.buffer for a in found}}
    early: dict[int, set[tuple[int, ...]]] = {}
    written: set[tuple[str, tuple[int, ...], tuple[int, ...]]] = set()
    for touch in program.walk(*values, random.Random(seed)):
        if touch.write:
            written.add((touch.buffer, touch.storage, touch.element))
        elif (touch.buffer, touch.storage, touch.element) not in written:
            early.setdefault(touch.access, set()).add((*touch.iteration, *touch.element))
    for number, access in enumerate(found):
        if access.is_write or access.buffer == "D":
            continue
        left, happened = unfed(access, writes[access.buffer]), early.get(number, set())
        assert all(holds(left, *values, point) for point in happened)
        if not program.rich:
            assert points(left, *values) == happened
    for buffer, shape in (("A", (EXTENT, EXTENT)), ("B", (EXTENT,))):
        left = unwritten(shape, writes.get(buffer, []))
        inside = {e for b, _, e in written if b == buffer and all(0 <= x < EXTENT for x in e)}
        open_ = points(left, *values)
        assert not open_ & inside or program.rich
        assert len(open_ | inside) == EXTENT ** len(shape)


@settings(max_examples=60, deadline=None)
@given(plain, symbols, st.integers(0, 1000))
def test_violations_are_the_pairs_that_change_places(program: Program, values: tuple[int, int], seed: int) -> None:
    kernel = program.kernel
    found = accesses(kernel)
    rng = random.Random(seed)
    # Any other time for every access: some of its old one, negated or in another order.
    new = {}
    for n, access in enumerate(found):
        now = [*old_time(access), n]
        rng.shuffle(now)
        new[access.position] = tuple(f"-({t})" if rng.random() < 0.3 else t for t in now)

    def value(access: Access, iteration: Sequence[int]) -> list[int]:
        env = {f"i{level}": v for level, v in enumerate(iteration)}
        times = [eval(str(t), {}, env) for t in new[access.position]]
        return times + [0] * (20 - len(times))

    expected: dict[tuple[tuple[int, ...], tuple[int, ...]], set[tuple[int, ...]]] = {}
    for one, other in _pairs(program.walk(*values, random.Random(seed))):
        source, sink = found[one.access], found[other.access]
        if value(source, one.iteration) >= value(sink, other.iteration):
            expected.setdefault((source.position, sink.position), set()).add((*one.iteration, *other.iteration))
    for violation in order_violations(dependences(kernel), lambda access: new[access.position]):
        ends = violation.dependence.source.position, violation.dependence.sink.position
        assert points(violation.part, *values) == expected.pop(ends, set())
        assert str(violation)
    assert not expected
