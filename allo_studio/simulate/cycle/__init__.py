"""Simulation of circuits cycle by cycle."""

from allo_studio.simulate.cycle.model import Model
from allo_studio.simulate.cycle.vcd import write_vcd

__all__ = ["Model", "write_vcd"]
