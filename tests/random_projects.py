"""Random designs: kernels with legal schedules, wired into dataflow and sequential graphs, some of them nested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st
from random_kernels import FAMILIES, HEADER, Drawn, Family, Shapes, kernels

from allo_studio.analysis.ports import infer_ports
from allo_studio.diagnostics import AlloError
from allo_studio.frontend import parse_kernel
from allo_studio.primitives.base import Step
from allo_studio.primitives.registry import parse_step, step_to_dict
from allo_studio.project import LoadedProject, load_project
from allo_studio.schedule import ScheduledKernel, applicable, schedule
from allo_studio.source import Source

__all__ = ["Design", "designs"]


@dataclass(frozen=True)
class Block:
    """A block of a graph: what its line says, and its ports with their types."""

    name: str
    text: str
    inputs: dict[str, str]
    outputs: dict[str, str]


@dataclass(frozen=True)
class Wire:
    """A wire between (block, port) pairs, the block being empty for the graph's own ports; `extra` forces a channel."""

    source: tuple[str, str]
    target: tuple[str, str]
    extra: str = ""

    def __str__(self) -> str:
        ends = [".".join(filter(None, end)) for end in (self.source, self.target)]
        return f"{{from: {ends[0]}, to: {ends[1]}, {self.extra}}}" if self.extra else f"{ends[0]} -> {ends[1]}"


@dataclass
class Level:
    """One graph: its blocks come after those that they take from."""

    name: str
    execution: str
    unify: bool
    blocks: list[Block] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """Yield the graph's text."""
        yield f"  {self.name}:"
        yield f"    execution: {self.execution}"
        if not self.unify:
            yield "    unify: false"
        for key, ports in (("inputs", self.inputs), ("outputs", self.outputs)):
            yield f"    {key}: {_flow(ports)}"
        yield "    nodes:"
        yield from (f"      {block.name}: {block.text}" for block in self.blocks)
        yield "    edges:"
        yield from (f"      - {wire}" for wire in self.wires)


@dataclass(frozen=True)
class Design:
    """A project's two files. `forced` tells that a channel was asked for, so that it may be refused."""

    project: str
    kernels: str
    forced: bool

    def load(self, folder: Path) -> LoadedProject:
        """Write the files and load the project."""
        (folder / "k.py").write_text(self.kernels, encoding="utf-8")
        (folder / "project.yaml").write_text(self.project, encoding="utf-8")
        return load_project(folder)

    def __repr__(self) -> str:
        return f"<design\n--- project.yaml\n{self.project}--- k.py\n{self.kernels}>"


@st.composite
def designs(
    draw,
    whole: bool = False,
    dataflow: bool = False,
    joined: bool = False,
    streamed: bool = False,
    families: tuple[Family, ...] = FAMILIES,
) -> Design:
    """Return a random design of kernels of some families.

    It is mostly in integers where `whole`, has a dataflow graph at the top where `dataflow`, no more inputs than it
    must have where `joined`, and streams at the top where `streamed`.
    """
    size = st.sampled_from([1, 2, 3, 4, 4, 6])
    rows, columns = draw(size), draw(size)
    if draw(st.booleans()):
        rows = columns
    main = draw(st.sampled_from(["float32", "int32", *["int32"] * (2 * whole)]))
    drawn = []
    for number in range(draw(st.integers(2, 4))):
        other = draw(st.integers(0, 7)) == 0
        element = {"float32": "int32", "int32": "float32"}[main] if other else main
        drawn.append(draw(kernels(f"k{number}", Shapes(element, rows, columns), families)))
    schedules = {kernel.name: draw(_schedules(kernel)) for kernel in drawn}
    # In a dataflow graph an array has one reader; designs without one may read an array several times.
    at_once = dataflow or draw(st.integers(0, 3)) > 0
    top = Level("top", "dataflow", True) if dataflow else _level(draw, "top", [], at_once)
    for kernel in drawn:
        # Now and then one kernel is two blocks, which share their code.
        for suffix in ("a", "b")[: draw(st.sampled_from([1, 1, 1, 2]))]:
            _place(draw, top, kernel, kernel.name + suffix, bool(schedules[kernel.name]), at_once, joined)
    _finish(draw, top, at_once)
    levels = [top]
    while len(levels) < 3 and draw(st.integers(0, 2)) == 0:
        levels.append(_enclose(draw, levels[0], f"inner{len(levels)}", at_once))
    if streamed:
        _stream(draw, top)
    text = ["format: 1", "name: random", "top: top", "schedules:" if any(schedules.values()) else "schedules: {}"]
    for name, steps in schedules.items():
        text += [f"  {name}:", *(f"    - {step}" for step in steps)] if steps else []
    text += ["graphs:", *(line for level in levels for line in level.lines())]
    forced = any(wire.extra for level in levels for wire in level.wires)
    return Design("\n".join(text) + "\n", HEADER + "\n\n".join(k.text for k in drawn), forced)


@st.composite
def _schedules(draw, kernel: Drawn) -> list[str]:
    """Return the lines of a schedule that applies: offered steps and blindly drawn ones that turn out legal."""
    source = Source("k.py", HEADER + kernel.text)
    scheduled = schedule(infer_ports(parse_kernel(source, kernel.name, {})))
    for _ in range(draw(st.integers(0, 5))):
        step = draw(_offered(scheduled) if draw(st.booleans()) else _blind(scheduled))
        if step is not None and not step.check(scheduled.ir):
            after = scheduled.apply(step)
            # The menu asks about every function of a block that was unfolded into many.
            if len(after.ir.functions) <= 4:
                scheduled = after
    return [_flow(step_to_dict(step)) for step in scheduled.steps]


def _flow(value: object) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return (
        {True: "true", False: "false"}[value]
        if isinstance(value, bool)
        else f'"{value}"'
        if isinstance(value, str)
        else str(value)
    )


@st.composite
def _offered(draw, scheduled: ScheduledKernel) -> Step | None:
    known = applicable(scheduled.ir)
    if not known:
        return None
    name = draw(st.sampled_from(sorted({entry.name for entry in known})))
    entry = draw(st.sampled_from([entry for entry in known if entry.name == name]))
    return entry.step(**{key: draw(st.sampled_from(values)) for key, values in entry.choices.items()})


@st.composite
def _blind(draw, scheduled: ScheduledKernel) -> Step | None:
    """Return a step whose numbers nobody proposed: factors that do not divide, all dimensions, several axes."""
    loops = [loop.id for loop in scheduled.ir.loops()]
    arrays = [buffer.name for buffer in scheduled.ir.buffers()]
    if not loops or not arrays:
        return None
    axis, array, number = st.sampled_from(loops), st.sampled_from(arrays), st.integers(0, 8)
    forms = {
        "split": {"axis": axis, "factor": number},
        "unroll": {"axis": axis, "factor": number},
        "reorder": {"axes": st.lists(axis, min_size=min(2, len(loops)), max_size=4, unique=True)},
        "pipeline": {"axis": axis, "off": st.booleans()},
        "buffer_at": {"buffer": array, "axis": axis},
        "partition": {
            "buffer": array,
            "dim": st.integers(0, 2),
            "kind": st.sampled_from(["cyclic", "block", "complete"]),
            "factor": number,
        },
    }
    # Most other steps build on a split.
    name = draw(st.sampled_from(["split", "split", *sorted(forms)]))
    args = {key: draw(value) for key, value in forms[name].items()}
    if args.get("kind") == "complete":
        del args["factor"]
    try:
        return parse_step(name, args)
    except AlloError:
        return None


def _level(draw, name: str, blocks: list[Block], dataflow: bool) -> Level:
    execution = draw(st.sampled_from(["dataflow", "dataflow", "sequential"])) if dataflow else "sequential"
    return Level(name, execution, execution == "dataflow" or draw(st.booleans()), blocks)


def _place(draw, level: Level, kernel: Drawn, name: str, scheduled: bool, dataflow: bool, joined: bool = False) -> None:
    """Add a block, its inputs wired to earlier results or to ports of the graph."""
    extra = f", schedule: {kernel.name}" if scheduled else ""
    taken = {wire.source for wire in level.wires}
    for port, type_ in kernel.inputs.items():
        made = [(b.name, p) for b in level.blocks for p, t in b.outputs.items() if t == type_]
        once = dataflow and "[" in type_
        free = [end for end in made if not (once and end in taken)]
        if free and (joined or draw(st.integers(0, 4))):
            source = draw(st.sampled_from(free))
            wanted = draw(st.sampled_from([""] * 6 + ["channel: fifo", "channel: pingpong", "channel: fifo, depth: 3"]))
        else:
            known = [p for p, t in level.inputs.items() if t == type_ and not once]
            fresh = f"p{len(level.inputs)}"
            source, wanted = ("", draw(st.sampled_from([*known, fresh]))), ""
            level.inputs.setdefault(source[1], type_)
        taken.add(source)
        level.wires.append(Wire(source, (name, port), wanted))
    block = Block(name, f'{{kernel: "k.py:{kernel.name}"{extra}}}', kernel.inputs, kernel.outputs)
    level.blocks.append(block)


def _finish(draw, level: Level, dataflow: bool) -> None:
    """Bring results that nobody reads out of the graph; now and then one stays unread."""
    taken = {wire.source for wire in level.wires}
    for block in level.blocks:
        for port, type_ in block.outputs.items():
            if (block.name, port) in taken and ((dataflow and "[" in type_) or draw(st.integers(0, 7))):
                continue
            if level.outputs and draw(st.integers(0, 7)) == 0:
                continue
            name = f"q{len(level.outputs)}"
            level.outputs[name] = type_
            level.wires.append(Wire((block.name, port), ("", name)))


def _stream(draw, level: Level) -> None:
    """Ask for streams at some array ports of the graph."""
    arrays = {name for name, type_ in {**level.inputs, **level.outputs}.items() if "[" in type_}
    for number, wire in enumerate(level.wires):
        for end in (wire.source, wire.target):
            if not end[0] and end[1] in arrays and draw(st.integers(0, 3)) == 0:
                level.wires[number] = Wire(wire.source, wire.target, "channel: fifo")


def _enclose(draw, level: Level, name: str, dataflow: bool) -> Level:
    """Move a run of blocks into a graph of its own, which takes their place, and return it."""
    first = draw(st.integers(0, len(level.blocks) - 1))
    last = draw(st.integers(first, len(level.blocks) - 1))
    moved = level.blocks[first : last + 1]
    inside = {block.name for block in moved}
    inner = _level(draw, name, moved, dataflow)
    types = {(b.name, port): t for b in level.blocks for port, t in [*b.inputs.items(), *b.outputs.items()]}
    outer: list[Wire] = []
    sources: dict[tuple[str, str], str] = {}
    for wire in level.wires:
        enters, leaves = wire.target[0] in inside, wire.source[0] in inside
        if enters and leaves:
            inner.wires.append(wire)
        elif enters:
            port = f"p{len(inner.inputs)}"
            inner.inputs[port] = types[wire.target]
            inner.wires.append(Wire(("", port), wire.target))
            outer.append(Wire(wire.source, (name, port), wire.extra))
        elif leaves:
            port = sources.setdefault(wire.source, f"q{len(sources)}")
            if port not in inner.outputs:
                inner.outputs[port] = types[wire.source]
                inner.wires.append(Wire(wire.source, ("", port)))
            outer.append(Wire((name, port), wire.target, wire.extra))
        else:
            outer.append(wire)
    level.wires = outer
    level.blocks[first : last + 1] = [Block(name, f"{{graph: {name}}}", inner.inputs, inner.outputs)]
    return inner
