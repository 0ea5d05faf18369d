"""A design with Verilog of others, run cycle by cycle by Verilator or Icarus Verilog: CIRCT's simulator takes none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allo_studio.backends.rtl.buffers import port_base
from allo_studio.backends.rtl.emit import RtlDesign
from allo_studio.backends.rtl.worker import Worker, shared
from allo_studio.backends.vitis import write
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.simulate.child import run_child
from allo_studio.simulate.cycle.contents import store, words_of
from allo_studio.simulate.cycle.design import CycleRun
from allo_studio.words import bits_dtype, to_bits

__all__ = ["OutsideDesign", "simulator"]

# A design that takes this many times the predicted cycles, and some more, will never be done.
_PATIENCE = 4
_GRACE = 1000
_MANY_CYCLES = 100_000
_COMPILE_S, _RUN_S = 600.0, 3600.0
_SHOWN_ERRORS = 6
_LOG, _HELD, _WAVES = "cycles.txt", "held.txt", "waves.vcd"
_TOP = "allo_run"
_RUN = """\
// Runs the design so often as is asked, one invocation after another, and writes down when each is done.
`timescale 1ns / 1ps
module {top};
  reg clk = 1'b0;
  reg rst = 1'b1;
  reg [15:0] invocations = 16'd0;
  wire ready;
  wire done;
{wires}
  integer log;
  integer held;
  integer cycles = 0;
  integer ended = 0;

  bench dut ({ports});

  always #5 clk = ~clk;

  initial begin
{loads}
    log = $fopen("{log}", "w");
    held = $fopen("{held}", "w");
    repeat (3) @(negedge clk);
    rst = 1'b0;
    invocations = 16'd{invocations};
    while (ended < {invocations} && cycles < {most}) begin
      // A cycle is up to the rising edge of the clock.
      #1;
      cycles = cycles + 1;
{watches}
      if (done) begin
        ended = ended + 1;
        $fdisplay(log, "%0d", cycles);
      end
      @(negedge clk);
    end
{saves}
    $fclose(log);
    $fclose(held);
    $finish;
  end
endmodule
"""
_DUMP = f"""\
module allo_waves;
  initial begin
    $dumpfile("{_WAVES}");
    $dumpvars(0, {_TOP});
  end
endmodule
"""


def simulator(where: str, cycles: int) -> str:
    """Return the simulator that is there, `verilator` or `iverilog`, the quicker one for so many cycles of both.

    Raises AlloError (code `tool`) without one.
    """
    # The one compiles for seconds, the other runs slowly.
    order = ("iverilog", "verilator") if cycles < _MANY_CYCLES else ("verilator", "iverilog")
    found = next((name for name in order if shutil.which(name)), None)
    if found is None:
        message = "a design with external Verilog is simulated by Verilator or Icarus Verilog, and neither is installed"
        hint = "apt install verilator (or iverilog), or build with --no-simulate"
        raise AlloError(Diagnostic("tool", message, where=where, hint=hint))
    return found


@dataclass(frozen=True)
class _Words:
    """The words of the bench's memories, as a running circuit has them."""

    found: Mapping[str, NDArray[Any]]

    @property
    def memories(self) -> tuple[str, ...]:
        return tuple(self.found)

    def memory(self, name: str) -> NDArray[Any]:
        return self.found[name]


class OutsideDesign:
    """A design's RTL with the Verilog of its external blocks. A run compiles it anew, since it holds what to run."""

    def __init__(self, design: RtlDesign, worker: Worker | None = None, tool: str | None = None) -> None:
        """Make the Verilog; `tool` chooses a simulator. Raises AlloError (codes `rtl`, `tool`), and WorkerCancelled."""
        self.design = design
        self.tool = tool or simulator(design.sized.region.path, design.sized.latency)
        self.verilog = (worker or shared()).verilog(design.bench_text, design.name)

    def run(
        self,
        inputs: Mapping[str, Any],
        invocations: int = 1,
        watch: Sequence[str] = (),
        cancel: Callable[[], bool] | None = None,
        waves: Path | None = None,
    ) -> CycleRun:
        """Run invocations back to back on the same inputs, by port; of FIFOs to `watch` it keeps how full they are.

        `waves` is where to write the waveform of all that runs. Raises AlloError (code `ip` where the simulator refuses
        the Verilog, code `simulation` where the design is not done in four times the predicted cycles), and
        SimulationCancelled.
        """
        with tempfile.TemporaryDirectory(prefix="allo-rtl-") as name:
            folder = Path(name)
            loads, scalars = self._inputs(inputs)
            outputs = self._outputs()
            text = self._harness(loads, scalars, outputs, invocations, watch)
            words = {f"{memory}.in": "".join(f"{w:x}\n" for w in found) for memory, found in loads.items()}
            files = {"design.sv": self.verilog, "run.sv": text, **self.design.foreign}
            if waves is not None:
                files["waves.sv"] = _DUMP
            write({**files, **words, **self.design.probed.files}, folder)
            self._execute(folder, list(files), waves is not None, cancel)
            cycles = [int(line) for line in (folder / _LOG).read_text().split()]
            if len(cycles) < invocations:
                raise self._unfinished()
            if waves is not None:
                shutil.copyfile(folder / _WAVES, waves)
            held = self._held(folder, watch)
            return CycleRun(tuple(np.diff([0, *cycles]).tolist()), self._read(folder, outputs), held)

    def _inputs(self, inputs: Mapping[str, Any]) -> tuple[dict[str, tuple[int, ...]], dict[str, int]]:
        """Return the words of each memory to begin with, and the scalars."""
        bench, design = self.design.bench, self.design
        given = {port.name: port.type.element for port in design.sized.region.ports if port.direction == "in"}
        loads: dict[str, tuple[int, ...]] = {}
        for storage, port in design.probed.storages.items():
            if port in given:
                found = words_of(storage, np.asarray(inputs[port], given[port].dtype))
                loads |= {name: words for name, words in found.items() if name in bench.memories}
        known = {signal.name for signal in bench.inputs}
        scalars = {
            port_base(port): int(to_bits(np.asarray(inputs[port], kind.dtype), kind))
            for port, kind in given.items()
            if port_base(port) in known
        }
        return loads, scalars

    def _outputs(self) -> list[str]:
        """Return the memories of the bench that hold the outputs."""
        outputs = {port.name for port in self.design.sized.region.ports if port.direction == "out"}
        found = []
        for storage, port in self.design.probed.storages.items():
            if port in outputs:
                zeros = np.zeros(storage.type.shape, storage.type.element.dtype)
                found += [name for name in words_of(storage, zeros) if name in self.design.bench.memories]
        return list(dict.fromkeys(found))

    def _harness(
        self,
        loads: Mapping[str, Sequence[int]],
        scalars: Mapping[str, int],
        outputs: Sequence[str],
        invocations: int,
        watch: Sequence[str],
    ) -> str:
        bench, sized = self.design.bench, self.design.sized
        widths = {signal.name: signal.width for signal in bench.inputs}
        ports = {name: name for name in ("clk", "rst", "invocations", "ready", "done")}
        ports |= {name: f"{widths[name]}'h{value:x}" for name, value in scalars.items()}
        # What the simulated top tells of its FIFOs goes by their own names.
        told = {f"held_{number}": self.design.probed.fifos[channel] for number, channel in enumerate(watch)}
        sizes = dict(bench.outputs)
        ports |= {port: name for name, port in told.items()}
        most = invocations * _PATIENCE * max(sized.latency, sized.interval) + _GRACE
        format_ = " ".join("%0d" for _ in told)
        watches = f'      $fdisplay(held, "{format_}", {", ".join(told)});' if told else ""
        return _RUN.format(
            top=_TOP,
            wires="\n".join(f"  wire [{sizes[port] - 1}:0] {name};" for name, port in told.items()),
            ports=", ".join(f".{port}({value})" for port, value in ports.items()),
            loads="\n".join(f'    $readmemh("{name}.in", dut.{name});' for name in loads),
            saves="\n".join(f'    $writememh("{name}.out", dut.{name});' for name in outputs),
            log=_LOG,
            held=_HELD,
            invocations=invocations,
            most=most,
            watches=watches,
        )

    def _execute(self, folder: Path, files: Sequence[str], waves: bool, cancel: Callable[[], bool] | None) -> None:
        if self.tool == "verilator":
            trace = ["--trace"] if waves else []
            # Without a warning of the others' style.
            quiet = ["-Wno-fatal", "-Wno-lint", "-Wno-style"]
            tops = ["--top-module", _TOP] if not waves else []
            command = ["verilator", "--binary", "--timing", "-j", "2", *quiet, *trace, *tops, "--Mdir", "built"]
            program = [str(folder / "built" / "allo_simulation")]
            command += ["-o", "allo_simulation"]
        else:
            command = ["iverilog", "-g2012", "-s", _TOP, *(["-s", "allo_waves"] if waves else []), "-o", "run.vvp"]
            program = ["vvp", "-n", "run.vvp"]
        done = run_child([*command, *files], folder, timeout_s=_COMPILE_S, cancel=cancel)
        if done.status != 0:
            raise self._refused(done.log)
        done = run_child(program, folder, timeout_s=_RUN_S, cancel=cancel)
        if done.status != 0:
            raise self._refused(done.log)

    def _refused(self, log: str) -> AlloError:
        lines = [line for line in log.splitlines() if "rror" in line] or log.splitlines()
        message = "\n".join([f"{self.tool} refuses the Verilog of this design:", *lines[:_SHOWN_ERRORS]])
        where = self.design.sized.region.path
        return AlloError(Diagnostic("ip", message, where=where, hint="mend the external block's Verilog"))

    def _unfinished(self) -> AlloError:
        sized = self.design.sized
        message = f"the RTL is not done after four times the {sized.latency} cycles that were predicted"
        hint = (
            "an external block's Verilog may wait for more tokens than its descriptor declares, give fewer, or never "
            "set done"
        )
        return AlloError(Diagnostic("ip", message, where=sized.region.path, hint=hint))

    def _read(self, folder: Path, outputs: Sequence[str]) -> dict[str, Any]:
        memories = self.design.bench.memories
        words = {n: _numbers(folder / f"{n}.out", memories[n].words, memories[n].width) for n in outputs}
        wanted = {port.name for port in self.design.sized.region.ports if port.direction == "out"}
        found: dict[str, Any] = {}
        for storage, port in self.design.probed.storages.items():
            if port in wanted and port not in found:
                found[port] = store(_Words(words), storage)
        return found

    def _held(self, folder: Path, watch: Sequence[str]) -> dict[str, NDArray[Any]]:
        if not watch:
            return {}
        rows = np.loadtxt(folder / _HELD, dtype=np.int64, ndmin=2)
        return {channel: rows[:, number] for number, channel in enumerate(watch)}


def _numbers(file: Path, words: int, width: int) -> NDArray[Any]:
    """Return the words of a file of `$writememh`; a word that was never written, or is unknown, is zero."""
    lines = (line.partition("//")[0] for line in file.read_text().splitlines())
    texts = [word for line in lines for word in line.split() if not word.startswith("@")]
    found = np.zeros(words, bits_dtype(width))
    for number, text in enumerate(texts[:words]):
        found[number] = int(text, 16) if "x" not in text.lower() and "z" not in text.lower() else 0
    return found
