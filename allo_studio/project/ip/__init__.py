"""Descriptors of external IP: read, compared with the code that they describe, and made into blocks. Nothing is run."""

from allo_studio.project.ip.blocks import IpBlocks

__all__ = ["IpBlocks"]
