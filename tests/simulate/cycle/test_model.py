"""Circuits that run, against what Python computes."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_circuits import RandomCircuit

from allo_studio.backends.rtl.circuit import Circuit
from allo_studio.backends.rtl.worker import shared
from allo_studio.simulate.cycle import Model, program


def model(*modules: Circuit) -> Model:
    text = "".join(module.text() for module in modules)
    return Model(shared().simulation(text, modules[-1].name, "design"))


def counter(width: int = 16) -> Circuit:
    circuit = Circuit("counter", public=True)
    following = circuit.later(width)
    count = circuit.register(following, enable=circuit.input("enable", 1), reset=0, hint="count")
    circuit.drive(following, circuit.add(count, circuit.constant(1, width)))
    circuit.output("value", count)
    circuit.output("next", following)
    circuit.output("at_ten", circuit.compare("eq", count, circuit.constant(10, width)))
    return circuit


def store(words: int, width: int) -> Circuit:
    circuit = Circuit("store", public=True)
    kept = circuit.memory("kept", words, width)
    address = circuit.input("address", kept.address_width)
    circuit.write(kept, address, circuit.input("data", width), circuit.input("write", 1))
    circuit.output("word", circuit.read(kept, address))
    return circuit


# Cycles


def test_a_cycle_ends_with_a_rising_edge():
    found = model(counter())
    found.poke("enable", 1)
    assert (found.peek("value"), found.peek("next")) == (0, 1)
    assert found.run(1) == 1
    assert (found.peek("value"), found.peek("next"), found.peek("count")) == (1, 2, 1)
    assert found.run(0) == 0
    assert found.peek("value") == 1


def test_inputs_hold_and_are_seen_without_a_cycle():
    circuit = Circuit("plain", public=True)
    circuit.output("inverse", circuit.not_(circuit.input("value", 3)))
    found = model(circuit)
    for value in (0, 5, 7, 8):
        found.poke("value", value)
        assert found.peek("value") == value % 8
        assert found.peek("inverse") == 7 - value % 8
    assert found.run(3) == 3


def test_a_run_ends_with_the_first_cycle_in_which_its_stop_is_one():
    found = model(counter())
    found.poke("enable", 1)
    # The counter is ten in the eleventh cycle, and eleven after it.
    assert found.run(100, "at_ten") == 11
    assert found.stopped
    assert found.peek("value") == 11
    assert found.run(100, "at_ten") == 100
    assert not found.stopped


def test_a_stop_in_the_first_and_in_the_last_cycle():
    found = model(counter())
    found.poke("enable", 1)
    assert (found.run(10), found.run(5, "at_ten"), found.stopped) == (10, 1, True)
    found.reset()
    found.poke("enable", 1)
    assert (found.run(11, "at_ten"), found.stopped) == (11, True)
    found.reset()
    found.poke("enable", 1)
    assert (found.run(10, "at_ten"), found.stopped) == (10, False)


def test_what_stops_a_run_has_one_bit():
    found = model(counter())
    with pytest.raises(ValueError, match="value has 16 bits"):
        found.run(1, "value")
    with pytest.raises(KeyError, match="nothing"):
        found.run(1, "nothing")


def test_a_reset_makes_everything_zero():
    found = model(store(4, 8))
    view = found.memory("kept")
    view[:] = 7
    found.poke("address", 2)
    assert found.peek("word") == 7
    found.reset()
    assert view.tolist() == [0, 0, 0, 0]
    assert found.peek("address") == 0


def test_models_of_one_simulation_do_not_touch_each_other():
    simulation = shared().simulation(counter().text(), "counter", "design")
    one, two = Model(simulation), Model(simulation)
    one.poke("enable", 1)
    one.run(5)
    two.run(5)
    assert (one.peek("value"), two.peek("value")) == (5, 0)


def test_registers_of_each_kind():
    circuit = Circuit("kinds", public=True)
    data, enable = circuit.input("data", 8), circuit.input("enable", 1)
    kinds = [(enabled, reset) for enabled in (False, True) for reset in (None, 5)]
    for number, (enabled, reset) in enumerate(kinds):
        held = circuit.register(data, enable=enable if enabled else None, reset=reset, hint=f"r{number}")
        circuit.output(f"q{number}", held)
    circuit.output("late", circuit.delay(data, 3))
    found = model(circuit)
    state, late = [0] * 4, [0, 0, 0]
    draw = random.Random(1)
    for _ in range(100):
        now, on, reset = draw.getrandbits(8), draw.getrandbits(1), int(draw.random() < 0.2)
        for name, value in (("data", now), ("enable", on), ("rst", reset)):
            found.poke(name, value)
        found.run(1)
        for number, (enabled, first) in enumerate(kinds):
            if reset and first is not None:
                state[number] = first
            elif on or not enabled:
                state[number] = now
        late = [now, *late[:2]]
        assert [found.peek(f"q{number}") for number in range(4)] == state
        assert found.peek("late") == late[2]


# Memories


@pytest.mark.parametrize(("words", "width"), [(1, 1), (5, 3), (100, 16), (33, 17), (7, 64), (100, 72), (3, 4096)])
def test_a_memory_is_read_and_written(words, width):
    found = model(store(words, width))
    view = found.memory("kept")
    assert found.words("kept") == len(view) == words
    draw = random.Random(1)
    expected = [draw.getrandbits(width) for _ in range(words)]
    for number, value in enumerate(expected):
        found.poke("address", number)
        found.poke("data", value)
        found.poke("write", 1)
        found.run(1)
    found.poke("write", 0)
    assert numbers(view) == expected
    for number, value in enumerate(expected):
        found.poke("address", number)
        assert found.peek("word") == value
    value = draw.getrandbits(width)
    view[-1] = np.frombuffer(value.to_bytes(view.shape[1], "little"), np.uint8) if view.ndim > 1 else value
    found.poke("address", words - 1)
    assert found.peek("word") == value


def test_nothing_lies_beyond_the_last_word():
    found = model(store(5, 8))
    found.memory("kept")[:] = 9
    for address in (5, 6, 7):
        found.poke("address", address)
        found.poke("data", 3)
        found.poke("write", 1)
        found.run(1)
        assert found.peek("word") == 0
    assert found.memory("kept").tolist() == [9] * 5


def test_what_nothing_writes_keeps_what_it_is_given():
    circuit = Circuit("table", public=True)
    circuit.output("word", circuit.read(circuit.memory("known", 6, 12), circuit.input("address", 3)))
    found = model(circuit)
    found.memory("known")[:] = [5, 4, 3, 2, 1, 4095]
    words = []
    for address in range(6):
        found.poke("address", address)
        words.append(found.peek("word"))
    assert words == [5, 4, 3, 2, 1, 4095]


def numbers(view):
    return [int.from_bytes(word.tobytes(), "little") if view.ndim > 1 else int(word) for word in view]


# Traces


def test_a_trace_tells_each_cycle_just_before_its_end():
    found = model(counter())
    found.poke("enable", 1)
    seen = found.trace(100, ["value", "count", "next", "at_ten", "enable"], "at_ten")
    assert found.stopped
    assert seen["value"].tolist() == seen["count"].tolist() == list(range(11))
    assert seen["next"].tolist() == list(range(1, 12))
    assert seen["at_ten"].tolist() == [0] * 10 + [1]
    assert (seen["value"].dtype, seen["enable"].dtype) == (np.uint16, np.uint8)
    assert found.peek("value") == 11


def test_a_trace_goes_on_where_its_buffer_ends(monkeypatch):
    monkeypatch.setattr("allo_studio.simulate.cycle.model._TRACE_BYTES", 17)
    found = model(counter(24))
    found.poke("enable", 1)
    seen = found.trace(1000, ["value", "at_ten"])
    assert seen["value"].tolist() == list(range(1000))
    assert seen["value"].dtype == np.uint32
    assert np.flatnonzero(seen["at_ten"]).tolist() == [10]
    found.reset()
    found.poke("enable", 1)
    assert len(found.trace(1000, ["value"], "at_ten")["value"]) == 11
    assert found.trace(0, ["value"])["value"].shape == (0,)


def test_a_trace_of_wide_values_has_bytes():
    found = model(counter(100))
    found.poke("enable", 1)
    seen = found.trace(300, ["value"])["value"]
    assert seen.shape == (300, 13)
    assert numbers(seen) == list(range(300))


# Terms


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1 << 30))
def test_random_circuits_compute_what_python_does(seed):
    made = RandomCircuit(seed)
    found = model(made.circuit)
    for _ in range(12):
        known, reset = made.draw_inputs()
        for name, value in {**known, "rst": reset}.items():
            found.poke(name, value)
        expected = made.step(known, reset)
        assert [found.peek(name) for name in expected] == list(expected.values())
        found.run(1)


def test_large_circuits_are_compiled_in_another_way(monkeypatch):
    made = RandomCircuit(3)
    simulation = shared().simulation(made.circuit.text(), made.circuit.name, "design")
    draws = [made.draw_inputs() for _ in range(20)]

    def outputs():
        found = Model(simulation)
        seen = []
        for known, reset in draws:
            for name, value in {**known, "rst": reset}.items():
                found.poke(name, value)
            seen.append([found.peek(place.name) for place in simulation.outputs])
            found.run(1)
        return seen

    program.compiled.cache_clear()
    usual = outputs()
    program.compiled.cache_clear()
    monkeypatch.setattr(program, "_LARGE", 0)
    assert outputs() == usual
    program.compiled.cache_clear()


def test_values_of_4096_bits():
    circuit = Circuit("wide", public=True)
    a, b = circuit.input("a", 4096), circuit.input("b", 4096)
    circuit.output("sum", circuit.register(circuit.add(a, b), hint="sum"))
    circuit.output("less", circuit.compare("ult", a, b))
    circuit.output("moved", circuit.shift("shru", a, circuit.constant(1234, 4096)))
    found = model(circuit)
    draw = random.Random(1)
    for _ in range(5):
        x, y = draw.getrandbits(4096), draw.getrandbits(4096)
        found.poke("a", x)
        found.poke("b", y)
        found.run(1)
        assert found.peek("sum") == (x + y) % (1 << 4096)
        assert found.peek("less") == int(x < y)
        assert found.peek("moved") == x >> 1234


# Speed


def test_small_circuits_make_ten_million_cycles_a_second():
    circuit = counter(10)
    kept = circuit.memory("kept", 1024, 32)
    (_, value), *_ = circuit._outputs
    circuit.write(kept, value, circuit.resize(value, 32, signed=False), circuit.constant(1, 1))
    circuit.output("word", circuit.register(circuit.read(kept, value)))
    found = model(circuit)
    found.poke("enable", 1)
    best = 0.0
    for _ in range(5):
        began = time.perf_counter()
        made = found.run(1_000_000)
        best = max(best, made / (time.perf_counter() - began))
    assert best > 10e6
