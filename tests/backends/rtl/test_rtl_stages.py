"""How registers are spread over an operator's steps: as many as asked for, and as evenly as can be."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_studio.backends.rtl.circuit import Circuit
from allo_studio.backends.rtl.operators.stages import CORE, LOGIC, Ends, Site, spread

weights = st.lists(st.integers(0, 9).map(float), min_size=1, max_size=7).map(tuple)


def heaviest(steps: tuple[float, ...], cuts: tuple[int, ...], ends: Ends) -> float:
    parts = [sum(steps[a:b]) for a, b in pairwise((0, *cuts, len(steps)))]
    shares = [ends[0], *[1.0] * (len(parts) - 2), ends[1]]
    return max(part / share for part, share in zip(parts, shares, strict=True))


@given(weights, st.integers(0, 9), st.sampled_from([CORE, LOGIC]))
def test_the_heaviest_part_is_as_light_as_can_be(steps: tuple[float, ...], registers: int, ends: Ends) -> None:
    found = spread(steps, registers, ends)
    assert sum(found) == registers
    assert len(found) == len(steps)
    assert all(count in (0, 1) for count in found[:-1])
    assert not found[-1] or all(found[:-1])
    if 0 < registers < len(steps):
        cuts = tuple(step + 1 for step, count in enumerate(found) if count)
        best = min(heaviest(steps, some, ends) for some in combinations(range(1, len(steps)), registers))
        assert heaviest(steps, cuts, ends) == pytest.approx(best)


@pytest.mark.parametrize(
    ("registers", "wanted"),
    [(0, (0, 0, 0, 0)), (1, (0, 1, 0, 0)), (2, (1, 1, 0, 0)), (3, (1, 1, 1, 0)), (5, (1, 1, 1, 2))],
)
def test_more_registers_than_cuts_are_at_the_end(registers: int, wanted: tuple[int, ...]) -> None:
    assert spread((1.0, 1.0, 1.0, 1.0), registers) == wanted


def test_a_core_begins_with_a_light_part() -> None:
    # The logic before an operator's first register shares its cycle with what gives the operands.
    steps = (1.0,) * 10
    assert spread(steps, 1, CORE) == (0, 0, 1, 0, 0, 0, 0, 0, 0, 0)
    assert spread(steps, 1, LOGIC) == (0, 0, 0, 0, 1, 0, 0, 0, 0, 0)


def test_a_result_is_there_after_as_many_cycles_as_registers() -> None:
    circuit = Circuit("steps")
    enable, signal = circuit.input("enable", 1), circuit.input("a", 8)
    stages = Site(circuit, 3, enable).stages((1.0, 1.0))
    (signal,) = stages.cut(signal)
    circuit.output("b", stages.finish(signal))
    registers = [line for line in circuit.text().splitlines() if "seq.compreg" in line]
    assert len(registers) == 3
    assert all("compreg.ce" in line and "%enable" in line for line in registers)


def test_constants_need_no_registers() -> None:
    circuit = Circuit("steps")
    site = Site(circuit, 3)
    number = circuit.constant(5, 8)
    assert site.late(number) == number


def test_every_cut_must_be_passed() -> None:
    circuit = Circuit("steps")
    signal = circuit.input("a", 8)
    stages = Site(circuit, 1).stages((1.0, 1.0))
    with pytest.raises(AssertionError, match="fewer cuts than steps"):
        stages.finish(signal)
    stages.cut(signal)
    with pytest.raises(AssertionError, match="more cuts than steps"):
        stages.cut(signal)
