"""Make or refresh a Python environment for Allo Studio; standard library only, run by the Makefile.

    python3.12 tools/setup_env.py .venv --extras studio,test --system qt compiler

The environment is made by the Python that runs this file. A stamp in it says for what it was made, so that a second
run that wants nothing new ends at once. Exit status: 0 ready, 1 it could not be made (with a message that says why).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
STAMP = "allo-studio.json"
# What Qt loads at run time with and without a screen, the compiler that C simulation uses, and what tests ask.
SYSTEM_PACKAGES = {
    "compiler": ("g++",),
    # Second opinions on the Verilog: the tests do without, but then some of them have nothing to ask.
    "simulators": ("iverilog", "verilator", "yosys"),
    # A screen with a window manager, for the test that makes a whole journey with the mouse and keys of a screen.
    "screen": ("openbox", "xdotool", "xvfb"),
    "qt": (
        "fonts-dejavu-core",
        "libbrotli1",
        "libdbus-1-3",
        "libegl1",
        "libfontconfig1",
        "libgl1",
        "libglib2.0-0",
        "libxcb-cursor0",
        "libxcb-icccm4",
        "libxcb-keysyms1",
        "libxcb-shape0",
        "libxcb-xkb1",
        "libxkbcommon-x11-0",
        "libxkbcommon0",
    ),
}


class SetupError(Exception):
    """The environment cannot be made; the message says what to do."""


def main() -> int:
    """Run the command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Make or refresh a Python environment for Allo Studio.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--extras", default="", help="extras of pyproject.toml, joined by commas")
    parser.add_argument("--system", nargs="*", default=[], choices=sorted(SYSTEM_PACKAGES), help="system packages too")
    args = parser.parse_args()
    try:
        check_version()
        see_to_system_packages(args.system)
        see_to_environment(args.folder.absolute(), frozenset(filter(None, args.extras.split(","))))
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def check_version() -> None:
    """Refuse a Python that the pinned packages are not made for."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        found = ".".join(map(str, sys.version_info[:3]))
        raise SetupError(f"Python {found} does not do; name one of 3.11 to 3.13, like: make run PYTHON=python3.12")


def see_to_system_packages(groups: list[str]) -> None:
    """Install what is missing as root on Debian or Ubuntu; elsewhere there say what is missing and go on."""
    if not groups or not sys.platform.startswith("linux") or not shutil.which("dpkg-query"):
        return
    missing = missing_packages(groups, installed_packages())
    if not missing:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        install_packages(missing)
        return
    print(
        "setup: some system packages are missing; the window, its tests or C simulation may fail without them:\n"
        f"  sudo apt-get install {' '.join(missing)}",
        file=sys.stderr,
    )


def installed_packages() -> set[str]:
    """Return the names of the installed Debian packages."""
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n"]
    found = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    return {name for state, _, name in (line.partition(" ") for line in found.splitlines()) if state == "installed"}


def missing_packages(groups: list[str], installed: set[str]) -> list[str]:
    """Return the needed packages that are not installed; some have the suffix t64 where time is 64 bits wide."""
    needed = sorted(name for group in groups for name in SYSTEM_PACKAGES[group])
    return [name for name in needed if not {name, f"{name}t64"} & installed]


def install_packages(names: list[str]) -> None:
    """Install Debian packages; raises SetupError with what apt-get said."""
    print(f"setup: installing system packages: {' '.join(names)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *names]
    for command in (["apt-get", "update", "-qq"], install):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        # Lists that cannot be refreshed may still do, so only the install decides.
        if done.returncode and command is install:
            raise SetupError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def see_to_environment(folder: Path, extras: frozenset[str]) -> None:
    """Bring the environment up to date: nothing, an install, or a new one where another Python made it."""
    stamp = read_stamp(folder)
    if stamp.get("python") != python_key() or not executable(folder).exists():
        make_environment(folder)
        stamp = {}
    same = stamp.get("project") == project_key()
    have = frozenset(stamp.get("extras", ())) if same else frozenset()
    if same and extras <= have:
        return
    wanted = extras | frozenset(stamp.get("extras", ()))
    (folder / STAMP).unlink(missing_ok=True)
    install_project(folder, sorted(wanted))
    write_stamp(folder, {"python": python_key(), "project": project_key(), "extras": sorted(wanted)})


def make_environment(folder: Path) -> None:
    """Make an empty environment in place of what is there; raises SetupError."""
    if not importlib.util.find_spec("ensurepip") or not importlib.util.find_spec("venv"):
        see_to_venv_module()
    print(f"setup: making {folder.name} with Python {'.'.join(map(str, sys.version_info[:3]))}", flush=True)
    if folder.exists() and not (folder / "pyvenv.cfg").exists() and any(folder.iterdir()):
        raise SetupError(f"{folder} is no environment; it is left as it is")
    command = [sys.executable, "-m", "venv", "--clear", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def see_to_venv_module() -> None:
    """Install Debian's separate package for environments as root; else raise SetupError that names it."""
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        install_packages([package])
        return
    raise SetupError(f"this Python cannot make environments; on Debian or Ubuntu: sudo apt-get install {package}")


def install_project(folder: Path, extras: list[str]) -> None:
    """Install the checkout, editable, with its extras; raises SetupError with what pip said."""
    target = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    print(f"setup: installing Allo Studio with {', '.join(extras) or 'no extras'} (a few minutes at first)", flush=True)
    pip = [str(executable(folder)), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    command = [*pip, "install", "--quiet", "--use-pep517", "--editable", target]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise SetupError(f"{' '.join(command)} failed:\n{done.stdout}")


def executable(folder: Path) -> Path:
    """Return the environment's Python."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def python_key() -> str:
    """Return what tells one Python and one place of the checkout from another."""
    return f"{sys.version} {os.path.realpath(sys.base_prefix)} {ROOT}"


def project_key() -> str:
    """Return a hash of what decides the packages to install."""
    files = (ROOT / "pyproject.toml", Path(__file__))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def read_stamp(folder: Path) -> dict[str, object]:
    """Return what the environment was made for, empty where it is not known."""
    try:
        found = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_stamp(folder: Path, stamp: dict[str, object]) -> None:
    """Write the stamp last of all, so that an interrupted run is never taken for a finished one."""
    (folder / STAMP).write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
