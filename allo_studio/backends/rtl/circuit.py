"""A hardware module as a value: signals, operators, registers and memories, written as text of CIRCT's core dialects.

It knows nothing of CIRCT but the text: `hw`, `comb` and `seq` (https://circt.llvm.org/docs/Dialects/). Equal
expressions are one, and expressions of constants are folded where that keeps the text small; the rest is CIRCT's work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from allo_studio.source import Span

__all__ = ["Circuit", "Foreign", "Memory", "Signal"]


@dataclass(frozen=True)
class Signal:
    """A value of so many bits (at least one) in each cycle. `value` is its number where it is constant (unsigned)."""

    name: str
    width: int
    value: int | None = None


@dataclass(frozen=True)
class Memory:
    """A memory of so many words; reading is combinational, writing is at the end of a cycle."""

    name: str
    words: int
    width: int

    @property
    def address_width(self) -> int:
        """The bits of an address, at least one."""
        return max(1, (self.words - 1).bit_length())

    @property
    def type(self) -> str:
        """Its type in the text."""
        return f"<{self.words} x {self.width}>"


@dataclass(frozen=True)
class Foreign:
    """A Verilog module of another's: its parameters, and its inputs and outputs with their widths, clock and reset too.

    `symbol` is what the text calls it, in which one module has ports of one width.
    """

    symbol: str
    name: str
    parameters: tuple[tuple[str, int], ...]
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]

    def text(self) -> str:
        """Return its declaration."""
        parameters = ", ".join(f"{name}: i32" for name, _ in self.parameters)
        ports = [f"in %{name}: i{width} {_NO_PLACE}" for name, width in self.inputs]
        ports += [f"out {name}: i{width} {_NO_PLACE}" for name, width in self.outputs]
        listed = f"<{parameters}>" if parameters else ""
        named = f' attributes {{verilogName = "{self.name}"}}' if self.symbol != self.name else ""
        return f"hw.module.extern @{self.symbol}{listed}({', '.join(ports)}){named} {_NO_PLACE}\n"


@dataclass
class _Line:
    """A line of the module: text with places for operands."""

    result: str
    text: str
    operands: tuple[Signal, ...]
    location: str
    # Whether it stays although nothing takes its result.
    keeps: bool = False


_Key: TypeAlias = "tuple[str, tuple[Signal, ...]]"
_NO_PLACE = "loc(unknown)"


@dataclass
class Circuit:
    """One module under construction, with a clock `clk` and a synchronous reset `rst`.

    Widths of operands must agree, which is asserted: a mismatch is a fault of the generator and never of a design.
    """

    name: str
    public: bool = False
    comment: str = ""
    instances: dict[str, str] = field(default_factory=dict)
    memories: dict[str, Memory] = field(default_factory=dict)
    _inputs: list[Signal] = field(default_factory=list)
    _outputs: list[tuple[str, Signal]] = field(default_factory=list)
    _lines: list[_Line] = field(default_factory=list)
    _known: dict[_Key, Signal] = field(default_factory=dict)
    _driven: dict[str, Signal] = field(default_factory=dict)
    _names: dict[str, int] = field(default_factory=lambda: {"clk": 1, "rst": 1})
    _location: str = _NO_PLACE

    # Places and names

    @contextmanager
    def at(self, span: Span | None) -> Iterator[None]:
        """Within, what is made comes from a place in a source file; it becomes a comment."""
        before = self._location
        if span is not None:
            self._location = f'loc("{_quoted(span.source.path)}":{span.line}:{span.column})'
        yield
        self._location = before

    def fresh(self, hint: str) -> str:
        """Return a name that nothing has yet, after a hint; without one it is a number, which is not shown."""
        if not hint:
            self._names[""] = self._names.get("", 0) + 1
            return str(self._names[""])
        hint = re.sub(r"\W+", "_", hint).strip("_") or "v"
        if not (hint[0].isalpha() or hint[0] == "_"):
            hint = f"v{hint}"
        count = self._names.get(hint, 0)
        self._names[hint] = count + 1
        return hint if not count else self.fresh(f"{hint}_{count}")

    @property
    def names(self) -> set[str]:
        """All names that there are within the module."""
        return {*self._names, *(name for name, _ in self._outputs)}

    # Ports

    def input(self, name: str, width: int) -> Signal:
        """Return a new input. The name is taken as it is."""
        assert width > 0, f"{name} has no bits"
        self._names[name] = 1
        found = Signal(name, width)
        self._inputs.append(found)
        return found

    def output(self, name: str, signal: Signal) -> None:
        """Make a signal an output."""
        self._outputs.append((name, signal))

    @property
    def inputs(self) -> tuple[Signal, ...]:
        """The inputs but for clock and reset, in order."""
        return tuple(self._inputs)

    @property
    def outputs(self) -> tuple[tuple[str, int], ...]:
        """The outputs' names and widths, in order."""
        return tuple((name, signal.width) for name, signal in self._outputs)

    # Combinational

    def constant(self, value: int, width: int) -> Signal:
        """Return a number, taken modulo 2 ** width."""
        assert width > 0
        value %= 1 << width
        key: _Key = (f"constant {value} {width}", ())
        if key not in self._known:
            name = self.fresh(f"c{value}_{width}")
            self._lines.append(_Line(name, f"hw.constant {_signed(value, width)} : i{width}", (), _NO_PLACE))
            self._known[key] = Signal(name, width, value)
        return self._known[key]

    def add(self, a: Signal, b: Signal) -> Signal:
        """Return a + b, wrapping."""
        if a.value == 0 or b.value == 0:
            return b if a.value == 0 else a
        return self._pair("add", a, b, lambda x, y: x + y)

    def sub(self, a: Signal, b: Signal) -> Signal:
        """Return a - b, wrapping."""
        return a if b.value == 0 else self._pair("sub", a, b, lambda x, y: x - y)

    def mul(self, a: Signal, b: Signal) -> Signal:
        """Return a * b, wrapping."""
        for one, other in ((a, b), (b, a)):
            if one.value is not None and one.value in (0, 1):
                return other if one.value else one
        return self._pair("mul", a, b, lambda x, y: x * y)

    def and_(self, *signals: Signal) -> Signal:
        """Return the bitwise and of one signal or more."""
        whole = (1 << signals[0].width) - 1
        found = [s for s in dict.fromkeys(signals) if s.value != whole]
        if not found:
            return signals[0]
        if any(s.value == 0 for s in found):
            return self.constant(0, signals[0].width)
        return found[0] if len(found) == 1 else self._variadic("and", found)

    def or_(self, *signals: Signal) -> Signal:
        """Return the bitwise or of one signal or more."""
        whole = (1 << signals[0].width) - 1
        found = [s for s in dict.fromkeys(signals) if s.value != 0]
        if not found:
            return signals[0]
        if any(s.value == whole for s in found):
            return self.constant(-1, signals[0].width)
        return found[0] if len(found) == 1 else self._variadic("or", found)

    def xor(self, a: Signal, b: Signal) -> Signal:
        """Return the bitwise exclusive or."""
        if a.value == 0 or b.value == 0:
            return b if a.value == 0 else a
        return self._pair("xor", a, b, lambda x, y: x ^ y)

    def not_(self, a: Signal) -> Signal:
        """Return all bits inverted."""
        return self.xor(a, self.constant(-1, a.width))

    def mux(self, condition: Signal, then: Signal, other: Signal) -> Signal:
        """Return one of two by a bit."""
        assert condition.width == 1
        assert then.width == other.width, f"{then} or {other}"
        if then == other:
            return then
        if condition.value is not None:
            return then if condition.value else other
        if then.width == 1 and {then.value, other.value} == {0, 1}:
            return condition if then.value else self.not_(condition)
        if condition in (then, other):
            # CIRCT (in pycde 0.12.1) crashes on mux(c, a, c) where c is the and of a and two others.
            return self.or_(condition, other) if condition == then else self.and_(condition, then)
        return self._make(f"comb.mux {{}}, {{}}, {{}} : i{then.width}", (condition, then, other), then.width)

    def compare(self, predicate: str, a: Signal, b: Signal) -> Signal:
        """Return a bit: `eq`, `ne`, or one of `ult ule ugt uge slt sle sgt sge`."""
        assert a.width == b.width, f"{a} {predicate} {b}"
        if a.value is not None and b.value is not None:
            return self.constant(_compared(predicate, a, b), 1)
        return self._make(f"comb.icmp {predicate} {{}}, {{}} : i{a.width}", (a, b), 1)

    def equals(self, a: Signal, number: int) -> Signal:
        """Return whether a signal is a number."""
        if a.width == 1:
            return a if number % 2 else self.not_(a)
        return self.compare("eq", a, self.constant(number, a.width))

    def is_zero(self, a: Signal) -> Signal:
        """Return whether no bit is set."""
        return self.equals(a, 0)

    def nonzero(self, a: Signal) -> Signal:
        """Return whether any bit is set."""
        return a if a.width == 1 else self.compare("ne", a, self.constant(0, a.width))

    def shift(self, kind: str, a: Signal, by: Signal) -> Signal:
        """Return `shl`, `shru` or `shrs` of a by a number of the same width; by the width or more all bits are gone."""
        if by.value == 0:
            return a
        return self._pair(kind, a, by)

    def divide(self, kind: str, a: Signal, b: Signal) -> Signal:
        """Return `divu`, `divs`, `modu` or `mods` in one go; undefined by zero."""
        return self._pair(kind, a, b)

    def concat(self, *parts: Signal) -> Signal:
        """Return signals joined, the most significant first."""
        if len(parts) == 1:
            return parts[0]
        width = sum(part.width for part in parts)
        if all(part.value is not None for part in parts):
            found = 0
            for part in parts:
                found = found << part.width | (part.value or 0)
            return self.constant(found, width)
        types = ", ".join(f"i{part.width}" for part in parts)
        return self._make(f"comb.concat {', '.join(['{}'] * len(parts))} : {types}", parts, width)

    def extract(self, a: Signal, low: int, width: int) -> Signal:
        """Return `width` bits from bit `low` on."""
        assert 0 < width <= a.width - low, f"{width} bits from {low} of {a}"
        if width == a.width:
            return a
        if a.value is not None:
            return self.constant(a.value >> low, width)
        return self._make(f"comb.extract {{}} from {low} : (i{a.width}) -> i{width}", (a,), width)

    def bit(self, a: Signal, number: int) -> Signal:
        """Return one bit, counted from the least significant."""
        return self.extract(a, number, 1)

    def replicate(self, a: Signal, times: int) -> Signal:
        """Return a signal so many times over."""
        if times == 1:
            return a
        if a.value is not None:
            return self.concat(*[a] * times)
        return self._make(f"comb.replicate {{}} : (i{a.width}) -> i{a.width * times}", (a,), a.width * times)

    def resize(self, a: Signal, width: int, signed: bool) -> Signal:
        """Return the low bits, or a with its sign or zeros in front."""
        if width <= a.width:
            return self.extract(a, 0, width)
        if a.value is not None:
            return self.constant(_signed(a.value, a.width) if signed else a.value, width)
        front = self.bit(a, a.width - 1) if signed else self.constant(0, 1)
        return self.concat(self.replicate(front, width - a.width), a)

    def select(self, index: Signal, entries: Sequence[Signal]) -> Signal:
        """Return the entry with a number; any of them beyond the last."""
        assert entries
        found = list(entries)
        for number in range(index.width):
            if len(found) == 1:
                return found[0]
            bit = self.bit(index, number)
            found = [
                self.mux(bit, found[n + 1], found[n]) if n + 1 < len(found) else found[n]
                for n in range(0, len(found), 2)
            ]
        return found[0]

    def one_of(self, choices: Sequence[tuple[Signal, Signal]]) -> Signal:
        """Return the value of the choice whose bit is set, of which at most one is; anything where none is."""
        assert choices
        found = choices[-1][1]
        for condition, value in reversed(choices[:-1]):
            found = self.mux(condition, value, found)
        return found

    # State

    def register(
        self,
        value: Signal,
        *,
        enable: Signal | None = None,
        reset: int | None = None,
        hint: str = "",
    ) -> Signal:
        """Return what a signal was in the cycle before; with `enable`, in the last cycle in which that was set.

        `reset` is what it is in the cycle after one with `rst` set; without it, it starts as anything.
        """
        if enable is not None and enable.value == 1:
            enable = None
        tail = ""
        operands = [value]
        if enable is not None:
            assert enable.width == 1
            operands.append(enable)
        if reset is not None:
            operands.append(self.constant(reset, value.width))
            tail = " reset %rst, {}"
        kind = "seq.compreg" if enable is None else "seq.compreg.ce"
        held = "" if enable is None else ", {}"
        text = f"{kind} {{}}, %clk{held}{tail} : i{value.width}"
        return self._make(text, tuple(operands), value.width, hint)

    def counter(self, count: int, moves: Signal, hint: str) -> Signal:
        """Return a register that counts the cycles in which `moves` is set, from 0 on and round at `count`."""
        width = max(1, (count - 1).bit_length())
        if count == 1:
            return self.constant(0, width)
        present = self.later(width)
        onward = self.add(present, self.constant(1, width))
        if count != 1 << width:
            onward = self.mux(self.equals(present, count - 1), self.constant(0, width), onward)
        self.drive(present, self.register(onward, enable=moves, reset=0, hint=hint))
        return present

    def delay(self, value: Signal, cycles: int, enable: Signal | None = None, reset: int | None = None) -> Signal:
        """Return a signal so many cycles later. Delays of one signal share registers."""
        if value.value is not None and reset is None:
            return value
        for _ in range(cycles):
            value = self.register(value, enable=enable, reset=reset, hint=_base(value.name))
        return value

    def later(self, width: int) -> Signal:
        """Return a signal that is to be driven later on (see `drive`)."""
        return Signal(self.fresh(""), width)

    def drive(self, signal: Signal, value: Signal) -> None:
        """Say what a signal made by `later` is."""
        assert signal.width == value.width, f"{signal} is {value}"
        assert signal.name not in self._driven
        self._driven[signal.name] = value

    def memory(self, hint: str, words: int, width: int, initial: str = "") -> Memory:
        """Return a new memory. `initial` names a file of hexadecimal words that it starts with."""
        found = Memory(self.fresh(hint), words, width)
        self.memories[found.name] = found
        # The braces are doubled, since the text has places for operands. The last flag keeps the file in the module.
        init = f' {{{{init = #seq.firmem.init<"{_quoted(initial)}", false, true>}}}}' if initial else ""
        text = f'seq.firmem name "{found.name}" 0, 1, undefined, undefined{init} : {found.type}'
        self._lines.append(_Line(found.name, text, (), self._location, keeps=True))
        return found

    def read(self, memory: Memory, address: Signal) -> Signal:
        """Return the word at an address, in the same cycle."""
        assert address.width == memory.address_width
        return self._make(
            f"seq.firmem.read_port %{memory.name}[{{}}], clock %clk : {memory.type}", (address,), memory.width
        )

    def write(self, memory: Memory, address: Signal, data: Signal, enable: Signal) -> None:
        """Write a word at the end of each cycle in which `enable` is set."""
        assert address.width == memory.address_width
        assert data.width == memory.width
        text = f"seq.firmem.write_port %{memory.name}[{{}}] = {{}}, clock %clk enable {{}} : {memory.type}"
        self._lines.append(_Line("", text, (address, data, enable), self._location, keeps=True))

    def instance(self, hint: str, module: Circuit, inputs: dict[str, Signal]) -> dict[str, Signal]:
        """Return the outputs of a module within this one, by name. All its inputs must be given.

        `instances` then has the instance's name by the hint.
        """
        assert set(inputs) == {s.name for s in module.inputs}, f"{module.name}: {sorted(inputs)}"
        name = self.fresh(hint)
        while name in module.names:
            # A name that a module has inside would hide that of the instance.
            name = self.fresh(hint)
        self.instances[hint] = name
        places = ["clk: %clk: !seq.clock", "rst: %rst: i1"]
        for port in module.inputs:
            assert inputs[port.name].width == port.width, f"{module.name}.{port.name}: {inputs[port.name]}"
            places.append(f"{port.name}: {{}}: i{port.width}")
        results = [Signal(self.fresh(f"{name}_{port}"), width) for port, width in module.outputs]
        outs = ", ".join(f"{port}: i{width}" for port, width in module.outputs)
        text = f'hw.instance "{name}" @{module.name}({", ".join(places)}) -> ({outs})'
        operands = tuple(inputs[port.name] for port in module.inputs)
        self._lines.append(_Line(", %".join(s.name for s in results), text, operands, self._location, keeps=True))
        return {port: signal for (port, _), signal in zip(module.outputs, results, strict=True)}

    def foreign(self, hint: str, module: Foreign, inputs: dict[str, Signal]) -> dict[str, Signal]:
        """Return the outputs of a foreign module within this one, by name. All its inputs must be given."""
        assert list(inputs) == [name for name, _ in module.inputs], f"{module.name}: {list(inputs)}"
        name = self.fresh(hint)
        parameters = ", ".join(f"{key}: i32 = {value}" for key, value in module.parameters)
        places = ", ".join(f"{key}: {{}}: i{signal.width}" for key, signal in inputs.items())
        results = [Signal(self.fresh(f"{name}_{port}"), width) for port, width in module.outputs]
        outs = ", ".join(f"{port}: i{width}" for port, width in module.outputs)
        listed = f"<{parameters}>" if parameters else ""
        text = f'hw.instance "{name}" @{module.symbol}{listed}({places}) -> ({outs})'
        operands = tuple(inputs.values())
        self._lines.append(_Line(", %".join(s.name for s in results), text, operands, self._location, keeps=True))
        return {port: signal for (port, _), signal in zip(module.outputs, results, strict=True)}

    @property
    def clock(self) -> Signal:
        """The clock as a bit, for a foreign module."""
        return self._make("seq.from_clock %clk", (), 1)

    @property
    def reset(self) -> Signal:
        """The reset."""
        return Signal("rst", 1)

    # Text

    def live(self) -> set[str]:
        """Return the names of all signals that an output, a memory's port or an instance depends on, so far."""
        makers = {name: line for line in self._lines for name in line.result.split(", %") if name}
        todo = [signal for _, signal in self._outputs]
        todo += [s for line in self._lines if line.keeps for s in line.operands]
        found: set[str] = set()
        while todo:
            name = todo.pop().name
            if name in found:
                continue
            found.add(name)
            if name in self._driven:
                todo.append(self._driven[name])
            elif name in makers and not makers[name].keeps:
                todo += makers[name].operands
        return found

    def text(self) -> str:
        """Return the module as text, without what nothing depends on. What was promised by `later` must be driven."""
        # What has no place is said to have none: it would be a place in this text, which nobody sees.
        ports = [f"in %clk: !seq.clock {_NO_PLACE}", f"in %rst: i1 {_NO_PLACE}"]
        ports += [f"in %{s.name}: i{s.width} {_NO_PLACE}" for s in self._inputs]
        ports += [f"out {name}: i{signal.width} {_NO_PLACE}" for name, signal in self._outputs]
        comment = f' attributes {{comment = "{_quoted(self.comment)}"}}' if self.comment else ""
        head = f"hw.module {'' if self.public else 'private '}@{self.name}({', '.join(ports)}){comment} {{"
        lines = [head]
        live = self.live()
        for line in self._lines:
            if not line.keeps and line.result not in live:
                continue
            result = f"%{line.result} = " if line.result else ""
            lines.append(f"  {result}{line.text.format(*map(self._reference, line.operands))} {line.location}")
        results = ", ".join(self._reference(signal) for _, signal in self._outputs)
        types = ", ".join(f"i{signal.width}" for _, signal in self._outputs)
        lines.append(f"  hw.output {results} : {types} {_NO_PLACE}" if self._outputs else f"  hw.output {_NO_PLACE}")
        return "\n".join([*lines, f"}} {_NO_PLACE}", ""])

    def _reference(self, signal: Signal) -> str:
        while signal.name in self._driven:
            signal = self._driven[signal.name]
        return f"%{signal.name}"

    def _pair(self, operation: str, a: Signal, b: Signal, fold: Callable[[int, int], int] | None = None) -> Signal:
        assert a.width == b.width, f"{operation} of {a} and {b}"
        if fold is not None and a.value is not None and b.value is not None:
            return self.constant(fold(a.value, b.value), a.width)
        return self._make(f"comb.{operation} {{}}, {{}} : i{a.width}", (a, b), a.width)

    def _variadic(self, operation: str, signals: Sequence[Signal]) -> Signal:
        width = signals[0].width
        assert all(s.width == width for s in signals)
        places = ", ".join(["{}"] * len(signals))
        return self._make(f"comb.{operation} {places} : i{width}", tuple(signals), width)

    def _make(self, text: str, operands: tuple[Signal, ...], width: int, hint: str = "") -> Signal:
        key = (text, operands)
        if key not in self._known:
            name = self.fresh(hint)
            self._lines.append(_Line(name, text, operands, self._location))
            self._known[key] = Signal(name, width)
        return self._known[key]


def _base(name: str) -> str:
    """Return a name without the number that keeps it apart from others."""
    return "stage" if name.isdigit() else re.sub(r"(_\d+)+$", "", name)


def _signed(value: int, width: int) -> int:
    return value - (1 << width) if value >> (width - 1) else value


def _compared(predicate: str, a: Signal, b: Signal) -> int:
    x, y = a.value or 0, b.value or 0
    if predicate[0] == "s":
        x, y = _signed(x, a.width), _signed(y, b.width)
    order = predicate if predicate in ("eq", "ne") else predicate[1:]
    return {"eq": x == y, "ne": x != y, "lt": x < y, "le": x <= y, "gt": x > y, "ge": x >= y}[order]


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
