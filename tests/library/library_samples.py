"""Designs of the library's blocks, sizes to try them at, and what they compute, written with numpy alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import lcm
from pathlib import Path

import numpy as np

from allo_studio.design.edits import AddGraphPort, AddSchedule, Connect, SetParam
from allo_studio.design.model import Endpoint, Execution, Graph, Project
from allo_studio.library.adding import add_block
from allo_studio.library.catalogue import LibraryBlock, LibrarySchedule, find_block, library
from allo_studio.pipeline import check_project
from allo_studio.project import LoadedProject, dump_project, parse_project

Arrays = Mapping[str, np.ndarray]

# Small, with extents that differ, and such that every default schedule applies.
SMALL: dict[str, dict[str, int]] = {
    "gemm_row_wise": {"M": 3, "N": 8, "K": 16},
    "gemm_inner_product": {"M": 3, "N": 5, "K": 8},
    "gemv": {"M": 5, "K": 16},
    "transpose": {"M": 4, "N": 12},
    "conv2d": {"H": 5, "W": 7, "C": 2, "F": 3, "R": 2},
    "depthwise_conv2d": {"H": 6, "W": 5, "C": 3, "R": 3},
    "max_pool2d": {"H": 6, "W": 9, "C": 4, "R": 3},
    "avg_pool2d": {"H": 6, "W": 9, "C": 4, "R": 3},
    "relu": {"M": 3, "N": 8},
    "gelu": {"M": 3, "N": 8},
    "sigmoid": {"M": 3, "N": 8},
    "softmax": {"M": 6, "N": 12, "TOGETHER": 3},
    "layer_norm": {"M": 6, "N": 12, "TOGETHER": 3},
    "bias_add": {"M": 3, "N": 8},
    "residual_add": {"M": 3, "N": 8},
    "scale": {"M": 3, "N": 8},
}


# The same with every schedule that is not the default one.
OTHERS = {
    f"{block.name}:{name}": SMALL[block.name]
    for block in library()
    for name in block.schedules
    if name != block.default
}


def windows(x: np.ndarray, size: int, step: int) -> np.ndarray:
    """Return all windows of an image: rows and columns of windows, channels, rows and columns in a window."""
    return np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(0, 1))[::step, ::step]


def _softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _layer_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
    return (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5) * gamma + beta


# What each block makes of its inputs, by their names, and its parameters; in double precision.
REFERENCES: dict[str, Callable[[Arrays, Mapping[str, int]], np.ndarray]] = {
    "gemm_row_wise": lambda a, _: a["A"] @ a["B"],
    "gemm_inner_product": lambda a, _: a["A"] @ a["B"],
    "gemv": lambda a, _: a["A"] @ a["x"],
    "transpose": lambda a, _: a["A"].T,
    "conv2d": lambda a, p: np.einsum("ijcpq,fpqc->ijf", windows(a["x"], p["R"], 1), a["w"]),
    "depthwise_conv2d": lambda a, p: np.einsum("ijcpq,pqc->ijc", windows(a["x"], p["R"], 1), a["w"]),
    "max_pool2d": lambda a, p: windows(a["x"], p["R"], p["R"]).max(axis=(3, 4)),
    "avg_pool2d": lambda a, p: windows(a["x"], p["R"], p["R"]).mean(axis=(3, 4)),
    "relu": lambda a, _: np.where(a["x"] > 0, a["x"], 0),
    "gelu": lambda a, _: a["x"] / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (a["x"] + 0.044715 * a["x"] ** 3))),
    "sigmoid": lambda a, _: 1 / (1 + np.exp(-a["x"])),
    "softmax": lambda a, _: _softmax(a["x"]),
    "layer_norm": lambda a, _: _layer_norm(a["x"], a["gamma"], a["beta"]),
    "bias_add": lambda a, _: a["x"] + a["bias"],
    "residual_add": lambda a, _: a["x"] + a["skip"],
    "scale": lambda a, _: a["factor"] * a["x"],
}


def least_params(block: LibraryBlock, schedule: LibrarySchedule | None) -> dict[str, int]:
    """Return the least values that the catalogue allows, for a schedule or for none."""
    values: dict[str, int] = {}
    # Those that are multiples of another come after it.
    for name, param in sorted(block.params.items(), key=lambda item: isinstance(item[1].multiple, str)):
        step = values[param.multiple] if isinstance(param.multiple, str) else param.multiple
        step = lcm(step, schedule.multiples.get(name, 1) if schedule else 1)
        least = max(param.least, schedule.least.get(name, 1) if schedule else 1)
        values[name] = -(-least // step) * step
    return values


def design(
    folder: Path,
    params: Mapping[str, Mapping[str, int]],
    wires: Sequence[tuple[str, str]] = (),
    execution: Execution = "dataflow",
) -> LoadedProject:
    """Return a project with these blocks as the palette adds them, and wires (`relu.y`, `gemv.A`) between them.

    A name may be followed by that of another schedule than the default one, `gemv:gemv_tree`.

    Ports without a wire become ports of the graph: `x` of block `relu` becomes `relu_x`.
    """
    project = Project("library", top="top", graphs={"top": Graph("top", execution)})
    for key, values in params.items():
        wish, _, schedule = key.partition(":")
        block = find_block(wish)
        assert block is not None
        name, edit = add_block(project, "top", block)
        project = edit.apply(project)
        if schedule:
            project = AddSchedule(schedule, block.schedules[schedule].steps, "top", name).apply(project)
        for param, value in values.items():
            project = SetParam("top", name, param, value).apply(project)
    for source, target in wires:
        project = Connect("top", Endpoint.parse(source), Endpoint.parse(target)).apply(project)
    checked = check_project(_loaded(folder, project))
    used = {end for edge in project.graphs["top"].edges for end in (edge.source, edge.target)}
    for name in project.graphs["top"].nodes:
        for port in checked.ports[f"top/{name}"]:
            end, own = Endpoint(name, port.name), Endpoint("", f"{name}_{port.name}")
            if end not in used:
                project = AddGraphPort("top", own.port, port.direction, str(port.type)).apply(project)
                wire = (own, end) if port.direction == "in" else (end, own)
                project = Connect("top", *wire).apply(project)
    return _loaded(folder, project)


def _loaded(folder: Path, project: Project) -> LoadedProject:
    return parse_project(dump_project(project), folder / "project.yaml")
