"""The Verilog of circuits, run by Verilator and by Icarus, against simulations and Python."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_circuits import RandomCircuit

from allo_studio.backends.rtl.circuit import Circuit
from allo_studio.backends.rtl.worker import shared
from allo_studio.diagnostics import AlloError
from allo_studio.simulate.cycle import Model, verilator

installed = pytest.mark.skipif(not verilator.available(), reason="Verilator is not installed")


def summing() -> list[Circuit]:
    """Two units that each add up a table of their own, of wide words, and keep the sums."""
    unit = Circuit("unit")
    start = unit.input("start", 1)
    runs, after = unit.later(1), unit.later(4)
    at = unit.register(after, reset=0, hint="at")
    last = unit.compare("eq", at, unit.constant(9, 4))
    unit.drive(runs, unit.register(unit.or_(start, unit.and_(runs, unit.not_(last))), reset=0, hint="running"))
    unit.drive(after, unit.mux(runs, unit.add(at, unit.constant(1, 4)), unit.constant(0, 4)))
    total = unit.later(100)
    word = unit.read(unit.memory("words", 10, 100), at)
    summed = unit.add(total, word)
    unit.drive(total, unit.register(summed, enable=runs, reset=0, hint="sum"))
    unit.write(unit.memory("reg", 10, 100), at, summed, runs)
    unit.output("total", total)
    unit.output("done", unit.and_(runs, last))
    top = Circuit("summing", public=True)
    start, twice = top.input("start", 1), top.input("twice", 1)
    one = top.instance("one", unit, {"start": start})
    two = top.instance("two", unit, {"start": top.and_(start, twice)})
    top.output("total", top.add(one["total"], two["total"]))
    top.output("done", one["done"])
    return [unit, top]


@pytest.fixture(scope="module")
def text():
    return "".join(module.text() for module in summing())


@pytest.fixture(scope="module")
def verilog(text):
    return shared().verilog(text, "design")


WORDS = [number**20 % (1 << 100) for number in range(3, 13)]


@installed
def test_verilator_agrees_with_the_simulation(text, verilog):
    model = Model(shared().simulation(text, "summing", "design"))
    words = np.array([list(word.to_bytes(16, "little")) for word in WORDS], np.uint8)
    for name in ("one/words", "two/words"):
        model.memory(name)[:] = words
    model.poke("rst", 1)
    model.run(1)
    for name, value in (("rst", 0), ("start", 1), ("twice", 1)):
        model.poke(name, value)
    model.run(1)
    model.poke("start", 0)
    cycles = 1 + model.run(100, "done")
    found = verilator.run(
        verilog,
        "summing",
        most=100,
        stop="done",
        inputs={"start": [1, 0], "twice": 1},
        memories={"one/words": WORDS, "two/words": model.memory("two/words")},
        wanted=["one/reg_0", "two/reg_0", "one/words"],
    )
    assert (found.cycles, found.stopped) == (cycles, True) == (11, True)
    assert found.outputs == {"total": model.peek("total"), "done": model.peek("done")}
    assert found.outputs["total"] == 2 * sum(WORDS) % (1 << 100)
    assert found.memories["one/words"] == WORDS
    for name in ("one/reg_0", "two/reg_0"):
        assert found.memories[name] == [int.from_bytes(word.tobytes(), "little") for word in model.memory(name)]


@installed
def test_a_run_without_a_stop_makes_as_many_cycles_as_it_is_told(verilog):
    found = verilator.run(verilog, "summing", most=7, inputs={"start": 1}, memories={"one/words": [1] * 10}, resets=3)
    assert (found.cycles, found.stopped, found.outputs) == (7, False, {"total": 6, "done": 0})


@installed
def test_what_verilator_refuses_is_told():
    with pytest.raises(AlloError, match=r"top: verilator ended with status 1\n.*syntax error") as caught:
        verilator.run("module top(input clk, rst); nonsense endmodule", "top", most=1)
    assert caught.value.diagnostics[0].code == "rtl"


@pytest.mark.parametrize("head", ["module other(input clk);", ""])
def test_a_module_that_is_missing_is_told(monkeypatch, head):
    monkeypatch.setattr(verilator, "available", lambda: True)
    with pytest.raises(AlloError, match="the Verilog has no module top"):
        verilator.run(head, "top", most=1)


def test_a_verilator_that_is_missing_is_told(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert not verilator.available()
    with pytest.raises(AlloError, match="top: Verilator is not installed") as caught:
        verilator.run("", "top", most=1)
    (found,) = caught.value.diagnostics
    assert (found.code, found.hint) == ("rtl", "apt install verilator, or do without it")


@pytest.mark.skipif(not shutil.which("iverilog"), reason="Icarus is not installed")
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 1 << 30))
def test_random_verilog_computes_what_python_does(tmp_path, seed):
    made = RandomCircuit(seed, defined=True)
    ports = ["clk", "rst", *(signal.name for signal in made.circuit.inputs)]
    lines = ["module bench;", "  reg clk = 0, rst = 1;"]
    lines += [f"  reg [{signal.width - 1}:0] {signal.name} = 0;" for signal in made.circuit.inputs]
    lines += [f"  wire [{width - 1}:0] {name};" for name, width in made.circuit.outputs]
    joined = ", ".join(f".{name}({name})" for name in [*ports, *(name for name, _ in made.circuit.outputs)])
    lines += [f"  terms dut({joined});", "  initial begin", "    #1 clk = 1;"]
    made.step({signal.name: 0 for signal in made.circuit.inputs}, 1)
    widths = {signal.name: signal.width for signal in made.circuit.inputs}
    expected = []
    for _ in range(8):
        known, reset = made.draw_inputs()
        lines.append(f"    #1 clk = 0; rst = {reset};")
        lines += [f"    {name} = {widths[name]}'h{value:x};" for name, value in known.items()]
        lines += ["    #1;", *(f'    $display("%h", {name});' for name, _ in made.circuit.outputs), "    clk = 1;"]
        expected += made.step(known, reset).values()
    (tmp_path / "bench.sv").write_text("\n".join([*lines, "  end", "endmodule", ""]))
    (tmp_path / "terms.sv").write_text(shared().verilog(made.circuit.text(), "design"))
    program = str(tmp_path / "bench")
    for command in (["iverilog", "-g2012", "-o", program, "terms.sv", "bench.sv"], [program]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert [int(line, 16) for line in done.stdout.split()] == expected
