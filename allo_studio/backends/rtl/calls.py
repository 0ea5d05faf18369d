"""Calls as hardware: all calls of a function share one instance of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from allo_studio.backends.rtl.buffers import port_base, port_names
from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.scope import Scope
from allo_studio.hardware.nest import Call

__all__ = ["Callee", "Calls"]


@dataclass(frozen=True)
class Callee:
    """A function's module, and the shared tables and state that it uses, by key."""

    circuit: Circuit
    shared: tuple[str, ...]


@dataclass
class _Site:
    call: Call
    active: Signal
    scalars: dict[str, tuple[Signal, Signal]]


@dataclass
class Calls:
    """The calls of one function. `callees` are the modules of those that it may call."""

    callees: Mapping[str, Callee]
    _sites: dict[str, list[_Site]] = field(default_factory=dict)
    _starts: dict[str, list[Signal]] = field(default_factory=dict)
    _done: dict[str, Signal] = field(default_factory=dict)

    def add(self, call: Call, go: Signal, scope: Scope) -> Signal:
        """Add a call that starts when `go` is set; return when it is done."""
        clocked, circuit = scope.clocked, scope.clocked.circuit
        if call.function not in self._done:
            self._done[call.function] = circuit.later(1)
        done = self._done[call.function]
        working = circuit.later(1)
        active = circuit.or_(go, working)
        circuit.drive(working, clocked.register(circuit.and_(active, circuit.not_(done)), reset=0, hint="active"))
        scalars = {name: (go, scope.outside(operand)) for name, operand in call.scalars}
        self._sites.setdefault(call.function, []).append(_Site(call, active, scalars))
        self._starts.setdefault(call.function, []).append(go)
        return circuit.and_(active, done)

    def build(self, scope: Scope) -> None:
        """Make the instances, when all calls are known."""
        for function, sites in self._sites.items():
            self._instance(function, sites, scope)

    def _instance(self, function: str, sites: list[_Site], scope: Scope) -> None:
        circuit, callee = scope.clocked.circuit, self.callees[function]
        ports = port_names(callee.circuit)
        widths = dict(callee.circuit.outputs)
        outputs = {name: circuit.later(width) for name, width in widths.items()}
        choices: dict[str, list[tuple[Signal, Signal]]] = {}
        for site in sites:
            bound = {**dict(site.call.arrays), **{key: key for key in callee.shared}}
            for name, key in bound.items():
                given = scope.buffer(key).serve(name, ports, site.active, outputs.__getitem__)
                for port, signal in given.items():
                    choices.setdefault(port, []).append((site.active, signal))
            for name, (go, signal) in site.scalars.items():
                choices.setdefault(port_base(name), []).append((go, signal))
        inputs = {"start": circuit.or_(*self._starts[function])}
        if scope.clocked.run is not None:
            inputs["run"] = scope.clocked.run
        for wanted in callee.circuit.inputs:
            if wanted.name in choices:
                inputs[wanted.name] = circuit.one_of(choices[wanted.name])
        found = circuit.instance(function, callee.circuit, inputs)
        for port, promised in outputs.items():
            circuit.drive(promised, found[port])
        circuit.drive(self._done[function], outputs["done"])
