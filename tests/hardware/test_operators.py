"""Operator libraries, devices and memories: the data is complete, published figures come out, faults are told."""

from __future__ import annotations

import copy
from collections.abc import Callable
from importlib.resources import files
from math import ceil
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from allo_studio.diagnostics import AlloError
from allo_studio.hardware.devices import RESOURCE_KINDS, device_names, find_device, read_devices, read_resource
from allo_studio.hardware.figures import read_figure
from allo_studio.hardware.memories import family_names, fifo_blocks, find_memories, memory_blocks, read_memories
from allo_studio.hardware.operator_table import read_profile
from allo_studio.hardware.operators import OPERATORS, Operator, OperatorLibrary, load_operators, profile_names
from allo_studio.ir import arithmetic

# Clocks in ns at which every operator of a profile and a family has figures, the fastest first.
CLOCKS = {
    ("vitis", "ultrascale+"): (3.33, 4.0, 4.55, 5.0, 7.3, 10.0, 20.0),
    ("vitis", "7series"): (10.0, 12.5, 20.0),
    ("open", "ultrascale+"): (1.0, 1.6, 2.5, 3.33, 5.0, 10.0, 100.0),
    ("open", "7series"): (2.5, 3.33, 5.0, 10.0, 100.0),
    ("open", "ecp5"): (3.0, 5.0, 10.0, 20.0, 100.0),
}
FLOATS = ("f16", "bf16", "f32", "f64")
WIDTHS = (1, 2, 3, 7, 8, 9, 10, 11, 12, 16, 17, 18, 19, 24, 25, 26, 27, 31, 32, 33, 34, 35, 48, 64, 65, 128, 1000, 4096)
FLOAT_OPERATORS = sorted(name for name in set(OPERATORS.values()) if name.startswith(("f", "itof")))
INTEGER_OPERATORS = sorted(set(OPERATORS.values()) - {"", *FLOAT_OPERATORS})


def operators(library: OperatorLibrary) -> list[Operator]:
    found = [library.operator(name, type) for name in FLOAT_OPERATORS for type in FLOATS]
    return found + [library.operator(name, width) for name in INTEGER_OPERATORS for width in WIDTHS]


def _cores(data: Any) -> Any:
    return data["implementations"]["ultrascale+"]


def fault(act: Callable[[], object]) -> Any:
    with pytest.raises(AlloError) as caught:
        act()
    (found,) = caught.value.diagnostics
    assert found.code == "target"
    assert found.hint
    return found


def test_the_clocks_cover_all_profiles_and_families() -> None:
    known = {(p, f) for p in profile_names() for f in load_operators(p, 10).data.families}
    assert known == set(CLOCKS)
    assert {family for _, family in known} == set(family_names())


@pytest.mark.parametrize(("profile", "family"), CLOCKS)
def test_every_operator_is_sound_at_every_clock(profile: str, family: str) -> None:
    slower: dict[str, int] = {}
    for clock in CLOCKS[profile, family]:
        library = load_operators(profile, clock, family)
        assert 0 < library.usable_ns <= clock
        for found in operators(library):
            assert 0 <= found.delay_in <= library.usable_ns * (1 + 1e-8), found
            assert 0 <= found.delay_out <= library.usable_ns * (1 + 1e-8), found
            assert found.latency or found.delay_in == found.delay_out, found
            assert 0 <= found.latency <= slower.get(found.name, found.latency), (clock, found)
            assert found.source in ("published", "derived", "estimated")
            assert set(found.resources) == {"DSP", "FF", "LUT"}
            assert all(n is None or (isinstance(n, int) and n >= 0) for n in found.resources.values()), found
            slower[found.name] = found.latency
    assert len(slower) == len(FLOAT_OPERATORS) * len(FLOATS) + len(INTEGER_OPERATORS) * len(WIDTHS)


@pytest.mark.parametrize(("profile", "family"), CLOCKS)
def test_wider_integers_are_never_faster_or_smaller(profile: str, family: str) -> None:
    library = load_operators(profile, CLOCKS[profile, family][0], family)
    for name in INTEGER_OPERATORS:
        before = library.operator(name, 1)
        for width in range(2, 300):
            found = library.operator(name, width)
            whole = [o.delay_out * (o.latency + 1) for o in (before, found)]
            # A small product may wait for all of a DSP's registers, where a larger one has one between its parts.
            if name != "mul":
                assert found.latency >= before.latency, found
                assert whole[1] >= whole[0] - 1e-9, found
            assert (found.resources["DSP"] or 0) >= (before.resources["DSP"] or 0), found
            before = found


@pytest.mark.parametrize(("profile", "family"), CLOCKS)
def test_what_is_shared(profile: str, family: str) -> None:
    for found in operators(load_operators(profile, 10.0, family)):
        base = found.name.partition(".")[0]
        if base in ("add", "logic", "select", "icmp", "shift", "min", "max", "fneg", "fabs"):
            assert not found.shared
        if base in ("div", "rem", "fadd", "fmul", "fdiv", "fexp") or found.resources["DSP"]:
            assert found.shared


def test_operators_of_open_have_all_resources_and_are_estimated() -> None:
    for found in operators(load_operators("open", 5.0, "ecp5")):
        assert None not in found.resources.values(), found
        assert found.source == "estimated"


# Latency, DSP, FF, LUT as the reports give them.
PUBLISHED = [
    ("ultrascale+", 2.5, "fadd", "f32", (7, 0, 376, 347)),
    ("ultrascale+", 3.33, "fadd", "f32", (4, 0, 243, 338)),
    ("ultrascale+", 4.0, "fadd", "f32", (3, 0, 168, 338)),
    ("ultrascale+", 4.55, "fadd", "f32", (3, 0, 168, 338)),
    ("ultrascale+", 3.33, "fadd_dsp", "f32", (6, 2, 318, 198)),
    ("ultrascale+", 4.55, "fadd_dsp", "f32", (4, 2, 205, 220)),
    ("ultrascale+", 10.0, "fadd_dsp", "f32", (3, 2, None, None)),
    ("ultrascale+", 2.5, "fmul", "f32", (5, 3, 166, 85)),
    ("ultrascale+", 3.33, "fmul", "f32", (3, 3, 143, 78)),
    ("ultrascale+", 5.0, "fmul", "f32", (3, 3, 143, 78)),
    ("ultrascale+", 10.0, "fmul", "f32", (2, 3, None, None)),
    ("ultrascale+", 3.33, "fdiv", "f32", (11, 0, None, None)),
    ("ultrascale+", 3.33, "fsqrt", "f32", (11, 0, None, None)),
    ("ultrascale+", 3.33, "fexp", "f32", (13, 7, 316, 748)),
    ("ultrascale+", 3.33, "fmul", "f64", (7, 8, 388, 127)),
    ("ultrascale+", 4.0, "fmul", "f64", (5, 8, 373, 119)),
    ("ultrascale+", 3.33, "mul", 32, (1, 3, None, None)),
    ("ultrascale+", 3.33, "div", 32, (35, 0, None, None)),
    ("ultrascale+", 10.0, "rem", 6, (9, 0, None, None)),
    ("ultrascale+", 10.0, "rem", 7, (10, 0, None, None)),
    ("ultrascale+", 3.33, "add", 32, (0, 0, 0, 39)),
    ("7series", 10.0, "fadd", "f32", (4, 2, 205, 390)),
    ("7series", 10.0, "fmul", "f32", (3, 3, 143, 321)),
    ("7series", 10.0, "fdiv", "f32", (15, 0, 761, 994)),
    ("7series", 10.0, "fsqrt", "f32", (11, 0, None, None)),
    ("7series", 10.0, "fexp", "f32", (8, 7, 277, 924)),
    ("7series", 10.0, "fadd", "f64", (4, 3, 445, 1149)),
    ("7series", 10.0, "fmul", "f64", (5, 11, 317, 578)),
    ("7series", 10.0, "fdiv", "f64", (30, 0, None, None)),
    ("7series", 10.0, "itof", "f32", (5, 0, 340, 554)),
    ("7series", 10.0, "fcmp", "f32", (1, 0, 66, 239)),
]


@pytest.mark.parametrize(("family", "clock", "name", "type", "figures"), PUBLISHED)
def test_published_figures(family: str, clock: float, name: str, type: str | int, figures: tuple[int | None]) -> None:
    found = load_operators("vitis", clock, family).operator(name, type)
    assert (found.latency, *(found.resources[kind] for kind in ("DSP", "FF", "LUT"))) == figures
    assert found.name == f"{name}.{type}"
    if isinstance(type, str):
        assert found.source == "published"


def test_published_delays() -> None:
    library = load_operators("vitis", 3.33)
    delays = [library.operator("add", width).delay_out for width in (9, 10, 12, 32)]
    assert delays == pytest.approx([0.7, 0.7, 0.7, 1.02])
    assert library.operator("icmp", 32).delay_out == pytest.approx(0.6)
    assert library.operator("select", "f32").delay_out == pytest.approx(0.30)


def test_what_the_seed_depends_on() -> None:
    library = load_operators("vitis", 3.33)
    fadd, fmul, memory = library.operator("fadd", "f32"), library.operator("fmul", "f32"), library.memory
    assert (fadd.latency, fmul.latency, library.fifo_latency) == (4, 3, 2)
    assert (memory.read_latency, memory.delay_out, memory.delay_in) == (1, 1.2, 0.5)
    assert memory.delay_out + fadd.delay_in <= library.usable_ns
    assert fadd.delay_out <= library.usable_ns
    assert fadd.delay_out + memory.delay_in > library.usable_ns
    assert fadd.delay_out + min(fadd.delay_in, fmul.delay_in) > library.usable_ns
    assert library.operator("add", 32).delay_in == library.operator("add", 32).delay_out == pytest.approx(1.02)


def test_ports_and_fifos() -> None:
    vitis, own = load_operators("vitis", 3.33), load_operators("open", 10.0, "ecp5")
    assert (dict(vitis.memory.ports), vitis.fifo_latency) == ({"any": 2}, 2)
    assert (dict(own.memory.ports), own.fifo_latency) == ({"read": 1, "write": 1}, 1)
    assert own.memory.delay_out == pytest.approx(1.2 * 3.2)


@pytest.mark.parametrize(("profile", "family"), CLOCKS)
def test_memory_fits_the_fastest_clock(profile: str, family: str) -> None:
    least = load_operators(profile, 100.0, family).data.families[family].least_clock_ns
    library = load_operators(profile, least, family)
    assert library.memory.delay_out <= library.usable_ns
    assert library.memory.delay_in <= library.usable_ns
    assert library.memory.read_latency >= 1
    assert load_operators(profile, 100.0, family).memory.read_latency == 1


def test_logic_that_does_not_fit_gets_registers() -> None:
    library = load_operators("vitis", 1.0)
    found = library.operator("add", 64)
    assert found.latency == ceil(1.53 / library.usable_ns) - 1 == 2
    assert found.delay_in == found.delay_out == pytest.approx(1.53 / 3)
    assert found.resources["FF"] == 2 * 64
    assert library.operator("logic", 64).latency == 0
    # A step of the division takes two cycles.
    assert library.operator("div", 32).latency == 70
    assert library.operator("div", 32).source == "derived"


def test_products_by_width() -> None:
    library = load_operators("vitis", 10.0)
    dsps = {width: library.operator("mul", width).resources["DSP"] for width in (10, 11, 18, 19, 26, 27, 34, 35, 64)}
    assert dsps == {10: 0, 11: 1, 18: 1, 19: 2, 26: 2, 27: 3, 34: 3, 35: 6, 64: 10}
    # mul_7ns_9ns_15_1_1 at 10 ns, mul_9ns_10ns_19_4_1 (one DSP) at 2.5 ns.
    assert library.operator("mul", 15).latency == 0
    assert load_operators("vitis", 2.5).operator("mul", 18).latency == 3
    assert [load_operators("open", 3.0).operator("mul", width).latency for width in (8, 32, 64)] == [1, 2, 3]


@pytest.mark.parametrize("clock", [1.0, 3.33, 10.0])
def test_latencies_of_open_are_declared(clock: float) -> None:
    library = load_operators("open", clock)
    found = {name: library.operator(name, "f32").latency for name in ("fadd", "fmul", "fdiv", "fsqrt")}
    assert found == {"fadd": 3, "fmul": 2, "fdiv": 28, "fsqrt": 28}
    if clock > 2:
        assert [library.operator("div", width).latency for width in (1, 8, 32, 64)] == [3, 10, 34, 66]


def test_a_delay_factor_is_of_the_family() -> None:
    delays = [load_operators("open", 50.0, f).operator("add", 32).delay_out for f in ("ultrascale+", "7series", "ecp5")]
    assert delays == pytest.approx([1.02, 1.02 * 2.5, 1.02 * 3.2])


def test_every_operation_of_kernels_has_an_operator() -> None:
    tables = (arithmetic._INTEGER, arithmetic._FLOAT, arithmetic._FUNCTIONS)
    made = [op for table in tables for op in table.values()] + [
        op for pair in arithmetic._SIGNED.values() for op in pair
    ]
    made += [
        getattr(arithmetic.arith, f"{name}Op") for name in ("Constant", "CmpI", "CmpF", "Select", "NegF", "Bitcast")
    ]
    made += [getattr(arithmetic.arith, f"{name}Op") for name in ("ExtSI", "ExtUI", "TruncI", "ExtF", "TruncF")]
    made += [getattr(arithmetic.arith, f"{name}Op") for name in ("FPToSI", "FPToUI", "SIToFP", "UIToFP", "IndexCast")]
    missing = {op.OPERATION_NAME for op in made} - set(OPERATORS)
    assert not missing
    for profile, family in CLOCKS:
        known = load_operators(profile, 10.0, family).names
        assert set(OPERATORS.values()) - {""} <= set(known)
        assert all(set(known[name]) == set(FLOATS) for name in FLOAT_OPERATORS)


def test_wires() -> None:
    assert {name for name, base in OPERATORS.items() if not base} == {
        *("arith.constant", "arith.extsi", "arith.extui", "arith.trunci", "arith.bitcast"),
        *("arith.index_cast", "arith.index_castui"),
    }
    assert OPERATORS["arith.subf"] == "fadd"
    assert OPERATORS["math.log10"] == "flog"


def test_another_latency() -> None:
    library = load_operators("vitis", 3.33)
    every = library.with_latency("fadd", 6)
    assert [every.operator("fadd", t).latency for t in FLOATS] == [6] * 4
    one = library.with_latency("fadd.f32", 6)
    assert [one.operator("fadd", t).latency for t in FLOATS] == [4, 4, 6, 7]
    assert one.with_latency("fadd", 9).operator("fadd", "f32").latency == 9
    assert one.with_latency("fadd.f32", 2).operator("fadd", "f32").latency == 2
    changed, kept = one.operator("fadd", "f32"), library.operator("fadd", "f32")
    assert (changed.delay_in, changed.delay_out, changed.resources) == (kept.delay_in, kept.delay_out, kept.resources)
    assert (kept.latency, changed.source) == (4, "estimated")
    cut = library.with_latency("add.32", 2)
    assert cut.operator("add", 32).delay_in == cut.operator("add", 32).delay_out == pytest.approx(1.02 / 3)
    assert cut.operator("add", 31).latency == 0
    logic = library.with_latency("fadd", 0).operator("fadd", "f32")
    assert logic.delay_in == logic.delay_out == kept.delay_out
    assert library.with_latency("fadd", 4).operator("fadd", "f32") == kept


def test_an_operator_is_made_once() -> None:
    library = load_operators("vitis", 3.33)
    assert library.operator("fadd", "f32") is library.operator("fadd", "f32")


@pytest.mark.parametrize(
    ("act", "where", "message"),
    [
        (lambda: load_operators("quartus", 5.0), "target.device", "unknown profile 'quartus'"),
        (lambda: load_operators("../devices", 5.0), "target.device", "unknown profile"),
        (lambda: load_operators("vitis", 5.0, "ecp5"), "target.device", "no figures for devices of the family 'ecp5'"),
        (lambda: load_operators("vitis", 0.99), "target.clock_ns", "0.99 ns is not possible on ultrascale+"),
        (lambda: load_operators("open", 2.9, "ecp5"), "target.clock_ns", "2.9 ns is not possible on ecp5"),
        (lambda: load_operators("vitis", 0.0), "target.clock_ns", "0 ns is not possible"),
        (lambda: load_operators("vitis", -3.0), "target.clock_ns", "-3 ns is not possible"),
        (lambda: load_operators("vitis", float("nan")), "target.clock_ns", "nan ns is not possible"),
        (lambda: load_operators("vitis", float("inf")), "target.clock_ns", "inf ns is not possible"),
        (
            lambda: load_operators("vitis", 2.5).operator("fdiv", "f32"),
            "target.clock_ns",
            "the vitis library has no latency of fdiv at 2.5 ns (f32 on ultrascale+)",
        ),
        (
            lambda: load_operators("vitis", 5.0, "7series").operator("fadd", "f64"),
            "target.clock_ns",
            "the vitis library has no latency of fadd at 5 ns (f64 on 7series)",
        ),
        (lambda: load_operators("vitis", 4.0).operator("fsub", "f32"), "target.device", "no operator 'fsub'"),
        (lambda: load_operators("vitis", 4.0).operator("fadd", "f8"), "target.device", "no type 'f8' for fadd"),
        (lambda: load_operators("vitis", 4.0).operator("fadd", 32), "target.device", "no figures of fadd for 32"),
        (lambda: load_operators("open", 4.0).operator("fcmp", 32), "target.device", "no figures of fcmp for 32"),
        (lambda: load_operators("vitis", 4.0).operator("add", 0), "target.device", "no type 0 for add"),
        (lambda: load_operators("vitis", 4.0).operator("add", 4097), "target.device", "no type 4097 for add"),
        (lambda: load_operators("vitis", 4.0).operator("add", "int"), "target.device", "no type 'int' for add"),
        (lambda: load_operators("vitis", 4.0).operator("fadd_dsp", "f64"), "target.device", "fadd_dsp for f64"),
        (lambda: load_operators("vitis", 4.0).with_latency("fad", 3), "target.device", "no operator 'fad'"),
        (lambda: load_operators("vitis", 4.0).with_latency("fadd.f31", 3), "target.device", "no type 'f31'"),
    ],
)
def test_faults(act: Callable[[], object], where: str, message: str) -> None:
    found = fault(act)
    assert found.where == where
    assert message in found.message


def test_a_latency_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0 cycles"):
        load_operators("vitis", 4.0).with_latency("fadd", -1)


def _set(path: str, value: object) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        *way, last = path.split("/")
        for key in way:
            data = data[float(key) if "." in key else key]
        key = float(last) if "." in last else last
        if value is None:
            del data[key]
        else:
            data[key] = value

    return change


T = "tables/ultrascale+"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("fifo_latency", None), "fifo_latency is missing"),
        (_set("extra", 1), "unknown entry 'extra'"),
        (_set("clock_uncertainty", 1.0), "expected a number from 0 to 0.99"),
        (_set("core/in", "40%"), "core.in: expected a number"),
        (_set("families/7series/table", "none"), "7series: no table 'none'"),
        (_set("families/7series/memory/ports", {"both": 2}), "ports are `any`, or `read` and `write`"),
        (_set("families/7series/memory/out", None), "7series.memory: out is missing"),
        (_set(f"{T}/fadd/f32/at/3.33", [4, 0, 243, "published"]), "fadd.f32.at.3.33: a column lists latency, DSP, FF"),
        (_set(f"{T}/fadd/f32/at/3.33", [4, 0, 243, 338, "guess"]), "unknown source 'guess'"),
        (_set(f"{T}/fadd/f32/at/3.33", [-4, 0, 243, 338, "derived"]), "latency: expected a whole number"),
        (_set(f"{T}/fadd/f32/at/3.33", [4, 0.5, 243, 338, "derived"]), "DSP: expected a whole number"),
        (_set(f"{T}/fadd/f32", {"on": {}}), "fadd.f32: unknown kind of entry; known are at, cycles, delay, like"),
        (_set(f"{T}/fadd/f31", {"like": "fadd.f32"}), "unknown type 'f31'"),
        (_set(f"{T}/fcos/f32", {"like": "fcos.f32"}), "is like 'fcos.f32', which has no figures of its own"),
        (_set(f"{T}/add/int/LUT", None), "add.int: LUT is missing"),
        (_set(f"{T}/add/int/latency", 1), "add.int: unknown entry 'latency'"),
        (_set(f"{T}/add/int/LUT", {"cubic": 1}), "add.int.LUT: unknown kind of figure 'cubic'"),
        (_set(f"{T}/add/int/published", 9), "`published` lists widths"),
        (_set(f"{T}/add", []), "ultrascale+.add: expected a table"),
        (lambda d: d["implementations"].update(versal={}), "no table 'versal'"),
        (lambda d: d.update(implementations=[]), "expected a table"),
        (lambda d: _cores(d).update(fadd=3), "expected a table"),
        (lambda d: _cores(d)["fadd"].update(f32={"fabric": "fsum"}), "'fsum' has no figures for f32"),
        (
            lambda d: _cores(d)["mul"].update(int={"dsp": {"operator": "mul"}}),
            "an operator, or `operator` and `widths`",
        ),
        (lambda d: _cores(d)["mul"].update(int={"dsp": {"operator": "mul", "widths": [9, 2]}}), "the greatest width"),
        (lambda d: _cores(d)["mul"].update(int={"dsp": {"operator": "mul", "widths": 9}}), "the greatest width"),
    ],
)
def test_malformed_profiles(change: Callable[[Any], None], message: str) -> None:
    data = copy.deepcopy(read_resource("operators/vitis.yaml"))
    read_profile(data, "sound.yaml")
    change(data)
    found = fault(lambda: read_profile(data, "bad.yaml"))
    assert found.message.startswith("bad.yaml")
    assert message in found.message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (-1, "at least 0"),
        ("1", "expected a number"),
        (True, "expected a number"),
        ({"square": 1, "tiles": 17}, "of one kind, not of 2"),
        ({"points": {8: 1}}, "at least 2 entries"),
        ({"points": {8: 1, 4: 2}}, "that rise"),
        ({"points": {4: 2, 8: 1}}, "must not fall"),
        ({"up_to": {8: 1, 64: 2}}, "at least 4096"),
        ({"up_to": {4096: {"cube": 1}}}, "unknown kind of figure 'cube'"),
        ({"tiles": 0}, "whole number of bits"),
    ],
)
def test_malformed_figures(data: object, message: str) -> None:
    assert message in fault(lambda: read_figure(data, "x")).message


def test_figures() -> None:
    line = read_figure({"points": {8: 1, 16: 2, 32: 3}}, "x")
    assert [line(width) for width in (1, 8, 12, 16, 24, 32, 48)] == [0.125, 1, 1.5, 2, 2.5, 3, 4]
    steps = read_figure({"up_to": {8: 5, 4096: {"square": 0.5}}}, "x")
    assert [steps(width) for width in (1, 8, 9)] == [5, 5, 40.5]
    assert read_figure(None, "x")(8) is None


@given(st.integers(1, 400), st.integers(1, 64))
def test_tiles_are_the_pairs_of_pieces_that_reach_the_result(width: int, piece: int) -> None:
    pieces = range(ceil(width / piece))
    pairs = sum(1 for i in pieces for j in pieces if (i + j) * piece < width)
    assert read_figure({"tiles": piece}, "x")(width) == pairs


# Devices and memories.


def test_devices() -> None:
    totals = {
        "xcu280": ("ultrascale+", 9024, 1303680, 2607360, 4032, 960),
        "xc7z020": ("7series", 220, 53200, 106400, 280, 0),
        "ecp5-85": ("ecp5", 156, 83640, 83640, 208, 0),
    }
    for name, figures in totals.items():
        device = find_device(name)
        assert (device.family, *(device.resources[kind] for kind in RESOURCE_KINDS)) == figures
    assert {"xcu200", "xczu7ev", "xcu250", "xczu9eg", "xcvu9p"} <= set(device_names())
    assert {find_device(name).family for name in device_names()} == set(family_names())
    for name in device_names():
        device = find_device(name)
        assert bool(device.resources["URAM"]) <= ("URAM" in find_memories(device.family).shapes)
    assert "unknown device 'xc'" in fault(lambda: find_device("xc")).message


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"part": "p", "family": "f"}, "a part, a family and resources"),
        ({"part": 1, "family": "f", "resources": {"DSP": 1}}, "x.part: expected a name"),
        ({"part": "p", "family": "f", "resources": {"BRAM": 1}}, "unknown kind of resource 'BRAM'"),
        ({"part": "p", "family": "f", "resources": {"DSP": "1"}}, "x.DSP: expected a whole number"),
        ({"part": "p", "family": "f", "resources": []}, "resources are a table"),
    ],
)
def test_malformed_devices(entry: object, message: str) -> None:
    assert message in fault(lambda: read_devices({"x": entry}, "devices")).message


@pytest.mark.parametrize(
    ("width", "depth", "kind", "blocks"),
    [
        (32, 32, "auto", {"LUT": 16}),
        (33, 32, "auto", {"BRAM_18K": 1}),
        (1, 1, "auto", {"LUT": 1}),
        (32, 1024, "auto", {"BRAM_18K": 2}),
        (36, 512, "auto", {"BRAM_18K": 1}),
        (37, 512, "auto", {"BRAM_18K": 2}),
        (1, 16385, "auto", {"BRAM_18K": 2}),
        (8, 4096, "auto", {"BRAM_18K": 2}),
        (72, 4096, "URAM", {"URAM": 1}),
        (73, 4097, "URAM", {"URAM": 4}),
        (8, 8, "BRAM_18K", {"BRAM_18K": 1}),
        (32, 1024, "LUTRAM", {"LUT": 512}),
    ],
)
def test_memory_blocks(width: int, depth: int, kind: Any, blocks: dict[str, int]) -> None:
    assert memory_blocks(width, depth, "ultrascale+", kind) == blocks


@given(st.integers(1, 300), st.integers(1, 40000), st.sampled_from(["ultrascale+", "7series", "ecp5"]))
def test_blocks_hold_the_memory(width: int, depth: int, family: str) -> None:
    found = memory_blocks(width, depth, family, "BRAM_18K")
    assert found["BRAM_18K"] * 18432 >= width * depth
    assert memory_blocks(width + 1, depth, family, "BRAM_18K")["BRAM_18K"] >= found["BRAM_18K"]


def test_fifo_blocks() -> None:
    assert fifo_blocks(32, 32, "ultrascale+") == {"LUT": 32}
    assert fifo_blocks(32, 33, "ultrascale+") == {"BRAM_18K": 1}
    assert fifo_blocks(32, 1, "7series") == {"LUT": 32}
    assert fifo_blocks(8, 32, "ecp5") == {"LUT": 32}


def test_faults_of_memories() -> None:
    assert "no memory of kind URAM" in fault(lambda: memory_blocks(8, 9, "ecp5", "URAM")).message
    assert "unknown family of devices 'stratix'" in fault(lambda: fifo_blocks(8, 9, "stratix")).message
    for width, depth in ((0, 4), (4, 0)):
        with pytest.raises(ValueError, match="at least one word"):
            memory_blocks(width, depth, "ecp5")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("ecp5/BRAM_18K", None), "ecp5: BRAM_18K is missing"),
        (_set("ecp5/lutram_bits", 0), "ecp5.lutram_bits: expected a whole number"),
        (_set("ecp5/EBR", [[1, 2]]), "unknown kind 'EBR'"),
        (_set("ecp5/BRAM_18K", [[1, 2, 3]]), "a list of pairs"),
        (_set("ecp5", 1), "ecp5: expected a table"),
    ],
)
def test_malformed_memories(change: Callable[[Any], None], message: str) -> None:
    data = copy.deepcopy(read_resource("memories.yaml"))
    change(data)
    assert message in fault(lambda: read_memories(data, "m")).message


@pytest.mark.parametrize("path", ["devices.yaml", "memories.yaml", "operators/vitis.yaml", "operators/open.yaml"])
def test_no_key_is_given_twice(path: str) -> None:
    def check(node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), (path, node.start_mark.line)
        for child in node.value if isinstance(node, yaml.CollectionNode) else ():
            for part in child if isinstance(child, tuple) else (child,):
                check(part)

    check(yaml.compose(files("resources").joinpath(path).read_text(encoding="utf-8")))
