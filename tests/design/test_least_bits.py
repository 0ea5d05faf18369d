"""The search for the fewest bits, with oracles whose optimum is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.design.least_bits import Oracle, least_bits

NAMES = ("a", "b", "c", "d")


@st.composite
def clauses(draw: st.DrawFn) -> list[dict[str, int]]:
    """Return conditions: of these channels one must hold more than so many tokens."""
    chosen = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)
    return [{name: draw(st.integers(0, 5)) for name in draw(chosen)} for _ in range(draw(st.integers(0, 8)))]


def oracle_of(wanted: Sequence[Mapping[str, int]]) -> Oracle:
    def ask(depths: Mapping[str, int]) -> Sequence[str] | None:
        return next((list(c) for c in wanted if all(depths[name] <= least for name, least in c.items())), None)

    return ask


def bits(weights: Mapping[str, int], depths: Mapping[str, int]) -> int:
    return sum(weights[name] * depths[name] for name in NAMES)


@settings(max_examples=200, deadline=None)
@given(clauses(), st.lists(st.integers(1, 9), min_size=4, max_size=4))
def test_the_fewest_bits_with_a_proof(wanted: list[dict[str, int]], widths: list[int]) -> None:
    weights, most = dict(zip(NAMES, widths, strict=True)), dict.fromkeys(NAMES, 7)
    oracle = oracle_of(wanted)
    found = least_bits(weights, most, most, oracle, 100_000)
    every = (dict(zip(NAMES, chosen, strict=True)) for chosen in product(range(1, 8), repeat=4))
    fewest = min(bits(weights, depths) for depths in every if oracle(depths) is None)
    assert oracle(found.depths) is None
    assert bits(weights, found.depths) == found.bound == fewest


@settings(max_examples=100, deadline=None)
@given(clauses(), st.integers(0, 30))
def test_with_few_questions_the_bound_is_below_what_was_found(wanted: list[dict[str, int]], questions: int) -> None:
    weights, most = dict.fromkeys(NAMES, 3), dict.fromkeys(NAMES, 7)
    oracle = oracle_of(wanted)
    found = least_bits(weights, most, most, oracle, questions)
    assert oracle(found.depths) is None
    assert found.bound <= bits(weights, found.depths)
    for name in NAMES:
        less = {**found.depths, name: found.depths[name] - 1}
        assert less[name] == 0 or oracle(less) is not None


def test_nothing_to_choose() -> None:
    found = least_bits({}, {}, {}, lambda depths: None, 10)
    assert (dict(found.depths), found.bound) == ({}, 0)
