"""Names of cores: what they say of the operator, its type and latency, also in reports of real designs."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_studio.calibration.cores import Core, core_name, parse_core
from allo_studio.hardware.operators import load_operators
from allo_studio.report.vendor import read_report

# Reports of real designs are no part of the project; they are read where a folder of them is named, or lies beside it.
ROOT = Path(__file__).resolve().parents[2]
REAL_FOLDER = Path(os.environ.get("ALLO_STUDIO_REPORTS") or ROOT.parent / "shared" / "data" / "reports")
REAL = sorted(REAL_FOLDER.glob("*.xml"))

KNOWN = {
    "fadd_32ns_32ns_32_5_full_dsp_1_U7": ("fadd.f32", 4, True),
    "fadd_32ns_32ns_32_8_no_dsp_1": ("fadd.f32", 7, False),
    "fsub_32ns_32ns_32_4_full_dsp_1_U12": ("fadd.f32", 3, True),
    "faddfsub_32ns_32ns_32_5_full_dsp_1": ("fadd.f32", 4, True),
    "dadd_64ns_64ns_64_8_full_dsp_1": ("fadd.f64", 7, True),
    "hadd_16ns_16ns_16_5_full_dsp_1": ("fadd.f16", 4, True),
    "dmul_64ns_64ns_64_5_max_dsp_1": ("fmul.f64", 4, True),
    "fdiv_32ns_32ns_32_9_no_dsp_1": ("fdiv.f32", 8, False),
    "fexp_32ns_32ns_32_10_full_dsp_1": ("fexp.f32", 9, True),
    "fcmp_32ns_32ns_1_2_no_dsp_1": ("fcmp.f32", 1, False),
    "fadd_32ns_32ns_32_1_full_dsp_1": ("fadd.f32", 0, True),
    "gemm_fmul_32ns_32ns_32_4_max_dsp_1_U3": ("fmul.f32", 3, True),
    "sitofp_32s_32_6_no_dsp_1": ("itof.f32", 5, False),
    "uitodp_32ns_64_5_no_dsp_1": ("itof.f64", 4, False),
    "dptosi_64ns_32_3_no_dsp_1": ("ftoi.f64", 2, False),
    "fpext_32ns_64_2_no_dsp_1_U4": ("fext.f32", 1, False),
    "fptrunc_64ns_32_2_no_dsp_1": ("ftrunc.f64", 1, False),
    "mul_32s_32s_32_2_1_U1": ("mul.32", 1, None),
    "sdiv_32ns_32ns_32_36_seq_1": ("div.32", 35, None),
    "urem_7ns_7ns_7_11_1": ("rem.7", 10, None),
}
NONE = [
    "",
    "add_ln25_fu_776_p2",
    "mm1_Pipeline_k_j_outer",
    # Widths that the tool made of an operation, and cores for several operations.
    "mul_9ns_10ns_19_4_1",
    "mac_muladd_4ns_9ns_9ns_13_4_1_U119",
    "sparsemux_9_3_16_1_1",
    "fadd_16ns_16ns_16_5_full_dsp_1",
    "fadd_32ns_32ns_32_0_full_dsp_1",
    "fadd_32ns_32ns_32_5_full_dsp",
    "fadd_99999999999999999999ns_32ns_32_5_full_dsp_1",
    "f" * 5000 + "_" * 5000,
]


@pytest.mark.parametrize("name", KNOWN)
def test_a_name_says_operator_latency_and_dsps(name: str) -> None:
    found = parse_core(name)
    assert found is not None
    assert (found.full_name, found.latency, found.in_dsps) == KNOWN[name]
    assert found.name == core_name(name)
    assert not re.search(r"_U\d+$", found.name)


@pytest.mark.parametrize("name", NONE, ids=lambda name: name[:40])
def test_other_names_are_of_no_operator(name: str) -> None:
    assert parse_core(name) is None


def test_every_operator_that_a_name_can_say_is_in_the_library() -> None:
    library = load_operators("vitis", 3.33)
    for name in KNOWN:
        core = parse_core(name)
        assert core is not None
        assert library.operator(core.operator, int(core.type) if core.type.isdecimal() else core.type).latency >= 0


@given(st.text("abdfmulxsi_0123456789nsU", max_size=60))
def test_any_name_is_read_or_not(name: str) -> None:
    found = parse_core(name)
    assert found is None or (isinstance(found, Core) and found.latency >= 0)


@pytest.mark.skipif(not REAL, reason="no reports of real designs here")
def test_names_in_real_reports_say_the_latency_that_stands_beside_them() -> None:
    seen: dict[str, int] = {}
    for path in REAL:
        for module in read_report(path).modules:
            for bind in module.binds:
                core = parse_core(bind.name)
                if core and bind.kind == "op":
                    assert bind.latency == core.latency, (path.name, bind.name)
                    seen[core.full_name] = seen.get(core.full_name, 0) + 1
    assert seen["fadd.f32"] > 80
    assert {"fmul.f32", "fdiv.f32", "fmul.f64", "fcmp.f64", "fext.f32", "itof.f32"} <= set(seen)
