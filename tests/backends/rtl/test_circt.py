"""Verilog and simulations made by CIRCT, in its worker process."""

import re
import shutil
import subprocess
from itertools import pairwise

import pytest
import small_circuits as small

from allo_studio.backends.rtl.circuit import Circuit
from allo_studio.backends.rtl.files import one_a_module
from allo_studio.backends.rtl.worker import shared
from allo_studio.diagnostics import AlloError
from allo_studio.simulate.cycle import Model

CIRCUITS = {
    "counter": small.counter(),
    "registers": small.registers(),
    "memory": small.memory(),
    "one word": small.memory(1, 1),
    "table": small.table("words.hex"),
    "nested": small.nested(),
    "wide": small.wide(200),
    "widest": small.wide(4096),
    "queue": small.queue(),
}


def verilog(modules):
    return shared().verilog(small.text(modules), "design")


def simulation(modules):
    return shared().simulation(small.text(modules), modules[-1].name, "design")


@pytest.fixture(params=CIRCUITS)
def written(request, tmp_path):
    """A circuit's Verilog, one file a module; the path of each."""
    (tmp_path / "words.hex").write_text("0\n" * 12)
    paths = []
    for name, text in one_a_module(verilog(CIRCUITS[request.param])).items():
        paths.append(tmp_path / f"{name}.sv")
        paths[-1].write_text(text)
    return paths


def run(folder, *command):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("verilator"), reason="Verilator is not installed")
def test_verilator_has_no_complaint(written):
    run(written[0].parent, "verilator", "--lint-only", "-Wall", "--top-module", written[-1].stem, *map(str, written))


@pytest.mark.skipif(not shutil.which("iverilog"), reason="Icarus is not installed")
def test_icarus_has_no_complaint(written):
    run(written[0].parent, "iverilog", "-g2012", "-Wall", "-o", "/dev/null", *map(str, written))


@pytest.mark.skipif(not shutil.which("yosys"), reason="yosys is not installed")
def test_yosys_has_no_complaint(written):
    files = " ".join(map(str, written))
    run(written[0].parent, "yosys", "-q", "-p", f"read_verilog -sv {files}; hierarchy -check -top {written[-1].stem}")


def test_a_module_is_written_as_a_person_would():
    assert verilog(small.counter()) == COUNTER


COUNTER = """\
// It counts.
module counter(
  input         clk,
                rst,
                enable,
  output [15:0] count,
  output        last
);

  reg [15:0] count_0;	// kernels/small.py:2:1
  always_ff @(posedge clk) begin	// kernels/small.py:2:1
    if (rst)	// kernels/small.py:2:1
      count_0 <= 16'h0;	// kernels/small.py:2:1
    else begin	// kernels/small.py:2:1
      if (enable)	// kernels/small.py:2:1
        count_0 <= count_0 + 16'h1;	// kernels/small.py:2:1
    end
  end // always_ff @(posedge)
  assign count = count_0;	// kernels/small.py:2:1
  assign last = count_0 == 16'h63;	// kernels/small.py:2:1
endmodule
"""


@pytest.mark.parametrize("modules", CIRCUITS.values(), ids=CIRCUITS)
def test_no_comment_points_into_the_circuits_text(modules):
    without = re.sub(r" loc\(unknown\)", "", small.text(modules))
    for text in (without, small.text(modules)):
        found = shared().verilog(text, "design")
        assert "-:" not in found
        assert ("kernels/small.py:2:1" in found) == ("module counter" in found)


def test_memories_that_nothing_writes_or_reads_stay_in_verilog():
    found = verilog(small.table("words.hex"))
    assert "[8:0] buf_0[0:11];" in found
    assert '$readmemh("words.hex", buf_0);' in found
    assert "[8:0] word_0[0:15];" in found


def test_memories_have_the_same_names_in_a_simulation():
    found = {place.name: (place.words, place.width) for place in simulation(small.table("x.hex")).memories}
    assert found == {"buf_0": (12, 9), "word_0": (16, 9)}


def test_memories_go_by_their_paths_of_instances():
    found = {place.name for place in simulation(small.nested()).memories}
    assert found == {"one/kept", "two/kept"}


def test_registers_go_by_their_paths_of_instances():
    found = {place.name: place.width for place in simulation(small.nested()).states}
    assert found["one/first/count"] == 16
    assert found["two/second/count"] == 16


STRIDES = [(1, 1), (8, 1), (9, 2), (17, 4), (33, 8), (65, 16), (264, 48), (4096, 512)]


@pytest.mark.parametrize(("width", "stride"), STRIDES)
def test_the_words_of_a_memory_lie_at_equal_distances(width, stride):
    (found,) = simulation(small.memory(5, width)).memories
    assert (found.words, found.width, found.stride) == (5, width, stride)


def test_places_in_the_state_do_not_overlap():
    found = simulation(small.wide(200))
    spans = [(p.offset, p.offset + p.size) for p in (*found.inputs, *found.outputs, *found.states)]
    spans += [(p.offset, p.offset + p.words * p.stride) for p in found.memories]
    spans += [(found.clock, found.clock + 1), (found.edge, found.edge + 1)]
    spans.sort()
    assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
    assert spans[-1][1] <= found.size


@pytest.mark.parametrize("hold", [[0], [1, 0], [0, 0, 0, 1, 1]])
def test_handshakes_go_to_and_fro_between_modules(hold):
    model = Model(simulation(small.queue()))
    model.poke("rst", 1)
    model.run(1)
    model.poke("rst", 0)
    cycles = 0
    while not model.peek("done"):
        model.poke("hold", hold[cycles % len(hold)])
        cycles += model.run(1)
    assert model.peek("total") == sum(range(100))
    assert cycles >= 100 * len(hold) // hold.count(0)
    assert sorted(model.memories) == ["between/kept"]


def test_what_nothing_clocks_has_no_edge():
    circuit = Circuit("plain", public=True)
    circuit.output("inverse", circuit.not_(circuit.input("value", 3)))
    assert simulation([circuit]).edge == -1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hw.module @top(in %a: i1 {", "the circuit's text is faulty"),
        ("hw.module @other(in %clk: !seq.clock) { hw.output }", "there is no module top"),
        ("hw.module @top(in %a: i1, out b: i1) { hw.output %a : i1 }", "top must have one clock, and has 0"),
        (
            "hw.module @top(in %clk: !seq.clock, out b: i1) "
            "{ %a = comb.xor %a, %b : i1 %b = hw.constant true hw.output %a: i1 }",
            "loop",
        ),
    ],
)
def test_what_cannot_be_simulated_is_told(text, message):
    with pytest.raises(AlloError, match=f"(?s)cascade/mm: CIRCT refuses the circuit: .*{message}") as caught:
        shared().simulation(text, "top", "cascade/mm")
    assert caught.value.diagnostics[0].code == "rtl"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("%m = seq.firmem 1, 1, undefined, undefined : <4 x 8>", "read within a cycle"),
        (
            "%z = hw.constant 0 : i2 %o = hw.constant true %b = hw.constant 0 : i8 %m = seq.firmem 0, 1, undefined, "
            "undefined : <4 x 8> %x = seq.firmem.read_write_port %m[%z] = %b if %o, clock %clk : <4 x 8>",
            "whole words only",
        ),
        ("%x = arc.zero_count : i1", "parse"),
    ],
)
def test_what_cannot_be_written_is_told(body, message):
    text = f"hw.module @top(in %clk: !seq.clock) {{ {body} }}"
    with pytest.raises(AlloError, match=message):
        shared().verilog(text, "design")
