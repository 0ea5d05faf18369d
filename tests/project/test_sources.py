"""Kernel files are read inside the project only, as text."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from allo_studio.diagnostics import AlloError
from allo_studio.project import sources


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x.py", "a/../../x.py", "C:\\x.py", "a\\b.py", "", "link.py", "a\0b"]
)
def test_paths_out_of_the_project_are_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "x.py").write_text("")
    root = tmp_path / "p"
    root.mkdir()
    (root / "link.py").symlink_to(tmp_path / "x.py")
    with pytest.raises(AlloError, match="leads out of the project") as raised:
        sources(root)(path)
    assert raised.value.diagnostics[0].code == "file"


def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "k.py"
    file.write_text("one")
    read = sources(tmp_path)
    first = read("k.py")
    assert (first.path, first.text) == ("k.py", "one")
    assert read("k.py") is first
    file.write_text("three")
    assert read("k.py").text == "three"
    file.unlink()
    with pytest.raises(AlloError, match=r"no file k\.py"):
        read("k.py")


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    read = sources(tmp_path)
    (tmp_path / "b.py").write_bytes(b"\xff\xfe")
    (tmp_path / "big.py").write_bytes(b" " * ((1 << 20) + 1))
    (tmp_path / "d.py").mkdir()
    os.mkfifo(tmp_path / "f.py")
    for path, words in (("b.py", "UTF-8"), ("big.py", "1 MB"), ("d.py", "regular"), ("f.py", "regular")):
        with pytest.raises(AlloError, match=words):
            read(path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "k.py").write_bytes(b"\xef\xbb\xbfN = 1\n")
    assert sources(tmp_path)("k.py").text == "N = 1\n"
