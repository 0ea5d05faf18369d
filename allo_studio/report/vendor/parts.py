"""What a vendor's report says in detail, as values: interfaces, memories, FIFOs, bindings, pragmas, tables, timing.

Widths are in bits. A figure that a report does not give, or calls undefined, is None; a text that it does not give is
empty. Rows keep the order of the file.
"""

from __future__ import annotations

from dataclasses import dataclass

from allo_studio.report.vendor.figures import UNKNOWN, Range

__all__ = [
    "NO_SLACKS",
    "Argument",
    "Attributes",
    "Bind",
    "Clock",
    "Fifo",
    "HardwareRef",
    "Interface",
    "Memory",
    "Message",
    "Port",
    "Pragma",
    "Register",
    "RegisterField",
    "Resource",
    "Setting",
    "Simulated",
    "Slacks",
    "Table",
    "TimingPath",
    "Transaction",
]

# Names and texts as they stand in the file, for what is different in each version of the tools.
Attributes = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Resource:
    """What is taken of one resource of the device.

    `name` is ours (`BRAM_18K`, `DSP`, `FF`, `LUT`, `URAM`, ...), `stated_name` the tool's (`DSP48E`, `CLB LUTs`).
    `percent` is the tool's text for the share (`~0`, `22`, `<0.01`). The `slr` figures are of one super logic region.
    """

    name: str
    used: int | None = None
    available: int | None = None
    percent: str = ""
    available_slr: int | None = None
    percent_slr: str = ""
    stated_name: str = ""

    @property
    def share(self) -> float | None:
        """The part of the device that is taken, 1.0 for all of it; None where a figure is unknown or there is none."""
        if self.used is None or not self.available:
            return None
        return self.used / self.available


@dataclass(frozen=True)
class Table:
    """A table as it stands in the report; `section` and `title` are the headings above it, `note` what stands below."""

    section: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Port:
    """A port of the RTL. `source` is the C argument or function that it is for, `kind` its form (`array`, `pointer`).

    `role` is what the port carries (`address`, `data`, `control`), `control` whether a control protocol goes with it.
    """

    name: str
    direction: str = ""
    bits: int | None = None
    protocol: str = ""
    source: str = ""
    kind: str = ""
    c_type: str = ""
    scope: str = ""
    config: str = ""
    role: str = ""
    control: bool | None = None


@dataclass(frozen=True)
class HardwareRef:
    """Where an argument is in the hardware: a port, or a register of an interface."""

    kind: str
    interface: str = ""
    name: str = ""
    usage: str = ""
    direction: str = ""


@dataclass(frozen=True)
class Argument:
    """An argument of the top function, or what it returns (named `return`); `bits` is the size of the C type."""

    name: str
    index: int | None = None
    direction: str = ""
    type: str = ""
    bits: int | None = None
    hardware: tuple[HardwareRef, ...] = ()


@dataclass(frozen=True)
class RegisterField:
    """Bits of a register: `width` of them from bit `offset`."""

    name: str
    offset: int | None = None
    width: int | None = None
    access: str = ""
    description: str = ""


@dataclass(frozen=True)
class Register:
    """A register of an AXI4-Lite interface, `width` bits at the byte address `offset`."""

    name: str
    offset: int | None = None
    width: int | None = None
    access: str = ""
    description: str = ""
    fields: tuple[RegisterField, ...] = ()


@dataclass(frozen=True)
class Interface:
    """An interface of the RTL: a bus, a stream, a memory port, a clock.

    `signals` are its ports with their role in the bus (empty where the file only lists them). `parameters` are those
    of the bus, `constraints` what pragmas asked for and what became of it.
    """

    name: str
    kind: str = ""
    bus: str = ""
    mode: str = ""
    protocol: str = ""
    data_width: int | None = None
    address_width: int | None = None
    port_prefix: str = ""
    parameter_prefix: str = ""
    usage: str = ""
    signals: Attributes = ()
    parameters: Attributes = ()
    registers: tuple[Register, ...] = ()
    constraints: tuple[Attributes, ...] = ()


@dataclass(frozen=True)
class Memory:
    """A memory of a module: `words` of `bits` each in `banks` banks, `size` bits in all."""

    name: str
    module: str = ""
    words: int | None = None
    bits: int | None = None
    banks: int | None = None
    size: int | None = None
    resources: tuple[Resource, ...] = ()


@dataclass(frozen=True)
class Fifo:
    """A channel between processes: `depth` tokens of `bits` each, `size` bits in all.

    `parent` is the instance that it is in (empty: the top), `counter` the signal that counts its tokens at run time.
    """

    name: str
    depth: int | None = None
    bits: int | None = None
    size: int | None = None
    parent: str = ""
    counter: str = ""
    signals: tuple[str, ...] = ()
    resources: tuple[Resource, ...] = ()


@dataclass(frozen=True)
class Bind:
    """An operation, a storage or an adapter, and what it is built from.

    `kind` is `op`, `storage` or `adapter`; `operation` its type (`fadd`, `ram_1p`), `implementation` the core
    (`fabric`, `maxdsp`). `bits`, `depth` and `banks` are of storage. `latency` is in cycles.
    """

    name: str
    kind: str = ""
    variable: str = ""
    operation: str = ""
    implementation: str = ""
    latency: int | None = None
    loop: str = ""
    source: str = ""
    pragma: str = ""
    usage: str = ""
    subtype: str = ""
    bundle: str = ""
    bits: int | None = None
    depth: int | None = None
    banks: int | None = None
    visible: bool | None = None
    number: str = ""
    resources: tuple[Resource, ...] = ()


@dataclass(frozen=True)
class Message:
    """What the tool says of a pragma."""

    number: str
    severity: str
    text: str


@dataclass(frozen=True)
class Pragma:
    """A pragma or directive; `inferred` ones are the tool's own. `others` is what only some versions say."""

    kind: str
    location: str = ""
    status: str = ""
    function: str = ""
    variable: str = ""
    options: str = ""
    directive: bool | None = None
    inferred: bool = False
    messages: tuple[Message, ...] = ()
    others: Attributes = ()


@dataclass(frozen=True)
class Setting:
    """A configuration command of the solution and its options."""

    command: str
    options: Attributes = ()


@dataclass(frozen=True)
class Slacks:
    """The summary of a timing analysis in ns: worst and total negative slack for setup, hold and pulse width.

    `failing` and `endpoints` count the ends of paths; `met` tells whether all constraints are met.
    """

    wns: float | None = None
    tns: float | None = None
    failing: int | None = None
    endpoints: int | None = None
    whs: float | None = None
    ths: float | None = None
    hold_failing: int | None = None
    hold_endpoints: int | None = None
    wpws: float | None = None
    tpws: float | None = None
    pulse_failing: int | None = None
    pulse_endpoints: int | None = None
    met: bool | None = None


NO_SLACKS = Slacks()


@dataclass(frozen=True)
class Clock:
    """A clock: its period in ns, its frequency in MHz, the edges in ns, and the slacks of its paths."""

    name: str
    period_ns: float | None = None
    frequency_mhz: float | None = None
    waveform: str = ""
    slacks: Slacks = NO_SLACKS


@dataclass(frozen=True)
class TimingPath:
    """A path with little slack, in ns: the delay of its data is `logic_ns` and `route_ns` together."""

    slack_ns: float | None
    source: str = ""
    destination: str = ""
    kind: str = ""
    group: str = ""
    requirement_ns: float | None = None
    delay_ns: float | None = None
    logic_ns: float | None = None
    route_ns: float | None = None
    levels: int | None = None
    fanout: int | None = None
    cells: Attributes = ()


@dataclass(frozen=True)
class Simulated:
    """What a co-simulation found in one language: cycles of an invocation and between two, and of them all.

    The averages are whole numbers, as the tool writes them.
    """

    language: str
    status: str = ""
    latency: Range = UNKNOWN
    average: int | None = None
    interval: Range = UNKNOWN
    average_interval: int | None = None
    total: int | None = None


@dataclass(frozen=True)
class Transaction:
    """One invocation of a co-simulation, in cycles."""

    latency: int | None
    interval: int | None
