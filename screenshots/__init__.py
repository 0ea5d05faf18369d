"""The pictures of the documentation: scenes of the studio, played offscreen and written to `docs/images`."""
