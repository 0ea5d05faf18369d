"""Random designs as circuits: the JIT's bits and exactly the predicted cycles, back to back and with held FIFOs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from design_checks import accepted, check_held, check_plain, streams_of
from hypothesis import HealthCheck, Phase, given, seed, settings
from mixed_projects import PROJECTS, make
from random_kernels import IN_ORDER
from random_projects import Design, designs
from rtl_checks import CLOCKS

from allo_studio.design.region import RegionProcess
from allo_studio.design.timing import SizedDesign


def search(number: int, examples: int, check: Callable[[SizedDesign], None], **kinds: Any) -> Counter[str]:
    """Check random designs of some kinds, and count those that have circuits by what they consist of."""
    seen: Counter[str] = Counter()
    clock = CLOCKS[number % len(CLOCKS)]

    # Without the shrinking, which takes minutes.
    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(designs(whole=True, **kinds))
    def look(design: Design) -> None:
        for sized in accepted(design.load, clock):
            check(sized)
            nested = any(isinstance(process, RegionProcess) for process in sized.region.processes)
            found = {"all", sized.region.execution, *(channel.kind for channel in sized.region.channels)}
            found |= {"stream"} if streams_of(sized) else set()
            seen.update(found | ({"nested"} if nested else set()) | ({"held"} if sized.fifos else set()))

    look()
    return seen


@pytest.mark.parametrize("number", range(3))
def test_random_dataflow_graphs(number: int) -> None:
    seen = search(number, 24, check_held, dataflow=True)
    assert seen["all"] == seen["dataflow"] >= 10
    assert min(seen["pingpong"], seen["nested"]) >= 2


@pytest.mark.parametrize("number", range(3, 5))
def test_random_dataflow_graphs_whose_fifos_are_held(number: int) -> None:
    seen = search(number, 28, check_held, dataflow=True, joined=True, families=IN_ORDER)
    assert seen["all"] == seen["dataflow"] >= 10
    assert seen["held"] >= 5


def test_random_dataflow_graphs_with_streams() -> None:
    seen = search(11, 18, check_held, dataflow=True, joined=True, streamed=True, families=IN_ORDER)
    assert seen["stream"] >= 6


def test_random_graphs_of_any_execution() -> None:
    seen = search(5, 20, check_plain)
    assert min(seen["sequential"], seen["dataflow"]) >= 3


@pytest.mark.parametrize("name", sorted(PROJECTS))
def test_mixed_graphs(name: str) -> None:
    (sized,) = accepted(lambda folder: make(folder, name))
    check_held(sized)
