"""Programs of vendors, run on generated files: `find_hls` looks for one, `run_hls` runs it and says how it went."""

from allo_studio.tools.find import SETTING, HlsTool, find_hls
from allo_studio.tools.process import ToolCancelled
from allo_studio.tools.stages import Step
from allo_studio.tools.vitis import LOG_FILE, Synthesis, run_hls

__all__ = ["LOG_FILE", "SETTING", "HlsTool", "Step", "Synthesis", "ToolCancelled", "find_hls", "run_hls"]
