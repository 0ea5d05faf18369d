"""Regions: every end joined to one channel of its type and layout, producers before consumers, copies where needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mixed_projects import PROJECTS, make

from allo_studio.design.region import KernelProcess, Region, RegionProcess, RelayoutProcess
from allo_studio.layout import Layout
from allo_studio.pipeline import size_project
from allo_studio.project import load_project


def regions(region: Region) -> Iterator[Region]:
    yield region
    for process in region.processes:
        if isinstance(process, RegionProcess):
            yield from regions(process.region)


@pytest.fixture(scope="module")
def all_regions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Region]:
    folder = tmp_path_factory.mktemp("projects")
    return {name: size_project(make(folder / name, name)).region for name in PROJECTS}


@pytest.mark.parametrize("name", sorted(PROJECTS))
def test_every_region_is_well_formed(all_regions: dict[str, Region], name: str) -> None:
    for region in regions(all_regions[name]):
        names = [c.name for c in region.channels]
        assert len(set(names)) == len(names)
        assert {p.name for p in region.ports} <= set(names)
        assert len({p.path for p in region.processes}) == len(region.processes)
        assert region.name.isidentifier()
        _assert_ends_agree(region)
        _assert_producers_come_first(region)


def _assert_ends_agree(region: Region) -> None:
    for process in region.processes:
        if isinstance(process, RegionProcess):
            ports = {p.name: (p.direction, p.type) for p in process.region.ports}
            inside = {p: process.region.channel(p) for p in ports}
        else:
            ports = {a.name: (a.direction, a.type) for a in process.ir.arguments()}
            inside = {}
        assert set(process.bindings) == set(ports), "every port is joined"
        for port, channel_name in process.bindings.items():
            channel = region.channel(channel_name)
            direction, kind = ports[port]
            assert channel.type == kind
            end = (process.name, port)
            assert (
                (channel.source == end)
                if direction == "out"
                else (end in channel.targets or _copied(region, channel_name, end))
            )
            if port in inside:
                assert (inside[port].kind == "fifo") == (channel.kind == "fifo")
                assert inside[port].width == channel.width
            elif channel.kind == "fifo":
                assert process.ir.streams[port] == channel.width
                assert channel.depth >= 1 or channel.name in {p.name for p in region.ports}
            else:
                assert port not in process.ir.streams
                if kind.shape:
                    assert process.ir.layout(port).normal(kind.shape) == channel.layout.normal(kind.shape)


def _copied(region: Region, channel: str, end: tuple[str, str]) -> bool:
    """Tell whether a block that copies between layouts reads the channel in another's stead."""
    return any(
        isinstance(p, RelayoutProcess) and p.name == end[0] and p.bindings["source"] == channel
        for p in region.processes
    )


def _assert_producers_come_first(region: Region) -> None:
    place = {p.name: n for n, p in enumerate(region.processes)}
    for process in region.processes:
        for port, name in process.bindings.items():
            writer = region.channel(name).source
            if writer[0] and writer != (process.name, port):
                assert place[writer[0]] < place[process.name]


def test_a_copy_stands_between_layouts_that_differ(all_regions: dict[str, Region]) -> None:
    region = all_regions["copies_between_layouts"]
    (copy,) = [p for p in region.processes if isinstance(p, RelayoutProcess)]
    source, target = (region.channel(copy.bindings[port]) for port in ("source", "target"))
    assert (source.layout, target.layout) == (Layout.parse("(-, cyclic 2)"), Layout.parse("(block 4, -)"))
    assert copy.ir.layout("source") == source.layout
    assert copy.ir.layout("target") == target.layout
    assert [p.name for p in region.processes] == ["one", copy.name, "two"]
    assert "interfaces are not unified" in target.reason


def test_unified_interfaces_need_no_copy(tmp_path: Path) -> None:
    make(tmp_path, "copies_between_layouts")
    text = (
        (tmp_path / "project.yaml")
        .read_text()
        .replace("unify: false", "unify: true")
        .replace("kind: block, dim: 1", "kind: cyclic, dim: 1")
    )
    (tmp_path / "project.yaml").write_text(text)
    region = size_project(load_project(tmp_path)).region
    assert all(isinstance(p, KernelProcess) for p in region.processes)
    assert region.channel("one_Y").layout == Layout.parse("(cyclic 4, cyclic 2)")


def test_one_result_for_two_outputs_is_copied_once(all_regions: dict[str, Region]) -> None:
    region = all_regions["fan_out"]
    (copy,) = [p for p in region.processes if isinstance(p, RelayoutProcess)]
    assert copy.bindings == {"source": "F", "target": "G"}
    assert region.channel("F").targets == (("", "F"), ("two", "X"), ("three", "X"))


def test_what_nothing_reads_has_a_place(all_regions: dict[str, Region]) -> None:
    channel = all_regions["unread_output"].channel("one_Y")
    assert (channel.kind, channel.targets, channel.reason) == ("shared", (), "nothing reads it")
    assert all_regions["unread_output_of_a_graph"].channel("s_F").source == ("s", "F")


def test_a_region_has_the_path_of_its_instance(all_regions: dict[str, Region]) -> None:
    found = [(r.name, r.path, r.execution) for r in regions(all_regions["three_levels"])]
    assert found == [("top", "top", "dataflow"), ("top_s", "top/s", "dataflow"), ("top_s_u", "top/s/u", "dataflow")]
    with pytest.raises(KeyError):
        all_regions["three_levels"].channel("none")
