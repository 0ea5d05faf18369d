"""A testbench in SystemVerilog for the simulators that people have: data of a run, and what compares with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from allo_studio.backends.rtl.circuit import Circuit

__all__ = ["Words", "testbench"]

_BENCH = """\
// Runs the design once on the data of this folder, and compares every word of its outputs.
module testbench;
  reg clk = 1'b0;
  reg rst = 1'b1;
  reg [15:0] invocations = 16'd0;
  wire ready;
  wire done;
  integer cycles = 0;
  integer errors = 0;
  integer word;
  reg finished = 1'b0;
{memories}
  bench dut ({ports});

  always #2 clk = ~clk;

  initial begin
{loads}
    repeat (2) @(posedge clk);
    @(negedge clk);
    rst = 1'b0;
    invocations = 16'd1;
    while (!finished && cycles < {most}) begin
      // A cycle is up to the rising edge of the clock.
      #1;
      cycles = cycles + 1;
      finished = done;
      @(negedge clk);
    end
{compares}
    if (!finished) $display("FAILED: not done after %0d cycles, {cycles} are predicted", cycles);
    else if (errors != 0) $display("FAILED: %0d words differ", errors);
    else if (cycles != {cycles}) $display("FAILED: %0d cycles, {cycles} are predicted", cycles);
    else $display("PASSED: %0d words are as they should be, after %0d cycles as predicted", {count}, cycles);
    $finish;
  end
endmodule
"""
_COMPARE = """\
    for (word = 0; word < {words}; word = word + 1)
      if (dut.{name}[word] !== expected_{name}[word]) errors = errors + 1;"""


@dataclass(frozen=True)
class Words:
    """The contents of a memory of the bench: before the run, or what they should be after it."""

    width: int
    words: tuple[int, ...]

    @property
    def text(self) -> str:
        """A file of hexadecimal words."""
        digits = -(-self.width // 4)
        return "".join(f"{word:0{digits}x}\n" for word in self.words)


def testbench(
    bench: Circuit,
    before: Mapping[str, Words],
    after: Mapping[str, Words],
    scalars: Mapping[str, int],
    cycles: int,
) -> dict[str, str]:
    """Return the testbench and the files that it reads, by name.

    `bench` is the design with memories around it, `before` and `after` are the contents of its memories by name,
    `scalars` the values of its scalar inputs, and `cycles` what an invocation is predicted to take.
    """
    widths = {signal.name: signal.width for signal in bench.inputs}
    ports = {name: name for name in ("clk", "rst", "invocations", "ready", "done")}
    ports |= {name: f"{widths[name]}'h{value:x}" for name, value in scalars.items() if name in widths}
    loads = [f'    $readmemh("{name}.hex", dut.{name});' for name in before]
    loads += [f'    $readmemh("expected_{name}.hex", expected_{name});' for name in after]
    text = _BENCH.format(
        memories="\n".join(
            f"  reg [{w.width - 1}:0] expected_{name} [0:{len(w.words) - 1}];" for name, w in after.items()
        ),
        ports=", ".join(f".{port}({value})" for port, value in ports.items()),
        loads="\n".join(loads),
        most=4 * cycles + 1000,
        compares="\n".join(_COMPARE.format(words=len(w.words), name=name) for name, w in after.items()),
        cycles=cycles,
        count=sum(len(w.words) for w in after.values()),
    )
    files = {"testbench.sv": text}
    files |= {f"{name}.hex": words.text for name, words in before.items()}
    return files | {f"expected_{name}.hex": words.text for name, words in after.items()}
