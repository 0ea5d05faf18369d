"""A port of an external block on both sides of our function around its C++.

Where a parameter's C++ type is not the one that generated code has for the port's type, or its extents are not those of
a part of the array outside, the values are copied on their way.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from allo_studio.backends.vitis.cpp_types import cpp_type
from allo_studio.backends.vitis.memories import Memory, partition_pragmas
from allo_studio.backends.vitis.names import Names
from allo_studio.backends.vitis.parts import Part
from allo_studio.backends.vitis.text import Lines
from allo_studio.ip.block import CppArgument, IpPort
from allo_studio.ip.firings import Firings
from allo_studio.types import ScalarType

__all__ = ["LOCAL_NAMES", "ExternalPort"]

# What C++ calls the types that generated code uses, where a name is another's.
_CANONICAL = {
    "int8_t": "signed char",
    "int16_t": "short",
    "int32_t": "int",
    "int64_t": "long",
    "uint8_t": "unsigned char",
    "uint16_t": "unsigned short",
    "uint32_t": "unsigned int",
    "uint64_t": "unsigned long",
}
_MOST_DEPTH = 32
# Names that the loops over firings and those that copy use.
LOCAL_NAMES = (
    *("token", "lane", "given", "made"),
    *(f"{name}_{depth}" for name in ("at", "firing") for depth in range(_MOST_DEPTH)),
)


@dataclass(frozen=True)
class ExternalPort:
    """A port: `memory` as generated code has it, over all firings; of it a `part`; `local` is the name of a copy.

    `constant` says that the part is the same input at all firings.
    """

    port: IpPort
    argument: CppArgument
    memory: Memory
    part: Part
    local: str
    constant: bool

    @classmethod
    def of(cls, port: IpPort, firings: Firings, argument: CppArgument, names: Names) -> ExternalPort:
        """Return a port; its names are unique among `names`."""
        whole = firings.whole(port)
        name = names.unique(port.name)
        width = port.width if port.moves == "stream" else 0
        memory = Memory(name, port.name, whole.type, whole.layout, width, port.direction == "out")
        variables = tuple(f"firing_{number}" for number in firings.loops(port.name))
        part = Part(port.type.shape, whole.type.shape, variables, firings.rounds(port.name))
        constant = port.direction == "in" and port.moves != "stream" and not variables
        return cls(port, argument, memory, part, names.unique(f"{port.name}_copy"), constant)

    @property
    def _kind(self) -> ScalarType:
        return self.port.type.element

    @property
    def element(self) -> str:
        """A firing's one element, or its first, in what generated code has."""
        return f"{self.memory.name}{self.part.first()}"

    @property
    def copied(self) -> bool:
        """Whether its C++ types differ, so that the values are copied; a returned value is converted anyway."""
        if self.argument.kind == "returned" or (self.port.moves == "value" and self.port.direction == "in"):
            return False
        if self.port.moves == "stream" and self.argument.token != (self.port.width if self.port.width > 1 else 0):
            return True
        return not self._same or (self.argument.kind == "array" and self.part.rows(self.memory.name) is None)

    @property
    def _same(self) -> bool:
        """Whether an element's type is the same on both sides."""
        return _CANONICAL.get(self.memory.element_type, self.memory.element_type) == self.argument.element

    def theirs(self, value: str) -> str:
        """Return a value of generated code in the block's own type."""
        if self._kind.kind == "fixed":
            return f"allo_of_bits<{self.argument.element}, {self._kind.bits}>({value})"
        return value if self._same else f"static_cast<{self.argument.element}>({value})"

    def ours(self, value: str) -> str:
        """Return a value of the block's own type as generated code has it."""
        if self._kind.kind == "fixed":
            return f"allo_bits_of<{cpp_type(self._kind).name}, {self._kind.bits}>({value})"
        return value if self._same else f"static_cast<{self.memory.element_type}>({value})"

    def passed(self) -> str:
        """Return what the call passes."""
        if self.copied:
            return f"&{self.local}{'[0]' * len(self.port.type.shape)}" if self._pointer else self.local
        if self.port.moves == "stream":
            return self.memory.name
        if self.port.moves == "value" and self.port.direction == "in":
            return self.theirs(self.element)
        if self.argument.kind == "array":
            return self.part.rows(self.memory.name) or self.element
        return f"&{self.element}" if self._pointer else self.element

    @property
    def _pointer(self) -> bool:
        return self.argument.kind == "pointer"

    def before(self, lines: Lines) -> None:
        """Declare the copy, and fill it for an input."""
        if not self.copied:
            return
        if self.port.moves == "stream":
            lines.add(f'hls::stream<{self._token}> {self.local}("{self.local}");')
        else:
            extents = "".join(f"[{extent}]" for extent in self.port.type.shape)
            lines.add(f"{self.argument.element} {self.local}{extents};")
            for pragma in partition_pragmas(Memory(self.local, "", self.port.type, self.port.layout)):
                lines.pragma(pragma)
        if self.port.direction == "in":
            self._copy(lines, into=True)

    def after(self, lines: Lines) -> None:
        """Copy an output back."""
        if self.copied and self.port.direction == "out":
            self._copy(lines, into=False)

    @property
    def _token(self) -> str:
        element, width = self.argument.element, self.argument.token
        return f"hls::vector<{element}, {width}>" if width else element

    def _copy(self, lines: Lines, into: bool) -> None:
        if self.port.moves == "stream":
            self._copy_stream(lines, into)
            return
        places = [f"at_{depth}" for depth in range(len(self.port.type.shape))]
        mine = f"{self.memory.name}{self.part.element(places)}"
        local = f"{self.local}{''.join(f'[{place}]' for place in places)}"
        with ExitStack() as loops:
            for place, extent in zip(places, self.port.type.shape, strict=True):
                lines.add(f"for (int {place} = 0; {place} < {extent}; ++{place}) {{")
                loops.callback(lines.add, "}")
                loops.enter_context(lines.indented())
            if places:
                lines.pragma("pipeline II=1")
            lines.add(f"{local} = {self.theirs(mine)};" if into else f"{mine} = {self.ours(local)};")

    def _copy_stream(self, lines: Lines, into: bool) -> None:
        source, target = (self.memory.name, self.local) if into else (self.local, self.memory.name)
        taken, made = (self.memory.token_type, self._token) if into else (self._token, self.memory.token_type)
        convert = self.theirs if into else self.ours
        lines.add(f"for (int token = 0; token < {self.port.tokens}; ++token) {{")
        lines.pragma("pipeline II=1")
        with lines.indented():
            lines.add(f"const {taken} given = {source}.read();")
            if self.port.width == 1 and not (into and self.argument.token):
                value = convert("given[0]" if self.argument.token else "given")
                lines.add(f"{target}.write({value});")
            else:
                lines.add(f"{made} made;")
                self._lanes(lines, convert)
                lines.add(f"{target}.write(made);")
        lines.add("}")

    def _lanes(self, lines: Lines, convert: Callable[[str], str]) -> None:
        if self.port.width == 1:
            lines.add(f"made[0] = {convert('given')};")
            return
        lines.add(f"for (int lane = 0; lane < {self.port.width}; ++lane) {{")
        lines.pragma("unroll")
        with lines.indented():
            lines.add(f"made[lane] = {convert('given[lane]')};")
        lines.add("}")
