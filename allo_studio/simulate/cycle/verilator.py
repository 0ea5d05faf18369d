"""A second opinion on a circuit: its Verilog, compiled and run by Verilator where that is installed."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.simulate.child import run_child

__all__ = ["Outcome", "available", "run"]

Input: TypeAlias = "int | Sequence[int]"

_BENCH = "allo_bench"
_OUTPUTS = "outputs.txt"
_SHOWN_ERRORS = 5
_MAIN = f"""\
#include "V{_BENCH}.h"
#include "verilated.h"

int main(int argc, char** argv) {{
    VerilatedContext context;
    context.commandArgs(argc, argv);
    V{_BENCH} bench{{&context}};
    while (!context.gotFinish()) {{
        bench.clk = 0;
        bench.eval();
        bench.clk = 1;
        bench.eval();
    }}
    bench.final();
    return 0;
}}
"""
# Compiling takes most of the time, and most of that goes into Verilator's own library.
_SPEED = "OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O0"
_COMMAND = (
    *("--cc", "--exe", "--build", "-j", "2", "-O3", "-MAKEFLAGS", _SPEED),
    *("--top-module", _BENCH, "--Mdir", "built"),
)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_PORT = re.compile(r"^(?:(input|output)\b)?(?:\s*(?:wire|reg|logic)\b)?\s*(?:\[(\d+):0\])?\s*(\w+)$")


@dataclass(frozen=True)
class Outcome:
    """How a run ended, in the words of `Model`: cycles made, whether `stop` ended it, outputs, words of memories."""

    cycles: int
    stopped: bool
    outputs: Mapping[str, int]
    memories: Mapping[str, Sequence[int]]


def available() -> bool:
    """Return whether Verilator is installed."""
    return shutil.which("verilator") is not None


def run(
    verilog: str,
    top: str,
    *,
    most: int,
    stop: str | None = None,
    inputs: Mapping[str, Input] | None = None,
    memories: Mapping[str, Iterable[Any]] | None = None,
    wanted: Sequence[str] = (),
    resets: int = 1,
    timeout_s: float = 600.0,
    cancel: Callable[[], bool] | None = None,
) -> Outcome:
    """Run a module for at most so many cycles (one or more), up to the one in which its output `stop` is one.

    The module has a clock `clk` and a reset `rst`, which is set for `resets` cycles beforehand, which don't count;
    inputs are zero meanwhile. Then an input is a number that holds, or numbers of one cycle after another, of which
    the last holds. Outputs are those after the last cycle, with the inputs of the next, as `Model.peek` tells them.

    `memories` are words to begin with, as `Model.memory` has them; the rest is zero. `wanted` names those that are
    returned. Their names are paths such as `u0/buffer`.

    Raises AlloError (code `rtl`) where Verilator is missing or refuses the Verilog, and what `run_child` raises.
    """
    if not available():
        raise AlloError(
            Diagnostic("rtl", "Verilator is not installed", where=top, hint="apt install verilator, or do without it")
        )
    ports = _ports(verilog, top)
    with tempfile.TemporaryDirectory(prefix="allo-verilator-") as name:
        folder = Path(name)
        files = {path: f"memory{number}" for number, path in enumerate(sorted({*(memories or {}), *wanted}))}
        for path, words in (memories or {}).items():
            (folder / f"{files[path]}.in").write_text("".join(f"{_number(word):x}\n" for word in words))
        loads = {path: files[path] for path in memories or {}}
        saves = {path: files[path] for path in wanted}
        bench = _bench(top, ports, inputs or {}, loads, saves, most, stop, resets)
        (folder / f"{_BENCH}.sv").write_text(bench)
        (folder / "design.sv").write_text(verilog)
        (folder / "main.cpp").write_text(_MAIN)
        sources = ["main.cpp", f"{_BENCH}.sv", "design.sv"]
        _made(["verilator", *_COMMAND, *sources], folder, top, timeout_s, cancel)
        _made([str(folder / "built" / f"V{_BENCH}")], folder, top, timeout_s, cancel)
        found = dict(line.split() for line in (folder / _OUTPUTS).read_text().splitlines())
        return Outcome(
            cycles=int(found.pop("/cycles"), 16),
            stopped=found.pop("/stopped") == "1",
            outputs={port: int(value, 16) for port, value in found.items()},
            memories={path: _words(folder / f"{file}.out") for path, file in saves.items()},
        )


def _made(command: Sequence[str], folder: Path, top: str, timeout_s: float, cancel: Callable[[], bool] | None) -> None:
    done = run_child(command, folder, timeout_s=timeout_s, cancel=cancel)
    if done.status == 0:
        return
    lines = [line for line in done.log.splitlines() if "%Error" in line] or done.log.splitlines()
    message = "\n".join([f"{Path(command[0]).name} ended with status {done.status}", *lines[:_SHOWN_ERRORS]])
    raise AlloError(Diagnostic("rtl", message, where=top, hint="this is a fault of Allo Studio: please report it"))


@dataclass(frozen=True)
class _Port:
    name: str
    width: int
    is_input: bool


def _ports(verilog: str, top: str) -> list[_Port]:
    """Return the ports of a module, whose head must be as CIRCT writes it."""
    plain = _COMMENT.sub("", verilog)
    head = re.search(rf"\bmodule\s+{re.escape(top)}\s*\((.*?)\);", plain, re.DOTALL)
    if head is None:
        raise AlloError(Diagnostic("rtl", f"the Verilog has no module {top}", where=top))
    found: list[_Port] = []
    for text in head[1].split(","):
        match = _PORT.match(" ".join(text.split()))
        assert match is not None, f"a port that cannot be read: {text}"
        direction, high, name = match.groups()
        # A port with only a name is like the one before.
        is_input = direction == "input" if direction else found[-1].is_input
        width = found[-1].width if not direction and high is None else int(high or 0) + 1
        found.append(_Port(name, width, is_input))
    return found


def _bench(
    top: str,
    ports: Sequence[_Port],
    inputs: Mapping[str, Input],
    loads: Mapping[str, str],
    saves: Mapping[str, str],
    most: int,
    stop: str | None,
    resets: int,
) -> str:
    """Return a module that resets the design, feeds it, counts its cycles and writes down how it ended."""
    outputs = [port for port in ports if not port.is_input]
    lines = [f"module {_BENCH}(input clk);", "  reg [63:0] cycle = 64'd0;", f"  reg [31:0] resets = 32'd{resets};"]
    lines += ["  reg stopped = 1'b0;", "  wire rst = resets != 32'd0;"]
    for port in ports:
        if port.name not in ("clk", "rst"):
            value = f" = rst ? {port.width}'h0 : {_fed(port, inputs.get(port.name, 0))}" if port.is_input else ""
            lines.append(f"  wire [{port.width - 1}:0] {_local(port.name)}{value};")
    joined = ", ".join(f".{port.name}({_local(port.name)})" for port in ports)
    lines += [f"  {top} dut({joined});", "  initial begin"]
    lines += [f'    $readmemh("{file}.in", {_path(path)});' for path, file in loads.items()]
    high = _local(stop) if stop else "1'b0"
    lines += ["  end", "  always @(posedge clk) begin", "    if (rst) resets <= resets - 32'd1;"]
    lines += ["    else begin", "      cycle <= cycle + 64'd1;", f"      stopped <= {high};"]
    lines += [f"      if ({high} || cycle + 64'd1 >= 64'd{most}) $finish;", "    end", "  end"]
    lines += ["  integer file;", "  final begin"]
    lines += [f'    $writememh("{file}.out", {_path(path)});' for path, file in saves.items()]
    lines += [f'    file = $fopen("{_OUTPUTS}", "w");', '    $fdisplay(file, "/cycles %h", cycle);']
    lines += ['    $fdisplay(file, "/stopped %h", stopped);']
    lines += [f'    $fdisplay(file, "{port.name} %h", {_local(port.name)});' for port in outputs]
    return "\n".join([*lines, "    $fclose(file);", "  end", "endmodule", ""])


def _local(port: str) -> str:
    return port if port in ("clk", "rst") else f"port_{port}"


def _path(memory: str) -> str:
    return ".".join(["dut", *re.split(r"[/.]", memory)])


def _fed(port: _Port, given: Input) -> str:
    values = [given] if isinstance(given, int) else list(given) or [0]
    texts = [f"{port.width}'h{value % (1 << port.width):x}" for value in values]
    return "".join(f"cycle == 64'd{n} ? {text} : " for n, text in enumerate(texts[:-1])) + texts[-1]


def _number(word: Any) -> int:
    return int.from_bytes(word.tobytes(), "little") if getattr(word, "ndim", 0) else int(word)


def _words(file: Path) -> list[int]:
    text = _COMMENT.sub("", file.read_text())
    return [int(word, 16) for word in text.split() if not word.startswith("@")]
