"""Machine code of a simulation: the circuit's own, and the loops that clock it."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

import llvmlite.binding as llvm

from allo_studio.backends.rtl.simulation import Simulation
from allo_studio.simulate.cycle.division import division_functions
from allo_studio.simulate.cycle.parts import in_parts

__all__ = ["Program", "compiled"]

# Level 2 takes three times as long to compile as level 1, and what it makes is no faster.
_LEVEL = 1
# A program of more characters takes a minute at that level. As it is it takes seconds, and runs a few times slower.
_LARGE = 500_000
_KEPT = 16
_lock = Lock()
# LLVM's scheduler of instructions takes time that grows with the square of a block, and a circuit is one large block.
llvm.set_option("allo-studio", "-enable-misched=false")

# What the loops need of a circuit: `settle` computes everything that depends on the inputs, `step` also ends a cycle.
# With the clock and its last level set like that, `step` is one evaluation and not two.
_CLOCKED = """
define internal void @allo_level(ptr %state, i1 %level) alwaysinline {{
  %clock = getelementptr i8, ptr %state, i64 {clock}
  %edge = getelementptr i8, ptr %state, i64 {edge}
  store i1 %level, ptr %clock
  store i1 false, ptr %edge
  call void @{entry}(ptr %state)
  ret void
}}
define void @allo_settle(ptr %state) {{
  call void @allo_level(ptr %state, i1 false)
  ret void
}}
define internal void @allo_step(ptr %state) {{
  call void @allo_level(ptr %state, i1 true)
  ret void
}}
"""
_UNCLOCKED = """
define void @allo_settle(ptr %state) {{
  call void @{entry}(ptr %state)
  ret void
}}
define internal void @allo_step(ptr %state) {{
  call void @{entry}(ptr %state)
  ret void
}}
"""
# Returns how many cycles were made, negative where the byte at `stop` was one in the last of them. At the end of each
# cycle it copies values: entries are offset, size and where the values of all cycles begin.
_LOOP = """
define i64 @allo_run(ptr %state, i64 %most, i64 %stop, ptr %entries, i64 %count) {
entry:
  %watched = getelementptr i8, ptr %state, i64 %stop
  call void @allo_settle(ptr %state)
  %any = icmp ne i64 %most, 0
  br i1 %any, label %cycle, label %over
cycle:
  %done = phi i64 [0, %entry], [%now, %go_on]
  br label %next
next:
  %index = phi i64 [0, %cycle], [%after, %copy]
  %left = icmp ult i64 %index, %count
  br i1 %left, label %copy, label %end
copy:
  %item = getelementptr [3 x i64], ptr %entries, i64 %index
  %size_at = getelementptr i64, ptr %item, i64 1
  %base_at = getelementptr i64, ptr %item, i64 2
  %offset = load i64, ptr %item
  %size = load i64, ptr %size_at
  %base = load ptr, ptr %base_at
  %passed = mul i64 %size, %done
  %target = getelementptr i8, ptr %base, i64 %passed
  %source = getelementptr i8, ptr %state, i64 %offset
  call void @llvm.memcpy.p0.p0.i64(ptr %target, ptr %source, i64 %size, i1 false)
  %after = add i64 %index, 1
  br label %next
end:
  %high = load i8, ptr %watched
  call void @allo_step(ptr %state)
  %now = add i64 %done, 1
  %is_high = icmp ne i8 %high, 0
  br i1 %is_high, label %stopped, label %go_on
go_on:
  %more = icmp ult i64 %now, %most
  br i1 %more, label %cycle, label %over
over:
  ret i64 %most
stopped:
  %negative = sub i64 0, %now
  ret i64 %negative
}

declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
"""


@dataclass(frozen=True)
class Program:
    """Functions of machine code on a state, given by its address. They may run in several threads on several states.

    `settle(state)`; `run(state, most, stop, entries, count)`; `start(state)` gives registers their first values.
    """

    settle: Callable[[int], None]
    run: Callable[[int, int, int, int, int], int]
    start: Callable[[int], None] | None
    # The machine code lives as long as this.
    _engine: Any


@lru_cache(maxsize=_KEPT)
def compiled(simulation: Simulation) -> Program:
    """Return the machine code of a simulation, made at the first call."""
    with _lock:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        large = len(simulation.llvm) > _LARGE
        text = _text(simulation)
        module = llvm.parse_assembly(in_parts(text) if large else text)
        target = llvm.Target.from_default_triple()
        features = llvm.get_host_cpu_features().flatten()
        level = 0 if large else _LEVEL
        machine = target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=level, jit=True)
        module.triple = machine.triple
        module.data_layout = str(machine.target_data)
        module.verify()
        tuning = llvm.create_pipeline_tuning_options(speed_level=_LEVEL)
        builder = llvm.create_pass_builder(machine, tuning)
        if not large:
            builder.getModulePassManager().run(module, builder)
        engine = llvm.create_mcjit_compiler(module, machine)
        engine.finalize_object()
    word, address = ctypes.c_int64, ctypes.c_void_p

    def function(name: str, result: type[ctypes.c_int64] | None, *parameters: type) -> Callable[..., Any]:
        return ctypes.CFUNCTYPE(result, *parameters)(engine.get_function_address(name))

    return Program(
        settle=function("allo_settle", None, address),
        run=function("allo_run", word, address, word, word, address, word),
        start=function(simulation.initial, None, address) if simulation.initial else None,
        _engine=engine,
    )


def _text(simulation: Simulation) -> str:
    # The circuit's function is put into `allo_settle` and `allo_step`, each of which needs but a part of it.
    pattern = rf"define void @{re.escape(simulation.entry)}\((.*)\)"
    text, found = re.subn(pattern, rf"define internal void @{simulation.entry}(\1) alwaysinline", simulation.llvm)
    assert found == 1, f"{simulation.entry} is not in the program"
    clocked = _CLOCKED if simulation.edge >= 0 else _UNCLOCKED
    clocked = clocked.format(entry=simulation.entry, clock=simulation.clock, edge=simulation.edge)
    return text + division_functions(text) + clocked + _LOOP
