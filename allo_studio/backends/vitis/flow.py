"""The files around the C++ by which tools and people work with it: script, component file, Makefile, host programs."""

from __future__ import annotations

from collections.abc import Sequence

from allo_studio.backends.vitis.component import component_file
from allo_studio.backends.vitis.host_ports import HostPort
from allo_studio.backends.vitis.host_pynq import pynq_host
from allo_studio.backends.vitis.host_xrt import xrt_host
from allo_studio.backends.vitis.makefile import makefile
from allo_studio.backends.vitis.memories import Memory
from allo_studio.backends.vitis.script import Setup, run_script

__all__ = ["flow_files"]


def flow_files(setup: Setup, ports: Sequence[Memory], tolerance: float) -> dict[str, str]:
    """Return the files by name: `run_hls.tcl`, `hls_config.cfg`, `Makefile`, and the host programs of a kernel.

    `ports` are those of the design in the order of the top's parameters, `tolerance` what outputs are compared with.
    Only a kernel whose arrays all lie in memory has host programs, `host.cpp` and `host_pynq.py`.
    """
    files = {"run_hls.tcl": run_script(setup), "hls_config.cfg": component_file(setup)}
    reason = _no_host(setup, ports)
    if not reason:
        hosted = [HostPort.of(port) for port in ports]
        files["host.cpp"] = xrt_host(setup, hosted, tolerance)
        files["host_pynq.py"] = pynq_host(setup, hosted, tolerance)
    files["Makefile"] = makefile(setup, reason)
    return files


def _no_host(setup: Setup, ports: Sequence[Memory]) -> str:
    """Return why a host could not run it, empty where it can."""
    if setup.interface == "ip":
        return (
            "its ports are wires, which a host program cannot reach: choose `interface: kernel` for one that XRT and "
            "PYNQ can run"
        )
    if setup.interface == "stream":
        return "its arrays are AXI streams, which are fed by a DMA of the design that it is put into"
    streams = ", ".join(port.source for port in ports if port.stream_width)
    return f"other kernels feed and drain its streams ({streams}), which the link step joins" if streams else ""
