"""What the lines of generated Verilog stand for."""

from __future__ import annotations

from allo_studio.backends.rtl.line_map import verilog_lines

TEXT = """// A module.
module m(
  input clk
);

  wire [3:0] a = b + c;\t// k/x.py:12:5
  wire [3:0] d =
    a ? {b, c}
      : (e);\t// k/x.py:12:{5,9}, :14:3, k/y.py:3:1, :8:2
  always_ff @(posedge clk) begin
    if (a)
      q <= d;\t// k/x.py:20:{1,7}
    if (b) begin\t// k/x.py:21:1
      r <= d;
    end
  end // always_ff @(posedge)
endmodule
"""


def test_comments_say_the_places_of_whole_statements() -> None:
    known = verilog_lines(TEXT, "top/m")
    assert len(known.origins) == TEXT.count("\n")
    found = {number: sorted(origin.places) for number, origin in enumerate(known.origins, 1) if origin.places}
    several = [("k/x.py", 12), ("k/x.py", 14), ("k/y.py", 3), ("k/y.py", 8)]
    assert found == {
        6: [("k/x.py", 12)],
        7: several,
        8: several,
        9: several,
        12: [("k/x.py", 20)],
        13: [("k/x.py", 21)],
    }
    assert known.blocks_at(6) == ("top/m",)


def test_a_text_without_places_has_none() -> None:
    assert verilog_lines("").origins == ()
    assert verilog_lines("module m;\nendmodule\n").blocks == ()
