"""C simulation: compile the generated HLS C++ with an ordinary compiler, run it, compare every element."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allo_studio.backends.vitis import Compilation
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.simulate.child import Finished, run_child
from allo_studio.simulate.compare import Mismatch, compare
from allo_studio.simulate.elements import decode, encode, encoded_size
from allo_studio.simulate.toolchain import build_executable
from allo_studio.types import ArrayType

__all__ = ["CSimDeadlock", "CSimResult", "run"]

_COMPILE_TIMEOUT_S = 300.0
# The testbench ends with 1 where its own comparison fails; ours decides.
_ENDED_WELL = (0, 1)
_DEADLOCK_STATUS = 70
# What the program says of faults that leave the values right: tokens that nobody read, packets that end wrongly.
_FAULT = re.compile(r"csim: (?:leftover|packet): (.*)")
_DEADLOCK = "csim: deadlock: "
_WAIT = re.compile(r"csim: deadlock: (.+) waits for (?:(a token|room) in|(the end of)) (.+)")


class CSimDeadlock(AlloError):
    """No process can go on. `waits` are (process, what it waits for, in which channel or of which process)."""

    def __init__(self, waits: Sequence[tuple[str, str, str]], fault: Diagnostic) -> None:
        super().__init__(fault)
        self.waits = tuple(waits)


@dataclass(frozen=True)
class CSimResult:
    """The outcome: counts of elements, the largest absolute error, outputs by port, the program's log, wall time.

    `faults` are defects that leave the values right, such as tokens left in a stream. `passed` wants neither.
    """

    compared: int
    mismatches: int
    max_error: float
    first_mismatch: Mismatch | None
    outputs: Mapping[str, NDArray[Any]]
    log: str
    seconds: float
    faults: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every element is right and no process left or missed a token."""
        return self.compared > 0 and self.mismatches == 0 and not self.faults


def run(
    files_dir: Path,
    top: str,
    inputs: Mapping[str, NDArray[Any]],
    expected: Mapping[str, NDArray[Any]],
    *,
    types: Mapping[str, ArrayType] | None = None,
    tolerance: float = 0.0,
    cancel: Callable[[], bool] | None = None,
    timeout_s: float = 600.0,
    outside: Compilation | None = None,
) -> CSimResult:
    """Simulate the files that `backends.vitis.emit` made for `top`, written in `files_dir`.

    `inputs` and `expected` have one array a port, of the port's type and shape (rank 0 for a scalar). `types` are those
    of the ports; a port that it leaves out has the type that its array tells. `tolerance` is as in `compare`.
    `outside` are the files of external blocks.
    Everything made lies in `files_dir/csim`. Raises AlloError: code `tool` where there is no compiler, it fails, or the
    program takes over `timeout_s` seconds or crashes; CSimDeadlock where no process can go on, and code `csim`
    where a token that was read will never come.
    Raises SimulationCancelled where `cancel` says so.
    """
    began = time.monotonic()
    # The compiler runs in a folder of its own, so the files must be named from the root.
    files_dir = files_dir.resolve()
    folder = files_dir / "csim"
    kinds = types or {}
    data = _write_data(folder, inputs, expected, kinds)
    sources = [files_dir / f"{top}.cpp", files_dir / f"{top}_tb.cpp"]
    headers = [files_dir / f"{top}.h"]
    known = outside or Compilation()
    sources += [files_dir / name for name in known.sources]
    headers += [files_dir / name for name in known.files]
    include = [files_dir / name for name in known.include]
    _require(*sources, *headers)
    program = build_executable(
        sources,
        headers,
        folder,
        timeout_s=_COMPILE_TIMEOUT_S,
        cancel=cancel,
        include=include,
        external=bool(known.sources),
    )
    done = run_child([str(program), str(data)], folder, timeout_s=timeout_s, cancel=cancel)
    (folder / "csim.log").write_text(done.log, encoding="utf-8")
    _require_good_end(done)
    outputs = {name: _read_output(data / f"{name}.out.bin", want, kinds.get(name)) for name, want in expected.items()}
    verdict = compare(outputs, expected, tolerance)
    faults = tuple(found[1] for line in done.log.splitlines() if (found := _FAULT.fullmatch(line)))
    return CSimResult(
        verdict.compared,
        verdict.mismatches,
        verdict.max_error,
        verdict.first_mismatch,
        outputs,
        done.log,
        time.monotonic() - began,
        faults,
    )


_Arrays = Mapping[str, NDArray[Any]]


def _write_data(folder: Path, inputs: _Arrays, expected: _Arrays, types: Mapping[str, ArrayType]) -> Path:
    data = folder / "data"
    try:
        data.mkdir(parents=True, exist_ok=True)
        # An output of an earlier run must never be taken for this run's.
        for old in data.glob("*.bin"):
            old.unlink()
        for name, array in inputs.items():
            _write_array(data / f"{name}.bin", array, types.get(name))
        for name, array in expected.items():
            _write_array(data / f"{name}.golden.bin", array, types.get(name))
    except OSError as error:
        message = f"the simulation's data could not be written to {data}: {os.strerror(error.errno or 0)}"
        raise AlloError(Diagnostic("file", message, hint="choose a folder with space that can be written")) from error
    return data.resolve()


def _write_array(path: Path, array: NDArray[Any], kind: ArrayType | None) -> None:
    if kind is not None:
        path.write_bytes(encode(array, kind))
        return
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    path.write_bytes(little.tobytes())


def _read_output(path: Path, want: NDArray[Any], kind: ArrayType | None) -> NDArray[Any]:
    content = path.read_bytes() if path.exists() else b""
    size = want.nbytes if kind is None else encoded_size(kind)
    if len(content) != size:
        message = f"the simulation wrote {len(content)} bytes for {path.name.split('.')[0]}, not {size}"
        raise AlloError(Diagnostic("tool", message))
    if kind is not None:
        return decode(content, kind, want.shape)
    return np.frombuffer(content, want.dtype.newbyteorder("<")).astype(want.dtype).reshape(want.shape)


def _require(*files: Path) -> None:
    missing = [file for file in files if not file.is_file()]
    if missing:
        raise AlloError(
            [Diagnostic("file", f"{file} does not exist", hint="build the project first") for file in missing]
        )


def _require_good_end(done: Finished) -> None:
    if done.status in _ENDED_WELL:
        return
    waits = [
        (found[1], found[2] or found[3], found[4]) for line in done.log.splitlines() if (found := _WAIT.fullmatch(line))
    ]
    if done.status == _DEADLOCK_STATUS and waits:
        told = "; ".join(" ".join((process, "waits for", *what)) for process, *what in waits)
        raise CSimDeadlock(waits, Diagnostic("deadlock", f"the design deadlocks in C simulation: {told}"))
    said = [line.removeprefix(_DEADLOCK) for line in done.log.splitlines() if line.startswith(_DEADLOCK)]
    if done.status == _DEADLOCK_STATUS and said:
        hint = "a consumer takes more tokens than its producer makes, or the processes are out of order"
        raise AlloError(Diagnostic("csim", f"the C simulation cannot go on: {said[0]}", hint=hint))
    tail = "\n".join(done.log.splitlines()[-5:])
    how = f"was ended by signal {-done.status}" if done.status < 0 else f"ended with status {done.status}"
    raise AlloError(Diagnostic("tool", f"the C simulation {how}" + (f":\n{tail}" if tail else "")))
