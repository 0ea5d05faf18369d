"""The Makefile of a build folder: the steps from the C++ to hardware, each as a command that a person could type."""

from __future__ import annotations

import shlex

from allo_studio.backends.vitis.script import Setup

__all__ = ["INCLUDE", "makefile"]

# The folder of the stand-ins for the vendor's headers.
INCLUDE = "include"
_HEAD = """\
# The steps from the C++ of {top} to hardware. `make help` says them.
{no_host}
CXX ?= g++
# The vendor's headers where its tools are set up, else stand-ins with which the C++ can be run but not synthesised.
ifdef XILINX_HLS
HEADERS ?= $(XILINX_HLS)/include
else
HEADERS ?= {include}
endif
# vitis_hls up to 2024.1, vitis-run from then on.
HLS ?= $(if $(shell command -v vitis_hls 2>/dev/null),vitis_hls -f,vitis-run --mode hls --tcl)
DATA ?= csim/data

.PHONY: help csim csynth cosim export clean{phony}

help:
	@echo "make csim     compile and run the testbench on $(DATA)"
	@echo "make csynth   synthesise with Vitis HLS"
	@echo "make cosim    also simulate the RTL and compare"
	@echo "make export   pack it as {packed}"
{help}	@echo "make clean    remove what these made"

csim: csim_tb
	./csim_tb $(DATA)

csim_tb: {files}
	$(CXX) -std=c++17 -O2 -ffp-contract=off -fno-builtin -Wno-unknown-pragmas -pthread{defines} \\
	-I$(HEADERS){folders} {sources} -o $@

csynth:
	$(HLS) run_hls.tcl

cosim:
	ALLO_COSIM=1 $(HLS) run_hls.tcl

export:
	ALLO_EXPORT=1 $(HLS) run_hls.tcl

clean:
	rm -rf csim_tb {folder} _x .Xil{made}
"""
_KERNEL_HELP = """\
	@echo "make xclbin PLATFORM=...  link the kernel for a platform (TARGET=hw, hw_emu)"
	@echo "make host     compile the host program with XRT"
	@echo "make run      run the host program on the device"
"""
_LINK_HELP = """\
	@echo "make xclbin PLATFORM=...  link the kernel for a platform (TARGET=hw, hw_emu)"
"""
_LINK = """
TARGET ?= hw

xclbin: {top}.xclbin

{top}.xo: {prerequisites} run_hls.tcl
	ALLO_EXPORT=1 $(HLS) run_hls.tcl

{top}.xclbin: {top}.xo
	@test -n "$(PLATFORM)" || {{ echo "give PLATFORM, such as xilinx_u280_gen3x16_xdma_1_202211_1"; exit 2; }}
	v++ --link --target $(TARGET) --platform $(PLATFORM) -o $@ $<
"""
_HOST = """
host: host.cpp
	@test -n "$(XILINX_XRT)" || {{ echo "source the setup.sh of XRT first"; exit 2; }}
	$(CXX) -std=c++17 -O2 -Wall -I$(XILINX_XRT)/include host.cpp -L$(XILINX_XRT)/lib -lxrt_coreutil -pthread -o $@

run: host {top}.xclbin
	./host {top}.xclbin $(DATA)
"""


def makefile(setup: Setup, no_host: str) -> str:
    """Return the `Makefile`; `no_host` says why there are no host programs (empty where there are)."""
    sources = [f"{setup.top}.cpp", *setup.outside.sources, f"{setup.top}_tb.cpp"]
    kernel, hosted = setup.interface == "kernel", not no_host
    made = [f"{setup.top}.xo", f"{setup.top}.xclbin"] if kernel else []
    # The names of files of external blocks may have signs that make reads otherwise, so these are no prerequisites.
    own = f"{setup.top}.cpp {setup.top}.h"
    text = _HEAD.format(
        top=setup.top,
        no_host=f"# There is no host program: {no_host}.\n" if no_host else "",
        include=INCLUDE,
        phony=(" xclbin" if kernel else "") + (" run" if hosted else ""),
        packed=f"the kernel {setup.top}.xo" if kernel else "an IP for Vivado",
        help=_KERNEL_HELP if hosted else _LINK_HELP if kernel else "",
        files=f"{own} {setup.top}_tb.cpp",
        defines=" -DHLS_STREAM_THREAD_SAFE" if setup.loops else "",
        folders="".join(f" -I{_quoted(folder)}" for folder in setup.outside.include),
        sources=" ".join(map(_quoted, sources)),
        folder=setup.folder,
        made="".join(f" {name}" for name in (*made, *(["host"] if hosted else []))),
    )
    if kernel:
        text += _LINK.format(top=setup.top, prerequisites=own)
    return text + (_HOST.format(top=setup.top) if hosted else "")


def _quoted(path: str) -> str:
    """Return a path as a word of a recipe."""
    return shlex.quote(path).replace("$", "$$")
