"""The C++ compiler of this machine, and executables kept by the content that they were made from."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.simulate.child import run_child

__all__ = ["FLAGS", "build_executable", "find_compiler", "include_dirs", "library_headers"]

# What Vitis HLS 2022.1 takes unless told otherwise; external C++ may be newer.
_STANDARD, _EXTERNAL_STANDARD = "-std=c++14", "-std=c++17"
# -ffp-contract=off: a fused multiply-add rounds once where the hardware and the reference round twice.
# -fno-builtin: the compiler computes no mathematical function itself, so that all engines call the C library's.
FLAGS = (
    *("-O2", "-ffp-contract=off", "-fno-builtin"),
    *("-Wall", "-Wextra", "-Wno-unknown-pragmas", "-Wno-unused-label", "-pthread"),
    # The vendor's integer types are first cut to their width before they have a value.
    *("-Wno-uninitialized", "-Wno-maybe-uninitialized", "-Wno-unknown-warning-option"),
)
_COMPILERS = ("g++", "c++", "clang++")
_SHOWN_ERRORS = 5


def include_dirs() -> tuple[Path, ...]:
    """Return the folders of headers: our stand-ins, such as `hls_stream.h`, before the vendor's own `ap_int.h`.

    The vendor's, which are open, come with the package hls4ml; none of its code is run.
    """
    found = importlib.util.find_spec("hls4ml")
    places = list(found.submodule_search_locations or ()) if found else []
    return Path(__file__).resolve().parent / "include", *(Path(p, "templates", "vivado", "ap_types") for p in places)


def library_headers() -> dict[str, Path]:
    """Return the headers of these folders by what a program includes them as."""
    found: dict[str, Path] = {}
    for folder in include_dirs():
        for file in sorted(folder.rglob("*.h")):
            found.setdefault(file.relative_to(folder).as_posix(), file)
    return found


def find_compiler() -> tuple[str, ...]:
    """Return the command of a C++ compiler: `$CXX` where set, else the first of g++, c++, clang++.

    Where the machine has none, it is clang as the package ziglang has it. Raises AlloError (code `tool`) where there is
    neither.
    """
    asked = shlex.split(os.environ.get("CXX", ""))
    for command in [asked] if asked else [[name] for name in _COMPILERS]:
        found = shutil.which(command[0])
        if found:
            return (found, *command[1:])
    if not asked and importlib.util.find_spec("ziglang"):
        return sys.executable, "-m", "ziglang", "c++"
    wanted = f"{asked[0]} (named by CXX)" if asked else ", ".join((*_COMPILERS, "the Python package ziglang"))
    message = f"no C++ compiler was found; looked for {wanted}"
    hint = "apt install g++, or pip install ziglang, or build with --no-simulate"
    raise AlloError(Diagnostic("tool", message, hint=hint))


def build_executable(
    sources: Sequence[Path],
    headers: Sequence[Path],
    folder: Path,
    *,
    timeout_s: float,
    cancel: Callable[[], bool] | None,
    include: Sequence[Path] = (),
    external: bool = False,
) -> Path:
    """Compile `sources` into an executable in `folder` and return its path; one made of the same content is reused.

    `headers` are other files that they need, `include` folders to look for headers in. `external` tells that
    some are not generated.

    Raises AlloError (code `tool`) with the first errors of the compiler where it fails.
    """
    compiler = find_compiler()
    flags = (_EXTERNAL_STANDARD if external else _STANDARD, *FLAGS)
    key = _content_key((*compiler, *flags), (*sources, *headers, *library_headers().values()))
    executable = folder / f"csim-{key}"
    if executable.exists():
        return executable
    unfinished = folder / f".{executable.name}.{os.getpid()}"
    command = [
        *compiler,
        *flags,
        f"-I{include_dirs()[0]}",
        *(word for folder in include_dirs()[1:] for word in ("-isystem", str(folder))),
        *(f"-I{i}" for i in include),
        *map(str, sources),
        "-o",
        str(unfinished),
    ]
    try:
        done = run_child(command, folder, timeout_s=timeout_s, cancel=cancel)
        if done.status != 0:
            raise AlloError(_compiler_fault(compiler[0], done.log))
        os.replace(unfinished, executable)
    finally:
        unfinished.unlink(missing_ok=True)
    _forget_others(folder, executable)
    return executable


def _content_key(command: Sequence[str], files: Sequence[Path]) -> str:
    digest = hashlib.sha256(repr(tuple(command)).encode())
    for file in files:
        digest.update(f"\0{file.name}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _forget_others(folder: Path, kept: Path) -> None:
    for old in folder.glob("csim-*"):
        if old != kept:
            old.unlink(missing_ok=True)


def _compiler_fault(compiler: str, log: str) -> Diagnostic:
    errors = [line for line in log.splitlines() if "error" in line] or log.splitlines()
    shown = "\n".join(errors[:_SHOWN_ERRORS]) or "it printed nothing"
    return Diagnostic("tool", f"{Path(compiler).name} could not compile the generated C++:\n{shown}")
