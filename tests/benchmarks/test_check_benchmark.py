"""The benchmark of checking: its designs are sound, and after its edits nothing is known wrongly."""

from __future__ import annotations

import random
from pathlib import Path

import check
import pytest

from allo_studio.design.checked import CheckedDesign
from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import check_project


@pytest.mark.parametrize("make", [check.flat, check.nested, check.mixed])
def test_designs_are_sound(tmp_path: Path, make) -> None:
    loaded = make(tmp_path, 100)
    checked = check_project(loaded)
    assert checked.ok
    assert len(checked.layouts) >= 200
    names = [name for name, _ in check.edits_of(loaded.project)]
    assert names[:4] == ["move", "disconnect", "connect elsewhere", "param"]
    assert ("inside" in names) == (make is check.nested)


@pytest.mark.parametrize("make", [check.flat, check.nested, check.mixed])
def test_no_edit_is_made_twice(tmp_path: Path, make) -> None:
    """Else what is timed would be how soon an old answer is found."""
    project = make(tmp_path, 100).project
    made = [edit.apply(project) for turn in range(3) for name, edit in check.edits_of(project, turn)]
    once = [edit for name, edit in check.edits_of(project) if name in ("execution", "inside")]
    assert sum(one == two for n, one in enumerate(made) for two in made[:n]) <= 3 * len(once)


def test_every_kind_of_edit_is_timed() -> None:
    found = list(check.measure(lambda folder: check.flat(folder, 30), turns=1))
    assert [timed.name for timed in found][:2] == ["opened", "move"]
    assert all(timed.seconds >= 0 for timed in found)


def told(design: CheckedDesign) -> tuple[object, ...]:
    return design.diagnostics, design.ports, design.edges, design.layouts


@pytest.mark.parametrize("seed", range(3))
def test_a_check_after_edits_is_as_one_from_nothing(tmp_path: Path, seed: int) -> None:
    """With the channels, whose kernels and schedules are kept from check to check."""
    draw = random.Random(seed)
    loaded = (check.flat, check.nested, check.mixed)[seed % 3](tmp_path, 50)
    project = loaded.project
    for _ in range(6):
        _, edit = draw.choice(list(check.edits_of(project)))
        try:
            changed = edit.apply(project)
        except AlloError:
            continue
        found = check_project(loaded, changed)
        check.forget()
        assert told(found) == told(check_project(loaded, changed))
        # Mostly from a sound design, now and then on top of what is wrong already.
        project = changed if found.ok or draw.random() < 0.3 else project
