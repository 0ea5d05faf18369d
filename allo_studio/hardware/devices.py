"""Devices as data: parts and their resources, from `resources/devices.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["RESOURCE_KINDS", "Device", "device_names", "find_device", "read_resource"]

RESOURCE_KINDS = ("DSP", "LUT", "FF", "BRAM_18K", "URAM")


@dataclass(frozen=True)
class Device:
    """A device: the part name for tools, its family, and how much of each resource kind it has."""

    name: str
    part: str
    family: str
    resources: Mapping[str, int]


@cache
def read_resource(path: str) -> Any:
    """Return the parsed YAML data file of that path under `resources/`. Treat it as read-only: it is shared."""
    return yaml.safe_load(files("resources").joinpath(path).read_text(encoding="utf-8"))


def device_names() -> tuple[str, ...]:
    """Return the names of all known devices, sorted."""
    return tuple(sorted(read_resource("devices.yaml")))


def find_device(name: str) -> Device:
    """Return the device of that name; raises AlloError naming those that are known."""
    table = read_resource("devices.yaml")
    if name not in table:
        known = ", ".join(device_names())
        raise AlloError(Diagnostic("target", f"unknown device {name!r}", where="target.device", hint=f"known: {known}"))
    entry = table[name]
    return Device(name, entry["part"], entry["family"], {k: entry["resources"].get(k, 0) for k in RESOURCE_KINDS})
