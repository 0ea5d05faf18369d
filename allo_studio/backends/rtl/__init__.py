"""RTL: a design's schedule as circuits of CIRCT's core dialects, and SystemVerilog."""
