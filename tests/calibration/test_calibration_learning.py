"""What is learned from reports: cores by name, from the file that tells most, and nothing that reports do not show."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from calibration_samples import MULTIPLIER, modules, write_report
from hypothesis import given
from hypothesis import strategies as st
from synthesis_reports import DATE, PART, CoreSaid, ModuleSaid, csynth_rpt, csynth_xml

from allo_studio.calibration import Evidence, Learned, learn, read_evidence
from allo_studio.diagnostics import AlloError
from allo_studio.hardware.calibration import Calibration
from allo_studio.hardware.devices import find_device
from allo_studio.hardware.operators import load_operators
from allo_studio.report.vendor import parse_report

LIBRARY = load_operators("vitis", 3.33)
DEVICE = find_device("xcu280")
ROOT = Path(__file__).resolve().parents[2]
REAL_FOLDER = Path(os.environ.get("ALLO_STUDIO_REPORTS") or ROOT.parent / "shared" / "data" / "reports")


def fabric(latency: int, number: int, dsp: int = 0) -> CoreSaid:
    return CoreSaid(f"fadd_32ns_32ns_32_{latency + 1}_no_dsp_1_U{number}", latency, dsp)


def in_dsps(latency: int, number: int) -> CoreSaid:
    return CoreSaid(f"fadd_32ns_32ns_32_{latency + 1}_full_dsp_1_U{number}", latency, 2)


def memory(name: str, latency: int, operation: str = "ram_1p") -> CoreSaid:
    return CoreSaid(name, latency, operation=operation, storage=True)


def learned(cores: Sequence[CoreSaid]) -> Learned:
    report = parse_report(csynth_xml("whole", modules(cores)).encode(), "csynth.xml")
    return learn(Evidence(report, (report,)), LIBRARY, DEVICE, Path())


def figures(found: Calibration | None) -> dict[str, tuple[int, dict[str, int]]]:
    assert found is not None
    return {operator.name: (operator.latency, dict(operator.resources)) for operator in found.operators}


def test_sums_in_fabric_and_in_dsps_are_two_operators() -> None:
    both = learned([fabric(7, 1), in_dsps(5, 2), MULTIPLIER])
    assert figures(both.calibration) == {
        "fadd.f32": (7, {"DSP": 0}),
        "fadd_dsp.f32": (5, {"DSP": 2}),
        "fmul.f32": (3, {"DSP": 3}),
    }
    # Where reports show only one of them, all sums of the design are that one.
    assert figures(learned([in_dsps(5, 1)]).calibration) == dict.fromkeys(("fadd.f32", "fadd_dsp.f32"), (5, {"DSP": 2}))
    assert figures(learned([fabric(7, 1)]).calibration) == dict.fromkeys(("fadd.f32", "fadd_dsp.f32"), (7, {"DSP": 0}))


def test_doubles_have_one_adder_for_both() -> None:
    found = learned([CoreSaid("dadd_64ns_64ns_64_9_full_dsp_1_U1", 8, 3)])
    assert figures(found.calibration) == {"fadd.f64": (8, {"DSP": 3})}


def test_of_several_cores_that_of_most_instances_counts_and_the_others_are_told() -> None:
    found = learned([fabric(7, 1), fabric(4, 2), fabric(7, 3), MULTIPLIER])
    assert figures(found.calibration)["fadd.f32"][0] == 7
    (told,) = [note.message for note in found.notes]
    assert told == (
        "fadd.f32: 2 instances are fadd_32ns_32ns_32_8_no_dsp_1, whose figures are taken; "
        "1 are fadd_32ns_32ns_32_5_no_dsp_1"
    )
    # Of equally many the slowest: a prediction is rather too slow than too fast.
    assert figures(learned([fabric(4, 1), fabric(6, 2)]).calibration)["fadd.f32"][0] == 6


def test_an_instance_that_does_several_operations_counts_once() -> None:
    found = learned([fabric(7, 1), fabric(7, 1), fabric(4, 2), fabric(4, 3)])
    assert found.calibration is not None
    adder = found.calibration.by_name["fadd.f32"]
    assert (adder.latency, adder.instances) == (4, 2)


def test_a_core_whose_name_and_latency_disagree_is_left_out() -> None:
    found = learned([CoreSaid("fadd_32ns_32ns_32_8_no_dsp_1_U1", 5), MULTIPLIER])
    assert set(figures(found.calibration)) == {"fmul.f32"}
    (note,) = found.notes
    assert (note.severity, note.message) == (
        "warning",
        "fadd_32ns_32ns_32_8_no_dsp_1_U1 has a latency of 5, and its name says 7: it is left out",
    )


def test_cores_of_no_operator_are_told_and_logic_is_not() -> None:
    logic = CoreSaid("add_ln25_fu_776_p2", 0)
    found = learned([logic, CoreSaid("mac_muladd_4ns_9ns_9ns_13_4_1_U1", 3, 1)])
    assert found.calibration is None
    (note,) = found.notes
    assert "mac_muladd_4ns_9ns_9ns_13_4_1" in note.message
    assert learned([logic]) == Learned(None, ())


def test_memories_give_their_read_latency_only_where_they_agree() -> None:
    fifo = memory("queue", 0, "fifo")
    found = learned([memory("a", 2), memory("b", 2, "rom_np"), fifo]).calibration
    assert found is not None
    assert found.memory is not None
    assert (found.memory.read_latency, found.memory.memories) == (2, 2)
    assert found.operators == ()
    mixed = learned([memory("a", 2), memory("b", 1), memory("c", 1)])
    assert mixed.calibration is None
    assert "2 of 1; 1 of 2" in mixed.notes[0].message


def test_resources_come_from_the_file_that_tells_most_and_the_latency_with_them(tmp_path: Path) -> None:
    folder = tmp_path / "hls" / "syn" / "report"
    write_report(folder / "csynth.xml", modules([fabric(7, 1), fabric(7, 2), MULTIPLIER]))
    name = "fadd_32ns_32ns_32_8_no_dsp_1"
    rows = [(f"{name}_U1", name, 0, 370, 340), (f"{name}_U2", name, 0, 370, 350)]
    (folder / "mm_Pipeline_i_j_k_csynth.rpt").write_text(csynth_rpt("mm_Pipeline_i_j_k", rows))
    # A function that the design no longer has.
    old = [("fdiv_32ns_32ns_32_20_no_dsp_1_U9", "fdiv_32ns_32ns_32_20_no_dsp_1", 0, 9, 9)]
    (folder / "gone_csynth.rpt").write_text(csynth_rpt("gone", old))
    evidence = read_evidence([tmp_path], DEVICE, 3.33)
    found = learn(evidence, LIBRARY, DEVICE, tmp_path).calibration
    assert figures(found) == {
        "fadd.f32": (7, {"DSP": 0, "FF": 370, "LUT": 350}),
        "fadd_dsp.f32": (7, {"DSP": 0, "FF": 370, "LUT": 350}),
        "fmul.f32": (3, {"DSP": 3}),
    }
    assert found is not None
    adder, multiplier = found.by_name["fadd.f32"], found.by_name["fmul.f32"]
    assert adder.instances == 2
    assert adder.origin.file == "hls/syn/report/mm_Pipeline_i_j_k_csynth.rpt"
    assert (adder.origin.tool, adder.origin.version, adder.origin.part) == ("Vitis HLS", "2024.1", PART)
    assert adder.origin.date == DATE
    assert multiplier.origin.file == "hls/syn/report/csynth.xml"
    # XML does not say when the tool was run: it is the day of the file.
    assert multiplier.origin.date.startswith("20")


@given(st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 40)), min_size=1, max_size=12))
def test_what_is_learned_is_one_of_the_cores_that_are_there_most(found: list[tuple[int, int]]) -> None:
    cores = {number: latency for latency, number in found}
    counts = Counter(cores.values())
    adder = learned([fabric(latency, number) for number, latency in cores.items()]).calibration
    assert adder is not None
    most = max(counts.values())
    assert adder.by_name["fadd.f32"].latency == max(n for n, count in counts.items() if count == most)


def test_a_latency_that_no_operator_has_is_left_out() -> None:
    assert learned([fabric(99998, 1)]).calibration is None


def test_reports_must_be_of_the_projects_target(tmp_path: Path) -> None:
    file = tmp_path / "csynth.xml"

    def refused(**target: str | float) -> str:
        with pytest.raises(AlloError) as caught:
            read_evidence([write_report(file, **target)], DEVICE, 3.33)
        (fault,) = caught.value.diagnostics
        assert (fault.code, bool(fault.hint)) == ("calibration", True)
        return fault.message

    assert "xc7z020-clg484-1, and the project's device xcu280 is another family" in refused(part="xc7z020-clg484-1")
    assert "whose family is not known here" in refused(part="xq-unheard-of")
    assert "a clock of 5 ns, and the project's is 3.33 ns" in refused(clock=5.0)
    assert refused(part="") == "the reports do not tell the device that they are for"
    assert refused(clock="undef") == "the reports do not tell their clock"
    assert read_evidence([write_report(file, clock=3.333)], DEVICE, 3.33).notes == ()
    # Another device of the family is taken, and told.
    (note,) = read_evidence([write_report(file, part="xcu250-figd2104-2L-e")], DEVICE, 3.33).notes
    assert (note.severity, "xcu250-figd2104-2L-e" in note.message) == ("note", True)


def test_a_file_of_a_function_and_that_of_the_design_go_together(tmp_path: Path) -> None:
    whole = write_report(tmp_path / "csynth.xml", [ModuleSaid("whole", 9)])
    part = tmp_path / "mm_csynth.rpt"
    part.write_text(csynth_rpt("mm", [("fadd_32ns_32ns_32_8_no_dsp_1_U1", "fadd_32ns_32ns_32_8_no_dsp_1", 0, 1, 2)]))
    for paths in ([whole, part], [part, whole]):
        found = learn(read_evidence(paths, DEVICE, 3.33), LIBRARY, DEVICE, tmp_path).calibration
        assert figures(found)["fadd.f32"] == (7, {"DSP": 0, "FF": 1, "LUT": 2})


@pytest.mark.skipif(not REAL_FOLDER.is_dir(), reason="no reports of real designs here")
@pytest.mark.parametrize(
    ("name", "clock", "wanted"),
    [
        ("vitis_hls_2022.1_atax_dataflow.xml", 2.5, {"fadd.f32": (7, {"DSP": 0}), "fmul.f32": (5, {"DSP": 3})}),
        ("vitis_hls_2023.2_alveo_maxi.xml", 5.0, {"fmul.f32": (3, {"DSP": 3})}),
    ],
)
def test_cores_of_real_designs(name: str, clock: float, wanted: dict[str, tuple[int, dict[str, int]]]) -> None:
    path = REAL_FOLDER / name
    device = find_device("xcu280" if "atax" in name else "xcu55c")
    found = learn(read_evidence([path], device, clock), load_operators("vitis", clock), device, Path())
    assert figures(found.calibration).items() >= wanted.items()


def test_a_whole_solution_is_evidence() -> None:
    solution = Path(__file__).parents[1] / "report" / "data" / "vendor" / "blur_2024" / "hls"
    evidence = read_evidence([solution], DEVICE, 3.33)
    found = learn(evidence, LIBRARY, DEVICE, solution).calibration
    assert figures(found) == {
        "fadd.f32": (6, {"DSP": 2}),
        "fadd_dsp.f32": (6, {"DSP": 2}),
        "fmul.f32": (3, {"DSP": 3}),
    }
    assert found is not None
    assert found.memory is not None
    assert (found.memory.read_latency, found.memory.origin.file) == (1, "syn/report/csynth.xml")
    assert evidence.cosim_cycles == 2604
    # The summary as text has the bindings too, and does not tell the clock.
    with pytest.raises(AlloError) as caught:
        read_evidence([solution / "syn" / "report" / "csynth.rpt"], DEVICE, 3.33)
    assert caught.value.diagnostics[0].message == "the reports do not tell their clock"
    both = [solution / "syn" / "report" / name for name in ("csynth.rpt", "smooth_csynth.rpt")]
    text = learn(read_evidence(both, DEVICE, 3.33), LIBRARY, DEVICE, solution).calibration
    assert figures(text) == figures(found)
