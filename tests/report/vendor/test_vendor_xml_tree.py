"""XML that means harm: it is refused at its place, and costs no more than its size."""

from __future__ import annotations

import pytest
from vendor_samples import read_text

from allo_studio.diagnostics import AlloError
from allo_studio.report.vendor import read_report, reading
from allo_studio.report.vendor.xml_tree import parse_xml
from allo_studio.source import Source

BODY = "<profile><UserAssignments><Part>{}</Part></UserAssignments></profile>"
LAUGHS = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(12))
HOSTILE = {
    "billion laughs": f'<!DOCTYPE profile [<!ENTITY a0 "ha">{LAUGHS}]>{BODY.format("&a12;")}',
    "a long entity often": f'<!DOCTYPE profile [<!ENTITY a "{"x" * 50_000}">]>{BODY.format("&a;" * 50_000)}',
    "a file": f'<!DOCTYPE profile [<!ENTITY a SYSTEM "file:///etc/passwd">]>{BODY.format("&a;")}',
    "a file by parameter": '<!DOCTYPE profile [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]><profile/>',
    "a document type elsewhere": f'<!DOCTYPE profile SYSTEM "http://example.invalid/x.dtd">{BODY.format(1)}',
    "a document type alone": f"<!DOCTYPE profile>{BODY.format(1)}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_document_type_is_refused(name):
    with pytest.raises(AlloError, match="document type") as caught:
        read_text(HOSTILE[name], "x.xml")
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.span.line) == ("report", 1)
    assert "root:" not in str(diagnostic)


def test_an_entity_that_nobody_declared_is_refused():
    with pytest.raises(AlloError, match="undefined entity"):
        read_text(BODY.format("&a;"))


def test_the_entities_of_xml_itself_are_read():
    assert read_text(BODY.format("&lt;&amp;&#65;")).general.part == "<&A"


def test_elements_in_elements_without_end_are_refused():
    with pytest.raises(AlloError, match="nested more than 100 deep") as caught:
        read_text("<profile>" + "<a>" * 200_000)
    assert caught.value.diagnostics[0].span.line == 1


def test_another_encoding_than_it_has_is_no_way_out():
    text = '<?xml version="1.0" encoding="utf-7"?>' + BODY.format(1)
    assert read_text(text).general.part == "1"


def test_a_place_in_the_tree_is_the_place_in_the_file():
    text = "<profile>\r\n  <a>1</a>\n <b/>\n</profile>"
    root = parse_xml(text.encode(), Source("x", text))
    assert [(node.tag, node.line, node.column) for node in root.children] == [("a", 2, 3), ("b", 3, 2)]


def test_damage_is_told_with_its_place():
    with pytest.raises(AlloError) as caught:
        read_text("<profile>\n <a>\n  <b></c>\n</profile>", "x.xml")
    assert str(caught.value.diagnostics[0].span) == "x.xml:3:8"


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "LARGEST", 1 << 20)
    (tmp_path / "csynth.xml").write_bytes(b"<profile>" + b" " * (1 << 20) + b"</profile>")
    with pytest.raises(AlloError, match="larger than 1 MB") as caught:
        read_report(tmp_path / "csynth.xml")
    assert caught.value.diagnostics[0].code == "report"


@pytest.mark.parametrize("name", ["none.xml", "."])
def test_a_file_that_cannot_be_read(name, tmp_path):
    with pytest.raises(AlloError) as caught:
        read_report(tmp_path / name)
    assert caught.value.diagnostics[0].code == "file"
