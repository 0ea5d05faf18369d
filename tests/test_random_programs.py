"""Random programs over the whole language: the JIT, the interpreter and the C++ compute the same bits."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import get_args

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from random_engines import cases_of, difference, kernel_of, run_as_cpp
from random_programs import Program, program
from random_terms import Chooser
from sanitized import SANITIZED

from allo_studio.analysis.ports import infer_ports
from allo_studio.design.model import Interface
from allo_studio.diagnostics import AlloError
from allo_studio.ir import KernelIR
from allo_studio.primitives.menu import applicable
from allo_studio.schedule import ScheduledKernel, schedule
from allo_studio.simulate import toolchain
from allo_studio.verification import verify

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
# Each compiles a file of that many programs, which takes some seconds.
BATCHES, BATCH = 1, 4


@st.composite
def programs(draw: st.DrawFn) -> Program:
    return program(Chooser(draw))


def kernel_or_none(text: str) -> KernelIR | None:
    """Return the kernel; None for one that the language refuses, such as a shift by a negative number."""
    try:
        return kernel_of(text)
    except AlloError:
        return None


def scheduled(base: KernelIR, generator: Random, steps: int = 3) -> ScheduledKernel:
    """Return a kernel after some random steps of those that apply."""
    found = schedule(base)
    for _ in range(steps):
        offers = [o for o in applicable(found.ir) if o.name not in ("quantize", "outline")]
        if not offers:
            return found
        offer = offers[generator.randrange(len(offers))]
        chosen = {name: values[generator.randrange(len(values))] for name, values in offer.choices.items()}
        try:
            found = found.apply(offer.step(**chosen))
        except AlloError:
            continue
    return found


def test_programs_are_of_the_language() -> None:
    texts = [program(Chooser(Random(seed))).text for seed in range(40)]
    refused = [text for text in texts if kernel_or_none(text) is None]
    assert len(refused) <= 2, refused[0]


@given(programs())
@settings(max_examples=5, deadline=None, suppress_health_check=SLOW)
def test_the_jit_and_the_interpreter_agree(made: Program) -> None:
    kernel = kernel_or_none(made.text)
    assume(kernel is not None)
    assert kernel is not None
    for case in cases_of(kernel, made.bounds):
        assert difference(kernel, case.interpreted, case.compiled) == "", made.text


@pytest.mark.parametrize("seed", range(30))
def test_larger_programs_agree(seed: int) -> None:
    made = program(Chooser(Random(seed)))
    kernel = kernel_or_none(made.text)
    for case in cases_of(kernel, made.bounds, seed) if kernel else ():
        assert difference(kernel, case.interpreted, case.compiled) == "", made.text


@pytest.mark.parametrize("seed", range(4))
def test_scheduled_programs_agree(seed: int) -> None:
    made = program(Chooser(Random(1000 + seed)))
    base = kernel_of(made.text)
    after = scheduled(base, Random(seed))
    steps = "\n".join(map(str, after.steps))
    for case in cases_of(after.ir, made.bounds, seed):
        assert difference(after.ir, case.interpreted, case.compiled) == "", f"{made.text}\n{steps}"
    verdict = verify(base, after.ir, trials=4, reassociates=after.reassociates)
    assert verdict, f"{verdict}\n{made.text}\n{steps}"


@pytest.mark.parametrize("batch", range(BATCHES))
def test_compiled_cpp_agrees(batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = ("-O0", *SANITIZED)
    monkeypatch.setattr(toolchain, "FLAGS", (*toolchain.FLAGS, *checks))
    generator, kernels, cases, texts = Random(batch), [], [], []
    while len(kernels) < BATCH:
        made = program(Chooser(generator))
        kernel = kernel_or_none(made.text)
        if kernel is None or len(made.text) > 3000:
            continue
        try:
            kernel = infer_ports(kernel)
        except AlloError:
            # Some element of an output is written in no case that can be proven.
            continue
        if len(kernels) % 2:
            kernel = scheduled(kernel, generator).ir
        kernels.append(kernel)
        cases.append(cases_of(kernel, made.bounds))
        texts.append(made.text)
    interfaces = get_args(Interface)
    # Those of one interface follow each other, as they are of one executable.
    for number in sorted(range(len(cases[0])), key=lambda number: number % len(interfaces)):
        chosen = [found[number] for found in cases]
        ran = run_as_cpp(kernels, chosen, tmp_path, interfaces[number % len(interfaces)])
        for kernel, case, got, text in zip(kernels, chosen, ran, texts, strict=True):
            assert difference(kernel, case.interpreted, got) == "", text
