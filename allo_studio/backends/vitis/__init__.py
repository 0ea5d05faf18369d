"""HLS C++ for Vitis HLS: `emit` makes the files of a design, `write` puts them into a folder, `kernel_code` is the text
of one kernel."""

from allo_studio.backends.vitis.code import kernel_code
from allo_studio.backends.vitis.emit import REASSOCIATION_TOLERANCE, emit, tolerance_of
from allo_studio.backends.vitis.external import Compilation, compilation
from allo_studio.backends.vitis.files import write

__all__ = ["REASSOCIATION_TOLERANCE", "Compilation", "compilation", "emit", "kernel_code", "tolerance_of", "write"]
