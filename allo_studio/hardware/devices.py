"""Devices as data: parts and their resources, from `resources/devices.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.figures import data_error

__all__ = ["RESOURCE_KINDS", "Device", "device_names", "find_device", "read_devices", "read_resource"]

RESOURCE_KINDS = ("DSP", "LUT", "FF", "BRAM_18K", "URAM")


@dataclass(frozen=True)
class Device:
    """A device: the part name for tools, its family, and how much of each resource kind it has (0 where none)."""

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
    return tuple(sorted(_devices()))


def find_device(name: str) -> Device:
    """Return the device of that name; raises AlloError naming those that are known."""
    if name not in _devices():
        known = ", ".join(device_names())
        raise AlloError(Diagnostic("target", f"unknown device {name!r}", where="target.device", hint=f"known: {known}"))
    return _devices()[name]


@cache
def _devices() -> Mapping[str, Device]:
    return read_devices(read_resource("devices.yaml"), "devices.yaml")


def read_devices(data: Any, where: str) -> Mapping[str, Device]:
    """Return the devices by name that a parsed data file says; raises AlloError where it is malformed."""
    if not isinstance(data, Mapping) or not data:
        raise data_error(where, "expected a table of devices")
    return {name: _device(name, entry, f"{where}: {name}") for name, entry in data.items()}


def _device(name: str, entry: Any, where: str) -> Device:
    if not isinstance(entry, Mapping) or set(entry) != {"part", "family", "resources"}:
        raise data_error(where, "a device has a part, a family and resources, and no more")
    for key in ("part", "family"):
        if not isinstance(entry[key], str):
            raise data_error(f"{where}.{key}", f"expected a name, found {entry[key]!r}")
    found = entry["resources"]
    if not isinstance(found, Mapping) or not found:
        raise data_error(where, "resources are a table of counts by kind")
    for kind, count in found.items():
        if kind not in RESOURCE_KINDS:
            raise data_error(where, f"unknown kind of resource {kind!r}; known are {', '.join(RESOURCE_KINDS)}")
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise data_error(f"{where}.{kind}", f"expected a whole number, found {count!r}")
    return Device(name, entry["part"], entry["family"], {kind: found.get(kind, 0) for kind in RESOURCE_KINDS})
