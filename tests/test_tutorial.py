"""The tutorial, done as it says."""

import re
from pathlib import Path

import pytest

from allo_studio.cli import main
from allo_studio.report import read_report

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "tutorial.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", TEXT, re.S)


@pytest.fixture
def do(tmp_path, monkeypatch, capsys):
    """Return a function that runs the tutorial's console block of a number and returns the exit status."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cascade" / "kernels").mkdir(parents=True)
    consoles = blocks("console")

    def call(number: int) -> int:
        command, *shown = consoles[number].strip().splitlines()
        status = main(command.removeprefix("$ allo-studio ").split())
        out, err = capsys.readouterr()
        assert all(line in out + err for line in shown), out + err
        return status

    return call


def test_tutorial(do, tmp_path):
    kernel = tmp_path / "cascade" / "kernels" / "gemm.py"
    project = tmp_path / "cascade" / "project.yaml"
    plain, schedules, nodes = blocks("yaml")
    kernel.write_text(blocks("python")[0], encoding="utf-8")
    project.write_text(plain, encoding="utf-8")
    assert do(0) == 0
    project.write_text(plain.replace('D: "float32[16, 16]"', 'D: "float32[16, 8]"'), encoding="utf-8")
    assert do(1) == 1
    project.write_text(plain, encoding="utf-8")
    assert do(2) == 0
    before = read_report(tmp_path / "out")
    scheduled = plain.replace("graphs:\n", schedules + "graphs:\n", 1)
    scheduled = re.sub(r"      mm1: .*\n      mm2: .*\n", nodes, scheduled)
    assert scheduled.count("row_wise") == 3
    project.write_text(scheduled, encoding="utf-8")
    assert do(2) == 0
    after = read_report(tmp_path / "out")
    assert after.latency * 3 < before.latency
    channel = after.channel("cascade/mm1.C->mm2.A")
    assert channel
    assert (channel.kind, channel.elements) == ("fifo", 4)
    assert after.simulation
    assert after.simulation.passed
    assert do(3) == 0
    assert (tmp_path / "cascade.svg").is_file()
