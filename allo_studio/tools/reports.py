"""The one place where the report of a vendor's tool is read after a run."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from allo_studio.diagnostics import Diagnostic

__all__ = ["report_fault"]

_LARGEST = 64 << 20


def report_fault(path: Path) -> Diagnostic | None:
    """Return what keeps a report from being read, None where it can be."""
    hint = "run the tool again; a report that was cut short is that of a run which was stopped"
    try:
        if path.stat().st_size > _LARGEST:
            return Diagnostic("tool", f"the report {path.name} of Vitis HLS is larger than 64 MB", hint=hint)
        ElementTree.fromstring(path.read_bytes())
    except OSError as error:
        return Diagnostic("tool", f"the report {path.name} of Vitis HLS cannot be read: {error.strerror}", hint=hint)
    except ElementTree.ParseError as error:
        return Diagnostic("tool", f"the report {path.name} of Vitis HLS is no whole XML: {error}", hint=hint)
    return None
