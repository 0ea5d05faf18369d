"""A check after any edits, and after changes of files, is as one that knows nothing of what was checked before."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import check
import mixed_projects
import numpy as np
import pytest
import test_instances
from design_projects import read
from faulty_projects import faulty_projects
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from parametric_projects import parametric
from random_edits import random_edit
from random_projects import Design, designs
from random_rates import multirate

from allo_studio import checking as loaded_checks
from allo_studio.design import check as checking
from allo_studio.design import prepare as preparing
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.edits import (
    AddSchedule,
    AddStep,
    MoveNodes,
    RenameNode,
    SetGraphParam,
    SetInside,
    SetParam,
    SetUnify,
)
from allo_studio.design.history import History
from allo_studio.design.kept import Kept
from allo_studio.design.model import Override, Project, StepSpec
from allo_studio.design.prepare import Prepared
from allo_studio.diagnostics import AlloError
from allo_studio.hardware.devices import find_device
from allo_studio.hardware.operators import load_operators
from allo_studio.pipeline import check_project
from allo_studio.project import KernelFiles, LoadedProject, load_project
from allo_studio.targets import profile_for

# What fails is a long story, which takes too long to be made shorter.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
EXAMPLES = Path(__file__).parents[2] / "projects"


@contextmanager
def knowing_nothing() -> Iterator[None]:
    """Provide a time in which nothing is known of earlier checks, which are known again after it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "_kept", Kept())
        patch.setattr(preparing, "_planned", Kept())
        patch.setattr(preparing, "_prepared", Kept())
        patch.setattr(loaded_checks, "sources", KernelFiles)
        yield


def told(design: CheckedDesign) -> dict[str, str]:
    """Return all that a check found out as text: equal values may differ in type, equal diagnostics in what they
    are about."""
    parts = ("diagnostics", "ports", "edges", "signatures", "layouts", "expanded", "external", "firings")
    found = {part: repr(getattr(design, part)) for part in parts}
    found["constants"] = repr({path: constant.key for path, constant in design.constants.items()})
    kernels = {path: (kernel.base, kernel.ir) for path, kernel in design.kernels.items()}
    found["kernels"] = "".join(
        f"{path}: {[ir.text() if ir else None for ir in irs]}\n" for path, irs in kernels.items()
    )
    return found


def planned(design: CheckedDesign) -> dict[str, str]:
    """Return the channels of a design without errors as text."""
    target = design.project.target
    device = find_device(target.device)
    try:
        found: Prepared = preparing._first_plan(
            design, load_operators(profile_for(device), target.clock_ns, device.family)
        )
    except AlloError as error:
        return {"error": str(error)}
    plan = found.plan
    parts = ("decisions", "streams", "boundaries", "copies", "paces", "diagnostics")
    kernels = {name: plan.kernels if name == "after" else found.kernels for name in ("before", "after")}
    return {
        **{part: repr(getattr(plan, part)) for part in parts},
        **{name: repr({path: ir.text() for path, ir in irs.items()}) for name, irs in kernels.items()},
        "graphs": repr(found.project.graphs),
        "leaves": repr({path: (leaf.types, leaf.layouts) for path, leaf in found.leaves.items()}),
    }


def must_be_as_anew(loaded: LoadedProject, project: Project) -> CheckedDesign:
    """Check a project, and compare what is found with what a check finds that knows nothing."""
    design = check_project(loaded, project)
    with knowing_nothing():
        anew = check_project(loaded, project)
        channels = planned(anew) if anew.ok else {}
    assert design.project is project
    assert told(design) == told(anew)
    if design.ok:
        assert planned(design) == channels
    return design


def example(folder: Path, name: str) -> LoadedProject:
    """Return an example, or one of the mixed projects, in a folder of its own."""
    if name == "instances":
        return test_instances._project(folder)
    if name in mixed_projects.PROJECTS:
        return mixed_projects.make(folder, name)
    shutil.copytree(EXAMPLES / name, folder / name)
    return load_project(folder / name)


PROJECTS = [
    "attention",
    "diamond",
    "feedback",
    "gemm_cascade",
    "image_pipeline",
    "mixed_ip",
    "mlp",
    "transformer_layer",
    "instances",
    "three_levels",
    "two_instances_of_a_graph",
    "an_input_with_two_readers",
    "copies_between_layouts_of_a_gemm",
    "dataflow_inside_sequential",
    "scalar_through_a_graph",
    "rows_and_held",
    "a_graph_that_fires_often",
    "rates_one_after_the_other",
]


def edit_at_random(draw: random.Random, loaded: LoadedProject, count: int) -> int:
    """Make edits of a project, undo and redo some, and compare after each; returns how many designs were sound."""
    history = History(loaded.project)
    design = must_be_as_anew(loaded, loaded.project)
    sound = 0
    for _ in range(count):
        choice = draw.random()
        if choice < 0.2 or (not design.ok and choice < 0.8):
            history.undo()
        elif choice < 0.25:
            history.redo()
        else:
            try:
                history.do(random_edit(draw, history.project, design, loaded_checks.sources(loaded.root)))
            except AlloError:
                continue
        design = must_be_as_anew(loaded, history.project)
        sound += design.ok
    return sound


@pytest.mark.parametrize("name", PROJECTS)
def test_after_edits(tmp_path: Path, name: str) -> None:
    # Of designs that are not sound no channels are compared.
    assert edit_at_random(random.Random(name), example(tmp_path, name), 30) >= 5


@pytest.mark.parametrize("seed", range(4))
def test_after_edits_of_larger_designs(tmp_path: Path, seed: int) -> None:
    make = (check.flat, check.nested, check.mixed)[seed % 3]
    assert edit_at_random(random.Random(seed), make(tmp_path, 60), 30) >= 5


@pytest.mark.parametrize("seed", range(300, 306))
def test_after_edits_of_designs_with_rates(tmp_path: Path, seed: int) -> None:
    made = multirate(tmp_path, seed, "sequential" if seed % 3 == 0 else "dataflow")
    assert edit_at_random(random.Random(seed), made.loaded, 20) >= 3


@pytest.mark.parametrize("seed", range(3))
def test_after_edits_of_designs_with_parameters(tmp_path: Path, seed: int) -> None:
    assert edit_at_random(random.Random(seed), parametric(tmp_path, seed), 20) >= 3


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(designs(), st.integers(0, 1000))
def test_after_edits_of_random_designs(design: Design, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        edit_at_random(random.Random(seed), design.load(Path(folder)), 10)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(st.lists(faulty_projects(), min_size=2, max_size=3), st.integers(0, 1000))
def test_after_edits_of_faulty_designs(projects: list[Project], seed: int) -> None:
    draw = random.Random(seed)
    project = projects[0]
    for _ in range(8):
        design = checking.check(project, read())
        with knowing_nothing():
            assert told(design) == told(checking.check(project, read()))
        with suppress(AlloError):
            other = draw.random() < 0.2
            project = draw.choice(projects) if other else random_edit(draw, project, design, read()).apply(project)


def test_after_changes_of_files(tmp_path: Path) -> None:
    """Also of those that leave a file's time and size as they were."""
    loaded = check.mixed(tmp_path, 40)
    moved = MoveNodes("top", {"n1": (1.0, 2.0)}).apply(loaded.project)
    kernels, code, weights = (tmp_path / name for name in ("k.py", "outside.cpp", "weights.npy"))
    text, array = kernels.read_text(), np.load(weights)
    changes: list[Callable[[], object]] = [
        lambda: kernels.write_text(text.replace("X[i, j] * 2 + C", "X[i, j] * 7 + C")),
        lambda: kernels.write_text(text.replace("R, C = 8, 16", "R, C = 4, 16")),
        kernels.unlink,
        lambda: kernels.write_text(text),
        lambda: np.save(weights, array + 1),
        lambda: np.save(weights, array.astype(np.float32)),
        weights.unlink,
        lambda: np.save(weights, array),
        lambda: code.write_text(code.read_text().replace("+ i", "- i")),
        lambda: code.write_text(code.read_text().replace("outside", "elsewhere")),
        lambda: code.write_text(code.read_text().replace("elsewhere", "outside")),
    ]
    found = [told(must_be_as_anew(loaded, moved))]
    for change in changes:
        change()
        found.append(told(must_be_as_anew(loaded, moved)))
        assert found[-1] != found[-2]


def test_after_other_demands_of_a_reader(tmp_path: Path) -> None:
    loaded = example(tmp_path, "copies_between_layouts_of_a_gemm")
    project = SetUnify("top", True).apply(loaded.project)
    project = AddSchedule("other", (), "top", "two").apply(project)
    seen = []
    for kind, factor in (("cyclic", 2), ("cyclic", 4), ("block", 2), ("cyclic", 8), ("cyclic", 2)):
        step = StepSpec("partition", {"buffer": "A", "kind": kind, "dim": 1, "factor": factor})
        changed = AddStep("other", step).apply(project)
        seen.append(str(must_be_as_anew(loaded, changed).layouts["top/one.C"]))
    assert len(set(seen)) == 4


def test_after_other_values_of_parameters(tmp_path: Path) -> None:
    loaded = example(tmp_path, "instances")
    for graph, param, value in (("single", "F", 2), ("single", "F", 5), ("pair", "M", 8), ("pair", "M", 8.0)):
        must_be_as_anew(loaded, SetGraphParam(graph, param, value).apply(loaded.project))
    for param, value in (("M", 16), ("M", 8), ("M", 32)):
        changed = SetParam("top", "right", param, value).apply(loaded.project)
        must_be_as_anew(loaded, changed)
        must_be_as_anew(loaded, MoveNodes("pair", {"one": (float(value), 0.0)}).apply(changed))


def test_after_other_settings_of_instances(tmp_path: Path) -> None:
    loaded = example(tmp_path, "two_instances_of_a_graph")
    project = loaded.project
    for block, params in (("m", {}), ("d", {}), ("m", {"N": 4}), ("m", {"N": 4.0}), ("d", {"N": 8}), ("m", {"N": 8})):
        project = SetInside("top", "one", block, Override(params, "lanes" if block == "d" else "")).apply(project)
        must_be_as_anew(loaded, project)
        must_be_as_anew(loaded, SetGraphParam("inner", "N", 8).apply(project))
        must_be_as_anew(loaded, SetInside("top", "two", block, Override(params, "row_wise")).apply(project))


def test_what_is_kept_is_bounded(tmp_path: Path) -> None:
    loaded = check.flat(tmp_path, 30)
    for number in range(12):
        check_project(loaded, RenameNode("top", "n3", f"other{number}").apply(loaded.project))
    for kept in (checking._kept, preparing._planned):
        turns = [turn for _, _, turn in kept._turns]
        assert len(turns) == 4
        # None holds on to those before it.
        assert not any(turn._before for turn in turns)


def test_checks_of_several_threads(tmp_path: Path) -> None:
    loaded = check.nested(tmp_path, 60)
    edits = [edit.apply(loaded.project) for turn in range(2) for _, edit in check.edits_of(loaded.project, turn)]
    with knowing_nothing():
        expected = [told(check_project(loaded, project)) for project in edits]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda project: told(check_project(loaded, project)), edits * 2))
    assert found == expected * 2
