"""Blocks and ports by the keyboard: which is chosen, what it says, and where a wire from it may end."""

from __future__ import annotations

from dataclasses import dataclass

from allo_studio.design.model import Endpoint
from nodes.canvas import Canvas
from nodes.picture import PortSpec, block_name, endpoint
from nodes.walking import first, next_in
from ui.gestures import Gestures

__all__ = ["ChosenPort", "PortWalk", "Target"]


@dataclass(frozen=True)
class ChosenPort:
    """A port of a block on the canvas; `output` tells its side."""

    block: str
    port: PortSpec
    output: bool

    @property
    def end(self) -> Endpoint:
        """The port as an end of wires."""
        return endpoint(self.block, self.port.name)


@dataclass(frozen=True)
class Target:
    """A port that a wire could end at, with its type; `reason` is why it may not, empty where it may."""

    end: Endpoint
    type: str
    reason: str = ""


class PortWalk:
    """Chooses blocks and ports of the canvas without a mouse. What it chooses is ringed there."""

    def __init__(self, canvas: Canvas, gestures: Gestures) -> None:
        self._canvas, self._gestures = canvas, gestures
        self._chosen: ChosenPort | None = None
        self._ringed: ChosenPort | None = None

    def block(self) -> str | None:
        """Return the block that is selected alone."""
        chosen = self._canvas.selected_blocks()
        return chosen[0] if len(chosen) == 1 else None

    @property
    def port(self) -> ChosenPort | None:
        """The chosen port, as long as its block is the one that is selected and has it."""
        chosen = self._chosen
        return chosen if chosen and chosen.block == self.block() and chosen in self.ports() else None

    def ports(self) -> list[ChosenPort]:
        """Return the ports of the selected block, inputs first."""
        name = self.block()
        spec = self._canvas.picture.blocks.get(name) if name else None
        if name is None or spec is None:
            return []
        sides = ((spec.inputs, False), (spec.outputs, True))
        return [ChosenPort(name, port, output) for ports, output in sides for port in ports]

    def go(self, direction: tuple[int, int]) -> str | None:
        """Select the next block in a direction, the first one where none is selected; returns its name."""
        places = {}
        for name in self._canvas.picture.blocks:
            middle = self._canvas.block(name).sceneBoundingRect().center()
            places[name] = (middle.x(), middle.y())
        start = self.block()
        found = next_in(places, start, direction) if start else first(places)
        if found is not None:
            self._choose(None)
            self._canvas.select(found)
            self._canvas.view.bring_into_view(self._canvas.block(found).sceneBoundingRect())
        return found

    def turn(self, by: int) -> ChosenPort | None:
        """Choose the next port of the selected block (1) or the one before (-1)."""
        ports, now = self.ports(), self.port
        if not ports:
            return None
        at = ports.index(now) + by if now else (0 if by > 0 else -1)
        self._choose(ports[at % len(ports)])
        return self._chosen

    def choose(self, block: str, port: str, output: bool) -> None:
        """Select a block and choose a port of it."""
        self._canvas.select(block)
        self._choose(next((p for p in self.ports() if p.port.name == port and p.output == output), None))

    def _choose(self, chosen: ChosenPort | None) -> None:
        self._chosen = chosen
        self.mark()

    def mark(self) -> None:
        """Ring the chosen port, as after the canvas was drawn anew."""
        now = self.port
        for which, chosen in ((self._ringed, False), (now, True)):
            spec = self._canvas.picture.blocks.get(which.block) if which else None
            if which and spec and which.port.name in spec.port_names[which.output]:
                self._canvas.port(which.block, which.port.name, which.output).set_chosen(chosen)
        self._ringed = now

    def told(self) -> str:
        """Return what is chosen, in words: a block with its ports, or a port with its type and wires."""
        name, now = self.block(), self.port
        if name is None:
            return ""
        if now is None:
            spec = self._canvas.picture.blocks[name]
            sides = [f"{len(ports)} {what}{'s' * (len(ports) != 1)}"
                     for ports, what in ((spec.inputs, "input"), (spec.outputs, "output")) if ports]  # fmt: skip
            state = {"ok": "sound", "error": "has errors", "warning": "has warnings"}.get(spec.level, spec.level)
            return f"{spec.title}, {spec.subtitle or spec.kind}, {' and '.join(sides) or 'no ports'}, {state}"
        others = self.others(now)
        return (
            f"{now.end}: {'output' if now.output else 'input'} {now.port.type or 'of unknown type'}, "
            f"{('wired to ' if now.output else 'wired from ') + ', '.join(map(str, others)) if others else 'not wired'}"
        )

    def others(self, port: ChosenPort) -> list[Endpoint]:
        """Return the other ends of the wires of a port."""
        wires = self._canvas.picture.wires.values()
        if port.output:
            return [wire.target for wire in wires if wire.source == port.end]
        return [wire.source for wire in wires if wire.target == port.end]

    def targets(self) -> list[Target]:
        """Return the ports on the other side, those that a wire of the chosen port may end at first."""
        now = self.port
        if now is None:
            return []
        found = []
        for name, spec in self._canvas.picture.blocks.items():
            for port in spec.inputs if now.output else spec.outputs:
                end = endpoint(name, port.name)
                ends = (now.end, end) if now.output else (end, now.end)
                reason = "the block has no such port" if port.ghost else self._gestures.why_not(*ends, None)
                found.append(Target(end, port.type, reason or ""))
        return sorted(found, key=lambda target: (bool(target.reason), block_name(target.end), target.end.port))

    def connect(self, target: Target) -> None:
        """Draw a wire from the chosen port."""
        now = self.port
        if now is not None:
            ends = (now.end, target.end) if now.output else (target.end, now.end)
            self._gestures.connect_ports(*ends)
            self.mark()

    def nudge(self, direction: tuple[int, int], step: float) -> None:
        """Move the selected blocks a step, as one edit."""
        places = self._canvas.positions
        moved = {name: (places[name][0] + direction[0] * step, places[name][1] + direction[1] * step)
                 for name in self._canvas.selected_blocks() if name in places}  # fmt: skip
        if moved:
            self._gestures.move(moved)
