"""Hypothesis draws the same examples in every run, so that a change is what turns a test red.

`ALLO_STUDIO_RANDOM=1` makes the draws random, to look for what no run has met yet.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.register_profile("random", derandomize=False)
settings.load_profile("random" if os.environ.get("ALLO_STUDIO_RANDOM") else "same")

# Builds of tests run no vendor's tool that happens to be installed; tests of that set what they run.
os.environ["ALLO_VITIS"] = "none"
