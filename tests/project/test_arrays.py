"""Arrays of numbers from files: what numpy saved is read back, and nothing else is."""

from __future__ import annotations

import contextlib
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.diagnostics import AlloError
from allo_studio.project import sources
from allo_studio.project.arrays import array_names, read_array


def _saved(array: object) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize("dtype", ["int8", ">i4", "uint16", "float16", "<f8", "bool"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 0, 3)])
def test_what_numpy_saves_is_read(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    array = (np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2).astype(dtype)
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", one=np.zeros(4), two=array)
    np.savez_compressed(tmp_path / "single.npz", only=array.copy(order="F"))
    for file, name in (("a.npy", ""), ("a.npz", "two"), ("single.npz", "")):
        found = read_array(tmp_path / file, name, file)
        assert np.array_equal(found, array)
        assert found.dtype == array.dtype.newbyteorder("=")
    assert array_names(tmp_path / "a.npz") == ("one", "two")
    assert array_names(tmp_path / "a.npy") == ()


def test_an_array_is_read_again_only_when_its_file_changed(tmp_path: Path) -> None:
    files = sources(tmp_path)
    np.save(tmp_path / "a.npy", np.arange(3))
    first = files.array("a.npy", "")
    assert files.array("a.npy", "") is first
    np.save(tmp_path / "a.npy", np.arange(4))
    assert files.array("a.npy", "").shape == (4,)


def _refused(data: bytes, name: str, words: str, folder: Path) -> None:
    (folder / "x.npz").write_bytes(data)
    with pytest.raises(AlloError, match=words) as raised:
        read_array(folder / "x.npz", name, "x.npz")
    assert raised.value.diagnostics[0].code == "file"
    assert raised.value.diagnostics[0].hint


def test_what_is_no_array_is_refused(tmp_path: Path) -> None:
    good = _saved(np.arange(6.0))
    archive = io.BytesIO()
    np.savez(archive, one=np.zeros(2), two=np.ones(2))
    _refused(b"", "", "no array of numpy", tmp_path)
    _refused(b"\x93NUMPY\x01\x00", "", "no array of numpy", tmp_path)
    _refused(good[:-1], "", "says that it holds 48 bytes of elements, and has 47", tmp_path)
    _refused(good + b"x", "", "has 49", tmp_path)
    _refused(good, "w", "has no name", tmp_path)
    _refused(_saved(np.array([{}, 1], object)), "", "Python objects", tmp_path)
    _refused(archive.getvalue(), "", "holds 2 arrays", tmp_path)
    _refused(archive.getvalue(), "three", "no array 'three'", tmp_path)
    _refused(archive.getvalue()[:-30], "one", "damaged", tmp_path)
    os.mkfifo(tmp_path / "pipe.npy")
    with pytest.raises(AlloError, match="regular file"):
        read_array(tmp_path / "pipe.npy", "", "pipe.npy")


@pytest.mark.parametrize("shape", ["(1000000000000,)", "(-2, -3)", "(2**62, 2**62)", "(4,)", "('a',)"])
def test_a_header_that_lies_costs_nothing(tmp_path: Path, shape: str) -> None:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(48)
    _refused(data, "", "says that it holds|no array of numpy", tmp_path)


def test_an_archive_that_explodes_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("big.npy", "w") as file:
        for _ in range(80):
            file.write(bytes(1 << 20))
    assert len(packed.getvalue()) < 1 << 20
    _refused(packed.getvalue(), "big", "larger than 64 MB", tmp_path)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damage_is_told_or_harmless(data: st.DataObject) -> None:
    archive = io.BytesIO()
    np.savez(archive, a=np.arange(5, dtype=np.int16), b=np.ones((2, 2)))
    whole = bytearray(data.draw(st.sampled_from([_saved(np.arange(6, dtype=np.float32)), archive.getvalue()])))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    folder = Path(os.environ.get("PYTEST_TMPDIR", "/tmp"))
    file = folder / f"damaged_{os.getpid()}.npz"
    file.write_bytes(bytes(whole))
    with contextlib.suppress(AlloError):
        read_array(file, data.draw(st.sampled_from(["", "a", "b"])), "x")
    file.unlink()
