"""Open the studio on a project, or build and draw that project where there is no screen (`make run`).

python tools/open_studio.py projects/gemm_cascade build/gemm_cascade
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def has_screen() -> bool:
    """Tell whether a window can be shown; only Linux says so in its environment."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def studio(*arguments: str) -> int:
    """Run a command of Allo Studio; returns its exit status."""
    return subprocess.run([sys.executable, "-m", "allo_studio", *arguments], check=False).returncode


def build_and_draw(project: str, out: str) -> int:
    """Build the project, print its report, draw its graph, and say where everything is; returns an exit status."""
    print(f"No screen (DISPLAY and WAYLAND_DISPLAY are not set): building {project} instead.\n", flush=True)
    status = studio("build", project, "--out", out)
    if status:
        return status
    drawings = [str(Path(out) / name) for name in ("graph.svg", "graph.png")]
    drawn = [path for path in drawings if not studio("render", project, "--report", out, "--out", path)]
    print("\nThe graph: " + (", ".join(drawn) or "not drawn"))
    print(f"The generated files: {out}")
    # Without the libraries of Qt there is no PNG; the build and the SVG are complete all the same.
    return 0 if drawings[0] in drawn else 3


def main(arguments: list[str]) -> int:
    """Run the command line; see the module's docstring."""
    if len(arguments) != 2:
        print("usage: open_studio.py PROJECT OUT", file=sys.stderr)
        return 2
    project, out = arguments
    if has_screen():
        return subprocess.run([sys.executable, "-m", "ui", project], check=False).returncode
    return build_and_draw(project, out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
