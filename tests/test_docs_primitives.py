"""The pages in docs/primitives: their examples do what they say, their refusals are those that are given."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from documents import DOCS, blocks_of, run_page

from allo_studio.api.schedule import Schedule
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR, Loop
from allo_studio.ir.attributes import flag
from allo_studio.primitives.base import step_fields
from allo_studio.primitives.registry import STEPS, parse_step
from allo_studio.schedule import from_specs
from allo_studio.source import Source
from allo_studio.verification import verify

FOLDER = DOCS / "primitives"
# Pages on what is done with steps.
GUIDES = ("applicable", "compose", "index", "verify")
# Steps that change the interface or the types of a kernel: their results are compared in their own tests.
RETYPING = ("pack", "quantize", "reshape")
Specs = list[tuple[str, dict[str, Any]]]


def line(loop: Loop) -> str:
    marks = {None: "", 0: " off"}.get(loop.pipeline, f" II={loop.pipeline}")
    lanes = {None: "", 0: " unroll"}.get(loop.unroll, f" unroll={loop.unroll}")
    parallel = " parallel" if flag(loop.op, "allo.parallel") else ""
    return f"{'  ' * loop.depth}{loop.name} {loop.trip}{marks}{lanes}{parallel}"


def loops(ir: KernelIR) -> list[str]:
    return [line(loop) for loop in ir.loops()]


def arrays(ir: KernelIR) -> list[str]:
    """Return the arrays with their types and layouts, functions that are called first."""
    shown = []
    for name in ir.functions:
        seen = ir.at(name)
        layouts = {known for known, layout in seen.layouts().items() if any(d.kind != "none" for d in layout.dims)}
        for buffer in seen.buffers():
            place = "" if name == ir.name else f"{name}:"
            layout = f" {seen.layout(buffer.name)}" if buffer.name in layouts else ""
            shown.append(f"{place}{buffer.name}: {buffer.type}{layout}")
    return shown


def functions(ir: KernelIR) -> list[str]:
    """Return the functions with their arguments, and their loops below them."""
    shown = []
    for name in ir.functions:
        seen = ir.at(name)
        shown.append(f"{name}({', '.join(f'{a.name}: {a.type}' for a in seen.arguments())})")
        shown += [f"  {entry}" for entry in loops(seen)]
    return shown


PICTURES = {"text": loops, "text arrays": arrays, "text functions": functions}


def kernel_of(text: str) -> KernelIR:
    return parse_kernel(Source("page.py", text), re.findall(r"^def (\w+)", text, re.MULTILINE)[-1])


def specs_of(text: str) -> Specs:
    return [item for step in yaml.safe_load(text) for item in step.items()]


def test_every_step_has_a_page_and_is_in_the_index() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {*STEPS, *GUIDES}
    index = (FOLDER / "index.md").read_text(encoding="utf-8")
    assert {*STEPS, *GUIDES} - {"index"} <= set(re.findall(r"\]\((\w+)\.md\)", index))


@pytest.mark.parametrize("name", sorted(STEPS))
def test_the_arguments_of_a_step(name: str) -> None:
    page = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", page, re.MULTILINE)
    assert [row[0] for row in rows] == [field.name for field in step_fields(STEPS[name])]
    assert f"# `{name}`" in page


@pytest.mark.parametrize("name", sorted(STEPS))
def test_the_examples_of_a_step(name: str) -> None:
    """Play a page from top to bottom: kernels, schedules in their forms, pictures of the result, refusals."""
    ir: KernelIR | None = None
    specs: Specs = []
    messages: list[str] = []
    seen: list[str] = []
    for block in blocks_of(FOLDER / f"{name}.md"):
        seen.append(block.kind)
        match block.kind:
            case "python kernel":
                ir = kernel_of(block.text)
            case "yaml":
                specs = specs_of(block.text)
                assert ir
                assert name in dict(specs)
                _check_results(ir, specs)
            case "python schedule":
                assert ir
                s = Schedule(ir)
                exec(block.text, {"s": s})
                assert s.ir.text() == from_specs(ir, specs).ir.text()
            case "python":
                exec(block.text, {"ir": ir})
            case "yaml refused":
                assert ir
                *before, (refused, arguments) = specs_of(block.text)
                assert refused == name
                found = parse_step(refused, arguments).check(from_specs(ir, before).ir)
                messages = [fault.message for fault in found]
                assert messages
            case "text refused":
                assert messages == block.text.splitlines()
            case kind if kind in PICTURES:
                assert ir
                assert PICTURES[kind](from_specs(ir, specs).ir) == block.text.splitlines()
            case _:
                pytest.fail(f"{name}.md, line {block.line}: nothing looks at a block of {block.kind!r}")
    assert {"python kernel", "yaml", "python schedule", "python", "yaml refused", "text refused"} <= set(seen)


def _check_results(ir: KernelIR, specs: Specs) -> None:
    scheduled = from_specs(ir, specs)
    if not any(name in RETYPING for name, _ in specs):
        assert verify(ir, scheduled.ir, trials=3, reassociates=scheduled.reassociates)


@pytest.mark.parametrize("name", GUIDES)
def test_the_code_of_a_guide_runs(name: str) -> None:
    run_page(FOLDER / f"{name}.md")
