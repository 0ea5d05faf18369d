"""Projects and kernels damaged at random end in diagnostics, never in a traceback."""

import contextlib
import io
import tempfile
from pathlib import Path

from cli_samples import KERNEL, PROJECT, contents, write_project
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allo_studio.cli import main

# Pieces that mean something to YAML, to the schema or to the kernel language, and some that mean nothing anywhere.
WORDS = """
{ } [ ] : - ~ null .nan -1 0 1e999 99999999999 true ' " # é -> . #0 mm1 mm2 C A float32 int32 float32[16] float32[0,1]
gemm cascade row_wise i j k j.outer / // % ** + - ( ) lambda:0 if return yield .. /etc/passwd kernel: &a *a
!!python/object:os.system A[B[i,j],j] i+1 5*j N-i 1.5
int7 Fixed(8,2) Fixed(8,2,overflow="no") Struct({"a":int8}) Memory(resource="URAM") @Stateful ConstExpr[int32]
A.T A[0:2] A[::0] C[:,1:]= C[i,j][3]= x.bitcast() gemm(A,B) gemm["a"](A,B) meta_for(3) -C C+=A while else:
"n<=4" "n" {"a":1} float32[...]
"""
GAPS = (
    "",
    " ",
    "\n",
    "\t",
    "\x00",
    "\x85",
    "\ud7ff",
    "- ",
    "9" * 400,
    "graph: cascade",
    "format: 2",
    "for i in range(3):",
)
PIECES = st.sampled_from([*WORDS.split(), *GAPS])


@st.composite
def damaged(draw, text):
    """Return the text after up to four damages, each of lines or of characters."""
    for _ in range(draw(st.integers(1, 4))):
        lines = text.split("\n")
        at = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.sampled_from(["drop", "double", "swap", "indent", "insert", "replace", "word", "cut"]))
        if kind == "drop":
            del lines[at]
        elif kind == "double":
            lines.insert(at, lines[at])
        elif kind == "swap":
            other = draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == "indent":
            lines[at] = draw(st.sampled_from(["  ", "\t", "        "])) + lines[at]
        elif kind == "cut":
            lines = lines[:at]
        else:
            lines[at] = damaged_line(draw, lines[at], kind)
        text = "\n".join(lines) or "\n"
    return text


def damaged_line(draw, line, kind):
    piece = draw(PIECES)
    if kind == "word":
        words = line.split(" ")
        words[draw(st.integers(0, len(words) - 1))] = piece
        return " ".join(words)
    at = draw(st.integers(0, len(line)))
    return line[:at] + piece + line[at + (kind == "replace") :]


def check(project: str, kernel: str) -> tuple[int, str, str, bool]:
    """Return the exit status of `check`, both outputs, and whether every file is as it was."""
    out, err = io.StringIO(), io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        root = write_project(Path(folder), project, kernel)
        before = contents(root)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(["check", str(root)])
        return status, out.getvalue(), err.getvalue(), contents(root) == before


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(
    st.one_of(
        st.tuples(damaged(PROJECT), st.just(KERNEL)),
        st.tuples(st.just(PROJECT), damaged(KERNEL)),
        st.tuples(damaged(PROJECT), damaged(KERNEL)),
    )
)
def test_damaged_projects_end_in_diagnostics(texts):
    status, out, err, untouched = check(*texts)
    assert untouched
    assert "Traceback" not in err
    assert status in (0, 1), err
    if status == 1:
        assert out == ""
        assert "error[" in err
        assert "error[internal]" not in err
    else:
        assert out.endswith(": no errors\n")
        assert "error[" not in err


def test_the_damage_is_real():
    """The undamaged project is sound, so that a fault comes from the damage."""
    assert check(PROJECT, KERNEL)[0] == 0
