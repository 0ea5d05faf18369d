"""The C++ compiler of this machine, and executables kept by the content that they were made from."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.simulate.child import run_child

__all__ = ["FLAGS", "build_executable", "find_compiler", "include_dir"]

# What Vitis HLS 2022.1 takes unless told otherwise; external C++ may be newer.
_STANDARD, _EXTERNAL_STANDARD = "-std=c++14", "-std=c++17"
# -ffp-contract=off: a fused multiply-add rounds once where the hardware and the reference round twice.
# -fno-builtin: the compiler computes no mathematical function itself, so that all engines call the C library's.
FLAGS = (
    *("-O2", "-ffp-contract=off", "-fno-builtin"),
    *("-Wall", "-Wextra", "-Wno-unknown-pragmas", "-Wno-unused-label", "-pthread"),
)
_COMPILERS = ("g++", "c++", "clang++")
_SHOWN_ERRORS = 5


def include_dir() -> Path:
    """Return the folder of the stand-ins for `hls_stream.h` and `hls_vector.h`."""
    return Path(__file__).resolve().parent / "include"


def find_compiler() -> tuple[str, ...]:
    """Return the command of a C++ compiler: `$CXX` where set, else the first of g++, c++, clang++.

    Raises AlloError (code `tool`) where there is none.
    """
    asked = shlex.split(os.environ.get("CXX", ""))
    for command in [asked] if asked else [[name] for name in _COMPILERS]:
        found = shutil.which(command[0])
        if found:
            return (found, *command[1:])
    wanted = f"{asked[0]} (named by CXX)" if asked else ", ".join(_COMPILERS)
    message = f"no C++ compiler was found; looked for {wanted}"
    raise AlloError(Diagnostic("tool", message, hint="apt install g++, or build with --no-simulate"))


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
    key = _content_key((*compiler, *flags), (*sources, *headers, *sorted(include_dir().glob("*.h"))))
    executable = folder / f"csim-{key}"
    if executable.exists():
        return executable
    unfinished = folder / f".{executable.name}.{os.getpid()}"
    command = [
        *compiler,
        *flags,
        f"-I{include_dir()}",
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
