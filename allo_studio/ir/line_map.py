"""A kernel's MLIR text, and what each of its lines stands for."""

from __future__ import annotations

import re

from allo_studio.ir.kernel import KernelIR
from allo_studio.origins import LineMap, LoopKey, Origin, Place

__all__ = ["mlir_lines"]

_LOCATION = re.compile(r' loc\((?:[^()"]|"(?:\\.|[^"\\])*"|\([^()]*\))*\)')
_ALIAS = re.compile(r"^(#loc\d*) = loc\((.*)\)$")
_NAME = re.compile(r"#loc\d*")
_SPAN = re.compile(r'"((?:\\.|[^"\\])*)":(\d+):\d+(?: to (?:(\d+))?:\d+)?')
_FUNCTION = re.compile(r"func\.func(?: \w+)? @([\w$.-]+|\"[^\"]*\")")
_LOOPS = re.compile(r"^\s*(?:%[\w:, %]+ = )?(?:affine\.for|scf\.for|scf\.while)\b")


def mlir_lines(kernel: KernelIR) -> tuple[str, LineMap]:
    """Return the text of `KernelIR.text`, and what its lines stand for.

    An operation that has regions is told of at its first line and at the line of its last bracket.
    """
    text = kernel.text()
    said = str(kernel.module.operation.get_asm(enable_debug_info=True))
    aliases = {found[1]: found[2] for line in said.splitlines() if (found := _ALIAS.match(line))}
    located = [line for line in said.splitlines() if not _ALIAS.match(line)]
    if [_LOCATION.sub("", line) for line in located] != text.splitlines():
        # A form of locations that is not known: better no marks than wrong ones.
        return text, LineMap((Origin(),) * text.count("\n"))
    return text, LineMap(_Reader(kernel, aliases).origins(located))


class _Reader:
    """Reads the lines of a module with locations from the first to the last."""

    def __init__(self, kernel: KernelIR, aliases: dict[str, str]) -> None:
        self._aliases = aliases
        self._loops = {name: [loop.id for loop in kernel.at(name).loops()] for name in kernel.functions}
        self._found: list[Origin] = []
        # The operations that are open: the number of the first line, and the loop where it is one.
        self._open: list[tuple[int, LoopKey | None]] = []
        self._function = ""

    def origins(self, lines: list[str]) -> tuple[Origin, ...]:
        for line in lines:
            self._read(line, _LOCATION.sub("", line))
        return tuple(self._found)

    def _read(self, line: str, plain: str) -> None:
        word = plain.strip()
        if function := _FUNCTION.match(word):
            self._function = function[1].strip('"')
        closes, opens = word.startswith("}"), word.endswith("{")
        if closes and opens:
            # Another region of the same operation.
            self._found.append(Origin(loops=self._around()))
        elif closes and self._open:
            places, loops = self._places(line), self._around()
            first, _ = self._open.pop()
            self._found.append(Origin(places, loops))
            self._found[first] = Origin(places, loops, self._found[first].opens)
        elif opens:
            loop = self._next_loop() if _LOOPS.match(plain) else None
            self._open.append((len(self._found), loop))
            self._found.append(Origin(loops=self._around(), opens=loop is not None))
        else:
            self._found.append(Origin(self._places(line), self._around()))

    def _around(self) -> tuple[LoopKey, ...]:
        return tuple(loop for _, loop in self._open if loop is not None)

    def _next_loop(self) -> LoopKey:
        # The loops of a function are printed in the order in which it lists them.
        return (self._function, self._loops[self._function].pop(0))

    def _places(self, line: str) -> frozenset[Place]:
        """Return the places of the location at the end of a line."""
        found = _LOCATION.findall(line)
        if not found:
            return frozenset()
        said, seen = found[-1], set[str]()
        while names := set(_NAME.findall(said)) - seen:
            seen |= names
            said = _NAME.sub(lambda name: self._aliases.get(name[0], ""), said)
        places = set()
        for path, first, last in _SPAN.findall(said):
            end = int(last or first)
            places |= {(_unescaped(path), number) for number in range(int(first), end + 1)}
        return frozenset(places)


def _unescaped(path: str) -> str:
    return (
        re.sub(r"\\([0-9A-Fa-f]{2})", lambda code: chr(int(code[1], 16)), path)
        .replace('\\"', '"')
        .replace("\\\\", "\\")
    )
