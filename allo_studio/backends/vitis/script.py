"""The Tcl script that runs Vitis HLS on the generated files, and what it and other files for tools are told."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from allo_studio.backends.vitis.external import Compilation
from allo_studio.design.model import Interface

__all__ = ["Setup", "project_folder", "run_script"]

_SCRIPT = """\
# Simulates and synthesises {top} with Vitis HLS 2022.1 or newer:
#
#     vitis_hls -f run_hls.tcl                    (up to 2024.1)
#     vitis-run --mode hls --tcl run_hls.tcl      (newer)
#
# With ALLO_COSIM=1 in the environment the RTL is simulated too, with ALLO_EXPORT=1 it is packed as {packed}.
set here [file dirname [file normalize [info script]]]
set data [file join $here csim data]
cd $here

open_project -reset {project}
set_top {function}
{files}add_files -tb {top}_tb.cpp -cflags "{flags}"

open_solution -reset solution -flow_target {flow}
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
    export_design -format {export}
}}
exit
"""


_STATE = """\
# What lies in streams at reset is there again after every reset, not only the first.
config_rtl -reset state
"""


@dataclass(frozen=True)
class Setup:
    """What tools are told of a build folder's files: they are named after `top`, `function` is the top in C++.

    `clock_ns` is the period in nanoseconds. `loops` tells that processes take each other's tokens, so that simulations
    run them in threads. `outside` are the files of external blocks. A `kernel` is linked by v++, the other interfaces
    are IPs for Vivado.
    """

    top: str
    function: str
    project: str
    part: str
    clock_ns: float
    loops: bool = False
    outside: Compilation = field(default_factory=Compilation)
    interface: Interface = "ip"

    @property
    def folder(self) -> str:
        """The folder in the build folder that Vitis HLS works in."""
        return project_folder(self.project)

    @property
    def flow(self) -> str:
        """What Vitis HLS calls the flow that the result is for."""
        return "vitis" if self.interface == "kernel" else "vivado"

    @property
    def safe_part(self) -> str:
        """The part number without what has a meaning in scripts."""
        return re.sub(r"[^\w.-]", "_", self.part)

    @property
    def flags(self) -> str:
        """The compiler's flags for generated files."""
        return "-std=c++17 -ffp-contract=off" + (" -DHLS_STREAM_THREAD_SAFE" if self.loops else "")

    def sources(self) -> list[tuple[str, str]]:
        """Return the files to synthesise, each with its flags."""
        folders = "".join(f" -I{folder}" for folder in self.outside.include)
        return [(f"{self.top}.cpp", self.flags), *((file, self.flags + folders) for file in self.outside.sources)]


def project_folder(project: str) -> str:
    """Return the folder in the build folder that Vitis HLS works in."""
    return (re.sub(r"\W", "_", project, flags=re.ASCII) or "design") + "_hls"


def run_script(setup: Setup) -> str:
    """Return `run_hls.tcl` for the files of a build folder."""
    kernel = setup.interface == "kernel"
    return _SCRIPT.format(
        top=setup.top,
        function=setup.function,
        project=setup.folder,
        files="".join(f'add_files {file} -cflags "{flags}"\n' for file, flags in setup.sources()),
        flags=setup.flags,
        flow=setup.flow,
        part=setup.safe_part,
        clock=f"{setup.clock_ns:g}",
        state=_STATE if setup.loops else "",
        linked=' -ldflags "-pthread"' if setup.loops else "",
        packed=f"the kernel {setup.top}.xo" if kernel else "an IP",
        export=f"xo -output [file join $here {setup.top}.xo]" if kernel else "ip_catalog",
    )
