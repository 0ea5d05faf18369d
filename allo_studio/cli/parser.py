"""The words of the command line; a mistake in them is a diagnostic like any other."""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path
from typing import Any, NoReturn

from allo_studio import __version__
from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["COMMANDS", "parse_arguments"]

_EPILOG = "Exit status: 0 fine, 1 the design is at fault, 2 usage, 3 a tool failed, 130 interrupted."


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        # A word cut short would mean another thing when an option is added.
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        hint = " ".join(self.format_usage().split())
        raise AlloError(Diagnostic("usage", message, hint=f"{hint}; `{self.prog} --help` says more"))


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed words with `command` among them; raises AlloError (`usage`), SystemExit after help.

    Where the first word is no command it is the project to open.
    """
    if arguments and (arguments[0] in COMMANDS or arguments[0].startswith("-")):
        return _parser().parse_args(arguments)
    if len(arguments) > 1:
        raise _unknown_command(arguments[0])
    return _parser().parse_args(["open", *arguments])


def _unknown_command(word: str) -> AlloError:
    near = difflib.get_close_matches(word, COMMANDS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"the commands are {', '.join(COMMANDS)}"
    return AlloError(Diagnostic("usage", f"there is no command {word!r}", hint=hint))


def _parser() -> _Parser:
    parser = _Parser(
        prog="allo-studio",
        description="Compose spatial accelerators from kernels. With a project alone, open it in the window.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"Allo Studio {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (words, arrange) in _ARRANGE.items():
        command = commands.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.", epilog=_EPILOG)
        arrange(command)
    return parser


def _open(command: argparse.ArgumentParser) -> None:
    command.add_argument("project", nargs="?", type=Path, help="a project to open")


def _check(command: argparse.ArgumentParser) -> None:
    _project(command)
    _json(command)


def _build(command: argparse.ArgumentParser) -> None:
    _project(command)
    _target(command, ("hls", "rtl"))
    where = "where the files go (default: build/PROJECT, for rtl build/PROJECT-rtl)"
    command.add_argument("--out", type=Path, metavar="DIR", help=where)
    command.add_argument("--no-simulate", dest="simulate", action="store_false", help="do not run it on data")
    waves = "write the waveform of two invocations, with a save file for GTKWave, into waves (rtl only)"
    command.add_argument("--waves", action="store_true", help=waves)
    _vendor(command)
    _json(command)


def _simulate(command: argparse.ArgumentParser) -> None:
    _project(command)
    _target(command, ("hls", "rtl", "jit"))
    command.add_argument("--vcd", type=Path, metavar="FILE", help="write a waveform of the first invocation (rtl only)")
    _json(command)


def _schedule(command: argparse.ArgumentParser) -> None:
    _project(command)
    command.add_argument("--block", metavar="PATH", help="only this block, such as cascade/mm1 (default: all)")
    _json(command)


def _calibrate(command: argparse.ArgumentParser) -> None:
    _project(command)
    what = "reports of Vitis HLS or folders of them (default: those in build/PROJECT)"
    command.add_argument("--report", nargs="+", action="extend", type=Path, default=[], metavar="PATH", help=what)
    how = command.add_mutually_exclusive_group()
    how.add_argument("--dry-run", action="store_true", help="show what would be calibrated, and write nothing")
    how.add_argument("--forget", action="store_true", help="remove the calibration of the project")
    _json(command)


def _report(command: argparse.ArgumentParser) -> None:
    what = "a folder that `build` wrote, its report.json, a report of Vivado HLS, Vitis HLS or Vivado, or their folder"
    command.add_argument("path", type=Path, help=what)
    command.add_argument("--against", type=Path, metavar="BUILD", help="an earlier build: what is different from it")
    with_help = "a vendor's report, or a solution's folder, whose figures stand beside those of the build (repeatable)"
    command.add_argument(
        "--with", dest="vendor", type=Path, action="append", default=[], metavar="PATH", help=with_help
    )
    command.add_argument("--csv", type=Path, metavar="DIR", help="write the tables as CSV into this folder")
    command.add_argument("--html", type=Path, metavar="FILE", help="write one page with plots")
    _json(command)


def _render(command: argparse.ArgumentParser) -> None:
    _project(command)
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="the picture: FILE.svg or FILE.png")
    command.add_argument("--graph", metavar="NAME", help="the graph to draw (default: the top graph)")
    command.add_argument("--report", type=Path, metavar="DIR", help="a build folder: wires say their channels too")
    _json(command)


def _diff(command: argparse.ArgumentParser) -> None:
    command.add_argument("before", type=Path, help="a project, as in the other commands")
    command.add_argument("after", type=Path, help="the project to compare it with")
    _json(command)


def _merge(command: argparse.ArgumentParser) -> None:
    command.add_argument("base", type=Path, help="the file that both sides began with")
    command.add_argument("ours", type=Path, help="one side; the merge takes its place")
    command.add_argument("theirs", type=Path, help="the other side")
    _json(command)


def _new(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", type=Path, help="the folder to make; its last part names the project")
    command.add_argument("--example", metavar="E", help="start from an example project, like gemm_cascade")
    _json(command)


def _project(command: argparse.ArgumentParser) -> None:
    command.add_argument("project", type=Path, help="a folder with a project.yaml, or a project file")


def _target(command: argparse.ArgumentParser, targets: tuple[str, ...]) -> None:
    command.add_argument("--target", choices=targets, default="hls", help="what to build (default: hls)")


def _vendor(command: argparse.ArgumentParser) -> None:
    """Add the words about Vitis HLS, which is run where it is found unless they say otherwise."""
    which = command.add_mutually_exclusive_group()
    which.add_argument("--synth", action="store_true", help="synthesise with Vitis HLS, and fail where there is none")
    which.add_argument("--no-tool", action="store_true", help="do not run Vitis HLS even where it is installed")
    command.add_argument("--cosim", action="store_true", help="also simulate the RTL of Vitis HLS (implies --synth)")
    limit = "end Vitis HLS after so many minutes (default: 120)"
    command.add_argument("--timeout", type=_minutes, default=120.0, metavar="MIN", help=limit)


def _minutes(text: str) -> float:
    """Return a number of minutes above 0; raises ValueError, which becomes a fault of usage."""
    value = float(text)
    # More than a year is no time-out; this also keeps out infinity and NaN.
    if not 0 < value < 366 * 24 * 60:
        raise ValueError(text)
    return value


# What the message of a wrong value calls it.
_minutes.__name__ = "number of minutes"


def _json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print one JSON document on stdout, and nothing else")


_ARRANGE = {
    "open": ("open the window (also without this word)", _open),
    "check": ("say what is wrong with a project", _check),
    "build": ("make hardware of a project, simulate it and report", _build),
    "simulate": ("run a project on data and compare with the reference", _simulate),
    "schedule": ("show in which cycle each operation of a project's blocks runs", _schedule),
    "calibrate": ("take figures of operators from the vendor's reports of a project", _calibrate),
    "report": ("print the report of an earlier build, or of a vendor's tool", _report),
    "render": ("draw a project's graph", _render),
    "diff": ("say what differs between two projects", _diff),
    "merge": ("merge two versions of a project file (as git's merge driver)", _merge),
    "new": ("start a project", _new),
}
COMMANDS = tuple(_ARRANGE)
