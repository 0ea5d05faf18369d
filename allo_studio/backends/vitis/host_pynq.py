"""The host program for PYNQ: Python that runs the kernel on the data of the simulation and compares every element."""

from __future__ import annotations

from collections.abc import Sequence

from allo_studio.backends.vitis.host_ports import HostPort
from allo_studio.backends.vitis.script import Setup

__all__ = ["pynq_host"]

_TEXT = '''\
"""Runs the kernel @FUNCTION@ by PYNQ on the data of the simulation, and compares every element of every output.

    python3 host_pynq.py @TOP@.xclbin [FOLDER]

FOLDER (csim/data where it is not given) has `NAME.bin` of each input and `NAME.golden.bin` of each output, as
`allo-studio build` writes them. The status is 0 where all are right, 1 where some differ, 2 where it could not run.
"""

import sys
from pathlib import Path

import numpy as np
import pynq

# In the order of the kernel's arguments: name, whether it is an output, whether it is passed by value, elements, bits
# of one, whether it is a signed integer, and its kind.
PORTS = [
@PORTS@]
# A floating-point element may be off by this much times the largest magnitude expected on its port (at least 1).
TOLERANCE = @TOLERANCE@


def word_bytes(bits):
    """Return the bytes of an element in a buffer: the least power of two that holds it."""
    size = 1
    while 8 * size < bits:
        size *= 2
    return size


def read_elements(path, count, bits, signed):
    """Return the elements of a file as rows of bytes as they lie in a buffer, a signed one with its sign carried on."""
    width = (bits + 7) // 8
    content = np.fromfile(path, np.uint8)
    if content.size != count * width:
        raise ValueError(f"{path} has {content.size} bytes, not {count * width}")
    found = np.zeros((count, word_bytes(bits)), np.uint8)
    found[:, :width] = content.reshape(count, width)
    if signed:
        top = bits - 1
        negative = (found[:, top // 8] >> (top % 8) & 1).astype(bool)
        found[negative, top // 8] |= np.uint8(0xFF << (top % 8) & 0xFF)
        found[negative, top // 8 + 1 :] = 0xFF
    return found


def values(rows, kind):
    """Return floating-point elements as doubles."""
    flat = np.ascontiguousarray(rows).reshape(-1)
    if kind == "bfloat16":
        return (flat.view("<u2").astype("<u4") << np.uint32(16)).view("<f4").astype(float)
    return flat.view({"half": "<f2", "single": "<f4", "double": "<f8"}[kind]).astype(float)


def scalar(rows, signed, kind):
    """Return an element that is passed by value."""
    if kind in ("single", "double"):
        return float(values(rows, kind)[0])
    return int.from_bytes(rows[0].tobytes(), "little", signed=signed)


def differing(got, want, kind):
    """Return the places of the elements that differ."""
    if kind == "integer":
        return np.flatnonzero((got != want).any(axis=1))
    one, two = values(got, kind), values(want, kind)
    sizes = np.abs(two[np.isfinite(two)])
    allowed = TOLERANCE * max([1.0, *sizes.max(initial=1.0, keepdims=True)])
    with np.errstate(invalid="ignore"):
        right = (one == two) | (np.isnan(one) & np.isnan(two)) | (np.abs(one - two) <= allowed)
    return np.flatnonzero(~right)


def shown(row, kind):
    """Return an element as text."""
    return f"{values(row, kind)[0]:.9g}" if kind != "integer" else "0x" + row.tobytes()[::-1].hex()


def run(xclbin, folder):
    """Run the kernel once; returns the status."""
    # All files are read first: a device is not touched for data that is not there.
    data = [
        read_elements(folder / (name + (".golden.bin" if output else ".bin")), count, bits, signed)
        for name, output, by_value, count, bits, signed, kind in PORTS
    ]
    overlay = pynq.Overlay(str(xclbin))
    kernel = getattr(overlay, "@FUNCTION@_1")
    passed, outputs = [], []
    for port, rows in zip(PORTS, data):
        name, output, by_value, count, bits, signed, kind = port
        if by_value:
            passed.append(scalar(rows, signed, kind))
            continue
        buffer = pynq.allocate(rows.size, np.uint8)
        # What a kernel does not write of an output is 0, as it is in the data.
        buffer[:] = 0 if output else rows.reshape(-1)
        buffer.sync_to_device()
        passed.append(buffer)
        if output:
            outputs.append((port, buffer, rows))
    kernel.call(*passed)
    compared = mismatches = 0
    for (name, output, by_value, count, bits, signed, kind), buffer, want in outputs:
        buffer.sync_from_device()
        got = np.array(buffer, np.uint8).reshape(want.shape)
        wrong = differing(got, want, kind)
        for place in wrong[:10]:
            print(f"{name} element {place} is {shown(got[place], kind)} and should be {shown(want[place], kind)}")
        compared, mismatches = compared + count, mismatches + wrong.size
    print(f"{'FAIL' if mismatches else 'PASS'}: {compared} elements compared, {mismatches} differ")
    return 1 if mismatches else 0


def main(words):
    """Run with the words of the command line; returns the status."""
    if len(words) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return run(Path(words[0]), Path(words[1] if len(words) > 1 else "csim/data"))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
'''


def pynq_host(setup: Setup, ports: Sequence[HostPort], tolerance: float) -> str:
    """Return `host_pynq.py`; `tolerance` is the testbench's."""
    rows = "".join(f"    {_row(port)},\n" for port in ports)
    parts = {"PORTS": rows, "TOLERANCE": repr(float(tolerance)), "FUNCTION": setup.function, "TOP": setup.top}
    text = _TEXT
    for name, value in parts.items():
        text = text.replace(f"@{name}@", value)
    return text


def _row(port: HostPort) -> str:
    values = (port.output, port.scalar, port.count, port.bits, port.signed)
    return f'("{port.name}", {", ".join(map(str, values))}, "{port.kind}")'
