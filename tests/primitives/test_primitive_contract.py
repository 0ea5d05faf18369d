"""What every primitive keeps to: its form, its page, its uses with the results as before, and its refusals."""

from __future__ import annotations

import inspect
from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path

import pytest
import yaml
from call_kernels import replays
from nest_steps import nest
from step_kernels import kernel
from step_table import ACROSS, CALLEE, CALLEE_STEPS, OF_KERNELS, REFUSALS, USES

from allo_studio.analysis.ports import infer_ports
from allo_studio.ir import KernelIR
from allo_studio.primitives.base import Step, step_fields
from allo_studio.primitives.registry import STEPS, parse_step, step_to_dict
from allo_studio.schedule import schedule
from allo_studio.verification import verify

DOCS = Path(__file__).parents[2] / "docs" / "primitives"
_ALL = pytest.mark.parametrize("name", sorted(STEPS))


def _steps(text: str) -> list[Step]:
    return [parse_step(name, args) for name, args in yaml.safe_load(text).items()]


def _top() -> KernelIR:
    return kernel("top", CALLEE)


def test_the_tables_are_of_all_primitives() -> None:
    assert set(USES) == set(REFUSALS) == set(CALLEE_STEPS) | set(OF_KERNELS) == set(STEPS)
    assert all(len(rows) >= 6 for rows in USES.values())
    assert all(len(rows) >= 4 for rows in REFUSALS.values())
    assert all(name == list(yaml.safe_load(text))[-1] for name, rows in USES.items() for _, text in rows)
    # A step that names two things may name them in two functions.
    several = {n for n, cls in STEPS.items() if len(_references(cls)) > 1 or "loops" in _references(cls)}
    assert several <= set(ACROSS)


def _references(cls: type[Step]) -> list[str]:
    return [entry.kind for entry in step_fields(cls) if entry.kind in ("loop", "loops", "buffer")]


@_ALL
def test_its_form(name: str) -> None:
    cls = STEPS[name]
    assert is_dataclass(cls)
    assert cls.name == name
    step = _steps(USES[name][0][1])[-1]
    with pytest.raises(FrozenInstanceError):
        setattr(step, fields(cls)[0].name, "x")
    text = inspect.getdoc(cls) or ""
    places = [text.index(f"\n{part}:\n") for part in ("args", "rewrite", "fails")]
    assert places == sorted(places)
    told = text[places[0] : places[1]]
    assert all(f"    {field.name}:" in told for field in fields(cls))
    assert (DOCS / f"{name}.md").is_file()


@_ALL
def test_its_form_in_yaml(name: str) -> None:
    for _, text in USES[name]:
        for step in _steps(text):
            ((known, args),) = yaml.safe_load(yaml.safe_dump(step_to_dict(step))).items()
            assert parse_step(known, args) == step


@pytest.mark.parametrize(("name", "on", "text"), [(n, k, t) for n, rows in sorted(USES.items()) for k, t in rows])
def test_a_use_keeps_the_results(name: str, on: str, text: str) -> None:
    base = nest(on)
    *earlier, last = _steps(text)
    before = schedule(base, earlier)
    after = before.apply(last)
    assert after.ir.text() != before.ir.text()
    verdict = verify(base, after.ir, trials=4, reassociates=after.reassociates)
    assert verdict, str(verdict)
    assert infer_ports(after.ir).directions == base.directions
    assert replays(last, before.ir, after.ir)


@pytest.mark.parametrize(
    ("name", "on", "text", "message"), [(n, k, t, m) for n, rows in sorted(REFUSALS.items()) for k, t, m in rows]
)
def test_a_refusal(name: str, on: str, text: str, message: str) -> None:
    *earlier, last = _steps(text)
    assert last.name == name
    ir = schedule(nest(on), earlier).ir
    before = ir.text()
    found = last.check(ir)
    assert [fault.code for fault in found] == ["step"] * len(found)
    assert any(message in fault.message for fault in found), [fault.message for fault in found]
    assert all(fault.hint for fault in found)
    assert ir.text() == before


@pytest.mark.parametrize("name", sorted(CALLEE_STEPS))
def test_on_a_function_that_the_kernel_calls(name: str) -> None:
    *earlier, step = _steps(CALLEE_STEPS[name])
    base = schedule(_top(), earlier).ir
    assert step.check(base) == ()
    after = step.apply(base)
    assert after.name == "top"
    assert after.text() != base.text()
    verdict = verify(base, after, trials=4)
    assert verdict, str(verdict)
    assert infer_ports(after).directions == base.directions
    assert replays(step, base, after)


@pytest.mark.parametrize("name", sorted(OF_KERNELS))
def test_a_step_that_is_for_kernels_alone_is_refused_on_what_they_call(name: str) -> None:
    text, message = OF_KERNELS[name]
    (step,) = _steps(text)
    (found,) = step.check(_top())
    assert message in found.message
    assert found.hint


@pytest.mark.parametrize("name", sorted(ACROSS))
def test_a_step_across_a_call_is_refused(name: str) -> None:
    text, message = ACROSS[name]
    (step,) = _steps(text)
    (found,) = step.check(_top())
    assert message in found.message
    assert found.span is not None
    assert found.hint
