"""Reading arrays of numbers from `.npy` and `.npz` files, whose headers are checked before anything is made of them."""

from __future__ import annotations

import io
import zipfile
from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING, Any, BinaryIO

from allo_studio.project.files import file_error, open_file, read_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOST_BYTES", "array_names", "read_array"]

MOST_BYTES = 64 << 20
_MOST_HEADER = 10_000
_SAVE = "save it with numpy.save or numpy.savez"


def read_array(file: Path, name: str, label: str) -> NDArray[Any]:
    """Return the array of an `.npy` file, or the one called `name` of an `.npz` file (its only one where empty).

    Raises AlloError (code `file`) where the file is missing, no regular file, over 64 MB, damaged, or holds Python
    objects, and where it has no such array. Nothing in the file is run.
    """
    data = read_bytes(file, MOST_BYTES, "file of weights", label)
    if data[:2] == b"PK":
        data = _member(data, name, file, label)
    elif name:
        raise file_error(f"{label} holds one array, which has no name", file, f"leave out `array: {name}`")
    return _array(data, file, label)


def array_names(file: Path) -> tuple[str, ...]:
    """Return the names of the arrays of an `.npz` file, none of another; raises AlloError as `read_array`.

    Of the file only the archive's directory is read.
    """
    with open_file(file, MOST_BYTES, "file of weights") as opened:
        return tuple(_names(_archive(opened, file, file.name))) if opened.read(2) == b"PK" else ()


def _archive(data: BinaryIO, file: Path, label: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(data)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise file_error(f"{label} is a damaged archive: {error}", file, _SAVE) from error


def _names(archive: zipfile.ZipFile) -> list[str]:
    return [entry.filename.removesuffix(".npy") for entry in archive.infolist() if entry.filename.endswith(".npy")]


def _member(data: bytes, name: str, file: Path, label: str) -> bytes:
    archive = _archive(io.BytesIO(data), file, label)
    known = _names(archive)
    if not name and len(known) != 1:
        hint = f"name one with `array`: {', '.join(known[:12])}" if known else _SAVE
        raise file_error(f"{label} holds {len(known)} arrays", file, hint)
    name = name or known[0]
    if name not in known:
        raise file_error(f"{label} has no array {name!r}", file, f"it has: {', '.join(known[:12]) or 'none'}")
    entry = archive.getinfo(f"{name}.npy")
    if entry.file_size > MOST_BYTES:
        raise file_error(f"the array {name!r} of {label} is larger than {MOST_BYTES >> 20} MB", file, _SAVE)
    try:
        with archive.open(entry) as opened:
            # One more than it says it has, so that a lie costs no memory.
            return opened.read(entry.file_size + 1)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise file_error(f"the array {name!r} of {label} is damaged: {error}", file, _SAVE) from error


def _array(data: bytes, file: Path, label: str) -> NDArray[Any]:
    # Loaded where it is needed: a start does without it.
    import numpy as np
    from numpy.lib import format as npy

    stream = io.BytesIO(data)
    try:
        version = npy.read_magic(stream)
        # Later versions differ in the names of fields, which numbers have none of.
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"version {version[0]}.{version[1]} of the format is for elements with named fields")
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, by_columns, dtype = read(stream, max_header_size=_MOST_HEADER)
        if any(extent < 0 for extent in shape):
            raise ValueError(f"its shape is {shape}")
    # A damaged header, which is Python's notation, ends its reader in all of these ways.
    except (ValueError, EOFError, SyntaxError, TypeError, OverflowError, TokenError, RecursionError) as error:
        raise file_error(f"{label} is no array of numpy: {error}", file, _SAVE) from error
    if dtype.hasobject:
        raise file_error(f"{label} holds Python objects, which are not read", file, "save it as an array of numbers")
    body = memoryview(data)[stream.tell() :]
    wanted = prod(shape) * dtype.itemsize
    if wanted != len(body):
        message = f"{label} says that it holds {wanted:,} bytes of elements, and has {len(body):,}"
        raise file_error(message, file, "it is damaged or cut off; save it again")
    array = np.frombuffer(body, dtype).reshape(shape, order="F" if by_columns else "C")
    return np.ascontiguousarray(array.astype(dtype.newbyteorder("="))).reshape(shape)
