"""A report and a graph that the tests of this folder share."""

from allo_studio.design.model import Edge, Endpoint, Graph, GraphNode, KernelNode, UnknownNode
from allo_studio.report import ChannelRow, LoopRow, ProcessRow, Report, ResourceRow, SimulationRow

TYPE = "float32[64, 64]"

REPORT = Report(
    project="gemm_cascade",
    top="cascade",
    device="xcu280",
    clock_ns=3.33,
    cycles={"vitis": {"predicted": 2117}, "open": {"predicted": 1028, "simulated": 1028}},
    interval=2000,
    processes=(
        ProcessRow("cascade/mm1", "kernels/gemm.py:gemm", 2000, 2000, 40, 1234, 2345, 8),
        ProcessRow("cascade/mm2", "kernels/gemm.py:gemm", 2050, 2000, 40, 1234, 2345, 8, stall=50),
    ),
    loops=(
        LoopRow("cascade/mm1", "i", 0, 64, 33000, 515, source="kernels/gemm.py:10:9"),
        LoopRow("cascade/mm1", "j.outer", 1, 8, 8, 8, 2, 1, True, reason="two reads of B in one cycle"),
        LoopRow("cascade/mm1", "j.inner", 2, 8, 1, 1, unroll=8),
    ),
    resources=(ResourceRow("DSP", 80, 9024), ResourceRow("URAM", 3, 0)),
    channels=(
        ChannelRow(
            "cascade/mm1.C->mm2.A", "fifo", TYPE, 256, 8, {"vitis": 6, "open": 5}, 5, "in order", "cascade/mm1.C"
        ),
        ChannelRow("cascade/A->mm1.A", "memory", TYPE, 32),
    ),
    simulation=SimulationRow(4096, 0, 0.0, "C simulation"),
    notes=("The vendor flushes subnormals.",),
)

KERNEL = KernelNode("kernels/gemm.py", "gemm", {}, "row_wise")


def edge(source: str, target: str) -> Edge:
    return Edge(Endpoint.parse(source), Endpoint.parse(target))


CASCADE = Graph(
    "cascade",
    "dataflow",
    {"A": TYPE, "B": TYPE, "D": TYPE},
    {"E": TYPE},
    {"mm1": KERNEL, "mm2": KERNEL},
    (edge("A", "mm1.A"), edge("B", "mm1.B"), edge("mm1.C", "mm2.A"), edge("D", "mm2.B"), edge("mm2.C", "E")),
)

# A cycle, a graph block, an unknown block, and an edge to a block that is not there.
TANGLED = Graph(
    "tangled",
    "sequential",
    {"A": TYPE},
    {"E": TYPE},
    {"mm1": KERNEL, "inner": GraphNode("sub"), "odd": UnknownNode({"memory": "x.yaml"})},
    (
        edge("A", "mm1.A"),
        edge("mm1.C", "inner.X"),
        edge("inner.Y", "mm1.B"),
        edge("inner.Z", "E"),
        edge("A", "gone.A"),
        edge("A", "odd.z"),
    ),
)
