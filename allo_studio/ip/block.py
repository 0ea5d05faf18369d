"""An external block as its descriptor says: ports, timing, resources, code for each target, and what it computes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from allo_studio.layout import Layout
from allo_studio.source import Span
from allo_studio.types import ArrayType

if TYPE_CHECKING:
    from allo_studio.hardware.counters import Integers
    from allo_studio.hardware.storage import Storage

__all__ = [
    "CppArgument",
    "CppCode",
    "CppModel",
    "IpBlock",
    "IpPort",
    "IpTiming",
    "Model",
    "Moves",
    "PythonModel",
    "TokenRun",
    "VerilogCode",
]

# How a port's values move: tokens in order, a memory outside of the block, or one value.
Moves = Literal["stream", "memory", "value"]


@dataclass(frozen=True)
class IpPort:
    """A port. `width` is the elements of a stream's token; `returned` says that it is what a C++ function returns.

    `layout` is fixed: a memory that the port is joined to has exactly these banks. `span` is its place in the
    descriptor.
    """

    name: str
    direction: Literal["in", "out"]
    type: ArrayType
    moves: Moves
    layout: Layout
    width: int = 1
    returned: bool = False
    span: Span | None = field(default=None, compare=False)

    @property
    def tokens(self) -> int:
        """The tokens that a stream moves in an invocation."""
        return self.type.size // self.width

    @property
    def storage(self) -> Storage:
        """What is outside of the port."""
        # Loaded where it is needed: a start does without it.
        from allo_studio.hardware.storage import Storage

        return Storage(self.name, self.type, self.layout, "argument", self.width if self.moves == "stream" else 0)


@dataclass(frozen=True)
class TokenRun:
    """`count` tokens that move at cycle `first`, `first + every`, and so on."""

    first: int
    every: int
    count: int

    @property
    def last(self) -> int:
        """The cycle of the last token."""
        return self.first + self.every * (self.count - 1)


@dataclass(frozen=True)
class IpTiming:
    """Declared cycles: from start to done, inclusive; between starts; and when each stream moves its tokens."""

    latency: int
    interval: int
    tokens: Mapping[str, tuple[TokenRun, ...]] = field(default_factory=dict)

    def trace(self, port: str) -> Integers:
        """Return the cycles at which a stream moves its tokens, ascending."""
        # Loaded where it is needed: a start does without it.
        import numpy as np

        return np.concatenate(
            [run.first + run.every * np.arange(run.count, dtype=np.int64) for run in self.tokens[port]]
        )


@dataclass(frozen=True)
class CppArgument:
    """How a C++ function takes a port: the canonical type of an element, and what stands around it.

    `token` is the elements of an `hls::vector` in a stream, 0 where a token is an element.
    """

    kind: Literal["value", "reference", "pointer", "array", "stream", "returned"]
    element: str
    token: int = 0


@dataclass(frozen=True)
class CppCode:
    """A C++ function. `files` are texts by their paths in the project, headers too; `main` is the one that defines it.

    `include` are folders of the project. `function` is how it is called, with its template's arguments. `arguments`
    are by port. `names` are those that the files give to what is in them.
    """

    files: Mapping[str, str]
    main: str
    include: tuple[str, ...]
    function: str
    arguments: Mapping[str, CppArgument] = field(default_factory=dict)
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class VerilogCode:
    """A Verilog module, with its files as those of `CppCode`. `signals` are its names of our signals, where others.

    `names` are all modules of the files, with the file of each.
    """

    files: Mapping[str, str]
    include: tuple[str, ...]
    module: str
    parameters: Mapping[str, int] = field(default_factory=dict)
    signals: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CppModel:
    """A model that is a C++ function."""

    code: CppCode


@dataclass(frozen=True)
class PythonModel:
    """A model that is a Python function: it takes the inputs as numpy arrays in the ports' order."""

    path: str
    text: str
    function: str


Model = CppModel | PythonModel


@dataclass(frozen=True)
class IpBlock:
    """An external block. `path` is its descriptor's, `resources` by the device's kinds, None where they are not
    declared.

    It has code for the HLS target (`cpp`), for the RTL (`verilog`), or for both.
    """

    name: str
    path: str
    ports: tuple[IpPort, ...]
    timing: IpTiming
    resources: Counter[str] | None
    model: Model
    cpp: CppCode | None = None
    verilog: VerilogCode | None = None
    span: Span | None = field(default=None, compare=False)

    def port(self, name: str) -> IpPort:
        """Return a port by name; raises KeyError."""
        for port in self.ports:
            if port.name == name:
                return port
        raise KeyError(name)

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of all its files in the project, the descriptor's first."""
        found = [self.path]
        codes = [self.cpp, self.verilog, self.model.code if isinstance(self.model, CppModel) else None]
        found += [path for code in codes if code for path in code.files]
        if isinstance(self.model, PythonModel):
            found.append(self.model.path)
        return tuple(dict.fromkeys(found))
