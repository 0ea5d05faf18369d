"""The Tcl script that runs Vitis HLS on the generated files."""

from __future__ import annotations

import re

from allo_studio.backends.vitis.external import Compilation

__all__ = ["run_script"]

_SCRIPT = """\
# Simulates and synthesises {top} with Vitis HLS 2022.1 or newer:
#
#     vitis_hls -f run_hls.tcl
#
# With ALLO_COSIM=1 in the environment the RTL is simulated too, with ALLO_EXPORT=1 it is packed as an IP.
set here [file dirname [file normalize [info script]]]
set data [file join $here csim data]
cd $here

open_project -reset {project}_hls
set_top {function}
add_files {top}.cpp -cflags "-std=c++17 -ffp-contract=off{threads}"
{external}add_files -tb {top}_tb.cpp -cflags "-std=c++17 -ffp-contract=off{threads}"

open_solution -reset solution -flow_target vivado
set_part {{{part}}}
create_clock -period {clock} -name default
{state}
# The data of the C simulation is written by `allo-studio simulate`; without it there is nothing to compare.
if {{[file isdirectory $data]}} {{
    csim_design -argv $data{linked}
}}
csynth_design
if {{[info exists ::env(ALLO_COSIM)] && [file isdirectory $data]}} {{
    cosim_design -argv $data{linked}
}}
if {{[info exists ::env(ALLO_EXPORT)]}} {{
    export_design -format ip_catalog
}}
exit
"""


_STATE = """\
# What lies in streams at reset is there again after every reset, not only the first.
config_rtl -reset state
"""


def run_script(
    top: str,
    function: str,
    project: str,
    part: str,
    clock_ns: float,
    loops: bool = False,
    outside: Compilation | None = None,
) -> str:
    """Return `run_hls.tcl` for the files named after `top`; `clock_ns` is the period in nanoseconds.

    `loops` tells that processes take each other's tokens, so that simulations run them in threads. `outside` are the
    files of external blocks.
    """
    known = outside or Compilation()
    folders = "".join(f" -I{folder}" for folder in known.include)
    more = {"threads": " -DHLS_STREAM_THREAD_SAFE", "linked": ' -ldflags "-pthread"', "state": _STATE}
    more = more if loops else dict.fromkeys(more, "")
    external = "".join(
        f'add_files {source} -cflags "-std=c++17 -ffp-contract=off{more["threads"]}{folders}"\n'
        for source in known.sources
    )
    safe_part = re.sub(r"[^\w.-]", "_", part)
    safe_project = re.sub(r"\W", "_", project, flags=re.ASCII) or "design"
    more |= {"external": external}
    return _SCRIPT.format(
        top=top, function=function, project=safe_project, part=safe_part, clock=f"{clock_ns:g}", **more
    )
