"""Run the window's tests again and again, each time in a process of its own, and stop where Qt crashes (`make soak`).

    python tools/soak.py --runs 20 --python /usr/bin/python3.12

Each run's output is a file in `build/soak`. A run in which tests fail is told and does not end the soak: only one that
crashes or hangs does. Exit status: 0 all passed, 1 some tests failed, 2 a run crashed or hung.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ("tests/ui", "tests/nodes")
# What a process says that ended by a fault of its own: Python's words for it, and those of pytest for its workers.
CRASHED = ("Fatal Python error", "Segmentation fault", "Aborted", "crashed while running", "node down: Not properly")
# What pytest says by its exit status of a run that came to its end.
TOLD = {0: "passed", 1: "failed"}


@dataclass(frozen=True)
class Run:
    """How a run ended: `passed`, `failed`, `crashed` or `hung`; seconds; and the last line that pytest wrote."""

    verdict: str
    seconds: float
    summary: str


def verdict_of(status: int, output: str) -> str:
    """Tell how a run ended by its exit status (negative: minus a signal's number) and its output."""
    if status < 0 or any(words in output for words in CRASHED):
        return "crashed"
    return TOLD.get(status, "crashed")


def run_once(command: Sequence[str], log: Path, limit: float) -> Run:
    """Run a command with its output in a file; one that takes more than `limit` seconds is ended with its children."""
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    began = time.monotonic()
    with log.open("w", encoding="utf-8") as file:
        child = subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT, env=environment, start_new_session=True
        )
        try:
            status: int | None = child.wait(limit)
        except BaseException as error:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            status = None
    took = time.monotonic() - began
    output = log.read_text(encoding="utf-8", errors="replace")
    lines = output.strip().splitlines()
    verdict = "hung" if status is None else verdict_of(status, output)
    return Run(verdict, took, lines[-1] if lines else "")


def soak(command: Sequence[str], runs: int, folder: Path, limit: float) -> list[Run]:
    """Run a command so many times, or until it crashes or hangs, and tell each run."""
    folder.mkdir(parents=True, exist_ok=True)
    done: list[Run] = []
    print(f"{'run':>4}  {'ended':<8} {'seconds':>8}  told", flush=True)
    for number in range(1, runs + 1):
        found = run_once(command, folder / f"run-{number}.log", limit)
        done.append(found)
        print(f"{number:>4}  {found.verdict:<8} {found.seconds:>8.1f}  {found.summary}", flush=True)
        if found.verdict in ("crashed", "hung"):
            print(f"its output: {folder / f'run-{number}.log'}", flush=True)
            break
    return done


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Run the window's tests again and again.")
    parser.add_argument("tests", nargs="*", default=list(TESTS), help="what pytest runs")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument(
        "--python", default=sys.executable, help="the Python of an environment with the tests' packages"
    )
    parser.add_argument("--workers", type=int, default=0, help="processes that pytest shares the tests out to")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds after which a run is taken to hang")
    parser.add_argument("--logs", type=Path, default=ROOT / "build" / "soak")
    args = parser.parse_args(argv)
    command = [args.python, "-X", "faulthandler", "-m", "pytest", "-p", "no:cacheprovider", *args.tests]
    command += ["-n", str(args.workers)] if args.workers else []
    done = soak(command, args.runs, args.logs, args.limit)
    counts = {
        verdict: sum(run.verdict == verdict for run in done) for verdict in ("passed", "failed", "crashed", "hung")
    }
    print(f"{len(done)} runs: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count))
    return 2 if counts["crashed"] or counts["hung"] else 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
