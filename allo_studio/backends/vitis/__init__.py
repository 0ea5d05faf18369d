"""HLS C++ for Vitis HLS: `emit` makes the files of a design, `write` puts them into a folder, `kernel_code` is the text
of one kernel, and `kernel_lines` that with what its lines stand for; `function_names`, `channel_names` and
`loop_labels` tell what its names stand for."""

from allo_studio.backends.vitis.code import kernel_code, kernel_lines
from allo_studio.backends.vitis.emit import (
    REASSOCIATION_TOLERANCE,
    FunctionName,
    Translation,
    emit,
    function_names,
    tolerance_of,
    translate,
)
from allo_studio.backends.vitis.external import Compilation, compilation
from allo_studio.backends.vitis.files import write
from allo_studio.backends.vitis.loops import loop_labels
from allo_studio.backends.vitis.makefile import INCLUDE
from allo_studio.backends.vitis.region import channel_names
from allo_studio.backends.vitis.script import project_folder

__all__ = [
    "INCLUDE",
    "REASSOCIATION_TOLERANCE",
    "Compilation",
    "FunctionName",
    "Translation",
    "channel_names",
    "compilation",
    "emit",
    "function_names",
    "kernel_code",
    "kernel_lines",
    "loop_labels",
    "project_folder",
    "tolerance_of",
    "translate",
    "write",
]
