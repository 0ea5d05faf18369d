"""Waveforms of designs: read back by a parser of their own, against what the simulation itself found."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from allo_studio.backends.rtl.emit import RtlDesign, generate
from allo_studio.design.timing import SizedDesign
from allo_studio.pipeline import build, size_project
from allo_studio.project import load_project
from allo_studio.simulate.cycle.design import RunningDesign
from allo_studio.simulate.cycle.vcd import cycles_within, write_vcd
from allo_studio.simulate.cycle.waves import Waves, cut_short, save_file, write_waves
from allo_studio.simulate.sizes import greatest_inputs
from allo_studio.targets import device_and_library

PROJECT = Path(__file__).resolve().parents[3] / "projects" / "image_pipeline"


def parsed(text: str) -> dict[str, NDArray[np.uint64]]:
    """Return the value of each signal in each cycle of 10 ns, by its full name; fails where it is no valid VCD."""
    head, _, body = text.partition("$enddefinitions $end\n")
    names: dict[str, list[str]] = {}
    path: list[str] = []
    for line in head.splitlines():
        if scope := re.fullmatch(r"\$scope module (\S+) \$end", line):
            path.append(scope[1])
        elif line == "$upscope $end":
            path.pop()
        elif found := re.fullmatch(r"\$var wire \d+ (\S+) (\S+)(?: \[\d+:0\])? \$end", line):
            names.setdefault(found[1], []).append(".".join([*path, found[2]]))
        else:
            assert line == "$timescale 1ns $end", line
    assert not path, "every scope is closed"
    values: dict[str, int] = {}
    rows: dict[int, dict[str, int]] = {}
    time = -1
    for line in body.splitlines():
        if line[0] == "#":
            later = int(line[1:])
            assert later > time, "times go on"
            if time >= 0 and time % 10 == 0:
                rows[time // 10] = dict(values)
            time = later
        elif line[0] == "b":
            bits, name = line[1:].split(" ")
            assert name in names
            values[name] = int(bits, 2)
        else:
            assert line[1:] in names
            values[line[1:]] = int(line[0])
    return {
        full: np.array([rows[cycle][name] for cycle in range(len(rows))], np.uint64)
        for name, fulls in names.items()
        for full in fulls
    }


@pytest.fixture(scope="module")
def design() -> RtlDesign:
    loaded = load_project(PROJECT)
    sized: SizedDesign = size_project(loaded, library=device_and_library(loaded.project, rtl=True)[1])
    return generate(sized)


@pytest.fixture(scope="module")
def running(design: RtlDesign) -> RunningDesign:
    return RunningDesign(design)


def test_fifos_and_handshakes_are_those_of_the_simulation(
    design: RtlDesign, running: RunningDesign, tmp_path: Path
) -> None:
    inputs = greatest_inputs(design.sized.region)
    assert write_waves(running, inputs, Waves(tmp_path / "w.vcd", 2, data=False, most_bytes=64 << 20)) == ""
    waves = parsed((tmp_path / "w.vcd").read_text())
    run = running.run(inputs, 2, tuple(design.probed.fifos))
    assert run.held
    for channel, held in run.held.items():
        found = waves[f"bench.{design.probed.fifos[channel]}"]
        assert np.array_equal(found[: len(held)], held), channel
        assert held.max() > 0
    # `done` is set in the last cycle of each invocation.
    (ends,) = np.nonzero(waves["bench.done"])
    assert (ends + 1).tolist() == np.cumsum(run.cycles).tolist()
    assert not any(re.search(r"stage(_\d+)?$", name) for name in waves), "data inside of pipelines is left out"
    # A block counts as many iterations as its loop has.
    blur = waves["bench.edges.blur.x"]
    assert set(blur.tolist()) == set(range(64))


def test_all_signals_are_there_on_demand(design: RtlDesign, running: RunningDesign, tmp_path: Path) -> None:
    inputs = greatest_inputs(design.sized.region)
    write_waves(running, inputs, Waves(tmp_path / "all.vcd"))
    write_waves(running, inputs, Waves(tmp_path / "few.vcd", data=False))
    every, few = ((tmp_path / name).read_text().count("$var") for name in ("all.vcd", "few.vcd"))
    assert every > few


def test_a_waveform_that_grows_too_large_has_its_first_cycles(
    design: RtlDesign, running: RunningDesign, tmp_path: Path
) -> None:
    inputs = greatest_inputs(design.sized.region)
    said = write_waves(running, inputs, Waves(tmp_path / "w.vcd", 2, data=False, most_bytes=40_000))
    found = re.fullmatch(r"the waveform has the first ([\d,]+) of ([\d,]+) cycles, .*", said)
    assert found
    text = (tmp_path / "w.vcd").read_text()
    assert len(text.partition("$enddefinitions $end\n")[2]) <= 40_000
    cycles = len(parsed(text)["bench.done"])
    assert f"{cycles:,}" == found[1]
    assert 100 < cycles < design.sized.latency


def test_the_room_for_cycles_is_not_overrun(tmp_path: Path) -> None:
    samples = {"a": np.arange(500, dtype=np.uint16), "b": np.arange(500, dtype=np.uint8) % 2}
    widths = {"a": 16, "b": 1}
    for most in (200, 5_000, 1_000_000):
        cycles = cycles_within(samples, widths, most)
        write_vcd(tmp_path / "s.vcd", {name: array[:cycles] for name, array in samples.items()}, widths)
        body = (tmp_path / "s.vcd").read_text().partition("$enddefinitions $end\n")[2]
        # The last time stands after the last cycle.
        assert len(body) <= most + 14
        assert cycles == 500 or len(body) > most * 0.3, "and it is used"
    assert cycles_within({}, {}, 100) == 0


def test_a_foreign_waveform_is_cut_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "f.vcd"
    whole = "$enddefinitions $end\n#0\n1!\n#5\n0!\n#10\n1!\n"
    file.write_text(whole)
    assert cut_short(file, 1000) == ""
    assert file.read_text() == whole
    assert "has its first 0 MB only" in cut_short(file, len(whole) - 2)
    assert file.read_text() == "$enddefinitions $end\n#0\n1!\n#5\n0!\n"


def test_the_save_file_groups_signals_by_instance() -> None:
    head = [
        "$scope module bench $end", "$var wire 3 a a_b_held [2:0] $end", "$var wire 1 b done $end",
        "$scope module top $end", "$var wire 8 c x [7:0] $end", "$upscope $end", "$upscope $end",
        "$enddefinitions $end", "$var wire 1 z no $end",
    ]  # fmt: skip
    assert save_file(head).splitlines() == [
        "[timestart] 0",
        "@800200", "-bench", "@28", "bench.done", "@22", "bench.a_b_held[2:0]", "@1000200", "-bench",
        "@800200", "-top", "@22", "bench.top.x[7:0]", "@1000200", "-top",
    ]  # fmt: skip


def test_a_build_writes_the_waveform_on_demand(tmp_path: Path) -> None:
    result = build(load_project(PROJECT), tmp_path / "out", target="rtl", waves=True)
    assert result.ok
    made = [artifact.path.name for artifact in result.artifacts if artifact.kind == "waveform"]
    assert made == ["edges.vcd", "edges.gtkw"]
    waves = parsed((tmp_path / "out" / "waves" / "edges.vcd").read_text())
    known = result.report.cycles["open"]
    (ends,) = np.nonzero(waves["bench.done"])
    assert ends.tolist() == [known["simulated"] - 1, known["simulated"] + known["simulated_interval"] - 1]
    groups = (tmp_path / "out" / "waves" / "edges.gtkw").read_text().splitlines()
    named = [line.partition("[")[0] for line in groups if line.startswith("bench.")]
    assert set(named) == set(waves)
    assert "-edges/blur" in groups
