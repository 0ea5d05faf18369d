"""The way in for scripts: customize a kernel, schedule it, compose, verify, build."""

from allo_studio.api.entry import KernelError, customize
from allo_studio.api.equality import verify
from allo_studio.api.names import Block, Complete, Cyclic, Partition
from allo_studio.api.schedule import Schedule

__all__ = ["Block", "Complete", "Cyclic", "KernelError", "Partition", "Schedule", "customize", "verify"]
