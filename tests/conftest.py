"""Hypothesis draws the same examples in every run, so that a change is what turns a test red.

`ALLO_STUDIO_RANDOM=1` makes the draws random, to look for what no run has met yet.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from allo_studio.simulate import toolchain

settings.register_profile("same", derandomize=True)
settings.register_profile("random", derandomize=False)
settings.load_profile("random" if os.environ.get("ALLO_STUDIO_RANDOM") else "same")

# Builds of tests run no vendor's tool that happens to be installed; tests of that set what they run.
os.environ["ALLO_VITIS"] = "none"


@pytest.fixture(scope="session")
def parsed_headers(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Return flags by which g++ parses the headers of a C simulation once for all tests, and optimizes nothing."""
    flags = (*toolchain.FLAGS, "-O0")
    header = tmp_path_factory.mktemp("headers") / "parsed.h"
    names = ("ap_fixed.h", "ap_int.h", "hls_math.h", "hls_stream.h", "hls_vector.h")
    header.write_text("#include <cstdint>\n" + "".join(f'#include "{name}"\n' for name in names), encoding="utf-8")
    compiler = toolchain.find_compiler()
    if "g++" not in Path(compiler[0]).name:
        return flags
    ours, *vendors = toolchain.include_dirs()
    places = (f"-I{ours}", *(word for folder in vendors for word in ("-isystem", str(folder))))
    # g++ takes the one in this folder that was made with the flags of the program.
    made = header.with_name("parsed.h.gch")
    made.mkdir()
    for standard in ("c++14", "c++17"):
        command = [*compiler, f"-std={standard}", *flags, *places, "-x", "c++-header", str(header)]
        subprocess.run([*command, "-o", str(made / standard)], check=True)
    return (*flags, "-include", str(header))


@pytest.fixture(scope="module")
def quick_cpp(parsed_headers: tuple[str, ...]) -> Iterator[None]:
    """Let C simulations of a module compile in less than half the time.

    It is for tests of what generated C++ computes. Whether it includes what it needs and holds when it is optimized is
    tested in `backends` and with the examples.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(toolchain, "FLAGS", parsed_headers)
        yield
