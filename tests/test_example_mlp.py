"""The example mlp: its weights are those of the script beside it, and the hardware tells digits apart."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np

from allo_studio.pipeline import size_project
from allo_studio.project import load_project
from allo_studio.simulate.jit import evaluate_jit

FOLDER = Path(__file__).parents[1] / "projects" / "mlp"


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mlp_train", FOLDER / "train.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_recognises_digits() -> None:
    script = _script()
    weights = dict(np.load(FOLDER / "weights" / "mlp.npz"))
    images, labels = script.digits(64, 77)
    region = size_project(load_project(FOLDER)).region
    found = np.concatenate([evaluate_jit(region, {"x": images[at : at + 16]})["y"] for at in range(0, 64, 16)])
    assert np.array_equal(found, script.layers(weights, images))
    assert (found.argmax(1) == labels).mean() > 0.95


def test_training_learns() -> None:
    script = _script()
    images, labels = script.digits(500, 3)
    known = script.layers(script.train(steps=200), images).argmax(1) == labels
    assert known.mean() > 0.5
