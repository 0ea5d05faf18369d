"""Simulation: the numpy reference of a design, and the C simulation of its generated HLS C++."""

from allo_studio.simulate.child import SimulationCancelled
from allo_studio.simulate.compare import Comparison, Mismatch, compare
from allo_studio.simulate.csim import CSimResult, run
from allo_studio.simulate.data import random_inputs
from allo_studio.simulate.reference import evaluate, evaluate_kernel
from allo_studio.simulate.toolchain import find_compiler, include_dirs

__all__ = [
    "CSimResult",
    "Comparison",
    "Mismatch",
    "SimulationCancelled",
    "compare",
    "evaluate",
    "evaluate_kernel",
    "find_compiler",
    "include_dirs",
    "random_inputs",
    "run",
]
