"""Work that takes each other's elements: all of it ends, or is told that it never will."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from allo_studio.simulate.together import Stuck, Together


def passing(meeting: Together, source: str, target: str, count: int, add: int = 0) -> Callable[[], None]:
    def work() -> None:
        taken, given = meeting.reader(source), meeting.writer(target)
        for number in range(count):
            given[number] = taken[number] + add

    return work


def test_elements_go_round() -> None:
    meeting = Together({"there": [0], "back": []})
    meeting.run([passing(meeting, "there", "back", 500, 1), passing(meeting, "back", "there", 500, 2)])
    assert meeting.queues["back"] == list(range(1, 1501, 3))
    assert meeting.queues["there"] == list(range(0, 1501, 3))


def test_who_waits_for_ever_is_told() -> None:
    meeting = Together({"there": [], "back": []})
    with pytest.raises(Stuck):
        meeting.run([passing(meeting, "there", "back", 5), passing(meeting, "back", "there", 5)])
    # One has ended, and the other wants more than it made.
    meeting = Together({"a": [1, 2, 3], "b": [], "c": []})
    with pytest.raises(Stuck):
        meeting.run([passing(meeting, "a", "b", 3), passing(meeting, "b", "c", 4)])
    assert meeting.queues["c"] == [1, 2, 3]


def test_a_fault_is_raised_and_nobody_waits_for_it() -> None:
    meeting = Together({"a": [], "b": []})

    def fails() -> None:
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        meeting.run([passing(meeting, "a", "b", 3), fails])
