"""Allo Studio: compose spatial accelerators from kernels, check every edge, and build hardware."""

__version__ = "0.1.0"
