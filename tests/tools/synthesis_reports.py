"""Reports of a synthesis as texts, written from what they are to say: csynth.xml, and a function's *_csynth.rpt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PART = "xcu280-fsvh2892-2L-e"
DATE = "Mon Dec  2 10:00:05 2024"


@dataclass(frozen=True)
class LoopSaid:
    """A loop: iterations, cycles in all, of an iteration, and of the interval (None: not pipelined)."""

    name: str
    trips: int
    latency: int
    depth: int
    interval: int | None = None


@dataclass(frozen=True)
class CoreSaid:
    """An instance of a core, or a memory (`storage`), with its latency and DSPs."""

    name: str
    latency: int
    dsp: int = 0
    operation: str = ""
    storage: bool = False


@dataclass(frozen=True)
class ModuleSaid:
    """A function: its latency, what it takes, its loops and what is bound in it."""

    name: str
    latency: int | str = 100
    resources: Mapping[str, int] = field(default_factory=dict)
    loops: Sequence[LoopSaid] = ()
    cores: Sequence[CoreSaid] = ()


def csynth_xml(
    top: str, modules: Sequence[ModuleSaid], part: str = PART, clock: float | str = 3.33, version: str = "2024.1"
) -> str:
    """Return the csynth.xml of a design whose functions are `modules`, `top` among them."""
    outer = next(module for module in modules if module.name == top)
    area = "".join(f"<{kind}>{used}</{kind}>" for kind, used in outer.resources.items())
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<profile>
<ReportVersion><Version>{version}</Version></ReportVersion>
<UserAssignments><unit>ns</unit><ProductFamily>virtexuplusHBM</ProductFamily><Part>{part}</Part>
<TopModelName>{top}</TopModelName><TargetClockPeriod>{clock}</TargetClockPeriod></UserAssignments>
<PerformanceEstimates>{_latency(outer)}</PerformanceEstimates>
<AreaEstimates><Resources>{area}</Resources></AreaEstimates>
<ModuleInformation>{"".join(_module(module, clock) for module in modules)}</ModuleInformation>
</profile>
"""


def _latency(module: ModuleSaid) -> str:
    n = module.latency
    return (
        "<SummaryOfOverallLatency><unit>clock cycles</unit>"
        f"<Best-caseLatency>{n}</Best-caseLatency><Average-caseLatency>{n}</Average-caseLatency>"
        f"<Worst-caseLatency>{n}</Worst-caseLatency></SummaryOfOverallLatency>"
    )


def _module(module: ModuleSaid, clock: float | str) -> str:
    area = "".join(f"<{kind}>{used}</{kind}>" for kind, used in module.resources.items())
    return (
        f"<Module><Name>{module.name}</Name><PerformanceEstimates>"
        f"<SummaryOfTimingAnalysis><TargetClockPeriod>{clock}</TargetClockPeriod></SummaryOfTimingAnalysis>"
        f"{_latency(module)}<SummaryOfLoopLatency>{''.join(map(_loop, module.loops))}</SummaryOfLoopLatency>"
        f"</PerformanceEstimates><AreaEstimates><Resources>{area}</Resources></AreaEstimates>"
        f"<BindNodes>{''.join(map(_bind, module.cores))}</BindNodes></Module>\n"
    )


def _loop(loop: LoopSaid) -> str:
    how = f"<IterationLatency>{loop.depth}</IterationLatency><PipelineType>no</PipelineType>"
    if loop.interval is not None:
        how = f"<PipelineII>{loop.interval}</PipelineII><PipelineDepth>{loop.depth}</PipelineDepth>"
        how += "<PipelineType>yes</PipelineType>"
    return (
        f"<{loop.name}><Name>{loop.name}</Name><TripCount>{loop.trips}</TripCount>"
        f"<Latency>{loop.latency}</Latency>{how}</{loop.name}>"
    )


def _bind(core: CoreSaid) -> str:
    operation = core.operation or core.name.partition("_")[0]
    kind = "storage" if core.storage else "op"
    return (
        f'<BindNode BINDTYPE="{kind}" BRAM="0" DSP="{core.dsp}" IMPL="auto" LATENCY="{core.latency}" '
        f'OPTYPE="{operation}" RTLNAME="{core.name}" URAM="0" VARIABLE="v"/>'
    )


def csynth_rpt(name: str, instances: Sequence[tuple[str, str, int, int, int]], clock: float = 3.33) -> str:
    """Return the *_csynth.rpt of a function with instances of (name, module, DSP, FF, LUT)."""
    rows = "".join(f"    |{i}  |  {m}|  0|  {dsp}|  {ff}|  {lut}|  0|\n" for i, m, dsp, ff, lut in instances)
    rule = "    +---+---+---+---+---+---+---+\n"
    thick = "================================================================"
    return f"""
{thick}
== Vitis HLS Report for '{name}'
{thick}
* Date:           {DATE}

* Version:        2024.1 (Build 5069499 on May 21 2024)
* Target device:  {PART}

{thick}
== Performance Estimates
{thick}
+ Timing:
    * Summary:
    +--------+---------+----------+------------+
    |  Clock |  Target | Estimated| Uncertainty|
    +--------+---------+----------+------------+
    |ap_clk  |  {clock:.2f} ns|  2.431 ns|     0.90 ns|
    +--------+---------+----------+------------+

{thick}
== Utilization Estimates
{thick}
+ Detail:
    * Instance:
{rule}    | Instance | Module | BRAM_18K | DSP | FF | LUT | URAM |
{rule}{rows}{rule}"""
