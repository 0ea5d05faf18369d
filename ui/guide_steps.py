"""The guided first project as steps: what to do, where, and how the design shows that it was done.

A step is told done by what there is, never by a click, so it does not matter how a person did it. Nothing here touches
Qt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from allo_studio.design.checked import CheckedDesign
from allo_studio.design.model import Graph, KernelNode, Project, StepSpec
from allo_studio.diagnostics import has_errors
from allo_studio.library.files import is_library
from allo_studio.report.model import LoopRow, Report
from ui.comparison import latency_of

__all__ = ["STEPS", "GuideStep", "State", "reached"]

BLOCK = "gemm_row_wise"
_LANES, _BANKS = 2, 8


@dataclass(frozen=True)
class State:
    """What the steps look at: the design, the last good build, and what of its report is shown.

    `fresh` tells that the build was of the present design, `before` is the report of the build before it for the same
    target, `page` the title of the report's page where the report is in front, `loop` the row that is chosen there.
    """

    project: Project | None = None
    checked: CheckedDesign | None = None
    report: Report | None = None
    fresh: bool = False
    before: Report | None = None
    page: str = ""
    loop: LoopRow | None = None


@dataclass(frozen=True)
class GuideStep:
    """A step: its `title`, what to do, `where` in the window, and whether a state shows that it was done."""

    title: str
    text: str
    where: str
    done: Callable[[State], bool]


def _graph(state: State) -> Graph | None:
    return state.project.graphs.get(state.project.top) if state.project else None


def _block(state: State) -> tuple[str, KernelNode] | None:
    """Return the first block of the top graph that is the library's GEMM."""
    graph = _graph(state)
    for name, node in graph.nodes.items() if graph else ():
        if isinstance(node, KernelNode) and is_library(node.path) and node.function == BLOCK:
            return name, node
    return None


def _sound(state: State) -> bool:
    return state.checked is not None and not has_errors(state.checked.diagnostics)


def _wired(state: State) -> bool:
    graph, block = _graph(state), _block(state)
    if graph is None or block is None or state.checked is None:
        return False
    ports = {port.name for port in state.checked.ports.get(f"{graph.name}/{block[0]}", ())}
    ends = {end.port for edge in graph.edges for end in (edge.source, edge.target) if end.node == block[0]}
    return bool(ports) and ports == ends and _sound(state)


def _mistaken(state: State) -> bool:
    found = state.checked.diagnostics if state.checked else ()
    return any(fault.code == "type" and fault.severity == "error" for fault in found)


def _steps(state: State) -> tuple[StepSpec, ...]:
    """Return the steps of the block's schedule that are not disabled."""
    block = _block(state)
    name = block[1].schedule if block else None
    steps = state.project.schedules.get(name, ()) if state.project and name else ()
    return tuple(step for step in steps if not step.disabled)


def _unrolled(state: State) -> bool:
    wanted = {"axis": "j.outer", "factor": _LANES}
    return _sound(state) and any(s.name == "unroll" and wanted.items() <= s.args.items() for s in _steps(state))


def _banked(state: State) -> bool:
    found = [s.args for s in _steps(state) if s.name == "partition" and s.args.get("buffer") == "row"]
    return _sound(state) and any(isinstance(a.get("factor"), int) and a["factor"] >= _BANKS for a in found)


def _built(state: State) -> bool:
    return state.report is not None and state.fresh


def _faster(state: State) -> bool:
    if state.report is None or state.before is None or not state.fresh or not _banked(state):
        return False
    return latency_of(state.report).predicted < latency_of(state.before).predicted


STEPS = (
    GuideStep(
        "Place a block",
        "Drag “GEMM, row-wise” from the palette on the canvas, or choose it and press Enter. It multiplies "
        "two matrices and comes with a schedule that does four products a cycle.",
        "palette",
        lambda state: _block(state) is not None,
    ),
    GuideStep(
        "Wire it",
        "Its ports are not connected yet: Problems says so and offers a fix for each. Make A and B inputs of "
        "the graph and C an output. (You can also add inputs with Ctrl+I and draw wires from port to port.)",
        "problems",
        _wired,
    ),
    GuideStep(
        "Make a mistake",
        "Select the input A on the canvas and change its type in the inspector to int32[64, 64]. The wire "
        "breaks at once, because a float is expected at its other end.",
        "inspector",
        _mistaken,
    ),
    GuideStep(
        "Take the fix that is offered",
        "Problems names both types and offers to set the type right, or to insert a conversion. Take the "
        "first that says “Make A …”. Ctrl+Z would do too: everything can be undone.",
        "problems",
        _sound,
    ),
    GuideStep(
        "Add a step to the schedule",
        "Select the block. Its schedule is in the inspector: add the step unroll, with axis j.outer and "
        "factor 2, so that eight products are done at a time.",
        "schedule",
        _unrolled,
    ),
    GuideStep(
        "Build",
        "Press Build (Ctrl+B). The design becomes C++ for Vitis HLS, runs on data, is compared with a "
        "reference, and its cycles are predicted.",
        "build",
        _built,
    ),
    GuideStep(
        "Read the report",
        "The report says the latency and what the design takes of the device. Open its page Loops: for each "
        "loop it says how often a new iteration starts (II).",
        "report",
        lambda state: state.page == "Loops",
    ),
    GuideStep(
        "Find the bottleneck",
        "Twice the products, and yet it is not faster. One loop has an II of 2 where 1 was asked for: choose "
        "its row. The last column says why: the array row has too few banks to be read and written so often "
        "in a cycle.",
        "loops",
        lambda state: state.page == "Loops" and state.loop is not None and state.loop.missed,
    ),
    GuideStep(
        "Change a step",
        "Select the block again, double-click the step that partitions row, and give it the factor 8: twice the banks.",
        "schedule",
        _banked,
    ),
    GuideStep(
        "Build again",
        "Press Build (Ctrl+B). The loop starts an iteration every cycle now, and the latency is about half.",
        "build",
        _faster,
    ),
    GuideStep(
        "Compare",
        "The page Changes of the report sets the two builds side by side: the cycles gained, and what they "
        "cost. That is the whole way. The examples on the first page, shown when all tabs are closed, are "
        "where to go on.",
        "changes",
        lambda state: state.page.startswith("Changes") and state.before is not None,
    ),
)


def reached(state: State, done: int, steps: Sequence[GuideStep] = STEPS) -> int:
    """Return how many steps are done, of which `done` were already: one after the other, as far as the state shows."""
    while done < len(steps) and steps[done].done(state):
        done += 1
    return done
