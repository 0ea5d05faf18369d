"""Hostile project files end in diagnostics, in bounded time and memory, with nothing run and nothing changed.

They are checked by the command line in another process, which may take so many seconds of the processor for each, and
so much memory, whatever the file is.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from allo_studio.diagnostics import AlloError, render_all
from allo_studio.project import load_project, parse_project

EXAMPLE = Path(__file__).parents[2] / "projects" / "gemm_cascade"
HEAD = "format: 1\nname: p\ntop: g\n"
KERNEL = """
from allo_studio.lang import *

def f(A: int32[4, 4]) -> int32[4, 4]:
    B: int32[4, 4]
    for i, j in grid(4, 4):
        B[i, j] = A[i, j] + 1
    return B
"""
SECONDS, MEGABYTES = 40, 3000
LAUGHS = "".join(f"{b}: &{b} [*{a},*{a},*{a},*{a}]\n" for a, b in zip("abcdefghijkl", "bcdefghijklm", strict=True))


def chain(blocks: int, kernel: str = "k.py:f") -> str:
    """Return a project of so many blocks in a row."""
    lines = ["graphs:", "  g:", '    inputs: {A: "int32[4, 4]"}', '    outputs: {B: "int32[4, 4]"}', "    nodes:"]
    lines += [f'      n{i}: {{kernel: "{kernel}"}}' for i in range(blocks)]
    lines += ["    edges:", "      - A -> n0.A", f"      - n{blocks - 1}.B -> B"]
    lines += [f"      - n{i}.B -> n{i + 1}.A" for i in range(blocks - 1)]
    return HEAD + "\n".join(lines) + "\n"


def nested(levels: int, last: str) -> str:
    """Return graphs that each have the next twice; the last has `last` in its place."""
    text = HEAD + "graphs:\n"
    for level in range(levels):
        inner = f"{{graph: g{level + 1}}}" if level < levels - 1 else last
        text += f"  g{level or ''}:\n    inputs: {{A: 'int32[4, 4]'}}\n    outputs: {{B: 'int32[4, 4]'}}\n"
        text += f"    nodes: {{a: {inner}, b: {inner}}}\n    edges: [A -> a.A, a.B -> b.A, b.B -> B]\n"
    return text


# What the file is, and what is said.
TEXTS: dict[str, tuple[str | bytes, str]] = {
    "aliases that explode": (HEAD + "a: &a [x, x, x]\n" + LAUGHS, "alias"),
    "many aliases": (HEAD + "x: [" + "*a, " * 500_000 + "]\n", "alias"),
    "merge keys": (HEAD + "a: &a {b: c}\nd: {<<: *a}\n", "alias"),
    "a value of millions of characters": (HEAD + "x: " + "a" * 4_000_000 + "\n", "unknown key"),
    "a key of millions of characters": (HEAD + "? " + "a" * 3_000_000 + "\n: 1\n", "unknown key"),
    "millions of values": (HEAD + "x: [" + "0," * 2_000_000 + "]\n", "values"),
    "unknown keys without end": (HEAD + "".join(f"k{n}: 1\n" for n in range(150_000)), "further faults"),
    "wrong blocks without end": (
        HEAD + "graphs: {g: {nodes: {" + "".join(f"n{n}: 1, " for n in range(150_000)) + "}}}\n",
        "further faults",
    ),
    "one key again and again": (HEAD + "top: x\n" * 500_000, "given twice"),
    "flow as deep as it goes": (HEAD + "x: " + "[" * 3_900_000, "nesting"),
    "lists as deep as it goes": (HEAD + "x:\n  " + "- " * 1_900_000, "nesting"),
    "mappings as deep as it goes": (HEAD + "".join(" " * n + "k:\n" for n in range(2500)), "nesting"),
    "tags of Python": (HEAD + "x: !!python/object/apply:os.system ['touch ran']\n", "tag"),
    "other tags of Python": (HEAD + "x: !!python/name:os.system\ny: !<tag:yaml.org,2002:python/module:os> ''\n", "tag"),
    "no UTF-8": (b"format: 1\nname: \xff\xfe\xc0\x80\n", "UTF-8"),
    "UTF-16": ((HEAD + "graphs: {}\n").encode("utf-16"), "UTF-8"),
    "NUL characters": ((HEAD + "x: \x00y\n").encode(), "broken YAML"),
    "nothing but NUL": (b"\0" * 1000, "broken YAML"),
    "a graph that contains itself": (nested(1, "{graph: g}"), "contains"),
    "graphs that contain each other": (nested(3, "{graph: g}"), "contains"),
    "graphs that double thirty times": (nested(30, '{kernel: "k.py:f"}'), "blocks when its graphs are opened up"),
    "wires to nothing without end": (
        HEAD + "graphs: {g: {edges: [" + "".join(f"n{n}.x -> n{n + 1}.x, " for n in range(20_000)) + "]}}\n",
        "more are not shown",
    ),
    "thousands of missing kernels": (chain(3000, "gone.py:f"), "no file gone.py"),
    "a kernel in a device": (chain(2, "zero.py:f"), "leads out of the project"),
    "a kernel in a pipe": (chain(2, "pipe.py:f"), "no regular file"),
    "a kernel of gigabytes": (chain(2, "huge.py:f"), "larger than"),
    "a kernel outside": (chain(2, "outside.py:f"), "leads out of the project"),
    "a kernel that is a folder": (chain(2, "folder.py:f"), "no regular file"),
}


# Checks the projects that are its arguments, and prints a line of JSON for each.
CHILD = """
import contextlib, io, json, sys, time
from allo_studio.cli import main
for folder in sys.argv[1:]:
    out, err, before = io.StringIO(), io.StringIO(), time.process_time()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["check", folder])
    took = time.process_time() - before
    print(json.dumps([folder, status, took, out.getvalue(), err.getvalue()]), flush=True)
"""


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEGABYTES << 20, MEGABYTES << 20))


def check(*folders: Path) -> dict[Path, tuple[int, str, str]]:
    """Check projects within limits, and return each one's status and both of its outputs."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *map(str, folders)],
        stdout=subprocess.PIPE,
        text=True,
        timeout=3600,
        preexec_fn=limited,
        cwd=folders[0],
        env={**os.environ, "PYTHONPATH": str(EXAMPLE.parents[1])},
        check=True,
    )
    found = {}
    for line in done.stdout.splitlines():
        folder, status, took, out, err = json.loads(line)
        assert took < SECONDS, f"{folder} took {took:.0f} s"
        found[Path(folder)] = status, out, err
    assert set(found) == set(folders)
    return found


def files(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p.relative_to(folder)): (p.lstat().st_size, p.lstat().st_mtime_ns) for p in folder.rglob("*")}


def make(root: Path, content: str | bytes) -> Path:
    """Make the folder of a project, with kernels that are none."""
    root.mkdir(parents=True)
    (root.parent / "outside.py").write_text(KERNEL)
    (root / "k.py").write_text(KERNEL)
    (root / "outside.py").symlink_to("../outside.py")
    (root / "zero.py").symlink_to("/dev/zero")
    (root / "folder.py").mkdir()
    os.mkfifo(root / "pipe.py")
    with (root / "huge.py").open("wb") as file:
        file.truncate(8 << 30)
    (root / "project.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def test_hostile_files_are_refused_within_limits(tmp_path: Path) -> None:
    folders = {make(tmp_path / str(n) / "p", text): name for n, (name, (text, _)) in enumerate(TEXTS.items())}
    before = files(tmp_path)
    for folder, (status, out, err) in check(*folders).items():
        name = folders[folder]
        assert (name, status, out) == (name, 1, "")
        assert TEXTS[name][1] in err, f"{name}: {err[:2000]}"
        assert "Traceback" not in err
        assert "error[internal]" not in err
        assert len(err) < 400_000, name
    assert files(tmp_path) == before


def pipe(file: Path) -> None:
    os.mkfifo(file)


def huge(file: Path) -> None:
    with file.open("wb") as handle:
        handle.truncate(64 << 30)


def listening(file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(file))


FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a pipe": (pipe, "no regular file"),
    "a folder": (Path.mkdir, "no regular file"),
    "a device without end": (lambda file: file.symlink_to("/dev/zero"), "no regular file"),
    "gigabytes": (huge, "larger than 4 MB"),
    "a link to itself": (lambda file: file.symlink_to(file.name), "cannot be read"),
    "a socket": (listening, "no regular file"),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_file_of_text_is_refused_at_once(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, said = FILES[name]
    monkeypatch.chdir(tmp_path)
    make(Path("project.yaml"))
    read: list[Path] = []
    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda path, *rest, **named: read.append(path) or opened(path, *rest, **named))
    with pytest.raises(AlloError, match=said):
        load_project(tmp_path)
    # It was known not to be one before a byte of it was read; of a link in a circle there is nothing to know.
    assert read == []


def test_ten_thousand_blocks_are_checked_within_limits(tmp_path: Path) -> None:
    good, bad = make(tmp_path / "good" / "p", chain(9999)), make(tmp_path / "bad" / "p", chain(10_001))
    found = check(good, bad)
    assert found[good] == (0, "p: no errors\n", "")
    assert found[bad][0] == 1
    assert "at most 10000 are possible" in found[bad][2]


def test_a_file_cut_off_anywhere_is_a_project_or_has_a_fault_with_a_place() -> None:
    text, found = load_project(EXAMPLE).text, []
    for end in range(len(text)):
        try:
            parse_project(text[:end], EXAMPLE / "project.yaml")
        except AlloError as error:
            found.append(error.diagnostics)
    assert 0 < len(found) < len(text)
    for diagnostics in found:
        assert all(diagnostic.span for diagnostic in diagnostics)
        assert render_all(diagnostics)


def test_a_long_line_is_shown_around_the_fault() -> None:
    with pytest.raises(AlloError) as caught:
        parse_project(HEAD + "graphs: {g: {inputs: {" + "a: int32, " * 1 + " " * 5000 + "b: 3}}}\n", Path("p.yaml"))
    lines = render_all(caught.value.diagnostics).splitlines()
    shown, carets = lines[1], lines[2]
    assert len(shown) < 300
    assert shown[carets.index("^")] == "3"
    assert carets.count("^") == 1
