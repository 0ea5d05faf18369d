"""docs/kernel-language.md: its examples run and give what it says, its faults are those that are given."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from documents import DOCS, Block, blocks_of, rendered, run_page

import allo_studio as allo
from allo_studio.backends.vitis import kernel_code
from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.frontend import list_kernels, parse_kernel
from allo_studio.frontend.typing import result_type
from allo_studio.ir import KernelIR
from allo_studio.lang import LANGUAGE_NAMES
from allo_studio.samples import sample
from allo_studio.simulate import evaluate_kernel
from allo_studio.source import Source
from allo_studio.types import Overflow, Rounding, parse_type
from allo_studio.words import to_bits

PAGE = DOCS / "kernel-language.md"
TEXT = PAGE.read_text(encoding="utf-8")
IMPORT = "from allo_studio.lang import *"
PACKAGE = DOCS.parent / "allo_studio"
FRONTEND = {"syntax", "name", "type", "shape", "bounds", "uninitialised", "unsupported", "params"}


@dataclass(frozen=True)
class Example:
    """A kernel of the page, compiled as a function of a program when its block had run, and the text of the block."""

    name: str
    block: Block
    ir: KernelIR


@pytest.fixture(scope="module", name="examples")
def fixture_examples() -> list[Example]:
    """Run the page once; its code checks the results itself."""
    known: dict[str, Callable[..., object]] = {}
    found: list[Example] = []

    def note(block: Block, names: dict[str, Any]) -> None:
        for name, value in names.items():
            own = inspect.isfunction(value) and value.__code__.co_filename.startswith(f"<{PAGE.name}")
            # Helpers, and templates, which are no kernels by themselves.
            if not own or name in ("run", "dot") or name.startswith("make_") or known.get(name) is value:
                continue
            known[name] = value
            found.append(Example(name, block, allo.customize(value).ir))

    run_page(PAGE, note)
    return found


def test_the_examples_run(examples: list[Example]) -> None:
    assert len(examples) >= 23


def _refused() -> list[tuple[Block, Block]]:
    blocks = blocks_of(PAGE)
    return [(one, two) for one, two in pairwise(blocks) if one.kind == "python refused"]


@pytest.mark.parametrize(("kernel", "shown"), _refused(), ids=lambda block: f"line {block.line}")
def test_a_fault_is_shown_as_it_is_given(kernel: Block, shown: Block) -> None:
    (name,) = re.findall(r"^def (\w+)", kernel.text, re.MULTILINE)
    assert rendered(Source(f"kernels/{name}.py", kernel.text), name) == shown.text.rstrip("\n")


def test_each_code_of_a_kernel_has_an_example() -> None:
    shown = {code for _, block in _refused() for code in re.findall(r"error\[(\w+)\]", block.text)}
    assert shown == FRONTEND - {"params"}
    assert set(re.findall(r"^### `(\w+)`$", TEXT, re.MULTILINE)) == FRONTEND


def _codes(folder: Path) -> set[str]:
    """Return the codes that the text of a package makes diagnostics with."""
    texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*.py")]
    return {code for text in texts for code in re.findall(r'(?:Diagnostic|faults\.add)\(\s*"(\w+)"', text)}


def test_the_codes_listed_are_those_that_are_used() -> None:
    rows = TEXT[TEXT.index("## Diagnostics") :]
    listed = {code for row in re.findall(r"^\| (`.*?) \|", rows, re.MULTILINE) for code in re.findall(r"`(\w+)`", row)}
    assert _codes(PACKAGE / "frontend") <= FRONTEND
    assert listed == _codes(PACKAGE)


def test_the_modes_of_fixed_point_are_all_there() -> None:
    section = TEXT[TEXT.index("### Fixed point") : TEXT.index("### Structs")]
    said = set(re.findall(r"`(\w+)`", section))
    assert {*typing.get_args(Rounding), *typing.get_args(Overflow)} <= said


def test_every_word_of_the_language_is_on_the_page() -> None:
    numbered = {name for name in LANGUAGE_NAMES if re.fullmatch(r"u?int\d+", name)}
    assert {name for name in LANGUAGE_NAMES - numbered if not re.search(rf"\b{name}\b", TEXT)} == set()


@pytest.mark.parametrize(
    ("left", "operator", "right"),
    [(a, o, b) for a in ("int8", "uint8", "Fixed(8, 4)", "UFixed(9, 2)") for o in "+-*/%" for b in ("int5", "uint12",
     "Fixed(12, 3)")],
)  # fmt: skip
def test_the_typing_rules_are_as_the_table_says(left: str, operator: str, right: str) -> None:
    a, b = parse_type(left).element, parse_type(right).element
    found = result_type(operator, a, b)
    signed, differ = a.signed or b.signed, a.signed != b.signed
    before = max(k.bits - k.fraction + (signed and not k.signed) for k in (a, b))
    fraction = max(a.fraction, b.fraction)
    match operator:
        case "+" | "-":
            said = (before + fraction + 1, fraction)
        case "*":
            said = (a.bits + b.bits, a.fraction + b.fraction)
        case "%":
            said = (before + fraction, fraction)
        case _ if a.kind == b.kind == "int":
            said, signed = (a.bits + (differ and b.signed), 0), a.signed or (b.signed and differ)
        case _:
            said = (a.bits + b.bits + differ, a.fraction + b.bits - b.fraction)
    assert (found.bits, found.fraction, found.signed) == (*said, signed)


def test_a_file_gives_the_same_kernels_as_a_program(examples: list[Example]) -> None:
    """A kernel that needs nothing but the text of its example is the same from the text alone."""
    compared = 0
    for example in examples:
        text = f"import numpy as np\nimport allo_studio as allo\n{IMPORT}\n{example.block.text}"
        source = Source("page.py", text)
        if example.name in {kernel.name for kernel in list_kernels(source)} and not example.block.kind.endswith("3.12"):
            assert parse_kernel(source, example.name).text() == example.ir.text()
            compared += 1
    assert compared >= 20


def test_the_table_of_features_leads_to_sections() -> None:
    heads = {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-")
             for head in re.findall(r"^##+ (.*)$", TEXT, re.MULTILINE)}  # fmt: skip
    wanted = set(re.findall(r"\]\(#([\w-]+)\)", TEXT))
    assert wanted <= heads
    assert len(wanted) >= 16


def test_each_example_gives_the_same_in_every_engine(examples: list[Example]) -> None:
    """Beyond the data of the page: random data in the JIT and the numpy interpreter, and a text in HLS C++."""
    for example in examples:
        _compare_engines(example.ir)
        assert kernel_code(example.ir)


def _compare_engines(ir: KernelIR) -> None:
    run = jit(ir)
    for seed in range(3):
        # The interpreter begins with the first values of state.
        run.reset()
        generator = np.random.default_rng(seed)
        inputs = {a.name: sample(a.type.element, a.type.shape, "small", generator) for a in run.inputs}
        try:
            found = run.run(inputs)
        except AlloError:
            # A computed subscript left its array.
            continue
        wanted = evaluate_kernel(ir, inputs)
        for name, array in found.items():
            kind = next(a.type.element for a in ir.arguments() if a.name in (name, name.removesuffix("_out")))
            assert np.array_equal(to_bits(np.asarray(array), kind), to_bits(np.asarray(wanted[name]), kind)), name
