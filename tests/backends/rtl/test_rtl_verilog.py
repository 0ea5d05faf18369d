"""The SystemVerilog of kernels and designs: other tools accept it, and Verilator computes what we do, as fast."""

from __future__ import annotations

import random
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import polybench
import pytest
from affine_kernels import affine_kernel
from combined import TOP, Part, combined
from design_checks import accepted, data_of
from hardware_kernels import BASES, inputs_of
from mixed_projects import make
from random_engines import inputs_of as flavoured
from random_engines import kernel_of
from random_programs import Program, program
from random_terms import Chooser
from rtl_checks import OPEN, RunningKernel
from stream_kernels import KERNELS
from whole_polybench import whole

from allo_studio.backends.rtl.emit import generate, verilog_files
from allo_studio.backends.rtl.files import one_a_module
from allo_studio.backends.rtl.worker import shared
from allo_studio.execute import jit
from allo_studio.ir import KernelIR
from allo_studio.schedule import from_specs
from allo_studio.simulate.cycle import Model, verilator
from allo_studio.simulate.cycle.design import RunningDesign

AFFINE = (3, 5, 8, 21)
# Random programs of the whole language that have circuits.
PROGRAMS = (17, 29, 61, 84)
DESIGNS = ("asked_for", "dataflow_that_is_not_unified", "scalar_through_a_graph", "three_levels")
STREAMING = ("a filter", "rows of odd elements")


def scheduled(name: str) -> KernelIR:
    """Return a kernel of PolyBench in integers, with its schedule."""
    return from_specs(whole(name), polybench.load(name).schedule).ir


def written(seed: int) -> Program:
    """Return a random program."""
    return program(Chooser(random.Random(seed)))


def random_affine(seed: int) -> KernelIR:
    """Return a random kernel under a random schedule."""
    found = affine_kernel(seed)
    assert found is not None
    return found


SAMPLES: Mapping[str, Callable[[], KernelIR]] = {
    **{name: lambda name=name: BASES[name] for name in ("gemm", "triangular", "chain", "swap")},
    **{name: lambda name=name: scheduled(name) for name in ("nussinov", "trmm")},
    **{f"affine_{seed}": lambda seed=seed: random_affine(seed) for seed in AFFINE},
    **{f"program_{seed}": lambda seed=seed: kernel_of(written(seed).text) for seed in PROGRAMS},
}
WITH_STREAMS: Mapping[str, Callable[[], KernelIR]] = {
    name.replace(" ", "_"): lambda name=name: KERNELS[name].kernel() for name in STREAMING
}
NAMES = (*SAMPLES, *WITH_STREAMS, *DESIGNS)


@cache
def running_kernel(name: str) -> RunningKernel:
    """Return a sample's circuits."""
    return RunningKernel({**SAMPLES, **WITH_STREAMS}[name](), OPEN[3.33])


@cache
def running_design(name: str) -> RunningDesign:
    """Return a design's circuits."""
    (sized,) = accepted(lambda folder: make(folder, name))
    return RunningDesign(generate(sized))


def files_of(name: str) -> tuple[str, Mapping[str, str]]:
    """Return the name of a sample's top module, and its files by name."""
    if name in DESIGNS:
        design = running_design(name).design
        return design.name, {file: text for file, text in verilog_files(design).items() if not file.startswith("sim/")}
    modules = running_kernel(name).modules
    text = shared().verilog("".join(circuit.text() for circuit in modules.circuits), name)
    # Linters want a file for each module.
    return modules.top.name, {**{f"{file}.sv": body for file, body in one_a_module(text).items()}, **modules.files}


def commands(top: str, files: str) -> dict[str, str]:
    """Return what each tool is called with."""
    return {
        "verilator": f"--lint-only -Wall --top-module {top} {files}",
        "iverilog": f"-g2012 -Wall -s {top} -o /dev/null {files}",
        "yosys": f"-q -p 'read_verilog -sv {files}; hierarchy -check -top {top}; proc; check -assert'",
    }


@pytest.mark.parametrize("name", NAMES)
def test_other_tools_have_no_complaint(name: str, tmp_path: Path) -> None:
    top, files = files_of(name)
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    sources = " ".join(sorted(file for file in files if file.endswith(".sv")))
    installed = {tool: given for tool, given in commands(top, sources).items() if shutil.which(tool)}
    if not installed:
        pytest.skip("no other tool is installed")
    for tool, given in installed.items():
        command = [tool, *shlex.split(given)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stdout + done.stderr) == (0, ""), tool


def started(name: str) -> Part:
    """Return a sample with inputs, ready to run once."""
    if name in DESIGNS:
        design = running_design(name)
        design.begin(data_of(design.design.sized), 1)
        return Part.of(name, design.design.probed, design.model)
    running = running_kernel(name)
    inputs = inputs_of(running.kernel)
    if name.startswith("program"):
        bounds = written(int(name.partition("_")[2])).bounds
        inputs = flavoured(jit(running.kernel), running.kernel, bounds, "edges", 1)
    running.begin(inputs, 1)
    return Part.of(name, running.modules, running.model)


def model_of(name: str) -> Model:
    """Return a sample's simulation."""
    return running_design(name).model if name in DESIGNS else running_kernel(name).model


@pytest.mark.skipif(not verilator.available(), reason="Verilator is not installed")
def test_verilator_runs_it_in_the_same_cycles_to_the_same_memories() -> None:
    names = [*SAMPLES, *DESIGNS]
    text, inputs, memories = combined([started(name) for name in names])
    cycles = {name: model_of(name).run(1_000_000, stop="done") for name in names}
    found = verilator.run(
        shared().verilog(text, TOP),
        TOP,
        most=2 * max(cycles.values()),
        stop="done",
        inputs=inputs,
        memories=memories,
        wanted=sorted(memories),
        resets=2,
    )
    assert found.stopped
    assert found.cycles == max(cycles.values())
    assert {name: found.outputs[f"{name}_cycles"] for name in names} == cycles
    for name in names:
        model = model_of(name)
        for path in model.memories:
            words = [int.from_bytes(np.asarray(word).tobytes(), "little") for word in model.memory(path)]
            assert list(found.memories[f"{name}/{path}"]) == words, f"{path} of {name}"
