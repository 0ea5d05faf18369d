import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import CASCADE, KERNEL, REPORT, TANGLED, TYPE, edge

from allo_studio.design.model import Graph, GraphNode, Override
from allo_studio.report.drawing import Caption, WireCaption, captions_of, channel_captions, draw_svg
from allo_studio.report.plan import GAP, plan_boxes
from allo_studio.report.routes import plan_routes, sample
from allo_studio.report.svg import MONO, text_width

SVG = "{http://www.w3.org/2000/svg}"


def words(svg: str) -> list[str]:
    return [t.text or "" for t in ET.fromstring(svg).iter(f"{SVG}text")]


def wires(svg: str) -> list[ET.Element]:
    return [p for p in ET.fromstring(svg).iter(f"{SVG}path") if p.find(f"{SVG}title") is not None]


def apart(boxes) -> bool:
    return not any(
        a is not b and a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height
        for a in boxes
        for b in boxes
    )


def test_drawing_names_blocks_ports_and_types():
    captions = {name: Caption(name, "gemm", {"A": TYPE, "B": TYPE}, {"C": TYPE}) for name in CASCADE.nodes}
    svg = draw_svg(CASCADE, {}, captions, {e.id: WireCaption(TYPE) for e in CASCADE.edges}, "two products")
    shown = words(svg)
    assert shown[0] == "two products"
    assert {"mm1", "mm2", "A", "B", "C", "D", "E"} <= set(shown)
    assert shown.count(TYPE) == 5
    assert len(wires(svg)) == 5


def test_drawing_is_the_same_for_the_same_design():
    assert draw_svg(CASCADE, {}) == draw_svg(CASCADE, {})


def test_given_positions_keep_their_order_and_gain_a_gap():
    boxes = plan_boxes(CASCADE, {}, {"mm1": (400, 80), "mm2": (120, 80)})
    assert boxes["mm1"].x - (boxes["mm2"].x + boxes["mm2"].width) >= GAP - 0.1
    far = plan_boxes(CASCADE, {}, {"mm1": (120, 80), "mm2": (900, 300)})
    assert (far["mm1"].x, far["mm1"].y, far["mm2"].x, far["mm2"].y) == (120, 80, 900, 300)


def test_graph_ports_stand_outside_of_the_blocks():
    boxes = plan_boxes(CASCADE, {}, {"mm1": (120, 80), "mm2": (420, 80)})
    left = min(boxes[n].x for n in CASCADE.nodes)
    right = max(boxes[n].x + boxes[n].width for n in CASCADE.nodes)
    assert all(boxes[f"@{n}"].x + boxes[f"@{n}"].width < left for n in CASCADE.inputs)
    assert boxes["@E"].x > right


def test_wire_to_a_far_block_passes_below_the_near_one():
    boxes = plan_boxes(CASCADE, {}, {"mm1": (120, 80), "mm2": (420, 80)})
    route = plan_routes(CASCADE.edges, boxes)["D->mm2.B"]
    near = boxes["mm1"]
    assert not any(near.x < x < near.x + near.width and near.y < y < near.y + near.height for x, y in sample(route))


def test_broken_wire_is_dashed_red_with_a_cross_and_says_why():
    fault = "shape: float32[64, 32] does not fit float32[64, 64] of mm2.A"
    svg = draw_svg(CASCADE, {}, None, {"mm1.C->mm2.A": WireCaption(TYPE, "fifo", fault)})
    drawn = wires(svg)
    broken = [w for w in drawn if "stroke-dasharray" in w.attrib]
    assert len(broken) == 1
    assert broken[0].find(f"{SVG}title").text == fault
    assert broken[0].attrib["stroke"] not in {w.attrib["stroke"] for w in drawn if w is not broken[0]}
    sound = draw_svg(CASCADE, {}, None, {"mm1.C->mm2.A": WireCaption(TYPE, "fifo")})
    assert not [w for w in wires(sound) if "stroke-dasharray" in w.attrib]
    assert svg.count("<path") == sound.count("<path") + 1


def test_channel_captions_say_kind_lanes_and_depth():
    found = channel_captions("cascade", CASCADE.edges, REPORT)
    assert found == {"mm1.C->mm2.A": "fifo x 8, depth 6", "A->mm1.A": "memory"}


def test_captions_say_kernel_and_schedule():
    found = captions_of(TANGLED)
    assert (found["mm1"].subtitle, found["inner"].subtitle) == ("gemm, row_wise", "graph sub")
    assert found["odd"].subtitle == "unknown kind"


def test_what_an_instance_sets_is_written_on_it() -> None:
    node = GraphNode("sub", {"N": 16}, {"mm1": Override({"M": 4})})
    caption = captions_of(Graph("g", nodes={"inner": node}))["inner"]
    assert caption.subtitle == "graph sub  ·  N = 16  ·  1 set inside"
    picture = draw_svg(Graph("g", nodes={"inner": node}), {})
    assert caption.subtitle in picture


def test_tangled_graph_shows_every_end_that_is_there():
    svg = draw_svg(TANGLED, {})
    assert {"X", "Y", "Z", "z"} <= set(words(svg))
    # The edge to a block that is not there cannot be drawn.
    assert len(wires(svg)) == len(TANGLED.edges) - 1


def test_wire_that_runs_back_goes_around_the_blocks():
    boxes = plan_boxes(TANGLED, {}, {})
    route = plan_routes(TANGLED.edges, boxes)["inner.Y->mm1.B"]
    foot = max(b.y + b.height for b in boxes.values())
    assert max(y for _, y in sample(route)) > foot


def test_labels_do_not_cover_blocks_or_each_other():
    captions = {name: Caption(name, "gemm", {"A": TYPE, "B": TYPE}, {"C": TYPE}) for name in CASCADE.nodes}
    svg = ET.fromstring(draw_svg(CASCADE, {}, captions, {e.id: WireCaption(TYPE, "fifo") for e in CASCADE.edges}))
    rects = [{k: float(r.attrib.get(k, 0)) for k in ("x", "y", "width", "height")} for r in svg.iter(f"{SVG}rect")]
    strips = [r for r in rects if abs(r["height"] - 28) < 0.1]
    blocks = [r for r in rects[1:] if r["height"] > 60]
    assert len(strips) == 5
    for i, one in enumerate(strips):
        for two in [*strips[i + 1 :], *blocks]:
            across = one["x"] < two["x"] + two["width"] and two["x"] < one["x"] + one["width"]
            assert not (across and one["y"] < two["y"] + two["height"] and two["y"] < one["y"] + one["height"])


def test_text_cannot_break_out_of_the_drawing():
    graph = Graph("g", nodes={"n": KERNEL})
    svg = draw_svg(graph, {}, {"n": Caption('<script>"&', "\x00\x08", {"<a>": "x"})}, heading="</svg>")
    assert '<script>"&' in words(svg)
    assert "script" not in {e.tag.removeprefix(SVG) for e in ET.fromstring(svg).iter()}


def test_empty_graph_is_a_drawing_with_its_title():
    assert words(draw_svg(Graph("nothing"), {})) == ["nothing (dataflow)"]


def test_block_is_as_wide_as_its_words():
    long = "kernel_with_a_very_long_name_" * 3
    box = plan_boxes(Graph("g", nodes={"n": KERNEL}), {"n": Caption("n", "", {long: ""}, {long: ""})}, {})["n"]
    assert box.width > 2 * text_width(long, 12, MONO)


names = st.sampled_from(["a", "b", "c", "d", "e"])
graphs = st.builds(
    lambda nodes, pairs: Graph(
        "g",
        inputs={"x": TYPE},
        outputs={"y": TYPE},
        nodes=dict.fromkeys(nodes, KERNEL),
        edges=tuple(dict.fromkeys(edge(f"{s}.o", f"{t}.i") for s, t in pairs)),
    ),
    st.sets(names),
    st.lists(st.tuples(names, names), max_size=8),
)
places = st.dictionaries(names, st.tuples(st.floats(-500, 500), st.floats(-500, 500)), max_size=5)


@settings(max_examples=100, deadline=None)
@given(graphs, places)
def test_any_graph_is_drawn_as_sound_xml_with_all_its_blocks(graph, positions):
    svg = draw_svg(graph, positions, None, {e.id: WireCaption(TYPE, fault="no") for e in graph.edges})
    assert {"x", "y", *graph.nodes} <= set(words(svg))


@settings(max_examples=50, deadline=None)
@given(graphs)
def test_placed_by_itself_no_box_lies_on_another(graph):
    assert apart(list(plan_boxes(graph, {}, {}).values()))


@pytest.mark.parametrize("count", [400])
def test_large_graph_is_drawn_in_seconds(count):
    nodes = {f"n{i}": KERNEL for i in range(count)}
    edges = tuple(edge(f"n{i}.o", f"n{(i * 7 + 1) % count}.i") for i in range(count))
    assert draw_svg(Graph("g", nodes=nodes, edges=edges), {}).count("<path") > count
