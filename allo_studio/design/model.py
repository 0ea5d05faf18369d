"""The design as values: what a project file says, with nothing derived from it.

Every class is frozen and every mapping is treated as such; an edit makes a new value (`edits.py`). Names are ids:
a node is known by its graph's name and its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal

__all__ = [
    "ChannelChoice",
    "ConstantNode",
    "Disabled",
    "Edge",
    "Endpoint",
    "Execution",
    "Graph",
    "GraphNode",
    "Interface",
    "IpNode",
    "KernelNode",
    "Node",
    "Note",
    "NoteColour",
    "NoteKind",
    "Override",
    "ParamValue",
    "Project",
    "Rate",
    "StepSpec",
    "Target",
    "UnknownNode",
]

Execution = Literal["dataflow", "sequential"]
# What a block sets a constant of its kernel's file, or a parameter of a template, to: a number, or a type as text.
ParamValue = int | float | str
# How the array of a wire goes over where its ends fire at different rates (see `rates`).
Rate = Literal["rows", "held"]
# What surrounds the top of the hls target: the memories and handshakes of a plain IP, the memory ports of a Vitis
# kernel that XRT runs, or AXI streams.
Interface = Literal["ip", "kernel", "stream"]
# Whether a block is left out of what is checked and built, or a wire takes its place; empty: neither.
Disabled = Literal["", "off", "bypass"]
# A text on the canvas, or a titled rectangle behind blocks.
NoteKind = Literal["note", "backdrop"]
NoteColour = Literal["grey", "blue", "green", "yellow", "orange", "red", "violet"]
# What a person may ask for on an edge; None leaves the choice to the compiler.
ChannelChoice = Literal["fifo", "pingpong", "shared"]


@dataclass(frozen=True)
class Target:
    """What to build for. `clock_ns` is the period; `fifo_margin` is added to every depth of the hls target.

    `fifo_bits` is the most that the FIFOs of a dataflow graph may hold, margins apart, whatever that costs in latency;
    None lets them keep the latency. `interface` is that of the top of the hls target.
    """

    device: str = "xcu280"
    clock_ns: float = 3.33
    fifo_margin: int = 0
    fifo_bits: int | None = None
    interface: Interface = "ip"


@dataclass(frozen=True)
class StepSpec:
    """A schedule step as the file has it: the primitive's name and its arguments, not yet understood.

    One that is `disabled` is kept in its place and does nothing: it need not even apply.
    """

    name: str
    args: Mapping[str, Any]
    disabled: bool = False


@dataclass(frozen=True)
class Endpoint:
    """One end of an edge: a port of a node, or of the graph itself where `node` is empty."""

    node: str
    port: str

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Parse `mm1.C` or `A`; raises ValueError."""
        parts = text.strip().split(".")
        if len(parts) > 2 or not all(part.isidentifier() for part in parts):
            raise ValueError(f"{text!r} is no port; write NODE.PORT, or PORT for one of the graph's own")
        return cls("", parts[0]) if len(parts) == 1 else cls(parts[0], parts[1])

    # Kept, as a check asks for the same texts over and over.
    @cached_property
    def text(self) -> str:
        """The end as a project file says it, `mm1.C` or `A`."""
        return f"{self.node}.{self.port}" if self.node else self.port

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Edge:
    """A wire from a producer to a consumer, with what the person forces on its channel (None: not forced).

    `initial` are the elements that lie in the channel at reset, the first to be read first: they come before those of
    the producer, so that as many of its last ones stay for the next invocation. `rate` is None where both ends
    fire equally often.
    """

    source: Endpoint
    target: Endpoint
    channel: ChannelChoice | None = None
    depth: int | None = None
    initial: tuple[int | float, ...] = ()
    rate: Rate | None = None

    @cached_property
    def id(self) -> str:
        """The edge's name in its graph, `mm1.C->mm2.A`."""
        return f"{self.source.text}->{self.target.text}"


@dataclass(frozen=True)
class KernelNode:
    """A block that is a kernel: `path` is relative to the project.

    `params` override module-level constants and set the parameters of a template.
    """

    path: str
    function: str
    params: Mapping[str, ParamValue] = field(default_factory=dict)
    schedule: str | None = None
    disabled: Disabled = ""


@dataclass(frozen=True)
class Override:
    """What a graph block sets of one block inside this instance: some parameters, and its schedule where not empty."""

    params: Mapping[str, ParamValue] = field(default_factory=dict)
    schedule: str = ""

    def under(self, other: Override) -> Override:
        """Return this with what another one, from further out, sets instead."""
        return Override({**self.params, **other.params}, other.schedule or self.schedule)


@dataclass(frozen=True)
class GraphNode:
    """A block that is another graph of the project.

    `params` set that graph's parameters in this instance, `inside` what is set of blocks in it, by path (`left/mm`).
    """

    graph: str
    params: Mapping[str, ParamValue] = field(default_factory=dict)
    inside: Mapping[str, Override] = field(default_factory=dict)
    disabled: Disabled = ""


@dataclass(frozen=True)
class ConstantNode:
    """A block that is an array of a file: `path` is relative to the project, `array` names one of an `.npz`.

    `type` is empty where the elements are as the file has them; `round` allows them to be rounded to it.
    """

    path: str
    array: str = ""
    type: str = ""
    round: bool = False
    disabled: Disabled = ""

    @property
    def file(self) -> str:
        """Where the elements are, in words."""
        return f"{self.array} of {self.path}" if self.array else self.path


@dataclass(frozen=True)
class IpNode:
    """A block that is external IP: `path` is that of its descriptor, relative to the project."""

    path: str
    disabled: Disabled = ""


@dataclass(frozen=True)
class UnknownNode:
    """A block of a kind that this version does not know: kept as it was, drawn as a placeholder."""

    raw: Mapping[str, Any]

    @property
    def disabled(self) -> Disabled:
        """Whether it is left out, as for the other kinds."""
        asked = self.raw.get("disabled")
        return "bypass" if asked == "bypass" else "off" if asked is True else ""


Node = KernelNode | GraphNode | ConstantNode | IpNode | UnknownNode


@dataclass(frozen=True)
class Graph:
    """One level of the hierarchy. `inputs` and `outputs` map names to type texts; `unify` is interface unification.

    `params` are names that port types and blocks' parameters may use, with the values that they have where no instance
    sets others.
    """

    name: str
    execution: Execution = "dataflow"
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    unify: bool = True
    params: Mapping[str, ParamValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Note:
    """What a person wrote on the canvas: a text, or a backdrop, whose text is its title. Hardware does not know of it.

    `place` is the top left corner and `size` the width and height, both in the units of blocks' positions.
    """

    text: str
    place: tuple[float, float]
    size: tuple[float, float] = (200.0, 80.0)
    colour: NoteColour = "grey"
    kind: NoteKind = "note"


@dataclass(frozen=True)
class Project:
    """A whole project file. `view` holds positions of blocks on the canvas by graph and node (`@A` is graph port A).

    `notes` holds what is written there, by graph and id.
    """

    name: str
    target: Target = Target()
    top: str = "top"
    schedules: Mapping[str, tuple[StepSpec, ...]] = field(default_factory=dict)
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    view: Mapping[str, Mapping[str, tuple[float, float]]] = field(default_factory=dict)
    notes: Mapping[str, Mapping[str, Note]] = field(default_factory=dict)

    def built(self) -> tuple[object, ...]:
        """Return all that hardware can depend on: everything but where blocks lie and what is written beside them."""
        return tuple(getattr(self, each.name) for each in fields(self) if each.name not in ("view", "notes"))

    def argument_order(self) -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Return the names of each graph's inputs and outputs in their order, that of the hardware's arguments.

        Equal projects may differ in it: mappings are equal in whatever order.
        """
        return {name: (tuple(graph.inputs), tuple(graph.outputs)) for name, graph in self.graphs.items()}
