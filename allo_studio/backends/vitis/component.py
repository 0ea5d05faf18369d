"""The component file that `v++ -c --mode hls` and `vitis-run --mode hls` read, which says what the Tcl script says.

Its keys are those of AMD's UG1702 (Vitis Reference Guide, HLS configuration file).
"""

from __future__ import annotations

from allo_studio.backends.vitis.script import Setup

__all__ = ["component_file"]

_CONFIG = """\
# {top} as a component of Vitis HLS 2023.2 or newer:
#
#     v++ -c --mode hls --config hls_config.cfg --work_dir {folder}
#     vitis-run --mode hls --csim --config hls_config.cfg --work_dir {folder}
#     vitis-run --mode hls --cosim --config hls_config.cfg --work_dir {folder}
#     vitis-run --mode hls --package --config hls_config.cfg --work_dir {folder}
part={part}

[hls]
flow_target={flow}
clock={clock}ns
syn.top={function}
{files}{state}{linked}# Simulations run four folders below this one; `allo-studio simulate` writes the data.
csim.argv=../../../../csim/data
cosim.argv=../../../../csim/data
package.output.format={format}
package.output.syn=false
"""
_STATE = """\
# What lies in streams at reset is there again after every reset, not only the first.
syn.rtl.reset=state
"""
_LINKED = """\
csim.ldflags=-pthread
cosim.ldflags=-pthread
"""


def component_file(setup: Setup) -> str:
    """Return `hls_config.cfg` for the files of a build folder."""
    bench = f"{setup.top}_tb.cpp"
    files = [f"syn.file={file}\nsyn.file_cflags={file},{flags}\n" for file, flags in setup.sources()]
    files.append(f"tb.file={bench}\ntb.file_cflags={bench},{setup.flags}\n")
    return _CONFIG.format(
        top=setup.top,
        folder=setup.folder,
        part=setup.safe_part,
        flow=setup.flow,
        clock=f"{setup.clock_ns:g}",
        function=setup.function,
        files="".join(files),
        state=_STATE if setup.loops else "",
        linked=_LINKED if setup.loops else "",
        format="xo" if setup.interface == "kernel" else "ip_catalog",
    )
