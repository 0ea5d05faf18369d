"""The design graph: model, edits, checks, channels and FIFO sizes."""
