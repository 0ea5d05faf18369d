"""The steps of the page on Vitis, run as they stand, with the stand-in where they need the tool."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from documents import DOCS, blocks_of
from vitis_stand_in import install

from allo_studio.report import read_report

PAGE = DOCS / "vitis.md"
ROOT = DOCS.parent


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the page's steps in a folder; returns it and all that was printed."""
    folder = tmp_path_factory.mktemp("walked")
    program = install(folder / "bin")
    command = program.parent / "allo-studio"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m allo_studio "$@"\n')
    command.chmod(0o755)
    paths = {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    known = {name: value for name, value in os.environ.items() if name not in ("XILINX_HLS", "ALLO_VITIS")}
    said = ""
    for block in blocks_of(PAGE):
        if block.kind in ("sh", "sh tool"):
            done = subprocess.run(
                ["sh", "-eu", "-c", block.text],
                cwd=folder,
                env={**known, **paths},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"line {block.line}: {done.stderr}{done.stdout}"
            said += done.stdout + done.stderr
    return folder, said


def test_the_steps_run(walked: tuple[Path, str]) -> None:
    folder, said = walked
    assert "compared 4096 mismatches 0" in said
    notes = read_report(folder / "out").notes
    assert notes[-2].startswith("Vitis HLS 2024.1 synthesised the design")
    assert notes[-1] == "The co-simulation of Vitis HLS 2024.1 passed."


def test_the_files_are_those_that_the_page_lists(walked: tuple[Path, str]) -> None:
    folder, _ = walked
    table = PAGE.read_text(encoding="utf-8").split("| file | what it is |")[1].split("\n\n")[0]
    listed = {
        name.replace("TOP", "cascade").rstrip("/")
        for name in re.findall(r"`([\w./]+)`", "".join(line.split("|")[1] for line in table.splitlines()[2:]))
    }
    made = {path.name for path in (folder / "out").iterdir()}
    assert {name.split("/")[0] for name in listed} == made - {"matrices_hls", "vitis.log"}


def test_the_makefile_links_a_kernel(walked: tuple[Path, str]) -> None:
    folder, _ = walked
    done = subprocess.run(
        ["make", "-n", "run", "PLATFORM=p", "XILINX_XRT=/xrt"],
        cwd=folder / "out", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    steps = [line for line in done.stdout.splitlines() if line.startswith(("g++", "ALLO", "v++", "./host"))]
    host, export, link, run = steps
    assert "host.cpp -L/xrt/lib -lxrt_coreutil" in host
    assert export.startswith("ALLO_EXPORT=1 ")
    assert link == "v++ --link --target hw --platform p -o cascade.xclbin cascade.xo"
    assert run == "./host cascade.xclbin csim/data"
    help_ = subprocess.run(["make"], cwd=folder / "out", capture_output=True, text=True, check=True).stdout
    for step in re.findall(r"make (?:-C out )?(\w+)", PAGE.read_text(encoding="utf-8")):
        assert step == "help" or f"make {step} " in help_
    missing = subprocess.run(["make", "xclbin"], cwd=folder / "out", capture_output=True, text=True, check=False)
    assert missing.returncode != 0


def test_the_words_are_those_of_the_command_line() -> None:
    page = PAGE.read_text(encoding="utf-8")
    words = set(re.findall(r"--[a-z][\w-]*", "\n".join(re.findall(r"^\| `--.*", page, re.MULTILINE))))
    line = next(t for t in (DOCS / "command-line.md").read_text().splitlines() if "allo-studio build PROJECT" in t)
    tail = (DOCS / "command-line.md").read_text().split(line)[1].splitlines()[1]
    assert words == set(re.findall(r"--[a-z][\w-]*", tail))
