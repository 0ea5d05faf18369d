"""Finding Vitis HLS, which has had three commands.

`vitis_hls` runs Tcl and was left out after 2024.1; `vitis-run --mode hls` runs the same Tcl since then; `v++ -c --mode
hls` (from 2023.1) synthesises what a component file says. (AMD, UG1399 and UG1702.)
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["SETTING", "HlsTool", "find_hls"]

# The variable of the environment that names the program, where PATH does not or has several.
SETTING = "ALLO_VITIS"
OFF = "none"
Kind = Literal["vitis_hls", "vitis-run", "v++"]
# Those that run the whole script come first: v++ can neither simulate nor co-simulate.
_KINDS: tuple[Kind, ...] = get_args(Kind)
_SCRIPT, _CONFIG = "run_hls.tcl", "hls_config.cfg"


@dataclass(frozen=True)
class HlsTool:
    """A program that synthesises: which of the three it is, and where."""

    kind: Kind
    program: str

    @property
    def cosimulates(self) -> bool:
        """Whether it runs the script, which can co-simulate, and not the component file."""
        return self.kind != "v++"

    def command(self, work: str) -> tuple[str, ...]:
        """Return the command that runs it in a build folder; `work` is the folder that the files of v++ go to."""
        if self.kind == "vitis_hls":
            return (self.program, "-f", _SCRIPT)
        if self.kind == "vitis-run":
            return (self.program, "--mode", "hls", "--tcl", _SCRIPT)
        return (self.program, "-c", "--mode", "hls", "--config", _CONFIG, "--work_dir", work)

    def shown(self, work: str) -> str:
        """Return the command as a person types it."""
        return shlex.join((self.kind, *self.command(work)[1:]))


def find_hls(environment: Mapping[str, str] | None = None) -> HlsTool | None:
    """Return the program that `ALLO_VITIS` names, else the first of vitis_hls, vitis-run and v++ on PATH, else None.

    `ALLO_VITIS=none` stands for none, whatever there is. Raises AlloError (code `tool`) where it names no program of
    these, or one that is not there.
    """
    known = os.environ if environment is None else environment
    path = known.get("PATH", os.defpath)
    asked = known.get(SETTING, "").strip()
    if asked == OFF:
        return None
    if asked:
        return _named(asked, path)
    for kind in _KINDS:
        found = shutil.which(kind, path=path)
        if found:
            # The tool runs in another folder, and PATH may have relative ones.
            return HlsTool(kind, str(Path(found).absolute()))
    return None


def _named(asked: str, path: str) -> HlsTool:
    kind = next((kind for kind in _KINDS if Path(asked).name in (kind, f"{kind}.bat", f"{kind}.exe")), None)
    hint = f"let {SETTING} name one of {', '.join(_KINDS)}, set it to {OFF}, or unset it to look on PATH"
    if kind is None:
        raise AlloError(Diagnostic("tool", f"{SETTING} is {asked!r}, which is no command of Vitis HLS", hint=hint))
    found = shutil.which(asked, path=path)
    if not found:
        raise AlloError(Diagnostic("tool", f"{SETTING} is {asked!r}, and there is no such program", hint=hint))
    return HlsTool(kind, str(Path(found).absolute()))
