"""Small circuits, each a list of modules with the top last."""

from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.source import Source, Span

SOURCE = Source("kernels/small.py", "line 1\nline 2\n")


def counting(circuit: Circuit, width: int, *, enable: Signal | None = None, hint: str = "count") -> Signal:
    """Return a register that is one more in each cycle."""
    value = circuit.later(width)
    found = circuit.register(value, enable=enable, reset=0, hint=hint)
    circuit.drive(value, circuit.add(found, circuit.constant(1, width)))
    return found


def counter() -> list[Circuit]:
    """It counts while `enable` is set."""
    circuit = Circuit("counter", public=True, comment="It counts.")
    with circuit.at(Span.at(SOURCE, 2, 1)):
        count = counting(circuit, 16, enable=circuit.input("enable", 1))
        circuit.output("count", count)
        circuit.output("last", circuit.compare("eq", count, circuit.constant(99, 16)))
    return [circuit]


def registers() -> list[Circuit]:
    """One register of each kind."""
    circuit = Circuit("registers", public=True)
    data, enable = circuit.input("data", 8), circuit.input("enable", 1)
    circuit.output("plain", circuit.register(data, hint="a"))
    circuit.output("held", circuit.register(data, enable=enable, hint="b"))
    circuit.output("started", circuit.register(data, reset=5, hint="c"))
    circuit.output("both", circuit.register(data, enable=enable, reset=7, hint="d"))
    circuit.output("late", circuit.delay(data, 3))
    return [circuit]


def memory(words: int = 100, width: int = 72) -> list[Circuit]:
    """A memory with a port to write and one to read."""
    circuit = Circuit("memory", public=True)
    kept = circuit.memory("kept", words, width)
    address = circuit.input("address", kept.address_width)
    circuit.write(kept, address, circuit.input("data", width), circuit.input("enable", 1))
    circuit.output("word", circuit.read(kept, address))
    return [circuit]


def table(initial: str = "") -> list[Circuit]:
    """A memory that nothing writes, and one that nothing reads; the names are words of Verilog or of the module."""
    circuit = Circuit("lookup", public=True)
    known, address = circuit.memory("buf", 12, 9, initial), circuit.input("address", 4)
    word = circuit.read(known, address)
    circuit.write(circuit.memory("word", 16, 9), address, word, circuit.constant(1, 1))
    circuit.output("word", word)
    return [circuit]


def nested() -> list[Circuit]:
    """Two instances of a module that has two of another, with ports and bits that nothing uses."""
    (leaf,) = counter()
    leaf.public = False
    middle = Circuit("middle")
    enable = middle.input("enable", 4)
    first = middle.instance("first", leaf, {"enable": middle.bit(enable, 2)})
    second = middle.instance("second", leaf, {"enable": first["last"]})
    kept = middle.memory("kept", 8, 16)
    middle.write(kept, middle.extract(first["count"], 0, 3), second["count"], middle.constant(1, 1))
    middle.output("low", middle.extract(middle.read(kept, middle.extract(first["count"], 1, 3)), 0, 5))
    middle.output("high", middle.bit(first["count"], 15))
    top = Circuit("nested", public=True)
    wide = top.input("wide", 130)
    one = top.instance("one", middle, {"enable": top.extract(wide, 0, 4)})
    two = top.instance("two", middle, {"enable": top.extract(wide, 126, 4)})
    top.output("both", top.xor(one["low"], two["low"]))
    top.output("high", one["high"])
    return [leaf, middle, top]


def wide(width: int) -> list[Circuit]:
    """Values of many bits: a register, a memory and terms."""
    circuit = Circuit("wide", public=True)
    a, b = circuit.input("a", width), circuit.input("b", width)
    address = circuit.input("address", 2)
    kept = circuit.memory("kept", 3, width)
    circuit.write(kept, address, circuit.add(a, b), circuit.constant(1, 1))
    circuit.output("sum", circuit.register(circuit.xor(circuit.read(kept, address), b), hint="sum"))
    circuit.output("less", circuit.compare("slt", a, b))
    circuit.output("top", circuit.extract(circuit.sub(a, b), width - 3, 3))
    return [circuit]


def queue(depth: int = 3, width: int = 8) -> list[Circuit]:
    """A queue between a source that counts and a sink, whose handshakes go back and forth between modules."""
    fifo = Circuit("fifo")
    data, valid, ready = fifo.input("data", width), fifo.input("valid", 1), fifo.input("ready", 1)
    kept = fifo.memory("kept", depth, width)
    pointer = kept.address_width
    size, head, tail = fifo.later(pointer + 1), fifo.later(pointer), fifo.later(pointer)
    full = fifo.compare("eq", size, fifo.constant(depth, pointer + 1))
    push, pop = fifo.and_(valid, fifo.not_(full)), fifo.and_(ready, fifo.nonzero(size))
    fifo.write(kept, tail, data, push)
    for at, moves, hint in ((head, pop, "head"), (tail, push, "tail")):
        last = fifo.compare("eq", at, fifo.constant(depth - 1, pointer))
        after = fifo.mux(last, fifo.constant(0, pointer), fifo.add(at, fifo.constant(1, pointer)))
        fifo.drive(at, fifo.register(after, enable=moves, reset=0, hint=hint))
    more = fifo.add(size, fifo.resize(push, pointer + 1, signed=False))
    fifo.drive(size, fifo.register(fifo.sub(more, fifo.resize(pop, pointer + 1, signed=False)), reset=0, hint="size"))
    fifo.output("word", fifo.read(kept, head))
    fifo.output("some", fifo.nonzero(size))
    fifo.output("room", fifo.not_(full))
    source = Circuit("source")
    room = source.input("room", 1)
    source.output("data", counting(source, width, enable=room))
    source.output("valid", source.constant(1, 1))
    sink = Circuit("sink")
    word, some, hold = sink.input("word", width), sink.input("some", 1), sink.input("hold", 1)
    taken = sink.and_(some, sink.not_(hold))
    total = sink.later(32)
    summed = sink.add(total, sink.resize(word, 32, signed=False))
    sink.drive(total, sink.register(summed, enable=taken, reset=0, hint="total"))
    sink.output("ready", sink.not_(hold))
    sink.output("total", total)
    sink.output("taken", counting(sink, 8, enable=taken, hint="taken"))
    top = Circuit("queue", public=True)
    room, word, some = top.later(1), top.later(width), top.later(1)
    made = top.instance("producer", source, {"room": room})
    used = top.instance("consumer", sink, {"word": word, "some": some, "hold": top.input("hold", 1)})
    between = top.instance("between", fifo, {"data": made["data"], "valid": made["valid"], "ready": used["ready"]})
    for promised, name in ((room, "room"), (word, "word"), (some, "some")):
        top.drive(promised, between[name])
    top.output("total", used["total"])
    top.output("done", top.compare("eq", used["taken"], top.constant(100, 8)))
    return [fifo, source, sink, top]


def text(modules: list[Circuit]) -> str:
    """Return the text of modules."""
    return "\n".join(module.text() for module in modules)
